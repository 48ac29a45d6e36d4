//! Conversations grouped by row and user, and each user's columns.

use super::row_sums::{Group, Label, RowScratch};
use crate::conversations::{Conversations, Facet, Postings};
use crate::error::Error;
use crate::params::Estimand;

/// Of a row or column: its total, and its sums over users with itself and with the whole.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LineSums {
    pub(crate) total: u64,
    pub(crate) squares: u64,
    pub(crate) with_all: u64,
}

impl LineSums {
    fn add(&mut self, value: u64, of_all: u64) {
        self.total += value;
        self.squares += value * value;
        self.with_all += value * of_all;
    }
}

/// What the lines and the whole add up to.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) rows: Vec<LineSums>,
    pub(super) cols: Vec<LineSums>,
    pub(super) users: u64,
    pub(super) m: u64,
    pub(super) m2: u64,
    pub(super) largest_user: u64,
}

/// How many conversations a row category stands for in each estimand, and so on: see [`Estimand`].
fn weights(estimand: Estimand, rows: usize, cols: usize) -> (u64, u64, u64) {
    let (rows, cols) = (rows as u64, cols as u64);
    match estimand {
        Estimand::Prevalence => (1, 1, 1),
        Estimand::MentionShare => (cols, 1, cols),
        Estimand::PairTable => (cols, rows, rows * cols),
    }
}

/// Conversations grouped by row and user. What a row's pass reads is in lists that it reads from front to back, but for one
/// place for each user.
pub(super) struct Grouping<'a, T> {
    cols: &'a Facet,
    rows: Vec<RowGroups>,
    /// The columns of the conversations of each row, row by row, where that takes no more room than a few times the labels.
    row_labels: Option<Vec<T>>,
    /// The conversations of each row, where their columns are not listed.
    row_conversations: Vec<u32>,
    users: Vec<User>,
    /// Each user's columns: those to which the user adds 1, then the others, each followed by what is added.
    user_cols: Vec<T>,
}

/// A row's users.
#[derive(Debug, Default)]
struct RowGroups {
    groups: Vec<RowGroup>,
    conversations: usize,
    /// Where the row's columns, or its conversations, start.
    start: usize,
    /// How many columns the row's users have in all.
    work: u64,
}

#[derive(Debug, Clone, Copy)]
struct RowGroup {
    user: u32,
    x: u32,
    conversations: u32,
    /// Columns of these conversations.
    labels: u32,
}

/// A user's part of the whole, and where its columns are listed.
#[derive(Debug, Clone, Copy, Default)]
struct User {
    start: u64,
    once: u32,
    total: u32,
}

/// Columns are listed by row as long as they are at most so many times the labels.
const ROOM: usize = 4;

/// Users whose data are asked for together, so that the waits for memory overlap.
const AHEAD: usize = 32;

/// What the user at hand has added to a row.
#[derive(Debug, Clone, Copy, Default)]
struct NowRow {
    x: u64,
    conversations: u32,
    labels: u32,
}

/// The users' conversations: one list for each user, or each conversation its own where users are not known.
pub(super) struct UserLists {
    by_user: Option<Postings>,
    alone: Vec<u32>,
}

impl UserLists {
    pub(super) fn of(all: &Conversations) -> Self {
        let by_user = all.by_user();
        let alone = match by_user {
            Some(_) => Vec::new(),
            None => (0..all.len() as u32).collect(),
        };
        Self { by_user, alone }
    }

    pub(super) fn len(&self) -> usize {
        self.by_user
            .as_ref()
            .map_or(self.alone.len(), Postings::len)
    }

    fn user(&self, user: usize) -> &[u32] {
        match &self.by_user {
            Some(lists) => lists.of(user),
            None => self.alone.get(user..=user).unwrap_or_default(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|user| self.user(user))
    }

    /// Conversations of the user who has most of them.
    pub(super) fn longest(&self) -> usize {
        self.iter().map(<[u32]>::len).max().unwrap_or(0)
    }
}

/// Lists that are filled row by row at the same time.
struct RowLists<T> {
    next: Vec<usize>,
    items: Vec<T>,
}

impl<T: Copy + Default> RowLists<T> {
    fn new(sizes: &[usize]) -> Self {
        let mut sum = 0;
        let next = sizes.iter().map(|size| {
            let start = sum;
            sum += size;
            start
        });
        Self {
            next: next.collect(),
            items: vec![T::default(); sum],
        }
    }

    fn extend(&mut self, row: u32, items: impl ExactSizeIterator<Item = T>) {
        let from = self.next[row as usize];
        let to = from + items.len();
        for (slot, item) in self.items[from..to].iter_mut().zip(items) {
            *slot = item;
        }
        self.next[row as usize] = to;
    }
}

/// Items that are picked without a branch, since nobody can foresee which.
struct Picked<I> {
    items: Vec<I>,
    len: usize,
}

impl<I: Copy + Default> Picked<I> {
    fn new(most: usize) -> Self {
        Self {
            // The last place is for what is not picked when all others are taken.
            items: vec![I::default(); most + 1],
            len: 0,
        }
    }

