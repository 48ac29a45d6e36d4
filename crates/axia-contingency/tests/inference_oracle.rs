//! Second implementations, slow and plain, for random conversations; and identities.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{
    ClusteredParams, Confidence, ConversationEntry, Conversations, Estimand, MarginalIndependence,
    Mirroring, StratifiedAssociations, StratifiedTwoByTwo, StratifyBy, Table, TwoByTwo,
    generalized_cmh,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Conversation {
    user: u64,
    stratum: u32,
    rows: Vec<u32>,
    cols: Vec<u32>,
}

fn conversations() -> impl Strategy<Value = Vec<Conversation>> {
    let labels = |n: u32| proptest::collection::btree_set(0..n, 0..4);
    let one = (0..9_u64, 0..3_u32, labels(4), labels(5)).prop_map(|(user, stratum, rows, cols)| {
        Conversation {
            user,
            stratum,
            rows: rows.into_iter().collect(),
            cols: cols.into_iter().collect(),
        }
    });
    proptest::collection::vec(one, 2..60)
}

fn build(data: &[Conversation], users: bool) -> Conversations {
    let mut builder = Conversations::builder(&[4, 5]);
    for (c, id) in data.iter().zip(0..) {
        let labels: [&[u32]; 2] = [&c.rows, &c.cols];
        let entry = ConversationEntry::new(id, &labels).stratum(c.stratum);
        let entry = if users { entry.user(c.user) } else { entry };
        builder.push(&entry).unwrap();
    }
    builder.build().unwrap()
}

#[track_caller]
fn near(ours: f64, plain: f64) {
    let allowed = 1e-9 * plain.abs().max(1.0);
    assert!((ours - plain).abs() <= allowed, "{ours} {plain}");
}

/// Sum over users of the squared sum of the user's scores, with its correction.
fn by_user(data: &[Conversation], score: impl Fn(&Conversation) -> f64) -> f64 {
    let mut users: Vec<u64> = data.iter().map(|c| c.user).collect();
    users.sort_unstable();
    users.dedup();
    let squares: f64 = users
        .iter()
        .map(|&user| {
            data.iter()
                .filter(|c| c.user == user)
                .map(&score)
                .sum::<f64>()
                .powi(2)
        })
        .sum();
    let g = users.len() as f64;
    squares * g / (g - 1.0)
}

