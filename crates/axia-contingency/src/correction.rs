//! Corrections for many tests, in log space.

use serde::{Deserialize, Serialize};

use crate::tails::{LogP, bonferroni_critical_z, normal_upper_quantile};

/// How p-values are corrected for the number of tests.
///
/// The first four bound the chance of *any* false finding, the last two the expected *share* of false findings.
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
        let m = p.len() as f64;
        match self {
            Self::Bonferroni => p.iter().map(|p| LogP::clamped(p.ln() + m.ln())).collect(),
            Self::Sidak => p.iter().map(|p| LogP::clamped(sidak(p.ln(), m))).collect(),
            Self::Holm => step(p, false, |rank| (m - rank + 1.0).ln()),
            Self::Hochberg => step(p, true, |rank| (m - rank + 1.0).ln()),
            Self::BenjaminiHochberg => step(p, true, |rank| (m / rank).ln()),
            Self::BenjaminiYekutieli => {
                // From the small terms up, which keeps the sum's digits.
                let harmonic: f64 = (1..=p.len()).rev().map(|i| 1.0 / i as f64).sum();
                step(p, true, |rank| (m / rank * harmonic).ln())
            }
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

/// `ln(1 - (1 - p)^m)`.
fn sidak(ln_p: f64, m: f64) -> f64 {
    // ln(1 - p): the smallest p are lost to 0 here, and m p is exact to rounding for them.
    let exponent = m * (-ln_p.exp()).ln_1p();
    if exponent > -1e-17 {
        return ln_p + m.ln();
    }
    (-exponent.exp_m1()).ln()
}

/// Adds `ln factor(rank)` to the sorted p-values (rank 1 is the smallest), then makes them monotone: by a running maximum
/// from the smallest, or, stepping up, a running minimum from the largest.
fn step(p: &[LogP], up: bool, ln_factor: impl Fn(f64) -> f64) -> Vec<LogP> {
    let mut order: Vec<(LogP, usize)> = p.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut corrected = vec![LogP::ONE; p.len()];
    let mut place = |running: &mut f64, rank: usize, (p, index): (LogP, usize)| {
        let own = p.ln() + ln_factor(rank as f64);
        *running = if up {
            running.min(own)
        } else {
            running.max(own)
        };
        if let Some(slot) = corrected.get_mut(index) {
            *slot = LogP::clamped(*running);
        }
    };
    if up {
        let mut running = 0.0;
        for (i, entry) in order.into_iter().enumerate().rev() {
            place(&mut running, i + 1, entry);
        }
    } else {
        let mut running = f64::NEG_INFINITY;
        for (i, entry) in order.into_iter().enumerate() {
            place(&mut running, i + 1, entry);
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Correction; 6] = [
        Correction::Bonferroni,
        Correction::Sidak,
        Correction::Holm,
        Correction::Hochberg,
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
