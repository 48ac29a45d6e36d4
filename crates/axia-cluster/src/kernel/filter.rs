//! Scores that rule out: which columns of a panel cannot be the nearest of a row.
//!
//! A score is `x·c - |c|²/2`: the larger, the nearer. It is computed in single precision, or, where
//! the processor multiplies them faster, in bfloat16 or in bytes that each row and column scales for
//! itself; and every score comes with a bound on its error: what rounding took from the row times the
//! length of the column, what it took from the column times the length of the row, and the rounding of
//! the sums. Only columns whose score could be the best are named; all others are below one upper
//! bound for each row and panel, or for each column.

use super::LANES;
use super::isa::{Form, Isa, Kind};
use super::panels::Panels;
use super::plain::{for_each_isa, inner_product, round_bytes, round_pairs, shift_row, sum_error};
use super::tiles::{COLUMNS, ROWS, Scores, dots, scores};
use crate::prepared::to_f32;

/// No column: fills the panels up.
pub(crate) const NOTHING: u32 = u32::MAX;

/// How far a column may lie from the origin of the moved and scaled rows, whose values are below 4.
const FAR: f64 = 1e18;

/// Rows as a filter reads them: moved, scaled and rounded.
pub(crate) struct Block {
    pub(super) dim: usize,
    /// Values of `rows` that a row takes.
    pub(super) depth: usize,
    isa: Isa,
    form: Form,
    pub(super) rows: Vec<f32>,
    moved: Vec<f32>,
    rounder: Rounder,
    pub(super) marks: Vec<Marks>,
}

/// What is known of a row of a [`Block`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// Upper bound on its length.
    pub(crate) length: f32,
    /// Lower bound on its squared length.
    pub(crate) square: f32,
    /// Upper bound on the length of what rounding took away.
    loss: f32,
    /// What bytes count.
    scale: f32,
}

/// Rounds values to the form of a filter.
struct Rounder {
    isa: Isa,
    form: Form,
    halves: Vec<u32>,
    bytes: Vec<u8>,
    words: Vec<f32>,
}

/// What bytes without a sign are larger by.
const OFFSET: i32 = 128;

impl Rounder {
    fn new(isa: Isa, form: Form, dim: usize) -> Self {
        Self {
            isa,
            form,
            halves: vec![0; dim.div_ceil(2)],
            bytes: vec![0; 4 * dim.div_ceil(4)],
            words: Vec::with_capacity(form.depth(dim)),
        }
    }

    /// Rounds the values to `words`; gives the scale, and the length of what rounding took away. Bytes of
    /// rows have no sign, those of columns have one.
    fn round(&mut self, values: &[f32], is_row: bool) -> (f32, f32) {
        self.words.clear();
        match self.form {
            Form::Single => {
                self.words.extend_from_slice(values);
                (1.0, 0.0)
            }
            Form::Pairs => {
                let lost = round_pairs(self.isa, values, &mut self.halves);
                let words = self.halves.iter();
                self.words.extend(words.map(|&pair| f32::from_bits(pair)));
                (1.0, lost.sqrt())
            }
            Form::Bytes => {
                let offset = if is_row { OFFSET } else { 0 };
                let (scale, lost) = round_bytes(self.isa, values, offset, &mut self.bytes);
                let words = self.bytes.as_chunks::<4>().0.iter();
                self.words
                    .extend(words.map(|&word| f32::from_bits(u32::from_le_bytes(word))));
                (scale, lost.sqrt())
            }
        }
    }
}

impl Block {
    pub(crate) fn new(isa: Isa, dim: usize) -> Self {
        Self::of(isa, isa.form(), dim)
    }

    /// For a filter of this form.
    pub(crate) fn of(isa: Isa, form: Form, dim: usize) -> Self {
        Self {
            dim,
            depth: form.depth(dim),
            isa,
            form,
            rows: Vec::new(),
            moved: vec![0.0; dim],
            rounder: Rounder::new(isa, form, dim),
            marks: Vec::new(),
        }
    }

