//! Two facets with several labels each: simultaneous pairwise marginal independence.

use serde::{Deserialize, Serialize};

use super::CorrectedSum;
use super::operator::{Operator, Probes, RowScale};
use crate::clustered::UserPass;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::grid::MAX_GRID;
use crate::margins::Margins;
use crate::params::Estimand;
use crate::special::Sum;
use crate::tails::{LogP, normal_two_sided};

/// The test of simultaneous pairwise marginal independence: does any human value go with any AI value?
///
/// Both facets have any number of labels per conversation. For each pair there is a 2 × 2 table of conversations; the sum of
/// their chi-squares is corrected for the pairs' dependence, within conversations and within users.
///
/// # What it answers, and what not
/// Conversations that are longer have more labels on both sides, and that alone links all pairs. A small p-value here says
/// that the facets are linked, by length or by content; [`StratifiedAssociations`](crate::StratifiedAssociations) looks at pairs with the
/// numbers of labels held fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PairwiseIndependence {
    /// Conversations.
    pub conversations: u64,
    /// Users, where they are known.
    pub users: Option<u64>,
    /// Pairs whose row and column both vary.
    pub pairs: u64,
    /// The corrected sum over all pairs.
    pub sum: CorrectedSum,
    /// Whether the sum of squares was found exactly (few pairs), and not by random probes.
    pub exact_trace: bool,
    /// The smallest p-value of the single tables times their number, at most 1.
    pub ln_p_bonferroni: LogP,
}

impl PairwiseIndependence {
    /// Tests two facets. Up to 256 pairs the trace is exact; beyond it is estimated with 64 random probes from `seed`.
    ///
    /// `None` when no row or no column varies.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there; [`Error::is_overflow`] for more than 2^28 pairs of
    /// categories; as [`ClusteredScan::scan`](crate::ClusteredScan::scan).
    ///
    /// # Complexity
    /// For each probe, the pairs met in conversations plus all pairs; memory for 24 bytes per pair.
    ///
    /// # References
    /// Bilder and Loughin (2004), Biometrics 60, 241-248; Thomas and Decady (2004), International Journal of Testing 4,
    /// 43-59, for the second-order correction.
    pub fn test(
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
        seed: u64,
    ) -> Result<Option<Self>, Error> {
        let categories = |facet| -> Result<u32, Error> {
            Ok(conversations.require_facet(facet)?.n_categories())
        };
        let pairs = u64::from(categories(row_facet)?) * u64::from(categories(col_facet)?);
        if pairs > MAX_GRID {
            return Err(Error::grid_too_large());
        }
        let pass = UserPass::new(conversations, row_facet, col_facet, Estimand::Prevalence)?;
        let n = conversations.len() as u64;
        let varies = |total: u64| total > 0 && total < n;
        let n_cols = categories(col_facet)?;
        let cols: Vec<u32> = (0..n_cols)
            .filter(|&col| varies(pass.col(col).total))
            .collect();
        let g = pass.clusters() as f64;
        let (mut statistic, mut trace) = (Sum::default(), Sum::default());
        let mut smallest = LogP::ONE;
        let mut pairs = 0_u64;
        let mut scratch = pass.scratch();
        for row in (0..pass.n_rows() as u32).filter(|&row| varies(pass.row(row).total)) {
            pass.pass(row, &mut scratch);
            for &col in &cols {
                let gram = pass.gram(row, col, &scratch);
                let table = Margins {
                    observed: gram.cells[0] as u64,
                    row: pass.row(row).total,
                    col: pass.col(col).total,
                    n,
                };
                let Some(z) = table.adjusted() else { continue };
                pairs += 1;
                statistic.add(z * z);
                if let Some(p) = normal_two_sided(z) {
                    smallest = smallest.min(p);
                }
                let whole = n as f64;
                let (q, p) = (table.row as f64 / whole, table.col as f64 / whole);
                let weights = [(1.0 - p) * (1.0 - q), -p * (1.0 - q), -q * (1.0 - p), p * q];
                let variance = gram.squares(weights) * g / (g - 1.0).max(1.0);
                trace.add(variance / (whole * p * (1.0 - p) * q * (1.0 - q)));
            }
        }
        if pairs == 0 {
            return Ok(None);
        }
        let probes = Probes::default();
        let operator = Operator::new(conversations, row_facet, col_facet, RowScale::Variance)?;
        let squared = operator.trace_of_square(probes, seed);
        let naive = pairs as f64;
        let clustered = conversations.users().is_some();
        // Without users the mean is known: one per pair.
        let mean = if clustered { trace.total() } else { naive };
        let sum = CorrectedSum::new(statistic.total(), naive, mean, trace.total(), squared);
        Ok(sum.map(|sum| Self {
            conversations: n,
            users: conversations.n_users().map(|users| users as u64),
            pairs,
            sum,
            exact_trace: pass.n_rows() * n_cols as usize <= probes.exact_up_to,
            ln_p_bonferroni: LogP::clamped(smallest.ln() + naive.ln()),
        }))
    }
}
