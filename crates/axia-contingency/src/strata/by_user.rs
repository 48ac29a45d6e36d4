//! Pairs within strata, with users as the independent units.

use serde::{Deserialize, Serialize};

use super::pairs::{Strata, StratifiedAssociations, StratifyBy};
use crate::conversations::{Conversations, Facet, Postings};
use crate::error::Error;
use crate::f_tail::student_two_sided;
use crate::resample::replicates;
use crate::special::Sum;
use crate::tails::LogP;

/// One pair within strata, with users as the independent units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StratifiedByUser {
    /// Observed minus expected within the strata.
    pub excess: f64,
    /// Signed Cochran-Mantel-Haenszel deviate, as if conversations were independent.
    pub z: f64,
    /// The excess over its standard deviation by users.
    pub robust_z: f64,
    /// Variance by users over that of independent conversations.
    pub design_effect: f64,
    /// Two-sided p-value of the smaller of the two deviates, by Student's distribution with users less 1 degrees of freedom.
    pub ln_p: LogP,
}

impl Conversations {
    /// One pair within strata, with the variance that users give it: to look again at what
    /// [`StratifiedAssociations`] found. Without users each conversation is its own.
    ///
    /// `None` when nothing can vary, or with a single user.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there.
    ///
    /// # Complexity
    /// One pass over the conversations; for many pairs take [`StratifiedAssociations::by_user`], which prepares it once.
    pub fn stratified_pair_by_user(
        &self,
        (row_facet, row): (usize, u32),
        (col_facet, col): (usize, u32),
        by: StratifyBy,
    ) -> Result<Option<StratifiedByUser>, Error> {
        let work = Work::new(self, row_facet, col_facet, by)?;
        Ok(work.pair(row, col, &mut work.scratch()))
    }
}

impl StratifiedAssociations {
    /// All pairs with the variance that users give them, in the order of [`pairs`](Self::pairs): the scan of two facets with
    /// several labels each, where several conversations are of one user. Without users each conversation is its own. `None`
    /// for a pair of which nothing can vary, and throughout with a single user.
    ///
    /// The conversations, the facets and what the strata are must be those that this came from. `threads` of 0 means as many as
    /// the machine has; the result does not depend on it.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there.
    ///
    /// # Complexity
    /// For each pair, the conversations that have its row or its column, and the users' numbers of conversations in the strata
    /// that have both.
    ///
    /// ```
    /// use axia_contingency::{ConversationEntry, Conversations, StratifiedAssociations, StratifyBy};
    ///
    /// // Thirty users who say the same four times.
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..120 {
    ///     let user = id / 4;
    ///     let labels: [&[u32]; 2] = [&[(user % 2) as u32], &[(user % 3 == 0) as u32]];
    ///     builder.push(&ConversationEntry::new(id, &labels).user(user))?;
    /// }
    /// let all = builder.build()?;
    /// let found = StratifiedAssociations::of(&all, 0, 1, StratifyBy::LabelCounts)?;
    /// let by_user = found.by_user(&all, 0, 1, 0)?;
    /// assert_eq!(by_user.len(), found.pairs.len());
    /// assert!(by_user[0].ok_or("nothing varies")?.design_effect > 3.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_user(
        &self,
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
        threads: usize,
    ) -> Result<Vec<Option<StratifiedByUser>>, Error> {
        let work = Work::new(conversations, row_facet, col_facet, self.by)?;
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let each = |scratch: &mut Scratch, at: u64| {
            let pair = self.pairs.get(at as usize)?;
            work.pair(pair.row, pair.col, scratch)
        };
        let pairs = self.pairs.len() as u64;
        Ok(replicates(pairs, threads, || work.scratch(), each))
    }
}

/// What all pairs share.
struct Work<'a> {
    all: &'a Conversations,
    cols: &'a Facet,
    strata: Strata,
    by_row: Postings,
    by_col: Postings,
    /// For each stratum the users (or conversations) in it, with how many conversations each.
    users: Vec<Vec<(u32, u32)>>,
    clusters: usize,
}

/// What a thread reuses: the row's and the column's conversations in each stratum, and each user's score.
struct Scratch {
    rows: Vec<u32>,
    cols: Vec<u32>,
    scores: Vec<f64>,
}

