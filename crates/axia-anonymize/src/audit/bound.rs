//! The upper confidence bound of a share.

/// The exact one-sided upper bound of a share of which `successes` of `trials` were seen (Clopper and
/// Pearson 1934): the largest share under which so few would still be seen with a probability of
/// 1 - `confidence`. `None` without trials or for a confidence that is not between 0 and 1.
pub(super) fn upper(successes: u64, trials: u64, confidence: f64) -> Option<f64> {
    if trials == 0 || successes > trials || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    if successes == trials {
        return Some(1.0);
    }
    let (mut low, mut high) = (successes as f64 / trials as f64, 1.0);
    // Each step halves the interval: 60 of them leave less than any printed digit.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_most(successes, trials, middle) > 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

/// The probability of at most `successes` in `trials`.
fn at_most(successes: u64, trials: u64, share: f64) -> f64 {
    // Terms by their logarithms, each from the one before it; summed around the largest.
    let odds = share.ln() - (-share).ln_1p();
    let mut term = trials as f64 * (-share).ln_1p();
    let mut terms = vec![term];
    for k in 0..successes {
        term += ((trials - k) as f64 / (k + 1) as f64).ln() + odds;
        terms.push(term);
    }
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|term| (term - largest).exp()).sum();
    (largest + sum.ln()).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of SciPy 1.17.1: `beta.ppf(c, k + 1, n - k)`.
    #[test]
    fn bounds_are_those_of_the_exact_test() {
        for (k, n, confidence, expected) in [
            (0, 100, 0.95, 0.029_513_049_607_039_925),
            (3, 50, 0.95, 0.147_837_176_364_181_23),
            (17, 1000, 0.99, 0.029_129_224_727_648_41),
            (250, 100_000, 0.95, 0.002_775_770_404_443_513_3),
            (1, 1, 0.95, 1.0),
        ] {
            let bound = upper(k, n, confidence).unwrap();
            assert!((bound - expected).abs() < 1e-12, "{k} of {n}: {bound}");
        }
        assert_eq!(upper(0, 0, 0.95), None);
        assert_eq!(upper(1, 10, 1.0), None);
    }
}
