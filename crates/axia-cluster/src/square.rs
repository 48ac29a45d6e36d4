//! All pairs' distances in one square matrix of single precision: what linkage works on.

use crate::error::{Error, Kind};
use crate::exact::Exact;
use crate::kernel::{self, Isa, Panels};
use crate::parallel::{for_each_piece, join};
use crate::prepared::{squared_norm, to_f32};

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

/// Where points stand: moved to their mean and scaled by a power of two to at most 1.
pub(crate) struct Frame<'a> {
    pub(crate) exact: Exact<'a>,
    mean: Vec<f64>,
    root: f64,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(exact: Exact<'a>) -> Self {
        let points = exact.points;
        let n = points.len();
        let mut mean = vec![0.0; points.dim()];
        for (row, values) in points.rows().enumerate() {
            for (mean, &v) in mean.iter_mut().zip(values) {
                *mean += f64::from(v) * exact.factor(row) / n as f64;
            }
        }
        let mut largest = 0.0_f64;
        for (row, values) in points.rows().enumerate() {
            for (mean, &v) in mean.iter().zip(values) {
                largest = largest.max((f64::from(v) * exact.factor(row) - mean).abs());
            }
        }
        let root = if largest > 0.0 {
            largest.log2().ceil().exp2().recip()
        } else {
            1.0
        };
        Self { exact, mean, root }
    }

    pub(crate) fn len(&self) -> usize {
        self.exact.points.len()
    }

    pub(crate) fn dim(&self) -> usize {
        self.exact.points.dim()
    }

    /// Squared distances in the frame are those of the points times this.
    pub(crate) fn scale(&self) -> f64 {
        self.root * self.root
    }

    /// The coordinates of a point in the frame.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = f64> {
        let factor = self.exact.factor(row);
        let values = self.exact.points.row(row).iter().zip(&self.mean);
        values.map(move |(&v, mean)| (f64::from(v) * factor - mean) * self.root)
    }

    /// All points in the frame.
    pub(crate) fn rows(&self) -> Rows {
        Rows::new(self.exact.isa, self.dim(), self.len(), |row, out| {
            for (out, v) in out.iter_mut().zip(self.row(row)) {
                *out = to_f32(v);
            }
        })
    }
}

/// Rows whose distances are wanted, with their squared lengths.
pub(crate) struct Rows {
    isa: Isa,
    dim: usize,
    values: Vec<f32>,
    norms: Vec<f32>,
}

impl Rows {
    pub(crate) fn new(
        isa: Isa,
        dim: usize,
        count: usize,
        write: impl Fn(usize, &mut [f32]) + Sync + Send,
    ) -> Self {
        let mut values = vec![0.0; count * dim];
        for_each_piece(&mut values, BLOCK * dim, |first, out| {
            for (at, out) in out.chunks_exact_mut(dim).enumerate() {
                write(first / dim + at, out);
            }
        });
        let norms = values
            .chunks_exact(dim)
            .map(|row| to_f32(squared_norm(row)))
            .collect();
        Self {
            isa,
            dim,
            values,
            norms,
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
    /// All squared distances, or their roots; `4 n²` bytes. `near` gives those that are so small that
    /// rounding may have eaten them. The two `spreads` of a pair are added to its squared distance, if there
    /// are any.
    ///
    /// # Errors
    ///
    /// If there is not so much memory.
    pub(crate) fn new(
        rows: &Rows,
        near: impl Fn(usize, usize) -> f64 + Sync + Send,
        spreads: &[f32],
        roots: bool,
    ) -> Result<Self, Error> {
        let n = rows.norms.len();
        let stride = n.next_multiple_of(PAD);
        let values = zeros(n, stride)?;
        let mut square = Self {
            isa: rows.isa,
            stride,
            values,
        };
        let panels: Vec<Panels> = rows
            .values
            .chunks(COLUMNS * rows.dim)
            .map(|columns| Panels::pack(columns, rows.dim))
            .collect();
        for_each_piece(&mut square.values, BLOCK * stride, |first, out| {
            lower(rows, &panels, &near, first / stride, out, stride, roots);
            if !spreads.is_empty() {
                spread(spreads, first / stride, out, stride);
            }
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
#[allow(clippy::too_many_arguments)] // what to read, and where to write
fn lower(
    rows: &Rows,
    panels: &[Panels],
    near: &impl Fn(usize, usize) -> f64,
    first: usize,
    out: &mut [f32],
    stride: usize,
    roots: bool,
) {
    let dim = rows.dim;
    let count = out.len() / stride;
    let here = &rows.values[first * dim..(first + count) * dim];
    let mut tile = Vec::new();
    for (block, panels) in panels.iter().enumerate() {
        let start = block * COLUMNS;
        if start >= first + count {
            break;
        }
        let width = panels.width();
        tile.resize(count * width, 0.0);
        kernel::products(rows.isa, here, panels, &mut tile);
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
            let (out, norms) = (&mut out[start..end], &rows.norms[start..end]);
            if kernel::squares_of_products(rows.isa, tile, rows.norms[row], norms, NEAR, out) {
                for (column, (out, norm)) in out.iter_mut().zip(norms).enumerate() {
                    if *out < NEAR * (rows.norms[row] + norm) {
                        *out = to_f32(near(row, start + column));
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
        out[rows.norms.len()..].fill(f32::INFINITY);
    }
}

/// Adds the spreads below the diagonal.
fn spread(spreads: &[f32], first: usize, out: &mut [f32], stride: usize) {
    for (row, out) in (first..).zip(out.chunks_exact_mut(stride)) {
        for (out, other) in out[..row].iter_mut().zip(spreads) {
            *out += spreads[row] + other;
        }
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
