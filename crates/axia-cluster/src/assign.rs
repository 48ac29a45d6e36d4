//! The nearest centroid of each point, again and again while the centroids move.
//!
//! The label of a point is the centroid of least distance in double precision, the lowest index of
//! equals: a definition that no instruction set and no order of summation can change. Three steps
//! get there without computing most distances:
//!
//! 1. Bounds (Yinyang k-means, Ding et al. 2015, with the panels of the kernel as groups): each
//!    point keeps an upper bound on the distance from its own centroid and, for each panel of
//!    similar centroids, a lower bound on the distance from all others in it. The bounds move with
//!    the centroids; panels that cannot hold a nearer centroid are skipped.
//! 2. A filter: scores in bfloat16 or single precision, with a bound on their error, name the few
//!    centroids of the other panels that may be the nearest ([`Filter`]).
//! 3. Distances: those few are compared in single precision, and what that leaves open in double.
//!
//! Each point is worked on alone, so neither blocks nor threads show in a label.

use std::sync::Mutex;

use crate::groups;
use crate::kernel::{Block, Candidate, Filter, LANES, NOTHING, lower_bounds, scaled_distance};
use crate::kernel::{squared_distance, sum_error};
use crate::parallel::{for_each_piece, for_each_piece_of, threads};
use crate::prepared::{Prepared, to_f32};

/// Most points of a block: as many as the second cache holds beside the panels.
const BLOCK: usize = 256;

/// Distances that are farther than any a filter computes. Keeps bounds finite.
const FAR: f32 = 1e17;

/// Most bytes of points that are kept as the filter reads them. Larger data are moved and rounded
/// again in each round, which costs a tenth of it, and need no memory.
const KEPT: usize = 1 << 27;

/// Points in a row with what is known of them.
struct Part {
    first: usize,
    labels: Vec<u32>,
    /// Upper bound on each point's distance from its centroid.
    own: Vec<f32>,
    /// Lower bound on each point's distance from the other centroids of each panel; panel by panel.
    bounds: Vec<f32>,
    /// All points as the filter reads them, if they are kept.
    kept: Option<Block>,
    moves: Vec<Move>,
}

/// A point that has another label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) point: u32,
    /// [`NOTHING`] if it had none.
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// Labels of all points, kept up to date.
pub(crate) struct Assigner<'a> {
    points: &'a Prepared<'a>,
    k: usize,
    /// Centroids in the order of the panels.
    slots: Vec<u32>,
    /// The panel of each centroid.
    panel_of: Vec<u32>,
    parts: Vec<Part>,
    /// Centroids as the filter sees them, and only scaled.
    moved: Vec<f32>,
    scaled: Vec<f32>,
    scratch: Mutex<Vec<Scratch>>,
    rounds: u32,
    keep: bool,
}

/// What one round works with.
struct Round<'a> {
    points: &'a Prepared<'a>,
    centroids: &'a [f32],
    scaled: &'a [f32],
    filter: Filter,
    slots: &'a [u32],
    panel_of: &'a [u32],
    drift: Vec<f32>,
    panel_drift: Vec<f32>,
    kind: Kind,
    /// Relative error of a distance (not squared) in single precision.
    error: f32,
    /// Absolute error of a squared one, where values underflow.
    tiny: f32,
    keep: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// There are no labels yet.
    First,
    /// There are labels, and no bounds yet.
    Unbounded,
    Bounded,
}

/// Buffers of one thread.
struct Scratch {
    /// The active points, where not all are kept.
    block: Block,
    /// Points of the part whose label may change.
    active: Vec<u32>,
    /// Where each of them is in the block.
    rows: Vec<u32>,
    /// For each row of the block: squared distance from its centroid, infinite before the first
    /// label; a score that is known to be reached; the last candidate.
    exact: Vec<f32>,
    best: Vec<f32>,
    last: Vec<u32>,
    /// Least bound of each point.
    least: Vec<f32>,
    which: Vec<u32>,
    uppers: Vec<f32>,
    found: Vec<Candidate>,
    /// The candidate before each.
    before: Vec<u32>,
    close: Vec<(u32, f32)>,
}

impl<'a> Assigner<'a> {
    /// For `k` centroids; no point has a label yet.
    pub(crate) fn new(points: &'a Prepared<'a>, k: usize) -> Self {
        let n = points.len();
        let size = n.div_ceil(8 * threads()).clamp(48, BLOCK);
        let parts = (0..n)
            .step_by(size)
            .map(|first| {
                let here = size.min(n - first);
                Part {
                    first,
                    labels: vec![0; here],
                    own: vec![f32::INFINITY; here],
                    bounds: Vec::new(),
                    kept: None,
                    moves: Vec::new(),
                }
            })
            .collect();
        Self {
            points,
            k,
            slots: groups::in_order(k),
            panel_of: Vec::new(),
            parts,
            moved: vec![0.0; k * points.dim],
            scaled: vec![0.0; k * points.dim],
            scratch: Mutex::new(Vec::new()),
            rounds: 0,
            keep: false,
        }
    }

