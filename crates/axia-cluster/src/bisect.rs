//! Bisecting k-means: clusters by halving, again and again.

use crate::error::Kind;
use crate::{Error, Init, KMeans, KMeansParams, KMeansResult, Points};

/// Points that are still together.
struct Cluster {
    members: Vec<usize>,
    centroid: Vec<f32>,
    inertia: f64,
}

impl KMeans {
    /// Clusters the points by bisection (Steinbach, Karypis and Kumar 2000): all points are one
    /// cluster, and until there are `k`, the cluster of the greatest inertia, the first of equals, is
    /// split in two by k-means with these parameters.
    ///
    /// Cheaper than [`fit`](Self::fit) for many clusters, and often more even ones. A point belongs to
    /// the half it fell into, which need not be that of the nearest of all centroids: that is what
    /// [`predict`](KMeansResult::predict) finds. One half keeps the number of the cluster that was
    /// split; the other gets the next. With fewer distinct points than clusters the last clusters
    /// stay empty, with the centroid of the first.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), and if centroids are given to start from.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_cluster::{KMeansParams, Points};
    ///
    /// let kmeans = KMeansParams::new(3).seed(1).build()?;
    /// let found = kmeans.fit_bisecting(Points::new(&[0.0, 1.0, 90.0, 91.0, 40.0], 1)?)?;
    /// assert_eq!(found.inertia(), 1.0);
    /// # Ok::<(), axia_cluster::Error>(())
    /// ```
    pub fn fit_bisecting(&self, points: Points<'_>) -> Result<KMeansResult, Error> {
        if matches!(self.init(), Init::Given(_)) {
            return Err(Error::parameter(
                "start of a bisection",
                "drawn, not given",
                "centroids",
            ));
        }
        if points.is_empty() {
            return Err(Kind::NoPoints.into());
        }
        if points.len() < self.k() {
            return Err(Kind::TooFewPoints {
                k: self.k(),
                points: points.len(),
            }
            .into());
        }
        let params = KMeansParams::from(self.clone());
        let whole = params.clone().clusters(1).build()?.fit(points)?;
        let mut clusters = vec![Cluster {
            members: (0..points.len()).collect(),
            centroid: whole.centroids().to_vec(),
            inertia: whole.inertia(),
        }];
        let (mut iterations, mut converged) = (0, true);
        while clusters.len() < self.k() {
            let mut widest = 0;
            for (at, cluster) in clusters.iter().enumerate() {
                if cluster.inertia > clusters[widest].inertia {
                    widest = at;
                }
            }
            if clusters[widest].inertia <= 0.0 {
                break;
            }
            let members = std::mem::take(&mut clusters[widest].members);
            let rows: Vec<f32> = members
                .iter()
                .flat_map(|&index| points.row(index))
                .copied()
                .collect();
            let rows = Points::new(&rows, points.dim())?;
            // Each split has a seed of its own.
            let seed = self.seed().wrapping_add(clusters.len() as u64);
            let halves = params.clone().clusters(2).seed(seed).build()?.fit(rows)?;
            iterations += halves.iterations();
            converged &= halves.converged();
            let distances = crate::nearest(
                rows,
                Points::new(halves.centroids(), points.dim())?,
                self.metric(),
            )?;
            let mut split = [0, 1].map(|half| Cluster {
                members: Vec::new(),
                centroid: halves.centroids()[half * points.dim()..][..points.dim()].to_vec(),
                inertia: 0.0,
            });
            for ((index, &label), near) in members.into_iter().zip(halves.labels()).zip(distances) {
                let half = &mut split[label as usize];
                half.members.push(index);
                half.inertia += near.distance;
            }
            if split.iter().any(|half| half.members.is_empty()) {
                // Points that differ by less than centroids can: they stay together.
                for half in &mut split {
                    half.inertia = 0.0;
                }
                split.sort_by_key(|half| half.members.is_empty());
                let [full, _] = split;
                clusters[widest] = full;
                continue;
            }
            let [first, second] = split;
            clusters[widest] = first;
            clusters.push(second);
        }
        Ok(self.collect(points, &clusters, iterations, converged))
    }

