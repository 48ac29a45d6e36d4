//! Distances in a byte each: made from scores, and compared with one distance, sixty-four at a time.

use super::LANES;
use super::isa::{Isa, Kind};
use super::plain::for_each_isa;

/// The largest code of a distance; farther ones have it too.
pub(crate) const MOST: u8 = 253;

/// Codes of a row are so many, or a multiple of it.
pub(crate) const WORD: usize = 64;

/// How distances of one row become codes: those that `base` and `unit` make, and one less for all
/// that is rounded.
#[derive(Clone, Copy)]
pub(crate) struct Coder {
    /// Lower bound on the row's squared length.
    pub(crate) square: f32,
    pub(crate) base: f32,
    /// One over the distance between two codes.
    pub(crate) per_unit: f32,
}

impl Coder {
    /// The code of a lower bound on a distance. 0 says nothing.
    #[inline(always)]
    pub(crate) fn of_distance(self, distance: f32) -> u8 {
        let units = (distance - self.base) * self.per_unit - 1.01;
        // What is not a number becomes 0.
        let units = if units > 0.0 { units } else { 0.0 };
        let units = if units < f32::from(MOST) {
            units
        } else {
            f32::from(MOST)
        };
        // SAFETY: it is a number, and between 0 and `MOST`. Checks would keep it from vectors.
        let units: i32 = unsafe { units.to_int_unchecked() };
        units as u8
    }

    /// The code of the distance from columns whose score is at most `upper`.
    #[inline(always)]
    pub(crate) fn of_score(self, upper: f32) -> u8 {
        let square = self.square - 2.0 * upper;
        let square = if square > 0.0 { square } else { 0.0 };
        self.of_distance(square.sqrt() * (1.0 - 1e-6))
    }
}

for_each_isa! {
    /// Codes of the distances from groups of a panel's columns, `out.len()` groups of the lanes
    /// that are equal modulo it, without the lanes of a mask. `error` is added to the scores, and
    /// `now` to the codes.
    fn code_panel(
        scores: &[f32; LANES],
        without: u32,
        error: f32,
        coder: Coder,
        now: &[u8],
        out: &mut [u8]
    ) = code_panel_body
}
for_each_isa! {
    /// Codes of the distances from columns whose scores are at most these.
    fn code_scores(uppers: &[f32], coder: Coder, out: &mut [u8]) = code_scores_body
}
for_each_isa! {
    /// One bit for each part of `size` bits of the words, a power of two below 64, of which at least
    /// `least` are set.
    fn crowded(open: &[u64], size: usize, least: u32, out: &mut [u64]) = crowded_body
}
for_each_isa! {
    /// Moves codes by `by`, as `before` is their clock. A code of 0 says nothing and stays.
    fn shift_codes(codes: &mut [u8], before: &[u8], by: i16) = shift_codes_body
}

#[inline(always)]
fn code_panel_body(
    scores: &[f32; LANES],
    without: u32,
    error: f32,
    coder: Coder,
    now: &[u8],
    out: &mut [u8],
) {
    let mut most = [0.0; LANES];
    for lane in 0..LANES {
        most[lane] = if (without >> lane) & 1 == 0 {
            scores[lane]
        } else {
            f32::NEG_INFINITY
        };
    }
    if let (Some(now), Some(out)) = (now.first_chunk::<LANES>(), out.first_chunk_mut::<LANES>()) {
        for lane in 0..LANES {
            out[lane] = coder.of_score(most[lane] + error).wrapping_add(now[lane]);
        }
        return;
    }
    // Halves of known lengths, so that each is a vector or two.
    let groups = out.len();
    fold::<16>(&mut most, groups);
    fold::<8>(&mut most, groups);
    fold::<4>(&mut most, groups);
    fold::<2>(&mut most, groups);
    fold::<1>(&mut most, groups);
    let mut codes = [0; LANES / 2];
    for lane in 0..LANES / 2 {
        codes[lane] = coder.of_score(most[lane] + error);
    }
    for ((out, &now), code) in out.iter_mut().zip(now).zip(codes) {
        *out = code.wrapping_add(now);
    }
}

/// Joins two halves, if there are no more groups than lanes of one.
#[inline(always)]
fn fold<const HALF: usize>(most: &mut [f32; LANES], groups: usize) {
    if groups > HALF {
        return;
    }
    for lane in 0..HALF {
        let (a, b) = (most[lane], most[lane + HALF]);
        // A score that is not a number rules out nothing.
        most[lane] = if a < b || b.is_nan() { b } else { a };
    }
}

#[inline(always)]
fn code_scores_body(uppers: &[f32], coder: Coder, out: &mut [u8]) {
    for (out, &upper) in out.iter_mut().zip(uppers) {
        *out = coder.of_score(upper);
    }
}

