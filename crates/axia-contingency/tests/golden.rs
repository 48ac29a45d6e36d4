//! Reference values in `testdata/golden.json`, made by `testdata/golden.py`.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{
    Confidence, Correction, ExactMethod, Hypergeometric, LogP, Proportion, Table, TwoByTwo,
    chi_square_upper, normal_two_sided,
};
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn golden() -> Value {
    serde_json::from_str(include_str!("../testdata/golden.json")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[track_caller]
fn close(what: &str, ours: f64, reference: &Value) {
    let reference = reference.as_f64().unwrap();
    let error = (ours - reference).abs();
    assert!(
        error <= TOLERANCE * reference.abs().max(1.0) && error <= 1e-9 * reference.abs() + 1e-13,
        "{what}: {ours} instead of {reference}"
    );
}

/// Equal within the tolerance, or undefined on both sides.
#[track_caller]
fn close_or_undefined(what: &str, ours: Option<f64>, reference: &Value) {
    match ours {
        Some(ours) => close(what, ours, reference),
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
    let golden = golden();
    let mut cells = 0;
    for case in list(&golden["tables"]) {
        let id = case["id"].as_str().unwrap();
        let table = table(&case["observed"]);
        let test = table.chi_square().unwrap();
        close(id, test.statistic, &case["chi2"]);
        assert_eq!(test.dof, case["dof"].as_u64().unwrap(), "{id}");
        close(id, test.ln_p.ln(), &case["ln_p"]);
        close(id, test.ln_p.log10(), &case["log10_p"]);
        close(id, table.g_test().unwrap().statistic, &case["g"]);
        for (name, lambda) in [("cressie_read", 2.0 / 3.0), ("freeman_tukey", -0.5)] {
            let divergence = table.power_divergence(lambda).unwrap();
            close(id, divergence.statistic, &case[name]);
        }
        close_or_undefined(id, table.cramers_v(), &case["cramers_v"]);
        let corrected = &case["cramers_v_bias_corrected"];
        close_or_undefined(id, table.cramers_v_bias_corrected(), corrected);
        let summary = table.expected_summary().unwrap();
        assert_eq!(summary.cells, case["cells"].as_u64().unwrap(), "{id}");
        assert_eq!(summary.below_5, case["below_5"].as_u64().unwrap(), "{id}");
        assert_eq!(summary.below_1, case["below_1"].as_u64().unwrap(), "{id}");
        close(id, summary.smallest, &case["smallest_expected"]);
        for (i, line) in list(&case["observed"]).iter().enumerate() {
            for j in 0..list(line).len() {
                let (row, col) = (i as u32, j as u32);
                close_or_undefined(id, table.expected(row, col), &case["expected"][i][j]);
                close_or_undefined(id, table.pearson_residual(row, col), &case["pearson"][i][j]);
                close_or_undefined(
                    id,
                    table.adjusted_residual(row, col),
                    &case["adjusted"][i][j],
                );
                cells += 1;
            }
        }
    }
    assert!(cells > 80, "only {cells} cells were compared");
}

#[test]
fn two_by_two() {
    let golden = golden();
    let level = Confidence::new(0.95).unwrap();
    let mut compared = 0;
    for case in list(&golden["tables"]) {
        let Some(effects) = case.get("two_by_two") else {
            continue;
        };
        let id = case["id"].as_str().unwrap();
        let cell = |i: usize, j: usize| case["observed"][i][j].as_u64().unwrap();
        let table = TwoByTwo::from_cells(cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)).unwrap();
        let difference = table.risk_difference(level).unwrap();
        close(id, difference.value, &effects["risk_difference"]);
        close(id, difference.low, &effects["newcombe_95"][0]);
        close(id, difference.high, &effects["newcombe_95"][1]);
        let odds = table.odds_ratio(level).unwrap();
        close(id, odds.value, &effects["odds_ratio"]);
        close(id, odds.low, &effects["woolf_95"][0]);
        close(id, odds.high, &effects["woolf_95"][1]);
        assert_eq!(odds.zero_cell, effects["zero_cell"].as_bool().unwrap());
        close_or_undefined(id, table.adjusted_residual(), &case["adjusted"][0][0]);
        close_or_undefined(id, table.smallest_expected(), &case["smallest_expected"]);
        compared += 1;
    }
    assert!(compared >= 7);
}

#[test]
fn proportions() {
    let golden = golden();
    let level = Confidence::new(0.95).unwrap();
    for case in list(&golden["proportions"]) {
        let share =
            Proportion::new(case["k"].as_u64().unwrap(), case["n"].as_u64().unwrap()).unwrap();
        for (name, interval) in [
            ("wilson_95", share.wilson(level)),
            ("clopper_pearson_95", share.clopper_pearson(level)),
            ("agresti_coull_95", share.agresti_coull(level)),
        ] {
            let interval = interval.unwrap();
            close(&format!("{name} {share:?}"), interval.low, &case[name][0]);
            close(&format!("{name} {share:?}"), interval.high, &case[name][1]);
        }
    }
}

#[test]
fn corrections() {
    let golden = golden();
    let case = &golden["corrections"];
    let p: Vec<LogP> = list(&case["p"])
        .iter()
        .map(|p| LogP::from_p(p.as_f64().unwrap()).unwrap())
        .collect();
    for (name, correction) in [
        ("bonferroni", Correction::Bonferroni),
        ("sidak", Correction::Sidak),
        ("holm", Correction::Holm),
        ("hochberg", Correction::Hochberg),
        ("hommel", Correction::Hommel),
        ("benjamini_hochberg", Correction::BenjaminiHochberg),
        ("benjamini_yekutieli", Correction::BenjaminiYekutieli),
    ] {
        for (ours, reference) in correction.adjust(&p).iter().zip(list(&case[name])) {
            close(name, ours.p(), reference);
        }
    }
}

#[test]
fn exact() {
    let golden = golden();
    for case in list(&golden["exact"]) {
        let count = |name: &str| case[name].as_u64().unwrap();
        let (k, n) = (count("observed"), count("n"));
        let ours = Hypergeometric::new(count("row_total"), count("col_total"), n).unwrap();
        let two_sided = |method| ours.two_sided(k, method).unwrap();
        for (name, ours) in [
            ("ln_pmf", ours.ln_pmf(k)),
            ("ln_lower", ours.lower(k)),
            ("ln_upper", ours.upper(k)),
            ("ln_central", two_sided(ExactMethod::Central)),
            ("ln_central_mid_p", two_sided(ExactMethod::CentralMidP)),
            ("ln_min_likelihood", two_sided(ExactMethod::MinLikelihood)),
        ] {
            close(&format!("{name} {case}"), ours.ln(), &case[name]);
        }
    }
}

#[test]
fn tails() {
    let golden = golden();
    for case in list(&golden["tails"]["chi_square"]) {
        let (x, dof) = (case["x"].as_f64().unwrap(), case["dof"].as_u64().unwrap());
        close(
            &case.to_string(),
            chi_square_upper(x, dof).unwrap().ln(),
            &case["ln_p"],
        );
    }
    for case in list(&golden["tails"]["normal_two_sided"]) {
        let p = normal_two_sided(case["z"].as_f64().unwrap()).unwrap();
        close(&case.to_string(), p.ln(), &case["ln_p"]);
    }
}
