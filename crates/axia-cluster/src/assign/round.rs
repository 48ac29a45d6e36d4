//! One round of an assignment: which points of a part may change, the scores of what is open to them, and the
//! comparison of the few centroids that are left.

use crate::bounds::Clocks;
use crate::kernel::{
    Block, Candidate, Coder, Filter, Form, LANES, MOST, NOTHING, WORD, code_panel, code_scores,
    crowded, list_open, listed, open_groups, scaled_distance, shift_codes, squared_distance,
};
use crate::prepared::Prepared;

use super::{FAR, FEW, Move, Part, to_u32};

/// What one round works with.
pub(super) struct Round<'a> {
    pub(super) points: &'a Prepared<'a>,
    pub(super) centroids: &'a [f32],
    pub(super) scaled: &'a [f32],
    pub(super) filter: Filter,
    pub(super) slots: &'a [u32],
    pub(super) slot_of: &'a [u32],
    pub(super) clocks: &'a Clocks,
    pub(super) drift: &'a [f32],
    pub(super) kind: Kind,
    pub(super) form: Form,
    /// Relative error of a distance (not squared) in single precision.
    pub(super) error: f32,
    /// Absolute error of a squared one, where values underflow.
    pub(super) tiny: f32,
    pub(super) keep: bool,
    /// Open centroids of a panel from which on it is scored as a whole.
    pub(super) dense: u32,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// There are no labels yet.
    First,
    /// There are labels, and no bounds yet.
    Unbounded,
    Bounded,
}

/// Buffers of one thread.
pub(super) struct Scratch {
    /// The active points, where not all are kept.
    block: Block,
    /// Points of the part whose label may change.
    active: Vec<u32>,
    /// Where each of them is in the block.
    rows: Vec<u32>,
    /// For each row of the block: its open groups; a score that is known to be reached; the last
    /// candidate.
    open: Vec<u64>,
    chosen: Vec<u64>,
    best: Vec<f32>,
    last: Vec<u32>,
    /// Rows for which each panel is scored as a whole.
    dense: Vec<Vec<u32>>,
    /// Slots of one row that are scored one by one, and their scores.
    groups: Vec<u32>,
    some: Vec<u32>,
    scores: Vec<f32>,
    codes: Vec<u8>,
    found: Vec<Candidate>,
    /// The candidate before each.
    before: Vec<u32>,
    close: Vec<(u32, f32)>,
}

impl Scratch {
    pub(super) fn new(round: &Round<'_>) -> Self {
        Self {
            block: Block::of(round.points.isa, round.form, round.points.dim),
            active: Vec::new(),
            rows: Vec::new(),
            open: Vec::new(),
            chosen: Vec::new(),
            groups: Vec::new(),
            codes: Vec::new(),
            best: Vec::new(),
            last: Vec::new(),
            dense: vec![Vec::new(); round.panels()],
            some: Vec::new(),
            scores: Vec::new(),
            found: Vec::new(),
            before: Vec::new(),
            close: Vec::new(),
        }
    }
}

