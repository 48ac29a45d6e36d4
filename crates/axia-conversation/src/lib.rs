#![cfg_attr(docsrs, feature(doc_cfg))]
//! Conversations with language models: types, and streaming readers for the formats people have.
//!
//! The format of a file is found by looking at it, and so is its compression (gzip, zstd, zip).
//! Files of any size are read in the memory of one record. Broken records are skipped, named and
//! counted.
//!
//! ```no_run
//! use axia_conversation::{ConversationReader, Role};
//!
//! let mut reader = ConversationReader::open("conversations.zip")?;
//! for conversation in reader.by_ref().filter_map(Result::ok) {
//!     for message in conversation.messages_by(Role::Assistant) {
//!         println!("{}: {} bytes", conversation.id, message.text.len());
//!     }
//! }
//! println!("{}", reader.summary());
//! # Ok::<(), axia_conversation::Error>(())
//! ```
//!
//! # Overview
//!
//! A [`Conversation`] has an id, where known a user, a model, a language and a time, and its
//! [`Message`]s, each with a [`Role`].
//!
//! [`ConversationReader`] is an iterator of conversations and of [`RecordError`]s, one for each
//! record that was skipped; its [`ReadSummary`] counts both. [`ReaderParams`] chooses the
//! [`Format`] where it shall not be found, which [`Branches`] of a conversation to read, what to do
//! with duplicates, and limits; a [`ColumnMap`] names the columns of a table.
//!
//! [`ConversationWriter`] writes Axia's own JSON Lines, which read back as they were.
//!
//! # Example: a table with names of its own
//!
//! ```
//! # #[cfg(feature = "csv")] {
//! use axia_conversation::{ColumnMap, ReaderParams};
//!
//! let table = "asked;answered\nIs lying wrong?;It depends.\n";
//! let reader = ReaderParams::new()
//!     .columns(ColumnMap::wide("asked", "answered"))
//!     .read_from(table.as_bytes())?;
//! assert_eq!(reader.filter_map(Result::ok).count(), 1);
//! # }
//! # Ok::<(), axia_conversation::Error>(())
//! ```
//!
//! # What becomes of what is not text
//!
//! Nothing vanishes silently: in the text of a message stands a marker for it.
//!
//! | in the data | in the text |
//! |---|---|
//! | image, audio, video | `[image]`, `[audio]`, `[video]` |
//! | file, document, attachment | `[attachment: text/csv]` with its media type, never its name or content |
//! | thinking, reasoning | `[thinking]`, without its text: it was not said to anybody |
//! | call of a tool | `[tool call: name]`, without its arguments |
//! | result of a tool | a message of its own with the role [`Role::Tool`]: its text, or `[tool result]` |
//! | source, citation | `[source]` |
//! | any other part | its text, or `[other]` |
//!
//! Parts of one message stand on lines of their own.
//!
//! # What it does not do
//!
//! It does not remove personal data (`axia-anonymize` does), does not read Parquet (`axia-polars`
//! does), does not sort rows, and does not compare conversations that are merely alike: only exact
//! duplicates are found.
//!
//! # Features
//!
//! All are on by default, and all are pure Rust.
//!
//! - `gzip`, `zstd`: read files so compressed. Off, such a file is an error that names the feature.
//! - `zip`: read the zip files that chat products export.
//! - `csv`: read CSV and TSV tables. Rows as JSON Lines are read without it.

mod columns;
mod conversation;
mod error;
mod format;
mod id;
mod input;
mod json;
mod message;
mod params;
mod reader;
mod record_error;
mod summary;
mod timestamp;
mod writer;

pub use crate::columns::ColumnMap;
pub use crate::conversation::{Conversation, Metadata};
pub use crate::error::Error;
pub use crate::format::Format;
pub use crate::id::{ConversationId, UserId};
pub use crate::message::{Message, Role};
pub use crate::params::{Branches, ReaderParams};
pub use crate::reader::ConversationReader;
pub use crate::record_error::{RecordError, SkipReason};
pub use crate::summary::ReadSummary;
pub use crate::timestamp::Timestamp;
pub use crate::writer::ConversationWriter;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
