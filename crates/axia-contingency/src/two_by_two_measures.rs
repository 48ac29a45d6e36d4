//! Further measures and tests of the 2 x 2 table: coefficients, information, other intervals, corrected and exact tests.

use crate::exact::{ExactMethod, Hypergeometric};
use crate::interval::Confidence;
use crate::tails::{LogP, chi_square_upper};
use crate::two_by_two::{Estimate, TwoByTwo};

impl TwoByTwo {
    /// The phi coefficient, the correlation of row and column, in `-1..=1`; `None` when a line is empty.
    #[must_use]
    pub fn phi(self) -> Option<f64> {
        let n = self.total() as f64;
        Some((self.adjusted_residual()? / n.sqrt()).clamp(-1.0, 1.0))
    }

    /// Yule's Q, `(ad - bc) / (ad + bc)`, in `-1..=1`: the odds ratio on a bounded scale. `None` when a line is empty.
    #[must_use]
    pub fn yule_q(self) -> Option<f64> {
        self.adjusted_residual()?;
        let [a, b, c, d] = self.cells().map(u128::from);
        let (with, against) = (a * d, b * c);
        let difference = if with >= against {
            (with - against) as f64
        } else {
            -((against - with) as f64)
        };
        Some(difference / (with as f64 + against as f64))
    }

    /// Pointwise mutual information in bits, `log2(lift)`. `None` when the row or the column is empty, or when they never met
    /// (minus infinity then).
    #[must_use]
    pub fn pmi(self) -> Option<f64> {
        self.lift().filter(|&lift| lift > 0.0).map(f64::log2)
    }

    /// Normalized pointwise mutual information, `ln(lift) / -ln(O / N)`, in `-1..=1`: 0 without association, 1 when the two
    /// occur only together, -1 when they never meet. `None` when the row or the column is empty, and when all is in one cell.
    ///
    /// # References
    /// Bouma (2009), Normalized (pointwise) mutual information in collocation extraction, GSCL.
    #[must_use]
    pub fn npmi(self) -> Option<f64> {
        let lift = self.lift()?;
        let observed = self.cells().first().copied().unwrap_or(0);
        if observed == 0 {
            return Some(-1.0);
        }
        if observed == self.total() {
            return None;
        }
        let information = -(observed as f64 / self.total() as f64).ln();
        Some((lift.ln() / information).clamp(-1.0, 1.0))
    }

    /// Pearson's chi-square with Yates's continuity correction; never applied unless asked for here. The correction is at
    /// most `|O - E|`, as in R. `None` when a line is empty.
    #[must_use]
    pub fn yates(self) -> Option<(f64, LogP)> {
        let residual = self.adjusted_residual()?;
        let [a, b, c, d] = self.cells().map(u128::from);
        // |ad - bc| - N/2, in halves.
        let product = 2 * (a * d).abs_diff(b * c);
        let corrected = product.saturating_sub(u128::from(self.total()));
        let share = if product > 0 {
            corrected as f64 / product as f64
        } else {
            0.0
        };
        let statistic = (residual * share) * (residual * share);
        Some((statistic, chi_square_upper(statistic, 1)?))
    }

    /// Exact two-sided p-value of the first cell given the margins (Fisher). `None` when the table is too large for the sums
    /// (see [`Hypergeometric::two_sided`]).
    ///
    /// ```
    /// use axia_contingency::{ExactMethod, TwoByTwo};
    ///
    /// // One meeting of a value that occurs 46 times and a task of 60 among 308,210 conversations.
    /// let pair = TwoByTwo::from_margins(1, 60, 46, 308_210)?;
    /// assert!(pair.adjusted_residual().ok_or("undefined")? > 10.0);
    /// let p = pair.exact(ExactMethod::Central).ok_or("too large")?.p();
    /// assert!((p - 0.0178).abs() < 0.0001);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn exact(self, method: ExactMethod) -> Option<LogP> {
        let observed = self.cells().first().copied()?;
        self.hypergeometric()?.two_sided(observed, method)
    }

    /// The distribution of the first cell given the margins.
    #[must_use]
    pub fn hypergeometric(self) -> Option<Hypergeometric> {
        let [a, b, c, _] = self.cells();
        Hypergeometric::new(a + b, a + c, self.total()).ok()
    }

    /// The column's share inside the row minus its share outside, with Wald's interval: the textbook's, too narrow for small
    /// counts. For comparison; use [`risk_difference`](Self::risk_difference). `None` when the row is empty or holds
    /// everything.
    #[must_use]
    pub fn risk_difference_wald(self, confidence: Confidence) -> Option<Estimate> {
        let [a, b, c, d] = self.cells().map(|cell| cell as f64);
        let value = self.risk_difference(confidence)?.value;
        let (inside, outside) = (a + b, c + d);
        let variance = a * b / (inside * inside * inside) + c * d / (outside * outside * outside);
        Some(symmetric(value, confidence.z() * variance.sqrt()))
    }

    /// The same difference with Agresti and Caffo's interval: Wald's with one success and one failure added to each side.
    /// The value is the plain difference. `None` when the row is empty or holds everything.
    ///
    /// # References
    /// Agresti and Caffo (2000), The American Statistician 54, 280-288.
    #[must_use]
    pub fn risk_difference_agresti_caffo(self, confidence: Confidence) -> Option<Estimate> {
        let [a, b, c, d] = self.cells().map(|cell| cell as f64 + 1.0);
        let value = self.risk_difference(confidence)?.value;
        let (inside, outside) = (a + b, c + d);
        let centre = a / inside - c / outside;
        let variance = a * b / (inside * inside * inside) + c * d / (outside * outside * outside);
        let around = symmetric(centre, confidence.z() * variance.sqrt());
        Some(Estimate { value, ..around })
    }

    /// Natural logarithm of the odds ratio and its standard error; `None` when one of the four cells is 0.
    #[must_use]
    pub fn log_odds_ratio(self) -> Option<(f64, f64)> {
        let cells = self.cells();
        if cells.contains(&0) {
            return None;
        }
        let [a, b, c, d] = cells.map(|cell| cell as f64);
        let error = (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
        Some((((a * d) / (b * c)).ln(), error))
    }
}

fn symmetric(value: f64, half: f64) -> Estimate {
    Estimate {
        value,
        low: value - half,
        high: value + half,
    }
}
