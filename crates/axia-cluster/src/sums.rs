//! Sums of each cluster's points that follow the points that move.
//!
//! Values are added as whole numbers, so that no order of additions shows and a point can be taken
//! away again exactly: an iteration costs what moved in it, not all points. A value is a whole number
//! of `2^-s`, with `s` as large as sums of all points allow; what is left below that (in embeddings, one
//! value in a million) is cut off. Where this could show in a centroid in single precision, because
//! its value is itself next to nothing, that value is summed again in double precision.

use crate::Metric;
use crate::assign::Move;
use crate::kernel::{NOTHING, all_whole, count_row, mean_row};
use crate::parallel::{for_each_piece_of, map_pieces};
use crate::prepared::{Prepared, to_f32};
use crate::update::{Members, update};

/// A mean of fewer whole numbers than this is not exact enough after a cut.
const LEAST: f64 = (1_u64 << 26) as f64;

/// Moves of one piece of work.
const PIECE: usize = 4096;

/// With fewer clusters, threads share the moves and not the clusters.
const FEW: usize = 32;

pub(crate) struct Sums {
    /// Whole numbers in 1; none if the range of the values does not allow any.
    scale: Option<f32>,
    /// Nothing is cut off.
    exact: bool,
    counts: Vec<u64>,
    sums: Vec<i64>,
}

impl Sums {
    pub(crate) fn new(points: &Prepared<'_>, k: usize) -> Self {
        // Scaled points are below 4, and their sum must stay below 2^62.
        let bits = 59 - i32::try_from(points.len().ilog2()).unwrap_or(i32::MAX - 59);
        let scale = f64::from(points.scale) * f64::from(bits).exp2();
        let scale =
            (bits > 30 && scale <= f64::from(f32::MAX) && scale >= 1e-37).then_some(to_f32(scale));
        let exact = scale.is_some_and(|scale| {
            let whole = map_pieces(points.len(), PIECE, |mut range| {
                range.all(|index| all_whole(points.isa, points.row(index), scale))
            });
            whole.into_iter().all(|whole| whole)
        });
        Self {
            scale,
            exact,
            counts: vec![0; k],
            sums: vec![0; k * points.dim],
        }
    }

    /// Takes the moves into the sums and moves every centroid to the mean (or mean direction) of its
    /// points; `labels` are those after the moves. What [`update`] says holds here too.
    pub(crate) fn update(
        &mut self,
        points: &Prepared<'_>,
        moves: &[Move],
        labels: &[u32],
        centroids: &mut [f32],
    ) {
        let Some(scale) = self.scale else {
            update(points, None, labels, centroids);
            return;
        };
        self.take(points, moves, scale);
        // Where nothing moved, the centroid is what it was.
        let mut moved = vec![false; self.counts.len()];
        for step in moves {
            moved[step.to as usize] = true;
            if step.from != NOTHING {
                moved[step.from as usize] = true;
            }
        }
        let vague = self.settle(points, scale, &moved, centroids);
        let count: usize = vague.iter().map(|(_, values)| values.len()).sum();
        if count == 0 {
            return;
        }
        if count > centroids.len() / 16 {
            self.scale = None;
            update(points, None, labels, centroids);
            return;
        }
        let members = Members::new(labels, self.counts.len());
        for (cluster, values) in vague {
            let divisor = self.divisor(points, cluster, scale);
            let mut sums = vec![0.0; values.len()];
            for &index in members.of(cluster) {
                let row = points.row(index);
                for (sum, &at) in sums.iter_mut().zip(&values) {
                    *sum += f64::from(row[at]);
                }
            }
            for (&sum, at) in sums.iter().zip(values) {
                centroids[cluster * points.dim + at] = to_f32(sum / divisor);
            }
        }
    }

