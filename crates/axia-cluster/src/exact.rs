//! Squared distances of points, or of their unit vectors, in double precision.

use crate::error::{Error, Kind};
use crate::kernel::{self, Isa};
use crate::parallel::map_pieces;
use crate::prepared::squared_norm;
use crate::{Metric, Points};

/// Rows of one piece of parallel work.
const PIECE: usize = 256;

/// Points whose distances are asked for pair by pair.
pub(crate) struct Exact<'a> {
    pub(crate) isa: Isa,
    pub(crate) points: Points<'a>,
    pub(crate) metric: Metric,
    /// One over the length of each row, where only directions count.
    inverse_norms: Vec<f64>,
}

impl<'a> Exact<'a> {
    /// # Errors
    ///
    /// If only directions count and a row is all zeros.
    pub(crate) fn new(points: Points<'a>, metric: Metric) -> Result<Self, Error> {
        let inverse_norms = match metric {
            Metric::Euclidean => Vec::new(),
            Metric::Spherical => map_pieces(points.len(), PIECE, |range| {
                let inverse = |row| squared_norm(points.row(row)).sqrt().recip();
                range.map(inverse).collect::<Vec<f64>>()
            })
            .concat(),
        };
        if let Some(row) = inverse_norms.iter().position(|v| !v.is_finite()) {
            return Err(Kind::NoDirection { what: "point", row }.into());
        }
        Ok(Self {
            isa: Isa::best(),
            points,
            metric,
            inverse_norms,
        })
    }

    /// What the values of a row are multiplied by.
    pub(crate) fn factor(&self, row: usize) -> f64 {
        self.inverse_norms.get(row).copied().unwrap_or(1.0)
    }

    /// A coordinate of a point, or of its unit vector.
    pub(crate) fn value(&self, row: usize, at: usize) -> f64 {
        f64::from(self.points.row(row)[at]) * self.factor(row)
    }

    /// The squared distance of two points (of their unit vectors).
    pub(crate) fn squared(&self, a: usize, b: usize) -> f64 {
        match self.metric {
            Metric::Euclidean => {
                kernel::squared_distance(self.isa, self.points.row(a), self.points.row(b))
            }
            Metric::Spherical => {
                let (x, y) = (self.inverse_norms[a], self.inverse_norms[b]);
                let mut sums = [0.0_f64; 8];
                let (a, a_rest) = self.points.row(a).as_chunks::<8>();
                let (b, b_rest) = self.points.row(b).as_chunks::<8>();
                for (a, b) in a.iter().zip(b) {
                    for lane in 0..8 {
                        let difference = f64::from(a[lane]) * x - f64::from(b[lane]) * y;
                        sums[lane] += difference * difference;
                    }
                }
                for (&a, &b) in a_rest.iter().zip(b_rest) {
                    sums[0] += (f64::from(a) * x - f64::from(b) * y).powi(2);
                }
                sums.iter().sum()
            }
        }
    }

    /// A distance from a squared one: its root, or one minus the cosine.
    pub(crate) fn distance_of(&self, squared: f64) -> f64 {
        match self.metric {
            Metric::Euclidean => squared.sqrt(),
            Metric::Spherical => squared / 2.0,
        }
    }
}
