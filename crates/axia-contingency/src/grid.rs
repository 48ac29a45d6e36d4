//! A contingency table with every cell in place: the fast road from integer codes.

use crate::cells::{Cell, grow};
use crate::error::Error;
use crate::table::{Line, Table};

/// Counts of a whole grid of rows and columns, zeros included.
///
/// The dense counterpart of [`Table`], for codes of known ranges: 1 byte for each cell of the grid, whether anything was
/// counted there or not, and 8 for each cell with 256 or more. [`test_grid`](crate::AssociationScan::test_grid) tests all cells without another form in between.
///
/// ```
/// use axia_contingency::{AssociationParams, Correction, Grid};
///
/// let (rows, cols) = ([0, 0, 1, 1, 1, 0], [0, 0, 1, 1, 2, 2]);
/// let grid = Grid::from_codes(2, 3, &rows, &cols)?;
/// assert_eq!((grid.observed(0, 0), grid.total()), (2, 6));
/// let scan = AssociationParams::new().build()?;
/// let cells = scan.test_grid(&grid, &[Correction::Holm])?.ok_or("one row")?;
/// assert_eq!(Some(cells), scan.test_table(&grid.to_table(), &[Correction::Holm])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    n_rows: u32,
    n_cols: u32,
    /// Counts modulo 256, row by row.
    bytes: Vec<u8>,
    /// Places with 256 or more, ascending, and how many times 256.
    rounds: Vec<(u32, u32)>,
    total: u64,
}

/// One row of a grid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GridRow<'a> {
    pub(crate) bytes: &'a [u8],
    rounds: &'a [(u32, u32)],
    start: u32,
}

impl<'a> GridRow<'a> {
    /// Columns with 256 or more, and how much more than their bytes say.
    pub(crate) fn rounds(self) -> impl Iterator<Item = (u32, u32)> + 'a {
        let rounds = self.rounds.iter();
        rounds.map(move |&(place, rounds)| (place - self.start, rounds << 8))
    }

    fn counts(self) -> Vec<u32> {
        let mut counts: Vec<u32> = self.bytes.iter().map(|&byte| byte.into()).collect();
        for (col, more) in self.rounds() {
            if let Some(count) = counts.get_mut(col as usize) {
                *count += more;
            }
        }
        counts
    }
}

/// Larger grids are refused.
pub(crate) const MAX_GRID: u64 = 1 << 28;

/// Rows that are checked and placed before they are counted: their places stay near, and each of the two loops runs long enough
/// for the memory to be read ahead of it.
const BLOCK: usize = 8192;

impl Grid {
    /// Counts pairs of codes, one for each place of the two slices: `rows[i]` met `cols[i]`. Row codes are below `n_rows`,
    /// column codes below `n_cols`.
    ///
    /// The fastest way from data to counts.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when the slices differ in length, [`Error::is_out_of_range`] for a code outside its range,
    /// [`Error::is_overflow`] for a grid of more than 2^28 cells and for 2^32 or more pairs.
    ///
    /// # Complexity
    /// One pass. While it runs, at most 4 bytes for each 256 pairs beside the result.
    pub fn from_codes(n_rows: u32, n_cols: u32, rows: &[u32], cols: &[u32]) -> Result<Self, Error> {
        if rows.len() != cols.len() {
            return Err(Error::inconsistent(
                "there must be as many row codes as column codes",
            ));
        }
        let cells = u64::from(n_rows) * u64::from(n_cols);
        if cells > MAX_GRID {
            return Err(Error::grid_too_large());
        }
        if u32::try_from(rows.len()).is_err() {
            return Err(Error::too_many_kept("pairs counted in a grid"));
        }
        let (bytes, rounds) = count(n_rows, n_cols, rows, cols, cells as usize)?;
        Ok(Self {
            n_rows,
            n_cols,
            bytes,
            rounds,
            total: rows.len() as u64,
        })
    }

    /// Number of rows, empty ones included.
    #[must_use]
    pub fn n_rows(&self) -> u32 {
        self.n_rows
    }

    /// Number of columns, empty ones included.
    #[must_use]
    pub fn n_cols(&self) -> u32 {
        self.n_cols
    }

