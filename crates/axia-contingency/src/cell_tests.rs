//! All cells of a table at once: residuals, p-values and corrections in columns, for tables of millions of cells.

use serde::{Deserialize, Serialize};

use crate::cells::Cell;
use crate::correction::Correction;
use crate::error::Error;
use crate::exact::Hypergeometric;
use crate::params::{AssociationScan, Exact, LN_DECISIVE};
use crate::special::{LnErfcTable, Sum, factorial_error};
use crate::table::{ChiSquareTest, Table};
use crate::tails::{LogP, chi_square_upper};

/// Every cell between non-empty lines of a table, tested.
///
/// Columns of numbers, each row by row: the cell of the `i`-th row and the `j`-th column is at `i * cols.len() + j`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CellTests {
    /// Non-empty rows as `(id, total)`.
    pub rows: Vec<(u32, u64)>,
    /// Non-empty columns as `(id, total)`.
    pub cols: Vec<(u32, u64)>,
    /// Grand total.
    pub n: u64,
    /// Pearson's chi-square test of the whole table.
    pub chi_square: ChiSquareTest,
    /// Adjusted residuals.
    pub adjusted: Vec<f64>,
    /// Number of tests: the cells that the scan's filters leave.
    pub tests: u64,
    /// Two-sided p-values; 1 for cells that are not tests.
    pub ln_p: Vec<LogP>,
    /// The same under each correction.
    pub corrected: Vec<(Correction, Vec<LogP>)>,
}

/// Larger grids are refused: a scan of observations lists only what says something.
const MAX_GRID: u64 = 1 << 28;

impl CellTests {
    /// Expected count of a cell, by the places of its row and column.
    #[must_use]
    pub fn expected(&self, row: usize, col: usize) -> Option<f64> {
        let (_, row) = *self.rows.get(row)?;
        let (_, col) = *self.cols.get(col)?;
        Some((u128::from(row) * u128::from(col)) as f64 / self.n as f64)
    }
}

