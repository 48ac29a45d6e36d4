//! The distribution of a cell's count when both margins are given, its tails and its two-sided p-values.

use serde::{Deserialize, Serialize};

use crate::error::{Error, MAX_TOTAL};
use crate::margins::Margins;
use crate::special::{deviance_of, factorial_error};
use crate::tails::LogP;

/// Which two-sided exact p-value is meant: the definitions differ, and so do the packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExactMethod {
    /// Twice the smaller tail, at most 1; the default: needs no search, and never finds both directions at once.
    #[default]
    Central,
    /// The sum over all tables that are at most as likely as the one observed (within a factor of `1 + 1e-7`, as in R's
    /// `fisher.test`).
    MinLikelihood,
    /// [`Central`](Self::Central) with half of the observed table's probability left out of the tail. The test is no longer
    /// guaranteed to keep its level, but errs less to the safe side: for ranking and discovery.
    CentralMidP,
    /// [`MinLikelihood`](Self::MinLikelihood) with half of the probability left out of the observed table and those equally
    /// likely.
    MinLikelihoodMidP,
}

/// The hypergeometric distribution: how often a row and a column meet by chance, given how often each occurs.
///
/// `P(k) = C(R, k) C(N - R, C - k) / C(N, C)` for the row total `R`, the column total `C` and the grand total `N`: Fisher's
/// exact test rests on it. It is exact when conversations are independent; there is no condition on the size of counts.
///
/// Logarithms of probabilities come from Loader's saddle-point form, deviances from exact integer differences, so that they
/// keep their digits also for counts of billions; tails are summed outwards from the observed count.
///
/// ```
/// use axia_contingency::{ExactMethod, Hypergeometric};
///
/// // Fisher's tea tasting: 4 of 8 cups had the milk first, 4 were named, 3 of them rightly.
/// let tea = Hypergeometric::new(4, 4, 8)?;
/// assert!((tea.upper(3).p() - 17.0 / 70.0).abs() < 1e-14);
/// assert!((tea.two_sided(3, ExactMethod::Central).ok_or("too large")?.p() - 34.0 / 70.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Fisher (1935), The Design of Experiments; Loader (2000), Fast and accurate computation of binomial probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hypergeometric {
    row: u64,
    col: u64,
    n: u64,
    /// What the margins give to every logarithm.
    ln_margins: f64,
}

/// Probabilities whose logarithms differ by less are equal: R's rule for ties.
const TIE: f64 = 1e-7;

/// The share of the sum below which a further term is left out.
const NEGLIGIBLE: f64 = 1e-17;

/// Tables with a larger variance have sums of too many terms; the normal approximation is better than 1e-6 there.
const MAX_VARIANCE: f64 = 1e12;

impl Hypergeometric {
    /// For a row total, a column total and the grand total.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when a margin is above the total, [`Error::is_overflow`] above 2^53.
    pub fn new(row_total: u64, col_total: u64, n: u64) -> Result<Self, Error> {
        if n > MAX_TOTAL {
            return Err(Error::too_many_counts("counts of a 2 x 2 table"));
        }
        if row_total > n || col_total > n {
            return Err(Error::inconsistent("the margins are above the total"));
        }
        let line = |total: u64| factorial_error(total) + factorial_error(n - total);
        Ok(Self::with_margins(
            row_total,
            col_total,
            n,
            line(row_total) + line(col_total) - factorial_error(n),
        ))
    }

    /// For margins that fit together, whose [`factorial_error`]s the caller has summed.
    pub(crate) fn with_margins(row: u64, col: u64, n: u64, ln_margins: f64) -> Self {
        Self {
            row,
            col,
            n,
            ln_margins,
        }
    }

    /// The smallest and the largest possible count.
    #[must_use]
    pub fn support(&self) -> (u64, u64) {
        let least = self.col.saturating_sub(self.n - self.row);
        (least, self.row.min(self.col))
    }

