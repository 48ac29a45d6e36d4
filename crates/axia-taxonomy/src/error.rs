//! What can go wrong when a taxonomy is built, stored or read.

use std::fmt;

/// An error of this crate. It never holds any label.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{name} must be {rule}, got {got}")]
    Parameter {
        name: &'static str,
        rule: &'static str,
        got: String,
    },
    #[error("label {index} has no letter or digit: leave it out")]
    Blank { index: usize },
    #[error("the embedder failed")]
    Embedder(#[source] axia_embed::Error),
    #[error(
        "the embedder gave {got_rows} x {got_dim} values for {rows} labels in {dim} dimensions"
    )]
    Shape {
        rows: usize,
        dim: usize,
        got_rows: usize,
        got_dim: usize,
    },
    #[error("the taxonomy was built with embedder {built:?}, got {got:?}")]
    OtherEmbedder { built: String, got: String },
    #[error("the vectors could not be clustered")]
    Cluster(#[source] axia_cluster::Error),
    #[error("the namer failed at a node of level {level}: {reason}")]
    Namer { level: u32, reason: String },
    #[cfg(feature = "llm")]
    #[error("the language model failed")]
    Model(#[source] axia_llm::Error),
    #[error("{what} does not hold together at node {index}: {rule}")]
    Inconsistent {
        what: &'static str,
        index: usize,
        rule: &'static str,
    },
    #[error("cannot read json at line {line}, column {column}: {category}")]
    Json {
        line: usize,
        column: usize,
        category: &'static str,
    },
    #[error("cannot read csv at line {line}: {category}")]
    Csv { line: u64, category: &'static str },
    #[error("cannot read or write")]
    Io(#[source] std::io::Error),
}

impl Error {
    /// A namer's own failure. The reason must not hold any text of a conversation.
    pub fn namer(reason: impl fmt::Display) -> Self {
        Self(Kind::Namer {
            level: 0,
            reason: reason.to_string(),
        })
    }

    #[cfg(feature = "llm")]
    pub(crate) fn model(error: axia_llm::Error) -> Self {
        Self(Kind::Model(error))
    }

    /// The same error at a line of a file of many JSON texts.
    pub(crate) fn at_line(self, at: usize) -> Self {
        match self.0 {
            Kind::Json {
                column, category, ..
            } => Self(Kind::Json {
                line: at,
                column,
                category,
            }),
            kind => Self(kind),
        }
    }

    pub(crate) fn at_level(self, at: u32) -> Self {
        match self.0 {
            Kind::Namer { level: 0, reason } => Self(Kind::Namer { level: at, reason }),
            kind => Self(kind),
        }
    }

    pub(crate) fn parameter(
        name: &'static str,
        rule: &'static str,
        got: impl fmt::Display,
    ) -> Self {
        Self(Kind::Parameter {
            name,
            rule,
            got: got.to_string(),
        })
    }

    /// Keeps where and what kind, and drops the message: it may quote a label.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let category = match error.classify() {
            Category::Io => match error.io_error_kind() {
                Some(kind) => return Self(Kind::Io(kind.into())),
                None => "input or output failed",
            },
            Category::Syntax => "not valid json",
            Category::Data => "not what is stored here",
            Category::Eof => "it ends too early",
        };
        Self(Kind::Json {
            line: error.line(),
            column: error.column(),
            category,
        })
    }

    /// Keeps where and what kind, and drops the message: it may quote a label.
    pub(crate) fn csv(error: csv::Error) -> Self {
        let line = error.position().map_or(0, csv::Position::line);
        let category = match error.into_kind() {
            csv::ErrorKind::Io(error) => return Self(Kind::Io(error)),
            csv::ErrorKind::Utf8 { .. } => "not valid utf-8",
            csv::ErrorKind::UnequalLengths { .. } => "another number of fields than before",
            csv::ErrorKind::Deserialize { .. } => "a column is missing or not of its type",
            _ => "not valid csv",
        };
        Self(Kind::Csv { line, category })
    }

    /// Whether a parameter is out of its range.
    #[must_use]
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self.0, Kind::Parameter { .. })
    }

    /// Whether reading or writing failed.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.0, Kind::Io(_))
    }

    /// Whether what was read is not a taxonomy, or not one that holds together.
    #[must_use]
    pub fn is_invalid_data(&self) -> bool {
        matches!(
            self.0,
            Kind::Inconsistent { .. } | Kind::Json { .. } | Kind::Csv { .. }
        )
    }

    /// Whether an embedder was used that is not the one the taxonomy was built with.
    #[must_use]
    pub fn is_other_embedder(&self) -> bool {
        matches!(self.0, Kind::OtherEmbedder { .. })
    }

    /// The label, node or row that the error is about, counted from 0, if it is about one.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        match self.0 {
            Kind::Blank { index } | Kind::Inconsistent { index, .. } => Some(index),
            _ => None,
        }
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(kind)
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
