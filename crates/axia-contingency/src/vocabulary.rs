//! Names for categories, and tables counted from names.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::cells::{Accumulator, Cell, grow};
use crate::error::Error;
use crate::table::Table;

/// Gives each distinct name a number, in the order of first sight.
///
/// Numbers depend on the order of the input; [`sorted`](Self::sorted) gives those that do not.
///
/// ```
/// use axia_contingency::Vocabulary;
///
/// let mut names = Vocabulary::new();
/// assert_eq!((names.code("honesty"), names.code("care"), names.code("honesty")), (0, 1, 0));
/// assert_eq!(names.names(), ["honesty", "care"]);
/// let (sorted, new_codes) = names.sorted();
/// assert_eq!(sorted, ["care", "honesty"]);
/// assert_eq!(new_codes, [1, 0]);
/// ```
#[derive(Clone, Default)]
pub struct Vocabulary {
    names: Vec<String>,
    codes: HashMap<Box<str>, u32, FixedState>,
}

impl std::fmt::Debug for Vocabulary {
    /// The size only: names may come from conversations.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vocabulary")
            .field("len", &self.names.len())
            .finish_non_exhaustive()
    }
}

impl Vocabulary {
    /// No names yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of a name, a new one at its first sight.
    pub fn code(&mut self, name: &str) -> u32 {
        if let Some(&code) = self.codes.get(name) {
            return code;
        }
        // 2^32 distinct names do not fit any memory.
        let code = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.codes.insert(name.into(), code);
        code
    }

    /// The number of a name that was seen before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        self.codes.get(name).copied()
    }

    /// The names by their numbers.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names in ascending order, and for each number given so far its place there: numbers that depend on the set of names
    /// alone.
    #[must_use]
    pub fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<(String, u32)> = self.names.into_iter().zip(0..).collect();
        order.sort_unstable();
        let mut places = vec![0; order.len()];
        for ((_, code), place) in order.iter().zip(0..) {
            if let Some(slot) = places.get_mut(*code as usize) {
                *slot = place;
            }
        }
        (order.into_iter().map(|(name, _)| name).collect(), places)
    }
}

/// A table whose rows and columns have names, in ascending order of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedTable {
    /// The counts; ids are places in the lists of names.
    pub table: Table,
    /// The rows' names.
    pub rows: Vec<String>,
    /// The columns' names.
    pub cols: Vec<String>,
}

/// Counts pairs of names from a stream.
///
/// Many can work on parts of the data and be [merged](Self::merge), in any order, to the same result.
///
/// ```
/// use axia_contingency::NamedCounts;
///
/// let mut counts = NamedCounts::new();
/// for (task, value) in [("poems", "creativity"), ("code", "clarity"), ("poems", "creativity")] {
///     counts.push(task, value)?;
/// }
/// let named = counts.build();
/// assert_eq!((named.rows, named.table.observed(1, 1)), (vec!["code".to_owned(), "poems".to_owned()], 2));
/// # Ok::<(), axia_contingency::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct NamedCounts {
    rows: Vocabulary,
    cols: Vocabulary,
    counts: GrowingCounts,
}

impl NamedCounts {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one pair.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53.
    pub fn push(&mut self, row: &str, col: &str) -> Result<(), Error> {
        let (row, col) = (self.rows.code(row), self.cols.code(col));
        self.counts.add(row, col, 1)
    }

    /// Adds another's counts.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53; this one is unchanged then.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        grow(self.counts.total, other.counts.total, TOTAL)?;
        let code = |mine: &mut Vocabulary, theirs: &Vocabulary| -> Vec<u32> {
            theirs.names().iter().map(|name| mine.code(name)).collect()
        };
        let rows = code(&mut self.rows, &other.rows);
        let cols = code(&mut self.cols, &other.cols);
        for cell in other.counts.finish() {
            let place = rows.get(cell.row as usize).zip(cols.get(cell.col as usize));
            if let Some((&row, &col)) = place {
                self.counts.add(row, col, cell.count)?;
            }
        }
        Ok(())
    }

    /// The finished table.
    #[must_use]
    pub fn build(self) -> NamedTable {
        let (rows, row_places) = self.rows.sorted();
        let (cols, col_places) = self.cols.sorted();
        let mut cells = self.counts.finish();
        for cell in &mut cells {
            let place = |places: &[u32], id: u32| places.get(id as usize).copied().unwrap_or(id);
            (cell.row, cell.col) = (place(&row_places, cell.row), place(&col_places, cell.col));
        }
        cells.sort_unstable_by_key(|cell| (cell.row, cell.col));
        NamedTable {
            table: Table::from_sorted_cells(cells),
            rows,
            cols,
        }
    }
}

