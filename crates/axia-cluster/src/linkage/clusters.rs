//! The clusters that are left, and where their distances stand in the matrix.

use crate::linkage::Found;
use crate::linkage::rules::{Join, Rule};
use crate::parallel::for_each_piece;
use crate::square::{PAD, Square};

/// Clusters by slot: the column of each in every row. Slots are in order of the clusters' first
/// points. A cluster that was joined to another leaves its slot dead, and its column infinite,
/// until the slots are numbered anew.
pub(super) struct Clusters {
    /// The row of the matrix.
    pub(super) rows: Vec<usize>,
    pub(super) first_points: Vec<usize>,
    pub(super) alive: Vec<bool>,
    /// Number of points, and 1 in the padding.
    pub(super) sizes: Vec<f32>,
    pub(super) left: usize,
}

impl Clusters {
    /// One cluster for each row of the matrix, in order of their first points.
    pub(super) fn new(first_points: Vec<usize>, mut sizes: Vec<f32>) -> Self {
        let n = first_points.len();
        sizes.resize(n.next_multiple_of(PAD), 1.0);
        Self {
            rows: (0..n).collect(),
            first_points,
            alive: vec![true; n],
            sizes,
            left: n,
        }
    }

    pub(super) fn slots(&self) -> usize {
        self.rows.len()
    }

    /// Length of the part of a row that is in use.
    pub(super) fn width(&self) -> usize {
        self.sizes.len()
    }

    /// Notes a join; the matrix is for the caller.
    pub(super) fn join<R: Rule>(&mut self, a: usize, b: usize, value: f32) -> (Join, Found) {
        let (keep, gone) = (a.min(b), a.max(b));
        let (kept, other) = (self.sizes[keep], self.sizes[gone]);
        let join = R::join((keep, kept), (gone, other), value);
        let found = Found {
            a: self.first_points[keep],
            b: self.first_points[gone],
            height: f64::from(value),
        };
        self.sizes[keep] = kept + other;
        self.alive[gone] = false;
        self.left -= 1;
        (join, found)
    }

    /// Whether so many slots are dead that moving the others together pays.
    pub(super) fn sparse(&self) -> bool {
        self.left * 4 < self.slots() * 3
    }

    /// Numbers the slots anew, and gives the old number of each.
    pub(super) fn renumber(&mut self) -> Vec<usize> {
        let old: Vec<usize> = (0..self.slots()).filter(|&s| self.alive[s]).collect();
        self.rows = old.iter().map(|&s| self.rows[s]).collect();
        self.first_points = old.iter().map(|&s| self.first_points[s]).collect();
        self.sizes = old.iter().map(|&s| self.sizes[s]).collect();
        self.sizes.resize(old.len().next_multiple_of(PAD), 1.0);
        self.alive = vec![true; old.len()];
        old
    }

    /// Numbers the slots anew, in the matrix too.
    pub(super) fn compact(&mut self, square: &mut Square) -> Vec<usize> {
        let old = self.renumber();
        let width = self.width();
        let mut rows = rows_of(square, &self.rows);
        for_each_piece(&mut rows, 8, |_, rows| {
            for row in rows.iter_mut().flatten() {
                move_together(row, &old, width);
            }
        });
        old
    }
}

/// The rows of these clusters, to be worked on at the same time.
pub(super) fn rows_of<'m>(square: &'m mut Square, rows: &[usize]) -> Vec<Option<&'m mut [f32]>> {
    let stride = square.stride;
    let mut all: Vec<Option<&mut [f32]>> =
        square.values.chunks_exact_mut(stride).map(Some).collect();
    rows.iter().map(|&row| all[row].take()).collect()
}

/// Keeps the columns of `old`, which is in rising order, and fills up to `width` with infinities.
pub(super) fn move_together(row: &mut [f32], old: &[usize], width: usize) {
    for (to, &from) in old.iter().enumerate() {
        row[to] = row[from];
    }
    row[old.len()..width].fill(f32::INFINITY);
}
