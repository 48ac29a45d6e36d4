//! A pair's p-value as a function of how often it meets, the margins given: what permutations leave as it is.

use super::min_p::Cache;
use crate::conversations::{Conversations, Facet, Postings};
use crate::error::Error;
use crate::exact::Hypergeometric;
use crate::margins::Margins;
use crate::params::{AssociationScan, Exact};
use crate::special::{LN_SQRT_2PI, Sum, deviance, stirling_error};
use crate::strata::{Lines, Strata, StratifyBy};
use crate::tails::normal_two_sided;

/// A pair that never meets is as expected when less than this is: its p-value is 1.
const NOT_EXPECTED: f64 = 0.5;

/// From this expected count on, the normal tail of the stratified deviate is used.
const ENOUGH: f64 = 5.0;

/// The p-value of a pair by its count.
pub(crate) struct Statistic<'a> {
    scan: &'a AssociationScan,
    all: &'a Conversations,
    cols: &'a Facet,
    by_row: Postings,
    row_totals: Vec<u64>,
    col_totals: Vec<u64>,
    /// Columns with their totals, the most frequent first.
    widest: Vec<(u64, u32)>,
    within: Option<Within>,
    tests: u64,
}

struct Within {
    strata: Strata,
    rows: Lines,
    cols: Lines,
}

impl<'a> Statistic<'a> {
    pub(crate) fn new(
        scan: &'a AssociationScan,
        all: &'a Conversations,
        (row_facet, col_facet): (usize, usize),
        within: Option<StratifyBy>,
    ) -> Result<Self, Error> {
        let rows = all.require_facet(row_facet)?;
        let cols = all.require_facet(col_facet)?;
        let within = match within {
            Some(by) => {
                let strata = Strata::of(all, row_facet, col_facet, by)?;
                Some(Within {
                    rows: strata.lines(rows),
                    cols: strata.lines(cols),
                    strata,
                })
            }
            None => None,
        };
        let (row_totals, col_totals) = (rows.totals(), cols.totals());
        let mut widest: Vec<(u64, u32)> = col_totals.iter().copied().zip(0..).collect();
        widest.retain(|&(total, _)| total > 0);
        widest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut statistic = Self {
            scan,
            all,
            cols,
            by_row: rows.postings(),
            row_totals,
            col_totals,
            widest,
            within,
            tests: 0,
        };
        let mut tests = 0;
        for row in 0..statistic.row_totals.len() as u32 {
            let tested = |&&(_, col): &&(u64, u32)| statistic.is_test(row, col);
            tests += statistic.widest.iter().filter(tested).count() as u64;
        }
        statistic.tests = tests;
        Ok(statistic)
    }

