//! The nearest centroid of each point.
//!
//! The label of a point is the centroid of least distance in double precision, the lowest index of
//! equals: a definition that no instruction set and no order of summation can change. To compute
//! it fast, single-precision scores `x·c - |c|²/2` rule out all centroids that lie below the best
//! score by more than the scores' rounding error can explain; what is left, nearly always one
//! centroid, is compared in double precision.

use crate::parallel::for_each_piece;
use crate::prepared::{Prepared, squared_norm, to_f32};

/// Points whose scores are held at once; the centroids of a panel stay in the first cache meanwhile.
const BLOCK: usize = 64;
/// Points of one tile.
pub(crate) const ROWS: usize = 4;
/// Centroids of one panel: the lanes of a tile.
pub(crate) const LANES: usize = 8;
/// Products added up before the sum goes to the total. Shorter chains round less.
const DEPTH: usize = 64;

/// Centroids laid out for the tiles: panel by panel, dimension by dimension, lane by lane.
struct Packed {
    panels: Vec<f32>,
    /// `|c|²/2`.
    halves: Vec<f32>,
    longest: f64,
}

impl Packed {
    fn new(points: &Prepared<'_>, centroids: &[f32]) -> Self {
        let dim = points.dim;
        let k = centroids.len() / dim;
        let mut panels = Vec::with_capacity(k.div_ceil(LANES) * LANES * dim);
        let mut halves = vec![0.0; k.div_ceil(LANES) * LANES];
        let mut longest = 0.0_f64;
        let mut filter = vec![0.0; LANES * dim];
        for (p, centroids) in centroids.chunks(LANES * dim).enumerate() {
            let filter = &mut filter[..centroids.len()];
            let rows = centroids
                .chunks_exact(dim)
                .zip(filter.chunks_exact_mut(dim));
            for (lane, (centroid, filter)) in rows.enumerate() {
                points.filter_centroid(centroid, filter);
                let squared = squared_norm(filter);
                longest = longest.max(squared.sqrt());
                halves[p * LANES + lane] = to_f32(squared / 2.0);
            }
            let rows: Vec<&[f32]> = filter.chunks_exact(dim).collect();
            panels.extend(panel(&rows, dim));
        }
        Self {
            panels,
            halves,
            longest,
        }
    }

    /// A bound on the error of any score of a point with this norm: the sums' rounding, that of
    /// moving and scaling both vectors and of the half norms, and what underflow may lose.
    fn error(&self, norm: f64, dim: usize) -> f64 {
        let roundings = (DEPTH.min(dim) + dim.div_ceil(DEPTH) + 16) as f64;
        let relative = roundings * f64::from(f32::EPSILON);
        relative * (norm * self.longest + self.longest * self.longest)
            + 1e-36 * dim as f64 * (1.0 + norm + self.longest)
    }
}

/// Up to eight vectors laid out for a tile, zeros in the lanes that are left.
pub(crate) fn panel(vectors: &[&[f32]], dim: usize) -> Vec<f32> {
    let mut panel = vec![0.0; LANES * dim];
    for (lane, vector) in vectors.iter().enumerate() {
        for (d, &v) in vector.iter().enumerate() {
            panel[d * LANES + lane] = v;
        }
    }
    panel
}

/// Labels of all points.
pub(crate) fn assign(points: &Prepared<'_>, centroids: &[f32]) -> Vec<u32> {
    let dim = points.dim;
    let k = centroids.len() / dim;
    let packed = Packed::new(points, centroids);
    let padded = packed.halves.len();
    let mut labels = vec![0_u32; points.len()];
    if k < 2 {
        return labels;
    }
    for_each_piece(&mut labels, BLOCK, |first, labels| {
        let mut scores = vec![0.0_f32; labels.len() * padded];
        score_block(points, &packed, first, labels.len(), &mut scores);
        for (at, label) in labels.iter_mut().enumerate() {
            let index = first + at;
            let scores = &scores[at * padded..at * padded + k];
            *label = choose(points, &packed, centroids, index, scores);
        }
    });
    labels
}

fn score_block(
    points: &Prepared<'_>,
    packed: &Packed,
    first: usize,
    count: usize,
    scores: &mut [f32],
) {
    let padded = packed.halves.len();
    let panels = packed.panels.chunks_exact(LANES * points.dim);
    let halves = packed.halves.chunks_exact(LANES);
    for (p, (panel, halves)) in panels.zip(halves).enumerate() {
        for tile_at in (0..count).step_by(ROWS) {
            // The last tile of a block repeats its last row rather than have a second kernel.
            let rows: [&[f32]; ROWS] =
                std::array::from_fn(|r| points.filter_row(first + (tile_at + r).min(count - 1)));
            let sums = dot_tile(rows, panel);
            for (r, sums) in sums.iter().enumerate().take(count - tile_at) {
                let start = (tile_at + r) * padded + p * LANES;
                let out = &mut scores[start..start + LANES];
                for lane in 0..LANES {
                    out[lane] = sums[lane] - halves[lane];
                }
            }
        }
    }
}

/// Dot products of four rows with the eight vectors of a panel, the same bits on every machine.
pub(crate) fn dot_tile(rows: [&[f32]; ROWS], panel: &[f32]) -> [[f32; LANES]; ROWS] {
    let mut totals = [[0.0_f32; LANES]; ROWS];
    let (panel, _) = panel.as_chunks::<LANES>();
    for (chunk, panel) in panel.chunks(DEPTH).enumerate() {
        let start = chunk * DEPTH;
        let rows = rows.map(|row| &row[start..start + panel.len()]);
        let mut sums = [[0.0_f32; LANES]; ROWS];
        for (d, centroids) in panel.iter().enumerate() {
            for r in 0..ROWS {
                let x = rows[r][d];
                for lane in 0..LANES {
                    sums[r][lane] += x * centroids[lane];
                }
            }
        }
        for r in 0..ROWS {
            for lane in 0..LANES {
                totals[r][lane] += sums[r][lane];
            }
        }
    }
    totals
}

fn choose(
    points: &Prepared<'_>,
    packed: &Packed,
    centroids: &[f32],
    index: usize,
    scores: &[f32],
) -> u32 {
    let best = scores
        .iter()
        .fold(f32::NEG_INFINITY, |best, &s| best.max(s));
    let least = f64::from(best) - 2.0 * packed.error(points.norm(index), points.dim);
    let least = to_f32(least).next_down();
    // Overflow gives scores or bounds that are not numbers: those rule out nothing.
    let mut candidates = (0_u32..)
        .zip(scores)
        .filter(|&(_, &score)| score >= least || score.is_nan() || least.is_nan())
        .map(|(j, _)| j);
    let Some(mut label) = candidates.next() else {
        return 0;
    };
    let distance = |j: u32| {
        let start = j as usize * points.dim;
        points.distance(index, &centroids[start..start + points.dim])
    };
    let mut nearest = None;
    for other in candidates {
        let held = *nearest.get_or_insert_with(|| distance(label));
        let challenger = distance(other);
        if challenger < held {
            label = other;
            nearest = Some(challenger);
        }
    }
    label
}
