//! The odds ratio by the distribution of the first cell when all margins are given.

use crate::exact::Hypergeometric;
use crate::interval::{Confidence, Interval};
use crate::two_by_two::TwoByTwo;

/// An odds ratio by conditional likelihood.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct ConditionalOddsRatio {
    /// The odds ratio under which the observed count is the expected one; 0 when it is the least possible; `None` when it is the
    /// greatest (infinite then).
    pub value: Option<f64>,
    /// Lower bound; 0 when the count is the least possible.
    pub low: f64,
    /// Upper bound; `None` when the count is the greatest possible (infinite then).
    pub high: Option<f64>,
}

impl TwoByTwo {
    /// The conditional maximum likelihood estimate of the odds ratio with its exact interval (Cornfield's), from Fisher's
    /// noncentral hypergeometric distribution. Never below its level, hence wide; right for any counts, zeros included. Closer
    /// to 1 than the plain ratio `a d / (b c)`.
    ///
    /// `None` when a line is empty, or when the variance is so large that the sums would take more than a million terms:
    /// [`odds_ratio`](Self::odds_ratio) is as good there.
    ///
    /// # References
    /// Cornfield (1956), Proceedings of the Third Berkeley Symposium 4, 135-148. R's `fisher.test` means the same, but stops
    /// its search early: for the table below it prints 621.9.
    ///
    /// ```
    /// use axia_contingency::{Confidence, TwoByTwo};
    ///
    /// let tea = TwoByTwo::from_cells(3, 1, 1, 3)?;
    /// let odds = tea.conditional_odds_ratio(Confidence::new(0.95)?).ok_or("undefined")?;
    /// assert!((odds.value.ok_or("infinite")? - 6.4083).abs() < 1e-4);
    /// assert!((odds.low - 0.2117).abs() < 1e-3 && (odds.high.ok_or("infinite")? - 626.2).abs() < 0.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn conditional_odds_ratio(self, confidence: Confidence) -> Option<ConditionalOddsRatio> {
        self.adjusted_residual()?;
        let central = self.hypergeometric()?;
        if central.variance() > MAX_VARIANCE {
            return None;
        }
        let [a, b, c, d] = self.cells();
        let (least, greatest) = central.support();
        let weights = Weights {
            row: (a + b) as f64,
            col: (a + c) as f64,
            rest: d as f64 - a as f64,
            least: least as f64,
            greatest: greatest as f64,
        };
        let observed = a as f64;
        let start =
            ((observed + 0.5) * (d as f64 + 0.5) / ((b as f64 + 0.5) * (c as f64 + 0.5))).ln();
        let ln_tail = (0.5 * (1.0 - confidence.level())).ln();
        let value = (a < greatest).then(|| {
            if a == least {
                return 0.0;
            }
            let gap = |ln_odds: f64| {
                let all = weights.moments(ln_odds);
                (all.mean - observed, all.variance)
            };
            root(start, gap).exp()
        });
        let low = if a == least {
            0.0
        } else {
            // ln P(X >= a) rises with the odds.
            root(start, |ln_odds| {
                let (ln_share, slope) = weights.ln_upper(observed, ln_odds);
                (ln_share - ln_tail, slope)
            })
            .exp()
        };
        let high = (a < greatest).then(|| {
            root(start, |ln_odds| {
                let (ln_share, slope) = weights.ln_lower(observed, ln_odds);
                (ln_tail - ln_share, -slope)
            })
            .exp()
        });
        Some(ConditionalOddsRatio { value, low, high })
    }
}

impl ConditionalOddsRatio {
    /// The bounds; `None` when the upper one is infinite.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.high.map(|high| Interval {
            low: self.low,
            high,
        })
    }
}

/// Some eight standard deviations to each side are summed.
const MAX_VARIANCE: f64 = 4e9;

/// The noncentral distribution's probabilities, by the ratio of neighbours.
struct Weights {
    row: f64,
    col: f64,
    /// `N - R - C`, which may be negative.
    rest: f64,
    least: f64,
    greatest: f64,
}

struct Moments {
    /// Sum of the probabilities in units of that of the mode.
    sum: f64,
    mean: f64,
    variance: f64,
}

