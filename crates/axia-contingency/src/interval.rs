//! Confidence levels, and intervals for a proportion.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::error::MAX_TOTAL;
use crate::special::beta_lower;
use crate::tails::bonferroni_critical_z;

/// A lower and an upper bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// A two-sided confidence level such as 0.95, with its normal quantile.
///
/// Serialized as the level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence {
    level: f64,
    z: f64,
}

impl Confidence {
    /// A level strictly between 0 and 1.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] outside that range.
    pub fn new(level: f64) -> Result<Self, Error> {
        let invalid = || Error::invalid_parameter("confidence", "above 0 and below 1", level);
        if !(level > 0.0 && level < 1.0) {
            return Err(invalid());
        }
        let z = bonferroni_critical_z(1.0 - level, 1).ok_or_else(invalid)?;
        Ok(Self { level, z })
    }

    /// The level.
    #[must_use]
    pub fn level(self) -> f64 {
        self.level
    }

    /// The |z| that a standard normal stays within with this probability; 1.96 for 0.95.
    #[must_use]
    pub fn z(self) -> f64 {
        self.z
    }
}

impl TryFrom<f64> for Confidence {
    type Error = Error;

    fn try_from(level: f64) -> Result<Self, Error> {
        Self::new(level)
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        confidence.level
    }
}

/// `k` of `n`, such as the conversations that show a value.
///
/// The intervals treat the `n` as independent. With several conversations per user they are too narrow.
///
/// ```
/// use axia_contingency::{Confidence, Proportion};
///
/// let share = Proportion::new(46, 308_210)?;
/// let interval = share.wilson(Confidence::new(0.95)?).ok_or("no conversations")?;
/// assert!((interval.low - 0.0001119).abs() < 1e-7);
/// assert!((interval.high - 0.0001991).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredProportion", into = "StoredProportion")]
pub struct Proportion {
    k: u64,
    n: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredProportion {
    k: u64,
    n: u64,
}

impl Proportion {
    /// `k` of `n`.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when `k` is above `n`, [`Error::is_overflow`] when `n` is above 2^53.
    pub fn new(k: u64, n: u64) -> Result<Self, Error> {
        if n > MAX_TOTAL {
            return Err(Error::too_many_counts("denominator of a proportion"));
        }
        if k > n {
            return Err(Error::inconsistent(
                "a proportion's count is above its denominator",
            ));
        }
        Ok(Self { k, n })
    }

    /// The count.
    #[must_use]
    pub fn k(self) -> u64 {
        self.k
    }

    /// The denominator.
    #[must_use]
    pub fn n(self) -> u64 {
        self.n
    }

    /// `k / n`; `None` when `n` is 0.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.n > 0).then(|| self.k as f64 / self.n as f64)
    }

    /// Wilson's score interval, the default: close to its level on average also for rare values, always inside `0..=1`,
    /// with the bound 0 at `k = 0` and 1 at `k = n`. `None` when `n` is 0.
    ///
    /// # References
    /// Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    #[must_use]
    pub fn wilson(self, confidence: Confidence) -> Option<Interval> {
        self.mirrored(|k, n, _| {
            let z2 = confidence.z * confidence.z;
            let root = (z2 + 4.0 * k * ((n - k) / n)).sqrt();
            let high = (2.0 * k + z2 + confidence.z * root) / (2.0 * (n + z2));
            // The product of the bounds is k^2 / (n (n + z^2)); their difference would cancel for rare values.
            let low = k * k / (n * (n + z2) * high);
            Interval { low, high }
        })
    }

