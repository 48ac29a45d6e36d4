//! AVX2 with FMA, and AVX-512.

use std::arch::x86_64::{
    _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::LANES;
use super::panels::Line;

/// Calls `$tile::<R>` with the number of rows that are left as a constant.
macro_rules! by_rows {
    ($left:expr, $tile:ident, [$($r:literal)*], $args:tt) => {
        match $left {
            $($r => by_rows!(@call $tile, $r, $args),)*
            _ => {}
        }
    };
    (@call $tile:ident, $r:literal, ($($arg:expr),*)) => { $tile::<$r>($($arg),*) };
}

/// Rows of a tile: two vectors of sums for each fill 24 of the 32 registers.
const ROWS_512: usize = 12;

/// Products of all rows with one panel, from column `first` of `out` on.
///
/// # Safety
///
/// The processor has AVX-512F; `rows` are whole rows of `depth` values, `panel` holds `2 * depth`
/// lines, `out` as many rows of `width` values, and `first + LANES <= width`.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn products_avx512(
    rows: &[f32],
    depth: usize,
    panel: &[Line],
    first: usize,
    width: usize,
    out: &mut [f32],
) {
    let n = rows.len() / depth;
    let panel = panel.as_ptr().cast::<f32>();
    let mut at = 0;
    while at < n {
        let here = (n - at).min(ROWS_512);
        // SAFETY: rows `at..at + here` exist in `rows` and in `out`.
        unsafe {
            let x = rows.as_ptr().add(at * depth);
            let y = out.as_mut_ptr().add(at * width + first);
            by_rows!(here, tile_512, [1 2 3 4 5 6 7 8 9 10 11 12], (x, depth, panel, y, width));
        }
        at += here;
    }
}

/// # Safety
///
/// `R` rows of `depth` values at `x`, `depth * LANES` values at `panel`, `R` rows of `LANES` values
/// at `y`, `width` apart.
#[target_feature(enable = "avx512f")]
unsafe fn tile_512<const R: usize>(
    x: *const f32,
    depth: usize,
    panel: *const f32,
    y: *mut f32,
    width: usize,
) {
    let mut sums = [[_mm512_setzero_ps(); 2]; R];
    // SAFETY: every address is within what the caller vouches for.
    unsafe {
        let rows: [*const f32; R] = std::array::from_fn(|r| x.add(r * depth));
        for t in 0..depth {
            let c0 = _mm512_loadu_ps(panel.add(t * LANES));
            let c1 = _mm512_loadu_ps(panel.add(t * LANES + 16));
            for r in 0..R {
                let x = _mm512_set1_ps(*rows[r].add(t));
                sums[r][0] = _mm512_fmadd_ps(x, c0, sums[r][0]);
                sums[r][1] = _mm512_fmadd_ps(x, c1, sums[r][1]);
            }
        }
        for r in 0..R {
            _mm512_storeu_ps(y.add(r * width), sums[r][0]);
            _mm512_storeu_ps(y.add(r * width + 16), sums[r][1]);
        }
    }
}

/// Rows of a tile on half a panel: two vectors of sums for each fill 12 of the 16 registers.
const ROWS_256: usize = 6;

/// Products of all rows with one panel, from column `first` of `out` on.
///
/// # Safety
///
/// The processor has AVX2 and FMA; the rest as for [`products_avx512`].
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn products_avx2(
    rows: &[f32],
    depth: usize,
    panel: &[Line],
    first: usize,
    width: usize,
    out: &mut [f32],
) {
    let n = rows.len() / depth;
    for half in [0, 16] {
        let mut at = 0;
        while at < n {
            let here = (n - at).min(ROWS_256);
            // SAFETY: rows `at..at + here` exist in `rows` and in `out`; half a panel ends with it.
            unsafe {
                let panel = panel.as_ptr().cast::<f32>().add(half);
                let x = rows.as_ptr().add(at * depth);
                let y = out.as_mut_ptr().add(at * width + first + half);
                by_rows!(here, tile_256, [1 2 3 4 5 6], (x, depth, panel, y, width));
            }
            at += here;
        }
    }
}

/// # Safety
///
/// As [`tile_512`], for the first 16 lanes at `panel`.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile_256<const R: usize>(
    x: *const f32,
    depth: usize,
    panel: *const f32,
    y: *mut f32,
    width: usize,
) {
    let mut sums = [[_mm256_setzero_ps(); 2]; R];
    // SAFETY: every address is within what the caller vouches for.
    unsafe {
        let rows: [*const f32; R] = std::array::from_fn(|r| x.add(r * depth));
        for t in 0..depth {
            let c0 = _mm256_loadu_ps(panel.add(t * LANES));
            let c1 = _mm256_loadu_ps(panel.add(t * LANES + 8));
            for r in 0..R {
                let x = _mm256_set1_ps(*rows[r].add(t));
                sums[r][0] = _mm256_fmadd_ps(x, c0, sums[r][0]);
                sums[r][1] = _mm256_fmadd_ps(x, c1, sums[r][1]);
            }
        }
        for r in 0..R {
            _mm256_storeu_ps(y.add(r * width), sums[r][0]);
            _mm256_storeu_ps(y.add(r * width + 8), sums[r][1]);
        }
    }
}
