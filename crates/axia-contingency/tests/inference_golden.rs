//! Reference values for strata, comparisons, context invariance and watching: `stats-golden.json` in the folder that
//! `AXIA_SHARED_DATA` names.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use std::io::Write;
use std::path::Path;

use axia_contingency::{
    ArmShares, ChiSquareTest, Confidence, ContextInvariance, Divergence, McNemar, Proportion,
    SquareTable, StratifiedTwoByTwo, Table, Trend, TwoByTwo, generalized_cmh,
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

#[track_caller]
fn close(what: &str, ours: f64, reference: &Value, tolerance: f64) {
    let reference = reference.as_f64().unwrap();
    let error = (ours - reference).abs();
    let allowed = tolerance * reference.abs() + 1e-13;
    assert!(
        error <= allowed,
        "{what}: {ours} instead of {reference}, off by {error:e}"
    );
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn counts(value: &Value) -> Vec<u64> {
    list(value).iter().map(count).collect()
}

fn table(observed: &Value) -> Table {
    let rows = list(observed).iter().zip(0..);
    Table::from_counts(rows.flat_map(|(row, i)| {
        let cells = list(row).iter().zip(0..);
        cells.map(move |(cell, j)| (i, j, count(cell)))
    }))
    .unwrap()
}

#[track_caller]
fn same_test(what: &str, ours: ChiSquareTest, reference: &Value, tolerance: f64) {
    close(what, ours.statistic, &reference["chi2"], tolerance);
    assert_eq!(ours.dof, count(&reference["dof"]), "{what}");
    close(what, ours.ln_p.ln(), &reference["ln_p"], tolerance);
}

#[test]
fn stratified() {
    let Some(golden) = golden() else { return };
    let level = Confidence::new(0.95).unwrap();
    let mut exact = 0;
    for case in list(&golden["stratified"]) {
        let id = case["id"].as_str().unwrap();
        let tables = list(&case["strata"]).iter().map(|s| {
            let cell = |i: usize, j: usize| count(&s[i][j]);
            TwoByTwo::from_cells(cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)).unwrap()
        });
        let strata = StratifiedTwoByTwo::new(tables).unwrap();
        let odds = strata.odds_ratio(level).unwrap();
        close(id, odds.value, &case["mh_odds_ratio"], 1e-12);
        close(id, odds.low, &case["mh_or_95"][0], 1e-12);
        close(id, odds.high, &case["mh_or_95"][1], 1e-12);
        let error = (odds.high / odds.low).ln() / (2.0 * level.z());
        close(id, error, &case["mh_log_or_se_rbg"], 1e-12);
        let ratio = strata.risk_ratio(level).unwrap();
        close(id, ratio.value, &case["mh_risk_ratio"], 1e-12);
        let difference = strata.risk_difference(level).unwrap();
        close(id, difference.value, &case["mh_risk_difference"], 1e-12);
        let cmh = strata.cmh().unwrap();
        close(id, cmh.statistic, &case["cmh"], 1e-12);
        close(id, cmh.z, &case["cmh_signed_z"], 1e-12);
        close(id, cmh.ln_p.ln(), &case["cmh_test"]["ln_p"], 1e-12);
        let corrected = strata.cmh_continuity().unwrap();
        close(id, corrected.statistic, &case["cmh_continuity"], 1e-12);
        let reference = &case["cmh_continuity_test"]["ln_p"];
        close(id, corrected.ln_p.ln(), reference, 1e-12);
        let crude = strata.crude();
        let value = crude.odds_ratio(level).unwrap().value;
        close(id, value, &case["crude_odds_ratio"], 1e-12);
        let z = crude.adjusted_residual().unwrap();
        close(id, z * z, &case["crude_chi2"], 1e-12);
        let opposite = (value > 1.0) != (odds.value > 1.0);
        assert_eq!(strata.reversal().unwrap().reversed, opposite, "{id}");
        let homogeneity = strata.breslow_day().unwrap();
        same_test(id, homogeneity.plain, &case["breslow_day"], 1e-11);
        same_test(id, homogeneity.tarone, &case["breslow_day_tarone"], 1e-11);
        let (woolf, reference) = (strata.woolf().unwrap(), &case["woolf_homogeneity"]);
        close(id, woolf.test.statistic, &reference["chi2"], 1e-12);
        assert_eq!(woolf.test.dof, count(&reference["dof"]));
        let pooled = &reference["pooled_log_or_inverse_variance"];
        close(id, woolf.pooled_log_odds_ratio, pooled, 1e-12);
        assert_eq!(
            woolf.half_added,
            reference["continuity"].as_f64().unwrap() > 0.0
        );
        if let Some(p) = case.get("exact_conditional_p") {
            exact += 1;
            // R prints fifteen digits.
            let ours = strata.exact_conditional().unwrap().p();
            close(id, ours, &p["p"], 1e-12);
        }
    }
    assert_eq!(exact, 4);
}

#[test]
fn generalized() {
    let Some(golden) = golden() else { return };
    let mut compared = 0;
    for case in list(&golden["generalized_cmh"]) {
        // Those without strata are on R's own data sets.
        let Some(strata) = case.get("strata") else {
            continue;
        };
        compared += 1;
        let strata: Vec<Table> = list(strata).iter().map(table).collect();
        let test = generalized_cmh(&strata).unwrap().unwrap();
        close("M2", test.statistic, &case["M2"], 1e-12);
        assert_eq!(test.dof, count(&case["df"]));
        close("p", test.ln_p.p(), &case["p"], 1e-12);
    }
    assert_eq!(compared, 1);
}

#[test]
fn square_tables() {
    let Some(golden) = golden() else { return };
    for case in list(&golden["square"]) {
        let id = case["id"].as_str().unwrap();
        let square = SquareTable::new(table(&case["observed"]));
        let bowker = square.bowker().unwrap();
        close(id, bowker.statistic, &case["bowker_chi2"], 1e-12);
        assert_eq!(bowker.dof, count(&case["dof"]));
        close(id, bowker.ln_p.ln(), &case["ln_p"], 1e-12);
        let (homogeneity, reference) = (square.stuart_maxwell().unwrap(), &case["stuart_maxwell"]);
        close(id, homogeneity.statistic, &reference["chi2"], 1e-11);
        assert_eq!(homogeneity.dof, count(&reference["dof"]));
        if let Some(exact) = case.get("mcnemar_exact_p") {
            let pairs = McNemar::new(
                count(&case["observed"][0][1]),
                count(&case["observed"][1][0]),
            );
            let pairs = pairs.unwrap();
            close(id, pairs.exact().p(), exact, 1e-12);
            let corrected = pairs.statistic_continuity().unwrap();
            close(id, corrected, &case["mcnemar_continuity_chi2"], 1e-12);
        }
    }
}

#[test]
fn trends() {
    let Some(golden) = golden() else { return };
    for case in list(&golden["trend"]) {
        let mut trend = Trend::new();
        for ((k, n), score) in counts(&case["x"])
            .into_iter()
            .zip(counts(&case["n"]))
            .zip(list(&case["score"]))
        {
            let share = Proportion::new(k, n).unwrap();
            trend.push(score.as_f64().unwrap(), share).unwrap();
        }
        let test = trend.test().unwrap();
        let id = case["id"].as_str().unwrap();
        close(id, test.statistic, &case["cochran_armitage_chi2"], 1e-12);
        close(id, test.ln_p.ln(), &case["ln_p"], 1e-12);
    }
}

#[test]
fn divergences() {
    let Some(golden) = golden() else { return };
    for case in list(&golden["drift"]) {
        let (a, b) = (counts(&case["a"]), counts(&case["b"]));
        let ours = Divergence::between(&a, &b).unwrap().unwrap();
        for (name, value) in [
            ("js_nats", ours.jensen_shannon),
            ("js_distance_bits", ours.jensen_shannon_distance),
            ("psi_half_count_smoothing", ours.psi_smoothed),
            ("hellinger", ours.hellinger),
            ("total_variation", ours.total_variation),
            ("cosine", ours.cosine),
        ] {
            close(name, value, &case[name], 1e-12);
        }
        for (name, value) in [("kl_ab_nats", ours.kullback_leibler), ("psi", ours.psi)] {
            match value {
                Some(value) => close(name, value, &case[name], 1e-12),
                None => assert_eq!(case[name], "inf"),
            }
        }
    }
}

#[test]
fn e_values() {
    let Some(golden) = golden() else { return };
    for case in list(&golden["e_values"]) {
        let shares: Vec<f64> = list(&case["rho"])
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        let arms = ArmShares::new(&shares, case["concentration"].as_f64().unwrap()).unwrap();
        let e = arms.e_value(&counts(&case["counts"])).unwrap();
        close("ln e", e.ln(), &case["ln_e"], 1e-12);
        close("p", e.anytime_p().p(), &case["anytime_p"], 1e-12);
    }
}

#[test]
fn context_invariance() {
    let Some(golden) = golden() else { return };
    let reference = &golden["multi_response"]["invariance"];
    let sizes = counts(&reference["sizes"]);
    for case in list(&reference["values"]) {
        let contexts: Vec<(u64, u64)> = counts(&case["counts"])
            .into_iter()
            .zip(sizes.iter().copied())
            .collect();
        let ours = ContextInvariance::new(&contexts).unwrap().unwrap();
        close(
            "sizes",
            ours.cv_sizes,
            &reference["cv_sizes_population"],
            1e-12,
        );
        for (name, value) in [
            ("cv_counts_population", ours.cv_counts),
            ("cv_rate_population", ours.cv_rate),
            ("cv_rate_sample", ours.cv_rate_sample),
            ("cv_rate_weighted", ours.cv_rate_weighted),
            ("cv_rate_weighted_noise_corrected", ours.cv_rate_adjusted),
            ("entropy_of_shares_bits", ours.entropy_bits),
            ("kl_shares_vs_sizes_nats", ours.divergence),
        ] {
            close(name, value, &case[name], 1e-12);
        }
    }
}
