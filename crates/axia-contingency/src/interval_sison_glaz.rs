//! Sison and Glaz's simultaneous intervals for the shares of categories that exclude each other.

use std::f64::consts::PI;

use crate::error::{Error, MAX_TOTAL};
use crate::interval::{Confidence, Interval};
use crate::special::{LN_SQRT_2PI, deviance, stirling_error};

/// Sison and Glaz's simultaneous intervals: all counts lie within the same number of their expectation, which is chosen so that
/// all hold at once with the confidence asked for. As wide for a rare category as for a frequent one; narrower than
/// [Goodman's](crate::goodman_intervals) where there are many categories of like size.
///
/// One interval for each count, in their order; empty when there are no counts or all are 0.
///
/// # Complexity
/// Some tens of passes over the root of the sum of the counts, for each category.
///
/// # Errors
/// [`Error::is_overflow`] when the counts sum to more than 2^53.
///
/// # References
/// Sison and Glaz (1995), Journal of the American Statistical Association 90, 366-369; May and Johnson (2000), Journal of
/// Statistical Software 5(6), for the interval's upper side.
///
/// ```
/// use axia_contingency::{Confidence, sison_glaz_intervals};
///
/// let shares = sison_glaz_intervals(&[56, 72, 73, 59, 62, 87, 58], Confidence::new(0.95)?)?;
/// assert!((shares[0].low - 0.0792291).abs() < 1e-7 && (shares[0].high - 0.1643557).abs() < 1e-7);
/// # Ok::<(), axia_contingency::Error>(())
/// ```
pub fn sison_glaz_intervals(
    counts: &[u64],
    confidence: Confidence,
) -> Result<Vec<Interval>, Error> {
    let n = counts.iter().try_fold(0_u64, |sum, &count| {
        sum.checked_add(count)
            .filter(|&sum| sum <= MAX_TOTAL)
            .ok_or_else(|| Error::too_many_counts("counts of a multinomial"))
    })?;
    if n == 0 {
        return Ok(Vec::new());
    }
    let level = confidence.level();
    // The smallest half width whose probability is above the level: at n it is 1.
    let (mut below, mut above) = (0, n);
    // Half widths are a few standard deviations, so look there first.
    let mut reach = 1;
    while reach < n && probability(counts, n, reach) <= level {
        below = reach;
        reach *= 2;
    }
    above = above.min(reach);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if probability(counts, n, middle) > level {
            above = middle;
        } else {
            below = middle;
        }
    }
    let (at, next) = (
        if below > 0 {
            probability(counts, n, below)
        } else {
            0.0
        },
        probability(counts, n, above),
    );
    let part = ((level - at) / (next - at)).clamp(0.0, 1.0);
    let (n, half) = (n as f64, below as f64);
    Ok(counts
        .iter()
        .map(|&count| Interval {
            low: ((count as f64 - half) / n).max(0.0),
            high: ((count as f64 + half + 2.0 * part) / n).min(1.0),
        })
        .collect())
}

/// That all counts of a multinomial with these expectations lie within `half` of them: independent Poisson counts cut off there,
/// given their sum, whose probability is taken from an Edgeworth series.
fn probability(counts: &[u64], n: u64, half: u64) -> f64 {
    let mut ln_inside = 0.0;
    let mut sums = [0.0; 4];
    for &count in counts {
        let cut = Cut::new(count, half);
        ln_inside += cut.ln_inside;
        for (sum, cumulant) in sums.iter_mut().zip(cut.cumulants) {
            *sum += cumulant;
        }
    }
    let [mean, variance, third, fourth] = sums;
    let total = n as f64;
    // The sum of uncut Poisson counts with mean n: P(n) = e^-n n^n / n!.
    let ln_whole = 0.5 * (2.0 * PI * total).ln() + stirling_error(total);
    if variance <= 0.0 {
        return (ln_inside + ln_whole).exp().min(1.0);
    }
    // Means are off their count by next to nothing, which `cumulants` hold as they are.
    let z = -mean / variance.sqrt();
    let (skew, excess) = (third / variance.powf(1.5), fourth / (variance * variance));
    let z2 = z * z;
    let series = 1.0
        + skew * z * (z2 - 3.0) / 6.0
        + excess * (z2 * z2 - 6.0 * z2 + 3.0) / 24.0
        + skew * skew * (z2 * z2 * z2 - 15.0 * z2 * z2 + 45.0 * z2 - 15.0) / 72.0;
    let ln_density = -0.5 * z2 - LN_SQRT_2PI - 0.5 * variance.ln();
    (ln_inside + ln_whole + ln_density).exp() * series
}

