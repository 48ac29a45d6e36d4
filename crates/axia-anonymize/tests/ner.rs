//! The model tier: against the original's runtime where the model is at hand, and a tiny model else.
#![cfg(feature = "ner")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use axia_anonymize::{Anonymizer, Kind, NameRecognizer, NerModel, NerModelParams};
use serde_json::{Value, json};

/// The folder that `benches/peers/pii/convert_ner.py` made.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("AXIA_NER_MODEL").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: set AXIA_NER_MODEL to the folder of the converted model");
    }
    folder
}

#[test]
fn agrees_with_the_original_runtime() {
    let Some(folder) = folder() else { return };
    let model = NerModel::load(folder).unwrap();
    let golden: Value = serde_json::from_str(include_str!("data/ner_golden.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let (ids, logits) = model.logits(text).unwrap();
        assert_eq!(json!(ids), case["ids"], "{text}");
        for (row, expected) in logits.iter().zip(case["logits"].as_array().unwrap()) {
            for (label, value) in expected.as_object().unwrap() {
                let got = f64::from(row[label.parse::<usize>().unwrap()]);
                let value = value.as_f64().unwrap();
                assert!(
                    (got - value).abs() < 1e-3,
                    "{text}: label {label}: {got} and {value}"
                );
            }
        }
    }
}

#[test]
fn finds_what_lists_do_not_hold() {
    let Some(folder) = folder() else { return };
    let model = NerModel::load(folder).unwrap();
    let anonymizer = Anonymizer::builder()
        .names(false)
        .ner(Box::new(model))
        .build()
        .unwrap();
    let filler = "The weather was fine and nothing happened. ".repeat(60);
    let text = format!("{filler}Aqqaluk Olsvig phoned. {filler}");
    let done = anonymizer.anonymize_text(&text);
    assert!(!done.contains("Aqqaluk") && !done.contains("Olsvig"));
    assert!(done.contains("weather was fine"));
}

/// A model with random weights, two labels, and a vocabulary of letters.
fn tiny(folder: &Path) {
    let (hidden, inner, positions) = (8_usize, 16_usize, 40_usize);
    let letters: String = ('a'..='z').map(|c| format!("\n{c}\n##{c}")).collect();
    let vocabulary = format!("[PAD]\n[UNK]\n[CLS]\n[SEP]\n.{letters}");
    let words = vocabulary.lines().count();
    let config = json!({
        "model_type": "bert", "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": positions, "layer_norm_eps": 1e-12,
        "hidden_act": "gelu", "id2label": {"0": "O", "1": "B-PER"},
    });
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        (
            "bert.embeddings.word_embeddings.weight".into(),
            vec![words, hidden],
        ),
        (
            "bert.embeddings.position_embeddings.weight".into(),
            vec![positions, hidden],
        ),
        (
            "bert.embeddings.token_type_embeddings.weight".into(),
            vec![2, hidden],
        ),
        ("classifier.weight".into(), vec![2, hidden]),
        ("classifier.bias".into(), vec![2]),
    ];
    let layer = "bert.encoder.layer.0";
    for (part, from, to) in [
        ("attention.self.query", hidden, hidden),
        ("attention.self.key", hidden, hidden),
        ("attention.self.value", hidden, hidden),
        ("attention.output.dense", hidden, hidden),
        ("intermediate.dense", hidden, inner),
        ("output.dense", inner, hidden),
    ] {
        shapes.push((format!("{layer}.{part}.weight"), vec![to, from]));
        shapes.push((format!("{layer}.{part}.bias"), vec![to]));
    }
    for norm in [
        "bert.embeddings".to_owned(),
        format!("{layer}.attention.output"),
        format!("{layer}.output"),
    ] {
        shapes.push((format!("{norm}.LayerNorm.weight"), vec![hidden]));
        shapes.push((format!("{norm}.LayerNorm.bias"), vec![hidden]));
    }
    let mut state = 1_u64;
    let mut data: HashMap<String, (Vec<usize>, Vec<u8>)> = HashMap::new();
    for (name, shape) in shapes {
        let numbers = (0..shape.iter().product::<usize>()).flat_map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let high = u16::try_from(state >> 48).unwrap_or(0);
            (f32::from(high) / 32_768.0 - 1.0).to_le_bytes()
        });
        let bytes: Vec<u8> = numbers.collect();
        data.insert(name, (shape, bytes));
    }
    let views = data.iter().map(|(name, (shape, bytes))| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes)
                .unwrap();
        (name.clone(), view)
    });
    std::fs::write(
        folder.join("model.safetensors"),
        safetensors::serialize(views, None).unwrap(),
    )
    .unwrap();
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.join("vocab.txt"), vocabulary).unwrap();
}

#[test]
fn long_texts_are_read_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    tiny(folder.path());
    let model = NerModelParams::new()
        .window(16, 6)
        .threshold(0.2)
        .load(folder.path())
        .unwrap();
    let text = "jo met zoë. 好 ".repeat(200);
    let found = model.names(&text).unwrap();
    assert_eq!(found, model.names(&text).unwrap());
    for name in &found {
        assert_eq!(name.kind, Kind::Person);
        let part = text
            .get(name.span.clone())
            .expect("spans end on characters");
        assert!(part.contains(char::is_alphanumeric));
    }
    assert!(model.names("").unwrap().is_empty());
    assert!(model.logits(&text).is_none() && model.logits("jo").is_some());
}

#[test]
fn what_cannot_be_used_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = NerModel::load(folder.path()).unwrap_err();
    assert!(missing.is_invalid_model() && missing.to_string().contains("config.json"));
    tiny(folder.path());
    let model = |params: NerModelParams| params.load(folder.path());
    assert!(model(NerModelParams::new().window(16, 2)).is_ok());
    assert!(
        model(NerModelParams::new())
            .unwrap_err()
            .is_invalid_parameter()
    );
    assert!(
        model(NerModelParams::new().threshold(0.0))
            .unwrap_err()
            .is_invalid_parameter()
    );
    std::fs::write(folder.path().join("model.safetensors"), b"no tensors").unwrap();
    assert!(
        model(NerModelParams::new().window(16, 2))
            .unwrap_err()
            .is_invalid_model()
    );
}
