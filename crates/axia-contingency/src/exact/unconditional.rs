//! Exact tests of a 2 x 2 table of which only the row totals are given: Barnard's and Boschloo's.

use serde::{Deserialize, Serialize};

use crate::exact::Hypergeometric;
use crate::special::ln_binomial;
use crate::tails::LogP;
use crate::two_by_two::TwoByTwo;

/// Tables with given row totals beyond this number are not visited.
const MAX_TABLES: u64 = 1 << 24;

/// Statistics that differ by less, relatively, count as equal.
const TIE: f64 = 1e-9;

/// An exact test that takes the worst case over the share of the column that both rows have in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnconditionalTest {
    /// Two-sided p-value.
    pub ln_p: LogP,
    /// The common share at which it is the largest; with Boschloo's test, that of the smaller side.
    pub common_share: f64,
}

impl TwoByTwo {
    /// Barnard's exact test that the column has the same share inside and outside the row, whose totals are given: the
    /// probability of all tables whose pooled z is at least as large in size, at the common share that makes it largest. More
    /// powerful than Fisher's test ([`exact`](Self::exact)), which takes the column's total as given too.
    ///
    /// `None` when the row is empty or holds everything, or when there are more than 2^24 tables; the tests agree there.
    ///
    /// # Complexity
    /// The number of tables, and for some 30 times the root of the total the total.
    ///
    /// # References
    /// Barnard (1945), Nature 156, 177; Suissa and Shuster (1985), Journal of the Royal Statistical Society A 148, 317-327.
    ///
    /// ```
    /// use axia_contingency::TwoByTwo;
    ///
    /// // None of 7 against 11 of 11: (1/2)^18 twice.
    /// let table = TwoByTwo::from_cells(0, 7, 11, 0)?;
    /// let test = table.barnard().ok_or("undefined")?;
    /// assert!((test.ln_p.p() - 0.5_f64.powi(17)).abs() < 1e-15 && (test.common_share - 0.5).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn barnard(self) -> Option<UnconditionalTest> {
        let rows = Rows::of(self)?;
        let statistic = |x: u64, total: u64| {
            // The square of the pooled z, but for what all tables share.
            let gap = x as f64 * rows.all as f64 - rows.inside as f64 * total as f64;
            let spread = total as f64 * (rows.all - total) as f64;
            if spread > 0.0 {
                gap * gap / spread
            } else {
                0.0
            }
        };
        let bar = statistic(rows.x, rows.x + rows.y) * (1.0 - TIE);
        let extreme = rows.ln_extreme(|x, total| statistic(x, total) >= bar);
        let (ln_p, common_share) = worst(&extreme);
        Some(UnconditionalTest {
            ln_p: LogP::clamped(ln_p),
            common_share,
        })
    }

    /// Boschloo's exact test of the same: the probability of all tables whose one-sided Fisher p-value is at most the observed
    /// one, at the common share that makes it largest; the smaller side's is doubled, as SciPy does. Never larger than twice
    /// Fisher's one-sided p-value.
    ///
    /// `None` as for [`barnard`](Self::barnard).
    ///
    /// # References
    /// Boschloo (1970), Statistica Neerlandica 24, 1-35.
    ///
    /// ```
    /// use axia_contingency::{ExactMethod, TwoByTwo};
    ///
    /// let convictions = TwoByTwo::from_cells(10, 3, 2, 15)?;
    /// let (boschloo, fisher) = (convictions.boschloo(), convictions.exact(ExactMethod::Central));
    /// assert!(boschloo.ok_or("undefined")?.ln_p < fisher.ok_or("undefined")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn boschloo(self) -> Option<UnconditionalTest> {
        let rows = Rows::of(self)?;
        let one_sided = |upper: bool| {
            let ln_fisher = rows.ln_fisher(upper);
            let bar = ln_fisher(rows.x, rows.x + rows.y) + TIE;
            worst(&rows.ln_extreme(|x, total| ln_fisher(x, total) <= bar))
        };
        let (less, greater) = (one_sided(false), one_sided(true));
        let (ln_p, common_share) = if less.0 < greater.0 { less } else { greater };
        Some(UnconditionalTest {
            ln_p: LogP::clamped(ln_p + std::f64::consts::LN_2),
            common_share,
        })
    }
}

