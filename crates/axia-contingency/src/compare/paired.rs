//! The same prompts answered twice: McNemar, Bowker and Stuart-Maxwell.

use serde::{Deserialize, Serialize};

use crate::cells::grow;
use crate::error::Error;
use crate::interval::Confidence;
use crate::linear::Symmetric;
use crate::special::{Sum, ln_binomial};
use crate::table::{ChiSquareTest, Table};
use crate::tails::{LogP, chi_square_upper, normal_two_sided};
use crate::two_by_two::Estimate;

/// From this many discordant pairs on, McNemar's normal form is used by default instead of the exact one.
const NORMAL_FROM: u64 = 25;

/// McNemar's test: of the prompts where two runs differ in whether they show a value, are as many lost as gained?
///
/// ```
/// use axia_contingency::McNemar;
///
/// // Agresti (2007, table 8.1): approval of the prime minister, first and second survey.
/// let test = McNemar::new(150, 86)?;
/// assert!((test.statistic().ok_or("no pair differs")? - 17.36).abs() < 0.005);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct McNemar {
    first_only: u64,
    second_only: u64,
}

impl McNemar {
    /// From the numbers of pairs in which only the first, and only the second, has the property. Pairs in which both or
    /// neither has it say nothing about change.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above 2^53 in all.
    pub fn new(first_only: u64, second_only: u64) -> Result<Self, Error> {
        grow(first_only, second_only, "pairs that differ")?;
        Ok(Self {
            first_only,
            second_only,
        })
    }

    /// Pairs that differ.
    #[must_use]
    pub fn discordant(self) -> u64 {
        self.first_only + self.second_only
    }

    /// `(b - c)^2 / (b + c)`, chi-square with one degree of freedom; `None` when no pair differs.
    #[must_use]
    pub fn statistic(self) -> Option<f64> {
        self.signed().map(|z| z * z)
    }

    /// As [`statistic`](Self::statistic) with the continuity correction `(|b - c| - 1)^2 / (b + c)`, which R makes by
    /// default.
    #[must_use]
    pub fn statistic_continuity(self) -> Option<f64> {
        let n = self.discordant() as f64;
        let gap = self.first_only.abs_diff(self.second_only).saturating_sub(1) as f64;
        (n > 0.0).then(|| gap * gap / n)
    }

    fn signed(self) -> Option<f64> {
        let n = self.discordant() as f64;
        let gap = self.first_only.abs_diff(self.second_only) as f64;
        let sign = if self.first_only < self.second_only {
            -1.0
        } else {
            1.0
        };
        (n > 0.0).then(|| sign * gap / n.sqrt())
    }

    /// Two-sided p-value: exact below 25 pairs that differ, normal from there on. 1 when no pair differs.
    #[must_use]
    pub fn ln_p(self) -> LogP {
        if self.discordant() < NORMAL_FROM {
            return self.exact();
        }
        self.signed()
            .and_then(normal_two_sided)
            .unwrap_or(LogP::ONE)
    }

    /// Exact two-sided p-value: twice the smaller binomial tail at one half, at most 1.
    ///
    /// # Complexity
    /// Of the order of `sqrt(n)` terms.
    #[must_use]
    pub fn exact(self) -> LogP {
        let (fewer, n) = (
            self.first_only.min(self.second_only) as f64,
            self.discordant() as f64,
        );
        if n <= 0.0 {
            return LogP::ONE;
        }
        // The largest term of the tail is the one observed; from there downwards by the ratio of neighbours.
        let ln_head = if fewer > 0.0 {
            ln_binomial(fewer, n, 0.5, 0.5)
        } else {
            -n * std::f64::consts::LN_2
        };
        let (mut term, mut sum, mut k) = (1.0, 1.0, fewer);
        while k > 0.0 && term > 1e-18 * sum {
            term *= k / (n - k + 1.0);
            sum += term;
            k -= 1.0;
        }
        LogP::clamped(std::f64::consts::LN_2 + ln_head + sum.ln())
    }

    /// Odds of gaining over odds of losing the property, `b / c`, with the interval of the log; `None` when one of the two
    /// is 0.
    #[must_use]
    pub fn odds_ratio(self, confidence: Confidence) -> Option<Estimate> {
        let (b, c) = (self.first_only as f64, self.second_only as f64);
        let half = confidence.z() * (1.0 / b + 1.0 / c).sqrt();
        (b > 0.0 && c > 0.0).then(|| Estimate {
            value: b / c,
            low: b / c * (-half).exp(),
            high: b / c * half.exp(),
        })
    }
}

/// A table whose rows and columns are the same categories: what each prompt was answered with in a first and a second run.
///
/// ```
/// use axia_contingency::{SquareTable, Table};
///
/// // Response types of the same prompts from two models.
/// let table = Table::from_counts([
///     (0, 0, 120), (0, 1, 14), (0, 2, 6), (1, 0, 9), (1, 1, 80), (1, 2, 11), (2, 0, 4), (2, 1, 7), (2, 2, 49),
/// ])?;
/// let test = SquareTable::new(table).stuart_maxwell().ok_or("undefined")?;
/// assert_eq!(test.dof, 2);
/// assert!((test.statistic - 2.0874).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquareTable {
    table: Table,
}

