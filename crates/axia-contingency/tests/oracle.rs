//! A second, plain implementation of each definition, and the laws that hold between results.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use std::collections::{BTreeMap, BTreeSet};

use axia_contingency::{
    Association, AssociationParams, Associations, Confidence, Correction, Estimand, Exact, LogP,
    Observations, Table, TableBuilder, TwoByTwo, Untested,
};
use proptest::prelude::*;

/// Row categories, column categories and the user of each conversation.
type Log = Vec<(Vec<u32>, Vec<u32>, u64)>;

const ROWS: u32 = 5;
const COLS: u32 = 7;

fn logs() -> impl Strategy<Value = Log> {
    let ids = |n: u32, most: usize| prop::collection::vec(0..n, 0..=most);
    prop::collection::vec((ids(ROWS, 3), ids(COLS, 5), 0..9_u64), 0..120)
}

fn tables() -> impl Strategy<Value = Vec<(u32, u32, u64)>> {
    let count = prop_oneof![3 => 0..30_u64, 1 => 0..1_000_000_u64];
    prop::collection::vec((0..6_u32, 0..8_u32, count), 0..40)
}

fn observe(log: &Log) -> Observations {
    let mut builder = Observations::builder(ROWS, COLS);
    for ((rows, cols, user), id) in log.iter().zip(0..) {
        builder.push_with_user(id, *user, rows, cols).unwrap();
    }
    builder.build().unwrap()
}

fn estimands() -> impl Strategy<Value = Estimand> {
    prop::sample::select(vec![
        Estimand::Prevalence,
        Estimand::MentionShare,
        Estimand::PairTable,
    ])
}

fn corrections() -> impl Strategy<Value = Correction> {
    prop::sample::select(vec![
        Correction::Bonferroni,
        Correction::Sidak,
        Correction::Holm,
        Correction::Hochberg,
        Correction::BenjaminiHochberg,
        Correction::BenjaminiYekutieli,
    ])
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
}

/// The four counts behind a pair, by walking through whatever the estimand counts.
fn four_counts(log: &Log, estimand: Estimand, row: u32, col: u32) -> [u64; 4] {
    let mut cells = [0; 4];
    let mut count = |in_row: bool, in_col: bool| {
        let cell = match (in_row, in_col) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        cells[cell] += 1;
    };
    for (rows, cols, _) in log {
        let rows: BTreeSet<u32> = rows.iter().copied().collect();
        let cols: BTreeSet<u32> = cols.iter().copied().collect();
        match estimand {
            Estimand::Prevalence => count(rows.contains(&row), cols.contains(&col)),
            Estimand::MentionShare => {
                for c in &cols {
                    count(rows.contains(&row), *c == col);
                }
            }
            _ => {
                for r in &rows {
                    for c in &cols {
                        count(*r == row, *c == col);
                    }
                }
            }
        }
    }
    cells
}

/// Adjusted residual by its definition, in doubles.
fn plain_residual([a, b, c, d]: [u64; 4]) -> Option<f64> {
    let [a, b, c, d] = [a, b, c, d].map(|x| x as f64);
    let (n, row, col) = (a + b + c + d, a + b, a + c);
    let expected = row * col / n;
    let variance = expected * (1.0 - row / n) * (1.0 - col / n);
    (variance > 0.0).then(|| (a - expected) / variance.sqrt())
}

/// Corrected p-values by the textbook's loops, in doubles.
fn plain_correction(correction: Correction, p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    let at_most = |bound: f64| p.iter().filter(|&&q| q <= bound).count() as f64;
    let below = |bound: f64| p.iter().filter(|&&q| q < bound).count() as f64;
    let harmonic: f64 = (1..=p.len()).map(|i| 1.0 / i as f64).sum();
    p.iter()
        .map(|&own| {
            let smaller = p.iter().copied().filter(|&q| q <= own);
            let larger = p.iter().copied().filter(|&q| q >= own);
            let corrected = match correction {
                Correction::Bonferroni => own * m,
                Correction::Sidak => 1.0 - (1.0 - own).powf(m),
                // The first of tied values has the largest factor.
                Correction::Holm => smaller.map(|q| q * (m - below(q))).fold(0.0, f64::max),
                // The last of tied values has the smallest factor.
                Correction::Hochberg => larger
                    .map(|q| q * (m - at_most(q) + 1.0))
                    .fold(1.0, f64::min),
                Correction::BenjaminiHochberg => {
                    larger.map(|q| q * m / at_most(q)).fold(1.0, f64::min)
                }
                _ => larger
                    .map(|q| q * m * harmonic / at_most(q))
                    .fold(1.0, f64::min),
            };
            corrected.min(1.0)
        })
        .collect()
}

