//! The nearest centroid of each point, again and again while the centroids move.
//!
//! The label of a point is the centroid of least distance in double precision, the lowest index of
//! equals: a definition that no instruction set and no order of summation can change. Three steps
//! get there without computing most distances:
//!
//! 1. Bounds (Elkan 2003): each point keeps an upper bound on the distance from its own centroid and
//!    a lower bound on that from each other, in a byte, or from small groups of similar ones where
//!    that would be too many bytes ([`Clocks`]). The bounds move with the centroids; those that cannot
//!    be nearer are skipped.
//! 2. A filter: scores of bytes, bfloat16 or single precision, with a bound on their error, name the
//!    few of the other centroids that may be the nearest ([`Filter`]). Bytes are left for bfloat16 when
//!    they name too many. Where much of a panel is to be scored it is scored as a whole, with many
//!    points at once; what is left is scored one by one.
//! 3. Distances: those few are compared in single precision, and what that leaves open in double.
//!
//! Each point is worked on alone, so neither blocks nor threads show in a label.

use std::ops::Range;
use std::sync::Mutex;

use crate::bounds::Clocks;
use crate::groups;
use crate::kernel::{Block, Filter, Form, NOTHING, sum_error};
use crate::parallel::{for_each_piece, for_each_piece_of, threads};
use crate::prepared::{Prepared, to_f32};

mod round;

use self::round::{Kind, Round, Scratch};

/// Most points of a block: as many as the second cache holds beside the panels.
const BLOCK: usize = 256;

/// Distances that are farther than any a filter computes. Keeps bounds finite.
const FAR: f32 = 1e17;

/// Most bytes of points that are kept as the filter reads them. Larger data are moved and rounded
/// again in each round, which costs a tenth of it, and need no memory.
const KEPT: usize = 1 << 27;

/// Fewer points than this are not worth a tile.
const FEW: usize = 4;

