//! Pairs of a row and a column whose score reaches what either of them asks for.

use super::LANES;
use super::filter::{Block, Filter};
use super::isa::{Isa, Kind};
use super::plain::sum_error;
use super::tiles::{ROWS, Scores, scores};
use crate::prepared::to_f32;

/// A pair that may be near enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    /// Which row of the block.
    pub(crate) row: u32,
    /// Which lane of the panel.
    pub(crate) lane: u32,
    /// The score.
    pub(crate) score: f32,
    /// How far it may be off.
    pub(crate) error: f32,
}

impl Filter {
    /// Scores all rows of the block with one panel. The score of a pair is the filter's less the
    /// row's own `offset`; a pair is a hit if it may reach the score that its row asks for, or the
    /// one that its column does.
    ///
    /// # Panics
    ///
    /// If `offsets` or `row_asks` are not one for each row of the block.
    pub(crate) fn pairs(
        &self,
        panel: usize,
        block: &Block,
        offsets: &[f32],
        row_asks: &[f32],
        column_asks: &[f32; LANES],
        hits: &mut Vec<Hit>,
    ) {
        assert!(offsets.len() == block.len() && row_asks.len() == block.len());
        let mut out = Scores([[0.0; LANES]; ROWS]);
        let (lines, start) = (self.panels.panel(panel), &self.starts[panel]);
        // The offset is a length in single precision.
        let slack = to_f32(1e-6 + 2.0 * sum_error(block.dim));
        let mut left = 0_u32..;
        for first in (0..block.len()).step_by(ROWS) {
            let mut which = [0; ROWS];
            let which = &mut which[..ROWS.min(block.len() - first)];
            for (which, row) in which.iter_mut().zip(&mut left) {
                *which = row;
            }
            let which = &*which;
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
            for (&row, scores) in which.iter().zip(&out.0) {
                let at = row as usize;
                let marks = block.marks[at];
                let error = self.errors[panel].of(marks) + slack * marks.square;
                let limits = Limits {
                    offset: offsets[at],
                    error,
                    row_ask: row_asks[at],
                };
                let mask = reached(self.isa, scores, limits, column_asks);
                let mut left = mask;
                while left != 0 {
                    let lane = left.trailing_zeros();
                    left &= left - 1;
                    let score = scores[lane as usize];
                    if score > f32::NEG_INFINITY {
                        hits.push(Hit {
                            row,
                            lane,
                            score: score - offsets[at],
                            error,
                        });
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Limits {
    offset: f32,
    error: f32,
    row_ask: f32,
}

/// One bit for each lane that is a hit.
#[inline]
fn reached(isa: Isa, scores: &[f32; LANES], limits: Limits, asks: &[f32; LANES]) -> u32 {
    match isa.kind() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected.
        Kind::Avx512 | Kind::Avx512Bf16 => unsafe { reached_avx512(scores, limits, asks) },
        _ => reached_plain(scores, limits, asks),
    }
}

fn reached_plain(scores: &[f32; LANES], limits: Limits, asks: &[f32; LANES]) -> u32 {
    let mut mask = 0;
    for lane in 0..LANES {
        let least = limits.row_ask.min(asks[lane]) - limits.error + limits.offset;
        // What is not a number rules out nothing.
        if scores[lane] >= least || least.is_nan() {
            mask |= 1 << lane;
        }
    }
    mask
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn reached_avx512(scores: &[f32; LANES], limits: Limits, asks: &[f32; LANES]) -> u32 {
    use std::arch::x86_64::{
        _CMP_NLT_UQ, _mm512_add_ps, _mm512_cmp_ps_mask, _mm512_loadu_ps, _mm512_min_ps,
        _mm512_set1_ps, _mm512_sub_ps,
    };
    let row = _mm512_set1_ps(limits.row_ask);
    let (error, offset) = (_mm512_set1_ps(limits.error), _mm512_set1_ps(limits.offset));
    let mut mask = 0_u32;
    for half in [0, 16] {
        // SAFETY: both arrays hold 32 values.
        let (score, ask) = unsafe {
            (
                _mm512_loadu_ps(scores.as_ptr().add(half)),
                _mm512_loadu_ps(asks.as_ptr().add(half)),
            )
        };
        let least = _mm512_add_ps(_mm512_sub_ps(_mm512_min_ps(row, ask), error), offset);
        let bits = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(score, least);
        mask |= u32::from(bits) << half;
    }
    mask
}
