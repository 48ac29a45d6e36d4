//! Names for categories, and tables counted from names.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::cells::grow;
use crate::error::Error;
use crate::growing_counts::GrowingCounts;
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
    total: u64,
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
        self.total = grow(self.total, 1, TOTAL)?;
        self.counts.add(self.rows.code(row), self.cols.code(col));
        Ok(())
    }

    /// Adds another's counts.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above a total of 2^53; this one is unchanged then.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.total = grow(self.total, other.total, TOTAL)?;
        let code = |mine: &mut Vocabulary, theirs: &Vocabulary| -> Vec<u32> {
            theirs.names().iter().map(|name| mine.code(name)).collect()
        };
        let rows = code(&mut self.rows, &other.rows);
        let cols = code(&mut self.cols, &other.cols);
        for cell in other.counts.finish(&rows, &cols) {
            self.counts.add_many(cell);
        }
        Ok(())
    }

    /// The finished table.
    #[must_use]
    pub fn build(self) -> NamedTable {
        let (rows, row_places) = self.rows.sorted();
        let (cols, col_places) = self.cols.sorted();
        let cells = self.counts.finish(&row_places, &col_places);
        NamedTable {
            table: Table::from_sorted_cells(cells),
            rows,
            cols,
        }
    }
}

const TOTAL: &str = "counts of a table";

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
}
