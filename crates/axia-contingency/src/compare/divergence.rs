//! How far apart two profiles are, and how far they would be if nothing had changed.

use serde::{Deserialize, Serialize};

use crate::cells::grow;
use crate::error::Error;
use crate::f_tail::chi_square_upper_real;
use crate::special::{Sum, deviance};
use crate::tails::LogP;

/// The distances between two profiles of counts over the same categories (values, say), and what the same distances would
/// be on average if both came from one source.
///
/// Two samples from one source never look equal. With many categories the distance between them is far from 0: with 3,307
/// values and 20,000 mentions a side the stability index is 0.33 without any change, above the 0.25 that is often called an
/// alarm. So every index here stands beside its level under no change, and [`test`](Self::test) compares the two.
///
/// ```
/// use axia_contingency::Divergence;
///
/// let before = [234, 229, 174, 166, 143, 54];
/// let after = [210, 240, 180, 150, 160, 60];
/// let divergence = Divergence::between(&before, &after)?.ok_or("a profile without counts")?;
/// assert!((divergence.psi.ok_or("a category on one side only")? - 0.00748).abs() < 1e-5);
/// // Less than chance alone would give.
/// assert!(divergence.psi_smoothed < divergence.psi_without_change);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Divergence {
    /// Count of the first profile.
    pub n_first: u64,
    /// Count of the second profile.
    pub n_second: u64,
    /// Categories that occur in at least one of the two.
    pub categories: u64,
    /// Jensen-Shannon divergence in nats, in `0..=ln 2`. Defined with zeros too.
    pub jensen_shannon: f64,
    /// Root of the Jensen-Shannon divergence in bits, a distance in `0..=1`.
    pub jensen_shannon_distance: f64,
    /// Kullback-Leibler divergence of the first from the second, in nats; `None` (infinite) when a category occurs in the
    /// first only.
    pub kullback_leibler: Option<f64>,
    /// Population stability index, the sum of both Kullback-Leibler divergences; `None` (infinite) when a category occurs on
    /// one side only.
    pub psi: Option<f64>,
    /// The index after one half is added to the count of every given category, so that it is always finite.
    pub psi_smoothed: f64,
    /// Hellinger distance, in `0..=1`.
    pub hellinger: f64,
    /// Total variation: the largest difference in the share of any set of categories, in `0..=1`.
    pub total_variation: f64,
    /// Cosine of the angle between the two profiles, in `0..=1`.
    pub cosine: f64,
    /// Mean of the stability index when nothing changed: `(k - 1)(1/n1 + 1/n2)` for `k` categories that occur. For counts
    /// that are independent; see [`test`](Self::test).
    pub psi_without_change: f64,
    /// Mean of the Jensen-Shannon divergence when nothing changed, an eighth of that of the stability index.
    pub jensen_shannon_without_change: f64,
}

/// Whether two profiles differ by more than chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DivergenceTest {
    /// `8 JS / (1/n1 + 1/n2)`: chi-square when nothing changed.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub dof: f64,
    /// Its upper tail.
    pub ln_p: LogP,
    /// Jensen-Shannon divergence less its mean under no change; 0 when it is below.
    pub excess: f64,
}

