//! The tile without any special instructions, and what the others are tested against.

use super::LANES;
use super::panels::Line;

/// Writes `start[l] + row · column l of the panel` for each lane `l`.
pub(super) fn row(row: &[f32], panel: &[Line], start: &[f32; LANES], out: &mut [f32]) {
    for half in 0..2 {
        let mut sums = [0.0_f32; 16];
        sums.copy_from_slice(&start[half * 16..half * 16 + 16]);
        for (&x, lines) in row.iter().zip(panel.chunks_exact(2)) {
            for (sum, &c) in sums.iter_mut().zip(&lines[half].0) {
                *sum += x * c;
            }
        }
        out[half * 16..half * 16 + 16].copy_from_slice(&sums);
    }
}