    /// Bytes that a row takes.
    pub(crate) fn row_bytes(form: Form, dim: usize) -> usize {
        4 * form.depth(dim) + size_of::<Marks>()
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        self.rows.reserve_exact(rows * self.depth);
        self.marks.reserve_exact(rows);
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.marks.clear();
    }

    /// Appends `scale * row - shift`, and gives its squared length as computed.
    pub(crate) fn push(&mut self, row: &[f32], scale: f32, shift: &[f32]) -> f32 {
        let square = shift_row(self.isa, row, scale, shift, &mut self.moved);
        let error = to_f32(sum_error(self.dim));
        let (scale, lost) = self.rounder.round(&self.moved, true);
        self.rows.extend_from_slice(&self.rounder.words);
        let loss = 2.0 * f32::EPSILON * square.sqrt() + lost;
        self.marks.push(Marks {
            length: square.sqrt() * (1.0 + error),
            square: square * (1.0 - 2.0 * error),
            loss: loss * (1.0 + 2.0 * error),
            scale,
        });
        square
    }

    /// Takes the last row away.
    pub(crate) fn pop(&mut self) {
        self.marks.pop();
        self.rows.truncate(self.marks.len() * self.depth);
    }

    pub(crate) fn len(&self) -> usize {
        self.marks.len()
    }

    /// What is known of a row.
    pub(crate) fn marks(&self, row: usize) -> Marks {
        self.marks[row]
    }
}

/// Columns in panels, with what bounds their scores' errors.
pub(crate) struct Filter {
    pub(super) isa: Isa,
    pub(super) form: Form,
    pub(super) panels: Panels,
    /// `-|c|²/2` or 0, minus infinity where there is no column.
    pub(super) starts: Vec<[f32; LANES]>,
    pub(super) errors: Vec<Errors>,
    /// What each column's bytes count, and what is taken from its products because bytes of rows have
    /// no sign, as the bits of whole numbers.
    scales: Vec<[f32; LANES]>,
    offsets: Vec<[f32; LANES]>,
    /// The columns once more, one after the other, if they are scored one by one.
    columns: Vec<f32>,
}

/// The error of a score is at most `loss * row.loss + length * row.length + rest`.
#[derive(Clone, Copy, Default)]
pub(super) struct Errors {
    loss: f32,
    length: f32,
    rest: f32,
}

impl Errors {
    #[inline(always)]
    pub(super) fn of(self, row: Marks) -> f32 {
        self.loss * row.loss + (self.length * row.length + self.rest)
    }
}

/// A column that may be the nearest of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Which row of the block.
    pub(crate) row: u32,
    /// Which place in the panels.
    pub(crate) slot: u32,
    /// Upper bound on its score.
    pub(crate) upper: f32,
}

impl Filter {
    /// Packs the columns that `slots` names, [`LANES`] to a panel, [`NOTHING`] for none. The columns
    /// are moved and scaled already.
    pub(crate) fn new(isa: Isa, form: Form, columns: &[f32], dim: usize, slots: &[u32]) -> Self {
        let halves_off = true;
        Self::packed(
            isa,
            form,
            dim,
            slots.len(),
            halves_off,
            true,
            |slot, out| match slots[slot] {
                NOTHING => false,
                column => {
                    out.copy_from_slice(&columns[column as usize * dim..][..dim]);
                    true
                }
            },
        )
    }

    /// Packs the columns that `write` writes, moved and scaled; it tells whether there is one. With
    /// `halves_off` the scores are as said above; without, they are inner products alone.
    pub(crate) fn with(
        isa: Isa,
        dim: usize,
        slots: usize,
        halves_off: bool,
        write: impl Fn(usize, &mut [f32]) -> bool + Sync + Send,
    ) -> Self {
        Self::packed(isa, isa.form(), dim, slots, halves_off, false, write)
    }