    /// Wilson's interval with the continuity correction of one half: nearly as wide as Clopper and Pearson's, for comparison
    /// with tools that correct by default. The bound is 0 at `k = 0` and 1 at `k = n`. `None` when `n` is 0.
    ///
    /// R's `prop.test` leaves the correction out at `k = n / 2`; here it is always made.
    ///
    /// # References
    /// Newcombe (1998), Statistics in Medicine 17, 857-872, method 4.
    ///
    /// ```
    /// use axia_contingency::{Confidence, Proportion};
    ///
    /// let interval = Proportion::new(0, 10)?.wilson_continuity(Confidence::new(0.95)?).ok_or("no conversations")?;
    /// assert!(interval.low == 0.0 && (interval.high - 0.3445372).abs() < 1e-7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn wilson_continuity(self, confidence: Confidence) -> Option<Interval> {
        self.mirrored(|k, n, _| {
            let z2 = confidence.z * confidence.z;
            // The larger root of (k - n p)^2 = z^2 n p (1 - p).
            let upper = |k: f64| {
                let root = (z2 + 4.0 * k * ((n - k) / n)).sqrt();
                (2.0 * k + z2 + confidence.z * root) / (2.0 * (n + z2))
            };
            let (less, more) = (k - 0.5, k + 0.5);
            Interval {
                low: if k > 0.0 {
                    less * less / (n * (n + z2) * upper(less))
                } else {
                    0.0
                },
                high: if k < n { upper(more) } else { 1.0 },
            }
        })
    }

    /// Clopper and Pearson's interval: never below its level, hence wide. `None` when `n` is 0.
    ///
    /// # Complexity
    /// Of the order of `sqrt(n)` steps at worst.
    ///
    /// # References
    /// Clopper and Pearson (1934), Biometrika 26, 404-413.
    #[must_use]
    pub fn clopper_pearson(self, confidence: Confidence) -> Option<Interval> {
        let tail = 0.5 * (1.0 - confidence.level);
        let around = self.wilson(confidence)?;
        self.mirrored(|k, n, mirror| {
            let (low, high) = if mirror {
                (1.0 - around.high, 1.0 - around.low)
            } else {
                (around.low, around.high)
            };
            Interval {
                // P(X >= k) = tail, and P(X <= k) = tail, that is P(X >= k + 1) = 1 - tail.
                low: if k > 0.0 {
                    binomial_root(k, n, tail, low)
                } else {
                    0.0
                },
                high: if k < n {
                    binomial_root(k + 1.0, n, 1.0 - tail, high)
                } else {
                    1.0
                },
            }
        })
    }

    /// Agresti and Coull's interval: a plain normal interval around a centre with `z^2` observations added. Its bounds are
    /// cut at 0 and 1. `None` when `n` is 0.
    ///
    /// # References
    /// Agresti and Coull (1998), The American Statistician 52, 119-126.
    #[must_use]
    pub fn agresti_coull(self, confidence: Confidence) -> Option<Interval> {
        self.value()?;
        let z2 = confidence.z * confidence.z;
        let n = self.n as f64 + z2;
        let centre = (self.k as f64 + 0.5 * z2) / n;
        let half = confidence.z * (centre * (1.0 - centre) / n).sqrt();
        Some(Interval {
            low: (centre - half).max(0.0),
            high: (centre + half).min(1.0),
        })
    }

    /// Runs a method on the smaller of `k` and `n - k`, where no digits are lost, and mirrors the result back.
    fn mirrored(self, method: impl Fn(f64, f64, bool) -> Interval) -> Option<Interval> {
        self.value()?;
        let rest = self.n - self.k;
        if self.k <= rest {
            return Some(method(self.k as f64, self.n as f64, false));
        }
        let mirror = method(rest as f64, self.n as f64, true);
        Some(Interval {
            low: 1.0 - mirror.high,
            high: 1.0 - mirror.low,
        })
    }
}

impl TryFrom<StoredProportion> for Proportion {
    type Error = Error;

    fn try_from(stored: StoredProportion) -> Result<Self, Error> {
        Self::new(stored.k, stored.n)
    }
}

impl From<Proportion> for StoredProportion {
    fn from(proportion: Proportion) -> Self {
        Self {
            k: proportion.k,
            n: proportion.n,
        }
    }
}

/// The `p` at which `P(Binomial(n, p) >= k)` equals `target`, for `1 <= k <= n`, searched from `start`.
fn binomial_root(k: f64, n: f64, target: f64, start: f64) -> f64 {
    let (mut below, mut above) = (0.0, 1.0);
    let mut p = start.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON);
    // Newton's method, kept between bounds that close in; bisection when a step would leave them.
    for _ in 0..200 {
        let (value, slope) = beta_lower(k, n - k + 1.0, p);
        let gap = value - target;
        if gap > 0.0 {
            above = p;
        } else {
            below = p;
        }
        let newton = p - gap / slope;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_inputs_are_errors() {
        assert!(Proportion::new(3, 2).unwrap_err().is_inconsistent());
        assert!(Proportion::new(0, u64::MAX).unwrap_err().is_overflow());
        for level in [0.0, 1.0, -0.5, f64::NAN, f64::INFINITY] {
            assert!(Confidence::new(level).unwrap_err().is_invalid_parameter());
        }
    }

    #[test]
    fn no_conversations_no_interval() {
        let nothing = Proportion::new(0, 0).unwrap();
        let level = Confidence::new(0.95).unwrap();
        assert_eq!(nothing.value(), None);
        assert_eq!(nothing.wilson(level), None);
        assert_eq!(nothing.clopper_pearson(level), None);
        assert_eq!(nothing.agresti_coull(level), None);
    }

    #[test]
    fn bounds_contain_the_share_and_mirror() {
        let level = Confidence::new(0.99).unwrap();
        for n in [1, 2, 7, 100, 12_345] {
            for k in [0, 1, n / 3, n / 2, n - 1, n] {
                let (one, other) = (
                    Proportion::new(k, n).unwrap(),
                    Proportion::new(n - k, n).unwrap(),
                );
                for method in [
                    Proportion::wilson,
                    Proportion::wilson_continuity,
                    Proportion::clopper_pearson,
                    Proportion::agresti_coull,
                ] {
                    let (a, b) = (method(one, level).unwrap(), method(other, level).unwrap());
                    let p = one.value().unwrap();
                    assert!(
                        0.0 <= a.low && a.low <= p && p <= a.high && a.high <= 1.0,
                        "{k}/{n} {a:?}"
                    );
                    assert!((a.low + b.high - 1.0).abs() < 1e-12, "{k}/{n}");
                }
            }
        }
    }
}