    /// As [`new`](Self::new), for more rounds than one: keeps what the filter reads, if it is little.
    pub(crate) fn keeping(points: &'a Prepared<'a>, k: usize) -> Self {
        let size = Block::row_bytes(points.isa, points.dim) * points.len();
        Self {
            keep: size <= KEPT,
            ..Self::new(points, k)
        }
    }

    /// The labels in the order of the points.
    pub(crate) fn labels(&self) -> Vec<u32> {
        let mut labels = Vec::with_capacity(self.points.len());
        for part in &self.parts {
            labels.extend_from_slice(&part.labels);
        }
        labels
    }

    /// Gives a point another label, whatever its nearest centroid.
    pub(crate) fn relabel(&mut self, point: usize, label: u32) {
        let size = self.parts[0].labels.len();
        let part = &mut self.parts[point / size];
        let at = point - part.first;
        part.moves.push(Move {
            point: to_u32(point),
            from: part.labels[at],
            to: label,
        });
        part.labels[at] = label;
        part.own[at] = f32::INFINITY;
        for bounds in part.bounds.chunks_exact_mut(part.labels.len()) {
            bounds[at] = 0.0;
        }
    }

    /// Hands over what moved since the last time, in the order of the points within a round.
    pub(crate) fn take_moves(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        for part in &mut self.parts {
            moves.append(&mut part.moves);
        }
        moves
    }

    /// Finds the nearest centroid of each point; `movements` are the squared distances of the
    /// centroids from those of the last round. Gives the number of labels that changed.
    pub(crate) fn assign(&mut self, centroids: &[f32], movements: &[f64]) -> usize {
        let dim = self.points.dim;
        let isa = self.points.isa;
        let kind = match self.rounds {
            0 => Kind::First,
            1 => Kind::Unbounded,
            _ => Kind::Bounded,
        };
        self.rounds += 1;
        let points = self.points;
        let both = (self.moved.chunks_mut(16 * dim)).zip(self.scaled.chunks_mut(16 * dim));
        let mut both: Vec<(&mut [f32], &mut [f32])> = both.collect();
        for_each_piece_of(centroids.len(), &mut both, 1, |piece, both| {
            let (moved, scaled) = &mut both[0];
            let from = &centroids[piece * 16 * dim..][..moved.len()];
            points.move_rows(from, moved, scaled);
        });
        if kind == Kind::Unbounded {
            // The first update moves centroids so far that nothing would be gained by bounds before.
            self.slots = groups::similar(isa, &self.moved, dim);
        }
        if kind != Kind::Bounded {
            self.panel_of = vec![0; self.k];
            for (slot, &centroid) in self.slots.iter().enumerate() {
                if centroid != NOTHING {
                    self.panel_of[centroid as usize] = panel_of(slot);
                }
            }
        }
        let panels = self.slots.len() / LANES;
        let drift = if kind == Kind::Bounded {
            movements.iter().map(|&m| self.points.drift(m)).collect()
        } else {
            vec![0.0; self.k]
        };
        let mut panel_drift = vec![0.0_f32; panels];
        for (&panel, &drift) in self.panel_of.iter().zip(&drift) {
            let most = &mut panel_drift[panel as usize];
            *most = most.max(drift);
        }
        let round = Round {
            points: self.points,
            centroids,
            scaled: &self.scaled,
            filter: Filter::new(isa, &self.moved, dim, &self.slots),
            slots: &self.slots,
            panel_of: &self.panel_of,
            drift,
            panel_drift,
            kind,
            error: to_f32(sum_error(dim) + 1e-6),
            tiny: to_f32(1e-36 * (dim + 16) as f64),
            keep: self.keep,
        };
        let scratch = &self.scratch;
        let before: usize = self.parts.iter().map(|part| part.moves.len()).sum();
        for_each_piece(&mut self.parts, 1, |_, parts| {
            let held = scratch.lock().ok().and_then(|mut held| held.pop());
            let mut mine = held.unwrap_or_else(|| Scratch::new(&round));
            round.work(&mut parts[0], &mut mine);
            if let Ok(mut held) = scratch.lock() {
                held.push(mine);
            }
        });
        let after: usize = self.parts.iter().map(|part| part.moves.len()).sum();
        after - before
    }
}

