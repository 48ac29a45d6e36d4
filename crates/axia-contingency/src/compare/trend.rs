//! A share over ordered periods: Cochran-Armitage, and what it leaves over.

use serde::{Deserialize, Serialize};

use crate::cells::grow;
use crate::error::Error;
use crate::interval::Proportion;
use crate::special::Sum;
use crate::table::ChiSquareTest;
use crate::tails::{LogP, chi_square_upper, normal_two_sided};

/// A share in each of several ordered groups (weeks, model sizes), each with a score.
///
/// ```
/// use axia_contingency::{Proportion, Trend};
///
/// // Maternal alcohol and malformation (Agresti 2002, table 3.7), with midpoints of drinks a day as scores.
/// let groups = [(48, 17_114, 0.0), (38, 14_502, 0.5), (5, 793, 1.5), (1, 127, 4.0), (1, 38, 7.0)];
/// let mut trend = Trend::new();
/// for (k, n, score) in groups {
///     trend.push(score, Proportion::new(k, n)?)?;
/// }
/// let test = trend.test().ok_or("undefined")?;
/// assert!((test.statistic - 6.5701).abs() < 1e-4);
/// assert!(test.z > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trend {
    groups: Vec<(f64, Proportion)>,
    k: u64,
    n: u64,
}

/// The Cochran-Armitage test, and the test of what a straight line leaves over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrendTest {
    /// Signed root of the statistic; positive when the share rises with the score.
    pub z: f64,
    /// The trend's statistic, chi-square with one degree of freedom.
    pub statistic: f64,
    /// Its upper tail.
    pub ln_p: LogP,
    /// Slope of the share per unit of score (weighted least squares).
    pub slope: f64,
    /// Chi-square of the groups around the line; small p-values say that the change is no straight line. `None` with two
    /// groups.
    pub around_line: Option<ChiSquareTest>,
}

impl Trend {
    /// Without groups.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group; those without observations are left out.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a score that is not finite, [`Error::is_overflow`] above 2^53 observations.
    pub fn push(&mut self, score: f64, share: Proportion) -> Result<(), Error> {
        if !score.is_finite() {
            return Err(Error::invalid_parameter("score", "finite", score));
        }
        self.n = grow(self.n, share.n(), "observations of a trend")?;
        self.k += share.k();
        if share.n() > 0 {
            self.groups.push((score, share));
        }
        Ok(())
    }

    /// The tests; `None` when all scores are equal, or the share is 0 or 1 everywhere.
    ///
    /// Assumes independent observations. Several conversations of one user in several periods make it err too often.
    ///
    /// # References
    /// Cochran (1954), Biometrics 10, 417-451; Armitage (1955), Biometrics 11, 375-386.
    #[must_use]
    pub fn test(&self) -> Option<TrendTest> {
        let n = self.n as f64;
        let share = self.k as f64 / n;
        let mut sum = Sum::default();
        for (score, group) in &self.groups {
            sum.add(score * group.n() as f64);
        }
        let mean = sum.total() / n;
        let (mut spread, mut slope, mut whole) = (Sum::default(), Sum::default(), Sum::default());
        for (score, group) in &self.groups {
            let size = group.n() as f64;
            spread.add(size * (score - mean) * (score - mean));
            // k n - K size, exact: the excess over the common share.
            let excess = i128::from(group.k()) * i128::from(self.n)
                - i128::from(self.k) * i128::from(group.n());
            let excess = excess as f64 / n;
            slope.add(excess * (score - mean));
            whole.add(excess * excess / size);
        }
        let variance = share * ((self.n - self.k) as f64 / n);
        let spread = spread.total();
        if !(variance > 0.0 && spread > 0.0) {
            return None;
        }
        let z = slope.total() / (variance * spread).sqrt();
        let statistic = z * z;
        let dof = (self.groups.len() as u64).checked_sub(2)?;
        let around = (whole.total() / variance - statistic).max(0.0);
        Some(TrendTest {
            z,
            statistic,
            ln_p: normal_two_sided(z)?,
            slope: slope.total() / spread,
            around_line: chi_square_upper(around, dof).map(|ln_p| ChiSquareTest {
                statistic: around,
                dof,
                ln_p,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(groups: &[(u64, u64, f64)]) -> Option<TrendTest> {
        let mut trend = Trend::new();
        for &(k, n, score) in groups {
            trend.push(score, Proportion::new(k, n).unwrap()).unwrap();
        }
        trend.test()
    }

    #[test]
    fn two_groups_are_a_two_by_two_table() {
        let test = trend(&[(30, 100, 0.0), (45, 120, 1.0)]).unwrap();
        let table = crate::TwoByTwo::from_cells(45, 75, 30, 70).unwrap();
        assert!((test.z - table.adjusted_residual().unwrap()).abs() < 1e-12);
        assert_eq!(test.around_line, None);
        assert!((test.slope - 0.075).abs() < 1e-12);
    }

    #[test]
    fn a_bend_is_seen_around_the_line() {
        let bend = trend(&[(10, 100, 0.0), (60, 100, 1.0), (10, 100, 2.0)]).unwrap();
        assert!(bend.z.abs() < 1e-9);
        assert!(bend.around_line.unwrap().ln_p.p() < 1e-9);
    }

    #[test]
    fn nothing_to_see_is_none() {
        assert_eq!(trend(&[]), None);
        assert_eq!(trend(&[(3, 9, 1.0)]), None);
        assert_eq!(trend(&[(0, 9, 1.0), (0, 9, 2.0)]), None);
        assert_eq!(trend(&[(3, 9, 1.0), (4, 9, 1.0)]), None);
        let share = Proportion::new(1, 2).unwrap();
        let error = Trend::new().push(f64::NAN, share).unwrap_err();
        assert!(error.is_invalid_parameter());
    }
}
