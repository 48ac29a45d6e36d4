//! AVX2 with FMA, AVX-512, and AVX-512 with bfloat16.
#![allow(clippy::needless_range_loop)] // a row of a tile has a pointer and two sums

use std::arch::x86_64::{
    __m512bh, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm512_dpbf16_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
};

use super::LANES;

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