    fn packed(
        isa: Isa,
        form: Form,
        dim: usize,
        slots: usize,
        halves_off: bool,
        one_by_one: bool,
        write: impl Fn(usize, &mut [f32]) -> bool + Sync + Send,
    ) -> Self {
        let depth = form.depth(dim);
        let count = slots.div_ceil(LANES);
        let mut starts = vec![[f32::NEG_INFINITY; LANES]; count];
        let mut errors = vec![Errors::default(); count];
        let mut scales = vec![[1.0; LANES]; count];
        let mut offsets = vec![[0.0; LANES]; count];
        let copied = if one_by_one { LANES * depth } else { 0 };
        let mut copies = vec![0.0; count * copied];
        let mut copies_left = copies.as_mut_slice();
        let mut known = Vec::with_capacity(count);
        let both = scales.iter_mut().zip(&mut offsets);
        for ((starts, errors), both) in starts.iter_mut().zip(&mut errors).zip(both) {
            let (copy, left) = copies_left.split_at_mut(copied);
            copies_left = left;
            known.push((starts, errors, both, copy));
        }
        let panels = Panels::pack_with(slots, depth, &mut known, |panel, columns, known| {
            let (starts, errors, (scales, offsets), copy) = known;
            let (mut longest, mut most_lost) = (0.0_f64, 0.0_f64);
            let (mut values, mut rounder) = (vec![0.0; dim], Rounder::new(isa, form, dim));
            let places = columns.chunks_exact_mut(depth).zip(starts.iter_mut());
            for (slot, (column, start)) in (panel * LANES..slots).zip(places) {
                if !write(slot, &mut values) {
                    continue;
                }
                let square = inner_product(isa, &values, &values);
                // A column as far as that overflows the sums. It is left out: nobody's nearest,
                // unless all are, and then nothing is found and the caller compares them all.
                if square.is_nan() || square >= FAR * FAR {
                    continue;
                }
                *start = if halves_off {
                    to_f32(-square / 2.0)
                } else {
                    0.0
                };
                longest = longest.max(square.sqrt());
                let (scale, lost) = rounder.round(&values, false);
                let lost = f64::from(lost) * (1.0 + 2.0 * sum_error(dim));
                if form != Form::Single {
                    let lost = lost + 2.0 * f64::from(f32::EPSILON) * square.sqrt();
                    most_lost = most_lost.max(lost);
                }
                column.copy_from_slice(&rounder.words);
                if form == Form::Bytes {
                    let bytes = rounder.bytes.iter();
                    let sum: i32 = bytes.map(|&b| i32::from(b.cast_signed())).sum();
                    scales[slot % LANES] = scale;
                    offsets[slot % LANES] = f32::from_bits((-OFFSET * sum).cast_unsigned());
                }
            }
            **errors = errors_of(dim, longest, most_lost);
            copy.copy_from_slice(&columns[..copy.len()]);
        });
        Self {
            isa,
            form,
            panels,
            starts,
            errors,
            scales,
            offsets,
            columns: copies,
        }
    }

    /// Scores a row of the block with each of the columns that `slots` names: upper bounds, to which
    /// the errors are added, one for each of them. Gives the best score that one is known to reach.
    ///
    /// # Panics
    ///
    /// If the columns are not kept for this ([`new`](Self::new) does), or there is no such slot or row.
    pub(crate) fn score(
        &self,
        block: &Block,
        row: usize,
        slots: &[u32],
        uppers: &mut Vec<f32>,
    ) -> f32 {
        assert!(self.form == block.form && self.isa == block.isa);
        let values = &block.rows[row * block.depth..][..block.depth];
        uppers.resize(slots.len().next_multiple_of(COLUMNS), 0.0);
        dots(self.isa, self.form, values, &self.columns, slots, uppers);
        uppers.truncate(slots.len());
        let (starts, marks) = (self.starts.as_flattened(), block.marks[row]);
        if self.form == Form::Bytes {
            let (scales, offsets) = (self.scales.as_flattened(), self.offsets.as_flattened());
            for (&slot, upper) in slots.iter().zip(uppers.iter_mut()) {
                let (scale, offset) = (scales[slot as usize], offsets[slot as usize]);
                *upper = counted(*upper, offset) * (marks.scale * scale);
            }
        }
        widen(self.isa, slots, starts, &self.errors, marks, uppers)
    }

