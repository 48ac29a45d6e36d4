//! What a clustering found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::{Metric, Points};

/// A clustering: labels of the points, centroids, and how it ended.
///
/// Reading a stored one checks that it holds together.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct KMeansResult {
    metric: Metric,
    dim: usize,
    labels: Vec<u32>,
    centroids: Vec<f32>,
    cluster_sizes: Vec<u64>,
    inertia: f64,
    iterations: u32,
    converged: bool,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    metric: Metric,
    dim: usize,
    labels: Vec<u32>,
    centroids: Vec<f32>,
    inertia: f64,
    iterations: u32,
    converged: bool,
}

impl From<KMeansResult> for Parts {
    fn from(result: KMeansResult) -> Self {
        Self {
            metric: result.metric,
            dim: result.dim,
            labels: result.labels,
            centroids: result.centroids,
            inertia: result.inertia,
            iterations: result.iterations,
            converged: result.converged,
        }
    }
}

impl TryFrom<Parts> for KMeansResult {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        let k = Points::new(&parts.centroids, parts.dim)?.len();
        if k == 0 {
            return Err(Kind::NoCentroids.into());
        }
        if let Some(point) = parts.labels.iter().position(|&l| l as usize >= k) {
            return Err(Kind::Label {
                point,
                label: parts.labels[point],
                k,
            }
            .into());
        }
        if !parts.inertia.is_finite() || parts.inertia < 0.0 {
            return Err(Kind::Stored("inertia must be finite and at least 0").into());
        }
        Ok(Self::new(
            parts.metric,
            parts.dim,
            parts.labels,
            parts.centroids,
            parts.inertia,
            parts.iterations,
            parts.converged,
        ))
    }
}

impl KMeansResult {
    pub(crate) fn new(
        metric: Metric,
        dim: usize,
        labels: Vec<u32>,
        centroids: Vec<f32>,
        inertia: f64,
        iterations: u32,
        converged: bool,
    ) -> Self {
        let mut cluster_sizes = vec![0; centroids.len() / dim];
        for &label in &labels {
            cluster_sizes[label as usize] += 1;
        }
        Self {
            metric,
            dim,
            labels,
            centroids,
            cluster_sizes,
            inertia,
            iterations,
            converged,
        }
    }

    /// The cluster of each point, in the order of the points.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The centroids: `k` rows of [`dim`](Self::dim) values. Spherical ones are unit vectors.
    #[must_use]
    pub fn centroids(&self) -> &[f32] {
        &self.centroids
    }

    /// Number of points in each cluster, zero for one that stayed empty.
    #[must_use]
    pub fn cluster_sizes(&self) -> &[u64] {
        &self.cluster_sizes
    }

    /// Number of clusters.
    #[must_use]
    pub fn k(&self) -> usize {
        self.cluster_sizes.len()
    }

    /// Number of dimensions.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// What "near" meant.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Sum over all points of weight times distance from the own centroid: squared Euclidean
    /// distance, or one minus the cosine.
    #[must_use]
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// How often the centroids were moved.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Whether the run ended by itself and not by the most iterations allowed.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.converged
    }
}

impl fmt::Debug for KMeansResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KMeansResult")
            .field("metric", &self.metric)
            .field("points", &self.labels.len())
            .field("k", &self.k())
            .field("dim", &self.dim)
            .field("inertia", &self.inertia)
            .field("iterations", &self.iterations)
            .field("converged", &self.converged)
            .finish_non_exhaustive()
    }
}
