//! The minimum spanning tree of a complete graph: Prim on rows of the matrix.

use crate::kernel;
use crate::square::Square;

/// Edges of the minimum spanning tree, in the order in which Prim's algorithm, started at point 0,
/// takes them; each from the tree to the new point.
///
/// An edge weighs the largest of the matrix's value and the two points' `cores`: mutual reachability
/// (Campello, Moulavi and Sander 2013), or the value itself with cores of 0. Of equally near points
/// the lowest is taken, and of equal edges to it the oldest.
pub(crate) fn spanning_tree(square: &Square, cores: &[f32]) -> Vec<(usize, usize)> {
    let n = cores.len();
    let width = square.stride;
    // Infinite for points that are in the tree, so that nothing comes near them any more.
    let mut floors = cores.to_vec();
    floors.resize(width, f32::INFINITY);
    let mut weights = vec![f32::INFINITY; width];
    let mut from = vec![0_u32; width];
    let mut edges = Vec::with_capacity(n.saturating_sub(1));
    let mut newest = 0;
    for _ in 1..n {
        floors[newest] = f32::INFINITY;
        weights[newest] = f32::INFINITY;
        let next = kernel::relax(
            square.isa,
            square.row(newest),
            (newest as u32, cores[newest]),
            &floors,
            &mut weights,
            &mut from,
        );
        edges.push((from[next] as usize, next));
        newest = next;
    }
    edges
}
