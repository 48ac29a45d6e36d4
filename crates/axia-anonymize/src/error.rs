//! The one error of this crate.

use std::fmt;

/// What went wrong while an anonymizer or a gate was set up or used.
///
/// Messages name parameters, limits and positions, never a text of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum ErrorKind {
    #[error("{name} must be {must}, got {got}")]
    Parameter {
        name: &'static str,
        must: &'static str,
        got: String,
    },
    #[error("kind names are 1 to 24 of A-Z, 0-9 and _, starting with a letter; got {bytes} bytes")]
    KindName { bytes: usize },
    #[error(
        "actions are placeholder, token, surrogate, mask, generalize, keep and drop; got a name of {bytes} bytes"
    )]
    ActionName { bytes: usize },
    #[error("the pattern of recognizer {id} is not a valid regular expression: {reason}")]
    Pattern { id: String, reason: String },
    #[error("{file} of the model cannot be used: {reason}")]
    Model { file: &'static str, reason: String },
    #[error(
        "{what} of a cell must not exceed {limit_name} ({limit}), got {got}; check how it was counted"
    )]
    CellSize {
        what: &'static str,
        limit_name: &'static str,
        limit: u64,
        got: u64,
    },
    #[error(
        "the cells hold {sum} {what} but their total {total}: they overlap, or the total is another table's"
    )]
    Partition {
        what: &'static str,
        sum: u64,
        total: u64,
    },
    #[error(
        "up to {bound:.4} of the planted canaries may survive (95 % confidence, {canaries} planted), allowed is {most}: \
         add recognizers, or plant more canaries"
    )]
    Leaking {
        bound: f64,
        most: f64,
        canaries: u64,
    },
}

impl Error {
    pub(crate) fn parameter(
        name: &'static str,
        must: &'static str,
        got: impl fmt::Display,
    ) -> Self {
        Self {
            kind: ErrorKind::Parameter {
                name,
                must,
                got: got.to_string(),
            },
        }
    }

    pub(crate) fn kind_name(name: &str) -> Self {
        Self {
            kind: ErrorKind::KindName { bytes: name.len() },
        }
    }

    pub(crate) fn action_name(name: &str) -> Self {
        Self {
            kind: ErrorKind::ActionName { bytes: name.len() },
        }
    }

    #[cfg_attr(not(feature = "ner"), allow(dead_code))]
    pub(crate) fn model(file: &'static str, reason: String) -> Self {
        Self {
            kind: ErrorKind::Model { file, reason },
        }
    }

    pub(crate) fn pattern(id: &str, cause: &dyn fmt::Display) -> Self {
        Self {
            kind: ErrorKind::Pattern {
                id: id.to_owned(),
                reason: cause.to_string(),
            },
        }
    }

    pub(crate) fn cell_size(
        what: &'static str,
        limit_name: &'static str,
        limit: u64,
        got: u64,
    ) -> Self {
        Self {
            kind: ErrorKind::CellSize {
                what,
                limit_name,
                limit,
                got,
            },
        }
    }

    pub(crate) fn partition(what: &'static str, sum: u64, total: u64) -> Self {
        Self {
            kind: ErrorKind::Partition { what, sum, total },
        }
    }

    pub(crate) fn leaking(bound: f64, most: f64, canaries: u64) -> Self {
        Self {
            kind: ErrorKind::Leaking {
                bound,
                most,
                canaries,
            },
        }
    }

    /// Whether more personal data may be left than was allowed.
    #[must_use]
    pub fn is_leaking(&self) -> bool {
        matches!(self.kind, ErrorKind::Leaking { .. })
    }

    /// Whether a setting was out of its range.
    #[must_use]
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self.kind, ErrorKind::Parameter { .. })
    }

    /// Whether the name of a kind or an action could not be read.
    #[must_use]
    pub fn is_invalid_name(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::KindName { .. } | ErrorKind::ActionName { .. }
        )
    }

    /// Whether a recognizer's regular expression could not be compiled.
    #[must_use]
    pub fn is_invalid_pattern(&self) -> bool {
        matches!(self.kind, ErrorKind::Pattern { .. })
    }

    /// Whether a model's folder lacks a file or holds one that is not what it must be.
    #[must_use]
    pub fn is_invalid_model(&self) -> bool {
        matches!(self.kind, ErrorKind::Model { .. })
    }

    /// Whether counts contradict each other, such as more users than conversations.
    #[must_use]
    pub fn is_inconsistent_counts(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::CellSize { .. } | ErrorKind::Partition { .. }
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}
