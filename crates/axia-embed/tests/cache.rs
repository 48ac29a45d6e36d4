//! The cache of vectors: what is known is not computed again, whatever happened to the process.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use axia_embed::{CachedEmbedder, Embedder, Embeddings, Error};
use proptest::prelude::*;

/// Counts what it is asked for, and can be told to fail.
struct Counting {
    name: &'static str,
    asked: AtomicUsize,
    fails_after: usize,
}

impl Counting {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            asked: AtomicUsize::new(0),
            fails_after: usize::MAX,
        }
    }
}

fn row(text: &str) -> [f32; 2] {
    [text.len() as f32, text.bytes().map(f32::from).sum()]
}

impl Embedder for Counting {
    fn fingerprint(&self) -> String {
        self.name.to_owned()
    }

    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        if self.asked.fetch_add(texts.len(), Ordering::SeqCst) + texts.len() > self.fails_after {
            return Err(Error::embedder("the line is down"));
        }
        Embeddings::new(2, texts.iter().flat_map(|text| row(text)).collect())
    }
}

fn expected(texts: &[&str]) -> Embeddings {
    Embeddings::new(2, texts.iter().flat_map(|text| row(text)).collect()).unwrap()
}

#[test]
fn a_failure_keeps_what_came_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let texts: Vec<String> = (0..1000).map(|n| format!("label {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut failing = Counting::new("model");
    failing.fails_after = 600;
    let first = CachedEmbedder::open(&path, failing).unwrap();
    assert!(first.embed(&texts).is_err());
    assert_eq!(first.len(), 512);
    drop(first);
    let second = CachedEmbedder::open(&path, Counting::new("model")).unwrap();
    assert_eq!(second.embed(&texts).unwrap(), expected(&texts));
    assert_eq!(second.into_inner().asked.into_inner(), 488);
}

#[test]
fn every_way_of_cutting_the_file_off_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let texts = ["a", "bb", "ccc", ""];
    let cache = CachedEmbedder::open(&path, Counting::new("model")).unwrap();
    cache.embed(&texts).unwrap();
    drop(cache);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let cache = CachedEmbedder::open(&path, Counting::new("model")).unwrap();
        assert_eq!(
            cache.embed(&texts).unwrap(),
            expected(&texts),
            "cut at {cut}"
        );
        assert_eq!(cache.len(), 4);
        drop(cache);
        assert_eq!(std::fs::read(&path).unwrap().len(), whole.len());
    }
    // A record that was overwritten ends what is trusted.
    let mut damaged = whole.clone();
    let at = damaged.len() - 20;
    damaged[at] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let cache = CachedEmbedder::open(&path, Counting::new("model")).unwrap();
    assert_eq!(cache.len(), 3);
    assert!(cache.dropped_bytes() > 0);
}

#[test]
fn other_models_and_other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors");
    let cache = CachedEmbedder::open(&path, Counting::new("model")).unwrap();
    let twice = CachedEmbedder::open(&path, Counting::new("model")).unwrap_err();
    assert!(
        twice.to_string().contains("another process has it open"),
        "{twice}"
    );
    drop(cache);
    let other = CachedEmbedder::open(&path, Counting::new("other")).unwrap_err();
    assert!(other.to_string().contains("another model"), "{other}");
    let foreign = folder.path().join("notes.txt");
    std::fs::File::create(&foreign)
        .unwrap()
        .write_all(b"my diary")
        .unwrap();
    let error = CachedEmbedder::open(&foreign, Counting::new("model")).unwrap_err();
    assert!(error.to_string().contains("no cache of vectors"), "{error}");
    assert_eq!(std::fs::read(&foreign).unwrap(), b"my diary");
    let nowhere = folder.path().join("missing/vectors");
    assert!(CachedEmbedder::open(&nowhere, Counting::new("model")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rows_are_those_of_the_embedder(
        batches in proptest::collection::vec(proptest::collection::vec("[a-c]{0,2}", 0..9), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        let mut distinct = std::collections::BTreeSet::new();
        let mut computed = 0;
        for batch in &batches {
            let texts: Vec<&str> = batch.iter().map(String::as_str).collect();
            distinct.extend(texts.iter().copied());
            let cache = CachedEmbedder::open(&path, Counting::new("model")).unwrap();
            prop_assert_eq!(cache.embed(&texts).unwrap(), expected(&texts));
            computed += cache.computed();
            prop_assert_eq!(cache.len(), distinct.len());
        }
        prop_assert_eq!(computed, distinct.len());
    }
}
