//! Every pair of categories with its residual and effect sizes as they are when users, not conversations, are independent.

use serde::{Deserialize, Serialize};

use super::gram::Gram;
use super::pass::UserPass;
use super::robust::Robust;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::f_tail::student_quantile;
use crate::interval::Confidence;
use crate::params::Estimand;
use crate::tails::LogP;
use crate::two_by_two::Estimate;

/// What [`ClusteredScan`] needs to know.
///
/// | parameter | default |
/// | --- | --- |
/// | [`estimand`](Self::estimand) | [`Estimand::Prevalence`] |
/// | [`confidence`](Self::confidence) | 0.95 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct ClusteredParams {
    estimand: Estimand,
    confidence: f64,
}

impl ClusteredParams {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            estimand: Estimand::Prevalence,
            confidence: 0.95,
        }
    }

    /// Which question to ask.
    pub fn estimand(mut self, estimand: Estimand) -> Self {
        self.estimand = estimand;
        self
    }

    /// Confidence level of the intervals; above 0, below 1.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a value outside its range.
    pub fn build(self) -> Result<ClusteredScan, Error> {
        Ok(ClusteredScan {
            confidence: Confidence::new(self.confidence)?,
            params: self,
        })
    }
}

impl Default for ClusteredParams {
    fn default() -> Self {
        Self::new()
    }
}

/// Measures pairs with users as the independent units; made by [`ClusteredParams::build`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ClusteredParams", into = "ClusteredParams")]
pub struct ClusteredScan {
    params: ClusteredParams,
    confidence: Confidence,
}

impl TryFrom<ClusteredParams> for ClusteredScan {
    type Error = Error;

    fn try_from(params: ClusteredParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<ClusteredScan> for ClusteredParams {
    fn from(scan: ClusteredScan) -> Self {
        scan.params
    }
}

/// One pair of a row and a column category, with users as the independent units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusteredAssociation {
    /// Row category.
    pub row: u32,
    /// Column category.
    pub col: u32,
    /// Conversations that have both.
    pub observed: u64,
    /// Users behind them.
    pub users: u64,
    /// Adjusted residual, as if all conversations were independent; `None` when a line holds everything.
    pub adjusted_residual: Option<f64>,
    /// The residual over the standard deviation that users give it: `sum (x - x̄)(y - ȳ)` by its own scatter over users.
    /// `None` when nothing scatters.
    pub robust_residual: Option<f64>,
    /// Variance by users over variance of independent conversations: how many conversations carry what one would.
    pub design_effect: Option<f64>,
    /// Two-sided p-value of whichever residual is smaller in size, the adjusted or the robust one. Users who repeat
    /// themselves make p-values larger; that they vary less than chance is believed of no pair, since the scatter over users
    /// is itself uncertain, most of all where little was met.
    pub ln_p: Option<LogP>,
    /// Natural logarithm of the odds ratio with its interval by users; `None` when one of the four cells is 0, and for other
    /// estimands than prevalence.
    pub log_odds_ratio: Option<Estimate>,
    /// Variance of the log odds ratio by users over that of independent conversations.
    pub log_odds_design_effect: Option<f64>,
    /// Rao and Scott's F test: chi-square over that design effect, on 1 and (users - 1) degrees of freedom. Equals R's
    /// `svychisq` with users as sampling units.
    pub rao_scott_ln_p: Option<LogP>,
    /// The column's share in the row minus its share in the rest, with its interval by users; prevalence only.
    pub risk_difference: Option<Estimate>,
    /// Ratio of these shares, with its interval by users; prevalence only.
    pub risk_ratio: Option<Estimate>,
}

/// All pairs that met, with users as the independent units, by row, then column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusteredAssociations {
    /// The question asked.
    pub estimand: Estimand,
    /// Whether users were known. If not, each conversation stands for itself: independence is assumed.
    pub by_user: bool,
    /// Users, or conversations where users are not known.
    pub clusters: u64,
    /// Denominator: conversations, mentions or pairs.
    pub n: u64,
    /// The largest user's share of the denominator. Above a tenth one user can make a finding; look again without.
    pub largest_share: f64,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// The pairs.
    pub pairs: Vec<ClusteredAssociation>,
}

impl ClusteredAssociations {
    /// One pair, when it met.
    #[must_use]
    pub fn get(&self, row: u32, col: u32) -> Option<&ClusteredAssociation> {
        let at = self
            .pairs
            .binary_search_by_key(&(row, col), |pair| (pair.row, pair.col));
        at.ok().and_then(|at| self.pairs.get(at))
    }
}

impl ClusteredScan {
    /// Which question is asked.
    #[must_use]
    pub fn estimand(&self) -> Estimand {
        self.params.estimand
    }

    pub(super) fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Measures every pair of a row and a column category that met in a conversation.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there; [`Error::is_overflow`] for more conversations of single
    /// users than 64 bits hold the squares of.
    ///
    /// # Complexity
    /// The pairs of each user's row and column categories, summed over users. Memory is of the order of the labels.
    ///
    /// # References
    /// Liang and Zeger (1986), Biometrika 73, 13-22, for the variance by clusters; Rao and Scott (1984), Annals of Statistics
    /// 12, 46-60.
    ///
    /// ```
    /// use axia_contingency::{ClusteredParams, ConversationEntry, Conversations};
    ///
    /// // Forty users with five conversations each; each user sticks to one task and to one value.
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..200 {
    ///     let user = id / 5;
    ///     let (task, value) = ((user % 2) as u32, (user % 3 == 0) as u32);
    ///     builder.push(&ConversationEntry::new(id, &[&[task], &[value]]).user(user))?;
    /// }
    /// let found = ClusteredParams::new().build()?.scan(&builder.build()?, 0, 1)?;
    /// let pair = found.get(0, 1).ok_or("never met")?;
    /// // 200 conversations say no more than the 40 users.
    /// assert!((pair.design_effect.ok_or("undefined")? - 5.0).abs() < 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(
        &self,
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<ClusteredAssociations, Error> {
        let estimand = self.params.estimand;
        let pass = UserPass::new(conversations, row_facet, col_facet, estimand)?;
        let robust = Robust::new(&pass, conversations);
        let sure = match robust.dof {
            Some(dof) => student_quantile(self.confidence.level(), dof).unwrap_or(f64::INFINITY),
            None => self.confidence.z(),
        };
        let mut scratch = pass.scratch();
        let mut pairs = Vec::new();
        for row in 0..pass.n_rows() as u32 {
            pass.pass(row, &mut scratch);
            for (col, sums) in scratch.met() {
                let of_pair = pass.sums(row, col, &scratch);
                let score = robust.score(&of_pair, pass.row_conversations(row));
                let effects = robust.effects(&Gram::of(&of_pair), sure);
                pairs.push(ClusteredAssociation {
                    row,
                    col,
                    observed: sums.both,
                    users: sums.users,
                    adjusted_residual: score.naive,
                    robust_residual: score.robust,
                    design_effect: score.design_effect,
                    ln_p: score.ln_p,
                    log_odds_ratio: effects.log_odds,
                    log_odds_design_effect: effects.log_odds_design_effect,
                    rao_scott_ln_p: effects.rao_scott,
                    risk_difference: effects.difference,
                    risk_ratio: effects.ratio,
                });
            }
        }
        Ok(ClusteredAssociations {
            estimand,
            by_user: conversations.users().is_some(),
            clusters: pass.clusters(),
            n: pass.total(),
            largest_share: pass.largest_user() as f64 / (pass.total() as f64).max(1.0),
            confidence: self.confidence.level(),
            pairs,
        })
    }
}
