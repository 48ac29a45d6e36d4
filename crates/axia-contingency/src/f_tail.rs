//! Tails of the F and Student distributions, and of chi-square with fractional degrees of freedom, on the log scale: what
//! tests under a survey design refer to. The normal and chi-square tails themselves are in `tails`.

use crate::special::{ln_binomial, ln_gamma_upper};
use crate::tails::{LogP, normal_two_sided};

/// From here on Student's distribution is the normal to twelve digits of its logarithm where either is looked at.
const NORMAL_DOF: f64 = 1e15;

/// ln of the regularized incomplete beta `I_x(a, b)` for real `a, b > 0`, with `y = 1 - x` given apart.
pub(crate) fn ln_beta_lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if y <= 0.0 {
        return 0.0;
    }
    if x <= a / (a + b) {
        ln_beta_head(a, b, x, y)
    } else {
        (-ln_beta_head(b, a, y, x).exp()).ln_1p()
    }
}

/// The same for `x` at or below the mean, by the even part of the continued fraction DLMF 8.17.22. It is evaluated from
/// `(a + b) y - b`, so that nothing cancels where one of the parameters is huge and `x` close to 1 (as in Didonato and
/// Morris 1992, ACM Transactions on Mathematical Software 18, 360-373).
fn ln_beta_head(a: f64, b: f64, x: f64, y: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let lambda = (a + b) * y - b;
    let beta = |n: f64| {
        let first = if n > 0.0 {
            n + n * (b - n) * x / (a + 2.0 * n - 1.0)
        } else {
            0.0
        };
        first + (a + n) / (a + 2.0 * n + 1.0) * (lambda + 1.0 + n * (1.0 + y))
    };
    let alpha = |n: f64| {
        let scaled = x / (a + 2.0 * n - 1.0);
        (a + n - 1.0) * scaled * ((a + b + n - 1.0) * scaled) * n * (b - n)
    };
    let mut f = beta(0.0).max(TINY);
    let (mut c, mut d) = (f, 0.0);
    let mut n = 0.0;
    loop {
        n += 1.0;
        let (alpha, beta) = (alpha(n), beta(n));
        d = beta + alpha * d;
        c = beta + alpha / c;
        if d.abs() < TINY {
            d = TINY;
        }
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let step = c * d;
        f *= step;
        if (step - 1.0).abs() <= 0.5 * f64::EPSILON || n > 100_000.0 {
            break;
        }
    }
    // x^a y^b / B(a, b) through the binomial's saddle-point form, which holds for real arguments too.
    let ln_front = ln_binomial(a, a + b, x, y) + (a * (b / (a + b))).ln();
    ln_front - f.ln()
}

/// Upper tail of the F distribution; `None` for a statistic or degrees of freedom that are not finite or not positive.
pub(crate) fn f_upper(statistic: f64, numerator: f64, denominator: f64) -> Option<LogP> {
    let positive = |x: f64| x.is_finite() && x > 0.0;
    let defined =
        statistic.is_finite() && statistic >= 0.0 && positive(numerator) && positive(denominator);
    if !defined {
        return None;
    }
    let scaled = numerator * statistic;
    let x = denominator / (denominator + scaled);
    let y = scaled / (denominator + scaled);
    Some(LogP::clamped(ln_beta_lower(
        0.5 * denominator,
        0.5 * numerator,
        x,
        y,
    )))
}

/// Two-sided tail of Student's distribution.
pub(crate) fn student_two_sided(t: f64, dof: f64) -> Option<LogP> {
    if dof >= NORMAL_DOF {
        return normal_two_sided(t);
    }
    f_upper(t * t, 1.0, dof)
}

/// The |t| that Student's distribution stays within with the probability `level`.
pub(crate) fn student_quantile(level: f64, dof: f64) -> Option<f64> {
    let target = (-level).ln_1p();
    let outside = |t: f64| student_two_sided(t, dof).map(LogP::ln);
    let (mut below, mut above) = (0.0, 1.0);
    while outside(above)? > target {
        below = above;
        above *= 2.0;
        if above > 1e300 {
            return None;
        }
    }
    // Bisection: the tail is monotone, and this runs once per scan.
    for _ in 0..200 {
        let middle = 0.5 * (below + above);
        if middle <= below || middle >= above {
            break;
        }
        if outside(middle)? > target {
            below = middle;
        } else {
            above = middle;
        }
    }
    Some(0.5 * (below + above))
}

