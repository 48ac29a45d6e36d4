//! The nearest points of each point, exactly: parameters and results. The search itself is in
//! `search`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Points;
use crate::error::{Error, Kind};
use crate::parallel::on_pool;
use crate::search::{FEW, Search, Space, compare_all};

/// By what points are near.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Nearness {
    /// Euclidean distance: the smaller, the nearer.
    Euclidean,
    /// One minus the cosine of the angle: the smaller, the nearer. A row of zeros is an error.
    #[default]
    Cosine,
    /// Inner product: the larger, the nearer.
    InnerProduct,
}

/// Parameters of a search for nearest neighbours; [`build`](Self::build) checks them.
///
/// # Example
///
/// ```
/// use axia_cluster::{Nearness, NeighboursParams};
///
/// let search = NeighboursParams::new(10).nearness(Nearness::Euclidean).build()?;
/// assert_eq!(search.k(), 10);
/// assert!(NeighboursParams::new(0).build().is_err());
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "parameters do nothing until they are built"]
pub struct NeighboursParams {
    k: usize,
    #[serde(default)]
    nearness: Nearness,
}

impl NeighboursParams {
    /// `k` neighbours of each point, by cosine.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            nearness: Nearness::default(),
        }
    }

    /// By what points are near.
    pub fn nearness(mut self, nearness: Nearness) -> Self {
        self.nearness = nearness;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If `k` is 0.
    pub fn build(self) -> Result<Neighbours, Error> {
        if self.k == 0 {
            return Err(Error::parameter("k", "at least 1", self.k));
        }
        Ok(Neighbours { params: self })
    }
}

/// A search for the nearest neighbours, ready for [`all`](Self::all) or [`of`](Self::of).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "NeighboursParams", into = "NeighboursParams")]
pub struct Neighbours {
    params: NeighboursParams,
}

impl TryFrom<NeighboursParams> for Neighbours {
    type Error = Error;

    fn try_from(params: NeighboursParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<Neighbours> for NeighboursParams {
    fn from(neighbours: Neighbours) -> Self {
        neighbours.params
    }
}

impl Neighbours {
    /// Neighbours of each point.
    #[must_use]
    pub fn k(&self) -> usize {
        self.params.k
    }

    /// By what points are near.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.params.nearness
    }

    /// The `k` nearest other points of each point, the nearest first, the lower index of equals.
    ///
    /// # Errors
    ///
    /// If there are not more than `k` points, or, by cosine, if a row is all zeros.
    ///
    /// # Complexity
    ///
    /// `n² · dim` operations in all, half of what pairs in both orders would take. Beside the points:
    /// half their size (with bfloat16; as much without) and some `50 · k` bytes for each point.
    ///
    /// # Determinism
    ///
    /// The same bytes on any processor and any number of threads: what decides is compared in double
    /// precision.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_cluster::{Nearness, NeighboursParams, Points};
    ///
    /// let search = NeighboursParams::new(2).nearness(Nearness::Euclidean).build()?;
    /// let found = search.all(Points::new(&[0.0, 1.0, 3.0, 10.0], 1)?)?;
    /// assert_eq!(found.indices(0), [1, 2]);
    /// assert_eq!(found.values(0), [1.0, 3.0]);
    /// assert_eq!(found.indices(3), [2, 1]);
    /// # Ok::<(), axia_cluster::Error>(())
    /// ```
    pub fn all(&self, points: Points<'_>) -> Result<NeighbourLists, Error> {
        if points.len() <= self.k() {
            return Err(Kind::TooFewNeighbours {
                k: self.k(),
                points: points.len().saturating_sub(1),
            }
            .into());
        }
        on_pool(|| {
            let space = Space::new(points, self.nearness())?;
            Ok(self.lists(Search::all(&space, self.k()).run()))
        })
    }

    /// The `k` nearest `points` of each query, the nearest first, the lower index of equals.
    ///
    /// # Errors
    ///
    /// If there are fewer than `k` points, if the dimensions differ, or, by cosine, if a row of either is
    /// all zeros.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_cluster::{NeighboursParams, Points};
    ///
    /// let search = NeighboursParams::new(1).build()?;
    /// let points = Points::new(&[1.0, 0.0, 0.0, 1.0], 2)?;
    /// let found = search.of(Points::new(&[0.1, 7.0], 2)?, points)?;
    /// assert_eq!(found.indices(0), [1]);
    /// # Ok::<(), axia_cluster::Error>(())
    /// ```
    pub fn of(&self, queries: Points<'_>, points: Points<'_>) -> Result<NeighbourLists, Error> {
        queries.expect_dim(points.dim())?;
        if points.len() < self.k() {
            return Err(Kind::TooFewNeighbours {
                k: self.k(),
                points: points.len(),
            }
            .into());
        }
        on_pool(|| {
            let mut space = Space::new(points, self.nearness())?;
            let queries = space.queries(queries)?;
            Ok(self.lists(if queries.len() <= FEW {
                compare_all(&queries, &space, self.k())
            } else {
                Search::of(&queries, &space, self.k()).run()
            }))
        })
    }

    fn lists(&self, found: Vec<(u32, f64)>) -> NeighbourLists {
        let (indices, values) = found.into_iter().unzip();
        NeighbourLists {
            nearness: self.nearness(),
            k: self.k(),
            indices,
            values,
        }
    }
}

/// The nearest neighbours of points. Reading a stored one checks that it holds together.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct NeighbourLists {
    nearness: Nearness,
    k: usize,
    indices: Vec<u32>,
    values: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    nearness: Nearness,
    k: usize,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl From<NeighbourLists> for Parts {
    fn from(lists: NeighbourLists) -> Self {
        Self {
            nearness: lists.nearness,
            k: lists.k,
            indices: lists.indices,
            values: lists.values,
        }
    }
}

impl TryFrom<Parts> for NeighbourLists {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        if parts.k == 0
            || parts.indices.len() != parts.values.len()
            || !parts.indices.len().is_multiple_of(parts.k)
        {
            return Err(Kind::Stored("neighbours must fill whole lists of k").into());
        }
        Ok(Self {
            nearness: parts.nearness,
            k: parts.k,
            indices: parts.indices,
            values: parts.values,
        })
    }
}

