//! Associations between two facets: every pair of categories with its effect, its residual and its corrected p-value.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::cells::Cell;
use crate::correction::Correction;
use crate::observations::Observations;
use crate::params::{AssociationScan, Estimand};
use crate::tails::{LogP, normal_two_sided};
use crate::two_by_two::{Estimate, OddsRatio, TwoByTwo};

/// One pair of a row and a column category.
///
/// What `n`, the totals and the effects count (conversations, mentions or pairs) depends on the [`Estimand`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Association {
    /// Row category.
    pub row: u32,
    /// Column category.
    pub col: u32,
    /// Conversations that have both.
    pub observed: u64,
    /// The row's total.
    pub row_total: u64,
    /// The column's total.
    pub col_total: u64,
    /// The denominator.
    pub n: u64,
    /// Distinct users behind `observed`, when every conversation came with its user.
    pub users: Option<u64>,
    /// Expected count without association.
    pub expected: f64,
    /// Observed over expected.
    pub lift: f64,
    /// The column's share in the row minus its share in the rest; `None` when there is no rest.
    pub risk_difference: Option<Estimate>,
    /// Odds of the column in the row over its odds in the rest; `None` when the row or the column holds everything.
    pub odds_ratio: Option<OddsRatio>,
    /// Adjusted residual of the 2 × 2 table; `None` when the row or the column holds everything.
    pub adjusted_residual: Option<f64>,
    /// The smallest of the four expected counts of the 2 × 2 table.
    pub smallest_expected: f64,
    /// Whether the pair was tested.
    pub tested: bool,
    /// Why not, when it was not.
    pub untested: Option<Untested>,
    /// Two-sided p-value of the adjusted residual; `None` when not tested.
    pub ln_p: Option<LogP>,
    /// The same, corrected for the family of tests.
    pub ln_p_corrected: Option<LogP>,
    /// Whether the corrected p-value is at most alpha. An untested pair is never significant.
    pub significant: bool,
}

/// Why a pair was not tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Untested {
    /// An expected count lies below the bound, so that the normal approximation says nothing.
    SmallExpected,
    /// The row or the column holds everything: there is nothing to compare with.
    NoContrast,
}

impl Association {
    /// Decimal logarithm of the p-value.
    #[must_use]
    pub fn log10_p(&self) -> Option<f64> {
        self.ln_p.map(LogP::log10)
    }

    /// The p-value; 0 below the range of doubles.
    #[must_use]
    pub fn p(&self) -> Option<f64> {
        self.ln_p.map(LogP::p)
    }

    /// Decimal logarithm of the corrected p-value.
    #[must_use]
    pub fn log10_p_corrected(&self) -> Option<f64> {
        self.ln_p_corrected.map(LogP::log10)
    }

    /// The corrected p-value; 0 below the range of doubles.
    #[must_use]
    pub fn p_corrected(&self) -> Option<f64> {
        self.ln_p_corrected.map(LogP::p)
    }
}

/// What the tests of a scan have in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TestFamily {
    /// What is counted as a test.
    pub counted: Counted,
    /// Number of tests.
    pub tests: u64,
    /// How p-values were corrected.
    pub correction: Correction,
    /// Level of significance after correction.
    pub alpha: f64,
    /// The |adjusted residual| from which a pair is significant; `None` for the procedures in steps, and without tests.
    pub critical_z: Option<f64>,
}

/// What a family of tests consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Counted {
    /// Every pair, met or not, whose four expected counts are all large enough.
    TestedPairs,
}

/// All associations of two facets, the strongest that is certain first.
///
/// # Order
/// Tested pairs come before untested ones. Within each, by the lower bound of the odds ratio's interval, from high to low:
/// a large effect counts only as far as the data make it sure, which neither the p-value (it ranks by size of the data) nor
/// the plain lift (it ranks single chance hits first) does. Pairs without an odds ratio come last; equal ones by row, then
/// column. The order is total, so that it never depends on the input's.
///
/// # What is listed
/// Every pair that met at least once, and those that never met although [`min_expected`](AssociationScan::min_expected)
/// conversations or more should have had both (depletion). Other pairs that never met are left out: nothing can be said of
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Associations {
    /// The question asked.
    pub estimand: Estimand,
    /// Conversations observed, whatever the estimand's denominator.
    pub conversations: u64,
    /// The estimand's denominator: conversations, mentions or pairs.
    pub n: u64,
    /// Smallest expected count at which a pair was tested.
    pub min_expected: f64,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// The tests, taken together.
    pub family: TestFamily,
    /// The pairs.
    pub pairs: Vec<Association>,
}

impl Associations {
    /// One pair, when it is listed.
    ///
    /// # Complexity
    /// Linear in the number of pairs.
    #[must_use]
    pub fn get(&self, row: u32, col: u32) -> Option<&Association> {
        self.pairs
            .iter()
            .find(|pair| (pair.row, pair.col) == (row, col))
    }

    /// The significant pairs, in order.
    pub fn significant(&self) -> impl Iterator<Item = &Association> + '_ {
        self.pairs.iter().filter(|pair| pair.significant)
    }

    /// All pairs by adjusted residual, from high to low; undefined ones last, equal ones by row, then column.
    ///
    /// Untested pairs are sorted in: their residuals are defined, but say little.
    #[must_use]
    pub fn by_residual(&self) -> Vec<&Association> {
        self.sorted_by(|pair| pair.adjusted_residual)
    }

    /// All pairs by the lower bound of the risk difference, from high to low; undefined ones last, equal ones by row, then
    /// column. Favours common values, where the odds ratio favours distinctive ones.
    #[must_use]
    pub fn by_risk_difference(&self) -> Vec<&Association> {
        self.sorted_by(|pair| pair.risk_difference.map(|difference| difference.low))
    }

    /// All pairs in the default order: tested ones first, then by the lower bound of the odds ratio.
    #[must_use]
    pub fn by_effect(&self) -> Vec<&Association> {
        let order = effect_order(&self.pairs);
        order
            .into_iter()
            .filter_map(|i| self.pairs.get(i))
            .collect()
    }

    fn sorted_by(&self, key: impl Fn(&Association) -> Option<f64>) -> Vec<&Association> {
        let mut sorted: Vec<&Association> = self.pairs.iter().collect();
        sorted.sort_unstable_by(|a, b| {
            let place = (a.row, a.col).cmp(&(b.row, b.col));
            descending(key(a), key(b)).then(place)
        });
        sorted
    }
}