    /// Scores the rows of the block that `which` names with one panel. `best` is, for each row of
    /// the block, a score that some column is known to reach; it rises. Columns that may reach it go
    /// to `found`; `rest` is told of each row: its place in `which`, all scores, the lanes found, and
    /// the error.
    ///
    /// # Panics
    ///
    /// If `which` names rows that the block or `best` does not have.
    pub(crate) fn scan(
        &self,
        panel: usize,
        block: &Block,
        which: &[u32],
        best: &mut [f32],
        found: &mut Vec<Candidate>,
        mut rest: impl FnMut(usize, &[f32; LANES], u32, f32),
    ) {
        assert!(best.len() == block.len());
        assert!(self.form == block.form && self.isa == block.isa);
        let mut out = Scores([[0.0; LANES]; ROWS]);
        let bytes = self.form == Form::Bytes;
        let starts = if bytes { &self.offsets } else { &self.starts };
        let (lines, start) = (self.panels.panel(panel), &starts[panel]);
        let first = panel * LANES;
        for (chunk, which) in which.chunks(ROWS).enumerate() {
            scores(
                self.isa,
                self.form,
                &block.rows,
                block.depth,
                which,
                lines,
                start,
                &mut out,
            );
            if bytes {
                for (&row, out) in which.iter().zip(&mut out.0) {
                    let scale = block.marks[row as usize].scale;
                    scale_row(
                        self.isa,
                        out,
                        scale,
                        &self.scales[panel],
                        &self.starts[panel],
                    );
                }
            }
            let mut masks = [(0, 0.0); ROWS];
            let settle = Settle {
                which,
                out: &out,
                marks: &block.marks,
                errors: self.errors[panel],
                first,
            };
            settle_rows(self.isa, settle, best, &mut masks, found);
            let rows = out.0.iter().zip(masks).take(which.len());
            for (at, (scores, (mask, error))) in rows.enumerate() {
                rest(chunk * ROWS + at, scores, mask, error);
            }
        }
    }
}

for_each_isa! {
    /// Makes upper bounds on scores of inner products; gives the best that one of them reaches.
    fn widen(
        slots: &[u32],
        starts: &[f32],
        errors: &[Errors],
        marks: Marks,
        uppers: &mut [f32]
    ) -> f32 = widen_body
}

#[inline(always)]
fn widen_body(
    slots: &[u32],
    starts: &[f32],
    errors: &[Errors],
    marks: Marks,
    uppers: &mut [f32],
) -> f32 {
    let mut best = f32::NEG_INFINITY;
    for (&slot, upper) in slots.iter().zip(uppers) {
        let score = *upper + starts[slot as usize];
        let error = errors[slot as usize / LANES].of(marks);
        let reached = score - error;
        best = if reached > best { reached } else { best };
        *upper = score + error;
    }
    best
}

for_each_isa! {
    /// Makes scores of products of bytes.
    fn scale_row(
        out: &mut [f32; LANES],
        scale: f32,
        scales: &[f32; LANES],
        starts: &[f32; LANES]
    ) = scale_row_body
}

#[inline(always)]
fn scale_row_body(
    out: &mut [f32; LANES],
    scale: f32,
    scales: &[f32; LANES],
    starts: &[f32; LANES],
) {
    for lane in 0..LANES {
        out[lane] = counted(out[lane], 0.0) * (scale * scales[lane]) + starts[lane];
    }
}

/// The sum of two whole numbers, given as the bits of `f32`.
#[inline(always)]
#[allow(clippy::cast_precision_loss)] // which the errors have room for
fn counted(product: f32, offset: f32) -> f32 {
    (product.to_bits().cast_signed() + offset.to_bits().cast_signed()) as f32
}

