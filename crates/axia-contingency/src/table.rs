//! The sparse contingency table, its residuals and its chi-square test.

use serde::{Deserialize, Serialize};

use crate::cells::{Accumulator, Cell, grow, merge_sorted};
use crate::error::Error;
use crate::margins::Margins;
use crate::special::Sum;
use crate::tails::{LogP, chi_square_upper};

/// A sparse contingency table of counts.
///
/// Rows and columns are integer ids of any size; only non-zero cells are stored. A line (row or column) without counts
/// does not exist: it takes no part in degrees of freedom, and all that is asked about it is `None`.
///
/// Built from a stream by [`TableBuilder`], or from an iterator by [`from_pairs`](Table::from_pairs) and
/// [`from_counts`](Table::from_counts). The order of the input never matters, and merging parts gives the same bytes as
/// counting the whole. Counts are exact integers up to a total of 2^53.
///
/// ```
/// use axia_contingency::Table;
///
/// // Party identification by gender (Agresti 2007, table 2.5).
/// let table = Table::from_counts([
///     (0, 0, 762), (0, 1, 327), (0, 2, 468),
///     (1, 0, 484), (1, 1, 239), (1, 2, 477),
/// ])?;
/// let test = table.chi_square().ok_or("undefined")?;
/// assert_eq!(test.dof, 2);
/// assert!((test.statistic - 30.07).abs() < 0.001);
/// assert!((table.adjusted_residual(0, 0).ok_or("undefined")? - 4.50).abs() < 0.005);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredTable", into = "StoredTable")]
pub struct Table {
    /// By row, then column; no zeros.
    cells: Vec<Cell>,
    rows: Vec<Line>,
    cols: Vec<Line>,
    total: u64,
}

/// The written form: the cells alone, since all else follows from them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTable {
    cells: Vec<Cell>,
}

/// A non-empty row or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) id: u32,
    pub(crate) total: u64,
}

/// Pearson's chi-square test of independence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChiSquareTest {
    /// Pearson's X².
    pub statistic: f64,
    /// Degrees of freedom: (non-empty rows - 1) (non-empty columns - 1).
    pub dof: u64,
    /// Upper tail of the chi-square distribution at the statistic.
    pub ln_p: LogP,
}

/// How many cells of a table have a small expected count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExpectedSummary {
    /// Cells between non-empty lines, zeros included.
    pub cells: u64,
    /// Those with an expected count below 5.
    pub below_5: u64,
    /// Those with an expected count below 1.
    pub below_1: u64,
    /// The smallest expected count.
    pub smallest: f64,
}

impl ExpectedSummary {
    /// Share of cells with an expected count below 5; above a fifth, the chi-square approximation is usually doubted.
    #[must_use]
    pub fn share_below_5(&self) -> f64 {
        self.below_5 as f64 / self.cells as f64
    }
}

/// One cell with what independence expects of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CellResidual {
    /// Row id.
    pub row: u32,
    /// Column id.
    pub col: u32,
    /// Observed count.
    pub observed: u64,
    /// Expected count under independence.
    pub expected: f64,
    /// Pearson residual.
    pub pearson: f64,
    /// Adjusted residual; `None` when the row or the column holds all counts.
    pub adjusted: Option<f64>,
}

