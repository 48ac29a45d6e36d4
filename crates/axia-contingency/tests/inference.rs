//! Reference values in `testdata/inference.json`, made by `testdata/inference.py`: strata, several labels, users, weights,
//! comparisons and intervals.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{
    ArmShares, AssociationParams, ClusteredParams, Confidence, ContextInvariance,
    ConversationEntry, Conversations, Correction, Divergence, Estimand, Estimate, Exact, Interval,
    LogP, MarginalIndependence, McNemar, Mirroring, PairwiseIndependence, Proportion, SquareTable,
    StratifiedTwoByTwo, StratifyBy, Table, TwoByTwo, generalized_cmh, log_odds_dirichlet,
    rao_scott_by_user, sison_glaz_intervals,
};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../testdata/inference.json")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn counts(value: &Value) -> Vec<u64> {
    list(value).iter().map(count).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Of what is computed directly, and of what is found by iteration.
const DIRECT: f64 = 1e-12;
const ITERATED: f64 = 1e-9;

#[track_caller]
fn near(what: &str, ours: f64, reference: &Value, tolerance: f64) {
    let reference = number(reference);
    let error = (ours - reference).abs();
    assert!(
        error <= tolerance * reference.abs() + 1e-13,
        "{what}: {ours} instead of {reference}, off by {error:e}"
    );
}

#[track_caller]
fn close(what: &str, ours: f64, reference: &Value) {
    near(what, ours, reference, DIRECT);
}

#[track_caller]
fn bounds(what: &str, ours: Interval, reference: &Value, tolerance: f64) {
    near(what, ours.low, &reference[0], tolerance);
    near(what, ours.high, &reference[1], tolerance);
}

/// Value, lower and upper bound.
#[track_caller]
fn estimate(what: &str, ours: Estimate, reference: &Value) {
    close(what, ours.value, &reference[0]);
    bounds(
        what,
        ours.interval(),
        &Value::from(list(reference)[1..].to_vec()),
        DIRECT,
    );
}

fn level() -> Confidence {
    Confidence::new(0.95).unwrap()
}

fn two_by_two(cells: &Value) -> TwoByTwo {
    let [a, b, c, d] = counts(cells)[..] else {
        panic!()
    };
    TwoByTwo::from_cells(a, b, c, d).unwrap()
}

fn table(rows: &Value) -> Table {
    let rows = list(rows).iter().zip(0..);
    Table::from_counts(rows.flat_map(|(row, i)| {
        counts(row)
            .into_iter()
            .zip(0..)
            .map(move |(count, j)| (i, j, count))
    }))
    .unwrap()
}

