//! The residuals of all pairs at once, in columns of numbers, with users as the independent units.

use serde::{Deserialize, Serialize};

use super::association::ClusteredScan;
use super::grouping::LineSums;
use super::pass::UserPass;
use super::robust::{Columns, Robust};
use crate::conversations::Conversations;
use crate::error::Error;
use crate::grid::MAX_GRID;
use crate::params::Estimand;
use crate::tails::LogP;

/// Every pair of a row and a column that vary, those that never met included, with its residuals by users.
///
/// Columns of numbers, each row by row: the pair of the `i`-th row and the `j`-th column is at `i * cols.len() + j`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusteredResiduals {
    /// The question asked.
    pub estimand: Estimand,
    /// Whether users were known. If not, each conversation stands for itself: independence is assumed.
    pub by_user: bool,
    /// Users, or conversations where users are not known.
    pub clusters: u64,
    /// Denominator: conversations, mentions or pairs.
    pub n: u64,
    /// Rows that hold something and not everything, as `(id, total)`.
    pub rows: Vec<(u32, u64)>,
    /// Columns that hold something and not everything, as `(id, total)`.
    pub cols: Vec<(u32, u64)>,
    /// Adjusted residuals, as if all conversations were independent.
    pub adjusted: Vec<f64>,
    /// Residuals over the standard deviation that users give them; 0 where nothing scatters.
    pub robust: Vec<f64>,
    /// Two-sided p-values of whichever residual is smaller in size.
    pub ln_p: Vec<LogP>,
}

impl ClusteredScan {
    /// The residuals of [`scan`](Self::scan) for all pairs, without effect sizes and intervals: for grids of millions of pairs.
    ///
    /// # Errors
    /// As [`scan`](Self::scan), and [`Error::is_overflow`] when the grid has more than 2^28 cells.
    ///
    /// # Complexity
    /// As [`scan`](Self::scan), plus some dozens of operations for each cell of the grid. Memory: 24 bytes for each cell beside
    /// what is of the order of the labels.
    ///
    /// ```
    /// use axia_contingency::{ClusteredParams, ConversationEntry, Conversations};
    ///
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..200 {
    ///     let user = id / 5;
    ///     let (task, value) = ((user % 2) as u32, (user % 3 == 0) as u32);
    ///     builder.push(&ConversationEntry::new(id, &[&[task], &[value]]).user(user))?;
    /// }
    /// let conversations = builder.build()?;
    /// let scan = ClusteredParams::new().build()?;
    /// let all = scan.residuals(&conversations, 0, 1)?;
    /// let pairs = scan.scan(&conversations, 0, 1)?;
    /// assert_eq!(Some(all.robust[1]), pairs.get(0, 1).and_then(|pair| pair.robust_residual));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn residuals(
        &self,
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<ClusteredResiduals, Error> {
        let pass = UserPass::new(conversations, row_facet, col_facet, self.estimand())?;
        let robust = Robust::new(&pass, conversations);
        let lines = |facet: usize, of: &dyn Fn(u32) -> LineSums| -> Result<Vec<_>, Error> {
            let ids = 0..conversations.require_facet(facet)?.n_categories();
            let totals = ids.map(|id| (id, of(id).total));
            let varies = |total: u64| total > 0 && total < pass.total();
            Ok(totals.filter(|&(_, total)| varies(total)).collect())
        };
        let rows = lines(row_facet, &|id| pass.row(id))?;
        let cols = lines(col_facet, &|id| pass.col(id))?;
        let cells = rows.len() as u64 * cols.len() as u64;
        if cells > MAX_GRID {
            return Err(Error::grid_too_large());
        }
        let mut found = ClusteredResiduals {
            estimand: pass.estimand(),
            by_user: conversations.users().is_some(),
            clusters: pass.clusters(),
            n: pass.total(),
            rows,
            cols,
            adjusted: Vec::with_capacity(cells as usize),
            robust: Vec::with_capacity(cells as usize),
            ln_p: Vec::with_capacity(cells as usize),
        };
        let mut scratch = pass.scratch();
        let columns = Columns::of(&pass, found.cols.iter().map(|&(col, _)| col));
        for &(row, _) in &found.rows {
            pass.pass(row, &mut scratch);
            let lists = (&mut found.adjusted, &mut found.robust, &mut found.ln_p);
            robust.score_row((&pass, &scratch), row, &columns, lists);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clustered::ClusteredParams;
    use crate::conversations_builder::ConversationEntry;

    #[test]
    fn all_pairs_are_as_those_that_met() {
        let mut state = 7_u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        // Few labels in each conversation, and so many that they are not listed by row.
        for most in [3, 40] {
            let mut builder = Conversations::builder(&[12, 60]);
            for id in 0..800 {
                let mut some = |n: u64| -> Vec<u32> {
                    let count = draw(most.min(n));
                    (0..count).map(|_| draw(n) as u32).collect()
                };
                let (rows, cols) = (some(12), some(50));
                let labels: [&[u32]; 2] = [&rows, &cols];
                let entry = ConversationEntry::new(id, &labels).user(draw(200));
                builder.push(&entry).unwrap();
            }
            let conversations = builder.build().unwrap();
            for estimand in [
                Estimand::Prevalence,
                Estimand::MentionShare,
                Estimand::PairTable,
            ] {
                let scan = ClusteredParams::new().estimand(estimand).build().unwrap();
                let all = scan.residuals(&conversations, 0, 1).unwrap();
                let met = scan.scan(&conversations, 0, 1).unwrap();
                assert_eq!((all.rows.len(), all.cols.len()), (12, 50));
                let mut seen = 0;
                for (i, &(row, _)) in all.rows.iter().enumerate() {
                    for (j, &(col, _)) in all.cols.iter().enumerate() {
                        let at = i * all.cols.len() + j;
                        assert!(all.robust[at].is_finite() && all.adjusted[at].is_finite());
                        let Some(pair) = met.get(row, col) else {
                            assert!(all.adjusted[at] < 0.0);
                            continue;
                        };
                        seen += 1;
                        assert_eq!(Some(all.adjusted[at]), pair.adjusted_residual);
                        assert_eq!(Some(all.robust[at]), pair.robust_residual);
                        assert_eq!(Some(all.ln_p[at]), pair.ln_p);
                    }
                }
                assert_eq!(seen, met.pairs.len());
            }
        }
    }

    #[test]
    fn wide_numbers_change_nothing() {
        // With more columns than two bytes can number, of which the same few are used.
        let residuals = |n_cols: u32| {
            let mut builder = Conversations::builder(&[3, n_cols]);
            for id in 0..500_u64 {
                let (row, col) = ((id % 7 % 3) as u32, (id * id % 11) as u32);
                let labels: [&[u32]; 2] = [&[row], &[col, col / 2]];
                let entry = ConversationEntry::new(id, &labels).user(id / 4);
                builder.push(&entry).unwrap();
            }
            let scan = ClusteredParams::new().build().unwrap();
            scan.residuals(&builder.build().unwrap(), 0, 1).unwrap()
        };
        assert_eq!(residuals(11), residuals(70_000));
    }
}