    /// All counts row by row: that of row `i` and column `j` is at `i * n_cols + j`.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        self.lines().flat_map(GridRow::counts).collect()
    }

    /// One count; 0 outside of the grid.
    #[must_use]
    pub fn observed(&self, row: u32, col: u32) -> u32 {
        let Some(line) = self.line(row) else { return 0 };
        let more = line.rounds().find(|round| round.0 == col);
        let byte = line.bytes.get(col as usize).copied().unwrap_or(0);
        u32::from(byte) + more.map_or(0, |round| round.1)
    }

    /// Grand total.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// This grid with another's counts added.
    ///
    /// # Errors
    /// [`Error::is_not_mergeable`] for another shape, [`Error::is_overflow`] when a count passes 2^32 or the total 2^53.
    pub fn merge(&self, other: &Self) -> Result<Self, Error> {
        let (left, right) = ((self.n_rows, self.n_cols), (other.n_rows, other.n_cols));
        if left != right {
            return Err(Error::shape_mismatch(left, right));
        }
        let total = grow(self.total, other.total, "counts of a grid")?;
        let counts = self.counts().into_iter().zip(other.counts());
        let mut merged = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            rounds: Vec::new(),
            total,
            ..*self
        };
        for ((one, other), place) in counts.zip(0..) {
            let sum = one
                .checked_add(other)
                .ok_or_else(|| Error::too_many_kept("counts of a cell of a grid"))?;
            merged.bytes.push(sum as u8);
            if sum > 255 {
                merged.rounds.push((place, sum >> 8));
            }
        }
        Ok(merged)
    }

    /// The same counts as a sparse table, without the zeros and the empty lines.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut cells = Vec::new();
        for (line, row) in self.lines().zip(0_u32..) {
            let counts = line.counts().into_iter().zip(0_u32..);
            let counts = counts.filter(|&(count, _)| count > 0);
            cells.extend(counts.map(|(count, col)| Cell {
                row,
                col,
                count: count.into(),
            }));
        }
        let (rows, cols) = self.totals();
        let full = |totals: Vec<u64>| -> Vec<Line> {
            let lines = totals.into_iter().zip(0_u32..);
            let lines = lines.map(|(total, id)| Line { id, total });
            lines.filter(|line| line.total > 0).collect()
        };
        Table::from_parts(cells, full(rows), full(cols))
    }

    /// One row, if it is in the grid.
    pub(crate) fn line(&self, row: u32) -> Option<GridRow<'_>> {
        let width = self.n_cols as usize;
        let start = row as usize * width;
        let bytes = self.bytes.get(start..start + width)?;
        // A grid has at most 2^28 cells.
        let start = start as u32;
        let from = self.rounds.partition_point(|round| round.0 < start);
        let to = self
            .rounds
            .partition_point(|round| round.0 < start + self.n_cols);
        Some(GridRow {
            bytes,
            rounds: self.rounds.get(from..to)?,
            start,
        })
    }

    fn lines(&self) -> impl Iterator<Item = GridRow<'_>> + '_ {
        (0..self.n_rows).filter_map(|row| self.line(row))
    }

    /// Totals of all rows and of all columns, in one pass.
    pub(crate) fn totals(&self) -> (Vec<u64>, Vec<u64>) {
        // A row has at most 2^28 bytes, and a column too: that many times 255 fits in 64 bits, and a block of rows in 32.
        let mut cols = vec![0_u64; self.n_cols as usize];
        let mut block = vec![0_u32; cols.len()];
        let mut rows = Vec::with_capacity(self.n_rows as usize);
        for (line, number) in self.lines().zip(1_u32..) {
            let mut row = 0_u64;
            for bytes in line.bytes.chunks(1 << 16) {
                row += u64::from(bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>());
            }
            for (sum, &byte) in block.iter_mut().zip(line.bytes) {
                *sum += u32::from(byte);
            }
            for (col, more) in line.rounds() {
                row += u64::from(more);
                if let Some(total) = cols.get_mut(col as usize) {
                    *total += u64::from(more);
                }
            }
            rows.push(row);
            if number % (1 << 20) == 0 {
                drain(&mut block, &mut cols);
            }
        }
        drain(&mut block, &mut cols);
        (rows, cols)
    }
}

/// Adds sums to larger ones and starts anew.
fn drain(block: &mut [u32], sums: &mut [u64]) {
    for (sum, part) in sums.iter_mut().zip(block) {
        *sum += u64::from(std::mem::take(part));
    }
}

/// Bytes, and the places that went full rounds with their number.
type Counted = (Vec<u8>, Vec<(u32, u32)>);

