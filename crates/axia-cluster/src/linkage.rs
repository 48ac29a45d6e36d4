//! Agglomerative clustering: what it depends on, and which way it goes. The ways are in the modules
//! below.

mod chain;
mod clusters;
mod dendrogram;
mod heights;
mod means;
mod rounds;
mod rules;

pub(crate) use dendrogram::Found;
pub use dendrogram::{Dendrogram, Merge};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::exact::Exact;
use crate::linkage::clusters::Clusters;
use crate::linkage::means::Means;
use crate::linkage::rules::{Complete, Mean, Rule, Ward};
use crate::mst::Graph;
use crate::parallel::on_pool;
use crate::search::{Search, Space};
use crate::square::{Frame, Square};
use crate::{Metric, Nearness, Points};

/// Ward's method on more points than this works on means until so many clusters are left: their
/// matrix takes 256 MiB.
const MOST: usize = 1 << 13;

/// Average linkage of cosines of more points than this begins on means: the matrix of half as many clusters
/// has a quarter of the size, and most of the time goes into reading and writing it.
const MANY: usize = 1 << 10;
/// Neighbours of each point that it begins with.
const LISTED: usize = 8;
/// It leaves the means when a round has so many searches for each join.
const PATIENCE: usize = 8;

/// How far apart two clusters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkageMethod {
    /// By how much joining them raises the sum of squares (Ward 1963): heights are
    /// `sqrt(2 a b / (a + b))` times the distance of the two means, for `a` and `b` points.
    Ward,
    /// The mean distance of their points (UPGMA).
    Average,
    /// The largest distance of their points.
    Complete,
    /// The least distance of their points.
    Single,
}

/// Parameters of agglomerative clustering; [`build`](Self::build) checks them.
///
/// # Example
///
/// ```
/// use axia_cluster::{LinkageMethod, LinkageParams, Metric, Points};
///
/// let points = Points::new(&[1.0, 0.0, 9.0, 0.5, 0.0, 2.0], 2)?;
/// let linkage = LinkageParams::new(LinkageMethod::Complete).metric(Metric::Spherical).build()?;
/// assert_eq!(linkage.fit(points)?.cut_into(2)?, [0, 0, 1]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "parameters do nothing until they are built"]
pub struct LinkageParams {
    method: LinkageMethod,
    #[serde(default)]
    metric: Metric,
}

impl LinkageParams {
    /// This method, with Euclidean distance.
    pub fn new(method: LinkageMethod) -> Self {
        Self {
            method,
            metric: Metric::default(),
        }
    }

    /// What the distance of two points is: the Euclidean one (not squared), or, with
    /// [`Metric::Spherical`], one minus the cosine. Ward's method with `Spherical` works on unit
    /// vectors and their Euclidean distance, because it is defined by means.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn build(self) -> Result<Linkage, Error> {
        Ok(Linkage { params: self })
    }
}

/// Agglomerative clustering, ready to [`fit`](Self::fit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LinkageParams", into = "LinkageParams")]
pub struct Linkage {
    params: LinkageParams,
}

impl TryFrom<LinkageParams> for Linkage {
    type Error = Error;

