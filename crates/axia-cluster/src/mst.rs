//! The minimum spanning tree of all pairs' distances, without a matrix of them.
//!
//! Borůvka's algorithm: in each round every component takes its lightest edge to another one. The
//! points' nearest neighbours are found once, by the blocked comparison of all pairs; as long as the
//! lightest edge of a component is no heavier than anything its points' lists leave out, the lists
//! answer. Where they do not, the points in question are compared with all others, again in blocks. What
//! a point finds then is a lower bound for all later rounds, because components only grow. The largest
//! component of a round need not ask: the others come to it.

use crate::exact::Exact;
use crate::kernel::{Block, Filter, LANES};
use crate::parallel::{map_pieces, threads};
use crate::prepared::to_f32;
use crate::search::{Search, Space};
use crate::sets::Sets;
use crate::{Metric, Nearness};

/// Neighbours in a list beyond those that are asked for.
const MORE: usize = 8;
/// Edges that a point keeps of a comparison with all points, for later rounds.
const KEPT: usize = 8;
/// Points of one piece of work on lists.
const PIECE: usize = 1024;
/// Most rows of a block that is compared with all points.
const BLOCK: usize = 240;
/// How far the rounding of unit vectors may move a distance of two.
const SLACK: f64 = 1e-6;

/// An edge, and what it weighs: a squared distance, or a larger squared core distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) weight: f64,
}

impl Edge {
    fn new(from: usize, to: usize, weight: f64) -> Self {
        Self {
            a: from.min(to),
            b: from.max(to),
            weight,
        }
    }

    /// Of equal weights the edge with the lowest points.
    fn before(&self, other: &Self) -> bool {
        let order = self.weight.total_cmp(&other.weight);
        order
            .then(self.a.cmp(&other.a))
            .then(self.b.cmp(&other.b))
            .is_lt()
    }

    /// Takes the place of what is held if it comes before it.
    fn offer(self, held: &mut Option<Self>) {
        if held.as_ref().is_none_or(|held| self.before(held)) {
            *held = Some(self);
        }
    }
}

/// Points with their nearest neighbours.
pub(crate) struct Graph<'a> {
    exact: &'a Exact<'a>,
    space: Space<'a>,
    filter: Filter,
    /// Neighbours of each list.
    k: usize,
    /// Neighbours with their squared distances, the nearest first.
    lists: Vec<(u32, f64)>,
    /// No point beyond its list is nearer to a point than this (squared).
    reach: Vec<f64>,
}

impl<'a> Graph<'a> {
    /// Points (at least two) with at least `k` neighbours, if there are so many.
    pub(crate) fn new(exact: &'a Exact<'a>, k: usize) -> Result<Self, crate::Error> {
        let n = exact.points.len();
        let (nearness, slack) = match exact.metric {
            Metric::Euclidean => (Nearness::Euclidean, 0.0),
            Metric::Spherical => (Nearness::Cosine, SLACK),
        };
        let space = Space::new(exact.points, nearness)?;
        let k = (k + MORE).min(n - 1);
        let (mut lists, filter) = Search::all(&space, k).squares();
        let mut reach: Vec<f64> = lists
            .chunks_exact(k)
            .map(|list| (list[k - 1].1.sqrt() - slack).max(0.0).powi(2))
            .collect();
        if k == n - 1 {
            reach.fill(f64::INFINITY);
        }
        if exact.metric == Metric::Spherical {
            lists = map_pieces(n, PIECE, |range| {
                let mut part = lists[range.start * k..range.end * k].to_vec();
                for (row, list) in range.zip(part.chunks_exact_mut(k)) {
                    for (other, squared) in list.iter_mut() {
                        *squared = exact.squared(row, *other as usize);
                    }
                    list.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                }
                part
            })
            .concat();
        }
        Ok(Self {
            exact,
            space,
            filter,
            k,
            lists,
            reach,
        })
    }

    fn len(&self) -> usize {
        self.reach.len()
    }

    fn list(&self, row: usize) -> &[(u32, f64)] {
        &self.lists[row * self.k..(row + 1) * self.k]
    }

    /// Squared distance of each point from its `k`-th nearest; 0 with `k` of 0. `k` is at most what the
    /// graph was made for.
    pub(crate) fn cores(&self, k: usize) -> Vec<f64> {
        if k == 0 {
            return vec![0.0; self.len()];
        }
        map_pieces(self.len(), PIECE, |range| {
            range.map(|row| self.core(row, k)).collect::<Vec<f64>>()
        })
        .concat()
    }

