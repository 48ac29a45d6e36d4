//! The score interval of a difference of two shares.

use crate::interval::Confidence;
use crate::two_by_two::{Estimate, TwoByTwo};

impl TwoByTwo {
    /// The column's share inside the row minus its share outside, with Miettinen and Nurminen's score interval: the
    /// differences that the score test, with the shares that fit each of them best, does not reject. Right also for small
    /// counts and for shares near 0 or 1; by iteration, so that a scan takes Newcombe's
    /// ([`risk_difference`](Self::risk_difference)). `None` when the row is empty or holds everything.
    ///
    /// # References
    /// Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226.
    ///
    /// ```
    /// use axia_contingency::{Confidence, TwoByTwo};
    ///
    /// // 9 of 10 against 3 of 10; Newcombe (1998) prints 0.1700 and 0.8406.
    /// let table = TwoByTwo::from_cells(9, 1, 3, 7)?;
    /// let difference = table.risk_difference_miettinen_nurminen(Confidence::new(0.95)?).ok_or("undefined")?;
    /// assert!((difference.low - 0.1700).abs() < 5e-5 && (difference.high - 0.8406).abs() < 5e-5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn risk_difference_miettinen_nurminen(self, confidence: Confidence) -> Option<Estimate> {
        let value = self.risk_difference(confidence)?.value;
        let cells = self.cells().map(|cell| cell as f64);
        let z = confidence.z();
        // The deviate falls with the difference: from far above at -1 to far below at 1.
        let bound = |target: f64, mut above: f64, mut below: f64| {
            for _ in 0..200 {
                let middle = 0.5 * (above + below);
                if middle <= above.min(below) || middle >= above.max(below) {
                    break;
                }
                if deviate(cells, value, middle) > target {
                    above = middle;
                } else {
                    below = middle;
                }
            }
            0.5 * (above + below)
        };
        Some(Estimate {
            value,
            low: if value <= -1.0 {
                -1.0
            } else {
                bound(z, -1.0, value)
            },
            high: if value >= 1.0 {
                1.0
            } else {
                bound(-z, value, 1.0)
            },
        })
    }
}

/// The observed difference less a hypothetical one, over the standard deviation that the latter implies.
fn deviate(cells: [f64; 4], observed: f64, difference: f64) -> f64 {
    let [a, b, c, d] = cells;
    let (inside, outside) = (a + b, c + d);
    let q = best_share(cells, difference);
    let p = q + difference;
    let n = inside + outside;
    let spread = p * (1.0 - p) / inside + q * (1.0 - q) / outside;
    let variance = spread.max(0.0) * n / (n - 1.0);
    if variance > 0.0 {
        (observed - difference) / variance.sqrt()
    } else {
        (observed - difference) * f64::INFINITY
    }
}

/// The share outside the row that is most likely when the one inside is larger by `difference`.
fn best_share([a, b, c, d]: [f64; 4], difference: f64) -> f64 {
    let (mut low, mut high) = ((-difference).max(0.0), (1.0 - difference).min(1.0));
    // The likelihood's slope falls throughout. Terms without counts must not become 0 / 0 at the ends.
    let term = |count: f64, share: f64| if count > 0.0 { count / share } else { 0.0 };
    let slope = |q: f64| {
        let p = q + difference;
        term(a, p) - term(b, 1.0 - p) + term(c, q) - term(d, 1.0 - q)
    };
    let curve = |q: f64| {
        let p = q + difference;
        let term = |count: f64, share: f64| {
            if count > 0.0 {
                count / (share * share)
            } else {
                0.0
            }
        };
        -(term(a, p) + term(b, 1.0 - p) + term(c, q) + term(d, 1.0 - q))
    };
    let mut q = ((a + c - difference * (a + b)) / (a + b + c + d)).clamp(low, high);
    if q <= low || q >= high {
        q = 0.5 * (low + high);
    }
    for _ in 0..200 {
        let now = slope(q);
        if now > 0.0 {
            low = q;
        } else {
            high = q;
        }
        let newton = q - now / curve(q);
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        let done = (next - q).abs() <= 1e-16 * q.abs().max(1e-300);
        q = next;
        if done {
            break;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_share_is_the_best() {
        for cells in [
            [3.0, 9.0, 8.0, 2.0],
            [0.0, 7.0, 11.0, 0.0],
            [0.0, 4.0, 0.0, 9.0],
        ] {
            for difference in [-0.9, -0.3, 0.0, 1e-6, 0.4, 0.99] {
                let ln =
                    |count: f64, share: f64| if count > 0.0 { count * share.ln() } else { 0.0 };
                let likelihood = |q: f64| {
                    let [a, b, c, d] = cells;
                    let p = q + difference;
                    ln(a, p) + ln(b, 1.0 - p) + ln(c, q) + ln(d, 1.0 - q)
                };
                let best = best_share(cells, difference);
                let (low, high) = ((-difference).max(0.0_f64), (1.0 - difference).min(1.0_f64));
                assert!((low..=high).contains(&best));
                for step in 1..200 {
                    let q = low + (high - low) * f64::from(step) / 200.0;
                    assert!(
                        likelihood(q) <= likelihood(best) + 1e-9,
                        "{cells:?} {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn bounds_at_the_ends() {
        let level = Confidence::new(0.95).unwrap();
        let all = TwoByTwo::from_cells(9, 0, 0, 7).unwrap();
        let all = all.risk_difference_miettinen_nurminen(level).unwrap();
        assert!((all.high - 1.0).abs() < 1e-15 && all.low > 0.3, "{all:?}");
        let one_row = TwoByTwo::from_cells(3, 4, 0, 0).unwrap();
        assert_eq!(one_row.risk_difference_miettinen_nurminen(level), None);
        let none = TwoByTwo::from_cells(0, 4, 0, 9).unwrap();
        let none = none.risk_difference_miettinen_nurminen(level).unwrap();
        assert!(none.low < 0.0 && none.high > 0.0 && none.low > -0.5 && none.high < 0.7);
    }
}
