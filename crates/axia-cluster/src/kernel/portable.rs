//! The kernels without any special instructions, and what the others are tested against.

use super::LANES;
use super::panels::Line;

/// Products of all rows with one panel, from column `first` of `out` on.
pub(super) fn products(
    rows: &[f32],
    depth: usize,
    panel: &[Line],
    first: usize,
    width: usize,
    out: &mut [f32],
) {
    for (row, out) in rows.chunks_exact(depth).zip(out.chunks_exact_mut(width)) {
        let out = &mut out[first..first + LANES];
        for half in 0..2 {
            let mut sums = [0.0_f32; 16];
            for (&x, lines) in row.iter().zip(panel.chunks_exact(2)) {
                for (sum, &c) in sums.iter_mut().zip(&lines[half].0) {
                    *sum += x * c;
                }
            }
            out[half * 16..half * 16 + 16].copy_from_slice(&sums);
        }
    }
}
