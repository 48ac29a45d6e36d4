//! Reference values for strata, comparisons, context invariance and watching: `stats-golden.json` in the folder that
//! `AXIA_SHARED_DATA` names.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use std::io::Write;
use std::path::Path;

use axia_contingency::{
    ArmShares, ChiSquareTest, ClusteredParams, Confidence, ContextInvariance, ConversationEntry,
    Conversations, Divergence, Estimand, MarginalIndependence, McNemar, Mirroring,
    PairwiseIndependence, Proportion, SquareTable, StratifiedAssociations, StratifiedTwoByTwo,
    StratifyBy, Table, Trend, TwoByTwo, generalized_cmh, rao_scott_by_user,
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

/// The set with several labels per conversation; facets: task, AI values, human values, response type.
fn conversations(reference: &Value) -> Conversations {
    let mut builder = Conversations::builder(&[3, 5, 4, 3]);
    for (case, id) in list(reference).iter().zip(0..) {
        let ids = |name: &str| -> Vec<u32> {
            list(&case[name]).iter().map(|v| count(v) as u32).collect()
        };
        let one = |name: &str| count(&case[name]) as u32;
        let (task, response) = ([one("task")], [one("response")]);
        let (ai, human) = (ids("ai"), ids("human"));
        let labels: [&[u32]; 4] = [&task, &ai, &human, &response];
        let entry = ConversationEntry::new(id, &labels);
        builder.push(&entry.user(count(&case["user"]))).unwrap();
    }
    builder.build().unwrap()
}

/// The same without users.
fn without_users(all: &Conversations) -> Conversations {
    let mut builder = Conversations::builder(&all.sizes());
    for view in all {
        let labels: Vec<&[u32]> = (0..all.n_facets())
            .map(|facet| view.labels(facet))
            .collect();
        builder
            .push(&ConversationEntry::new(view.id(), &labels))
            .unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn marginal_independence() {
    let Some(golden) = golden() else { return };
    let golden = &golden["multi_response"];
    let all = without_users(&conversations(&golden["conversations"]));
    let ours = MarginalIndependence::test(&all, 0, 1, 0).unwrap().unwrap();
    let reference = &golden["mmi_task_x_ai"];
    for (test, x2) in ours.values.iter().zip(list(&reference["x2_per_value"])) {
        close("value", test.statistic, x2, 1e-12);
    }
    for (name, value) in [
        ("x2_sum", ours.sum.statistic),
        ("naive_dof", ours.sum.naive_dof),
        ("trace_first_order", ours.sum.trace),
        ("trace_squared", ours.sum.trace_squared),
        ("bonferroni_p", ours.ln_p_bonferroni.p()),
        (
            "frobenius_sq_of_value_correlations",
            25.0 / ours.effective_values,
        ),
    ] {
        close(name, value, &reference[name], 1e-12);
    }
    for (name, sum) in [
        ("rao_scott_2", ours.sum),
        ("rao_scott_2_pooled_shortcut", ours.shortcut),
    ] {
        let reference = &reference[name];
        close(
            name,
            sum.adjusted_statistic,
            &reference["x2_adjusted"],
            1e-12,
        );
        close(name, sum.adjusted_dof, &reference["dof"], 1e-12);
        close(name, sum.ln_p.ln(), &reference["ln_p"], 1e-12);
    }
}

#[test]
fn pairwise_independence() {
    let Some(golden) = golden() else { return };
    let golden = &golden["multi_response"];
    let all = without_users(&conversations(&golden["conversations"]));
    let ours = PairwiseIndependence::test(&all, 2, 1, 0).unwrap().unwrap();
    let reference = &golden["spmi_human_x_ai"];
    close("x2", ours.sum.statistic, &reference["x2_sum"], 1e-12);
    close("dof", ours.sum.naive_dof, &reference["naive_dof"], 1e-12);
    close(
        "trace",
        ours.sum.trace_squared,
        &reference["trace_squared"],
        1e-12,
    );
    close(
        "bonferroni",
        ours.ln_p_bonferroni.p(),
        &reference["bonferroni_p"],
        1e-12,
    );
    let reference = &reference["rao_scott_2"];
    close(
        "x2",
        ours.sum.adjusted_statistic,
        &reference["x2_adjusted"],
        1e-12,
    );
    close("dof", ours.sum.adjusted_dof, &reference["dof"], 1e-12);
    close("p", ours.sum.ln_p.ln(), &reference["ln_p"], 1e-12);
}

#[test]
fn clustered_pairs() {
    let Some(golden) = golden() else { return };
    let golden = &golden["multi_response"];
    let all = conversations(&golden["conversations"]);
    let scan = |estimand| {
        let scan = ClusteredParams::new().estimand(estimand).build().unwrap();
        scan.scan(&all, 0, 1).unwrap()
    };
    let (prevalence, mentions) = (scan(Estimand::Prevalence), scan(Estimand::MentionShare));
    let mut odds = 0;
    for case in list(&golden["task_value_cells"]["cells"]) {
        let (row, col) = (count(&case["task"]) as u32, count(&case["value"]) as u32);
        let pair = prevalence.get(row, col).unwrap();
        assert_eq!(pair.observed, count(&case["conversations"]));
        close(
            "z",
            pair.adjusted_residual.unwrap(),
            &case["prevalence_z"],
            1e-12,
        );
        close(
            "robust z",
            pair.robust_residual.unwrap(),
            &case["prevalence_z_cluster"],
            1e-12,
        );
        close(
            "design effect",
            pair.design_effect.unwrap(),
            &case["design_effect"],
            1e-12,
        );
        let pair_m = mentions.get(row, col).unwrap();
        close(
            "mention z",
            pair_m.adjusted_residual.unwrap(),
            &case["mention_z_naive"],
            1e-12,
        );
        close(
            "robust mention z",
            pair_m.robust_residual.unwrap(),
            &case["mention_z_cluster"],
            1e-12,
        );
        if case.get("log_or").is_some() {
            odds += 1;
            let ours = pair.log_odds_ratio.unwrap();
            close("log or", ours.value, &case["log_or"], 1e-12);
            let effect = pair.log_odds_design_effect.unwrap();
            close("log or deff", effect, &case["design_effect_log_or"], 1e-12);
            // 30 users: Student's quantile with 29 degrees of freedom, 2.045229642132703 in R.
            let error = (ours.high - ours.low) / (2.0 * 2.045_229_642_132_703);
            close("log or se", error, &case["log_or_se_cluster"], 1e-12);
            assert_eq!(prevalence.clusters - 1, count(&case["rao_scott_ddf"]));
        }
    }
    assert!(odds > 10);
    // R survey: F 1.7685 on 1 and 29 degrees of freedom.
    let ours = prevalence.get(0, 1).unwrap().rao_scott_ln_p.unwrap();
    close(
        "p",
        ours.p(),
        &golden["design_based"]["task_0_vs_rest"]["p"],
        1e-11,
    );
}

#[test]
fn rao_scott() {
    let Some(golden) = golden() else { return };
    let golden = &golden["multi_response"];
    let mut users: Vec<Vec<(u32, u32, u64)>> = Vec::new();
    for case in list(&golden["conversations"]) {
        let user = count(&case["user"]) as usize;
        if users.len() <= user {
            users.resize(user + 1, Vec::new());
        }
        let shows = list(&case["ai"]).iter().any(|v| count(v) == 1);
        users[user].push((count(&case["task"]) as u32, u32::from(shows), 1));
    }
    let ours = rao_scott_by_user(users.iter().map(Vec::as_slice))
        .unwrap()
        .unwrap();
    let reference = &golden["rao_scott_table_value_1"];
    for (name, value) in [
        ("x2", ours.statistic),
        ("trace", ours.trace),
        ("trace_squared", ours.trace_squared),
        ("f", ours.f),
        ("ndf", ours.numerator_dof),
        ("ddf", ours.denominator_dof),
        ("p", ours.ln_p.p()),
    ] {
        close(name, value, &reference[name], 1e-12);
    }
    let first = &golden["design_based"]["task_3_levels"]["p_first_order"];
    close("first order", ours.ln_p_first_order.p(), first, 1e-12);
}

#[test]
fn pairs_within_label_counts() {
    let Some(golden) = golden() else { return };
    let golden = &golden["multi_response"];
    let all = conversations(&golden["conversations"]);
    let ours = StratifiedAssociations::of(&all, 2, 1, StratifyBy::LabelCounts).unwrap();
    for case in list(&golden["human_ai_pairs"]["pairs"]) {
        let (row, col) = (count(&case["human"]) as u32, count(&case["ai"]) as u32);
        if let Some(pair) = ours.get(row, col) {
            assert_eq!(pair.observed, count(&case["both"]));
            close("crude", pair.crude_z.unwrap(), &case["prevalence_z"], 1e-12);
            let z = &case["cmh_z_by_label_counts"];
            close("z", pair.z.unwrap(), z, 1e-12);
        } else {
            assert_eq!(count(&case["both"]), 0);
        }
        let single = all.stratified_pair_by_user((2, row), (1, col), StratifyBy::LabelCounts);
        close(
            "single",
            single.unwrap().unwrap().z,
            &case["cmh_z_by_label_counts"],
            1e-11,
        );
    }
}

#[test]
fn mirroring() {
    let Some(golden) = golden() else { return };
    let golden = &golden["multi_response"];
    let reference = &golden["mirroring"];
    let all = conversations(&golden["conversations"]);
    let level = Confidence::new(0.95).unwrap();
    let ours = Mirroring::of(&all, 2, 1, level).unwrap().unwrap();
    assert_eq!(ours.eligible, count(&reference["eligible"]));
    assert_eq!(ours.mirrored, count(&reference["mirrored"]));
    close("rate", ours.share.value, &reference["rate"], 1e-12);
    close("chance", ours.chance, &reference["chance_rate_all"], 1e-12);
    close(
        "eligible",
        ours.chance_eligible,
        &reference["chance_rate_eligible"],
        1e-12,
    );
    close(
        "lift",
        ours.lift.unwrap().value,
        &reference["lift_all"],
        1e-12,
    );
    for (value, case) in ours.values.iter().zip(list(&reference["per_value"])) {
        assert_eq!(u64::from(value.value), count(&case["value"]));
        assert_eq!(value.human, count(&case["human"]));
        assert_eq!(value.ai, count(&case["ai"]));
        assert_eq!(value.both, count(&case["both"]));
        close("expected", value.expected, &case["expected_both"], 1e-12);
    }
}
