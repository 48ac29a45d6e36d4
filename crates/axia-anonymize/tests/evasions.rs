//! Personal data written so that simple patterns miss it, and text that only looks like personal data.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::ops::Range;

use axia_anonymize::Anonymizer;

const TABLE: &str = include_str!("data/evasions.tsv");

/// The text of a row without its marks and escapes, and where the personal data is.
fn parse(row: &str) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut targets = Vec::new();
    let mut rest = row;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("<<") {
            targets.push(text.len()..text.len());
            rest = behind;
        } else if let (Some(behind), Some(target)) = (rest.strip_prefix(">>"), targets.last_mut()) {
            target.end = text.len();
            rest = behind;
        } else if let Some(escape) = rest.strip_prefix('\\') {
            let (c, behind) = match escape.split_at(1) {
                ("n", behind) => ('\n', behind),
                ("t", behind) => ('\t', behind),
                ("u", behind) => {
                    let (code, behind) = behind[1..].split_once('}').unwrap();
                    let code = u32::from_str_radix(code, 16).unwrap();
                    (char::from_u32(code).unwrap(), behind)
                }
                (_, behind) => ('\\', behind),
            };
            text.push(c);
            rest = behind;
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (text, targets)
}

/// Whether every letter and digit of the target is covered.
fn is_masked(text: &str, target: &Range<usize>, found: &[Range<usize>]) -> bool {
    text[target.clone()]
        .char_indices()
        .filter(|(_, c)| c.is_alphanumeric())
        .all(|(at, _)| found.iter().any(|span| span.contains(&(target.start + at))))
}

#[test]
fn evasions_are_masked_and_lookalikes_are_not() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut by_class: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut missed = Vec::new();
    for line in rows {
        let (class, row) = line.split_once('\t').unwrap();
        let (text, targets) = parse(row);
        let found: Vec<_> = anonymizer
            .detect(&text)
            .into_iter()
            .map(|f| f.span)
            .collect();
        let right = if targets.is_empty() {
            found.is_empty()
        } else {
            targets
                .iter()
                .all(|target| is_masked(&text, target, &found))
        };
        let (masked, all) = by_class.entry(class).or_default();
        *all += 1;
        *masked += u32::from(right);
        if !right {
            missed.push(format!("{line} {found:?}"));
        }
    }
    let (quiet, calm) = by_class.remove("must-not-fire").unwrap();
    let masked: u32 = by_class.values().map(|(masked, _)| masked).sum();
    let all: u32 = by_class.values().map(|(_, all)| all).sum();
    assert!(all >= 84);
    assert!(
        f64::from(masked) >= 0.95 * f64::from(all),
        "{masked} of {all}: {missed:#?}"
    );
    assert_eq!(quiet, calm, "{missed:#?}");
}
