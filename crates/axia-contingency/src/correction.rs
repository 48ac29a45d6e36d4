//! Corrections for many tests, in log space.

use serde::{Deserialize, Serialize};

use crate::corrected_cells::CorrectionForm;
use crate::hommel;
use crate::order::{FEW, LnOfRanks, ascending};
use crate::step_up::{self, Factor, Staircase};
use crate::tails::{LogP, bonferroni_critical_z, normal_upper_quantile};

/// How p-values are corrected for the number of tests.
///
/// The first five bound the chance of *any* false finding, the last two the expected *share* of false findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Correction {
    /// `m p`: valid for any dependence, and the only one with a fixed critical |z| besides Šidák's.
    #[default]
    Bonferroni,
    /// `1 - (1 - p)^m`: slightly sharper, for independent tests.
    Sidak,
    /// Holm's step-down: never worse than Bonferroni, valid for any dependence.
    Holm,
    /// Hochberg's step-up: never worse than Holm, for independent or positively dependent tests.
    Hochberg,
    /// Hommel's closed procedure with Simes' test: never worse than Hochberg, under the same condition.
    Hommel,
    /// Benjamini and Hochberg: false discovery rate, for independent or positively dependent tests.
    BenjaminiHochberg,
    /// Benjamini and Yekutieli: false discovery rate, valid for any dependence.
    BenjaminiYekutieli,
}

impl Correction {
    /// Corrected p-values, in the order given; the family is the slice.
    ///
    /// All arithmetic is on logarithms, so that p-values far below the range of doubles keep their order.
    ///
    /// # Complexity
    /// `O(m log m)`.
    ///
    /// ```
    /// use axia_contingency::{Correction, LogP};
    ///
    /// let p: Option<Vec<LogP>> = [0.04, 0.01, 0.5].into_iter().map(LogP::from_p).collect();
    /// let corrected = Correction::Holm.adjust(&p.ok_or("not probabilities")?);
    /// assert!((corrected[0].p() - 0.08).abs() < 1e-12);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn adjust(self, p: &[LogP]) -> Vec<LogP> {
        self.adjust_in_family(p, p.len() as u64)
    }

    /// Corrected p-values when the family has more `tests` than those given, and all others have `p = 1`: pairs that never
    /// met and were not expected to. A smaller number than that of the p-values counts as theirs.
    ///
    /// # Complexity
    /// `O(m log m)` for the p-values given; [`Hommel`](Self::Hommel) walks over the whole family.
    #[must_use]
    pub fn adjust_in_family(self, p: &[LogP], tests: u64) -> Vec<LogP> {
        let tests = tests.max(p.len() as u64);
        let m = tests as f64;
        match self {
            Self::Bonferroni => p.iter().map(|p| LogP::clamped(p.ln() + m.ln())).collect(),
            Self::Sidak => p.iter().map(|p| LogP::clamped(sidak(p.ln(), m))).collect(),
            Self::Holm => step_in_order(p, false, self.factor(tests)),
            Self::Hommel => in_order(p, |mut whole| {
                whole.resize(tests as usize, 0.0);
                hommel::adjust_sorted(&whole)
            }),
            Self::Hochberg | Self::BenjaminiHochberg | Self::BenjaminiYekutieli => {
                step_up(p, self.factor(tests))
            }
        }
    }

    /// The correction of a whole family, given as logarithms of p-values, in whatever form takes the least room.
    pub(crate) fn of_cells(self, ln_p: &[f64]) -> CorrectionForm {
        let m = ln_p.len() as f64;
        match self {
            Self::Bonferroni => CorrectionForm::Shift(m.ln()),
            Self::Hochberg | Self::BenjaminiHochberg | Self::BenjaminiYekutieli
                if ln_p.len() >= FEW =>
            {
                CorrectionForm::Stairs(Staircase::of(ln_p, self.factor(ln_p.len() as u64)))
            }
            _ => {
                let p: Vec<LogP> = ln_p.iter().copied().map(LogP::known).collect();
                CorrectionForm::Cells(self.adjust(&p))
            }
        }
    }

    /// Of the corrections in steps.
    fn factor(self, tests: u64) -> Factor {
        let ln_m = (tests as f64).ln();
        match self {
            Self::BenjaminiHochberg => Factor::Over(ln_m),
            Self::BenjaminiYekutieli => Factor::Over(ln_m + harmonic(tests).ln()),
            _ => Factor::Rest(tests),
        }
    }

    /// The |z| that one two-sided test must reach among `tests` at level `alpha`.
    ///
    /// `None` for the procedures in steps, whose bar depends on the other p-values, and for an `alpha` outside `0..1`.
    #[must_use]
    pub fn critical_z(self, alpha: f64, tests: u64) -> Option<f64> {
        match self {
            Self::Bonferroni => bonferroni_critical_z(alpha, tests),
            Self::Sidak if alpha > 0.0 && alpha < 1.0 && tests > 0 => {
                let each = -((-alpha).ln_1p() / tests as f64).exp_m1();
                LogP::from_p(0.5 * each).and_then(normal_upper_quantile)
            }
            _ => None,
        }
    }
}

/// `1 + 1/2 + ... + 1/m`.
fn harmonic(m: u64) -> f64 {
    if m < 1 << 16 {
        // From the small terms up, which keeps the sum's digits.
        return (1..=m).rev().map(|i| 1.0 / i as f64).sum();
    }
    const EULER: f64 = 0.577_215_664_901_532_9;
    let m = m as f64;
    m.ln() + EULER + (0.5 - 1.0 / (12.0 * m)) / m
}

