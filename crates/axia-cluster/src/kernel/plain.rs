//! Loops that the compiler turns into vector instructions by itself: written once, compiled for
//! each instruction set. None of them fuses or reorders additions, so all give the same bits.

use super::isa::{Isa, Kind};

/// Defines `name` as `body`, compiled once for each instruction set.
macro_rules! for_each_isa {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) $(-> $out:ty)? = $body:ident) => {
        $(#[$doc])*
        #[inline]
        #[allow(private_interfaces)] // of a module's own use
        pub(crate) fn $name(isa: Isa, $($arg: $ty),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,popcnt")]
            fn avx2($($arg: $ty),*) $(-> $out)? {
                $body($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,bmi1,popcnt")]
            fn avx512($($arg: $ty),*) $(-> $out)? {
                $body($($arg),*)
            }
            match isa.kind() {
                Kind::Portable => $body($($arg),*),
                // SAFETY: an `Isa` of this kind exists only where the instructions were detected.
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512 | Kind::Avx512Bf16 => unsafe { avx512($($arg),*) },
            }
        }
    };
}

pub(super) use for_each_isa;

for_each_isa! {
    /// Squared distance in double precision: eight running sums, added in a fixed order.
    fn squared_distance(a: &[f32], b: &[f32]) -> f64 = squared_distance_body
}
for_each_isa! {
    /// Inner product in double precision, summed in the same order.
    fn inner_product(a: &[f32], b: &[f32]) -> f64 = inner_product_body
}
for_each_isa! {
    /// Squared distance of `scale * a` from `b` in single precision, `scale` a power of two.
    fn scaled_distance(a: &[f32], scale: f32, b: &[f32]) -> f32 = scaled_distance_body
}
for_each_isa! {
    /// Adds `weight * row` to `sums`.
    fn add_row(sums: &mut [f64], weight: f64, row: &[f32]) = add_row_body
}
for_each_isa! {
    /// Adds the values, as whole numbers of `1 / scale`, to `sums`, or takes them away.
    fn count_row(sums: &mut [i64], away: bool, row: &[f32], scale: f32) = count_row_body
}
for_each_isa! {
    /// Divides whole numbers.
    fn mean_row(sums: &[i64], divisor: f64, out: &mut [f32]) = mean_row_body
}
for_each_isa! {
    /// Whether [`count_row`] would cut nothing off.
    fn all_whole(row: &[f32], scale: f32) -> bool = all_whole_body
}
for_each_isa! {
    /// Inner product in single precision.
    fn short_product(a: &[f32], b: &[f32]) -> f32 = short_product_body
}
for_each_isa! {
    /// Writes `scale * row - shift`; gives the squared length.
    fn shift_row(row: &[f32], scale: f32, shift: &[f32], out: &mut [f32]) -> f32 = shift_row_body
}
for_each_isa! {
    /// Writes `scale * row - shift`, worked out in double precision.
    fn move_row(row: &[f32], scale: f64, shift: &[f32], out: &mut [f32]) = move_row_body
}
for_each_isa! {
    /// Rounds pairs of values to bfloat16, the first of each pair in the low half; gives the squared
    /// length of what the rounding took away.
    fn round_pairs(row: &[f32], out: &mut [u32]) -> f32 = round_pairs_body
}
for_each_isa! {
    /// Rounds values to bytes between -127 and 127, and adds `offset`; gives their scale and the squared
    /// length of what the rounding took away.
    fn round_bytes(row: &[f32], offset: i32, out: &mut [u8]) -> (f32, f32) = round_bytes_body
}
for_each_isa! {
    /// Whether all values are finite.
    fn all_finite(values: &[f32]) -> bool = all_finite_body
}

/// A bound on the relative error of [`scaled_distance`] and of the lengths that [`shift_row`] and
/// [`round_pairs`] give: sixteen chains of additions, their sum, a square, a difference.
pub(crate) fn sum_error(dim: usize) -> f64 {
    (dim / 16 + 12) as f64 * f64::from(f32::EPSILON)
}

#[inline(always)]
fn squared_distance_body(a: &[f32], b: &[f32]) -> f64 {
    crate::prepared::squared_distance(a, b)
}

#[inline(always)]
fn inner_product_body(a: &[f32], b: &[f32]) -> f64 {
    crate::prepared::inner_product(a, b)
}

#[inline(always)]
fn sum_16(sums: [f32; 16]) -> f32 {
    let mut sums = sums;
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0]
}

#[inline(always)]
fn scaled_distance_body(a: &[f32], scale: f32, b: &[f32]) -> f32 {
    // Three chains of sixteen: one would wait for its own additions.
    let mut sums = [[0.0_f32; 16]; 3];
    let (a_chunks, a_rest) = a.as_chunks::<48>();
    let (b_chunks, b_rest) = b.as_chunks::<48>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for chain in 0..3 {
            for lane in 0..16 {
                let difference = a[16 * chain + lane] * scale - b[16 * chain + lane];
                sums[chain][lane] += difference * difference;
            }
        }
    }
    for (at, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        let difference = a * scale - b;
        sums[at / 16][at % 16] += difference * difference;
    }
    let mut total = [0.0; 16];
    for lane in 0..16 {
        total[lane] = sums[0][lane] + sums[1][lane] + sums[2][lane];
    }
    sum_16(total)
}