/// Labels of all points for these centroids.
pub(crate) fn assign(points: &Prepared<'_>, centroids: &[f32]) -> Vec<u32> {
    let mut assigner = Assigner::new(points, centroids.len() / points.dim);
    assigner.assign(centroids, &[]);
    assigner.labels()
}

#[allow(clippy::cast_possible_truncation)] // there are no more slots than `u32` centroids, rounded up
fn panel_of(slot: usize) -> u32 {
    (slot / LANES) as u32
}

impl Scratch {
    fn new(round: &Round<'_>) -> Self {
        Self {
            block: Block::new(round.points.isa, round.points.dim),
            active: Vec::new(),
            rows: Vec::new(),
            exact: Vec::new(),
            best: Vec::new(),
            last: Vec::new(),
            least: Vec::new(),
            which: Vec::new(),
            uppers: Vec::new(),
            found: Vec::new(),
            before: Vec::new(),
            close: Vec::new(),
        }
    }
}

impl Round<'_> {
    fn work(&self, part: &mut Part, scratch: &mut Scratch) {
        if self.panel_of.len() < 2 {
            if self.kind == Kind::First {
                for (point, &to) in (part.first..).zip(&part.labels) {
                    part.moves.push(Move {
                        point: to_u32(point),
                        from: NOTHING,
                        to,
                    });
                }
            }
            return;
        }
        if self.keep && part.kept.is_none() {
            let mut block = Block::new(self.points.isa, self.points.dim);
            block.reserve(part.labels.len());
            for point in part.first..part.first + part.labels.len() {
                self.push(&mut block, point);
            }
            part.kept = Some(block);
        }
        self.choose_active(part, scratch);
        if scratch.active.is_empty() {
            return;
        }
        self.scan(part, scratch);
        self.settle(part, scratch);
    }

    fn push(&self, block: &mut Block, point: usize) {
        let row = self.points.row(point);
        block.push(row, self.points.scale, &self.points.shift);
    }

    fn panels(&self) -> usize {
        self.slots.len() / LANES
    }

    fn scaled(&self, centroid: u32) -> &[f32] {
        let dim = self.points.dim;
        &self.scaled[centroid as usize * dim..][..dim]
    }

    /// Upper bound on a distance whose square was computed.
    fn above(&self, square: f32) -> f32 {
        (square + self.tiny).sqrt() * (1.0 + self.error)
    }

    /// Lower bound on a distance whose square was computed.
    fn below(&self, square: f32) -> f32 {
        (square - self.tiny).max(0.0).sqrt() * (1.0 - self.error)
    }

    /// Chooses the points whose label may change, and what is known of them before.
    fn choose_active(&self, part: &mut Part, scratch: &mut Scratch) {
        let points = self.points;
        let here = part.labels.len();
        scratch.block.clear();
        scratch.active.clear();
        scratch.rows.clear();
        scratch.least.clear();
        scratch.least.resize(here, f32::INFINITY);
        match self.kind {
            Kind::First => {}
            Kind::Unbounded => {
                part.bounds = vec![0.0; here * self.panels()];
                scratch.least.fill(f32::NEG_INFINITY);
            }
            Kind::Bounded => {
                let bounds = part.bounds.chunks_exact_mut(here);
                for (bounds, &drift) in bounds.zip(&self.panel_drift) {
                    lower_bounds(points.isa, bounds, drift, &mut scratch.least);
                }
            }
        }
        scratch.exact.clear();
        scratch.exact.resize(here, f32::INFINITY);
        scratch.best.clear();
        scratch.best.resize(here, f32::NEG_INFINITY);
        for (at, &label) in (0_u32..).zip(&part.labels) {
            let index = at as usize;
            let mut exact = f32::INFINITY;
            if self.kind != Kind::First {
                let own = &mut part.own[index];
                *own += self.drift[label as usize];
                if *own < scratch.least[index] {
                    continue;
                }
                let row = points.row(part.first + index);
                exact = scaled_distance(points.isa, row, points.scale, self.scaled(label));
                *own = self.above(exact);
                if *own < scratch.least[index] {
                    continue;
                }
            }
            let row = if self.keep {
                at
            } else {
                self.push(&mut scratch.block, part.first + index);
                to_u32(scratch.active.len())
            };
            scratch.active.push(at);
            scratch.rows.push(row);
            let block = part.kept.as_ref().unwrap_or(&scratch.block);
            let square = block.marks(row as usize).square;
            // What the own centroid's score is at least; minus infinity without a label.
            let score = (square - exact * (1.0 + 2.0 * self.error) - self.tiny) / 2.0;
            scratch.exact[row as usize] = exact;
            scratch.best[row as usize] = score - 1e-6 * square;
        }
    }

    /// Scores the active points with the panels that their bounds leave, and renews those bounds.
    fn scan(&self, part: &mut Part, scratch: &mut Scratch) {
        let here = part.labels.len();
        let Scratch {
            block,
            active,
            rows,
            best,
            which,
            uppers,
            found,
            ..
        } = scratch;
        let block = part.kept.as_ref().unwrap_or(block);
        best.truncate(block.len());
        found.clear();
        for panel in 0..self.panels() {
            which.clear();
            let bounds = if self.kind == Kind::First {
                which.extend_from_slice(rows);
                &mut []
            } else {
                &mut part.bounds[panel * here..(panel + 1) * here]
            };
            if self.kind == Kind::Bounded {
                for (&row, &at) in rows.iter().zip(active.iter()) {
                    if bounds[at as usize] <= part.own[at as usize] {
                        which.push(row);
                    }
                }
            } else if self.kind == Kind::Unbounded {
                which.extend_from_slice(rows);
            }
            uppers.clear();
            uppers.resize(which.len(), 0.0);
            self.filter.scan(panel, block, which, best, uppers, found);
            if self.kind != Kind::First {
                for (&row, &upper) in which.iter().zip(uppers.iter()) {
                    let at = if self.keep { row } else { active[row as usize] };
                    let square = block.marks(row as usize).square;
                    bounds[at as usize] = farther(square, upper);
                }
            }
        }
    }

    /// Decides between the candidates.
    fn settle(&self, part: &mut Part, scratch: &mut Scratch) {
        let here = part.labels.len();
        let bounded = self.kind != Kind::First;
        let Scratch {
            block,
            active,
            rows,
            exact,
            best,
            last,
            found,
            before,
            close,
            ..
        } = scratch;
        let block = part.kept.as_ref().unwrap_or(block);
        last.clear();
        last.resize(block.len(), NOTHING);
        before.clear();
        for (at, candidate) in (0_u32..).zip(found.iter()) {
            before.push(std::mem::replace(&mut last[candidate.row as usize], at));
        }
        for (&row, &at) in rows.iter().zip(active.iter()) {
            let (row, at) = (row as usize, at as usize);
            let point = part.first + at;
            let label = part.labels[at];
            close.clear();
            if bounded {
                close.push((label, exact[row]));
            }
            let mut next = last[row];
            while next != NOTHING {
                let candidate = found[next as usize];
                next = before[next as usize];
                let centroid = self.slots[candidate.slot as usize];
                if candidate.upper < best[row] {
                    let panel = panel_of(candidate.slot as usize) as usize;
                    if let Some(bound) = part.bounds.get_mut(panel * here + at) {
                        *bound = bound.min(farther(block.marks(row).square, candidate.upper));
                    }
                } else if !(bounded && centroid == label) {
                    let square = scaled_distance(
                        self.points.isa,
                        self.points.row(point),
                        self.points.scale,
                        self.scaled(centroid),
                    );
                    close.push((centroid, square));
                }
            }
            let (winner, square) = self.nearest(point, close);
            for &(centroid, square) in close.iter() {
                let panel = self.panel_of[centroid as usize] as usize;
                if centroid != winner
                    && let Some(bound) = part.bounds.get_mut(panel * here + at)
                {
                    *bound = bound.min(self.below(square));
                }
            }
            part.own[at] = self.above(square);
            if winner != label || !bounded {
                part.moves.push(Move {
                    point: to_u32(point),
                    from: if bounded { label } else { NOTHING },
                    to: winner,
                });
            }
            part.labels[at] = winner;
        }
    }

    /// The nearest of the centroids in `close`, and its squared distance in single precision. If
    /// there is none, or distances overflowed, all centroids are compared.
    fn nearest(&self, index: usize, close: &[(u32, f32)]) -> (u32, f32) {
        let least = close.iter().fold(f32::INFINITY, |m, &(_, s)| m.min(s));
        let limit = least * (1.0 + 4.0 * self.error) + 2.0 * self.tiny;
        if !limit.is_finite() {
            let all = 0..to_u32(self.panel_of.len());
            return (self.nearest_exactly(index, all), f32::INFINITY);
        }
        let mut open = close.iter().filter(|(_, square)| *square <= limit);
        match (open.next(), open.next()) {
            (Some(&only), None) => only,
            _ => {
                let open = || close.iter().filter(|(_, square)| *square <= limit);
                let winner = self.nearest_exactly(index, open().map(|&(centroid, _)| centroid));
                // The largest of the squares that could be the winner's.
                (winner, open().fold(0.0, |m, &(_, s)| m.max(s)))
            }
        }
    }

    fn nearest_exactly(&self, index: usize, centroids: impl Iterator<Item = u32>) -> u32 {
        let dim = self.points.dim;
        let mut best = (0, f64::INFINITY);
        for centroid in centroids {
            let other = &self.centroids[centroid as usize * dim..][..dim];
            let distance = squared_distance(self.points.isa, self.points.row(index), other);
            if distance < best.1 || (distance <= best.1 && centroid < best.0) {
                best = (centroid, distance);
            }
        }
        best.0
    }
}

