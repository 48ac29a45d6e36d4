//! A whole table whose observations come from users: Rao and Scott's corrections of Pearson's chi-square.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::f_tail::{chi_square_upper_real, f_upper};
use crate::linear::{Factor, Symmetric};
use crate::table::Table;
use crate::tails::LogP;

/// Most degrees of freedom of the table: matrices have their square of entries.
const MAX_DOF: usize = 1000;

/// Pearson's chi-square with its corrections for observations in clusters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RaoScott {
    /// Pearson's statistic, as if observations were independent.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub dof: u64,
    /// Users.
    pub clusters: u64,
    /// Sum of the generalized design effects; their mean is this over `dof`.
    pub trace: f64,
    /// Sum of their squares.
    pub trace_squared: f64,
    /// First-order p-value: the statistic over the mean design effect, as chi-square. Right when the design effects are
    /// alike.
    pub ln_p_first_order: LogP,
    /// Second-order statistic: Pearson's over the trace.
    pub f: f64,
    /// Its numerator's degrees of freedom (Satterthwaite).
    pub numerator_dof: f64,
    /// Its denominator's.
    pub denominator_dof: f64,
    /// Second-order p-value, by the F distribution. Use this one.
    pub ln_p: LogP,
}

/// Rao and Scott's test of independence of a table whose counts come from users: R's `svychisq` with equal weights.
///
/// Each item is what one user adds to the table, as `(row, column, count)`; each user is given once.
///
/// `None` with fewer than two non-empty rows or columns, fewer than two users, or when nothing scatters between them.
///
/// # Errors
/// [`Error::is_overflow`] above 2^53 counts; [`Error::is_invalid_parameter`] when (rows - 1) (columns - 1) is above 1,000.
///
/// # References
/// Rao and Scott (1984), Annals of Statistics 12, 46-60; Thomas and Rao (1987), Journal of the American Statistical
/// Association 82, 630-636.
///
/// ```
/// use axia_contingency::rao_scott_by_user;
///
/// // Twenty users, five conversations each, all of one task and one response type.
/// let users: Vec<Vec<(u32, u32, u64)>> =
///     (0..20).map(|user| vec![(user % 2, u32::from(user % 3 == 0), 5)]).collect();
/// let test = rao_scott_by_user(users.iter().map(Vec::as_slice))?.ok_or("undefined")?;
/// assert!(test.trace > 4.5 && test.ln_p.p() > test.ln_p_first_order.p() / 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rao_scott_by_user<'a>(
    users: impl IntoIterator<Item = &'a [(u32, u32, u64)]>,
) -> Result<Option<RaoScott>, Error> {
    let users: Vec<&[(u32, u32, u64)]> = users.into_iter().collect();
    let table = Table::from_counts(users.iter().flat_map(|user| user.iter().copied()))?;
    let Some(pearson) = table.chi_square() else {
        return Ok(None);
    };
    let rows: Vec<u32> = table.rows().map(|(id, _)| id).collect();
    let cols: Vec<u32> = table.cols().map(|(id, _)| id).collect();
    let (r, c) = (rows.len() - 1, cols.len() - 1);
    let dof = r * c;
    if dof > MAX_DOF {
        return Err(Error::invalid_parameter(
            "(rows - 1) (columns - 1) of a clustered table",
            "at most 1000",
            dof as f64,
        ));
    }
    if users.len() < 2 {
        return Ok(None);
    }
    let n = table.total() as f64;
    let share = |i: usize, j: usize| table.observed(rows[i], cols[j]) as f64 / n;
    let cells = rows.len() * cols.len();
    let p: Vec<f64> = (0..cells)
        .map(|at| share(at / cols.len(), at % cols.len()))
        .collect();
    // Columns: interactions of all but the first row and column, freed from the main effects by the double centring that least
    // squares on a balanced grid comes to.
    let contrast = |at: usize, k: usize| {
        let centred =
            |x: usize, of: usize, size: usize| f64::from(u8::from(x == of + 1)) - 1.0 / size as f64;
        centred(at / cols.len(), k / c, rows.len()) * centred(at % cols.len(), k % c, cols.len())
    };
    if p.contains(&0.0) {
        // The inverse of the cell shares does not exist; the statistic does, and so do the margins' shares under
        // independence, by which the design effects are then taken.
        return Ok(by_expected(&users, &table, &rows, &cols, pearson.statistic));
    }
    let mut metric = Symmetric::zeros(dof);
    for k in 0..dof {
        for l in 0..dof {
            let sum: f64 = (0..cells)
                .map(|at| contrast(at, k) * contrast(at, l) / p[at])
                .sum();
            metric.add(k, l, sum / n);
        }
    }
    let Some(factor) = metric.factor() else {
        return Ok(None);
    };
    let places = Places {
        rows: &rows,
        cols: &cols,
    };
    let scores = users.iter().map(|user| {
        let mut scores = vec![0.0; dof];
        for (k, score) in scores.iter_mut().enumerate() {
            let of_user: f64 = user
                .iter()
                .filter(|&&(_, _, count)| count > 0)
                .map(|&(row, col, count)| {
                    let at = places.of(row, col);
                    count as f64 * contrast(at, k) / p[at]
                })
                .sum();
            // Nothing is to be centred: the mean of contrast / p over all observations is the contrast's sum, 0.
            *score = of_user / n;
        }
        scores
    });
    Ok(finish(scores, &factor, users.len(), pearson.statistic, dof))
}

