//! Near-duplicates: pairs of points within a radius, and the groups that they join.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::kernel::{Block, LANES};
use crate::parallel::map_pieces;
use crate::prepared::to_f32;
use crate::search::Space;
use crate::{Nearness, Points};

/// Points of a block of rows.
const BLOCK: usize = 256;

/// Two points within the radius.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NearPair {
    /// The lower index.
    pub a: u32,
    /// The higher index.
    pub b: u32,
    /// How far apart they are: Euclidean distance, or one minus the cosine.
    pub distance: f64,
}

/// All pairs of points at most `radius` apart, by lower index, then by higher.
///
/// As many pairs as there are: a radius that joins everything gives `n²/2` of them.
///
/// # Errors
///
/// If the radius is negative or not finite, for [`Nearness::InnerProduct`], which is no distance, or,
/// by cosine, if a row is all zeros.
///
/// # Example
///
/// ```
/// use axia_cluster::{Nearness, Points, pairs_within};
///
/// let points = Points::new(&[0.0, 5.0, 0.5, 5.0], 1)?;
/// let pairs = pairs_within(points, 0.5, Nearness::Euclidean)?;
/// let pairs: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.a, pair.b)).collect();
/// assert_eq!(pairs, [(0, 2), (1, 3)]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn pairs_within(
    points: Points<'_>,
    radius: f64,
    nearness: Nearness,
) -> Result<Vec<NearPair>, Error> {
    if !radius.is_finite() || radius < 0.0 {
        return Err(Error::parameter("radius", "finite and at least 0", radius));
    }
    if nearness == Nearness::InnerProduct {
        return Err(Error::parameter(
            "nearness of a radius",
            "euclidean or cosine",
            "inner product",
        ));
    }
    let space = Space::new(points, nearness)?;
    let n = space.len();
    let filter = space.filter();
    // The same score as a bound for every pair; a little less, so that rounding loses none.
    let least = space.score_of(radius);
    let ask = to_f32(least - 1e-6 * least.abs() - 1e-36).next_down();
    let found = map_pieces(n, BLOCK, |rows| {
        let first = rows.start;
        let mut block = Block::new(space.isa(), points.dim());
        let offsets: Vec<f32> = rows
            .clone()
            .map(|row| space.push(&mut block, row))
            .collect();
        let asks = vec![ask; rows.len()];
        let (mut hits, mut pairs) = (Vec::new(), Vec::new());
        for panel in first / LANES..n.div_ceil(LANES) {
            hits.clear();
            filter.pairs(panel, &block, &offsets, &asks, &[ask; LANES], &mut hits);
            for hit in &hits {
                let (a, b) = (first + hit.row as usize, panel * LANES + hit.lane as usize);
                if a < b {
                    let distance = space.value(space.exact(a, &space, b));
                    if distance <= radius {
                        let (a, b) = (to_u32(a), to_u32(b));
                        pairs.push(NearPair { a, b, distance });
                    }
                }
            }
        }
        pairs.sort_by_key(|pair| (pair.a, pair.b));
        pairs
    });
    Ok(found.concat())
}

/// The groups that [`pairs_within`] joins, directly or through others: for each point the lowest
/// index of its group, its own if it is alone.
///
/// # Errors
///
/// As [`pairs_within`].
///
/// # Example
///
/// ```
/// use axia_cluster::{Nearness, Points, groups_within};
///
/// let points = Points::new(&[0.0, 5.0, 0.5, 1.0], 1)?;
/// assert_eq!(groups_within(points, 0.5, Nearness::Euclidean)?, [0, 1, 0, 0]);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn groups_within(
    points: Points<'_>,
    radius: f64,
    nearness: Nearness,
) -> Result<Vec<u32>, Error> {
    let pairs = pairs_within(points, radius, nearness)?;
    let mut parent: Vec<u32> = (0_u32..).take(points.len()).collect();
    for pair in &pairs {
        let (a, b) = (root(&mut parent, pair.a), root(&mut parent, pair.b));
        let (low, high) = (a.min(b), a.max(b));
        parent[high as usize] = low;
    }
    Ok((0_u32..)
        .take(points.len())
        .map(|point| root(&mut parent, point))
        .collect())
}

/// The lowest index of a point's group so far; paths are halved on the way.
fn root(parent: &mut [u32], mut point: u32) -> u32 {
    while parent[point as usize] != point {
        let above = parent[parent[point as usize] as usize];
        parent[point as usize] = above;
        point = above;
    }
    point
}

#[allow(clippy::cast_possible_truncation)] // there are at most `u32::MAX` points
fn to_u32(index: usize) -> u32 {
    index as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::init::Stream;

    #[test]
    fn pairs_and_groups_are_the_plain_ones() {
        for grid in [false, true] {
            let mut stream = Stream::new(3, 0);
            let values: Vec<f32> = (0..700 * 3)
                .map(|_| {
                    let v = 4.0 * stream.uniform();
                    to_f32(if grid { v.round() + 1.0 } else { v + 0.5 })
                })
                .collect();
            let points = Points::new(&values, 3).unwrap();
            for (nearness, radius) in [
                (Nearness::Euclidean, 0.0),
                (Nearness::Euclidean, 0.3),
                (Nearness::Euclidean, 1.0),
                (Nearness::Cosine, 0.002),
            ] {
                let space = Space::new(points, nearness).unwrap();
                let mut expected = Vec::new();
                let mut group: Vec<u32> = (0..700).collect();
                for a in 0..700 {
                    for b in a + 1..700 {
                        let distance = space.value(space.exact(a, &space, b));
                        if distance <= radius {
                            expected.push((to_u32(a), to_u32(b), distance));
                            let (x, y) = (group[a].min(group[b]), group[a].max(group[b]));
                            group.iter_mut().filter(|g| **g == y).for_each(|g| *g = x);
                        }
                    }
                }
                let found = pairs_within(points, radius, nearness).unwrap();
                let found: Vec<_> = found.iter().map(|p| (p.a, p.b, p.distance)).collect();
                assert_eq!(found, expected, "{nearness:?} {radius}");
                assert_eq!(groups_within(points, radius, nearness).unwrap(), group);
            }
        }
    }

    #[test]
    fn radius_and_nearness_are_checked() {
        let points = Points::new(&[1.0, 2.0], 1).unwrap();
        for radius in [-1.0, f64::NAN, f64::INFINITY] {
            let error = pairs_within(points, radius, Nearness::Euclidean).unwrap_err();
            assert!(error.is_invalid_parameter());
        }
        let error = pairs_within(points, 1.0, Nearness::InnerProduct).unwrap_err();
        assert!(error.is_invalid_parameter());
        let none = Points::new(&[], 1).unwrap();
        assert!(
            groups_within(none, 1.0, Nearness::Cosine)
                .unwrap()
                .is_empty()
        );
    }
}
