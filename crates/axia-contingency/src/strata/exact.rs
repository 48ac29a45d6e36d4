//! The exact conditional test of no association in any stratum.

use super::two_by_two::{StratifiedTwoByTwo, Stratum};
use crate::tails::LogP;

/// Products of one convolution step after the other that are still computed at once (about a second).
const MAX_WORK: f64 = 1e9;

impl StratifiedTwoByTwo {
    /// Two-sided p-value of the sum of the first cells, given all margins: the sum of the probabilities that are at most
    /// the observed one's (with R's tolerance of 1e-7). For few counts, where [`cmh`](Self::cmh) is not to be trusted.
    ///
    /// `None` when no stratum has counts in all four margins, when it would take more than some 1e9 steps, or when the
    /// probability lies below the range of doubles; `cmh` is right there.
    #[must_use]
    pub fn exact_conditional(&self) -> Option<LogP> {
        let strata: Vec<Stratum> = self.each().filter(|s| s.informative()).collect();
        let width = |s: &Stratum| s.row.min(s.col).min(s.other_row).min(s.other_col) + 1.0;
        let mut work = 0.0;
        let mut total = 1.0;
        for stratum in &strata {
            work += total * width(stratum);
            total += width(stratum) - 1.0;
        }
        if strata.is_empty() || work > MAX_WORK {
            return None;
        }
        let mut sum = vec![1.0];
        let mut observed = 0_usize;
        for stratum in &strata {
            let weights = hypergeometric(stratum);
            observed += (stratum.a - (stratum.col - stratum.other_row).max(0.0)) as usize;
            let mut next = vec![0.0; sum.len() + weights.len() - 1];
            for (i, &p) in sum.iter().enumerate() {
                for (slot, &w) in next.iter_mut().skip(i).zip(&weights) {
                    *slot += p * w;
                }
            }
            sum = next;
        }
        let own = sum.get(observed).copied().filter(|&p| p > 1e-290)?;
        let all: f64 = sum.iter().sum();
        let extreme: f64 = sum.iter().filter(|&&p| p <= own * (1.0 + 1e-7)).sum();
        LogP::from_p((extreme / all).min(1.0))
    }
}

/// Probabilities of the first cell from its least to its greatest value.
fn hypergeometric(s: &Stratum) -> Vec<f64> {
    let least = (s.col - s.other_row).max(0.0);
    let greatest = s.row.min(s.col);
    let mode = ((s.row + 1.0) * (s.col + 1.0) / (s.n + 2.0)).floor();
    let mode = mode.clamp(least, greatest);
    // From the mode outwards by the ratio of neighbours: no logarithms, no overflow.
    let up = |k: f64| (s.row - k) * (s.col - k) / ((k + 1.0) * (s.other_row - s.col + k + 1.0));
    let mut weights = vec![1.0; (greatest - least) as usize + 1];
    let start = (mode - least) as usize;
    for i in start + 1..weights.len() {
        weights[i] = weights[i - 1] * up(least + i as f64 - 1.0);
    }
    for i in (0..start).rev() {
        weights[i] = weights[i + 1] / up(least + i as f64);
    }
    let all: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::two_by_two::TwoByTwo;

    #[test]
    fn one_stratum_is_fishers_test() {
        // Fisher's tea taster: two-sided 0.4857.
        let tea = TwoByTwo::from_cells(3, 1, 1, 3).unwrap();
        let p = StratifiedTwoByTwo::new([tea]).unwrap().exact_conditional();
        assert!((p.unwrap().p() - 34.0 / 70.0).abs() < 1e-14);
    }

    #[test]
    fn matched_pairs_are_a_sign_test() {
        // 15 pairs one way, 5 the other: twice the binomial tail.
        let one = TwoByTwo::from_cells(1, 0, 0, 1).unwrap();
        let other = TwoByTwo::from_cells(0, 1, 1, 0).unwrap();
        let pairs = std::iter::repeat_n(one, 15).chain(std::iter::repeat_n(other, 5));
        let p = StratifiedTwoByTwo::new(pairs).unwrap().exact_conditional();
        let tail: f64 = [1.0, 20.0, 190.0, 1140.0, 4845.0, 15504.0].iter().sum();
        assert!((p.unwrap().p() - 2.0 * tail / 2.0_f64.powi(20)).abs() < 1e-13);
    }

    #[test]
    fn too_much_work_is_declined() {
        let big = TwoByTwo::from_cells(1 << 40, 1 << 40, 1 << 40, 1 << 40).unwrap();
        let big = StratifiedTwoByTwo::new([big]).unwrap();
        assert_eq!(big.exact_conditional(), None);
        assert_eq!(
            StratifiedTwoByTwo::new([]).unwrap().exact_conditional(),
            None
        );
    }
}
