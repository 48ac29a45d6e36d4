//! From a pair's sums over users to its robust residual and effect sizes.

use super::gram::Gram;
use super::pass::UserPass;
use crate::conversations::Conversations;
use crate::f_tail::{f_upper, student_two_sided};
use crate::margins::Margins;
use crate::params::Estimand;
use crate::strata::around_log;
use crate::tails::{LogP, normal_two_sided};
use crate::two_by_two::Estimate;

/// With fewer users than this, Student's distribution takes the normal's place: the variance itself is uncertain.
const FEW_USERS: u64 = 1000;

/// What all pairs of a scan have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Robust {
    estimand: Estimand,
    conversations: f64,
    clusters: u64,
    /// Degrees of freedom where there are few users.
    pub(crate) dof: Option<f64>,
}

/// A pair's residuals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    pub(crate) naive: Option<f64>,
    pub(crate) robust: Option<f64>,
    pub(crate) design_effect: Option<f64>,
    /// Of the residual that is smaller in size.
    pub(crate) ln_p: Option<LogP>,
}

/// A pair's effect sizes; `None` throughout for estimands whose table is not one of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Effects {
    pub(crate) log_odds: Option<Estimate>,
    pub(crate) log_odds_design_effect: Option<f64>,
    pub(crate) rao_scott: Option<LogP>,
    pub(crate) difference: Option<Estimate>,
    pub(crate) ratio: Option<Estimate>,
}

impl Robust {
    pub(crate) fn new(pass: &UserPass<'_>, conversations: &Conversations) -> Self {
        Self {
            estimand: pass.estimand(),
            ..Self::of_clusters(conversations, pass.clusters())
        }
    }

    /// For a scan of shares of conversations.
    pub(crate) fn of_clusters(conversations: &Conversations, clusters: u64) -> Self {
        let few = conversations.users().is_some() && clusters < FEW_USERS && clusters > 1;
        Self {
            estimand: Estimand::Prevalence,
            conversations: conversations.len() as f64,
            clusters,
            dof: few.then(|| (clusters - 1) as f64),
        }
    }

    /// `G / (G - 1)`; `None` with a single cluster.
    fn correction(&self) -> Option<f64> {
        (self.clusters > 1).then(|| self.clusters as f64 / (self.clusters - 1) as f64)
    }

    fn variance(&self, gram: &Gram, weights: [f64; 4]) -> Option<f64> {
        self.of_squares(gram.squares(weights))
    }

    /// The variance from the users' squares.
    pub(crate) fn of_squares(&self, squares: f64) -> Option<f64> {
        Some(self.correction()? * squares).filter(|variance| *variance > 0.0)
    }

    /// The two-sided tail of a deviate.
    pub(crate) fn ln_p(&self, deviate: f64) -> Option<LogP> {
        match self.dof {
            Some(dof) => student_two_sided(deviate, dof),
            None => normal_two_sided(deviate),
        }
    }

    /// `row_conversations` is in how many conversations the row category is.
    pub(crate) fn score(&self, gram: &Gram, row_conversations: u64) -> Score {
        let [a, b, c, d] = gram.cells;
        let (row, col, n) = (a + b, a + c, a + b + c + d);
        let naive = Margins {
            observed: a as u64,
            row: row as u64,
            col: col as u64,
            n: n as u64,
        }
        .adjusted();
        let mut score = Score {
            naive,
            robust: None,
            design_effect: None,
            ln_p: None,
        };
        if naive.is_none() {
            return score;
        }
        let whole = n as f64;
        let excess = (i128::from(a) * i128::from(d) - i128::from(b) * i128::from(c)) as f64 / whole;
        let (p, not_p) = (col as f64 / whole, (n - col) as f64 / whole);
        // The row enters as an indicator of the conversation in a mention table: its mean is its share of conversations.
        let (q, not_q) = match self.estimand {
            Estimand::MentionShare => {
                let row = row_conversations as f64;
                (
                    row / self.conversations,
                    (self.conversations - row) / self.conversations,
                )
            }
            _ => (row as f64 / whole, (n - row) as f64 / whole),
        };
        let weights = [not_p * not_q, -p * not_q, -q * not_p, p * q];
        if let Some(variance) = self.variance(gram, weights) {
            let plain = row as f64 / whole * ((n - row) as f64 / whole) * col as f64 * not_p;
            score.robust = Some(excess / variance.sqrt());
            score.design_effect = Some(variance / plain);
        }
        let smaller = [score.naive, score.robust]
            .into_iter()
            .flatten()
            .map(f64::abs)
            .fold(f64::INFINITY, f64::min);
        score.ln_p = self.ln_p(smaller);
        score
    }

    /// Effect sizes with intervals of `sure` standard errors to each side.
    pub(crate) fn effects(&self, gram: &Gram, sure: f64) -> Effects {
        if self.estimand != Estimand::Prevalence {
            return Effects::default();
        }
        let cells = gram.cells.map(|cell| cell as f64);
        self.effects_of(cells, |weights| self.variance(gram, weights), sure)
    }

    /// The same from the four cells and the variance of their weighted sums.
    pub(crate) fn effects_of(
        &self,
        cells: [f64; 4],
        variance_of: impl Fn([f64; 4]) -> Option<f64>,
        sure: f64,
    ) -> Effects {
        let mut effects = Effects::default();
        let [a, b, c, d] = cells;
        let (inside, outside) = (a + b, c + d);
        if a > 0.0 && b > 0.0 && c > 0.0 && d > 0.0 {
            let weights = [1.0 / a, -1.0 / b, -1.0 / c, 1.0 / d];
            let plain: f64 = weights.iter().map(|weight| weight.abs()).sum();
            if let Some(variance) = variance_of(weights) {
                let value = (a * d / (b * c)).ln();
                effects.log_odds = estimate(value, sure * variance.sqrt());
                let design_effect = variance / plain;
                effects.log_odds_design_effect = Some(design_effect);
                let n = inside + outside;
                let excess = a * d - b * c;
                let chi2 = excess * (excess / (inside * outside)) * (n / ((a + c) * (b + d)));
                let dof = (self.clusters - 1) as f64;
                effects.rao_scott = f_upper(chi2 / design_effect, 1.0, dof);
            }
        }
        if inside > 0.0 && outside > 0.0 {
            let (p, q) = (a / inside, c / outside);
            let weights = [
                b / (inside * inside),
                -a / (inside * inside),
                -d / (outside * outside),
                c / (outside * outside),
            ];
            if let Some(variance) = variance_of(weights) {
                let value = (a * d - b * c) / (inside * outside);
                effects.difference = estimate(value, sure * variance.sqrt());
            }
            if a > 0.0 && c > 0.0 {
                let weights = weights.map(|weight| weight.abs());
                let [to_a, to_b, to_c, to_d] = weights;
                let weights = [to_a / p, -to_b / p, -to_c / q, to_d / q];
                effects.ratio = variance_of(weights)
                    .filter(|_| sure.is_finite())
                    .map(|variance| around_log(p / q, sure * variance.sqrt()));
            }
        }
        effects
    }
}

fn estimate(value: f64, half: f64) -> Option<Estimate> {
    half.is_finite().then_some(Estimate {
        value,
        low: value - half,
        high: value + half,
    })
}