impl AssociationScan {
    /// Tests every cell of a table whose counts are separate observations, such as one mention each, under several
    /// corrections at once.
    ///
    /// The scan's `exact`, `exact_method`, `min_expected`, `min_total` and `min_expected_normal` apply; its estimand and
    /// intervals do not. `None` with fewer than two non-empty rows or columns.
    ///
    /// # Errors
    /// [`Error::is_overflow`] when the grid has more than 2^28 cells.
    ///
    /// # Complexity
    /// Memory: 8 bytes for each cell, residual, p-value and correction. With the feature `rayon` the rows are shared among
    /// threads; the result is the same to the last bit.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Correction, Table};
    ///
    /// let table = Table::from_counts([(0, 0, 30), (0, 1, 10), (1, 0, 10), (1, 1, 30)])?;
    /// let scan = AssociationParams::new().build()?;
    /// let cells = scan.test_table(&table, &[Correction::Holm])?.ok_or("one row")?;
    /// assert!((cells.adjusted[0] - 4.472136).abs() < 1e-6);
    /// assert_eq!(cells.tests, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn test_table(
        &self,
        table: &Table,
        corrections: &[Correction],
    ) -> Result<Option<CellTests>, Error> {
        let Some(dof) = table.dof() else {
            return Ok(None);
        };
        let grid = table.n_rows() as u64 * table.n_cols() as u64;
        if grid > MAX_GRID {
            return Err(Error::too_many_kept("cells of a grid that is tested whole"));
        }
        let lines = Lines::of(table);
        let width = lines.cols.len();
        let mut adjusted = vec![0.0; grid as usize];
        let mut ln_p = vec![LogP::ONE; grid as usize];
        let work: Vec<RowWork<'_>> = table
            .lines()
            .zip(adjusted.chunks_mut(width))
            .zip(ln_p.chunks_mut(width))
            .map(|(((_, row, cells), adjusted), ln_p)| RowWork {
                row,
                cells,
                adjusted,
                ln_p,
            })
            .collect();
        let done = each(work, |work| self.test_row(work, &lines));
        let mut statistic = Sum::default();
        let mut tests = 0;
        for row in &done {
            statistic.add(row.0);
            tests += row.1;
        }
        let statistic = statistic.total();
        let Some(p) = chi_square_upper(statistic, dof) else {
            return Ok(None);
        };
        let corrected = corrections
            .iter()
            .map(|&correction| (correction, self.correct(correction, &ln_p, tests, &lines)))
            .collect();
        Ok(Some(CellTests {
            rows: lines.rows,
            cols: lines.cols,
            n: lines.n,
            chi_square: ChiSquareTest {
                statistic,
                dof,
                ln_p: p,
            },
            adjusted,
            tests,
            ln_p,
            corrected,
        }))
    }

    /// Fills one row; its part of chi-square and its number of tests.
    fn test_row(&self, work: RowWork<'_>, lines: &Lines) -> (f64, u64) {
        let (n, row) = (lines.n, work.row);
        let mut observed = vec![0_u64; lines.cols.len()];
        let mut at = 0;
        for cell in work.cells {
            // Both ascend by column, and every cell has its column.
            while lines.cols.get(at).is_some_and(|col| col.0 < cell.col) {
                at += 1;
            }
            if let Some(slot) = observed.get_mut(at) {
                *slot = cell.count;
            }
        }
        let row_factor = 1.0 / (row as f64 * (n - row) as f64).sqrt();
        let mut chi_square = 0.0;
        for ((adjusted, &observed), col) in
            work.adjusted.iter_mut().zip(&observed).zip(&lines.factors)
        {
            // `O N - R C` before its one rounding; in 64 bits where they hold it.
            let deviation = if n < 1 << 31 {
                (observed as i64 * n as i64 - row as i64 * col.total as i64) as f64
            } else {
                let met = i128::from(observed) * i128::from(n);
                (met - i128::from(row) * i128::from(col.total)) as f64
            };
            *adjusted = deviation * (row_factor * col.residual);
            chi_square += deviation * deviation * col.chi_square;
        }
        let table = LnErfcTable::shared();
        for (ln_p, &z) in work.ln_p.iter_mut().zip(&*work.adjusted) {
            *ln_p = LogP::clamped(table.ln_two_sided(z));
        }
        let chi_square = chi_square / (n as f64 * row as f64);
        if self.exact() == Exact::Never && !self.filters() {
            return (chi_square, lines.cols.len() as u64);
        }
        let tests = self.filter_row(row, work.ln_p, &observed, lines);
        (chi_square, tests)
    }

    /// Puts exact p-values where they are wanted, and 1 where the cell is not a test.
    fn filter_row(&self, row: u64, ln_p: &mut [LogP], observed: &[u64], lines: &Lines) -> u64 {
        let n = lines.n;
        let row_error = factorial_error(row) + factorial_error(n - row) - lines.n_error;
        let normal_from = self.min_expected_normal();
        let mut tests = 0;
        for ((ln_p, &observed), col) in ln_p.iter_mut().zip(observed).zip(&lines.factors) {
            let expected = |a: u64, b: u64| (u128::from(a) * u128::from(b)) as f64 / n as f64;
            let here = expected(row, col.total);
            let smallest = expected(row.min(n - row), col.total.min(n - col.total));
            if !self.is_test(row, col.total, here, smallest) {
                *ln_p = LogP::ONE;
                continue;
            }
            tests += 1;
            let exact = match self.exact() {
                Exact::Never => false,
                Exact::WhenSparse => smallest < normal_from || ln_p.ln() < LN_DECISIVE,
                Exact::Always => true,
            };
            if exact {
                let margins = row_error + col.error;
                let exact = Hypergeometric::with_margins(row, col.total, n, margins);
                if let Some(p) = exact.two_sided(observed, self.exact_method()) {
                    *ln_p = p;
                }
            }
        }
        tests
    }

    /// Whether a cell belongs to the family, by its margins alone.
    fn is_test(&self, row: u64, col: u64, expected: f64, smallest: f64) -> bool {
        row.min(col) >= self.min_total()
            && expected >= self.min_expected()
            && (self.exact() != Exact::Never || smallest >= self.min_expected_normal())
    }

    fn filters(&self) -> bool {
        self.min_total() > 1
            || self.min_expected() > 0.0
            || (self.exact() == Exact::Never && self.min_expected_normal() > 0.0)
    }

    fn correct(
        &self,
        correction: Correction,
        ln_p: &[LogP],
        tests: u64,
        lines: &Lines,
    ) -> Vec<LogP> {
        if tests == ln_p.len() as u64 {
            return correction.adjust(ln_p);
        }
        let n = lines.n as f64;
        let places: Vec<usize> = lines
            .rows
            .iter()
            .flat_map(|&(_, row)| lines.factors.iter().map(move |col| (row, col.total)))
            .zip(0..)
            .filter(|&((row, col), _)| {
                let expected = |a: u64, b: u64| (u128::from(a) * u128::from(b)) as f64 / n;
                let (rest, other) = (lines.n - row, lines.n - col);
                let smallest = expected(row.min(rest), col.min(other));
                self.is_test(row, col, expected(row, col), smallest)
            })
            .map(|(_, at)| at)
            .collect();
        let family: Vec<LogP> = places
            .iter()
            .filter_map(|&at| ln_p.get(at).copied())
            .collect();
        let mut corrected = vec![LogP::ONE; ln_p.len()];
        for (at, p) in places.into_iter().zip(correction.adjust(&family)) {
            if let Some(slot) = corrected.get_mut(at) {
                *slot = p;
            }
        }
        corrected
    }
}