    fn core(&self, row: usize, k: usize) -> f64 {
        let core = self.list(row)[k - 1].1;
        if core <= self.reach[row] || core <= 0.0 {
            return core;
        }
        // So many points at one distance that rounding decides which of them are in the list.
        let mut all: Vec<f64> = (0..self.len())
            .filter(|&other| other != row)
            .map(|other| self.exact.squared(row, other))
            .collect();
        *all.select_nth_unstable_by(k - 1, f64::total_cmp).1
    }

    /// Edges of a minimum spanning tree. An edge weighs the largest of the squared distance and the two
    /// points' squared `cores`: mutual reachability (Campello, Moulavi and Sander 2013), or the distance
    /// itself with cores of 0.
    pub(crate) fn spanning_tree(&self, cores: &[f64]) -> Vec<Edge> {
        let n = self.len();
        let mut sets = Sets::new(n);
        let mut edges = Vec::with_capacity(n - 1);
        // The lightest edges that a comparison with all points has found, and what no edge beyond them
        // and the list is lighter than.
        let mut known: Vec<Vec<Edge>> = vec![Vec::new(); n];
        let mut lower = self.reach.clone();
        while edges.len() < n - 1 {
            let of: Vec<u32> = (0..n).map(|row| sets.find(row) as u32).collect();
            let mut largest = 0;
            let mut components = 0;
            for row in 0..n {
                if of[row] as usize == row {
                    components += 1;
                    if sets.size(row) > sets.size(largest) || of[largest] as usize != largest {
                        largest = row;
                    }
                }
            }
            let lightest = map_pieces(n, PIECE, |range| {
                let lightest = |row| self.lightest(row, &known[row], &of, cores);
                range.map(lightest).collect::<Vec<_>>()
            })
            .concat();
            let mut best = vec![None; n];
            for (edge, &root) in lightest.iter().zip(&of) {
                if let Some(edge) = edge {
                    edge.offer(&mut best[root as usize]);
                }
            }
            let limit = |best: &[Option<Edge>], row: usize| {
                best[of[row] as usize].map_or(f64::INFINITY, |edge| edge.weight)
            };
            // Points that may have a lighter edge than their lists know.
            let open: Vec<usize> = (0..n)
                .filter(|&row| of[row] as usize != largest)
                .filter(|&row| lower[row].max(cores[row]) < limit(&best, row))
                .collect();
            let mut is_open = vec![false; n];
            for &row in &open {
                is_open[of[row] as usize] = true;
            }
            let settled = (0..n)
                .filter(|&row| of[row] as usize == row && row != largest && !is_open[row])
                .count();
            if settled * 4 < components - 1 {
                let found = self.search(&open, &of, cores);
                for (edges, &row) in found.into_iter().zip(&open) {
                    lower[row] = match edges.last() {
                        Some(edge) if edges.len() == KEPT => lower[row].max(edge.weight),
                        _ => f64::INFINITY,
                    };
                    if let Some(edge) = edges.first() {
                        edge.offer(&mut best[of[row] as usize]);
                    }
                    known[row] = edges;
                }
                is_open.fill(false);
            }
            for (root, edge) in best.iter().enumerate() {
                if let Some(edge) = edge
                    && root != largest
                    && !is_open[root]
                {
                    let (a, b) = (sets.find(edge.a), sets.find(edge.b));
                    if a != b {
                        sets.join(a, b);
                        edges.push(*edge);
                    }
                }
            }
        }
        edges
    }

    fn edge(&self, (row, other): (usize, usize), squared: f64, cores: &[f64]) -> Edge {
        Edge::new(row, other, squared.max(cores[row]).max(cores[other]))
    }

    /// The lightest edge of a point to another component, of its list and those that it knows.
    fn lightest(&self, row: usize, known: &[Edge], of: &[u32], cores: &[f64]) -> Option<Edge> {
        let mut leaving = known.iter().filter(|edge| of[edge.a] != of[edge.b]);
        let mut best = leaving.next().copied();
        for &(other, squared) in self.list(row) {
            if best.is_some_and(|best| squared > best.weight) {
                break;
            }
            if of[other as usize] != of[row] {
                let pair = (row, other as usize);
                self.edge(pair, squared, cores).offer(&mut best);
            }
        }
        best
    }

