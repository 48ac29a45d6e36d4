//! An embedder for the tests, and labels for it.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses a part

use std::sync::atomic::{AtomicUsize, Ordering};

use axia_embed::{Embedder, Embeddings};
use axia_taxonomy::LabelCount;

const DIM: usize = 32;

/// Adds up a fixed pseudo-random vector for each word, words of one stem sharing it: texts with a
/// word in common are near each other. Knows no text that starts with "xx".
#[derive(Default)]
pub(crate) struct WordEmbedder {
    pub(crate) texts: AtomicUsize,
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

impl Embedder for WordEmbedder {
    fn fingerprint(&self) -> String {
        "words-1".to_owned()
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, axia_embed::Error> {
        self.texts.fetch_add(texts.len(), Ordering::Relaxed);
        let mut values = Vec::with_capacity(texts.len() * DIM);
        for text in texts {
            let mut row = vec![0.0_f32; DIM];
            for word in text.split([' ', '-']).filter(|_| !text.starts_with("xx")) {
                let stem: String = word.chars().take(5).collect();
                let mut state = hash(&stem) | 1;
                for v in &mut row {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    *v += (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0;
                }
            }
            values.extend(row);
        }
        Embeddings::new(DIM, values)
    }
}

/// `stems × heads` labels: those of one stem are near each other.
pub(crate) fn labels(stems: usize, heads: usize) -> Vec<LabelCount> {
    const STEMS: [&str; 12] = [
        "honesty", "kindness", "courage", "safety", "clarity", "beauty", "justice", "wisdom",
        "loyalty", "privacy", "humour", "growth",
    ];
    const HEADS: [&str; 8] = [
        "", "public", "deep", "shared", "early", "plain", "quiet", "steady",
    ];
    let mut labels = Vec::new();
    for (s, stem) in STEMS.iter().take(stems).enumerate() {
        for (h, head) in HEADS.iter().take(heads).enumerate() {
            let count = 5 + (100 * s + 37 * h) % 91;
            let label = format!("{head} {stem}");
            labels.push(LabelCount::new(label.trim(), count as u64));
        }
    }
    labels
}

pub(crate) fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut keyed: Vec<(u64, T)> = items
        .iter()
        .enumerate()
        .map(|(index, item)| (hash(&format!("{seed}/{index}")), item.clone()))
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, item)| item).collect()
}