impl Weights {
    /// `P(k + 1) / P(k)`.
    fn up(&self, k: f64, odds: f64) -> f64 {
        odds * (self.row - k) * (self.col - k) / ((k + 1.0) * (self.rest + k + 1.0))
    }

    /// Where the probabilities are largest: the ratio of neighbours falls through 1 there.
    fn mode(&self, odds: f64) -> f64 {
        let (mut low, mut high) = (self.least, self.greatest);
        while high - low > 0.5 {
            let middle = (0.5 * (low + high)).floor();
            if self.up(middle, odds) >= 1.0 {
                low = middle + 1.0;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Sums from `from` outwards: of the probabilities in units of the first, of them times the distance, and times its square.
    fn outward(&self, from: f64, upward: bool, odds: f64) -> [f64; 3] {
        let mut sums = [1.0, 0.0, 0.0];
        let (mut k, mut mass, mut off) = (from, 1.0, 0.0);
        loop {
            if upward {
                if k >= self.greatest {
                    break;
                }
                mass *= self.up(k, odds);
                k += 1.0;
            } else {
                if k <= self.least {
                    break;
                }
                k -= 1.0;
                mass /= self.up(k, odds);
            }
            off += 1.0;
            sums[0] += mass;
            sums[1] += mass * off;
            sums[2] += mass * off * off;
            // Past the mode terms fall ever faster; before it they grow.
            if mass * off * off < 1e-20 * sums[2] {
                break;
            }
        }
        sums
    }

    fn moments(&self, ln_odds: f64) -> Moments {
        let odds = ln_odds.exp();
        let mode = self.mode(odds);
        let (up, down) = (
            self.outward(mode, true, odds),
            self.outward(mode, false, odds),
        );
        let sum = up[0] + down[0] - 1.0;
        let off = (up[1] - down[1]) / sum;
        Moments {
            sum,
            mean: mode + off,
            variance: (up[2] + down[2]) / sum - off * off,
        }
    }

    /// ln of the probability of `from` and beyond, and its slope in the log odds.
    fn ln_tail(&self, from: f64, upward: bool, ln_odds: f64) -> (f64, f64) {
        let odds = ln_odds.exp();
        let all = self.moments(ln_odds);
        let mode = self.mode(odds);
        let beyond_mode = if upward { from > mode } else { from < mode };
        if beyond_mode {
            let [sum, first, _] = self.outward(from, upward, odds);
            let ln_first = self.ln_ratio(mode, from, ln_odds);
            let mean = from + if upward { first } else { -first } / sum;
            (ln_first + (sum / all.sum).ln(), mean - all.mean)
        } else {
            // The other tail is the smaller one, and leaves `from` itself out.
            let step = if upward { -1.0 } else { 1.0 };
            let outer = from + step;
            if outer < self.least || outer > self.greatest {
                return (0.0, 0.0);
            }
            let [sum, first, _] = self.outward(outer, !upward, odds);
            let share = (self.ln_ratio(mode, outer, ln_odds)).exp() * sum / all.sum;
            let mean = outer + if upward { -first } else { first } / sum;
            let rest = 1.0 - share;
            (
                (-share).ln_1p(),
                ((all.mean - share * mean) / rest) - all.mean,
            )
        }
    }

    fn ln_upper(&self, from: f64, ln_odds: f64) -> (f64, f64) {
        self.ln_tail(from, true, ln_odds)
    }

    fn ln_lower(&self, from: f64, ln_odds: f64) -> (f64, f64) {
        self.ln_tail(from, false, ln_odds)
    }

    /// `ln P(to) - ln P(from)`.
    fn ln_ratio(&self, from: f64, to: f64, ln_odds: f64) -> f64 {
        let whole = |k: f64| k as u64;
        let n = whole(self.row + self.col + self.rest);
        let Ok(central) = Hypergeometric::new(whole(self.row), whole(self.col), n) else {
            return f64::NEG_INFINITY;
        };
        let mass = |k: f64| central.ln_pmf(whole(k)).ln();
        mass(to) - mass(from) + (to - from) * ln_odds
    }
}

/// Where a rising function is 0, by Newton's method between bounds that close in. `f` gives value and slope.
fn root(start: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut below, mut above) = (start, start);
    let mut step = 1.0;
    if f(start).0 > 0.0 {
        while f(below).0 > 0.0 && step < 1e4 {
            above = below;
            below -= step;
            step *= 2.0;
        }
    } else {
        while f(above).0 <= 0.0 && step < 1e4 {
            below = above;
            above += step;
            step *= 2.0;
        }
    }
    let mut x = 0.5 * (below + above);
    for _ in 0..200 {
        let (value, slope) = f(x);
        if value > 0.0 {
            above = x;
        } else {
            below = x;
        }
        let newton = x - value / slope;
        let next = if newton > below && newton < above {
            newton
        } else {
            0.5 * (below + above)
        };
        let done = (next - x).abs() <= 1e-15 * x.abs().max(1.0);
        x = next;
        if done {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All probabilities by products, normalized.
    fn plain(table: TwoByTwo, odds: f64) -> Vec<(f64, f64)> {
        let [a, b, c, d] = table.cells();
        let (row, col, n) = (a + b, a + c, a + b + c + d);
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |x, i| x * (n - i) as f64 / (i + 1) as f64);
        let (least, greatest) = (col.saturating_sub(n - row), row.min(col));
        let mass = |k: u64| choose(row, k) * choose(n - row, col - k) * odds.powi(k as i32);
        let all: f64 = (least..=greatest).map(mass).sum();
        (least..=greatest)
            .map(|k| (k as f64, mass(k) / all))
            .collect()
    }

    #[test]
    fn estimate_and_bounds_solve_their_equations() {
        let level = Confidence::new(0.9).unwrap();
        for cells in [
            [3, 1, 1, 3],
            [10, 3, 2, 15],
            [1, 49, 20, 30],
            [12, 5, 30, 2],
            [2, 9, 0, 4],
        ] {
            let [a, b, c, d] = cells;
            let table = TwoByTwo::from_cells(a, b, c, d).unwrap();
            let odds = table.conditional_odds_ratio(level).unwrap();
            let k = a as f64;
            let sum = |odds: f64, f: &dyn Fn(f64) -> f64| -> f64 {
                plain(table, odds).into_iter().map(|(x, p)| p * f(x)).sum()
            };
            if let Some(value) = odds.value {
                assert!((sum(value, &|x| x) - k).abs() < 1e-10, "{cells:?} {odds:?}");
            }
            let upper = sum(odds.low, &|x| f64::from(u8::from(x >= k)));
            assert!((upper - 0.05).abs() < 1e-12, "{cells:?} {upper}");
            if let Some(high) = odds.high {
                let lower = sum(high, &|x| f64::from(u8::from(x <= k)));
                assert!((lower - 0.05).abs() < 1e-12, "{cells:?} {lower}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_support() {
        let level = Confidence::new(0.95).unwrap();
        let none = TwoByTwo::from_cells(0, 7, 11, 0).unwrap();
        let none = none.conditional_odds_ratio(level).unwrap();
        assert_eq!((none.value, none.low), (Some(0.0), 0.0));
        let all = TwoByTwo::from_cells(7, 0, 0, 11).unwrap();
        let all = all.conditional_odds_ratio(level).unwrap();
        assert_eq!((all.value, all.high), (None, None));
        assert!(all.interval().is_none() && all.low > 1.0);
        let line = TwoByTwo::from_cells(3, 0, 5, 0).unwrap();
        assert_eq!(line.conditional_odds_ratio(level), None);
        let huge = TwoByTwo::from_cells(1 << 50, 1 << 50, 1 << 50, 1 << 50).unwrap();
        assert_eq!(huge.conditional_odds_ratio(level), None);
    }

    #[test]
    fn large_counts_are_close_to_woolf() {
        let level = Confidence::new(0.95).unwrap();
        let table = TwoByTwo::from_cells(61_000, 175_493, 95_000, 841_450).unwrap();
        let odds = table.conditional_odds_ratio(level).unwrap();
        let woolf = table.odds_ratio(level).unwrap();
        assert!((odds.value.unwrap() / woolf.value - 1.0).abs() < 1e-4);
        assert!((odds.low / woolf.low - 1.0).abs() < 1e-3);
        assert!((odds.high.unwrap() / woolf.high - 1.0).abs() < 1e-3);
    }
}