/// A Poisson count with a whole mean, cut off at `half` to both sides.
struct Cut {
    ln_inside: f64,
    /// Mean less the uncut one, variance, third and fourth cumulant.
    cumulants: [f64; 4],
}

impl Cut {
    fn new(count: u64, half: u64) -> Self {
        if count == 0 {
            return Self {
                ln_inside: 0.0,
                cumulants: [0.0; 4],
            };
        }
        let mean = count as f64;
        // In units of the probability of the mean itself, outwards by the ratio of neighbours.
        let mut powers = [1.0, 0.0, 0.0, 0.0, 0.0];
        let mut add = |off: f64, mass: f64| {
            let mut term = mass;
            for power in &mut powers {
                *power += term;
                term *= off;
            }
        };
        let mut mass = 1.0;
        for off in 1..=half {
            let off = off as f64;
            mass *= mean / (mean + off);
            add(off, mass);
            if mass < 1e-18 {
                break;
            }
        }
        let mut mass = 1.0;
        for off in 1..=half.min(count) {
            let off = off as f64;
            mass *= (mean - off + 1.0) / mean;
            add(-off, mass);
            if mass < 1e-18 {
                break;
            }
        }
        let [whole, first, second, third, fourth] = powers;
        let ln_mode = -deviance(mean, mean) - stirling_error(mean) - 0.5 * mean.ln() - LN_SQRT_2PI;
        let [m, s, t, f] = [first, second, third, fourth].map(|power| power / whole);
        // About the mean itself, which is close to the point that the powers are about.
        let variance = s - m * m;
        let central_third = t - 3.0 * m * s + 2.0 * m * m * m;
        let central_fourth = f - 4.0 * m * t + 6.0 * m * m * s - 3.0 * m * m * m * m;
        Self {
            ln_inside: ln_mode + whole.ln(),
            cumulants: [
                m,
                variance,
                central_third,
                central_fourth - 3.0 * variance * variance,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_cut_is_no_cut() {
        for count in [1_u64, 7, 300] {
            let cut = Cut::new(count, 40 * count);
            let mean = count as f64;
            assert!(cut.ln_inside.abs() < 1e-13, "{count}");
            // All cumulants of Poisson's distribution are its mean.
            for (own, exact) in cut.cumulants.into_iter().zip([0.0, mean, mean, mean]) {
                assert!((own - exact).abs() < 1e-9 * mean * mean, "{count} {own}");
            }
        }
    }

    #[test]
    fn nothing_and_one_category() {
        let level = Confidence::new(0.95).unwrap();
        assert!(sison_glaz_intervals(&[], level).unwrap().is_empty());
        assert!(sison_glaz_intervals(&[0, 0], level).unwrap().is_empty());
        let many = sison_glaz_intervals(&[u64::MAX, 1], level);
        assert!(many.unwrap_err().is_overflow());
        for counts in [[5, 0], [1, 0], [1_000_000, 3]] {
            for (interval, count) in sison_glaz_intervals(&counts, level)
                .unwrap()
                .iter()
                .zip(counts)
            {
                let share = count as f64 / counts.iter().sum::<u64>() as f64;
                assert!(
                    interval.low <= share && share <= interval.high,
                    "{interval:?}"
                );
            }
        }
    }
}