#[allow(clippy::cast_possible_truncation)] // there are at most `u32::MAX` points and centroids
fn to_u32(count: usize) -> u32 {
    count as u32
}

/// Lower bound on the distance of a row from columns whose score is at most `upper`.
fn farther(square: f32, upper: f32) -> f32 {
    ((square - 2.0 * upper).max(0.0).sqrt() * (1.0 - 1e-6)).min(FAR)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::init::Stream;
    use crate::kernel::Isa;
    use crate::{Metric, Points};

    fn naive(points: &Prepared<'_>, centroids: &[f32]) -> Vec<u32> {
        (0..points.len())
            .map(|index| {
                let mut best = (0, f64::INFINITY);
                for (j, centroid) in (0_u32..).zip(centroids.chunks_exact(points.dim)) {
                    let distance = crate::prepared::squared_distance(points.row(index), centroid);
                    if distance < best.1 {
                        best = (j, distance);
                    }
                }
                best.0
            })
            .collect()
    }

    /// Centroids that move for a dozen rounds, now a little, now far, some onto each other, some out
    /// of reach: after each round every instruction set has the labels of the plain comparison.
    #[test]
    fn labels_stay_exact_on_every_instruction_set_while_centroids_move() {
        for (n, k, dim, grid, offset) in [
            (300, 5, 3, 0.0, 0.0),
            (420, 40, 17, 0.0, 3.0),
            (500, 100, 33, 0.0, 0.0),
            (300, 70, 2, 4.0, 0.0),
            (200, 33, 64, 2.0, 1000.0),
        ] {
            let mut stream = Stream::new(n as u64, 0);
            // On a grid distances tie often.
            let mut value = move || {
                let v = 2.0 * stream.uniform() - 1.0;
                to_f32(if grid > 0.0 { (v * grid).round() } else { v } + offset)
            };
            let values: Vec<f32> = (0..n * dim).map(|_| value()).collect();
            let start: Vec<f32> = (0..k * dim).map(|_| value()).collect();
            for isa in Isa::available() {
                let points = Points::new(&values, dim).unwrap();
                let points = Prepared::with_isa(points, Metric::Euclidean, isa).unwrap();
                for keep in [true, false] {
                    let mut assigner = Assigner::new(&points, k);
                    assigner.keep = keep;
                    let mut centroids = start.clone();
                    let mut before = centroids.clone();
                    let mut labels = vec![0; n];
                    let mut stream = Stream::new(7, 1);
                    for round in 0..12 {
                        let changed =
                            assigner.assign(&centroids, &points.movements(&before, &centroids));
                        let found = assigner.labels();
                        assert_eq!(found, naive(&points, &centroids), "{isa:?} {dim} {round}");
                        let differ = found.iter().zip(&labels).filter(|(a, b)| a != b).count();
                        assert_eq!(changed, if round == 0 { n } else { differ });
                        for step in assigner.take_moves() {
                            let label = &mut labels[step.point as usize];
                            assert!(round == 0 || step.from == *label);
                            *label = step.to;
                        }
                        assert_eq!(labels, found);
                        if round % 3 == 0 {
                            assigner.relabel(round, 1);
                            assigner.take_moves();
                            labels[round] = 1;
                        }
                        before.clone_from(&centroids);
                        let step = [0.3, 0.01, 0.0, 0.001][round % 4];
                        for v in &mut centroids {
                            *v += to_f32(step * (stream.uniform() - 0.5));
                        }
                        if round == 5 {
                            let (first, rest) = centroids.split_at_mut(dim);
                            first.copy_from_slice(&rest[..dim]);
                            rest[2 * dim..3 * dim].fill(1e30);
                        }
                        if round == 8 {
                            centroids[3 * dim..4 * dim].fill(to_f32(offset));
                        }
                    }
                }
            }
        }
    }
}
