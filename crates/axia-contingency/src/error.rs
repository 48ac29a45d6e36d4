//! The crate's one error type.

/// Largest total that a table or a set of observations may hold: 2^53, up to which every count is an exact `f64`.
pub(crate) const MAX_TOTAL: u64 = 1 << 53;

/// Everything that can be wrong with counts, ids or parameters.
///
/// The kinds are private; ask with the predicates. Messages name ids and numbers, never text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(transparent)]
pub struct Error {
    kind: ErrorKind,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
enum ErrorKind {
    #[error("{what} must stay at or below 2^53 ({MAX_TOTAL}) in all; split the data")]
    TooManyCounts { what: &'static str },
    #[error(
        "{facet} category must be below {limit}, got {id}; give the builder the size of the vocabulary"
    )]
    OutOfRange {
        facet: &'static str,
        id: u32,
        limit: u32,
    },
    #[error(
        "conversation {id} was given more than once; give all categories of a conversation in one call"
    )]
    DuplicateConversation { id: u64 },
    #[error("{name} must be {requirement}, got {value}")]
    InvalidParameter {
        name: &'static str,
        requirement: &'static str,
        value: f64,
    },
    #[error(
        "observations to merge must have the same shape, got {left_rows} x {left_cols} and {right_rows} x {right_cols}"
    )]
    ShapeMismatch {
        left_rows: u32,
        left_cols: u32,
        right_rows: u32,
        right_cols: u32,
    },
    #[error("{what} must stay below 2^32 in all; split the data, or keep counts only")]
    TooManyKept { what: &'static str },
    #[error("a grid whose cells are all kept must have at most 2^28 of them; use a sparse table")]
    GridTooLarge,
    #[error("conversations to merge must have the same facets with the same numbers of categories")]
    FacetsDiffer,
    #[error("counts of distinct users cannot be added; merge the builders instead")]
    UsersNotAdditive,
    #[error("counts do not fit together: {what}")]
    Inconsistent { what: &'static str },
}

impl Error {
    pub(crate) fn too_many_counts(what: &'static str) -> Self {
        ErrorKind::TooManyCounts { what }.into()
    }

    pub(crate) fn too_many_kept(what: &'static str) -> Self {
        ErrorKind::TooManyKept { what }.into()
    }

    pub(crate) fn grid_too_large() -> Self {
        ErrorKind::GridTooLarge.into()
    }

    pub(crate) fn facets_differ() -> Self {
        ErrorKind::FacetsDiffer.into()
    }

    pub(crate) fn out_of_range(facet: &'static str, id: u32, limit: u32) -> Self {
        ErrorKind::OutOfRange { facet, id, limit }.into()
    }

    pub(crate) fn duplicate_conversation(id: u64) -> Self {
        ErrorKind::DuplicateConversation { id }.into()
    }

    pub(crate) fn invalid_parameter(
        name: &'static str,
        requirement: &'static str,
        value: f64,
    ) -> Self {
        ErrorKind::InvalidParameter {
            name,
            requirement,
            value,
        }
        .into()
    }

    pub(crate) fn shape_mismatch(left: (u32, u32), right: (u32, u32)) -> Self {
        ErrorKind::ShapeMismatch {
            left_rows: left.0,
            left_cols: left.1,
            right_rows: right.0,
            right_cols: right.1,
        }
        .into()
    }

    pub(crate) fn users_not_additive() -> Self {
        ErrorKind::UsersNotAdditive.into()
    }

    pub(crate) fn inconsistent(what: &'static str) -> Self {
        ErrorKind::Inconsistent { what }.into()
    }

    /// Whether a total would have passed 2^53, what is kept 2^32, or the cells of a grid 2^28.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::TooManyCounts { .. }
                | ErrorKind::TooManyKept { .. }
                | ErrorKind::GridTooLarge
        )
    }

    /// Whether a category id lies outside the vocabulary that the builder was given.
    #[must_use]
    pub fn is_out_of_range(&self) -> bool {
        matches!(self.kind, ErrorKind::OutOfRange { .. })
    }

    /// Whether one conversation was pushed twice.
    #[must_use]
    pub fn is_duplicate_conversation(&self) -> bool {
        matches!(self.kind, ErrorKind::DuplicateConversation { .. })
    }

    /// Whether a parameter lies outside its range.
    #[must_use]
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self.kind, ErrorKind::InvalidParameter { .. })
    }

    /// Whether two sets of observations cannot be merged: other shapes or facets, or counts of distinct users.
    #[must_use]
    pub fn is_not_mergeable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::ShapeMismatch { .. } | ErrorKind::FacetsDiffer | ErrorKind::UsersNotAdditive
        )
    }

    /// Whether given counts contradict each other, for example a cell above its margin.
    #[must_use]
    pub fn is_inconsistent(&self) -> bool {
        matches!(self.kind, ErrorKind::Inconsistent { .. })
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind }
    }
}