impl Table {
    /// Counts `(row, col)` pairs, one each.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (u32, u32)>) -> Result<Self, Error> {
        Self::from_counts(pairs.into_iter().map(|(row, col)| (row, col, 1)))
    }

    /// Sums `(row, col, count)` triples; repeated cells add up, zeros are dropped.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53.
    pub fn from_counts(counts: impl IntoIterator<Item = (u32, u32, u64)>) -> Result<Self, Error> {
        let mut builder = TableBuilder::new();
        for (row, col, count) in counts {
            builder.push_count(row, col, count)?;
        }
        Ok(builder.build())
    }

    pub(crate) fn from_sorted_cells(cells: Vec<Cell>) -> Self {
        let mut rows: Vec<Line> = Vec::new();
        for cell in &cells {
            match rows.last_mut() {
                Some(row) if row.id == cell.row => row.total += cell.count,
                _ => rows.push(Line {
                    id: cell.row,
                    total: cell.count,
                }),
            }
        }
        let cols = column_lines(&cells);
        Self::from_parts(cells, rows, cols)
    }

    /// From cells by row, then column, and the non-empty lines that they add up to.
    pub(crate) fn from_parts(cells: Vec<Cell>, rows: Vec<Line>, cols: Vec<Line>) -> Self {
        let total = rows.iter().map(|row| row.total).sum();
        Self {
            cells,
            rows,
            cols,
            total,
        }
    }

    /// This table with another's counts added.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53.
    ///
    /// # Determinism
    /// Merging is associative and commutative down to the bytes.
    pub fn merge(&self, other: &Self) -> Result<Self, Error> {
        grow(self.total, other.total, TABLE_TOTAL)?;
        Ok(Self::from_sorted_cells(merge_sorted(
            &self.cells,
            &other.cells,
        )))
    }

    /// The non-zero cells by row, then column.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Grand total.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Number of rows with counts.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Number of columns with counts.
    #[must_use]
    pub fn n_cols(&self) -> usize {
        self.cols.len()
    }

    /// Non-empty rows as `(id, total)`, by id.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (u32, u64)> + '_ {
        self.rows.iter().map(|line| (line.id, line.total))
    }

    /// Non-empty columns as `(id, total)`, by id.
    #[must_use]
    pub fn cols(&self) -> impl ExactSizeIterator<Item = (u32, u64)> + '_ {
        self.cols.iter().map(|line| (line.id, line.total))
    }

    /// Total of a row; 0 when it has no counts.
    #[must_use]
    pub fn row_total(&self, row: u32) -> u64 {
        total_of(&self.rows, row)
    }

    /// Total of a column; 0 when it has no counts.
    #[must_use]
    pub fn col_total(&self, col: u32) -> u64 {
        total_of(&self.cols, col)
    }

    /// Observed count of a cell; 0 when it is not stored.
    #[must_use]
    pub fn observed(&self, row: u32, col: u32) -> u64 {
        self.cells
            .binary_search_by_key(&(row, col), |cell| (cell.row, cell.col))
            .ok()
            .and_then(|i| self.cells.get(i))
            .map_or(0, |cell| cell.count)
    }

    /// Expected count under independence, `R C / N`; `None` in an empty line.
    #[must_use]
    pub fn expected(&self, row: u32, col: u32) -> Option<f64> {
        self.margins(row, col).map(|m| m.expected())
    }

    /// Pearson residual `(O - E) / sqrt(E)`; `None` in an empty line.
    #[must_use]
    pub fn pearson_residual(&self, row: u32, col: u32) -> Option<f64> {
        self.margins(row, col).map(|m| m.pearson())
    }

    /// Adjusted residual: `(O - E)` over its standard deviation under independence, near N(0, 1) where the expected
    /// counts are not small.
    ///
    /// `None` in an empty line, and when the row or the column holds all counts, so that nothing is left to compare with.
    ///
    /// # References
    /// Haberman (1973), Biometrics 29, 205-220. R calls it `stdres`, statsmodels `standardized_resids`.
    #[must_use]
    pub fn adjusted_residual(&self, row: u32, col: u32) -> Option<f64> {
        self.margins(row, col).and_then(|m| m.adjusted())
    }

    fn margins(&self, row: u32, col: u32) -> Option<Margins> {
        let margins = Margins {
            observed: self.observed(row, col),
            row: self.row_total(row),
            col: self.col_total(col),
            n: self.total,
        };
        (margins.row > 0 && margins.col > 0).then_some(margins)
    }

    /// The non-zero cells with their residuals, by row, then column.
    pub fn residuals(&self) -> impl Iterator<Item = CellResidual> + '_ {
        self.by_row().flat_map(move |(row, cells)| {
            cells.iter().map(move |cell| {
                let margins = Margins {
                    observed: cell.count,
                    row: row.total,
                    col: self.col_total(cell.col),
                    n: self.total,
                };
                residual(margins, cell.row, cell.col)
            })
        })
    }

    /// The zero cells between non-empty lines whose adjusted residual is at most `limit`, lowest first, then by row and
    /// column: the pairs that never met although they should have.
    ///
    /// Empty unless `limit` is negative, since the residual of a zero cell always is.
    ///
    /// # Complexity
    /// Proportional to the cells stored plus the cells returned; the zeros in between are never visited.
    #[must_use]
    pub fn depleted(&self, limit: f64) -> Vec<CellResidual> {
        let mut found = Vec::new();
        if limit.is_nan() || limit >= 0.0 {
            return found;
        }
        // The residual of a zero cell grows in size with the column total alone, once the row is fixed.
        let mut widest: Vec<Line> = self.cols.clone();
        widest.sort_by(|a, b| b.total.cmp(&a.total).then(a.id.cmp(&b.id)));
        for (row, cells) in self.by_row() {
            for col in &widest {
                let margins = Margins {
                    observed: 0,
                    row: row.total,
                    col: col.total,
                    n: self.total,
                };
                // A line that holds all counts has no zero cell.
                let Some(adjusted) = margins.adjusted() else {
                    continue;
                };
                if adjusted > limit {
                    break;
                }
                if cells
                    .binary_search_by_key(&col.id, |cell| cell.col)
                    .is_err()
                {
                    found.push(residual(margins, row.id, col.id));
                }
            }
        }
        found.sort_by(|a, b| {
            let (x, y) = (a.adjusted.unwrap_or(0.0), b.adjusted.unwrap_or(0.0));
            x.total_cmp(&y).then((a.row, a.col).cmp(&(b.row, b.col)))
        });
        found
    }

    /// Pearson's chi-square test of independence; `None` with fewer than two non-empty rows or columns.
    ///
    /// **Only for tables in which every count is a separate, independent observation.** A table of mentions, in which one
    /// conversation adds to several cells ([`Observations::to_table`](crate::Observations::to_table)), gives a statistic
    /// that does not follow the chi-square distribution; read its p-value as a description, not as a test.
    ///
    /// No continuity correction is applied.
    ///
    /// # Complexity
    /// Proportional to the cells stored. The zero cells enter through one exact integer per row, so nothing cancels.
    #[must_use]
    pub fn chi_square(&self) -> Option<ChiSquareTest> {
        let dof = self.dof()?;
        let n = self.total as f64;
        let mut statistic = Sum::default();
        // Sum over rows of R_i times the column totals of the row's zero cells; at most N^2, so it fits.
        let mut zeros: u128 = 0;
        for (row, cells) in self.by_row() {
            let mut line = Sum::default();
            let mut covered = 0;
            for cell in cells {
                let col = self.col_total(cell.col);
                covered += col;
                let margins = Margins {
                    observed: cell.count,
                    row: row.total,
                    col,
                    n: self.total,
                };
                let deviation = margins.deviation();
                line.add(deviation * deviation / (n * row.total as f64 * col as f64));
            }
            zeros += u128::from(row.total) * u128::from(self.total - covered);
            statistic.add(line.total());
        }
        statistic.add(zeros as f64 / n);
        let statistic = statistic.total().max(0.0);
        Some(ChiSquareTest {
            statistic,
            dof,
            ln_p: chi_square_upper(statistic, dof)?,
        })
    }

    /// Cramér's V, in `0..=1`; `None` with fewer than two non-empty rows or columns.
    #[must_use]
    pub fn cramers_v(&self) -> Option<f64> {
        let statistic = self.chi_square()?.statistic;
        let shorter = self.n_rows().min(self.n_cols()) as f64;
        Some(
            (statistic / (self.total as f64 * (shorter - 1.0)))
                .sqrt()
                .min(1.0),
        )
    }

    /// Cramér's V corrected for bias, in `0..=1`: near 0 on average when nothing is associated, where the plain V grows
    /// with the size of the table.
    ///
    /// `None` with fewer than two non-empty rows or columns, and when the total is too small for the correction.
    ///
    /// # References
    /// Bergsma (2013), Journal of the Korean Statistical Society 42, 323-328.
    #[must_use]
    pub fn cramers_v_bias_corrected(&self) -> Option<f64> {
        let test = self.chi_square()?;
        let n = self.total as f64;
        let phi2 = (test.statistic / n - test.dof as f64 / (n - 1.0)).max(0.0);
        let corrected = |lines: usize| {
            let k = lines as f64;
            k - (k - 1.0) * (k - 1.0) / (n - 1.0)
        };
        let room = corrected(self.n_rows()).min(corrected(self.n_cols())) - 1.0;
        (room > 0.0).then(|| (phi2 / room).sqrt().min(1.0))
    }

    /// How many expected counts are small; `None` for a table without counts.
    ///
    /// # Complexity
    /// `O((rows + columns) log columns)`, without visiting the cells.
    #[must_use]
    pub fn expected_summary(&self) -> Option<ExpectedSummary> {
        let mut totals: Vec<u64> = self.cols.iter().map(|col| col.total).collect();
        totals.sort_unstable();
        let fewest = *totals.first()?;
        let n = u128::from(self.total);
        let below = |bound: u128| -> u64 {
            self.rows
                .iter()
                .map(|row| {
                    // E < bound exactly when C R < bound N, in integers.
                    let row = u128::from(row.total);
                    totals.partition_point(|&col| u128::from(col) * row < bound * n) as u64
                })
                .sum()
        };
        let row = self.rows.iter().map(|row| row.total).min()?;
        let margins = Margins {
            observed: 0,
            row,
            col: fewest,
            n: self.total,
        };
        Some(ExpectedSummary {
            cells: self.rows.len() as u64 * self.cols.len() as u64,
            below_5: below(5),
            below_1: below(1),
            smallest: margins.expected(),
        })
    }

    pub(crate) fn dof(&self) -> Option<u64> {
        let dof = |lines: usize| lines.checked_sub(1).filter(|&dof| dof > 0);
        (dof(self.rows.len())? as u64).checked_mul(dof(self.cols.len())? as u64)
    }

    /// Each row's id, total and cells, by row.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u32, u64, &[Cell])> + '_ {
        self.by_row().map(|(row, cells)| (row.id, row.total, cells))
    }

    /// Each row with its cells, by row.
    fn by_row(&self) -> impl Iterator<Item = (Line, &[Cell])> + '_ {
        self.cells
            .chunk_by(|a, b| a.row == b.row)
            .zip(&self.rows)
            .map(|(cells, row)| (*row, cells))
    }
}

