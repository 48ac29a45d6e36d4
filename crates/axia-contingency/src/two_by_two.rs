//! The 2 x 2 table behind one cell, and its effect sizes.

use serde::{Deserialize, Serialize};

use crate::cells::grow;
use crate::error::Error;
use crate::interval::{Confidence, Interval, Proportion};
use crate::margins::Margins;

/// One cell of a larger table against all the rest: in the row or not, in the column or not.
///
/// ```
/// use axia_contingency::{Confidence, TwoByTwo};
///
/// // Aspirin and heart attacks (Agresti 2007, table 2.3): placebo 189 of 11,034, aspirin 104 of 11,037.
/// let table = TwoByTwo::from_cells(189, 10_845, 104, 10_933)?;
/// let odds = table.odds_ratio(Confidence::new(0.95)?).ok_or("undefined")?;
/// assert!((odds.value - 1.832).abs() < 0.001);
/// assert!((odds.low - 1.440).abs() < 0.001 && (odds.high - 2.331).abs() < 0.001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TwoByTwo {
    observed: u64,
    row: u64,
    col: u64,
    n: u64,
}

/// An effect size with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// An odds ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OddsRatio {
    /// The estimate.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Whether one of the four cells is 0: one half was added to each then, since the plain ratio would be 0 or infinite.
    pub zero_cell: bool,
}

impl TwoByTwo {
    /// From the count, its row's and its column's total, and the grand total.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when one of the four cells would be negative, [`Error::is_overflow`] when `n` is above
    /// 2^53.
    pub fn from_margins(
        observed: u64,
        row_total: u64,
        col_total: u64,
        n: u64,
    ) -> Result<Self, Error> {
        grow(n, 0, TOTAL)?;
        if observed > row_total || observed > col_total {
            return Err(Error::inconsistent("a cell is above its margin"));
        }
        // Without overflow: R <= N, and C - O <= N - R.
        if row_total > n || col_total - observed > n - row_total {
            return Err(Error::inconsistent("the margins are above the total"));
        }
        Ok(Self {
            observed,
            row: row_total,
            col: col_total,
            n,
        })
    }

    /// From the four cells: in row and column, in the row only, in the column only, in neither.
    ///
    /// # Errors
    /// [`Error::is_overflow`] when they sum to more than 2^53.
    pub fn from_cells(
        both: u64,
        row_only: u64,
        col_only: u64,
        neither: u64,
    ) -> Result<Self, Error> {
        let row = grow(both, row_only, TOTAL)?;
        let col = grow(both, col_only, TOTAL)?;
        let n = grow(grow(row, col_only, TOTAL)?, neither, TOTAL)?;
        Ok(Self {
            observed: both,
            row,
            col,
            n,
        })
    }

    /// The four cells: in row and column, in the row only, in the column only, in neither.
    #[must_use]
    pub fn cells(self) -> [u64; 4] {
        let row_only = self.row - self.observed;
        let col_only = self.col - self.observed;
        [
            self.observed,
            row_only,
            col_only,
            self.n - self.row - col_only,
        ]
    }

    /// Grand total.
    #[must_use]
    pub fn total(self) -> u64 {
        self.n
    }

    pub(crate) fn margins(self) -> Margins {
        Margins {
            observed: self.observed,
            row: self.row,
            col: self.col,
            n: self.n,
        }
    }

    /// Expected count of the first cell under independence; `None` when the table is empty.
    #[must_use]
    pub fn expected(self) -> Option<f64> {
        (self.n > 0).then(|| self.margins().expected())
    }

    /// The smallest of the four expected counts; `None` when the table is empty. From 5 on, the normal approximation of
    /// [`adjusted_residual`](Self::adjusted_residual) is commonly trusted.
    #[must_use]
    pub fn smallest_expected(self) -> Option<f64> {
        let smaller = Margins {
            observed: 0,
            row: self.row.min(self.n - self.row),
            col: self.col.min(self.n - self.col),
            n: self.n,
        };
        (self.n > 0).then(|| smaller.expected())
    }

    /// Adjusted residual of the first cell; its square is the table's chi-square. `None` when a line is empty.
    #[must_use]
    pub fn adjusted_residual(self) -> Option<f64> {
        self.margins().adjusted()
    }

    /// Observed over expected; `None` when the row or the column is empty.
    #[must_use]
    pub fn lift(self) -> Option<f64> {
        let met = u128::from(self.observed) * u128::from(self.n);
        let expected = u128::from(self.row) * u128::from(self.col);
        (expected > 0).then(|| met as f64 / expected as f64)
    }

