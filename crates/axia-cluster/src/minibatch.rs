//! Mini-batch k-means: centroids that learn from a few points at a time.

use serde::{Deserialize, Serialize};

use crate::assign::assign;
use crate::error::{Error, Kind};
use crate::init::{self, Stream};
use crate::kernel::add_row;
use crate::prepared::{Prepared, to_f32};
use crate::{Init, KMeans, KMeansParams, KMeansResult, Metric, Points};

/// The stream of the batches: apart from those of the starts, which count runs from 0.
const BATCHES: u32 = u32::MAX;

/// Parameters of mini-batch k-means; [`build`](Self::build) checks them.
///
/// For data so large that each pass over it counts. On data that fits in memory,
/// [`KMeans::fit`] is usually both faster and better with this crate.
///
/// # Example
///
/// ```
/// use axia_cluster::{MiniBatchParams, Points};
///
/// let values: Vec<f32> = (0..400).map(|i| (i % 4 * 10) as f32 + (i % 7) as f32 * 0.1).collect();
/// let kmeans = MiniBatchParams::new(4).batch_size(64).seed(1).build()?;
/// let found = kmeans.fit(Points::new(&values, 1)?)?;
/// assert_eq!(found.cluster_sizes(), [100; 4]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "parameters do nothing until they are built"]
pub struct MiniBatchParams {
    k: usize,
    #[serde(default)]
    metric: Metric,
    #[serde(default)]
    init: Init,
    #[serde(default)]
    seed: u64,
    #[serde(default = "default_batch_size")]
    batch_size: usize,
    #[serde(default = "default_max_epochs")]
    max_epochs: u32,
    #[serde(default = "default_patience")]
    patience: u32,
}

fn default_batch_size() -> usize {
    4096
}

fn default_max_epochs() -> u32 {
    100
}

fn default_patience() -> u32 {
    10
}

impl MiniBatchParams {
    /// `k` clusters: Euclidean, greedy k-means++, seed 0, batches of 4096, at most 100 epochs,
    /// patience 10.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            metric: Metric::default(),
            init: Init::default(),
            seed: 0,
            batch_size: default_batch_size(),
            max_epochs: default_max_epochs(),
            patience: default_patience(),
        }
    }

    /// What "near" means.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Where the centroids start; drawn starts come from the first three batches.
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Seed of the start and of the batches.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Points of one step, drawn with replacement.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Most steps, counted in passes: an epoch is as many batches as have together the size of the
    /// data.
    pub fn max_epochs(mut self, max_epochs: u32) -> Self {
        self.max_epochs = max_epochs;
        self
    }

    /// The run ends when the smoothed inertia of the batches has not fallen for so many steps
    /// (scikit-learn's rule).
    pub fn patience(mut self, patience: u32) -> Self {
        self.patience = patience;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// As [`KMeansParams::build`], and if the batch size, the most epochs or the patience is 0.
    pub fn build(self) -> Result<MiniBatch, Error> {
        if self.batch_size == 0 {
            return Err(Error::parameter(
                "batch_size",
                "at least 1",
                self.batch_size,
            ));
        }
        if self.max_epochs == 0 {
            return Err(Error::parameter(
                "max_epochs",
                "at least 1",
                self.max_epochs,
            ));
        }
        if self.patience == 0 {
            return Err(Error::parameter("patience", "at least 1", self.patience));
        }
        let kmeans = KMeansParams::new(self.k)
            .metric(self.metric)
            .init(self.init.clone())
            .seed(self.seed)
            .build()?;
        Ok(MiniBatch {
            params: self,
            kmeans,
        })
    }
}

/// Mini-batch k-means, ready to [`fit`](Self::fit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "MiniBatchParams", into = "MiniBatchParams")]
pub struct MiniBatch {
    params: MiniBatchParams,
    kmeans: KMeans,
}

impl TryFrom<MiniBatchParams> for MiniBatch {
    type Error = Error;

