//! Points from and to `ndarray`'s arrays.

use ndarray::{ArrayView2, aview1};

use crate::error::{Error, Kind};
use crate::{KMeansResult, Points};

/// Nothing is copied.
///
/// # Errors
///
/// As [`Points::new`], and if the rows do not follow one another in memory (as after a transposition):
/// give `as_standard_layout()` then.
impl<'a> TryFrom<ArrayView2<'a, f32>> for Points<'a> {
    type Error = Error;

    fn try_from(array: ArrayView2<'a, f32>) -> Result<Self, Error> {
        let dim = array.ncols();
        let values = array.to_slice().ok_or(Kind::NotRowMajor)?;
        Self::new(values, dim)
    }
}

/// Nothing is copied.
impl<'a> From<Points<'a>> for ArrayView2<'a, f32> {
    fn from(points: Points<'a>) -> Self {
        view(points.as_slice(), points.dim())
    }
}

impl KMeansResult {
    /// The centroids as an array of `k` rows.
    #[cfg_attr(docsrs, doc(cfg(feature = "ndarray")))]
    #[must_use]
    pub fn centroids_array(&self) -> ArrayView2<'_, f32> {
        view(self.centroids(), self.dim())
    }
}

/// `values` are whole rows of `dim` values.
fn view(values: &[f32], dim: usize) -> ArrayView2<'_, f32> {
    let rows = values.len() / dim;
    match aview1(values).into_shape_with_order((rows, dim)) {
        Ok(array) => array,
        // Never: `values` are whole rows.
        Err(_) => ArrayView2::from(&[] as &[[f32; 0]]),
    }
}
