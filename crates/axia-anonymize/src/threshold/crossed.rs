//! Tables of two facets whose rows and columns both have published totals.

use crate::Error;
use crate::threshold::network::{Arc, protect};
use crate::threshold::{CellSize, Gate, Released, Suppressed, remainder};

/// A table of two facets, with its margins, for [`Gate::release_crossed`].
///
/// Both facets divide the conversations: each conversation has at most one row and at most one
/// column. Conversations without a row or a column are in the total but in no cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossedTable<T> {
    /// The figure for all conversations.
    pub total: (T, CellSize),
    /// Totals of the rows.
    pub rows: Vec<(T, CellSize)>,
    /// Totals of the columns.
    pub columns: Vec<(T, CellSize)>,
    /// Row, column, value and size of each cell that has conversations, each at most once.
    pub cells: Vec<(usize, usize, T, CellSize)>,
}

/// What became of the figures of a [`CrossedTable`], in the same order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CrossedDecisions<T> {
    /// The figure for all conversations.
    pub total: Result<Released<T>, Suppressed>,
    /// Totals of the rows.
    pub rows: Vec<Result<Released<T>, Suppressed>>,
    /// Totals of the columns.
    pub columns: Vec<Result<Released<T>, Suppressed>>,
    /// The cells.
    pub cells: Vec<Result<Released<T>, Suppressed>>,
}

impl Gate {
    /// Releases a table with its margins so that no small cell follows from sums and differences.
    ///
    /// Cells and margins that fail a threshold are suppressed. Then further ones are, smallest first,
    /// until every group of hidden cells whose sum follows from published figures, by any chain of rows
    /// and columns, is empty or passes the thresholds.
    ///
    /// How many users a group has is not known from the sizes of its cells, so the fewest that are
    /// possible are assumed.
    ///
    /// # Errors
    ///
    /// When a cell names a row or column that is not there, or the same pair twice
    /// ([`Error::is_invalid_parameter`]); when cells hold more conversations than a margin, or margins
    /// more than the total ([`Error::is_inconsistent_counts`]): facets of which a conversation can have
    /// several categories make no such tables, see [`Gate::release_pair`].
    ///
    /// # Complexity
    ///
    /// O(f · t · n) in the worst case, with f figures that fail, n that are hidden, and t the threshold.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::threshold::{CellSize, CrossedTable, Thresholds};
    ///
    /// let gate = Thresholds::new().min_conversations(10).min_users(1).build()?;
    /// let n = |n: u64| CellSize::from_counts(n, n, 0, n.min(1)).map(|size| (n, size));
    /// let cell = |row, column, count| n(count).map(|(n, size)| (row, column, n, size));
    /// let table = CrossedTable {
    ///     total: n(123)?,
    ///     rows: vec![n(33)?, n(90)?],
    ///     columns: vec![n(43)?, n(80)?],
    ///     cells: vec![cell(0, 0, 3)?, cell(0, 1, 30)?, cell(1, 0, 40)?, cell(1, 1, 50)?],
    /// };
    /// let decisions = gate.release_crossed(table)?;
    /// // In a table of two by two, one cell and the margins give all others.
    /// assert!(decisions.cells.iter().all(Result::is_err));
    /// assert!(decisions.rows.iter().all(Result::is_ok));
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    pub fn release_crossed<T>(&self, table: CrossedTable<T>) -> Result<CrossedDecisions<T>, Error> {
        let network = network(&table)?;
        let mut reasons = protect(self, network.vertices, &network.arcs).into_iter();
        let mut decide = |value: T, size: CellSize| match reasons.next().flatten() {
            None => Ok(Released::new(value, size)),
            Some(reason) => Err(Suppressed::new(reason)),
        };
        // In the order in which the arcs were made.
        let (value, size) = table.total;
        let total = decide(value, size);
        let mut decide_all = |margin: Vec<(T, CellSize)>| {
            let margin = margin.into_iter();
            margin.map(|(value, size)| decide(value, size)).collect()
        };
        let rows = decide_all(table.rows);
        let columns = decide_all(table.columns);
        let cells = table.cells.into_iter();
        let cells = decide_all(cells.map(|(_, _, value, size)| (value, size)).collect());
        Ok(CrossedDecisions {
            total,
            rows,
            columns,
            cells,
        })
    }

