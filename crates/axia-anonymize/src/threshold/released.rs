//! What passed the thresholds, and what did not.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::threshold::CellSize;

/// A value that has passed the thresholds. Only a [`Gate`](crate::threshold::Gate) makes one.
///
/// It can be written but not read back, because a file proves nothing. It has no `map` either: a
/// closure could return anything that it has caught, and the result would look as if it had been
/// checked. Take the value out, compute, and release the result with the size of its cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Released<T> {
    value: T,
    size: CellSize,
}

impl<T> Released<T> {
    pub(crate) fn new(value: T, size: CellSize) -> Self {
        Self { value, size }
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value, taken out.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The size of the cell that it was computed from.
    #[must_use]
    pub fn size(&self) -> CellSize {
        self.size
    }
}

impl<T> fmt::Debug for Released<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Released")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A value that was held back and dropped. It says which threshold failed, never by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suppressed {
    reason: SuppressionReason,
}

impl Suppressed {
    pub(crate) fn new(reason: SuppressionReason) -> Self {
        Self { reason }
    }

    /// Which threshold failed.
    #[must_use]
    pub fn reason(self) -> SuppressionReason {
        self.reason
    }
}

impl fmt::Display for Suppressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "suppressed: {}", self.reason)
    }
}

impl std::error::Error for Suppressed {}

/// Why a cell was suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SuppressionReason {
    /// Fewer conversations than the threshold.
    TooFewConversations,
    /// Fewer distinct users than the threshold.
    TooFewUsers,
    /// One user has a larger share than the threshold.
    DominantUser,
    /// User ids are missing, and the gate refuses cells without them.
    MissingUsers,
    /// Conversations in it were not scanned for personal data to the end.
    Unscanned,
    /// Large enough by itself, but its siblings could be computed from it.
    Complementary,
}

impl fmt::Display for SuppressionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TooFewConversations => "too few conversations",
            Self::TooFewUsers => "too few distinct users",
            Self::DominantUser => "one user has too large a share",
            Self::MissingUsers => "user ids are missing",
            Self::Unscanned => "conversations in it were not scanned to the end",
            Self::Complementary => "a suppressed sibling could be computed from it",
        })
    }
}