    fn take(&mut self, points: &Prepared<'_>, moves: &[Move], scale: f32) {
        let (dim, k) = (points.dim, self.counts.len());
        for step in moves {
            if step.from != NOTHING {
                self.counts[step.from as usize] -= 1;
            }
            self.counts[step.to as usize] += 1;
        }
        let add = |sums: &mut [i64], step: &Move, cluster: u32, away: bool| {
            let sums = &mut sums[cluster as usize * dim..][..dim];
            count_row(
                points.isa,
                sums,
                away,
                points.row(step.point as usize),
                scale,
            );
        };
        if k < FEW {
            let parts = map_pieces(moves.len(), PIECE, |range| {
                let mut sums = vec![0; k * dim];
                for step in &moves[range] {
                    if step.from != NOTHING {
                        add(&mut sums, step, step.from, true);
                    }
                    add(&mut sums, step, step.to, false);
                }
                sums
            });
            for part in parts {
                for (sum, part) in self.sums.iter_mut().zip(part) {
                    *sum = sum.wrapping_add(part);
                }
            }
            return;
        }
        // The moves of each cluster: a point twice its index, and one more if it goes away.
        let mut starts = vec![0_usize; k + 1];
        let ends = |step: &Move| {
            let from = (step.from != NOTHING).then_some((step.from as usize, true));
            from.into_iter().chain([(step.to as usize, false)])
        };
        for (cluster, _) in moves.iter().flat_map(ends) {
            starts[cluster + 1] += 1;
        }
        for j in 0..k {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut steps = vec![(0_u32, false); starts[k]];
        for step in moves {
            for (cluster, away) in ends(step) {
                steps[next[cluster]] = (step.point, away);
                next[cluster] += 1;
            }
        }
        for_each_piece_of(moves.len() * dim, &mut self.sums, dim, |first, sums| {
            let cluster = first / dim;
            for &(point, away) in &steps[starts[cluster]..starts[cluster + 1]] {
                count_row(points.isa, sums, away, points.row(point as usize), scale);
            }
        });
    }

    /// Moves the centroids; gives the values, by cluster, that are too near zero to be exact.
    fn settle(
        &self,
        points: &Prepared<'_>,
        scale: f32,
        moved: &[bool],
        centroids: &mut [f32],
    ) -> Vec<(usize, Vec<usize>)> {
        let (dim, centroids_len) = (points.dim, centroids.len());
        let mut work: Vec<(&mut [f32], Vec<usize>)> = centroids
            .chunks_exact_mut(dim)
            .map(|centroid| (centroid, Vec::new()))
            .collect();
        for_each_piece_of(centroids_len, &mut work, 16, |first, work| {
            for (cluster, (centroid, vague)) in (first..).zip(work) {
                if !moved[cluster] {
                    continue;
                }
                let count = self.counts[cluster];
                let divisor = self.divisor(points, cluster, scale);
                let least = match points.metric {
                    Metric::Euclidean => 0.0,
                    // Directions that cancel leave the centroid where it is.
                    Metric::Spherical => 1e-9 * count as f64,
                };
                if divisor <= least {
                    continue;
                }
                let sums = &self.sums[cluster * dim..][..dim];
                // The scale is a power of two, so that the product is exact.
                mean_row(points.isa, sums, f64::from(scale) * divisor, centroid);
                if !self.exact {
                    let least = whole(LEAST * count as f64);
                    let near = sums.iter().enumerate().filter(|(_, sum)| sum.abs() < least);
                    vague.extend(near.map(|(at, _)| at));
                }
            }
        });
        (work.into_iter().enumerate())
            .map(|(cluster, (_, vague))| (cluster, vague))
            .filter(|(_, vague)| !vague.is_empty())
            .collect()
    }

    /// What a cluster's sums are divided by: the number of points, or the length of their sum.
    fn divisor(&self, points: &Prepared<'_>, cluster: usize, scale: f32) -> f64 {
        match points.metric {
            Metric::Euclidean => self.counts[cluster] as f64,
            Metric::Spherical => {
                let sums = &self.sums[cluster * points.dim..][..points.dim];
                let squares = sums
                    .iter()
                    .map(|&sum| (sum as f64 / f64::from(scale)).powi(2));
                squares.sum::<f64>().sqrt()
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // saturates: then no sum is large enough
fn whole(v: f64) -> i64 {
    v as i64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Points;
    use crate::init::Stream;
    use crate::kernel::Isa;

    /// Points that change places for a while have, each time, the centroids of a plain sum in double
    /// precision: from values that are exact, that are cut off, and of which some are next to nothing.
    #[test]
    fn centroids_are_those_of_plain_sums_while_points_move() {
        for (kind, k) in [(0, 3), (1, 3), (2, 5), (1, 40), (2, 40), (3, 40)] {
            let (n, dim) = (900, 7);
            let mut stream = Stream::new(kind, 0);
            let values: Vec<f32> = (0..n * dim)
                .map(|i| {
                    let v = stream.uniform() - 0.5;
                    to_f32(match kind {
                        0 => (v * 100.0).round(),
                        1 => v,
                        // A few dimensions of very small values.
                        2 if i % dim == 3 => v * 1e-12,
                        2 => v,
                        _ => v * 10_f64.powf(20.0 * stream.uniform() - 10.0),
                    })
                })
                .collect();
            for (metric, isa) in [Metric::Euclidean, Metric::Spherical]
                .into_iter()
                .flat_map(|metric| Isa::available().into_iter().map(move |isa| (metric, isa)))
            {
                let points = Points::new(&values, dim).unwrap();
                let points = Prepared::with_isa(points, metric, isa).unwrap();
                let mut sums = Sums::new(&points, k);
                assert!(sums.exact || kind != 0 || metric != Metric::Euclidean);
                assert!(!sums.exact || kind < 2);
                let mut labels = vec![NOTHING; n];
                let (mut found, mut plain) = (vec![0.5; k * dim], vec![0.5; k * dim]);
                for round in 0..6 {
                    let mut moves = Vec::new();
                    for (point, label) in (0_u32..).zip(&mut labels) {
                        if round == 0 || stream.uniform() < 0.2 {
                            let to = u32::try_from(stream.below(k)).unwrap();
                            let from = std::mem::replace(label, to);
                            moves.push(Move { point, from, to });
                        }
                    }
                    sums.update(&points, &moves, &labels, &mut found);
                    update(&points, None, &labels, &mut plain);
                    for (a, b) in found.iter().zip(&plain) {
                        // One unit in the last place, where sums round differently.
                        let near = (a - b).abs() <= 1.2e-7 * b.abs();
                        assert!(near, "{kind} {k} {metric:?} {isa:?}: {a} {b}");
                    }
                    let pairs = found.iter().zip(&plain);
                    let equal = pairs.filter(|(a, b)| a.to_bits() == b.to_bits()).count();
                    assert!(
                        equal * 100 >= found.len() * 99,
                        "{equal} of {}",
                        found.len()
                    );
                }
            }
        }
    }
}
