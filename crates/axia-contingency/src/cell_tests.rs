//! All cells of a table at once: residuals, p-values and corrections in columns, for tables of millions of cells.

use serde::{Deserialize, Deserializer, Serialize};

use crate::cell_rows::{Factors, Lines, RowCounts, RowWork};
use crate::column::Column;
use crate::corrected_cells::{CellCorrection, CorrectionForm};
use crate::correction::Correction;
use crate::error::Error;
use crate::grid::{Grid, MAX_GRID};
use crate::params::AssociationScan;
use crate::special::Sum;
use crate::table::{ChiSquareTest, Table};
use crate::tails::{LogP, chi_square_upper};

/// Every cell between non-empty lines of a table, tested.
///
/// Numbers of cells are listed row by row: the cell of the `i`-th row and the `j`-th column is at `i * cols.len() + j`.
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
    adjusted: Column,
    /// Number of tests: the cells that the scan's filters leave.
    pub tests: u64,
    #[serde(deserialize_with = "logarithms")]
    ln_p: Column,
    /// In the order asked for.
    corrections: Vec<CellCorrection>,
}

impl CellTests {
    /// Expected count of a cell, by the places of its row and column.
    #[must_use]
    pub fn expected(&self, row: usize, col: usize) -> Option<f64> {
        let (_, row) = *self.rows.get(row)?;
        let (_, col) = *self.cols.get(col)?;
        Some((u128::from(row) * u128::from(col)) as f64 / self.n as f64)
    }

    /// Adjusted residuals.
    #[must_use]
    pub fn adjusted(&self) -> &[f64] {
        &self.adjusted
    }

    /// Two-sided p-values; 1 for cells that are not tests.
    pub fn p(&self) -> impl ExactSizeIterator<Item = LogP> + '_ {
        self.ln_p.iter().copied().map(LogP::known)
    }

    /// That of one cell, by its place among all; `None` outside.
    #[must_use]
    pub fn p_at(&self, at: usize) -> Option<LogP> {
        self.ln_p.get(at).copied().map(LogP::known)
    }

    /// The corrections asked for.
    pub fn corrections(&self) -> impl Iterator<Item = Correction> + '_ {
        self.corrections.iter().map(|known| known.correction)
    }

    /// The p-values under a correction, cell by cell; `None` for one that was not asked for.
    ///
    /// They are not stored where they follow from the p-value at hand, by a factor or by a look at the steps of the procedure.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Correction, Table};
    ///
    /// let table = Table::from_counts([(0, 0, 30), (0, 1, 10), (1, 0, 10), (1, 1, 30)])?;
    /// let scan = AssociationParams::new().build()?;
    /// let cells = scan.test_table(&table, &[Correction::Holm])?.ok_or("one row")?;
    /// let holm = cells.corrected(Correction::Holm).ok_or("not asked for")?;
    /// assert_eq!(holm.filter(|p| p.p() < 0.05).count(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn corrected(&self, correction: Correction) -> Option<impl Iterator<Item = LogP> + '_> {
        Some(self.form(correction)?.iter(&self.ln_p))
    }

    /// The p-value of one cell under a correction, by its place among all; `None` outside, and for a correction that was not
    /// asked for.
    #[must_use]
    pub fn corrected_at(&self, correction: Correction, at: usize) -> Option<LogP> {
        self.form(correction)?.at(at, &self.ln_p)
    }

    fn form(&self, correction: Correction) -> Option<&CorrectionForm> {
        let mut known = self.corrections.iter();
        let found = known.find(|known| known.correction == correction)?;
        Some(&found.form)
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
    /// Memory: 8 bytes for each cell's residual and for its p-value, and for each correction but Bonferroni's and, in large
    /// families, those that step up. With the feature `rayon` the rows are shared among
    /// threads; the result is the same to the last bit.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Correction, Table};
    ///
    /// let table = Table::from_counts([(0, 0, 30), (0, 1, 10), (1, 0, 10), (1, 1, 30)])?;
    /// let scan = AssociationParams::new().build()?;
    /// let cells = scan.test_table(&table, &[Correction::Holm])?.ok_or("one row")?;
    /// assert!((cells.adjusted()[0] - 4.472136).abs() < 1e-6);
    /// assert_eq!(cells.tests, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn test_table(
        &self,
        table: &Table,
        corrections: &[Correction],
    ) -> Result<Option<CellTests>, Error> {
        let lines = Lines {
            rows: table.rows().collect(),
            cols: table.cols().collect(),
            n: table.total(),
        };
        let rows = table.lines().map(|(_, _, cells)| RowCounts::Cells(cells));
        self.test_rows(lines, rows, corrections)
    }

    /// [`test_table`](Self::test_table) for a grid of counts: the same result to the last bit, without a sparse table between.
    ///
    /// # Errors
    /// None at present: a grid has at most the 2^28 cells that are tested whole.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Correction, Exact, Grid};
    ///
    /// // As other tools do it: the normal tail in every cell, whatever is expected there.
    /// let naive = AssociationParams::new().exact(Exact::Never).min_expected_normal(0.0).build()?;
    /// let grid = Grid::from_codes(2, 2, &[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 1, 1])?;
    /// let cells = naive.test_grid(&grid, &[Correction::BenjaminiHochberg])?.ok_or("one row")?;
    /// assert!((cells.adjusted()[0] - 3.0_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn test_grid(
        &self,
        grid: &Grid,
        corrections: &[Correction],
    ) -> Result<Option<CellTests>, Error> {
        let (rows, cols) = grid.totals();
        let full = |totals: Vec<u64>| -> Vec<(u32, u64)> {
            let lines = (0..).zip(totals);
            lines.filter(|&(_, total)| total > 0).collect()
        };
        let lines = Lines {
            rows: full(rows),
            cols: full(cols),
            n: grid.total(),
        };
        let ids: Vec<u32> = lines.rows.iter().map(|&(id, _)| id).collect();
        let rows = ids.into_iter().filter_map(|row| grid.line(row));
        let rows = rows.map(RowCounts::Grid);
        self.test_rows(lines, rows, corrections)
    }

    fn test_rows<'a>(
        &self,
        lines: Lines,
        rows: impl Iterator<Item = RowCounts<'a>>,
        corrections: &[Correction],
    ) -> Result<Option<CellTests>, Error> {
        let (height, width) = (lines.rows.len() as u64, lines.cols.len());
        if height < 2 || width < 2 {
            return Ok(None);
        }
        let cells = height * width as u64;
        if cells > MAX_GRID {
            return Err(Error::grid_too_large());
        }
        let factors = Factors::of(&lines);
        let mut adjusted = Column::zeros(cells as usize);
        let mut ln_p = Column::zeros(cells as usize);
        let work: Vec<_> = lines
            .rows
            .iter()
            .zip(rows)
            .zip(adjusted.chunks_mut(width))
            .zip(ln_p.chunks_mut(width))
            .map(|(((row, counts), adjusted), ln_p)| RowWork {
                row: row.1,
                counts,
                adjusted,
                ln_p,
            })
            .collect();
        let done = each(work, |work| self.test_row(work, &lines, &factors));
        let mut statistic = Sum::default();
        let mut tests = 0;
        for row in &done {
            statistic.add(row.0);
            tests += row.1;
        }
        let statistic = statistic.total();
        let dof = (height - 1) * (width as u64 - 1);
        let Some(p) = chi_square_upper(statistic, dof) else {
            return Ok(None);
        };
        let corrections = corrections
            .iter()
            .map(|&correction| CellCorrection {
                correction,
                form: self.correct(correction, &ln_p, tests, &lines),
            })
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
            corrections,
        }))
    }

    fn correct(
        &self,
        correction: Correction,
        ln_p: &[f64],
        tests: u64,
        lines: &Lines,
    ) -> CorrectionForm {
        if tests == ln_p.len() as u64 {
            return correction.of_cells(ln_p);
        }
        let n = lines.n as f64;
        let places: Vec<usize> = lines
            .rows
            .iter()
            .flat_map(|&(_, row)| lines.cols.iter().map(move |&(_, col)| (row, col)))
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
            .filter_map(|&at| ln_p.get(at).copied().map(LogP::known))
            .collect();
        let mut corrected = vec![LogP::ONE; ln_p.len()];
        for (at, p) in places.into_iter().zip(correction.adjust(&family)) {
            if let Some(slot) = corrected.get_mut(at) {
                *slot = p;
            }
        }
        CorrectionForm::Cells(corrected)
    }
}

