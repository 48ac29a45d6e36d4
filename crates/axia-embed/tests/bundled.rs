//! The bundled embedder from outside.

#![cfg(feature = "bundled")]
// Helpers of tests count as code outside of tests.
#![allow(clippy::unwrap_used)]

use axia_embed::{BundledEmbedder, Embedder, Embeddings};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const TABLE: &[u8] = include_bytes!("../src/bundled/table.axt");

fn embed(texts: &[&str]) -> Embeddings {
    BundledEmbedder::new().unwrap().embed(texts).unwrap()
}

fn cosine(a: &str, b: &str) -> f32 {
    let vectors = embed(&[a, b]);
    vectors
        .row(0)
        .iter()
        .zip(vectors.row(1))
        .map(|(x, y)| x * y)
        .sum()
}

/// Every header field of the table's file, as text.
fn field(name: &str) -> &'static str {
    let end = TABLE.windows(2).position(|two| two == b"\n\n").unwrap();
    std::str::from_utf8(&TABLE[..end])
        .unwrap()
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .unwrap()
}

#[test]
fn the_digest_is_that_of_the_table() {
    let body = TABLE.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
    let digest: String = Sha256::digest(&TABLE[body..])
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(digest, field("sha256"));
    let fingerprint = BundledEmbedder::new().unwrap().fingerprint();
    assert_eq!(fingerprint, format!("axia-bundled-v1-{}", &digest[..16]));
}

#[test]
fn the_table_is_as_large_as_it_says() {
    assert!(TABLE.len() <= 6_000_000, "{} bytes", TABLE.len());
    let embedder = BundledEmbedder::new().unwrap();
    assert_eq!(embedder.dim().to_string(), field("dim"));
    assert_eq!(embedder.vocabulary_len().to_string(), field("rows"));
    assert!(embedder.vocabulary_len() > 20_000);
}

#[test]
fn rows_are_of_unit_length_or_zero() {
    let vectors = embed(&[
        "honesty",
        "",
        "...",
        "誠実",
        "a long sentence about being kind",
    ]);
    let lengths: Vec<f32> = vectors
        .rows()
        .map(|row| row.iter().map(|v| v * v).sum::<f32>().sqrt())
        .collect();
    for at in [0, 4] {
        assert!(
            (lengths[at] - 1.0).abs() < 1e-5,
            "row {at}: {}",
            lengths[at]
        );
    }
    for at in [1, 2, 3] {
        assert!(vectors.row(at).iter().all(|v| v.to_bits() == 0), "row {at}");
    }
}

#[test]
fn an_empty_batch_gives_no_rows() {
    let embedder = BundledEmbedder::new().unwrap();
    let vectors = embedder.embed(&[]).unwrap();
    assert!(vectors.is_empty());
    assert_eq!(vectors.dim(), embedder.dim());
}

#[test]
fn near_in_meaning_is_near() {
    for (one, near, far) in [
        ("honesty", "truthfulness", "efficiency"),
        ("kindness", "compassion", "precision"),
        ("accuracy", "precision", "empathy"),
        ("personal freedom", "individual liberty", "tax law"),
        ("harm prevention", "safety", "creativity"),
        (
            "scientific rigor",
            "methodological rigour",
            "family bonding",
        ),
        ("cultural heritage", "respect for tradition", "code quality"),
        (
            "environmental sustainability",
            "ecological responsibility",
            "romantic love",
        ),
        ("privacy", "data protection", "humor"),
    ] {
        let (close, distant) = (cosine(one, near), cosine(one, far));
        assert!(close > distant, "{one}: {near} {close}, {far} {distant}");
    }
}

/// A limit that the docs name: a bag of words does not see what a "not" turns round.
#[test]
fn negation_is_hardly_seen() {
    assert!(cosine("not honest", "honest") > 0.5);
    assert!((cosine("dog bites man", "man bites dog") - 1.0).abs() < 1e-5);
}

#[test]
fn symbols_part_words_and_never_hide_them() {
    let embedder = BundledEmbedder::new().unwrap();
    assert_eq!(embedder.pieces("care🙂"), ["care"]);
    assert_eq!(embedder.pieces("trust→truth"), ["trust", "truth"]);
}

#[test]
fn debug_shows_no_table() {
    let embedder = BundledEmbedder::new().unwrap();
    assert_eq!(format!("{embedder:?}"), embedder.fingerprint());
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z' -]{0,40}",
        "[a-zé\u{301}ßİ誠한😀\u{200d}0-9_.]{0,120}",
    ]
}

proptest! {
    #[test]
    fn a_row_depends_on_its_text_alone(texts in prop::collection::vec(text(), 1..12), at in any::<prop::sample::Index>()) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let at = at.index(texts.len());
        let batch = embed(&texts);
        let alone = embed(&[texts[at]]);
        prop_assert_eq!(batch.len(), texts.len());
        let bits = |row: &[f32]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(batch.row(at)), bits(alone.row(0)));
    }

    #[test]
    fn a_row_is_zero_just_where_nothing_is_known(text in text()) {
        let embedder = BundledEmbedder::new().unwrap();
        let zero = embed(&[&text]).row(0).iter().all(|v| v.to_bits() == 0);
        prop_assert_eq!(zero, embedder.pieces(&text).is_empty());
    }

    #[test]
    fn case_and_outer_space_do_not_matter(text in "[a-zA-Z ,.-]{0,60}") {
        let changed = format!("  {}\n", text.to_uppercase());
        prop_assert_eq!(embed(&[&text]), embed(&[&changed]));
    }

    #[test]
    fn pieces_join_to_the_words(text in "[a-z]{1,20}( [a-z]{1,20}){0,3}") {
        let embedder = BundledEmbedder::new().unwrap();
        let joined: String = embedder.pieces(&text).iter().map(|p| p.trim_start_matches("##")).collect();
        prop_assert_eq!(joined, text.replace(' ', ""));
    }
}

#[test]
fn the_embedder_can_be_shared() {
    fn shared<T: Send + Sync + Clone + std::panic::UnwindSafe>() {}
    shared::<BundledEmbedder>();
    let _object: Box<dyn Embedder> = Box::new(BundledEmbedder::new().unwrap());
}
