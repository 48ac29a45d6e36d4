#![cfg_attr(docsrs, feature(doc_cfg))]
//! Measures the values that language models express, from conversation logs, without anybody reading
//! private text.
//!
//! ```no_run
//! use axia::Study;
//!
//! let outcome = Study::builder()
//!     .input("conversations.json")
//!     .run_folder("axia-run")
//!     .run()?;
//! for value in &outcome.report().ai_values {
//!     println!("{:6.2} %  {}", value.pct_conversations, value.label);
//! }
//! # Ok::<(), axia::Error>(())
//! ```
//!
//! # Main types
//!
//! - [`Study`] goes the whole way in five [stages](Stage): read and anonymize, extract, taxonomy,
//!   associations, report. Each part can be replaced: the reader's parameters, the
//!   [`Anonymizer`](anonymize::Anonymizer), the [`Extractor`](extract::Extractor), the
//!   [`Embedder`](embed::Embedder), the [`Namer`](taxonomy::Namer), the thresholds.
//! - [`Outcome`] is what comes out: the [`Report`](report::Report), the manifest, and the run folder in
//!   which every stage has left its files.
//! - [`open_conversations`] opens a file of any supported format, Parquet included.
//!
//! # The run folder
//!
//! A stage is done when its files are there and were made by the same inputs, parameters, seed and
//! versions; then it is not run again. A run that was killed goes on where it was, also in the
//! middle of a stage, and ends with the same bytes as one that was not, on any number of threads.
//! `private/` holds pseudonymised conversations and extractions, for the eyes of those who may see
//! the logs; `report/` holds only what has passed the thresholds.
//!
//! # What this crate does not do
//!
//! It calls no model unless you give it an extractor that does, and it prints nothing. It is synchronous:
//! from async code, run a study on a blocking thread.
//!
//! # Crate features
//!
//! - `rayon` (default): works on several threads. Without it the results are the same.
//! - `archives` (default): reads gzip, zstd, zip and CSV.
//! - `polars`: reads Parquet; builds polars, which takes minutes.

mod coded;
mod error;
mod input;
mod jsonl;
mod parallel;
mod progress;
mod run_folder;
mod stage;
mod study;

#[doc(inline)]
pub use axia_anonymize as anonymize;
#[doc(inline)]
pub use axia_cluster as cluster;
#[doc(inline)]
pub use axia_contingency as contingency;
#[doc(inline)]
pub use axia_conversation as conversation;
#[doc(inline)]
pub use axia_embed as embed;
#[doc(inline)]
pub use axia_extract as extract;
#[doc(inline)]
pub use axia_llm as llm;
#[cfg(feature = "polars")]
#[cfg_attr(docsrs, doc(cfg(feature = "polars")))]
#[doc(inline)]
pub use axia_polars as polars;
#[doc(inline)]
pub use axia_report as report;
#[doc(inline)]
pub use axia_taxonomy as taxonomy;

pub use crate::error::Error;
pub use crate::input::open_conversations;
pub use crate::progress::{Progress, Stage, StageRun};
pub use crate::study::{Outcome, Study, StudyBuilder};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