impl NeighbourLists {
    /// Number of points (or queries) that have a list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len() / self.k
    }

    /// Whether there is no list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Neighbours in each list.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// By what points are near.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.nearness
    }

    /// The neighbours of one point, the nearest first.
    ///
    /// # Panics
    ///
    /// If `point` is not below [`len`](Self::len).
    #[must_use]
    pub fn indices(&self, point: usize) -> &[u32] {
        &self.indices[point * self.k..(point + 1) * self.k]
    }

    /// Their distances, one minus cosines, or inner products.
    ///
    /// # Panics
    ///
    /// If `point` is not below [`len`](Self::len).
    #[must_use]
    pub fn values(&self, point: usize) -> &[f64] {
        &self.values[point * self.k..(point + 1) * self.k]
    }
}

impl fmt::Debug for NeighbourLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NeighbourLists")
            .field("nearness", &self.nearness)
            .field("k", &self.k)
            .field("points", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn equal_points_are_each_others_neighbours_in_order() {
        let values = [1.0, 2.0].repeat(400);
        let search = NeighboursParams::new(3).build().unwrap();
        let found = search.all(Points::new(&values, 2).unwrap()).unwrap();
        assert_eq!(found.indices(0), [1, 2, 3]);
        assert_eq!(found.indices(2), [0, 1, 3]);
        assert_eq!(found.indices(399), [0, 1, 2]);
        assert!(found.values(399).iter().all(|v| v.to_bits() == 0));
    }

    #[cfg(feature = "rayon")]
    #[test]
    fn threads_do_not_show() {
        let mut stream = crate::init::Stream::new(5, 0);
        let values: Vec<f32> = (0..1200 * 9)
            .map(|_| crate::prepared::to_f32(stream.uniform() - 0.5))
            .collect();
        let points = Points::new(&values, 9).unwrap();
        let search = NeighboursParams::new(5).build().unwrap();
        let of = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            pool.install(|| search.all(points).unwrap())
        };
        let one = of(1);
        assert_eq!(of(2), one);
        assert_eq!(of(7), one);
    }

    #[test]
    fn searches_are_checked() {
        let error = NeighboursParams::new(0).build().unwrap_err();
        assert!(error.is_invalid_parameter());
        let search = NeighboursParams::new(2).build().unwrap();
        let two = Points::new(&[1.0, 2.0], 1).unwrap();
        assert!(search.all(two).unwrap_err().is_too_few_points());
        assert_eq!(search.of(two, two).unwrap().indices(1), [0, 1]);
        let none = Points::new(&[], 1).unwrap();
        assert!(search.all(none).unwrap_err().is_too_few_points());
        assert!(search.of(none, two).unwrap().is_empty());
        let zero = Points::new(&[1.0, 0.0, 2.0], 1).unwrap();
        let error = search.all(zero).unwrap_err();
        assert!(error.is_zero_row());
        assert_eq!(error.row(), Some(1));
        let wide = Points::new(&[1.0, 2.0], 2).unwrap();
        assert!(search.of(wide, two).is_err());
    }

    #[test]
    fn lists_survive_json() {
        let search = NeighboursParams::new(1).build().unwrap();
        let found = search
            .all(Points::new(&[1.0, 2.0, -3.0], 1).unwrap())
            .unwrap();
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(
            serde_json::from_str::<NeighbourLists>(&json).unwrap(),
            found
        );
        for bad in [r#""k":0"#, r#""k":2"#] {
            let broken = json.replace(r#""k":1"#, bad);
            assert!(serde_json::from_str::<NeighbourLists>(&broken).is_err());
        }
    }
}
