//! How far two clusterings of the same points agree: measures on their contingency table alone.
//! Nothing here looks at the points themselves.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};

/// Which mean of the two entropies normalises mutual information (Vinh, Epps and Bailey 2010).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntropyMean {
    /// The smaller entropy.
    Min,
    /// The square root of their product.
    Geometric,
    /// Half of their sum: the default, as in scikit-learn.
    #[default]
    Arithmetic,
    /// The larger entropy.
    Max,
}

impl EntropyMean {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Min => a.min(b),
            Self::Geometric => (a * b).sqrt(),
            Self::Arithmetic => f64::midpoint(a, b),
            Self::Max => a.max(b),
        }
    }
}

/// How far a clustering agrees with another one, or with labels that count as the truth.
///
/// The adjusted measures are about 0 for unrelated clusterings and 1 for equal ones, whatever the
/// numbers of clusters; the others rise with the number of clusters alone, so compare them only at
/// the same number. Information is in nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Agreement {
    /// Number of points.
    pub points: u64,
    /// Number of distinct true labels.
    pub classes: u64,
    /// Number of distinct found labels.
    pub clusters: u64,
    /// Adjusted Rand index (Hubert and Arabie 1985), -0.5 to 1.
    pub adjusted_rand_index: f64,
    /// Mutual information of the two labellings, in nats.
    pub mutual_information: f64,
    /// What the mutual information would be on average if the found labels were shuffled, exactly
    /// (the hypergeometric model).
    pub expected_mutual_information: f64,
    /// Adjusted mutual information (Vinh, Epps and Bailey 2010), at most 1.
    pub adjusted_mutual_information: f64,
    /// Normalized mutual information, 0 to 1.
    pub normalized_mutual_information: f64,
    /// Whether each cluster holds members of one class only (Rosenberg and Hirschberg 2007), 0 to 1.
    pub homogeneity: f64,
    /// Whether all members of a class are in one cluster, 0 to 1.
    pub completeness: f64,
    /// The harmonic mean of homogeneity and completeness, 0 to 1.
    pub v_measure: f64,
    /// Share of points that are in the most frequent class of their cluster, 0 to 1.
    pub purity: f64,
}

/// Compares found labels with true ones, by the mean of entropies that is the default.
///
/// Labels are any numbers: only which points share one counts. Every measure but homogeneity,
/// completeness and purity stays the same when the two are swapped.
///
/// # Errors
///
/// If the two are not of the same length, or empty.
///
/// # Example
///
/// ```
/// use axia_cluster::agreement;
///
/// let same = agreement(&[0, 0, 1, 1], &[7, 7, 3, 3])?;
/// assert_eq!(same.adjusted_rand_index, 1.0);
///
/// let near = agreement(&[0, 0, 1, 1], &[0, 0, 1, 2])?;
/// assert!((near.adjusted_rand_index - 0.5714285714).abs() < 1e-9);
/// assert_eq!((near.homogeneity, near.purity), (1.0, 1.0));
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn agreement(truth: &[u32], found: &[u32]) -> Result<Agreement, Error> {
    agreement_by(truth, found, EntropyMean::default())
}

