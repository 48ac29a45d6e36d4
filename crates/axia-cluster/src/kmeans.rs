//! Lloyd's algorithm.

use crate::assign::{Assigner, assign};
use crate::error::{Error, Kind};
use crate::init;
use crate::kernel::add_row;
use crate::parallel::{map_pieces, on_pool};
use crate::prepared::Prepared;
use crate::sums::Sums;
use crate::update::{fill_empty, update};
use crate::{Init, KMeans, KMeansResult, Points};

/// Points whose values are summed in one go. The size is fixed, so that sums are too.
const PIECE: usize = 1024;

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
    /// At most `n · k · dim` operations an iteration, and fewer as the centroids come to rest; `O(ln k)`
    /// times that in all for a greedy start. Beside the points: a byte for each point and centroid
    /// (for two, four and more centroids where that would be more than 128 MiB, or than the points); the
    /// points in bytes or bfloat16 up to 128 MiB (without their instructions, as they are); `n` labels;
    /// while a start is drawn, half the size of the points (as much without bfloat16). Spherical points
    /// that are not unit vectors are copied.
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

    /// The centroids that [`fit`](Self::fit) starts its first run from: `k` rows.
    ///
    /// Those of k-means++ are points (spherical: unit vectors of points). Every choice is that of the
    /// plain procedure, which compares all points with each candidate; most of these comparisons are
    /// ruled out in blocks of bfloat16 or single precision.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    ///
    /// # Example
    ///
    /// ```
    /// use axia_cluster::{KMeansParams, Points};
    ///
    /// let points = Points::new(&[0.0, 0.1, 5.0, 5.1], 1)?;
    /// let start = KMeansParams::new(2).build()?.start(points)?;
    /// assert!((start[0] - start[1]).abs() > 4.0);
    /// # Ok::<(), axia_cluster::Error>(())
    /// ```
    pub fn start(&self, points: Points<'_>) -> Result<Vec<f32>, Error> {
        self.check(points, None)?;
        on_pool(|| init::centroids(self, &Prepared::new(points, self.metric())?, None, 0))
    }

    fn fit_checked(
        &self,
        points: Points<'_>,
        weights: Option<&[f64]>,
    ) -> Result<KMeansResult, Error> {
        self.check(points, weights)?;
        on_pool(|| self.fit_prepared(&Prepared::new(points, self.metric())?, weights))
    }

    /// Whether there are enough points.
    fn check(&self, points: Points<'_>, weights: Option<&[f64]>) -> Result<(), Error> {
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
        Ok(())
    }

    fn fit_prepared(
        &self,
        points: &Prepared<'_>,
        weights: Option<&[f64]>,
    ) -> Result<KMeansResult, Error> {
        let still = if self.tolerance() > 0.0 {
            self.tolerance() * mean_variance(points, weights)
        } else {
            0.0
        };
        let runs = match self.init() {
            Init::Given(_) => 1,
            _ => self.n_runs(),
        };
        let mut best = self.run(points, weights, still, 0)?;
        for run in 1..runs {
            let other = self.run(points, weights, still, run)?;
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
        let mut assigner = Assigner::keeping(points, self.k());
        let mut sums = weights.is_none().then(|| Sums::new(points, self.k()));
        assigner.assign(&centroids, &[]);
        let mut labels = assigner.labels();
        let mut iterations = 0;
        let mut converged = false;
        let mut before = Vec::new();
        while !converged && iterations < self.max_iterations() {
            iterations += 1;
            before.clone_from(&centroids);
            let filled = fill_empty(points, weights, &centroids, &mut labels);
            for &point in &filled {
                assigner.relabel(point, labels[point]);
            }
            let moves = assigner.take_moves();
            match &mut sums {
                Some(sums) => sums.update(points, &moves, &labels, &mut centroids),
                None => update(points, weights, &labels, &mut centroids),
            }
            let movements = points.movements(&before, &centroids);
            let changed = assigner.assign(&centroids, &movements);
            // A tolerance of 0 asks for labels that no longer change, and centroids that did not
            // move at all cannot change any.
            converged =
                (changed == 0 && filled.is_empty()) || movements.iter().sum::<f64>() <= still;
            if changed > 0 {
                labels = assigner.labels();
            }
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

/// Weighted variance of each dimension, averaged over the dimensions.
fn mean_variance(points: &Prepared<'_>, weights: Option<&[f64]>) -> f64 {
    let dim = points.dim;
    let weight = |index: usize| weights.map_or(1.0, |w| w[index]);
    let sums = |add: &(dyn Fn(usize, &mut [f64]) + Sync)| {
        let pieces = map_pieces(points.len(), PIECE, |range| {
            let mut sums = vec![0.0; dim];
            range.for_each(|index| add(index, &mut sums));
            sums
        });
        let mut total = vec![0.0; dim];
        for piece in pieces {
            for (total, sum) in total.iter_mut().zip(piece) {
                *total += sum;
            }
        }
        total
    };
    let total: f64 = (0..points.len()).map(weight).sum();
    let mut mean = sums(&|index, sums| add_row(points.isa, sums, weight(index), points.row(index)));
    for mean in &mut mean {
        *mean /= total;
    }
    let squares = sums(&|index, sums| {
        let weight = weight(index);
        for ((sum, &v), m) in sums.iter_mut().zip(points.row(index)).zip(&mean) {
            *sum += weight * (f64::from(v) - m).powi(2);
        }
    });
    squares.iter().sum::<f64>() / total / dim as f64
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::init::Stream;
    use crate::kernel::Isa;
    use crate::prepared::{Prepared, to_f32};
    use crate::{Init, KMeansParams, Metric, Points};

    #[test]
    fn every_instruction_set_gives_the_same_bytes() {
        let (n, dim, k) = (900, 50, 45);
        let mut stream = Stream::new(3, 0);
        let values: Vec<f32> = (0..n * dim)
            .map(|_| to_f32(stream.uniform() - 0.4))
            .collect();
        let weights: Vec<f64> = (0..n).map(|_| stream.uniform()).collect();
        let points = Points::new(&values, dim).unwrap();
        for metric in [Metric::Euclidean, Metric::Spherical] {
            for init in [Init::KMeansPlusPlus, Init::GreedyKMeansPlusPlus] {
                for weights in [None, Some(&weights[..])] {
                    let params = KMeansParams::new(k).metric(metric).init(init.clone());
                    let kmeans = params.n_runs(2).build().unwrap();
                    let fits: Vec<_> = Isa::available()
                        .into_iter()
                        .map(|isa| {
                            let points = Prepared::with_isa(points, metric, isa).unwrap();
                            kmeans.fit_prepared(&points, weights).unwrap()
                        })
                        .collect();
                    for fit in &fits {
                        assert_eq!(fit, &fits[0]);
                        assert_eq!(fit.inertia().to_bits(), fits[0].inertia().to_bits());
                    }
                }
            }
        }
    }
}
