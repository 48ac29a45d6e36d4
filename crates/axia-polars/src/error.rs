//! What can go wrong between Axia's records, data frames and Parquet.

use std::fmt;
use std::path::Path;

/// An error of this crate. It never holds any text of a conversation.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{file}: could not be opened")]
    Open {
        file: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{file}: not a readable Parquet file: {reason}")]
    Parquet { file: String, reason: String },
    #[error(transparent)]
    Conversations(axia_conversation::Error),
    #[error("no table could be made or written: {0}")]
    Write(String),
}

impl Error {
    pub(crate) fn open(file: &Path, source: std::io::Error) -> Self {
        Self(Kind::Open {
            file: file.display().to_string(),
            source,
        })
    }

    /// Only for errors on a file's structure: polars may quote values in others.
    pub(crate) fn parquet(file: &Path, source: &polars::error::PolarsError) -> Self {
        Self(Kind::Parquet {
            file: file.display().to_string(),
            reason: kind_of(source).to_owned(),
        })
    }

    pub(crate) fn write(source: &polars::error::PolarsError) -> Self {
        Self(Kind::Write(kind_of(source).to_owned()))
    }

    pub(crate) fn lines(source: &std::io::Error) -> Self {
        Self(Kind::Write(source.kind().to_string()))
    }

    pub(crate) fn json(source: &serde_json::Error) -> Self {
        Self(Kind::Write(format!("{:?}", source.classify())))
    }

    /// Whether the file could not be opened at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.0, Kind::Open { .. })
    }

    /// Whether the file is not a readable Parquet file.
    #[must_use]
    pub fn is_parquet(&self) -> bool {
        matches!(self.0, Kind::Parquet { .. })
    }

    /// Whether the rows are of no known format, or otherwise refused by the conversation readers.
    #[must_use]
    pub fn is_conversations(&self) -> bool {
        matches!(self.0, Kind::Conversations(_))
    }
}

/// polars' messages can quote cells, which are conversation text, so only the kind is kept.
pub(crate) fn kind_of(error: &polars::error::PolarsError) -> &'static str {
    use polars::error::PolarsError as E;
    match error {
        E::ColumnNotFound(_) => "a column is missing",
        E::ComputeError(_) => "its pages cannot be decoded",
        E::IO { .. } => "reading failed, the file may be cut short",
        E::NoData(_) => "it holds no data",
        E::OutOfBounds(_) => "its metadata point outside the file",
        E::SchemaMismatch(_) | E::SchemaFieldNotFound(_) => "its schema and its pages differ",
        E::ShapeMismatch(_) => "its columns differ in length",
        _ => "polars refused it",
    }
}

impl From<axia_conversation::Error> for Error {
    fn from(error: axia_conversation::Error) -> Self {
        Self(Kind::Conversations(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
