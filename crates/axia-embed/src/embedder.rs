//! The trait that everything which makes vectors of texts implements.

use crate::{Embeddings, Error};

/// Turns texts into vectors of one fixed length.
///
/// # Contract
///
/// - The result has one row for each text, in order, and [`dim`](Self::dim) columns.
/// - The same text gives the same row, whatever stands beside it in the batch.
/// - [`fingerprint`](Self::fingerprint) changes whenever any row could change: caches and
///   manifests are keyed by it.
pub trait Embedder: Send + Sync {
    /// Names the model and its version, for caches and manifests.
    fn fingerprint(&self) -> String;

    /// Length of the vectors.
    fn dim(&self) -> usize;

    /// Embeds a batch of texts.
    ///
    /// # Errors
    ///
    /// If the model behind the embedder fails. An empty batch or an empty text is no error: a text
    /// of which nothing is known gives a row of zeros.
    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error>;
}

impl<T: Embedder + ?Sized> Embedder for &T {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        (**self).embed(texts)
    }
}

impl<T: Embedder + ?Sized> Embedder for Box<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        (**self).embed(texts)
    }
}

impl<T: Embedder + ?Sized> Embedder for std::sync::Arc<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        (**self).embed(texts)
    }
}
