//! Clustering by density: what it depends on, and the way from points to labels. The steps are in
//! the modules below.

mod condensed;
mod select;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::exact::Exact;
use crate::hdbscan::condensed::Condensed;
use crate::linkage::{Dendrogram, Found};
use crate::mst::Graph;
use crate::parallel::on_pool;
use crate::{Metric, Points};

/// How flat clusters are chosen from the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClusterSelection {
    /// The clusters of most stability in all (Campello, Moulavi and Sander 2013): a cluster, or
    /// those below it, whichever last longer.
    #[default]
    ExcessOfMass,
    /// The leaves of the tree: more and finer clusters.
    Leaf,
}

/// Parameters of HDBSCAN; [`build`](Self::build) checks them.
///
/// # Example
///
/// ```
/// use axia_cluster::{HdbscanParams, Points};
///
/// // Two dense places and one point far from both.
/// let values: Vec<f32> = (0..20)
///     .map(|i| (i / 10 * 50) as f32 + (i % 10) as f32 * 0.5)
///     .chain([400.0])
///     .collect();
/// let hdbscan = HdbscanParams::new().min_cluster_size(4).build()?;
/// let found = hdbscan.fit(Points::new(&values, 1)?)?;
/// assert_eq!(found.clusters, 2);
/// assert_eq!(found.labels[20], None);
/// assert_ne!(found.labels[0], found.labels[19]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[must_use = "parameters do nothing until they are built"]
pub struct HdbscanParams {
    min_cluster_size: usize,
    min_samples: Option<usize>,
    metric: Metric,
    selection: ClusterSelection,
    epsilon: f64,
    max_cluster_size: Option<usize>,
    allow_single_cluster: bool,
}

impl Default for HdbscanParams {
    fn default() -> Self {
        Self::new()
    }
}

impl HdbscanParams {
    /// Clusters of at least 5 points, as many samples, Euclidean distance, excess of mass, no epsilon,
    /// no largest size, never one cluster alone: scikit-learn's defaults.
    pub fn new() -> Self {
        Self {
            min_cluster_size: 5,
            min_samples: None,
            metric: Metric::default(),
            selection: ClusterSelection::default(),
            epsilon: 0.0,
            max_cluster_size: None,
            allow_single_cluster: false,
        }
    }

    /// Fewer points are no cluster.
    pub fn min_cluster_size(mut self, min_cluster_size: usize) -> Self {
        self.min_cluster_size = min_cluster_size;
        self
    }

    /// The core distance of a point is that of the farthest of its so many nearest points, itself
    /// counted. More make smoother densities and more noise. By default `min_cluster_size`.
    pub fn min_samples(mut self, min_samples: usize) -> Self {
        self.min_samples = Some(min_samples);
        self
    }

    /// What the distance of two points is: the Euclidean one (not squared), or one minus the cosine.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// How flat clusters are chosen.
    pub fn selection(mut self, selection: ClusterSelection) -> Self {
        self.selection = selection;
        self
    }

    /// Clusters that part at less than this distance stay one (Malzer and Baum 2020).
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Larger clusters are taken apart; with excess of mass only.
    pub fn max_cluster_size(mut self, max_cluster_size: usize) -> Self {
        self.max_cluster_size = Some(max_cluster_size);
        self
    }

    /// Whether all points may be one cluster.
    pub fn allow_single_cluster(mut self, allow_single_cluster: bool) -> Self {
        self.allow_single_cluster = allow_single_cluster;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If `min_cluster_size` is below 2, `min_samples` is 0, `max_cluster_size` is 0, or epsilon is
    /// negative or not finite.
    pub fn build(self) -> Result<Hdbscan, Error> {
        if self.min_cluster_size < 2 {
            let got = self.min_cluster_size;
            return Err(Error::parameter("min_cluster_size", "at least 2", got));
        }
        if self.min_samples == Some(0) {
            return Err(Error::parameter("min_samples", "at least 1", 0));
        }
        if self.max_cluster_size == Some(0) {
            return Err(Error::parameter("max_cluster_size", "at least 1", 0));
        }
        if !self.epsilon.is_finite() || self.epsilon < 0.0 {
            let got = self.epsilon;
            return Err(Error::parameter("epsilon", "finite and at least 0", got));
        }
        Ok(Hdbscan { params: self })
    }
}

/// HDBSCAN, ready to [`fit`](Self::fit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "HdbscanParams", into = "HdbscanParams")]
pub struct Hdbscan {
    params: HdbscanParams,
}

impl TryFrom<HdbscanParams> for Hdbscan {
    type Error = Error;

