#![cfg_attr(docsrs, feature(doc_cfg))]
//! Contingency tables, residuals, tests, intervals and corrections for data in which one observation carries several
//! labels.
//!
//! The unit is a conversation with any number of categories of two facets, as integers: its tasks and the values it shows,
//! say. The crate counts them, asks which pairs of categories meet more or less often than expected, and says how large and
//! how certain each difference is. It knows nothing of text.
//!
//! ```
//! use axia_contingency::{AssociationParams, Observations};
//!
//! let mut builder = Observations::builder(2, 3);
//! for id in 0..60 {
//!     let task = (id % 2) as u32;
//!     builder.push(id, &[task], &[task, 2])?;
//! }
//! let associations = AssociationParams::new().build()?.scan(&builder.build()?);
//! let strongest = &associations.pairs[0];
//! assert_eq!((strongest.row, strongest.col), (0, 0));
//! assert!(strongest.significant && strongest.lift == 2.0);
//! # Ok::<(), axia_contingency::Error>(())
//! ```
//!
//! # Overview
//! * [`Observations`] are the counts of conversations: how many have each row category, each column category, and both.
//!   They are gathered from a stream by [`ObservationsBuilder`] and merged in any order.
//! * [`Conversations`] keep the conversations themselves, with any number of facets, users, strata and weights, for what
//!   depends on which conversation or user a count came from.
//! * [`AssociationParams`] choose the question ([`Estimand`]), the [`Correction`] for the number of tests and the bounds;
//!   [`AssociationScan::scan`] answers with [`Associations`], one [`Association`] per pair of categories.
//!   [`ResultTable`] writes them as CSV or JSON lines with every column.
//! * [`Table`] is a plain sparse contingency table, with residuals, chi-square, G and other tests and coefficients, for
//!   counts that come from elsewhere; [`AssociationScan::test_table`] tests all its cells at once. [`TwoByTwo`],
//!   [`Hypergeometric`], [`Proportion`], [`goodman_intervals`] and [`log_odds_dirichlet`] are for single numbers and lists.
//! * [`Grid::from_codes`] with [`AssociationScan::test_grid`] is the fast road from integer codes to tests of all cells;
//!   [`NamedCounts`] and [`NamedConversations`] count names.
//! * [`paper_mode`] does what "Values in the Wild" did, with its caveats.
//! * [`ClusteredScan`], [`Conversations::prevalence_by_user`] and [`rao_scott_by_user`] are for several conversations per
//!   user; [`MarginalIndependence`] and [`PairwiseIndependence`] for several labels per conversation;
//!   [`StratifiedAssociations`] and [`StratifiedTwoByTwo`] for a third facet behind it all; [`Resample`] where no formula
//!   exists, and for the family of all pairs at once ([`Resample::step_down_min_p`]).
//! * [`ContextInvariance`] and [`Mirroring`] measure what their names say, beside what chance gives.
//! * [`Divergence`], [`EquivalenceTest`], [`McNemar`], [`SquareTable`] and [`Trend`] compare runs; [`ArmShares`],
//!   [`RareValue`] and [`ProportionSequence`] watch without a fixed end.
//! * [`LogP`] is a p-value as its logarithm: associations in large logs lie far below the range of doubles.
//!
//! # Undefined is `None`
//! Empty rows and columns take no part in anything. Whatever has no value (a residual in a row that holds everything, a
//! test with one row, a share of nothing) is `None`, with the reason where there can be several; NaN and infinities do not
//! occur in results. Counts are exact integers, and totals above 2^53 are an [`Error`].
//!
//! # Sparse pairs
//! In real logs most pairs are expected less than five times, and there the normal p-value of a residual is fiction. By
//! default ([`Exact::WhenSparse`]) such pairs, and all whose p-value could decide anything, get the exact hypergeometric one.
//!
//! # What it does not do
//! * [`AssociationScan::scan`] knows counts only and takes conversations as independent: several of one user make its
//!   p-values too small and its intervals too narrow. [`AssociationScan::scan_conversations`] and [`ClusteredScan`] know
//!   the users.
//! * Weights enter [`Conversations::weighted_prevalence`] and [`ClusteredScan::scan_weighted`] only, as estimates with design-based
//!   variances. A weight is not a count: no count, exact test or permutation knows it.
//!
//! # Features
//! * `rayon`: share the rows of a table that is tested whole ([`AssociationScan::test_table`]) among threads. The results are
//!   the same to the last bit.
//! * `ndarray`: [`CellTests`] and [`Table`] as `ndarray` 0.16 arrays.
//!
//! Without them, beside `foldhash` (names), `libm`, `rand_chacha` (seeded resampling), `serde` and `thiserror` nothing is
//! needed.