    #[inline]
    fn push_if(&mut self, pick: bool, item: I) {
        self.items[self.len] = item;
        self.len += usize::from(pick);
    }

    fn items(&self) -> &[I] {
        &self.items[..self.len]
    }

    fn clear(&mut self) {
        self.len = 0;
    }
}

/// What the user at hand adds to columns, and what users have added so far.
struct ColTally {
    now: Vec<u32>,
    met: Picked<u32>,
    once: Picked<u32>,
    more: Picked<(u32, u32)>,
    /// Of users who add 1 to the column: how many, and their totals.
    of_once: Vec<[u64; 2]>,
    of_more: Vec<LineSums>,
}

impl ColTally {
    fn new(n_cols: usize) -> Self {
        Self {
            now: vec![0; n_cols],
            met: Picked::new(n_cols),
            once: Picked::new(n_cols),
            more: Picked::new(n_cols),
            of_once: vec![[0; 2]; n_cols],
            of_more: vec![LineSums::default(); n_cols],
        }
    }

    /// Adds `y`, which is not 0, to columns.
    fn add(&mut self, cols: &[u32], y: u32) {
        for &col in cols {
            let now = &mut self.now[col as usize];
            self.met.push_if(*now == 0, col);
            *now += y;
        }
    }

    /// Lists the user's columns: those to which it adds 1, then the others, each followed by what is added. How many there are
    /// of the former, and of all.
    fn finish_user<T: Label>(&mut self, total: u64, list: &mut Vec<T>) -> (u32, u64) {
        for &col in self.met.items() {
            let y = std::mem::take(&mut self.now[col as usize]);
            self.once.push_if(y == 1, col);
            self.more.push_if(y != 1, (col, y));
        }
        for &col in self.once.items() {
            let [users, totals] = &mut self.of_once[col as usize];
            *users += 1;
            *totals += total;
        }
        list.extend(self.once.items().iter().map(|&col| T::of(col)));
        for &(col, y) in self.more.items() {
            self.of_more[col as usize].add(y.into(), total);
            list.extend([T::of(col), T::of(y)]);
        }
        let found = (self.once.len as u32, self.met.len as u64);
        self.met.clear();
        self.once.clear();
        self.more.clear();
        found
    }

    fn sums(self) -> Vec<LineSums> {
        let both = self.of_more.into_iter().zip(self.of_once);
        both.map(|(more, [users, totals])| LineSums {
            total: more.total + users,
            squares: more.squares + users,
            with_all: more.with_all + totals,
        })
        .collect()
    }
}

/// How many columns there are in the conversations of each row; `None` when they are not to be listed.
fn labels_by_row(rows: &Facet, cols: &Facet, conversations: usize) -> Option<Vec<usize>> {
    let room = ROOM.saturating_mul(rows.all_labels().len() + cols.all_labels().len());
    let mut sizes = vec![0; rows.n_categories() as usize];
    let mut all = 0_usize;
    for index in 0..conversations {
        let (own, n_cols) = (rows.labels(index), cols.labels(index).len());
        all = all.saturating_add(own.len().saturating_mul(n_cols));
        if all > room {
            return None;
        }
        for &row in own {
            sizes[row as usize] += n_cols;
        }
    }
    Some(sizes)
}

impl<'a, T: Label> Grouping<'a, T> {
    /// # Errors
    /// [`Error::is_overflow`] when the sum of squares of the users' totals does not fit in 62 bits.
    pub(super) fn new(
        (rows, cols): (&'a Facet, &'a Facet),
        conversations: usize,
        lists: &UserLists,
        estimand: Estimand,
    ) -> Result<(Self, Totals), Error> {
        let too_many = || Error::too_many_counts("squares of the users' totals");
        let n_rows = rows.n_categories() as usize;
        let mut of_row = vec![0_usize; n_rows];
        for &row in rows.all_labels() {
            of_row[row as usize] += 1;
        }
        let sizes = labels_by_row(rows, cols, conversations);
        let starts = sizes.as_ref().unwrap_or(&of_row);
        let mut row_groups: Vec<RowGroups> = Vec::with_capacity(n_rows);
        let mut start = 0;
        for (&conversations, size) in of_row.iter().zip(starts) {
            row_groups.push(RowGroups {
                groups: Vec::with_capacity(conversations),
                conversations,
                start,
                work: 0,
            });
            start += size;
        }
        let mut row_labels = sizes.as_deref().map(RowLists::<T>::new);
        let mut row_conversations = match row_labels {
            Some(_) => RowLists::new(&[]),
            None => RowLists::new(&of_row),
        };

        let mut totals = Totals {
            rows: vec![LineSums::default(); n_rows],
            users: lists.len() as u64,
            ..Totals::default()
        };
        let mut m2 = 0_u128;
        let mut users = Vec::with_capacity(lists.len() + 1);
        let mut user_cols: Vec<T> = Vec::with_capacity(cols.all_labels().len());
        let mut col_tally = ColTally::new(cols.n_categories() as usize);
        let mut row_now = vec![NowRow::default(); n_rows];
        let mut rows_met: Vec<u32> = Vec::new();
        for (user, own) in (0_u32..).zip(lists.iter()) {
            let mut total = 0_u64;
            for &conversation in own {
                let index = conversation as usize;
                let (r, c) = (rows.labels(index), cols.labels(index));
                let (x, y, base) = weights(estimand, r.len(), c.len());
                total += base;
                // Its square would be too much. Nothing else that is added up for the user is above it.
                if total >= 1 << 31 {
                    return Err(too_many());
                }
                for &row in r {
                    let now = &mut row_now[row as usize];
                    if now.conversations == 0 {
                        rows_met.push(row);
                    }
                    now.x += x;
                    now.conversations += 1;
                    now.labels += c.len() as u32;
                    match &mut row_labels {
                        Some(lists) => lists.extend(row, c.iter().map(|&col| T::of(col))),
                        None => row_conversations.extend(row, std::iter::once(conversation)),
                    }
                }
                // Without labels on the other side nothing is added.
                if y > 0 {
                    col_tally.add(c, y as u32);
                }
            }
            let start = user_cols.len() as u64;
            let (once, n_cols) = col_tally.finish_user(total, &mut user_cols);
            users.push(User {
                start,
                once,
                total: total as u32,
            });
            for row in rows_met.drain(..) {
                let now = std::mem::take(&mut row_now[row as usize]);
                totals.rows[row as usize].add(now.x, total);
                let of_row = &mut row_groups[row as usize];
                of_row.work += n_cols;
                of_row.groups.push(RowGroup {
                    user,
                    x: now.x as u32,
                    conversations: now.conversations,
                    labels: now.labels,
                });
            }
            totals.m += total;
            m2 += u128::from(total) * u128::from(total);
            totals.largest_user = totals.largest_user.max(total);
        }
        users.push(User {
            start: user_cols.len() as u64,
            ..User::default()
        });
        totals.cols = col_tally.sums();
        // Every other sum of products is at most this one.
        totals.m2 = u64::try_from(m2)
            .ok()
            .filter(|&m2| m2 < 1 << 62)
            .ok_or_else(too_many)?;
        let grouping = Self {
            cols,
            rows: row_groups,
            row_labels: row_labels.map(|lists| lists.items),
            row_conversations: row_conversations.items,
            users,
            user_cols,
        };
        Ok((grouping, totals))
    }

