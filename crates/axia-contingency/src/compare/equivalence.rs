//! Is the difference small enough not to matter? Two one-sided tests against a margin that is stated first.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::f_tail::{student_quantile, student_two_sided};
use crate::interval::{Confidence, Interval, Proportion};
use crate::strata::StratifiedTwoByTwo;
use crate::tails::LogP;

/// What [`EquivalenceTest`] needs to know.
///
/// There is no default margin: how large a difference in shares still counts as none is a judgement about the matter, to be
/// made before looking.
///
/// | parameter | default |
/// | --- | --- |
/// | margin | none, given to [`new`](Self::new) |
/// | [`alpha`](Self::alpha) | 0.05 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct EquivalenceParams {
    margin: f64,
    #[serde(default = "default_alpha")]
    alpha: f64,
}

fn default_alpha() -> f64 {
    0.05
}

impl EquivalenceParams {
    /// Shares that differ by less than `margin` (0.01 is one point of a hundred) count as equal; above 0, below 1.
    pub fn new(margin: f64) -> Self {
        Self {
            margin,
            alpha: default_alpha(),
        }
    }

    /// Level of each of the two one-sided tests, and so of the whole; above 0, below 0.5.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a value outside its range.
    pub fn build(self) -> Result<EquivalenceTest, Error> {
        if !(self.margin > 0.0 && self.margin < 1.0) {
            return Err(Error::invalid_parameter(
                "margin",
                "above 0 and below 1",
                self.margin,
            ));
        }
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return Err(Error::invalid_parameter(
                "alpha",
                "above 0 and below 0.5",
                self.alpha,
            ));
        }
        Ok(EquivalenceTest { params: self })
    }
}

/// Two one-sided tests of the difference of two shares; made by [`EquivalenceParams::build`].
///
/// "Not significantly different" does not mean "equal": with few conversations nothing is significant. This turns the
/// question round. It calls two shares equivalent only when the data exclude every difference beyond the margin.
///
/// ```
/// use axia_contingency::{EquivalenceParams, Proportion};
///
/// let test = EquivalenceParams::new(0.02).build()?;
/// // 17.4 % and 17.1 % of 20,000 each: within two points, surely.
/// let many = test.proportions(Proportion::new(3480, 20_000)?, Proportion::new(3420, 20_000)?);
/// assert!(many.ok_or("no conversations")?.equivalent);
/// // The same shares of 500 each: nobody knows.
/// let few = test.proportions(Proportion::new(87, 500)?, Proportion::new(86, 500)?);
/// assert!(!few.ok_or("no conversations")?.equivalent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680; Farrington and Manning (1990),
/// Statistics in Medicine 9, 1447-1454.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "EquivalenceParams", into = "EquivalenceParams")]
pub struct EquivalenceTest {
    params: EquivalenceParams,
}

impl TryFrom<EquivalenceParams> for EquivalenceTest {
    type Error = Error;

    fn try_from(params: EquivalenceParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<EquivalenceTest> for EquivalenceParams {
    fn from(test: EquivalenceTest) -> Self {
        test.params
    }
}

/// The outcome of an equivalence test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Equivalence {
    /// First share minus second.
    pub difference: f64,
    /// The margin tested against.
    pub margin: f64,
    /// One-sided p-value against "the difference is at or below minus the margin".
    pub ln_p_lower: LogP,
    /// One-sided p-value against "the difference is at or above the margin".
    pub ln_p_upper: LogP,
    /// The larger of the two: the p-value of the whole.
    pub ln_p: LogP,
    /// Whether it is at most alpha.
    pub equivalent: bool,
    /// Interval of the difference at the level `1 - 2 alpha`, which lies inside the margins when the shares are
    /// equivalent. Newcombe's for two plain shares, so that it can disagree with the test at the edge; exact agreement for a
    /// given standard error.
    pub interval: Interval,
}

impl EquivalenceTest {
    /// The margin.
    #[must_use]
    pub fn margin(&self) -> f64 {
        self.params.margin
    }

    /// Level of the test.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.params.alpha
    }

    /// Of two independent shares, by score tests: the standard error is that at the margin, so that shares of 0 and 1 are no
    /// exception. `None` when one has no denominator.
    #[must_use]
    pub fn proportions(&self, first: Proportion, second: Proportion) -> Option<Equivalence> {
        let difference = first.value()? - second.value()?;
        let one_sided = |bound: f64| {
            let z = (difference - bound) / score_error(first, second, bound)?;
            Some(z)
        };
        let lower = upper_tail(one_sided(-self.margin())?, None)?;
        let upper = upper_tail(-one_sided(self.margin())?, None)?;
        let level = Confidence::new(1.0 - 2.0 * self.alpha()).ok()?;
        let (a, b) = (first.wilson(level)?, second.wilson(level)?);
        let (p, q) = (first.value()?, second.value()?);
        let interval = Interval {
            low: (difference - (p - a.low).hypot(b.high - q)).max(-1.0),
            high: (difference + (a.high - p).hypot(q - b.low)).min(1.0),
        };
        Some(self.outcome(difference, lower, upper, interval))
    }

    /// Of two shares within strata (the same tasks and languages, say): the rows are the two runs, the first column is
    /// having the value. By Mantel and Haenszel's common risk difference. `None` when no stratum has both runs, or nothing
    /// varies.
    #[must_use]
    pub fn stratified(&self, strata: &StratifiedTwoByTwo) -> Option<Equivalence> {
        let (value, error) = strata.difference_with_error()?;
        self.estimate(value, error, None)
    }

