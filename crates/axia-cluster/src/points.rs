//! A checked view of points.

use std::fmt;

use crate::error::{Error, Kind};
use crate::kernel::{Isa, all_finite};
use crate::parallel::map_pieces;

/// Values that are checked in one go.
const PIECE: usize = 1 << 16;

/// Points in `dim` dimensions: a borrowed view of row-major values, checked once.
///
/// # Example
///
/// ```
/// use axia_cluster::Points;
///
/// let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
/// let points = Points::new(&values, 3)?;
/// assert_eq!((points.len(), points.dim()), (2, 3));
/// assert_eq!(points.row(1), [3.0, 4.0, 5.0]);
/// assert!(Points::new(&values, 4).is_err());
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Points<'a> {
    values: &'a [f32],
    dim: usize,
}

impl<'a> Points<'a> {
    /// Views `values` as rows of `dim` values each. No rows at all are allowed.
    ///
    /// # Errors
    ///
    /// If `dim` is 0, if the values do not fill whole rows, or if one of them is not finite
    /// ([`Error::row`] tells in which row).
    pub fn new(values: &'a [f32], dim: usize) -> Result<Self, Error> {
        if dim == 0 {
            return Err(Kind::NoDimension.into());
        }
        if !values.len().is_multiple_of(dim) {
            return Err(Kind::Ragged {
                values: values.len(),
                dim,
            }
            .into());
        }
        let isa = Isa::best();
        let fine = map_pieces(values.len(), PIECE, |range| all_finite(isa, &values[range]));
        if let Some(piece) = fine.iter().position(|fine| !fine) {
            let rest = &values[piece * PIECE..];
            let at = rest.iter().position(|v| !v.is_finite()).unwrap_or(0);
            return Err(Kind::NotFinite {
                row: (piece * PIECE + at) / dim,
            }
            .into());
        }
        Ok(Self { values, dim })
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of dimensions.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Point `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.dim..(index + 1) * self.dim]
    }

    /// The points in order.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f32]> + use<'a> {
        self.values.chunks_exact(self.dim)
    }

    /// All values, row by row.
    #[must_use]
    pub fn as_slice(&self) -> &'a [f32] {
        self.values
    }

    pub(crate) fn expect_dim(&self, expected: usize) -> Result<(), Error> {
        if self.dim == expected {
            Ok(())
        } else {
            Err(Kind::Dimension {
                expected,
                got: self.dim,
            }
            .into())
        }
    }
}

impl fmt::Debug for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Points({} x {})", self.len(), self.dim)
    }
}