impl Round<'_> {
    pub(super) fn work(&self, part: &mut Part, scratch: &mut Scratch) {
        if self.slot_of.len() < 2 {
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
            let mut block = Block::of(self.points.isa, self.form, self.points.dim);
            block.reserve(part.labels.len());
            for point in part.first..part.first + part.labels.len() {
                self.push(&mut block, point);
            }
            part.kept = Some(block);
        }
        part.compared = 0;
        self.choose_active(part, scratch);
        if scratch.active.is_empty() {
            return;
        }
        self.scan_panels(part, scratch);
        if self.kind == Kind::Bounded {
            self.scan_some(part, scratch);
        }
        self.settle(part, scratch);
    }

    fn push(&self, block: &mut Block, point: usize) {
        let row = self.points.row(point);
        block.push(row, self.points.scale, &self.points.shift);
    }

    fn panels(&self) -> usize {
        self.slots.len() / LANES
    }

    fn words(&self) -> usize {
        self.clocks.width.div_ceil(WORD)
    }

    fn scaled(&self, centroid: u32) -> &[f32] {
        let dim = self.points.dim;
        &self.scaled[centroid as usize * dim..][..dim]
    }

    /// Squared distance in single precision.
    fn square(&self, point: usize, centroid: u32) -> f32 {
        let row = self.points.row(point);
        scaled_distance(
            self.points.isa,
            row,
            self.points.scale,
            self.scaled(centroid),
        )
    }

    /// Upper bound on a distance whose square was computed.
    fn above(&self, square: f32) -> f32 {
        (square + self.tiny).sqrt() * (1.0 + self.error)
    }

    /// Lower bound on a distance whose square was computed.
    fn below(&self, square: f32) -> f32 {
        (square - self.tiny).max(0.0).sqrt() * (1.0 - self.error)
    }

    fn coder(&self, part: &Part, block: &Block, row: usize, at: usize) -> Coder {
        Coder {
            square: block.marks(row).square,
            base: part.base[at],
            per_unit: self.clocks.per_unit(),
        }
    }

    /// Finds the groups that may hold a nearer centroid than the point's own; tells if there are any.
    fn find_open(&self, part: &Part, at: usize, label: u32, open: &mut [u64]) -> bool {
        let clocks = self.clocks;
        let width = clocks.width;
        open_groups(
            self.points.isa,
            &part.codes[at * width..][..width],
            &clocks.before,
            &clocks.steps,
            clocks.limit(part.own[at], part.base[at]),
            open,
        );
        if clocks.share == 1 {
            let slot = self.slot_of[label as usize] as usize;
            open[slot / WORD] &= !(1 << (slot % WORD));
        }
        open.iter().any(|&word| word != 0)
    }

    /// Chooses the points whose label may change, and what is known of them before.
    fn choose_active(&self, part: &mut Part, scratch: &mut Scratch) {
        let here = part.labels.len();
        let (words, width) = (self.words(), self.clocks.width);
        if self.kind == Kind::Unbounded {
            part.codes = vec![0; here * width];
            part.base = vec![0.0; here];
        }
        let Scratch {
            block,
            active,
            rows,
            open,
            chosen,
            best,
            dense,
            scores,
            ..
        } = scratch;
        block.clear();
        chosen.resize(self.panels().div_ceil(WORD), 0);
        active.clear();
        rows.clear();
        dense.iter_mut().for_each(Vec::clear);
        open.resize(here * words, 0);
        best.clear();
        best.resize(here, f32::NEG_INFINITY);
        for index in 0..here {
            let (at, label) = (to_u32(index), part.labels[index]);
            let row = if self.keep { index } else { block.len() };
            let open = &mut open[row * words..][..words];
            if self.kind == Kind::Bounded {
                part.own[index] += self.drift[label as usize];
                if !part.lively && !self.find_open(part, index, label, open) {
                    continue;
                }
            }
            if !self.keep {
                self.push(block, part.first + index);
            }
            if self.kind != Kind::First {
                let block = part.kept.as_ref().unwrap_or(block);
                let slot = self.slot_of[label as usize];
                best[row] = self.filter.score(block, row, &[slot], scores);
                let own = nearer(block.marks(row).length, best[row]);
                part.own[index] = if self.kind == Kind::Bounded {
                    part.own[index].min(own)
                } else {
                    own
                };
            }
            match self.kind {
                Kind::First => {}
                Kind::Unbounded => part.base[index] = self.clocks.base(part.own[index].min(FAR)),
                Kind::Bounded => {
                    self.rebase(part, index);
                    if !self.find_open(part, index, label, open) {
                        if !self.keep {
                            block.pop();
                        }
                        continue;
                    }
                    self.choose_dense(to_u32(row), open, chosen, dense);
                }
            }
            active.push(at);
            rows.push(to_u32(row));
        }
        part.lively = 2 * active.len() > here;
    }

    fn rebase(&self, part: &mut Part, at: usize) {
        let (clocks, width) = (self.clocks, self.clocks.width);
        if let Some((by, base)) = clocks.rebase(part.own[at], part.base[at]) {
            let codes = &mut part.codes[at * width..][..width];
            shift_codes(self.points.isa, codes, &clocks.before, by);
            part.base[at] = base;
        }
    }

    /// Notes the panels that are scored as a whole for a row.
    fn choose_dense(&self, row: u32, open: &[u64], chosen: &mut [u64], dense: &mut [Vec<u32>]) {
        let least = self.dense.div_ceil(to_u32(self.clocks.share));
        crowded(self.points.isa, open, self.clocks.groups, least, chosen);
        for (word, &chosen) in chosen.iter().enumerate() {
            let mut chosen = chosen;
            while chosen != 0 {
                dense[WORD * word + chosen.trailing_zeros() as usize].push(row);
                chosen &= chosen - 1;
            }
        }
    }

    /// Scores panels as a whole, with the points that ask for it, and makes their codes.
    fn scan_panels(&self, part: &mut Part, scratch: &mut Scratch) {
        let Scratch {
            block,
            active,
            rows,
            open,
            best,
            dense,
            found,
            ..
        } = scratch;
        let clocks = self.clocks;
        let kept = part.kept.take();
        let block = kept.as_ref().unwrap_or(block);
        best.truncate(block.len());
        found.clear();
        for (panel, dense) in dense.iter().enumerate() {
            let groups = panel * clocks.groups..(panel + 1) * clocks.groups;
            let which: &[u32] = if self.kind == Kind::Bounded {
                dense
            } else {
                rows
            };
            if self.kind == Kind::Bounded {
                if which.len() < FEW {
                    continue;
                }
                let mask = u64::MAX >> (WORD - clocks.groups) << (groups.start % WORD);
                for &row in which {
                    open[row as usize * self.words() + groups.start / WORD] &= !mask;
                }
            }
            let now = &clocks.now[groups.clone()];
            self.filter.scan(
                panel,
                block,
                which,
                best,
                found,
                |index, scores, mask, error| {
                    if self.kind == Kind::First {
                        return;
                    }
                    let row = which[index] as usize;
                    let at = if self.keep { row } else { active[row] as usize };
                    let coder = self.coder(part, block, row, at);
                    let codes = &mut part.codes[at * clocks.width..][groups.clone()];
                    code_panel(self.points.isa, scores, mask, error, coder, now, codes);
                },
            );
        }
        part.kept = kept;
    }

    /// Scores what is still open, one by one.
    fn scan_some(&self, part: &mut Part, scratch: &mut Scratch) {
        let Scratch {
            block,
            active,
            rows,
            open,
            best,
            groups,
            some,
            scores: uppers,
            codes: made,
            found,
            ..
        } = scratch;
        let (clocks, words) = (self.clocks, self.words());
        groups.resize(listed(words), 0);
        let kept = part.kept.take();
        let block = kept.as_ref().unwrap_or(block);
        for (&row, &at) in rows.iter().zip(active.iter()) {
            let (row, at) = (row as usize, at as usize);
            let label = part.labels[at];
            let codes = &mut part.codes[at * clocks.width..][..clocks.width];
            let count = list_open(self.points.isa, &open[row * words..][..words], groups);
            let groups = &groups[..count];
            let slots = if clocks.share == 1 {
                groups
            } else {
                some.clear();
                for &group in groups {
                    let group = group as usize;
                    codes[group] = MOST.wrapping_add(clocks.now[group]);
                    let slots = (clocks.first_slot(group)..).step_by(clocks.groups);
                    for slot in slots.take(clocks.share) {
                        let centroid = self.slots[slot];
                        if centroid != NOTHING && centroid != label {
                            some.push(to_u32(slot));
                        }
                    }
                }
                &*some
            };
            if slots.is_empty() {
                continue;
            }
            let best = &mut best[row];
            *best = best.max(self.filter.score(block, row, slots, uppers));
            let coder = self.coder(part, block, row, at);
            made.resize(slots.len(), 0);
            code_scores(self.points.isa, uppers, coder, made);
            let codes = &mut part.codes[at * clocks.width..][..clocks.width];
            for ((&slot, &upper), &code) in slots.iter().zip(uppers.iter()).zip(made.iter()) {
                if clocks.share == 1 {
                    let slot = slot as usize;
                    codes[slot] = code.wrapping_add(clocks.now[slot]);
                } else if upper < *best {
                    let group = clocks.group(slot as usize);
                    let (held, now) = (&mut codes[group], clocks.now[group]);
                    *held = held.wrapping_sub(now).min(code).wrapping_add(now);
                }
                if upper < *best || upper == f32::NEG_INFINITY {
                    continue;
                }
                found.push(Candidate {
                    row: to_u32(row),
                    slot,
                    upper,
                });
            }
        }
        part.kept = kept;
    }

    /// Lowers the code of a slot's group, or sets it if the group is that slot alone.
    fn lower(&self, part: &mut Part, at: usize, slot: u32, code: u8) {
        let group = self.clocks.group(slot as usize);
        let held = &mut part.codes[at * self.clocks.width + group];
        let now = self.clocks.now[group];
        if self.clocks.share == 1 || code < held.wrapping_sub(now) {
            *held = code.wrapping_add(now);
        }
    }

    /// Decides between the candidates.
    fn settle(&self, part: &mut Part, scratch: &mut Scratch) {
        let bounded = self.kind != Kind::First;
        let Scratch {
            block,
            active,
            rows,
            best,
            last,
            found,
            before,
            close,
            ..
        } = scratch;
        let kept = part.kept.take();
        let block = kept.as_ref().unwrap_or(block);
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
            let mut next = last[row];
            while next != NOTHING {
                let candidate = found[next as usize];
                next = before[next as usize];
                let centroid = self.slots[candidate.slot as usize];
                if bounded && centroid == label {
                    continue;
                }
                if candidate.upper < best[row] {
                    if bounded {
                        let coder = self.coder(part, block, row, at);
                        self.lower(part, at, candidate.slot, coder.of_score(candidate.upper));
                    }
                } else {
                    close.push((centroid, self.square(point, centroid)));
                }
            }
            if bounded {
                if close.is_empty() && part.own[at] < FAR {
                    continue;
                }
                close.push((label, self.square(point, label)));
            }
            part.compared += close.len();
            let (winner, square) = self.nearest(point, close);
            if bounded {
                let coder = self.coder(part, block, row, at);
                for &(centroid, square) in close.iter() {
                    if centroid != winner {
                        let slot = self.slot_of[centroid as usize];
                        self.lower(part, at, slot, coder.of_distance(self.below(square)));
                    }
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
        part.kept = kept;
    }

    /// The nearest of the centroids in `close`, and its squared distance in single precision. If
    /// there is none, or distances overflowed, all centroids are compared.
    fn nearest(&self, index: usize, close: &[(u32, f32)]) -> (u32, f32) {
        let least = close.iter().fold(f32::INFINITY, |m, &(_, s)| m.min(s));
        let limit = least * (1.0 + 4.0 * self.error) + 2.0 * self.tiny;
        if !limit.is_finite() {
            let all = 0..to_u32(self.slot_of.len());
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

/// Upper bound on the distance of a row from a column whose score is at least `reached`.
fn nearer(length: f32, reached: f32) -> f32 {
    (length * length * (1.0 + 1e-6) - 2.0 * reached)
        .max(0.0)
        .sqrt()
        * (1.0 + 1e-6)
}
