//! Parameters of a scan for associations.

use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::error::Error;
use crate::exact::ExactMethod;
use crate::interval::Confidence;

/// Which question a scan asks of the counts. The three have different denominators and can contradict each other.
///
/// Throughout, the row facet is a context (a task, a response type, a human value) and the column facet an AI value.
///
/// | estimand | table behind a cell | expected | asks |
/// | --- | --- | --- | --- |
/// | [`Prevalence`](Self::Prevalence) | conversations: has the row × has the column | `n_x n_v / n` | is the value shown in a larger share of these *conversations*? |
/// | [`MentionShare`](Self::MentionShare) | mentions: in a conversation with the row × of the column | `M_x n_v / M` | does the value take a larger share of the *mentions*? |
/// | [`PairTable`](Self::PairTable) | pairs: of the row × of the column | `R_x C_v / P` | do the two meet more often than the *numbers of labels* explain? |
///
/// # Example: one set of data, two answers
/// Ten conversations of task 0 show one value each: five show value 0, five value 1. Ten conversations of task 1 show three
/// values each: 0, 1 and 2. Value 0 is in 5 of 10 conversations of task 0 and 10 of 10 of task 1.
///
/// * **Prevalence**: 20 conversations, 10 of task 1, 15 with value 0; expected 10 · 15 / 20 = 7.5, observed 10: lift 1.33.
///   Value 0 goes *with* task 1. So does every other value, because task 1's conversations show more values.
/// * **Mention share**: 40 mentions, 30 of them in task 1, 15 of value 0; expected 30 · 15 / 40 = 11.25, observed 10: lift
///   0.89. Value 0 goes *against* task 1: it takes half of the mentions in task 0 and a third of those in task 1.
///
/// ```
/// use axia_contingency::{AssociationParams, Estimand, Observations};
///
/// let mut builder = Observations::builder(2, 3);
/// for id in 0..10 {
///     builder.push(id, &[0], &[id as u32 % 2])?;
///     builder.push(10 + id, &[1], &[0, 1, 2])?;
/// }
/// let observations = builder.build()?;
/// let scan = |estimand| AssociationParams::new().estimand(estimand).build().map(|scan| scan.scan(&observations));
///
/// let by_conversation = scan(Estimand::Prevalence)?;
/// let cell = by_conversation.get(1, 0).ok_or("no such pair")?;
/// assert_eq!((cell.observed, cell.expected, cell.n), (10, 7.5, 20));
///
/// let by_mention = scan(Estimand::MentionShare)?;
/// let cell = by_mention.get(1, 0).ok_or("no such pair")?;
/// assert_eq!((cell.observed, cell.expected, cell.n), (10, 11.25, 40));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Example: two facets with several labels each
/// Five long conversations have the human values 0 and 1 and the AI values 0 and 1; five short ones have none of either.
///
/// * **Prevalence**: 10 conversations, 5 with each; expected 5 · 5 / 10 = 2.5, observed 5: lift 2. Length alone links all
///   that long conversations have more of.
/// * **Pair table**: 5 conversations with 2 · 2 pairs, 20 pairs; each value is in 10; expected 10 · 10 / 20 = 5, observed
///   5: lift 1. Given how many labels there are, no pair is favoured.
///
/// ```
/// use axia_contingency::{AssociationParams, Estimand, Observations};
///
/// let mut builder = Observations::builder(2, 2);
/// for id in 0..5 {
///     builder.push(id, &[0, 1], &[0, 1])?;
/// }
/// builder.push_empty(5)?;
/// let observations = builder.build()?;
/// for (estimand, lift) in [(Estimand::Prevalence, 2.0), (Estimand::PairTable, 1.0)] {
///     let scan = AssociationParams::new().estimand(estimand).build()?;
///     let associations = scan.scan(&observations);
///     assert_eq!(associations.get(0, 0).ok_or("no such pair")?.lift, lift);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Estimand {
    /// Shares of conversations; the default. Its 2 × 2 tables have independent rows when conversations are independent.
    ///
    /// Rows in which conversations show more values in general come out associated with every value.
    #[default]
    Prevalence,
    /// Shares of mentions, immune to how many values a conversation shows.
    ///
    /// The row's mentions are compared with all others. When every conversation has exactly one row category these are the
    /// cells of the plain table of contexts by values. Labels of one conversation are distinct, so the residual of a
    /// very common value is somewhat too small; that of a rare one is right.
    MentionShare,
    /// Pairs within a conversation, one count per pair: for two facets with several labels each.
    ///
    /// Conversations without both facets do not enter. Conversations with many labels weigh more than others.
    PairTable,
}