    fn try_from(params: HdbscanParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<Hdbscan> for HdbscanParams {
    fn from(hdbscan: Hdbscan) -> Self {
        hdbscan.params
    }
}

/// What HDBSCAN found.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HdbscanResult {
    /// The cluster of each point, `None` for noise.
    pub labels: Vec<Option<u32>>,
    /// How firmly each point belongs to its cluster, 0 to 1; 0 for noise.
    pub probabilities: Vec<f64>,
    /// How much of an outlier each point is, 0 to 1: the GLOSH score (Campello, Moulavi, Zimek and
    /// Sander 2015), one minus the density at which the point joins over the highest density of the
    /// cluster that it joins.
    pub outlier_scores: Vec<f64>,
    /// Number of clusters.
    pub clusters: u32,
    /// Of each cluster, how much mass it has over how long a range of densities.
    pub stabilities: Vec<f64>,
    /// The tree of single linkage on mutual reachability distances. The heights add up to the weight of
    /// the minimum spanning tree.
    pub dendrogram: Dendrogram,
}

impl fmt::Debug for HdbscanResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noise = self.labels.iter().filter(|l| l.is_none()).count();
        f.debug_struct("HdbscanResult")
            .field("points", &self.labels.len())
            .field("clusters", &self.clusters)
            .field("noise", &noise)
            .finish_non_exhaustive()
    }
}

impl Hdbscan {
    /// The parameters it was built from.
    pub fn params(&self) -> &HdbscanParams {
        &self.params
    }

    /// Finds clusters and outliers, exactly: the minimum spanning tree of all pairs' mutual
    /// reachability distances, condensed, and cut where clusters are most stable.
    ///
    /// The same tree as scikit-learn's with `algorithm="brute"`. Core distances and weights of edges
    /// are double precision. **Ties** are common among mutual reachability distances. All edges of one weight are
    /// cut at the same time, as the paper has it, so that a cluster may fall into more than two and the
    /// order of the points does not show; scikit-learn cuts them one by one, in no particular order,
    /// and then a few points or whole clusters can come out differently, or change when the points
    /// are shuffled. Points in the same place are 1e-150 apart when densities are compared.
    ///
    /// Takes `O(n² d)` time, and no matrix: beside the points half their size (with bfloat16; as much
    /// without) and some `66 · (min_samples + 8)` bytes for each point.
    ///
    /// # Errors
    ///
    /// If there are fewer points than `min_samples` or none, or if a point is all zeros and only
    /// directions count.
    pub fn fit(&self, points: Points<'_>) -> Result<HdbscanResult, Error> {
        let params = &self.params;
        let n = points.len();
        if n == 0 {
            return Err(Kind::NoPoints.into());
        }
        if n > (u32::MAX / 2) as usize {
            return Err(Error::parameter("number of points", "below 2147483648", n));
        }
        let samples = params.min_samples.unwrap_or(params.min_cluster_size);
        if samples > n {
            return Err(Kind::TooFewSamples { samples, points: n }.into());
        }
        let dendrogram = on_pool(|| {
            let exact = Exact::new(points, params.metric)?;
            if n == 1 {
                Ok(Dendrogram::from_found(1, Vec::new()))
            } else {
                tree(&exact, samples)
            }
        })?;
        let condensed = Condensed::new(&dendrogram, params.min_cluster_size);
        Ok(select::select(&condensed, params, dendrogram))
    }
}

/// Single linkage on mutual reachability.
fn tree(exact: &Exact<'_>, samples: usize) -> Result<Dendrogram, Error> {
    let graph = Graph::new(exact, samples - 1)?;
    let edges = graph.spanning_tree(&graph.cores(samples - 1));
    let found = edges.into_iter().map(|edge| Found {
        a: edge.a,
        b: edge.b,
        height: exact.distance_of(edge.weight),
    });
    Ok(Dendrogram::from_found(exact.points.len(), found.collect()))
}
