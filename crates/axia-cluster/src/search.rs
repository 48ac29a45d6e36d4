//! The comparison of all points with all others behind the neighbours.
//!
//! In tiles: scores in bfloat16 or single precision with a bound on their error, each pair once. A
//! pair is kept while it may be among the nearest of one of its two; what is left in the end is
//! compared in double precision. So the result is that of the plain comparison, ties to the lower
//! index, on any processor and any number of threads.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::kernel::{Block, Filter, Hit, Isa, LANES};
use crate::parallel::{for_each_piece, map_pieces};
use crate::prepared::{Prepared, to_f32};
use crate::{Metric, Nearness, Points};

/// Points of a block: eight panels.
const BLOCK: usize = 256;

/// For as many rows, laying out the columns for the tiles takes longer than all distances.
pub(crate) const FEW: usize = 6;

/// Columns of one piece when all distances are worked out.
const PIECE: usize = 1024;

/// The neighbours of a few rows, from all distances.
pub(crate) fn compare_all(rows: &Space<'_>, columns: &Space<'_>, k: usize) -> Vec<(u32, f64)> {
    let mut found = Vec::with_capacity(rows.len() * k);
    for row in 0..rows.len() {
        let mut nearest = map_pieces(columns.len(), PIECE, |range| {
            let near = |column| (rows.exact(row, columns, column), to_u32(column));
            nearest_of(range.map(near).collect(), k)
        });
        let nearest = nearest_of(nearest.drain(..).flatten().collect(), k);
        found.extend(
            nearest
                .into_iter()
                .map(|(exact, index)| (index, rows.value(exact))),
        );
    }
    found
}

/// The `k` nearest, the lower index of equals.
fn nearest_of(mut near: Vec<(f64, u32)>, k: usize) -> Vec<(f64, u32)> {
    let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if near.len() > k {
        near.select_nth_unstable_by(k, order);
        near.truncate(k);
    }
    near.sort_by(order);
    near
}

/// Points in the frame of their scores. The score of a pair is `-|x - y|²/2` of the moved and scaled
/// rows, or their inner product: the larger, the nearer, and the same from both ends.
pub(crate) struct Space<'a> {
    nearness: Nearness,
    points: Prepared<'a>,
}

impl<'a> Space<'a> {
    pub(crate) fn new(points: Points<'a>, nearness: Nearness) -> Result<Self, Error> {
        if u32::try_from(points.len()).is_err() {
            return Err(Error::parameter(
                "number of points",
                "at most 4294967295",
                points.len(),
            ));
        }
        let mut points = Prepared::new(points, metric_of(nearness))?;
        if nearness == Nearness::InnerProduct {
            // Inner products are not the same around another origin.
            points.shift.fill(0.0);
        }
        Ok(Self { nearness, points })
    }

