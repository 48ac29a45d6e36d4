//! Step-down minP against a plain enumeration of all permutations, and its level on data without association.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{
    AssociationParams, AssociationScan, ConversationEntry, Conversations, Correction, Estimand,
    ExactMethod, MinPBy, ResampleParams, StratifiedTwoByTwo, StratifyBy, TwoByTwo,
};

/// SplitMix64: small, fixed, and good enough for a simulation.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 * 2.0_f64.powi(-53)
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.unit() * f64::from(n)) as u32
    }
}

struct Case {
    rows: Vec<Vec<u32>>,
    cols: Vec<Vec<u32>>,
    users: Option<Vec<u64>>,
    strata: Vec<u32>,
}

const ROWS: u32 = 3;
const COLS: u32 = 4;

impl Case {
    fn conversations(&self) -> Conversations {
        let mut builder = Conversations::builder(&[ROWS, COLS]);
        for at in 0..self.rows.len() {
            let labels: [&[u32]; 2] = [&self.rows[at], &self.cols[at]];
            let mut entry = ConversationEntry::new(at as u64, &labels).stratum(self.strata[at]);
            if let Some(users) = &self.users {
                entry = entry.user(users[at]);
            }
            builder.push(&entry).unwrap();
        }
        builder.build().unwrap()
    }

    /// All ways in which row categories may change places: which conversation's rows each conversation gets.
    fn permutations(&self) -> Vec<Vec<usize>> {
        let n = self.rows.len();
        let mut units: Vec<Vec<usize>> = match &self.users {
            Some(users) => {
                let mut ids = users.clone();
                ids.sort_unstable();
                ids.dedup();
                let of = |id| (0..n).filter(|&at| users[at] == id).collect();
                ids.into_iter().map(of).collect()
            }
            None => (0..n).map(|at| vec![at]).collect(),
        };
        for unit in &mut units {
            unit.sort_by_key(|&at| self.strata[at]);
        }
        let like = |a: usize, b: usize| {
            let strata = |unit: usize| units[unit].iter().map(|&at| self.strata[at]);
            strata(a).eq(strata(b))
        };
        let mut all = vec![vec![]];
        for to in 0..units.len() {
            all = all
                .into_iter()
                .flat_map(|taken: Vec<usize>| {
                    let free = |from: &usize| !taken.contains(from) && like(*from, to);
                    (0..units.len())
                        .filter(free)
                        .map(|from| [taken.clone(), vec![from]].concat())
                        .collect::<Vec<_>>()
                })
                .collect();
        }
        all.into_iter()
            .map(|from| {
                let mut gets = vec![0; n];
                for (to, &from) in from.iter().enumerate() {
                    for (&to, &from) in units[to].iter().zip(&units[from]) {
                        gets[to] = from;
                    }
                }
                gets
            })
            .collect()
    }

    /// Every pair's p-value when conversation `at` has the rows of `gets[at]`; `None` where there is no test.
    fn p(&self, gets: &[usize], within: bool) -> Vec<Option<f64>> {
        let n = gets.len();
        let pairs = (0..ROWS).flat_map(|row| (0..COLS).map(move |col| (row, col)));
        pairs
            .map(|(row, col)| {
                let table = |keep: &dyn Fn(usize) -> bool| {
                    let mut cells = [0; 4];
                    for at in (0..n).filter(|&at| keep(at)) {
                        let row = usize::from(!self.rows[gets[at]].contains(&row));
                        let col = usize::from(!self.cols[at].contains(&col));
                        cells[2 * row + col] += 1;
                    }
                    TwoByTwo::from_cells(cells[0], cells[1], cells[2], cells[3]).unwrap()
                };
                if within {
                    let strata = (0..9).map(|s| table(&|at| self.strata[at] == s));
                    let test = StratifiedTwoByTwo::new(strata).unwrap().cmh()?;
                    // Fewer than five are expected everywhere here: Poisson's distribution.
                    let size = |s: u32| self.strata.iter().filter(|&&t| t == s).count();
                    let met = (0..n).filter(|&at| {
                        size(self.strata[at]) > 1
                            && self.rows[gets[at]].contains(&row)
                            && self.cols[at].contains(&col)
                    });
                    let met = met.count() as u32;
                    let mean = f64::from(met) - test.excess;
                    let mean = mean + alone(self, gets, row, col);
                    return Some(poisson(met, mean));
                }
                let table = table(&|_| true);
                table.adjusted_residual()?;
                Some(table.exact(ExactMethod::Central)?.p())
            })
            .collect()
    }
}

