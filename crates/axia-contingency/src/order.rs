//! Sorting many p-values: radix passes over their bits, since the corrections of a scan sort millions.

use crate::tails::LogP;

/// Shorter lists are sorted by comparison.
const FEW: usize = 1 << 12;

/// Bits of one radix pass: its counters fit the first-level cache.
const BITS: u32 = 11;

/// The logarithms with their places, ascending; equal ones by place.
pub(crate) fn ascending(p: &[LogP]) -> Vec<(f64, u32)> {
    let mut keyed: Vec<(f64, u32)> = p.iter().map(|p| p.ln()).zip(0..).collect();
    if keyed.len() < FEW {
        keyed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        return keyed;
    }
    // The upper half of the bits (sign, exponent and 20 digits) in three stable passes; what is still out of order after
    // that lies within short runs.
    let mut spare = vec![(0.0, 0); keyed.len()];
    for pass in 0..3 {
        radix_pass(&keyed, &mut spare, 32 + BITS * pass);
        std::mem::swap(&mut keyed, &mut spare);
    }
    finish_runs(&mut keyed);
    keyed
}

/// The larger the logarithm (the closer to 0 from below), the smaller its bits.
fn descending_bits(ln_p: f64) -> u64 {
    // All are at most 0 and none is -0, so that only 0 itself has no sign bit.
    if ln_p == 0.0 {
        u64::MAX
    } else {
        !ln_p.to_bits() & (u64::MAX >> 1)
    }
}

fn digit(ln_p: f64, shift: u32) -> usize {
    (descending_bits(ln_p) >> shift) as usize & ((1 << BITS) - 1)
}

fn radix_pass(from: &[(f64, u32)], to: &mut [(f64, u32)], shift: u32) {
    let mut starts = vec![0_u32; 1 << BITS];
    for &(ln_p, _) in from {
        if let Some(count) = starts.get_mut(digit(ln_p, shift)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        (sum, *start) = (sum + *start, sum);
    }
    for &entry in from {
        if let Some(next) = starts.get_mut(digit(entry.0, shift)) {
            if let Some(slot) = to.get_mut(*next as usize) {
                *slot = entry;
            }
            *next += 1;
        }
    }
}

/// Sorts the runs of entries that agree in the upper half of their bits.
fn finish_runs(keyed: &mut [(f64, u32)]) {
    for run in keyed.chunk_by_mut(|a, b| descending_bits(a.0) >> 32 == descending_bits(b.0) >> 32) {
        if run.len() > 1 {
            run.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_sort_by_comparison() {
        let mut state = 1_u64;
        let mut p: Vec<LogP> = (0..3 * FEW)
            .map(|i| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let unit = (state >> 11) as f64 * 2.0_f64.powi(-53);
                let ln = match i % 5 {
                    0 => 0.0,
                    1 => -unit * 1e5,
                    // Many that differ in the last digits only.
                    2 => -1.0 - unit * 1e-12,
                    3 => -(unit * 8.0).floor(),
                    _ => (unit + 1e-300).ln(),
                };
                LogP::clamped(ln)
            })
            .collect();
        p.push(LogP::ZERO);
        let mut plain: Vec<(f64, u32)> = p.iter().map(|p| p.ln()).zip(0..).collect();
        plain.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(ascending(&p), plain);
    }
}
