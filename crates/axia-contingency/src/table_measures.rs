//! Measures and tests of a whole table beside Pearson's chi-square: G, power divergence, and coefficients of association.

use crate::margins::Margins;
use crate::special::{Sum, deviance_of};
use crate::table::{ChiSquareTest, Table};
use crate::tails::chi_square_upper;

impl Table {
    /// The likelihood-ratio test of independence, `G = 2 sum O ln(O / E)`; `None` with fewer than two non-empty rows or
    /// columns.
    ///
    /// Each cell adds its deviance `O ln(O/E) - (O - E)`, which is never negative, from the exact difference `O - E`; zero
    /// cells add `E`, exactly. So nothing cancels, where the textbook's sum loses half of its digits in large tables. The
    /// warning of [`chi_square`](Self::chi_square) about dependent counts holds here too.
    ///
    /// ```
    /// use axia_contingency::Table;
    ///
    /// let table = Table::from_counts([(0, 0, 509), (0, 1, 116), (1, 0, 398), (1, 1, 104)])?;
    /// let g = table.g_test().ok_or("undefined")?;
    /// assert!((g.statistic - 0.8224158).abs() < 1e-7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn g_test(&self) -> Option<ChiSquareTest> {
        self.sum_of(
            |margins| {
                let off = margins.deviation() / margins.n as f64;
                2.0 * deviance_of(margins.observed as f64, margins.expected(), off)
            },
            2.0,
        )
    }

    /// The power-divergence test of Cressie and Read, `2 / (λ(λ+1)) sum O [(O/E)^λ - 1]`.
    ///
    /// λ = 1 is Pearson's, 2/3 Cressie and Read's, 0 G, -1/2 Freeman and Tukey's, -1 the modified G, -2 Neyman's. `None` with
    /// fewer than two non-empty rows or columns, for a λ that is not finite, and where the statistic is infinite: at λ of -1
    /// and below as soon as one cell is zero.
    ///
    /// # References
    /// Cressie and Read (1984), Journal of the Royal Statistical Society B 46, 440-464.
    #[must_use]
    pub fn power_divergence(&self, lambda: f64) -> Option<ChiSquareTest> {
        if !lambda.is_finite() {
            return None;
        }
        if lambda == 0.0 {
            return self.g_test();
        }
        if lambda <= -1.0 && (self.cells().len() as u64) < self.grid() {
            return None;
        }
        let of_zero = 2.0 / (lambda + 1.0);
        self.sum_of(|margins| divergence(margins, lambda), of_zero)
    }

    /// Tschuprow's T, in `0..=1`: chi-square against the geometric mean of the numbers of rows and columns; 1 only in square
    /// tables. `None` with fewer than two non-empty rows or columns.
    #[must_use]
    pub fn tschuprow_t(&self) -> Option<f64> {
        let test = self.chi_square()?;
        let phi2 = test.statistic / self.total() as f64;
        Some((phi2 / (test.dof as f64).sqrt()).sqrt().min(1.0))
    }

    /// Pearson's contingency coefficient `C = sqrt(X² / (X² + N))`, below 1. `None` with fewer than two non-empty rows or
    /// columns.
    #[must_use]
    pub fn contingency_coefficient(&self) -> Option<f64> {
        let statistic = self.chi_square()?.statistic;
        Some((statistic / (statistic + self.total() as f64)).sqrt())
    }

    /// Mutual information of row and column in nats, `G / (2 N)`. It is above 0 on average when nothing is associated, by
    /// about `dof / (2 N)` (Miller and Madow). `None` with fewer than two non-empty rows or columns.
    #[must_use]
    pub fn mutual_information(&self) -> Option<f64> {
        Some(0.5 * self.g_test()?.statistic / self.total() as f64)
    }

    /// Cells between non-empty lines.
    fn grid(&self) -> u64 {
        self.n_rows() as u64 * self.n_cols() as u64
    }

    /// A statistic that adds up over the cells, with `of_zero` times the expected count for a zero cell.
    fn sum_of(&self, of_cell: impl Fn(Margins) -> f64, of_zero: f64) -> Option<ChiSquareTest> {
        let dof = self.dof()?;
        let mut statistic = Sum::default();
        // Sum over rows of R_i times the column totals of the row's zero cells; at most N^2, so it fits.
        let mut zeros: u128 = 0;
        for (row, row_total, cells) in self.lines() {
            let mut line = Sum::default();
            let mut covered = 0;
            for cell in cells {
                debug_assert_eq!(cell.row, row);
                let col = self.col_total(cell.col);
                covered += col;
                line.add(of_cell(Margins {
                    observed: cell.count,
                    row: row_total,
                    col,
                    n: self.total(),
                }));
            }
            zeros += u128::from(row_total) * u128::from(self.total() - covered);
            statistic.add(line.total());
        }
        if zeros > 0 {
            statistic.add(of_zero * (zeros as f64 / self.total() as f64));
        }
        let statistic = statistic.total().max(0.0);
        Some(ChiSquareTest {
            statistic,
            dof,
            ln_p: chi_square_upper(statistic, dof)?,
        })
    }
}

/// What a non-zero cell adds: `E` times `2 / (λ(λ+1)) [t^(λ+1) - 1 - (λ+1)(t - 1)]` at `t = O / E`, which is the definition
/// with a term that sums to 0, and never negative.
fn divergence(margins: Margins, lambda: f64) -> f64 {
    let expected = margins.expected();
    let off = margins.deviation() / margins.n as f64;
    let observed = margins.observed as f64;
    if (lambda + 1.0).abs() < f64::EPSILON {
        // The limit: the deviance the other way round.
        return 2.0 * deviance_of(expected, observed, -off);
    }
    let w = off / expected;
    let order = lambda + 1.0;
    if w.abs() >= 0.1 {
        let power = (order * w.ln_1p()).exp_m1() - order * w;
        return expected * 2.0 / (lambda * order) * power;
    }
    // Binomial series: w^2 [1 + (λ-1)/3 w + (λ-1)(λ-2)/12 w^2 + ...].
    let (mut term, mut sum) = (1.0_f64, 1.0);
    for k in 2..40 {
        let k = f64::from(k);
        term *= (order - k) / (k + 1.0) * w;
        sum += term;
        if term.abs() < 1e-17 {
            break;
        }
    }
    off * w * sum
}
