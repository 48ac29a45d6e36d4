//! The pass over users that gathers, for every pair of categories, the sums from which robust variances follow.

use super::gram::{Gram, Sums};
use crate::conversations::{Conversations, Facet};
use crate::error::Error;
use crate::params::Estimand;

/// Conversations grouped by user, and each user's totals per column: what a row's pass walks through.
///
/// A row is worked on at a time, with one accumulator per column that stays in the cache; no matrix of pairs exists. The work
/// is the number of (row, column) pairs of each user's categories, summed over users, plus the labels met.
pub(crate) struct UserPass<'a> {
    cols: &'a Facet,
    estimand: Estimand,
    /// Conversations by row, and within a row by user.
    row_starts: Vec<usize>,
    row_entries: Vec<Entry>,
    /// The columns of each entry's conversation, in the order of the entries, where that takes no more room than a few times
    /// the labels: a row's pass then reads memory from front to back.
    row_labels: Option<RowLabels>,
    users: Vec<User>,
    /// Each user's columns with their counts.
    user_cols: Vec<(u32, u32)>,
    row_sums: Vec<LineSums>,
    col_sums: Vec<LineSums>,
    m: u64,
    m2: u64,
    largest_user: u64,
    scratch_len: usize,
}

/// One conversation of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// How many columns it has, if these are listed by row, else the conversation.
    labels: u32,
    user: u32,
    weight: u32,
}

/// The columns of the conversations of each row.
struct RowLabels {
    starts: Vec<usize>,
    labels: Vec<u32>,
}

/// A user's part of the whole, and where its columns are listed.
#[derive(Debug, Clone, Copy, Default)]
struct User {
    total: u64,
    cols: usize,
    n_cols: u32,
}

/// Columns are listed by row as long as they are at most so many times the labels.
const ROOM: usize = 4;

/// Users whose data are asked for together, so that the waits for memory overlap.
const AHEAD: usize = 32;

/// Of a row or column: its total, and its sums over users with itself and with the whole.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LineSums {
    pub(crate) total: u64,
    pub(crate) squares: u64,
    pub(crate) with_all: u64,
    /// Users behind the total.
    pub(crate) users: u64,
}

