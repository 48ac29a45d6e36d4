//! Which groups a reader can compute from published figures, and what else must be hidden so that
//! none of them is too small.
//!
//! Figures that add up form a network: each table or total is a vertex, each cell an arc, and at each
//! vertex the arcs that come in add up to those that go out. Hidden arcs whose sum follows from the
//! published ones are exactly the *directed cuts* of the network of hidden arcs: a set of vertices that
//! hidden arcs leave and none enters (the published figures across the same border give the sum).
//! Differences of several figures, roll-ups and chains through many cells are all of this form. So a
//! hidden cell is safe when the smallest directed cut through it is large enough, which a minimum cut
//! finds. This is the network view of two-way tables of Gusfield (1988), "A graph theoretic approach
//! to statistical data security", with sizes of groups in place of single values.
//!
//! Here are sums and cuts only; what a table or a hierarchy is, is in `crossed` and `hierarchy`.

use std::collections::VecDeque;

use crate::threshold::{CellSize, Gate, MissingUsers, SuppressionReason};

/// A capacity that no cut of finite cost crosses.
const INFINITE: u64 = u64::MAX;

/// One figure: what flows between two vertices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) size: CellSize,
    /// Never published, whatever its size: a remainder that no cell stands for.
    pub(super) implicit: bool,
    /// Figures of a lower rank are hidden first: cells before the totals of many.
    pub(super) rank: u8,
}

/// Decides for each arc whether it is published (`None`) or why it is not.
///
/// Empty arcs give nobody away: they are left out of all sums.
pub(super) fn protect(
    gate: &Gate,
    vertices: usize,
    arcs: &[Arc],
) -> Vec<Option<SuppressionReason>> {
    let mut reasons: Vec<Option<SuppressionReason>> = arcs
        .iter()
        .map(|arc| match gate.check(arc.size) {
            Err(reason) => Some(reason),
            Ok(()) => arc.implicit.then_some(SuppressionReason::Complementary),
        })
        .collect();
    // Arcs that are hidden to protect others have passed themselves, and every group with one of them
    // in it is at least as large. So only those that fail by themselves need to be looked at.
    let failing: Vec<usize> = (0..arcs.len())
        .filter(|&i| arcs[i].size.conversations() > 0 && gate.check(arcs[i].size).is_err())
        .collect();
    for arc in failing {
        while let Some(side) = revealed(gate, vertices, arcs, &reasons, arc) {
            // Any published figure across the border makes the group larger or its sum unknown.
            let next = (0..arcs.len())
                .filter(|&i| {
                    let Arc { from, to, size, .. } = arcs[i];
                    reasons[i].is_none() && size.conversations() > 0 && side[from] != side[to]
                })
                .min_by_key(|&i| {
                    let conversations = arcs[i].size.conversations();
                    (arcs[i].rank, conversations, std::cmp::Reverse(i))
                });
            let Some(next) = next else { break };
            reasons[next] = Some(SuppressionReason::Complementary);
        }
    }
    reasons
}

/// The vertices on one side of a directed cut through `arc` whose group does not pass, if there is one.
fn revealed(
    gate: &Gate,
    vertices: usize,
    arcs: &[Arc],
    reasons: &[Option<SuppressionReason>],
    arc: usize,
) -> Option<Vec<bool>> {
    let limits = gate.thresholds();
    let hidden: Vec<usize> = (0..arcs.len())
        .filter(|&i| reasons[i].is_some() && arcs[i].size.conversations() > 0)
        .collect();
    let cut = |limit: u64, capacity: &dyn Fn(CellSize) -> u64| {
        let hidden = hidden.iter().map(|&i| {
            let Arc { from, to, size, .. } = arcs[i];
            (from, to, capacity(size))
        });
        small_cut(vertices, hidden, (arcs[arc].from, arcs[arc].to), limit)
    };
    let size = arcs[arc].size;
    let refused = limits.missing_users == MissingUsers::Refuse && size.unknown_users() > 0;
    if refused || size.unscanned() > 0 {
        // No group with it in it can pass, however large.
        return cut(INFINITE, &|_| 1);
    }
    // A group has at least as many users as any of its cells, and one more for each conversation
    // without a user id.
    let users = |size: CellSize| size.users() + size.unknown_users();
    let by_users = |size: CellSize| match users(size) < limits.min_users {
        true => size.unknown_users(),
        false => INFINITE,
    };
    cut(limits.min_conversations, &CellSize::conversations)
        .or_else(|| cut(limits.min_users, &by_users))
        .or_else(|| {
            // The largest users of all cells might be one person. What passing cells have to spare
            // must make up for all that failing ones lack.
            let max = limits.max_user_share?;
            let largest = |size: CellSize| size.largest_user().max(size.unknown_users().min(1));
            let spare = |size: CellSize| {
                let allowed = (max * size.conversations() as f64).floor();
                // Both are counts of conversations, far below 2^53.
                #[allow(clippy::cast_possible_truncation)]
                let allowed = allowed as i128;
                allowed - i128::from(largest(size))
            };
            let lacking: i128 = hidden
                .iter()
                .map(|&i| spare(arcs[i].size).min(0))
                .sum::<i128>();
            let needed = u64::try_from(-lacking).unwrap_or(INFINITE);
            cut(needed, &|size| u64::try_from(spare(size)).unwrap_or(0))
        })
}

/// One side of a directed cut with `source` on it and `sink` not, of less than `limit`.
///
/// Augments along shortest paths and stops as soon as the flow reaches the limit, which is small.
fn small_cut(
    vertices: usize,
    hidden: impl Iterator<Item = (usize, usize, u64)>,
    (source, sink): (usize, usize),
    limit: u64,
) -> Option<Vec<bool>> {
    // Edges in pairs: edge ^ 1 is the other direction. Crossing a hidden arc backwards is free of cost
    // for the flow, so no finite cut has an arc that enters.
    let mut ends: Vec<usize> = Vec::new();
    let mut capacities: Vec<u64> = Vec::new();
    let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); vertices];
    for (from, to, capacity) in hidden {
        for (a, b, capacity) in [(from, to, capacity), (to, from, INFINITE)] {
            leaving[a].push(ends.len());
            ends.push(b);
            capacities.push(capacity);
        }
    }
    let mut flow = 0;
    loop {
        if flow >= limit {
            return None;
        }
        let mut by: Vec<Option<usize>> = vec![None; vertices];
        let mut seen = vec![false; vertices];
        seen[source] = true;
        let mut queue = VecDeque::from([source]);
        while let Some(at) = queue.pop_front() {
            if at == sink {
                break;
            }
            for &edge in &leaving[at] {
                let to = ends[edge];
                if capacities[edge] > 0 && !seen[to] {
                    seen[to] = true;
                    by[to] = Some(edge);
                    queue.push_back(to);
                }
            }
        }
        if !seen[sink] {
            return Some(seen);
        }
        let mut path = Vec::new();
        let mut at = sink;
        while let Some(edge) = by[at] {
            path.push(edge);
            at = ends[edge ^ 1];
        }
        let step = path.iter().map(|&edge| capacities[edge]).min();
        let step = step.filter(|&step| step < INFINITE)?;
        for edge in path {
            if capacities[edge] < INFINITE {
                capacities[edge] -= step;
            }
            if capacities[edge ^ 1] < INFINITE {
                capacities[edge ^ 1] = capacities[edge ^ 1].saturating_add(step);
            }
        }
        flow = flow.saturating_add(step);
    }
}
