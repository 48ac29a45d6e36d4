//! What "near" means.

use serde::{Deserialize, Serialize};

/// How far two vectors are from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Squared Euclidean distance; a centroid is the mean of its points.
    #[default]
    Euclidean,
    /// One minus the cosine of the angle; a centroid is the unit vector of its points' mean
    /// direction. The length of a point does not count, and a row of zeros is an error.
    Spherical,
}