/// `ln(1 - (1 - p)^m)`.
fn sidak(ln_p: f64, m: f64) -> f64 {
    // ln(1 - p): the smallest p are lost to 0 here, and m p is exact to rounding for them.
    let exponent = m * (-ln_p.exp()).ln_1p();
    if exponent > -1e-17 {
        return ln_p + m.ln();
    }
    (-exponent.exp_m1()).ln()
}

/// [`step_in_order`] from the largest p-value, on the road that suits their number.
fn step_up(p: &[LogP], factor: Factor) -> Vec<LogP> {
    if p.len() < FEW {
        step_in_order(p, true, factor)
    } else {
        step_up::adjust(p, factor)
    }
}

/// Adds `ln factor(rank)` to the sorted p-values (rank 1 is the smallest), then makes them monotone: by a running maximum
/// from the smallest, or, stepping up, a running minimum from the largest.
fn step_in_order(p: &[LogP], up: bool, factor: Factor) -> Vec<LogP> {
    let mut ranks = LnOfRanks::new();
    let mut factor = |rank| factor.ln(&mut ranks, rank);
    let corrected = |mut sorted: Vec<f64>| {
        let mut running = if up { 0.0_f64 } else { f64::NEG_INFINITY };
        if up {
            let last = sorted.len() as u64;
            for (own, before) in sorted.iter_mut().rev().zip(0_u64..) {
                let rank = last - before;
                running = running.min(*own + factor(rank));
                *own = running;
            }
        } else {
            for (own, rank) in sorted.iter_mut().zip(1_u64..) {
                running = running.max(*own + factor(rank));
                *own = running;
            }
        }
        sorted
    };
    in_order(p, corrected)
}

/// Runs a procedure on the ascending logarithms and puts its results back in place.
fn in_order(p: &[LogP], procedure: impl FnOnce(Vec<f64>) -> Vec<f64>) -> Vec<LogP> {
    let order = ascending(p);
    let value = |&place: &u32| p.get(place as usize).map_or(0.0, |p| p.ln());
    let sorted: Vec<f64> = order.iter().map(value).collect();
    let mut corrected = vec![LogP::ONE; p.len()];
    for (own, place) in procedure(sorted).into_iter().zip(order) {
        if let Some(slot) = corrected.get_mut(place as usize) {
            *slot = LogP::clamped(own);
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Correction; 7] = [
        Correction::Bonferroni,
        Correction::Sidak,
        Correction::Holm,
        Correction::Hochberg,
        Correction::Hommel,
        Correction::BenjaminiHochberg,
        Correction::BenjaminiYekutieli,
    ];

    #[test]
    fn nothing_in_nothing_out() {
        for correction in ALL {
            assert!(correction.adjust(&[]).is_empty());
        }
    }

    #[test]
    fn one_test_needs_no_correction() {
        let p = LogP::from_ln(-900.0).unwrap();
        for correction in ALL {
            assert!((correction.adjust(&[p])[0].ln() - p.ln()).abs() < 1e-12);
        }
    }

    #[test]
    fn stairs_are_as_steps_in_order() {
        let mut state = 1_u64;
        let mut unit = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) * 2.0_f64.powi(-53)
        };
        let n = 3 * FEW;
        type Draw<'a> = &'a mut dyn FnMut(f64, usize) -> f64;
        let draws: [Draw<'_>; 9] = [
            // Nothing but chance; a tenth of findings; nearly all findings; ties; one value; extremes; near 1; far; in order.
            &mut |u, _| u.ln(),
            &mut |u, i| if i % 10 == 0 { -1e4 * u * u } else { u.ln() },
            &mut |u, _| -20.0 * u,
            &mut |u, _| -(u * 30.0).floor() / 7.0,
            &mut |_, _| -0.7,
            &mut |u, i| [0.0, f64::NEG_INFINITY, -u, -1e-300, -1e300][i % 5],
            &mut |u, _| -1e-5 * u,
            &mut |u, _| -1e5 * (1.0 + u),
            &mut |_, i| -((i + 1) as f64).recip().ln().powi(3).abs(),
        ];
        for (draw, number) in draws.into_iter().zip(0..) {
            let p: Vec<LogP> = (0..n).map(|i| LogP::clamped(draw(unit(), i))).collect();
            for (tests, all) in [(n, false), (3 * n, false), (n, true)] {
                let tests = tests as u64;
                let factor = if all {
                    Factor::Rest(tests)
                } else {
                    Factor::Over((tests as f64).ln())
                };
                let plain = step_in_order(&p, true, factor);
                assert_eq!(step_up::adjust(&p, factor), plain, "{number} {tests} {all}");
            }
        }
    }

    #[test]
    fn minus_infinity_stays() {
        let p = [LogP::from_p(0.0).unwrap(), LogP::from_p(0.5).unwrap()];
        for correction in ALL {
            let corrected = correction.adjust(&p);
            assert!(corrected[0].p() < f64::MIN_POSITIVE);
            assert!(corrected[1].ln().is_finite());
        }
    }

    #[test]
    fn sidak_is_just_below_bonferroni() {
        let z = Correction::Sidak.critical_z(0.05, 1000).unwrap();
        let bonferroni = Correction::Bonferroni.critical_z(0.05, 1000).unwrap();
        assert!(z < bonferroni && bonferroni - z < 0.01);
        assert_eq!(Correction::Holm.critical_z(0.05, 1000), None);
        assert_eq!(Correction::Sidak.critical_z(f64::NAN, 1000), None);
    }
}
