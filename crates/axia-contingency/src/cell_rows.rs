//! One row of a table whose cells are all tested: its residuals and p-values from what the lines share.

use crate::cells::Cell;
use crate::exact::Hypergeometric;
use crate::grid::GridRow;
use crate::margins::EXACT_PRODUCTS;
use crate::params::{AssociationScan, Exact, LN_DECISIVE};
use crate::special::factorial_error;
use crate::tail_table::TailTable;
use crate::tails::LogP;

/// The counts of one row.
pub(crate) enum RowCounts<'a> {
    /// The non-zero ones.
    Cells(&'a [Cell]),
    /// All of a grid, its empty columns included.
    Grid(GridRow<'a>),
}

/// One row of the result, to be filled.
pub(crate) struct RowWork<'a> {
    pub(crate) row: u64,
    pub(crate) counts: RowCounts<'a>,
    pub(crate) adjusted: &'a mut [f64],
    pub(crate) ln_p: &'a mut [f64],
}

/// Non-empty rows and columns as `(id, total)`, and the grand total.
pub(crate) struct Lines {
    pub(crate) rows: Vec<(u32, u64)>,
    pub(crate) cols: Vec<(u32, u64)>,
    pub(crate) n: u64,
}

/// What each column gives to its cells, a list for each factor.
pub(crate) struct Factors {
    /// `C`, exact.
    total: Vec<f64>,
    /// `sqrt(N / (C (N - C)))`.
    residual: Vec<f64>,
    /// Its part of the logarithm of an exact probability.
    error: Vec<f64>,
    /// The grand total's.
    n_error: f64,
}

impl Factors {
    pub(crate) fn of(lines: &Lines) -> Self {
        let n = lines.n;
        let totals = || lines.cols.iter().map(|&(_, total)| total);
        let residual = |col: u64| (n as f64 / (col as f64 * (n - col) as f64)).sqrt();
        Self {
            total: totals().map(|col| col as f64).collect(),
            residual: totals().map(residual).collect(),
            error: totals()
                .map(|col| factorial_error(col) + factorial_error(n - col))
                .collect(),
            n_error: factorial_error(n),
        }
    }
}

/// Partial sums of chi-square, so that additions do not wait for each other.
const LANES: usize = 8;

impl AssociationScan {
    /// Fills one row; its part of chi-square and its number of tests.
    pub(crate) fn test_row(
        &self,
        work: RowWork<'_>,
        lines: &Lines,
        factors: &Factors,
    ) -> (f64, u64) {
        let (n, row) = (lines.n, work.row);
        let observed = observed(&work.counts, lines);
        let row_factor = 1.0 / (row as f64 * (n - row) as f64).sqrt();
        let cells = work
            .adjusted
            .iter_mut()
            .zip(&observed)
            .zip(&factors.total)
            .zip(&factors.residual);
        if n <= EXACT_PRODUCTS {
            let (n, row) = (n as f64, row as f64);
            for (((adjusted, &observed), &col), &factor) in cells {
                *adjusted = (observed * n - row * col) * (row_factor * factor);
            }
        } else {
            for (((adjusted, &observed), &col), &factor) in cells {
                // Whole numbers, exact before their one rounding.
                let met = i128::from(observed as u64) * i128::from(n);
                let deviation = (met - i128::from(row) * i128::from(col as u64)) as f64;
                *adjusted = deviation * (row_factor * factor);
            }
        }
        let tail = TailTable::shared();
        for (ln_p, &z) in work.ln_p.iter_mut().zip(&*work.adjusted) {
            *ln_p = LogP::clamped(tail.ln_two_sided(z)).ln();
        }
        let chi_square = chi_square(work.adjusted, &factors.total, n as f64)
            * ((n - row) as f64 / (n as f64 * n as f64));
        if self.exact() == Exact::Never && !self.filters() {
            return (chi_square, lines.cols.len() as u64);
        }
        let tests = self.filter_row(row, work.ln_p, &observed, lines, factors);
        (chi_square, tests)
    }