fn errors_of(dim: usize, longest: f64, most_lost: f64) -> Errors {
    // Two roundings for each of the sum's terms (bfloat16 is added in pairs), those of moving and
    // scaling, and a few for the bounds themselves.
    let sums = (dim + 16) as f64 * f64::from(f32::EPSILON);
    let up = |v: f64| to_f32(v * (1.0 + 1e-5)).next_up();
    Errors {
        loss: up((longest + most_lost) * (1.0 + sums)),
        length: up(most_lost + sums * (longest + most_lost)),
        rest: up(sums * longest * longest + 1e-36 * (dim + 16) as f64 * (1.0 + longest)),
    }
}

#[derive(Clone, Copy)]
struct Settle<'a> {
    which: &'a [u32],
    out: &'a Scores,
    marks: &'a [Marks],
    errors: Errors,
    first: usize,
}

fn settle_rows(
    isa: Isa,
    settle: Settle<'_>,
    best: &mut [f32],
    masks: &mut [(u32, f32); ROWS],
    found: &mut Vec<Candidate>,
) {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn avx512(
        settle: Settle<'_>,
        best: &mut [f32],
        masks: &mut [(u32, f32); ROWS],
        found: &mut Vec<Candidate>,
    ) {
        let largest = |scores: &_| x86::largest(scores);
        let reach = |scores: &_, least| x86::reach(scores, least);
        settle_body(settle, best, masks, found, largest, reach);
    }
    match isa.kind() {
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 | Kind::Avx512Bf16 => unsafe { avx512(settle, best, masks, found) },
        _ => settle_body(settle, best, masks, found, largest, reach),
    }
}

#[inline(always)]
fn settle_body(
    settle: Settle<'_>,
    best: &mut [f32],
    masks: &mut [(u32, f32); ROWS],
    found: &mut Vec<Candidate>,
    largest: impl Fn(&[f32; LANES]) -> f32,
    reach: impl Fn(&[f32; LANES], f32) -> u32,
) {
    let rows = settle.which.iter().zip(&settle.out.0).zip(masks);
    for ((&row, scores), mask) in rows {
        let error = settle.errors.of(settle.marks[row as usize]);
        let most = largest(scores);
        let held = &mut best[row as usize];
        *mask = (0, error);
        // A bound that is not a number rules out nothing.
        if most + error < *held {
            continue;
        }
        if most - error > *held {
            *held = most - error;
        }
        mask.0 = reach(scores, *held - error);
        let mut left = mask.0;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            let score = scores[lane as usize];
            if score > f32::NEG_INFINITY {
                found.push(Candidate {
                    row,
                    slot: to_u32(settle.first) + lane,
                    upper: score + error,
                });
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // slots are as many as `u32` centroids, rounded up
fn to_u32(slot: usize) -> u32 {
    slot as u32
}

/// The largest of the scores.
fn largest(scores: &[f32; LANES]) -> f32 {
    let more = |most, &score| if score > most { score } else { most };
    scores.iter().fold(f32::NEG_INFINITY, more)
}

/// The lanes that reach a score; all, if it is not a number.
fn reach(scores: &[f32; LANES], least: f32) -> u32 {
    let mut mask = 0;
    for (lane, &score) in scores.iter().enumerate() {
        mask |= u32::from(score >= least || least.is_nan()) << lane;
    }
    mask
}

/// The same in AVX-512.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512, _CMP_NLT_UQ, _mm512_cmp_ps_mask, _mm512_loadu_ps, _mm512_max_ps,
        _mm512_reduce_max_ps, _mm512_set1_ps,
    };

    use crate::kernel::LANES;

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn halves(scores: &[f32; LANES]) -> (__m512, __m512) {
        // SAFETY: there are twice 16 values.
        unsafe {
            (
                _mm512_loadu_ps(scores.as_ptr()),
                _mm512_loadu_ps(scores.as_ptr().add(16)),
            )
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn largest(scores: &[f32; LANES]) -> f32 {
        let (a, b) = halves(scores);
        _mm512_reduce_max_ps(_mm512_max_ps(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn reach(scores: &[f32; LANES], least: f32) -> u32 {
        let (a, b) = halves(scores);
        let least = _mm512_set1_ps(least);
        let low = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(a, least);
        let high = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(b, least);
        u32::from(low) | (u32::from(high) << 16)
    }
}
