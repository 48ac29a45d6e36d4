//! Lloyd's algorithm.

use crate::assign::assign;
use crate::error::{Error, Kind};
use crate::init;
use crate::prepared::Prepared;
use crate::update::{fill_empty, update};
use crate::{Init, KMeans, KMeansResult, Points};

impl KMeans {
    /// Clusters the points.
    ///
    /// Each iteration moves every centroid to the mean (spherical: mean direction) of its points
    /// and gives every point the label of its nearest centroid, the lowest index of equals. The run
    /// ends when no label changes, when the centroids stand still within the tolerance, or after
    /// the most iterations allowed; labels are always those of the final centroids.
    ///
    /// A cluster that loses all its points takes the point farthest from its own centroid, as in
    /// scikit-learn. With fewer distinct points than clusters, some clusters stay empty: they keep a
    /// finite centroid and their size is 0.
    ///
    /// # Errors
    ///
    /// If there are fewer points than clusters, if given centroids have another dimension than the
    /// points, or, with [`Metric::Spherical`](crate::Metric::Spherical), if a point or a given centroid is all zeros.
    ///
    /// # Complexity
    ///
    /// `n · k · dim` operations an iteration, `O(ln k)` times that in all for a greedy start; a copy
    /// of the points, and 64 · k scores for each thread.
    ///
    /// # Determinism
    ///
    /// Same points, parameters and seed: the same bytes, on any number of threads and without the
    /// feature `rayon`. Distances that decide a label are double precision in a fixed order.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_cluster::{Init, KMeansParams, Points};
    ///
    /// let kmeans = KMeansParams::new(2).init(Init::Given(vec![0.0, 5.0])).build()?;
    /// let clustering = kmeans.fit(Points::new(&[1.0, 2.0, 9.0, 10.0, 11.0], 1)?)?;
    /// assert_eq!(clustering.labels(), [0, 0, 1, 1, 1]);
    /// assert_eq!(clustering.centroids(), [1.5, 10.0]);
    /// assert_eq!(clustering.inertia(), 2.5);
    /// # Ok::<(), axia_cluster::Error>(())
    /// ```
    pub fn fit(&self, points: Points<'_>) -> Result<KMeansResult, Error> {
        self.fit_checked(points, None)
    }

    /// Clusters points of which each counts by its weight: a weight of 2 is the same point twice,
    /// a weight of 0 a point that gets a label and moves nothing.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), and if there is not one finite weight of at least 0 for each point;
    /// only points of positive weight count towards the fewest points needed.
    pub fn fit_weighted(&self, points: Points<'_>, weights: &[f64]) -> Result<KMeansResult, Error> {
        if weights.len() != points.len() {
            return Err(Kind::Length {
                what: "weight",
                points: points.len(),
                got: weights.len(),
            }
            .into());
        }
        if let Some(index) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            return Err(Kind::Weight {
                index,
                value: weights[index],
            }
            .into());
        }
        self.fit_checked(points, Some(weights))
    }

    fn fit_checked(
        &self,
        points: Points<'_>,
        weights: Option<&[f64]>,
    ) -> Result<KMeansResult, Error> {
        if points.is_empty() {
            return Err(Kind::NoPoints.into());
        }
        let usable = weights.map_or(points.len(), |w| w.iter().filter(|w| **w > 0.0).count());
        if self.k() > usable {
            return Err(Kind::TooFewPoints {
                k: self.k(),
                points: usable,
            }
            .into());
        }
        let prepared = Prepared::new(points, self.metric())?;
        let still = self.tolerance() * mean_variance(&prepared, weights);
        let runs = match self.init() {
            Init::Given(_) => 1,
            _ => self.n_runs(),
        };
        let mut best = self.run(&prepared, weights, still, 0)?;
        for run in 1..runs {
            let other = self.run(&prepared, weights, still, run)?;
            if other.inertia() < best.inertia() {
                best = other;
            }
        }
        Ok(best)
    }

    fn run(
        &self,
        points: &Prepared<'_>,
        weights: Option<&[f64]>,
        still: f64,
        run: u32,
    ) -> Result<KMeansResult, Error> {
        let mut centroids = init::centroids(self, points, weights, run)?;
        let mut labels = assign(points, &centroids);
        let mut iterations = 0;
        let mut converged = false;
        while !converged && iterations < self.max_iterations() {
            iterations += 1;
            let before = centroids.clone();
            let mut filled = labels.clone();
            let moved_points = fill_empty(points, weights, &centroids, &mut filled);
            update(points, weights, &filled, &mut centroids);
            let next = assign(points, &centroids);
            // A tolerance of 0 asks for labels that no longer change, and centroids that did not
            // move at all cannot change any.
            converged = (next == labels && !moved_points) || movement(&before, &centroids) <= still;
            labels = next;
        }
        let distances = points.distances(&centroids, &labels);
        let inertia = distances
            .iter()
            .enumerate()
            .map(|(index, distance)| weights.map_or(1.0, |w| w[index]) * distance)
            .sum();
        Ok(KMeansResult::new(
            points.metric,
            points.dim,
            labels,
            centroids,
            inertia,
            iterations,
            converged,
        ))
    }
}

/// Sum of the squared distances between old and new centroids.
fn movement(before: &[f32], after: &[f32]) -> f64 {
    crate::prepared::squared_distance(before, after)
}

/// Weighted variance of each dimension, averaged over the dimensions.
fn mean_variance(points: &Prepared<'_>, weights: Option<&[f64]>) -> f64 {
    let mut mean = vec![0.0; points.dim];
    let mut total = 0.0;
    let weight = |index: usize| weights.map_or(1.0, |w| w[index]);
    for index in 0..points.len() {
        total += weight(index);
        for (mean, &v) in mean.iter_mut().zip(points.row(index)) {
            *mean += weight(index) * f64::from(v);
        }
    }
    for mean in &mut mean {
        *mean /= total;
    }
    let mut sum = 0.0;
    for index in 0..points.len() {
        let row = points.row(index);
        let squares = row
            .iter()
            .zip(&mean)
            .map(|(&v, m)| (f64::from(v) - m).powi(2));
        sum += weight(index) * squares.sum::<f64>();
    }
    sum / total / points.dim as f64
}

impl KMeansResult {
    /// The nearest centroid of each of these points, the lowest index of equals.
    ///
    /// # Errors
    ///
    /// If the points have another dimension than the centroids, or, with [`Metric::Spherical`](crate::Metric::Spherical), if
    /// one is all zeros.
    pub fn predict(&self, points: Points<'_>) -> Result<Vec<u32>, Error> {
        points.expect_dim(self.dim())?;
        let prepared = Prepared::new(points, self.metric())?;
        Ok(assign(&prepared, self.centroids()))
    }
}