/// The pairs' indices in the default order.
fn effect_order(pairs: &[Association]) -> Vec<usize> {
    // Sorting short keys moves a sixth of the bytes that sorting the pairs would.
    let key = |(index, pair): (usize, &Association)| {
        let low = pair.odds_ratio.map(|odds| odds.low);
        (pair.tested, low, (pair.row, pair.col), index)
    };
    let mut keys: Vec<_> = pairs.iter().enumerate().map(key).collect();
    keys.sort_unstable_by(|a, b| {
        let tested_first = b.0.cmp(&a.0);
        tested_first.then(descending(a.1, b.1)).then(a.2.cmp(&b.2))
    });
    keys.into_iter().map(|key| key.3).collect()
}

/// High before low before undefined.
fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        _ => b.is_some().cmp(&a.is_some()),
    }
}

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
        let mut pairs = self.list(observations, &margins);
        let family = self.test(&mut pairs);
        let order = effect_order(&pairs);
        let pairs = order
            .into_iter()
            .filter_map(|i| pairs.get(i).copied())
            .collect();
        Associations {
            estimand: self.estimand(),
            conversations: observations.conversations(),
            n: margins.n,
            min_expected: self.min_expected(),
            confidence: self.confidence().level(),
            family,
            pairs,
        }
    }

    /// The pairs that met and the depleted ones, without p-values, by row.
    fn list(&self, observations: &Observations, margins: &EstimandMargins) -> Vec<Association> {
        let mut widest: Vec<(u64, u32)> = margins.cols.iter().copied().zip(0..).collect();
        widest.retain(|&(total, _)| total > 0);
        widest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));

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
                if expected < self.min_expected() {
                    break;
                }
                if !met.get(col as usize).copied().unwrap_or(true) {
                    let users = observations.users().map(|_| 0);
                    let count = 0;
                    pairs.extend(self.pair(Cell { row, col, count }, users, margins));
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
        let row_total = *margins.rows.get(cell.row as usize)?;
        let col_total = *margins.cols.get(cell.col as usize)?;
        // Counts from conversations always fit together, and a listed pair has margins: no pair is lost here.
        let table = TwoByTwo::from_margins(cell.count, row_total, col_total, margins.n).ok()?;
        let adjusted_residual = table.adjusted_residual();
        let smallest_expected = table.smallest_expected()?;
        let untested = if adjusted_residual.is_none() {
            Some(Untested::NoContrast)
        } else if smallest_expected < self.min_expected() {
            Some(Untested::SmallExpected)
        } else {
            None
        };
        Some(Association {
            row: cell.row,
            col: cell.col,
            observed: cell.count,
            row_total,
            col_total,
            n: margins.n,
            users,
            expected: table.expected()?,
            lift: table.lift()?,
            risk_difference: table.risk_difference(self.confidence()),
            odds_ratio: table.odds_ratio(self.confidence()),
            adjusted_residual,
            smallest_expected,
            tested: untested.is_none(),
            untested,
            ln_p: None,
            ln_p_corrected: None,
            significant: false,
        })
    }

    /// Fills in the p-values of the tested pairs.
    fn test(&self, pairs: &mut [Association]) -> TestFamily {
        for pair in pairs.iter_mut().filter(|pair| pair.tested) {
            pair.ln_p = pair.adjusted_residual.and_then(normal_two_sided);
        }
        let p: Vec<LogP> = pairs.iter().filter_map(|pair| pair.ln_p).collect();
        let corrected = self.correction().adjust(&p);
        let ln_alpha = self.alpha().ln();
        let tested = pairs.iter_mut().filter(|pair| pair.ln_p.is_some());
        for (pair, corrected) in tested.zip(corrected) {
            pair.ln_p_corrected = Some(corrected);
            pair.significant = corrected.ln() <= ln_alpha;
        }
        let tests = p.len() as u64;
        TestFamily {
            counted: Counted::TestedPairs,
            tests,
            correction: self.correction(),
            alpha: self.alpha(),
            critical_z: self.correction().critical_z(self.alpha(), tests),
        }
    }
}

fn mark(met: &mut [bool], line: &[Cell], value: bool) {
    for cell in line {
        if let Some(seen) = met.get_mut(cell.col as usize) {
            *seen = value;
        }
    }
}

/// Row totals, column totals and denominator of an estimand; the cells are the same for all three.
struct EstimandMargins {
    rows: Vec<u64>,
    cols: Vec<u64>,
    n: u64,
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
        match estimand {
            Estimand::Prevalence => Self {
                rows: rows.to_vec(),
                cols: cols.to_vec(),
                n: observations.conversations(),
            },
            Estimand::MentionShare => Self {
                rows: pairs_by(rows.len(), |cell| cell.row),
                cols: cols.to_vec(),
                n: observations.mentions(),
            },
            Estimand::PairTable => Self {
                rows: pairs_by(rows.len(), |cell| cell.row),
                cols: pairs_by(cols.len(), |cell| cell.col),
                n: observations.pairs(),
            },
        }
    }
}
