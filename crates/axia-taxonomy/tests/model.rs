//! Names and levels by a language model that is a script.
#![cfg(feature = "llm")]
#![allow(clippy::unwrap_used)]

mod common;

use axia_llm::{Answer, Error, Outcome, Request, ScriptedModel};
use axia_taxonomy::{CentralNamer, ClioParams, Journal, ModelNamer, Taxonomy, TaxonomyParams};
use common::{WordEmbedder, labels};
use serde_json::json;

fn base() -> Taxonomy {
    let builder = TaxonomyParams::new().level_sizes(vec![12]).build().unwrap();
    builder
        .fit(
            &labels(12, 6),
            &WordEmbedder::default(),
            &CentralNamer::new(),
        )
        .unwrap()
}

/// Answers by the schema: proposes fixed names, chooses the first group by name, renames.
fn answer(request: &Request) -> Answer {
    let schema = serde_json::to_string(request.schema().unwrap()).unwrap();
    let question = &request.messages().last().unwrap().text;
    if schema.contains("enum") {
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        let groups = schema["properties"]["group"]["enum"].clone();
        let mut groups: Vec<String> = serde_json::from_value(groups).unwrap();
        groups.sort();
        let at = question.len() % groups.len();
        return Answer::json(json!({ "group": groups[at] }));
    }
    if schema.contains("names") {
        return Answer::json(json!({ "names": ["Care", "Truth", "care", "Order"] }));
    }
    Answer::json(json!({ "name": "Renamed", "description": "Told." }))
}

#[test]
fn a_level_is_grown_and_goes_on_where_it_stopped() {
    let base = base();
    let clio = ClioParams::new("m", vec![3])
        .neighbourhood(5)
        .build()
        .unwrap();
    let embedder = WordEmbedder::default();
    let model = ScriptedModel::from_fn(|request| Ok(answer(request)));
    let whole = clio
        .grow(&base, &embedder, &model, &Journal::in_memory())
        .unwrap();
    assert_eq!(whole.n_levels(), base.n_levels() + 1);
    assert!(whole.level(2).len() <= 4 && whole.level(2).len() > 1);
    assert_eq!(whole.model_levels().len(), 1);
    assert_eq!(whole.mentions(), base.mentions());
    // One name for all: the first has it, the others keep what they were proposed as.
    assert_eq!(
        whole
            .level(2)
            .iter()
            .filter(|n| n.name == "Renamed")
            .count(),
        1
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let failing = ScriptedModel::from_fn(move |request| {
        match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0..20 => Ok(answer(request)),
            _ => Err(Error::fatal("no more")),
        }
    });
    let journal = Journal::open(&path).unwrap();
    assert!(clio.grow(&base, &embedder, &failing, &journal).is_err());
    assert_eq!(journal.len(), 20);
    drop(journal);
    // A line that was cut off.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"request\":\"");
    std::fs::write(&path, bytes).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.len(), 20);
    let rest = ScriptedModel::from_fn(|request| Ok(answer(request)));
    let resumed = clio.grow(&base, &embedder, &rest, &journal).unwrap();
    assert_eq!(resumed.nodes(), whole.nodes());
    assert_eq!(rest.calls() + 20, model.calls());
}

#[test]
fn without_usable_answers_embeddings_decide() {
    let base = base();
    let clio = ClioParams::new("m", vec![3]).build().unwrap();
    let model = ScriptedModel::from_fn(|request| {
        let schema = serde_json::to_string(request.schema().unwrap()).unwrap();
        Ok(match schema.contains("names") {
            true => answer(request),
            false => Answer::new(Outcome::Refused),
        })
    });
    let grown = clio.grow(
        &base,
        &WordEmbedder::default(),
        &model,
        &Journal::in_memory(),
    );
    let names: Vec<String> = grown
        .unwrap()
        .level(2)
        .iter()
        .map(|n| n.name.clone())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| ["Care", "Truth", "Order"].contains(&name.as_str()))
    );
}

#[test]
fn a_model_that_proposes_nothing_still_leaves_a_level() {
    let base = base();
    let embedder = WordEmbedder::default();
    let clio = ClioParams::new("m", vec![4]).build().unwrap();
    for proposals in [json!([]), json!(["Care"])] {
        let model = ScriptedModel::from_fn(move |request| {
            let schema = serde_json::to_string(request.schema().unwrap()).unwrap();
            Ok(match schema.contains("names") {
                true => Answer::json(json!({ "names": proposals })),
                false => Answer::new(Outcome::Refused),
            })
        });
        let journal = Journal::in_memory();
        let grown = clio.grow(&base, &embedder, &model, &journal).unwrap();
        let nodes = grown.level(2);
        assert!((2..=4).contains(&nodes.len()), "{}", nodes.len());
        assert!(nodes.iter().all(|node| node.labels < 72));
        let again = clio.grow(&base, &embedder, &model, &journal).unwrap();
        assert_eq!(again, grown);
    }
}

#[test]
fn taken_names_are_asked_for_again() {
    let model = ScriptedModel::from_fn(|request| {
        let question = &request.messages().last().unwrap().text;
        let name = match question.contains("are taken") {
            true => format!("Other {}", question.len()),
            false => "Same".to_owned(),
        };
        Ok(Answer::json(json!({ "name": name, "description": "d" })))
    });
    let namer = ModelNamer::new(model, "m");
    let builder = TaxonomyParams::new().level_sizes(vec![3]).build().unwrap();
    let taxonomy = builder
        .fit(&labels(6, 4), &WordEmbedder::default(), &namer)
        .unwrap();
    let names: Vec<&str> = taxonomy.level(1).iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "Same").count(), 1);
    assert!(
        names
            .iter()
            .filter(|name| name.starts_with("Other"))
            .count()
            >= 1
    );
    assert!(!format!("{namer:?}").contains("Same"));
}

#[test]
fn parameters_are_checked() {
    for bad in [
        ClioParams::new("m", vec![]),
        ClioParams::new("m", vec![3, 3]),
        ClioParams::new("m", vec![3]).votes(0),
        ClioParams::new("m", vec![3]).neighbourhood(1),
    ] {
        assert!(bad.build().unwrap_err().is_invalid_parameter());
    }
}