/// Counts in bytes, whose table stays in the second-level cache where one of words would not; each full round of a byte is
/// noted apart.
fn count(
    n_rows: u32,
    n_cols: u32,
    rows: &[u32],
    cols: &[u32],
    cells: usize,
) -> Result<Counted, Error> {
    let mut bytes = vec![0_u8; cells];
    let mut rounds: Vec<u32> = Vec::new();
    let mut places = [0_u32; BLOCK];
    for (rows, cols) in rows.chunks(BLOCK).zip(cols.chunks(BLOCK)) {
        let mut outside = false;
        for ((place, &row), &col) in places.iter_mut().zip(rows).zip(cols) {
            outside |= (row >= n_rows) | (col >= n_cols);
            *place = row.wrapping_mul(n_cols).wrapping_add(col);
        }
        if outside {
            first_outside(n_rows, n_cols, rows, cols)?;
        }
        for &place in places.iter().take(rows.len()) {
            // In range by the check: no pair is lost here.
            if let Some(byte) = bytes.get_mut(place as usize) {
                *byte = byte.wrapping_add(1);
                if *byte == 0 {
                    rounds.push(place);
                }
            }
        }
    }
    rounds.sort_unstable();
    let runs = rounds.chunk_by(|a, b| a == b);
    let rounds = runs.filter_map(|run| Some((*run.first()?, run.len() as u32)));
    Ok((bytes, rounds.collect()))
}

/// The error of the first pair that is out of range.
fn first_outside(n_rows: u32, n_cols: u32, rows: &[u32], cols: &[u32]) -> Result<(), Error> {
    let mut pairs = rows.iter().zip(cols);
    pairs.try_for_each(|(&row, &col)| check(row, col, n_rows, n_cols))
}

/// Whether a pair of codes lies in the grid.
pub(crate) fn check(row: u32, col: u32, n_rows: u32, n_cols: u32) -> Result<(), Error> {
    if row >= n_rows {
        return Err(Error::out_of_range("row", row, n_rows));
    }
    if col >= n_cols {
        return Err(Error::out_of_range("column", col, n_cols));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_run_over_are_counted() {
        // 257, 256, 255 and 1 pairs, mixed.
        let mut rows = Vec::new();
        let mut cols = Vec::new();
        for i in 0..257 {
            for (row, col, n) in [(0, 0, 257), (1, 2, 256), (2, 1, 255), (0, 1, 1)] {
                if i < n {
                    rows.push(row);
                    cols.push(col);
                }
            }
        }
        let grid = Grid::from_codes(3, 4, &rows, &cols).unwrap();
        assert_eq!(grid.counts(), [257, 1, 0, 0, 0, 0, 256, 0, 0, 255, 0, 0]);
        assert_eq!(grid.total(), 769);
        assert_eq!(grid.totals(), (vec![258, 256, 255], vec![257, 256, 256, 0]));
        let twice = grid.merge(&grid).unwrap();
        assert_eq!(twice.observed(0, 0), 514);
        assert_eq!((twice.observed(0, 4), twice.observed(3, 0)), (0, 0));
        assert_eq!(
            twice.to_table(),
            grid.to_table().merge(&grid.to_table()).unwrap()
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = Grid::from_codes(2, 2, &[0, 1], &[0]).unwrap_err();
        assert!(error.is_inconsistent());
        let error = Grid::from_codes(2, 2, &[0, 2], &[0, 0]).unwrap_err();
        assert!(error.is_out_of_range());
        let error = Grid::from_codes(2, 2, &[0, 1], &[0, u32::MAX]).unwrap_err();
        assert!(error.is_out_of_range());
        let error = Grid::from_codes(1 << 20, 1 << 20, &[], &[]).unwrap_err();
        assert!(error.is_overflow());
        let small = Grid::from_codes(2, 2, &[0], &[1]).unwrap();
        let other = Grid::from_codes(2, 3, &[0], &[1]).unwrap();
        assert!(small.merge(&other).unwrap_err().is_not_mergeable());
        let mut full = small.clone();
        full.rounds = vec![(1, u32::MAX >> 8)];
        full.bytes[1] = u8::MAX;
        assert_eq!(full.observed(0, 1), u32::MAX);
        assert!(full.merge(&small).unwrap_err().is_overflow());
        let empty = Grid::from_codes(0, 0, &[], &[]).unwrap();
        assert_eq!(empty.to_table().total(), 0);
    }
}
