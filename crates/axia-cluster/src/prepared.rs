//! Points as the algorithms read them.

use std::borrow::Cow;

use crate::error::{Error, Kind};
use crate::kernel::{self, Isa};
use crate::parallel::{for_each_piece, for_each_piece_of, map_pieces};
use crate::{Metric, Points};

/// Rows of one piece of parallel work on single rows.
const PIECE: usize = 256;

/// Rows that the filter's origin is taken from: enough to lie in their midst.
const SAMPLE: usize = 1024;

/// A row whose squared length is this near to 1 counts as a unit vector as it stands.
const UNIT: f64 = 5e-7;

/// Points, of which distances are defined in double precision, and the frame in which the filter
/// sees them: `scale * row - shift`. Without it, data far from the origin would drown the scores in
/// rounding, and large values would overflow them. Nothing is copied, except spherical points that
/// are not unit vectors already.
pub(crate) struct Prepared<'a> {
    pub(crate) metric: Metric,
    pub(crate) dim: usize,
    pub(crate) isa: Isa,
    rows: Cow<'a, [f32]>,
    /// A power of two that brings all values below 4.
    pub(crate) scale: f32,
    /// About the mean of the scaled rows.
    pub(crate) shift: Vec<f32>,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(points: Points<'a>, metric: Metric) -> Result<Self, Error> {
        Self::with_isa(points, metric, Isa::best())
    }

    pub(crate) fn with_isa(points: Points<'a>, metric: Metric, isa: Isa) -> Result<Self, Error> {
        let dim = points.dim();
        let rows = match metric {
            Metric::Euclidean => Cow::Borrowed(points.as_slice()),
            Metric::Spherical => normalized(points.as_slice(), dim, "point")?,
        };
        let largest = map_pieces(rows.len(), PIECE * dim, |range| {
            rows[range].iter().fold(0.0_f32, |m, v| m.max(v.abs()))
        });
        let scale = scale_of(largest.into_iter().fold(0.0, f32::max));
        let shift = middle(&rows, dim)
            .into_iter()
            .map(|v| to_f32(v * f64::from(scale)))
            .collect();
        Ok(Self {
            metric,
            dim,
            isa,
            rows,
            scale,
            shift,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// The point itself, or its unit vector.
    pub(crate) fn row(&self, index: usize) -> &[f32] {
        &self.rows[index * self.dim..(index + 1) * self.dim]
    }

    /// Writes centroids as the filter sees them, and only scaled.
    pub(crate) fn move_rows(&self, rows: &[f32], moved: &mut [f32], scaled: &mut [f32]) {
        let rows = rows.chunks_exact(self.dim);
        let outs = moved
            .chunks_exact_mut(self.dim)
            .zip(scaled.chunks_exact_mut(self.dim));
        for (row, (moved, scaled)) in rows.zip(outs) {
            self.move_row(row, moved);
            for (scaled, &v) in scaled.iter_mut().zip(row) {
                // The scale is a power of two: where nothing underflows the product is exact.
                *scaled = v * self.scale;
            }
        }
    }

    /// Writes a row as the filter sees it.
    pub(crate) fn move_row(&self, row: &[f32], moved: &mut [f32]) {
        kernel::move_row(self.isa, row, f64::from(self.scale), &self.shift, moved);
    }

    /// Squared distance of each centroid from where it was.
    pub(crate) fn movements(&self, before: &[f32], after: &[f32]) -> Vec<f64> {
        let dim = self.dim;
        let mut out = vec![0.0; before.len() / dim];
        for_each_piece_of(before.len(), &mut out, PIECE, |first, out| {
            for (at, out) in (first..).zip(out) {
                let (before, after) = (&before[at * dim..][..dim], &after[at * dim..][..dim]);
                *out = kernel::squared_distance(self.isa, before, after);
            }
        });
        out
    }

    /// Upper bound on how far a centroid moved, in the filter's scale; what subtracting it from a
    /// bound may round away is in it.
    pub(crate) fn drift(&self, movement: f64) -> f32 {
        if movement > 0.0 {
            let drift = movement.sqrt() * f64::from(self.scale);
            let rounding = 1e-6 * (self.dim as f64).sqrt();
            to_f32(drift * (1.0 + 1e-6) + rounding).next_up()
        } else {
            0.0
        }
    }

    /// Distance of a point from a centroid, in double precision and in one fixed order.
    pub(crate) fn distance(&self, index: usize, centroid: &[f32]) -> f64 {
        let square = kernel::squared_distance(self.isa, self.row(index), centroid);
        match self.metric {
            Metric::Euclidean => square,
            // One minus the cosine, without the cancellation: unit vectors are rounded to single
            // precision, and near directions would drown in the rounding of their lengths.
            Metric::Spherical => square / 2.0,
        }
    }

    /// Distance of each point from the centroid that its label names.
    pub(crate) fn distances(&self, centroids: &[f32], labels: &[u32]) -> Vec<f64> {
        let mut out = vec![0.0; self.len()];
        for_each_piece(&mut out, PIECE, |first, out| {
            for (at, out) in out.iter_mut().enumerate() {
                let label = labels[first + at] as usize;
                let centroid = &centroids[label * self.dim..(label + 1) * self.dim];
                *out = self.distance(first + at, centroid);
            }
        });
        out
    }
}

/// The power of two that brings values of at most `largest` to between 1 and 2, within what an
/// `f32` can hold.
fn scale_of(largest: f32) -> f32 {
    if largest <= 0.0 {
        return 1.0;
    }
    let exponent = f64::from(largest).log2().floor().clamp(-126.0, 126.0);
    to_f32((-exponent).exp2())
}

/// Mean of at most [`SAMPLE`] rows, evenly spread.
fn middle(rows: &[f32], dim: usize) -> Vec<f64> {
    let n = rows.len() / dim;
    let mut mean = vec![0.0; dim];
    let step = n.div_ceil(SAMPLE).max(1);
    let mut count = 0.0;
    for row in rows.chunks_exact(dim).step_by(step) {
        count += 1.0;
        for (sum, &v) in mean.iter_mut().zip(row) {
            *sum += f64::from(v);
        }
    }
    for sum in &mut mean {
        *sum /= f64::max(count, 1.0);
    }
    mean
}

/// Rows scaled to length 1. A row that has it already, to about 5e-7, is left as it is, and if all
/// have, nothing is copied.
pub(crate) fn normalized<'a>(
    values: &'a [f32],
    dim: usize,
    what: &'static str,
) -> Result<Cow<'a, [f32]>, Error> {
    let n = values.len() / dim;
    let squares: Vec<f64> = map_pieces(n, PIECE, |range| {
        (values[range.start * dim..range.end * dim].chunks_exact(dim))
            .map(squared_norm)
            .collect::<Vec<_>>()
    })
    .concat();
    if let Some(row) = squares.iter().position(|&square| square <= 0.0) {
        return Err(Kind::NoDirection { what, row }.into());
    }
    let is_unit = |square: f64| (square - 1.0).abs() <= UNIT;
    if squares.iter().all(|&square| is_unit(square)) {
        return Ok(Cow::Borrowed(values));
    }
    let mut out = values.to_vec();
    for_each_piece(&mut out, PIECE * dim, |first, out| {
        for (at, row) in out.chunks_exact_mut(dim).enumerate() {
            let square = squares[first / dim + at];
            if !is_unit(square) {
                let norm = square.sqrt();
                for v in row {
                    *v = to_f32(f64::from(*v) / norm);
                }
            }
        }
    });
    Ok(Cow::Owned(out))
}

#[allow(clippy::cast_possible_truncation)]
pub(crate) fn to_f32(value: f64) -> f32 {
    value as f32
}

/// Sums `term(a, b)` over all dimensions: eight running sums, added in a fixed order, so that the
/// compiler may use vector instructions and still gives the same bits everywhere.
#[inline(always)]
fn sum_terms(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..8 {
            sums[lane] += term(f64::from(a[lane]), f64::from(b[lane]));
        }
    }
    let mut total =
        ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
    for (&a, &b) in a_rest.iter().zip(b_rest) {
        total += term(f64::from(a), f64::from(b));
    }
    total
}

#[inline(always)]
pub(crate) fn squared_norm(a: &[f32]) -> f64 {
    sum_terms(a, a, |a, b| a * b)
}

#[inline(always)]
pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    sum_terms(a, b, |a, b| (a - b) * (a - b))
}

#[inline(always)]
pub(crate) fn inner_product(a: &[f32], b: &[f32]) -> f64 {
    sum_terms(a, b, |a, b| a * b)
}
