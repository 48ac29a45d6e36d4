//! AVX2 with FMA, AVX-512, and AVX-512 with bfloat16.
#![allow(clippy::needless_range_loop)] // a row of a tile has a pointer and two sums

use std::arch::x86_64::{
    __m256, __m256i, __m512, __m512bh, __m512i, _mm256_add_epi32, _mm256_add_ps, _mm256_fmadd_ps,
    _mm256_hadd_epi32, _mm256_hadd_ps, _mm256_loadu_ps, _mm256_permute2f128_ps,
    _mm256_permute2x128_si256, _mm256_set1_ps, _mm256_storeu_ps, _mm256_storeu_si256,
    _mm512_castpd_ps, _mm512_castps_pd, _mm512_castps512_ps256, _mm512_castsi512_si256,
    _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_extracti64x4_epi64, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_loadu_si512, _mm512_maskz_loadu_epi32, _mm512_maskz_loadu_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512,
    _mm512_shuffle_f64x2, _mm512_storeu_ps, _mm512_storeu_si512,
};

use super::LANES;
use super::tiles::COLUMNS;

/// Most rows of a tile with 512-bit vectors: two sums for each fill 24 of the 32 registers.
pub(super) const ROWS_512: usize = 12;

/// Most rows of a tile with 256-bit vectors, which takes half a panel at a time: two sums for each
/// fill 12 of the 16 registers.
pub(super) const ROWS_256: usize = 6;

/// Calls `$tile::<R>` with the number of rows as a constant.
macro_rules! by_rows {
    ($n:expr, $tile:ident, [$($r:literal)*], $args:tt) => {
        match $n {
            $($r => by_rows!(@call $tile, $r, $args),)*
            _ => unreachable!("a tile has at most so many rows"),
        }
    };
    (@call $tile:ident, $r:literal, ($($arg:expr),*)) => { $tile::<$r>($($arg),*) };
}

/// What a tile reads and writes: for each row `r`, lane `l`:
/// `out[r * width + l] = start[l] + rows[r] · column l of the panel`.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    /// Where each row begins: `depth` values, or pairs of bfloat16.
    pub(super) rows: &'a [*const f32],
    pub(super) depth: usize,
    /// `depth` times [`LANES`] values, or pairs.
    pub(super) panel: *const f32,
    /// [`LANES`] values.
    pub(super) start: *const f32,
    pub(super) out: *mut f32,
    pub(super) width: usize,
}

/// # Safety
///
/// The processor has AVX-512F; all that the tile names exists; it has 1 to [`ROWS_512`] rows.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn tile_avx512(tile: Tile<'_>) {
    // SAFETY: as the caller vouches.
    unsafe { by_rows!(tile.rows.len(), rows_avx512, [1 2 3 4 5 6 7 8 9 10 11 12], (tile)) }
}

/// # Safety
///
/// As [`tile_avx512`], with `R` rows.
#[target_feature(enable = "avx512f")]
unsafe fn rows_avx512<const R: usize>(tile: Tile<'_>) {
    // SAFETY: every address is within what the caller vouches for.
    unsafe {
        let rows: [*const f32; R] = std::array::from_fn(|r| tile.rows[r]);
        let start = [
            _mm512_loadu_ps(tile.start),
            _mm512_loadu_ps(tile.start.add(16)),
        ];
        let mut sums = [start; R];
        for t in 0..tile.depth {
            let c0 = _mm512_loadu_ps(tile.panel.add(t * LANES));
            let c1 = _mm512_loadu_ps(tile.panel.add(t * LANES + 16));
            for r in 0..R {
                let x = _mm512_set1_ps(*rows[r].add(t));
                sums[r][0] = _mm512_fmadd_ps(x, c0, sums[r][0]);
                sums[r][1] = _mm512_fmadd_ps(x, c1, sums[r][1]);
            }
        }
        for r in 0..R {
            _mm512_storeu_ps(tile.out.add(r * tile.width), sums[r][0]);
            _mm512_storeu_ps(tile.out.add(r * tile.width + 16), sums[r][1]);
        }
    }
}