/// The places of the bits that are set, at the beginning of `out`; gives their number.
///
/// # Panics
///
/// If `out` has fewer than [`listed`] places.
#[inline]
pub(crate) fn list_open(isa: Isa, open: &[u64], out: &mut [u32]) -> usize {
    assert!(out.len() >= listed(open.len()));
    match isa.kind() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected.
        Kind::Avx512 | Kind::Avx512Bf16 => unsafe { x86::list_avx512(open, out) },
        _ => list_plain(open, out),
    }
}

/// Places that [`list_open`] wants for so many words: one vector more than bits.
pub(crate) fn listed(words: usize) -> usize {
    WORD * words + 16
}

fn list_plain(open: &[u64], out: &mut [u32]) -> usize {
    let mut count = 0;
    for (first, &word) in (0_u32..).step_by(WORD).zip(open) {
        let mut word = word;
        while word != 0 {
            out[count] = first + word.trailing_zeros();
            count += 1;
            word &= word - 1;
        }
    }
    count
}

#[inline(always)]
fn crowded_body(open: &[u64], size: usize, least: u32, out: &mut [u64]) {
    out.fill(0);
    let mask = u64::MAX >> (WORD - size);
    for (at, &word) in open.iter().enumerate() {
        if word.count_ones() < least {
            continue;
        }
        for part in 0..WORD / size {
            if (word >> (part * size) & mask).count_ones() >= least {
                let bit = at * (WORD / size) + part;
                out[bit / WORD] |= 1 << (bit % WORD);
            }
        }
    }
}

#[inline(always)]
fn shift_codes_body(codes: &mut [u8], before: &[u8], by: i16) {
    for (code, &before) in codes.iter_mut().zip(before) {
        let held = i16::from(code.wrapping_sub(before));
        let moved = if held == 0 { 0 } else { held + by };
        *code = (moved.clamp(0, i16::from(MOST)) as u8).wrapping_add(before);
    }
}

/// One bit for each code that is at most `limit` after `steps` are taken from it; the codes are
/// those of `before` on the clock.
///
/// # Panics
///
/// If the slices are not as long as the words of `open` ask.
#[inline]
pub(crate) fn open_groups(
    isa: Isa,
    codes: &[u8],
    before: &[u8],
    steps: &[u8],
    limit: u8,
    open: &mut [u64],
) {
    let count = codes.len();
    assert!(count.div_ceil(WORD) == open.len() && before.len() == count && steps.len() == count);
    match isa.kind() {
        Kind::Portable => open_plain(codes, before, steps, limit, open),
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512Bf16 => unsafe { x86::open_avx512bw(codes, before, steps, limit, open) },
        // SAFETY: as above; AVX-512 is only looked for where AVX2 is.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 | Kind::Avx512 => unsafe { x86::open_avx2(codes, before, steps, limit, open) },
    }
}

fn open_plain(codes: &[u8], before: &[u8], steps: &[u8], limit: u8, open: &mut [u64]) {
    open.fill(0);
    open_from(0, codes, before, steps, limit, open);
}

