//! A larger set of reference values, `stats-golden.json` in the folder that `AXIA_SHARED_DATA` names.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use std::io::Write;
use std::path::Path;

use axia_contingency::{
    AssociationParams, Confidence, Correction, Estimand, ExactMethod, LogP, Observations,
    Proportion, Table, TableBuilder, TwoByTwo, bonferroni_critical_z, chi_square_upper,
    goodman_intervals, log_odds_dirichlet, normal_two_sided, normal_upper_quantile,
};
use serde_json::Value;

/// The reference values, or `None` with a visible note.
fn golden() -> Option<Value> {
    let Some(folder) = std::env::var_os("AXIA_SHARED_DATA") else {
        // Straight to the stream: the test harness hides what passing tests print.
        let note = b"skipped: AXIA_SHARED_DATA is not set\n";
        std::io::stderr().write_all(note).unwrap();
        return None;
    };
    let text = std::fs::read_to_string(Path::new(&folder).join("stats-golden.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[track_caller]
fn close(what: &str, ours: f64, reference: &Value, tolerance: f64) {
    let reference = number(reference);
    let error = (ours - reference).abs();
    let allowed = tolerance * reference.abs() + 1e-13;
    assert!(
        error <= allowed,
        "{what}: {ours} instead of {reference}, off by {error:e}"
    );
}

#[track_caller]
fn close_or_undefined(what: &str, ours: Option<f64>, reference: &Value, tolerance: f64) {
    match ours {
        Some(ours) => close(what, ours, reference, tolerance),
        None => assert!(
            reference.is_null(),
            "{what}: undefined instead of {reference}"
        ),
    }
}

fn table(observed: &Value) -> Table {
    let rows = list(observed).iter().zip(0..);
    Table::from_counts(rows.flat_map(|(row, i)| {
        let cells = list(row).iter().zip(0..);
        cells.map(move |(count, j)| (i, j, count.as_u64().unwrap()))
    }))
    .unwrap()
}

#[test]
fn tables() {
    let Some(golden) = golden() else { return };
    let mut tests = 0;
    for case in list(&golden["tables"]) {
        let id = case["id"].as_str().unwrap();
        let table = table(&case["observed"]);
        assert_eq!(table.total(), case["n"].as_u64().unwrap());
        let Some(test) = table.chi_square() else {
            assert!(case.get("undefined").is_some(), "{id}");
            continue;
        };
        tests += 1;
        close(id, test.statistic, &case["chi2"], 1e-12);
        assert_eq!(test.dof, case["dof"].as_u64().unwrap(), "{id}");
        close(id, test.ln_p.ln(), &case["ln_p"], 1e-12);
        close_or_undefined(id, table.cramers_v(), &case["cramers_v"], 1e-12);
        let corrected = &case["cramers_v_bias_corrected"];
        close_or_undefined(id, table.cramers_v_bias_corrected(), corrected, 1e-9);
        let (summary, expected) = (table.expected_summary().unwrap(), &case["expected_check"]);
        close(id, summary.smallest, &expected["min"], 1e-12);
        assert_eq!(
            summary.below_5,
            expected["cells_below_5"].as_u64().unwrap(),
            "{id}"
        );
        assert_eq!(
            summary.below_1,
            expected["cells_below_1"].as_u64().unwrap(),
            "{id}"
        );
        for (i, line) in list(&case["observed"]).iter().enumerate() {
            for j in 0..list(line).len() {
                let (row, col) = (i as u32, j as u32);
                close_or_undefined(id, table.expected(row, col), &case["expected"][i][j], 1e-12);
                let pearson = table.pearson_residual(row, col);
                close_or_undefined(id, pearson, &case["pearson"][i][j], 1e-12);
                let adjusted = table.adjusted_residual(row, col);
                close_or_undefined(id, adjusted, &case["adjusted"][i][j], 1e-12);
            }
        }
        significant_cells(id, case, &table);
        whole_table_measures(id, case, &table);
    }
    assert!(tests > 50);
}

fn whole_table_measures(id: &str, case: &Value, table: &Table) {
    let g = table.g_test().unwrap();
    close(id, g.statistic, &case["g"], 1e-12);
    close(id, g.ln_p.ln(), &case["g_test"]["ln_p"], 1e-12);
    for (name, lambda) in [
        ("chi2", 1.0),
        ("cressie_read_2_3", 2.0 / 3.0),
        ("freeman_tukey", -0.5),
        ("mod_log_likelihood", -1.0),
        ("neyman", -2.0),
    ] {
        let ours = table.power_divergence(lambda).map(|test| test.statistic);
        if case[name] == "inf" {
            assert_eq!(ours, None, "{id} {name}");
        } else {
            close(&format!("{id} {name}"), ours.unwrap(), &case[name], 1e-12);
        }
    }
    close(
        id,
        table.tschuprow_t().unwrap(),
        &case["tschuprow_t"],
        1e-12,
    );
    close(
        id,
        table.contingency_coefficient().unwrap(),
        &case["contingency_c"],
        1e-12,
    );
    close(
        id,
        table.mutual_information().unwrap(),
        &case["mutual_information_nats"],
        1e-12,
    );
}

/// The whole family of cells, zeros included, corrected at 0.05.
fn significant_cells(id: &str, case: &Value, table: &Table) {
    let family = &case["cells_significant_05"];
    let mut p = Vec::new();
    for (row, _) in table.rows() {
        for (col, _) in table.cols() {
            p.push(normal_two_sided(table.adjusted_residual(row, col).unwrap()).unwrap());
        }
    }
    let m = p.len() as u64;
    assert_eq!(m, family["m"].as_u64().unwrap());
    let critical = bonferroni_critical_z(0.05, m).unwrap();
    close(id, critical, &family["critical_bonferroni"], 1e-12);
    for (name, correction) in [
        ("bonferroni", Correction::Bonferroni),
        ("holm", Correction::Holm),
        ("bh", Correction::BenjaminiHochberg),
    ] {
        let corrected = correction.adjust(&p);
        let significant = corrected.iter().filter(|p| p.ln() <= 0.05_f64.ln()).count();
        assert_eq!(
            significant as u64,
            family[name].as_u64().unwrap(),
            "{id} {name}"
        );
    }
}

#[test]
fn two_by_two() {
    let Some(golden) = golden() else { return };
    let level = Confidence::new(0.95).unwrap();
    let mut compared = 0;
    for case in list(&golden["tables"]) {
        let Some(effects) = case.get("two_by_two") else {
            continue;
        };
        compared += 1;
        let id = case["id"].as_str().unwrap();
        let cell = |i: usize, j: usize| case["observed"][i][j].as_u64().unwrap();
        let table = TwoByTwo::from_cells(cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)).unwrap();
        close(
            id,
            table.adjusted_residual().unwrap(),
            &effects["z_signed"],
            1e-12,
        );
        close(id, table.lift().unwrap(), &effects["lift"], 1e-12);
        let difference = table.risk_difference(level).unwrap();
        close(id, difference.value, &effects["risk_difference"], 1e-12);
        close(id, difference.low, &effects["rd_newcombe_95"][0], 1e-12);
        close(id, difference.high, &effects["rd_newcombe_95"][1], 1e-12);
        if let Some(interval) = effects.get("rr_katz_95") {
            let ratio = table.risk_ratio(level).unwrap();
            close(id, ratio.value, &effects["risk_ratio"], 1e-12);
            close(id, ratio.low, &interval[0], 1e-12);
            close(id, ratio.high, &interval[1], 1e-12);
        }
        coefficients(id, table, effects);
        exact(id, table, &effects["fisher"]);
        let odds = table.odds_ratio(level).unwrap();
        if odds.zero_cell {
            close(id, odds.value, &effects["or_haldane"], 1e-12);
            let error = (odds.high / odds.low).ln() / (2.0 * level.z());
            close(id, error, &effects["or_haldane_log_se"], 1e-12);
        } else {
            close(id, odds.value, &effects["odds_ratio"], 1e-12);
            let (log, error) = table.log_odds_ratio().unwrap();
            close(id, log, &effects["log_or"], 1e-12);
            close(id, error, &effects["log_or_se"], 1e-12);
            close(id, odds.low, &effects["or_woolf_95"][0], 1e-12);
            close(id, odds.high, &effects["or_woolf_95"][1], 1e-12);
        }
    }
    assert!(compared > 30);
}

fn coefficients(id: &str, table: TwoByTwo, effects: &Value) {
    let level = Confidence::new(0.95).unwrap();
    close(id, table.phi().unwrap(), &effects["phi"], 1e-12);
    close(id, table.yule_q().unwrap(), &effects["yule_q"], 1e-12);
    match table.pmi() {
        Some(pmi) => close(id, pmi, &effects["pmi_log2"], 1e-12),
        None => assert_eq!(effects["pmi_log2"], "-inf", "{id}"),
    }
    close(id, table.npmi().unwrap(), &effects["npmi"], 1e-12);
    let (statistic, p) = table.yates().unwrap();
    close(id, statistic, &effects["yates_chi2"], 1e-12);
    close(id, p.ln(), &effects["yates"]["ln_p"], 1e-12);
    for (name, ours) in [
        ("rd_wald_95", table.risk_difference_wald(level)),
        (
            "rd_agresti_caffo_95",
            table.risk_difference_agresti_caffo(level),
        ),
    ] {
        let ours = ours.unwrap();
        close(id, ours.low, &effects[name][0], 1e-12);
        close(id, ours.high, &effects[name][1], 1e-12);
    }
}

/// Every exact p-value, to 1e-10 of its logarithm.
fn exact(id: &str, table: TwoByTwo, fisher: &Value) {
    let distribution = table.hypergeometric().unwrap();
    let observed = table.cells()[0];
    let two_sided = |method| distribution.two_sided(observed, method);
    for (name, ours) in [
        ("less", Some(distribution.lower(observed))),
        ("greater", Some(distribution.upper(observed))),
        ("pmf", Some(distribution.ln_pmf(observed))),
        ("mid_p_less", Some(distribution.mid_lower(observed))),
        ("mid_p_greater", Some(distribution.mid_upper(observed))),
        ("two_sided", two_sided(ExactMethod::MinLikelihood)),
        ("mid_p_two_sided", two_sided(ExactMethod::MinLikelihoodMidP)),
    ] {
        let Some(reference) = fisher.get(name) else {
            continue;
        };
        let what = format!("{id} {name}");
        close(&what, ours.unwrap().ln(), &reference["ln_p"], 1e-10);
    }
}

#[test]
fn small_tables_exactly() {
    let Some(golden) = golden() else { return };
    for case in list(&golden["exact_rxc"]) {
        let test = table(&case["observed"]).exact_test(100_000).unwrap();
        let likely = test.fisher_freeman_halton.p();
        close("FFH", likely, &case["fisher_freeman_halton_p"], 1e-10);
        close("Pearson", test.pearson.p(), &case["pearson_exact_p"], 1e-10);
        assert_eq!(test.tables, case["tables_enumerated"].as_u64().unwrap());
        assert!(
            table(&case["observed"])
                .exact_test(test.tables - 1)
                .is_none()
        );
    }
}

#[test]
fn multinomial_intervals_and_log_odds() {
    let Some(golden) = golden() else { return };
    let level = Confidence::new(0.95).unwrap();
    for case in list(&golden["multinomial_intervals"]) {
        let counts: Vec<u64> = list(&case["counts"])
            .iter()
            .map(|c| c.as_u64().unwrap())
            .collect();
        let ours = goodman_intervals(&counts, level).unwrap();
        for (ours, reference) in ours.iter().zip(list(&case["goodman_95"])) {
            close("goodman", ours.low, &reference[0], 1e-12);
            close("goodman", ours.high, &reference[1], 1e-12);
        }
    }
    for case in list(&golden["log_odds_dirichlet"]["cases"]) {
        let counts = |name: &str| -> Vec<u64> {
            list(&case[name])
                .iter()
                .map(|c| c.as_u64().unwrap())
                .collect()
        };
        let alpha: f64 = list(&case["alpha"]).iter().map(number).sum();
        let (i, j) = (counts("y_i"), counts("y_j"));
        // The informative prior follows the two groups and the others together, the other one is flat.
        let background: Vec<u64> = match case.get("background").filter(|_| alpha > 1.0) {
            Some(_) => {
                let others = counts("background");
                let all = i.iter().zip(&j).zip(&others);
                all.map(|((i, j), other)| i + j + other).collect()
            }
            None => vec![1; i.len()],
        };
        let ours = log_odds_dirichlet(&i, &j, &background, alpha);
        for (ours, reference) in ours.unwrap().iter().zip(list(&case["items"])) {
            let ours = ours.unwrap();
            close("delta", ours.delta, &reference["delta"], 1e-11);
            close("variance", ours.variance, &reference["variance"], 1e-12);
            close("z", ours.z, &reference["z"], 1e-11);
        }
    }
}

#[test]
fn tails() {
    let Some(golden) = golden() else { return };
    let tails = &golden["tails"];
    for case in list(&tails["chi2"]) {
        let p = chi_square_upper(number(&case["x"]), case["df"].as_u64().unwrap()).unwrap();
        let pairs = [(p.ln(), &case["ln_p"]), (p.log10(), &case["log10_p"])];
        for (ours, reference) in pairs.map(|(ours, reference)| (ours, number(reference))) {
            let error = (ours - reference).abs();
            assert!(error <= 2e-13 * reference.abs(), "{case}: {ours}");
        }
    }
    for case in list(&tails["normal_two_sided"]) {
        let p = normal_two_sided(number(&case["z"])).unwrap();
        close(&case.to_string(), p.ln(), &case["ln_p"], 1e-12);
        close(&case.to_string(), p.log10(), &case["log10_p"], 1e-12);
    }
    for case in list(&tails["normal_upper_quantile"]) {
        let (z, reference) = match case.get("tests") {
            Some(tests) => {
                let z = bonferroni_critical_z(number(&case["alpha"]), tests.as_u64().unwrap());
                (z, &case["critical_two_sided"])
            }
            None => (
                LogP::from_p(number(&case["p"])).and_then(normal_upper_quantile),
                &case["z"],
            ),
        };
        close(&case.to_string(), z.unwrap(), reference, 1e-13);
    }
}

#[test]
fn corrections() {
    let Some(golden) = golden() else { return };
    let corrections = [
        ("bonferroni", Correction::Bonferroni),
        ("sidak", Correction::Sidak),
        ("holm", Correction::Holm),
        ("hochberg", Correction::Hochberg),
        ("hommel", Correction::Hommel),
        ("bh", Correction::BenjaminiHochberg),
        ("by", Correction::BenjaminiYekutieli),
    ];
    for case in list(&golden["p_adjust"]) {
        let id = case["id"].as_str().unwrap();
        let in_logs = case.get("ln_p").is_some();
        let p: Vec<LogP> = match case.get("ln_p") {
            Some(p) => list(p)
                .iter()
                .map(|p| LogP::from_ln(number(p)).unwrap())
                .collect(),
            None => {
                let p = list(&case["p"]);
                p.iter().map(|p| LogP::from_p(number(p)).unwrap()).collect()
            }
        };
        for (name, correction) in corrections {
            let column = if in_logs {
                format!("ln_{name}")
            } else {
                name.to_owned()
            };
            let Some(mut reference) = case.get(&column) else {
                continue;
            };
            if reference.is_object() {
                reference = &reference["p"];
            }
            for (ours, reference) in correction.adjust(&p).into_iter().zip(list(reference)) {
                let what = format!("{id} {name}");
                if in_logs {
                    close(&what, ours.ln(), reference, 1e-12);
                    continue;
                }
                let (ours, reference) = (ours.p(), number(reference));
                // Near the smallest doubles, exp(ln p) has fewer digits.
                let ok = (ours - reference).abs() <= 1e-12 * reference + 1e-318;
                assert!(ok, "{what}: {ours:e} instead of {reference:e}");
            }
        }
    }
}

#[test]
fn proportions() {
    let Some(golden) = golden() else { return };
    let level = Confidence::new(0.95).unwrap();
    for case in list(&golden["proportion_intervals"]) {
        let (k, n) = (case["k"].as_u64().unwrap(), case["n"].as_u64().unwrap());
        let share = Proportion::new(k, n).unwrap();
        for (name, interval, tolerance) in [
            ("wilson", share.wilson(level), 1e-13),
            ("clopper_pearson", share.clopper_pearson(level), 1e-10),
            ("agresti_coull", share.agresti_coull(level), 1e-12),
        ] {
            let interval = interval.unwrap();
            // Ours are cut at 0 and 1.
            let low = number(&case[name][0]).max(0.0);
            let high = number(&case[name][1]).min(1.0);
            for (ours, reference) in [(interval.low, low), (interval.high, high)] {
                let ok = (ours - reference).abs() <= tolerance * reference + 1e-15;
                assert!(ok, "{name} {k}/{n}: {ours:e} instead of {reference:e}");
            }
        }
        let jeffreys = share.jeffreys(level).unwrap();
        close("jeffreys", jeffreys.low, &case["jeffreys"]["ci"][0], 1e-9);
        close("jeffreys", jeffreys.high, &case["jeffreys"]["ci"][1], 1e-9);
    }
}

#[test]
fn several_labels_per_conversation() {
    let Some(golden) = golden() else { return };
    let data = &golden["multi_response"];
    let conversations = list(&data["conversations"]);
    let ids = |value: &Value| -> Vec<u32> {
        list(value)
            .iter()
            .map(|id| id.as_u64().unwrap() as u32)
            .collect()
    };
    let mut tasks = Observations::builder(3, 5);
    let mut humans = Observations::builder(4, 5);
    for (conversation, id) in conversations.iter().zip(0..) {
        let user = conversation["user"].as_u64().unwrap();
        let task = conversation["task"].as_u64().unwrap() as u32;
        let values = ids(&conversation["ai"]);
        tasks.push_with_user(id, user, &[task], &values).unwrap();
        humans
            .push(id, &ids(&conversation["human"]), &values)
            .unwrap();
    }
    let (tasks, humans) = (tasks.build().unwrap(), humans.build().unwrap());
    let scan = |estimand, observations| {
        let params = AssociationParams::new().estimand(estimand);
        params.build().unwrap().scan(observations)
    };
    let prevalence = scan(Estimand::Prevalence, &tasks);
    let mentions = scan(Estimand::MentionShare, &tasks);
    let mut compared = 0;
    for case in list(&data["task_value_cells"]["cells"]) {
        let (task, value) = (
            case["task"].as_u64().unwrap(),
            case["value"].as_u64().unwrap(),
        );
        let what = format!("task {task} value {value}");
        let Some(pair) = prevalence.get(task as u32, value as u32) else {
            assert_eq!(case["conversations"].as_u64().unwrap(), 0, "{what}");
            continue;
        };
        compared += 1;
        let counts: Vec<u64> = list(&case["table_11_10_01_00"])
            .iter()
            .map(|count| count.as_u64().unwrap())
            .collect();
        assert_eq!(pair.observed, counts[0], "{what}");
        assert_eq!(pair.row_total, counts[0] + counts[1], "{what}");
        assert_eq!(pair.col_total, counts[0] + counts[2], "{what}");
        assert_eq!(pair.n, counts.iter().sum::<u64>(), "{what}");
        assert!(
            pair.users
                .is_some_and(|users| 0 < users && users <= pair.observed)
        );
        close(
            &what,
            pair.adjusted_residual.unwrap(),
            &case["prevalence_z"],
            1e-12,
        );
        let odds = pair.odds_ratio.unwrap();
        close(&what, odds.value.ln(), &case["log_or"], 1e-12);
        let pair = mentions.get(task as u32, value as u32).unwrap();
        close(&what, pair.expected, &case["mention_expected"], 1e-12);
        close(
            &what,
            pair.adjusted_residual.unwrap(),
            &case["mention_z_naive"],
            1e-12,
        );
    }
    assert!(compared >= 12);

    let table = tasks.to_table();
    let reference = &data["mention_count_table"];
    close(
        "mention table",
        table.chi_square().unwrap().statistic,
        &reference["chi2"],
        1e-12,
    );

    let prevalence = scan(Estimand::Prevalence, &humans);
    let pairs = scan(Estimand::PairTable, &humans);
    for case in list(&data["human_ai_pairs"]["pairs"]) {
        let (human, ai) = (
            case["human"].as_u64().unwrap(),
            case["ai"].as_u64().unwrap(),
        );
        let what = format!("human {human} ai {ai}");
        let both = case["both"].as_u64().unwrap();
        let Some(pair) = prevalence.get(human as u32, ai as u32) else {
            assert_eq!(both, 0, "{what}");
            continue;
        };
        assert_eq!(pair.observed, both);
        close(
            &what,
            pair.adjusted_residual.unwrap(),
            &case["prevalence_z"],
            1e-12,
        );
        let pair = pairs.get(human as u32, ai as u32).unwrap();
        close(&what, pair.expected, &case["pair_table_expected"], 1e-12);
        close(
            &what,
            pair.adjusted_residual.unwrap(),
            &case["pair_table_z"],
            1e-12,
        );
    }
}

/// The generator named in the file's recipe.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * 2.0_f64.powi(-53)
    }
}

