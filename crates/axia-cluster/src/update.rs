//! New centroids from labels.

use crate::Metric;
use crate::kernel::add_row;
use crate::parallel::for_each_piece;
use crate::prepared::{Prepared, to_f32};

/// Points sorted by label, in order of index within each label.
pub(crate) struct Members {
    starts: Vec<usize>,
    points: Vec<usize>,
}

impl Members {
    pub(crate) fn new(labels: &[u32], k: usize) -> Self {
        let mut starts = vec![0; k + 1];
        for &label in labels {
            starts[label as usize + 1] += 1;
        }
        for j in 0..k {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut points = vec![0; labels.len()];
        for (index, &label) in labels.iter().enumerate() {
            let slot = &mut next[label as usize];
            points[*slot] = index;
            *slot += 1;
        }
        Self { starts, points }
    }

    pub(crate) fn of(&self, cluster: usize) -> &[usize] {
        &self.points[self.starts[cluster]..self.starts[cluster + 1]]
    }
}

/// Moves every centroid to the mean (or mean direction) of its points. Each sum runs over the
/// points in order of index, whatever the threads. A centroid without points of positive weight, or
/// whose directions cancel, stays where it is.
pub(crate) fn update(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    labels: &[u32],
    centroids: &mut [f32],
) {
    let dim = points.dim;
    let members = Members::new(labels, centroids.len() / dim);
    for_each_piece(centroids, dim, |first, centroid| {
        let mut sum = vec![0.0_f64; dim];
        let mut total = 0.0;
        for &index in members.of(first / dim) {
            let weight = weights.map_or(1.0, |w| w[index]);
            total += weight;
            add_row(points.isa, &mut sum, weight, points.row(index));
        }
        let divisor = match points.metric {
            Metric::Euclidean => total,
            Metric::Spherical => sum.iter().map(|v| v * v).sum::<f64>().sqrt(),
        };
        // The sum of a few thousand unit vectors rounds at about 1e-13.
        let least = match points.metric {
            Metric::Euclidean => 0.0,
            Metric::Spherical => 1e-9 * total,
        };
        if divisor > least {
            for (out, sum) in centroid.iter_mut().zip(&sum) {
                *out = to_f32(sum / divisor);
            }
        }
    });
}

/// Gives every cluster without points of positive weight the point farthest from its own centroid
/// (scikit-learn's rule): empty clusters in order of index, points in order of distance, the lower
/// index of equals. A point that is alone in its cluster, or lies on its centroid, stays. Returns
/// the points that have another label now.
pub(crate) fn fill_empty(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    centroids: &[f32],
    labels: &mut [u32],
) -> Vec<usize> {
    let counts_in = |index: usize| weights.is_none_or(|w| w[index] > 0.0);
    let mut counts = vec![0_usize; centroids.len() / points.dim];
    for (index, &label) in labels.iter().enumerate() {
        counts[label as usize] += usize::from(counts_in(index));
    }
    if counts.iter().all(|&count| count > 0) {
        return Vec::new();
    }
    let distances = points.distances(centroids, labels);
    let mut farthest: Vec<usize> = (0..labels.len())
        .filter(|&index| counts_in(index) && distances[index] > 0.0)
        .collect();
    // A stable sort: equal distances stay in order of index.
    farthest.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]));
    let mut farthest = farthest.into_iter();
    let empty: Vec<u32> = (0_u32..)
        .zip(&counts)
        .filter(|&(_, &count)| count == 0)
        .map(|(cluster, _)| cluster)
        .collect();
    let mut changed = Vec::new();
    for cluster in empty {
        let Some(index) = farthest.find(|&index| counts[labels[index] as usize] > 1) else {
            break;
        };
        counts[labels[index] as usize] -= 1;
        counts[cluster as usize] += 1;
        labels[index] = cluster;
        changed.push(index);
    }
    changed
}
