//! Tail probabilities on the log scale, and the normal quantile.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::special::{LN_SQRT_2PI, ln_erfc, ln_gamma_upper, ln_normal_upper};
use crate::tail_table::TailTable;

/// A p-value kept as its natural logarithm, so that it never underflows.
///
/// A double ends at 5e-324, which the normal tail reaches at |z| = 38; associations in conversation logs go far beyond.
/// Compare, sort and correct `LogP` values; [`p`](LogP::p) is for display and is 0 below the range of doubles.
///
/// It is never NaN and never above 0. It is minus infinity only when made from `p = 0` or for an impossible event.
/// Serialized as the natural logarithm.
///
/// ```
/// use axia_contingency::normal_two_sided;
///
/// let p = normal_two_sided(271.38).ok_or("not a number")?;
/// assert_eq!(p.p(), 0.0);
/// assert!((p.log10() + 15_995.0).abs() < 1.0);
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct LogP(f64);

impl LogP {
    /// `p = 1`.
    pub const ONE: Self = Self(0.0);

    /// `p = 0`. Only an impossible event has it; no test of observed counts gives it.
    pub const ZERO: Self = Self(f64::NEG_INFINITY);

    /// From a natural logarithm; `None` when it is NaN or above 0.
    #[must_use]
    pub fn from_ln(ln_p: f64) -> Option<Self> {
        // Adding 0 turns -0 into 0, so that equal values have equal bytes.
        (ln_p <= 0.0).then_some(Self(ln_p + 0.0))
    }

    /// From a probability; `None` unless it lies in `0..=1`.
    #[must_use]
    pub fn from_p(p: f64) -> Option<Self> {
        (0.0..=1.0).contains(&p).then(|| Self::clamped(p.ln()))
    }

    /// From a logarithm that rounding may have pushed above 0.
    pub(crate) fn clamped(ln_p: f64) -> Self {
        Self(ln_p.min(0.0) + 0.0)
    }

    /// From a logarithm taken from a `LogP` before.
    pub(crate) fn known(ln_p: f64) -> Self {
        Self(ln_p)
    }

    /// Natural logarithm of the p-value.
    #[must_use]
    pub fn ln(self) -> f64 {
        self.0
    }

    /// Decimal logarithm of the p-value.
    #[must_use]
    pub fn log10(self) -> f64 {
        self.0 * std::f64::consts::LOG10_E
    }

    /// The p-value itself; 0 when it is below the range of doubles.
    #[must_use]
    pub fn p(self) -> f64 {
        self.0.exp()
    }
}

// Total, because NaN and -0 are excluded.
impl Eq for LogP {}

impl Ord for LogP {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for LogP {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for LogP {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogP(ln p = {})", self.0)
    }
}

impl TryFrom<f64> for LogP {
    type Error = Error;

