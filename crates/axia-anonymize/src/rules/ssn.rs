//! Social security numbers of the United States.

use std::ops::Range;

use crate::rules::context::{byte_at, byte_before, in_hex_or_uuid, is_alphanumeric, near};
use crate::rules::number::{digits, has_shape, regions, separator};
use crate::{Finding, Kind, Recognizer};

pub(crate) struct SsnRules;

const WORDS: &[&str] = &[
    "ssn",
    "ssns",
    "ss#",
    "social security",
    "socialsecurity",
    "tax id",
    "taxpayer",
    "seguro social",
];

/// Printed in advertisements, so that everybody used them.
const PUBLISHED: &[&str] = &["078051120", "219099999"];

impl Recognizer for SsnRules {
    fn kind(&self) -> Kind {
        Kind::UsSsn
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        regions(text, 9, |groups| {
            let mut i = 0;
            while i < groups.len() {
                let whole = groups
                    .get(i..i + 3)
                    .filter(|g| has_shape(text, g, &[3, 2, 4]));
                let bare = groups.get(i..=i).filter(|g| g[0].len() == 9);
                let found = whole.or(bare).and_then(|g| check(text, g));
                i += match &found {
                    Some(_) if whole.is_some() => 3,
                    _ => 1,
                };
                out.extend(found);
            }
        });
    }
}

fn check(text: &str, groups: &[Range<usize>]) -> Option<Finding> {
    let span = groups.first()?.start..groups.last()?.end;
    let number = digits(text, groups);
    if !is_assignable(&number) || in_hex_or_uuid(text, &span) {
        return None;
    }
    let (before, after) = (byte_before(text, span.start), byte_at(text, span.end));
    let longer = |byte: Option<u8>| is_alphanumeric(byte) || byte == Some(b'-');
    if longer(before) || longer(after) {
        return None;
    }
    let word = near(text, &span, 40, 30, WORDS);
    match (separator(text, groups, 0), word) {
        ("-", _) => Some(Finding::by_rule(Kind::UsSsn, span, "us-ssn-dashed", 0.7).near(word)),
        (" " | "." | "", Some(_)) => {
            Some(Finding::by_rule(Kind::UsSsn, span, "us-ssn-context", 0.6).near(word))
        }
        _ => None,
    }
}

/// No area 000, 666 or 9xx, no group 00, no serial 0000.
fn is_assignable(number: &str) -> bool {
    let (Some(area), Some(group), Some(serial)) =
        (number.get(..3), number.get(3..5), number.get(5..9))
    else {
        return false;
    };
    area != "000"
        && area != "666"
        && !area.starts_with('9')
        && group != "00"
        && serial != "0000"
        && !PUBLISHED.contains(&number)
}
