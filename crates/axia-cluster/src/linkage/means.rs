//! Ward's method on the clusters' means, while there are too many clusters for a matrix.
//!
//! In each round every cluster knows its nearest one, and all pairs that are each other's nearest are
//! joined. Clusters that have lost theirs, or are new, are compared with all others by the blocked
//! kernel: two clusters of `a` and `b` points whose means are `d` apart cost `d² a b / (a + b)`, so that
//! for clusters of one size the score of a pair decides. Columns stand in order of size, and each panel
//! asks for what its smallest cluster would need.

use crate::kernel::{Block, Filter, Isa, LANES};
use crate::linkage::Found;
use crate::linkage::clusters::Clusters;
use crate::parallel::{for_each_piece, map_pieces, threads};
use crate::prepared::to_f32;
use crate::square::{Frame, Rows};

/// Most rows of a block that is compared with all clusters.
const BLOCK: usize = 240;

/// No cluster is known to be the nearest.
const UNKNOWN: usize = usize::MAX;

/// Clusters in order of their first points.
pub(super) struct Means {
    isa: Isa,
    dim: usize,
    /// The mean of each cluster, in the frame.
    values: Vec<f64>,
    sizes: Vec<f64>,
    first_points: Vec<usize>,
}

impl Means {
    /// Each point alone.
    pub(super) fn new(frame: &Frame<'_>) -> Self {
        let (n, dim) = (frame.len(), frame.dim());
        let mut values = vec![0.0; n * dim];
        for_each_piece(&mut values, BLOCK * dim, |first, out| {
            for (at, out) in out.chunks_exact_mut(dim).enumerate() {
                for (out, v) in out.iter_mut().zip(frame.row(first / dim + at)) {
                    *out = v;
                }
            }
        });
        Self {
            isa: frame.exact.isa,
            dim,
            values,
            sizes: vec![1.0; n],
            first_points: (0..n).collect(),
        }
    }

    /// Joins until at most this many clusters are left.
    pub(super) fn reduce(mut self, most: usize, found: &mut Vec<Found>) -> Self {
        let mut nearest = vec![UNKNOWN; self.len()];
        while self.len() > most {
            self.search(&mut nearest);
            let mut with = vec![UNKNOWN; self.len()];
            for (slot, &other) in nearest.iter().enumerate() {
                if other > slot && nearest[other] == slot {
                    with[slot] = other;
                    with[other] = slot;
                }
            }
            self.join(&with, &mut nearest, found);
        }
        self
    }

    fn len(&self) -> usize {
        self.sizes.len()
    }

    fn mean(&self, slot: usize) -> &[f64] {
        &self.values[slot * self.dim..(slot + 1) * self.dim]
    }

    /// The squared distance of two means.
    pub(super) fn squared(&self, a: usize, b: usize) -> f64 {
        let mut sums = [0.0_f64; 8];
        let (a, a_rest) = self.mean(a).as_chunks::<8>();
        let (b, b_rest) = self.mean(b).as_chunks::<8>();
        for (a, b) in a.iter().zip(b) {
            for lane in 0..8 {
                sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
            }
        }
        for (a, b) in a_rest.iter().zip(b_rest) {
            sums[0] += (a - b) * (a - b);
        }
        sums.into_iter().sum()
    }

    /// What joining two clusters costs.
    fn cost(&self, a: usize, b: usize) -> f64 {
        let (x, y) = (self.sizes[a], self.sizes[b]);
        self.squared(a, b) * (x * y) / (x + y)
    }

    fn write(&self, slot: usize, out: &mut [f32]) {
        for (out, &v) in out.iter_mut().zip(self.mean(slot)) {
            *out = to_f32(v);
        }
    }

    pub(super) fn rows(&self) -> Rows {
        Rows::new(self.isa, self.dim, self.len(), |slot, out| {
            self.write(slot, out);
        })
    }

    pub(super) fn clusters(&self) -> Clusters {
        let sizes = self.sizes.iter().map(|&size| to_f32(size)).collect();
        Clusters::new(self.first_points.clone(), sizes)
    }

