#![cfg_attr(docsrs, feature(doc_cfg))]
//! Conversations, extractions, taxonomies and associations as polars data frames, and conversations as Parquet in and
//! out.
//!
//! ```no_run
//! use axia_conversation::ReaderParams;
//!
//! let mut reader = axia_polars::open_parquet("wildchat.parquet", ReaderParams::new())?;
//! for conversation in &mut reader {
//!     println!("{}", conversation?.messages.len());
//! }
//! println!("{}", reader.summary());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is here
//!
//! - [`open_parquet`] reads a Parquet file, row group by row group, through the readers of
//!   `axia-conversation`: WildChat, LMSYS-Chat-1M, any format that a row can hold as it stands in JSON
//!   Lines, and flat tables by a column map. Memory is bounded by one row group.
//! - [`ParquetWriter`] writes conversations, a row each, in row groups; what is written reads back equal.
//! - [`to_data_frame`] makes a data frame of conversations, [`extractions_to_data_frame`] and
//!   [`mentions_to_data_frame`] of what was extracted from them, [`taxonomy_to_data_frame`] of the nodes of a
//!   taxonomy, [`associations_to_data_frame`] and [`cell_tests_to_data_frame`] of tested tables.
//!
//! What a frame is written to is polars' own work: all but the first two are flat, so that its `CsvWriter` takes them
//! as well as its `ParquetWriter`.
//!
//! # What this crate does not do
//!
//! It has no readers of its own: a row becomes a line of JSON, and `axia-conversation` finds its format.
//! Columns of bytes (images, audio) are left out. polars is pinned to one version, and that version
//! is part of this crate's public interface ([`to_data_frame`] names its `DataFrame`). Thresholds are not applied here:
//! frames of extractions and associations are for analysis, what is published goes through `axia-report`.

mod associations;
mod error;
mod extractions;
mod frame;
mod json_lines;
mod read;
mod taxonomy;
mod write;

pub use crate::associations::{associations_to_data_frame, cell_tests_to_data_frame};
pub use crate::error::Error;
pub use crate::extractions::{extractions_to_data_frame, mentions_to_data_frame};
pub use crate::frame::to_data_frame;
pub use crate::read::{is_parquet, open_parquet};
pub use crate::taxonomy::taxonomy_to_data_frame;
pub use crate::write::ParquetWriter;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
