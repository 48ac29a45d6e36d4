//! The scan itself: which pairs are listed, which are tests, and how each is tested.

use crate::association::{
    Association, Associations, Counted, TestFamily, TestKind, Untested, effect_order,
};
use crate::cells::Cell;
use crate::clustered::correct_by_user;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::exact::Hypergeometric;
use crate::observations::Observations;
use crate::params::{AssociationScan, Estimand, Exact, LN_DECISIVE};
use crate::special::factorial_error;
use crate::tails::{LogP, normal_two_sided};
use crate::two_by_two::TwoByTwo;

impl AssociationScan {
    /// Measures every pair of categories.
    ///
    /// # Complexity
    /// `O(p log p)` for `p` pairs listed. The pairs that never met and are not listed are never visited.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Observations};
    ///
    /// let mut builder = Observations::builder(2, 2);
    /// for id in 0..100 {
    ///     // Value 0 in every conversation of task 0, in a fifth of those of task 1.
    ///     let task = id % 2;
    ///     let values: &[u32] = if task == 0 || id % 10 == 1 { &[0] } else { &[1] };
    ///     builder.push(id, &[task as u32], values)?;
    /// }
    /// let associations = AssociationParams::new().build()?.scan(&builder.build()?);
    /// let first = &associations.pairs[0];
    /// assert_eq!((first.row, first.col, first.significant), (0, 0, true));
    /// // Task 0 and value 1 never met, and should have 20 times.
    /// assert_eq!(associations.get(0, 1).ok_or("not listed")?.observed, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn scan(&self, observations: &Observations) -> Associations {
        let margins = EstimandMargins::of(self.estimand(), observations);
        let pairs = self.list(observations, &margins);
        self.finish(observations, &margins, pairs, false)
    }

    /// Corrects the p-values for their number, and puts the pairs in order.
    fn finish(
        &self,
        observations: &Observations,
        margins: &EstimandMargins,
        mut pairs: Vec<Association>,
        by_user: bool,
    ) -> Associations {
        let family = Family::of(self, margins);
        let (ln_p, tests) = (
            pairs
                .iter()
                .filter_map(|pair| pair.ln_p)
                .collect::<Vec<_>>(),
            family.tests,
        );
        let corrected = self.correction().adjust_in_family(&ln_p, tests);
        let ln_alpha = self.alpha().ln();
        let tested = pairs.iter_mut().filter(|pair| pair.ln_p.is_some());
        for (pair, corrected) in tested.zip(corrected) {
            pair.ln_p_corrected = Some(corrected);
            pair.significant = corrected.ln() <= ln_alpha;
        }
        let order = effect_order(&pairs);
        let pairs = order
            .into_iter()
            .filter_map(|i| pairs.get(i).copied())
            .collect();
        Associations {
            estimand: self.estimand(),
            conversations: observations.conversations(),
            n: margins.n,
            exact: self.exact(),
            exact_method: self.exact_method(),
            min_expected: self.min_expected(),
            min_total: self.min_total(),
            min_expected_normal: self.min_expected_normal(),
            confidence: self.confidence().level(),
            family: TestFamily {
                counted: Counted::TestedPairs,
                tests,
                correction: self.correction(),
                alpha: self.alpha(),
                critical_z: self.correction().critical_z(self.alpha(), tests),
            },
            tests_per_column: family.per_column,
            by_user,
            pairs,
        }
    }

    /// Counts two facets of conversations and measures every pair of their categories, with the
    /// [robust residual](Association::robust_residual) and design effect of each pair that met.
    ///
    /// Where every conversation came with its user, users are taken as the independent units: p-values, their corrections and
    /// the intervals are by user, and [`Associations::by_user`] says so. A pair's p-value then is that of its deviate over the
    /// root of a design effect (at least 1), the one that there would be without an association: the larger of what users'
    /// loyalty to the row and to the column gives, and the pair's own, times expected over observed (2 at most). The pair's own
    /// as it is, which takes an association for scatter, is the one of the intervals and of [`Association::design_effect`].
    /// Where fewer than five are expected each user counts once. Without users they are those of [`scan`](Self::scan).
    ///
    /// # Complexity
    /// As [`ClusteredScan::scan`](crate::ClusteredScan::scan), beside that of [`scan`](Self::scan).
    ///
    /// # Errors
    /// As [`Conversations::observe`] and [`ClusteredScan::scan`](crate::ClusteredScan::scan).
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, ConversationEntry, Conversations};
    ///
    /// // Forty users with five conversations each; each user sticks to one task and to one value.
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..200 {
    ///     let user = id / 5;
    ///     let (task, value) = ((user % 2) as u32, (user % 3 == 0) as u32);
    ///     builder.push(&ConversationEntry::new(id, &[&[task], &[value]]).user(user))?;
    /// }
    /// let found = AssociationParams::new().build()?.scan_conversations(&builder.build()?, 0, 1)?;
    /// let pair = found.get(0, 1).ok_or("never met")?;
    /// assert!(pair.design_effect.ok_or("undefined")? > 4.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan_conversations(
        &self,
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<Associations, Error> {
        let observations = conversations.observe(row_facet, col_facet)?;
        let margins = EstimandMargins::of(self.estimand(), &observations);
        let mut pairs = self.list(&observations, &margins);
        correct_by_user(
            conversations,
            (row_facet, col_facet),
            self.estimand(),
            self.exact_method(),
            &mut pairs,
        )?;
        let by_user = conversations.users().is_some();
        Ok(self.finish(&observations, &margins, pairs, by_user))
    }

    /// The pairs that met and those whose not meeting says something, by row.
    fn list(&self, observations: &Observations, margins: &EstimandMargins) -> Vec<Association> {
        let mut widest: Vec<(u64, u32)> = margins.cols.iter().copied().zip(0..).collect();
        widest.retain(|&(total, _)| total > 0);
        widest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        // Below one half, no exact p-value of a pair that never met is below 1 (by Markov's inequality).
        let worth_listing = match self.exact() {
            Exact::Never => self.min_expected_normal(),
            _ => 0.5,
        }
        .max(self.min_expected());

        let mut users = observations.users().map(|users| users.iter().copied());
        let mut pairs = Vec::with_capacity(observations.cells().len());
        let mut met = vec![false; margins.cols.len()];
        let mut cells = observations
            .cells()
            .chunk_by(|a, b| a.row == b.row)
            .peekable();
        for (&row_total, row) in margins.rows.iter().zip(0..) {
            let line = cells
                .next_if(|line| line.first().is_some_and(|cell| cell.row == row))
                .unwrap_or_default();
            for cell in line {
                let users = users.as_mut().and_then(Iterator::next);
                pairs.extend(self.pair(*cell, users, margins));
            }
            mark(&mut met, line, true);
            for &(col_total, col) in &widest {
                let expected =
                    (u128::from(row_total) * u128::from(col_total)) as f64 / margins.n as f64;
                if expected < worth_listing {
                    break;
                }
                if !met.get(col as usize).copied().unwrap_or(true) {
                    let users = observations.users().map(|_| 0);
                    let count = 0;
                    let pair = self.pair(Cell { row, col, count }, users, margins);
                    pairs.extend(pair.filter(|pair| pair.ln_p.is_some_and(|p| p != LogP::ONE)));
                }
            }
            mark(&mut met, line, false);
        }
        pairs
    }

    fn pair(
        &self,
        cell: Cell,
        users: Option<u64>,
        margins: &EstimandMargins,
    ) -> Option<Association> {
        let (row, col) = (cell.row as usize, cell.col as usize);
        let row_total = *margins.rows.get(row)?;
        let col_total = *margins.cols.get(col)?;
        // Counts from conversations always fit together, and a listed pair has margins: no pair is lost here.
        let table = TwoByTwo::from_margins(cell.count, row_total, col_total, margins.n).ok()?;
        let adjusted_residual = table.adjusted_residual();
        let (expected, smallest_expected) = (table.expected()?, table.smallest_expected()?);
        let untested = if adjusted_residual.is_none() {
            Some(Untested::NoContrast)
        } else if row_total.min(col_total) < self.min_total() {
            Some(Untested::SmallTotal)
        } else if expected < self.min_expected()
            || (self.exact() == Exact::Never && smallest_expected < self.min_expected_normal())
        {
            Some(Untested::SmallExpected)
        } else {
            None
        };
        let test = adjusted_residual
            .filter(|_| untested.is_none())
            .and_then(|z| {
                let ln_margins =
                    *margins.row_errors.get(row)? + *margins.col_errors.get(col)? - margins.n_error;
                let exact =
                    Hypergeometric::with_margins(row_total, col_total, margins.n, ln_margins);
                self.test(z, smallest_expected, cell.count, exact)
            });
        Some(Association {
            row: cell.row,
            col: cell.col,
            observed: cell.count,
            row_total,
            col_total,
            n: margins.n,
            users,
            expected,
            lift: table.lift()?,
            npmi: table.npmi(),
            phi: table.phi(),
            risk_difference: table.risk_difference(self.confidence()),
            risk_ratio: table.risk_ratio(self.confidence()),
            odds_ratio: table.odds_ratio(self.confidence()),
            pearson_residual: table.margins().pearson(),
            adjusted_residual,
            robust_residual: None,
            design_effect: None,
            smallest_expected,
            tested: untested.is_none(),
            untested,
            test: test.map(|(kind, _)| kind),
            ln_p: test.map(|(_, p)| p),
            ln_p_corrected: None,
            significant: false,
        })
    }

    /// The p-value of a pair, and which test it is from.
    pub(crate) fn test(
        &self,
        z: f64,
        smallest_expected: f64,
        observed: u64,
        exact: Hypergeometric,
    ) -> Option<(TestKind, LogP)> {
        let normal = normal_two_sided(z)?;
        let exact_wanted = match self.exact() {
            Exact::Never => false,
            Exact::WhenSparse => {
                smallest_expected < self.min_expected_normal() || normal.ln() < LN_DECISIVE
            }
            Exact::Always => true,
        };
        let exact = exact_wanted
            .then(|| exact.two_sided(observed, self.exact_method()))
            .flatten();
        Some(match exact {
            Some(p) => (TestKind::Exact, p),
            None => (TestKind::Normal, normal),
        })
    }
}

