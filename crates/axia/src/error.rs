//! What can stop a study.

use std::fmt;
use std::path::Path;

/// An error of this crate. It never holds any text of a conversation.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("no input: give the study at least one file or some conversations")]
    NoInput,
    #[error("{0}")]
    NoConversation(String),
    #[cfg(not(feature = "polars"))]
    #[error(
        "{path}: is a Parquet file; build with the feature `polars` of `axia` to read it \
         (for the examples: `--features parquet`)"
    )]
    ParquetFeature { path: String },
    #[error(
        "{path}: is not empty and not a run folder; name a new folder, or one that a study has made"
    )]
    NotARunFolder { path: String },
    #[error("{path}: another study is running in this folder; wait for it or name another folder")]
    Busy { path: String },
    #[error("{path}: could not {action}")]
    Io {
        path: String,
        action: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}: damaged in line {line}; remove the run folder and run again")]
    Damaged { path: String, line: u64 },
    #[error(transparent)]
    Read(axia_conversation::Error),
    #[cfg(feature = "polars")]
    #[error(transparent)]
    Parquet(axia_polars::Error),
    #[error("{stage}: {source}")]
    Stage {
        stage: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    pub(crate) fn no_input() -> Self {
        Self(Kind::NoInput)
    }

    pub(crate) fn no_conversation(why: String) -> Self {
        Self(Kind::NoConversation(why))
    }

    #[cfg(not(feature = "polars"))]
    pub(crate) fn parquet_feature(path: &Path) -> Self {
        Self(Kind::ParquetFeature {
            path: path.display().to_string(),
        })
    }

    pub(crate) fn not_a_run_folder(path: &Path) -> Self {
        Self(Kind::NotARunFolder {
            path: path.display().to_string(),
        })
    }

    pub(crate) fn busy(path: &Path) -> Self {
        Self(Kind::Busy {
            path: path.display().to_string(),
        })
    }

    pub(crate) fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self(Kind::Io {
            path: path.display().to_string(),
            action,
            source,
        })
    }

    pub(crate) fn damaged(path: &Path, line: u64) -> Self {
        Self(Kind::Damaged {
            path: path.display().to_string(),
            line,
        })
    }

    pub(crate) fn stage(
        stage: crate::Stage,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self(Kind::Stage {
            stage: stage.as_str(),
            source: Box::new(source),
        })
    }

    /// Whether the input is at fault: missing, unreadable, of no known format or without a
    /// conversation.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match &self.0 {
            Kind::NoInput | Kind::NoConversation(_) | Kind::Read(_) => true,
            #[cfg(not(feature = "polars"))]
            Kind::ParquetFeature { .. } => true,
            #[cfg(feature = "polars")]
            Kind::Parquet(_) => true,
            _ => false,
        }
    }

    /// Whether the run folder is at fault: in use, not ours or damaged.
    #[must_use]
    pub fn is_run_folder(&self) -> bool {
        matches!(
            self.0,
            Kind::NotARunFolder { .. } | Kind::Busy { .. } | Kind::Damaged { .. }
        )
    }
}

impl From<axia_conversation::Error> for Error {
    fn from(error: axia_conversation::Error) -> Self {
        Self(Kind::Read(error))
    }
}

#[cfg(feature = "polars")]
impl From<axia_polars::Error> for Error {
    fn from(error: axia_polars::Error) -> Self {
        Self(Kind::Parquet(error))
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