mod association;
mod cell_rows;
mod cell_tests;
mod cells;
mod clustered;
mod column;
mod compare;
mod conversations;
mod conversations_builder;
mod corrected_cells;
mod correction;
mod error;
mod evalue;
mod exact;
mod f_tail;
mod grid;
mod growing_counts;
mod hommel;
mod interval;
mod interval_jeffreys;
mod interval_multinomial;
mod interval_sison_glaz;
mod invariance;
mod linear;
mod log_odds;
mod margins;
mod mirroring;
mod multiple_response;
mod named_conversations;
#[cfg(feature = "ndarray")]
mod ndarray;
mod observations;
mod order;
mod paper;
mod params;
mod random;
mod resample;
mod result_table;
mod scan;
mod special;
mod step_up;
mod strata;
mod table;
mod table_codes;
mod table_measures;
mod tail_table;
mod tails;
mod two_by_two;
mod two_by_two_measures;
mod two_by_two_score;
mod vocabulary;

pub use crate::association::{Association, Associations, Counted, TestFamily, TestKind, Untested};
pub use crate::cell_tests::CellTests;
pub use crate::cells::Cell;
pub use crate::clustered::{
    ClusteredAssociation, ClusteredAssociations, ClusteredParams, ClusteredPrevalence,
    ClusteredResiduals, ClusteredScan, RaoScott, WeightedAssociation, WeightedAssociations,
    WeightedPrevalence, rao_scott_by_user,
};
pub use crate::compare::{
    Divergence, DivergenceTest, Equivalence, EquivalenceParams, EquivalenceTest, McNemar,
    SquareTable, Trend, TrendTest,
};
pub use crate::conversations::{
    ConversationIter, ConversationView, Conversations, Facet, Postings,
};
pub use crate::conversations_builder::{ConversationEntry, ConversationsBuilder};
pub use crate::correction::Correction;
pub use crate::error::Error;
pub use crate::evalue::{ArmShares, LogE, ProportionSequence, RareValue, e_benjamini_hochberg};
pub use crate::exact::{
    ConditionalOddsRatio, ExactMethod, ExactTableTest, Hypergeometric, UnconditionalTest,
};
pub use crate::grid::Grid;
pub use crate::interval::{Confidence, Interval, Proportion};
pub use crate::interval_multinomial::goodman_intervals;
pub use crate::interval_sison_glaz::sison_glaz_intervals;
pub use crate::invariance::ContextInvariance;
pub use crate::log_odds::{LogOdds, log_odds_dirichlet};
pub use crate::mirroring::{MirroredValue, Mirroring};
pub use crate::multiple_response::{
    BootstrappedIndependence, CorrectedSum, MarginalIndependence, PairwiseIndependence, ValueTest,
};
pub use crate::named_conversations::{NamedConversations, NamedConversationsBuilder};
pub use crate::observations::{Observations, ObservationsBuilder};
pub use crate::paper::{PaperAnalysis, PaperInvariance, paper_mode};
pub use crate::params::{AssociationParams, AssociationScan, Estimand, Exact};
pub use crate::resample::{
    BootstrapInterval, MinPBy, PermutedPair, Resample, ResampleParams, StepDownMinP,
};
pub use crate::result_table::ResultTable;
pub use crate::strata::{
    BreslowDay, CmhTest, Reversal, StratifiedAssociation, StratifiedAssociations, StratifiedByUser,
    StratifiedTwoByTwo, StratifyBy, WoolfHomogeneity, generalized_cmh,
};
pub use crate::table::{CellResidual, ChiSquareTest, ExpectedSummary, Table, TableBuilder};
pub use crate::tails::{
    LogP, bonferroni_critical_z, chi_square_upper, normal_two_sided, normal_upper_quantile,
};
pub use crate::two_by_two::{Estimate, OddsRatio, TwoByTwo};
pub use crate::vocabulary::{NamedCounts, NamedTable, Vocabulary};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
