//! The statistics of "Values in the Wild" as published, for comparison with its figures.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::error::Error;
use crate::observations::Observations;
use crate::table::{CellResidual, ChiSquareTest, Table};

/// What must be known when reading results of paper mode.
const CAVEATS: [&str; 6] = [
    "Counts are mentions: one conversation adds to several cells, so the chi-square test's p-value is not that of a valid \
     test, and several conversations of one user count as independent.",
    "The number of tests is that of the column categories, not of the cells that are tested: with 500 rows, 500 times more \
     cells pass by chance than the correction allows for.",
    "The normal approximation is used in every cell, also where next to nothing is expected: a single chance meeting can \
     have a residual of 10.",
    "Between two facets with many labels each, long conversations alone make pairs of frequent categories associated.",
    "Residuals grow with the number of conversations: they rank evidence (and that roughly), not the size of an effect.",
    "The coefficient of variation of a value's counts over contexts mostly measures how unequal the contexts are in size: a \
     value in the same share of every context has that of the sizes, not 0, and rare values have large ones by chance.",
];

/// The analysis of the paper: the table of mentions, its chi-square test, and the adjusted residuals beyond the critical
/// value of a Bonferroni correction for one test per column category.
///
/// Made by [`paper_mode`]; printed with its caveats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaperAnalysis {
    /// Pearson's chi-square test of the whole table; `None` with fewer than two rows or columns.
    pub chi_square: Option<ChiSquareTest>,
    /// Number of tests corrected for: the column categories that occur.
    pub tests: u64,
    /// Family-wise level.
    pub alpha: f64,
    /// The |adjusted residual| above which a cell counts as significant; 4.33 for 3,307 values at 0.05.
    pub critical_z: Option<f64>,
    /// The cells beyond it, those that never met included, the largest residual first.
    pub cells: Vec<CellResidual>,
    /// Those among them with an expected count below 5.
    pub sparse: u64,
    /// Cells between non-empty lines: what was really tested.
    pub grid: u64,
    /// Coefficient of variation of the row totals: what a value in the same share of every row would have. `None` without
    /// mentions.
    pub cv_sizes: Option<f64>,
    /// Context invariance as published, for each column category that occurs.
    pub invariance: Vec<PaperInvariance>,
    /// How to read this.
    pub caveats: Vec<String>,
}

/// How unevenly the mentions of one value lie over the contexts, by counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaperInvariance {
    /// Column category.
    pub col: u32,
    /// Its mentions.
    pub total: u64,
    /// Standard deviation of its counts over the rows that occur (divisor their number), over their mean. Low means invariant.
    /// [`ContextInvariance`](crate::ContextInvariance) has the measures that do not depend on the contexts' sizes.
    pub cv_counts: f64,
}