/// # Safety
///
/// As [`tile_avx512`], and the processor has AVX512_BF16; rows and panel are pairs of bfloat16.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) unsafe fn tile_bf16(tile: Tile<'_>) {
    // SAFETY: as the caller vouches.
    unsafe { by_rows!(tile.rows.len(), rows_bf16, [1 2 3 4 5 6 7 8 9 10 11 12], (tile)) }
}

/// # Safety
///
/// As [`tile_bf16`], with `R` rows.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn rows_bf16<const R: usize>(tile: Tile<'_>) {
    // SAFETY: every address is within what the caller vouches for; a vector of pairs is 512 bits
    // of any content.
    unsafe {
        let rows: [*const f32; R] = std::array::from_fn(|r| tile.rows[r]);
        let start = [
            _mm512_loadu_ps(tile.start),
            _mm512_loadu_ps(tile.start.add(16)),
        ];
        let mut sums = [start; R];
        for t in 0..tile.depth {
            let c0: __m512bh = std::mem::transmute(_mm512_loadu_ps(tile.panel.add(t * LANES)));
            let c1: __m512bh = std::mem::transmute(_mm512_loadu_ps(tile.panel.add(t * LANES + 16)));
            for r in 0..R {
                let x: __m512bh = std::mem::transmute(_mm512_set1_ps(*rows[r].add(t)));
                sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, c0);
                sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, c1);
            }
        }
        for r in 0..R {
            _mm512_storeu_ps(tile.out.add(r * tile.width), sums[r][0]);
            _mm512_storeu_ps(tile.out.add(r * tile.width + 16), sums[r][1]);
        }
    }
}

/// # Safety
///
/// As [`tile_avx512`], and the processor has AVX512_VNNI; rows are bytes without a sign, the panel bytes with one, and
/// `start` and `out` whole numbers.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn tile_bytes(tile: Tile<'_>) {
    // SAFETY: as the caller vouches.
    unsafe { by_rows!(tile.rows.len(), rows_bytes, [1 2 3 4 5 6 7 8 9 10 11 12], (tile)) }
}

/// # Safety
///
/// As [`tile_bytes`], with `R` rows.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn rows_bytes<const R: usize>(tile: Tile<'_>) {
    // SAFETY: every address is within what the caller vouches for; a vector of pairs is 512 bits
    // of any content.
    unsafe {
        let rows: [*const f32; R] = std::array::from_fn(|r| tile.rows[r]);
        let start = [
            _mm512_loadu_si512(tile.start.cast()),
            _mm512_loadu_si512(tile.start.add(16).cast()),
        ];
        let mut sums = [start; R];
        for t in 0..tile.depth {
            let c0 = _mm512_loadu_si512(tile.panel.add(t * LANES).cast());
            let c1 = _mm512_loadu_si512(tile.panel.add(t * LANES + 16).cast());
            for r in 0..R {
                let x = _mm512_set1_epi32(*rows[r].add(t).cast::<i32>());
                sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], x, c0);
                sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], x, c1);
            }
        }
        for r in 0..R {
            _mm512_storeu_si512(tile.out.add(r * tile.width).cast(), sums[r][0]);
            _mm512_storeu_si512(tile.out.add(r * tile.width + 16).cast(), sums[r][1]);
        }
    }
}

/// # Safety
///
/// The processor has AVX2 and FMA; all that the tile names exists; it has 1 to [`ROWS_256`] rows.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile_avx2(tile: Tile<'_>) {
    // SAFETY: as the caller vouches.
    unsafe { by_rows!(tile.rows.len(), rows_avx2, [1 2 3 4 5 6], (tile)) }
}

