//! What can go wrong with a whole file.

use std::io;
use std::path::Path;

use crate::{Format, SkipReason};

/// Why a file could not be opened, read as conversations, or written.
///
/// An error about one record of a file that otherwise reads well is a [`RecordError`](crate::RecordError).
///
/// # Privacy
///
/// Names files, folders and columns, never a text of the file.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] ErrorKind);

// Some kinds belong to a feature that is on, one to features that are off.
#[cfg_attr(not(all(feature = "csv", feature = "zip")), allow(dead_code))]
#[derive(Debug, thiserror::Error)]
pub(crate) enum ErrorKind {
    #[error("`{name}` does not exist")]
    NotFound { name: String },
    #[error("`{name}` is a folder: open the files in it one by one")]
    Folder { name: String },
    #[error("no permission to read `{name}`")]
    Permission { name: String },
    #[error("cannot {action} `{name}`")]
    Io {
        action: &'static str,
        name: String,
        source: io::Error,
    },
    #[error("cannot write a conversation")]
    Write { source: io::Error },
    #[error("`{name}` is empty")]
    Empty { name: String },
    #[error(
        "`{name}` is {encoding}, not UTF-8: convert it first, for example with `iconv -f {iconv} -t UTF-8`"
    )]
    Encoding {
        name: String,
        encoding: &'static str,
        iconv: &'static str,
    },
    #[error(
        "no record of a known format in `{name}`{}; known formats: {}; for a table of your own name its columns with `columns`",
        first_problem(.first),
        Format::list()
    )]
    UnknownFormat {
        name: String,
        first: Option<SkipReason>,
    },
    #[error("`{name}` is {what}: {advice}")]
    Unsupported {
        name: String,
        what: &'static str,
        advice: &'static str,
    },
    // Made only where a feature is off.
    #[cfg_attr(
        all(feature = "gzip", feature = "zstd", feature = "zip", feature = "csv"),
        allow(dead_code)
    )]
    #[error("`{name}` is {what}, and the feature `{feature}` of `axia-conversation` is off")]
    FeatureOff {
        name: String,
        what: &'static str,
        feature: &'static str,
    },
    #[error("the compressed data of `{name}` is damaged")]
    Damaged { name: String, source: io::Error },
    #[error("`{name}` holds no conversations itself{}", parts_to_fetch(.parts))]
    NoConversations { name: String, parts: Vec<String> },
    #[error("`{name}` has no column `{column}`, which the column map names")]
    MissingColumn { name: String, column: String },
    #[error(
        "{format} is read in two passes, so `{name}` must be opened by path or with `read_with`, not as a stream"
    )]
    TwoPasses { name: String, format: Format },
    #[error("{parameter} must be {must}, got {got}")]
    Parameter {
        parameter: &'static str,
        must: &'static str,
        got: usize,
    },
    #[error("unknown format name; known formats: {}", Format::list())]
    FormatName,
}

fn first_problem(reason: &Option<SkipReason>) -> String {
    match reason {
        Some(reason) => format!(" (first record: {reason})"),
        None => String::new(),
    }
}

fn parts_to_fetch(parts: &[String]) -> String {
    if parts.is_empty() {
        ": no .json, .jsonl or .csv file is in it".to_owned()
    } else {
        format!(", only names of other files: open {}", parts.join(", "))
    }
}

impl Error {
    /// The file does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.0, ErrorKind::NotFound { .. })
    }

    /// The path is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        matches!(self.0, ErrorKind::Folder { .. })
    }

    /// The file may not be read.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        matches!(self.0, ErrorKind::Permission { .. })
    }

    /// Reading or writing failed below us: the disk, the network share, the pipe.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.0, ErrorKind::Io { .. } | ErrorKind::Write { .. })
    }

    /// The file has no bytes, or only white space.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, ErrorKind::Empty { .. })
    }

    /// The file is not UTF-8.
    #[must_use]
    pub fn is_encoding(&self) -> bool {
        matches!(self.0, ErrorKind::Encoding { .. })
    }

    /// No record of the file has the shape of a known format.
    #[must_use]
    pub fn is_unknown_format(&self) -> bool {
        matches!(self.0, ErrorKind::UnknownFormat { .. })
    }

    /// The file is of a kind that this crate does not read (Parquet, xz, an encrypted zip, ...).
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.0, ErrorKind::Unsupported { .. })
    }

    /// The file could be read with a feature of this crate that is off.
    #[must_use]
    pub fn is_feature_off(&self) -> bool {
        matches!(self.0, ErrorKind::FeatureOff { .. })
    }

    /// The compressed data is damaged.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self.0, ErrorKind::Damaged { .. })
    }

    /// The zip file holds no conversations, at most the names of other files that do.
    #[must_use]
    pub fn is_without_conversations(&self) -> bool {
        matches!(self.0, ErrorKind::NoConversations { .. })
    }

    /// A column of the [`ColumnMap`](crate::ColumnMap) is missing in the header.
    #[must_use]
    pub fn is_missing_column(&self) -> bool {
        matches!(self.0, ErrorKind::MissingColumn { .. })
    }

    /// The format is read in two passes, and a stream can be read once.
    #[must_use]
    pub fn is_two_passes(&self) -> bool {
        matches!(self.0, ErrorKind::TwoPasses { .. })
    }

    /// A parameter is out of range.
    #[must_use]
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self.0, ErrorKind::Parameter { .. } | ErrorKind::FormatName)
    }

    /// The same problem as a reason to skip a part of a larger input.
    pub(crate) fn as_skip_reason(&self) -> SkipReason {
        match self.0 {
            ErrorKind::Encoding { .. } => SkipReason::NotUtf8,
            ErrorKind::Empty { .. } => SkipReason::Empty,
            ErrorKind::Damaged { .. } => SkipReason::Damaged,
            ErrorKind::Io { .. } | ErrorKind::NotFound { .. } | ErrorKind::Permission { .. } => {
                SkipReason::Unreadable
            }
            _ => SkipReason::UnknownShape,
        }
    }

    /// What opening a file told, in our words.
    pub(crate) fn open(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound { name },
            io::ErrorKind::PermissionDenied => ErrorKind::Permission { name },
            io::ErrorKind::IsADirectory => ErrorKind::Folder { name },
            _ => ErrorKind::Io {
                action: "open",
                name,
                source,
            },
        }
        .into()
    }
}

/// A path as an error names it.
pub(crate) fn display_name(path: &Path) -> String {
    path.display().to_string()
}
