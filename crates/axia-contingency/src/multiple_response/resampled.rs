//! Data drawn without a link between two facets, and the single tests of such data.

use crate::conversations::{Conversations, Facet};
use crate::error::Error;
use crate::margins::Margins;
use crate::random::Random;
use crate::special::Sum;
use crate::tail_table::TailTable;
use crate::tails::chi_square_upper;

/// Users to draw from; below, those with the nearest numbers of conversations are drawn from too.
const ENOUGH_USERS: usize = 20;

/// More pairs are refused: each draw looks at all of them.
const MAX_PAIRS: u64 = 1 << 24;

/// Whose conversations may stand in for whose: users with as many of them, or nearly.
pub(super) struct Pools {
    /// The conversations of each user (or each alone), end to end.
    members: Vec<u32>,
    starts: Vec<u32>,
    /// Where each pool of users starts, and the end of the last.
    pools: Vec<usize>,
}

impl Pools {
    pub(super) fn of(all: &Conversations, takes_part: impl Fn(usize) -> bool) -> Self {
        let kept = |of: &[u32]| -> Vec<u32> {
            let kept = of.iter().filter(|&&at| takes_part(at as usize));
            kept.copied().collect()
        };
        let mut units: Vec<Vec<u32>> = match all.by_user() {
            Some(users) => users.iter().map(kept).collect(),
            None => (0..all.len() as u32).map(|at| kept(&[at])).collect(),
        };
        units.retain(|unit| !unit.is_empty());
        units.sort_by_key(Vec::len);
        let mut pools = vec![0];
        let mut from = 0;
        for at in 1..units.len() {
            let like = units[at].len() == units[at - 1].len();
            if !like && at - from >= ENOUGH_USERS && units.len() - at >= ENOUGH_USERS {
                pools.push(at);
                from = at;
            }
        }
        pools.push(units.len());
        let mut starts = vec![0];
        let mut members = Vec::with_capacity(all.len());
        for unit in units {
            members.extend(unit);
            starts.push(members.len() as u32);
        }
        Self {
            members,
            starts,
            pools,
        }
    }

    /// All conversations that take part, user by user.
    pub(super) fn members(&self) -> &[u32] {
        &self.members
    }

    fn unit(&self, unit: usize) -> &[u32] {
        &self.members[self.starts[unit] as usize..self.starts[unit + 1] as usize]
    }

    /// For each conversation another one, users as a whole.
    pub(super) fn draw(&self, random: &mut Random, stands_for: &mut [u32]) {
        for pool in self.pools.windows(2) {
            for to in pool[0]..pool[1] {
                let from = pool[0] + random.below((pool[1] - pool[0]) as u64) as usize;
                let (from, to) = (self.unit(from), self.unit(to));
                let start = if from.len() == to.len() {
                    0
                } else {
                    random.below(from.len() as u64) as usize
                };
                let again = from.iter().cycle().skip(start);
                for (&to, &from) in to.iter().zip(again) {
                    stands_for[to as usize] = from;
                }
            }
        }
    }
}

/// One table per value (contexts by showing it), or per pair.
pub(super) struct Tables<'a> {
    rows: &'a Facet,
    cols: &'a Facet,
    /// One table per value.
    by_value: bool,
}

/// What the single tests come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) tests: u64,
    pub(super) statistic: f64,
    pub(super) ln_product: f64,
    pub(super) ln_smallest: f64,
}

/// Counts of one draw.
pub(super) struct Counts {
    cells: Vec<u32>,
    rows: Vec<u64>,
    cols: Vec<u64>,
}

impl<'a> Tables<'a> {
    pub(super) fn pairwise(
        all: &'a Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<Self, Error> {
        let (rows, cols) = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        if u64::from(rows.n_categories()) * u64::from(cols.n_categories()) > MAX_PAIRS {
            return Err(Error::too_many_kept("pairs that each draw looks at"));
        }
        Ok(Self {
            rows,
            cols,
            by_value: false,
        })
    }

    pub(super) fn marginal(
        all: &'a Conversations,
        context_facet: usize,
        value_facet: usize,
    ) -> Result<Self, Error> {
        let tables = Self::pairwise(all, context_facet, value_facet)?;
        if (0..all.len()).any(|at| tables.rows.labels(at).len() > 1) {
            return Err(Error::inconsistent(
                "a conversation has two contexts, and this test takes one at most",
            ));
        }
        Ok(Self {
            by_value: true,
            ..tables
        })
    }

    pub(super) fn takes_part(&self, at: usize) -> bool {
        !self.by_value || !self.rows.labels(at).is_empty()
    }

    pub(super) fn rows_stay(&self) -> bool {
        self.by_value
    }

