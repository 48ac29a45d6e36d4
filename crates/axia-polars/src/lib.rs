#![cfg_attr(docsrs, feature(doc_cfg))]
//! Conversations as polars data frames, and Parquet files in and out.
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
//! - [`to_data_frame`] makes a data frame of conversations, for analyses with polars.
//!
//! # What this crate does not do
//!
//! It has no readers of its own: a row becomes a line of JSON, and `axia-conversation` finds its format.
//! Columns of bytes (images, audio) are left out. polars is pinned to one version, and that version
//! is part of this crate's public interface ([`to_data_frame`] names its `DataFrame`).

mod error;
mod frame;
mod json_lines;
mod read;
mod write;

pub use crate::error::Error;
pub use crate::frame::to_data_frame;
pub use crate::read::{is_parquet, open_parquet};
pub use crate::write::ParquetWriter;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
