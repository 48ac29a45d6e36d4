//! Associations between two facets: every pair of categories with its effect, its residual and its corrected p-value.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::exact::ExactMethod;
use crate::params::{Estimand, Exact};
use crate::tails::LogP;
use crate::two_by_two::{Estimate, OddsRatio};

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
    /// Normalized pointwise mutual information, in `-1..=1`; see [`TwoByTwo::npmi`](crate::TwoByTwo::npmi).
    pub npmi: Option<f64>,
    /// The phi coefficient, in `-1..=1`; `None` when the row or the column holds everything.
    pub phi: Option<f64>,
    /// The column's share in the row minus its share in the rest; `None` when there is no rest.
    pub risk_difference: Option<Estimate>,
    /// The column's share in the row over its share in the rest; `None` when there is no rest or a share is 0.
    pub risk_ratio: Option<Estimate>,
    /// Odds of the column in the row over its odds in the rest; `None` when the row or the column holds everything.
    pub odds_ratio: Option<OddsRatio>,
    /// Pearson residual, `(O - E) / sqrt(E)`.
    pub pearson_residual: f64,
    /// Adjusted residual of the 2 × 2 table; `None` when the row or the column holds everything.
    pub adjusted_residual: Option<f64>,
    /// The residual with the variance that conversations, or users where they are known, really have; `None` when it was not
    /// computed, which needs the conversations and not only their counts.
    pub robust_residual: Option<f64>,
    /// By how much that variance is above the naive one.
    pub design_effect: Option<f64>,
    /// The smallest of the four expected counts of the 2 × 2 table.
    pub smallest_expected: f64,
    /// Whether the pair was tested.
    pub tested: bool,
    /// Why not, when it was not.
    pub untested: Option<Untested>,
    /// Which test the p-value is from; `None` when not tested.
    pub test: Option<TestKind>,
    /// Two-sided p-value; `None` when not tested.
    pub ln_p: Option<LogP>,
    /// The same, corrected for the family of tests.
    pub ln_p_corrected: Option<LogP>,
    /// Whether the corrected p-value is at most alpha. An untested pair is never significant.
    pub significant: bool,
}

/// Which test a p-value is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TestKind {
    /// The normal tail of the adjusted residual.
    Normal,
    /// The hypergeometric distribution of the count.
    Exact,
}

/// Why a pair was not tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Untested {
    /// The expected count lies below [`min_expected`](crate::AssociationParams::min_expected), or, without exact tests, one of
    /// the four below the bound of the normal approximation.
    SmallExpected,
    /// The row's or the column's total lies below [`min_total`](crate::AssociationParams::min_total).
    SmallTotal,
    /// The row or the column holds everything: there is nothing to compare with.
    NoContrast,
}

impl Association {
    /// Pointwise mutual information in bits, `log2(lift)`; `None` when the two never met (minus infinity then).
    #[must_use]
    pub fn pmi(&self) -> Option<f64> {
        (self.lift > 0.0).then(|| self.lift.log2())
    }

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
    /// The |adjusted residual| from which a pair is significant where the normal p-value decides; `None` for the procedures in
    /// steps, and without tests.
    pub critical_z: Option<f64>,
}

