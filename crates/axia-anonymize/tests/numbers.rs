//! One number that each row of the rules' table finds and one that it refuses, from the examples that
//! the issuers publish.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use axia_anonymize::{Anonymizer, Evidence};

const TABLE: &str = include_str!("data/numbers.tsv");

#[test]
fn every_number_is_found_and_its_neighbour_refused() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let [rule, good, bad]: [&str; 3] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (before, rest) = good.split_once("<<").unwrap();
        let (number, after) = rest.split_once(">>").unwrap();
        let text = format!("{before}{number}{after}");
        let span = before.len()..before.len() + number.len();
        let found = anonymizer.detect(&text);
        let is_whole = found
            .iter()
            .any(|f| f.span.start <= span.start && f.span.end >= span.end);
        if !is_whole {
            wrong.push(format!("{rule}: {text}: {found:?}"));
        }
        let by_rule = |text: &str| {
            let reason = Evidence::Pattern(rule.to_owned().into());
            anonymizer
                .detect(text)
                .iter()
                .any(|f| f.evidence.contains(&reason))
        };
        if !by_rule(&text) || by_rule(bad) {
            wrong.push(format!("{rule}: {text} or {bad}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
