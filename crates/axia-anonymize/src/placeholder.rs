//! Placeholders: how they are written, and how those that a text already holds are found.

use std::ops::Range;

use crate::Kind;

/// Longer numbers are not taken for placeholders, so that brackets cannot hide an account number.
const MAX_DIGITS: usize = 6;

/// A placeholder that stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Existing {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
    pub(crate) number: u64,
}

/// `[EMAIL_3]`
pub(crate) fn write(kind: Kind, number: u64) -> String {
    format!("[{kind}_{number}]")
}

/// The placeholders of the known kinds in a text, in order.
///
/// Other bracketed words stay plain text: if any name counted, `[AKIA..._1]` would hide a key.
pub(crate) fn find(text: &str, known: impl Fn(Kind) -> bool) -> Vec<Existing> {
    text.match_indices('[')
        .filter_map(|(start, _)| {
            let inner = text.get(start + 1..)?;
            // No name and number are longer; looking no further keeps this linear.
            let len = inner.bytes().take(40).position(|b| b == b']')?;
            let (name, digits) = inner.get(..len)?.rsplit_once('_')?;
            let well_formed = digits.len() <= MAX_DIGITS
                && !digits.starts_with('0')
                && digits.bytes().all(|b| b.is_ascii_digit());
            let number = well_formed.then(|| digits.parse().ok())??;
            let kind = name.parse().ok().filter(|&kind| known(kind))?;
            Some(Existing {
                span: start..start + len + 2,
                kind,
                number,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_kinds_with_short_numbers_count() {
        let found = |text| find(text, |kind| !matches!(kind, Kind::Custom(_)));
        for text in [
            "[EMAIL_0]",
            "[EMAIL_01]",
            "[EMAIL_]",
            "[EMAIL_-1]",
            "[EMAIL_1000000]",
            "[email_1]",
            "[NAME_1]",
            "[EMAIL_1",
            "EMAIL_1]",
            "[EMAIL_+1]",
            "[EMAIL_١]",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
        let two = found("é [[EMAIL_12] x [API_KEY_3]");
        assert_eq!(two[0].span, 4..14);
        assert_eq!((two[0].kind, two[0].number), (Kind::Email, 12));
        assert_eq!((two[1].kind, two[1].number), (Kind::ApiKey, 3));
        assert_eq!(found(&write(Kind::UsSsn, 7))[0].number, 7);
    }
}
