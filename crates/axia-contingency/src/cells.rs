//! Sparse cells, and the accumulator that gathers them from a stream.

use serde::{Deserialize, Serialize};

use crate::error::{Error, MAX_TOTAL};

/// One cell of a sparse table. Serialized as `[row, col, count]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32, u64)", into = "(u32, u32, u64)")]
pub struct Cell {
    /// Row id.
    pub row: u32,
    /// Column id.
    pub col: u32,
    /// How often the two met.
    pub count: u64,
}

impl From<(u32, u32, u64)> for Cell {
    fn from((row, col, count): (u32, u32, u64)) -> Self {
        Self { row, col, count }
    }
}

impl From<Cell> for (u32, u32, u64) {
    fn from(cell: Cell) -> Self {
        (cell.row, cell.col, cell.count)
    }
}

/// A cell's place as one integer, ordered by row, then column.
pub(crate) fn key(row: u32, col: u32) -> u64 {
    u64::from(row) << 32 | u64::from(col)
}

/// The row and column of a key.
pub(crate) fn place(key: u64) -> (u32, u32) {
    ((key >> 32) as u32, key as u32)
}

/// Grids up to this many cells are counted in place (32 MiB); larger ones are gathered and sorted.
const DENSE_CELLS: u64 = 1 << 22;

/// A buffer shorter than this is not worth sorting; it also stays within the second-level cache.
const PENDING: usize = 1 << 16;

/// Counts per cell, gathered in any order, finished in one order.
///
/// The running total is kept at or below 2^53, so no single count can overflow.
#[derive(Debug, Clone)]
pub(crate) struct Accumulator {
    total: u64,
    store: Store,
}

#[derive(Debug, Clone)]
enum Store {
    Dense {
        cols: usize,
        counts: Vec<u64>,
    },
    Sparse {
        sorted: Vec<(u64, u64)>,
        pending: Vec<(u64, u64)>,
    },
}

impl Accumulator {
    /// For ids of any size.
    pub(crate) fn sparse() -> Self {
        Self {
            total: 0,
            store: Store::Sparse {
                sorted: Vec::new(),
                pending: Vec::new(),
            },
        }
    }

    /// For ids below the given bounds, which every later call must keep.
    pub(crate) fn with_shape(n_rows: u32, n_cols: u32) -> Self {
        let cells = u64::from(n_rows) * u64::from(n_cols);
        if cells > DENSE_CELLS {
            return Self::sparse();
        }
        Self {
            total: 0,
            store: Store::Dense {
                cols: n_cols as usize,
                counts: vec![0; cells as usize],
            },
        }
    }

    /// Whether `count` more would still fit; the check that [`add`](Self::add) relies on.
    pub(crate) fn reserve(&mut self, count: u64, what: &'static str) -> Result<(), Error> {
        self.total = grow(self.total, count, what)?;
        Ok(())
    }

    /// Adds to one cell. The count must have been reserved.
    pub(crate) fn add(&mut self, row: u32, col: u32, count: u64) {
        match &mut self.store {
            Store::Dense { cols, counts } => {
                if let Some(cell) = counts.get_mut(row as usize * *cols + col as usize) {
                    *cell += count;
                }
            }
            Store::Sparse { sorted, pending } => {
                pending.push((key(row, col), count));
                // Waiting until the buffer is as long as the result keeps the merging linear in all.
                if pending.len() >= PENDING.max(sorted.len()) {
                    compact(sorted, pending);
                }
            }
        }
    }

    /// The non-zero cells by row, then column.
    pub(crate) fn finish(self) -> Vec<Cell> {
        match self.store {
            Store::Dense { cols, counts } => counts
                .chunks(cols.max(1))
                .zip(0u32..)
                .flat_map(|(line, row)| {
                    line.iter()
                        .zip(0u32..)
                        .filter(|&(&count, _)| count > 0)
                        .map(move |(&count, col)| Cell { row, col, count })
                })
                .collect(),
            Store::Sparse {
                mut sorted,
                mut pending,
            } => {
                compact(&mut sorted, &mut pending);
                sorted
                    .into_iter()
                    .filter(|&(_, count)| count > 0)
                    .map(|(key, count)| {
                        let (row, col) = place(key);
                        Cell { row, col, count }
                    })
                    .collect()
            }
        }
    }
}

/// Moves the pending counts into the sorted ones.
fn compact(sorted: &mut Vec<(u64, u64)>, pending: &mut Vec<(u64, u64)>) {
    if pending.is_empty() {
        return;
    }
    // Two sorted runs: the stable sort finds and merges them in linear time.
    pending.sort_unstable_by_key(|&(key, _)| key);
    sum_runs(pending);
    sorted.append(pending);
    sorted.sort_by_key(|&(key, _)| key);
    sum_runs(sorted);
}

/// Adds up neighbours with one key.
fn sum_runs(entries: &mut Vec<(u64, u64)>) {
    entries.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 += later.1;
        }
        same
    });
}

/// `total + count`, unless it passes 2^53.
pub(crate) fn grow(total: u64, count: u64, what: &'static str) -> Result<u64, Error> {
    total
        .checked_add(count)
        .filter(|&sum| sum <= MAX_TOTAL)
        .ok_or_else(|| Error::too_many_counts(what))
}

/// Merges two sorted lists of cells, adding counts; the caller has checked that the sum fits.
pub(crate) fn merge_sorted(left: &[Cell], right: &[Cell]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = left.iter().chain(right).copied().collect();
    cells.sort_by_key(|cell| key(cell.row, cell.col));
    cells.dedup_by(|later, kept| {
        let same = (later.row, later.col) == (kept.row, kept.col);
        if same {
            kept.count += later.count;
        }
        same
    });
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_stores_count_the_same() {
        let mut dense = Accumulator::with_shape(300, 400);
        let mut sparse = Accumulator::sparse();
        assert!(matches!(dense.store, Store::Dense { .. }));
        let mut state = 1_u64;
        // More than the buffer, so that compaction runs.
        for _ in 0..3 * PENDING {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (row, col) = ((state >> 33) as u32 % 300, (state >> 40) as u32 % 400);
            for store in [&mut dense, &mut sparse] {
                store.reserve(1, "count").unwrap();
                store.add(row, col, 1);
            }
        }
        let cells = dense.finish();
        assert_eq!(
            cells.iter().map(|c| c.count).sum::<u64>(),
            3 * PENDING as u64
        );
        assert_eq!(cells, sparse.finish());
    }

    #[test]
    fn large_grids_are_sparse_and_empty_ones_are_empty() {
        assert!(matches!(
            Accumulator::with_shape(u32::MAX, u32::MAX).store,
            Store::Sparse { .. }
        ));
        assert!(Accumulator::with_shape(0, 0).finish().is_empty());
    }

    #[test]
    fn totals_stop_at_2_to_53() {
        assert_eq!(grow(MAX_TOTAL - 1, 1, "n").unwrap(), MAX_TOTAL);
        assert!(grow(MAX_TOTAL, 1, "n").unwrap_err().is_overflow());
        assert!(grow(1, u64::MAX, "n").unwrap_err().is_overflow());
    }
}