#[inline(always)]
fn add_row_body(sums: &mut [f64], weight: f64, row: &[f32]) {
    for (sum, &v) in sums.iter_mut().zip(row) {
        *sum += weight * f64::from(v);
    }
}

#[inline(always)]
fn count_row_body(sums: &mut [i64], away: bool, row: &[f32], scale: f32) {
    if away {
        for (sum, &v) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_sub(whole(v * scale));
        }
    } else {
        for (sum, &v) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(whole(v * scale));
        }
    }
}

#[inline(always)]
fn mean_row_body(sums: &[i64], divisor: f64, out: &mut [f32]) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = crate::prepared::to_f32(sum as f64 / divisor);
    }
}

#[inline(always)]
fn all_whole_body(row: &[f32], scale: f32) -> bool {
    row.iter().all(|&v| {
        let v = v * scale;
        v.to_bits() == v.trunc().to_bits()
    })
}

/// The whole part, without the checks that would keep it from vector instructions.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)]
fn whole(v: f32) -> i64 {
    if v.abs() < 9e18 {
        // SAFETY: `v` is a number, and its whole part is in the range of `i64`.
        unsafe { v.to_int_unchecked() }
    } else {
        0
    }
}

#[inline(always)]
fn short_product_body(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [[0.0_f32; 16]; 3];
    let (a_chunks, a_rest) = a.as_chunks::<48>();
    let (b_chunks, b_rest) = b.as_chunks::<48>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for chain in 0..3 {
            for lane in 0..16 {
                sums[chain][lane] += a[16 * chain + lane] * b[16 * chain + lane];
            }
        }
    }
    for (at, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[at / 16][at % 16] += a * b;
    }
    let mut total = [0.0; 16];
    for lane in 0..16 {
        total[lane] = sums[0][lane] + sums[1][lane] + sums[2][lane];
    }
    sum_16(total)
}