/// Upper tail of chi-square with any positive number of degrees of freedom.
pub(crate) fn chi_square_upper_real(statistic: f64, dof: f64) -> Option<LogP> {
    (statistic.is_finite() && statistic >= 0.0 && dof.is_finite() && dof > 0.0)
        .then(|| LogP::clamped(ln_gamma_upper(0.5 * dof, 0.5 * statistic)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tails::chi_square_upper;

    #[test]
    fn student_with_one_and_two_degrees_has_closed_forms() {
        for t in [0.1_f64, 1.0, 2.5, 40.0, 1e6] {
            let cauchy = 2.0 / std::f64::consts::PI * (1.0 / t).atan();
            let ours = student_two_sided(t, 1.0).unwrap().p();
            assert!((ours / cauchy - 1.0).abs() < 1e-13, "{t}: {ours} {cauchy}");
            // 1 - t / sqrt(2 + t^2), without cancelling.
            let root = (2.0 + t * t).sqrt();
            let two = 2.0 / (root * (root + t));
            let ours = student_two_sided(t, 2.0).unwrap().p();
            assert!((ours / two - 1.0).abs() < 1e-13, "{t}: {ours} {two}");
        }
    }

    #[test]
    fn f_with_many_denominator_degrees_is_chi_square() {
        for (f, d) in [(0.5, 3), (2.0, 7), (6.0, 40)] {
            let chi = chi_square_upper(f * f64::from(d), d as u64).unwrap().ln();
            let ours = f_upper(f, f64::from(d), 1e13).unwrap().ln();
            assert!(((ours - chi) / chi).abs() < 1e-9, "{f} {d}: {ours} {chi}");
            let real = chi_square_upper_real(f * f64::from(d), f64::from(d)).unwrap();
            assert!(((real.ln() - chi) / chi).abs() < 1e-13);
        }
    }

    #[test]
    fn agrees_with_forty_digits() {
        // mpmath 1.3, `log(betainc(d2/2, d1/2, 0, d2/(d2 + d1 f), regularized=True))` at 40 digits.
        for (f, d1, d2, ln_p) in [
            (0.3, 0.7, 3.3, -0.617_134_514_581_408_7),
            (1.0, 1.0, 29.0, -1.122_140_965_744_509),
            (1.7685, 1.0, 29.0, -1.640_240_144_709_506_7),
            (0.8679, 1.9323, 56.036, -0.862_540_354_672_142_6),
            (5.0, 3.0, 1e6, -6.310_712_309_704_973),
            (40.0, 2.5, 1e9, -48.918_804_546_737_624),
            (300.0, 1.0, 1e5, -152.854_942_262_237_33),
            (1.001, 5000.5, 1e8, -0.739_375_369_451_703_6),
            (0.9, 12.3, 40.0, -0.586_219_312_759_614_6),
            (1e4, 3.0, 12.0, -45.870_951_712_586_3),
        ] {
            let ours = f_upper(f, d1, d2).unwrap().ln();
            assert!(
                ((ours - ln_p) / ln_p).abs() < 1e-12,
                "{f} {d1} {d2}: {ours}"
            );
        }
    }

    #[test]
    fn quantile_inverts_the_tail() {
        // Student's table: 2.228139 with 10 degrees of freedom, 12.706205 with 1.
        assert!((student_quantile(0.95, 10.0).unwrap() - 2.228_138_851_986_273).abs() < 1e-12);
        assert!((student_quantile(0.95, 1.0).unwrap() - 12.706_204_736_174_7).abs() < 1e-10);
        assert!((student_quantile(0.95, 1e16).unwrap() - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn undefined_tails_are_none() {
        assert!(f_upper(f64::NAN, 1.0, 2.0).is_none());
        assert!(f_upper(1.0, 0.0, 2.0).is_none());
        assert!(f_upper(1.0, 1.0, f64::INFINITY).is_none());
        assert!(chi_square_upper_real(-1.0, 2.0).is_none());
    }
}
