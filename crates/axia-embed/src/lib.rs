#![cfg_attr(docsrs, feature(doc_cfg))]
//! One trait for sentence embeddings, and a small bundled embedder that needs no download.
//!
//! ```
//! use axia_embed::{BundledEmbedder, Embedder};
//!
//! let embedder = BundledEmbedder::new()?;
//! let vectors = embedder.embed(&["honesty", "telling the truth"])?;
//! assert_eq!((vectors.len(), vectors.dim()), (2, embedder.dim()));
//! # Ok::<(), axia_embed::Error>(())
//! ```

#[cfg(feature = "bundled")]
mod bundled;
mod embedder;
mod embeddings;
mod error;

#[cfg(feature = "bundled")]
pub use crate::bundled::BundledEmbedder;
pub use crate::embedder::Embedder;
pub use crate::embeddings::Embeddings;
pub use crate::error::Error;
