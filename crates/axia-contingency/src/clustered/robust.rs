//! From a pair's sums over users to its robust residual and effect sizes.

use super::gram::{Gram, Sums};
use super::pass::UserPass;
use super::row_sums::{PairSums, RowScratch};
use crate::conversations::Conversations;
use crate::f_tail::{f_upper, student_two_sided};
use crate::margins::{EXACT_PRODUCTS, Margins};
use crate::params::Estimand;
use crate::strata::around_log;
use crate::tail_table::TailTable;
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

/// Shares up to this one go the short way to the sum of squares, which loses nothing there.
const HALF: f64 = 0.5;

/// What a row gives to the sums of squares of its pairs.
#[derive(Debug, Clone, Copy)]
struct RowFactors {
    /// The mean of its indicator.
    share: f64,
    /// Sum over users of the square of what the row deviates by from its mean.
    squares: f64,
}

impl RowFactors {
    /// Of the row's sums.
    fn of(sums: &Sums, share: f64) -> Self {
        let [x2, xm, m2] = [sums.x2, sums.xm, sums.m2].map(signed);
        Self {
            share,
            squares: x2 - share * (2.0 * xm - share * m2),
        }
    }

    /// Sum over users of the square of `sum (x - x̄)(y - ȳ)`, where `p` is the column's mean.
    fn squares(self, sums: &Sums, p: f64) -> f64 {
        let q = self.share;
        if p <= HALF && q <= HALF {
            let pair = PairSums {
                both2: sums.both2,
                both_x: sums.both_x,
                both_y: sums.both_y,
                both_m: sums.both_m,
                xy: sums.xy,
                ..PairSums::default()
            };
            return self.squares_of(&pair, p, signed(sums.y2), signed(sums.ym));
        }
        let weights = [(1.0 - p) * (1.0 - q), -p * (1.0 - q), -q * (1.0 - p), p * q];
        Gram::of(sums).squares(weights)
    }

    /// The same where neither mean is above one half: of `(both - q y) - p (x - q m)`. Of each of a user's four cells, what is
    /// added and taken off is then at most nine times what is left.
    #[inline]
    fn squares_of(self, pair: &PairSums, p: f64, y2: f64, ym: f64) -> f64 {
        let q = self.share;
        let [both2, both_x, both_y] = [pair.both2, pair.both_x, pair.both_y].map(signed);
        let with_m = signed(pair.both_m + pair.xy);
        let own = both2 - q * (2.0 * both_y - q * y2);
        let with_row = both_x - q * (with_m - q * ym);
        (own - p * (2.0 * with_row - p * self.squares)).max(0.0)
    }
}

/// What columns give to the scores of their pairs, a list for each factor.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    ids: Vec<u32>,
    total: Vec<f64>,
    share: Vec<f64>,
    y2: Vec<f64>,
    ym: Vec<f64>,
}

impl Columns {
    pub(crate) fn of(pass: &UserPass<'_>, ids: impl Iterator<Item = u32>) -> Self {
        let mut cols = Self::default();
        for id in ids {
            let sums = pass.col(id);
            cols.ids.push(id);
            cols.total.push(sums.total as f64);
            cols.share.push(sums.total as f64 / pass.total() as f64);
            cols.y2.push(signed(sums.squares));
            cols.ym.push(signed(sums.with_all));
        }
        cols
    }
}