    /// Finds the nearest cluster of each that does not know it. Of equally near ones the two ends must
    /// not both prefer the lowest: all would want the same one, and a round would join one pair.
    fn search(&self, nearest: &mut [usize]) {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| self.sizes[a].total_cmp(&self.sizes[b]));
        let filter = Filter::with(self.isa, self.dim, order.len(), true, |at, out| {
            self.write(order[at], out);
            true
        });
        let asking: Vec<usize> = (0..self.len())
            .filter(|&slot| nearest[slot] == UNKNOWN)
            .collect();
        let size = asking.len().div_ceil(8 * threads()).clamp(12, BLOCK);
        let found = map_pieces(asking.len(), size, |range| {
            self.nearest(&asking[range], &order, &filter)
        });
        for (&slot, other) in asking.iter().zip(found.concat()) {
            nearest[slot] = other;
        }
    }

    fn nearest(&self, asking: &[usize], order: &[usize], filter: &Filter) -> Vec<usize> {
        let mut block = Block::new(self.isa, self.dim);
        let (mut row, origin) = (vec![0.0; self.dim], vec![0.0; self.dim]);
        let offsets: Vec<f32> = (asking.iter())
            .map(|&slot| {
                self.write(slot, &mut row);
                block.push(&row, 1.0, &origin) / 2.0
            })
            .collect();
        let mut best = vec![(f64::INFINITY, u64::MAX, UNKNOWN); asking.len()];
        let (mut asks, mut hits) = (vec![0.0; asking.len()], Vec::new());
        for (panel, columns) in order.chunks(LANES).enumerate() {
            let least = self.sizes[columns[0]];
            for ((ask, &slot), &(cost, ..)) in asks.iter_mut().zip(asking).zip(&best) {
                *ask = ask_of(cost, self.sizes[slot], least);
            }
            hits.clear();
            let none = [f32::INFINITY; LANES];
            filter.pairs(panel, &block, &offsets, &asks, &none, &mut hits);
            for hit in &hits {
                let (at, other) = (hit.row as usize, columns[hit.lane as usize]);
                if other == asking[at] {
                    continue;
                }
                let cost = self.cost(asking[at], other);
                let held = &mut best[at];
                if cost <= held.0 {
                    let lot = self.lot(asking[at], other);
                    if cost < held.0 || lot < held.1 {
                        *held = (cost, lot, other);
                    }
                }
            }
        }
        best.into_iter().map(|(.., other)| other).collect()
    }

    /// A number of the pair, another for each: the lowest of equally near pairs comes first.
    fn lot(&self, a: usize, b: usize) -> u64 {
        let (low, high) = (a.min(b), a.max(b));
        let pair = ((self.first_points[low] as u64) << 32) | self.first_points[high] as u64;
        let mixed = (pair ^ (pair >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Joins each cluster with the one that `with` names, and numbers those that are left anew.
    fn join(&mut self, with: &[usize], nearest: &mut Vec<usize>, found: &mut Vec<Found>) {
        let mut new = vec![UNKNOWN; self.len()];
        let mut left = 0;
        for slot in 0..with.len() {
            let other = with[slot];
            if other < slot {
                continue; // gone into the other
            }
            if other != UNKNOWN {
                found.push(Found {
                    a: self.first_points[slot],
                    b: self.first_points[other],
                    height: self.cost(slot, other),
                });
                let (x, y) = (self.sizes[slot], self.sizes[other]);
                let (before, after) = self.values.split_at_mut(other * self.dim);
                let mean = &mut before[slot * self.dim..][..self.dim];
                for (mean, &v) in mean.iter_mut().zip(&after[..self.dim]) {
                    // Where the two are equal, this is the same mean to the last bit.
                    *mean += (v - *mean) * (y / (x + y));
                }
                self.sizes[slot] = x + y;
            }
            self.sizes[left] = self.sizes[slot];
            self.first_points[left] = self.first_points[slot];
            let from = slot * self.dim;
            self.values
                .copy_within(from..from + self.dim, left * self.dim);
            new[slot] = left;
            left += 1;
        }
        self.values.truncate(left * self.dim);
        self.sizes.truncate(left);
        self.first_points.truncate(left);
        // The nearest cluster of one that stays is still the nearest if it stays, too.
        let before = std::mem::replace(nearest, vec![UNKNOWN; left]);
        for (slot, other) in before.into_iter().enumerate() {
            if with[slot] == UNKNOWN && with[other] == UNKNOWN {
                nearest[new[slot]] = new[other];
            }
        }
    }
}

/// A score that a pair reaches whenever joining the two costs at most so much.
fn ask_of(cost: f64, size: f64, least: f64) -> f32 {
    let squared = cost * (1.0 / size + 1.0 / least);
    to_f32(-0.5 * squared * (1.0 + 1e-6) - 1e-36).next_down()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::exact::Exact;
    use crate::init::Stream;
    use crate::linkage::rules::Ward;
    use crate::linkage::{Dendrogram, agglomerate, heights};
    use crate::square::Square;
    use crate::{LinkageMethod, LinkageParams, Metric, Points};

    /// However many clusters are left for the matrix, the tree is the matrix's.
    #[test]
    fn means_give_the_tree_of_the_matrix() {
        for (n, dim, parts, offset) in [(900, 12, 30, 0.0), (700, 3, 700, 5.0), (500, 40, 9, 90.0)]
        {
            let mut stream = Stream::new(n as u64, 0);
            let middles: Vec<f64> = (0..parts * dim).map(|_| 9.0 * stream.uniform()).collect();
            let values: Vec<f32> = (0..n * dim)
                .map(|i| {
                    let middle = middles[i / dim % parts * dim + i % dim];
                    to_f32(stream.uniform() + middle + offset)
                })
                .collect();
            let points = Points::new(&values, dim).unwrap();
            for metric in [Metric::Euclidean, Metric::Spherical] {
                let linkage = LinkageParams::new(LinkageMethod::Ward).metric(metric);
                let expected = linkage.build().unwrap().fit(points).unwrap();
                for most in [n / 2, 60, 2, 1] {
                    let frame = Frame::new(Exact::new(points, metric).unwrap());
                    let mut found = Vec::new();
                    let means = Means::new(&frame).reduce(most, &mut found);
                    assert!(means.len() <= most && found.len() == n - means.len());
                    let near = |a: usize, b: usize| means.squared(a, b);
                    let square = Square::new(&means.rows(), near, false).unwrap();
                    agglomerate::<Ward>(square, means.clusters(), &mut found);
                    heights::ward(&frame, &mut found);
                    heights::rising(n, &mut found);
                    let tree = Dendrogram::from_found(n, found);
                    for (a, b) in tree.merges().iter().zip(expected.merges()) {
                        let names = (a.left, a.right, a.size) == (b.left, b.right, b.size);
                        let near = (a.height - b.height).abs() <= 1e-12 * b.height.max(1e-6);
                        assert!(names && near, "{n} x {dim}, {most}: {a:?} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn equal_points_join_first() {
        let values = [1.0, 2.0].repeat(60);
        let points = Points::new(&values, 1).unwrap();
        let frame = Frame::new(Exact::new(points, Metric::Euclidean).unwrap());
        let mut found = Vec::new();
        let means = Means::new(&frame).reduce(2, &mut found);
        assert_eq!(means.first_points, [0, 1]);
        assert!(found.iter().all(|merge| merge.height <= 0.0));
    }
}