    fn try_from(params: MiniBatchParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<MiniBatch> for MiniBatchParams {
    fn from(kmeans: MiniBatch) -> Self {
        kmeans.params
    }
}

impl MiniBatch {
    /// Clusters the points (Sculley 2010): each step labels a batch by the nearest centroids and
    /// moves each centroid to the mean of all points that it was ever given. A centroid that an
    /// epoch gave no point starts anew at the point of the last batch that lies farthest from its
    /// own. In the end all points get the label of their nearest centroid.
    ///
    /// # Errors
    ///
    /// As [`KMeans::fit`].
    ///
    /// # Determinism
    ///
    /// The same bytes on any processor and any number of threads.
    pub fn fit(&self, points: Points<'_>) -> Result<KMeansResult, Error> {
        let k = self.params.k;
        if points.is_empty() {
            return Err(Kind::NoPoints.into());
        }
        if points.len() < k {
            return Err(Kind::TooFewPoints {
                k,
                points: points.len(),
            }
            .into());
        }
        let mut stream = Stream::new(self.params.seed, BATCHES);
        let mut centroids = self.start(points, &mut stream)?;
        let size = self.params.batch_size.min(points.len());
        let steps_of_epoch = points.len().div_ceil(size);
        let mut learned = Learned::new(k);
        let mut watch = Watch::new(size, points.len());
        let (mut steps, mut converged) = (0, false);
        'epochs: for _ in 0..self.params.max_epochs {
            let mut given = vec![false; k];
            for step in 0..steps_of_epoch {
                let rows = draw(points, size, &mut stream);
                let batch = Prepared::new(Points::new(&rows, points.dim())?, self.params.metric)?;
                let labels = assign(&batch, &centroids);
                let distances = batch.distances(&centroids, &labels);
                labels.iter().for_each(|&l| given[l as usize] = true);
                learned.learn(&batch, &labels, &mut centroids);
                steps += 1;
                if step + 1 == steps_of_epoch {
                    learned.start_anew(&batch, &distances, &given, &mut centroids);
                }
                let inertia = distances.iter().sum::<f64>() / size as f64;
                if watch.idle_after(inertia) >= self.params.patience {
                    converged = true;
                    break 'epochs;
                }
            }
        }
        let prepared = Prepared::new(points, self.params.metric)?;
        let labels = assign(&prepared, &centroids);
        let inertia = prepared.distances(&centroids, &labels).iter().sum();
        Ok(KMeansResult::new(
            self.params.metric,
            points.dim(),
            labels,
            centroids,
            inertia,
            steps,
            converged,
        ))
    }

    fn start(&self, points: Points<'_>, stream: &mut Stream) -> Result<Vec<f32>, Error> {
        let size = self.params.batch_size.saturating_mul(3).max(self.params.k);
        if matches!(self.params.init, Init::Given(_)) || size >= points.len() {
            let prepared = Prepared::new(points, self.params.metric)?;
            return init::centroids(&self.kmeans, &prepared, None, 0);
        }
        let rows = draw(points, size, stream);
        let sample = Prepared::new(Points::new(&rows, points.dim())?, self.params.metric)?;
        init::centroids(&self.kmeans, &sample, None, 0)
    }
}

/// Rows drawn with replacement.
fn draw(points: Points<'_>, size: usize, stream: &mut Stream) -> Vec<f32> {
    let mut rows = Vec::with_capacity(size * points.dim());
    for _ in 0..size {
        rows.extend_from_slice(points.row(stream.below(points.len())));
    }
    rows
}

/// How many points each centroid was given.
struct Learned {
    counts: Vec<f64>,
}

impl Learned {
    fn new(k: usize) -> Self {
        Self {
            counts: vec![0.0; k],
        }
    }

    fn learn(&mut self, batch: &Prepared<'_>, labels: &[u32], centroids: &mut [f32]) {
        let dim = batch.dim;
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.counts.len()];
        for (index, &label) in labels.iter().enumerate() {
            members[label as usize].push(index);
        }
        let clusters = members.iter().zip(&mut self.counts);
        for ((members, count), centroid) in clusters.zip(centroids.chunks_exact_mut(dim)) {
            if members.is_empty() {
                continue;
            }
            let mut sums: Vec<f64> = centroid.iter().map(|&c| *count * f64::from(c)).collect();
            for &index in members {
                add_row(batch.isa, &mut sums, 1.0, batch.row(index));
            }
            *count += members.len() as f64;
            let divisor = match batch.metric {
                Metric::Euclidean => *count,
                Metric::Spherical => sums.iter().map(|v| v * v).sum::<f64>().sqrt(),
            };
            // Directions that cancel leave the centroid where it is.
            if divisor > 1e-9 * *count {
                for (c, sum) in centroid.iter_mut().zip(sums) {
                    *c = to_f32(sum / divisor);
                }
            }
        }
    }