/// A sum over users as a double; sums are below 2^62, and signed numbers are turned into doubles faster.
fn signed(sum: u64) -> f64 {
    sum as i64 as f64
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

    /// The residuals of a pair. `row_conversations` is in how many conversations the row category is.
    pub(crate) fn score(&self, sums: &Sums, row_conversations: u64) -> Score {
        let table = Margins {
            observed: sums.both,
            row: sums.x,
            col: sums.y,
            n: sums.m,
        };
        let naive = table.adjusted();
        let mut score = Score {
            naive,
            robust: None,
            design_effect: None,
            ln_p: None,
        };
        if naive.is_none() {
            return score;
        }
        let whole = table.n as f64;
        let row = RowFactors::of(sums, self.row_share(sums, row_conversations));
        let p = table.col as f64 / whole;
        if let Some(variance) = self.of_squares(row.squares(sums, p)) {
            let (inside, outside) = (table.row as f64, (table.n - table.row) as f64);
            let not_p = (table.n - table.col) as f64 / whole;
            let plain = inside / whole * (outside / whole) * table.col as f64 * not_p;
            score.robust = Some(table.deviation() / whole / variance.sqrt());
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

    /// The mean of a row's indicator: in a mention table that is of the conversation, so that its mean is the row's share of
    /// conversations.
    fn row_share(&self, sums: &Sums, row_conversations: u64) -> f64 {
        match self.estimand {
            Estimand::MentionShare => row_conversations as f64 / self.conversations,
            _ => sums.x as f64 / sums.m as f64,
        }
    }

    /// [`score`](Self::score) of all pairs of the row that the scratch was filled with: the adjusted and the robust residuals,
    /// and the p-values, with 0 and 1 for what is undefined.
    pub(crate) fn score_row(
        &self,
        (pass, scratch): (&UserPass<'_>, &RowScratch),
        row: u32,
        cols: &Columns,
        found: (&mut Vec<f64>, &mut Vec<f64>, &mut Vec<LogP>),
    ) {
        let whole = pass.sums(row, 0, scratch);
        let share = self.row_share(&whole, pass.row_conversations(row));
        let factors = RowFactors::of(&whole, share);
        let (adjusted, robust, ln_p) = found;
        let from = adjusted.len();
        // The deviation of what was met, and the sum of squares, take the residuals' places before.
        for (((&col, &p), &y2), &ym) in cols.ids.iter().zip(&cols.share).zip(&cols.y2).zip(&cols.ym)
        {
            let pair = scratch.pair(col);
            let squares = if factors.share <= HALF && p <= HALF {
                factors.squares_of(&pair, p, y2, ym)
            } else {
                factors.squares(&pass.sums(row, col, scratch), p)
            };
            adjusted.push(signed(pair.both));
            robust.push(squares);
        }
        let (_, adjusted) = adjusted.split_at_mut(from);
        let (_, robust) = robust.split_at_mut(from);
        let (row, n) = (whole.x, whole.m);
        let (inside, outside, all) = (row as f64, (n - row) as f64, n as f64);
        if n <= EXACT_PRODUCTS {
            for (deviation, &col) in adjusted.iter_mut().zip(&cols.total) {
                *deviation = *deviation * all - inside * col;
            }
        } else {
            for (deviation, &col) in adjusted.iter_mut().zip(&cols.total) {
                let (observed, col) = (*deviation as u64, col as u64);
                *deviation = Margins {
                    observed,
                    row,
                    col,
                    n,
                }
                .deviation();
            }
        }
        let correction = self.correction().unwrap_or(0.0);
        let smaller: Vec<f64> = adjusted
            .iter_mut()
            .zip(robust)
            .zip(&cols.total)
            .map(|((adjusted, robust), &col)| {
                let deviation = *adjusted;
                let spread = inside * col * outside * (all - col);
                *adjusted = deviation / (spread / all).sqrt();
                let variance = correction * *robust;
                let over = deviation / all / variance.sqrt();
                *robust = if variance > 0.0 { over } else { 0.0 };
                let over = if variance > 0.0 {
                    over.abs()
                } else {
                    f64::INFINITY
                };
                adjusted.abs().min(over)
            })
            .collect();
        match self.dof {
            Some(_) => ln_p.extend(smaller.iter().map(|&z| self.ln_p(z).unwrap_or(LogP::ONE))),
            None => {
                let tail = TailTable::shared();
                ln_p.extend(smaller.iter().map(|&z| LogP::clamped(tail.ln_two_sided(z))));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_is_as_exact_as_the_long_one() {
        let mut state = 3_u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for round in 1..200 {
            let mut sums = Sums::default();
            // Rare rows and columns among users of very unequal size.
            for user in 0..400 {
                let m = 1 + draw(10) * draw(10) * u64::from(user % 40 == 0) + draw(4);
                let x = m * u64::from(draw(round) == 0) / 2;
                let y = m.div_ceil(3) * u64::from(draw(9) == 0);
                let both = draw(x.min(y) + 1);
                sums.add(both, x, y, m);
            }
            let (q, p) = (sums.x as f64 / sums.m as f64, sums.y as f64 / sums.m as f64);
            assert!(q <= HALF && p <= HALF);
            let short = RowFactors::of(&sums, q).squares(&sums, p);
            let weights = [(1.0 - p) * (1.0 - q), -p * (1.0 - q), -q * (1.0 - p), p * q];
            let long = Gram::of(&sums).squares(weights);
            assert!(
                (short - long).abs() <= 1e-13 * long,
                "{round}: {short} {long}"
            );
        }
    }
}
