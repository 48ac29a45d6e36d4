//! What a clustering depends on.

use serde::{Deserialize, Serialize};

use crate::{Error, Metric};

/// Where the centroids start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Init {
    /// k-means++ (Arthur and Vassilvitskii 2007): each next centroid is a point drawn in proportion
    /// to its weight times the squared distance from the nearest centroid so far.
    KMeansPlusPlus,
    /// Greedy k-means++, as in scikit-learn: `2 + ln k` draws for each next centroid, of which the
    /// one that lowers the sum of distances most is kept. Dearer to start, usually better in the end.
    #[default]
    GreedyKMeansPlusPlus,
    /// These centroids, row-major. There is nothing random left, so `n_runs` does not matter.
    Given(Vec<f32>),
}

/// Parameters of k-means; [`build`](Self::build) checks them.
///
/// # Example
///
/// ```
/// use axia_cluster::{Init, KMeansParams, Metric};
///
/// let kmeans = KMeansParams::new(8)
///     .metric(Metric::Spherical)
///     .init(Init::KMeansPlusPlus)
///     .seed(7)
///     .n_runs(4)
///     .max_iterations(100)
///     .tolerance(0.0)
///     .build()?;
/// assert_eq!(kmeans.k(), 8);
/// assert!(KMeansParams::new(0).build().is_err());
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "parameters do nothing until they are built"]
pub struct KMeansParams {
    k: usize,
    #[serde(default)]
    metric: Metric,
    #[serde(default)]
    init: Init,
    #[serde(default)]
    seed: u64,
    #[serde(default = "one")]
    n_runs: u32,
    #[serde(default = "default_max_iterations")]
    max_iterations: u32,
    #[serde(default = "default_tolerance")]
    tolerance: f64,
}

fn one() -> u32 {
    1
}

fn default_max_iterations() -> u32 {
    300
}

fn default_tolerance() -> f64 {
    1e-4
}

impl KMeansParams {
    /// `k` clusters: Euclidean, greedy k-means++, seed 0, 1 run, at most 300 iterations,
    /// tolerance 1e-4.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            metric: Metric::default(),
            init: Init::default(),
            seed: 0,
            n_runs: one(),
            max_iterations: default_max_iterations(),
            tolerance: default_tolerance(),
        }
    }

    /// The same for another number of clusters.
    pub(crate) fn clusters(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// What "near" means.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Where the centroids start.
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Seed of the starts. Each run has a stream of its own, so run 2 of 4 is run 2 of 8.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many starts to try; the clustering of least inertia is kept, the earliest of equals.
    pub fn n_runs(mut self, n_runs: u32) -> Self {
        self.n_runs = n_runs;
        self
    }

    /// Most updates of the centroids in one run.
    pub fn max_iterations(mut self, max_iterations: u32) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// A run ends when the squared movements of all centroids add up to at most this share of the
    /// mean variance of the dimensions (scikit-learn's rule), or when no label changes. With 0 only
    /// labels that no longer change end it.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If `k`, `n_runs` or `max_iterations` is 0, `k` is above `u32::MAX`, the tolerance is negative
    /// or not finite, or given centroids are not finite or do not fill `k` rows.
    pub fn build(self) -> Result<KMeans, Error> {
        if self.k == 0 || u32::try_from(self.k).is_err() {
            return Err(Error::parameter("k", "from 1 to 4294967295", self.k));
        }
        if self.n_runs == 0 {
            return Err(Error::parameter("n_runs", "at least 1", self.n_runs));
        }
        if self.max_iterations == 0 {
            return Err(Error::parameter(
                "max_iterations",
                "at least 1",
                self.max_iterations,
            ));
        }
        if !self.tolerance.is_finite() || self.tolerance < 0.0 {
            return Err(Error::parameter(
                "tolerance",
                "finite and at least 0",
                self.tolerance,
            ));
        }
        if let Init::Given(values) = &self.init {
            if values.is_empty() || !values.len().is_multiple_of(self.k) {
                return Err(Error::parameter(
                    "number of given centroid values",
                    "a positive multiple of k",
                    values.len(),
                ));
            }
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::parameter(
                    "each given centroid value",
                    "finite",
                    format_args!("{} at index {at}", values[at]),
                ));
            }
        }
        Ok(KMeans { params: self })
    }
}

/// K-means, ready to [`fit`](Self::fit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "KMeansParams", into = "KMeansParams")]
pub struct KMeans {
    params: KMeansParams,
}

impl KMeans {
    /// Number of clusters.
    #[must_use]
    pub fn k(&self) -> usize {
        self.params.k
    }

    /// What "near" means.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.params.metric
    }

    /// Where the centroids start.
    #[must_use]
    pub fn init(&self) -> &Init {
        &self.params.init
    }

    /// Seed of the starts.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.params.seed
    }

    /// How many starts are tried.
    #[must_use]
    pub fn n_runs(&self) -> u32 {
        self.params.n_runs
    }

    /// Most updates of the centroids in one run.
    #[must_use]
    pub fn max_iterations(&self) -> u32 {
        self.params.max_iterations
    }

    /// When the centroids count as standing still.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.params.tolerance
    }
}

impl TryFrom<KMeansParams> for KMeans {
    type Error = Error;

    fn try_from(params: KMeansParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<KMeans> for KMeansParams {
    fn from(kmeans: KMeans) -> Self {
        kmeans.params
    }
}
