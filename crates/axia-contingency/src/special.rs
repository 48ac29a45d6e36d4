//! Special functions in the forms that keep their digits: differences are never taken of large logarithms.

use std::f64::consts::{LN_2, PI, SQRT_2};
use std::sync::OnceLock;

/// ln sqrt(pi).
pub(crate) const LN_SQRT_PI: f64 = 0.572_364_942_924_700_1;

/// ln sqrt(2 pi).
pub(crate) const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// ln of the complementary error function, for `u >= 0`.
pub(crate) fn ln_erfc(u: f64) -> f64 {
    if u < 0.5 {
        // erfc is near 1 here, so its logarithm lives in erf.
        return (-libm::erf(u)).ln_1p();
    }
    if u < 5.0 {
        return libm::erfc(u).ln();
    }
    -u * u - erfc_fraction(u).ln() - LN_SQRT_PI
}

/// `exp(u^2) erfc(u)` for `u >= 0`.
fn erfc_scaled(u: f64) -> f64 {
    if u < 5.0 {
        libm::erfc(u) * (u * u).exp()
    } else {
        (-LN_SQRT_PI).exp() / erfc_fraction(u)
    }
}

/// The continued fraction `u + (1/2)/(u + 1/(u + (3/2)/(u + ...)))`, from the back; 60 terms are enough from `u = 5`.
pub(crate) fn erfc_fraction(u: f64) -> f64 {
    (1..=60).rev().fold(u, |f, k| u + 0.5 * f64::from(k) / f)
}

/// ln of the upper tail of the standard normal, for `z >= 0`.
pub(crate) fn ln_normal_upper(z: f64) -> f64 {
    ln_erfc(z / SQRT_2) - LN_2
}

/// What Stirling's formula leaves out: `ln Gamma(a+1) - [(a + 1/2) ln a - a + ln sqrt(2 pi)]`, for `a > 0`.
pub(crate) fn stirling_error(a: f64) -> f64 {
    // The asymptotic series needs a large argument. Climbing there one step at a time adds small terms only, where
    // the difference of two ln Gamma would cancel.
    let mut climbed = 0.0;
    let mut x = a;
    while x < 16.0 {
        climbed += (x + 0.5) * (1.0 / x).ln_1p() - 1.0;
        x += 1.0;
    }
    const SERIES: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let square = x * x;
    let tail = SERIES.iter().rev().fold(0.0, |sum, &c| sum / square + c) / x;
    climbed + tail
}

/// Deviance of one count: `x ln(x/m) + m - x` for `x >= 0`, `m > 0`, exact to rounding also where `x` is close to `m`.
///
/// Loader (2000) calls it `bd0`.
pub(crate) fn deviance(x: f64, m: f64) -> f64 {
    deviance_of(x, m, x - m)
}

/// [`deviance`] when the caller knows `x - m` better than the difference of the two rounded numbers.
pub(crate) fn deviance_of(x: f64, m: f64, difference: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    if difference.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - difference;
    }
    // With v = (x-m)/(x+m): ln(x/m) = 2 atanh v, so the deviance is (x-m) v + 2 x (v^3/3 + v^5/5 + ...). |v| < 0.1, and
    // nine terms are below the rounding.
    let v = difference / (x + m);
    let square = v * v;
    let series = ODD
        .iter()
        .rev()
        .fold(0.0, |sum, &inverse| sum * square + inverse);
    difference * v + 2.0 * x * v * square * series
}

/// 1/3, 1/5, ... 1/19.
const ODD: [f64; 9] = [
    1.0 / 3.0,
    1.0 / 5.0,
    1.0 / 7.0,
    1.0 / 9.0,
    1.0 / 11.0,
    1.0 / 13.0,
    1.0 / 15.0,
    1.0 / 17.0,
    1.0 / 19.0,
];

/// ln of the upper regularized incomplete gamma function `Q(a, y)`, for `a > 0`, `y >= 0`, both finite.
pub(crate) fn ln_gamma_upper(a: f64, y: f64) -> f64 {
    if y <= 0.0 {
        return 0.0;
    }
    // Beyond, the expansion is as exact as the sums and takes no steps.
    if a >= 1e7 {
        ln_gamma_upper_uniform(a, y)
    } else {
        ln_gamma_upper_summed(a, y)
    }
}

