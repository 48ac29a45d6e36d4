//! One 2 × 2 table per stratum: common odds ratio, risk ratio and risk difference, and the Cochran-Mantel-Haenszel test.

use serde::{Deserialize, Serialize};

use crate::cells::grow;
use crate::error::Error;
use crate::interval::Confidence;
use crate::special::Sum;
use crate::tails::{LogP, normal_two_sided};
use crate::two_by_two::{Estimate, TwoByTwo};

/// The same 2 × 2 table in each of several strata.
///
/// An association in the whole may come from a third facet (a model version, a language, a task): then it is weaker, absent or
/// turned round within the strata. Everything here compares like with like, inside each stratum, and adds up.
///
/// Strata in which a row or a column is empty say nothing about the association and take no part; empty ones do not exist.
/// No continuity correction is made unless it is asked for, and nothing is added to zero cells.
///
/// ```
/// use axia_contingency::{Confidence, StratifiedTwoByTwo, TwoByTwo};
///
/// // Within each of two strata the odds are 2.25 times as high in the first row, and yet the sum shows the contrary.
/// let strata = StratifiedTwoByTwo::new([
///     TwoByTwo::from_cells(90, 10, 800, 200)?,
///     TwoByTwo::from_cells(200, 800, 10, 90)?,
/// ])?;
/// let odds = strata.odds_ratio(Confidence::new(0.95)?).ok_or("undefined")?;
/// assert!((odds.value - 2.25).abs() < 1e-12);
/// let reversal = strata.reversal().ok_or("undefined")?;
/// assert!(reversal.reversed && reversal.crude_z < 0.0 && reversal.stratified_z > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719-748.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratifiedTwoByTwo {
    strata: Vec<TwoByTwo>,
    crude: TwoByTwo,
}

/// The Cochran-Mantel-Haenszel test of no association in any stratum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CmhTest {
    /// Signed root of the statistic: positive when the pair meets more often than expected within the strata.
    pub z: f64,
    /// The statistic, chi-square with one degree of freedom.
    pub statistic: f64,
    /// Its upper tail.
    pub ln_p: LogP,
    /// Observed minus expected, summed over the strata.
    pub excess: f64,
    /// Variance of that sum, all margins given.
    pub variance: f64,
}

/// The association in the sum of the strata beside the one within them (Simpson's paradox when their signs differ).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reversal {
    /// Adjusted residual of the sum of all strata.
    pub crude_z: f64,
    /// Signed Cochran-Mantel-Haenszel deviate.
    pub stratified_z: f64,
    /// Whether the two have opposite signs.
    pub reversed: bool,
    /// Whether they have opposite signs and each is beyond 1.96, so that neither is likely to be chance.
    pub reversed_clearly: bool,
}

/// One stratum in doubles: cells, row totals, column totals and total.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stratum {
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) c: f64,
    pub(crate) d: f64,
    pub(crate) row: f64,
    pub(crate) other_row: f64,
    pub(crate) col: f64,
    pub(crate) other_col: f64,
    pub(crate) n: f64,
}

impl Stratum {
    fn of(table: TwoByTwo) -> Self {
        let [a, b, c, d] = table.cells().map(|cell| cell as f64);
        // Sums of counts below 2^53 are exact.
        Self {
            a,
            b,
            c,
            d,
            row: a + b,
            other_row: c + d,
            col: a + c,
            other_col: b + d,
            n: a + b + c + d,
        }
    }

    /// Whether all four margins have counts.
    pub(crate) fn informative(self) -> bool {
        self.row
            .min(self.other_row)
            .min(self.col)
            .min(self.other_col)
            > 0.0
    }
}

impl StratifiedTwoByTwo {
    /// From the strata's tables, in any order; tables without counts are left out.
    ///
    /// # Errors
    /// [`Error::is_overflow`] when they sum to more than 2^53.
    pub fn new(strata: impl IntoIterator<Item = TwoByTwo>) -> Result<Self, Error> {
        let strata: Vec<TwoByTwo> = strata
            .into_iter()
            .filter(|table| table.cells() != [0; 4])
            .collect();
        let mut sums = [0_u64; 4];
        for table in &strata {
            for (sum, cell) in sums.iter_mut().zip(table.cells()) {
                *sum = grow(*sum, cell, "counts of a stratified 2 x 2 table")?;
            }
        }
        let crude = TwoByTwo::from_cells(sums[0], sums[1], sums[2], sums[3])?;
        Ok(Self { strata, crude })
    }

    /// The strata that have counts.
    #[must_use]
    pub fn strata(&self) -> &[TwoByTwo] {
        &self.strata
    }

    /// The sum of all strata: the table as it looks without them.
    #[must_use]
    pub fn crude(&self) -> TwoByTwo {
        self.crude
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = Stratum> + '_ {
        self.strata.iter().copied().map(Stratum::of)
    }

