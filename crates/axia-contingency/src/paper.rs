//! The statistics of "Values in the Wild" as published, for comparison with its figures.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::error::Error;
use crate::observations::Observations;
use crate::table::{CellResidual, ChiSquareTest, Table};

/// What must be known when reading results of paper mode.
const CAVEATS: [&str; 5] = [
    "Counts are mentions: one conversation adds to several cells, so the chi-square test's p-value is not that of a valid \
     test, and several conversations of one user count as independent.",
    "The number of tests is that of the column categories, not of the cells that are tested: with 500 rows, 500 times more \
     cells pass by chance than the correction allows for.",
    "The normal approximation is used in every cell, also where next to nothing is expected: a single chance meeting can \
     have a residual of 10.",
    "Between two facets with many labels each, long conversations alone make pairs of frequent categories associated.",
    "Residuals grow with the number of conversations: they rank evidence (and that roughly), not the size of an effect.",
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
    /// How to read this.
    pub caveats: Vec<String>,
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
    Ok(PaperAnalysis {
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
