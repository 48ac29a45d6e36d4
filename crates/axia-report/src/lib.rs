#![cfg_attr(docsrs, feature(doc_cfg))]
//! Writes the data sets of a values study.
//!
//! Tables of values, response types, tasks and associations come in as rows that have passed
//! aggregation thresholds, and go out as CSV in the columns of the published data set
//! ("Values in the Wild") and as one JSON document that holds the whole report.
//!
//! ```
//! use axia_anonymize::threshold::{CellSize, Thresholds};
//! use axia_report::{Frequency, write_values_frequencies};
//!
//! let gate = Thresholds::new().build()?;
//! let row = gate.release(Frequency::new("honesty", 31, 200), CellSize::from_counts(31, 12, 0, 4)?)?;
//! let mut csv = Vec::new();
//! write_values_frequencies(&mut csv, &[row])?;
//! assert_eq!(csv, b"value,pct_convos\nhonesty,15.5\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! - [`Frequency`], [`ResponseTypeShare`], [`AssociationRow`]: one row of a table. The name of every
//!   figure tells its denominator: `pct_conversations` is a share of the subjective conversations.
//! - [`Report`]: everything that a study publishes, as plain data, and its JSON form. It is made by a
//!   [`ReportBuilder`], which takes rows only as [`Released`](axia_anonymize::threshold::Released): a row that no
//!   gate has passed cannot be published.
//! - [`Manifest`]: what made a run: version, parameters, seeds, digests of inputs and outputs.
//!
//! # What this crate does not do
//!
//! It computes nothing but percentages, checks no threshold itself and draws no pictures.

mod error;
mod manifest;
mod report;
mod rows;
mod tables;

pub use crate::error::Error;
pub use crate::manifest::{FileDigest, Manifest, StageRecord};
pub use crate::report::{
    Anonymization, Associations, InputSummary, LevelShare, Report, ReportBuilder, Subjectivity,
};
pub use crate::rows::{AssociationRow, EntityCount, Frequency, ResponseTypeShare};
pub use crate::tables::{
    read_json, write_associations, write_json, write_response_types, write_values_frequencies,
    write_values_tree,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