    /// Of any difference with its standard error, for example one clustered by user: normal, or Student's with `dof`
    /// degrees of freedom (users less 1). `None` unless the standard error is finite and above 0.
    #[must_use]
    pub fn estimate(
        &self,
        difference: f64,
        standard_error: f64,
        dof: Option<f64>,
    ) -> Option<Equivalence> {
        if !(difference.is_finite() && standard_error.is_finite() && standard_error > 0.0) {
            return None;
        }
        let lower = upper_tail((difference + self.margin()) / standard_error, dof)?;
        let upper = upper_tail((self.margin() - difference) / standard_error, dof)?;
        let level = 1.0 - 2.0 * self.alpha();
        let quantile = student_quantile(level, dof.unwrap_or(f64::MAX))?;
        let interval = Interval {
            low: difference - quantile * standard_error,
            high: difference + quantile * standard_error,
        };
        Some(self.outcome(difference, lower, upper, interval))
    }

    fn outcome(
        &self,
        difference: f64,
        lower: LogP,
        upper: LogP,
        interval: Interval,
    ) -> Equivalence {
        let ln_p = lower.max(upper);
        Equivalence {
            difference,
            margin: self.margin(),
            ln_p_lower: lower,
            ln_p_upper: upper,
            ln_p,
            equivalent: ln_p.ln() <= self.alpha().ln(),
            interval,
        }
    }
}

/// One-sided upper tail at `t`.
fn upper_tail(t: f64, dof: Option<f64>) -> Option<LogP> {
    let two_sided = student_two_sided(t, dof.unwrap_or(f64::MAX))?.ln();
    let half = two_sided - std::f64::consts::LN_2;
    Some(LogP::clamped(if t >= 0.0 {
        half
    } else {
        (-half.exp()).ln_1p()
    }))
}

/// Standard error of the difference of two shares when it truly is `bound`: at the shares that fit the counts best among
/// those with this difference. `None` without denominators, or when nothing could vary.
fn score_error(first: Proportion, second: Proportion, bound: f64) -> Option<f64> {
    let (k, n) = (first.k() as f64, first.n() as f64);
    let (l, m) = (second.k() as f64, second.n() as f64);
    // The likelihood's slope in the second share falls throughout, so its root can be closed in on.
    let slope = |q: f64| {
        let p = q + bound;
        let part = |count: f64, rest: f64, share: f64| {
            let up = if count > 0.0 { count / share } else { 0.0 };
            let down = if rest > 0.0 {
                rest / (1.0 - share)
            } else {
                0.0
            };
            up - down
        };
        part(k, n - k, p) + part(l, m - l, q)
    };
    let (mut below, mut above) = ((-bound).max(0.0), (1.0 - bound).min(1.0));
    for _ in 0..1100 {
        let middle = 0.5 * (below + above);
        if middle <= below || middle >= above {
            break;
        }
        if slope(middle) > 0.0 {
            below = middle;
        } else {
            above = middle;
        }
    }
    let q = 0.5 * (below + above);
    let p = (q + bound).clamp(0.0, 1.0);
    let variance = p * (1.0 - p) / n + q * (1.0 - q) / m;
    (variance > 0.0).then(|| variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::two_by_two::TwoByTwo;

    #[test]
    fn each_parameter_is_checked() {
        for bad in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            let error = EquivalenceParams::new(bad).build().unwrap_err();
            assert!(error.is_invalid_parameter());
        }
        for bad in [0.0, 0.5, f64::NAN] {
            let error = EquivalenceParams::new(0.1).alpha(bad).build().unwrap_err();
            assert!(error.is_invalid_parameter());
        }
    }

    #[test]
    fn a_difference_at_the_margin_has_p_one_half() {
        let test = EquivalenceParams::new(0.1).build().unwrap();
        let (a, b) = (Proportion::new(300, 1000), Proportion::new(200, 1000));
        let found = test.proportions(a.unwrap(), b.unwrap()).unwrap();
        assert!((found.ln_p_upper.p() - 0.5).abs() < 1e-9);
        assert!(!found.equivalent && found.ln_p_lower.p() < 1e-9);
    }

    #[test]
    fn shares_of_nothing_and_of_all_are_no_exception() {
        let test = EquivalenceParams::new(0.01).build().unwrap();
        let none = Proportion::new(0, 5000).unwrap();
        assert!(test.proportions(none, none).unwrap().equivalent);
        let all = Proportion::new(7, 7).unwrap();
        assert!(!test.proportions(all, all).unwrap().equivalent);
        assert_eq!(test.proportions(Proportion::new(0, 0).unwrap(), all), None);
    }

    #[test]
    fn one_large_stratum_is_close_to_the_plain_test() {
        let test = EquivalenceParams::new(0.02).build().unwrap();
        let table = TwoByTwo::from_cells(3480, 16_520, 3420, 16_580).unwrap();
        let strata = StratifiedTwoByTwo::new([table]).unwrap();
        let stratified = test.stratified(&strata).unwrap();
        let plain = test.proportions(
            Proportion::new(3480, 20_000).unwrap(),
            Proportion::new(3420, 20_000).unwrap(),
        );
        let plain = plain.unwrap();
        assert!((stratified.difference - plain.difference).abs() < 1e-12);
        assert!((stratified.ln_p.ln() / plain.ln_p.ln() - 1.0).abs() < 0.02);
        assert_eq!(test.estimate(0.0, f64::NAN, None), None);
    }
}