/// Strata in which both margins exist but nothing varies are expected to have what they have.
fn alone(case: &Case, gets: &[usize], row: u32, col: u32) -> f64 {
    let mut sum = 0.0;
    for s in 0..9 {
        let members: Vec<usize> = (0..gets.len()).filter(|&at| case.strata[at] == s).collect();
        if members.len() < 2 {
            continue;
        }
        let count = |f: &dyn Fn(usize) -> bool| members.iter().filter(|&&at| f(at)).count();
        let r = count(&|at| case.rows[gets[at]].contains(&row));
        let c = count(&|at| case.cols[at].contains(&col));
        let all = members.len();
        if r == 0 || c == 0 || r == all || c == all {
            // These take no part in the test: what they have was not taken off.
            let both =
                count(&|at| case.rows[gets[at]].contains(&row) && case.cols[at].contains(&col));
            sum += (r * c) as f64 / all as f64 - both as f64;
        }
    }
    sum
}

fn poisson(k: u32, mean: f64) -> f64 {
    let mass = |k: u32| (1..=k).fold((-mean).exp(), |p, j| p * mean / f64::from(j));
    let lower: f64 = (0..=k).map(mass).sum();
    let upper: f64 = (k..k + 40).map(mass).sum();
    (2.0 * lower.min(upper)).min(1.0)
}

/// Raw and step-down p-values over all permutations.
fn enumerate(case: &Case, within: bool, by: MinPBy) -> Vec<Option<(f64, f64)>> {
    let draws: Vec<Vec<Option<f64>>> = case
        .permutations()
        .iter()
        .map(|gets| case.p(gets, within))
        .collect();
    let identity: Vec<usize> = (0..case.rows.len()).collect();
    let tests: Vec<usize> = (0..draws[0].len())
        .filter(|&pair| draws[0][pair].is_some())
        .collect();
    let value = |draw: &[Option<f64>], pair: usize| draw[pair].unwrap();
    let at_most = |a: f64, b: f64| a <= b * (1.0 + 1e-9);
    let rank = |draw: &[Option<f64>], pair: usize| {
        let own = value(draw, pair);
        let hits = draws.iter().filter(|d| at_most(value(d, pair), own));
        hits.count() as f64 / draws.len() as f64
    };
    let statistic = |draw: &[Option<f64>], pair: usize| match by {
        MinPBy::PermutationP => rank(draw, pair),
        _ => value(draw, pair),
    };
    let data = case.p(&identity, within);
    let mut found = vec![None; data.len()];
    for &pair in &tests {
        let own = statistic(&data, pair);
        // The largest of the plain adjusted p-values of the pairs that come before.
        let adjusted = tests
            .iter()
            .filter(|&&before| at_most(statistic(&data, before), own))
            .map(|&before| {
                let bar = statistic(&data, before);
                let later: Vec<usize> = tests
                    .iter()
                    .copied()
                    .filter(|&pair| at_most(bar, statistic(&data, pair)))
                    .collect();
                let hits = draws.iter().filter(|draw| {
                    let smallest = later.iter().map(|&pair| statistic(draw, pair));
                    at_most(smallest.fold(f64::INFINITY, f64::min), bar)
                });
                hits.count() as f64 / draws.len() as f64
            })
            .fold(0.0, f64::max);
        found[pair] = Some((rank(&data, pair), adjusted));
    }
    found
}

