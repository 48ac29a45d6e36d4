//! The two-sided normal tail by a table, for scans over millions of cells.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::OnceLock;

use crate::special::{LN_SQRT_PI, erfc_fraction, ln_erfc};

/// ln of the two-sided normal tail, to the last digits.
///
/// `ln 2Q(z) = g(z) - z²/2`, and `g` is smooth: Taylor polynomials around the multiples of 1/32 give it. Their coefficients
/// follow from the differential equation of `exp(u²) erfc(u)`. Beyond the table, the asymptotic series is as exact.
#[derive(Debug)]
pub(crate) struct TailTable {
    pieces: Vec<[f64; TERMS]>,
}

/// The next singularity of `g` lies 3.4 away from 0 and farther from any other place, and no place is farther than 1/64 from
/// its middle: what eight terms leave is below the rounding. A piece is one cache line.
const TERMS: usize = 8;
const PER_UNIT: f64 = 32.0;
const END: f64 = 11.0;

/// Adding this rounds a small number to a whole one, which the lowest bits then hold.
const ROUNDER: f64 = (1_u64 << 52) as f64;

impl TailTable {
    pub(crate) fn shared() -> &'static Self {
        static TABLE: OnceLock<TailTable> = OnceLock::new();
        TABLE.get_or_init(|| {
            let middles = 0..=(END * PER_UNIT) as u32;
            let pieces = middles.map(|i| taylor(f64::from(i) / PER_UNIT));
            Self {
                pieces: pieces.collect(),
            }
        })
    }

    /// ln of the two-sided normal tail at a finite `z`.
    #[inline]
    pub(crate) fn ln_two_sided(&self, z: f64) -> f64 {
        let z = z.abs();
        let rounded = z * PER_UNIT + ROUNDER;
        let at = (rounded.to_bits() & 0xFFFF) as usize;
        match self.pieces.get(at) {
            Some(piece) if z < END => {
                let t = z - (rounded - ROUNDER) * (1.0 / PER_UNIT);
                let g = piece.iter().rev().fold(0.0, |sum, &c| sum * t + c);
                g - 0.5 * z * z
            }
            _ => far(z),
        }
    }
}

/// For `z >= 11`: `2Q(z) = sqrt(2/pi) exp(-z²/2) / z * (1 - 1/z² + 3/z⁴ - 15/z⁶ + ...)`; twelve terms leave 2e-14 in the
/// logarithm, which is then -63 or less.
#[cold]
fn far(z: f64) -> f64 {
    const LN_SQRT_2_BY_PI: f64 = -0.225_791_352_644_727_44;
    let w = 1.0 / (z * z);
    let series = (1..=12)
        .rev()
        .fold(1.0, |sum, k| 1.0 - f64::from(2 * k - 1) * w * sum);
    (series / z).ln() + LN_SQRT_2_BY_PI - 0.5 * z * z
}

/// Coefficients of `g` around a middle.
fn taylor(middle: f64) -> [f64; TERMS] {
    let k = 2.0 / PI.sqrt();
    let u = middle * FRAC_1_SQRT_2;
    let value = if u < 5.0 {
        ln_erfc(u) + 0.5 * middle * middle
    } else {
        -erfc_fraction(u).ln() - LN_SQRT_PI
    };
    // In u first. h = e^-g: h' = -2 u h + k h^2.
    let mut h = [0.0; TERMS];
    let mut g = [0.0; TERMS];
    h[0] = (-value).exp();
    g[0] = value;
    for n in 0..TERMS - 1 {
        let square: f64 = (0..=n).map(|i| h[i] * h[n - i]).sum();
        let before = if n > 0 { h[n - 1] } else { 0.0 };
        let order = (n + 1) as f64;
        h[n + 1] = (k * square - 2.0 * (u * h[n] + before)) / order;
        let polynomial = match n {
            0 => 2.0 * u,
            1 => 2.0,
            _ => 0.0,
        };
        g[n + 1] = (polynomial - k * h[n]) / order;
    }
    let mut scale = 1.0;
    for coefficient in &mut g {
        *coefficient *= scale;
        scale *= FRAC_1_SQRT_2;
    }
    g
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabulated_tail_is_the_computed_one() {
        let table = TailTable::shared();
        for i in 0..60_000 {
            let z = f64::from(i) * 4.7e-4;
            let (fast, slow) = (table.ln_two_sided(-z), ln_erfc(z * FRAC_1_SQRT_2));
            let error = (fast - slow).abs();
            assert!(error <= 4e-15 * slow.abs().max(1e-2), "{z}: {fast} {slow}");
        }
    }

    #[test]
    fn tiny_and_huge_deviates() {
        let table = TailTable::shared();
        let slope = (2.0 / PI).sqrt();
        for z in [1e-300, 1e-12, 1e-5] {
            let error = table.ln_two_sided(z) / (-slope * z) - 1.0;
            assert!(error.abs() < slope * z + 1e-15, "{z}");
        }
        assert_eq!(table.ln_two_sided(0.0).to_bits(), 0);
        for z in [38.0, 271.38, 1e4, 1e8] {
            let (fast, slow) = (table.ln_two_sided(z), ln_erfc(z * FRAC_1_SQRT_2));
            assert!((fast / slow - 1.0).abs() < 1e-15, "{z}");
        }
        assert!(table.ln_two_sided(1e200) < -1e300);
    }
}