impl TryFrom<StoredTable> for Table {
    type Error = Error;

    fn try_from(stored: StoredTable) -> Result<Self, Error> {
        Self::from_counts(stored.cells.into_iter().map(Into::into))
    }
}

impl From<Table> for StoredTable {
    fn from(table: Table) -> Self {
        Self { cells: table.cells }
    }
}

const TABLE_TOTAL: &str = "counts of a table";

/// Gathers a [`Table`] from a stream.
///
/// # Complexity
/// Memory is proportional to the number of distinct cells, not to the length of the stream.
///
/// ```
/// use axia_contingency::TableBuilder;
///
/// let mut builder = TableBuilder::new();
/// builder.push(3, 7)?;
/// builder.push_count(3, 7, 4)?;
/// assert_eq!(builder.build().observed(3, 7), 5);
/// # Ok::<(), axia_contingency::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TableBuilder {
    cells: Accumulator,
}

impl TableBuilder {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cells: Accumulator::sparse(),
        }
    }

    /// Counts one pair.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53; the builder is unchanged then.
    pub fn push(&mut self, row: u32, col: u32) -> Result<(), Error> {
        self.push_count(row, col, 1)
    }

    /// Adds a count to a cell.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53; the builder is unchanged then.
    pub fn push_count(&mut self, row: u32, col: u32, count: u64) -> Result<(), Error> {
        self.cells.reserve(count, TABLE_TOTAL)?;
        self.cells.add(row, col, count);
        Ok(())
    }

    /// The finished table.
    #[must_use]
    pub fn build(self) -> Table {
        Table::from_sorted_cells(self.cells.finish())
    }
}

