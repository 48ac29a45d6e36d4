//! Is the odds ratio the same in every stratum?

use serde::{Deserialize, Serialize};

use super::two_by_two::{StratifiedTwoByTwo, Stratum};
use crate::interval::Confidence;
use crate::special::Sum;
use crate::table::ChiSquareTest;
use crate::tails::chi_square_upper;

/// Breslow and Day's test, plain and with Tarone's correction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BreslowDay {
    /// Breslow and Day's statistic.
    pub plain: ChiSquareTest,
    /// With Tarone's correction, which makes up for the common odds ratio's being Mantel and Haenszel's: prefer it.
    pub tarone: ChiSquareTest,
    /// Strata compared: those with counts in all four margins.
    pub strata: usize,
    /// The smallest count that any cell is expected to have under the common odds ratio. The test wants it near 5 or above;
    /// with many thin strata its p-value means nothing.
    pub smallest_expected: f64,
}

/// Woolf's test: the scatter of the strata's log odds ratios.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WoolfHomogeneity {
    /// The test.
    pub test: ChiSquareTest,
    /// Their mean, weighted by inverse variance.
    pub pooled_log_odds_ratio: f64,
    /// Whether one half was added to every cell, because one of them is 0.
    pub half_added: bool,
}

impl StratifiedTwoByTwo {
    /// The test of one odds ratio for all strata, at Mantel and Haenszel's estimate. `None` with fewer than two strata that
    /// have counts in all four margins, or without such an estimate.
    ///
    /// # References
    /// Breslow and Day (1980), IARC Scientific Publications 32, 4.30; Tarone (1985), Biometrika 72, 91-95.
    #[must_use]
    pub fn breslow_day(&self) -> Option<BreslowDay> {
        let odds = self.odds_ratio(Confidence::new(0.95).ok()?)?.value;
        let mut smallest = f64::INFINITY;
        let (mut plain, mut gaps, mut variances) = (Sum::default(), Sum::default(), Sum::default());
        let mut strata = 0_usize;
        for stratum in self.each().filter(|stratum| stratum.informative()) {
            let fitted = fit(stratum, odds);
            let variance = 1.0 / fitted.iter().map(|cell| 1.0 / cell).sum::<f64>();
            let gap = stratum.a - fitted[0];
            plain.add(gap * gap / variance);
            gaps.add(gap);
            variances.add(variance);
            strata += 1;
            smallest = fitted.into_iter().fold(smallest, f64::min);
        }
        let dof = strata.checked_sub(1)? as u64;
        let test = |statistic: f64| {
            Some(ChiSquareTest {
                statistic,
                dof,
                ln_p: chi_square_upper(statistic, dof)?,
            })
        };
        let gap = gaps.total();
        Some(BreslowDay {
            plain: test(plain.total())?,
            tarone: test((plain.total() - gap * gap / variances.total()).max(0.0))?,
            strata,
            smallest_expected: smallest,
        })
    }

    /// Woolf's test of one odds ratio for all strata. One half is added to every cell of every stratum when any cell is 0,
    /// and the result says so. `None` with fewer than two strata.
    ///
    /// # References
    /// Woolf (1955), Annals of Human Genetics 19, 251-253; the rule for zeros is that of R's vcd.
    #[must_use]
    pub fn woolf(&self) -> Option<WoolfHomogeneity> {
        let dof = self.strata().len().checked_sub(1)? as u64;
        let half_added = self.strata().iter().any(|table| table.cells().contains(&0));
        let h = if half_added { 0.5 } else { 0.0 };
        let log_odds = |s: Stratum| {
            let (a, b, c, d) = (s.a + h, s.b + h, s.c + h, s.d + h);
            let weight = 1.0 / (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d);
            ((a * d / (b * c)).ln(), weight)
        };
        let [weighted, weights] = self.sums(|s| {
            let (value, weight) = log_odds(s);
            [value * weight, weight]
        });
        let mean = weighted / weights;
        let [statistic] = self.sums(|s| {
            let (value, weight) = log_odds(s);
            [weight * (value - mean) * (value - mean)]
        });
        Some(WoolfHomogeneity {
            test: ChiSquareTest {
                statistic,
                dof,
                ln_p: chi_square_upper(statistic, dof)?,
            },
            pooled_log_odds_ratio: mean,
            half_added,
        })
    }
}

/// The four cells with the stratum's margins and the given odds ratio.
fn fit(s: Stratum, odds: f64) -> [f64; 4] {
    // The root in range of (odds - 1) e^2 - B e + odds R C = 0, written so that nothing cancels on either side of B = 0.
    let lead = odds - 1.0;
    let linear = (s.other_row - s.col) + odds * (s.row + s.col);
    let last = odds * s.row * s.col;
    let root = (linear * linear - 4.0 * lead * last).max(0.0).sqrt();
    let first = if linear >= 0.0 {
        2.0 * last / (linear + root)
    } else {
        (root - linear) / (-2.0 * lead)
    };
    [
        first,
        s.row - first,
        s.col - first,
        s.other_row - s.col + first,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::two_by_two::TwoByTwo;

    #[test]
    fn fitted_cells_have_the_odds_ratio() {
        for odds in [0.02, 0.7, 1.0, 1.0 + 1e-9, 3.0, 900.0] {
            for [row, other, col] in [[10.0, 30.0, 5.0], [3.0, 2.0, 4.0], [50.0, 4.0, 52.0]] {
                let s = Stratum {
                    a: 0.0,
                    b: 0.0,
                    c: 0.0,
                    d: 0.0,
                    row,
                    other_row: other,
                    col,
                    other_col: row + other - col,
                    n: row + other,
                };
                let [a, b, c, d] = fit(s, odds);
                assert!(a > 0.0 && b > 0.0 && c > 0.0 && d > 0.0, "{odds} {row}");
                assert!((a * d / (b * c) / odds - 1.0).abs() < 1e-9, "{odds} {row}");
            }
        }
    }

    #[test]
    fn one_stratum_cannot_differ() {
        let one = TwoByTwo::from_cells(3, 4, 5, 6).unwrap();
        let one = StratifiedTwoByTwo::new([one]).unwrap();
        assert_eq!(one.breslow_day(), None);
        assert_eq!(one.woolf(), None);
        assert_eq!(StratifiedTwoByTwo::new([]).unwrap().woolf(), None);
    }
}