/// # Safety
///
/// As [`tile_avx2`], with `R` rows.
#[target_feature(enable = "avx2,fma")]
unsafe fn rows_avx2<const R: usize>(tile: Tile<'_>) {
    for half in [0, 16] {
        // SAFETY: every address is within what the caller vouches for.
        unsafe {
            let rows: [*const f32; R] = std::array::from_fn(|r| tile.rows[r]);
            let start = [
                _mm256_loadu_ps(tile.start.add(half)),
                _mm256_loadu_ps(tile.start.add(half + 8)),
            ];
            let mut sums = [start; R];
            for t in 0..tile.depth {
                let c0 = _mm256_loadu_ps(tile.panel.add(t * LANES + half));
                let c1 = _mm256_loadu_ps(tile.panel.add(t * LANES + half + 8));
                for r in 0..R {
                    let x = _mm256_set1_ps(*rows[r].add(t));
                    sums[r][0] = _mm256_fmadd_ps(x, c0, sums[r][0]);
                    sums[r][1] = _mm256_fmadd_ps(x, c1, sums[r][1]);
                }
            }
            for r in 0..R {
                let out = tile.out.add(r * tile.width + half);
                _mm256_storeu_ps(out, sums[r][0]);
                _mm256_storeu_ps(out.add(8), sums[r][1]);
            }
        }
    }
}

/// Writes the inner product of the row with each of the columns that `which` names; `out` has as many
/// places, and as many more as fill up [`COLUMNS`].
///
/// # Safety
///
/// The processor has AVX-512F, AVX2 and AVX512_BF16; the row and each of the columns named are `depth`
/// pairs of bfloat16, one column after the other.
#[target_feature(enable = "avx512f,avx512bf16,avx2")]
pub(super) unsafe fn dots_bf16(
    row: *const f32,
    depth: usize,
    columns: *const f32,
    which: &[u32],
    out: &mut [f32],
) {
    for (which, out) in which.chunks(COLUMNS).zip(out.as_chunks_mut::<COLUMNS>().0) {
        // SAFETY: as the caller vouches.
        *out = unsafe {
            by_rows!(which.len(), columns_bf16, [1 2 3 4 5 6 7 8], (row, depth, columns, which))
        };
    }
}

/// # Safety
///
/// As [`dots_bf16`], with `C` columns.
#[target_feature(enable = "avx512f,avx512bf16,avx2")]
unsafe fn columns_bf16<const C: usize>(
    row: *const f32,
    depth: usize,
    columns: *const f32,
    which: &[u32],
) -> [f32; COLUMNS] {
    // SAFETY: every address is within what the caller vouches for, or masked off; a vector of pairs
    // is 512 bits of any content.
    unsafe {
        let columns: [*const f32; C] =
            std::array::from_fn(|c| columns.add(which[c] as usize * depth));
        let mut sums = [_mm512_setzero_ps(); COLUMNS];
        let whole = depth / 16 * 16;
        for t in (0..whole).step_by(16) {
            let x: __m512bh = std::mem::transmute(_mm512_loadu_ps(row.add(t)));
            for c in 0..C {
                let y: __m512bh = std::mem::transmute(_mm512_loadu_ps(columns[c].add(t)));
                sums[c] = _mm512_dpbf16_ps(sums[c], x, y);
            }
        }
        if whole < depth {
            let mask = (1_u16 << (depth - whole)) - 1;
            let x: __m512bh = std::mem::transmute(_mm512_maskz_loadu_ps(mask, row.add(whole)));
            for c in 0..C {
                let y = _mm512_maskz_loadu_ps(mask, columns[c].add(whole));
                let y: __m512bh = std::mem::transmute(y);
                sums[c] = _mm512_dpbf16_ps(sums[c], x, y);
            }
        }
        let mut out = [0.0; COLUMNS];
        _mm256_storeu_ps(out.as_mut_ptr(), sums_of_8(sums));
        out
    }
}

