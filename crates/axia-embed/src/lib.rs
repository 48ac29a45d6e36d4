//! One trait for sentence embeddings, and a small bundled embedder that needs no download.

mod embedder;
mod embeddings;
mod error;

pub use crate::embedder::Embedder;
pub use crate::embeddings::Embeddings;
pub use crate::error::Error;
