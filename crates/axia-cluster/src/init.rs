//! Where the centroids start.

mod plus_plus;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Init;
use crate::error::{Error, Kind};
use crate::init::plus_plus::{TRIALS, plus_plus};
use crate::prepared::{Prepared, normalized};
use crate::{KMeans, Metric};

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
}