    fn try_from(ln_p: f64) -> Result<Self, Error> {
        Self::from_ln(ln_p)
            .ok_or_else(|| Error::invalid_parameter("ln p", "a number of at most 0", ln_p))
    }
}

impl From<LogP> for f64 {
    fn from(p: LogP) -> Self {
        p.0
    }
}

/// Upper tail of the chi-square distribution: the probability of `statistic` or more with `dof` degrees of freedom.
///
/// `None` when `statistic` is negative or not finite, or `dof` is 0.
///
/// The relative error of the logarithm stays below 1e-12.
///
/// # Complexity
/// At most of the order of `sqrt(dof)` steps, and constant from 2e7 degrees of freedom on.
///
/// # References
/// Loader (2000), "Fast and accurate computation of binomial probabilities", for the density; DLMF 8.9.2 and 8.12.3.
///
/// ```
/// let p = axia_contingency::chi_square_upper(30.070149095754672, 2).ok_or("undefined")?;
/// assert!((p.p() - 2.9536e-7).abs() < 1e-11);
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn chi_square_upper(statistic: f64, dof: u64) -> Option<LogP> {
    if !statistic.is_finite() || statistic < 0.0 {
        return None;
    }
    let half = 0.5 * statistic;
    match dof {
        0 => None,
        1 => Some(LogP::clamped(ln_erfc(half.sqrt()))),
        2 => Some(LogP::clamped(-half)),
        _ => Some(LogP::clamped(ln_gamma_upper(0.5 * dof as f64, half))),
    }
}

/// Two-sided tail of the standard normal: the probability of a deviate at least as far from 0 as `z`.
///
/// `None` when `z` is not finite.
#[must_use]
pub fn normal_two_sided(z: f64) -> Option<LogP> {
    z.is_finite()
        .then(|| LogP::clamped(TailTable::shared().ln_two_sided(z)))
}

/// Quantile of the standard normal: the `z` whose upper tail is `p`.
///
/// Works for any logarithm, far below the range of doubles too. `None` for `p = 0` and `p = 1`, where it is infinite.
///
/// ```
/// use axia_contingency::{LogP, normal_upper_quantile};
///
/// let z = LogP::from_p(0.025).and_then(normal_upper_quantile).ok_or("undefined")?;
/// assert!((z - 1.959963984540054).abs() < 1e-14);
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn normal_upper_quantile(p: LogP) -> Option<f64> {
    let ln_p = p.ln();
    if !ln_p.is_finite() || ln_p >= 0.0 {
        return None;
    }
    if ln_p > -std::f64::consts::LN_2 {
        // Above one half: mirror, with ln(1 - p).
        let mirrored = LogP::clamped((-ln_p.exp_m1()).ln());
        return normal_upper_quantile(mirrored).map(|z| -z);
    }
    // 2 Q(z) <= exp(-z^2/2), so this start lies at or right of the root; ln Q is concave, so Newton's steps
    // come down to the root and never pass it.
    let mut z = (-2.0 * (ln_p + std::f64::consts::LN_2)).max(0.0).sqrt();
    for _ in 0..60 {
        let ln_q = ln_normal_upper(z);
        let slope = (-0.5 * z * z - LN_SQRT_2PI - ln_q).exp();
        let step = (ln_q - ln_p) / slope;
        z += step;
        if step.abs() <= 1e-16 * z.abs() {
            break;
        }
    }
    Some(z.max(0.0))
}

/// The |z| that a single two-sided test must reach when `tests` of them share the level `alpha` (Bonferroni).
///
/// `None` unless `0 < alpha < 1` and `tests >= 1`.
///
/// ```
/// let z = axia_contingency::bonferroni_critical_z(0.05, 3_307).ok_or("undefined")?;
/// assert!((z - 4.326941).abs() < 1e-6);
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn bonferroni_critical_z(alpha: f64, tests: u64) -> Option<f64> {
    if !(alpha > 0.0 && alpha < 1.0) || tests == 0 {
        return None;
    }
    normal_upper_quantile(LogP::clamped((0.5 * alpha).ln() - (tests as f64).ln()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_tails_are_none() {
        assert!(chi_square_upper(f64::NAN, 1).is_none());
        assert!(chi_square_upper(-1.0, 1).is_none());
        assert!(chi_square_upper(f64::INFINITY, 3).is_none());
        assert!(chi_square_upper(1.0, 0).is_none());
        assert!(normal_two_sided(f64::NAN).is_none());
        assert!(bonferroni_critical_z(0.0, 10).is_none());
        assert!(bonferroni_critical_z(f64::NAN, 10).is_none());
        assert!(bonferroni_critical_z(0.05, 0).is_none());
        assert!(normal_upper_quantile(LogP::ONE).is_none());
        assert!(LogP::from_p(1.5).is_none());
        assert!(LogP::from_ln(f64::NAN).is_none());
    }

    #[test]
    fn chi_square_with_one_degree_is_the_squared_normal() {
        for z in [1e-9, 0.3, 1.0, 4.33, 6.9, 7.1, 38.0, 555.0, 1e8] {
            let (a, b) = (chi_square_upper(z * z, 1), normal_two_sided(-z));
            let (a, b) = (a.unwrap().ln(), b.unwrap().ln());
            assert!(((a - b) / b).abs() < 1e-14, "{z}: {a} {b}");
        }
    }

    #[test]
    fn quantile_inverts_the_tail() {
        for ln_p in [
            -1e6, -36_829.0, -800.0, -50.0, -5.0, -1.0, -0.6, -0.1, -1e-6,
        ] {
            let p = LogP::from_ln(ln_p).unwrap();
            let z = normal_upper_quantile(p).unwrap();
            let back = if z >= 0.0 {
                ln_normal_upper(z)
            } else {
                (-ln_normal_upper(-z).exp()).ln_1p()
            };
            assert!(((back - ln_p) / ln_p).abs() < 1e-9, "{ln_p}: {z} {back}");
        }
    }

    #[test]
    fn tails_fall_monotonically() {
        for dof in [1, 2, 3, 7, 100, 10_001] {
            let d = dof as f64;
            let mut last = 0.0;
            for i in 1..400 {
                let p = chi_square_upper(d * f64::from(i) / 100.0, dof)
                    .unwrap()
                    .ln();
                assert!(p <= last, "dof {dof} step {i}");
                last = p;
            }
        }
    }

    #[test]
    fn serialized_as_its_logarithm() {
        let p = LogP::from_ln(-15.5).unwrap();
        assert_eq!(serde_json::to_string(&p).unwrap(), "-15.5");
        assert_eq!(serde_json::from_str::<LogP>("-15.5").unwrap(), p);
        assert!(serde_json::from_str::<LogP>("0.5").is_err());
    }
}