/// One row of the result, to be filled.
struct RowWork<'a> {
    row: u64,
    cells: &'a [Cell],
    adjusted: &'a mut [f64],
    ln_p: &'a mut [LogP],
}

/// What all rows share.
struct Lines {
    rows: Vec<(u32, u64)>,
    cols: Vec<(u32, u64)>,
    factors: Vec<ColumnFactors>,
    n: u64,
    n_error: f64,
}

/// What a column gives to each of its cells.
struct ColumnFactors {
    total: u64,
    /// `sqrt(N / (C (N - C)))`.
    residual: f64,
    /// `1 / C`.
    chi_square: f64,
    /// Its part of the logarithm of an exact probability.
    error: f64,
}

impl Lines {
    fn of(table: &Table) -> Self {
        let n = table.total();
        let factors = table.cols().map(|(_, total)| ColumnFactors {
            total,
            residual: (n as f64 / (total as f64 * (n - total) as f64)).sqrt(),
            chi_square: 1.0 / total as f64,
            error: factorial_error(total) + factorial_error(n - total),
        });
        Self {
            factors: factors.collect(),
            rows: table.rows().collect(),
            cols: table.cols().collect(),
            n,
            n_error: factorial_error(n),
        }
    }
}

#[cfg(feature = "rayon")]
fn each<T: Send, R: Send>(work: Vec<T>, run: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    work.into_par_iter().map(run).collect()
}

#[cfg(not(feature = "rayon"))]
fn each<T, R>(work: Vec<T>, run: impl Fn(T) -> R) -> Vec<R> {
    work.into_iter().map(run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssociationParams, ExactMethod, TwoByTwo, normal_two_sided};

    fn table() -> Table {
        let mut state = 5_u64;
        let counts = (0..600_u32).map(|i| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let (row, col) = (i % 20, (i * i) % 31);
            let weight = u64::from((row + 1) * (col + 2));
            (row, col, (state >> 33) % weight / 12)
        });
        Table::from_counts(counts).unwrap()
    }

    #[test]
    fn cells_are_as_each_alone() {
        let table = table();
        for (exact, least, normal_from) in [
            (Exact::Never, 0.0, 0.0),
            (Exact::Never, 0.0, 5.0),
            (Exact::WhenSparse, 0.0, 5.0),
            (Exact::Always, 1.5, 5.0),
        ] {
            let params = AssociationParams::new().exact(exact).min_expected(least);
            let scan = params.min_expected_normal(normal_from).build().unwrap();
            let all = [Correction::Bonferroni, Correction::BenjaminiHochberg];
            let cells = scan.test_table(&table, &all).unwrap().unwrap();
            let chi_square = table.chi_square().unwrap();
            assert!((cells.chi_square.statistic / chi_square.statistic - 1.0).abs() < 1e-13);
            let mut family = Vec::new();
            for (i, &(row, _)) in cells.rows.iter().enumerate() {
                for (j, &(col, _)) in cells.cols.iter().enumerate() {
                    let at = i * cells.cols.len() + j;
                    let alone = TwoByTwo::from_margins(
                        table.observed(row, col),
                        table.row_total(row),
                        table.col_total(col),
                        table.total(),
                    )
                    .unwrap();
                    let z = table.adjusted_residual(row, col).unwrap();
                    assert!((cells.adjusted[at] - z).abs() < 1e-13 * z.abs().max(1.0));
                    let smallest = alone.smallest_expected().unwrap();
                    let tested = cells.expected(i, j).unwrap() >= least
                        && (exact != Exact::Never || smallest >= normal_from);
                    let normal = normal_two_sided(z).unwrap();
                    let by_exact = match exact {
                        Exact::Never => false,
                        Exact::WhenSparse => smallest < normal_from || normal.p() < 1e-3,
                        Exact::Always => true,
                    };
                    let p = match (tested, by_exact) {
                        (false, _) => LogP::ONE,
                        (_, true) => alone.exact(ExactMethod::Central).unwrap(),
                        (_, false) => normal,
                    };
                    let error = (cells.ln_p[at].ln() - p.ln()).abs();
                    assert!(error <= 1e-12 * p.ln().abs().max(1.0), "{row} {col}");
                    if tested {
                        family.push((at, cells.ln_p[at]));
                    }
                }
            }
            assert_eq!(cells.tests, family.len() as u64);
            let p: Vec<LogP> = family.iter().map(|&(_, p)| p).collect();
            for (correction, corrected) in &cells.corrected {
                let reference = correction.adjust(&p);
                for (&(at, _), reference) in family.iter().zip(reference) {
                    assert_eq!(corrected[at], reference);
                }
            }
        }
    }

    #[test]
    fn one_line_has_no_tests() {
        let table = Table::from_counts([(0, 0, 5), (0, 1, 7)]).unwrap();
        let scan = AssociationParams::new().build().unwrap();
        assert_eq!(scan.test_table(&table, &[]).unwrap(), None);
    }
}
