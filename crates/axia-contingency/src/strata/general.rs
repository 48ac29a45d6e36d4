//! Tables of any shape, one per stratum: the generalized Cochran-Mantel-Haenszel test of general association.

use crate::error::Error;
use crate::linear::Symmetric;
use crate::table::{ChiSquareTest, Table};
use crate::tails::chi_square_upper;

/// Most degrees of freedom of the generalized test: the covariance matrix has their square of entries.
const MAX_DOF: usize = 2000;

/// The generalized Cochran-Mantel-Haenszel test: is there any association between rows and columns within the strata?
///
/// The sum over strata of observed minus expected counts is compared with its covariance, all margins given. Rows and
/// columns that have no counts anywhere do not exist, strata of one count say nothing. Combinations that never vary lower
/// the degrees of freedom.
///
/// `None` when nothing can vary: fewer than two rows or columns in every stratum.
///
/// # Errors
/// [`Error::is_invalid_parameter`] when (rows - 1) (columns - 1) is above 2,000; test column by column then
/// ([`StratifiedTwoByTwo`](crate::StratifiedTwoByTwo)).
///
/// # Complexity
/// The cube of the degrees of freedom.
///
/// # References
/// Landis, Heyman and Koch (1978), International Statistical Review 46, 237-254; Agresti (2002), 7.5.3. R calls it
/// `mantelhaen.test`.
///
/// ```
/// use axia_contingency::{Table, generalized_cmh};
///
/// let first = Table::from_counts([(0, 0, 9), (0, 1, 4), (0, 2, 2), (1, 0, 3), (1, 1, 5), (1, 2, 8)])?;
/// let second = Table::from_counts([(0, 0, 6), (0, 1, 5), (0, 2, 1), (1, 0, 2), (1, 1, 6), (1, 2, 7)])?;
/// let test = generalized_cmh(&[first, second])?.ok_or("nothing varies")?;
/// assert_eq!(test.dof, 2);
/// assert!(test.ln_p.p() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generalized_cmh(strata: &[Table]) -> Result<Option<ChiSquareTest>, Error> {
    let ids = |lines: &mut dyn Iterator<Item = (u32, u64)>| {
        let mut ids: Vec<u32> = lines.map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let rows = ids(&mut strata.iter().flat_map(Table::rows));
    let cols = ids(&mut strata.iter().flat_map(Table::cols));
    // The last row and column follow from the others.
    let (Some((_, rows)), Some((_, cols))) = (rows.split_last(), cols.split_last()) else {
        return Ok(None);
    };
    let dof = rows.len() * cols.len();
    if dof > MAX_DOF {
        return Err(Error::invalid_parameter(
            "(rows - 1) (columns - 1) of a generalized test",
            "at most 2000",
            dof as f64,
        ));
    }
    let mut excess = vec![0.0; dof];
    let mut covariance = Symmetric::zeros(dof);
    for table in strata.iter().filter(|table| table.total() > 1) {
        let n = table.total() as f64;
        let line = |ids: &[u32], total: &dyn Fn(u32) -> u64| -> Vec<f64> {
            ids.iter().map(|&id| total(id) as f64).collect()
        };
        let row = line(rows, &|id| table.row_total(id));
        let col = line(cols, &|id| table.col_total(id));
        // Multivariate hypergeometric: Cov = (R_i (n [i=k] - R_k)) (C_j (n [j=l] - C_l)) / (n^2 (n - 1)).
        let spread = |line: &[f64], i: usize, k: usize| {
            line[i] * (if i == k { n - line[k] } else { -line[k] }) / n
        };
        for i in 0..rows.len() {
            for j in 0..cols.len() {
                let met = table.observed(rows[i], cols[j]) as f64;
                let at = i * cols.len() + j;
                excess[at] += (met * n - row[i] * col[j]) / n;
                for k in 0..rows.len() {
                    let rows_part = spread(&row, i, k) / (n - 1.0);
                    for l in 0..cols.len() {
                        let value = rows_part * spread(&col, j, l);
                        covariance.add(at, k * cols.len() + l, value);
                    }
                }
            }
        }
    }
    let form = covariance.quadratic(&excess);
    let dof = form.rank as u64;
    Ok(chi_square_upper(form.value, dof).map(|ln_p| ChiSquareTest {
        statistic: form.value,
        dof,
        ln_p,
    }))
}
