//! How distances from a joined cluster follow from those of its parts (Lance and Williams 1967).
//!
//! Every operation here is written so that swapping rows and columns gives the same bits: the
//! matrix stays symmetric to the last one, whichever of its halves is read.

use crate::kernel::{self, Isa};

/// A join of two clusters: the one with the lower slot is kept and becomes the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    pub(super) keep: usize,
    pub(super) gone: usize,
    /// Weight of the kept part.
    p: f32,
    /// Weight of the other part.
    q: f32,
    /// What is taken off.
    less: f32,
}

/// A method of linkage, on values of which each rule says what they are.
pub(super) trait Rule {
    /// What a join does to distances; `between` is the value of its two parts.
    fn join(keep: (usize, f32), gone: (usize, f32), between: f32) -> Join;

    /// The value of a cluster and a whole, from those with its kept and its other part.
    fn whole(join: &Join, kept: f32, gone: f32) -> f32;

    /// The value of two wholes. `corners`: kept and kept, kept and gone, gone and kept, gone and gone.
    fn both(a: &Join, b: &Join, corners: [f32; 4]) -> f32;

    /// [`whole`](Self::whole) for all of a row.
    fn whole_row(isa: Isa, join: &Join, kept: &mut [f32], gone: &[f32]);

    /// How far apart two clusters of these sizes are: what is compared.
    fn key(value: f32, size: f32, other: f32) -> f32;

    /// The nearest cluster of a row, the lowest slot of equals, with its key.
    fn nearest(isa: Isa, row: &[f32], sizes: &[f32], own: f32) -> (usize, f32);
}

fn weighted(keep: (usize, f32), gone: (usize, f32)) -> Join {
    let size = keep.1 + gone.1;
    Join {
        keep: keep.0,
        gone: gone.0,
        p: keep.1 / size,
        q: gone.1 / size,
        less: 0.0,
    }
}

fn both_weighted(a: &Join, b: &Join, [kk, kg, gk, gg]: [f32; 4]) -> f32 {
    let same = (a.p * b.p) * kk + (a.q * b.q) * gg;
    let crossed = (a.p * b.q) * kg + (a.q * b.p) * gk;
    (same + crossed) - (a.less + b.less)
}

/// Ward's method on squared distances of the clusters' means. With these the weights are the same
/// along a whole row, and there is one division for each comparison only.
pub(super) enum Ward {}

impl Rule for Ward {
    fn join(keep: (usize, f32), gone: (usize, f32), between: f32) -> Join {
        let join = weighted(keep, gone);
        Join {
            less: join.p * join.q * between,
            ..join
        }
    }

    fn whole(join: &Join, kept: f32, gone: f32) -> f32 {
        not_negative((join.p * kept + join.q * gone) - join.less)
    }

    fn both(a: &Join, b: &Join, corners: [f32; 4]) -> f32 {
        not_negative(both_weighted(a, b, corners))
    }

    fn whole_row(isa: Isa, join: &Join, kept: &mut [f32], gone: &[f32]) {
        kernel::weighted_row(isa, kept, gone, join.p, join.q, join.less);
    }

    fn key(value: f32, size: f32, other: f32) -> f32 {
        value * (size * other) / (size + other)
    }

    fn nearest(isa: Isa, row: &[f32], sizes: &[f32], own: f32) -> (usize, f32) {
        kernel::nearest_scaled(isa, row, sizes, own)
    }
}

/// Rounding must not make a square negative.
fn not_negative(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// Average linkage on distances.
pub(super) enum Mean {}

impl Rule for Mean {
    fn join(keep: (usize, f32), gone: (usize, f32), _between: f32) -> Join {
        weighted(keep, gone)
    }

    fn whole(join: &Join, kept: f32, gone: f32) -> f32 {
        not_negative((join.p * kept + join.q * gone) - join.less)
    }

    fn both(a: &Join, b: &Join, corners: [f32; 4]) -> f32 {
        both_weighted(a, b, corners)
    }

    fn whole_row(isa: Isa, join: &Join, kept: &mut [f32], gone: &[f32]) {
        kernel::weighted_row(isa, kept, gone, join.p, join.q, join.less);
    }

    fn key(value: f32, _size: f32, _other: f32) -> f32 {
        value
    }

    fn nearest(isa: Isa, row: &[f32], _sizes: &[f32], _own: f32) -> (usize, f32) {
        kernel::nearest_value(isa, row)
    }
}

/// Complete linkage on anything that rises with distance.
pub(super) enum Complete {}

impl Rule for Complete {
    fn join(keep: (usize, f32), gone: (usize, f32), _between: f32) -> Join {
        weighted(keep, gone)
    }

    fn whole(_join: &Join, kept: f32, gone: f32) -> f32 {
        if kept > gone { kept } else { gone }
    }

    fn both(_a: &Join, _b: &Join, corners: [f32; 4]) -> f32 {
        corners.into_iter().fold(0.0, f32::max)
    }

    fn whole_row(isa: Isa, _join: &Join, kept: &mut [f32], gone: &[f32]) {
        kernel::largest_row(isa, kept, gone);
    }

    fn key(value: f32, _size: f32, _other: f32) -> f32 {
        value
    }

    fn nearest(isa: Isa, row: &[f32], _sizes: &[f32], _own: f32) -> (usize, f32) {
        kernel::nearest_value(isa, row)
    }
}