/// Logarithms of p-values, and nothing else.
fn logarithms<'a, D: Deserializer<'a>>(from: D) -> Result<Column, D::Error> {
    let p = Vec::<LogP>::deserialize(from)?;
    Ok(p.into_iter().map(LogP::ln).collect::<Vec<f64>>().into())
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
    use crate::cells::Cell;
    use crate::{AssociationParams, Exact, ExactMethod, TwoByTwo, normal_two_sided};

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
            // Empty lines before, between and after.
            for (rows, cols) in [(20, 31), (23, 40)] {
                let codes = |code: fn(&Cell) -> u32| -> Vec<u32> {
                    let each = table.cells().iter();
                    each.flat_map(|cell| (0..cell.count).map(|_| code(cell)))
                        .collect()
                };
                let (row_codes, col_codes) = (codes(|cell| cell.row), codes(|cell| cell.col));
                let grid = Grid::from_codes(rows, cols, &row_codes, &col_codes).unwrap();
                assert_eq!(scan.test_grid(&grid, &all).unwrap().as_ref(), Some(&cells));
            }
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
                    assert!((cells.adjusted()[at] - z).abs() < 1e-13 * z.abs().max(1.0));
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
                    let error = (cells.ln_p[at] - p.ln()).abs();
                    assert!(error <= 1e-12 * p.ln().abs().max(1.0), "{row} {col}");
                    if tested {
                        family.push((at, cells.p_at(at).unwrap()));
                    }
                }
            }
            assert_eq!(cells.tests, family.len() as u64);
            let p: Vec<LogP> = family.iter().map(|&(_, p)| p).collect();
            for correction in all {
                let corrected: Vec<LogP> = cells.corrected(correction).unwrap().collect();
                assert_eq!(corrected.len(), cells.ln_p.len());
                assert_eq!(cells.corrected_at(correction, 7), Some(corrected[7]));
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
