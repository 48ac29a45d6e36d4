//! Watching without a fixed end: e-values and confidence sequences, valid however often one looks and whenever one stops.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::interval::{Interval, Proportion};
use crate::special::{Sum, deviance, stirling_error};
use crate::tails::LogP;

/// An e-value as its natural logarithm: evidence against a hypothesis that may be looked at after every conversation.
///
/// If the hypothesis holds, the chance that it *ever* reaches `1 / alpha` is at most alpha. So an alarm may be raised at the
/// first time it does, and the watch may be stopped or continued at will; a p-value that is looked at again and again would
/// alarm sooner or later.
///
/// Never NaN, nor infinite. Serialized as the natural logarithm.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct LogE(f64);

impl LogE {
    /// From a natural logarithm; `None` when it is not finite.
    #[must_use]
    pub fn from_ln(ln_e: f64) -> Option<Self> {
        ln_e.is_finite().then_some(Self(ln_e + 0.0))
    }

    /// Natural logarithm of the e-value.
    #[must_use]
    pub fn ln(self) -> f64 {
        self.0
    }

    /// The p-value that it is worth at this moment, `min(1, 1/e)`. The smallest one seen so far is valid at any time.
    #[must_use]
    pub fn anytime_p(self) -> LogP {
        LogP::clamped(-self.0)
    }

    /// Whether it has reached `1 / alpha`.
    #[must_use]
    pub fn reaches(self, alpha: f64) -> bool {
        self.0 >= -alpha.ln()
    }
}

impl TryFrom<f64> for LogE {
    type Error = Error;

    fn try_from(ln_e: f64) -> Result<Self, Error> {
        Self::from_ln(ln_e).ok_or_else(|| Error::invalid_parameter("ln e", "finite", ln_e))
    }
}

impl From<LogE> for f64 {
    fn from(e: LogE) -> Self {
        e.0
    }
}

/// Are the conversations that show a value spread over the arms (two model versions, say) as the traffic is?
///
/// Only conversations that show the value are looked at, and of these only the arm. That stays valid when the value's
/// frequency changes over time, as long as it changes in all arms alike. Conversations must be independent: several of one
/// user count as one.
///
/// ```
/// use axia_contingency::ArmShares;
///
/// let arms = ArmShares::new(&[0.5, 0.5], 2.0)?;
/// let even = arms.e_value(&[52, 48])?;
/// assert!(!even.reaches(0.05));
/// let uneven = arms.e_value(&[600, 400])?;
/// assert!(uneven.reaches(0.001));
/// # Ok::<(), axia_contingency::Error>(())
/// ```
///
/// # References
/// Lindon and Malek (2022), "Anytime-valid inference for multinomial count data", arXiv 2011.03567.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredArms", into = "StoredArms")]
pub struct ArmShares {
    shares: Vec<f64>,
    concentration: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredArms {
    shares: Vec<f64>,
    concentration: f64,
}

impl TryFrom<StoredArms> for ArmShares {
    type Error = Error;

    fn try_from(stored: StoredArms) -> Result<Self, Error> {
        Self::new(&stored.shares, stored.concentration)
    }
}

impl From<ArmShares> for StoredArms {
    fn from(arms: ArmShares) -> Self {
        Self {
            shares: arms.shares,
            concentration: arms.concentration,
        }
    }
}

impl ArmShares {
    /// The arms' shares of the traffic, and how closely around them deviations are expected: the alternative is a Dirichlet
    /// distribution with these shares as its mean and `concentration` as its mass. Small values look for large deviations,
    /// large values for small ones; 2 to 100 are usual. The choice changes how fast an alarm comes, never its validity.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for fewer than two arms, shares that are not above 0 or do not sum to 1, or a
    /// concentration that is not above 0.
    pub fn new(shares: &[f64], concentration: f64) -> Result<Self, Error> {
        if shares.len() < 2 {
            return Err(Error::invalid_parameter(
                "number of arms",
                "at least 2",
                shares.len() as f64,
            ));
        }
        if let Some(&bad) = shares.iter().find(|&&share| !(share > 0.0 && share < 1.0)) {
            return Err(Error::invalid_parameter(
                "share of an arm",
                "above 0 and below 1",
                bad,
            ));
        }
        let sum: f64 = shares.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(Error::invalid_parameter(
                "sum of the arms' shares",
                "1",
                sum,
            ));
        }
        if !(concentration > 0.0 && concentration.is_finite()) {
            return Err(Error::invalid_parameter(
                "concentration",
                "finite and above 0",
                concentration,
            ));
        }
        Ok(Self {
            shares: shares.to_vec(),
            concentration,
        })
    }