#[test]
fn a_large_sparse_table() {
    let Some(golden) = golden() else { return };
    let reference = &golden["generated_large"];
    let mut random = SplitMix(3_307_500);
    let mut builder = TableBuilder::new();
    for _ in 0..200_000 {
        let (u, v) = (random.unit(), random.unit());
        let i = (3307.0 * u * u * u) as u32;
        let mut j = (500.0 * v * v) as u32;
        if random.next().is_multiple_of(8) {
            j = (i * 7919) % 500;
        }
        builder.push(i, j).unwrap();
    }
    let table = builder.build();
    assert_eq!(
        table.cells().len() as u64,
        reference["nonzero_cells"].as_u64().unwrap()
    );
    let test = table.chi_square().unwrap();
    close("chi2", test.statistic, &reference["chi2"], 1e-12);
    assert_eq!(test.dof, reference["dof"].as_u64().unwrap());
    close("ln p", test.ln_p.ln(), &reference["ln_p"], 1e-12);
    let summary = table.expected_summary().unwrap();
    let at_least_5 = summary.cells - summary.below_5;
    assert_eq!(
        at_least_5,
        reference["cells_expected_at_least_5"].as_u64().unwrap()
    );

    let mut cells: Vec<_> = table.residuals().collect();
    cells.sort_by(|a, b| b.adjusted.unwrap().total_cmp(&a.adjusted.unwrap()));
    for (cell, reference) in cells.iter().zip(list(&reference["top_adjusted"])) {
        assert_eq!(u64::from(cell.row), reference["row"].as_u64().unwrap());
        assert_eq!(u64::from(cell.col), reference["col"].as_u64().unwrap());
        close(
            "top residual",
            cell.adjusted.unwrap(),
            &reference["r"],
            1e-12,
        );
    }
    let depleted = table.depleted(-2.0);
    let below = reference["zero_cells_below_minus_2"].as_u64().unwrap();
    assert_eq!(depleted.len() as u64, below);
    for (cell, reference) in depleted
        .iter()
        .zip(list(&reference["most_depleted_zero_cells"]))
    {
        assert_eq!(u64::from(cell.row), reference["row"].as_u64().unwrap());
        assert_eq!(u64::from(cell.col), reference["col"].as_u64().unwrap());
        close("depleted", cell.adjusted.unwrap(), &reference["r"], 1e-12);
    }
    let family = &reference["bonferroni_all_cells"];
    let critical = bonferroni_critical_z(0.05, family["m"].as_u64().unwrap()).unwrap();
    close("critical", critical, &family["critical"], 1e-13);
    let above = cells
        .iter()
        .filter(|cell| cell.adjusted.unwrap().abs() > critical);
    assert_eq!(above.count() as u64, family["cells"].as_u64().unwrap());
}
