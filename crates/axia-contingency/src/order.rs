//! Sorting many p-values: radix passes over their bits, since the corrections of a scan sort millions.

use crate::tails::LogP;

/// Shorter lists are sorted by comparison.
pub(crate) const FEW: usize = 1 << 12;

/// Bits of one radix pass: its counters fit the first-level cache.
const BITS: u32 = 11;

/// Passes of the radix sort: sign, exponent and 20 binary digits.
const PASSES: usize = 3;

/// The places of the p-values, smallest first; equal ones by place.
pub(crate) fn ascending(p: &[LogP]) -> Vec<u32> {
    if p.len() < FEW {
        let mut places: Vec<u32> = (0..p.len() as u32).collect();
        places.sort_by(|&a, &b| value(p, a).total_cmp(&value(p, b)));
        return places;
    }
    // The upper half of the bits above the place: eight bytes to move for each.
    let mut keyed: Vec<u64> = p
        .iter()
        .zip(0_u64..)
        .map(|(p, place)| (upper_half(p.ln()) << 32) | place)
        .collect();
    let mut counts = vec![[0_u32; 1 << BITS]; PASSES];
    for &key in &keyed {
        for (pass, counts) in counts.iter_mut().enumerate() {
            if let Some(count) = counts.get_mut(digit(key, pass)) {
                *count += 1;
            }
        }
    }
    let mut spare = vec![0; keyed.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        let mut sum = 0;
        for count in counts.iter_mut() {
            (sum, *count) = (sum + *count, sum);
        }
        for &key in &keyed {
            if let Some(next) = counts.get_mut(digit(key, pass)) {
                if let Some(slot) = spare.get_mut(*next as usize) {
                    *slot = key;
                }
                *next += 1;
            }
        }
        std::mem::swap(&mut keyed, &mut spare);
    }
    // What is still out of order agrees in the upper half: short runs, but for equal values, which stay as they are.
    for run in keyed.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
        if run.len() > 1 {
            run.sort_by(|&a, &b| value(p, a as u32).total_cmp(&value(p, b as u32)));
        }
    }
    keyed.into_iter().map(|key| key as u32).collect()
}

fn value(p: &[LogP], place: u32) -> f64 {
    p.get(place as usize).map_or(0.0, |p| p.ln())
}

/// The upper half of the bits, so that smaller logarithms have smaller ones: the closer to 0 from below, the larger.
fn upper_half(ln_p: f64) -> u64 {
    // All are at most 0 and none is -0, so that only 0 itself has no sign bit.
    let bits = if ln_p == 0.0 {
        u64::MAX
    } else {
        !ln_p.to_bits() & (u64::MAX >> 1)
    };
    bits >> 32
}

fn digit(key: u64, pass: usize) -> usize {
    (key >> (32 + BITS * pass as u32)) as usize & ((1 << BITS) - 1)
}

/// `ln` of whole numbers in a row: from 2^16 on by a short series around every 256th, which is exact to rounding.
pub(crate) struct LnOfRanks {
    base: u64,
    ln_base: f64,
    inverse: f64,
}

/// 1, -1/2, ... 1/7.
const SERIES: [f64; 7] = [
    1.0,
    -1.0 / 2.0,
    1.0 / 3.0,
    -1.0 / 4.0,
    1.0 / 5.0,
    -1.0 / 6.0,
    1.0 / 7.0,
];

impl LnOfRanks {
    pub(crate) fn new() -> Self {
        Self {
            base: 0,
            ln_base: 0.0,
            inverse: 0.0,
        }
    }

    pub(crate) fn ln(&mut self, rank: u64) -> f64 {
        if rank < 1 << 16 {
            return (rank as f64).ln();
        }
        // ln(1 + v), and v is below 1/256: seven terms.
        let v = self.beyond(rank);
        let series = SERIES.iter().rev().fold(0.0, |sum, &c| sum * v + c);
        self.ln_base + v * series
    }

    /// No less than [`ln`](Self::ln), and hardly more: rounding keeps the order.
    pub(crate) fn bound(&mut self, rank: u64) -> f64 {
        if rank < 1 << 16 {
            return (rank as f64).ln();
        }
        let v = self.beyond(rank);
        self.ln_base + v
    }

    /// How far the rank lies beyond its 256th, which it makes the base, relative to that.
    fn beyond(&mut self, rank: u64) -> f64 {
        let base = rank & !255;
        if base != self.base {
            (self.base, self.ln_base) = (base, (base as f64).ln());
            self.inverse = 1.0 / base as f64;
        }
        (rank - base) as f64 * self.inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_of_ranks() {
        let mut ranks = LnOfRanks::new();
        for rank in (1..200_000)
            .step_by(7)
            .chain([u64::from(u32::MAX), 1 << 40])
        {
            let (ours, plain) = (ranks.ln(rank), (rank as f64).ln());
            assert!(ranks.bound(rank) >= ours && ranks.bound(rank) < ours + 1e-5);
            assert!((ours - plain).abs() <= 4e-16 * plain.max(1.0), "{rank}");
        }
    }

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
        let plain: Vec<u32> = plain.into_iter().map(|(_, place)| place).collect();
        assert_eq!(ascending(&p), plain);
        assert_eq!(ascending(&p[..50]).len(), 50);
    }
}