    /// The evidence in the counts so far: conversations with the value in each arm.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when there are not as many counts as arms, [`Error::is_overflow`] above 2^53 in all.
    pub fn e_value(&self, counts: &[u64]) -> Result<LogE, Error> {
        if counts.len() != self.shares.len() {
            return Err(Error::inconsistent("not one count for each arm"));
        }
        let total = counts.iter().try_fold(0, |sum, &count| {
            crate::cells::grow(sum, count, "conversations with the value")
        })?;
        // ln B(alpha + s) - ln B(alpha) - sum s ln rho, with every Gamma by Stirling's formula: what is left are deviances
        // from the shares, in which nothing cancels.
        let kappa = self.concentration;
        let whole = kappa + total as f64;
        let mut sum = Sum::default();
        for (&share, &count) in self.shares.iter().zip(counts) {
            let (before, after) = (kappa * share, kappa * share + count as f64);
            sum.add(deviance(after, whole * share));
            sum.add(-0.5 * (after / before).ln());
            sum.add(stirling_error(after) - stirling_error(before));
        }
        sum.add(0.5 * (whole / kappa).ln());
        sum.add(stirling_error(kappa) - stirling_error(whole));
        Ok(LogE(sum.total()))
    }
}

/// Has a rare value become more frequent than it is meant to be?
///
/// A bet against "the probability of the value is at most the baseline, in every conversation, whatever came before": stakes
/// of several sizes are mixed, so that both a small rise that lasts and a large one are found. There is no smallest count
/// below which nothing is said; one conversation in which an undesirable value appears can be enough when it should never be.
///
/// ```
/// use axia_contingency::RareValue;
///
/// // Meant to be in at most one of 10,000 conversations.
/// let watch = RareValue::new(1e-4)?;
/// assert!(!watch.e_value(12, 100_000)?.reaches(0.05));
/// assert!(watch.e_value(40, 100_000)?.reaches(0.001));
/// # Ok::<(), axia_contingency::Error>(())
/// ```
///
/// # References
/// Waudby-Smith and Ramdas (2024), Journal of the Royal Statistical Society B 86, 1-27.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct RareValue {
    baseline: f64,
}

/// The alternatives of [`RareValue`] are this many times as frequent as the baseline, each with the same stake.
const RISES: [f64; 7] = [1.1, 1.25, 1.5, 2.0, 4.0, 16.0, 64.0];

impl RareValue {
    /// The largest probability that is still right.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] unless it is above 0 and below 0.5.
    pub fn new(baseline: f64) -> Result<Self, Error> {
        if !(baseline > 0.0 && baseline < 0.5) {
            return Err(Error::invalid_parameter(
                "baseline of a rare value",
                "above 0 and below 0.5",
                baseline,
            ));
        }
        Ok(Self { baseline })
    }

    /// The evidence after `n` conversations, `k` of which show the value.
    ///
    /// # Errors
    /// As [`Proportion::new`].
    pub fn e_value(self, k: u64, n: u64) -> Result<LogE, Error> {
        Proportion::new(k, n)?;
        let (k, rest) = (k as f64, (n - k) as f64);
        let bets = RISES.map(|rise| {
            // An alternative above one half would bet on certainty; it is cut there.
            let p = (self.baseline * rise).min(0.5);
            let gain = (p / self.baseline).ln();
            let loss = (-(p - self.baseline) / (1.0 - self.baseline)).ln_1p();
            k * gain + rest * loss
        });
        Ok(LogE(mean_of_logs(&bets)))
    }
}

impl TryFrom<f64> for RareValue {
    type Error = Error;

    fn try_from(baseline: f64) -> Result<Self, Error> {
        Self::new(baseline)
    }
}

impl From<RareValue> for f64 {
    fn from(watch: RareValue) -> Self {
        watch.baseline
    }
}

fn mean_of_logs(logs: &[f64]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|log| (log - top).exp()).sum();
    top + (sum / logs.len() as f64).ln()
}

/// Bounds for a share that hold at all times at once: the chance that the share is *ever* outside is at most `1 - level`.
///
/// Made from a Beta mixture of likelihood ratios. About one and a half times as wide as an interval that is right at one
/// time only, and narrowest near the sample size that the prior is made for.
///
/// ```
/// use axia_contingency::{Confidence, Proportion, ProportionSequence};
///
/// let sequence = ProportionSequence::new(0.05)?;
/// let now = sequence.bounds(Proportion::new(174, 1000)?);
/// let fixed = Proportion::new(174, 1000)?.wilson(Confidence::new(0.95)?).ok_or("empty")?;
/// assert!(now.low < fixed.low && fixed.high < now.high);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Robbins (1970), Annals of Mathematical Statistics 41, 1397-1409.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct ProportionSequence {
    alpha: f64,
}