    /// Others, both brought into one frame.
    pub(crate) fn queries<'q>(&mut self, queries: Points<'q>) -> Result<Space<'q>, Error> {
        let mut points = Prepared::new(queries, metric_of(self.nearness))?;
        if points.scale < self.points.scale {
            let less = points.scale / self.points.scale;
            self.points.shift.iter_mut().for_each(|v| *v *= less);
            self.points.scale = points.scale;
        }
        points.shift.clone_from(&self.points.shift);
        points.scale = self.points.scale;
        Ok(Space {
            nearness: self.nearness,
            points,
        })
    }

    #[cfg(test)]
    fn with_isa(mut self, isa: Isa) -> Self {
        self.points.isa = isa;
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn isa(&self) -> Isa {
        self.points.isa
    }

    /// Appends a row to the block, and gives what its scores lack.
    pub(crate) fn push(&self, block: &mut Block, row: usize) -> f32 {
        let points = &self.points;
        let square = block.push(points.row(row), points.scale, &points.shift);
        self.offset(square)
    }

    /// What the filter's score of a row lacks to be the pair's.
    fn offset(&self, square: f32) -> f32 {
        match self.nearness {
            Nearness::InnerProduct => 0.0,
            _ => square / 2.0,
        }
    }

    pub(crate) fn filter(&self) -> Filter {
        let (isa, dim) = (self.points.isa, self.points.dim);
        let halves_off = self.nearness != Nearness::InnerProduct;
        Filter::with(isa, dim, self.len(), halves_off, |index, out| {
            self.points.move_row(self.points.row(index), out);
            true
        })
    }

    /// What a score stands for and what decides: the smaller, the nearer.
    pub(crate) fn exact(&self, index: usize, other: &Space<'_>, at: usize) -> f64 {
        let (a, b) = (self.points.row(index), other.points.row(at));
        match self.nearness {
            Nearness::InnerProduct => -crate::kernel::inner_product(self.points.isa, a, b),
            _ => crate::kernel::squared_distance(self.points.isa, a, b),
        }
    }

    /// The score of a pair from what decides.
    pub(crate) fn score(&self, exact: f64) -> f64 {
        let scale = f64::from(self.points.scale);
        match self.nearness {
            Nearness::InnerProduct => -exact * scale * scale,
            _ => -exact * scale * scale / 2.0,
        }
    }

    /// The score of a pair at this distance.
    pub(crate) fn score_of(&self, value: f64) -> f64 {
        match self.nearness {
            Nearness::Euclidean => self.score(value * value),
            Nearness::Cosine => self.score(2.0 * value),
            Nearness::InnerProduct => self.score(-value),
        }
    }

    pub(crate) fn value(&self, exact: f64) -> f64 {
        match self.nearness {
            Nearness::Euclidean => exact.sqrt(),
            Nearness::Cosine => exact / 2.0,
            Nearness::InnerProduct => -exact,
        }
    }
}

fn metric_of(nearness: Nearness) -> Metric {
    match nearness {
        Nearness::Cosine => Metric::Spherical,
        _ => Metric::Euclidean,
    }
}

/// A point that may be a neighbour.
#[derive(Clone, Copy)]
struct Near {
    index: u32,
    lower: f32,
    upper: f32,
}

/// What is known of the neighbours of one point.
struct Best {
    near: Vec<Near>,
    /// A score that `k` others are known to reach.
    ask: f32,
}

pub(crate) struct Search<'a> {
    rows: &'a Space<'a>,
    columns: &'a Space<'a>,
    /// Rows and columns are the same points.
    same: bool,
    k: usize,
    filter: Filter,
    best: Vec<Mutex<Vec<Best>>>,
}

impl<'a> Search<'a> {
    pub(crate) fn all(points: &'a Space<'a>, k: usize) -> Self {
        Self::new(points, points, true, k)
    }

    pub(crate) fn of(queries: &'a Space<'a>, points: &'a Space<'a>, k: usize) -> Self {
        Self::new(queries, points, false, k)
    }

    fn new(rows: &'a Space<'a>, columns: &'a Space<'a>, same: bool, k: usize) -> Self {
        let best = (0..rows.len())
            .step_by(BLOCK)
            .map(|first| {
                let here = BLOCK.min(rows.len() - first);
                let of = |_| Best {
                    near: Vec::new(),
                    ask: f32::NEG_INFINITY,
                };
                Mutex::new((0..here).map(of).collect())
            })
            .collect();
        Self {
            rows,
            columns,
            same,
            k,
            filter: columns.filter(),
            best,
        }
    }

    /// The neighbours of each row, the nearest first, with what their nearness is called by.
    pub(crate) fn run(self) -> Vec<(u32, f64)> {
        self.found(|exact| self.rows.value(exact))
    }

    /// The neighbours of each row with their squared distances, and the filter of the columns.
    pub(crate) fn squares(self) -> (Vec<(u32, f64)>, Filter) {
        (self.found(|exact| exact), self.filter)
    }