/// Writes, as whole numbers, the inner product of the row with each of the columns that `which` names; `out` has as many
/// places, and as many more as fill up [`COLUMNS`].
///
/// # Safety
///
/// The processor has AVX-512F, AVX2 and AVX512_VNNI; the row and each of the columns named are `depth`
/// pairs of bfloat16, one column after the other.
#[target_feature(enable = "avx512f,avx512vnni,avx2")]
pub(super) unsafe fn dots_bytes(
    row: *const f32,
    depth: usize,
    columns: *const f32,
    which: &[u32],
    out: &mut [f32],
) {
    for (which, out) in which.chunks(COLUMNS).zip(out.as_chunks_mut::<COLUMNS>().0) {
        // SAFETY: as the caller vouches.
        *out = unsafe {
            by_rows!(which.len(), columns_bytes, [1 2 3 4 5 6 7 8], (row, depth, columns, which))
        };
    }
}

/// # Safety
///
/// As [`dots_bytes`], with `C` columns.
#[target_feature(enable = "avx512f,avx512vnni,avx2")]
unsafe fn columns_bytes<const C: usize>(
    row: *const f32,
    depth: usize,
    columns: *const f32,
    which: &[u32],
) -> [f32; COLUMNS] {
    // SAFETY: every address is within what the caller vouches for, or masked off; a vector is
    // 512 bits of any content.
    unsafe {
        let columns: [*const f32; C] =
            std::array::from_fn(|c| columns.add(which[c] as usize * depth));
        let mut sums = [_mm512_setzero_si512(); COLUMNS];
        let whole = depth / 16 * 16;
        for t in (0..whole).step_by(16) {
            let x = _mm512_loadu_si512(row.add(t).cast());
            for c in 0..C {
                let y = _mm512_loadu_si512(columns[c].add(t).cast());
                sums[c] = _mm512_dpbusd_epi32(sums[c], x, y);
            }
        }
        if whole < depth {
            let mask = (1_u16 << (depth - whole)) - 1;
            let x = _mm512_maskz_loadu_epi32(mask, row.add(whole).cast());
            for c in 0..C {
                let y = _mm512_maskz_loadu_epi32(mask, columns[c].add(whole).cast());
                sums[c] = _mm512_dpbusd_epi32(sums[c], x, y);
            }
        }
        let mut out = [0.0; COLUMNS];
        _mm256_storeu_si256(out.as_mut_ptr().cast(), whole_sums_of_8(sums));
        out
    }
}

/// The sum of each vector.
#[inline]
#[target_feature(enable = "avx512f,avx2")]
fn sums_of_8(sums: [__m512; 8]) -> __m256 {
    let halves = sums.map(|sum| {
        let high = _mm512_castpd_ps(_mm512_shuffle_f64x2::<0b11_10_11_10>(
            _mm512_castps_pd(sum),
            _mm512_castps_pd(sum),
        ));
        _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_castps512_ps256(high))
    });
    let four = |at: usize| {
        _mm256_hadd_ps(
            _mm256_hadd_ps(halves[at], halves[at + 1]),
            _mm256_hadd_ps(halves[at + 2], halves[at + 3]),
        )
    };
    let (a, b) = (four(0), four(4));
    _mm256_add_ps(
        _mm256_permute2f128_ps::<0x20>(a, b),
        _mm256_permute2f128_ps::<0x31>(a, b),
    )
}

/// The same for whole numbers.
#[inline]
#[target_feature(enable = "avx512f,avx2")]
fn whole_sums_of_8(sums: [__m512i; 8]) -> __m256i {
    let halves = sums.map(|sum| {
        let high = _mm512_extracti64x4_epi64::<1>(sum);
        _mm256_add_epi32(_mm512_castsi512_si256(sum), high)
    });
    let four = |at: usize| {
        _mm256_hadd_epi32(
            _mm256_hadd_epi32(halves[at], halves[at + 1]),
            _mm256_hadd_epi32(halves[at + 2], halves[at + 3]),
        )
    };
    let (a, b) = (four(0), four(4));
    _mm256_add_epi32(
        _mm256_permute2x128_si256::<0x20>(a, b),
        _mm256_permute2x128_si256::<0x31>(a, b),
    )
}
