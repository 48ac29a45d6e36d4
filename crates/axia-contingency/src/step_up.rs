//! Step-up corrections of many p-values without sorting their places.
//!
//! A corrected p-value depends on the p-value alone: it is a falling staircase of `x = -ln p`, whose steps are the ranks where
//! `ln factor(rank) - x` passes below all values seen from `x = 0` on. So the values are sorted without their places, most of
//! them only as far as to know that no step lies among them, and each p-value is looked up on the staircase.

use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::order::LnOfRanks;
use crate::tails::LogP;

/// Buckets of `x`: by exponent and leading digits, from 2^-12 to 2^13; all below share the first, all above the last.
const LOWEST: u64 = 1023 - 12;
const BUCKETS: usize = 25 << DIGITS;

/// Leading binary digits that choose a bucket.
const DIGITS: u32 = 7;

/// Digits that choose a bucket within a bucket, at most: its counters stay in the first-level cache.
const FINER: u32 = 12;

/// The factor of a step-up correction, as a logarithm that falls with the rank; rank 1 is the smallest p-value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Factor {
    /// The logarithm, less that of the rank: Benjamini's.
    Over(f64),
    /// That of the number of tests not below, among so many: Hochberg's.
    Rest(u64),
}

impl Factor {
    pub(crate) fn ln(self, ranks: &mut LnOfRanks, rank: u64) -> f64 {
        match self {
            Self::Over(ln) => ln - ranks.ln(rank),
            Self::Rest(tests) => ranks.ln(tests - rank + 1),
        }
    }

    /// At most the logarithm, and hardly less.
    fn bound(self, ranks: &mut LnOfRanks, rank: u64) -> f64 {
        match self {
            Self::Over(ln) => ln - ranks.bound(rank),
            Self::Rest(tests) => ranks.ln(tests - rank + 1),
        }
    }
}

/// Corrects p-values, fewer than 2^32 of them.
pub(crate) fn adjust(p: &[LogP], factor: Factor) -> Vec<LogP> {
    let stairs = Staircase::of(p, factor);
    let mut corrected = Vec::with_capacity(p.len());
    let mut heights = [LogP::ONE; BLOCK];
    for p in p.chunks(BLOCK) {
        stairs.correct(p, &mut heights);
        corrected.extend(heights.iter().zip(p).map(|(height, _)| *height));
    }
    corrected
}

/// A step-up correction as a function of the p-value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<(f64, f64)>", into = "Vec<(f64, f64)>")]
pub(crate) struct Staircase {
    finder: Finder,
}

impl Staircase {
    /// Of a family of p-values, or of their logarithms, fewer than 2^32.
    pub(crate) fn of<P: Copy + Into<f64>>(p: &[P], factor: Factor) -> Self {
        steps(p, factor).into()
    }

    /// The corrected p-values of a block, which is not longer than [`BLOCK`].
    pub(crate) fn correct<P: Copy + Into<f64>>(&self, p: &[P], corrected: &mut [LogP; BLOCK]) {
        self.finder.find(p, corrected);
    }

    fn steps(&self) -> &[(f64, f64)] {
        let steps = &self.finder.steps;
        let end = steps.len().saturating_sub(SENTINELS);
        steps.get(..end).unwrap_or_default()
    }
}

impl From<Vec<(f64, f64)>> for Staircase {
    fn from(steps: Vec<(f64, f64)>) -> Self {
        Self {
            finder: Finder::of(steps),
        }
    }
}

impl From<Staircase> for Vec<(f64, f64)> {
    fn from(stairs: Staircase) -> Self {
        stairs.steps().to_vec()
    }
}

impl PartialEq for Staircase {
    fn eq(&self, other: &Self) -> bool {
        self.steps() == other.steps()
    }
}

/// Where the next value of a bucket goes.
#[derive(Clone, Copy)]
struct Slot {
    next: u32,
    /// 0 where the values need not be kept: they overwrite each other.
    step: u32,
}