/// The same from the code `first` on.
fn open_from(first: usize, codes: &[u8], before: &[u8], steps: &[u8], limit: u8, open: &mut [u64]) {
    for at in first..codes.len() {
        let code = codes[at].wrapping_sub(before[at]).saturating_sub(steps[at]);
        open[at / WORD] |= u64::from(code <= limit) << (at % WORD);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_set1_epi8, _mm256_sub_epi8, _mm256_subs_epu8, _mm512_add_epi32,
        _mm512_mask_cmple_epu8_mask, _mm512_maskz_compress_epi32, _mm512_maskz_loadu_epi8,
        _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setr_epi32, _mm512_storeu_si512,
        _mm512_sub_epi8, _mm512_subs_epu8,
    };

    use super::WORD;

    /// Without a branch for each word, most of which have a bit or two.
    #[target_feature(enable = "avx512f,popcnt")]
    pub(super) fn list_avx512(open: &[u64], out: &mut [u32]) -> usize {
        assert!(out.len() >= super::listed(open.len()));
        let mut count = 0;
        let mut places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        for &word in open {
            for quarter in 0..4 {
                let bits = (word >> (16 * quarter)) as u16;
                let listed = _mm512_maskz_compress_epi32(bits, places);
                places = _mm512_add_epi32(places, _mm512_set1_epi32(16));
                // SAFETY: there are as many places as bits, and a vector more.
                unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(count).cast(), listed) };
                count += bits.count_ones() as usize;
            }
        }
        count
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn open_avx512bw(
        codes: &[u8],
        before: &[u8],
        steps: &[u8],
        limit: u8,
        open: &mut [u64],
    ) {
        let limit = _mm512_set1_epi8(limit.cast_signed());
        let words = codes.chunks(WORD).zip(before.chunks(WORD));
        for (((codes, before), steps), open) in words.zip(steps.chunks(WORD)).zip(open) {
            let here = u64::MAX >> (WORD - codes.len());
            // SAFETY: all are as long as the mask has bits.
            let load =
                |bytes: &[u8]| unsafe { _mm512_maskz_loadu_epi8(here, bytes.as_ptr().cast()) };
            let code = _mm512_subs_epu8(_mm512_sub_epi8(load(codes), load(before)), load(steps));
            *open = _mm512_mask_cmple_epu8_mask(here, code, limit);
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn open_avx2(
        codes: &[u8],
        before: &[u8],
        steps: &[u8],
        limit: u8,
        open: &mut [u64],
    ) {
        let (all, limit_of_rest) = ((codes, before, steps), limit);
        let whole = codes.len() / 32 * 32;
        let limit = _mm256_set1_epi8(limit.cast_signed());
        let words = codes.as_chunks::<32>().0.iter();
        let words = words.zip(before.as_chunks::<32>().0);
        let words = words.zip(steps.as_chunks::<32>().0);
        open.fill(0);
        for (at, ((codes, before), steps)) in words.enumerate() {
            // SAFETY: each is 32 bytes.
            let load =
                |bytes: &[u8; 32]| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) };
            let code = _mm256_subs_epu8(_mm256_sub_epi8(load(codes), load(before)), load(steps));
            let within = _mm256_cmpeq_epi8(_mm256_min_epu8(code, limit), code);
            let bits = u64::from(_mm256_movemask_epi8(within).cast_unsigned());
            open[at / 2] |= bits << (at % 2 * 32);
        }
        super::open_from(whole, all.0, all.1, all.2, limit_of_rest, open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            state
        };
        (0..n).map(|_| (next() >> 56) as u8).collect()
    }

    #[test]
    fn open_groups_and_their_lists_are_the_same_everywhere() {
        for n in [1, 8, 31, 32, 40, 64, 95, 96, 128, 1000] {
            let (codes, before) = (bytes(n, 1), bytes(n, 2));
            let steps: Vec<u8> = bytes(n, 3).iter().map(|step| step / 8).collect();
            for limit in [0, 3, 100, MOST] {
                let is_open = |at: usize| {
                    codes[at].wrapping_sub(before[at]).saturating_sub(steps[at]) <= limit
                };
                let plain: Vec<u32> = (0_u32..)
                    .take(n)
                    .filter(|&at| is_open(at as usize))
                    .collect();
                for isa in Isa::available() {
                    let mut open = vec![u64::MAX; n.div_ceil(WORD)];
                    open_groups(isa, &codes, &before, &steps, limit, &mut open);
                    let mut found = vec![7; listed(open.len())];
                    let count = list_open(isa, &open, &mut found);
                    assert_eq!(found[..count], plain, "{isa:?} {n} {limit}");
                    for size in [1, 8, 32] {
                        let mut parts = vec![0; (open.len() * WORD / size).div_ceil(WORD)];
                        crowded(isa, &open, size, 3, &mut parts);
                        for part in 0..open.len() * WORD / size {
                            let here = plain.iter().filter(|&&at| at as usize / size == part);
                            let bit = parts[part / WORD] >> (part % WORD) & 1;
                            assert_eq!(bit == 1, here.count() >= 3, "{isa:?} {n} {size} {part}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn codes_are_below_the_distances_and_move_with_their_base() {
        let coder = Coder {
            square: 9.0,
            base: 2.0,
            per_unit: 64.0,
        };
        let scores: [f32; LANES] = std::array::from_fn(|lane| 2.5 - 0.25 * lane as f32);
        let now = bytes(LANES, 4);
        for isa in Isa::available() {
            for groups in [1, 2, 4, 8, 16, 32] {
                let mut out = vec![0; groups];
                let without = 0x0001_0010;
                code_panel(
                    isa,
                    &scores,
                    without,
                    0.125,
                    coder,
                    &now[..groups],
                    &mut out,
                );
                for group in 0..groups {
                    let code = out[group].wrapping_sub(now[group]);
                    let lanes = (group..LANES).step_by(groups);
                    let left = lanes.filter(|lane| (without >> lane) & 1 == 0);
                    let most = left
                        .map(|lane| scores[lane])
                        .fold(f32::NEG_INFINITY, f32::max);
                    let distance = (9.0 - 2.0 * f64::from(most + 0.125)).max(0.0).sqrt();
                    let bound = 2.0 + f64::from(code + 1) / 64.0;
                    assert!(code == 0 || bound <= distance, "{isa:?} {groups} {group}");
                    assert!(code == MOST || bound + 2.0 / 64.0 > distance);
                }
            }
            assert_eq!(coder.of_distance(f32::NAN), 0);
            assert_eq!(coder.of_distance(f32::INFINITY), MOST);
            let mut codes: Vec<u8> = [0_u8, 1, 100, 250]
                .map(|code| code.wrapping_add(200))
                .to_vec();
            shift_codes(isa, &mut codes, &[200; 4], 64);
            assert_eq!(
                codes,
                [0_u8, 65, 164, MOST].map(|code| code.wrapping_add(200))
            );
            shift_codes(isa, &mut codes, &[200; 4], -64);
            assert_eq!(
                codes,
                [0_u8, 1, 100, MOST - 64].map(|code| code.wrapping_add(200))
            );
        }
    }
}