    /// Number of strata with counts in both rows and both columns: those that say something.
    #[must_use]
    pub fn informative(&self) -> usize {
        self.each().filter(|stratum| stratum.informative()).count()
    }

    /// Excess and variance, or `None` when no stratum says anything.
    fn score(&self) -> Option<(f64, f64)> {
        let (mut excess, mut variance) = (Sum::default(), Sum::default());
        for (table, s) in self.strata.iter().zip(self.each()) {
            if s.informative() {
                excess.add(deviation(*table) / s.n);
                variance
                    .add(s.row / s.n * (s.other_row / s.n) * (s.col * s.other_col / (s.n - 1.0)));
            }
        }
        (variance.total() > 0.0).then(|| (excess.total(), variance.total()))
    }

    /// The test of no association in any stratum: sum of observed minus expected over its standard deviation with all
    /// margins given. Valid with many thin strata too. `None` when no stratum has counts in all four margins.
    #[must_use]
    pub fn cmh(&self) -> Option<CmhTest> {
        self.cmh_corrected(0.0)
    }

    /// As [`cmh`](Self::cmh), with one half taken off the excess (at most the excess itself), as R does by default.
    #[must_use]
    pub fn cmh_continuity(&self) -> Option<CmhTest> {
        self.cmh_corrected(0.5)
    }

    fn cmh_corrected(&self, correction: f64) -> Option<CmhTest> {
        let (excess, variance) = self.score()?;
        let size = (excess.abs() - correction).max(0.0);
        let z = size.copysign(excess) / variance.sqrt();
        Some(CmhTest {
            z,
            statistic: size * size / variance,
            ln_p: normal_two_sided(z)?,
            excess,
            variance,
        })
    }

    /// Mantel and Haenszel's common odds ratio, with the interval of Robins, Breslow and Greenland on the log scale. Right
    /// with few large strata and with many thin ones. `None` when it would be 0, infinite or undefined.
    ///
    /// # References
    /// Robins, Breslow and Greenland (1986), Biometrics 42, 311-323.
    #[must_use]
    pub fn odds_ratio(&self, confidence: Confidence) -> Option<Estimate> {
        let sums: [f64; 5] = self.sums(|s| {
            let (r, t) = (s.a * s.d / s.n, s.b * s.c / s.n);
            let (p, q) = ((s.a + s.d) / s.n, (s.b + s.c) / s.n);
            [r, t, p * r, p * t + q * r, q * t]
        });
        let [r, t, pr, mixed, qt] = sums;
        if r <= 0.0 || t <= 0.0 {
            return None;
        }
        let variance = pr / (2.0 * r * r) + mixed / (2.0 * r * t) + qt / (2.0 * t * t);
        Some(around_log(r / t, confidence.z() * variance.sqrt()))
    }

    /// Mantel and Haenszel's common risk ratio (the column's share in the row over its share in the other row), with
    /// Greenland and Robins's interval on the log scale. `None` when it would be 0, infinite or undefined.
    ///
    /// # References
    /// Greenland and Robins (1985), Biometrics 41, 55-68.
    #[must_use]
    pub fn risk_ratio(&self, confidence: Confidence) -> Option<Estimate> {
        let [r, t, variance] = self.sums(|s| {
            [
                s.a * s.other_row / s.n,
                s.c * s.row / s.n,
                // R1 R2 C1 - a c n, without its cancelling parts.
                (s.a * s.d * s.row + s.b * s.c * s.other_row) / (s.n * s.n),
            ]
        });
        if r <= 0.0 || t <= 0.0 {
            return None;
        }
        Some(around_log(
            r / t,
            confidence.z() * (variance / (r * t)).sqrt(),
        ))
    }

    /// Mantel and Haenszel's common risk difference (share of the column in the row minus its share in the other row), with
    /// Sato's interval, cut at -1 and 1. Right with few large strata and with many thin ones. `None` when no stratum has
    /// both rows.
    ///
    /// # References
    /// Sato, Greenland and Robins (1989), Biometrics 45, 1323-1324.
    #[must_use]
    pub fn risk_difference(&self, confidence: Confidence) -> Option<Estimate> {
        let (value, error) = self.difference_with_error()?;
        let half = confidence.z() * error;
        Some(Estimate {
            value,
            low: (value - half).max(-1.0),
            high: (value + half).min(1.0),
        })
    }

