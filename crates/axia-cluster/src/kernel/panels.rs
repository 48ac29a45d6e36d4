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
        Self::pack_with(columns.len() / dim, dim, |column, out| {
            out.copy_from_slice(&columns[column * dim..][..dim]);
        })
    }

    /// Packs `count` vectors of `depth` values each; `fill` writes one, over zeros.
    pub(super) fn pack_with(
        count: usize,
        depth: usize,
        fill: impl Fn(usize, &mut [f32]) + Sync + Send,
    ) -> Self {
        let mut lines = vec![Line([0.0; 16]); count.div_ceil(LANES) * LINES * depth];
        for_each_piece(&mut lines, LINES * depth, |first, panel| {
            let first = first / (LINES * depth) * LANES;
            let mut column = vec![0.0; depth];
            for lane in 0..LANES.min(count - first) {
                column.fill(0.0);
                fill(first + lane, &mut column);
                let (line, at) = (lane / 16, lane % 16);
                for (lines, &v) in panel.chunks_exact_mut(LINES).zip(&column) {
                    lines[line].0[at] = v;
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