const TOTAL: &str = "counts of a table";

/// Grids up to this many cells are counted in place (32 MiB); larger ones are gathered and sorted.
const DENSE_CELLS: usize = 1 << 23;

/// Counts by codes that come as they please: in place while the grid of codes seen is small, sorted after that.
#[derive(Debug, Clone)]
struct GrowingCounts {
    total: u64,
    /// Columns that a row of `dense` has room for.
    width: usize,
    dense: Vec<u32>,
    sparse: Accumulator,
}

impl Default for GrowingCounts {
    fn default() -> Self {
        Self {
            total: 0,
            width: 64,
            dense: Vec::new(),
            sparse: Accumulator::sparse(),
        }
    }
}

impl GrowingCounts {
    fn add(&mut self, row: u32, col: u32, count: u64) -> Result<(), Error> {
        self.total = grow(self.total, count, TOTAL)?;
        let at = row as usize * self.width + col as usize;
        if count == 1 && (col as usize) < self.width {
            let slot = self.dense.get_mut(at);
            if let Some(slot) = slot.filter(|slot| **slot < u32::MAX) {
                *slot += 1;
                return Ok(());
            }
        }
        self.add_slowly(row, col, count);
        Ok(())
    }

    fn add_slowly(&mut self, row: u32, col: u32, count: u64) {
        let height = (row as usize + 1)
            .next_power_of_two()
            .max(self.dense.len() / self.width);
        let width = (col as usize + 1).next_power_of_two().max(self.width);
        if count > 1 || height.saturating_mul(width) > DENSE_CELLS {
            self.sparse.add(row, col, count);
            return;
        }
        if width > self.width {
            let old = std::mem::take(&mut self.dense);
            self.dense = vec![0; height * width];
            let lines = old.chunks(self.width).zip(self.dense.chunks_mut(width));
            for (from, to) in lines {
                for (from, to) in from.iter().zip(to) {
                    *to = *from;
                }
            }
            self.width = width;
        } else {
            self.dense.resize(height * width, 0);
        }
        match self.dense.get_mut(row as usize * width + col as usize) {
            Some(slot) if *slot < u32::MAX => *slot += 1,
            _ => self.sparse.add(row, col, count),
        }
    }

    /// The non-zero cells, by row, then column.
    fn finish(self) -> Vec<Cell> {
        let mut sparse = self.sparse;
        for (line, row) in self.dense.chunks(self.width).zip(0_u32..) {
            for (&count, col) in line.iter().zip(0_u32..) {
                if count > 0 {
                    sparse.add(row, col, count.into());
                }
            }
        }
        sparse.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_order_and_parts_give_the_same_table() {
        let mut state = 11_u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % n
        };
        // Wide enough to outgrow the first grid.
        let pairs: Vec<(String, String)> = (0..4000)
            .map(|_| (format!("row {}", draw(90)), format!("col {}", draw(300))))
            .collect();
        let count = |pairs: &mut dyn Iterator<Item = &(String, String)>| {
            let mut counts = NamedCounts::new();
            pairs.for_each(|(row, col)| counts.push(row, col).unwrap());
            counts
        };
        let whole = count(&mut pairs.iter()).build();
        assert_eq!(count(&mut pairs.iter().rev()).build(), whole);
        let mut merged = count(&mut pairs.iter().skip(1500));
        merged.merge(count(&mut pairs.iter().take(1500))).unwrap();
        assert_eq!(merged.build(), whole);
        let code = |names: &[String], name: &String| names.binary_search(name).unwrap() as u32;
        let plain = pairs
            .iter()
            .map(|(r, c)| (code(&whole.rows, r), code(&whole.cols, c)));
        assert_eq!(Table::from_pairs(plain).unwrap(), whole.table);
    }

    #[test]
    fn grids_that_are_too_large_are_sorted() {
        let mut counts = GrowingCounts::default();
        for (row, col) in [(5, 9), (1 << 20, 3), (5, 1 << 20), (5, 9), (1 << 20, 3)] {
            counts.add(row, col, 1).unwrap();
        }
        let cells = counts.finish();
        let plain: Vec<_> = cells.iter().map(|c| (c.row, c.col, c.count)).collect();
        assert_eq!(plain, [(5, 9, 2), (5, 1 << 20, 1), (1 << 20, 3, 2)]);
    }
}