    pub(super) fn scratch(&self) -> Counts {
        let (rows, cols) = (
            self.rows.n_categories() as usize,
            self.cols.n_categories() as usize,
        );
        Counts {
            cells: vec![0; rows * cols],
            rows: vec![0; rows],
            cols: vec![0; cols],
        }
    }

    /// The single tests when conversation `at` has the rows of `rows[at]` and the columns of `cols[at]`; `None` when nothing
    /// varies.
    pub(super) fn sums(
        &self,
        members: &[u32],
        rows: &[u32],
        cols: &[u32],
        counts: &mut Counts,
    ) -> Option<Sums> {
        counts.cells.fill(0);
        counts.rows.fill(0);
        counts.cols.fill(0);
        let width = counts.cols.len();
        for &at in members {
            let cols = self.cols.labels(cols[at as usize] as usize);
            for &row in self.rows.labels(rows[at as usize] as usize) {
                counts.rows[row as usize] += 1;
                let line = row as usize * width;
                for &col in cols {
                    counts.cells[line + col as usize] += 1;
                }
            }
            for &col in cols {
                counts.cols[col as usize] += 1;
            }
        }
        let n = members.len() as u64;
        if self.by_value {
            counts.values(n)
        } else {
            counts.pairs(n)
        }
    }
}

impl Counts {
    fn pairs(&self, n: u64) -> Option<Sums> {
        let table = TailTable::shared();
        let mut sums = Adder::default();
        let lines = self.cells.chunks(self.cols.len().max(1)).zip(&self.rows);
        for (line, &row) in lines.filter(|&(_, &row)| row > 0 && row < n) {
            for (&observed, &col) in line.iter().zip(&self.cols) {
                let margins = Margins {
                    observed: u64::from(observed),
                    row,
                    col,
                    n,
                };
                if let Some(z) = margins.adjusted() {
                    sums.add(z * z, table.ln_two_sided(z));
                }
            }
        }
        sums.total()
    }

    fn values(&self, n: u64) -> Option<Sums> {
        let contexts = self.rows.iter().filter(|&&size| size > 0).count() as u64;
        let mut sums = Adder::default();
        let width = self.cols.len();
        for (col, &count) in self.cols.iter().enumerate() {
            if count == 0 || count == n || contexts < 2 {
                continue;
            }
            let mut statistic = Sum::default();
            for (row, &size) in self.rows.iter().enumerate().filter(|&(_, &size)| size > 0) {
                let gap = Margins {
                    observed: u64::from(self.cells[row * width + col]),
                    row: size,
                    col: count,
                    n,
                }
                .deviation();
                statistic.add(gap * gap / size as f64);
            }
            let statistic = statistic.total() / (count as f64 * (n - count) as f64);
            let p = chi_square_upper(statistic, contexts - 1);
            sums.add(statistic, p.map_or(0.0, |p| p.ln()));
        }
        sums.total()
    }
}

#[derive(Default)]
struct Adder {
    tests: u64,
    statistic: Sum,
    ln_product: Sum,
    ln_smallest: f64,
}

impl Adder {
    fn add(&mut self, statistic: f64, ln_p: f64) {
        self.tests += 1;
        self.statistic.add(statistic);
        self.ln_product.add(ln_p);
        self.ln_smallest = self.ln_smallest.min(ln_p);
    }

    fn total(self) -> Option<Sums> {
        (self.tests > 0).then(|| Sums {
            tests: self.tests,
            statistic: self.statistic.total(),
            ln_product: self.ln_product.total(),
            ln_smallest: self.ln_smallest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations_builder::ConversationEntry;

    #[test]
    fn users_stand_for_users_with_as_many() {
        // 25 users with one conversation, 30 with two, and a single one with nine.
        let mut builder = Conversations::builder(&[1]);
        let users = (0..25).chain((25..55).flat_map(|user| [user, user]));
        for (user, id) in users.chain([55; 9]).zip(0..) {
            let entry = ConversationEntry::new(id, &[&[]]);
            builder.push(&entry.user(user)).unwrap();
        }
        let all = builder.build().unwrap();
        let pools = Pools::of(&all, |_| true);
        assert_eq!(pools.pools, [0, 25, 56]);
        let mut drawn = vec![0; all.len()];
        pools.draw(&mut Random::new(1, 0), &mut drawn);
        assert!(drawn[..25].iter().all(|&from| from < 25));
        assert!(drawn[25..].iter().all(|&from| from >= 25));
        for pair in drawn[25..85].chunks(2) {
            let user = |at: u32| all.get(at as usize).unwrap().user();
            assert_eq!(user(pair[0]), user(pair[1]));
        }
        assert_eq!(Pools::of(&all, |at| at < 30).members().len(), 30);
    }
}