    fn found(&self, value: impl Fn(f64) -> f64 + Sync + Send) -> Vec<(u32, f64)> {
        let blocks = self.best.len();
        // Long tasks first, so that the threads end together.
        let mut tasks: Vec<usize> = (0..blocks).collect();
        let columns = self.columns.len().div_ceil(BLOCK);
        if self.same {
            // Each block with itself first: a point that knows no neighbour yet would take in whole blocks.
            for_each_piece(&mut tasks, 1, |_, task| {
                self.compare_block(task[0], task[0]..task[0] + 1);
            });
        }
        for_each_piece(&mut tasks, 1, |_, task| {
            let from = if self.same { task[0] + 1 } else { 0 };
            self.compare_block(task[0], from..columns);
        });
        let mut found = vec![(0, 0.0); self.rows.len() * self.k];
        for_each_piece(&mut found, BLOCK * self.k, |first, found| {
            let block = first / (BLOCK * self.k);
            let mut best = lock(&self.best[block]);
            for (at, (best, found)) in best
                .iter_mut()
                .zip(found.chunks_exact_mut(self.k))
                .enumerate()
            {
                let row = block * BLOCK + at;
                self.tighten(best);
                let sorted = self.sorted(row, &best.near);
                for (found, (exact, index)) in found.iter_mut().zip(sorted) {
                    *found = (index, value(exact));
                }
                *best = Best {
                    near: Vec::new(),
                    ask: best.ask,
                };
            }
        });
        found
    }

    /// These neighbours of a row by what decides, the nearest first.
    fn sorted(&self, row: usize, near: &[Near]) -> Vec<(f64, u32)> {
        let mut exact: Vec<(f64, u32)> = near
            .iter()
            .map(|near| {
                let exact = self.rows.exact(row, self.columns, near.index as usize);
                (exact, near.index)
            })
            .collect();
        exact.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        exact
    }

    /// Compares a block of rows with blocks of columns. Where rows and columns are the same, these learn from
    /// it, too, and do not compare themselves with it.
    fn compare_block(&self, block: usize, others: Range<usize>) {
        if others.is_empty() {
            return;
        }
        let points = &self.rows.points;
        let first = block * BLOCK;
        let rows = first..points.len().min(first + BLOCK);
        let mut filtered = Block::new(points.isa, points.dim);
        let mut offsets = Vec::with_capacity(BLOCK);
        for row in rows.clone() {
            offsets.push(self.rows.push(&mut filtered, row));
        }
        let columns = self.columns.len();
        let (mut row_asks, mut hits) = (vec![0.0; rows.len()], Vec::new());
        for other in others {
            let both = self.same && other != block;
            let mut column_asks = [f32::INFINITY; BLOCK];
            if both {
                for (ask, best) in column_asks.iter_mut().zip(&*lock(&self.best[other])) {
                    *ask = best.ask;
                }
            }
            for (ask, best) in row_asks.iter_mut().zip(&*lock(&self.best[block])) {
                *ask = best.ask;
            }
            let first_panel = other * (BLOCK / LANES);
            let last_panel = columns.div_ceil(LANES).min(first_panel + BLOCK / LANES);
            for panel in first_panel..last_panel {
                let (asks, _) = column_asks[(panel - first_panel) * LANES..].as_chunks::<LANES>();
                hits.clear();
                self.filter
                    .pairs(panel, &filtered, &offsets, &row_asks, &asks[0], &mut hits);
                if hits.is_empty() {
                    continue;
                }
                {
                    let mut best = lock(&self.best[block]);
                    for hit in &hits {
                        let row = first + hit.row as usize;
                        let column = panel * LANES + hit.lane as usize;
                        if !self.same || row != column {
                            self.offer(row, &mut best[hit.row as usize], column, hit);
                        }
                    }
                    for (ask, best) in row_asks.iter_mut().zip(&*best) {
                        *ask = best.ask;
                    }
                }
                if both {
                    let mut best = lock(&self.best[other]);
                    for hit in &hits {
                        let at = (panel - first_panel) * LANES + hit.lane as usize;
                        let column = other * BLOCK + at;
                        self.offer(column, &mut best[at], first + hit.row as usize, hit);
                    }
                }
            }
        }
    }

    /// Takes a pair into the list of one of its two, if it may belong there.
    fn offer(&self, row: usize, best: &mut Best, column: usize, hit: &Hit) {
        let (lower, upper) = (hit.score - hit.error, hit.score + hit.error);
        if upper < best.ask {
            return;
        }
        let room = 3 * self.k + 16;
        best.near.push(Near {
            index: to_u32(column),
            lower,
            upper,
        });
        if best.near.len().is_multiple_of(room) {
            self.raise(row, best, room);
        }
    }