    /// The column's share inside the row minus its share outside, with Newcombe's hybrid score interval; `None` when the
    /// row is empty or holds everything.
    ///
    /// # References
    /// Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    #[must_use]
    pub fn risk_difference(self, confidence: Confidence) -> Option<Estimate> {
        let inside = Proportion::new(self.observed, self.row).ok()?;
        let outside = Proportion::new(self.col - self.observed, self.n - self.row).ok()?;
        let (p, q) = (inside.value()?, outside.value()?);
        let (a, b) = (inside.wilson(confidence)?, outside.wilson(confidence)?);
        // (O N - R C) / (R (N - R)) is exact before its rounding, where p - q would cancel.
        let value = self.margins().deviation() / (self.row as f64 * (self.n - self.row) as f64);
        Some(Estimate {
            value,
            low: (value - (p - a.low).hypot(b.high - q)).max(-1.0),
            high: (value + (a.high - p).hypot(q - b.low)).min(1.0),
        })
    }

    /// The column's share inside the row over its share outside, with Katz's log interval; `None` when the row is empty or
    /// holds everything, or one of the shares is 0.
    ///
    /// # References
    /// Katz, Baptista, Azen and Pike (1978), Biometrics 34, 469-474.
    #[must_use]
    pub fn risk_ratio(self, confidence: Confidence) -> Option<Estimate> {
        let [a, _, c, _] = self.cells().map(|cell| cell as f64);
        let (inside, outside) = (self.row as f64, (self.n - self.row) as f64);
        if a <= 0.0 || c <= 0.0 {
            return None;
        }
        let value = (a * outside) / (c * inside);
        // 1/a - 1/R as one fraction: (R - a) / (a R).
        let variance = (inside - a) / (a * inside) + (outside - c) / (c * outside);
        let (low, high) = around(value, confidence.z() * variance.sqrt());
        Some(Estimate { value, low, high })
    }

    /// Odds of the column inside the row over its odds outside, with Woolf's log interval; `None` when a line is empty.
    ///
    /// When one of the four cells is 0, one half is added to each (Haldane and Anscombe) and the result is flagged; no
    /// other table is changed.
    ///
    /// # References
    /// Woolf (1955), Annals of Human Genetics 19, 251-253.
    #[must_use]
    pub fn odds_ratio(self, confidence: Confidence) -> Option<OddsRatio> {
        self.margins().adjusted()?;
        let cells = self.cells();
        let zero_cell = cells.contains(&0);
        let added = if zero_cell { 0.5 } else { 0.0 };
        let [a, b, c, d] = cells.map(|cell| cell as f64 + added);
        let value = (a * d) / (b * c);
        let error = (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
        let (low, high) = around(value, confidence.z() * error);
        Some(OddsRatio {
            value,
            low,
            high,
            zero_cell,
        })
    }
}

impl Estimate {
    /// The bounds alone.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }
}

/// An interval that is symmetric on the log scale.
fn around(value: f64, half: f64) -> (f64, f64) {
    (value * (-half).exp(), value * half.exp())
}

const TOTAL: &str = "counts of a 2 x 2 table";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_margins_are_errors() {
        for (o, r, c, n) in [
            (3, 2, 5, 9),
            (3, 5, 2, 9),
            (0, 6, 4, 9),
            (1, 10, 1, 9),
            (0, 1, u64::MAX, 9),
        ] {
            let error = TwoByTwo::from_margins(o, r, c, n).unwrap_err();
            assert!(error.is_inconsistent(), "{o} {r} {c} {n}: {error}");
        }
        assert!(
            TwoByTwo::from_margins(0, 0, 0, u64::MAX)
                .unwrap_err()
                .is_overflow()
        );
        assert!(
            TwoByTwo::from_cells(u64::MAX, 1, 1, 1)
                .unwrap_err()
                .is_overflow()
        );
    }

    #[test]
    fn undefined_effects_are_none() {
        let level = Confidence::new(0.95).unwrap();
        let everything = TwoByTwo::from_cells(3, 4, 0, 0).unwrap();
        assert_eq!(everything.risk_difference(level), None);
        assert_eq!(everything.odds_ratio(level), None);
        assert_eq!(everything.adjusted_residual(), None);
        assert!(everything.lift().is_some());
        let empty = TwoByTwo::from_cells(0, 0, 0, 0).unwrap();
        assert_eq!(empty.expected(), None);
        assert_eq!(empty.smallest_expected(), None);
        assert_eq!(empty.lift(), None);
        assert_eq!(
            TwoByTwo::from_cells(0, 4, 3, 5).unwrap().risk_ratio(level),
            None
        );
    }

    #[test]
    fn margins_and_cells_agree() {
        let table = TwoByTwo::from_margins(2, 7, 5, 30).unwrap();
        assert_eq!(table.cells(), [2, 5, 3, 20]);
        assert_eq!(table, TwoByTwo::from_cells(2, 5, 3, 20).unwrap());
    }
}