impl SquareTable {
    /// Rows are the first answers, columns the second ones, by the same ids.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Categories that occur on either side, by id.
    fn categories(&self) -> Vec<u32> {
        let rows = self.table.rows().map(|(id, _)| id);
        let mut ids: Vec<u32> = rows.chain(self.table.cols().map(|(id, _)| id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Bowker's test of symmetry: is every move as frequent as the move back? Its degrees of freedom are all pairs of the
    /// categories that occur, as in R; pairs of categories between which nothing moved add nothing to the statistic. `None`
    /// with fewer than two categories.
    ///
    /// # References
    /// Bowker (1948), Journal of the American Statistical Association 43, 572-574.
    #[must_use]
    pub fn bowker(&self) -> Option<ChiSquareTest> {
        let mut statistic = Sum::default();
        for cell in self.table.cells() {
            let back = self.table.observed(cell.col, cell.row);
            // Each pair once: from its upper cell, or from the lower one when the upper is 0.
            if cell.row < cell.col || (cell.row > cell.col && back == 0) {
                let gap = cell.count.abs_diff(back) as f64;
                statistic.add(gap * gap / (cell.count + back) as f64);
            }
        }
        let k = self.categories().len() as u64;
        let dof = k * k.saturating_sub(1) / 2;
        let statistic = statistic.total();
        Some(ChiSquareTest {
            statistic,
            dof,
            ln_p: chi_square_upper(statistic, dof)?,
        })
    }

    /// Stuart and Maxwell's test of marginal homogeneity: does each category take the same share on both sides? Categories
    /// whose net flow cannot vary lower the degrees of freedom. `None` when nothing moved.
    ///
    /// # Complexity
    /// The cube of the number of categories.
    ///
    /// # References
    /// Stuart (1955), Biometrika 42, 412-416; Maxwell (1970), British Journal of Psychiatry 116, 651-655.
    #[must_use]
    pub fn stuart_maxwell(&self) -> Option<ChiSquareTest> {
        let ids = self.categories();
        // The last net flow follows from the others.
        let (_, ids) = ids.split_last()?;
        let net = |id: u32| self.table.row_total(id) as f64 - self.table.col_total(id) as f64;
        let flows: Vec<f64> = ids.iter().map(|&id| net(id)).collect();
        let mut covariance = Symmetric::zeros(ids.len());
        for (i, &a) in ids.iter().enumerate() {
            for (j, &b) in ids.iter().enumerate() {
                let value = if i == j {
                    let stay = self.table.observed(a, a);
                    (self.table.row_total(a) - stay + self.table.col_total(a) - stay) as f64
                } else {
                    -((self.table.observed(a, b) + self.table.observed(b, a)) as f64)
                };
                covariance.add(i, j, value);
            }
        }
        let form = covariance.quadratic(&flows);
        let dof = form.rank as u64;
        Some(ChiSquareTest {
            statistic: form.value,
            dof,
            ln_p: chi_square_upper(form.value, dof)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_change_is_no_evidence() {
        let none = McNemar::new(0, 0).unwrap();
        assert_eq!(none.statistic(), None);
        assert_eq!(none.ln_p(), LogP::ONE);
        assert_eq!(McNemar::new(4, 4).unwrap().exact(), LogP::ONE);
        assert!(McNemar::new(u64::MAX, 1).unwrap_err().is_overflow());
        assert_eq!(
            SquareTable::new(Table::from_counts([]).unwrap()).bowker(),
            None
        );
        let stay = Table::from_counts([(0, 0, 5), (1, 1, 7)]).unwrap();
        assert_eq!(SquareTable::new(stay).stuart_maxwell(), None);
    }

    #[test]
    fn exact_is_the_binomial_tail() {
        // 2 (1 + 10 + 45) / 2^10.
        let p = McNemar::new(8, 2).unwrap().exact().p();
        assert!((p - 112.0 / 1024.0).abs() < 1e-15);
        let p = McNemar::new(0, 7).unwrap().ln_p().p();
        assert!((p - 2.0 / 128.0).abs() < 1e-15);
        // Far below the range of doubles, and still right: near ln 2 - n ln 2.
        let far = McNemar::new(0, 5000).unwrap().exact().ln();
        assert!((far + 4999.0 * std::f64::consts::LN_2).abs() < 1e-9);
    }

    #[test]
    fn two_categories_are_mcnemar() {
        let table = Table::from_counts([(0, 0, 794), (0, 1, 150), (1, 0, 86), (1, 1, 570)]);
        let square = SquareTable::new(table.unwrap());
        let statistic = McNemar::new(150, 86).unwrap().statistic().unwrap();
        assert!((square.bowker().unwrap().statistic - statistic).abs() < 1e-12);
        assert!((square.stuart_maxwell().unwrap().statistic - statistic).abs() < 1e-12);
    }
}
