//! Counts by codes whose ranges nobody knows beforehand.

use crate::cells::{Accumulator, Cell, merge_sorted};

/// Grids up to this many cells are counted in place (8 MiB); larger ones are gathered and sorted.
const DENSE_CELLS: usize = 1 << 23;

/// Pairs that are counted together, so that memory is asked for many at a time.
const BLOCK: usize = 1024;

/// Counts by codes that come as they please: in place while the grid of codes seen is small, sorted after that.
///
/// The caller sees to it that the total stays at or below 2^53.
#[derive(Debug, Clone)]
pub(crate) struct GrowingCounts {
    pending: Vec<(u32, u32)>,
    /// Columns that a row of `bytes` has room for.
    width: usize,
    /// Counts modulo 256; the full rounds are in `sparse`. So the grid stays in the cache.
    bytes: Vec<u8>,
    sparse: Accumulator,
}

impl Default for GrowingCounts {
    fn default() -> Self {
        Self {
            pending: Vec::with_capacity(BLOCK),
            width: 64,
            bytes: Vec::new(),
            sparse: Accumulator::sparse(),
        }
    }
}

impl GrowingCounts {
    pub(crate) fn add(&mut self, row: u32, col: u32) {
        self.pending.push((row, col));
        if self.pending.len() == BLOCK {
            self.count_pending();
        }
    }

    pub(crate) fn add_many(&mut self, cell: Cell) {
        self.sparse.add(cell.row, cell.col, cell.count);
    }

    fn count_pending(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for &(row, col) in &pending {
            if !self.count(row, col) {
                self.make_room(row as usize, col as usize);
                if !self.count(row, col) {
                    self.sparse.add(row, col, 1);
                }
            }
        }
        self.pending = pending;
        self.pending.clear();
    }

    /// Counts a pair in the grid, if it has a place there.
    fn count(&mut self, row: u32, col: u32) -> bool {
        if col as usize >= self.width {
            return false;
        }
        let at = row as usize * self.width + col as usize;
        let Some(byte) = self.bytes.get_mut(at) else {
            return false;
        };
        *byte = byte.wrapping_add(1);
        if *byte == 0 {
            self.sparse.add(row, col, 256);
        }
        true
    }

    /// Widens the grid for a code, unless it would grow too large.
    fn make_room(&mut self, row: usize, col: usize) {
        let rows_before = self.bytes.len() / self.width;
        if row < rows_before && col < self.width {
            return;
        }
        let height = (row + 1).next_power_of_two().max(rows_before);
        let width = (col + 1).next_power_of_two().max(self.width);
        if height.saturating_mul(width) > DENSE_CELLS {
            return;
        }
        if width > self.width {
            let old = std::mem::take(&mut self.bytes);
            self.bytes = vec![0; height * width];
            let lines = old.chunks(self.width).zip(self.bytes.chunks_mut(width));
            for (from, to) in lines {
                for (from, to) in from.iter().zip(to) {
                    *to = *from;
                }
            }
            self.width = width;
        } else {
            self.bytes.resize(height * width, 0);
        }
    }

    /// The non-zero cells by row, then column, where code `i` of the rows becomes `rows[i]` and the like: permutations, or
    /// codes of another list.
    pub(crate) fn finish(mut self, rows: &[u32], cols: &[u32]) -> Vec<Cell> {
        self.count_pending();
        let new = |codes: &[u32], code: u32| codes.get(code as usize).copied();
        let mut rest: Vec<Cell> = self.sparse.finish();
        // Back into the grid what fits there, so that few cells are left to be sorted.
        let mut counts: Vec<u32> = self.bytes.iter().map(|&byte| byte.into()).collect();
        rest.retain(|cell| {
            let at = cell.row as usize * self.width + cell.col as usize;
            let inside = (cell.col as usize) < self.width;
            let slot = counts.get_mut(at).filter(|_| inside);
            let sum = |slot: &u32| u32::try_from(u64::from(*slot) + cell.count).ok();
            match slot.and_then(|slot| Some((sum(slot)?, slot))) {
                Some((sum, slot)) => {
                    *slot = sum;
                    false
                }
                None => true,
            }
        });
        for cell in &mut rest {
            cell.row = new(rows, cell.row).unwrap_or(cell.row);
            cell.col = new(cols, cell.col).unwrap_or(cell.col);
        }
        rest.sort_unstable_by_key(|cell| (cell.row, cell.col));

        let filled = counts.iter().filter(|&&count| count > 0).count();
        let mut cells = Vec::with_capacity(filled);
        let height = counts.len() / self.width;
        let (row_order, col_order) = (by_new(rows, height), by_new(cols, self.width));
        for (row, old) in row_order {
            let start = old as usize * self.width;
            let line = counts.get(start..start + self.width).unwrap_or_default();
            for &(col, old) in &col_order {
                let count = line.get(old as usize).copied().unwrap_or(0);
                if count > 0 {
                    let count = count.into();
                    cells.push(Cell { row, col, count });
                }
            }
        }
        if rest.is_empty() {
            cells
        } else {
            merge_sorted(&cells, &rest)
        }
    }
}

/// New and old codes, by the new ones; only those of the grid.
fn by_new(codes: &[u32], end: usize) -> Vec<(u32, u32)> {
    let codes = codes.iter().copied().zip(0..).take(end);
    let mut order: Vec<(u32, u32)> = codes.collect();
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_grids_and_large_counts_are_kept_apart() {
        let mut counts = GrowingCounts::default();
        let far = 1 << 23;
        for _ in 0..600 {
            counts.add(5, 9);
        }
        for (row, col) in [(far, 3), (5, far), (5, 9), (far, 3), (5, 8)] {
            counts.add(row, col);
        }
        let huge = u64::from(u32::MAX);
        for (row, col, count) in [(5, 8, huge), (5, 9, 7), (0, far, 2)] {
            counts.add_many(Cell { row, col, count });
        }
        // Code 5 of the rows becomes 0 and 0 becomes 5, columns stay.
        let mut rows: Vec<u32> = (0..=far).collect();
        rows.swap(0, 5);
        let cols: Vec<u32> = (0..=far).collect();
        let cells = counts.finish(&rows, &cols);
        let plain: Vec<_> = cells.iter().map(|c| (c.row, c.col, c.count)).collect();
        assert_eq!(
            plain,
            [
                (0, 8, huge + 1),
                (0, 9, 608),
                (0, far, 1),
                (5, far, 2),
                (far, 3, 2)
            ]
        );
    }

    #[test]
    fn grids_grow_with_the_codes() {
        let mut counts = GrowingCounts::default();
        let mut plain = std::collections::BTreeMap::new();
        for i in 0..20_000_u32 {
            let (row, col) = (i * i % 7 * (i / 5000), i % (30 + i / 40));
            counts.add(row, col);
            *plain.entry((row, col)).or_insert(0_u64) += 1;
        }
        let same: Vec<u32> = (0..1000).collect();
        let cells = counts.finish(&same, &same);
        let cells: Vec<_> = cells.iter().map(|c| ((c.row, c.col), c.count)).collect();
        assert_eq!(cells, plain.into_iter().collect::<Vec<_>>());
    }
}