/// Where the steps of the staircase begin, and their heights; the first begins at 0.
fn steps<P: Copy + Into<f64>>(p: &[P], factor: Factor) -> Vec<(f64, f64)> {
    let mut counts = vec![0_u32; BUCKETS];
    for p in p {
        if let Some(count) = counts.get_mut(bucket(distance(*p))) {
            *count += 1;
        }
    }
    let mut ranks = LnOfRanks::new();
    let (mut slots, kept) = slots(&counts, factor, &mut ranks);
    // One more, for all that is not kept.
    let mut values = Column::zeros(kept as usize + 1);
    for p in p {
        let x = distance(*p);
        if let Some(slot) = slots.get_mut(bucket(x)) {
            if let Some(value) = values.get_mut(slot.next as usize) {
                *value = x;
            }
            slot.next += slot.step;
        }
    }
    let mut sorter = Sorter::default();
    // Room that is not needed is never touched; a list that grows is copied.
    let mut steps = Vec::with_capacity(kept as usize / 4 + 1);
    steps.push((0.0, 0.0));
    let mut lowest = 0.0;
    let mut rank = p.len() as u64;
    let mut rest = &mut *values;
    for ((&count, slot), number) in counts.iter().zip(&slots).zip(0..) {
        let (own, after) = rest.split_at_mut((count * slot.step) as usize);
        rest = after;
        if own.is_empty() || lies_above(number, rank, factor, &mut ranks, lowest) {
            rank -= u64::from(count);
            continue;
        }
        sorter.sort(own, inner(number));
        for &mut x in own {
            if factor.bound(&mut ranks, rank) - x < lowest {
                let height = factor.ln(&mut ranks, rank) - x;
                if height < lowest {
                    lowest = height;
                    steps.push((x, height));
                }
            }
            rank -= 1;
        }
    }
    steps
}

/// Where the values of each bucket go, and how many are kept. Those of buckets without a step need no place: even their first
/// value with their last rank is not below what some bucket before surely reaches.
fn slots(counts: &[u32], factor: Factor, ranks: &mut LnOfRanks) -> (Vec<Slot>, u32) {
    let mut rank: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let mut next = 0;
    let mut reached = 0.0_f64;
    let mut slots = Vec::with_capacity(counts.len());
    for (&count, number) in counts.iter().zip(0..) {
        let above = count == 0 || lies_above(number, rank, factor, ranks, reached);
        let step = u32::from(!above);
        slots.push(Slot { next, step });
        if count > 0 {
            next += count * step;
            rank -= u64::from(count);
            // The bucket's largest value has the smallest of its ranks.
            reached = reached.min(factor.ln(ranks, rank + 1) - edge(number));
        }
    }
    for slot in &mut slots {
        if slot.step == 0 {
            slot.next = next;
        }
    }
    (slots, next)
}

/// Whether no value of a bucket lies below a height, if its largest rank is `rank`.
fn lies_above(
    number: usize,
    rank: u64,
    factor: Factor,
    ranks: &mut LnOfRanks,
    height: f64,
) -> bool {
    number + 1 < BUCKETS && factor.ln(ranks, rank) - edge(number + 1) >= height
}

/// Digits that choose a part of a bucket, at most.
const MOST: u32 = 14;

/// Values that are looked up together, so that memory is asked for many at a time.
pub(crate) const BLOCK: usize = 256;

/// Steps that nothing reaches, behind the last.
const SENTINELS: usize = 3;

/// Where the parts of a bucket are listed.
#[derive(Debug, Clone)]
struct Parts {
    /// The place of the first, less its digits.
    start: u32,
    /// Binary digits of a value behind those that choose the part.
    shift: u32,
}

/// Finds the steps that values stand on.
#[derive(Debug, Clone)]
struct Finder {
    parts: Vec<Parts>,
    /// For each part of a bucket the last step that begins before it, or the first of all.
    last: Vec<u32>,
    steps: Vec<(f64, f64)>,
}

impl Finder {
    fn of(steps: Vec<(f64, f64)>) -> Self {
        let mut counts = vec![0_u32; BUCKETS];
        for &(x, _) in &steps {
            if let Some(count) = counts.get_mut(bucket(x)) {
                *count += 1;
            }
        }
        let mut size = 0_u32;
        let parts = counts.iter().zip(0..).map(|(&count, number)| {
            // Less than one step for each part, as a rule.
            let digits = if count > 0 && inner(number) {
                (u32::BITS - count.leading_zeros() + 1).min(MOST)
            } else {
                0
            };
            let shift = 52 - DIGITS - digits;
            let part = if inner(number) {
                let first = (edge(number).to_bits() >> shift) as u32;
                let start = size.wrapping_sub(first);
                Parts { start, shift }
            } else {
                // The first and the last bucket are one part each, whatever the digits.
                let (start, shift) = (size, u64::BITS - 1);
                Parts { start, shift }
            };
            size += 1 << digits;
            part
        });
        let mut finder = Self {
            parts: parts.collect(),
            last: Vec::new(),
            steps,
        };
        finder.last = vec![0; size as usize];
        let mut next = 0;
        let mut last = 0;
        for (&(x, _), number) in finder.steps.iter().zip(0..) {
            let part = finder.part(x) as usize;
            if let Some(passed) = finder.last.get_mut(next..=part) {
                passed.fill(last);
                next = part + 1;
            }
            last = number;
        }
        if let Some(rest) = finder.last.get_mut(next..) {
            rest.fill(last);
        }
        // Nothing is at or above NaN, so that a search ends here.
        finder.steps.extend([(f64::NAN, 0.0); SENTINELS]);
        finder
    }