    /// Mean `R C / N`; 0 when the total is 0.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.n == 0 {
            return 0.0;
        }
        (u128::from(self.row) * u128::from(self.col)) as f64 / self.n as f64
    }

    /// Variance `R C (N - R) (N - C) / (N^2 (N - 1))`; 0 when the total is below 2.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let n = self.n as f64;
        let rest = ((self.n - self.row) as f64 / n) * ((self.n - self.col) as f64 / (n - 1.0));
        self.mean() * rest
    }

    /// ln of the probability of exactly `k`; [`LogP::ZERO`] outside the support.
    #[must_use]
    pub fn ln_pmf(&self, k: u64) -> LogP {
        LogP::clamped(self.ln_mass(k))
    }

    fn ln_mass(&self, k: u64) -> f64 {
        let (least, most) = self.support();
        if k < least || k > most {
            return f64::NEG_INFINITY;
        }
        if self.n == 0 {
            return 0.0;
        }
        let cells = [
            (k, self.row, self.col),
            (self.row - k, self.row, self.n - self.col),
            (self.col - k, self.n - self.row, self.col),
            (
                self.n - self.row - (self.col - k),
                self.n - self.row,
                self.n - self.col,
            ),
        ];
        let margins = Margins {
            observed: k,
            row: self.row,
            col: self.col,
            n: self.n,
        };
        // All four counts are off their expectation by the same amount, which is exact before its one rounding.
        let off = margins.deviation() / self.n as f64;
        let mut ln = self.ln_margins;
        for ((count, row, col), off) in cells.into_iter().zip([off, -off, -off, off]) {
            let expected = row as f64 * col as f64 / self.n as f64;
            ln -= factorial_error(count);
            if row > 0 && col > 0 {
                ln -= deviance_of(count as f64, expected, off);
            }
        }
        ln
    }

    /// `P(X <= k)`.
    #[must_use]
    pub fn lower(&self, k: u64) -> LogP {
        let (least, most) = self.support();
        if k < least {
            return LogP::ZERO;
        }
        if k >= most {
            return LogP::ONE;
        }
        if (k as f64) < self.mean() {
            return LogP::clamped(self.ln_mass(k) + self.sum_down(k).ln());
        }
        LogP::clamped((-(self.ln_mass(k + 1) + self.sum_up(k + 1).ln()).exp()).ln_1p())
    }

    /// `P(X >= k)`.
    #[must_use]
    pub fn upper(&self, k: u64) -> LogP {
        let (least, most) = self.support();
        if k > most {
            return LogP::ZERO;
        }
        if k <= least {
            return LogP::ONE;
        }
        if (k as f64) > self.mean() {
            return LogP::clamped(self.ln_mass(k) + self.sum_up(k).ln());
        }
        LogP::clamped((-(self.ln_mass(k - 1) + self.sum_down(k - 1).ln()).exp()).ln_1p())
    }

    /// `P(X < k) + P(X = k) / 2`.
    #[must_use]
    pub fn mid_lower(&self, k: u64) -> LogP {
        self.without_half(self.lower(k), k)
    }

    /// `P(X > k) + P(X = k) / 2`.
    #[must_use]
    pub fn mid_upper(&self, k: u64) -> LogP {
        self.without_half(self.upper(k), k)
    }

    /// `ln(tail - pmf / 2)`, in shares of the tail so that it does not underflow.
    fn without_half(&self, tail: LogP, k: u64) -> LogP {
        if tail == LogP::ZERO {
            return tail;
        }
        let share = (self.ln_mass(k) - tail.ln()).exp();
        LogP::clamped(tail.ln() + (-0.5 * share).ln_1p())
    }

    /// Two-sided p-value of the count `k`.
    ///
    /// `None` when the variance is above 1e12, where the sums have too many terms and the normal approximation is better
    /// than one in a million; and outside the support.
    ///
    /// # Complexity
    /// A few terms far from the mean, a few standard deviations' worth of terms near it.
    #[must_use]
    pub fn two_sided(&self, k: u64, method: ExactMethod) -> Option<LogP> {
        let (least, most) = self.support();
        if k < least || k > most || self.variance() > MAX_VARIANCE {
            return None;
        }
        let ln_mass = self.ln_mass(k);
        // The tail away from the mean, in units of the observed table's probability.
        let above = k as f64 > self.mean();
        let tail = if above {
            self.sum_up(k)
        } else {
            self.sum_down(k)
        };
        let ln_tail = (ln_mass + tail.ln()).min(0.0);
        Some(LogP::clamped(match method {
            ExactMethod::Central | ExactMethod::CentralMidP => {
                let removed = if method == ExactMethod::Central {
                    0.0
                } else {
                    0.5
                };
                let own = ln_mass + (tail - removed).ln();
                // The other tail overlaps in the observed table.
                let other = 1.0 - ln_tail.exp() + (1.0 - removed) * ln_mass.exp();
                std::f64::consts::LN_2 + own.min(other.max(0.0).ln())
            }
            ExactMethod::MinLikelihood => self.ln_at_most_as_likely(k, ln_mass, tail, 1.0),
            ExactMethod::MinLikelihoodMidP => self.ln_at_most_as_likely(k, ln_mass, tail, 0.5),
        }))
    }

    /// The sum over the tables that are at most as likely; the observed one and its equals enter with the weight given.
    fn ln_at_most_as_likely(&self, k: u64, ln_mass: f64, tail: f64, weight: f64) -> f64 {
        let (least, most) = self.support();
        let above = k as f64 > self.mean();
        let limit = ln_mass + TIE;
        let mode =
            (u128::from(self.row) + 1) * (u128::from(self.col) + 1) / (u128::from(self.n) + 2);
        let mode = (mode as u64).clamp(least, most);
        if self.ln_mass(mode) <= limit {
            // Nothing is more likely than the observed table, which has one equal neighbour at most on each side.
            let around = k.saturating_sub(1).max(least)..=(k + 1).min(most);
            let equal = around
                .filter(|&j| (self.ln_mass(j) - ln_mass).abs() <= TIE)
                .count();
            return (-(1.0 - weight) * equal as f64 * ln_mass.exp()).ln_1p();
        }
        let own = tail - 1.0 + weight;
        // Probabilities fall from the mode outwards: from `inner`, which is too likely, to `outer`, which is not.
        let (mut inner, mut outer) = (mode, if above { least } else { most });
        if self.ln_mass(outer) > limit {
            return ln_mass + own.ln();
        }
        while inner.abs_diff(outer) > 1 {
            let middle = inner.min(outer) + inner.abs_diff(outer) / 2;
            if self.ln_mass(middle) <= limit {
                outer = middle;
            } else {
                inner = middle;
            }
        }
        let off = self.ln_mass(outer) - ln_mass;
        let mut other = if above {
            self.sum_down(outer)
        } else {
            self.sum_up(outer)
        };
        if off >= -TIE {
            other -= 1.0 - weight;
        }
        ln_mass + (own + off.exp() * other).ln()
    }

    /// `P(X >= k) / P(X = k)`.
    fn sum_up(&self, k: u64) -> f64 {
        let (_, most) = self.support();
        let (mut x, mut r, mut c) = (k as f64, (self.row - k) as f64, (self.col - k) as f64);
        let mut rest = (self.n - self.row - (self.col - k)) as f64;
        let (mut term, mut sum) = (1.0, 1.0);
        for _ in k..most {
            x += 1.0;
            rest += 1.0;
            term *= (r * c) / (x * rest);
            r -= 1.0;
            c -= 1.0;
            sum += term;
            if term < sum * NEGLIGIBLE {
                break;
            }
        }
        sum
    }

    /// `P(X <= k) / P(X = k)`.
    fn sum_down(&self, k: u64) -> f64 {
        let (least, _) = self.support();
        let (mut x, mut r, mut c) = (k as f64, (self.row - k) as f64, (self.col - k) as f64);
        let mut rest = (self.n - self.row - (self.col - k)) as f64;
        let (mut term, mut sum) = (1.0, 1.0);
        for _ in least..k {
            r += 1.0;
            c += 1.0;
            term *= (x * rest) / (r * c);
            x -= 1.0;
            rest -= 1.0;
            sum += term;
            if term < sum * NEGLIGIBLE {
                break;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every probability by products of whole numbers.
    fn plain(row: u64, col: u64, n: u64) -> Vec<(u64, f64)> {
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        let (least, most) = (col.saturating_sub(n - row), row.min(col));
        let mass = |k| choose(row, k) * choose(n - row, col - k) / choose(n, col);
        (least..=most).map(|k| (k, mass(k))).collect()
    }

    #[test]
    fn agrees_with_whole_numbers() {
        for n in 1..=14_u64 {
            for (row, col) in (0..=n).flat_map(|r| (0..=n).map(move |c| (r, c))) {
                let ours = Hypergeometric::new(row, col, n).unwrap();
                let all = plain(row, col, n);
                for &(k, mass) in &all {
                    let sum = |keep: &dyn Fn(u64, f64) -> bool| -> f64 {
                        let kept = all.iter().filter(|(j, m)| keep(*j, *m));
                        kept.map(|(_, m)| m).sum()
                    };
                    let (less, more) = (sum(&|j, _| j <= k), sum(&|j, _| j >= k));
                    let likely = sum(&|_, m| m <= mass * (1.0 + 1e-7));
                    let central = (2.0 * less.min(more)).min(1.0);
                    let equal = sum(&|_, m| (m / mass - 1.0).abs() < 1e-7);
                    let mid = (2.0 * (less.min(more) - 0.5 * mass)).min(1.0);
                    for (what, ours, reference) in [
                        ("mass", ours.ln_pmf(k), mass),
                        ("lower", ours.lower(k), less),
                        ("upper", ours.upper(k), more),
                        ("mid lower", ours.mid_lower(k), less - 0.5 * mass),
                        ("mid upper", ours.mid_upper(k), more - 0.5 * mass),
                        (
                            "central",
                            ours.two_sided(k, ExactMethod::Central).unwrap(),
                            central,
                        ),
                        (
                            "mid",
                            ours.two_sided(k, ExactMethod::CentralMidP).unwrap(),
                            mid,
                        ),
                        (
                            "likely",
                            ours.two_sided(k, ExactMethod::MinLikelihood).unwrap(),
                            likely,
                        ),
                        (
                            "likely mid",
                            ours.two_sided(k, ExactMethod::MinLikelihoodMidP).unwrap(),
                            likely - 0.5 * equal,
                        ),
                    ] {
                        let error = (ours.p() - reference).abs();
                        assert!(
                            error < 1e-12,
                            "{what} {row} {col} {n} {k}: {} {reference}",
                            ours.p()
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn outside_and_too_large_are_named() {
        let small = Hypergeometric::new(3, 9, 10).unwrap();
        assert_eq!(small.support(), (2, 3));
        assert!(small.two_sided(1, ExactMethod::Central).is_none());
        assert_eq!(small.ln_pmf(4), LogP::ZERO);
        assert_eq!((small.lower(1), small.upper(4)), (LogP::ZERO, LogP::ZERO));
        assert_eq!((small.lower(3), small.upper(2)), (LogP::ONE, LogP::ONE));
        assert!(
            Hypergeometric::new(11, 3, 10)
                .unwrap_err()
                .is_inconsistent()
        );
        assert!(
            Hypergeometric::new(1, 1, u64::MAX)
                .unwrap_err()
                .is_overflow()
        );
        let huge = Hypergeometric::new(1 << 52, 1 << 52, 1 << 53).unwrap();
        assert!(huge.two_sided(1 << 51, ExactMethod::Central).is_none());
        let empty = Hypergeometric::new(0, 0, 0).unwrap();
        assert_eq!(empty.two_sided(0, ExactMethod::Central), Some(LogP::ONE));
    }

    #[test]
    fn a_tail_far_below_the_range_of_doubles_keeps_its_digits() {
        // Everything in one corner: P = 1 / C(N, R).
        let corner = Hypergeometric::new(50_000, 50_000, 100_000).unwrap();
        let p = corner.upper(50_000).ln();
        // ln C(2m, m) = 2m ln 2 - ln sqrt(pi m) - 1/(8m) + ...
        let m = 50_000.0_f64;
        let reference = 2.0 * m * std::f64::consts::LN_2
            - 0.5 * (std::f64::consts::PI * m).ln()
            - 1.0 / (8.0 * m);
        assert!(
            ((p + reference) / reference).abs() < 1e-14,
            "{p} {reference}"
        );
    }
}
