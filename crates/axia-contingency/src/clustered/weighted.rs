//! Associations of weighted conversations: estimates by weight, variances by user.

use serde::{Deserialize, Serialize};

use super::association::{ClusteredAssociation, ClusteredScan};
use super::robust::Robust;
use super::weighted_pass::{Cells, WeightedPass};
use crate::conversations::Conversations;
use crate::error::Error;
use crate::f_tail::student_quantile;
use crate::params::Estimand;

/// One pair of a row and a column category of weighted conversations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WeightedAssociation {
    /// The row's share of the weight.
    pub row_share: f64,
    /// The column's share of the weight.
    pub col_share: f64,
    /// The share of the weight that has both.
    pub both_share: f64,
    /// `both_share` over what it would be without association.
    pub lift: f64,
    /// Counts (of conversations, not of weight), residuals and effect sizes. Everything but the counts is by weight.
    ///
    /// * `adjusted_residual` is the residual as if conversations were independent and weights had nothing to do with the
    ///   categories.
    /// * `robust_residual` is the design-based score: the weighted sum of `(x - x̄)(y - ȳ)` over its scatter over users.
    /// * `design_effect` is the variance by users over that of as many independent conversations of equal weight.
    pub pair: ClusteredAssociation,
}

/// All pairs that met in conversations with weight, by row, then column; made by [`ClusteredScan::scan_weighted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WeightedAssociations {
    /// Whether users were known. If not, each conversation stands for itself: independence is assumed.
    pub by_user: bool,
    /// Users, or conversations where users are not known.
    pub clusters: u64,
    /// Conversations.
    pub conversations: u64,
    /// Sum of the weights.
    pub weight: f64,
    /// How many conversations of equal weight would say as much if weights had nothing to do with what is asked (Kish): the
    /// square of the sum of weights over the sum of squares.
    pub equal_weights: f64,
    /// The largest user's share of the weight. Above a tenth one user can make a finding; look again without.
    pub largest_share: f64,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// The pairs.
    pub pairs: Vec<WeightedAssociation>,
}

impl WeightedAssociations {
    /// One pair, when it met.
    #[must_use]
    pub fn get(&self, row: u32, col: u32) -> Option<&WeightedAssociation> {
        let at = self
            .pairs
            .binary_search_by_key(&(row, col), |pair| (pair.pair.row, pair.pair.col));
        at.ok().and_then(|at| self.pairs.get(at))
    }
}

