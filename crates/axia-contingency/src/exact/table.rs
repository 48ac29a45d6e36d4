//! Exact tests of a whole small table: every table with the same margins is visited.

use serde::{Deserialize, Serialize};

use crate::special::factorial_error;
use crate::table::Table;
use crate::tails::LogP;

/// The exact tests of a table of any shape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExactTableTest {
    /// Fisher, Freeman and Halton: all tables at most as likely as the observed one.
    pub fisher_freeman_halton: LogP,
    /// All tables whose chi-square is at least the observed one's.
    pub pearson: LogP,
    /// Tables visited.
    pub tables: u64,
}

/// Values that differ by less, relatively, count as equal.
const TIE: f64 = 1e-7;

impl Table {
    /// Exact tests of independence, by visiting every table with the same margins.
    ///
    /// `None` with fewer than two non-empty rows or columns, and when there are more than `max_tables` such tables: their
    /// number explodes, and beyond some hundred counts only random tables help.
    ///
    /// ```
    /// use axia_contingency::Table;
    ///
    /// let table = Table::from_counts([(0, 0, 3), (0, 1, 1), (1, 1, 2), (1, 2, 4)])?;
    /// let test = table.exact_test(1_000_000).ok_or("too many tables")?;
    /// assert_eq!(test.tables, 13);
    /// assert!((test.fisher_freeman_halton.p() - 1.0 / 30.0).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # References
    /// Freeman and Halton (1951), Biometrika 38, 141-149.
    #[must_use]
    pub fn exact_test(&self, max_tables: u64) -> Option<ExactTableTest> {
        self.dof()?;
        let rows: Vec<u64> = self.rows().map(|(_, total)| total).collect();
        let cols: Vec<u64> = self.cols().map(|(_, total)| total).collect();
        let mut visit = Visit {
            cols: &cols,
            left: rows.clone(),
            rows: &rows,
            // ln of the product of the margins' factorials over N!.
            ln_margins: rows
                .iter()
                .chain(&cols)
                .map(|&x| ln_factorial(x))
                .sum::<f64>()
                - ln_factorial(self.total()),
            observed: (0.0, 0.0),
            sums: [0.0; 2],
            tables: 0,
            max_tables,
        };
        let (mut ln_cells, mut square) = (0.0, 0.0);
        for (row, row_total, cells) in self.lines() {
            for cell in cells {
                debug_assert_eq!(cell.row, row);
                ln_cells += ln_factorial(cell.count);
                let (count, col) = (cell.count as f64, self.col_total(cell.col) as f64);
                square += count * count / (row_total as f64 * col);
            }
        }
        visit.observed = (visit.ln_margins - ln_cells, square);
        visit.column(0, 0, *cols.first()?, 0.0, 0.0)?;
        let [likely, far] = visit.sums.map(|sum| LogP::clamped(sum.ln()));
        Some(ExactTableTest {
            fisher_freeman_halton: likely,
            pearson: far,
            tables: visit.tables,
        })
    }
}

fn ln_factorial(x: u64) -> f64 {
    if x == 0 {
        return 0.0;
    }
    let f = x as f64;
    f * f.ln() - f + factorial_error(x)
}

struct Visit<'a> {
    rows: &'a [u64],
    cols: &'a [u64],
    /// What each row still has to give to the columns to come.
    left: Vec<u64>,
    ln_margins: f64,
    /// ln of the probability, and the sum of `O^2 / (R C)`, which orders tables as chi-square does.
    observed: (f64, f64),
    sums: [f64; 2],
    tables: u64,
    max_tables: u64,
}

impl Visit<'_> {
    /// Fills column `col` from row `row` on with `rest` counts; `None` when there are too many tables.
    fn column(
        &mut self,
        col: usize,
        row: usize,
        rest: u64,
        ln_cells: f64,
        square: f64,
    ) -> Option<()> {
        let (Some(&col_total), Some(&row_total)) = (self.cols.get(col), self.rows.get(row)) else {
            return self.table(ln_cells, square);
        };
        let here = self.left.get(row).copied().unwrap_or(0);
        let last_row = row + 1 == self.rows.len();
        let room: u64 = self.left.iter().skip(row + 1).sum();
        // What the later rows cannot take must go here.
        for count in rest.saturating_sub(room)..=rest.min(here) {
            if let Some(left) = self.left.get_mut(row) {
                *left = here - count;
            }
            let share = count as f64 * count as f64 / (row_total as f64 * col_total as f64);
            let (ln_cells, square) = (ln_cells + ln_factorial(count), square + share);
            if last_row {
                let next = self.cols.get(col + 1).copied().unwrap_or(0);
                self.column(col + 1, 0, next, ln_cells, square)?;
            } else {
                self.column(col, row + 1, rest - count, ln_cells, square)?;
            }
        }
        if let Some(left) = self.left.get_mut(row) {
            *left = here;
        }
        Some(())
    }

    fn table(&mut self, ln_cells: f64, square: f64) -> Option<()> {
        self.tables += 1;
        if self.tables > self.max_tables {
            return None;
        }
        let ln_mass = self.ln_margins - ln_cells;
        let [likely, far] = &mut self.sums;
        if ln_mass <= self.observed.0 + TIE {
            *likely += ln_mass.exp();
        }
        if square >= self.observed.1 * (1.0 - 1e-12) {
            *far += ln_mass.exp();
        }
        Some(())
    }
}
