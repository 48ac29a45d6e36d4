//! Linkage on the clusters' means, while there are too many clusters for a matrix, or so many that a smaller
//! matrix is worth it.
//!
//! In each round every cluster knows its nearest one, and all pairs that are each other's nearest are
//! joined. Clusters that have lost theirs, or are new, look into a list of near ones, and where that does not
//! decide they are compared with all others by the blocked kernel. Two clusters of `a` and `b` points whose means are `d` apart cost `d² a b / (a + b)` by Ward's
//! method; the mean square of the distances of their points is `d²` and the two spreads, the mean squares
//! of the distances from the own mean. So for clusters of one size, or of one spread, the score of a pair
//! decides. Columns stand in order of it, and each panel asks for what its first cluster would need.

use crate::kernel::{Block, Filter, Isa, LANES};
use crate::linkage::Found;
use crate::linkage::clusters::Clusters;
use crate::linkage::rules::{Mean, Ward};
use crate::parallel::{for_each_piece, map_pieces, threads};
use crate::prepared::to_f32;
use crate::square::{Frame, Rows};

/// Most rows of a block that is compared with all clusters.
const BLOCK: usize = 240;

/// Longer lists cost more than they save.
const LONGEST: usize = 64;

/// No cluster is known to be the nearest.
const UNKNOWN: usize = usize::MAX;

/// A method of linkage that can do with means.
pub(super) trait ByMeans {
    /// What a cluster brings beside its mean: the less, the nearer it is to others.
    fn brings(size: f64, spread: f64) -> f64;

    /// What joining costs, from the squared distance of the means and what the two bring.
    fn cost(squared: f64, a: f64, b: f64) -> f64;

    /// A squared distance that is never below that of two means whose joining costs at most so much,
    /// rounding included.
    fn squared(cost: f64, a: f64, b: f64) -> f64;
}

impl ByMeans for Ward {
    fn brings(size: f64, _spread: f64) -> f64 {
        size
    }

    fn cost(squared: f64, a: f64, b: f64) -> f64 {
        squared * (a * b) / (a + b)
    }

    fn squared(cost: f64, a: f64, b: f64) -> f64 {
        cost * (1.0 / a + 1.0 / b) * (1.0 + 1e-6)
    }
}

/// On squared distances.
impl ByMeans for Mean {
    fn brings(_size: f64, spread: f64) -> f64 {
        spread
    }

    fn cost(squared: f64, a: f64, b: f64) -> f64 {
        squared + (a + b)
    }

    fn squared(cost: f64, a: f64, b: f64) -> f64 {
        (cost - (a + b)) + 1e-6 * cost
    }
}

/// Clusters in order of their first points.
pub(super) struct Means {
    isa: Isa,
    dim: usize,
    /// The mean of each cluster, in the frame.
    values: Vec<f64>,
    sizes: Vec<f64>,
    /// The mean square of the distances of a cluster's points from its mean.
    spreads: Vec<f64>,
    first_points: Vec<usize>,
    lists: Vec<List>,
}

/// Near clusters of one. All that are not in the list cost at least `bound`: a whole is never nearer than the
/// nearer of its parts, so that holds on while clusters are joined.
#[derive(Clone)]
struct List {
    slots: Vec<usize>,
    bound: f64,
}