fn mark(met: &mut [bool], line: &[Cell], value: bool) {
    for cell in line {
        if let Some(seen) = met.get_mut(cell.col as usize) {
            *seen = value;
        }
    }
}

/// How many pairs are tests, met or not: a matter of the margins alone.
struct Family {
    tests: u64,
    per_column: Vec<u64>,
}

impl Family {
    fn of(scan: &AssociationScan, margins: &EstimandMargins) -> Self {
        let n = margins.n;
        let enough = |total: u64| total >= scan.min_total().max(1) && total < n;
        let mut cols: Vec<(u64, usize)> = margins.cols.iter().copied().zip(0..).collect();
        cols.retain(|&(total, _)| enough(total));
        cols.sort_unstable();
        // For each row, the columns that are tests lie between two totals.
        let mut opened = vec![0_i64; cols.len() + 1];
        for &row in margins.rows.iter().filter(|&&row| enough(row)) {
            let expected = |a: u64, b: u64| (u128::from(a) * u128::from(b)) as f64 / n as f64;
            let from = cols.partition_point(|&(col, _)| expected(row, col) < scan.min_expected());
            let (mut from, mut to) = (from, cols.len());
            if scan.exact() == Exact::Never {
                let (row, least) = (row.min(n - row), scan.min_expected_normal());
                from = from.max(cols.partition_point(|&(col, _)| expected(row, col) < least));
                to = cols.partition_point(|&(col, _)| expected(row, n - col) >= least);
            }
            if from < to {
                if let Some(open) = opened.get_mut(from) {
                    *open += 1;
                }
                if let Some(close) = opened.get_mut(to) {
                    *close -= 1;
                }
            }
        }
        let mut per_column = vec![0; margins.cols.len()];
        let mut running = 0_i64;
        for (&(_, col), opened) in cols.iter().zip(&opened) {
            running += opened;
            if let Some(tests) = per_column.get_mut(col) {
                *tests = running.unsigned_abs();
            }
        }
        Self {
            tests: per_column.iter().sum(),
            per_column,
        }
    }
}