    fn start_anew(
        &mut self,
        batch: &Prepared<'_>,
        distances: &[f64],
        given: &[bool],
        centroids: &mut [f32],
    ) {
        let mut farthest: Vec<usize> = (0..batch.len()).filter(|&i| distances[i] > 0.0).collect();
        farthest.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]));
        let idle = (0..given.len()).filter(|&j| !given[j]);
        for (cluster, index) in idle.zip(farthest) {
            centroids[cluster * batch.dim..][..batch.dim].copy_from_slice(batch.row(index));
            self.counts[cluster] = 0.0;
        }
    }
}

/// The smoothed inertia of the batches, and for how long it has not fallen.
struct Watch {
    weight: f64,
    smooth: Option<f64>,
    least: f64,
    idle: u32,
}

impl Watch {
    fn new(size: usize, n: usize) -> Self {
        Self {
            // scikit-learn's weight of a new batch.
            weight: (2.0 * size as f64 / (n as f64 + 1.0)).min(1.0),
            smooth: None,
            least: f64::INFINITY,
            idle: 0,
        }
    }

    fn idle_after(&mut self, inertia: f64) -> u32 {
        let smooth = match self.smooth {
            None => inertia,
            Some(before) => before * (1.0 - self.weight) + inertia * self.weight,
        };
        self.smooth = Some(smooth);
        if smooth < self.least {
            self.least = smooth;
            self.idle = 0;
        } else {
            self.idle += 1;
        }
        self.idle
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn blobs(n: usize) -> Vec<f32> {
        let mut stream = Stream::new(9, 0);
        (0..n)
            .flat_map(|i| {
                let (x, y) = ((i % 5) as f64 * 20.0, (i % 5 % 2) as f64 * 30.0);
                [to_f32(x + stream.uniform()), to_f32(y + stream.uniform())]
            })
            .collect()
    }

    #[test]
    fn finds_planted_clusters_from_small_batches() {
        let values = blobs(3000);
        let points = Points::new(&values, 2).unwrap();
        let params = MiniBatchParams::new(5).batch_size(100).seed(4);
        let found = params.build().unwrap().fit(points).unwrap();
        assert_eq!(found.cluster_sizes(), [600; 5]);
        assert_eq!(found.predict(points).unwrap(), found.labels());
        let exact = KMeansParams::new(5).seed(4).build().unwrap();
        let best = exact.fit(points).unwrap().inertia();
        assert!(found.inertia() < 1.02 * best, "{} {best}", found.inertia());
    }

    #[test]
    fn an_idle_centroid_starts_anew() {
        let values = blobs(500);
        let mut start = values[..10].to_vec();
        start[8..].fill(1e6);
        let params = MiniBatchParams::new(5)
            .init(Init::Given(start))
            .batch_size(50)
            .patience(1000)
            .max_epochs(20);
        let points = Points::new(&values, 2).unwrap();
        let found = params.build().unwrap().fit(points).unwrap();
        assert!(found.cluster_sizes().iter().all(|&size| size > 0));
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
        let values = blobs(700);
        let points = Points::new(&values, 2).unwrap();
        let fit = |seed| {
            let params = MiniBatchParams::new(9).batch_size(60).seed(seed);
            params.build().unwrap().fit(points).unwrap()
        };
        assert_eq!(fit(1), fit(1));
        assert_ne!(fit(1), fit(2));
    }

    #[test]
    fn parameters_and_points_are_checked() {
        for bad in [
            MiniBatchParams::new(0),
            MiniBatchParams::new(2).batch_size(0),
            MiniBatchParams::new(2).max_epochs(0),
            MiniBatchParams::new(2).patience(0),
        ] {
            assert!(bad.build().unwrap_err().is_invalid_parameter());
        }
        let kmeans = MiniBatchParams::new(3).build().unwrap();
        let few = Points::new(&[1.0, 2.0], 1).unwrap();
        assert!(kmeans.fit(few).unwrap_err().is_too_few_points());
        let none = Points::new(&[], 1).unwrap();
        assert!(kmeans.fit(none).unwrap_err().is_too_few_points());
        let spherical = MiniBatchParams::new(1).metric(Metric::Spherical);
        let zero = Points::new(&[0.0, 0.0, 1.0, 0.0], 2).unwrap();
        let error = spherical.build().unwrap().fit(zero).unwrap_err();
        assert!(error.is_zero_row());
    }
}