    /// Conversations that have a row category.
    pub(super) fn row_conversations(&self, row: u32) -> u64 {
        let row = self.rows.get(row as usize);
        row.map_or(0, |row| row.conversations as u64)
    }

    /// Adds a row's users to a scratch that was made ready for it.
    pub(super) fn pass(&self, row: u32, scratch: &mut RowScratch, largest: u64) {
        let Some(row) = self.rows.get(row as usize) else {
            return scratch.clear(0, 0);
        };
        scratch.clear(largest, row.work);
        let listed = self.row_labels.as_deref().unwrap_or_default();
        let mut listed = listed.get(row.start..).unwrap_or_default();
        let of_row = self.row_conversations.get(row.start..);
        let mut conversations = of_row.unwrap_or_default().iter();
        let mut gathered = Vec::new();
        let mut ahead = 0_u32;
        let mut users = Vec::with_capacity(AHEAD);
        for block in row.groups.chunks(AHEAD) {
            users.clear();
            users.extend(block.iter().map(|group| self.user(group.user)));
            for (_, _, cols) in &users {
                let ends = cols.first().zip(cols.last());
                let (first, last) = ends.map_or((0, 0), |(&a, &b)| (a.into(), b.into()));
                ahead = ahead.wrapping_add(first ^ last);
            }
            for (group, &(total, once, cols)) in block.iter().zip(&users) {
                let own = if self.row_labels.is_some() {
                    let (own, after) = listed
                        .split_at_checked(group.labels as usize)
                        .unwrap_or_default();
                    listed = after;
                    own
                } else {
                    gathered.clear();
                    for &index in conversations.by_ref().take(group.conversations as usize) {
                        let labels = self.cols.labels(index as usize);
                        gathered.extend(labels.iter().map(|&col| T::of(col)));
                    }
                    &gathered
                };
                // A row without weight has met no column.
                if group.x > 0 {
                    let (once, more) = cols.split_at_checked(once).unwrap_or_default();
                    scratch.add(Group {
                        x: group.x,
                        total,
                        several: group.conversations > 1,
                        once,
                        more: more.as_chunks().0,
                        own,
                    });
                }
            }
        }
        // Only so that reading ahead is not left out.
        std::hint::black_box(ahead);
    }

    /// A user's total, to how many columns it adds 1, and its columns.
    fn user(&self, user: u32) -> (u32, usize, &[T]) {
        let at = user as usize;
        let (own, after) = (self.users.get(at), self.users.get(at + 1));
        let own = own.copied().unwrap_or_default();
        let end = after.map_or(own.start, |after| after.start);
        let cols = self.user_cols.get(own.start as usize..end as usize);
        (own.total, own.once as usize, cols.unwrap_or_default())
    }
}