impl Divergence {
    /// Between two profiles given as counts of the same categories in the same order.
    ///
    /// `None` when one of them has no counts.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when the lengths differ, [`Error::is_overflow`] above 2^53 on either side.
    pub fn between(first: &[u64], second: &[u64]) -> Result<Option<Self>, Error> {
        if first.len() != second.len() {
            return Err(Error::inconsistent(
                "two profiles to compare have different numbers of categories",
            ));
        }
        let total = |counts: &[u64]| {
            counts
                .iter()
                .try_fold(0, |sum, &count| grow(sum, count, "counts of a profile"))
        };
        let (n_first, n_second) = (total(first)?, total(second)?);
        if n_first == 0 || n_second == 0 {
            return Ok(None);
        }
        let (a, b) = (n_first as f64, n_second as f64);
        let pairs = || {
            let counts = first.iter().zip(second);
            counts.map(|(&x, &y)| (x as f64, y as f64))
        };
        let sum = |term: &dyn Fn(f64, f64) -> f64| {
            let mut sum = Sum::default();
            pairs()
                .filter(|&(x, y)| x + y > 0.0)
                .for_each(|(x, y)| sum.add(term(x, y)));
            sum.total()
        };
        // Sums of deviances: each term is 0 where the shares agree, so that nothing cancels.
        let jensen_shannon = sum(&|x, y| {
            let (p, q) = (x / a, y / b);
            let m = 0.5 * (p + q);
            0.5 * (deviance(p, m) + deviance(q, m))
        })
        .clamp(0.0, std::f64::consts::LN_2);
        let symmetric = |p: f64, q: f64| (p - q) * (p / q).ln();
        let first_only = pairs().any(|(x, y)| x > 0.0 && y <= 0.0);
        let second_only = pairs().any(|(x, y)| x <= 0.0 && y > 0.0);
        let kullback_leibler = (!first_only).then(|| sum(&|x, y| deviance(x / a, y / b)));
        let psi = (!first_only && !second_only).then(|| sum(&|x, y| symmetric(x / a, y / b)));
        let half = 0.5 * first.len() as f64;
        let mut smoothed = Sum::default();
        for (x, y) in pairs() {
            smoothed.add(symmetric((x + 0.5) / (a + half), (y + 0.5) / (b + half)));
        }
        let hellinger = sum(&|x, y| {
            let gap = (x / a).sqrt() - (y / b).sqrt();
            gap * gap
        });
        let variation = sum(&|x, y| (x / a - y / b).abs());
        let cosine = sum(&|x, y| x * y) / (sum(&|x, _| x * x).sqrt() * sum(&|_, y| y * y).sqrt());
        let categories = pairs().filter(|&(x, y)| x + y > 0.0).count() as u64;
        let psi_without_change = (categories - 1) as f64 * (1.0 / a + 1.0 / b);
        Ok(Some(Self {
            n_first,
            n_second,
            categories,
            jensen_shannon,
            jensen_shannon_distance: (jensen_shannon / std::f64::consts::LN_2).sqrt(),
            kullback_leibler,
            psi,
            psi_smoothed: smoothed.total(),
            hellinger: (0.5 * hellinger).sqrt().min(1.0),
            total_variation: (0.5 * variation).min(1.0),
            cosine: cosine.min(1.0),
            psi_without_change,
            jensen_shannon_without_change: psi_without_change / 8.0,
        }))
    }

    /// The test of no change, for counts that are independent of each other: `8 JS / (1/n1 + 1/n2)` is chi-square with
    /// `categories - 1` degrees of freedom. It wants expected counts of 5 or so; merge rare categories first.
    ///
    /// Mentions of several values in one conversation are not independent; compare value by value there, or resample users.
    ///
    /// `None` when only one category occurs.
    #[must_use]
    pub fn test(&self) -> Option<DivergenceTest> {
        let dof = (self.categories - 1) as f64;
        let unit = 1.0 / self.n_first as f64 + 1.0 / self.n_second as f64;
        let statistic = 8.0 * self.jensen_shannon / unit;
        Some(DivergenceTest {
            statistic,
            dof,
            ln_p: chi_square_upper_real(statistic, dof)?,
            excess: (self.jensen_shannon - self.jensen_shannon_without_change).max(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_profile_twice_is_no_distance() {
        let same = Divergence::between(&[3, 0, 9, 1], &[3, 0, 9, 1])
            .unwrap()
            .unwrap();
        assert_eq!(same.categories, 3);
        assert!(same.jensen_shannon.abs() < 1e-300 && same.psi.unwrap().abs() < 1e-300);
        assert!((same.cosine - 1.0).abs() < 1e-15);
        assert_eq!(same.test().unwrap().ln_p, LogP::ONE);
    }

    #[test]
    fn nothing_in_common_is_the_greatest_distance() {
        let far = Divergence::between(&[1, 0], &[0, 1]).unwrap().unwrap();
        assert_eq!((far.psi, far.kullback_leibler), (None, None));
        assert!((far.jensen_shannon_distance - 1.0).abs() < 1e-15);
        assert!((far.hellinger - 1.0).abs() < 1e-15);
        assert!((far.total_variation - 1.0).abs() < 1e-15);
    }

    #[test]
    fn bad_profiles_are_errors_or_none() {
        assert!(
            Divergence::between(&[1], &[1, 2])
                .unwrap_err()
                .is_inconsistent()
        );
        assert!(
            Divergence::between(&[u64::MAX], &[1])
                .unwrap_err()
                .is_overflow()
        );
        assert_eq!(Divergence::between(&[0, 0], &[1, 2]).unwrap(), None);
        let single = Divergence::between(&[4], &[5]).unwrap().unwrap();
        assert_eq!(single.test(), None);
    }
}