/// With empty cells: the same statistic from null-centred scores of the cells but the last row and column.
fn by_expected(
    users: &[&[(u32, u32, u64)]],
    table: &Table,
    rows: &[u32],
    cols: &[u32],
    statistic: f64,
) -> Option<RaoScott> {
    let n = table.total() as f64;
    let (r, c) = (rows.len() - 1, cols.len() - 1);
    let dof = r * c;
    let row_share: Vec<f64> = rows
        .iter()
        .map(|&id| table.row_total(id) as f64 / n)
        .collect();
    let col_share: Vec<f64> = cols
        .iter()
        .map(|&id| table.col_total(id) as f64 / n)
        .collect();
    let mut metric = Symmetric::zeros(dof);
    let part = |shares: &[f64], i: usize, k: usize| {
        f64::from(u8::from(i == k)) * shares[i] - shares[i] * shares[k]
    };
    for k in 0..dof {
        for l in 0..dof {
            metric.add(
                k,
                l,
                part(&row_share, k / c, l / c) * part(&col_share, k % c, l % c) * n,
            );
        }
    }
    let factor = metric.factor()?;
    let places = Places { rows, cols };
    let scores = users.iter().map(|user| {
        let mut scores = vec![0.0; dof];
        for &(row, col, count) in *user {
            let at = places.of(row, col);
            let (i, j) = (at / cols.len(), at % cols.len());
            for (k, score) in scores.iter_mut().enumerate() {
                let x = f64::from(u8::from(k / c == i)) - row_share[k / c];
                let y = f64::from(u8::from(k % c == j)) - col_share[k % c];
                *score += count as f64 * x * y;
            }
        }
        scores
    });
    finish(scores, &factor, users.len(), statistic, dof)
}

/// Where a cell is, by its ids.
struct Places<'a> {
    rows: &'a [u32],
    cols: &'a [u32],
}

impl Places<'_> {
    fn of(&self, row: u32, col: u32) -> usize {
        let at = |ids: &[u32], id: u32| ids.binary_search(&id).unwrap_or(0);
        at(self.rows, row) * self.cols.len() + at(self.cols, col)
    }
}

/// From the users' scores, whitened by the metric, to the traces.
fn finish(
    scores: impl Iterator<Item = Vec<f64>>,
    metric: &Factor,
    clusters: usize,
    statistic: f64,
    dof: usize,
) -> Option<RaoScott> {
    let g = clusters as f64;
    let mut scatter = vec![0.0; dof * dof];
    for score in scores {
        let white = metric.whiten(&score);
        for (line, &a) in scatter.chunks_mut(dof).zip(&white) {
            for (entry, &b) in line.iter_mut().zip(&white) {
                *entry += a * b;
            }
        }
    }
    let factor = g / (g - 1.0);
    let trace: f64 = scatter.iter().step_by(dof + 1).sum::<f64>() * factor;
    let trace_squared: f64 = scatter.iter().map(|x| x * x).sum::<f64>() * factor * factor;
    if !(trace > 0.0 && trace_squared > 0.0) {
        return None;
    }
    let numerator = trace * trace / trace_squared;
    let denominator = numerator * (g - 1.0);
    let f = statistic / trace;
    Some(RaoScott {
        statistic,
        dof: dof as u64,
        clusters: clusters as u64,
        trace,
        trace_squared,
        ln_p_first_order: chi_square_upper_real(f * dof as f64, dof as f64)?,
        f,
        numerator_dof: numerator,
        denominator_dof: denominator,
        ln_p: f_upper(f, numerator, denominator)?,
    })
}