impl List {
    /// Nothing is known.
    const NONE: Self = Self {
        slots: Vec::new(),
        bound: f64::NEG_INFINITY,
    };
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
            spreads: vec![0.0; n],
            first_points: (0..n).collect(),
            lists: vec![List::NONE; n],
        }
    }

    /// The same single points with a list of some of the nearest of each, all of equal length.
    pub(super) fn with_lists<R: ByMeans>(mut self, nearest: &[(u32, f64)]) -> Self {
        let length = nearest.len() / self.len();
        self.lists = map_pieces(self.len(), BLOCK, |range| {
            let list = |slot: usize| {
                let near = &nearest[slot * length..(slot + 1) * length];
                let slots: Vec<usize> = near.iter().map(|&(other, _)| other as usize).collect();
                let costs = slots.iter().map(|&other| self.cost::<R>(slot, other));
                // A little less than rounding can take.
                let bound = costs.fold(0.0, f64::max) * (1.0 - 1e-6);
                List { slots, bound }
            };
            range.map(list).collect::<Vec<_>>()
        })
        .concat();
        self
    }

    /// Joins until at most this many clusters are left, or until a round has more than `patience` searches
    /// for each join.
    pub(super) fn reduce<R: ByMeans>(
        mut self,
        most: usize,
        patience: usize,
        found: &mut Vec<Found>,
    ) -> Self {
        let mut nearest = vec![UNKNOWN; self.len()];
        while self.len() > most {
            let before = self.len();
            let searches = self.search::<R>(&mut nearest);
            let mut with = vec![UNKNOWN; self.len()];
            for (slot, &other) in nearest.iter().enumerate() {
                if other > slot && nearest[other] == slot {
                    with[slot] = other;
                    with[other] = slot;
                }
            }
            self.join::<R>(&with, &mut nearest, found);
            if searches / patience > before - self.len() {
                break;
            }
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

    fn brings<R: ByMeans>(&self, slot: usize) -> f64 {
        R::brings(self.sizes[slot], self.spreads[slot])
    }

    /// What joining two clusters costs.
    fn cost<R: ByMeans>(&self, a: usize, b: usize) -> f64 {
        R::cost(self.squared(a, b), self.brings::<R>(a), self.brings::<R>(b))
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

    /// What is added to the squared distance of the means for the mean square of the distances.
    pub(super) fn spreads(&self) -> Vec<f32> {
        self.spreads.iter().map(|&spread| to_f32(spread)).collect()
    }

    pub(super) fn clusters(&self) -> Clusters {
        let sizes = self.sizes.iter().map(|&size| to_f32(size)).collect();
        Clusters::new(self.first_points.clone(), sizes)
    }

    /// Finds the nearest cluster of each that does not know it, and says how many these are. Of equally
    /// near ones the two ends must not both prefer the lowest: all would want the same one, and a round
    /// would join one pair.
    fn search<R: ByMeans>(&mut self, nearest: &mut [usize]) -> usize {
        self.look_up::<R>(nearest);
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| self.brings::<R>(a).total_cmp(&self.brings::<R>(b)));
        let filter = Filter::with(self.isa, self.dim, order.len(), true, |at, out| {
            self.write(order[at], out);
            true
        });
        let asking: Vec<usize> = (0..self.len())
            .filter(|&slot| nearest[slot] == UNKNOWN)
            .collect();
        let size = asking.len().div_ceil(8 * threads()).clamp(12, BLOCK);
        let found = map_pieces(asking.len(), size, |range| {
            self.nearest::<R>(&asking[range], &order, &filter)
        });
        for (&slot, other) in asking.iter().zip(found.concat()) {
            nearest[slot] = other;
        }
        asking.len()
    }

    /// Takes the nearest cluster from the list where that is sure; lists that are of no more use become empty.
    fn look_up<R: ByMeans>(&mut self, nearest: &mut [usize]) {
        let asking: Vec<usize> = (0..self.len())
            .filter(|&slot| nearest[slot] == UNKNOWN && !self.lists[slot].slots.is_empty())
            .collect();
        let found = map_pieces(asking.len(), BLOCK, |range| {
            let look = |&slot: &usize| {
                let list = &self.lists[slot];
                let best = self.best::<R>(slot, list.slots.iter().copied());
                best.filter(|&(cost, _)| cost <= list.bound)
            };
            asking[range].iter().map(look).collect::<Vec<_>>()
        });
        for (slot, best) in asking.into_iter().zip(found.concat()) {
            match best {
                Some((_, other)) => nearest[slot] = other,
                None => self.lists[slot] = List::NONE,
            }
        }
    }

    /// The nearest of these, with what joining it costs.
    fn best<R: ByMeans>(
        &self,
        slot: usize,
        others: impl Iterator<Item = usize>,
    ) -> Option<(f64, usize)> {
        let exact = others.map(|other| (self.cost::<R>(slot, other), other));
        exact.reduce(|a, b| {
            let lots = || self.lot(slot, a.1) <= self.lot(slot, b.1);
            if a.0 < b.0 || a.0 <= b.0 && lots() {
                a
            } else {
                b
            }
        })
    }

    fn nearest<R: ByMeans>(
        &self,
        asking: &[usize],
        order: &[usize],
        filter: &Filter,
    ) -> Vec<usize> {
        let mut block = Block::new(self.isa, self.dim);
        let (mut row, origin) = (vec![0.0; self.dim], vec![0.0; self.dim]);
        let offsets: Vec<f32> = (asking.iter())
            .map(|&slot| {
                self.write(slot, &mut row);
                block.push(&row, 1.0, &origin) / 2.0
            })
            .collect();
        let mut best: Vec<Best> = asking.iter().map(|_| Best::default()).collect();
        let (mut asks, mut hits) = (vec![0.0; asking.len()], Vec::new());
        for (panel, columns) in order.chunks(LANES).enumerate() {
            let least = self.brings::<R>(columns[0]);
            for ((ask, &slot), best) in asks.iter_mut().zip(asking).zip(&best) {
                *ask = ask_of(R::squared(best.bound, self.brings::<R>(slot), least));
            }
            hits.clear();
            let none = [f32::INFINITY; LANES];
            filter.pairs(panel, &block, &offsets, &asks, &none, &mut hits);
            for hit in &hits {
                let (at, other) = (hit.row as usize, columns[hit.lane as usize]);
                if other != asking[at] {
                    let (a, b) = (self.brings::<R>(asking[at]), self.brings::<R>(other));
                    let cost = |score: f64| R::cost((-2.0 * score).max(0.0), a, b);
                    let (score, error) = (f64::from(hit.score), f64::from(hit.error));
                    best[at].offer(other, cost(score + error), cost(score - error));
                }
            }
        }
        let nearest = asking.iter().zip(best).map(|(&slot, best)| {
            let near = best.near.iter().filter(|near| near.0 <= best.bound);
            let best = self.best::<R>(slot, near.map(|&(_, other)| other));
            best.map_or(UNKNOWN, |(_, other)| other)
        });
        nearest.collect()
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
    fn join<R: ByMeans>(
        &mut self,
        with: &[usize],
        nearest: &mut Vec<usize>,
        found: &mut Vec<Found>,
    ) {
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
                    height: self.cost::<R>(slot, other),
                });
                let (x, y) = (self.sizes[slot], self.sizes[other]);
                let (p, q) = (x / (x + y), y / (x + y));
                self.spreads[slot] = p * self.spreads[slot]
                    + q * self.spreads[other]
                    + p * q * self.squared(slot, other);
                let (before, after) = self.values.split_at_mut(other * self.dim);
                let mean = &mut before[slot * self.dim..][..self.dim];
                for (mean, &v) in mean.iter_mut().zip(&after[..self.dim]) {
                    // Where the two are equal, this is the same mean to the last bit.
                    *mean += (v - *mean) * (y / (x + y));
                }
                self.sizes[slot] = x + y;
            }
            self.sizes[left] = self.sizes[slot];
            self.spreads[left] = self.spreads[slot];
            self.first_points[left] = self.first_points[slot];
            let from = slot * self.dim;
            self.values
                .copy_within(from..from + self.dim, left * self.dim);
            new[slot] = left;
            left += 1;
        }
        self.values.truncate(left * self.dim);
        self.lists = self.lists_after(with, &new, left);
        self.sizes.truncate(left);
        self.spreads.truncate(left);
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

