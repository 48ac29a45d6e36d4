//! What can go wrong when texts become vectors.

use std::fmt;

/// An error of this crate. It never holds any of the texts.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{values} values do not fill whole rows of {dim} dimensions")]
    Shape { dim: usize, values: usize },
    #[error("row {row} holds a value that is not finite")]
    NotFinite { row: usize },
    #[cfg(feature = "bundled")]
    #[error("the bundled table is damaged at its {part}: build the crate again")]
    Table { part: &'static str },
    #[cfg(feature = "cache")]
    #[error("the cache {}: {reason}", path.display())]
    Cache {
        path: std::path::PathBuf,
        reason: String,
    },
    #[cfg(feature = "http")]
    #[error("{name} must {must}")]
    Setting {
        name: &'static str,
        must: &'static str,
    },
    #[cfg(feature = "bert")]
    #[error("the model in {folder} cannot be used: {reason}")]
    Model { folder: String, reason: String },
    #[error("{0}")]
    Embedder(String),
}

impl Error {
    /// An embedder's own failure. The reason must not hold any of the texts.
    pub fn embedder(reason: impl fmt::Display) -> Self {
        Self(Kind::Embedder(reason.to_string()))
    }

    #[cfg(feature = "cache")]
    pub(crate) fn cache(path: &std::path::Path, reason: fmt::Arguments<'_>) -> Self {
        Self(Kind::Cache {
            path: path.to_owned(),
            reason: reason.to_string(),
        })
    }

    #[cfg(feature = "http")]
    pub(crate) fn setting(name: &'static str, must: &'static str) -> Self {
        Self(Kind::Setting { name, must })
    }

    pub(crate) fn shape(dim: usize, values: usize) -> Self {
        Self(Kind::Shape { dim, values })
    }

    #[cfg(feature = "bundled")]
    pub(crate) fn table(part: &'static str) -> Self {
        Self(Kind::Table { part })
    }

    #[cfg(feature = "bert")]
    pub(crate) fn model(folder: &std::path::Path, reason: impl fmt::Display) -> Self {
        Self(Kind::Model {
            folder: folder.display().to_string(),
            reason: reason.to_string(),
        })
    }

    pub(crate) fn not_finite(row: usize) -> Self {
        Self(Kind::NotFinite { row })
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
