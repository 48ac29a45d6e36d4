//! How compact clusters are against how far apart, by their centres: Davies–Bouldin and
//! Calinski–Harabasz.

use crate::Points;
use crate::error::Error;
use crate::parallel::map_pieces;
use crate::quality::Groups;

/// Davies–Bouldin index (1979): for each cluster the worst ratio of the two clusters' spreads to
/// the distance between their centres, averaged. At least 0, and lower is better.
///
/// Euclidean, in double precision. For directions, give unit vectors. Labels are any numbers. As
/// in scikit-learn it is 0 if all points lie on their centres or all centres on each other, and
/// two centres in the same place count as infinitely far apart. Takes `O(n d + k² d)`.
///
/// # Errors
///
/// If there is not one label for each point, or not from 2 to `n - 1` distinct ones.
///
/// # Example
///
/// ```
/// use axia_cluster::{Points, davies_bouldin};
///
/// let points = [0.0, 1.0, 1.0, 1.0, 3.0, 4.0];
/// let index = davies_bouldin(Points::new(&points, 2)?, &[0, 0, 1])?;
/// assert!((index - 0.5 / 15.25_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn davies_bouldin(points: Points<'_>, labels: &[u32]) -> Result<f64, Error> {
    let groups = Groups::of_partition(points, labels)?;
    let centres = centres(points, &groups);
    let dim = points.dim();
    let spreads: Vec<f64> = map_pieces(groups.k(), 1, |range| {
        let centre = &centres[range.start * dim..(range.start + 1) * dim];
        let members = groups.members(range.start);
        let sum: f64 = members
            .iter()
            .map(|&index| squared_from(points.row(index), centre).sqrt())
            .sum();
        sum / members.len() as f64
    });
    let rows: Vec<&[f64]> = centres.chunks_exact(dim).collect();
    let worst: Vec<(f64, f64)> = map_pieces(groups.k(), 1, |range| {
        let (mut worst, mut farthest) = (0.0_f64, 0.0_f64);
        for other in 0..groups.k() {
            let distance = squared_between(rows[range.start], rows[other]).sqrt();
            farthest = farthest.max(distance);
            if distance > 0.0 {
                worst = worst.max((spreads[range.start] + spreads[other]) / distance);
            }
        }
        (worst, farthest)
    });
    // What numpy's `isclose` takes for zero, so that the same cases count as degenerate.
    const CLOSE: f64 = 1e-8;
    if spreads.iter().all(|&s| s <= CLOSE) || worst.iter().all(|w| w.1 <= CLOSE) {
        return Ok(0.0);
    }
    Ok(worst.iter().map(|w| w.0).sum::<f64>() / groups.k() as f64)
}

/// Calinski–Harabasz index (1974), the variance ratio: the spread of the centres around the mean of
/// all points over the spread of the points around their centres, each by its degrees of freedom.
/// Higher is better.
///
/// Euclidean, in double precision; for directions, give unit vectors. Labels are any numbers. As in
/// scikit-learn it is 1 if all points lie on their centres. Takes `O(n d)`.
///
/// # Errors
///
/// If there is not one label for each point, or not from 2 to `n - 1` distinct ones.
///
/// # Example
///
/// ```
/// use axia_cluster::{Points, calinski_harabasz};
///
/// let points = Points::new(&[0.0, 2.0, 10.0, 12.0], 1)?;
/// let index = calinski_harabasz(points, &[0, 0, 1, 1])?;
/// assert!((index - 50.0).abs() < 1e-12);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn calinski_harabasz(points: Points<'_>, labels: &[u32]) -> Result<f64, Error> {
    let groups = Groups::of_partition(points, labels)?;
    let centres = centres(points, &groups);
    let dim = points.dim();
    let n = points.len() as f64;
    let k = groups.k() as f64;
    let mut mean = vec![0.0; dim];
    for (cluster, centre) in centres.chunks_exact(dim).enumerate() {
        for (mean, c) in mean.iter_mut().zip(centre) {
            *mean += c * groups.members(cluster).len() as f64 / n;
        }
    }
    let between: f64 = centres
        .chunks_exact(dim)
        .enumerate()
        .map(|(cluster, c)| groups.members(cluster).len() as f64 * squared_between(c, &mean))
        .sum();
    let within: f64 = map_pieces(groups.k(), 1, |range| {
        let centre = &centres[range.start * dim..(range.start + 1) * dim];
        groups
            .members(range.start)
            .iter()
            .map(|&index| squared_from(points.row(index), centre))
            .sum::<f64>()
    })
    .iter()
    .sum();
    if within > 0.0 {
        Ok(between * (n - k) / (within * (k - 1.0)))
    } else {
        Ok(1.0)
    }
}

/// The means of the clusters, one after another.
fn centres(points: Points<'_>, groups: &Groups) -> Vec<f64> {
    map_pieces(groups.k(), 1, |range| {
        let members = groups.members(range.start);
        let mut sum = vec![0.0; points.dim()];
        for &index in members {
            for (sum, &v) in sum.iter_mut().zip(points.row(index)) {
                *sum += f64::from(v);
            }
        }
        for v in &mut sum {
            *v /= members.len() as f64;
        }
        sum
    })
    .concat()
}

fn squared_from(row: &[f32], centre: &[f64]) -> f64 {
    row.iter()
        .zip(centre)
        .map(|(&v, c)| (f64::from(v) - c).powi(2))
        .sum()
}

fn squared_between(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}