fn ln_gamma_upper_summed(a: f64, y: f64) -> f64 {
    let ln_prefix = 0.5 * (a / (2.0 * PI)).ln() - stirling_error(a) - deviance(a, y);
    if y > a + 1.0 {
        ln_prefix + gamma_fraction(a, y).ln()
    } else {
        (-(ln_prefix.exp() * gamma_series(a, y))).ln_1p()
    }
}

/// `Q(a,y) / prefix` by Lentz's method.
fn gamma_fraction(a: f64, y: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = y + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    let mut i = 0.0;
    loop {
        i += 1.0;
        let term = -i * (i - a);
        b += 2.0;
        d = term * d + b;
        if d.abs() < TINY {
            d = TINY;
        }
        c = b + term / c;
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let step = d * c;
        h *= step;
        // The factor may settle one rounding away from 1; the cap is far above the need, which grows with sqrt(a).
        if (step - 1.0).abs() <= 0.5 * f64::EPSILON || i > 1000.0 + 50.0 * a.sqrt() {
            return h;
        }
    }
}

/// `P(a,y) / prefix` by its power series.
fn gamma_series(a: f64, y: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut k = a;
    loop {
        k += 1.0;
        term *= y / k;
        sum += term;
        if term <= sum * 1e-17 {
            return sum;
        }
    }
}

/// ln Q for large `a`: the first term of Temme's uniform expansion (DLMF 8.12.3), whose error is near `1/(1300 a^1.5)`.
fn ln_gamma_upper_uniform(a: f64, y: f64) -> f64 {
    // a eta^2 / 2 is the deviance of a from y.
    let half = deviance(a, y);
    let mu = (y - a) / a;
    let eta = (2.0 * half / a).sqrt().copysign(mu);
    let correction = if eta.abs() < 1e-3 {
        // 1/mu - 1/eta cancels near 0.
        -1.0 / 3.0 + eta * (1.0 / 12.0 - eta * (2.0 / 135.0))
    } else {
        1.0 / mu - 1.0 / eta
    } / (2.0 * PI * a).sqrt();
    if eta >= 0.0 {
        -half + (0.5 * erfc_scaled(half.sqrt()) + correction).ln()
    } else {
        (-((-half).exp() * (0.5 * erfc_scaled(half.sqrt()) - correction))).ln_1p()
    }
}

/// ln of the binomial probability of `k` in `n` at `p`, with `0 < k < n` and `q = 1 - p` given apart.
pub(crate) fn ln_binomial(k: f64, n: f64, p: f64, q: f64) -> f64 {
    let rest = n - k;
    stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance(k, n * p)
        - deviance(rest, n * q)
        + 0.5 * (n / k / rest).ln()
        - LN_SQRT_2PI
}

/// Regularized incomplete beta `I_p(a, b)` for whole `a, b >= 1` with `0 < p < 1`, and its derivative in `p`.
pub(crate) fn beta_lower(a: f64, b: f64, p: f64) -> (f64, f64) {
    let q = 1.0 - p;
    let n = a + b - 1.0;
    // C(n, a) p^a q^(n-a); at b = 1 the saddle-point form does not apply, and nothing cancels.
    let mass = if b <= 1.0 {
        (a * p.ln()).exp()
    } else {
        ln_binomial(a, n, p, q).exp()
    };
    let derivative = mass * a / p;
    let lower = if p <= (a + 1.0) / (a + b + 2.0) {
        mass * q * beta_fraction(a, b, p)
    } else {
        // I_q(b, a) has the mass C(n, b) q^b p^(n-b), one step along the binomial.
        1.0 - mass * q * a / b * beta_fraction(b, a, q)
    };
    (lower, derivative)
}

/// `I_p(a,b) a B(a,b) / (p^a q^b)` by the continued fraction DLMF 8.17.22.
fn beta_fraction(a: f64, b: f64, p: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut c = 1.0;
    let mut d = 1.0 - (a + b) * p / (a + 1.0);
    if d.abs() < TINY {
        d = TINY;
    }
    d = 1.0 / d;
    let mut h = d;
    let mut m = 0.0;
    loop {
        m += 1.0;
        let even = m * (b - m) * p / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * p / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            d = 1.0 + term * d;
            if d.abs() < TINY {
                d = TINY;
            }
            c = 1.0 + term / c;
            if c.abs() < TINY {
                c = TINY;
            }
            d = 1.0 / d;
            step = d * c;
            h *= step;
        }
        if (step - 1.0).abs() <= 0.5 * f64::EPSILON || m > 1000.0 + 50.0 * (a + b).sqrt() {
            return h;
        }
    }
}