impl Default for TableBuilder {
    fn default() -> Self {
        Self::new()
    }
}

fn total_of(lines: &[Line], id: u32) -> u64 {
    lines
        .binary_search_by_key(&id, |line| line.id)
        .ok()
        .and_then(|i| lines.get(i))
        .map_or(0, |line| line.total)
}

/// The columns of cells, by id: summed in place where ids are no more than a few times as many as cells, else sorted.
fn column_lines(cells: &[Cell]) -> Vec<Line> {
    let end = cells.iter().map(|cell| cell.col as usize + 1).max();
    let end = end.unwrap_or(0);
    if end <= 4 * cells.len() {
        let mut totals = vec![0_u64; end];
        for cell in cells {
            if let Some(total) = totals.get_mut(cell.col as usize) {
                *total += cell.count;
            }
        }
        let lines = totals.into_iter().zip(0..);
        let lines = lines.map(|(total, id)| Line { id, total });
        return lines.filter(|line| line.total > 0).collect();
    }
    let mut cols: Vec<Line> = cells
        .iter()
        .map(|cell| Line {
            id: cell.col,
            total: cell.count,
        })
        .collect();
    cols.sort_unstable_by_key(|line| line.id);
    cols.dedup_by(|later, kept| {
        let same = later.id == kept.id;
        if same {
            kept.total += later.total;
        }
        same
    });
    cols
}

