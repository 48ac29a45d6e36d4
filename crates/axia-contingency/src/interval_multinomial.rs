//! Simultaneous intervals for the shares of categories that exclude each other.

use crate::error::{Error, MAX_TOTAL};
use crate::interval::{Confidence, Interval};
use crate::tails::bonferroni_critical_z;

/// Goodman's simultaneous intervals for shares that add up to 1, such as those of response types: all of them hold at once
/// with the confidence asked for.
///
/// One interval for each count, in their order; empty when there are no counts or all are 0.
///
/// # Errors
/// [`Error::is_overflow`] when the counts sum to more than 2^53.
///
/// ```
/// use axia_contingency::{Confidence, goodman_intervals};
///
/// let shares = goodman_intervals(&[56, 72, 73, 59, 62, 87, 58], Confidence::new(0.95)?)?;
/// assert!((shares[0].low - 0.0851672).abs() < 1e-7 && (shares[0].high - 0.1662614).abs() < 1e-7);
/// # Ok::<(), axia_contingency::Error>(())
/// ```
///
/// # References
/// Goodman (1965), Technometrics 7, 247-254.
pub fn goodman_intervals(counts: &[u64], confidence: Confidence) -> Result<Vec<Interval>, Error> {
    let n = counts.iter().try_fold(0_u64, |sum, &count| {
        sum.checked_add(count)
            .filter(|&sum| sum <= MAX_TOTAL)
            .ok_or_else(|| Error::too_many_counts("counts of a multinomial"))
    })?;
    let z = bonferroni_critical_z(1.0 - confidence.level(), counts.len() as u64);
    let Some(z) = z.filter(|_| n > 0) else {
        return Ok(Vec::new());
    };
    let (q, n) = (z * z, n as f64);
    let bounds = |&count: &u64| {
        let x = count as f64;
        let root = (q * (q + 4.0 * x * ((n - x) / n))).sqrt();
        let high = (q + 2.0 * x + root) / (2.0 * (n + q));
        // The product of the bounds is x^2 / (n (n + q)); their difference would cancel for rare categories.
        Interval {
            low: x * x / (n * (n + q) * high),
            high,
        }
    };
    Ok(counts.iter().map(bounds).collect())
}
