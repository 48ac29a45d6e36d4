//! A matrix of embeddings: the shape in which vectors travel between crates.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Embeddings of `n` texts in `dim` dimensions: row-major `f32`, one row a text.
///
/// # Example
///
/// ```
/// use axia_embed::Embeddings;
///
/// let mut vectors = Embeddings::new(2, vec![3.0, 4.0, 0.0, 2.0])?;
/// assert_eq!((vectors.len(), vectors.dim()), (2, 2));
/// vectors.normalize();
/// assert_eq!(vectors.row(0), [0.6, 0.8]);
/// # Ok::<(), axia_embed::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Embeddings {
    dim: usize,
    values: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    dim: usize,
    values: Vec<f32>,
}

impl From<Embeddings> for Parts {
    fn from(e: Embeddings) -> Self {
        Self {
            dim: e.dim,
            values: e.values,
        }
    }
}

impl TryFrom<Parts> for Embeddings {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        Self::new(parts.dim, parts.values)
    }
}

impl Embeddings {
    /// Takes `n × dim` values, row by row.
    ///
    /// # Errors
    ///
    /// If `dim` is 0, if the values do not fill whole rows, or if one of them is not finite.
    pub fn new(dim: usize, values: Vec<f32>) -> Result<Self, Error> {
        if dim == 0 || !values.len().is_multiple_of(dim) {
            return Err(Error::shape(dim, values.len()));
        }
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::not_finite(at / dim));
        }
        Ok(Self { dim, values })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of columns.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Row `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dim..(index + 1) * self.dim]
    }

    /// The rows in order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }

    /// All values, row by row.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// The values, row by row.
    #[must_use]
    pub fn into_vec(self) -> Vec<f32> {
        self.values
    }

    /// Scales every row to unit length; rows of zeros stay as they are.
    pub fn normalize(&mut self) {
        for row in self.values.chunks_exact_mut(self.dim) {
            // f64, so that the length of long rows does not depend on the order of the sum.
            let norm = row
                .iter()
                .map(|&v| f64::from(v).powi(2))
                .sum::<f64>()
                .sqrt();
            if norm > 0.0 {
                for v in row {
                    #[allow(clippy::cast_possible_truncation)]
                    {
                        *v = (f64::from(*v) / norm) as f32;
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Embeddings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embeddings({} x {})", self.len(), self.dim)
    }
}