/// What a family of tests consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Counted {
    /// Every pair, met or not, that is left after filtering by expected counts and margins.
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
/// Every pair that met at least once, and those of the family that never met and whose p-value is below 1 (depletion; with
/// [`Exact::Never`] those of which enough were expected). The other tests of the family are pairs that never met and were not
/// expected to: they have `p = 1` and count in [`TestFamily::tests`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Associations {
    /// The question asked.
    pub estimand: Estimand,
    /// Conversations observed, whatever the estimand's denominator.
    pub conversations: u64,
    /// The estimand's denominator: conversations, mentions or pairs.
    pub n: u64,
    /// When exact p-values were computed.
    pub exact: Exact,
    /// Which exact p-values.
    pub exact_method: ExactMethod,
    /// Smallest expected count of a pair that was tested.
    pub min_expected: f64,
    /// Smallest total of a row or column that was tested.
    pub min_total: u64,
    /// Smallest expected count at which the normal p-value was used.
    pub min_expected_normal: f64,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// The tests, taken together.
    pub family: TestFamily,
    /// For each column category its number of tests.
    pub tests_per_column: Vec<u64>,
    /// Whether users, not conversations, were taken as the independent units of p-values and intervals.
    pub by_user: bool,
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

    /// The p-values of the pairs under another correction, in their order; `None` for pairs that were not tested. The family is
    /// the same.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Correction, Observations};
    ///
    /// let observations = Observations::from_records(2, 2, 9, [(1, 0, 0), (2, 1, 1), (3, 0, 0)])?;
    /// let found = AssociationParams::new().build()?.scan(&observations);
    /// let holm = found.corrected(Correction::Holm);
    /// assert_eq!(holm.len(), found.pairs.len());
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    #[must_use]
    pub fn corrected(&self, correction: Correction) -> Vec<Option<LogP>> {
        let p: Vec<LogP> = self.pairs.iter().filter_map(|pair| pair.ln_p).collect();
        let corrected = correction.adjust_in_family(&p, self.family.tests);
        let mut corrected = corrected.into_iter();
        let tested = self.pairs.iter().map(|pair| pair.ln_p.is_some());
        tested
            .map(|tested| if tested { corrected.next() } else { None })
            .collect()
    }

    /// The false discovery rate in two stages: first which columns (values) are associated with anything, then with what.
    ///
    /// A column's first-stage p-value is that of Simes' test of its pairs; columns are selected by Benjamini and Hochberg's
    /// procedure at the level [`alpha`](TestFamily::alpha). The pairs of a selected column are corrected within it, times the
    /// share of columns selected, so that the expected mean share of false findings over the selected columns is bounded.
    /// One entry for each pair, in their order; `None` for pairs that were not tested or whose column was not selected.
    ///
    /// # References
    /// Benjamini and Bogomolov (2014), Journal of the Royal Statistical Society B 76, 297-318.
    #[must_use]
    pub fn two_stage(&self) -> Vec<Option<LogP>> {
        let mut by_column: Vec<(u32, usize, LogP)> = self
            .pairs
            .iter()
            .zip(0..)
            .filter_map(|(pair, at)| Some((pair.col, at, pair.ln_p?)))
            .collect();
        by_column.sort_unstable_by_key(|&(col, at, _)| (col, at));
        let within: Vec<(Vec<LogP>, LogP)> = by_column
            .chunk_by(|a, b| a.0 == b.0)
            .map(|pairs| {
                let p: Vec<LogP> = pairs.iter().map(|&(_, _, p)| p).collect();
                let col = pairs.first().map_or(0, |pair| pair.0 as usize);
                let tests = self.tests_per_column.get(col).copied().unwrap_or(0);
                let corrected = Correction::BenjaminiHochberg.adjust_in_family(&p, tests);
                // The smallest of these is Simes' p-value.
                let simes = corrected.iter().copied().min().unwrap_or(LogP::ONE);
                (corrected, simes)
            })
            .collect();
        let columns = self.tests_per_column.iter().filter(|&&tests| tests > 0);
        let columns = columns.count() as u64;
        let simes: Vec<LogP> = within.iter().map(|&(_, simes)| simes).collect();
        let stage_one = Correction::BenjaminiHochberg.adjust_in_family(&simes, columns);
        let ln_alpha = self.family.alpha.ln();
        let selected = stage_one.iter().filter(|p| p.ln() <= ln_alpha).count();
        let ln_share = (columns as f64).ln() - (selected as f64).ln();
        let mut result = vec![None; self.pairs.len()];
        let columns = by_column.chunk_by(|a, b| a.0 == b.0);
        for ((pairs, (corrected, _)), stage_one) in columns.zip(&within).zip(stage_one) {
            if stage_one.ln() > ln_alpha {
                continue;
            }
            for (&(_, at, _), corrected) in pairs.iter().zip(corrected) {
                if let Some(slot) = result.get_mut(at) {
                    *slot = Some(LogP::clamped(corrected.ln() + ln_share));
                }
            }
        }
        result
    }

    /// The significant pairs, in order.
    pub fn significant(&self) -> impl Iterator<Item = &Association> + '_ {
        self.pairs.iter().filter(|pair| pair.significant)
    }

    /// The pairs behind which at least so many conversations and distinct users stand, in order; pairs whose users were not
    /// counted are left out when users are asked for.
    ///
    /// For showing, after testing: leaving pairs out by what was observed *before* testing would bias the tests.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Observations};
    ///
    /// let observations = Observations::from_records(2, 2, 0, [(1, 0, 0), (2, 1, 1), (3, 0, 0)])?;
    /// let found = AssociationParams::new().build()?.scan(&observations);
    /// assert_eq!(found.at_least(2, 0).count(), 1);
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn at_least(
        &self,
        conversations: u64,
        users: u64,
    ) -> impl Iterator<Item = &Association> + '_ {
        self.pairs.iter().filter(move |pair| {
            pair.observed >= conversations && (users == 0 || pair.users >= Some(users))
        })
    }

    /// All pairs by the lower bound of the risk ratio, from high to low; undefined ones last, equal ones by row, then column.
    #[must_use]
    pub fn by_risk_ratio(&self) -> Vec<&Association> {
        self.sorted_by(|pair| pair.risk_ratio.map(|ratio| ratio.low))
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
pub(crate) fn effect_order(pairs: &[Association]) -> Vec<usize> {
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