fn has(labels: &[u32], category: u32) -> f64 {
    f64::from(u8::from(labels.contains(&category)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn robust_residuals_are_those_of_loops_over_users(data in conversations()) {
        let all = build(&data, true);
        let n = data.len() as f64;
        for estimand in [Estimand::Prevalence, Estimand::MentionShare, Estimand::PairTable] {
            let scan = ClusteredParams::new().estimand(estimand).build().unwrap();
            for pair in scan.scan(&all, 0, 1).unwrap().pairs {
                let sum = |f: &dyn Fn(&Conversation) -> f64| data.iter().map(f).sum::<f64>();
                let x = |c: &Conversation| has(&c.rows, pair.row);
                let y = |c: &Conversation| has(&c.cols, pair.col);
                let t = |c: &Conversation| c.cols.len() as f64;
                let h = |c: &Conversation| c.rows.len() as f64;
                let score: Box<dyn Fn(&Conversation) -> f64> = match estimand {
                    Estimand::Prevalence => {
                        let (p, q) = (sum(&x) / n, sum(&y) / n);
                        Box::new(move |c| (x(c) - p) * (y(c) - q))
                    }
                    Estimand::MentionShare => {
                        let (p, s) = (sum(&x) / n, sum(&y) / sum(&t));
                        Box::new(move |c| (x(c) - p) * (y(c) - s * t(c)))
                    }
                    _ => {
                        let whole = sum(&|c| h(c) * t(c));
                        let r = sum(&|c| x(c) * t(c)) / whole;
                        let s = sum(&|c| y(c) * h(c)) / whole;
                        Box::new(move |c| {
                            x(c) * y(c) - s * x(c) * t(c) - r * y(c) * h(c) + r * s * h(c) * t(c)
                        })
                    }
                };
                let (excess, variance) = (sum(&*score), by_user(&data, &*score));
                if let Some(z) = pair.robust_residual.filter(|_| variance > 1e-12) {
                    near(z * variance.sqrt(), excess);
                }
            }
        }
    }

    #[test]
    fn weighted_pairs_are_those_of_loops_over_users(data in conversations()) {
        let weight = |id: usize| [1.0, 0.0, 0.5, 2.5][id % 4];
        let mut builder = Conversations::builder(&[4, 5]);
        for (c, id) in data.iter().zip(0..) {
            let labels: [&[u32]; 2] = [&c.rows, &c.cols];
            let entry = ConversationEntry::new(id, &labels).user(c.user);
            builder.push(&entry.weight(weight(id as usize))).unwrap();
        }
        let all = builder.build().unwrap();
        let of: Vec<(usize, &Conversation)> = data.iter().enumerate().collect();
        let sum = |f: &dyn Fn(&Conversation) -> f64| -> f64 {
            of.iter().map(|&(id, c)| weight(id) * f(c)).sum()
        };
        let total = sum(&|_| 1.0);
        // The variance of a weighted sum of scores by user.
        let variance = |f: &dyn Fn(&Conversation) -> f64| -> f64 {
            let mut users: Vec<u64> = data.iter().map(|c| c.user).collect();
            users.sort_unstable();
            users.dedup();
            let g = users.len() as f64;
            let squares: f64 = users
                .iter()
                .map(|&user| {
                    let own = of.iter().filter(|(_, c)| c.user == user);
                    own.map(|&(id, c)| weight(id) * f(c)).sum::<f64>().powi(2)
                })
                .sum();
            squares * g / (g - 1.0)
        };
        let scan = ClusteredParams::new().build().unwrap();
        for found in scan.scan_weighted(&all, 0, 1).unwrap().pairs {
            let x = |c: &Conversation| has(&c.rows, found.pair.row);
            let y = |c: &Conversation| has(&c.cols, found.pair.col);
            let (q, p) = (sum(&x) / total, sum(&y) / total);
            near(found.row_share, q);
            near(found.col_share, p);
            near(found.both_share, sum(&|c| x(c) * y(c)) / total);
            let score = |c: &Conversation| (x(c) - q) * (y(c) - p);
            let spread = variance(&score);
            if let Some(z) = found.pair.robust_residual.filter(|_| spread > 1e-9 * total) {
                near(z * spread.sqrt(), sum(&score));
            }
            if let Some(difference) = found.pair.risk_difference {
                let (inside, outside) = (sum(&x), total - sum(&x));
                let a = sum(&|c| x(c) * y(c)) / inside;
                let b = sum(&|c| (1.0 - x(c)) * y(c)) / outside;
                near(difference.value, a - b);
                let slope = |c: &Conversation| {
                    x(c) * (y(c) - a) / inside - (1.0 - x(c)) * (y(c) - b) / outside
                };
                let half = 0.5 * (difference.high - difference.low);
                let other = found.pair.log_odds_ratio.is_some();
                // Student's quantile cancels in the ratio of two such intervals.
                if other && variance(&slope) > 1e-9 {
                    let odds = found.pair.log_odds_ratio.unwrap();
                    let cells = [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)].map(|(i, j)| {
                        sum(&|c| f64::from(u8::from((x(c) - i).abs() + (y(c) - j).abs() < 0.5)))
                    });
                    let psi = |c: &Conversation| {
                        let at = 2 * usize::from(x(c) < 0.5) + usize::from(y(c) < 0.5);
                        if (x(c) - y(c)).abs() < 0.5 { 1.0 / cells[at] } else { -1.0 / cells[at] }
                    };
                    let ratio = (variance(&psi) / variance(&slope)).sqrt();
                    near((odds.high - odds.low) / (2.0 * half) / ratio, 1.0);
                }
            }
        }
    }

    #[test]
    fn equal_weights_are_no_weights(data in conversations()) {
        let mut builder = Conversations::builder(&[4, 5]);
        for (c, id) in data.iter().zip(0..) {
            let labels: [&[u32]; 2] = [&c.rows, &c.cols];
            let entry = ConversationEntry::new(id, &labels).user(c.user);
            builder.push(&entry.weight(0.3)).unwrap();
        }
        let weighted = builder.build().unwrap();
        let plain = build(&data, true);
        let scan = ClusteredParams::new().build().unwrap();
        let (ours, usual) = (
            scan.scan_weighted(&weighted, 0, 1).unwrap(),
            scan.scan(&plain, 0, 1).unwrap(),
        );
        near(ours.equal_weights, data.len() as f64);
        prop_assert_eq!(ours.pairs.len(), usual.pairs.len());
        for (a, b) in ours.pairs.iter().zip(&usual.pairs) {
            prop_assert_eq!((a.pair.row, a.pair.col, a.pair.observed, a.pair.users), (b.row, b.col, b.observed, b.users));
            for (a, b) in [
                (a.pair.adjusted_residual, b.adjusted_residual),
                (a.pair.risk_difference.map(|d| d.low), b.risk_difference.map(|d| d.low)),
                (a.pair.risk_ratio.map(|d| d.high), b.risk_ratio.map(|d| d.high)),
            ] {
                if let (Some(a), Some(b)) = (a, b) {
                    prop_assert!((a - b).abs() <= 1e-7 * b.abs().max(1.0), "{} {}", a, b);
                }
            }
        }
        let level = Confidence::new(0.95).unwrap();
        let (ours, usual) = (
            weighted.weighted_prevalence(1, level).unwrap(),
            plain.prevalence_by_user(1, level).unwrap(),
        );
        for (a, b) in ours.iter().zip(&usual) {
            prop_assert_eq!((a.count, a.users), (b.count, b.users));
            near(a.value, b.value);
            if b.design_effect.is_some_and(|effect| effect > 1e-9) {
                near(a.interval.low, b.interval.low);
                near(a.interval.high, b.interval.high);
            }
        }
    }

    #[test]
    fn all_pairs_within_strata_by_user_are_loops(data in conversations()) {
        let all = build(&data, true);
        let found = StratifiedAssociations::of(&all, 0, 1, StratifyBy::Given).unwrap();
        let by_user_of_pair = found.by_user(&all, 0, 1, 2).unwrap();
        prop_assert_eq!(&by_user_of_pair, &found.by_user(&all, 0, 1, 1).unwrap());
        for (pair, own) in found.pairs.iter().zip(by_user_of_pair) {
            let mean = |stratum: u32, f: &dyn Fn(&Conversation) -> f64| {
                let of: Vec<f64> = data.iter().filter(|c| c.stratum == stratum).map(f).collect();
                of.iter().sum::<f64>() / of.len() as f64
            };
            let x = |c: &Conversation| has(&c.rows, pair.row);
            let y = |c: &Conversation| has(&c.cols, pair.col);
            let means: Vec<(f64, f64)> = (0..3).map(|s| (mean(s, &x), mean(s, &y))).collect();
            let score = |c: &Conversation| {
                let (r, k) = means[c.stratum as usize];
                (x(c) - r) * (y(c) - k)
            };
            let excess: f64 = data.iter().map(score).sum();
            let Some(own) = own else { continue };
            near(own.excess, excess);
            let variance = by_user(&data, score);
            if variance > 1e-9 {
                near(own.robust_z * variance.sqrt(), excess);
            }
            if let Some(z) = pair.z {
                near(own.z, z);
            }
        }
    }

    #[test]
    fn without_users_the_risk_difference_has_the_plain_variance(data in conversations()) {
        let all = build(&data, false);
        let scan = ClusteredParams::new().build().unwrap();
        let n = data.len() as f64;
        for pair in scan.scan(&all, 0, 1).unwrap().pairs {
            let Some(found) = pair.risk_difference else { continue };
            let of = |inside: bool| {
                let side = data.iter().filter(|c| c.rows.contains(&pair.row) == inside);
                side.collect::<Vec<_>>()
            };
            let size = |inside| of(inside).len() as f64;
            let share = |inside| {
                let with = of(inside).into_iter().map(|c| has(&c.cols, pair.col));
                with.sum::<f64>() / size(inside)
            };
            let (p, q) = (share(true), share(false));
            let variance = p * (1.0 - p) / size(true) + q * (1.0 - q) / size(false);
            let half = Confidence::new(0.95).unwrap().z() * (variance * n / (n - 1.0)).sqrt();
            near(found.value, p - q);
            near(found.high - found.value, half);
        }
    }

    #[test]
    fn strata_of_conversations_are_tables_by_stratum(data in conversations()) {
        let all = build(&data, false);
        for by in [StratifyBy::Given, StratifyBy::LabelCounts, StratifyBy::GivenAndLabelCounts] {
            let found = StratifiedAssociations::of(&all, 0, 1, by).unwrap();
            for pair in &found.pairs {
                let key = |c: &Conversation| match by {
                    StratifyBy::Given => (c.stratum, 0, 0),
                    StratifyBy::LabelCounts => (0, c.rows.len(), c.cols.len()),
                    _ => (c.stratum, c.rows.len(), c.cols.len()),
                };
                let mut keys: Vec<_> = data.iter().map(key).collect();
                keys.sort_unstable();
                keys.dedup();
                let tables = keys.iter().map(|k| {
                    let mut cells = [0_u64; 4];
                    for c in data.iter().filter(|c| key(c) == *k) {
                        let at = (1.0 - has(&c.rows, pair.row)) * 2.0 + 1.0 - has(&c.cols, pair.col);
                        cells[at as usize] += 1;
                    }
                    TwoByTwo::from_cells(cells[0], cells[1], cells[2], cells[3]).unwrap()
                });
                let strata = StratifiedTwoByTwo::new(tables).unwrap();
                match (strata.cmh(), pair.z) {
                    (Some(test), Some(z)) => near(z, test.z),
                    (None, None) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn two_by_two_strata_are_the_smallest_generalized_test(
        cells in proptest::collection::vec(proptest::array::uniform4(0..20_u64), 1..6)
    ) {
        let tables: Vec<TwoByTwo> = cells
            .iter()
            .map(|c| TwoByTwo::from_cells(c[0], c[1], c[2], c[3]).unwrap())
            .collect();
        let tables = StratifiedTwoByTwo::new(tables).unwrap();
        let general: Vec<Table> = cells
            .iter()
            .map(|c| {
                Table::from_counts([(0, 0, c[0]), (0, 1, c[1]), (1, 0, c[2]), (1, 1, c[3])]).unwrap()
            })
            .collect();
        let general = generalized_cmh(&general).unwrap();
        match (tables.cmh(), general) {
            (Some(a), Some(b)) => {
                near(b.statistic, a.statistic);
                prop_assert_eq!(b.dof, 1);
            }
            (None, None) => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn chance_of_mirroring_is_the_double_loop(data in conversations()) {
        let all = build(&data, false);
        let level = Confidence::new(0.95).unwrap();
        let meets = |a: &[u32], b: &[u32]| a.iter().any(|v| b.contains(v));
        let eligible: Vec<_> = data.iter().filter(|c| !c.rows.is_empty()).collect();
        let Some(found) = Mirroring::of(&all, 0, 1, level).unwrap() else {
            prop_assert!(eligible.is_empty());
            return Ok(());
        };
        let chance: f64 = eligible
            .iter()
            .map(|c| {
                let same: Vec<_> = data.iter().filter(|d| d.stratum == c.stratum).collect();
                let hits = same.iter().filter(|d| meets(&c.rows, &d.cols)).count();
                hits as f64 / same.len() as f64
            })
            .sum();
        near(found.chance, chance / eligible.len() as f64);
        let mirrored = eligible.iter().filter(|c| meets(&c.rows, &c.cols)).count();
        prop_assert_eq!(found.mirrored, mirrored as u64);
    }

    #[test]
    fn traces_are_those_of_dense_covariances(data in conversations()) {
        let single: Vec<Conversation> = data
            .iter()
            .map(|c| Conversation { rows: c.rows.iter().copied().take(1).collect(), ..c.clone() })
            .collect();
        let Some(found) = MarginalIndependence::test(&build(&single, false), 0, 1, 0).unwrap() else {
            return Ok(());
        };
        let kept: Vec<_> = single.iter().filter(|c| !c.rows.is_empty()).collect();
        let values: Vec<u32> = found.values.iter().map(|v| v.value).collect();
        let cov = |of: &[&&Conversation], j: u32, l: u32| {
            let mean = |f: &dyn Fn(&Conversation) -> f64| {
                of.iter().map(|c| f(c)).sum::<f64>() / of.len() as f64
            };
            mean(&|c| has(&c.cols, j) * has(&c.cols, l))
                - mean(&|c| has(&c.cols, j)) * mean(&|c| has(&c.cols, l))
        };
        let everyone: Vec<_> = kept.iter().collect();
        let contexts: Vec<Vec<_>> = (0..4)
            .map(|x| kept.iter().filter(|c| c.rows[0] == x).collect::<Vec<_>>())
            .filter(|of| !of.is_empty())
            .collect();
        let n = kept.len() as f64;
        let share: Vec<f64> = contexts.iter().map(|of| of.len() as f64 / n).collect();
        let mean = |j, l| -> f64 { contexts.iter().zip(&share).map(|(of, a)| a * cov(of, j, l)).sum() };
        let b = |i: usize, k: usize, j: u32, l: u32| {
            let own = if i == k { cov(&contexts[i], j, l) / share[i] } else { 0.0 };
            own - cov(&contexts[i], j, l) - cov(&contexts[k], j, l) + mean(j, l)
        };
        let mut squared = 0.0;
        for i in 0..contexts.len() {
            for k in 0..contexts.len() {
                for &j in &values {
                    for &l in &values {
                        let scale = cov(&everyone, j, j) * cov(&everyone, l, l);
                        squared += share[i] * share[k] * b(i, k, j, l) * b(k, i, l, j) / scale;
                    }
                }
            }
        }
        near(found.sum.trace_squared, squared);
    }

    #[test]
    fn order_and_names_of_users_change_nothing(data in conversations()) {
        let renamed: Vec<Conversation> =
            data.iter().map(|c| Conversation { user: 1000 - 7 * c.user, ..c.clone() }).collect();
        let scan = ClusteredParams::new().build().unwrap();
        let found = |data: &[Conversation]| scan.scan(&build(data, true), 0, 1).unwrap();
        prop_assert_eq!(found(&data), found(&renamed));
    }
}
