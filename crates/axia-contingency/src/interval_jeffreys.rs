//! Jeffreys' interval for a proportion.

use crate::f_tail::ln_beta_lower;
use crate::interval::{Confidence, Interval, Proportion};
use crate::special::ln_binomial;

impl Proportion {
    /// Jeffreys' interval: the middle of the Beta distribution with parameters `k + 1/2` and `n - k + 1/2`. Its lower bound is
    /// 0 at `k = 0`, its upper bound 1 at `k = n`. Close to its level on average, like Wilson's, with tails of equal size.
    /// `None` when `n` is 0.
    ///
    /// # References
    /// Brown, Cai and DasGupta (2001), Statistical Science 16, 101-133.
    ///
    /// ```
    /// use axia_contingency::{Confidence, Proportion};
    ///
    /// let interval = Proportion::new(0, 10)?.jeffreys(Confidence::new(0.95)?).ok_or("undefined")?;
    /// assert!(interval.low == 0.0 && (interval.high - 0.2171963).abs() < 1e-7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn jeffreys(self, confidence: Confidence) -> Option<Interval> {
        let around = self.wilson(confidence)?;
        let (k, n) = (self.k() as f64, self.n() as f64);
        let (a, b) = (k + 0.5, n - k + 0.5);
        let tail = 0.5 * (1.0 - confidence.level());
        let low = if self.k() == 0 {
            0.0
        } else {
            quantile(a, b, tail, around.low)
        };
        // From the other end, so that a bound near 1 keeps the digits of its distance to 1.
        let high = if self.k() == self.n() {
            1.0
        } else {
            1.0 - quantile(b, a, tail, 1.0 - around.high)
        };
        Some(Interval { low, high })
    }
}

/// The `p` at which `I_p(a, b)` is `target`, searched from `start`.
fn quantile(a: f64, b: f64, target: f64, start: f64) -> f64 {
    let (mut below, mut above) = (0.0, 1.0);
    let mut p = start.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON);
    for _ in 0..200 {
        let ln_value = ln_beta_lower(a, b, p, 1.0 - p);
        // On the log scale, where the distribution function is concave: d ln I / d p.
        let ln_density =
            ln_binomial(a, a + b, p, 1.0 - p) + (a * b / (a + b)).ln() - p.ln() - (-p).ln_1p();
        let gap = ln_value - target.ln();
        if gap > 0.0 {
            above = p;
        } else {
            below = p;
        }
        let newton = p - gap / (ln_density - ln_value).exp();
        let next = if newton > below && newton < above {
            newton
        } else {
            0.5 * (below + above)
        };
        let done = (next - p).abs() <= 1e-15 * p;
        p = next;
        if done {
            break;
        }
    }
    p
}