    /// Raises what a row asks for to the `k`-th best lower bound, and drops what falls short.
    fn tighten(&self, best: &mut Best) {
        let by_lower = |a: &Near, b: &Near| b.lower.total_cmp(&a.lower);
        let (_, kth, _) = best.near.select_nth_unstable_by(self.k - 1, by_lower);
        best.ask = best.ask.max(kth.lower);
        let ask = best.ask;
        best.near.retain(|near| near.upper >= ask);
    }

    /// Keeps a list short.
    fn raise(&self, row: usize, best: &mut Best, room: usize) {
        self.tighten(best);
        if best.near.len() < 2 * room {
            return;
        }
        // Too near each other for the filter: decide, and keep the `k` nearest alone.
        let mut sorted = self.sorted(row, &best.near);
        sorted.truncate(self.k);
        best.near.clear();
        for (exact, index) in sorted {
            let score = self.rows.score(exact);
            let slack = 1e-6 * score.abs() + 1e-36;
            best.near.push(Near {
                index,
                lower: to_f32(score - slack).next_down(),
                upper: to_f32(score + slack).next_up(),
            });
        }
        if let Some(last) = best.near.last() {
            best.ask = best.ask.max(last.lower);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked ends the whole search, so what it left behind is never read.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    const ALL: [Nearness; 3] = [
        Nearness::Euclidean,
        Nearness::Cosine,
        Nearness::InnerProduct,
    ];

    /// Uniform values, or ones on a coarse grid, where distances tie often.
    fn values(n: usize, seed: u64, grid: Option<f64>) -> Vec<f32> {
        let mut stream = Stream::new(seed, 0);
        (0..n)
            .map(|_| {
                let v = 2.0 * stream.uniform() - 1.0;
                to_f32(grid.map_or(v, |grid| (v * grid).round() + 5.0))
            })
            .collect()
    }

    fn plain(rows: &Space<'_>, columns: &Space<'_>, same: bool, k: usize) -> Vec<(u32, f64)> {
        let mut found = Vec::new();
        for row in 0..rows.len() {
            let mut all: Vec<(f64, u32)> = (0..columns.len())
                .filter(|&column| !same || row != column)
                .map(|column| (rows.exact(row, columns, column), to_u32(column)))
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let best = all.into_iter().take(k);
            found.extend(best.map(|(exact, index)| (index, rows.value(exact))));
        }
        found
    }

    #[test]
    fn all_neighbours_are_the_plain_ones_on_every_instruction_set() {
        for (n, dim, k, grid) in [
            (600, 5, 3, None),
            (300, 40, 17, None),
            (900, 2, 4, Some(2.0)),
            (33, 7, 32, None),
            (290, 33, 1, Some(1.0)),
        ] {
            let values = values(n * dim, n as u64, grid);
            let points = Points::new(&values, dim).unwrap();
            for nearness in ALL {
                for isa in Isa::available() {
                    let space = Space::new(points, nearness).unwrap().with_isa(isa);
                    let found = Search::all(&space, k).run();
                    let expected = plain(&space, &space, true, k);
                    assert_eq!(found, expected, "{isa:?} {nearness:?} {n} x {dim}");
                }
            }
        }
    }

    #[test]
    fn queries_have_the_plain_neighbours_at_any_scale() {
        for (scale, grid) in [(1.0, None), (1e-30, None), (1e18, None), (1.0, Some(2.0))] {
            let (n, dim, k) = (500, 12, 6);
            let scaled = |values: Vec<f32>, by: f32| -> Vec<f32> {
                values.into_iter().map(|v| v * by).collect()
            };
            let rows = scaled(values(40 * dim, 1, grid), scale * 8.0);
            let columns = scaled(values(n * dim, 2, grid), scale);
            for nearness in ALL {
                let points = Points::new(&columns, dim).unwrap();
                let mut space = Space::new(points, nearness).unwrap();
                let queries = space.queries(Points::new(&rows, dim).unwrap()).unwrap();
                let found = Search::of(&queries, &space, k).run();
                assert_eq!(compare_all(&queries, &space, k), found);
                assert_eq!(
                    found,
                    plain(&queries, &space, false, k),
                    "{scale} {nearness:?}"
                );
            }
        }
    }
}
