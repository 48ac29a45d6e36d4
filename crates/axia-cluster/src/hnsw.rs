//! Approximate neighbours by a graph: the crate `hnsw_rs` behind checks of everything that it does
//! not check itself. Exact search is elsewhere.

use std::fmt;

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::kernel::{self, Isa};
use crate::parallel::map_pieces;
use crate::prepared::normalized;
use crate::{Metric, Nearest, Points};

/// Layers of the graph; more than any number of points fills.
const LAYERS: usize = 16;
/// The most connections that `hnsw_rs` takes; with more it ends the process.
const MOST_CONNECTIONS: usize = 256;

/// Parameters of a graph for approximate neighbours; [`build`](Self::build) checks them.
///
/// # Example
///
/// ```
/// use axia_cluster::{HnswParams, Points};
///
/// let values: Vec<f32> = (0..400).map(|i| i as f32).collect();
/// let graph = HnswParams::new().build()?.fit(Points::new(&values, 1)?)?;
/// let found = graph.search(Points::new(&[70.2], 1)?, 3, 32)?;
/// let indices: Vec<u32> = found[0].iter().map(|n| n.index).collect();
/// assert_eq!(indices, [70, 71, 69]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[must_use = "parameters do nothing until they are built"]
pub struct HnswParams {
    metric: Metric,
    connections: usize,
    candidates: usize,
}

impl Default for HnswParams {
    fn default() -> Self {
        Self::new()
    }
}

impl HnswParams {
    /// Euclidean distance, 16 connections, 200 candidates.
    pub fn new() -> Self {
        Self {
            metric: Metric::default(),
            connections: 16,
            candidates: 200,
        }
    }

    /// What "near" means.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Connections of each point (`M` in the paper), twice as many in the lowest layer. More find more,
    /// and take more time and memory.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Candidates for the connections of a new point (`efConstruction`).
    pub fn candidates(mut self, candidates: usize) -> Self {
        self.candidates = candidates;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If `connections` is not from 2 to 256, or `candidates` is below it.
    pub fn build(self) -> Result<HnswBuilder, Error> {
        if !(2..=MOST_CONNECTIONS).contains(&self.connections) {
            let got = self.connections;
            return Err(Error::parameter("connections", "from 2 to 256", got));
        }
        if self.candidates < self.connections {
            let got = self.candidates;
            return Err(Error::parameter("candidates", "at least connections", got));
        }
        Ok(HnswBuilder { params: self })
    }
}

/// A builder of graphs, ready to [`fit`](Self::fit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "HnswParams", into = "HnswParams")]
pub struct HnswBuilder {
    params: HnswParams,
}

impl TryFrom<HnswParams> for HnswBuilder {
    type Error = Error;

    fn try_from(params: HnswParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<HnswBuilder> for HnswParams {
    fn from(builder: HnswBuilder) -> Self {
        builder.params
    }
}

impl HnswBuilder {
    /// Builds the graph (Malkov and Yashunin 2018), one point after the other on one thread, so that the
    /// same points give the same graph.
    ///
    /// # Errors
    ///
    /// If there are no points, or if only directions count and a point is all zeros.
    pub fn fit(&self, points: Points<'_>) -> Result<HnswIndex, Error> {
        let params = &self.params;
        if points.is_empty() {
            return Err(Kind::NoPoints.into());
        }
        if u32::try_from(points.len()).is_err() {
            let got = points.len();
            return Err(Error::parameter(
                "number of points",
                "below 4294967296",
                got,
            ));
        }
        let dim = points.dim();
        let rows = match params.metric {
            Metric::Euclidean => points.as_slice().to_vec(),
            Metric::Spherical => normalized(points.as_slice(), dim, "point")?.into_owned(),
        };
        let isa = Isa::best();
        let graph = Hnsw::new(
            params.connections,
            points.len(),
            LAYERS,
            params.candidates,
            Squared(isa),
        );
        for (index, row) in rows.chunks_exact(dim).enumerate() {
            graph.insert_slice((row, index));
        }
        Ok(HnswIndex {
            metric: params.metric,
            dim,
            isa,
            rows,
            graph,
        })
    }
}

/// Squared Euclidean distance.
#[derive(Clone, Copy)]
struct Squared(Isa);

impl Distance<f32> for Squared {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        kernel::scaled_distance(self.0, a, 1.0, b)
    }
}

/// A graph over points that finds approximate neighbours.
///
/// Exact search finds all of them and needs no graph; of many queries at a time it is the faster one.
/// The graph pays for single queries against the same points, again and again: on two cores, with 384
/// dimensions and recall of 0.998, such a query took 0.35 to 0.4 of the time of an exact one from 1,000
/// points to 9,000, and building had paid after 700 queries of 1,000 points, 1,800 of 3,000 and 4,600 of
/// 9,000 (`measure hnsw`).
pub struct HnswIndex {
    metric: Metric,
    dim: usize,
    isa: Isa,
    rows: Vec<f32>,
    graph: Hnsw<'static, f32, Squared>,
}

impl fmt::Debug for HnswIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HnswIndex")
            .field("points", &self.len())
            .field("dim", &self.dim)
            .field("metric", &self.metric)
            .finish_non_exhaustive()
    }
}

impl HnswIndex {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// Whether there is no point: never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Of each query, about the `k` nearest points, the nearest first and the lowest index of equals.
    ///
    /// `candidates` (at least `k`; `ef` in the paper) are looked at, and their distances worked out in
    /// double precision. More find more of the true neighbours and take longer. Fewer than `k` come
    /// back where there are not so many points, or the graph leads to no more.
    ///
    /// # Errors
    ///
    /// If `k` is 0 or `candidates` below it, if the dimensions differ, or if only directions count and
    /// a query is all zeros.
    pub fn search(
        &self,
        queries: Points<'_>,
        k: usize,
        candidates: usize,
    ) -> Result<Vec<Vec<Nearest>>, Error> {
        queries.expect_dim(self.dim)?;
        if k == 0 {
            return Err(Error::parameter("k", "at least 1", k));
        }
        if candidates < k {
            return Err(Error::parameter("candidates", "at least k", candidates));
        }
        let queries = match self.metric {
            Metric::Euclidean => queries.as_slice().into(),
            Metric::Spherical => normalized(queries.as_slice(), self.dim, "query")?,
        };
        let candidates = candidates.min(self.len());
        let found = map_pieces(queries.len() / self.dim, 1, |range| {
            let query = &queries[range.start * self.dim..range.end * self.dim];
            let mut found: Vec<Nearest> = self
                .graph
                .search(query, candidates, candidates)
                .iter()
                .map(|neighbour| self.nearest(query, neighbour.d_id))
                .collect();
            found.sort_by(|a, b| {
                a.distance
                    .total_cmp(&b.distance)
                    .then(a.index.cmp(&b.index))
            });
            found.truncate(k);
            found
        });
        Ok(found)
    }

    fn nearest(&self, query: &[f32], index: usize) -> Nearest {
        let row = &self.rows[index * self.dim..(index + 1) * self.dim];
        let squared = kernel::squared_distance(self.isa, query, row);
        Nearest {
            index: index as u32,
            distance: match self.metric {
                Metric::Euclidean => squared,
                Metric::Spherical => squared / 2.0,
            },
        }
    }
}
