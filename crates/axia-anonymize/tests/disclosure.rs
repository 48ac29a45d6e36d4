//! An adversary who adds and subtracts published figures in every possible way.
//!
//! Conversations with users are placed at random, their tables go through the gate, and for every group
//! of hidden figures it is worked out, by Gaussian elimination over the published ones, whether the sum
//! follows. Where it does, the group must be empty or pass the thresholds with the users that it truly
//! has, whom the gate did not see.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use axia_anonymize::threshold::{
    CellCounter, CellSize, CrossedTable, Gate, HierarchyCell, MissingUsers, Released, Suppressed,
    Thresholds,
};
use axia_conversation::UserId;
use proptest::prelude::*;

/// Numbers of a conversation's row, column and user, if any.
type Placed = (Option<usize>, Option<usize>, Option<u8>);

/// A row and a column, or none of either.
type Place = (Option<usize>, Option<usize>);

fn user(of: Option<u8>) -> Option<UserId> {
    of.map(|u| UserId::new(u.to_string()))
}

fn size<'a>(of: impl Iterator<Item = &'a Placed>) -> CellSize {
    let mut counter = CellCounter::new();
    for (_, _, who) in of {
        counter.add(user(*who).as_ref());
    }
    counter.size()
}

/// Linear equations over whole numbers modulo a large prime: with coefficients of -1, 0 and 1 in so few
/// variables, no determinant is a multiple of it.
struct Known {
    rows: Vec<Vec<i64>>,
}

const PRIME: i64 = 1_000_000_007;

fn power(mut base: i64, mut exponent: i64) -> i64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}

impl Known {
    fn new(equations: Vec<Vec<i64>>) -> Self {
        let mut known = Self { rows: Vec::new() };
        for equation in equations {
            let rest = known.reduce(equation);
            if let Some(lead) = rest.iter().position(|&x| x != 0) {
                let inverse = power(rest[lead], PRIME - 2);
                known
                    .rows
                    .push(rest.iter().map(|x| x * inverse % PRIME).collect());
            }
        }
        known
    }

    fn reduce(&self, form: Vec<i64>) -> Vec<i64> {
        let mut form: Vec<i64> = form.iter().map(|x| x.rem_euclid(PRIME)).collect();
        for row in &self.rows {
            let lead = row.iter().position(|&x| x != 0).unwrap();
            let factor = form[lead];
            if factor != 0 {
                for (x, y) in form.iter_mut().zip(row) {
                    *x = (*x - factor * y).rem_euclid(PRIME);
                }
            }
        }
        form
    }

    fn follows(&self, form: Vec<i64>) -> bool {
        self.reduce(form).iter().all(|&x| x == 0)
    }
}

/// Every union of disjoint hidden groups whose size follows must be empty or pass.
///
/// `atoms` are the groups of conversations that no figure divides further, and each figure is a set of
/// atoms; a published one tells its sum.
fn assert_safe(gate: &Gate, atoms: &[Vec<Placed>], figures: &[(BTreeSet<usize>, bool)]) {
    // Empty atoms are no secret: the adversary knows which they are.
    let live: Vec<usize> = (0..atoms.len()).filter(|&a| !atoms[a].is_empty()).collect();
    let form = |set: &BTreeSet<usize>| live.iter().map(|a| i64::from(set.contains(a))).collect();
    let published = figures.iter().filter(|(_, shown)| *shown);
    let known = Known::new(published.map(|(set, _)| form(set)).collect());
    for mask in 1_u32..1 << live.len() {
        let group: Vec<usize> = (0..live.len()).filter(|i| mask >> i & 1 == 1).collect();
        let members: Vec<&Placed> = group.iter().flat_map(|&i| &atoms[live[i]]).collect();
        let group_size = size(members.into_iter());
        if gate.passes(group_size) {
            continue;
        }
        let form = (0..live.len())
            .map(|i| i64::from(mask >> i & 1 == 1))
            .collect();
        assert!(
            !known.follows(form),
            "a group of {} conversations follows from the published figures",
            group_size.conversations()
        );
    }
}

fn shown(decision: &Result<Released<()>, Suppressed>) -> bool {
    decision.is_ok()
}

fn gates() -> impl Strategy<Value = Gate> {
    (
        1..14_u64,
        1..5_u64,
        proptest::option::weighted(0.3, 0.3..1.0_f64),
        any::<bool>(),
    )
        .prop_map(|(conversations, users, share, refuse)| {
            let missing = if refuse {
                MissingUsers::Refuse
            } else {
                MissingUsers::EachConversationIsAUser
            };
            Thresholds::new()
                .min_conversations(conversations)
                .min_users(users)
                .max_user_share(share)
                .missing_users(missing)
                .build()
                .unwrap()
        })
}

