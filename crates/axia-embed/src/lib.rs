#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a feature, what the docs say of its embedder has nothing to link to.
#![cfg_attr(
    not(all(
        feature = "bert",
        feature = "bundled",
        feature = "cache",
        feature = "http"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
//! One trait for sentence embeddings, and a small bundled embedder that needs no download.
//!
//! An embedding is a vector that stands for a text, made so that texts of like meaning have vectors
//! of like direction. This crate holds what the others of Axia need to speak of embeddings, and one
//! model that is always there.
//!
#![cfg_attr(feature = "bundled", doc = "```")]
#![cfg_attr(not(feature = "bundled"), doc = "```ignore")]
//! use axia_embed::{BundledEmbedder, Embedder};
//!
//! let embedder = BundledEmbedder::new()?;
//! let vectors = embedder.embed(&["honesty", "truthfulness", "efficiency"])?;
//! let cosine = |a: usize, b: usize| -> f32 {
//!     vectors.row(a).iter().zip(vectors.row(b)).map(|(x, y)| x * y).sum()
//! };
//! assert!(cosine(0, 1) > cosine(0, 2));
//! # Ok::<(), axia_embed::Error>(())
//! ```
//!
//! # Overview
//!
//! [`Embedder`] is the trait: texts in, one row a text out. Implement it to use a model of your own;
//! it is object safe, and references, boxes and `Arc`s of embedders are embedders.
//!
//! [`Embeddings`] is the matrix that comes out: row-major `f32`, finite, checked when it is made.
//!
//! [`BundledEmbedder`] is a table of 31,000 words and pieces of words in 178 dimensions, distilled
//! from all-MiniLM-L6-v2 and all-mpnet-base-v2 and kept as 8-bit numbers inside the crate. It is meant for short English
//! labels: names of values, tasks, clusters. It loads in milliseconds and embeds hundreds of
//! thousands of labels a second on one core.
//!
//! Behind a feature stands [`BertEmbedder`], which runs MiniLM, MPNet and their like from a local folder.
//!
//! # Example: an embedder of your own
//!
//! ```
//! use axia_embed::{Embedder, Embeddings, Error};
//!
//! /// Knows of a text only how long it is and how many words it has.
//! struct Lengths;
//!
//! impl Embedder for Lengths {
//!     fn fingerprint(&self) -> String {
//!         "lengths-v1".to_owned()
//!     }
//!
//!     fn dim(&self) -> usize {
//!         2
//!     }
//!
//!     fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
//!         let row = |text: &&str| [text.len() as f32, text.split_whitespace().count() as f32];
//!         Embeddings::new(2, texts.iter().flat_map(row).collect())
//!     }
//! }
//!
//! assert_eq!(Lengths.embed(&["patient autonomy"])?.row(0), [16.0, 2.0]);
//! # Ok::<(), Error>(())
//! ```
//!
//! # What it does not do
//!
//! - The bundled embedder adds up words. It does not see their order, and hardly sees what a "not"
//!   turns round: "not honest" is near "honest".
//! - A word that is not in its table is spelled from pieces that say little, so rare words can have
//!   odd neighbours. [`BundledEmbedder::pieces`] shows what a text is made of.
//! - It knows English. Other languages in Latin letters are spelled from pieces; other scripts are
//!   unknown and give rows of zeros.
//! - A word has one vector, whatever it means where it stands.
//! - No model is downloaded.
//!
//! For the last bit of quality, take a transformer.
//!
//! # Features
//!
//! - **`bundled`** (on by default): [`BundledEmbedder`] with its table, which adds 5.9 MB to a
//!   program that uses it, and `unicode-normalization`. The table is Apache-2.0; see `NOTICE`.
//! - **`cache`**: `CachedEmbedder`, which keeps the vector of each text in a file, durable before it is
//!   handed on.
//! - **`http`**: `HttpEmbedder`, a client of servers with OpenAI's `/v1/embeddings` interface.
//! - **`bert`**: [`BertEmbedder`] in pure Rust, with `tokenizers` and `ndarray`: some 70 crates.

#[cfg(feature = "bert")]
mod bert;
#[cfg(feature = "bundled")]
mod bundled;
#[cfg(feature = "cache")]
mod cache;
mod embedder;
mod embeddings;
mod error;
#[cfg(feature = "http")]
mod http;

#[cfg(feature = "bert")]
pub use crate::bert::BertEmbedder;
#[cfg(feature = "bundled")]
pub use crate::bundled::BundledEmbedder;
#[cfg(feature = "cache")]
pub use crate::cache::CachedEmbedder;
pub use crate::embedder::Embedder;
pub use crate::embeddings::Embeddings;
pub use crate::error::Error;
#[cfg(feature = "http")]
pub use crate::http::{HttpEmbedder, HttpEmbedderParams};

#[cfg(all(doctest, feature = "bundled"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