/// Twice the smaller hypergeometric tail, from products of whole numbers.
fn plain_exact([a, b, c, d]: [u64; 4]) -> f64 {
    let choose = |n: u64, k: u64| (0..k).fold(1.0, |x, i| x * (n - i) as f64 / (i + 1) as f64);
    let (row, col, n) = (a + b, a + c, a + b + c + d);
    let mass = |k: u64| choose(row, k) * choose(n - row, col - k) / choose(n, col);
    let (least, most) = (col.saturating_sub(n - row), row.min(col));
    let lower: f64 = (least..=a).map(mass).sum();
    let upper: f64 = (a..=most).map(mass).sum();
    (2.0 * lower.min(upper)).min(1.0)
}

fn scan(observations: &Observations, estimand: Estimand, correction: Correction) -> Associations {
    AssociationParams::new()
        .estimand(estimand)
        .correction(correction)
        .exact(Exact::Never)
        .min_expected_normal(2.0)
        .build()
        .unwrap()
        .scan(observations)
}

proptest! {
    #[test]
    fn scan_agrees_with_walking_the_log(log in logs(), estimand in estimands(), correction in corrections()) {
        let found = scan(&observe(&log), estimand, correction);
        let by_place: BTreeMap<_, _> = found.pairs.iter().map(|pair| ((pair.row, pair.col), pair)).collect();
        prop_assert_eq!(by_place.len(), found.pairs.len());
        let (mut p, mut tested) = (Vec::new(), Vec::new());
        for row in 0..ROWS {
            for col in 0..COLS {
                let cells = four_counts(&log, estimand, row, col);
                let [a, b, c, d] = cells;
                let n = a + b + c + d;
                let lines = [(a + b).min(c + d), (a + c).min(b + d)];
                let expected = ((a + b) * (a + c)) as f64 / n as f64;
                let pair = by_place.get(&(row, col)).copied();
                let residual = plain_residual(cells);
                let smallest = (lines[0] * lines[1]) as f64 / n as f64;
                prop_assert_eq!(pair.is_some(), a > 0 || (residual.is_some() && smallest >= 2.0));
                let Some(pair) = pair else { continue };
                prop_assert_eq!([pair.observed, pair.row_total, pair.col_total, pair.n], [a, a + b, a + c, n]);
                prop_assert!(near(pair.expected, expected, 1e-14));
                prop_assert!(near(pair.lift, a as f64 / expected, 1e-13));
                let users: BTreeSet<u64> = log
                    .iter()
                    .filter(|(rows, cols, _)| rows.contains(&row) && cols.contains(&col))
                    .map(|(_, _, user)| *user)
                    .collect();
                prop_assert_eq!(pair.users, Some(users.len() as u64));
                prop_assert_eq!(pair.adjusted_residual.is_some(), residual.is_some());
                if let (Some(ours), Some(plain)) = (pair.adjusted_residual, residual) {
                    prop_assert!(near(ours, plain, 1e-10));
                }
                prop_assert_eq!(pair.tested, residual.is_some() && smallest >= 2.0);
                let reason = match (residual, pair.tested) {
                    (_, true) => None,
                    (None, _) => Some(Untested::NoContrast),
                    _ => Some(Untested::SmallExpected),
                };
                prop_assert_eq!(pair.untested, reason);
                prop_assert_eq!(pair.tested, pair.ln_p.is_some() && pair.ln_p_corrected.is_some());
                if let Some(difference) = pair.risk_difference {
                    let plain = a as f64 / (a + b) as f64 - c as f64 / (c + d) as f64;
                    prop_assert!(near(difference.value, plain, 1e-13));
                    prop_assert!(-1.0 <= difference.low && difference.low <= plain + 1e-12);
                    prop_assert!(plain <= difference.high + 1e-12 && difference.high <= 1.0);
                } else {
                    prop_assert_eq!(c + d, 0);
                }
                if pair.tested {
                    let z = residual.unwrap_or_default().abs();
                    p.push(libm::erfc(z / std::f64::consts::SQRT_2));
                    tested.push(pair);
                }
            }
        }
        prop_assert_eq!(found.family.tests, p.len() as u64);
        for (pair, plain) in tested.iter().zip(plain_correction(correction, &p)) {
            let ours = pair.p_corrected().unwrap_or(f64::NAN);
            prop_assert!((ours - plain).abs() <= 1e-8 * plain + 1e-14, "{} {}", ours, plain);
            prop_assert_eq!(pair.significant, pair.ln_p_corrected.is_some_and(|p| p.ln() <= 0.05_f64.ln()));
        }
        if let Some(critical) = found.family.critical_z {
            for pair in tested {
                let z = pair.adjusted_residual.unwrap_or_default().abs();
                prop_assert!((z - critical).abs() < 1e-9 || pair.significant == (z > critical));
            }
        }
    }

    #[test]
    fn exact_scan_agrees_with_walking_the_tables(
        log in logs(),
        estimand in estimands(),
        correction in corrections(),
        least in prop::sample::select(vec![0.0, 0.4, 1.5]),
    ) {
        let found = AssociationParams::new()
            .estimand(estimand)
            .correction(correction)
            .exact(Exact::Always)
            .min_expected(least)
            .build()
            .unwrap()
            .scan(&observe(&log));
        let (mut p, mut ours) = (Vec::new(), Vec::new());
        let mut per_column = vec![0_u64; COLS as usize];
        for row in 0..ROWS {
            for col in 0..COLS {
                let [a, b, c, d] = four_counts(&log, estimand, row, col);
                let n = a + b + c + d;
                let expected = ((a + b) * (a + c)) as f64 / n as f64;
                if plain_residual([a, b, c, d]).is_none() || expected < least {
                    let listed = found.get(row, col);
                    prop_assert!(listed.is_none_or(|pair| !pair.tested && pair.observed > 0));
                    continue;
                }
                per_column[col as usize] += 1;
                let plain = plain_exact([a, b, c, d]);
                p.push(plain);
                match found.get(row, col) {
                    Some(pair) => {
                        let exact = pair.p().unwrap_or(f64::NAN);
                        prop_assert!((exact - plain).abs() <= 1e-9 * plain + 1e-13, "{} {}", exact, plain);
                        ours.push((p.len() - 1, pair));
                    }
                    None => prop_assert!(a == 0 && plain > 1.0 - 1e-12),
                }
            }
        }
        prop_assert_eq!(found.family.tests, p.len() as u64);
        prop_assert_eq!(&found.tests_per_column, &per_column);
        let reference = plain_correction(correction, &p);
        for (at, pair) in ours {
            let corrected = pair.p_corrected().unwrap_or(f64::NAN);
            prop_assert!((corrected - reference[at]).abs() <= 1e-8 * reference[at] + 1e-12, "{} {}", corrected, reference[at]);
        }
        let again: Vec<_> = found.pairs.iter().map(|pair| pair.ln_p_corrected).collect();
        prop_assert_eq!(found.corrected(correction), again);
    }

    #[test]
    fn orders_are_total_and_as_described(log in logs(), estimand in estimands()) {
        let found = scan(&observe(&log), estimand, Correction::Holm);
        let effect: Vec<Association> = found.by_effect().into_iter().copied().collect();
        prop_assert_eq!(&effect, &found.pairs);
        for pairs in found.pairs.windows(2) {
            prop_assert!(pairs[0].tested >= pairs[1].tested);
            if let (true, Some(a), Some(b)) = (pairs[0].tested == pairs[1].tested, pairs[0].odds_ratio, pairs[1].odds_ratio) {
                prop_assert!(a.low >= b.low);
            }
        }
        for (sorted, key) in [
            (found.by_residual(), (|p| p.adjusted_residual) as fn(&Association) -> Option<f64>),
            (found.by_risk_difference(), |p| p.risk_difference.map(|d| d.low)),
        ] {
            prop_assert_eq!(sorted.len(), found.pairs.len());
            for pairs in sorted.windows(2) {
                match (key(pairs[0]), key(pairs[1])) {
                    (Some(a), Some(b)) => prop_assert!(a >= b),
                    (None, Some(_)) => prop_assert!(false, "undefined before defined"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn parts_merge_to_the_whole(log in logs(), cut in 0..120_usize, estimand in estimands()) {
        let cut = cut.min(log.len());
        let part = |from: usize, to: usize| {
            let mut builder = Observations::builder(ROWS, COLS);
            for (id, (rows, cols, _)) in log.iter().enumerate().take(to).skip(from) {
                builder.push(id as u64, rows, cols).unwrap();
            }
            builder
        };
        let whole = part(0, log.len()).build().unwrap();
        let (head, tail) = (part(0, cut), part(cut, log.len()));
        let (a, b) = (head.clone().build().unwrap(), tail.clone().build().unwrap());
        prop_assert_eq!(&a.merge(&b).unwrap(), &whole);
        prop_assert_eq!(&b.merge(&a).unwrap(), &whole);
        let mut builder = tail;
        builder.merge(head).unwrap();
        prop_assert_eq!(&builder.build().unwrap(), &whole);

        let json = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Observations>(&json).unwrap(), &whole);

        let table = whole.to_table();
        prop_assert_eq!(&a.to_table().merge(&b.to_table()).unwrap(), &table);
        let bytes = |o: &Observations| serde_json::to_string(&scan(o, estimand, Correction::Bonferroni)).unwrap();
        prop_assert_eq!(bytes(&b.merge(&a).unwrap()), bytes(&whole));
    }

    #[test]
    fn users_merge_in_builders(log in logs(), cut in 0..120_usize) {
        let cut = cut.min(log.len());
        let part = |from: usize, to: usize| {
            let mut builder = Observations::builder(ROWS, COLS);
            for (id, (rows, cols, user)) in log.iter().enumerate().take(to).skip(from) {
                builder.push_with_user(id as u64, *user, rows, cols).unwrap();
            }
            builder
        };
        let mut merged = part(cut, log.len());
        merged.merge(part(0, cut)).unwrap();
        prop_assert_eq!(merged.build().unwrap(), part(0, log.len()).build().unwrap());
    }

    #[test]
    fn new_names_permute_the_results(log in logs(), estimand in estimands(), shift in 1..COLS) {
        let renamed: Log = log
            .iter()
            .rev()
            .map(|(rows, cols, user)| {
                let cols = cols.iter().rev().map(|col| (col + shift) % COLS).collect();
                (rows.iter().map(|row| ROWS - 1 - row).collect(), cols, *user)
            })
            .collect();
        let found = scan(&observe(&log), estimand, Correction::BenjaminiHochberg);
        let other = scan(&observe(&renamed), estimand, Correction::BenjaminiHochberg);
        prop_assert_eq!(found.pairs.len(), other.pairs.len());
        for pair in &found.pairs {
            let twin = other.get(ROWS - 1 - pair.row, (pair.col + shift) % COLS).copied();
            let mut renamed = *pair;
            (renamed.row, renamed.col) = (ROWS - 1 - pair.row, (pair.col + shift) % COLS);
            prop_assert_eq!(twin, Some(renamed));
        }
    }

    #[test]
    fn records_are_the_conversations(log in logs()) {
        // Only conversations with both facets can be written in the long form.
        let full: Log = log.into_iter().filter(|(rows, cols, _)| !rows.is_empty() && !cols.is_empty()).collect();
        let mut builder = Observations::builder(ROWS, COLS);
        let mut records = Vec::new();
        for ((rows, cols, _), id) in full.iter().zip(0..) {
            builder.push(id, rows, cols).unwrap();
            for row in rows {
                records.extend(cols.iter().map(|col| (id, *row, *col)));
            }
        }
        builder.push_empty(3).unwrap();
        records.reverse();
        prop_assert_eq!(Observations::from_records(ROWS, COLS, 3, records).unwrap(), builder.build().unwrap());
    }

    #[test]
    fn divergences_agree_with_their_formulas(counts in tables(), lambda in -0.9..3.0_f64) {
        let table = Table::from_counts(counts).unwrap();
        let (mut g, mut divergence) = (0.0, 0.0);
        for (row, _) in table.rows() {
            for (col, _) in table.cols() {
                let observed = table.observed(row, col) as f64;
                let expected = table.expected(row, col).unwrap();
                if observed > 0.0 {
                    g += 2.0 * observed * (observed / expected).ln();
                    divergence += observed * ((observed / expected).powf(lambda) - 1.0);
                }
            }
        }
        divergence *= 2.0 / (lambda * (lambda + 1.0));
        // The formulas cancel where ours do not: their own error is of the order of the total's rounding.
        let allowed = |value: f64| 1e-9 * value.abs() + 1e-12 * table.total() as f64 / lambda.abs();
        match (table.g_test(), table.power_divergence(lambda), table.power_divergence(1.0)) {
            (Some(ours), Some(power), Some(pearson)) => {
                prop_assert!((ours.statistic - g).abs() <= allowed(g), "{} {}", ours.statistic, g);
                prop_assert!((power.statistic - divergence).abs() <= allowed(divergence), "{lambda} {} {divergence}", power.statistic);
                let chi_square = table.chi_square().unwrap();
                prop_assert!(near(pearson.statistic, chi_square.statistic, 1e-12));
                prop_assert!(near(table.power_divergence(0.0).unwrap().statistic, ours.statistic, 1e-15));
            }
            (None, None, None) => prop_assert!(table.n_rows() < 2 || table.n_cols() < 2),
            _ => prop_assert!(false, "one is defined, another not"),
        }
    }

    #[test]
    fn table_agrees_with_the_dense_definitions(counts in tables()) {
        let table = Table::from_counts(counts.iter().copied()).unwrap();
        let mut dense = [[0_u64; 8]; 6];
        for (row, col, count) in counts {
            dense[row as usize][col as usize] += count;
        }
        let rows: Vec<u64> = dense.iter().map(|line| line.iter().sum()).collect();
        let cols: Vec<u64> = (0..8).map(|j| dense.iter().map(|line| line[j]).sum()).collect();
        let n: u64 = rows.iter().sum();
        prop_assert_eq!(table.total(), n);
        let (mut chi2, mut below, mut zeros) = (0.0, [0_u64; 2], 0);
        for i in 0..6 {
            let mut line_expected = 0.0;
            for j in 0..8 {
                let (row, col) = (i as u32, j as u32);
                prop_assert_eq!(table.observed(row, col), dense[i][j]);
                let Some(expected) = table.expected(row, col) else {
                    prop_assert!(rows[i] == 0 || cols[j] == 0);
                    continue;
                };
                let plain = rows[i] as f64 * cols[j] as f64 / n as f64;
                prop_assert!(near(expected, plain, 1e-14));
                line_expected += expected;
                let difference = dense[i][j] as f64 - plain;
                chi2 += difference * difference / plain;
                for (count, bound) in below.iter_mut().zip([5, 1]) {
                    *count += u64::from(rows[i] * cols[j] < bound * n);
                }
                let four = [dense[i][j], rows[i] - dense[i][j], cols[j] - dense[i][j], n + dense[i][j] - rows[i] - cols[j]];
                let plain = plain_residual(four);
                let ours = table.adjusted_residual(row, col);
                prop_assert_eq!(ours.is_some(), rows[i] < n && cols[j] < n);
                if let (Some(ours), Some(plain)) = (ours, plain) {
                    prop_assert!(near(ours, plain, 1e-8));
                    zeros += usize::from(dense[i][j] == 0 && ours <= -0.7);
                }
            }
            // A row's expected counts sum to its total.
            prop_assert!(near(line_expected, rows[i] as f64, 1e-13));
        }
        let depleted = table.depleted(-0.7);
        prop_assert_eq!(depleted.len(), zeros);
        prop_assert!(depleted.is_sorted_by(|a, b| a.adjusted <= b.adjusted));
        match table.chi_square() {
            None => prop_assert!(table.n_rows() < 2 || table.n_cols() < 2),
            Some(test) => {
                prop_assert!(near(test.statistic, chi2, 1e-9), "{} {}", test.statistic, chi2);
                prop_assert_eq!(test.dof, ((table.n_rows() - 1) * (table.n_cols() - 1)) as u64);
                let summary = table.expected_summary().unwrap();
                prop_assert_eq!([summary.below_5, summary.below_1], below);
                let v = table.cramers_v().unwrap();
                prop_assert!((0.0..=1.0).contains(&v));
                if let Some(corrected) = table.cramers_v_bias_corrected() {
                    prop_assert!((0.0..=1.0).contains(&corrected));
                }
            }
        }
        let again: Table = serde_json::from_str(&serde_json::to_string(&table).unwrap()).unwrap();
        prop_assert_eq!(again, table);
    }

    #[test]
    fn order_of_counting_never_matters(counts in tables(), cut in 0..40_usize) {
        let whole = Table::from_counts(counts.iter().copied()).unwrap();
        let cut = cut.min(counts.len());
        let parts = [&counts[cut..], &counts[..cut]].map(|part| Table::from_counts(part.iter().copied()).unwrap());
        prop_assert_eq!(&parts[0].merge(&parts[1]).unwrap(), &whole);
        let mut builder = TableBuilder::new();
        for &(row, col, count) in counts.iter().rev() {
            builder.push_count(row, col, count).unwrap();
        }
        prop_assert_eq!(&builder.build(), &whole);
    }

    #[test]
    fn squared_residual_of_a_two_by_two_is_its_chi_square(a in 0..500_u64, b in 0..500_u64, c in 0..500_u64, d in 0..500_u64) {
        let small = TwoByTwo::from_cells(a, b, c, d).unwrap();
        let table = Table::from_counts([(0, 0, a), (0, 1, b), (1, 0, c), (1, 1, d)]).unwrap();
        match (small.adjusted_residual(), table.chi_square()) {
            (Some(residual), Some(test)) => {
                prop_assert!(near(residual * residual, test.statistic, 1e-12));
                let ln_p = axia_contingency::normal_two_sided(residual).unwrap();
                prop_assert!(near(ln_p.ln(), test.ln_p.ln(), 1e-11));
                // Turning the table round turns the odds round.
                let level = Confidence::new(0.9).unwrap();
                let (odds, turned) = (small.odds_ratio(level).unwrap(), TwoByTwo::from_cells(c, d, a, b).unwrap().odds_ratio(level).unwrap());
                prop_assert!(near(odds.low * turned.high, 1.0, 1e-12));
                prop_assert!(odds.low <= odds.value && odds.value <= odds.high);
            }
            (residual, test) => prop_assert!(residual.is_none() && test.is_none()),
        }
    }

    #[test]
    fn corrections_agree_with_textbook_loops(p in prop::collection::vec(0.0..=1.0_f64, 0..40), correction in corrections(), ties in any::<bool>()) {
        let p: Vec<f64> = p.into_iter().map(|p| if ties { (p * 8.0).ceil() / 8.0 } else { p }).collect();
        let logs: Vec<LogP> = p.iter().map(|&p| LogP::from_p(p).unwrap()).collect();
        for (ours, plain) in correction.adjust(&logs).iter().zip(plain_correction(correction, &p)) {
            prop_assert!((ours.p() - plain).abs() <= 1e-12, "{} {}", ours.p(), plain);
        }
    }
}