fn conversations(rows: usize, columns: usize) -> impl Strategy<Value = Vec<Placed>> {
    // A few cells get most conversations, so that some pass and some do not.
    let category = |n: usize| {
        (0..n, 0..n, 0..20_u8).prop_map(move |(a, b, none)| (none > 0).then_some(a.min(b)))
    };
    let who = proptest::option::weighted(0.95, 0..25_u8);
    proptest::collection::vec((category(rows), category(columns), who), 0..160)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_small_follows_from_a_crossed_table(
        placed in conversations(3, 3),
        gate in gates(),
    ) {
        let of = |i: Option<usize>, j: Option<usize>| -> Vec<Placed> {
            placed.iter().filter(|p| p.0 == i && p.1 == j).copied().collect()
        };
        let (rows, columns) = (3, 3);
        let options = |n: usize| (0..n).map(Some).chain([None]).collect::<Vec<_>>();
        let places: Vec<Place> = options(rows)
            .into_iter()
            .flat_map(|i| options(columns).into_iter().map(move |j| (i, j)))
            .collect();
        let atoms: Vec<Vec<Placed>> = places.iter().map(|&(i, j)| of(i, j)).collect();
        let margin = |keep: &dyn Fn(&Placed) -> bool| ((), size(placed.iter().filter(|p| keep(p))));
        let cells: Vec<(usize, usize, (), CellSize)> = (0..rows)
            .flat_map(|i| (0..columns).map(move |j| (i, j)))
            .map(|(i, j)| (i, j, (), size(of(Some(i), Some(j)).iter())))
            .collect();
        let table = CrossedTable {
            total: margin(&|_| true),
            rows: (0..rows).map(|i| margin(&|p| p.0 == Some(i))).collect(),
            columns: (0..columns).map(|j| margin(&|p| p.1 == Some(j))).collect(),
            cells: cells.clone(),
        };
        let decisions = gate.release_crossed(table).unwrap();
        let all: BTreeSet<usize> = (0..atoms.len()).collect();
        let where_ = |keep: &dyn Fn(&Place) -> bool| -> BTreeSet<usize> {
            all.iter().copied().filter(|&a| keep(&places[a])).collect()
        };
        let mut figures = vec![(all.clone(), shown(&decisions.total))];
        for (i, row) in decisions.rows.iter().enumerate() {
            figures.push((where_(&|p| p.0 == Some(i)), shown(row)));
        }
        for (j, column) in decisions.columns.iter().enumerate() {
            figures.push((where_(&|p| p.1 == Some(j)), shown(column)));
        }
        for ((i, j, (), _), cell) in cells.iter().zip(&decisions.cells) {
            figures.push((where_(&|p| *p == (Some(*i), Some(*j))), shown(cell)));
        }
        assert_safe(&gate, &atoms, &figures);
    }

    #[test]
    fn nothing_small_follows_from_a_hierarchy(
        placed in conversations(12, 1),
        shape in proptest::collection::vec((0..12_usize, any::<bool>()), 12),
        gate in gates(),
    ) {
        // A random forest: node i lies under an earlier node or at the top; conversations sit in any.
        let parents: Vec<Option<usize>> = shape
            .iter()
            .enumerate()
            .map(|(i, (pick, top))| (i > 0 && (!top || i < 3)).then(|| pick % i.max(1)))
            .collect();
        let above = |mut at: usize| {
            let mut way = vec![at];
            while let Some(parent) = parents[at] {
                way.push(parent);
                at = parent;
            }
            way
        };
        let mut atoms: Vec<Vec<Placed>> = vec![Vec::new(); 12];
        for conversation in &placed {
            if let Some(row) = conversation.0 {
                atoms[row].push(*conversation);
            }
        }
        let mut beneath: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for node in 0..12 {
            for up in above(node) {
                beneath.entry(up).or_default().insert(node);
            }
        }
        let nodes: Vec<HierarchyCell<()>> = (0..12)
            .map(|i| {
                let members = beneath[&i].iter().flat_map(|&a| &atoms[a]);
                HierarchyCell::new((), size(members), parents[i])
            })
            .collect();
        let decisions = gate.release_hierarchy(nodes).unwrap();
        let figures: Vec<(BTreeSet<usize>, bool)> = decisions
            .iter()
            .enumerate()
            .map(|(i, decision)| (beneath[&i].clone(), shown(decision)))
            .collect();
        assert_safe(&gate, &atoms, &figures);
    }

    /// Two categories of facets with several categories per conversation: the published shares, turned
    /// back into counts, give four groups.
    #[test]
    fn nothing_small_follows_from_a_pair(placed in conversations(2, 2), gate in gates()) {
        let [first, second] = [
            |p: &&Placed| p.0 == Some(0),
            |p: &&Placed| p.1 == Some(0),
        ];
        let both = size(placed.iter().filter(|p| first(p) && second(p)));
        let all = size(placed.iter());
        let decision = gate.release_pair(
            (),
            both,
            size(placed.iter().filter(first)),
            size(placed.iter().filter(second)),
            all,
        );
        if decision.is_ok() {
            for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
                let group = size(placed.iter().filter(|p| first(p) == a && second(p) == b));
                prop_assert!(group.conversations() == 0 || gate.passes(group));
            }
        }
    }
}