/// Points in a row with what is known of them.
struct Part {
    first: usize,
    labels: Vec<u32>,
    /// Upper bound on each point's distance from its centroid.
    own: Vec<f32>,
    /// What the codes of each point count from.
    base: Vec<f32>,
    /// Lower bounds on each point's distance from the other centroids of each group; point by point.
    codes: Vec<u8>,
    /// All points as the filter reads them, if they are kept.
    kept: Option<Block>,
    /// Most of the points were active in the last round: it is not worth a look whether they are
    /// before their distance from the own centroid is known.
    lively: bool,
    /// Distances that were compared in the last round.
    compared: usize,
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
    /// Centroids in the order of the panels, and the place of each.
    slots: Vec<u32>,
    slot_of: Vec<u32>,
    clocks: Clocks,
    parts: Vec<Part>,
    /// Centroids as the filter sees them, and only scaled.
    moved: Vec<f32>,
    scaled: Vec<f32>,
    scratch: Mutex<Vec<Scratch>>,
    rounds: u32,
    /// What the filter reads.
    form: Form,
    keep: bool,
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
                    base: Vec::new(),
                    codes: Vec::new(),
                    kept: None,
                    lively: false,
                    compared: 0,
                    moves: Vec::new(),
                }
            })
            .collect();
        Self {
            points,
            k,
            slots: groups::in_order(k),
            slot_of: Vec::new(),
            clocks: Clocks::new(n, k, points.dim),
            parts,
            moved: vec![0.0; k * points.dim],
            scaled: vec![0.0; k * points.dim],
            scratch: Mutex::new(Vec::new()),
            rounds: 0,
            form: points.isa.coarsest_form(points.dim),
            keep: false,
        }
    }

    /// As [`new`](Self::new), for more rounds than one: keeps what the filter reads, if it is little.
    pub(crate) fn keeping(points: &'a Prepared<'a>, k: usize) -> Self {
        let new = Self::new(points, k);
        let size = Block::row_bytes(new.form, points.dim) * points.len();
        Self {
            keep: size <= KEPT,
            ..new
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
        let width = self.clocks.width;
        if let Some(codes) = part.codes.get_mut(at * width..(at + 1) * width) {
            codes.copy_from_slice(&self.clocks.now);
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

    /// The mean distance of the points from their centroids, of those that it is known of: a point
    /// that was given to an empty cluster would drown all others.
    fn typical(&self) -> f64 {
        let own = self.parts.iter().flat_map(|part| &part.own);
        let known = own.filter(|&&own| own < FAR);
        let (sum, count) = known.fold((0.0, 0.0), |(sum, count), &own| {
            (sum + f64::from(own), count + 1.0)
        });
        sum / f64::max(count, 1.0)
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
            self.slots = groups::similar(isa, &self.moved, dim, self.clocks.share);
            self.clocks.set_unit(self.typical());
        }
        if kind != Kind::Bounded {
            self.slot_of = vec![0; self.k];
            for (slot, &centroid) in (0_u32..).zip(&self.slots) {
                if centroid != NOTHING {
                    self.slot_of[centroid as usize] = slot;
                }
            }
        }
        let drift: Vec<f32> = if kind == Kind::Bounded {
            movements.iter().map(|&m| self.points.drift(m)).collect()
        } else {
            vec![0.0; self.k]
        };
        self.clocks.advance(&self.slots, &drift);
        let before: usize = self.parts.iter().map(|part| part.moves.len()).sum();
        let first = usize::from(kind == Kind::First).min(self.parts.len());
        // One part tells what the others should be read as.
        self.round(centroids, &drift, kind, 0..first);
        self.choose_form(0..first);
        self.round(centroids, &drift, kind, first..self.parts.len());
        self.choose_form(0..self.parts.len());
        let after: usize = self.parts.iter().map(|part| part.moves.len()).sum();
        after - before
    }

    /// Works on some of the parts.
    fn round(&mut self, centroids: &[f32], drift: &[f32], kind: Kind, parts: Range<usize>) {
        if parts.is_empty() {
            return;
        }
        let (points, dim) = (self.points, self.points.dim);
        let round = Round {
            points,
            centroids,
            scaled: &self.scaled,
            filter: Filter::new(points.isa, self.form, &self.moved, dim, &self.slots),
            form: self.form,
            slots: &self.slots,
            slot_of: &self.slot_of,
            clocks: &self.clocks,
            drift,
            kind,
            error: to_f32(sum_error(dim) + 1e-6),
            tiny: to_f32(1e-36 * (dim + 16) as f64),
            keep: self.keep,
            dense: dense_from(self.form.depth(dim)),
        };
        let scratch = &self.scratch;
        for_each_piece(&mut self.parts[parts], 1, |_, parts| {
            let held = scratch.lock().ok().and_then(|mut held| held.pop());
            let mut mine = held.unwrap_or_else(|| Scratch::new(&round));
            round.work(&mut parts[0], &mut mine);
            if let Ok(mut held) = scratch.lock() {
                held.push(mine);
            }
        });
    }

    /// Takes the form that rounds less if these parts compared too many distances in the last round.
    /// No label depends on it.
    fn choose_form(&mut self, parts: Range<usize>) {
        let (isa, dim) = (self.points.isa, self.points.dim);
        if self.form == isa.form() {
            return;
        }
        let parts = &self.parts[parts];
        let compared: usize = parts.iter().map(|part| part.compared).sum();
        let here: usize = parts.iter().map(|part| part.labels.len()).sum();
        // Bytes save about as much on so many scores as one distance takes.
        if compared > here + here / 2 + here * self.k / 64 {
            self.form = isa.form();
            self.keep &= Block::row_bytes(self.form, dim) * self.points.len() <= KEPT;
            for part in &mut self.parts {
                part.kept = None;
            }
            if let Ok(mut held) = self.scratch.lock() {
                held.clear();
            }
        }
    }
}

/// Labels of all points for these centroids.
pub(crate) fn assign(points: &Prepared<'_>, centroids: &[f32]) -> Vec<u32> {
    let mut assigner = Assigner::new(points, centroids.len() / points.dim);
    assigner.assign(centroids, &[]);
    assigner.labels()
}

/// How many scores one by one take as long as a row of a panel's tile, which is two steps for each
/// word of `depth`; a score is a quarter of a step, most of it waiting for its column.
fn dense_from(depth: usize) -> u32 {
    to_u32((2 * depth + 60) / (depth / 4 + 26))
}

#[allow(clippy::cast_possible_truncation)] // there are at most `u32::MAX` points and centroids
fn to_u32(count: usize) -> u32 {
    count as u32
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

    /// Centroids that move for a dozen rounds or more, now a little, now far, some onto each other, some out
    /// of reach: after each round every instruction set has the labels of the plain comparison.
    #[test]
    fn labels_stay_exact_on_every_instruction_set_while_centroids_move() {
        // Many rounds bring the clocks of the bounds round.
        for (n, k, dim, grid, offset, rounds) in [
            (300, 5, 3, 0.0, 0.0, 60),
            (420, 40, 17, 0.0, 3.0, 12),
            (500, 100, 33, 0.0, 0.0, 24),
            (300, 70, 2, 4.0, 0.0, 60),
            (200, 33, 64, 2.0, 1000.0, 12),
            (300, 40, 31, 0.0, 0.0, 12),
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
                let kinds = [
                    (true, isa.coarsest_form(dim)),
                    (true, isa.form()),
                    (false, isa.coarsest_form(dim)),
                ];
                for (keep, form) in kinds {
                    let mut assigner = Assigner::new(&points, k);
                    assigner.keep = keep;
                    assigner.form = form;
                    let mut centroids = start.clone();
                    let mut before = centroids.clone();
                    let mut labels = vec![0; n];
                    let mut stream = Stream::new(7, 1);
                    for round in 0..rounds {
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
