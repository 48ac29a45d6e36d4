//! The corrections of a table's cells: what is kept of each, and the corrected p-values as they are read.

use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::step_up::{BLOCK, Staircase};
use crate::tails::LogP;

/// One correction of all cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CellCorrection {
    pub(crate) correction: Correction,
    pub(crate) form: CorrectionForm,
}

/// What a corrected p-value follows from. All corrections are functions of the p-value, given its family; where the function
/// is cheap it is kept in place of eight bytes for each cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CorrectionForm {
    /// Added to each logarithm.
    Shift(f64),
    /// The steps of a step-up procedure.
    Stairs(Staircase),
    /// Cell by cell.
    Cells(Vec<LogP>),
}

impl CorrectionForm {
    /// The corrected p-values of the cells from `start` on; not more than [`BLOCK`].
    fn read(&self, start: usize, ln_p: &[f64]) -> [LogP; BLOCK] {
        let mut corrected = [LogP::ONE; BLOCK];
        match self {
            Self::Shift(shift) => {
                for (slot, ln_p) in corrected.iter_mut().zip(ln_p) {
                    *slot = LogP::clamped(ln_p + shift);
                }
            }
            Self::Stairs(stairs) => stairs.correct(ln_p, &mut corrected),
            Self::Cells(cells) => {
                let cells = cells.get(start..).unwrap_or_default();
                for (slot, cell) in corrected.iter_mut().zip(cells) {
                    *slot = *cell;
                }
            }
        }
        corrected
    }

    /// All corrected p-values, in the order of the cells.
    pub(crate) fn iter<'a>(&'a self, ln_p: &'a [f64]) -> impl Iterator<Item = LogP> + 'a {
        let blocks = ln_p.chunks(BLOCK).zip((0..).step_by(BLOCK));
        blocks.flat_map(|(ln_p, start)| self.read(start, ln_p).into_iter().take(ln_p.len()))
    }

    /// That of one cell.
    pub(crate) fn at(&self, at: usize, ln_p: &[f64]) -> Option<LogP> {
        let [first, ..] = self.read(at, ln_p.get(at..=at)?);
        Some(first)
    }
}
