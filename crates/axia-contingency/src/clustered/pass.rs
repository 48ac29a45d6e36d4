//! The pass over users that gathers, for every pair of categories, the sums from which robust variances follow.

use super::gram::{Gram, Sums};
use super::grouping::{Grouping, LineSums, Totals, UserLists};
use super::row_sums::RowScratch;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::params::Estimand;

/// Conversations grouped by user, and each user's totals per column: what a row's pass walks through.
///
/// A row is worked on at a time, with one accumulator per column that stays in the cache; no matrix of pairs exists. The work
/// is the number of (row, column) pairs of each user's categories, summed over users, plus the labels met.
pub(crate) struct UserPass<'a> {
    estimand: Estimand,
    grouping: Width<'a>,
    totals: Totals,
}

/// By how wide columns' numbers, and what a user adds to a column, are.
enum Width<'a> {
    Narrow(Grouping<'a, u16>),
    Wide(Grouping<'a, u32>),
}

impl<'a> UserPass<'a> {
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there; [`Error::is_overflow`] when the sum of squares of the
    /// users' totals does not fit in 62 bits.
    pub(crate) fn new(
        all: &'a Conversations,
        row_facet: usize,
        col_facet: usize,
        estimand: Estimand,
    ) -> Result<Self, Error> {
        let facets = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        let lists = UserLists::of(all);
        let most = match estimand {
            Estimand::Prevalence | Estimand::MentionShare => 1,
            Estimand::PairTable => {
                let sizes = (0..all.len()).map(|index| facets.0.labels(index).len());
                sizes.max().unwrap_or(0)
            }
        };
        let largest = lists.longest().saturating_mul(most);
        let narrow = largest.max(facets.1.n_categories() as usize) <= usize::from(u16::MAX);
        let (grouping, totals) = if narrow {
            let (grouping, totals) = Grouping::new(facets, all.len(), &lists, estimand)?;
            (Width::Narrow(grouping), totals)
        } else {
            let (grouping, totals) = Grouping::new(facets, all.len(), &lists, estimand)?;
            (Width::Wide(grouping), totals)
        };
        Ok(Self {
            estimand,
            grouping,
            totals,
        })
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.totals.rows.len()
    }

    pub(crate) fn estimand(&self) -> Estimand {
        self.estimand
    }

    /// Users, or conversations where users are not known.
    pub(crate) fn clusters(&self) -> u64 {
        self.totals.users
    }

    pub(crate) fn total(&self) -> u64 {
        self.totals.m
    }

    /// The largest user's part of the whole.
    pub(crate) fn largest_user(&self) -> u64 {
        self.totals.largest_user
    }

    /// Conversations that have a row category.
    pub(crate) fn row_conversations(&self, row: u32) -> u64 {
        match &self.grouping {
            Width::Narrow(grouping) => grouping.row_conversations(row),
            Width::Wide(grouping) => grouping.row_conversations(row),
        }
    }

    pub(crate) fn row(&self, row: u32) -> LineSums {
        let sums = self.totals.rows.get(row as usize);
        sums.copied().unwrap_or_default()
    }

    pub(crate) fn col(&self, col: u32) -> LineSums {
        let sums = self.totals.cols.get(col as usize);
        sums.copied().unwrap_or_default()
    }

    /// A scratch for [`pass`](Self::pass).
    pub(crate) fn scratch(&self) -> RowScratch {
        RowScratch::new(self.totals.cols.len())
    }

    /// Fills the scratch with one row's sums.
    pub(crate) fn pass(&self, row: u32, scratch: &mut RowScratch) {
        // No sum of a pair is above the row's with the whole.
        let largest = self.row(row).with_all;
        match &self.grouping {
            Width::Narrow(grouping) => grouping.pass(row, scratch, largest),
            Width::Wide(grouping) => grouping.pass(row, scratch, largest),
        }
    }

    /// The sums of a pair, for the row that the scratch was filled with.
    pub(crate) fn sums(&self, row: u32, col: u32, scratch: &RowScratch) -> Sums {
        let (x, y) = (self.row(row), self.col(col));
        let pair = scratch.pair(col);
        Sums {
            both2: pair.both2,
            both_x: pair.both_x,
            both_y: pair.both_y,
            both_m: pair.both_m,
            xy: pair.xy,
            x2: x.squares,
            xm: x.with_all,
            y2: y.squares,
            ym: y.with_all,
            m2: self.totals.m2,
            both: pair.both,
            x: x.total,
            y: y.total,
            m: self.totals.m,
        }
    }

    /// The products of a pair's cells over users, for the row that the scratch was filled with.
    pub(crate) fn gram(&self, row: u32, col: u32, scratch: &RowScratch) -> Gram {
        Gram::of(&self.sums(row, col, scratch))
    }
}
