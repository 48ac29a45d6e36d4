//! Where the centroids start.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Init;
use crate::assign::{LANES, ROWS, dot_tile, panel};
use crate::error::{Error, Kind};
use crate::parallel::{for_each_piece, map_pieces};
use crate::prepared::{Prepared, normalized};
use crate::{KMeans, Metric};

/// Points whose distances are added up in one go. The size is fixed, so that sums are too.
const PIECE: usize = 512;

/// The stream of run `run`: ChaCha with 8 rounds, keyed by the seed.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u64, run: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(run));
        Self(rng)
    }

    /// Uniform in `[0, 1)`, in steps of 2^-53.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

pub(crate) fn centroids(
    kmeans: &KMeans,
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    run: u32,
) -> Result<Vec<f32>, Error> {
    let k = kmeans.k();
    let trials = match kmeans.init() {
        Init::Given(values) => return given(values, points, k),
        Init::KMeansPlusPlus => 1,
        // scikit-learn's number of trials.
        Init::GreedyKMeansPlusPlus => 2 + greedy_trials(k),
    };
    let chosen = plus_plus(
        points,
        weights,
        k,
        trials,
        &mut Stream::new(kmeans.seed(), run),
    );
    Ok(chosen
        .into_iter()
        .flat_map(|index| points.row(index))
        .copied()
        .collect())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn greedy_trials(k: usize) -> usize {
    (k as f64).ln() as usize
}

fn given(values: &[f32], points: &Prepared<'_>, k: usize) -> Result<Vec<f32>, Error> {
    let got = values.len() / k;
    if got != points.dim {
        return Err(Kind::Dimension {
            expected: points.dim,
            got,
        }
        .into());
    }
    match points.metric {
        Metric::Euclidean => Ok(values.to_vec()),
        Metric::Spherical => normalized(values, points.dim, "given centroid"),
    }
}

/// Indices of the points that the centroids start from.
fn plus_plus(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    k: usize,
    trials: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let n = points.len();
    let weight = |index: usize| weights.map_or(1.0, |w| w[index]);
    let mut taken = vec![false; n];
    let mut masses: Vec<f64> = (0..n).map(weight).collect();
    let first = draw(&masses, stream).unwrap_or(0);
    let mut chosen = vec![first];
    taken[first] = true;
    let mut distances = vec![f32::INFINITY; n];
    lower(points, first, &mut distances);
    while chosen.len() < k {
        for (index, mass) in masses.iter_mut().enumerate() {
            *mass = weight(index) * f64::from(distances[index]);
        }
        let candidates: Vec<usize> = (0..trials).filter_map(|_| draw(&masses, stream)).collect();
        let next = match candidates[..] {
            // Fewer distinct points than clusters: the centroids that are left repeat points.
            [] => (0..n)
                .find(|&i| !taken[i] && weight(i) > 0.0)
                .unwrap_or(first),
            [only] => only,
            _ => best_of(points, weights, &candidates, &distances),
        };
        taken[next] = true;
        lower(points, next, &mut distances);
        chosen.push(next);
    }
    chosen
}

/// An index drawn in proportion to its mass; `None` if there is no mass.
fn draw(masses: &[f64], stream: &mut Stream) -> Option<usize> {
    let total: f64 = masses.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let mark = stream.uniform() * total;
    let mut sum = 0.0;
    let mut last = None;
    for (index, &mass) in masses.iter().enumerate() {
        if mass > 0.0 {
            sum += mass;
            last = Some(index);
            if sum > mark {
                break;
            }
        }
    }
    last
}

/// The candidate that leaves the least sum of distances, the earliest of equals.
fn best_of(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    candidates: &[usize],
    distances: &[f32],
) -> usize {
    let mut best = (candidates[0], f64::INFINITY);
    for candidates in candidates.chunks(LANES) {
        let totals = totals_left(points, weights, candidates, distances);
        for (&candidate, total) in candidates.iter().zip(totals) {
            if total < best.1 {
                best = (candidate, total);
            }
        }
    }
    best.0
}

/// For each of up to eight candidates, the sum of distances if it became a centroid.
fn totals_left(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    candidates: &[usize],
    distances: &[f32],
) -> [f64; LANES] {
    let rows: Vec<&[f32]> = candidates.iter().map(|&c| points.filter_row(c)).collect();
    let panel = panel(&rows, points.dim);
    let squares: Vec<f64> = candidates.iter().map(|&c| points.norm(c).powi(2)).collect();
    let sums = map_pieces(points.len(), PIECE, |range| {
        let mut sums = [0.0_f64; LANES];
        for first in range.clone().step_by(ROWS) {
            let tile = std::array::from_fn(|r| points.filter_row((first + r).min(range.end - 1)));
            let dots = dot_tile(tile, &panel);
            for (index, dots) in (first..range.end).zip(dots) {
                let weight = weights.map_or(1.0, |w| w[index]);
                let held = f64::from(distances[index]);
                let square = points.norm(index).powi(2);
                for (lane, row) in rows.iter().enumerate() {
                    let lengths = square + squares[lane];
                    let mut distance = lengths - 2.0 * f64::from(dots[lane]);
                    // Near rows cancel; the difference itself is exact enough.
                    if distance < 1e-3 * lengths {
                        distance = f64::from(squared_distance(points.filter_row(index), row));
                    }
                    sums[lane] += weight * distance.min(held);
                }
            }
        }
        sums
    });
    let mut totals = [0.0; LANES];
    for sums in sums {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    totals
}

/// Lowers the distance of every point to that from the new centroid.
fn lower(points: &Prepared<'_>, centroid: usize, distances: &mut [f32]) {
    let centroid = points.filter_row(centroid);
    for_each_piece(distances, PIECE, |first, distances| {
        for (at, held) in distances.iter_mut().enumerate() {
            *held = held.min(squared_distance(points.filter_row(first + at), centroid));
        }
    });
}

/// Single precision is enough to draw by. Equal rows have distance exactly 0.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (a_chunks, a_rest) = a.as_chunks::<16>();
    let (b_chunks, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..16 {
            let difference = a[lane] - b[lane];
            sums[lane] += difference * difference;
        }
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    let mut total = sums[0];
    for (a, b) in a_rest.iter().zip(b_rest) {
        total += (a - b) * (a - b);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_fixed() {
        let bits = |seed, run| Stream::new(seed, run).uniform().to_bits();
        assert_eq!(bits(7, 0), 4_594_853_223_840_476_064);
        assert_eq!(bits(7, 1), 4_607_111_340_966_091_509);
        assert_eq!(bits(8, 0), 4589880446955461776);
    }

    #[test]
    fn draws_follow_the_masses() {
        let mut stream = Stream::new(1, 0);
        let mut counts = [0_u32; 4];
        for _ in 0..4000 {
            counts[draw(&[1.0, 0.0, 2.0, 1.0], &mut stream).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((1900..2100).contains(&counts[2]), "{counts:?}");
        assert_eq!(draw(&[0.0, 0.0], &mut stream), None);
    }
}