/// The rows' totals and their counts of the column.
struct Rows {
    inside: u64,
    outside: u64,
    all: u64,
    x: u64,
    y: u64,
}

impl Rows {
    fn of(table: TwoByTwo) -> Option<Self> {
        let [a, b, c, d] = table.cells();
        let (inside, outside) = (a + b, c + d);
        let tables = (inside + 1).checked_mul(outside + 1);
        let visited = inside > 0 && outside > 0 && tables.is_some_and(|n| n <= MAX_TABLES);
        visited.then_some(Self {
            inside,
            outside,
            all: inside + outside,
            x: a,
            y: c,
        })
    }

    /// The counts inside the row that are possible for a total.
    fn range(&self, total: u64) -> std::ops::RangeInclusive<u64> {
        total.saturating_sub(self.outside)..=total.min(self.inside)
    }

    /// ln of the probability of each count, given the total.
    fn ln_masses(&self, total: u64) -> Vec<f64> {
        let given = Hypergeometric::new(self.inside, total, self.all);
        self.range(total)
            .map(|x| {
                given
                    .as_ref()
                    .map_or(f64::NEG_INFINITY, |g| g.ln_pmf(x).ln())
            })
            .collect()
    }

    /// For each total, ln of the probability of its extreme tables given the total.
    fn ln_extreme(&self, extreme: impl Fn(u64, u64) -> bool) -> Vec<f64> {
        (0..=self.all)
            .map(|total| {
                let masses = self.ln_masses(total).into_iter().zip(self.range(total));
                let kept = masses.filter(|&(_, x)| extreme(x, total));
                ln_sum(kept.map(|(ln, _)| ln))
            })
            .collect()
    }

    /// One-sided Fisher p-values of all tables.
    fn ln_fisher(&self, upper: bool) -> impl Fn(u64, u64) -> f64 + '_ {
        let tails: Vec<Vec<f64>> = (0..=self.all)
            .map(|total| {
                let mut masses = self.ln_masses(total);
                // Adding up from the far end keeps the digits of small tails.
                if upper {
                    masses.reverse();
                }
                let mut running = f64::NEG_INFINITY;
                for mass in &mut masses {
                    running = ln_sum([running, *mass]);
                    *mass = running;
                }
                if upper {
                    masses.reverse();
                }
                masses
            })
            .collect();
        move |x, total| {
            let at = (x - self.range(total).start()) as usize;
            let tails = tails.get(total as usize);
            tails
                .and_then(|tails| tails.get(at))
                .copied()
                .unwrap_or(0.0)
        }
    }
}

/// ln of the largest value over `0 < p < 1` of the binomial mean of `exp(given[s])`, `s` successes in as many trials as there
/// are entries, less one; and where it is.
fn worst(given: &[f64]) -> (f64, f64) {
    let n = given.len() as f64 - 1.0;
    let ln_choose = |s: f64| {
        if s <= 0.0 || s >= n {
            return 0.0;
        }
        let (p, q) = (s / n, (n - s) / n);
        ln_binomial(s, n, p, q) - s * p.ln() - (n - s) * q.ln()
    };
    let terms: Vec<(f64, f64)> = given
        .iter()
        .enumerate()
        .filter(|(_, ln)| ln.is_finite())
        .map(|(s, ln)| (s as f64, ln + ln_choose(s as f64)))
        .collect();
    // On the scale on which all binomials are about as wide.
    let value = |angle: f64| {
        let (ln_p, ln_q) = (2.0 * angle.sin().ln(), 2.0 * angle.cos().ln());
        ln_sum(terms.iter().map(|&(s, ln)| ln + s * ln_p + (n - s) * ln_q))
    };
    let points = 64.0_f64.max((32.0 * n.sqrt()).ceil());
    let step = std::f64::consts::FRAC_PI_2 / points;
    let grid: Vec<f64> = (0..points as usize)
        .map(|at| value((at as f64 + 0.5) * step))
        .collect();
    let highest = grid.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut best = (f64::NEG_INFINITY, 0.5);
    for (at, &here) in grid.iter().enumerate() {
        let beside = |at: Option<usize>| at.and_then(|at| grid.get(at)).copied();
        let lower = |other: Option<f64>| other.is_none_or(|other| other <= here);
        let peak = lower(beside(at.checked_sub(1))) && lower(beside(Some(at + 1)));
        if !peak || here < highest - 0.1 {
            continue;
        }
        let middle = (at as f64 + 0.5) * step;
        let (low, high) = ((middle - step).max(1e-12), middle + step);
        let found = highest_between(value, low, high.min(std::f64::consts::FRAC_PI_2 - 1e-12));
        if found.0 > best.0 {
            best = (found.0, found.1.sin().powi(2));
        }
    }
    best
}