    /// Puts exact p-values where they are wanted, and 1 where the cell is not a test.
    fn filter_row(
        &self,
        row: u64,
        ln_p: &mut [f64],
        observed: &[f64],
        lines: &Lines,
        factors: &Factors,
    ) -> u64 {
        let n = lines.n;
        let row_error = factorial_error(row) + factorial_error(n - row) - factors.n_error;
        let normal_from = self.min_expected_normal();
        let mut tests = 0;
        let cols = lines
            .cols
            .iter()
            .map(|&(_, total)| total)
            .zip(&factors.error);
        for ((ln_p, &observed), (col, &error)) in ln_p.iter_mut().zip(observed).zip(cols) {
            let expected = |a: u64, b: u64| (u128::from(a) * u128::from(b)) as f64 / n as f64;
            let here = expected(row, col);
            let smallest = expected(row.min(n - row), col.min(n - col));
            if !self.is_test(row, col, here, smallest) {
                *ln_p = 0.0;
                continue;
            }
            tests += 1;
            let exact = match self.exact() {
                Exact::Never => false,
                Exact::WhenSparse => smallest < normal_from || *ln_p < LN_DECISIVE,
                Exact::Always => true,
            };
            if exact {
                let margins = row_error + error;
                let exact = Hypergeometric::with_margins(row, col, n, margins);
                if let Some(p) = exact.two_sided(observed as u64, self.exact_method()) {
                    *ln_p = p.ln();
                }
            }
        }
        tests
    }

    /// Whether a cell belongs to the family, by its margins alone.
    pub(crate) fn is_test(&self, row: u64, col: u64, expected: f64, smallest: f64) -> bool {
        row.min(col) >= self.min_total()
            && expected >= self.min_expected()
            && (self.exact() != Exact::Never || smallest >= self.min_expected_normal())
    }

    fn filters(&self) -> bool {
        self.min_total() > 1
            || self.min_expected() > 0.0
            || (self.exact() == Exact::Never && self.min_expected_normal() > 0.0)
    }
}

/// The counts between non-empty lines, as numbers that doubles hold exactly.
fn observed(counts: &RowCounts<'_>, lines: &Lines) -> Vec<f64> {
    match counts {
        RowCounts::Grid(row) => {
            let mut observed: Vec<f64> = if row.bytes.len() == lines.cols.len() {
                row.bytes.iter().map(|&byte| byte.into()).collect()
            } else {
                let ids = lines.cols.iter().map(|&(id, _)| id as usize);
                ids.map(|id| row.bytes.get(id).map_or(0.0, |&byte| byte.into()))
                    .collect()
            };
            for (col, more) in row.rounds() {
                let at = lines.cols.binary_search_by_key(&col, |&(id, _)| id);
                if let Some(slot) = at.ok().and_then(|at| observed.get_mut(at)) {
                    *slot += f64::from(more);
                }
            }
            observed
        }
        RowCounts::Cells(cells) => {
            let mut observed = vec![0.0; lines.cols.len()];
            let mut at = 0;
            for cell in *cells {
                // Both ascend by column, and every cell has its column.
                while lines.cols.get(at).is_some_and(|col| col.0 < cell.col) {
                    at += 1;
                }
                if let Some(slot) = observed.get_mut(at) {
                    *slot = cell.count as f64;
                }
            }
            observed
        }
    }
}

/// Sum of `z² (N - C)`: chi-square but for a factor of the row.
fn chi_square(adjusted: &[f64], cols: &[f64], n: f64) -> f64 {
    let mut sums = [0.0; LANES];
    for (zs, cols) in adjusted.chunks(LANES).zip(cols.chunks(LANES)) {
        for ((sum, &z), &col) in sums.iter_mut().zip(zs).zip(cols) {
            *sum += z * z * (n - col);
        }
    }
    sums.iter().sum()
}