impl ProportionSequence {
    /// The error allowed over all times together.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] unless alpha is above 0 and below 1.
    pub fn new(alpha: f64) -> Result<Self, Error> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Error::invalid_parameter(
                "alpha",
                "above 0 and below 1",
                alpha,
            ));
        }
        Ok(Self { alpha })
    }

    /// The evidence against the probability `p` in the counts so far. `None` when `p` is not inside `0..1`.
    #[must_use]
    pub fn e_value(self, share: Proportion, p: f64) -> Option<LogE> {
        if !(p > 0.0 && p < 1.0) {
            return None;
        }
        Some(LogE(Self::ln_e(share.k() as f64, share.n() as f64, p)))
    }

    /// `ln [B(k + 1/2, n - k + 1/2) / B(1/2, 1/2)] - k ln p - (n - k) ln q`.
    fn ln_e(k: f64, n: f64, p: f64) -> f64 {
        let rest = n - k;
        let q = 1.0 - p;
        // Relative to the best fit, whose deviances do not cancel: ln L(k/n) - ln L(p) is their sum.
        let fit = deviance(k, n * p) + deviance(rest, n * q);
        let entropy = |x: f64| if x > 0.0 { x * (x / n).ln() } else { 0.0 };
        fit + ln_beta_ratio(k, rest) - entropy(k) - entropy(rest)
    }

    /// The bounds now.
    #[must_use]
    pub fn bounds(self, share: Proportion) -> Interval {
        let Some(p) = share.value() else {
            return Interval {
                low: 0.0,
                high: 1.0,
            };
        };
        let (k, n) = (share.k() as f64, share.n() as f64);
        let bar = -self.alpha.ln();
        let outside = |p: f64| p <= 0.0 || p >= 1.0 || Self::ln_e(k, n, p) >= bar;
        // The evidence grows on both sides of the share seen.
        let edge = |mut inside: f64, mut out: f64| {
            for _ in 0..1100 {
                let middle = 0.5 * (inside + out);
                if middle.total_cmp(&inside).is_eq() || middle.total_cmp(&out).is_eq() {
                    break;
                }
                if outside(middle) {
                    out = middle;
                } else {
                    inside = middle;
                }
            }
            out
        };
        Interval {
            low: if share.k() == 0 { 0.0 } else { edge(p, 0.0) },
            high: if share.k() == share.n() {
                1.0
            } else {
                edge(p, 1.0)
            },
        }
    }
}

impl TryFrom<f64> for ProportionSequence {
    type Error = Error;

    fn try_from(alpha: f64) -> Result<Self, Error> {
        Self::new(alpha)
    }
}

impl From<ProportionSequence> for f64 {
    fn from(sequence: ProportionSequence) -> Self {
        sequence.alpha
    }
}

/// `ln [B(k + 1/2, r + 1/2) / B(1/2, 1/2)]`.
fn ln_beta_ratio(k: f64, r: f64) -> f64 {
    // ln Gamma(a) = (a - 1/2) ln a - a + ln sqrt(2 pi) + error; with a = k + 1/2 the first factor is k.
    let part = |x: f64| {
        let a = x + 0.5;
        let power = if x > 0.0 { x * a.ln() } else { 0.0 };
        power + stirling_error(a)
    };
    let n = k + r;
    let whole = n + 1.0;
    // ln Gamma(n + 1) from the same formula; B(1/2, 1/2) = pi.
    let ln_sqrt_2pi = crate::special::LN_SQRT_2PI;
    part(k) + part(r) - ((whole - 0.5) * whole.ln() + stirling_error(whole)) + ln_sqrt_2pi
        - std::f64::consts::PI.ln()
}

