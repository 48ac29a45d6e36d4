//! Core distances: how far the k-th nearest other point is.

use crate::kernel::{self, Isa};
use crate::parallel::map_pieces;
use crate::square::{Frame, PAD, Square};

/// Squared core distances: as the matrix has them, and in double precision, not scaled. With `k` of 0
/// they are 0.
pub(super) fn cores(frame: &Frame<'_>, square: &Square, k: usize) -> (Vec<f32>, Vec<f64>) {
    let n = frame.len();
    if k == 0 {
        return (vec![0.0; n], vec![0.0; n]);
    }
    map_pieces(n, 16, |range| {
        let mut nearest = Vec::with_capacity(k + 1);
        range
            .map(|row| {
                let values = square.row(row);
                let core = kth(square.isa, values, k, &mut nearest);
                (core, exact(frame, row, values, core, k))
            })
            .collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .unzip()
}

/// The k-th least value of a row. Most vectors hold none of the least and are passed over.
fn kth(isa: Isa, row: &[f32], k: usize, nearest: &mut Vec<f32>) -> f32 {
    nearest.clear();
    let mut bar = f32::INFINITY;
    let mut vector = 0;
    while let Some(at) = kernel::next_below(isa, row, vector, bar) {
        for &value in &row[at * PAD..(at + 1) * PAD] {
            if value < bar {
                let at = nearest.partition_point(|&v| v <= value);
                nearest.insert(at, value);
                nearest.truncate(k);
                if nearest.len() == k {
                    bar = nearest[k - 1];
                }
            }
        }
        vector = at + 1;
    }
    bar
}

/// The k-th least in double precision: among all that the matrix's rounding allows.
fn exact(frame: &Frame<'_>, row: usize, values: &[f32], core: f32, k: usize) -> f64 {
    let bar = core + 2.0 * frame.error(row);
    let mut candidates: Vec<f64> = values
        .iter()
        .enumerate()
        .filter(|&(_, &value)| value <= bar)
        .map(|(other, _)| frame.squared(row, other))
        .collect();
    let at = (k - 1).min(candidates.len() - 1);
    *candidates.select_nth_unstable_by(at, f64::total_cmp).1
}
