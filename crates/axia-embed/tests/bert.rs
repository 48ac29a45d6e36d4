//! Vectors of `BertEmbedder` beside those of sentence-transformers (`distill/sentences.py`).
//!
//! The models are not part of the repository: name their folders in `AXIA_MINILM` and `AXIA_MPNET`.
#![cfg(feature = "bert")]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use axia_embed::{BertEmbedder, Embedder};

const GOLDEN: &str = include_str!("golden/sentences.json");

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {variable} names no model's folder");
    }
    folder
}

fn same_as_sentence_transformers(variable: &str, name: &str) {
    let Some(folder) = folder(variable) else {
        return;
    };
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    let sentences: Vec<&str> = golden["sentences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s.as_str().unwrap())
        .collect();
    let embedder = BertEmbedder::from_folder(folder).unwrap();
    let vectors = embedder.embed(&sentences).unwrap();
    let mut worst = 0.0_f64;
    for (row, expected) in vectors.rows().zip(golden[name].as_array().unwrap()) {
        let expected = expected.as_array().unwrap();
        assert_eq!(expected.len(), row.len());
        for (got, want) in row.iter().zip(expected) {
            worst = worst.max((f64::from(*got) - want.as_f64().unwrap()).abs());
        }
    }
    eprintln!("{name}: largest difference {worst:.2e}");
    assert!(worst < 1e-4, "{worst}");
    // Alone, in another order, in another batch: the same bytes.
    let mut others = sentences.clone();
    others.reverse();
    others.extend(["more", "texts", "beside them"]);
    let again = embedder.embed(&others).unwrap();
    for (at, sentence) in sentences.iter().enumerate() {
        assert_eq!(again.row(sentences.len() - 1 - at), vectors.row(at));
        assert_eq!(embedder.embed(&[sentence]).unwrap().row(0), vectors.row(at));
    }
}

#[test]
fn minilm_is_minilm() {
    same_as_sentence_transformers("AXIA_MINILM", "minilm");
}

#[test]
fn mpnet_is_mpnet() {
    same_as_sentence_transformers("AXIA_MPNET", "mpnet");
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |what: &str| {
        let error = BertEmbedder::from_folder(folder.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains(what), "{error}");
    };
    refused("config.json");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let config = r#"{"model_type":"bert","hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,
        "layer_norm_eps":1e-12,"hidden_act":"gelu","max_position_embeddings":16}"#;
    write("config.json", &config.replace("bert", "t5"));
    refused("config.json");
    write("config.json", &config.replace("gelu", "relu"));
    refused("gelu");
    write(
        "config.json",
        &config.replace("\"num_attention_heads\":2", "\"num_attention_heads\":3"),
    );
    refused("heads");
    write("config.json", config);
    refused("model.safetensors");
    write("model.safetensors", "nothing");
    write("tokenizer.json", "{}");
    refused("tokenizer.json");
}

#[test]
fn a_folder_of_the_hugging_face_cache_leads_to_its_snapshot() {
    let cache = tempfile::tempdir().unwrap();
    let model = cache.path().join("models--owner--name");
    let refused = |what: &str| {
        let error = BertEmbedder::from_folder(&model).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    for revision in ["1111", "2222"] {
        std::fs::create_dir_all(model.join("snapshots").join(revision)).unwrap();
    }
    refused("several");
    std::fs::create_dir(model.join("refs")).unwrap();
    std::fs::write(model.join("refs/main"), "2222\n").unwrap();
    refused("2222");
    std::fs::remove_dir_all(model.join("refs")).unwrap();
    std::fs::remove_dir(model.join("snapshots/2222")).unwrap();
    refused("1111");
    std::fs::remove_dir(model.join("snapshots/1111")).unwrap();
    refused("no snapshot");
}