/// Which hypotheses to reject among many e-values so that at most a share `alpha` of them is rejected wrongly on average,
/// whatever their dependence and whenever one looks: the `k` largest with `e >= m / (k alpha)`, for the largest such `k`.
///
/// Returns the positions of the rejected ones, largest e-value first, equal ones by position.
///
/// # References
/// Wang and Ramdas (2022), Journal of the Royal Statistical Society B 84, 822-852.
///
/// ```
/// use axia_contingency::{LogE, e_benjamini_hochberg};
///
/// let e = [0.1, 9.0, 5.2, -3.0].map(|ln| LogE::from_ln(ln).expect("finite"));
/// let found = e_benjamini_hochberg(&e, 0.05)?;
/// assert_eq!(found, [1, 2]);
/// # Ok::<(), axia_contingency::Error>(())
/// ```
///
/// # Errors
/// [`Error::is_invalid_parameter`] unless alpha is above 0 and below 1.
pub fn e_benjamini_hochberg(values: &[LogE], alpha: f64) -> Result<Vec<usize>, Error> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Error::invalid_parameter(
            "alpha",
            "above 0 and below 1",
            alpha,
        ));
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    let ln = |i: &usize| values.get(*i).map_or(f64::NEG_INFINITY, |e| e.ln());
    order.sort_by(|a, b| ln(b).total_cmp(&ln(a)).then(a.cmp(b)));
    let bar = (values.len() as f64).ln() - alpha.ln();
    let passes = |(rank, i): (usize, &usize)| ln(i) >= bar - ((rank + 1) as f64).ln();
    let kept = order
        .iter()
        .enumerate()
        .filter(|&(rank, i)| passes((rank, i)))
        .map(|(rank, _)| rank + 1)
        .max()
        .unwrap_or(0);
    order.truncate(kept);
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_parameters_are_errors() {
        for shares in [&[1.0][..], &[0.5, 0.6], &[0.0, 1.0], &[f64::NAN, 0.5]] {
            assert!(
                ArmShares::new(shares, 2.0)
                    .unwrap_err()
                    .is_invalid_parameter()
            );
        }
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(ArmShares::new(&[0.5, 0.5], bad).is_err());
            assert!(RareValue::new(bad).is_err());
            assert!(ProportionSequence::new(bad).is_err());
            assert!(e_benjamini_hochberg(&[], bad).is_err());
        }
        let arms = ArmShares::new(&[0.5, 0.5], 2.0).unwrap();
        assert!(arms.e_value(&[1]).unwrap_err().is_inconsistent());
        assert!(arms.e_value(&[u64::MAX, 1]).unwrap_err().is_overflow());
        assert!(
            RareValue::new(0.1)
                .unwrap()
                .e_value(3, 2)
                .unwrap_err()
                .is_inconsistent()
        );
    }

    #[test]
    fn without_data_there_is_no_evidence() {
        let arms = ArmShares::new(&[0.9, 0.1], 10.0).unwrap();
        assert!(arms.e_value(&[0, 0]).unwrap().ln().abs() < 1e-14);
        assert!(
            RareValue::new(0.01)
                .unwrap()
                .e_value(0, 0)
                .unwrap()
                .ln()
                .abs()
                < 1e-14
        );
        let all = ProportionSequence::new(0.05)
            .unwrap()
            .bounds(Proportion::new(0, 0).unwrap());
        assert_eq!((all.low, all.high), (0.0, 1.0));
    }

    #[test]
    fn mixtures_are_fair_bets() {
        // Under the hypothesis the mean of an e-value is 1: over all outcomes of four conversations.
        let arms = ArmShares::new(&[0.3, 0.7], 3.0).unwrap();
        let rare = RareValue::new(0.3).unwrap();
        let sequence = ProportionSequence::new(0.1).unwrap();
        let (mut by_arms, mut by_rare, mut by_sequence) = (0.0, 0.0, 0.0);
        for (k, ways) in [1.0, 4.0, 6.0, 4.0, 1.0].into_iter().enumerate() {
            let k = k as u64;
            let p = ways * 0.3_f64.powi(k as i32) * 0.7_f64.powi(4 - k as i32);
            by_arms += p * arms.e_value(&[k, 4 - k]).unwrap().ln().exp();
            by_rare += p * rare.e_value(k, 4).unwrap().ln().exp();
            let share = Proportion::new(k, 4).unwrap();
            by_sequence += p * sequence.e_value(share, 0.3).unwrap().ln().exp();
        }
        for mean in [by_arms, by_rare, by_sequence] {
            assert!(
                (mean - 1.0).abs() < 1e-13,
                "{by_arms} {by_rare} {by_sequence}"
            );
        }
    }

    #[test]
    fn the_number_of_rejections_is_the_largest_that_holds() {
        let logs = |e: &[f64]| -> Vec<LogE> {
            e.iter()
                .map(|e| LogE::from_ln(f64::ln(*e)).unwrap())
                .collect()
        };
        // m / alpha = 40: 25 alone is below 40, but two of at least 20 are enough.
        let found = e_benjamini_hochberg(&logs(&[25.0, 1.0, 22.0, 0.2]), 0.1).unwrap();
        assert_eq!(found, [0, 2]);
        assert!(
            e_benjamini_hochberg(&logs(&[9.0, 8.0]), 0.1)
                .unwrap()
                .is_empty()
        );
        assert!(e_benjamini_hochberg(&[], 0.1).unwrap().is_empty());
    }

    #[test]
    fn bounds_are_where_the_evidence_reaches_the_bar() {
        let sequence = ProportionSequence::new(0.05).unwrap();
        for (k, n) in [(0, 10), (3, 10), (174, 1000), (46, 308_210), (5, 5)] {
            let share = Proportion::new(k, n).unwrap();
            let bounds = sequence.bounds(share);
            let p = share.value().unwrap();
            assert!(bounds.low <= p && p <= bounds.high && bounds.low < bounds.high);
            for edge in [bounds.low, bounds.high] {
                if let Some(e) = sequence.e_value(share, edge) {
                    assert!((e.ln() - 20.0_f64.ln()).abs() < 1e-6, "{k}/{n} {edge}");
                }
            }
        }
    }
}
