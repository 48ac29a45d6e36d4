//! Points as the algorithms read them.

use std::borrow::Cow;

use crate::error::{Error, Kind};
use crate::parallel::for_each_piece;
use crate::{Metric, Points};

/// Rows of one piece of parallel work on single rows.
const PIECE: usize = 256;

/// Points in the two forms that an assignment needs: `rows`, of which distances are defined in
/// double precision, and `filter`, whose single-precision scores rule out most centroids.
pub(crate) struct Prepared<'a> {
    pub(crate) metric: Metric,
    pub(crate) dim: usize,
    rows: Cow<'a, [f32]>,
    /// Rows moved to their mean and scaled to at most 1. Without this, data far from the origin
    /// would drown the scores in rounding, and large values would overflow them.
    moved: Option<Vec<f32>>,
    frame: Frame,
    norms: Vec<f64>,
}

/// Where the filter's origin lies and how it is scaled.
struct Frame {
    mean: Vec<f64>,
    scale: f64,
}

impl Frame {
    fn apply(&self, row: &[f32], out: &mut [f32]) {
        for ((out, &v), m) in out.iter_mut().zip(row).zip(&self.mean) {
            *out = to_f32((f64::from(v) - m) * self.scale);
        }
    }
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(points: Points<'a>, metric: Metric) -> Result<Self, Error> {
        let dim = points.dim();
        let (rows, moved, frame) = match metric {
            Metric::Euclidean => {
                let frame = frame_of(points);
                let mut moved = vec![0.0; points.as_slice().len()];
                for_each_piece(&mut moved, PIECE * dim, |first, out| {
                    let rows = &points.as_slice()[first..first + out.len()];
                    for (row, out) in rows.chunks_exact(dim).zip(out.chunks_exact_mut(dim)) {
                        frame.apply(row, out);
                    }
                });
                (Cow::Borrowed(points.as_slice()), Some(moved), frame)
            }
            Metric::Spherical => {
                let unit = normalized(points.as_slice(), dim, "point")?;
                let frame = Frame {
                    mean: Vec::new(),
                    scale: 1.0,
                };
                (Cow::Owned(unit), None, frame)
            }
        };
        let mut prepared = Self {
            metric,
            dim,
            rows,
            moved,
            frame,
            norms: Vec::new(),
        };
        let mut norms = vec![0.0; prepared.len()];
        for_each_piece(&mut norms, PIECE, |first, out| {
            for (at, out) in out.iter_mut().enumerate() {
                *out = squared_norm(prepared.filter_row(first + at)).sqrt();
            }
        });
        prepared.norms = norms;
        Ok(prepared)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// The point itself, or its unit vector.
    pub(crate) fn row(&self, index: usize) -> &[f32] {
        &self.rows[index * self.dim..(index + 1) * self.dim]
    }

    pub(crate) fn filter_row(&self, index: usize) -> &[f32] {
        let rows = self.moved.as_deref().unwrap_or(&self.rows);
        &rows[index * self.dim..(index + 1) * self.dim]
    }

    /// Length of the filter row.
    pub(crate) fn norm(&self, index: usize) -> f64 {
        self.norms[index]
    }

    /// Writes a centroid as the filter sees it.
    pub(crate) fn filter_centroid(&self, centroid: &[f32], out: &mut [f32]) {
        match self.metric {
            Metric::Euclidean => self.frame.apply(centroid, out),
            Metric::Spherical => out.copy_from_slice(centroid),
        }
    }

    /// Distance of a point from a centroid, in double precision and in one fixed order.
    pub(crate) fn distance(&self, index: usize, centroid: &[f32]) -> f64 {
        match self.metric {
            Metric::Euclidean => squared_distance(self.row(index), centroid),
            // One minus the cosine, without the cancellation: unit vectors are rounded to single
            // precision, and near directions would drown in the rounding of their lengths.
            Metric::Spherical => squared_distance(self.row(index), centroid) / 2.0,
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

fn frame_of(points: Points<'_>) -> Frame {
    let mut mean = vec![0.0; points.dim()];
    for row in points.rows() {
        for (sum, &v) in mean.iter_mut().zip(row) {
            *sum += f64::from(v);
        }
    }
    for sum in &mut mean {
        *sum /= points.len().max(1) as f64;
    }
    let mut largest = 0.0_f64;
    for row in points.rows() {
        for (&v, m) in row.iter().zip(&mean) {
            largest = largest.max((f64::from(v) - m).abs());
        }
    }
    let scale = if largest > 0.0 { largest.recip() } else { 1.0 };
    Frame { mean, scale }
}

/// Rows scaled to length 1.
pub(crate) fn normalized(
    values: &[f32],
    dim: usize,
    what: &'static str,
) -> Result<Vec<f32>, Error> {
    let mut out = values.to_vec();
    for (row, values) in out.chunks_exact_mut(dim).enumerate() {
        let norm = squared_norm(values).sqrt();
        if norm <= 0.0 {
            return Err(Kind::NoDirection { what, row }.into());
        }
        for v in values {
            *v = to_f32(f64::from(*v) / norm);
        }
    }
    Ok(out)
}

#[allow(clippy::cast_possible_truncation)]
pub(crate) fn to_f32(value: f64) -> f32 {
    value as f32
}

/// Sums `term(a, b)` over all dimensions: eight running sums, added in a fixed order, so that the
/// compiler may use vector instructions and still gives the same bits everywhere.
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

pub(crate) fn squared_norm(a: &[f32]) -> f64 {
    sum_terms(a, a, |a, b| a * b)
}

pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    sum_terms(a, b, |a, b| (a - b) * (a - b))
}
