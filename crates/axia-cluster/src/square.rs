//! All pairs' distances in one square matrix of single precision: what linkage and density work on.

use crate::error::{Error, Kind};
use crate::kernel::{self, Isa, Panels};
use crate::parallel::{for_each_piece, join};
use crate::prepared::{squared_norm, to_f32};
use crate::{Metric, Points};

/// Rows are padded to a multiple of this with infinities, so that loops over them need no remainder.
pub(crate) const PAD: usize = 16;
/// Rows of one piece of parallel work; a multiple of the tile's rows.
const BLOCK: usize = 96;
/// Columns of one call of the kernel; the tile stays in the second cache.
const COLUMNS: usize = 256;
/// Rows and columns of a piece that is mirrored in the first cache.
const MIRROR: usize = 32;
/// Squared distances below this share of the two squared lengths are computed again, from the
/// differences: `|x|² + |y|² - 2 x·y` has an error of about 1e-7 of the lengths.
const NEAR: f32 = 1.0 / 64.0;

/// Points moved to their mean and scaled by a power of two to at most 1.
pub(crate) struct Frame<'a> {
    isa: Isa,
    points: Points<'a>,
    metric: Metric,
    /// One over the length of each row, where only directions count.
    inverse_norms: Vec<f64>,
    /// Squared distances of the moved rows are those of the points times this.
    pub(crate) scale: f64,
    rows: Vec<f32>,
    /// Squared lengths of the moved rows.
    norms: Vec<f32>,
    /// The largest of them.
    longest: f32,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(points: Points<'a>, metric: Metric) -> Result<Self, Error> {
        let dim = points.dim();
        let n = points.len();
        let inverse_norms = match metric {
            Metric::Euclidean => Vec::new(),
            Metric::Spherical => points
                .rows()
                .enumerate()
                .map(|(row, values)| {
                    let norm = squared_norm(values).sqrt();
                    if norm > 0.0 {
                        Ok(norm.recip())
                    } else {
                        Err(Error::from(Kind::NoDirection { what: "point", row }))
                    }
                })
                .collect::<Result<_, _>>()?,
        };
        let factor = |row: usize| inverse_norms.get(row).copied().unwrap_or(1.0);
        let mut mean = vec![0.0; dim];
        for (row, values) in points.rows().enumerate() {
            for (mean, &v) in mean.iter_mut().zip(values) {
                *mean += f64::from(v) * factor(row) / n as f64;
            }
        }
        let mut largest = 0.0_f64;
        for (row, values) in points.rows().enumerate() {
            for (mean, &v) in mean.iter().zip(values) {
                largest = largest.max((f64::from(v) * factor(row) - mean).abs());
            }
        }
        let root = if largest > 0.0 {
            largest.log2().ceil().exp2().recip()
        } else {
            1.0
        };
        let mut rows = vec![0.0; n * dim];
        for_each_piece(&mut rows, BLOCK * dim, |first, out| {
            for (at, out) in out.chunks_exact_mut(dim).enumerate() {
                let row = first / dim + at;
                for ((out, &v), mean) in out.iter_mut().zip(points.row(row)).zip(&mean) {
                    *out = to_f32((f64::from(v) * factor(row) - mean) * root);
                }
            }
        });
        let norms: Vec<f32> = rows
            .chunks_exact(dim)
            .map(|row| to_f32(squared_norm(row)))
            .collect();
        let longest = norms.iter().fold(0.0, |most: f32, &v| most.max(v));
        Ok(Self {
            isa: Isa::best(),
            points,
            metric,
            inverse_norms,
            scale: root * root,
            rows,
            norms,
            longest,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.norms.len()
    }

    pub(crate) fn dim(&self) -> usize {
        self.points.dim()
    }

    /// A coordinate of a point, or of its unit vector.
    pub(crate) fn value(&self, row: usize, at: usize) -> f64 {
        let factor = self.inverse_norms.get(row).copied().unwrap_or(1.0);
        f64::from(self.points.row(row)[at]) * factor
    }

    /// The squared distance of two points (of their unit vectors) in double precision.
    pub(crate) fn squared(&self, a: usize, b: usize) -> f64 {
        match self.metric {
            Metric::Euclidean => {
                kernel::squared_distance(self.isa, self.points.row(a), self.points.row(b))
            }
            Metric::Spherical => {
                let (x, y) = (self.inverse_norms[a], self.inverse_norms[b]);
                let mut sums = [0.0_f64; 8];
                let (a, a_rest) = self.points.row(a).as_chunks::<8>();
                let (b, b_rest) = self.points.row(b).as_chunks::<8>();
                for (a, b) in a.iter().zip(b) {
                    for lane in 0..8 {
                        let difference = f64::from(a[lane]) * x - f64::from(b[lane]) * y;
                        sums[lane] += difference * difference;
                    }
                }
                for (&a, &b) in a_rest.iter().zip(b_rest) {
                    sums[0] += (f64::from(a) * x - f64::from(b) * y).powi(2);
                }
                sums.iter().sum()
            }
        }
    }

    /// A bound on the error of the matrix's values in a row.
    pub(crate) fn error(&self, row: usize) -> f32 {
        // Sums of products round at most `dim` times; then come the lengths and the two sums.
        let roundings = (self.dim() + 8) as f32;
        2.0 * roundings * f32::EPSILON * (self.norms[row] + self.longest)
    }

    /// A distance from a squared one: its root, or one minus the cosine.
    pub(crate) fn distance_of(&self, squared: f64) -> f64 {
        match self.metric {
            Metric::Euclidean => squared.sqrt(),
            Metric::Spherical => squared / 2.0,
        }
    }
}

/// A square matrix of scaled squared distances, infinite on the diagonal and in the padding.
pub(crate) struct Square {
    pub(crate) isa: Isa,
    pub(crate) stride: usize,
    pub(crate) values: Vec<f32>,
}

impl Square {
    /// All squared distances, or their roots; `4 n²` bytes.
    ///
    /// # Errors
    ///
    /// If there is not so much memory.
    pub(crate) fn new(frame: &Frame<'_>, roots: bool) -> Result<Self, Error> {
        let n = frame.len();
        let stride = n.next_multiple_of(PAD);
        let values = zeros(n, stride)?;
        let mut square = Self {
            isa: frame.isa,
            stride,
            values,
        };
        let panels: Vec<Panels> = frame
            .rows
            .chunks(COLUMNS * frame.dim())
            .map(|rows| Panels::pack(rows, frame.dim()))
            .collect();
        for_each_piece(&mut square.values, BLOCK * stride, |first, rows| {
            lower(frame, &panels, first / stride, rows, stride, roots);
        });
        drop(panels);
        mirror(&mut square.values, stride, 0);
        Ok(square)
    }

    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..(row + 1) * self.stride]
    }
}

