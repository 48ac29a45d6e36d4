//! Conversions to `ndarray` 0.16 arrays.

use ::ndarray::Array2;

use crate::cell_tests::CellTests;
use crate::correction::Correction;
use crate::table::Table;
use crate::tails::LogP;

impl CellTests {
    /// Adjusted residuals, non-empty rows by non-empty columns.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Table};
    ///
    /// let table = Table::from_counts([(0, 0, 30), (0, 1, 10), (1, 0, 10), (1, 1, 30)])?;
    /// let cells = AssociationParams::new().build()?.test_table(&table, &[])?.ok_or("one row")?;
    /// assert!((cells.adjusted_array()[[1, 1]] - 4.472136).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn adjusted_array(&self) -> Array2<f64> {
        self.grid(self.adjusted().iter().copied())
    }

    /// Natural logarithms of the p-values, non-empty rows by non-empty columns.
    #[must_use]
    pub fn ln_p_array(&self) -> Array2<f64> {
        self.grid(self.p().map(LogP::ln))
    }

    /// The same under a correction; `None` for one that was not asked for.
    #[must_use]
    pub fn corrected_array(&self, correction: Correction) -> Option<Array2<f64>> {
        Some(self.grid(self.corrected(correction)?.map(LogP::ln)))
    }

    fn grid(&self, values: impl Iterator<Item = f64>) -> Array2<f64> {
        let mut array = Array2::zeros((self.rows.len(), self.cols.len()));
        for (slot, value) in array.iter_mut().zip(values) {
            *slot = value;
        }
        array
    }
}

impl Table {
    /// The counts, non-empty rows by non-empty columns. Dense: 8 bytes for each cell of the grid.
    #[must_use]
    pub fn to_array(&self) -> Array2<u64> {
        let cols: Vec<u32> = self.cols().map(|(col, _)| col).collect();
        let mut array = Array2::zeros((self.n_rows(), cols.len()));
        for ((_, _, cells), mut line) in self.lines().zip(array.rows_mut()) {
            for cell in cells {
                let at = cols.binary_search(&cell.col);
                if let Some(slot) = at.ok().and_then(|at| line.get_mut(at)) {
                    *slot = cell.count;
                }
            }
        }
        array
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AssociationParams;

    #[test]
    fn arrays_are_the_grid() {
        let table = Table::from_counts([(3, 9, 4), (3, 2, 1), (7, 9, 2), (8, 2, 5)]).unwrap();
        assert_eq!(table.to_array().as_slice().unwrap(), [1, 4, 0, 2, 5, 0]);
        let scan = AssociationParams::new().build().unwrap();
        let cells = scan
            .test_table(&table, &[Correction::Holm])
            .unwrap()
            .unwrap();
        assert_eq!(cells.adjusted_array().shape(), [3, 2]);
        assert_eq!(
            cells.ln_p_array()[[2, 1]].to_bits(),
            cells.p_at(5).unwrap().ln().to_bits()
        );
        assert!(cells.corrected_array(Correction::Holm).is_some());
        assert!(cells.corrected_array(Correction::Sidak).is_none());
    }
}
