//! Log-odds ratios shrunk by an informative Dirichlet prior: which words, or values, set two groups apart.

use serde::{Deserialize, Serialize};

use crate::association::Associations;
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
    check(strength)?;
    let (n_i, n_j, n) = (sum(i)?, sum(j)?, sum(background)?);
    let categories = i.iter().zip(j).zip(background);
    Ok(categories
        .map(|((&y_i, &y_j), &seen)| LogOdds::new((y_i, n_i), (y_j, n_j), (seen, n), strength))
        .collect())
}

impl LogOdds {
    /// From counts and totals of the groups and of the background.
    fn new(
        (y_i, n_i): (u64, u64),
        (y_j, n_j): (u64, u64),
        (seen, n): (u64, u64),
        strength: f64,
    ) -> Option<Self> {
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
            Self {
                delta,
                variance,
                z: delta / variance.sqrt(),
            }
        })
    }
}

impl Associations {
    /// Of each pair, in their order, how much its column sets the row apart from the rest, shrunk by an informative Dirichlet
    /// prior: [`log_odds_dirichlet`] of the row's counts against all others, with both together as background. Undefined as
    /// there.
    ///
    /// Columns that never met a listed row are not known here; they have no counts in the row and hardly move its odds.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a strength that is not finite and above 0.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, Observations};
    ///
    /// let mut builder = Observations::builder(2, 2);
    /// for id in 0..80 {
    ///     let task = (id % 2) as u32;
    ///     builder.push(id, &[task], if id % 5 == 0 { &[0, 1] } else { &[0] })?;
    /// }
    /// let found = AssociationParams::new().build()?.scan(&builder.build()?);
    /// let odds = found.log_odds_dirichlet(500.0)?;
    /// assert_eq!(odds.len(), found.pairs.len());
    /// // Both tasks have the same values.
    /// assert!(odds.iter().flatten().all(|odds| odds.z.abs() < 1e-9));
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn log_odds_dirichlet(&self, strength: f64) -> Result<Vec<Option<LogOdds>>, Error> {
        check(strength)?;
        let mut rows: Vec<(u32, u64)> = Vec::new();
        let mut cols: Vec<(u32, u64)> = Vec::new();
        for pair in &self.pairs {
            rows.push((pair.row, pair.observed));
            cols.push((pair.col, pair.col_total));
        }
        rows.sort_unstable();
        let rows: Vec<(u32, u64)> = rows
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|of| Some((of.first()?.0, of.iter().map(|&(_, n)| n).sum())))
            .collect();
        cols.sort_unstable();
        cols.dedup();
        let n: u64 = cols.iter().map(|&(_, total)| total).sum();
        let of = |pair: &crate::association::Association| {
            let at = rows.binary_search_by_key(&pair.row, |&(row, _)| row).ok()?;
            let (_, in_row) = *rows.get(at)?;
            LogOdds::new(
                (pair.observed, in_row),
                (
                    pair.col_total.checked_sub(pair.observed)?,
                    n.checked_sub(in_row)?,
                ),
                (pair.col_total, n),
                strength,
            )
        };
        Ok(self.pairs.iter().map(of).collect())
    }
}

fn check(strength: f64) -> Result<(), Error> {
    if strength > 0.0 && strength.is_finite() {
        return Ok(());
    }
    Err(Error::invalid_parameter(
        "strength of the prior",
        "finite and above 0",
        strength,
    ))
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

    #[test]
    fn pairs_of_a_scan_are_rows_against_the_rest() {
        let rows: [&[u64]; 3] = [&[12, 3, 0, 5], &[2, 9, 1, 4], &[7, 7, 2, 0]];
        let mut builder = crate::Observations::builder(3, 4);
        let mut id = 0;
        for (row, counts) in (0..).zip(rows) {
            for (col, &count) in (0..).zip(counts) {
                for _ in 0..count {
                    builder.push(id, &[row], &[col]).unwrap();
                    id += 1;
                }
            }
        }
        let scan = crate::AssociationParams::new().build().unwrap();
        let found = scan.scan(&builder.build().unwrap());
        let ours = found.log_odds_dirichlet(20.0).unwrap();
        let all: Vec<u64> = (0..4)
            .map(|col| rows.iter().map(|row| row[col]).sum())
            .collect();
        let mut compared = 0;
        for (pair, own) in found.pairs.iter().zip(ours) {
            let inside = rows[pair.row as usize];
            let outside: Vec<u64> = all.iter().zip(inside).map(|(all, own)| all - own).collect();
            let plain = log_odds_dirichlet(inside, &outside, &all, 20.0).unwrap();
            assert_eq!(own, plain[pair.col as usize]);
            compared += 1;
        }
        assert!(compared >= 10);
        assert!(
            found
                .log_odds_dirichlet(0.0)
                .unwrap_err()
                .is_invalid_parameter()
        );
    }
}
