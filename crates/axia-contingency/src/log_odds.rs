//! Log-odds ratios shrunk by an informative Dirichlet prior: which words, or values, set two groups apart.

use serde::{Deserialize, Serialize};

use crate::error::{Error, MAX_TOTAL};

/// How much one category sets group `i` apart from group `j`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogOdds {
    /// Difference of the log odds, shrunk towards 0 by the prior; positive when the category is more frequent in `i`.
    pub delta: f64,
    /// Its approximate variance (equation 20).
    pub variance: f64,
    /// `delta / sqrt(variance)`: a ranking. It ignores that labels of one conversation depend on each other.
    pub z: f64,
}

/// Log-odds ratios of two groups of counts with an informative Dirichlet prior.
///
/// The prior of category `v` is `strength` times its share in `background`: every group starts from the common profile and
/// moves away as far as its counts carry it, so that rare categories do not fill both ends of the list. Compare a group with
/// the *rest*, not with a total that contains it. A `strength` near 500, or near the mean number of mentions of a document, is
/// usual.
///
/// One entry for each category; `None` for a category without prior mass and counts, and where one category is all there is.
///
/// # Errors
/// [`Error::is_inconsistent`] when the lists differ in length, [`Error::is_invalid_parameter`] for a strength that is not
/// finite and above 0, [`Error::is_overflow`] when counts sum to more than 2^53.
///
/// ```
/// use axia_contingency::log_odds_dirichlet;
///
/// let odds = log_odds_dirichlet(&[120, 40], &[90, 80], &[900, 500], 500.0)?;
/// assert!(odds[0].ok_or("undefined")?.z > 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Monroe, Colaresi and Quinn (2008), Fightin' Words, Political Analysis 16, 372-403, equations 15, 16, 20 and 22.
pub fn log_odds_dirichlet(
    i: &[u64],
    j: &[u64],
    background: &[u64],
    strength: f64,
) -> Result<Vec<Option<LogOdds>>, Error> {
    if i.len() != j.len() || i.len() != background.len() {
        return Err(Error::inconsistent(
            "the two groups and the background must have the same categories",
        ));
    }
    if !(strength > 0.0 && strength.is_finite()) {
        return Err(Error::invalid_parameter(
            "strength of the prior",
            "finite and above 0",
            strength,
        ));
    }
    let (n_i, n_j, n) = (sum(i)?, sum(j)?, sum(background)?);
    let categories = i.iter().zip(j).zip(background);
    Ok(categories
        .map(|((&y_i, &y_j), &seen)| {
            let prior = strength * seen as f64 / n as f64;
            let (a_i, a_j) = (y_i as f64 + prior, y_j as f64 + prior);
            // The others' counts as whole numbers, their prior as what is left of it.
            let rest = strength * (n - seen) as f64 / n as f64;
            let (b_i, b_j) = ((n_i - y_i) as f64 + rest, (n_j - y_j) as f64 + rest);
            let defined = [a_i, a_j, b_i, b_j]
                .iter()
                .all(|&x| x > 0.0 && x.is_finite());
            defined.then(|| {
                let delta = (a_i / b_i).ln() - (a_j / b_j).ln();
                let variance = 1.0 / a_i + 1.0 / a_j;
                LogOdds {
                    delta,
                    variance,
                    z: delta / variance.sqrt(),
                }
            })
        })
        .collect())
}

fn sum(counts: &[u64]) -> Result<u64, Error> {
    counts.iter().try_fold(0_u64, |sum, &count| {
        sum.checked_add(count)
            .filter(|&sum| sum <= MAX_TOTAL)
            .ok_or_else(|| Error::too_many_counts("mentions of a group"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_named_and_emptiness_undefined() {
        assert!(
            log_odds_dirichlet(&[1], &[1, 2], &[1], 5.0)
                .unwrap_err()
                .is_inconsistent()
        );
        for strength in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = log_odds_dirichlet(&[1], &[1], &[1], strength).unwrap_err();
            assert!(error.is_invalid_parameter());
        }
        assert!(
            log_odds_dirichlet(&[u64::MAX], &[1], &[1], 5.0)
                .unwrap_err()
                .is_overflow()
        );
        assert_eq!(log_odds_dirichlet(&[1], &[1], &[0], 5.0).unwrap(), [None]);
        assert_eq!(log_odds_dirichlet(&[3], &[1], &[4], 5.0).unwrap(), [None]);
    }
}
