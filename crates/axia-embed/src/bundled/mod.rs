//! The embedder that ships with the crate.

mod table;
mod words;

use std::fmt;
use std::sync::{Arc, OnceLock};

use self::table::Table;
use self::words::{Word, rows_of};
use crate::{Embedder, Embeddings, Error};

/// A small static embedder for short English texts that ships inside the crate.
///
/// Each text is split into words and pieces of words as BERT does; each piece has a row in a table,
/// and the text's vector is the sum of its pieces' rows at unit length. The table was distilled from
/// all-MiniLM-L6-v2 and all-mpnet-base-v2 (see `NOTICE`): no model runs, nothing is downloaded.
///
/// A text of which no word is known gives a row of zeros: an empty text, punctuation alone, or a
/// script other than Latin.
///
/// All embedders of a process share one table, so making another one costs next to nothing.
///
/// # Determinism
///
/// A row depends on nothing but its text: sums run in the order of the words, in `f32`, and no
/// fused instructions are used.
///
/// # Example
///
/// ```
/// use axia_embed::{BundledEmbedder, Embedder};
///
/// let embedder = BundledEmbedder::new()?;
/// let vectors = embedder.embed(&["honesty", "truthfulness", "efficiency", ""])?;
/// let dot = |a: usize, b: usize| -> f32 {
///     vectors.row(a).iter().zip(vectors.row(b)).map(|(x, y)| x * y).sum()
/// };
/// assert!(dot(0, 1) > dot(0, 2));
/// assert!(vectors.row(3).iter().all(|&value| value == 0.0));
/// # Ok::<(), axia_embed::Error>(())
/// ```
#[derive(Clone)]
pub struct BundledEmbedder {
    table: Arc<Table>,
}

impl BundledEmbedder {
    /// Opens the bundled table.
    ///
    /// # Errors
    ///
    /// If the table inside the program is damaged.
    pub fn new() -> Result<Self, Error> {
        static TABLE: OnceLock<Arc<Table>> = OnceLock::new();
        if let Some(table) = TABLE.get() {
            return Ok(Self {
                table: Arc::clone(table),
            });
        }
        let table = Arc::new(Table::bundled()?);
        Ok(Self {
            table: Arc::clone(TABLE.get_or_init(|| table)),
        })
    }

    /// Number of pieces of words that the table knows.
    #[must_use]
    pub fn vocabulary_len(&self) -> usize {
        self.table.len()
    }

    /// The pieces of words that the vector of `text` is the sum of, in order.
    ///
    /// Pieces that go on within a word begin with `##`. What is unknown is left out; an empty list
    /// means that nothing of the text is known and that its vector is zero. A value label that
    /// falls into many short pieces is one of whose vector little should be expected.
    ///
    /// ```
    /// use axia_embed::BundledEmbedder;
    ///
    /// let embedder = BundledEmbedder::new()?;
    /// assert_eq!(embedder.pieces("Naïve honesty!"), ["naive", "honesty"]);
    /// assert!(embedder.pieces("誠実").is_empty());
    /// # Ok::<(), axia_embed::Error>(())
    /// ```
    #[must_use]
    pub fn pieces(&self, text: &str) -> Vec<&'static str> {
        let mut pieces = Vec::new();
        rows_of(&self.table, text, &mut Word::default(), |row| {
            pieces.extend(self.table.piece(row));
        });
        pieces
    }
}

impl Embedder for BundledEmbedder {
    fn fingerprint(&self) -> String {
        let digest = self.table.digest();
        format!("axia-bundled-v1-{}", digest.get(..16).unwrap_or(digest))
    }

    fn dim(&self) -> usize {
        self.table.dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        let dim = self.table.dim();
        let mut values = vec![0.0; texts.len() * dim];
        let mut word = Word::default();
        for (text, sum) in texts.iter().zip(values.chunks_exact_mut(dim)) {
            rows_of(&self.table, text, &mut word, |row| self.table.add(row, sum));
        }
        let mut vectors = Embeddings::new(dim, values)?;
        vectors.normalize();
        Ok(vectors)
    }
}

impl fmt::Debug for BundledEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}
