//! The arithmetic that every residual here shares.

/// Up to this total (the root of 2^53) the products `O N` and `R C` are exact as doubles, and so is their difference.
pub(crate) const EXACT_PRODUCTS: u64 = 94_906_265;

/// A count between its margins, all at most 2^53; the arithmetic that every residual here shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margins {
    pub(crate) observed: u64,
    pub(crate) row: u64,
    pub(crate) col: u64,
    pub(crate) n: u64,
}

impl Margins {
    pub(crate) fn expected(self) -> f64 {
        (u128::from(self.row) * u128::from(self.col)) as f64 / self.n as f64
    }

    /// `O N - R C`, exact before its one rounding: with doubles, `O - E` would lose a weak association in large counts.
    pub(crate) fn deviation(self) -> f64 {
        let met = i128::from(self.observed) * i128::from(self.n);
        let expected = i128::from(self.row) * i128::from(self.col);
        (met - expected) as f64
    }

    pub(crate) fn pearson(self) -> f64 {
        let (r, c, n) = (self.row as f64, self.col as f64, self.n as f64);
        self.deviation() / (r * c * n).sqrt()
    }

    /// `None` when a line is empty or holds everything.
    pub(crate) fn adjusted(self) -> Option<f64> {
        // As a product of doubles: R C (N-R)(N-C) passes 2^128 in integers.
        let spread = self.row as f64
            * self.col as f64
            * (self.n - self.row) as f64
            * (self.n - self.col) as f64;
        (spread > 0.0).then(|| self.deviation() / (spread / self.n as f64).sqrt())
    }
}
