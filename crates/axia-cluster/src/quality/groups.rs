//! Points by label.

use crate::Points;
use crate::error::{Error, Kind};

/// Points sorted by label, and in order of index within each; labels numbered anew from 0 upwards.
pub(crate) struct Groups {
    /// The group of each point.
    of: Vec<usize>,
    /// Points by group, then by index.
    order: Vec<usize>,
    starts: Vec<usize>,
}

impl Groups {
    /// Groups of a clustering that indices of quality are defined for.
    ///
    /// # Errors
    ///
    /// If there is not one label for each point, or not from 2 to `n - 1` distinct ones.
    pub(crate) fn of_partition(points: Points<'_>, labels: &[u32]) -> Result<Self, Error> {
        if points.is_empty() {
            return Err(Kind::NoPoints.into());
        }
        if labels.len() != points.len() {
            return Err(Kind::Length {
                what: "label",
                points: points.len(),
                got: labels.len(),
            }
            .into());
        }
        let groups = Self::new(labels);
        if groups.k() < 2 || groups.k() >= labels.len() {
            return Err(Kind::ClusterCount {
                clusters: groups.k(),
                points: labels.len(),
            }
            .into());
        }
        Ok(groups)
    }

    fn new(labels: &[u32]) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&index| labels[index]);
        let mut of = vec![0; labels.len()];
        let mut starts = vec![0];
        for run in order.chunk_by(|&a, &b| labels[a] == labels[b]) {
            let group = starts.len() - 1;
            for &index in run {
                of[index] = group;
            }
            starts.push(starts[group] + run.len());
        }
        Self { of, order, starts }
    }

    pub(crate) fn k(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn of(&self, point: usize) -> usize {
        self.of[point]
    }

    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(crate) fn members(&self, group: usize) -> &[usize] {
        &self.order[self.starts[group]..self.starts[group + 1]]
    }
}
