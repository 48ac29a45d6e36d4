//! The tokenizer against BERT's own, over the pieces of the bundled table.
//!
//! `distill/golden.py` makes the golden file. What the table does not know is left out on both sides.

#![cfg(feature = "bundled")]
// Helpers of tests count as code outside of tests.
#![allow(clippy::unwrap_used)]

use axia_embed::BundledEmbedder;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    pieces: Vec<String>,
}

#[test]
fn pieces_are_those_of_the_original_tokenizer() {
    let golden: Golden = serde_json::from_str(include_str!("golden/tokens.json")).unwrap();
    assert!(golden.cases.len() >= 40);
    let embedder = BundledEmbedder::new().unwrap();
    for case in golden.cases {
        assert_eq!(embedder.pieces(&case.text), case.pieces, "{:?}", case.text);
    }
}