fn counts(n: u64) -> CellSize {
    CellSize::from_counts(n, n, 0, n.min(1)).unwrap()
}

#[test]
fn no_more_is_hidden_than_needed() {
    let gate = Thresholds::new()
        .min_conversations(10)
        .min_users(2)
        .build()
        .unwrap();
    // One small cell in a large table: the smallest rectangle of four cells protects it.
    let sizes = [[3, 40, 50], [40, 20, 60], [50, 60, 70]];
    let cells: Vec<(usize, usize, (), CellSize)> = (0..9)
        .map(|at| (at / 3, at % 3, (), counts(sizes[at / 3][at % 3])))
        .collect();
    let margin = |by: &dyn Fn(usize) -> u64| (0..3).map(|i| ((), counts(by(i)))).collect();
    let decisions = gate
        .release_crossed(CrossedTable {
            total: ((), counts(393)),
            rows: margin(&|i| sizes[i].iter().sum()),
            columns: margin(&|j| sizes.iter().map(|row| row[j]).sum()),
            cells,
        })
        .unwrap();
    let hidden: Vec<usize> = (0..9).filter(|&at| decisions.cells[at].is_err()).collect();
    assert_eq!(hidden, [0, 1, 3, 4]);
    assert!(decisions.total.is_ok());
    assert!(
        decisions
            .rows
            .iter()
            .chain(&decisions.columns)
            .all(Result::is_ok)
    );
}

#[test]
fn tables_that_do_not_add_up_are_refused() {
    let gate = Thresholds::new().build().unwrap();
    let table = |cells| CrossedTable {
        total: ((), counts(50)),
        rows: vec![((), counts(50))],
        columns: vec![((), counts(50))],
        cells,
    };
    let error = gate
        .release_crossed(table(vec![(0, 0, (), counts(51))]))
        .unwrap_err();
    assert!(error.is_inconsistent_counts());
    for cells in [
        vec![(0, 1, (), counts(5))],
        vec![(0, 0, (), counts(5)), (0, 0, (), counts(5))],
    ] {
        assert!(
            gate.release_crossed(table(cells))
                .unwrap_err()
                .is_invalid_parameter()
        );
    }
    for parents in [[Some(1), Some(0)], [Some(0), None], [Some(7), None]] {
        let nodes = parents.map(|parent| HierarchyCell::new((), counts(5), parent));
        let error = gate.release_hierarchy(nodes.to_vec()).unwrap_err();
        assert!(error.is_invalid_parameter());
    }
    let nodes = vec![
        HierarchyCell::new((), counts(5), None),
        HierarchyCell::new((), counts(6), Some(0)),
    ];
    assert!(
        gate.release_hierarchy(nodes)
            .unwrap_err()
            .is_inconsistent_counts()
    );
}

#[test]
fn a_conversation_that_was_not_scanned_closes_every_group_with_it() {
    let gate = Thresholds::new()
        .min_conversations(2)
        .min_users(1)
        .build()
        .unwrap();
    let mut counter = CellCounter::new();
    for i in 0..50 {
        counter.add(Some(&UserId::new(format!("u{i}"))));
    }
    assert!(gate.passes(counter.size()));
    counter.add_unscanned(Some(&UserId::new("u0")));
    let reason = gate.release((), counter.size()).unwrap_err();
    assert_eq!(
        reason.to_string(),
        "suppressed: conversations in it were not scanned to the end"
    );
    // Beside it, siblings that would give its size away are hidden, too.
    let unscanned = counts(40).with_unscanned(1).unwrap();
    let parts = vec![((), unscanned), ((), counts(30))];
    let total = counts(70).with_unscanned(1).unwrap();
    let decisions = gate.release_partition(total, parts).unwrap();
    assert!(decisions.iter().all(Result::is_err));
    assert!(
        counts(3)
            .with_unscanned(4)
            .unwrap_err()
            .is_inconsistent_counts()
    );
}
