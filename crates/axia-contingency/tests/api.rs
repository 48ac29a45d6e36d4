//! What callers may rely on: errors that change nothing, types that cross threads, inputs that cannot be read.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use std::fmt::Debug;
use std::panic::UnwindSafe;

use axia_contingency::{
    Association, AssociationParams, AssociationScan, Associations, Cell, ChiSquareTest, Confidence,
    Conversations, ConversationsBuilder, Correction, Error, Estimand, Estimate, Hypergeometric,
    LogP, Observations, ObservationsBuilder, OddsRatio, PaperAnalysis, Proportion, ResultTable,
    Table, TableBuilder, TwoByTwo,
};

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync + UnwindSafe + Clone + Debug>() {}
    check::<Association>();
    check::<AssociationParams>();
    check::<AssociationScan>();
    check::<Associations>();
    check::<Cell>();
    check::<ChiSquareTest>();
    check::<Confidence>();
    check::<Conversations>();
    check::<ConversationsBuilder>();
    check::<Correction>();
    check::<Error>();
    check::<Estimand>();
    check::<Estimate>();
    check::<Hypergeometric>();
    check::<LogP>();
    check::<Observations>();
    check::<ObservationsBuilder>();
    check::<OddsRatio>();
    check::<PaperAnalysis>();
    check::<Proportion>();
    check::<ResultTable<'static>>();
    check::<Table>();
    check::<TableBuilder>();
    check::<TwoByTwo>();
}

#[test]
fn a_refused_conversation_leaves_no_trace() {
    let mut builder = Observations::builder(2, 2);
    builder.push(1, &[0], &[1]).unwrap();
    let before = builder.clone().build().unwrap();
    let error = builder.push(2, &[0, 2], &[1]).unwrap_err();
    assert!(error.is_out_of_range());
    assert_eq!(
        error.to_string(),
        "row category must be below 2, got 2; give the builder the size of the vocabulary"
    );
    assert!(builder.push(2, &[0], &[7]).unwrap_err().is_out_of_range());
    assert!(builder.push_empty(u64::MAX).unwrap_err().is_overflow());
    let other = Observations::builder(2, 3);
    assert!(builder.merge(other).unwrap_err().is_not_mergeable());
    assert_eq!(builder.build().unwrap(), before);
}

#[test]
fn a_conversation_counts_once() {
    let mut builder = Observations::builder(1, 1);
    builder.push(5, &[0, 0], &[0, 0, 0]).unwrap();
    let once = builder.clone().build().unwrap();
    assert_eq!(
        (once.row_totals(), once.col_totals(), once.pairs()),
        ([1].as_slice(), [1].as_slice(), 1)
    );
    builder.push(5, &[], &[0]).unwrap();
    assert!(builder.build().unwrap_err().is_duplicate_conversation());

    let mut builder = Observations::builder(1, 1);
    builder.push(5, &[0], &[0]).unwrap();
    builder.merge(builder.clone()).unwrap();
    assert!(builder.build().unwrap_err().is_duplicate_conversation());
}

#[test]
fn users_are_counted_only_when_all_are_known() {
    let mut builder = Observations::builder(1, 1);
    builder.push_with_user(1, 9, &[0], &[0]).unwrap();
    let known = builder.clone().build().unwrap();
    assert_eq!(known.users(), Some([1].as_slice()));
    assert!(known.merge(&known).unwrap_err().is_not_mergeable());
    let mut unknown = Observations::builder(1, 1);
    unknown.push(2, &[0], &[0]).unwrap();
    builder.merge(unknown).unwrap();
    assert_eq!(builder.build().unwrap().users(), None);
}

#[test]
fn nothing_observed_is_nothing_found() {
    for (rows, cols) in [(0, 0), (3, 0), (3, 4)] {
        let observations = Observations::builder(rows, cols).build().unwrap();
        for estimand in [
            Estimand::Prevalence,
            Estimand::MentionShare,
            Estimand::PairTable,
        ] {
            let scan = AssociationParams::new().estimand(estimand).build().unwrap();
            let found = scan.scan(&observations);
            assert!(found.pairs.is_empty());
            assert_eq!(
                (found.family.tests, found.family.critical_z, found.n),
                (0, None, 0)
            );
        }
    }
}

#[test]
fn results_are_readable_json() {
    let mut builder = Observations::builder(2, 2);
    for id in 0..40 {
        builder
            .push(id, &[id as u32 % 2], &[id as u32 % 2])
            .unwrap();
    }
    let found = AssociationParams::new()
        .build()
        .unwrap()
        .scan(&builder.build().unwrap());
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["estimand"], "prevalence");
    assert_eq!(json["family"]["counted"], "tested_pairs");
    assert_eq!(json["family"]["tests"], 4);
    assert_eq!(json["pairs"][0]["tested"], true);
    assert!(json["pairs"][0]["ln_p"].as_f64().unwrap() < -20.0);
    let again: Associations = serde_json::from_value(json).unwrap();
    assert_eq!(again.pairs.len(), found.pairs.len());
}

#[test]
fn contradicting_observations_are_refused() {
    let good = r#"{"conversations":3,"row_totals":[2],"col_totals":[1,1],"cells":[[0,0,1],[0,1,1]],"users":[1,1]}"#;
    serde_json::from_str::<Observations>(good).unwrap();
    for (from, to) in [
        (r#""conversations":3"#, r#""conversations":1"#),
        ("[[0,0,1],[0,1,1]]", "[[0,1,1],[0,0,1]]"),
        ("[[0,0,1],[0,1,1]]", "[[0,0,2],[0,1,1]]"),
        ("[[0,0,1],[0,1,1]]", "[[0,0,0],[0,1,1]]"),
        ("[[0,0,1],[0,1,1]]", "[[0,0,1],[1,1,1]]"),
        (r#""users":[1,1]"#, r#""users":[1]"#),
        (r#""users":[1,1]"#, r#""users":[1,2]"#),
        (r#""users":[1,1]"#, r#""more":[1,1]"#),
        (
            r#""conversations":3"#,
            r#""conversations":9007199254740993"#,
        ),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        assert!(serde_json::from_str::<Observations>(&bad).is_err(), "{bad}");
    }
}

#[test]
fn debug_of_a_builder_shows_no_ids() {
    let mut builder = Observations::builder(1, 1);
    builder
        .push_with_user(123_456_789, 987_654_321, &[0], &[0])
        .unwrap();
    let text = format!("{builder:?}");
    assert!(
        !text.contains("123456789") && !text.contains("987654321"),
        "{text}"
    );
}
