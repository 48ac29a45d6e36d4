//! Heights of merges after the tree is known.

use crate::linkage::Found;
use crate::square::Frame;

/// Ward's heights in double precision, from the means of the clusters.
pub(super) fn ward(frame: &Frame<'_>, found: &mut [Found]) {
    let mut sums: Vec<Option<(f64, Vec<f64>)>> = vec![None; frame.len()];
    for merge in found {
        let (a, mut whole) = take(frame, &mut sums, merge.a);
        let (b, other) = take(frame, &mut sums, merge.b);
        let squared: f64 = whole
            .iter()
            .zip(&other)
            .map(|(x, y)| (x / a - y / b).powi(2))
            .sum();
        merge.height = (2.0 * a * b / (a + b) * squared).sqrt();
        for (whole, other) in whole.iter_mut().zip(&other) {
            *whole += other;
        }
        sums[merge.a] = Some((a + b, whole));
    }
}

/// Size and sum of the cluster whose first point this is.
fn take(frame: &Frame<'_>, sums: &mut [Option<(f64, Vec<f64>)>], point: usize) -> (f64, Vec<f64>) {
    let value = |at| frame.exact.value(point, at);
    sums[point]
        .take()
        .unwrap_or_else(|| (1.0, (0..frame.dim()).map(value).collect()))
}

/// Makes no merge lower than its parts, where rounding has.
pub(super) fn rising(n: usize, found: &mut [Found]) {
    let mut heights = vec![0.0_f64; n];
    for merge in found {
        let parts = heights[merge.a].max(heights[merge.b]);
        merge.height = merge.height.max(parts);
        heights[merge.a] = merge.height;
    }
}