    fn part(&self, x: f64) -> u32 {
        self.parts.get(bucket(x)).map_or(0, |parts| {
            parts
                .start
                .wrapping_add((x.to_bits() >> parts.shift) as u32)
        })
    }

    /// The heights of the steps of a block.
    fn find<P: Copy + Into<f64>>(&self, p: &[P], heights: &mut [LogP; BLOCK]) {
        let mut places = [0; BLOCK];
        for (place, p) in places.iter_mut().zip(p) {
            *place = self.part(distance(*p));
        }
        for place in places.iter_mut().take(p.len()) {
            *place = self.last.get(*place as usize).copied().unwrap_or(0);
        }
        for ((height, p), &first) in heights.iter_mut().zip(p).zip(&places) {
            let x = distance(*p);
            let near = self.steps.get(first as usize..);
            let near = near.and_then(|near| near.first_chunk());
            let begun = |step: (f64, f64)| step.0 <= x;
            let found = match near {
                Some(near @ &[_, one, two, three]) if !begun(three) => {
                    // Without a branch, which nobody could foretell.
                    let at = usize::from(begun(one)) + usize::from(begun(two));
                    near.get(at).map_or(0.0, |step| step.1)
                }
                _ => self.search(x),
            };
            *height = LogP::clamped(found);
        }
    }

    /// The same by bisection, where more than two steps begin in one part.
    #[cold]
    fn search(&self, x: f64) -> f64 {
        let begun = self.steps.partition_point(|step| step.0 <= x);
        let last = begun.checked_sub(1).and_then(|at| self.steps.get(at));
        last.map_or(0.0, |step| step.1)
    }
}

/// Whether all values of a bucket agree in their leading digits.
fn inner(number: usize) -> bool {
    number > 0 && number + 1 < BUCKETS
}

/// The smallest value of a bucket.
fn edge(number: usize) -> f64 {
    if number == 0 {
        return 0.0;
    }
    f64::from_bits((number as u64 + (LOWEST << DIGITS)) << (52 - DIGITS))
}

/// `-ln p`.
fn distance(p: impl Into<f64>) -> f64 {
    p.into().abs()
}

/// The bucket of a value.
fn bucket(x: f64) -> usize {
    let leading = x.to_bits() >> (52 - DIGITS);
    let above = leading.saturating_sub(LOWEST << DIGITS);
    above.min(BUCKETS as u64 - 1) as usize
}

/// Sorts buckets, with buffers that last.
#[derive(Default)]
struct Sorter {
    spare: Vec<f64>,
    counts: Vec<u32>,
}

impl Sorter {
    /// Sorts values that agree in their leading digits, unless they are not `inner`: then in anything.
    fn sort(&mut self, values: &mut [f64], inner: bool) {
        if values.len() < 32 {
            insert_each(values);
            return;
        }
        if !inner {
            values.sort_unstable_by(f64::total_cmp);
            return;
        }
        let bits = (values.len().ilog2() + 1).min(FINER);
        let shift = 52 - DIGITS - bits;
        let finer = |x: f64| (x.to_bits() >> shift) as usize & ((1 << bits) - 1);
        self.counts.clear();
        self.counts.resize(1 << bits, 0);
        for &x in &*values {
            if let Some(count) = self.counts.get_mut(finer(x)) {
                *count += 1;
            }
        }
        let (mut sum, mut most) = (0, 0);
        for count in &mut self.counts {
            most = most.max(*count);
            (sum, *count) = (sum + *count, sum);
        }
        self.spare.clear();
        self.spare.extend_from_slice(values);
        for &x in &self.spare {
            if let Some(next) = self.counts.get_mut(finer(x)) {
                if let Some(slot) = values.get_mut(*next as usize) {
                    *slot = x;
                }
                *next += 1;
            }
        }
        if most < 32 {
            insert_each(values);
        } else {
            for run in values.chunk_by_mut(|&a, &b| finer(a) == finer(b)) {
                run.sort_unstable_by(f64::total_cmp);
            }
        }
    }
}

/// Insertion sort, for what is nearly sorted or short.
fn insert_each(values: &mut [f64]) {
    for end in 1..values.len() {
        let Some((last, before)) = values.get_mut(..=end).and_then(<[f64]>::split_last_mut) else {
            return;
        };
        let x = *last;
        let mut hole = last;
        for value in before.iter_mut().rev() {
            if *value <= x {
                break;
            }
            *hole = *value;
            hole = value;
        }
        *hole = x;
    }
}