/// A cell with its residuals.
fn residual(margins: Margins, row: u32, col: u32) -> CellResidual {
    CellResidual {
        row,
        col,
        observed: margins.observed,
        expected: margins.expected(),
        pearson: margins.pearson(),
        adjusted: margins.adjusted(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_lines_have_no_test() {
        for cells in [
            vec![],
            vec![(0, 0, 5)],
            vec![(0, 0, 5), (0, 1, 9)],
            vec![(0, 0, 5), (3, 0, 9)],
        ] {
            let table = Table::from_counts(cells).unwrap();
            assert_eq!(table.chi_square(), None);
            assert_eq!(table.cramers_v(), None);
            assert_eq!(table.cramers_v_bias_corrected(), None);
        }
        assert!(Table::from_counts([]).unwrap().expected_summary().is_none());
    }

    #[test]
    fn a_line_with_everything_has_no_adjusted_residual() {
        let table = Table::from_counts([(0, 0, 5), (0, 1, 9)]).unwrap();
        assert_eq!(table.adjusted_residual(0, 0), None);
        assert_eq!(table.adjusted_residual(1, 0), None);
        assert_eq!(table.expected(1, 0), None);
        assert!(table.expected(0, 1).is_some());
        assert!(table.residuals().all(|cell| cell.adjusted.is_none()));
    }

    #[test]
    fn zero_counts_leave_no_trace() {
        let with = Table::from_counts([(0, 0, 5), (9, 9, 0), (1, 1, 2)]).unwrap();
        let without = Table::from_counts([(1, 1, 2), (0, 0, 5)]).unwrap();
        assert_eq!(with, without);
        assert_eq!(with.n_rows(), 2);
    }

    #[test]
    fn overflow_is_an_error_and_changes_nothing() {
        let mut builder = TableBuilder::new();
        builder.push_count(0, 0, 1 << 53).unwrap();
        assert!(builder.push(0, 1).unwrap_err().is_overflow());
        let table = builder.build();
        assert_eq!(table.total(), 1 << 53);
        assert!(table.merge(&table).unwrap_err().is_overflow());
    }

    #[test]
    fn written_form_is_the_cells_and_checked() {
        let table = Table::from_counts([(4, 2, 3), (0, 1, 1)]).unwrap();
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(json, r#"{"cells":[[0,1,1],[4,2,3]]}"#);
        assert_eq!(serde_json::from_str::<Table>(&json).unwrap(), table);
        let huge = r#"{"cells":[[0,1,9007199254740992],[0,2,1]]}"#;
        assert!(serde_json::from_str::<Table>(huge).is_err());
    }
}