/// Row totals, column totals and denominator of an estimand; the cells are the same for all three.
struct EstimandMargins {
    rows: Vec<u64>,
    cols: Vec<u64>,
    n: u64,
    /// What each line and the total give to the logarithms of exact probabilities.
    row_errors: Vec<f64>,
    col_errors: Vec<f64>,
    n_error: f64,
}

impl EstimandMargins {
    fn of(estimand: Estimand, observations: &Observations) -> Self {
        // Each row's pairs: also the mentions in its conversations, since a conversation's columns are distinct.
        let pairs_by = |totals: usize, id: fn(&Cell) -> u32| {
            let mut sums = vec![0_u64; totals];
            for cell in observations.cells() {
                if let Some(sum) = sums.get_mut(id(cell) as usize) {
                    *sum += cell.count;
                }
            }
            sums
        };
        let rows = observations.row_totals();
        let cols = observations.col_totals();
        let (rows, cols, n) = match estimand {
            Estimand::Prevalence => (rows.to_vec(), cols.to_vec(), observations.conversations()),
            Estimand::MentionShare => (
                pairs_by(rows.len(), |cell| cell.row),
                cols.to_vec(),
                observations.mentions(),
            ),
            Estimand::PairTable => (
                pairs_by(rows.len(), |cell| cell.row),
                pairs_by(cols.len(), |cell| cell.col),
                observations.pairs(),
            ),
        };
        let errors = |totals: &[u64]| {
            let line = |&total: &u64| factorial_error(total) + factorial_error(n - total);
            totals.iter().map(line).collect()
        };
        Self {
            row_errors: errors(&rows),
            col_errors: errors(&cols),
            n_error: factorial_error(n),
            rows,
            cols,
            n,
        }
    }
}
