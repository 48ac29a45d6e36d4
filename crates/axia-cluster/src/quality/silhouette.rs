//! Silhouettes: whether points are nearer to their own cluster than to the next one.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::kernel::{self, Isa};
use crate::parallel::for_each_piece;
use crate::prepared::squared_norm;
use crate::quality::Groups;
use crate::{Metric, Points};

/// Rows of one piece of parallel work; each packed panel is used for so many.
const BLOCK: usize = 64;
/// Rows of one tile.
const ROWS: usize = 4;
/// Points of one panel: the lanes of a tile.
const LANES: usize = 8;

/// Mean cosine distances below this are rounding: no two directions in single precision that differ
/// are so near.
const SAME: f64 = 4e-15;

/// The silhouettes of a clustering (Rousseeuw 1987).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Silhouette {
    /// The mean over all points, -1 to 1; higher is better.
    pub mean: f64,
    /// Of each point, `(b - a) / max(a, b)` with `a` the mean distance from the others of its own
    /// cluster and `b` the least mean distance from those of another cluster. 0 for a point that is
    /// alone in its cluster.
    pub of_points: Vec<f64>,
}

/// The silhouette of each point, exactly, in double precision.
///
/// The distance is the Euclidean one, not squared ([`Metric::Euclidean`]), or one minus the cosine
/// ([`Metric::Spherical`]). Labels are any numbers.
///
/// With the cosine it takes `O(n k d)`, because mean distances from a cluster follow from the sum of
/// its unit vectors; with Euclidean distance all pairs are measured, `O(n² d)`. No distance is stored:
/// the memory is `O(k d + n)`.
///
/// # Errors
///
/// If there is not one label for each point, not from 2 to `n - 1` distinct ones, or, with the
/// cosine, if a point is all zeros.
///
/// # Example
///
/// ```
/// use axia_cluster::{Metric, Points, silhouette};
///
/// let points = Points::new(&[0.0, 1.0, 10.0, 11.0], 1)?;
/// let found = silhouette(points, &[0, 0, 1, 1], Metric::Euclidean)?;
/// assert!((found.of_points[0] - (10.5 - 1.0) / 10.5).abs() < 1e-12);
/// assert!(found.mean > 0.8);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn silhouette(points: Points<'_>, labels: &[u32], metric: Metric) -> Result<Silhouette, Error> {
    let groups = Groups::of_partition(points, labels)?;
    let of_points = match metric {
        Metric::Euclidean => euclidean(points, &groups),
        Metric::Spherical => cosine(points, &groups)?,
    };
    Ok(Silhouette {
        mean: of_points.iter().sum::<f64>() / of_points.len() as f64,
        of_points,
    })
}

/// The silhouette of a point from the sums of its distances to the members of each cluster.
fn from_sums(groups: &Groups, point: usize, sums: &[f64]) -> f64 {
    let own = groups.of(point);
    let others = groups.members(own).len() - 1;
    if others == 0 {
        return 0.0;
    }
    let within = sums[own] / others as f64;
    let between = sums
        .iter()
        .enumerate()
        .filter(|&(group, _)| group != own)
        .map(|(group, sum)| sum / groups.members(group).len() as f64)
        .fold(f64::INFINITY, f64::min);
    let larger = within.max(between);
    if larger > 0.0 {
        (between - within) / larger
    } else {
        0.0
    }
}

fn cosine(points: Points<'_>, groups: &Groups) -> Result<Vec<f64>, Error> {
    let dim = points.dim();
    let mut norms = vec![0.0; points.len()];
    for (row, (norm, values)) in norms.iter_mut().zip(points.rows()).enumerate() {
        *norm = squared_norm(values).sqrt();
        if *norm <= 0.0 {
            return Err(Kind::NoDirection { what: "point", row }.into());
        }
    }
    // Sums of unit vectors.
    let mut centres = vec![0.0_f64; groups.k() * dim];
    for_each_piece(&mut centres, dim, |first, sum| {
        for &index in groups.members(first / dim) {
            for (sum, &v) in sum.iter_mut().zip(points.row(index)) {
                *sum += f64::from(v) / norms[index];
            }
        }
    });
    let mut out = vec![0.0; points.len()];
    for_each_piece(&mut out, BLOCK, |first, out| {
        let mut unit = vec![0.0; dim];
        let mut sums = vec![0.0; groups.k()];
        for (at, out) in out.iter_mut().enumerate() {
            let index = first + at;
            for (unit, &v) in unit.iter_mut().zip(points.row(index)) {
                *unit = f64::from(v) / norms[index];
            }
            let rows = centres.chunks_exact(dim).zip(&mut sums);
            for (group, (centre, sum)) in rows.enumerate() {
                let own = groups.of(index) == group;
                // The distance from itself is 0, exactly; rounding would make it a little more.
                let members = groups.members(group).len() - usize::from(own);
                let itself = if own { dot(&unit, &unit) } else { 0.0 };
                let members = members as f64;
                *sum = members - (dot(&unit, centre) - itself);
                if *sum < SAME * members.max(1.0) {
                    *sum = 0.0;
                }
            }
            *out = from_sums(groups, index, &sums);
        }
    });
    Ok(out)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0_f64; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

fn euclidean(points: Points<'_>, groups: &Groups) -> Vec<f64> {
    let dim = points.dim();
    let isa = Isa::best();
    let mut out = vec![0.0; points.len()];
    for_each_piece(&mut out, BLOCK, |first, out| {
        let rows: Vec<Vec<f64>> = (first..first + out.len())
            .map(|index| points.row(index).iter().map(|&v| f64::from(v)).collect())
            .collect();
        let mut sums = vec![0.0; out.len() * groups.k()];
        let mut panel = vec![[0.0; LANES]; dim];
        for others in groups.order().chunks(LANES) {
            for (lane, &other) in others.iter().enumerate() {
                for (panel, &v) in panel.iter_mut().zip(points.row(other)) {
                    panel[lane] = f64::from(v);
                }
            }
            for tile_at in (0..rows.len()).step_by(ROWS) {
                // The last tile of a block repeats its last row rather than have a second kernel.
                let tile: [&[f64]; ROWS] =
                    std::array::from_fn(|r| rows[(tile_at + r).min(rows.len() - 1)].as_slice());
                let squares = kernel::panel_squares(isa, tile, &panel);
                for (r, squares) in squares.iter().enumerate().take(rows.len() - tile_at) {
                    let sums = &mut sums[(tile_at + r) * groups.k()..][..groups.k()];
                    for (&other, square) in others.iter().zip(squares) {
                        sums[groups.of(other)] += square.sqrt();
                    }
                }
            }
        }
        for (at, (out, sums)) in out
            .iter_mut()
            .zip(sums.chunks_exact(groups.k()))
            .enumerate()
        {
            *out = from_sums(groups, first + at, sums);
        }
    });
    out
}