    /// Number of pairs in the family.
    pub(crate) fn tests(&self) -> u64 {
        self.tests
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn cols(&self) -> &Facet {
        self.cols
    }

    pub(crate) fn by_row(&self) -> &Postings {
        &self.by_row
    }

    /// A name for the stratum of a conversation; one that is alone in its stratum has its own.
    pub(crate) fn stratum(&self, index: usize) -> u64 {
        match &self.within {
            None => 0,
            Some(within) => match within.strata.place(index) {
                Some(place) => place as u64,
                None => (1 << 32) + index as u64,
            },
        }
    }

    /// Whether a conversation enters the counts: not when it is alone in its stratum.
    pub(crate) fn informative(&self, index: usize) -> bool {
        let within = self.within.as_ref();
        within.is_none_or(|within| within.strata.place(index).is_some())
    }

    fn margins(&self, row: u32, col: u32, observed: u64) -> Margins {
        let total = |of: &[u64], at: u32| of.get(at as usize).copied().unwrap_or(0);
        Margins {
            observed,
            row: total(&self.row_totals, row),
            col: total(&self.col_totals, col),
            n: self.all.len() as u64,
        }
    }

    /// Expected count and variance within the strata.
    fn moments(&self, within: &Within, row: u32, col: u32) -> (f64, f64) {
        let (mut expected, mut variance) = (Sum::default(), Sum::default());
        let mut of_row = within.rows.of(row).iter().peekable();
        for &(stratum, c) in within.cols.of(col) {
            while of_row.next_if(|&&(other, _)| other < stratum).is_some() {}
            let Some(&&(_, r)) = of_row.peek().filter(|&&&(other, _)| other == stratum) else {
                continue;
            };
            let n = within.strata.size(stratum) as f64;
            let (r, c) = (f64::from(r), f64::from(c));
            expected.add(r * c / n);
            variance.add(r * (n - r) / n * (c * (n - c) / (n * (n - 1.0))));
        }
        (expected.total(), variance.total())
    }

    pub(crate) fn expected(&self, row: u32, col: u32) -> f64 {
        match &self.within {
            None => self.margins(row, col, 0).expected(),
            Some(within) => self.moments(within, row, col).0,
        }
    }

    /// The smallest of the four expected counts of the pair's table.
    fn smallest_expected(margins: Margins) -> f64 {
        let smaller = Margins {
            row: margins.row.min(margins.n - margins.row),
            col: margins.col.min(margins.n - margins.col),
            ..margins
        };
        smaller.expected()
    }

    /// Whether a pair belongs to the family, by its margins.
    fn is_test(&self, row: u32, col: u32) -> bool {
        let margins = self.margins(row, col, 0);
        if margins.row.min(margins.col) < self.scan.min_total()
            || margins.row.max(margins.col) >= margins.n
            || margins.row.min(margins.col) == 0
        {
            return false;
        }
        let never = self.scan.exact() == Exact::Never;
        match &self.within {
            None => {
                margins.expected() >= self.scan.min_expected()
                    && !(never
                        && Self::smallest_expected(margins) < self.scan.min_expected_normal())
            }
            Some(within) => {
                let (expected, variance) = self.moments(within, row, col);
                variance > 1e-12 * expected
                    && expected >= self.scan.min_expected()
                    && !(never && expected < self.scan.min_expected_normal())
            }
        }
    }

    /// The columns that should have met a row in so many conversations that not meeting it says something.
    pub(crate) fn expected_cols(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let crude = self.within.is_none();
        let enough = move |&(_, col): &(u64, u32)| self.expected(row, col) >= NOT_EXPECTED;
        // Without strata the expected counts fall with the columns' totals.
        let to = if crude {
            self.widest.partition_point(enough)
        } else {
            self.widest.len()
        };
        self.widest[..to]
            .iter()
            .filter(move |col| crude || enough(col))
            .map(|&(_, col)| col)
    }

    /// ln of the p-value of a count; `None` for a pair that is no test.
    pub(crate) fn ln_p(&self, cache: &mut Cache, row: u32, col: u32, count: u64) -> Option<f64> {
        let margins = self.margins(row, col, count);
        let key = match &self.within {
            // Pairs with the same margins share their p-values.
            None => (margins.row, margins.col, count),
            Some(_) => ((u64::from(row) << 32) | u64::from(col), 0, count),
        };
        if let Some(&ln_p) = cache.get(&key) {
            return (ln_p <= 0.0).then_some(ln_p);
        }
        let ln_p = self.compute(row, col, margins);
        cache.insert(key, ln_p.unwrap_or(f64::INFINITY));
        ln_p
    }

    fn compute(&self, row: u32, col: u32, margins: Margins) -> Option<f64> {
        if !self.is_test(row, col) {
            return None;
        }
        let Some(within) = &self.within else {
            if margins.observed == 0 && margins.expected() < NOT_EXPECTED {
                return Some(0.0);
            }
            let exact = Hypergeometric::new(margins.row, margins.col, margins.n).ok()?;
            let smallest = Self::smallest_expected(margins);
            let test = self
                .scan
                .test(margins.adjusted()?, smallest, margins.observed, exact);
            return test.map(|(_, p)| p.ln());
        };
        let (expected, variance) = self.moments(within, row, col);
        let count = margins.observed as f64;
        if expected < ENOUGH {
            return Some(ln_poisson_two_sided(margins.observed, expected));
        }
        normal_two_sided((count - expected) / variance.sqrt()).map(|p| p.ln())
    }
}

/// ln of twice the smaller tail of Poisson's distribution, at most 0; for means below some tens.
fn ln_poisson_two_sided(k: u64, mean: f64) -> f64 {
    let count = k as f64;
    let ln_mass = if k == 0 {
        -mean
    } else {
        -deviance(count, mean) - stirling_error(count) - 0.5 * count.ln() - LN_SQRT_2PI
    };
    let (mut term, mut tail) = (1.0, 1.0);
    if count > mean {
        let mut next = count;
        while term > tail * 1e-17 {
            next += 1.0;
            term *= mean / next;
            tail += term;
        }
    } else {
        for j in (1..=k).rev() {
            term *= j as f64 / mean;
            tail += term;
        }
    }
    (std::f64::consts::LN_2 + ln_mass + tail.ln()).min(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_tails_are_plain_sums() {
        for mean in [0.02, 0.7, 3.0, 4.9] {
            let mass = |k: u64| (1..=k).fold(f64::exp(-mean), |p, j| p * mean / j as f64);
            for k in 0..30 {
                let lower: f64 = (0..=k).map(mass).sum();
                let upper: f64 = (k..k + 60).map(mass).sum();
                let plain = (2.0 * lower.min(upper)).min(1.0);
                let ours = ln_poisson_two_sided(k, mean).exp();
                assert!(
                    (ours / plain - 1.0).abs() < 1e-12,
                    "{mean} {k}: {ours} {plain}"
                );
            }
        }
    }
}