/// Compares found labels with true ones; `mean` normalises the adjusted and the normalized mutual
/// information.
///
/// # Errors
///
/// As [`agreement`].
pub fn agreement_by(truth: &[u32], found: &[u32], mean: EntropyMean) -> Result<Agreement, Error> {
    if truth.is_empty() {
        return Err(Kind::NoPoints.into());
    }
    if truth.len() != found.len() {
        return Err(Kind::Length {
            what: "found label",
            points: truth.len(),
            got: found.len(),
        }
        .into());
    }
    let table = Table::new(truth, found);
    let n = table.n;
    let (truth_entropy, found_entropy) = (entropy(&table.rows, n), entropy(&table.columns, n));
    let information = table.mutual_information();
    let expected = expected_mutual_information(&table.rows, &table.columns, n);
    let normalizer = mean.of(truth_entropy, found_entropy);
    let one_each = table.rows.len() == 1 && table.columns.len() == 1;
    let one = table.rows.len() == 1 || table.columns.len() == 1;
    let share = |of: f64| if of > 0.0 { information / of } else { 1.0 };
    let (homogeneity, completeness) = (share(truth_entropy), share(found_entropy));
    let sum = homogeneity + completeness;
    Ok(Agreement {
        points: n as u64,
        classes: table.rows.len() as u64,
        clusters: table.columns.len() as u64,
        adjusted_rand_index: table.adjusted_rand_index(),
        mutual_information: information,
        expected_mutual_information: expected,
        adjusted_mutual_information: match (one_each, one) {
            (true, _) => 1.0,
            (_, true) => 0.0,
            _ => away_from_zero(information - expected) / away_from_zero(normalizer - expected),
        },
        normalized_mutual_information: if one_each {
            1.0
        } else if information > 0.0 {
            information / normalizer
        } else {
            0.0
        },
        homogeneity,
        completeness,
        v_measure: if sum > 0.0 {
            2.0 * homogeneity * completeness / sum
        } else {
            0.0
        },
        purity: table.purity(),
    })
}

/// Keeps the sign and stays off zero, as scikit-learn does: where expectation and maximum are
/// equal, the ratio of the two differences is 1 and not a quotient of rounding errors.
fn away_from_zero(value: f64) -> f64 {
    if value < 0.0 {
        value.min(-f64::EPSILON)
    } else {
        value.max(f64::EPSILON)
    }
}

