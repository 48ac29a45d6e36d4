//! One join at a time: the nearest-neighbour chain (Benzécri 1982, Juan 1982).

use crate::linkage::Found;
use crate::linkage::clusters::Clusters;
use crate::linkage::rules::Rule;
use crate::square::Square;

/// With fewer slots than this, moving rows together does not pay.
const SMALL: usize = 256;

pub(super) fn run<R: Rule>(square: &mut Square, clusters: &mut Clusters, found: &mut Vec<Found>) {
    let mut chain: Vec<usize> = Vec::new();
    let mut first = 0;
    while clusters.left > 1 {
        if clusters.sparse() && clusters.slots() > SMALL {
            let mut new = vec![0; clusters.slots()];
            for (at, slot) in clusters.compact(square).into_iter().enumerate() {
                new[slot] = at;
            }
            for slot in &mut chain {
                *slot = new[*slot];
            }
            first = 0;
        }
        let Some(&top) = chain.last() else {
            while !clusters.alive[first] {
                first += 1;
            }
            chain.push(first);
            continue;
        };
        let row = &square.row(clusters.rows[top])[..clusters.width()];
        let size = clusters.sizes[top];
        let (next, key) = R::nearest(square.isa, row, &clusters.sizes, size);
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        match before {
            // As near as any: the two are each other's nearest.
            Some(before) if R::key(row[before], size, clusters.sizes[before]) <= key => {
                let value = row[before];
                chain.truncate(chain.len() - 2);
                found.push(join::<R>(square, clusters, top, before, value));
            }
            _ => chain.push(next),
        }
    }
}

fn join<R: Rule>(
    square: &mut Square,
    clusters: &mut Clusters,
    a: usize,
    b: usize,
    value: f32,
) -> Found {
    let (join, found) = clusters.join::<R>(a, b, value);
    let (stride, width) = (square.stride, clusters.width());
    let (keep, gone) = (clusters.rows[join.keep], clusters.rows[join.gone]);
    // Rows are in the order of slots, so the kept one comes first.
    let (before, after) = square.values.split_at_mut(gone * stride);
    let (row, gone) = (&mut before[keep * stride..][..width], &after[..width]);
    R::whole_row(square.isa, &join, row, gone);
    row[join.keep] = f32::INFINITY;
    row[join.gone] = f32::INFINITY;
    for slot in 0..clusters.slots() {
        if clusters.alive[slot] {
            let start = clusters.rows[slot] * stride;
            square.values[start + join.keep] = square.values[keep * stride + slot];
            square.values[start + join.gone] = f32::INFINITY;
        }
    }
    found
}
