//! What can go wrong when vectors are clustered.

use std::fmt;

/// An error of this crate.
#[derive(Debug, Clone, PartialEq)]
pub struct Error(Kind);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Kind {
    #[error("points must have at least 1 dimension, got 0")]
    NoDimension,
    #[error("{values} values do not fill whole rows of {dim} dimensions")]
    Ragged { values: usize, dim: usize },
    #[error("row {row} holds a value that is not finite")]
    NotFinite { row: usize },
    #[error(
        "{what} {row} has length zero and so no direction: leave it out, or use the euclidean metric"
    )]
    NoDirection { what: &'static str, row: usize },
    #[error("there are no points")]
    NoPoints,
    #[error("there are no centroids")]
    NoCentroids,
    #[error("{k} clusters need at least {k} points of positive weight, got {points}")]
    TooFewPoints { k: usize, points: usize },
    #[error("{k} neighbours need at least {k} other points, got {points}")]
    TooFewNeighbours { k: usize, points: usize },
    #[error("expected {expected} dimensions, got {got}")]
    Dimension { expected: usize, got: usize },
    #[error("expected one {what} for each of {points} points, got {got}")]
    Length {
        what: &'static str,
        points: usize,
        got: usize,
    },
    #[error("weight {index} must be finite and at least 0, got {value}")]
    Weight { index: usize, value: f64 },
    #[error("label {label} of point {point} is not below the number of centroids, {k}")]
    Label { point: usize, label: u32, k: usize },
    #[error("{name} must be {rule}, got {got}")]
    Parameter {
        name: &'static str,
        rule: &'static str,
        got: String,
    },
    #[error(
        "{points} points in {clusters} clusters: this measure needs at least 2 clusters and fewer \
         than points"
    )]
    ClusterCount { clusters: usize, points: usize },
    #[error("min_samples is {samples}, and there are only {points} points")]
    TooFewSamples { samples: usize, points: usize },
    #[error("{points} points need {bytes} bytes for their distances, which is more than there is")]
    Memory { points: usize, bytes: u128 },
    #[cfg(feature = "ndarray")]
    #[error("the array must hold its values row after row without gaps")]
    NotRowMajor,
    #[cfg(feature = "linfa")]
    #[error("linfa: {0}")]
    Linfa(String),
    #[error("what was stored does not hold together: {0}")]
    Stored(&'static str),
}

impl Error {
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

    /// Whether a parameter is out of its range.
    #[must_use]
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self.0, Kind::Parameter { .. })
    }

    /// Whether there are fewer points (of positive weight) than clusters, fewer others than
    /// neighbours, or none at all.
    #[must_use]
    pub fn is_too_few_points(&self) -> bool {
        matches!(
            self.0,
            Kind::TooFewPoints { .. }
                | Kind::TooFewNeighbours { .. }
                | Kind::TooFewSamples { .. }
                | Kind::NoPoints
        )
    }

    /// Whether a row of zeros was given where only directions count.
    #[must_use]
    pub fn is_zero_row(&self) -> bool {
        matches!(self.0, Kind::NoDirection { .. })
    }

    /// The row that the error is about, if it is about one.
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        match self.0 {
            Kind::NotFinite { row } | Kind::NoDirection { row, .. } => Some(row),
            Kind::Weight { index, .. } => Some(index),
            Kind::Label { point, .. } => Some(point),
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

impl std::error::Error for Error {}