/// Task, AI values, human values and response type of each conversation, with or without its user and weight.
fn conversations(users: bool, weights: bool) -> Conversations {
    let golden = golden();
    let mut builder = Conversations::builder(&[3, 5, 4, 3]);
    for (case, id) in list(&golden["conversations"]).iter().zip(0..) {
        let ids = |name: &str| -> Vec<u32> {
            list(&case[name]).iter().map(|v| count(v) as u32).collect()
        };
        let one = |name: &str| [count(&case[name]) as u32];
        let (task, ai, human, response) = (one("task"), ids("ai"), ids("human"), one("response"));
        let labels: [&[u32]; 4] = [&task, &ai, &human, &response];
        let mut entry = ConversationEntry::new(id, &labels);
        if users {
            entry = entry.user(count(&case["user"]));
        }
        if weights {
            entry = entry.weight(number(&case["weight"]));
        }
        builder.push(&entry).unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn strata() {
    let golden = golden();
    for (name, case) in golden["strata"].as_object().unwrap() {
        let tables = list(&case["tables"]).iter().map(two_by_two);
        let strata = StratifiedTwoByTwo::new(tables).unwrap();
        let cmh = strata.cmh().unwrap();
        close(name, cmh.statistic, &case["cmh"]);
        close(name, cmh.z, &case["z"]);
        close(name, cmh.ln_p.ln(), &case["ln_p"]);
        let corrected = strata.cmh_continuity().unwrap();
        close(name, corrected.statistic, &case["cmh_continuity"]);
        let odds = strata.odds_ratio(level()).unwrap();
        close(name, odds.value, &case["odds_ratio"]);
        bounds(name, odds.interval(), &case["odds_ratio_95"], DIRECT);
        let ratio = strata.risk_ratio(level()).unwrap();
        close(name, ratio.value, &case["risk_ratio"]);
        bounds(name, ratio.interval(), &case["risk_ratio_95"], DIRECT);
        let difference = strata.risk_difference(level()).unwrap();
        close(name, difference.value, &case["risk_difference"]);
        let homogeneity = strata.breslow_day().unwrap();
        assert_eq!(homogeneity.strata as u64, count(&case["strata"]), "{name}");
        near(
            name,
            homogeneity.plain.statistic,
            &case["breslow_day"],
            1e-11,
        );
        near(
            name,
            homogeneity.plain.ln_p.ln(),
            &case["breslow_day_ln_p"],
            1e-11,
        );
        near(name, homogeneity.tarone.statistic, &case["tarone"], 1e-11);
        let woolf = strata.woolf().unwrap();
        close(name, woolf.pooled_log_odds_ratio, &case["woolf_pooled"]);
        close(name, woolf.test.statistic, &case["woolf"]);
        assert_eq!(
            woolf.half_added,
            case["half_added"].as_bool().unwrap(),
            "{name}"
        );
    }
    for (name, case) in golden["generalized"].as_object().unwrap() {
        let strata: Vec<Table> = list(&case["strata"]).iter().map(table).collect();
        let test = generalized_cmh(&strata).unwrap().unwrap();
        close(name, test.statistic, &case["statistic"]);
        assert_eq!(test.dof, count(&case["dof"]), "{name}");
        close(name, test.ln_p.ln(), &case["ln_p"]);
    }
}

#[test]
fn pairs_by_user() {
    let golden = golden();
    let all = conversations(true, false);
    let scan = |estimand| {
        let scan = ClusteredParams::new().estimand(estimand).build().unwrap();
        scan.scan(&all, 0, 1).unwrap()
    };
    let (found, mentions) = (scan(Estimand::Prevalence), scan(Estimand::MentionShare));
    assert_eq!(list(&golden["pairs"]).len(), found.pairs.len());
    for (case, of_mentions) in list(&golden["pairs"]).iter().zip(list(&golden["mentions"])) {
        let (row, col) = (count(&case["row"]) as u32, count(&case["col"]) as u32);
        let what = format!("{row} {col}");
        let pair = found.get(row, col).unwrap();
        close(
            &what,
            pair.adjusted_residual.unwrap(),
            &case["adjusted_residual"],
        );
        close(
            &what,
            pair.robust_residual.unwrap(),
            &case["robust_residual"],
        );
        close(&what, pair.design_effect.unwrap(), &case["design_effect"]);
        estimate(&what, pair.log_odds_ratio.unwrap(), &case["log_odds_ratio"]);
        close(
            &what,
            pair.rao_scott_ln_p.unwrap().ln(),
            &case["rao_scott_ln_p"],
        );
        estimate(
            &what,
            pair.risk_difference.unwrap(),
            &case["risk_difference"],
        );
        estimate(&what, pair.risk_ratio.unwrap(), &case["risk_ratio"]);
        let pair = mentions.get(row, col).unwrap();
        close(
            &what,
            pair.robust_residual.unwrap(),
            &of_mentions["robust_residual"],
        );
    }
    let shares = all.prevalence_by_user(1, level()).unwrap();
    for (share, case) in shares.iter().zip(list(&golden["prevalence"])) {
        close("share", share.value, &case["value"]);
        assert_eq!(share.count, count(&case["count"]));
        close(
            "share",
            share.design_effect.unwrap(),
            &case["design_effect"],
        );
        close("share", share.n_effective, &case["n_effective"]);
        bounds("share", share.interval, &case["interval"], DIRECT);
    }
    for case in list(&golden["rao_scott"]) {
        let value = count(&case["value"]) as u32;
        let mut users: Vec<Vec<(u32, u32, u64)>> = vec![Vec::new(); all.n_users().unwrap()];
        for view in &all {
            let shows = u32::from(view.labels(1).contains(&value));
            users[view.user().unwrap() as usize].push((view.labels(0)[0], shows, 1));
        }
        let ours = rao_scott_by_user(users.iter().map(Vec::as_slice));
        let ours = ours.unwrap().unwrap();
        for (name, own) in [
            ("statistic", ours.statistic),
            ("trace", ours.trace),
            ("trace_squared", ours.trace_squared),
            ("f", ours.f),
            ("numerator_dof", ours.numerator_dof),
            ("denominator_dof", ours.denominator_dof),
            ("p", ours.ln_p.p()),
            ("p_first_order", ours.ln_p_first_order.p()),
        ] {
            close(name, own, &case[name]);
        }
    }
}

#[test]
fn weights() {
    let golden = golden();
    let all = conversations(true, true);
    let scan = ClusteredParams::new().build().unwrap();
    let found = scan.scan_weighted(&all, 0, 1).unwrap();
    for case in list(&golden["weighted_pairs"]) {
        let (row, col) = (count(&case["row"]) as u32, count(&case["col"]) as u32);
        let what = format!("{row} {col}");
        let pair = found.get(row, col).unwrap();
        close(&what, pair.row_share, &case["shares"][0]);
        close(&what, pair.col_share, &case["shares"][1]);
        close(&what, pair.both_share / pair.row_share, &case["shares"][2]);
        let pair = pair.pair;
        close(
            &what,
            pair.robust_residual.unwrap(),
            &case["robust_residual"],
        );
        estimate(&what, pair.log_odds_ratio.unwrap(), &case["log_odds_ratio"]);
        estimate(
            &what,
            pair.risk_difference.unwrap(),
            &case["risk_difference"],
        );
        estimate(&what, pair.risk_ratio.unwrap(), &case["risk_ratio"]);
    }
    let shares = all.weighted_prevalence(1, level()).unwrap();
    for (share, case) in shares.iter().zip(list(&golden["weighted_prevalence"])) {
        close("share", share.value, &case["value"]);
        close(
            "share",
            share.design_effect.unwrap(),
            &case["design_effect"],
        );
        close("share", share.n_effective, &case["n_effective"]);
        bounds("share", share.interval, &case["interval"], DIRECT);
    }
}

#[test]
fn several_labels() {
    let golden = golden();
    let all = conversations(false, false);
    let ours = MarginalIndependence::test(&all, 0, 1, 0).unwrap().unwrap();
    let case = &golden["marginal"];
    for (value, statistic) in ours.values.iter().zip(list(&case["values"])) {
        close("value", value.statistic, statistic);
    }
    let both = [
        (ours.sum, case),
        (
            PairwiseIndependence::test(&all, 2, 1, 0)
                .unwrap()
                .unwrap()
                .sum,
            &golden["pairwise"],
        ),
    ];
    for (sum, case) in both {
        close("statistic", sum.statistic, &case["statistic"]);
        close("squared", sum.trace_squared, &case["trace_squared"]);
        close(
            "adjusted",
            sum.adjusted_statistic,
            &case["adjusted_statistic"],
        );
        close("dof", sum.adjusted_dof, &case["adjusted_dof"]);
        close("ln p", sum.ln_p.ln(), &case["ln_p"]);
    }
    close("trace", ours.sum.trace, &case["trace"]);
    let by_user = conversations(true, false);
    for case in list(&golden["within_label_counts"]) {
        let (row, col) = (count(&case["row"]) as u32, count(&case["col"]) as u32);
        let pair = by_user
            .stratified_pair_by_user((2, row), (1, col), StratifyBy::LabelCounts)
            .unwrap()
            .unwrap();
        close("z", pair.z, &case["z"]);
        close("robust z", pair.robust_z, &case["robust_z"]);
        close("design effect", pair.design_effect, &case["design_effect"]);
    }
    let case = &golden["mirroring"];
    let ours = Mirroring::of(&all, 2, 1, level()).unwrap().unwrap();
    assert_eq!(ours.eligible, count(&case["eligible"]));
    assert_eq!(ours.mirrored, count(&case["mirrored"]));
    close("share", ours.share.value, &case["share"]);
    close("chance", ours.chance, &case["chance"]);
    for value in list(&case["values"]) {
        let own = ours
            .values
            .iter()
            .find(|v| u64::from(v.value) == count(&value["value"]));
        let own = own.unwrap();
        assert_eq!(own.both, count(&value["both"]));
        close("expected", own.expected, &value["expected"]);
    }
    for case in list(&golden["invariance"]) {
        let contexts: Vec<(u64, u64)> = list(&case["contexts"])
            .iter()
            .map(|pair| (count(&pair[0]), count(&pair[1])))
            .collect();
        let ours = ContextInvariance::new(&contexts).unwrap().unwrap();
        for (name, own) in [
            ("cv_counts", ours.cv_counts),
            ("cv_sizes", ours.cv_sizes),
            ("cv_rate", ours.cv_rate),
            ("cv_rate_sample", ours.cv_rate_sample),
            ("cv_rate_weighted", ours.cv_rate_weighted),
            ("cv_rate_adjusted", ours.cv_rate_adjusted),
            ("entropy_bits", ours.entropy_bits),
            ("divergence", ours.divergence),
        ] {
            close(name, own, &case[name]);
        }
    }
}

#[test]
fn two_stages() {
    let golden = golden();
    let observations = conversations(false, false).observe(0, 1).unwrap();
    for case in list(&golden["two_stage"]) {
        let params = AssociationParams::new().alpha(number(&case["alpha"]));
        let found = params
            .exact(Exact::Always)
            .build()
            .unwrap()
            .scan(&observations);
        let ours = found.two_stage();
        let mut listed = 0;
        for pair in list(&case["pairs"]) {
            let (row, col) = (count(&pair["row"]) as u32, count(&pair["col"]) as u32);
            let at = found
                .pairs
                .iter()
                .position(|p| (p.row, p.col) == (row, col));
            let Some(at) = at else {
                assert!(number(&pair["p"]) >= 1.0);
                continue;
            };
            listed += 1;
            close("p", found.pairs[at].p().unwrap(), &pair["p"]);
            match ours[at] {
                Some(own) => close("adjusted", own.p(), &pair["adjusted"]),
                None => assert!(pair["adjusted"].is_null(), "{row} {col}"),
            }
        }
        assert_eq!(listed, found.pairs.len());
    }
    let case = &golden["hommel"];
    let p: Vec<LogP> = list(&case["p"])
        .iter()
        .map(|p| LogP::from_p(number(p)).unwrap())
        .collect();
    for (own, reference) in Correction::Hommel
        .adjust(&p)
        .iter()
        .zip(list(&case["adjusted"]))
    {
        close("hommel", own.p(), reference);
    }
}

#[test]
fn comparisons() {
    let golden = golden();
    for case in list(&golden["square"]) {
        let square = SquareTable::new(table(&case["table"]));
        let bowker = square.bowker().unwrap();
        close("bowker", bowker.statistic, &case["bowker"]);
        assert_eq!(bowker.dof, count(&case["bowker_dof"]));
        close("bowker", bowker.ln_p.ln(), &case["bowker_ln_p"]);
        let homogeneity = square.stuart_maxwell().unwrap();
        near(
            "marginal",
            homogeneity.statistic,
            &case["stuart_maxwell"],
            1e-11,
        );
        assert_eq!(homogeneity.dof, count(&case["stuart_maxwell_dof"]));
        near(
            "marginal",
            homogeneity.ln_p.ln(),
            &case["stuart_maxwell_ln_p"],
            1e-11,
        );
        if let Some(exact) = case.get("mcnemar_exact") {
            let cell = |i: usize, j: usize| count(&case["table"][i][j]);
            let pairs = McNemar::new(cell(0, 1), cell(1, 0)).unwrap();
            close("exact", pairs.exact().p(), exact);
            let corrected = pairs.statistic_continuity().unwrap();
            close("corrected", corrected, &case["mcnemar_continuity"]);
        }
    }
    for case in list(&golden["divergence"]) {
        let ours = Divergence::between(&counts(&case["a"]), &counts(&case["b"]));
        let ours = ours.unwrap().unwrap();
        for (name, own) in [
            ("jensen_shannon", Some(ours.jensen_shannon)),
            ("psi_smoothed", Some(ours.psi_smoothed)),
            ("hellinger", Some(ours.hellinger)),
            ("total_variation", Some(ours.total_variation)),
            ("cosine", Some(ours.cosine)),
            ("kullback_leibler", ours.kullback_leibler),
            ("psi", ours.psi),
        ] {
            match own {
                Some(own) if !case[name].is_null() => close(name, own, &case[name]),
                // Infinite where a share of 0 meets another.
                own => assert!(case[name].is_null() && own.is_none(), "{name}"),
            }
        }
    }
    for case in list(&golden["e_values"]) {
        let shares: Vec<f64> = list(&case["shares"]).iter().map(number).collect();
        let arms = ArmShares::new(&shares, number(&case["concentration"])).unwrap();
        let own = arms.e_value(&counts(&case["counts"])).unwrap();
        close("ln e", own.ln(), &case["ln_e"]);
    }
    let case = &golden["log_odds_dirichlet"];
    let (i, j) = (counts(&case["i"]), counts(&case["j"]));
    let ours = log_odds_dirichlet(
        &i,
        &j,
        &counts(&case["background"]),
        number(&case["strength"]),
    );
    for (own, item) in ours.unwrap().into_iter().zip(list(&case["items"])) {
        let own = own.unwrap();
        close("delta", own.delta, &item["delta"]);
        close("variance", own.variance, &item["variance"]);
        close("z", own.z, &item["z"]);
    }
}

#[test]
fn intervals_and_exact_tests() {
    let golden = golden();
    for case in list(&golden["proportions"]) {
        let share = Proportion::new(count(&case["k"]), count(&case["n"])).unwrap();
        let own = share.wilson_continuity(level()).unwrap();
        bounds("wilson", own, &case["wilson_continuity"], DIRECT);
        let own = share.jeffreys(level()).unwrap();
        bounds("jeffreys", own, &case["jeffreys"], ITERATED);
    }
    for case in list(&golden["sison_glaz"]) {
        let own = sison_glaz_intervals(&counts(&case["counts"]), level()).unwrap();
        for (own, reference) in own.iter().zip(list(&case["bounds"])) {
            bounds("sison glaz", *own, reference, ITERATED);
        }
    }
    let mut unconditional = 0;
    for case in list(&golden["two_by_two"]) {
        let what = case["cells"].to_string();
        let table = two_by_two(&case["cells"]);
        let own = table.risk_difference_miettinen_nurminen(level()).unwrap();
        bounds(&what, own.interval(), &case["miettinen_nurminen"], ITERATED);
        let own = table.conditional_odds_ratio(level()).unwrap();
        let reference = &case["conditional"];
        near(&what, own.low, &reference["bounds"][0], ITERATED);
        for (own, reference) in [
            (own.value, &reference["value"]),
            (own.high, &reference["bounds"][1]),
        ] {
            match own {
                Some(own) => near(&what, own, reference, ITERATED),
                None => assert!(reference.is_null(), "{what}"),
            }
        }
        if case.get("barnard").is_some() {
            unconditional += 1;
            near(
                &what,
                table.barnard().unwrap().ln_p.p(),
                &case["barnard"],
                ITERATED,
            );
            near(
                &what,
                table.boschloo().unwrap().ln_p.p(),
                &case["boschloo"],
                ITERATED,
            );
        }
    }
    assert_eq!(unconditional, 6);
}
