//! Nearest centroids, and how well centroids fit; in the modules below, how good a clustering is.

mod agreement;
mod groups;
mod silhouette;
mod spread;
mod stability;

pub use agreement::{Agreement, EntropyMean, agreement, agreement_by};
pub(crate) use groups::Groups;
pub use silhouette::{Silhouette, silhouette};
pub use spread::{calinski_harabasz, davies_bouldin};
pub use stability::{Stability, StabilityCheck, StabilityParams};

use serde::{Deserialize, Serialize};

use crate::assign::assign;
use crate::error::{Error, Kind};
use crate::prepared::{Prepared, normalized};
use crate::{Metric, Points};

/// The nearest centroid of a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Nearest {
    /// Which centroid.
    pub index: u32,
    /// How far: squared Euclidean distance, or one minus the cosine (0 to 2).
    pub distance: f64,
}

/// Finds the nearest centroid of each point, the lowest index of equals.
///
/// # Errors
///
/// If there is no centroid, if the dimensions differ, or, with [`Metric::Spherical`], if a row of
/// either is all zeros.
///
/// # Example
///
/// ```
/// use axia_cluster::{Metric, Points, nearest};
///
/// let centroids = [1.0, 0.0, 0.0, 1.0];
/// let found = nearest(
///     Points::new(&[0.0, 3.0], 2)?,
///     Points::new(&centroids, 2)?,
///     Metric::Spherical,
/// )?;
/// assert_eq!((found[0].index, found[0].distance), (1, 0.0));
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn nearest(
    points: Points<'_>,
    centroids: Points<'_>,
    metric: Metric,
) -> Result<Vec<Nearest>, Error> {
    let (prepared, centroids) = prepare(points, centroids, metric)?;
    let labels = assign(&prepared, &centroids);
    let distances = prepared.distances(&centroids, &labels);
    Ok(labels
        .into_iter()
        .zip(distances)
        .map(|(index, distance)| Nearest { index, distance })
        .collect())
}

/// Sums the distances of all points from the centroids that their labels name.
///
/// # Errors
///
/// As [`nearest`], and if there is not one label below the number of centroids for each point.
///
/// # Example
///
/// ```
/// use axia_cluster::{Metric, Points, inertia};
///
/// let points = Points::new(&[0.0, 4.0, 9.0], 1)?;
/// let centroids = Points::new(&[1.0, 8.0], 1)?;
/// assert_eq!(inertia(points, centroids, &[0, 0, 1], Metric::Euclidean)?, 1.0 + 9.0 + 1.0);
/// # Ok::<(), axia_cluster::Error>(())
/// ```
pub fn inertia(
    points: Points<'_>,
    centroids: Points<'_>,
    labels: &[u32],
    metric: Metric,
) -> Result<f64, Error> {
    if labels.len() != points.len() {
        return Err(Kind::Length {
            what: "label",
            points: points.len(),
            got: labels.len(),
        }
        .into());
    }
    let k = centroids.len();
    if let Some(point) = labels.iter().position(|&l| l as usize >= k) {
        return Err(Kind::Label {
            point,
            label: labels[point],
            k,
        }
        .into());
    }
    let (prepared, centroids) = prepare(points, centroids, metric)?;
    Ok(prepared.distances(&centroids, labels).iter().sum())
}

fn prepare<'a>(
    points: Points<'a>,
    centroids: Points<'_>,
    metric: Metric,
) -> Result<(Prepared<'a>, Vec<f32>), Error> {
    points.expect_dim(centroids.dim())?;
    if centroids.is_empty() {
        return Err(Kind::NoCentroids.into());
    }
    let rows = match metric {
        Metric::Euclidean => centroids.as_slice().to_vec(),
        Metric::Spherical => {
            normalized(centroids.as_slice(), centroids.dim(), "centroid")?.into_owned()
        }
    };
    Ok((Prepared::new(points, metric)?, rows))
}