/// The clusters that may be the nearest of one, each with the least that joining it can cost.
struct Best {
    near: Vec<(f64, usize)>,
    /// What joining the nearest costs at most.
    bound: f64,
}

impl Default for Best {
    fn default() -> Self {
        Self {
            near: Vec::new(),
            bound: f64::INFINITY,
        }
    }
}

impl Best {
    fn offer(&mut self, other: usize, least: f64, most: f64) {
        if least > self.bound {
            return;
        }
        // A little more than rounding can take.
        self.bound = self.bound.min(most * (1.0 + 1e-9));
        self.near.push((least, other));
        if self.near.len().is_power_of_two() {
            let bound = self.bound;
            self.near.retain(|near| near.0 <= bound);
        }
    }
}

impl Means {
    /// The lists after each cluster was joined with the one that `with` names; `new` are the numbers of those
    /// that are left.
    fn lists_after(&self, with: &[usize], new: &[usize], left: usize) -> Vec<List> {
        let image = |slot: usize| match new[slot] {
            UNKNOWN => new[with[slot]],
            here => here,
        };
        let mut lists = vec![List::NONE; left];
        for (slot, list) in self.lists.iter().enumerate() {
            let here = image(slot);
            if new[slot] == UNKNOWN || list.slots.is_empty() {
                continue;
            }
            let mut slots: Vec<usize> = list.slots.iter().map(|&other| image(other)).collect();
            let mut bound = list.bound;
            if with[slot] != UNKNOWN {
                let other = &self.lists[with[slot]];
                if other.slots.is_empty() {
                    continue;
                }
                bound = bound.min(other.bound);
                slots.extend(other.slots.iter().map(|&other| image(other)));
            }
            slots.sort_unstable();
            slots.dedup();
            slots.retain(|&other| other != here);
            if slots.len() <= LONGEST {
                lists[here] = List { slots, bound };
            }
        }
        lists
    }
}