fn scan() -> AssociationScan {
    AssociationParams::new()
        .exact(axia_contingency::Exact::Always)
        .build()
        .unwrap()
}

#[test]
fn as_a_plain_enumeration_of_all_permutations() {
    let mut random = Random(5);
    for round in 0..6 {
        let by_user = round % 2 == 1;
        let n = if by_user { 13 } else { 6 };
        let mut labels = |sizes: u32, rate: f64| -> Vec<Vec<u32>> {
            (0..n)
                .map(|_| (0..sizes).filter(|_| random.unit() < rate).collect())
                .collect()
        };
        let (rows, cols) = (labels(ROWS, 0.4), labels(COLS, 0.4));
        // Four users with three conversations each, and one alone; given strata in the later rounds.
        let users: Option<Vec<u64>> = by_user.then(|| (0..n).map(|at| at % 5).collect());
        let users = users.map(|users| {
            users
                .into_iter()
                .map(|u| if u == 4 { 3 } else { u })
                .collect()
        });
        let strata = (0..n as u32).map(|at| if round < 4 { 0 } else { at % 2 });
        let case = Case {
            rows,
            cols,
            users,
            strata: strata.collect(),
        };
        let all = case.conversations();
        for within in [None, Some(StratifyBy::Given)] {
            for by in [MinPBy::ScanP, MinPBy::PermutationP] {
                let resample = ResampleParams::new().replicates(10_000).seed(round);
                let found = resample
                    .build()
                    .unwrap()
                    .step_down_min_p(&scan(), &all, (0, 1), within, by)
                    .unwrap();
                let strata = if within.is_some() {
                    case.strata.clone()
                } else {
                    vec![0; n as usize]
                };
                let plain = Case {
                    strata,
                    rows: case.rows.clone(),
                    cols: case.cols.clone(),
                    users: case.users.clone(),
                };
                let plain = enumerate(&plain, within.is_some(), by);
                let tests = plain.iter().flatten().count() as u64;
                assert_eq!(found.tests, tests, "{round} {within:?}");
                for pair in &found.pairs {
                    let (raw, adjusted) = plain[(pair.row * COLS + pair.col) as usize].unwrap();
                    // Five standard errors of 10,000 draws.
                    let near = |ours: f64, exact: f64| {
                        (ours - exact).abs() <= 5.0 * (exact * (1.0 - exact) / 1e4).sqrt() + 1e-4
                    };
                    let what = format!("{round} {within:?} {by:?} {pair:?} {raw} {adjusted}");
                    assert!(near(pair.p_permutation, raw), "{what}");
                    // Equal p-values by permutation are torn apart by drawing: those draws are checked in the crate itself.
                    assert!(
                        by == MinPBy::PermutationP || near(pair.p_adjusted, adjusted),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// Users who keep to a task and to values, of which the later ones follow from the first: strong dependence of all kinds.
fn loyal_users(seed: u64) -> Conversations {
    let mut random = Random(seed.wrapping_mul(0x1234_5678_9ABC_DEF1) ^ 77);
    let mut builder = Conversations::builder(&[5, 8]);
    let mut id = 0;
    for user in 0..90 {
        let own = random.below(5);
        let inclined: Vec<bool> = (0..4).map(|_| random.unit() < 0.25).collect();
        for _ in 0..1 + random.below(8) {
            let task = if random.unit() < 0.8 {
                own
            } else {
                random.below(5)
            };
            let mut values = Vec::new();
            for (value, &inclined) in inclined.iter().enumerate() {
                if random.unit() < if inclined { 0.7 } else { 0.05 } {
                    values.push(value as u32);
                    // Value 4 + v mostly comes with value v.
                    if random.unit() < 0.9 {
                        values.push(4 + value as u32);
                    }
                }
            }
            builder
                .push(&ConversationEntry::new(id, &[&[task], &values]).user(user))
                .unwrap();
            id += 1;
        }
    }
    builder.build().unwrap()
}

#[test]
fn the_family_keeps_its_level_under_dependence() {
    let runs = 120;
    let scan = scan();
    let (mut naive, mut by_scan, mut by_permutation) = (0, 0, 0);
    for seed in 0..runs {
        let all = loyal_users(seed);
        let plain = scan.scan(&all.observe(0, 1).unwrap());
        let holm = plain.corrected(Correction::Holm);
        naive += u32::from(holm.iter().flatten().any(|p| p.p() <= 0.05));
        let found = |by, replicates| {
            let resample = ResampleParams::new().replicates(replicates).seed(seed);
            let resample = resample.build().unwrap();
            let found = resample.step_down_min_p(&scan, &all, (0, 1), None, by);
            u32::from(found.unwrap().significant(0.05).count() > 0)
        };
        by_scan += found(MinPBy::ScanP, 99);
        by_permutation += found(MinPBy::PermutationP, 199);
    }
    // 6 expected at most; 13 is three standard deviations above.
    assert!(naive > 30, "{naive} of {runs}");
    assert!(by_scan <= 13, "{by_scan} of {runs}");
    assert!(by_permutation <= 13, "{by_permutation} of {runs}");
}

#[test]
fn threads_change_nothing_and_a_real_link_is_found() {
    let mut builder = Conversations::builder(&[3, 3]);
    let mut random = Random(9);
    for id in 0..400_u64 {
        let task = random.below(3);
        let shows = random.unit() < if task == 1 { 0.5 } else { 0.2 };
        let mut values = vec![1 + random.below(2)];
        values.extend(shows.then_some(0));
        builder
            .push(&ConversationEntry::new(id, &[&[task], &values]).user(id / 4))
            .unwrap();
    }
    let all = builder.build().unwrap();
    for by in [MinPBy::ScanP, MinPBy::PermutationP] {
        let run = |threads, seed| {
            let resample = ResampleParams::new().threads(threads).seed(seed);
            resample
                .build()
                .unwrap()
                .step_down_min_p(&scan(), &all, (0, 1), None, by)
                .unwrap()
        };
        let found = run(1, 3);
        assert_eq!(found, run(3, 3));
        assert_eq!(found, run(8, 3));
        assert_ne!(found, run(1, 4));
        assert_eq!((found.units, found.units_moved), (100, 100));
        let link = found.get(1, 0).unwrap();
        assert!(link.p_adjusted <= 0.01, "{link:?}");
        assert!(
            found
                .pairs
                .iter()
                .all(|pair| pair.p_adjusted >= pair.p_permutation && pair.p_permutation >= 0.001)
        );
    }
}

#[test]
fn what_cannot_be_done_is_named() {
    let all = loyal_users(1);
    let resample = ResampleParams::new().build().unwrap();
    let mentions = AssociationParams::new().estimand(Estimand::MentionShare);
    let mentions = mentions.build().unwrap();
    let error = |scan: &AssociationScan, facets, resample: &axia_contingency::Resample| {
        let by = MinPBy::PermutationP;
        resample
            .step_down_min_p(scan, &all, facets, None, by)
            .unwrap_err()
    };
    assert!(error(&mentions, (0, 1), &resample).is_invalid_parameter());
    assert!(error(&scan(), (0, 2), &resample).is_invalid_parameter());
    let many = ResampleParams::new().replicates(1_000_000).build().unwrap();
    assert!(error(&scan(), (0, 1), &many).is_overflow());
    let empty = Conversations::builder(&[2, 2]).build().unwrap();
    let found = resample.step_down_min_p(&scan(), &empty, (0, 1), None, MinPBy::ScanP);
    assert!(found.unwrap().pairs.is_empty());
}
