//! Where the centroids start.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Init;
use crate::error::{Error, Kind};
use crate::kernel::scaled_distance;
use crate::parallel::for_each_piece;
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

    /// Uniform below `n`, which is far below 2^53.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n - 1)
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
        Init::GreedyKMeansPlusPlus => (2 + greedy_trials(k)).min(TRIALS),
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
        Metric::Spherical => Ok(normalized(values, points.dim, "given centroid")?.into_owned()),
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
    let mut rows = vec![0.0; n * trials];
    lower(points, weights, &[first], &mut rows, &mut distances);
    while chosen.len() < k {
        for (index, mass) in masses.iter_mut().enumerate() {
            *mass = weight(index) * f64::from(distances[index]);
        }
        let mut candidates: Vec<usize> =
            (0..trials).filter_map(|_| draw(&masses, stream)).collect();
        if candidates.is_empty() {
            // Fewer distinct points than clusters: the centroids that are left repeat points.
            let next = (0..n).find(|&i| !taken[i] && weight(i) > 0.0);
            candidates.push(next.unwrap_or(first));
        }
        let next = lower(points, weights, &candidates, &mut rows, &mut distances);
        taken[next] = true;
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

/// Most candidates of one draw: `2 + ln k` for the largest `k`.
const TRIALS: usize = 24;

/// Takes the candidate that leaves the least sum of distances, the earliest of equals, and lowers
/// the distance of every point to that from it. Distances in single precision are enough to draw by;
/// they are the same bits on every processor, and exactly 0 between equal rows.
fn lower(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    candidates: &[usize],
    rows: &mut [f32],
    distances: &mut [f32],
) -> usize {
    let dim = points.dim;
    let stride = rows.len() / points.len();
    let scaled: Vec<f32> = (candidates.iter())
        .flat_map(|&c| points.row(c).iter().map(|v| v * points.scale))
        .collect();
    let mut pieces: Vec<(&mut [f32], [f64; TRIALS])> = (rows.chunks_mut(PIECE * stride))
        .map(|rows| (rows, [0.0; TRIALS]))
        .collect();
    let held = &*distances;
    for_each_piece(&mut pieces, 1, |piece, pieces| {
        let (rows, sums) = &mut pieces[0];
        for (at, row) in rows.chunks_exact_mut(stride).enumerate() {
            let index = piece * PIECE + at;
            let point = points.row(index);
            let weight = weights.map_or(1.0, |w| w[index]);
            for (trial, candidate) in scaled.chunks_exact(dim).enumerate() {
                let distance = scaled_distance(points.isa, point, points.scale, candidate);
                row[trial] = distance.min(held[index]);
                sums[trial] += weight * f64::from(row[trial]);
            }
        }
    });
    let mut totals = [0.0; TRIALS];
    for (_, sums) in &pieces {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    let mut best = 0;
    for trial in 1..candidates.len() {
        if totals[trial] < totals[best] {
            best = trial;
        }
    }
    for (distance, row) in distances.iter_mut().zip(rows.chunks_exact(stride)) {
        *distance = row[best];
    }
    candidates[best]
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