impl Estimand {
    /// Its name as one word: `prevalence`, `mention_share` or `pair_table`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prevalence => "prevalence",
            Self::MentionShare => "mention_share",
            Self::PairTable => "pair_table",
        }
    }
}

/// When a scan computes exact p-values instead of normal ones.
///
/// The normal approximation of a residual fails where little is expected, and in the far tail everywhere: one chance meeting
/// of a value that occurs 46 times and a task of 60 conversations among 308,210 has a residual of 10.5, a normal p-value of
/// 1e-25 and an exact one of 0.018.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exact {
    /// Never: pairs in whose 2 × 2 table less than [`min_expected_normal`](AssociationParams::min_expected_normal) is
    /// expected anywhere are not tested.
    Never,
    /// Where less than that is expected, and wherever the normal p-value is below 0.001, so that every pair that matters has
    /// its exact p-value; the default.
    #[default]
    WhenSparse,
    /// For every pair.
    Always,
}

/// ln 0.001: a normal p-value below is replaced by the exact one. It may decide, and the tail is where the normal
/// approximation fails.
pub(crate) const LN_DECISIVE: f64 = -6.907_755_278_982_137;

/// What [`AssociationScan`] needs to know.
///
/// | parameter | default |
/// | --- | --- |
/// | [`estimand`](Self::estimand) | [`Estimand::Prevalence`] |
/// | [`correction`](Self::correction) | [`Correction::Bonferroni`] |
/// | [`alpha`](Self::alpha) | 0.05 |
/// | [`exact`](Self::exact) | [`Exact::WhenSparse`] |
/// | [`exact_method`](Self::exact_method) | [`ExactMethod::Central`] |
/// | [`min_expected`](Self::min_expected) | 0 |
/// | [`min_total`](Self::min_total) | 1 |
/// | [`min_expected_normal`](Self::min_expected_normal) | 5 |
/// | [`confidence`](Self::confidence) | 0.95 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct AssociationParams {
    estimand: Estimand,
    correction: Correction,
    alpha: f64,
    exact: Exact,
    exact_method: ExactMethod,
    min_expected: f64,
    min_total: u64,
    min_expected_normal: f64,
    confidence: f64,
}

impl AssociationParams {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            estimand: Estimand::Prevalence,
            correction: Correction::Bonferroni,
            alpha: 0.05,
            exact: Exact::WhenSparse,
            exact_method: ExactMethod::Central,
            min_expected: 0.0,
            min_total: 1,
            min_expected_normal: 5.0,
            confidence: 0.95,
        }
    }

    /// Which question to ask.
    pub fn estimand(mut self, estimand: Estimand) -> Self {
        self.estimand = estimand;
        self
    }

    /// How to correct for the number of tests; it decides what is significant. All others can be had from the result.
    pub fn correction(mut self, correction: Correction) -> Self {
        self.correction = correction;
        self
    }

    /// Level of significance after correction; above 0, below 1.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// When to compute exact p-values.
    pub fn exact(mut self, exact: Exact) -> Self {
        self.exact = exact;
        self
    }

    /// Which exact p-value.
    pub fn exact_method(mut self, method: ExactMethod) -> Self {
        self.exact_method = method;
        self
    }

    /// Only pairs whose expected count is at least this are tests; finite and not negative. 0 tests all pairs.
    ///
    /// A smaller family has more power. Expected counts depend on the margins alone, so leaving pairs out by them does not
    /// bias the tests that remain (Bourgon, Gentleman and Huber 2010); leaving pairs out by what was *observed* would.
    pub fn min_expected(mut self, min_expected: f64) -> Self {
        self.min_expected = min_expected;
        self
    }

    /// Only pairs of a row and a column whose totals are at least this are tests.
    pub fn min_total(mut self, min_total: u64) -> Self {
        self.min_total = min_total;
        self
    }

    /// The normal p-value is used only where each of the four expected counts of the 2 × 2 table is at least this; finite and
    /// not negative. What happens to the others, [`exact`](Self::exact) says. Below 1, together with [`Exact::Never`],
    /// p-values of sparse pairs are fiction: for comparison with tools that give no others.
    pub fn min_expected_normal(mut self, min_expected: f64) -> Self {
        self.min_expected_normal = min_expected;
        self
    }

    /// Confidence level of the intervals, each on its own, not corrected for their number; above 0, below 1.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a value outside its range.
    pub fn build(self) -> Result<AssociationScan, Error> {
        let checks = [
            (
                "alpha",
                "above 0 and below 1",
                self.alpha,
                self.alpha > 0.0 && self.alpha < 1.0,
            ),
            (
                "min_expected",
                "finite and not negative",
                self.min_expected,
                self.min_expected >= 0.0 && self.min_expected.is_finite(),
            ),
            (
                "min_expected_normal",
                "finite and not negative",
                self.min_expected_normal,
                self.min_expected_normal >= 0.0 && self.min_expected_normal.is_finite(),
            ),
        ];
        if let Some((name, requirement, value, _)) = checks.into_iter().find(|check| !check.3) {
            return Err(Error::invalid_parameter(name, requirement, value));
        }
        Ok(AssociationScan {
            confidence: Confidence::new(self.confidence)?,
            params: self,
        })
    }
}