    /// Releases the figure for conversations that have two categories, where the numbers of those that
    /// have each one, and of all, are published.
    ///
    /// Subtraction gives three more groups: those with the first category only, with the second only,
    /// and with none. The figure passes if its own cell does and each of the three is empty or passes.
    /// This is the check for facets of which a conversation can have several categories, such as values.
    ///
    /// # Errors
    ///
    /// [`Suppressed`], with the threshold that the cell does not meet, or
    /// [`Complementary`](crate::threshold::SuppressionReason::Complementary) when the cell would pass.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::threshold::{CellSize, Thresholds};
    ///
    /// let gate = Thresholds::new().min_conversations(10).min_users(1).build()?;
    /// let size = |n: u64| CellSize::from_counts(n, n, 0, n.min(1));
    /// let [first, second, all] = [size(40)?, size(60)?, size(200)?];
    /// assert!(gate.release_pair((), size(25)?, first, second, all).is_ok());
    /// // 40 - 36: four conversations have the first without the second.
    /// assert!(gate.release_pair((), size(36)?, first, second, all).is_err());
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    pub fn release_pair<T>(
        &self,
        value: T,
        both: CellSize,
        first: CellSize,
        second: CellSize,
        all: CellSize,
    ) -> Result<Released<T>, Suppressed> {
        let released = self.release(value, both)?;
        let complementary = Suppressed::new(crate::threshold::SuppressionReason::Complementary);
        let only_first = without(first, both).ok_or(complementary)?;
        let only_second = without(second, both).ok_or(complementary)?;
        let rest = without(all, first).and_then(|rest| without(rest, only_second));
        let rest = rest.ok_or(complementary)?;
        let safe = |size: CellSize| size.conversations() == 0 || self.passes(size);
        if [only_first, only_second, rest].into_iter().all(safe) {
            Ok(released)
        } else {
            Err(complementary)
        }
    }
}

/// The part of a group that is not in a part of it: the fewest users that it can have, and the most
/// that one user can. `None` where the part is larger than the group.
fn without(group: CellSize, part: CellSize) -> Option<CellSize> {
    let conversations = group.conversations().checked_sub(part.conversations())?;
    let unknown = group.unknown_users().checked_sub(part.unknown_users())?;
    let known = conversations.checked_sub(unknown)?;
    // Users of the group who are not in the part are in the rest.
    let users = group.users().saturating_sub(part.users()).max(known.min(1));
    let largest = group.largest_user().min(known);
    Some(
        CellSize::trusted(conversations, users.min(known), unknown, largest)
            .and_unscanned(group.unscanned().saturating_sub(part.unscanned())),
    )
}

struct Network {
    vertices: usize,
    arcs: Vec<Arc>,
}

/// Rows and columns as vertices, one more of each for conversations that have none, and two that tie
/// the margins to the total.
fn network<T>(table: &CrossedTable<T>) -> Result<Network, Error> {
    let (n_rows, n_columns) = (table.rows.len(), table.columns.len());
    let (row, column) = (|i: usize| i, |j: usize| n_rows + 1 + j);
    let (no_row, no_column) = (n_rows, n_rows + 1 + n_columns);
    let (all_columns, all_rows) = (no_column + 1, no_column + 2);
    let arc = |from, to, size, implicit, rank| Arc {
        from,
        to,
        size,
        implicit,
        rank,
    };
    let mut by_row = vec![Vec::new(); n_rows];
    let mut by_column = vec![Vec::new(); n_columns];
    let mut seen = std::collections::BTreeSet::new();
    for (i, j, _, size) in &table.cells {
        let place = by_row.get_mut(*i).zip(by_column.get_mut(*j));
        let Some((in_row, in_column)) = place.filter(|_| seen.insert((*i, *j))) else {
            return Err(Error::parameter(
                "a cell",
                "in a row and a column of the table, once",
                format!("row {i}, column {j}"),
            ));
        };
        in_row.push(*size);
        in_column.push(*size);
    }
    let total = table.total.1;
    let mut arcs = vec![arc(all_columns, all_rows, total, false, 2)];
    let margin = |margin: &[(T, CellSize)]| margin.iter().map(|(_, s)| *s).collect::<Vec<_>>();
    let (rows, columns) = (margin(&table.rows), margin(&table.columns));
    for (i, size) in rows.iter().enumerate() {
        arcs.push(arc(all_rows, row(i), *size, false, 1));
    }
    for (j, size) in columns.iter().enumerate() {
        arcs.push(arc(column(j), all_columns, *size, false, 1));
    }
    for (i, j, _, size) in &table.cells {
        arcs.push(arc(row(*i), column(*j), *size, false, 0));
    }
    // What is in none of the categories is hidden.
    let without_row = remainder(total, &rows)?;
    let without_column = remainder(total, &columns)?;
    arcs.push(arc(all_rows, no_row, without_row, true, 0));
    arcs.push(arc(no_column, all_columns, without_column, true, 0));
    for (i, cells) in by_row.iter().enumerate() {
        arcs.push(arc(row(i), no_column, remainder(rows[i], cells)?, true, 0));
    }
    let mut in_columns = Vec::with_capacity(n_columns);
    for (j, cells) in by_column.iter().enumerate() {
        let size = remainder(columns[j], cells)?;
        in_columns.push(size);
        arcs.push(arc(no_row, column(j), size, true, 0));
    }
    let neither = remainder(without_row, &in_columns)?;
    arcs.push(arc(no_row, no_column, neither, true, 0));
    Ok(Network {
        vertices: all_rows + 1,
        arcs,
    })
}