/// Zeros that the system hands out page by page as they are written, by whichever thread.
fn zeros(n: usize, stride: usize) -> Result<Vec<f32>, Error> {
    let too_large = || {
        Error::from(Kind::Memory {
            points: n,
            bytes: n as u128 * stride as u128 * 4,
        })
    };
    let len = n.checked_mul(stride).ok_or_else(too_large)?;
    Vec::<f32>::new()
        .try_reserve_exact(len)
        .map_err(|_| too_large())?;
    Ok(vec![0.0; len])
}

/// Fills some rows up to the diagonal.
fn lower(
    frame: &Frame<'_>,
    panels: &[Panels],
    first: usize,
    out: &mut [f32],
    stride: usize,
    roots: bool,
) {
    let dim = frame.dim();
    let count = out.len() / stride;
    let rows = &frame.rows[first * dim..(first + count) * dim];
    let mut tile = Vec::new();
    for (block, panels) in panels.iter().enumerate() {
        let start = block * COLUMNS;
        if start >= first + count {
            break;
        }
        let width = panels.width();
        tile.resize(count * width, 0.0);
        kernel::products(frame.isa, rows, panels, &mut tile);
        for (at, (out, tile)) in out
            .chunks_exact_mut(stride)
            .zip(tile.chunks_exact(width))
            .enumerate()
        {
            let row = first + at;
            let end = row.min(start + panels.columns());
            if end <= start {
                continue;
            }
            let (out, norms) = (&mut out[start..end], &frame.norms[start..end]);
            if kernel::squares_of_products(frame.isa, tile, frame.norms[row], norms, NEAR, out) {
                for (column, (out, norm)) in out.iter_mut().zip(norms).enumerate() {
                    if *out < NEAR * (frame.norms[row] + norm) {
                        let squared = frame.squared(row, start + column);
                        *out = to_f32(squared * frame.scale);
                    }
                }
            }
            if roots {
                for out in out {
                    *out = out.sqrt();
                }
            }
        }
    }
    for (at, out) in out.chunks_exact_mut(stride).enumerate() {
        out[first + at] = f32::INFINITY;
        out[frame.len()..].fill(f32::INFINITY);
    }
}

/// Copies what is below the diagonal to above it. `rows` are those from `first` on. The upper half
/// takes its right part from the lower half; then each half mirrors itself.
fn mirror(rows: &mut [f32], stride: usize, first: usize) {
    let count = rows.len() / stride;
    if count <= MIRROR {
        for row in 0..count {
            for column in row + 1..count {
                rows[row * stride + first + column] = rows[column * stride + first + row];
            }
        }
        return;
    }
    let half = (count / 2).next_multiple_of(MIRROR);
    let (upper, lower) = rows.split_at_mut(half * stride);
    for_each_piece(upper, MIRROR * stride, |start, upper| {
        let from = first + start / stride;
        for (piece, lower) in lower.chunks(MIRROR * stride).enumerate() {
            let to = first + half + piece * MIRROR;
            for (r, lower) in lower.chunks_exact(stride).enumerate() {
                let wanted = &lower[from..from + upper.len() / stride];
                for (c, &value) in wanted.iter().enumerate() {
                    upper[c * stride + to + r] = value;
                }
            }
        }
    });
    join(
        || mirror(upper, stride, first),
        || mirror(lower, stride, first + half),
    );
}