/// The largest value between two points, by golden sections, and where it is.
fn highest_between(value: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> (f64, f64) {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    while high - low > 1e-10 * high {
        if at_a >= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = value(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = value(b);
        }
    }
    if at_a >= at_b { (at_a, a) } else { (at_b, b) }
}

/// ln of the sum of exponentials.
fn ln_sum(terms: impl IntoIterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().into_iter().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let sum: f64 = terms.into_iter().map(|ln| (ln - largest).exp()).sum();
    largest + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest probability of a set of tables on a fine grid of shares.
    fn plain(rows: [u64; 2], extreme: impl Fn(u64, u64) -> bool) -> f64 {
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        let tables: Vec<(i32, f64)> = (0..=rows[0])
            .flat_map(|x| (0..=rows[1]).map(move |y| (x, y)))
            .filter(|&(x, y)| extreme(x, y))
            .map(|(x, y)| ((x + y) as i32, choose(rows[0], x) * choose(rows[1], y)))
            .collect();
        let n = (rows[0] + rows[1]) as i32;
        let probability = |p: f64| -> f64 {
            let of = tables
                .iter()
                .map(|&(s, ways)| ways * p.powi(s) * (1.0 - p).powi(n - s));
            of.sum()
        };
        (1..4000)
            .map(|i| probability(f64::from(i) / 4000.0))
            .fold(0.0, f64::max)
    }

    #[test]
    fn as_a_fine_grid_of_shares() {
        for [a, b, c, d] in [
            [3, 1, 1, 3],
            [10, 3, 2, 6],
            [0, 6, 4, 9],
            [1, 0, 0, 1],
            [5, 5, 5, 5],
            [2, 9, 7, 1],
        ] {
            let table = TwoByTwo::from_cells(a, b, c, d).unwrap();
            let (n, m) = (a + b, c + d);
            let z = |x: u64, y: u64| {
                let table = TwoByTwo::from_cells(x, n - x, y, m - y).unwrap();
                table.adjusted_residual().unwrap_or(0.0).abs()
            };
            let barnard = plain([n, m], |x, y| z(x, y) >= z(a, c) - 1e-9);
            let ours = table.barnard().unwrap().ln_p.p();
            assert!(
                (ours / barnard - 1.0).abs() < 1e-5 && ours >= barnard - 1e-12,
                "{ours} {barnard}"
            );
            let fisher = |x: u64, y: u64, upper: bool| {
                let given = Hypergeometric::new(n, x + y, n + m).unwrap();
                if upper {
                    given.upper(x).p()
                } else {
                    given.lower(x).p()
                }
            };
            let side = |upper: bool| {
                plain([n, m], |x, y| {
                    fisher(x, y, upper) <= fisher(a, c, upper) * (1.0 + 1e-7)
                })
            };
            let boschloo = (2.0 * side(true).min(side(false))).min(1.0);
            let ours = table.boschloo().unwrap().ln_p.p();
            assert!(
                (ours / boschloo - 1.0).abs() < 1e-5 && ours >= boschloo - 1e-12,
                "{ours} {boschloo}"
            );
        }
    }

    #[test]
    fn one_row_and_too_many_tables_are_none() {
        let line = TwoByTwo::from_cells(3, 4, 0, 0).unwrap();
        assert_eq!((line.barnard(), line.boschloo()), (None, None));
        let large = TwoByTwo::from_cells(3000, 4000, 5000, 6000).unwrap();
        assert_eq!(large.barnard(), None);
        let empty_column = TwoByTwo::from_cells(0, 4, 0, 9).unwrap();
        assert_eq!(empty_column.barnard().unwrap().ln_p, LogP::ONE);
    }
}