/// `ln x! -(x ln x - x)` for a count; 0 at 0.
pub(crate) fn factorial_error(count: u64) -> f64 {
    /// Small counts are by far the most frequent, and the slowest to compute.
    static SMALL: OnceLock<Vec<f64>> = OnceLock::new();
    let small = SMALL.get_or_init(|| {
        (0..256)
            .map(|x| plain_factorial_error(f64::from(x)))
            .collect()
    });
    let known = usize::try_from(count).ok().and_then(|at| small.get(at));
    known.copied().unwrap_or_else(|| {
        let x = count as f64;
        // Two terms of Stirling's series leave less than 1e-16 here.
        0.5 * (2.0 * PI * x).ln()
            + (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * x * x)) / (x * x)) / x
    })
}

fn plain_factorial_error(x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    stirling_error(x) + 0.5 * (2.0 * PI * x).ln()
}

/// A sum that keeps the digits lost at each addition (Neumaier).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, x: f64) {
        let next = self.sum + x;
        self.lost += if self.sum.abs() >= x.abs() {
            (self.sum - next) + x
        } else {
            (x - next) + self.sum
        };
        self.sum = next;
    }

    pub(crate) fn total(self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_expansion_meets_the_sums() {
        for (a, tolerance) in [(1e6_f64, 2e-11), (1e7, 1e-12), (1e8, 1e-12)] {
            for sigmas in [
                -5.0, -2.0, -0.5, -1e-4, 0.0, 1e-4, 0.5, 2.0, 5.0, 30.0, 300.0,
            ] {
                let y = a + sigmas * a.sqrt();
                let summed = ln_gamma_upper_summed(a, y);
                let uniform = ln_gamma_upper_uniform(a, y);
                let error = (summed - uniform).abs() / summed.abs();
                assert!(
                    error < tolerance,
                    "{a} {sigmas}: {summed} {uniform} {error:e}"
                );
            }
        }
    }

    #[test]
    fn stirling_error_of_factorials() {
        // ln 1! = 0 and ln 10! by a product that is exact in doubles.
        assert!((stirling_error(1.0) - (1.0 - LN_SQRT_2PI)).abs() < 1e-15);
        let ln_factorial = 3_628_800.0_f64.ln();
        let stirling = 10.5 * 10.0_f64.ln() - 10.0 + LN_SQRT_2PI;
        assert!((stirling_error(10.0) - (ln_factorial - stirling)).abs() < 1e-14);
    }

    #[test]
    fn deviance_is_continuous_where_its_forms_meet() {
        let m = 1000.0;
        // |x - m| = 0.1 (x + m) at x = m 11/9 and m 9/11.
        for x in [m * 11.0 / 9.0, m * 9.0 / 11.0] {
            let (below, above) = (
                deviance(x * (1.0 - 1e-12), m),
                deviance(x * (1.0 + 1e-12), m),
            );
            assert!((below - above).abs() < 1e-8);
        }
        assert!(deviance(m, m).abs() < f64::MIN_POSITIVE);
        assert!((deviance(0.0, 3.0) - 3.0).abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn beta_of_small_whole_numbers_is_a_binomial_tail() {
        // P(Bin(5, 0.3) >= 2) = 1 - 0.7^5 - 5 * 0.3 * 0.7^4.
        let exact = 1.0 - 0.7_f64.powi(5) - 1.5 * 0.7_f64.powi(4);
        assert!((beta_lower(2.0, 4.0, 0.3).0 - exact).abs() < 1e-15);
        assert!((beta_lower(5.0, 1.0, 0.3).0 - 0.3_f64.powi(5)).abs() < 1e-17);
        assert!((beta_lower(1.0, 5.0, 0.9).0 - (1.0 - 0.1_f64.powi(5))).abs() < 1e-15);
    }

    #[test]
    fn factorial_errors_meet_where_their_forms_do() {
        for x in [255_u64, 256, 257, 1000] {
            let plain = plain_factorial_error(x as f64);
            assert!((factorial_error(x) - plain).abs() < 1e-15 * plain, "{x}");
        }
        // ln 5! = ln 120.
        let five = factorial_error(5) + 5.0 * 5.0_f64.ln() - 5.0;
        assert!((five - 120.0_f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn compensated_sum_keeps_small_terms() {
        let mut sum = Sum::default();
        for x in [1e16, 1.0, 1.0, -1e16] {
            sum.add(x);
        }
        assert!((sum.total() - 2.0).abs() < f64::MIN_POSITIVE);
    }
}