    /// The common risk difference and its standard error.
    pub(crate) fn difference_with_error(&self) -> Option<(f64, f64)> {
        let mut excess = Sum::default();
        for (table, s) in self.strata.iter().zip(self.each()) {
            if s.row > 0.0 && s.other_row > 0.0 {
                excess.add(deviation(*table) / s.n);
            }
        }
        let [weight, p, q] = self.sums(|s| {
            if s.row <= 0.0 || s.other_row <= 0.0 {
                return [0.0; 3];
            }
            let (u, v) = (s.row / s.n, s.other_row / s.n);
            [
                u * s.other_row,
                s.c * u * u - s.a * v * v + u * v * (s.other_row - s.row) / 2.0,
                (s.a * s.d + s.c * s.b) / (2.0 * s.n),
            ]
        });
        if weight <= 0.0 {
            return None;
        }
        let value = excess.total() / weight;
        let variance = (value * p + q) / (weight * weight);
        Some((value, variance.max(0.0).sqrt()))
    }

    /// The association in the sum beside the one within the strata; `None` when one of them is undefined.
    #[must_use]
    pub fn reversal(&self) -> Option<Reversal> {
        let crude_z = self.crude.adjusted_residual()?;
        let stratified_z = self.cmh()?.z;
        let reversed = crude_z * stratified_z < 0.0;
        Some(Reversal {
            crude_z,
            stratified_z,
            reversed,
            reversed_clearly: reversed && crude_z.abs().min(stratified_z.abs()) > 1.96,
        })
    }

    /// Sums of several terms over the strata.
    pub(crate) fn sums<const N: usize>(&self, terms: impl Fn(Stratum) -> [f64; N]) -> [f64; N] {
        let mut sums = [Sum::default(); N];
        for stratum in self.each() {
            for (sum, term) in sums.iter_mut().zip(terms(stratum)) {
                sum.add(term);
            }
        }
        sums.map(Sum::total)
    }
}

/// `a d - b c`, exact before its one rounding.
fn deviation(table: TwoByTwo) -> f64 {
    let [a, b, c, d] = table.cells().map(i128::from);
    (a * d - b * c) as f64
}

/// An estimate whose interval is symmetric on the log scale.
pub(crate) fn around_log(value: f64, half: f64) -> Estimate {
    Estimate {
        value,
        low: value * (-half).exp(),
        high: value * half.exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strata(tables: &[[u64; 4]]) -> StratifiedTwoByTwo {
        let tables = tables
            .iter()
            .map(|&[a, b, c, d]| TwoByTwo::from_cells(a, b, c, d).unwrap());
        StratifiedTwoByTwo::new(tables).unwrap()
    }

    #[test]
    fn one_stratum_is_the_plain_table() {
        let one = strata(&[[12, 30, 5, 60]]);
        let table = one.crude();
        let level = Confidence::new(0.95).unwrap();
        let odds = one.odds_ratio(level).unwrap();
        let woolf = table.odds_ratio(level).unwrap();
        assert!((odds.value - woolf.value).abs() < 1e-12);
        let (mh, katz) = (
            one.risk_ratio(level).unwrap(),
            table.risk_ratio(level).unwrap(),
        );
        assert!((mh.value - katz.value).abs() < 1e-12);
        assert!((mh.low - katz.low).abs() < 1e-12, "{mh:?} {katz:?}");
        let difference = one.risk_difference(level).unwrap();
        assert!((difference.value - table.risk_difference(level).unwrap().value).abs() < 1e-14);
        // z^2 = chi2 (n - 1) / n.
        let z = table.adjusted_residual().unwrap() * (106.0_f64 / 107.0).sqrt();
        assert!((one.cmh().unwrap().z - z).abs() < 1e-12);
    }

    #[test]
    fn strata_that_say_nothing_change_nothing() {
        let (some, more) = (
            strata(&[[3, 9, 8, 2]]),
            strata(&[[0, 0, 0, 0], [3, 9, 8, 2], [0, 0, 5, 6], [4, 0, 2, 0]]),
        );
        assert_eq!(more.strata().len(), 3);
        assert_eq!(more.informative(), 1);
        assert_eq!(some.cmh(), more.cmh());
        let level = Confidence::new(0.9).unwrap();
        assert_eq!(some.odds_ratio(level), more.odds_ratio(level));
    }

    #[test]
    fn nothing_to_compare_is_none() {
        let level = Confidence::new(0.95).unwrap();
        for empty in [strata(&[]), strata(&[[0, 0, 3, 4], [2, 1, 0, 0]])] {
            assert_eq!(empty.cmh(), None);
            assert_eq!(empty.odds_ratio(level), None);
            assert_eq!(empty.risk_ratio(level), None);
            assert_eq!(empty.risk_difference(level), None);
            assert_eq!(empty.reversal(), None);
        }
        assert_eq!(strata(&[[4, 0, 0, 3]]).odds_ratio(level), None);
    }

    #[test]
    fn too_many_counts_are_an_error() {
        let big = TwoByTwo::from_cells(1 << 52, 0, 0, 1 << 51).unwrap();
        assert!(
            StratifiedTwoByTwo::new([big, big])
                .unwrap_err()
                .is_overflow()
        );
    }
}
