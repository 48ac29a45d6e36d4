//! What can go wrong when a report is written or read back.

use std::fmt;

/// An error of this crate.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("could not write the table")]
    Csv(#[source] csv::Error),
    #[error("could not write or read the report as JSON")]
    Json(#[source] serde_json::Error),
    #[error("could not write the report")]
    Io(#[source] std::io::Error),
}

impl Error {
    pub(crate) fn csv(source: csv::Error) -> Self {
        Self(Kind::Csv(source))
    }

    pub(crate) fn json(source: serde_json::Error) -> Self {
        Self(Kind::Json(source))
    }

    pub(crate) fn io(source: std::io::Error) -> Self {
        Self(Kind::Io(source))
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
