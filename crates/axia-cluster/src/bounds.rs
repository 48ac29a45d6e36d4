//! Lower bounds on the distances of points from groups of centroids, in a byte each.
//!
//! A code counts units from a base that each point has. Centroids move and bounds sink, but the codes
//! stay as they are: each group of centroids has a clock, which runs on by as much as the group's
//! fastest centroid moved, and a code holds the time at which it was made. What is left of a code is
//! its difference from the clock, modulo 256; a code that has nothing left is open, and is made anew
//! in the same round, so that none is ever read that has run out.

use crate::kernel::{LANES, MOST, NOTHING};
use crate::prepared::to_f32;

/// Most bytes of codes; there are also never more than bytes of points, if whole panels allow it.
const CODES: usize = 1 << 27;

/// Units in the typical distance of a point from its centroid, at least.
const UNITS: f32 = 400.0;

/// How far below a point's distance from its own centroid its base is put, in units.
const BELOW: f32 = 32.0;

/// By how much a base is moved at once, in units.
pub(crate) const SHIFT: i16 = 64;

/// The groups of centroids and their clocks.
pub(crate) struct Clocks {
    /// Centroids of a group, a power of two.
    pub(crate) share: usize,
    /// Groups of a panel: the slots that are equal modulo their number.
    pub(crate) groups: usize,
    /// Its logarithm.
    log: u32,
    /// Codes of a point.
    pub(crate) width: usize,
    /// A power of two, so that bases are exact.
    unit: f32,
    per_unit: f32,
    time: Vec<f64>,
    /// The clocks of the last round, what they ran on by, and where they are.
    pub(crate) before: Vec<u8>,
    pub(crate) steps: Vec<u8>,
    pub(crate) now: Vec<u8>,
}

impl Clocks {
    /// For `n` points and `k` centroids.
    pub(crate) fn new(n: usize, k: usize, dim: usize) -> Self {
        let slots = k.div_ceil(LANES) * LANES;
        let most = CODES.min(4 * n * dim);
        let mut share = 1;
        while share < LANES && n * slots / share > most {
            share *= 2;
        }
        let width = slots / share;
        Self {
            share,
            groups: LANES / share,
            log: (LANES / share).ilog2(),
            width,
            unit: 1.0,
            per_unit: 1.0,
            time: vec![0.0; width],
            before: vec![0; width],
            steps: vec![0; width],
            now: vec![0; width],
        }
    }

    /// Chooses the unit for a typical distance of a point from its centroid.
    pub(crate) fn set_unit(&mut self, typical: f64) {
        let power = (typical / f64::from(UNITS)).log2().floor();
        self.unit = to_f32(power.clamp(-100.0, 60.0).exp2());
        self.per_unit = 1.0 / self.unit;
    }

    /// The group of a slot.
    pub(crate) fn group(&self, slot: usize) -> usize {
        ((slot / LANES) << self.log) + (slot & (self.groups - 1))
    }

    /// The first slot of a group; the next ones are `groups` apart.
    pub(crate) fn first_slot(&self, group: usize) -> usize {
        ((group >> self.log) * LANES) + (group & (self.groups - 1))
    }

    /// The clocks run on by how far the centroids in `slots` moved.
    pub(crate) fn advance(&mut self, slots: &[u32], drift: &[f32]) {
        self.before.clone_from(&self.now);
        let mut most = vec![0.0_f32; self.width];
        for (slot, &centroid) in slots.iter().enumerate() {
            if centroid != NOTHING {
                let most = &mut most[self.group(slot)];
                *most = most.max(drift[centroid as usize]);
            }
        }
        for (group, most) in most.into_iter().enumerate() {
            let time = &mut self.time[group];
            let old = time.ceil();
            // A step of 256 leaves nothing of any code.
            *time += (f64::from(most) / f64::from(self.unit)).min(256.0);
            let (step, now) = (time.ceil() - old, time.ceil() % 256.0);
            (self.steps[group], self.now[group]) = (byte(step), byte(now));
        }
    }

    /// The base of a point at most so far from its centroid.
    pub(crate) fn base(&self, own: f32) -> f32 {
        ((own / self.unit).floor() - BELOW) * self.unit
    }

    pub(crate) fn per_unit(&self) -> f32 {
        self.per_unit
    }

    /// Up to which code a bound is at most the point's distance from its own centroid.
    pub(crate) fn limit(&self, own: f32, base: f32) -> u8 {
        let units = (own - base) * self.per_unit();
        if units < f32::from(MOST) {
            // The little for rounding.
            byte(f64::from(units) + 0.01)
        } else {
            MOST
        }
    }

    /// By how much codes must be moved so that the distance from the own centroid is well among them,
    /// and the base with which they mean the same.
    pub(crate) fn rebase(&self, own: f32, base: f32) -> Option<(i16, f32)> {
        let units = (own - base) * self.per_unit();
        let by = if units < BELOW / 4.0 {
            SHIFT
        } else if units > BELOW * 5.0 {
            -SHIFT
        } else {
            return None;
        };
        let shift = f32::from(by) * self.unit;
        let moved = base - shift;
        // Far beyond the typical distance a base may not be a whole number of units.
        let exact = (base - moved).to_bits() == shift.to_bits();
        exact.then_some((by, moved))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
fn byte(v: f64) -> u8 {
    v as u8
}