    fn collect(
        &self,
        points: Points<'_>,
        clusters: &[Cluster],
        iterations: u32,
        converged: bool,
    ) -> KMeansResult {
        let mut labels = vec![0; points.len()];
        let mut centroids = Vec::with_capacity(self.k() * points.dim());
        for (label, cluster) in (0_u32..).zip(clusters) {
            for &index in &cluster.members {
                labels[index] = label;
            }
            centroids.extend_from_slice(&cluster.centroid);
        }
        while centroids.len() < self.k() * points.dim() {
            centroids.extend_from_slice(&clusters[0].centroid);
        }
        KMeansResult::new(
            self.metric(),
            points.dim(),
            labels,
            centroids,
            clusters.iter().map(|cluster| cluster.inertia).sum(),
            iterations,
            converged,
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Metric;
    use crate::init::Stream;
    use crate::prepared::to_f32;

    #[test]
    fn each_split_halves_the_widest_cluster() {
        let values = [0.0, 1.0, 2.0, 100.0, 101.0, 102.0, 500.0, 501.0];
        let points = Points::new(&values, 1).unwrap();
        let fit = |k| {
            let kmeans = KMeansParams::new(k).seed(3).build().unwrap();
            kmeans.fit_bisecting(points).unwrap()
        };
        let sorted = |k| {
            let mut centroids = fit(k).centroids().to_vec();
            centroids.sort_by(f32::total_cmp);
            centroids
        };
        assert_eq!(sorted(1), [163.375]);
        assert_eq!(sorted(2), [51.0, 500.5]);
        assert_eq!(sorted(3), [1.0, 101.0, 500.5]);
        assert!((fit(3).inertia() - 4.5).abs() < 1e-9);
        assert_eq!(fit(8).inertia().to_bits(), 0);
    }

    #[test]
    fn every_point_has_a_cluster_and_inertia_falls_with_each_split() {
        let mut stream = Stream::new(5, 0);
        let values: Vec<f32> = (0..900).map(|_| to_f32(stream.uniform() + 0.1)).collect();
        let points = Points::new(&values, 3).unwrap();
        for metric in [Metric::Euclidean, Metric::Spherical] {
            let mut before = f64::INFINITY;
            for k in [1, 2, 5, 17, 40] {
                let params = KMeansParams::new(k).metric(metric).seed(2);
                let found = params.build().unwrap().fit_bisecting(points).unwrap();
                assert_eq!(found.cluster_sizes().iter().sum::<u64>(), 300);
                assert!(found.cluster_sizes().iter().all(|&size| size > 0));
                assert!(found.inertia() < before);
                before = found.inertia();
            }
        }
    }

    #[test]
    fn fewer_distinct_points_than_clusters_leave_some_empty() {
        let values = [1.0, 2.0, 1.0, 2.0, 1.0];
        let kmeans = KMeansParams::new(4).build().unwrap();
        let found = kmeans
            .fit_bisecting(Points::new(&values, 1).unwrap())
            .unwrap();
        assert_eq!(found.cluster_sizes()[2..], [0, 0]);
        assert_eq!(found.inertia().to_bits(), 0);
        assert_eq!(found.k(), 4);
    }

    #[test]
    fn given_starts_and_too_few_points_are_refused() {
        let points = Points::new(&[1.0, 2.0], 1).unwrap();
        let given = KMeansParams::new(2).init(Init::Given(vec![0.0, 1.0]));
        let error = given.build().unwrap().fit_bisecting(points).unwrap_err();
        assert!(error.is_invalid_parameter());
        let three = KMeansParams::new(3).build().unwrap();
        assert!(three.fit_bisecting(points).unwrap_err().is_too_few_points());
    }
}