impl Default for AssociationParams {
    fn default() -> Self {
        Self::new()
    }
}

/// Finds the pairs of categories that meet more or less often than expected; made by [`AssociationParams::build`].
///
/// Serialized as its parameters, and checked again when read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "AssociationParams", into = "AssociationParams")]
pub struct AssociationScan {
    params: AssociationParams,
    confidence: Confidence,
}

impl AssociationScan {
    /// Which question is asked.
    #[must_use]
    pub fn estimand(&self) -> Estimand {
        self.params.estimand
    }

    /// How p-values are corrected.
    #[must_use]
    pub fn correction(&self) -> Correction {
        self.params.correction
    }

    /// Level of significance after correction.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.params.alpha
    }

    /// When exact p-values are computed.
    #[must_use]
    pub fn exact(&self) -> Exact {
        self.params.exact
    }

    /// Which exact p-value.
    #[must_use]
    pub fn exact_method(&self) -> ExactMethod {
        self.params.exact_method
    }

    /// Smallest expected count of a pair that is tested.
    #[must_use]
    pub fn min_expected(&self) -> f64 {
        self.params.min_expected
    }

    /// Smallest total of a row or column that is tested.
    #[must_use]
    pub fn min_total(&self) -> u64 {
        self.params.min_total
    }

    /// Smallest expected count at which the normal p-value is used.
    #[must_use]
    pub fn min_expected_normal(&self) -> f64 {
        self.params.min_expected_normal
    }

    /// Confidence level of the intervals.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }
}

impl TryFrom<AssociationParams> for AssociationScan {
    type Error = Error;

    fn try_from(params: AssociationParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<AssociationScan> for AssociationParams {
    fn from(scan: AssociationScan) -> Self {
        scan.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_checked() {
        for bad in [f64::NAN, -1.0, f64::INFINITY] {
            for params in [
                AssociationParams::new().alpha(bad),
                AssociationParams::new().min_expected(bad),
                AssociationParams::new().min_expected_normal(bad),
                AssociationParams::new().confidence(bad),
            ] {
                assert!(params.build().unwrap_err().is_invalid_parameter());
            }
        }
        assert!(AssociationParams::new().alpha(1.0).build().is_err());
        assert!(AssociationParams::new().alpha(0.0).build().is_err());
    }

    #[test]
    fn serialized_through_the_check() {
        let scan = AssociationParams::new().alpha(0.01).build().unwrap();
        let json = serde_json::to_string(&scan).unwrap();
        assert_eq!(
            serde_json::from_str::<AssociationScan>(&json).unwrap(),
            scan
        );
        let partial: AssociationScan =
            serde_json::from_str(r#"{"estimand":"pair_table"}"#).unwrap();
        assert_eq!(partial.estimand(), Estimand::PairTable);
        assert!(serde_json::from_str::<AssociationScan>(r#"{"alpha":2}"#).is_err());
        assert!(serde_json::from_str::<AssociationScan>(r#"{"beta":2}"#).is_err());
    }
}
