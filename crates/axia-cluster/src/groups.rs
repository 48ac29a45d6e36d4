//! Which centroids share a panel.

use crate::kernel::{Isa, LANES, NOTHING, scaled_distance};

/// Passes that move the two halves' middles.
const PASSES: usize = 3;

/// Centroids `0..k` as they come.
pub(crate) fn in_order(k: usize) -> Vec<u32> {
    let mut slots: Vec<u32> = (0_u32..).take(k).collect();
    slots.resize(k.div_ceil(LANES) * LANES, NOTHING);
    slots
}

/// Similar centroids together: halved again and again between two far ones, the halves as even as
/// whole panels allow; and within each panel in groups of `share`, each in the lanes that are equal
/// modulo the number of groups.
pub(crate) fn similar(isa: Isa, centroids: &[f32], dim: usize, share: usize) -> Vec<u32> {
    let k = centroids.len() / dim;
    let all = (0_u32..).take(k).collect();
    let halver = Halver {
        isa,
        centroids,
        dim,
    };
    let mut panels = Vec::new();
    halver.halve(all, k.div_ceil(LANES), LANES, &mut panels);
    let mut slots = vec![NOTHING; panels.len() * LANES];
    let groups = LANES / share;
    for (slots, panel) in slots.chunks_exact_mut(LANES).zip(panels) {
        let mut parts = Vec::new();
        if share == 1 || groups == 1 {
            parts.extend(panel.chunks(share).map(<[u32]>::to_vec));
        } else {
            halver.halve(panel, groups, share, &mut parts);
        }
        for (group, part) in parts.into_iter().enumerate() {
            for (slot, centroid) in slots[group..].iter_mut().step_by(groups).zip(part) {
                *slot = centroid;
            }
        }
    }
    slots
}

struct Halver<'a> {
    isa: Isa,
    centroids: &'a [f32],
    dim: usize,
}

impl Halver<'_> {
    fn row(&self, centroid: u32) -> &[f32] {
        &self.centroids[centroid as usize * self.dim..][..self.dim]
    }

    fn distance(&self, centroid: u32, from: &[f32]) -> f32 {
        scaled_distance(self.isa, self.row(centroid), 1.0, from)
    }

    fn farthest(&self, members: &[u32], from: &[f32]) -> u32 {
        let mut most = (members[0], f32::NEG_INFINITY);
        for &member in members {
            let distance = self.distance(member, from);
            if distance > most.1 {
                most = (member, distance);
            }
        }
        most.0
    }

    /// Splits the members into at most `parts` parts of at most `size`.
    fn halve(&self, members: Vec<u32>, parts: usize, size: usize, out: &mut Vec<Vec<u32>>) {
        if parts == 1 || members.len() <= size {
            out.push(members);
            return;
        }
        let mut a = self
            .row(self.farthest(&members, self.row(members[0])))
            .to_vec();
        let mut b = self.row(self.farthest(&members, &a)).to_vec();
        let mut nearer_a: Vec<(f32, u32)> = Vec::new();
        for pass in 0..=PASSES {
            nearer_a = (members.iter())
                .map(|&m| (self.distance(m, &a) - self.distance(m, &b), m))
                .collect();
            if pass == PASSES {
                break;
            }
            let (mut sums, mut counts) = (
                [vec![0.0_f32; self.dim], vec![0.0_f32; self.dim]],
                [0.0_f32; 2],
            );
            for &(difference, member) in &nearer_a {
                let half = usize::from(difference >= 0.0);
                counts[half] += 1.0;
                for (sum, &v) in sums[half].iter_mut().zip(self.row(member)) {
                    *sum += v;
                }
            }
            for ((middle, sum), count) in [&mut a, &mut b].into_iter().zip(&sums).zip(counts) {
                if count > 0.0 {
                    for (m, &s) in middle.iter_mut().zip(sum) {
                        *m = s / count;
                    }
                }
            }
        }
        nearer_a.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
        let left = parts / 2;
        let cut = (members.len() * left / parts)
            .min(left * size)
            .max(members.len().saturating_sub((parts - left) * size));
        let mut members: Vec<u32> = nearer_a.into_iter().map(|(_, m)| m).collect();
        let right = members.split_off(cut);
        self.halve(members, left, size, out);
        self.halve(right, parts - left, size, out);
    }
}