/// The contingency table of two labellings: cells that are not empty, in order.
struct Table {
    n: usize,
    /// Row, column and count.
    cells: Vec<(usize, usize, usize)>,
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl Table {
    fn new(truth: &[u32], found: &[u32]) -> Self {
        let row_names = distinct(truth);
        let column_names = distinct(found);
        let place = |names: &[u32], label: u32| names.partition_point(|&n| n < label);
        let mut pairs: Vec<(usize, usize)> = truth
            .iter()
            .zip(found)
            .map(|(&t, &f)| (place(&row_names, t), place(&column_names, f)))
            .collect();
        pairs.sort_unstable();
        let mut rows = vec![0; row_names.len()];
        let mut columns = vec![0; column_names.len()];
        let mut cells = Vec::new();
        for run in pairs.chunk_by(|a, b| a == b) {
            let (row, column) = run[0];
            rows[row] += run.len();
            columns[column] += run.len();
            cells.push((row, column, run.len()));
        }
        Self {
            n: truth.len(),
            cells,
            rows,
            columns,
        }
    }

    fn adjusted_rand_index(&self) -> f64 {
        let squares = |counts: &[usize]| counts.iter().map(|&c| (c as u128).pow(2)).sum::<u128>();
        let both: u128 = self.cells.iter().map(|c| (c.2 as u128).pow(2)).sum();
        let (rows, columns) = (squares(&self.rows), squares(&self.columns));
        let n = self.n as u128;
        // Ordered pairs of points: together in both, in one only, in neither.
        let together = (both - n) as f64;
        let (row_only, column_only) = ((rows - both) as f64, (columns - both) as f64);
        let apart = (n * n + both - rows - columns) as f64;
        if rows == both && columns == both {
            return 1.0;
        }
        2.0 * (together * apart - row_only * column_only)
            / ((together + row_only) * (row_only + apart)
                + (together + column_only) * (column_only + apart))
    }

    fn mutual_information(&self) -> f64 {
        let n = self.n as f64;
        let sum: f64 = self
            .cells
            .iter()
            .map(|&(row, column, count)| {
                let (r, c) = (self.rows[row] as f64, self.columns[column] as f64);
                let count = count as f64;
                let term =
                    count / n * (libm::log(count) - libm::log(r) - libm::log(c) + libm::log(n));
                if term.abs() < f64::EPSILON { 0.0 } else { term }
            })
            .sum();
        sum.max(0.0)
    }

    fn purity(&self) -> f64 {
        let mut most = vec![0; self.columns.len()];
        for &(_, column, count) in &self.cells {
            most[column] = count.max(most[column]);
        }
        most.iter().sum::<usize>() as f64 / self.n as f64
    }
}

fn distinct(labels: &[u32]) -> Vec<u32> {
    let mut names = labels.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

fn entropy(counts: &[usize], n: usize) -> f64 {
    if counts.len() == 1 {
        return 0.0;
    }
    let n = n as f64;
    counts
        .iter()
        .map(|&c| c as f64)
        .map(|c| -(c / n) * (libm::log(c) - libm::log(n)))
        .sum()
}

/// The exact mean of mutual information over all labellings with these sizes of classes and
/// clusters.
///
/// A cell of a class of `a` and a cluster of `b` points is hypergeometric. Its probabilities are
/// taken relative to the most probable count, by the ratio of neighbours, and divided by their own
/// sum: no logarithm of a factorial is needed, whose rounding grows with `n`. Only sizes that
/// differ are worked out.
fn expected_mutual_information(rows: &[usize], columns: &[usize], n: usize) -> f64 {
    let (rows, columns) = (sizes(rows), sizes(columns));
    let largest = rows.iter().chain(&columns).map(|s| s.0).max().unwrap_or(0);
    let logs: Vec<f64> = (0..=largest).map(|i| libm::log(i.max(1) as f64)).collect();
    let log_n = libm::log(n as f64);
    let mut total = 0.0;
    for &(a, a_times) in &rows {
        for &(b, b_times) in &columns {
            let base = log_n - logs[a] - logs[b];
            let mean = mean_cell(a, b, n, |count| {
                count as f64 / n as f64 * (logs[count] + base)
            });
            total += (a_times * b_times) as f64 * mean;
        }
    }
    total
}

/// Each size with how often it occurs.
fn sizes(counts: &[usize]) -> Vec<(usize, usize)> {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .collect()
}

/// Counts whose probability is below this share of the most probable one's add nothing that a
/// double could hold.
const NEGLIGIBLE: f64 = 1e-25;

/// The mean of `value` over the hypergeometric counts of a cell.
fn mean_cell(a: usize, b: usize, n: usize, value: impl Fn(usize) -> f64) -> f64 {
    let least = (a + b).saturating_sub(n);
    let most = a.min(b);
    let mode = ((a as u128 + 1) * (b as u128 + 1) / (n as u128 + 2)) as usize;
    let mode = mode.clamp(least, most);
    // P(k + 1) / P(k)
    let ratio = |k: usize| {
        let up = (a - k) as f64 * (b - k) as f64;
        up / ((k + 1) as f64 * (n + k + 1 - a - b) as f64)
    };
    let mut weights = 1.0;
    let mut sum = value(mode);
    let mut weight = 1.0;
    for k in mode..most {
        weight *= ratio(k);
        weights += weight;
        sum += weight * value(k + 1);
        if weight < NEGLIGIBLE {
            break;
        }
    }
    weight = 1.0;
    for k in (least..mode).rev() {
        weight /= ratio(k);
        weights += weight;
        sum += weight * value(k);
        if weight < NEGLIGIBLE {
            break;
        }
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All ways to shuffle the found labels, one by one.
    #[test]
    fn expected_information_is_the_mean_over_all_shuffles() {
        let truth = [0, 0, 0, 1, 1, 2, 2];
        let mut found = [0, 0, 1, 1, 1, 1, 2];
        let table = Table::new(&truth, &found);
        let exact = expected_mutual_information(&table.rows, &table.columns, table.n);
        let mut sum = 0.0;
        let mut shuffles = 0_u32;
        permute(&mut found, 0, &mut |found| {
            sum += Table::new(&truth, found).mutual_information();
            shuffles += 1;
        });
        assert_eq!(shuffles, 5040);
        assert!((exact - sum / f64::from(shuffles)).abs() < 1e-13);
    }

    fn permute(items: &mut [u32], from: usize, visit: &mut impl FnMut(&[u32])) {
        if from == items.len() {
            visit(items);
            return;
        }
        for at in from..items.len() {
            items.swap(from, at);
            permute(items, from + 1, visit);
            items.swap(from, at);
        }
    }
}