#[inline(always)]
fn shift_row_body(row: &[f32], scale: f32, shift: &[f32], out: &mut [f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (rows, row_rest) = row.as_chunks::<16>();
    let (shifts, shift_rest) = shift.as_chunks::<16>();
    let (outs, out_rest) = out.as_chunks_mut::<16>();
    for ((row, shift), out) in rows.iter().zip(shifts).zip(outs) {
        for lane in 0..16 {
            let v = row[lane] * scale - shift[lane];
            out[lane] = v;
            sums[lane] += v * v;
        }
    }
    for (lane, ((row, shift), out)) in row_rest.iter().zip(shift_rest).zip(out_rest).enumerate() {
        let v = row * scale - shift;
        *out = v;
        sums[lane] += v * v;
    }
    sum_16(sums)
}

#[inline(always)]
fn move_row_body(row: &[f32], scale: f64, shift: &[f32], out: &mut [f32]) {
    for ((out, &v), &shift) in out.iter_mut().zip(row).zip(shift) {
        *out = crate::prepared::to_f32(f64::from(v) * scale - f64::from(shift));
    }
}

/// Nearest bfloat16, ties to even, as the upper half of an `f32`. The value is finite and small.
#[inline(always)]
fn rounded(v: f32) -> u32 {
    let bits = v.to_bits();
    (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000
}

#[inline(always)]
fn round_pairs_body(row: &[f32], out: &mut [u32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (rows, row_rest) = row.as_chunks::<32>();
    // An odd number of values may be a whole chunk of pairs more than of values.
    let (outs, out_rest) = out.split_at_mut(16 * rows.len());
    for (row, out) in rows.iter().zip(outs.as_chunks_mut::<16>().0) {
        for lane in 0..16 {
            let (a, b) = (row[2 * lane], row[2 * lane + 1]);
            let (low, high) = (rounded(a), rounded(b));
            out[lane] = (low >> 16) | high;
            let (a, b) = (a - f32::from_bits(low), b - f32::from_bits(high));
            sums[lane] += a * a;
            sums[lane] += b * b;
        }
    }
    for (lane, (pair, out)) in row_rest.chunks(2).zip(out_rest).enumerate() {
        let (a, b) = (pair[0], pair.get(1).copied().unwrap_or(0.0));
        let (low, high) = (rounded(a), rounded(b));
        *out = (low >> 16) | high;
        let (a, b) = (a - f32::from_bits(low), b - f32::from_bits(high));
        sums[lane] += a * a + b * b;
    }
    sum_16(sums)
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bytes, with and without a sign
fn round_bytes_body(row: &[f32], offset: i32, out: &mut [u8]) -> (f32, f32) {
    // Added to a small number it leaves no place for a fraction.
    const WHOLE: f32 = 12_582_912.0;
    let mut most = [0.0_f32; 16];
    let (rows, row_rest) = row.as_chunks::<16>();
    for row in rows {
        for lane in 0..16 {
            let size = row[lane].abs();
            most[lane] = if size > most[lane] { size } else { most[lane] };
        }
    }
    let most = most
        .iter()
        .chain(row_rest)
        .fold(0.0_f32, |m, v| m.max(v.abs()));
    // Where the inverse would overflow all values are rounded to 0.
    let (scale, inverse) = if most > 1e-30 {
        (most / 127.0, 127.0 / most)
    } else {
        (0.0, 0.0)
    };
    let mut sums = [0.0_f32; 16];
    let (outs, out_rest) = out.as_chunks_mut::<16>();
    let round = |v: f32, sum: &mut f32| {
        let units = (v * inverse + WHOLE) - WHOLE;
        let lost = v - units * scale;
        *sum += lost * lost;
        let units = if units.abs() < 128.0 { units } else { 0.0 };
        // SAFETY: it is a number below 128.
        let units: i32 = unsafe { units.to_int_unchecked() };
        (units + offset) as u8
    };
    for (row, out) in rows.iter().zip(&mut *outs) {
        for lane in 0..16 {
            out[lane] = round(row[lane], &mut sums[lane]);
        }
    }
    let left = outs
        .get_mut(rows.len())
        .map_or(out_rest, |out| out.as_mut_slice());
    for (lane, (&v, out)) in row_rest.iter().zip(left).enumerate() {
        *out = round(v, &mut sums[lane]);
    }
    (scale, sum_16(sums))
}

#[inline(always)]
fn all_finite_body(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7F80_0000;
    values.chunks(1024).all(|values| {
        values
            .iter()
            .fold(true, |fine, v| fine & (v.to_bits() & EXPONENT != EXPONENT))
    })
}
