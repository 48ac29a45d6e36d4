//! Whole-table tests for facets with several labels per conversation. The chi-square of a table of mentions does not follow
//! the chi-square distribution; the tests here add up one table per value, or per pair of values, and correct the sum for
//! the values' dependence by their covariances, so that thousands of values are no obstacle.

mod bootstrap;
mod marginal;
mod operator;
mod pairwise;
mod resampled;

pub use self::bootstrap::BootstrappedIndependence;
pub use self::marginal::{MarginalIndependence, ValueTest};
pub use self::pairwise::PairwiseIndependence;

use serde::{Deserialize, Serialize};

use crate::f_tail::chi_square_upper_real;
use crate::tails::LogP;

/// A sum of dependent chi-square statistics, with Rao and Scott's corrections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CorrectedSum {
    /// The sum of the single statistics.
    pub statistic: f64,
    /// The sum of their degrees of freedom.
    pub naive_dof: f64,
    /// What the sum would be on average without association: the sum of the eigenvalues of the statistics' covariance, that
    /// is the design effects' sum. Equals `naive_dof` but for conversations of one user, and for what the data themselves
    /// depart from independence.
    pub trace: f64,
    /// Sum of the squared eigenvalues; `naive_dof` when the values are independent of each other.
    pub trace_squared: f64,
    /// First-order p-value: the statistic scaled to the mean eigenvalue, on all degrees of freedom. Too small when values are
    /// strongly dependent.
    pub ln_p_first_order: LogP,
    /// The statistic scaled to the second-order degrees of freedom.
    pub adjusted_statistic: f64,
    /// Second-order degrees of freedom: what the dependent values are worth.
    pub adjusted_dof: f64,
    /// Second-order p-value. Use this one.
    pub ln_p: LogP,
}

impl CorrectedSum {
    /// `mean` is what the statistic is expected to be without association.
    fn new(
        statistic: f64,
        naive_dof: f64,
        mean: f64,
        trace: f64,
        trace_squared: f64,
    ) -> Option<Self> {
        let adjusted_statistic = statistic * mean / trace_squared;
        let adjusted_dof = mean * mean / trace_squared;
        Some(Self {
            statistic,
            naive_dof,
            trace,
            trace_squared,
            ln_p_first_order: chi_square_upper_real(statistic * naive_dof / trace, naive_dof)?,
            adjusted_statistic,
            adjusted_dof,
            ln_p: chi_square_upper_real(adjusted_statistic, adjusted_dof)?,
        })
    }
}
