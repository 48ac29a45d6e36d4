//! The most that this processor can multiply and add, to compare the algorithms with.

use std::hint::black_box;
use std::time::Instant;

use super::isa::{Form, Isa, Kind};
use crate::parallel::{for_each_piece, threads};

/// Multiplications and additions a second in registers alone, on the threads of the current pool:
/// in single precision and, where the processor has it, of bfloat16 pairs (otherwise 0).
///
/// For measurements: shares of this peak say how well an algorithm uses a machine.
#[must_use]
pub fn peak_flops() -> (f64, f64) {
    let isa = Isa::best();
    let pairs = if isa.form() == Form::Pairs {
        best_of(isa, true)
    } else {
        0.0
    };
    (best_of(isa, false), pairs)
}

fn best_of(isa: Isa, pairs: bool) -> f64 {
    const STEPS: u32 = 1_000_000;
    let mut best = 0.0_f64;
    for _ in 0..20 {
        let mut done = vec![0.0_f64; threads()];
        let start = Instant::now();
        for_each_piece(&mut done, 1, |_, done| {
            done[0] = multiply(isa, pairs, STEPS)
        });
        let seconds = start.elapsed().as_secs_f64();
        best = best.max(done.iter().sum::<f64>() / seconds);
    }
    best
}

/// Runs the loop for these instructions; gives the number of operations.
fn multiply(isa: Isa, pairs: bool, steps: u32) -> f64 {
    let steps = black_box(steps);
    match isa.kind() {
        Kind::Portable => portable(steps),
        // SAFETY: an `Isa` of this kind exists only where the instructions were detected.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { x86::avx2(steps) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512Bf16 if pairs => unsafe { x86::bf16(steps) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 | Kind::Avx512Bf16 => unsafe { x86::avx512(steps) },
    }
}

fn portable(steps: u32) -> f64 {
    let mut sums = [1.0_f32; 32];
    // Known numbers would be multiplied by the compiler.
    let (x, y) = (black_box(0.999_f32), black_box(1e-3_f32));
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = *sum * x + y;
        }
    }
    black_box(sums);
    f64::from(steps) * 64.0
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512bh, _mm256_fmadd_ps, _mm256_set1_ps, _mm512_dpbf16_ps, _mm512_fmadd_ps,
        _mm512_set1_epi32, _mm512_set1_ps,
    };
    use std::hint::black_box;

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2(steps: u32) -> f64 {
        let mut sums = [_mm256_set1_ps(1.0); 12];
        let x = _mm256_set1_ps(black_box(0.999));
        let y = _mm256_set1_ps(black_box(1e-3));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, x, y);
            }
        }
        black_box(sums);
        f64::from(steps) * 12.0 * 16.0
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512(steps: u32) -> f64 {
        let mut sums = [_mm512_set1_ps(1.0); 24];
        let x = _mm512_set1_ps(black_box(0.999));
        let y = _mm512_set1_ps(black_box(1e-3));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, x, y);
            }
        }
        black_box(sums);
        f64::from(steps) * 24.0 * 32.0
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) fn bf16(steps: u32) -> f64 {
        let mut sums = [_mm512_set1_ps(1.0); 24];
        // SAFETY: 512 bits of any content are a vector of pairs.
        let x: __m512bh = unsafe { std::mem::transmute(_mm512_set1_epi32(black_box(0x3C00_3C00))) };
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_dpbf16_ps(*sum, x, x);
            }
        }
        black_box(sums);
        f64::from(steps) * 24.0 * 64.0
    }
}