    fn try_from(params: LinkageParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<Linkage> for LinkageParams {
    fn from(linkage: Linkage) -> Self {
        linkage.params
    }
}

impl Linkage {
    /// How far apart two clusters are.
    #[must_use]
    pub fn method(&self) -> LinkageMethod {
        self.params.method
    }

    /// How far apart two points are.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.params.metric
    }

    /// Merges the nearest clusters until one is left.
    ///
    /// The same merges as the textbook's, which always joins the two nearest of all: for these
    /// methods any two clusters that are each other's nearest may be joined at any time (Müllner
    /// 2011). As long as there are many such pairs, all of them are joined at once, on several threads;
    /// then the nearest-neighbour chain goes on alone.
    ///
    /// Distances are held in single precision, so clusters whose distances differ by less than
    /// about 1e-6 of their size may be joined in another order than in double precision. Heights
    /// of Ward's method and of single linkage are worked out again in double precision; those of
    /// the other two are good to about 1e-5 of their size. **Ties**: which of the trees with these
    /// heights comes out is fixed, but not the same as SciPy's or kodama's. A cluster of equal points
    /// has height 0.
    ///
    /// # Complexity
    ///
    /// `O(n² d)` time. Memory beside the points:
    ///
    /// - Single linkage: half their size (with bfloat16; as much without) and about 600 bytes for each
    ///   point.
    /// - Ward's method: as much as the points and `4 n²` bytes for up to 8,192 points (256 MiB). Of more
    ///   points, clusters are joined by their means until so many are left; that takes three times the
    ///   points, then 256 MiB.
    /// - Average and complete linkage: as much as the points and `4 n²` bytes (1.6 GB for 20,000
    ///   points, 10 GB for 50,000). Average linkage by cosines joins clusters by their means until half as
    ///   many are left, where that goes fast; that takes three times the points, then `n²` bytes.
    ///
    /// # Errors
    ///
    /// If there are no points, if a point is all zeros and only directions count, or if there is
    /// not so much memory.
    pub fn fit(&self, points: Points<'_>) -> Result<Dendrogram, Error> {
        let n = points.len();
        if n == 0 {
            return Err(Kind::NoPoints.into());
        }
        if n > (u32::MAX / 2) as usize {
            return Err(Error::parameter("number of points", "below 2147483648", n));
        }
        let found = on_pool(|| {
            let exact = Exact::new(points, self.params.metric)?;
            match self.params.method {
                _ if n == 1 => Ok(Vec::new()),
                LinkageMethod::Single => single(&exact),
                method => joined(method, Frame::new(exact)),
            }
        })?;
        Ok(Dendrogram::from_found(n, found))
    }
}

fn single(exact: &Exact<'_>) -> Result<Vec<Found>, Error> {
    let edges = Graph::new(exact, 1)?.spanning_tree(&vec![0.0; exact.points.len()]);
    let found = edges.into_iter().map(|edge| Found {
        a: edge.a,
        b: edge.b,
        height: exact.distance_of(edge.weight),
    });
    Ok(found.collect())
}

/// Merges by the methods that work on distances of clusters.
fn joined(method: LinkageMethod, frame: Frame<'_>) -> Result<Vec<Found>, Error> {
    let n = frame.len();
    let scale = frame.scale();
    let mut found = Vec::with_capacity(n - 1);
    if method == LinkageMethod::Ward && n > MOST {
        let means = Means::new(&frame).reduce::<Ward>(MOST, usize::MAX, &mut found);
        let near = |a: usize, b: usize| means.squared(a, b);
        let square = Square::new(&means.rows(), near, &[], false)?;
        agglomerate::<Ward>(square, means.clusters(), &mut found);
    } else if method == LinkageMethod::Average
        && frame.exact.metric == Metric::Spherical
        && n > MANY
    {
        averages(&frame, n / 2, PATIENCE, &mut found)?;
    } else {
        // Means of distances are not means of squares; those of cosines are.
        let roots = method == LinkageMethod::Average && frame.exact.metric == Metric::Euclidean;
        let near = |a: usize, b: usize| frame.exact.squared(a, b) * scale;
        let square = Square::new(&frame.rows(), near, &[], roots)?;
        let clusters = Clusters::new((0..n).collect(), vec![1.0; n]);
        match method {
            LinkageMethod::Ward => agglomerate::<Ward>(square, clusters, &mut found),
            LinkageMethod::Complete => agglomerate::<Complete>(square, clusters, &mut found),
            _ => agglomerate::<Mean>(square, clusters, &mut found),
        }
        for merge in &mut found {
            merge.height = if roots {
                merge.height / scale.sqrt()
            } else {
                frame.exact.distance_of(merge.height / scale)
            };
        }
    }
    if method == LinkageMethod::Ward {
        heights::ward(&frame, &mut found);
    }
    heights::rising(n, &mut found);
    Ok(found)
}

/// Average linkage on squared distances, on means until at most so many clusters are left.
fn averages(
    frame: &Frame<'_>,
    most: usize,
    patience: usize,
    found: &mut Vec<Found>,
) -> Result<(), Error> {
    let scale = frame.scale();
    let from = found.len();
    let nearness = match frame.exact.metric {
        Metric::Spherical => Nearness::Cosine,
        Metric::Euclidean => Nearness::Euclidean,
    };
    let space = Space::new(frame.exact.points, nearness)?;
    let (lists, _) = Search::all(&space, LISTED.min(frame.len() - 1)).squares();
    let means = Means::new(frame).with_lists::<Mean>(&lists);
    let means = means.reduce::<Mean>(most, patience, found);
    let near = |a: usize, b: usize| means.squared(a, b);
    let square = Square::new(&means.rows(), near, &means.spreads(), false)?;
    agglomerate::<Mean>(square, means.clusters(), found);
    for merge in &mut found[from..] {
        merge.height = frame.exact.distance_of(merge.height / scale);
    }
    Ok(())
}

/// All merges that are left, parts before wholes; heights are values of the matrix.
fn agglomerate<R: Rule>(mut square: Square, mut clusters: Clusters, found: &mut Vec<Found>) {
    rounds::run::<R>(&mut square, &mut clusters, found);
    chain::run::<R>(&mut square, &mut clusters, found);
}
