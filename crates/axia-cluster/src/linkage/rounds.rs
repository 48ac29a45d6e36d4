//! Many joins at once: in each round all pairs of clusters that are each other's nearest.
//!
//! A round streams over the matrix on all threads, where single joins would write one column each,
//! a cache line for every number. It pays while there are many such pairs.

use crate::kernel::Isa;
use crate::linkage::Found;
use crate::linkage::clusters::{Clusters, move_together, rows_of};
use crate::linkage::rules::{Join, Rule};
use crate::parallel::for_each_piece;
use crate::square::Square;

/// With fewer clusters the whole matrix is in the cache, and starting threads costs more.
const FEWEST: usize = 256;
/// Rounds end when for each join so many rows have lost their nearest cluster and are searched again.
const SEARCHES_A_JOIN: usize = 40;
/// Rows of one piece of parallel work.
const PIECE: usize = 8;

/// What a round does to a cluster.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Stays,
    /// Becomes the whole of this join.
    Whole(usize),
    /// Becomes part of another.
    Goes,
}

/// One cluster that is there after the round.
struct Task<'m> {
    row: &'m mut [f32],
    /// The row of the part that goes.
    gone: Option<&'m mut [f32]>,
    role: Role,
    /// Size after the round.
    size: f32,
    /// Whether the nearest cluster must be searched again.
    search: bool,
    nearest: usize,
}

pub(super) fn run<R: Rule>(square: &mut Square, clusters: &mut Clusters, found: &mut Vec<Found>) {
    if clusters.left <= FEWEST {
        return;
    }
    let mut nearest_of = vec![0; clusters.slots()];
    {
        let square = &*square;
        let sizes = &clusters.sizes;
        for_each_piece(&mut nearest_of, PIECE, |first, out| {
            for (at, out) in out.iter_mut().enumerate() {
                let row = square.row(first + at);
                *out = R::nearest(square.isa, row, sizes, sizes[first + at]).0;
            }
        });
    }
    while clusters.left > FEWEST {
        let (joins, roles) = joins::<R>(square, clusters, &nearest_of, found);
        if joins.is_empty() {
            break;
        }
        let searches = round::<R>(square, clusters, &joins, &roles, &mut nearest_of);
        if searches > SEARCHES_A_JOIN * joins.len() {
            break;
        }
    }
}

/// All pairs that are each other's nearest.
fn joins<R: Rule>(
    square: &Square,
    clusters: &mut Clusters,
    nearest_of: &[usize],
    found: &mut Vec<Found>,
) -> (Vec<Join>, Vec<Role>) {
    let mut joins = Vec::new();
    let mut roles = vec![Role::Stays; clusters.slots()];
    for slot in 0..clusters.slots() {
        let other = nearest_of[slot];
        if clusters.alive[slot] && other > slot && nearest_of[other] == slot {
            let value = square.row(clusters.rows[slot])[other];
            let (join, merge) = clusters.join::<R>(slot, other, value);
            roles[slot] = Role::Whole(joins.len());
            roles[other] = Role::Goes;
            joins.push(join);
            found.push(merge);
        }
    }
    (joins, roles)
}

/// Brings the matrix up to date, and says how many rows were searched.
fn round<R: Rule>(
    square: &mut Square,
    clusters: &mut Clusters,
    joins: &[Join],
    roles: &[Role],
    nearest_of: &mut Vec<usize>,
) -> usize {
    let (isa, before_width) = (square.isa, clusters.width());
    let mut rows = rows_of(square, &clusters.rows);
    let before: Vec<usize> = (0..clusters.slots())
        .filter(|&s| clusters.alive[s])
        .collect();
    let mut tasks: Vec<Task<'_>> = Vec::with_capacity(before.len());
    for &slot in &before {
        let gone = match roles[slot] {
            Role::Whole(join) => rows[joins[join].gone].take(),
            _ => None,
        };
        let Some(row) = rows[slot].take() else {
            continue; // never: each cluster has a row of its own
        };
        tasks.push(Task {
            row,
            gone,
            role: roles[slot],
            size: clusters.sizes[slot],
            search: roles[slot] != Role::Stays || roles[nearest_of[slot]] != Role::Stays,
            nearest: nearest_of[slot],
        });
    }
    let sparse = clusters.sparse();
    if sparse {
        clusters.renumber();
    }
    let (sizes, width) = (&clusters.sizes, clusters.width());
    for_each_piece(&mut tasks, PIECE, |_, tasks| {
        let mut crossed = vec![0.0; joins.len()];
        for task in tasks {
            update::<R>(isa, task, joins, before_width, &mut crossed);
            if sparse {
                move_together(task.row, &before, width);
            }
            if task.search {
                task.nearest = R::nearest(isa, &task.row[..width], sizes, task.size).0;
            }
        }
    });
    let mut new = vec![usize::MAX; roles.len()];
    for (at, &slot) in before.iter().enumerate() {
        new[slot] = if sparse { at } else { slot };
    }
    let mut searches = 0;
    for (&slot, task) in before.iter().zip(&tasks) {
        searches += usize::from(task.search);
        // A search already answers in the new numbers.
        let nearest = if task.search {
            task.nearest
        } else {
            new[task.nearest]
        };
        nearest_of[new[slot]] = nearest;
    }
    nearest_of.truncate(clusters.slots());
    searches
}

/// The row of a cluster after all joins of the round.
fn update<R: Rule>(
    isa: Isa,
    task: &mut Task<'_>,
    joins: &[Join],
    width: usize,
    crossed: &mut [f32],
) {
    let row = &mut task.row[..width];
    match (task.role, &task.gone) {
        (Role::Whole(own), Some(gone)) => {
            let join = &joins[own];
            for (crossed, other) in crossed.iter_mut().zip(joins) {
                let corners = [
                    row[other.keep],
                    row[other.gone],
                    gone[other.keep],
                    gone[other.gone],
                ];
                *crossed = R::both(join, other, corners);
            }
            crossed[own] = f32::INFINITY;
            R::whole_row(isa, join, row, &gone[..width]);
            for (other, crossed) in joins.iter().zip(crossed.iter()) {
                row[other.keep] = *crossed;
                row[other.gone] = f32::INFINITY;
            }
        }
        _ => {
            for join in joins {
                row[join.keep] = R::whole(join, row[join.keep], row[join.gone]);
                row[join.gone] = f32::INFINITY;
            }
        }
    }
}