/// One row's sums per column. What all of a user's columns need is apart: it stays in the first-level cache.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowScratch {
    xy: Vec<u64>,
    /// Of the user at hand: what it adds to the column, and to row and column together.
    now_y: Vec<u32>,
    now_both: Vec<u32>,
    both: Vec<BothSums>,
    met: Vec<u32>,
    /// Only so that reading ahead is not left out.
    ahead: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct BothSums {
    both2: u64,
    both_x: u64,
    both_y: u64,
    both_m: u64,
    both: u32,
    /// Users behind `both`.
    users: u32,
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

impl<'a> UserPass<'a> {
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there; [`Error::is_overflow`] when the sum of squares of the
    /// users' totals does not fit in 64 bits.
    pub(crate) fn new(
        all: &'a Conversations,
        row_facet: usize,
        col_facet: usize,
        estimand: Estimand,
    ) -> Result<Self, Error> {
        let (rows, cols) = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        let n_rows = rows.n_categories() as usize;
        let n_cols = cols.n_categories() as usize;
        let by_user = all.by_user();
        // Without users each conversation is its own.
        let n_users = by_user.as_ref().map_or(all.len(), |lists| lists.len());
        let alone: Vec<u32> = if by_user.is_some() {
            Vec::new()
        } else {
            (0..all.len() as u32).collect()
        };
        let of = |user: usize| match &by_user {
            Some(lists) => lists.of(user),
            None => alone.get(user..=user).unwrap_or_default(),
        };

        let mut row_starts = vec![0; n_rows + 1];
        for &row in rows.all_labels() {
            row_starts[row as usize + 1] += 1;
        }
        for row in 0..n_rows {
            row_starts[row + 1] += row_starts[row];
        }
        let mut next = row_starts.clone();
        let mut row_labels = RowLabels::with_room(rows, cols, all.len());
        let mut next_label = row_labels
            .as_ref()
            .map_or_else(Vec::new, |lists| lists.starts.clone());
        let mut row_entries = vec![Entry::default(); rows.all_labels().len()];
        let mut row_sums = vec![LineSums::default(); n_rows];
        let mut col_sums = vec![LineSums::default(); n_cols];
        let mut user_cols: Vec<(u32, u32)> = Vec::with_capacity(cols.all_labels().len());
        let mut users = Vec::with_capacity(n_users);
        let (mut row_now, mut col_now) = (vec![0_u64; n_rows], vec![0_u64; n_cols]);
        let (mut rows_met, mut cols_met): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let (mut m, mut m2, mut largest_user) = (0_u64, 0_u128, 0_u64);
        for user in 0..n_users {
            let mut total = 0;
            for &conversation in of(user) {
                let index = conversation as usize;
                let (r, c) = (rows.labels(index), cols.labels(index));
                let (x, y, base) = weights(estimand, r.len(), c.len());
                total += base;
                for &row in r {
                    let now = &mut row_now[row as usize];
                    if *now == 0 {
                        rows_met.push(row);
                    }
                    // A weight of 0 (no labels on the other side) adds nothing, and is met again without harm.
                    *now += x;
                    let slot = &mut next[row as usize];
                    let mut labels = conversation;
                    if let Some(lists) = &mut row_labels {
                        let from = &mut next_label[row as usize];
                        lists.labels[*from..*from + c.len()].copy_from_slice(c);
                        *from += c.len();
                        labels = c.len() as u32;
                    }
                    row_entries[*slot] = Entry {
                        labels,
                        user: user as u32,
                        weight: x as u32,
                    };
                    *slot += 1;
                }
                for &col in c {
                    let now = &mut col_now[col as usize];
                    if *now == 0 {
                        cols_met.push(col);
                    }
                    *now += y;
                }
            }
            for &row in &rows_met {
                let x = std::mem::take(&mut row_now[row as usize]);
                row_sums[row as usize].add(x, total);
            }
            let first = user_cols.len();
            for &col in &cols_met {
                let y = std::mem::take(&mut col_now[col as usize]);
                if y > 0 {
                    col_sums[col as usize].add(y, total);
                    user_cols.push((col, y as u32));
                }
            }
            rows_met.clear();
            cols_met.clear();
            users.push(User {
                total,
                cols: first,
                n_cols: (user_cols.len() - first) as u32,
            });
            m += total;
            m2 += u128::from(total) * u128::from(total);
            largest_user = largest_user.max(total);
        }
        // Every other sum of products is at most this one.
        let m2 = u64::try_from(m2)
            .ok()
            .filter(|&m2| m2 < 1 << 62)
            .ok_or_else(|| Error::too_many_counts("squares of the users' totals"))?;
        Ok(Self {
            cols,
            estimand,
            row_starts,
            row_entries,
            row_labels,
            users,
            user_cols,
            row_sums,
            col_sums,
            m,
            m2,
            largest_user,
            scratch_len: n_cols,
        })
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.row_sums.len()
    }

    pub(crate) fn estimand(&self) -> Estimand {
        self.estimand
    }

    /// Users, or conversations where users are not known.
    pub(crate) fn clusters(&self) -> u64 {
        self.users.len() as u64
    }

    pub(crate) fn total(&self) -> u64 {
        self.m
    }

    /// Sum of squares of the users' parts of the whole.
    pub(crate) fn squares(&self) -> u64 {
        self.m2
    }

    /// The largest user's part of the whole.
    pub(crate) fn largest_user(&self) -> u64 {
        self.largest_user
    }

    /// Conversations that have a row category.
    pub(crate) fn row_conversations(&self, row: u32) -> u64 {
        let row = row as usize;
        let bounds = self.row_starts.get(row).zip(self.row_starts.get(row + 1));
        bounds.map_or(0, |(from, to)| (to - from) as u64)
    }

    pub(crate) fn row(&self, row: u32) -> LineSums {
        self.row_sums.get(row as usize).copied().unwrap_or_default()
    }

    pub(crate) fn col(&self, col: u32) -> LineSums {
        self.col_sums.get(col as usize).copied().unwrap_or_default()
    }

    /// Fills the scratch with one row's sums.
    pub(crate) fn pass(&self, row: u32, scratch: &mut RowScratch) {
        scratch.clear(self.scratch_len);
        let row = row as usize;
        let entries = self
            .row_starts
            .get(row)
            .zip(self.row_starts.get(row + 1))
            .and_then(|(&from, &to)| self.row_entries.get(from..to))
            .unwrap_or_default();
        let mut listed = self.row_labels.as_ref().map_or(&[][..], |lists| {
            let from = lists.starts.get(row).copied().unwrap_or(0);
            lists.labels.get(from..).unwrap_or_default()
        });
        let mut of_users = entries.chunk_by(|a, b| a.user == b.user);
        let mut block = Vec::with_capacity(AHEAD);
        loop {
            block.clear();
            block.extend(of_users.by_ref().take(AHEAD).map(|of_user| {
                let user = of_user.first().map_or(0, |entry| entry.user as usize);
                (of_user, self.users.get(user).copied().unwrap_or_default())
            }));
            if block.is_empty() {
                return;
            }
            for (_, user) in &block {
                let first = self.user_cols.get(user.cols).map_or(0, |col| col.0);
                scratch.ahead = scratch.ahead.wrapping_add(first);
            }
            for (of_user, user) in &block {
                listed = self.add_user(of_user, *user, listed, scratch);
            }
        }
    }

    /// Adds a user's conversations of a row, whose columns are the next ones listed; what is listed after them.
    fn add_user<'b>(
        &'b self,
        of_user: &[Entry],
        user: User,
        listed: &'b [u32],
        scratch: &mut RowScratch,
    ) -> &'b [u32] {
        let x: u64 = of_user.iter().map(|entry| u64::from(entry.weight)).sum();
        let mut rest = listed;
        for entry in of_user {
            for &col in self.labels(entry, &mut rest) {
                scratch.now_both[col as usize] += 1;
            }
        }
        let cols = self
            .user_cols
            .get(user.cols..user.cols + user.n_cols as usize);
        // A row without weight has met no column.
        for &(col, y) in cols.filter(|_| x > 0).unwrap_or_default() {
            let at = col as usize;
            let xy = &mut scratch.xy[at];
            if *xy == 0 {
                scratch.met.push(col);
            }
            *xy += x * u64::from(y);
            scratch.now_y[at] = y;
        }
        let mut again = listed;
        for entry in of_user {
            for &col in self.labels(entry, &mut again) {
                let at = col as usize;
                let both = u64::from(std::mem::take(&mut scratch.now_both[at]));
                if both > 0 {
                    let sums = &mut scratch.both[at];
                    sums.both += both as u32;
                    sums.users += 1;
                    sums.both2 += both * both;
                    sums.both_x += both * x;
                    sums.both_y += both * u64::from(scratch.now_y[at]);
                    sums.both_m += both * user.total;
                }
            }
        }
        rest
    }

    /// The columns of an entry, which are the next ones listed.
    fn labels<'b>(&'b self, entry: &Entry, listed: &mut &'b [u32]) -> &'b [u32] {
        if self.row_labels.is_none() {
            return self.cols.labels(entry.labels as usize);
        }
        let (own, after) = listed
            .split_at_checked(entry.labels as usize)
            .unwrap_or_default();
        *listed = after;
        own
    }

    /// The products of a pair's cells over users, for the row that the scratch was filled with.
    pub(crate) fn gram(&self, row: u32, col: u32, scratch: &RowScratch) -> Gram {
        let (x, y) = (self.row(row), self.col(col));
        let pair = scratch.both.get(col as usize).copied().unwrap_or_default();
        Gram::of(&Sums {
            both2: pair.both2,
            both_x: pair.both_x,
            both_y: pair.both_y,
            both_m: pair.both_m,
            xy: scratch.xy.get(col as usize).copied().unwrap_or(0),
            x2: x.squares,
            xm: x.with_all,
            y2: y.squares,
            ym: y.with_all,
            m2: self.m2,
            both: u64::from(pair.both),
            x: x.total,
            y: y.total,
            m: self.m,
        })
    }
}

