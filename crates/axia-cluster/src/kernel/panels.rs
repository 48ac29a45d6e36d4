//! Columns laid out for the tiles.

use super::LANES;
use crate::parallel::for_each_piece;

/// One cache line, so that vectors of panels never straddle two.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line(pub(crate) [f32; 16]);

const LINES: usize = LANES / 16;

/// Columns in panels of [`LANES`]: panel by panel, dimension by dimension, lane by lane. The last
/// panel is filled up with zeros.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    depth: usize,
    columns: usize,
    lines: Vec<Line>,
}

impl Panels {
    /// Packs the vectors of `dim` values each that `columns` holds one after the other.
    ///
    /// # Panics
    ///
    /// If `dim` is 0 or `columns` does not hold whole vectors.
    pub(crate) fn pack(columns: &[f32], dim: usize) -> Self {
        assert!(
            dim > 0 && columns.len().is_multiple_of(dim),
            "whole columns"
        );
        let count = columns.len() / dim;
        let mut nothing = vec![(); count.div_ceil(LANES)];
        Self::pack_with(count, dim, &mut nothing, |panel, out, ()| {
            let columns = columns.chunks_exact(dim).skip(panel * LANES);
            for (out, column) in out.chunks_exact_mut(dim).zip(columns) {
                out.copy_from_slice(column);
            }
        })
    }

    /// Packs `count` vectors of `depth` values each. `fill` writes those of one panel over zeros, one
    /// after the other, and notes what it will.
    ///
    /// # Panics
    ///
    /// If `notes` are not one for each panel.
    pub(super) fn pack_with<T: Send>(
        count: usize,
        depth: usize,
        notes: &mut [T],
        fill: impl Fn(usize, &mut [f32], &mut T) + Sync + Send,
    ) -> Self {
        assert_eq!(
            notes.len(),
            count.div_ceil(LANES),
            "one note for each panel"
        );
        let mut lines = vec![Line([0.0; 16]); notes.len() * LINES * depth];
        let both = lines.chunks_mut(LINES * depth).zip(notes);
        let mut both: Vec<(&mut [Line], &mut T)> = both.collect();
        for_each_piece(&mut both, 1, |panel, both| {
            let (lines, note) = &mut both[0];
            let mut columns = vec![0.0; LANES * depth];
            fill(panel, &mut columns, note);
            for (half, columns) in columns.chunks_exact(16 * depth).enumerate() {
                for (at, lines) in lines.chunks_exact_mut(LINES).enumerate() {
                    for (lane, value) in lines[half].0.iter_mut().enumerate() {
                        *value = columns[lane * depth + at];
                    }
                }
            }
        });
        Self {
            depth,
            columns: count,
            lines,
        }
    }

    /// Values of a column.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Columns without the zeros that fill the last panel.
    #[allow(dead_code)] // tests
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Number of panels.
    pub(crate) fn count(&self) -> usize {
        self.columns.div_ceil(LANES)
    }

    /// Columns with the zeros that fill the last panel.
    pub(crate) fn width(&self) -> usize {
        self.count() * LANES
    }

    pub(super) fn panel(&self, index: usize) -> &[Line] {
        &self.lines[index * LINES * self.depth..(index + 1) * LINES * self.depth]
    }
}
