//! Whether a clustering comes out again: with other seeds, and on other samples of the points.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::quality::agreement;
use crate::{KMeans, KMeansParams, Points};

/// How stability is measured; [`build`](Self::build) checks it.
///
/// # Example
///
/// ```
/// use axia_cluster::{KMeansParams, Points, StabilityParams};
///
/// let values: Vec<f32> = (0..60).map(|i| (i % 3 * 10) as f32 + i as f32 / 60.0).collect();
/// let points = Points::new(&values, 1)?;
/// let check = StabilityParams::new().runs(4).share(0.8).seed(7).build()?;
/// let three = check.of_kmeans(points, &KMeansParams::new(3).build()?)?;
/// let four = check.of_kmeans(points, &KMeansParams::new(4).build()?)?;
/// assert_eq!(three.mean_adjusted_rand_index, 1.0);
/// assert!(four.mean_adjusted_rand_index < 1.0);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[must_use = "parameters do nothing until they are built"]
pub struct StabilityParams {
    runs: u32,
    share: f64,
    seed: u64,
}

impl Default for StabilityParams {
    fn default() -> Self {
        Self::new()
    }
}

impl StabilityParams {
    /// 10 runs, each on a sample of four fifths of the points, seed 0.
    pub fn new() -> Self {
        Self {
            runs: 10,
            share: 0.8,
            seed: 0,
        }
    }

    /// How often to cluster; every pair of runs is compared.
    pub fn runs(mut self, runs: u32) -> Self {
        self.runs = runs;
        self
    }

    /// The share of the points that each run sees, drawn without repetition. With 1 every run sees
    /// all points, and only the seeds differ.
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Seed of the samples and of the seeds that the runs are given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If there are fewer than 2 runs, or the share is not above 0 and at most 1.
    pub fn build(self) -> Result<StabilityCheck, Error> {
        if self.runs < 2 {
            return Err(Error::parameter("runs", "at least 2", self.runs));
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(Error::parameter(
                "share",
                "above 0 and at most 1",
                self.share,
            ));
        }
        Ok(StabilityCheck { params: self })
    }
}

/// A measurement of stability, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StabilityParams", into = "StabilityParams")]
pub struct StabilityCheck {
    params: StabilityParams,
}

impl TryFrom<StabilityParams> for StabilityCheck {
    type Error = Error;

    fn try_from(params: StabilityParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<StabilityCheck> for StabilityParams {
    fn from(check: StabilityCheck) -> Self {
        check.params
    }
}

/// How well runs agree with one another, on the points that both saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stability {
    /// Mean adjusted Rand index of all pairs of runs.
    pub mean_adjusted_rand_index: f64,
    /// The lowest of them.
    pub least_adjusted_rand_index: f64,
    /// Mean adjusted mutual information of all pairs of runs.
    pub mean_adjusted_mutual_information: f64,
    /// The lowest of them.
    pub least_adjusted_mutual_information: f64,
    /// How many pairs of runs were compared.
    pub pairs: u64,
}

impl StabilityCheck {
    /// The stability of k-means; the seed of `kmeans` itself is not used.
    ///
    /// # Errors
    ///
    /// As [`KMeans::fit`] on a sample, and as [`of`](Self::of).
    pub fn of_kmeans(&self, points: Points<'_>, kmeans: &KMeans) -> Result<Stability, Error> {
        self.of(points, |sample, seed| {
            let kmeans = KMeansParams::from(kmeans.clone()).seed(seed).build()?;
            Ok(kmeans.fit(sample)?.labels().to_vec())
        })
    }

    /// The stability of any clustering: `cluster` gets a sample of the points and a seed, and gives
    /// one label for each.
    ///
    /// # Errors
    ///
    /// What `cluster` fails with; if it does not give one label for each point; or if two samples
    /// share no point, so that there is nothing to compare.
    pub fn of<F, E>(&self, points: Points<'_>, mut cluster: F) -> Result<Stability, E>
    where
        F: FnMut(Points<'_>, u64) -> Result<Vec<u32>, E>,
        E: From<Error>,
    {
        let n = points.len();
        // At least two points, or there is no pair that could be together.
        let size = ((n as f64 * self.params.share).round() as usize).clamp(2.min(n), n);
        let mut runs: Vec<Vec<(usize, u32)>> = Vec::new();
        for run in 0..self.params.runs {
            // A stream of its own for each run, so that run 2 of 4 is run 2 of 8.
            let mut random = ChaCha8Rng::seed_from_u64(self.params.seed);
            random.set_stream(u64::from(run));
            let seed = random.next_u64();
            let indices = sample(&mut random, n, size);
            let values: Vec<f32> = indices
                .iter()
                .flat_map(|&index| points.row(index))
                .copied()
                .collect();
            let labels = cluster(Points::new(&values, points.dim())?, seed)?;
            if labels.len() != indices.len() {
                return Err(Error::from(Kind::Length {
                    what: "label",
                    points: indices.len(),
                    got: labels.len(),
                })
                .into());
            }
            runs.push(indices.into_iter().zip(labels).collect());
        }
        let mut rand = Vec::new();
        let mut information = Vec::new();
        for (at, one) in runs.iter().enumerate() {
            for other in &runs[at + 1..] {
                let (one, other) = common(one, other);
                let found = agreement(&one, &other)?;
                rand.push(found.adjusted_rand_index);
                information.push(found.adjusted_mutual_information);
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Stability {
            mean_adjusted_rand_index: mean(&rand),
            least_adjusted_rand_index: least(&rand),
            mean_adjusted_mutual_information: mean(&information),
            least_adjusted_mutual_information: least(&information),
            pairs: rand.len() as u64,
        })
    }
}

/// So many of the first `n` numbers, in rising order: the start of a Fisher–Yates shuffle.
fn sample(random: &mut impl Rng, n: usize, size: usize) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..n).collect();
    for at in 0..size {
        let left = (n - at) as u128;
        let drawn = (u128::from(random.next_u64()) * left) >> 64;
        indices.swap(at, at + drawn as usize);
    }
    indices.truncate(size);
    indices.sort_unstable();
    indices
}

/// The labels of the points that both runs saw; both are in order of index.
fn common(one: &[(usize, u32)], other: &[(usize, u32)]) -> (Vec<u32>, Vec<u32>) {
    let mut labels = (Vec::new(), Vec::new());
    let mut rest = other.iter().peekable();
    for &(index, label) in one {
        while rest.next_if(|o| o.0 < index).is_some() {}
        if let Some(&(_, theirs)) = rest.next_if(|o| o.0 == index) {
            labels.0.push(label);
            labels.1.push(theirs);
        }
    }
    labels
}
