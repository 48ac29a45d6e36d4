//! What can go wrong with one record, and how it is counted.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Format, Role};

/// Why a record was skipped, in classes that can be counted.
///
/// # Example
///
/// ```
/// use axia_conversation::SkipReason;
///
/// assert_eq!(SkipReason::TooLarge.to_string(), "too large");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The record is not JSON, or not a row of the table.
    InvalidJson,
    /// The record ends in the middle of a value.
    Truncated,
    /// The record has bytes that are not UTF-8.
    NotUtf8,
    /// The record is larger than `max_record_bytes`.
    TooLarge,
    /// The record nests lists and objects too deeply.
    TooDeep,
    /// The record lacks what its format needs.
    UnknownShape,
    /// A message has no role, or one that is not known.
    UnknownRole,
    /// No message of the conversation has text.
    Empty,
    /// The log was written without the texts of the messages.
    NoContentCaptured,
    /// The rows of the conversation do not stand together.
    NotContiguous,
    /// The compressed data is damaged.
    Damaged,
    /// Reading failed below us.
    Unreadable,
}

impl SkipReason {
    /// The reason in plain words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid JSON",
            Self::Truncated => "truncated",
            Self::NotUtf8 => "not UTF-8",
            Self::TooLarge => "too large",
            Self::TooDeep => "nested too deeply",
            Self::UnknownShape => "unknown shape",
            Self::UnknownRole => "unknown role",
            Self::Empty => "empty",
            Self::NoContentCaptured => "no content captured",
            Self::NotContiguous => "not contiguous",
            Self::Damaged => "compressed data damaged",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One record that was skipped: where it stands and why.
///
/// Reading goes on with the next record.
///
/// # Privacy
///
/// Never holds a text of the record, nor a name or number found in it.
///
/// # Example
///
/// ```
/// use axia_conversation::{ReaderParams, SkipReason};
///
/// let lines = r#"{"messages": [{"role": "user", "content": "Is lying wrong?"}]}
/// {"messages": [{"role": "wizard", "content": "Abracadabra"}]}
/// "#;
/// let reader = ReaderParams::new().source_name("chat.jsonl").read_from(lines.as_bytes())?;
/// let error = reader.filter_map(Result::err).next().ok_or("no error")?;
/// assert_eq!((error.record(), error.line()), (2, Some(2)));
/// assert_eq!(error.reason(), SkipReason::UnknownRole);
/// assert!(error.to_string().starts_with("chat.jsonl: record 2 (line 2): message 1 has an unknown role"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    source: Arc<str>,
    place: Place,
    problem: Problem,
}

/// Where a record begins: its number and line count from 1, its offset from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) record: u64,
    pub(crate) line: u64,
    pub(crate) offset: u64,
}

/// What is wrong with a record.
// Some problems belong to a feature.
#[cfg_attr(not(feature = "csv"), allow(dead_code))]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("not valid JSON at line {line} of the record, column {column}")]
    InvalidJson { line: usize, column: usize },
    #[error("not valid JSON here: brackets or quotes do not match")]
    Structure,
    #[error(
        "not valid JSON here, and where the next record begins cannot be told: nothing behind it was read"
    )]
    Lost,
    #[error("the record ends in the middle of a value")]
    Truncated,
    #[error("the list of records is not closed: the file may be cut short")]
    NotClosed,
    #[error("the compressed data ends early: what stands behind was lost")]
    CutShort,
    #[error("not UTF-8: convert the file first, for example with `iconv`")]
    NotUtf8,
    #[error("larger than {limit} bytes; raise `max_record_bytes` to read it")]
    TooLarge { limit: usize },
    #[error(
        "more branches than {limit} bytes of text hold; raise `max_record_bytes` to read them all"
    )]
    TooManyBranches { limit: usize },
    #[error("lists and objects are nested too deeply")]
    TooDeep,
    #[error("not a record of {format}: {expected}")]
    Shape {
        format: Format,
        expected: &'static str,
    },
    #[error("not a record of a known format")]
    NoFormat,
    #[error("the row has {fields} fields, the header {columns}")]
    Columns { fields: usize, columns: usize },
    #[error("no value in the column `{column}`, which the column map names")]
    Column { column: String },
    #[error("message {message} has {}; known roles: {}", role_problem(.missing), Role::known_names())]
    Role { message: usize, missing: bool },
    #[error("no message has any text")]
    Empty,
    #[error(
        "the texts of the messages were not captured: turn on content capture where the log is written"
    )]
    NoContent,
    #[error("rows of this conversation stood further up already: sort the rows by conversation")]
    NotContiguous,
    #[error("the compressed data is damaged: what stands behind was lost")]
    Damaged,
    #[error("reading failed ({0}): what stands behind was lost")]
    Unreadable(std::io::ErrorKind),
    #[error("skipped, {0}")]
    Entry(SkipReason),
}

fn role_problem(missing: &bool) -> &'static str {
    if *missing {
        "no role"
    } else {
        "an unknown role"
    }
}

impl Problem {
    pub(crate) fn reason(&self) -> SkipReason {
        match self {
            Self::InvalidJson { .. } | Self::Structure | Self::Lost => SkipReason::InvalidJson,
            Self::Truncated | Self::NotClosed | Self::CutShort => SkipReason::Truncated,
            Self::NotUtf8 => SkipReason::NotUtf8,
            Self::TooLarge { .. } | Self::TooManyBranches { .. } => SkipReason::TooLarge,
            Self::TooDeep => SkipReason::TooDeep,
            Self::Shape { .. } | Self::NoFormat | Self::Columns { .. } | Self::Column { .. } => {
                SkipReason::UnknownShape
            }
            Self::Role { .. } => SkipReason::UnknownRole,
            Self::Empty => SkipReason::Empty,
            Self::NoContent => SkipReason::NoContentCaptured,
            Self::NotContiguous => SkipReason::NotContiguous,
            Self::Damaged => SkipReason::Damaged,
            Self::Unreadable(_) => SkipReason::Unreadable,
            Self::Entry(reason) => *reason,
        }
    }

    /// What `serde_json` says, without its message: that may quote the record.
    pub(crate) fn from_json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        match error.classify() {
            Category::Eof => Self::Truncated,
            _ if error.to_string().starts_with("recursion limit") => Self::TooDeep,
            _ => Self::InvalidJson {
                line: error.line(),
                column: error.column(),
            },
        }
    }
}

impl RecordError {
    pub(crate) fn new(source: Arc<str>, place: Place, problem: Problem) -> Self {
        Self {
            source,
            place,
            problem,
        }
    }

    /// Why the record was skipped.
    #[must_use]
    pub fn reason(&self) -> SkipReason {
        self.problem.reason()
    }

    /// The file, or the name that [`ReaderParams::source_name`](crate::ReaderParams::source_name) gave it; inside a zip file
    /// `export.zip/conversations.json`.
    #[must_use]
    pub fn source_name(&self) -> &str {
        &self.source
    }

    /// The number of the record, from 1; 0 if the problem is not that of a record.
    #[must_use]
    pub fn record(&self) -> u64 {
        self.place.record
    }

    /// The line on which the record begins, from 1, where known.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        (self.place.line > 0).then_some(self.place.line)
    }

    /// The byte at which the record begins in the decompressed data, where known.
    #[must_use]
    pub fn byte_offset(&self) -> Option<u64> {
        (self.place.line > 0).then_some(self.place.offset)
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if self.place.record > 0 {
            write!(f, "record {}", self.place.record)?;
            if let Some(line) = self.line() {
                write!(f, " (line {line})")?;
            }
            f.write_str(": ")?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for RecordError {}