/// Does what the paper did: chi-square and adjusted residuals of the table of mentions (row categories by column
/// categories), significant beyond the Bonferroni value for one two-sided test per column category.
///
/// Use it to compare with published figures; for findings use a scan, which tests what it corrects for and is exact where
/// little is expected.
///
/// # Errors
/// [`Error::is_invalid_parameter`] unless `0 < alpha < 1`.
///
/// ```
/// use axia_contingency::{Observations, paper_mode};
///
/// let mut builder = Observations::builder(2, 2);
/// for id in 0..100 {
///     let task = (id % 2) as u32;
///     builder.push(id, &[task], &[task])?;
/// }
/// let paper = paper_mode(&builder.build()?, 0.05)?;
/// assert_eq!((paper.tests, paper.cells.len()), (2, 4));
/// assert!(paper.to_string().contains("Counts are mentions"));
/// # Ok::<(), axia_contingency::Error>(())
/// ```
///
/// # References
/// Huang et al. (2025), Values in the Wild, arXiv 2504.15236. The number of tests is inferred from the printed 4.33.
pub fn paper_mode(observations: &Observations, alpha: f64) -> Result<PaperAnalysis, Error> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Error::invalid_parameter(
            "alpha",
            "above 0 and below 1",
            alpha,
        ));
    }
    let table: Table = observations.to_table();
    let tests = table.n_cols() as u64;
    let critical_z = Correction::Bonferroni.critical_z(alpha, tests);
    let mut cells = Vec::new();
    if let Some(critical) = critical_z {
        let beyond = |cell: &CellResidual| cell.adjusted.is_some_and(|r| r.abs() > critical);
        cells.extend(table.residuals().filter(beyond));
        cells.extend(table.depleted(-critical).into_iter().filter(beyond));
    }
    cells.sort_by(|a, b| {
        let (x, y) = (a.adjusted.unwrap_or(0.0), b.adjusted.unwrap_or(0.0));
        y.total_cmp(&x).then((a.row, a.col).cmp(&(b.row, b.col)))
    });
    let rows = table.n_rows() as f64;
    let sizes: Vec<u64> = table.rows().map(|(_, total)| total).collect();
    let mut by_col: Vec<(u32, u64)> = observations
        .cells()
        .iter()
        .map(|cell| (cell.col, cell.count))
        .collect();
    by_col.sort_unstable();
    let invariance = by_col.chunk_by(|a, b| a.0 == b.0).filter_map(|of| {
        let counts: Vec<u64> = of.iter().map(|&(_, count)| count).collect();
        Some(PaperInvariance {
            col: of.first()?.0,
            total: counts.iter().sum(),
            cv_counts: coefficient_of_variation(&counts, rows)?,
        })
    });
    Ok(PaperAnalysis {
        cv_sizes: coefficient_of_variation(&sizes, rows),
        invariance: invariance.collect(),
        chi_square: table.chi_square(),
        tests,
        alpha,
        critical_z,
        sparse: cells.iter().filter(|cell| cell.expected < 5.0).count() as u64,
        grid: table.n_rows() as u64 * table.n_cols() as u64,
        cells,
        caveats: CAVEATS.map(str::to_owned).to_vec(),
    })
}

/// Of counts in `n` contexts, those that are not listed being 0; `None` when all are.
fn coefficient_of_variation(counts: &[u64], n: f64) -> Option<f64> {
    let mean = counts.iter().sum::<u64>() as f64 / n;
    let off = |count: f64| (count - mean) * (count - mean);
    let listed: f64 = counts.iter().map(|&count| off(count as f64)).sum();
    let squares = listed + (n - counts.len() as f64) * off(0.0);
    (mean > 0.0).then(|| (squares / n).sqrt() / mean)
}

impl fmt::Display for PaperAnalysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(test) = &self.chi_square {
            writeln!(
                f,
                "chi-square {:.2} on {} degrees of freedom, log10 p {:.1}",
                test.statistic,
                test.dof,
                test.ln_p.log10()
            )?;
        }
        if let Some(critical) = self.critical_z {
            writeln!(
                f,
                "{} of {} cells beyond |r| = {critical:.2} ({} tests at {}); {} of them with less than 5 expected",
                self.cells.len(),
                self.grid,
                self.tests,
                self.alpha,
                self.sparse
            )?;
        }
        self.caveats
            .iter()
            .try_for_each(|caveat| writeln!(f, "- {caveat}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContextInvariance;

    #[test]
    fn coefficients_by_counts_are_those_of_the_definition() {
        // Three contexts; value 1 never in the last.
        let counts = [[6, 3, 9], [4, 5, 0]];
        let mut builder = Observations::builder(4, 3);
        let mut id = 0;
        for (col, of) in (0..).zip(counts) {
            for (row, count) in (0..).zip(of) {
                for _ in 0..count {
                    builder.push(id, &[row], &[col]).unwrap();
                    id += 1;
                }
            }
        }
        let paper = paper_mode(&builder.build().unwrap(), 0.05).unwrap();
        let sizes = [10, 8, 9];
        for (col, of) in counts.into_iter().enumerate() {
            let contexts: Vec<(u64, u64)> = of.into_iter().zip(sizes).collect();
            let plain = ContextInvariance::new(&contexts).unwrap().unwrap();
            let own = paper.invariance[col];
            assert_eq!((own.col as usize, own.total), (col, of.iter().sum()));
            assert!((own.cv_counts - plain.cv_counts).abs() < 1e-14);
            assert!((paper.cv_sizes.unwrap() - plain.cv_sizes).abs() < 1e-14);
        }
        assert_eq!(paper.invariance.len(), 2);
        let empty = paper_mode(&Observations::builder(2, 2).build().unwrap(), 0.05).unwrap();
        assert!(empty.cv_sizes.is_none() && empty.invariance.is_empty());
    }
}
