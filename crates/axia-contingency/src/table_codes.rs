//! A sparse table from integer codes of known ranges, counted in place while the grid is small.

use crate::error::Error;
use crate::grid::{Grid, check};
use crate::table::{Table, TableBuilder};

/// Grids up to this many cells are counted in place (16 MiB); larger ones are gathered and sorted.
const DENSE_CELLS: u64 = 1 << 24;

impl Table {
    /// Counts pairs of codes, one for each place of the two slices: `rows[i]` met `cols[i]`. Row codes are below `n_rows`,
    /// column codes below `n_cols`.
    ///
    /// The fastest way from data to a table; a [`Grid`] is faster still when all its cells are tested. Memory beside the
    /// result is 1 byte for each cell of the grid up to 2^24 cells, and proportional to the distinct cells above.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when the slices differ in length, [`Error::is_out_of_range`] for a code outside its range.
    ///
    /// ```
    /// use axia_contingency::Table;
    ///
    /// let table = Table::from_codes(2, 3, &[0, 1, 1, 0], &[2, 0, 0, 2])?;
    /// assert_eq!((table.observed(0, 2), table.observed(1, 0), table.total()), (2, 2, 4));
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn from_codes(n_rows: u32, n_cols: u32, rows: &[u32], cols: &[u32]) -> Result<Self, Error> {
        if rows.len() != cols.len() {
            return Err(Error::inconsistent(
                "there must be as many row codes as column codes",
            ));
        }
        let grid = u64::from(n_rows) * u64::from(n_cols);
        if grid > DENSE_CELLS || u32::try_from(rows.len()).is_err() {
            let mut builder = TableBuilder::new();
            for (&row, &col) in rows.iter().zip(cols) {
                check(row, col, n_rows, n_cols)?;
                builder.push(row, col)?;
            }
            return Ok(builder.build());
        }
        Ok(Grid::from_codes(n_rows, n_cols, rows, cols)?.to_table())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_count_as_pairs_do() {
        let mut state = 3_u64;
        let mut draw = |n: u32| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u32 % n
        };
        let (rows, cols): (Vec<u32>, Vec<u32>) = (0..5000).map(|_| (draw(30), draw(40))).unzip();
        let pairs = || rows.iter().copied().zip(cols.iter().copied());
        let plain = Table::from_pairs(pairs()).unwrap();
        assert_eq!(Table::from_codes(31, 40, &rows, &cols).unwrap(), plain);
        // Too large for the grid.
        assert_eq!(
            Table::from_codes(u32::MAX, 40, &rows, &cols).unwrap(),
            plain
        );
        assert!(
            Table::from_codes(29, 40, &rows, &cols)
                .unwrap_err()
                .is_out_of_range()
        );
        assert!(
            Table::from_codes(30, 39, &rows, &cols)
                .unwrap_err()
                .is_out_of_range()
        );
        assert!(
            Table::from_codes(30, 40, &rows, &[])
                .unwrap_err()
                .is_inconsistent()
        );
        assert_eq!(Table::from_codes(0, 0, &[], &[]).unwrap().total(), 0);
    }
}