impl LineSums {
    fn add(&mut self, value: u64, of_all: u64) {
        self.total += value;
        self.squares += value * value;
        self.with_all += value * of_all;
        self.users += u64::from(value > 0);
    }
}

impl RowLabels {
    /// Lists to be filled, if there is room for them.
    fn with_room(rows: &Facet, cols: &Facet, conversations: usize) -> Option<Self> {
        let n_rows = rows.n_categories() as usize;
        let room = ROOM.saturating_mul(rows.all_labels().len() + cols.all_labels().len());
        let mut starts = vec![0; n_rows + 1];
        let mut all = 0_usize;
        for index in 0..conversations {
            let (own, n_cols) = (rows.labels(index), cols.labels(index).len());
            all = all.saturating_add(own.len().saturating_mul(n_cols));
            if all > room {
                return None;
            }
            for &row in own {
                starts[row as usize + 1] += n_cols;
            }
        }
        for row in 0..n_rows {
            starts[row + 1] += starts[row];
        }
        Some(Self {
            starts,
            labels: vec![0; all],
        })
    }
}

impl RowScratch {
    fn clear(&mut self, n_cols: usize) {
        if self.xy.len() == n_cols {
            for &col in &self.met {
                self.xy[col as usize] = 0;
                self.both[col as usize] = BothSums::default();
            }
        } else {
            self.xy = vec![0; n_cols];
            self.now_y = vec![0; n_cols];
            self.now_both = vec![0; n_cols];
            self.both = vec![BothSums::default(); n_cols];
        }
        self.met.clear();
    }

    /// Columns that met the row in some conversation, ascending, with how often and behind how many users.
    pub(crate) fn met(&self) -> Vec<(u32, u64, u64)> {
        let mut met: Vec<(u32, u64, u64)> = self
            .met
            .iter()
            .filter_map(|&col| {
                let sums = self.both.get(col as usize)?;
                (sums.both > 0).then_some((col, u64::from(sums.both), u64::from(sums.users)))
            })
            .collect();
        met.sort_unstable();
        met
    }
}
