//! The tree of merges, and flat clusterings cut from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::sets::Sets;

/// One merge of two clusters.
///
/// Clusters are numbered as in SciPy: `0..n` are the points, and `n + i` is the cluster that merge
/// `i` makes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// The cluster with the lower number.
    pub left: u32,
    /// The cluster with the higher number.
    pub right: u32,
    /// How far apart the two are.
    pub height: f64,
    /// How many points the new cluster holds.
    pub size: u32,
}

/// A hierarchical clustering: `n - 1` merges of `n` points, by height, in SciPy's order and
/// numbering (the rows of its linkage matrix).
///
/// Reading a stored one checks that it holds together.
///
/// # Example
///
/// ```
/// use axia_cluster::{LinkageMethod, LinkageParams, Points};
///
/// let points = Points::new(&[0.0, 1.0, 10.0, 12.0], 1)?;
/// let dendrogram = LinkageParams::new(LinkageMethod::Average).build()?.fit(points)?;
/// let heights: Vec<f64> = dendrogram.merges().iter().map(|m| m.height).collect();
/// assert_eq!(heights, [1.0, 2.0, 10.5]);
/// assert_eq!(dendrogram.cut_into(2)?, [0, 0, 1, 1]);
/// assert_eq!(dendrogram.cut_at(1.5), [0, 0, 1, 2]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Dendrogram {
    points: u32,
    merges: Vec<Merge>,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    points: u32,
    merges: Vec<Merge>,
}

impl From<Dendrogram> for Parts {
    fn from(dendrogram: Dendrogram) -> Self {
        Self {
            points: dendrogram.points,
            merges: dendrogram.merges,
        }
    }
}

impl TryFrom<Parts> for Dendrogram {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        Self::from_merges(parts.points, parts.merges)
    }
}

impl Dendrogram {
    /// A dendrogram of merges that come from anywhere, in SciPy's order and numbering.
    ///
    /// # Errors
    ///
    /// If there are not `points - 1` merges, or they are not in order of height, name a cluster that
    /// is not there (yet, or any more), or give a wrong size.
    pub fn from_merges(points: u32, merges: Vec<Merge>) -> Result<Self, Error> {
        if points == 0 {
            return Err(Kind::NoPoints.into());
        }
        if merges.len() != points as usize - 1 {
            return Err(Kind::Stored("n points need n - 1 merges").into());
        }
        let n = points as usize;
        let mut sizes = vec![1_u32; n];
        sizes.reserve(merges.len());
        let mut taken = vec![false; n + merges.len()];
        let mut last = 0.0;
        for merge in &merges {
            let (left, right) = (merge.left as usize, merge.right as usize);
            if left >= right || right >= sizes.len() || taken[left] || taken[right] {
                return Err(Kind::Stored("a merge must join two clusters that are there").into());
            }
            if !merge.height.is_finite() || merge.height < last {
                return Err(Kind::Stored("merges must be in order of height").into());
            }
            if merge.size != sizes[left] + sizes[right] {
                return Err(Kind::Stored("a merge's size must be the sum of its parts").into());
            }
            last = merge.height;
            taken[left] = true;
            taken[right] = true;
            sizes.push(merge.size);
        }
        Ok(Self { points, merges })
    }

    /// Numbers and orders merges that were found in any order in which parts come before wholes.
    /// Each names its two clusters by any point of them.
    pub(crate) fn from_found(n: usize, mut found: Vec<Found>) -> Self {
        // A stable sort: of equal heights the one found first comes first, parts before wholes.
        found.sort_by(|a, b| a.height.total_cmp(&b.height));
        let mut sets = Sets::new(n);
        let mut numbers: Vec<u32> = (0_u32..).take(n).collect();
        let mut sizes = vec![1_u32; n];
        let merges = (0_u32..)
            .zip(&found)
            .map(|(at, found)| {
                let (a, b) = (sets.find(found.a), sets.find(found.b));
                let (left, right) = (numbers[a].min(numbers[b]), numbers[a].max(numbers[b]));
                let size = sizes[a] + sizes[b];
                let root = sets.join(a, b);
                numbers[root] = n as u32 + at;
                sizes[root] = size;
                Merge {
                    left,
                    right,
                    height: found.height,
                    size,
                }
            })
            .collect();
        Self {
            points: n as u32,
            merges,
        }
    }

    /// Number of points.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points as usize
    }

    /// The merges, lowest first.
    #[must_use]
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// The labels of `k` clusters: all merges but the last `k - 1`. Labels are numbered in the order
    /// in which the points first show them.
    ///
    /// # Errors
    ///
    /// If `k` is 0 or above the number of points.
    pub fn cut_into(&self, k: usize) -> Result<Vec<u32>, Error> {
        if k == 0 {
            return Err(Error::parameter("k", "at least 1", k));
        }
        if k > self.points() {
            return Err(Kind::TooFewPoints {
                k,
                points: self.points(),
            }
            .into());
        }
        Ok(self.labels_after(self.points() - k))
    }

    /// The labels after all merges of at most this height (SciPy's `fcluster` by distance). With a
    /// height that is not a number there is no merge.
    #[must_use]
    pub fn cut_at(&self, height: f64) -> Vec<u32> {
        self.labels_after(self.merges.partition_point(|m| m.height <= height))
    }

    fn labels_after(&self, merges: usize) -> Vec<u32> {
        let n = self.points();
        // From the last merge down, each cluster hands its label to its two parts.
        let mut of = vec![u32::MAX; n + merges];
        for at in (0..merges).rev() {
            let whole = if of[n + at] == u32::MAX {
                (n + at) as u32
            } else {
                of[n + at]
            };
            let merge = self.merges[at];
            of[merge.left as usize] = whole;
            of[merge.right as usize] = whole;
        }
        let mut names = vec![u32::MAX; n + merges];
        let mut next = 0;
        (0..n)
            .map(|point| {
                let root = if of[point] == u32::MAX {
                    point
                } else {
                    of[point] as usize
                };
                if names[root] == u32::MAX {
                    names[root] = next;
                    next += 1;
                }
                names[root]
            })
            .collect()
    }
}

impl fmt::Debug for Dendrogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dendrogram")
            .field("points", &self.points)
            .field("height", &self.merges.last().map(|m| m.height))
            .finish_non_exhaustive()
    }
}

/// A merge as it is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// A point of one cluster.
    pub(crate) a: usize,
    /// A point of the other.
    pub(crate) b: usize,
    pub(crate) height: f64,
}