impl ClusteredScan {
    /// Measures every pair of a row and a column category that met, with each conversation's
    /// [weight](crate::ConversationEntry::weight): how many conversations it stands for. Shares, odds and differences are those
    /// of the weight; variances are design-based (linearized, by user), so that multiplying all weights changes nothing.
    ///
    /// Weights are for samples whose conversations were drawn with unequal probability (the weight is one over it), or to make
    /// one set of conversations look like another. They never enter counts and exact tests: a weight is not a count. With equal
    /// weights all is as in [`scan`](Self::scan). Where there is little weight behind a pair the variance is uncertain; look at
    /// `users` and `observed`.
    ///
    /// Empty when all weights are 0.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there, for weights that sum to infinity, and for another estimand
    /// than prevalence.
    ///
    /// # Complexity
    /// As [`scan`](Self::scan), with some 150 bytes for each column category.
    ///
    /// # References
    /// Binder (1983), International Statistical Review 51, 279-292, for variances by linearization; Rao and Scott (1984), Annals
    /// of Statistics 12, 46-60. `rao_scott_ln_p` is R's `svychisq` with users as sampling units.
    ///
    /// ```
    /// use axia_contingency::{ClusteredParams, ConversationEntry, Conversations};
    ///
    /// // Every conversation of task 0 was kept, and one in four of task 1: those count four times.
    /// let mut builder = Conversations::builder(&[2, 1]);
    /// for id in 0..100 {
    ///     let task = (id % 2) as u32;
    ///     let values: &[u32] = if id % 20 < 9 { &[0] } else { &[] };
    ///     let weight = if task == 0 { 1.0 } else { 4.0 };
    ///     builder.push(&ConversationEntry::new(id, &[&[task], values]).user(id / 2).weight(weight))?;
    /// }
    /// let found = ClusteredParams::new().build()?.scan_weighted(&builder.build()?, 0, 1)?;
    /// let pair = found.get(1, 0).ok_or("never met")?;
    /// assert!((pair.row_share - 0.8).abs() < 1e-12 && pair.pair.observed == 20);
    /// assert!(found.equal_weights < 75.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan_weighted(
        &self,
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<WeightedAssociations, Error> {
        if self.estimand() != Estimand::Prevalence {
            return Err(Error::invalid_parameter(
                "estimand of weighted conversations",
                "prevalence (0)",
                f64::from(self.estimand() as u8),
            ));
        }
        let mut pass = WeightedPass::new(conversations, row_facet, col_facet)?;
        let clusters = pass.clusters();
        let robust = Robust::of_clusters(conversations, clusters);
        let sure = match robust.dof {
            Some(dof) => student_quantile(self.confidence().level(), dof).unwrap_or(f64::INFINITY),
            None => self.confidence().z(),
        };
        let mut pairs = Vec::new();
        let rows = if pass.weight() > 0.0 {
            pass.n_rows()
        } else {
            0
        };
        for row in 0..rows as u32 {
            pass.row(row);
            for (col, observed, users) in pass.met() {
                let cells = pass.cells(row, col);
                pairs.extend(weighted(&robust, &pass, &cells, sure).map(|mut pair| {
                    (pair.pair.row, pair.pair.col) = (row, col);
                    (pair.pair.observed, pair.pair.users) = (observed, users);
                    pair
                }));
            }
        }
        Ok(WeightedAssociations {
            by_user: conversations.users().is_some(),
            clusters,
            conversations: conversations.len() as u64,
            weight: pass.weight(),
            equal_weights: pass.equal_weights(),
            largest_share: pass.largest_share(),
            confidence: self.confidence().level(),
            pairs,
        })
    }
}

/// A pair's measures, without its names and counts; `None` for a pair without weight.
fn weighted(
    robust: &Robust,
    pass: &WeightedPass<'_>,
    cells: &Cells,
    sure: f64,
) -> Option<WeightedAssociation> {
    let [a, b, c, d] = cells.sums;
    let n = a + b + c + d;
    let (q, p) = ((a + b) / n, (a + c) / n);
    if a <= 0.0 {
        return None;
    }
    let (not_q, not_p) = ((c + d) / n, (b + d) / n);
    let spread = n * q * not_q * p * not_p;
    let excess = (a * d - b * c) / n;
    let variance = |weights| robust.of_squares(cells.squares(weights));
    // What is left of scores that cancel is rounding.
    let of_score = variance([not_p * not_q, -p * not_q, -q * not_p, p * q])
        .filter(|variance| spread > 0.0 && *variance > 1e-12 * spread);
    // Of the weights' squares: what unequal weights cost where they have nothing to do with the categories.
    let naive = (spread > 0.0).then(|| excess / (spread * n / pass.equal_weights()).sqrt());
    let score = of_score.map(|variance| excess / variance.sqrt());
    let smaller = naive.zip(score).map(|(a, b)| a.abs().min(b.abs()));
    let effects = robust.effects_of(cells.sums, variance, sure);
    Some(WeightedAssociation {
        row_share: q,
        col_share: p,
        both_share: a / n,
        lift: a / n / (q * p),
        pair: ClusteredAssociation {
            row: 0,
            col: 0,
            observed: 0,
            users: 0,
            adjusted_residual: naive,
            robust_residual: score,
            design_effect: of_score.map(|variance| variance / spread),
            ln_p: smaller.and_then(|deviate| robust.ln_p(deviate)),
            log_odds_ratio: effects.log_odds,
            log_odds_design_effect: effects.log_odds_design_effect,
            rao_scott_ln_p: effects.rao_scott,
            risk_difference: effects.difference,
            risk_ratio: effects.ratio,
        },
    })
}