    /// The [`KEPT`] lightest edges of each of these points to other components, the lightest first.
    fn search(&self, rows: &[usize], of: &[u32], cores: &[f64]) -> Vec<Vec<Edge>> {
        let size = rows.len().div_ceil(8 * threads()).clamp(12, BLOCK);
        let panels = self.len().div_ceil(LANES);
        map_pieces(rows.len(), size, |range| {
            let rows = &rows[range];
            let mut block = Block::new(self.space.isa(), self.exact.points.dim());
            let offsets: Vec<f32> = (rows.iter())
                .map(|&row| self.space.push(&mut block, row))
                .collect();
            let mut best: Vec<Vec<Edge>> = vec![Vec::new(); rows.len()];
            let mut limits = vec![f64::INFINITY; rows.len()];
            let mut asks = vec![f32::NEG_INFINITY; rows.len()];
            let mut hits = Vec::new();
            for panel in 0..panels {
                hits.clear();
                let columns = [f32::INFINITY; LANES];
                (self.filter).pairs(panel, &block, &offsets, &asks, &columns, &mut hits);
                for hit in &hits {
                    let at = hit.row as usize;
                    let (row, other) = (rows[at], panel * LANES + hit.lane as usize);
                    if of[other] == of[row] || cores[other] > limits[at] {
                        continue;
                    }
                    let squared = self.exact.squared(row, other);
                    let edge = self.edge((row, other), squared, cores);
                    if edge.weight <= limits[at] {
                        let held = &mut best[at];
                        held.insert(held.partition_point(|held| held.before(&edge)), edge);
                        held.truncate(KEPT);
                        if let Some(last) = held.get(KEPT - 1) {
                            limits[at] = last.weight;
                            asks[at] = self.ask(last.weight);
                        }
                    }
                }
            }
            best
        })
        .concat()
    }

    /// A score that every pair within this squared distance reaches.
    fn ask(&self, squared: f64) -> f32 {
        let slack = match self.exact.metric {
            Metric::Euclidean => 0.0,
            Metric::Spherical => SLACK,
        };
        let least = self.space.score((squared.sqrt() + slack).powi(2));
        to_f32(least - 1e-6 * least.abs() - 1e-36).next_down()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Points;
    use crate::init::Stream;

    /// Prim's algorithm on all distances: the weight of the tree, and its edges' weights in order.
    fn plain(exact: &Exact<'_>, cores: &[f64]) -> Vec<f64> {
        let n = cores.len();
        let mut nearest = vec![f64::INFINITY; n];
        let mut left: Vec<usize> = (1..n).collect();
        let (mut newest, mut weights) = (0, Vec::new());
        while !left.is_empty() {
            for &row in &left {
                let squared = exact.squared(newest, row);
                nearest[row] = nearest[row].min(squared.max(cores[row]).max(cores[newest]));
            }
            let by_weight = |a: &&usize, b: &&usize| nearest[**a].total_cmp(&nearest[**b]);
            newest = *left.iter().min_by(by_weight).unwrap();
            left.retain(|&row| row != newest);
            weights.push(nearest[newest]);
        }
        weights.sort_by(f64::total_cmp);
        weights
    }

    #[test]
    fn trees_weigh_as_much_as_prims() {
        for (n, dim, grid, parts) in [
            (2, 3, 0.0, 1),
            (7, 2, 0.0, 1),
            (700, 3, 0.0, 5),
            (900, 2, 4.0, 1),
            (600, 24, 0.0, 9),
            (500, 40, 0.0, 40),
        ] {
            let mut stream = Stream::new(n as u64, 0);
            let middles: Vec<f64> = (0..parts * dim).map(|_| 9.0 * stream.uniform()).collect();
            let values: Vec<f32> = (0..n * dim)
                .map(|i| {
                    let v = stream.uniform() + 0.1 + middles[i / dim % parts * dim + i % dim];
                    to_f32(if grid > 0.0 { (v * grid).round() } else { v })
                })
                .collect();
            let points = Points::new(&values, dim).unwrap();
            for metric in [Metric::Euclidean, Metric::Spherical] {
                let exact = Exact::new(points, metric).unwrap();
                for k in [0, 4, 30] {
                    if k >= n {
                        continue;
                    }
                    let graph = Graph::new(&exact, k).unwrap();
                    let cores = graph.cores(k);
                    for row in (0..n).step_by(97).filter(|_| k > 0) {
                        let mut all: Vec<f64> = (0..n)
                            .filter(|&other| other != row)
                            .map(|other| exact.squared(row, other))
                            .collect();
                        all.sort_by(f64::total_cmp);
                        assert_eq!(cores[row].to_bits(), all[k - 1].to_bits());
                    }
                    let edges = graph.spanning_tree(&cores);
                    assert_eq!(edges.len(), n - 1);
                    let mut sets = Sets::new(n);
                    for edge in &edges {
                        let (a, b) = (sets.find(edge.a), sets.find(edge.b));
                        assert_ne!(a, b);
                        sets.join(a, b);
                    }
                    let mut weights: Vec<f64> = edges.iter().map(|edge| edge.weight).collect();
                    weights.sort_by(f64::total_cmp);
                    assert_eq!(weights, plain(&exact, &cores), "{n} x {dim} {metric:?} {k}");
                }
            }
        }
    }
}