/// A score that a pair reaches whenever its squared distance is at most this.
fn ask_of(squared: f64) -> f32 {
    to_f32(-0.5 * squared - 1e-36).next_down()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::exact::Exact;
    use crate::init::Stream;
    use crate::linkage::{Dendrogram, agglomerate, averages, heights};
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
                same_trees(points, LinkageMethod::Ward, metric, |frame, most| {
                    let mut found = Vec::new();
                    let means = Means::new(frame).reduce::<Ward>(most, usize::MAX, &mut found);
                    assert!(means.len() <= most && found.len() == n - means.len());
                    let near = |a: usize, b: usize| means.squared(a, b);
                    let square = Square::new(&means.rows(), near, &[], false).unwrap();
                    agglomerate::<Ward>(square, means.clusters(), &mut found);
                    heights::ward(frame, &mut found);
                    found
                });
            }
            same_trees(
                points,
                LinkageMethod::Average,
                Metric::Spherical,
                |frame, most| {
                    let mut found = Vec::new();
                    averages(frame, most, usize::MAX, &mut found).unwrap();
                    found
                },
            );
        }
    }

    fn same_trees(
        points: Points<'_>,
        method: LinkageMethod,
        metric: Metric,
        merges: impl Fn(&Frame<'_>, usize) -> Vec<Found>,
    ) {
        let n = points.len();
        let linkage = LinkageParams::new(method).metric(metric).build().unwrap();
        let expected = linkage.fit(points).unwrap();
        let close = match method {
            LinkageMethod::Ward => 1e-12,
            _ => 1e-5,
        };
        for most in [n / 2, 60, 2, 1] {
            let frame = Frame::new(Exact::new(points, metric).unwrap());
            let mut found = merges(&frame, most);
            heights::rising(n, &mut found);
            let tree = Dendrogram::from_found(n, found);
            for (a, b) in tree.merges().iter().zip(expected.merges()) {
                let names = (a.left, a.right, a.size) == (b.left, b.right, b.size);
                let near = (a.height - b.height).abs() <= close * b.height.max(1e-6);
                assert!(names && near, "{method:?} {n}, {most}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn equal_points_join_first() {
        let values = [1.0, 2.0].repeat(60);
        let points = Points::new(&values, 1).unwrap();
        let frame = Frame::new(Exact::new(points, Metric::Euclidean).unwrap());
        let mut found = Vec::new();
        let means = Means::new(&frame).reduce::<Ward>(2, usize::MAX, &mut found);
        assert_eq!(means.first_points, [0, 1]);
        assert!(found.iter().all(|merge| merge.height <= 0.0));
    }
}