impl<'a> Work<'a> {
    fn new(
        all: &'a Conversations,
        row_facet: usize,
        col_facet: usize,
        by: StratifyBy,
    ) -> Result<Self, Error> {
        let strata = Strata::of(all, row_facet, col_facet, by)?;
        let cols = all.require_facet(col_facet)?;
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); strata.len()];
        let mut work = Self {
            all,
            cols,
            by_row: all.require_facet(row_facet)?.postings(),
            by_col: cols.postings(),
            users: Vec::new(),
            clusters: all.n_users().unwrap_or(all.len()),
            strata,
        };
        for index in 0..all.len() {
            if let Some(stratum) = work.strata.place(index) {
                members[stratum].push(work.cluster(index));
            }
        }
        work.users = members
            .into_iter()
            .map(|mut of| {
                of.sort_unstable();
                let runs = of.chunk_by(|a, b| a == b);
                runs.filter_map(|run| Some((*run.first()?, run.len() as u32)))
                    .collect()
            })
            .collect();
        Ok(work)
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            rows: vec![0; self.strata.len()],
            cols: vec![0; self.strata.len()],
            scores: vec![0.0; self.clusters],
        }
    }

    fn cluster(&self, index: usize) -> u32 {
        let users = self.all.users();
        users
            .and_then(|users| users.get(index).copied())
            .unwrap_or(index as u32)
    }

    fn pair(&self, row: u32, col: u32, scratch: &mut Scratch) -> Option<StratifiedByUser> {
        scratch.rows.fill(0);
        scratch.cols.fill(0);
        scratch.scores.fill(0.0);
        let (of_row, of_col) = (self.by_row.of(row as usize), self.by_col.of(col as usize));
        for (members, counts) in [(of_row, &mut scratch.rows), (of_col, &mut scratch.cols)] {
            for &index in members {
                if let Some(stratum) = self.strata.place(index as usize) {
                    counts[stratum] += 1;
                }
            }
        }
        // A conversation's score is x y - r y - c x + r c, with the shares r and c of its stratum.
        let share = |counts: &[u32], stratum: usize| {
            f64::from(counts[stratum]) / self.strata.size(stratum as u32) as f64
        };
        let mut excess = Sum::default();
        for &index in of_row {
            let at = index as usize;
            if let Some(stratum) = self.strata.place(at) {
                let y = self.cols.labels(at).binary_search(&col).is_ok();
                let score = f64::from(u8::from(y)) - share(&scratch.cols, stratum);
                scratch.scores[self.cluster(at) as usize] += score;
                excess.add(score);
            }
        }
        for &index in of_col {
            let at = index as usize;
            if let Some(stratum) = self.strata.place(at) {
                let share = share(&scratch.rows, stratum);
                scratch.scores[self.cluster(at) as usize] -= share;
            }
        }
        let mut variance = Sum::default();
        for (stratum, users) in self.users.iter().enumerate() {
            let (r, c) = (
                f64::from(scratch.rows[stratum]),
                f64::from(scratch.cols[stratum]),
            );
            if r > 0.0 && c > 0.0 {
                let n = self.strata.size(stratum as u32) as f64;
                variance.add(r * (n - r) * c * (n - c) / (n * n * (n - 1.0)));
                let both = r / n * (c / n);
                for &(user, times) in users {
                    scratch.scores[user as usize] += f64::from(times) * both;
                }
            }
        }
        let g = self.clusters as f64;
        let scatter: f64 = scratch.scores.iter().map(|score| score * score).sum();
        let (variance, by_user) = (variance.total(), scatter * g / (g - 1.0));
        if !(variance > 0.0 && by_user > 0.0 && g > 1.0) {
            return None;
        }
        let excess = excess.total();
        let (z, robust_z) = (excess / variance.sqrt(), excess / by_user.sqrt());
        let ln_p = student_two_sided(z.abs().min(robust_z.abs()), g - 1.0)?;
        Some(StratifiedByUser {
            excess,
            z,
            robust_z,
            design_effect: by_user / variance,
            ln_p,
        })
    }
}
