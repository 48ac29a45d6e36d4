//! Payment card numbers: the issuer's prefix, the issuer's lengths, and the Luhn digit, all three. Next
//! to a word such as "card" the Luhn digit alone is enough.

use std::ops::{Range, RangeInclusive};

use crate::rules::check::luhn;
use crate::rules::context::{
    Vocabulary, byte_at, byte_before, is_alphanumeric, is_digit, near, veto,
};
use crate::rules::number::{broken, digits, has_shape, separator};
use crate::{Finding, Kind};

/// First digits (as a range of prefixes of the same length) and the lengths that issuers use.
struct Issuer {
    prefixes: RangeInclusive<u32>,
    lengths: &'static [usize],
}

const fn issuer(first: u32, last: u32, lengths: &'static [usize]) -> Issuer {
    Issuer {
        prefixes: first..=last,
        lengths,
    }
}

const TO_19: &[usize] = &[16, 17, 18, 19];

/// From the issuers' public ranges. But for the old 1800 of JCB none begins with
/// 1, where timestamps do.
const ISSUERS: &[Issuer] = &[
    // Visa; 13 digits are no longer issued, but still printed.
    issuer(4, 4, &[13, 16, 19]),
    // Mastercard.
    issuer(51, 55, &[16]),
    issuer(2221, 2720, &[16]),
    // American Express.
    issuer(34, 34, &[15]),
    issuer(37, 37, &[15]),
    // Discover, and RuPay in the same ranges.
    issuer(6011, 6011, TO_19),
    issuer(644, 649, TO_19),
    issuer(65, 65, TO_19),
    issuer(60, 60, &[16]),
    issuer(508, 508, &[16]),
    // Diners Club.
    issuer(300, 305, &[14, 16, 17, 18, 19]),
    issuer(3095, 3095, &[14, 16, 17, 18, 19]),
    issuer(36, 36, &[14, 15, 16, 17, 18, 19]),
    issuer(38, 39, &[14, 16, 17, 18, 19]),
    // JCB.
    issuer(3528, 3589, TO_19),
    issuer(1800, 1800, &[15]),
    issuer(2131, 2131, &[15]),
    // UnionPay.
    issuer(62, 62, TO_19),
    issuer(81, 81, TO_19),
    // Maestro.
    issuer(5018, 5018, &[12, 13, 14, 15, 16, 17, 18, 19]),
    issuer(5020, 5020, &[12, 13, 14, 15, 16, 17, 18, 19]),
    issuer(5038, 5038, &[12, 13, 14, 15, 16, 17, 18, 19]),
    issuer(5893, 5893, &[12, 13, 14, 15, 16, 17, 18, 19]),
    issuer(6304, 6304, &[12, 13, 14, 15, 16, 17, 18, 19]),
    issuer(6759, 6759, &[12, 13, 14, 15, 16, 17, 18, 19]),
    issuer(6761, 6763, &[12, 13, 14, 15, 16, 17, 18, 19]),
    // Dankort, InstaPayment, Mir, Troy, UzCard, Humo, Verve.
    issuer(5019, 5019, &[16]),
    issuer(637, 639, &[16]),
    issuer(2200, 2204, TO_19),
    issuer(9792, 9792, &[16]),
    issuer(8600, 8600, &[16]),
    issuer(9860, 9860, &[16]),
    issuer(506_099, 506_198, &[16, 18, 19]),
];

/// How cards print their numbers. Longer shapes first.
const SHAPES: &[&[usize]] = &[
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 3],
    &[6, 13],
    &[8, 8],
];

const WORDS: Vocabulary = Vocabulary::of(&[
    "card",
    "cards",
    "cc",
    "credit",
    "debit",
    "visa",
    "mastercard",
    "amex",
    "maestro",
    "cvv",
    "cvc",
    "pan",
    "expiry",
    "expired",
    "expires",
    "exp",
    "karte",
    "kreditkarte",
    "carte",
    "tarjeta",
    "carta",
    "cartão",
    "карта",
    "卡号",
    "信用卡",
    "カード",
    "카드",
]);

/// Prefixes are so short that a number of an old format needs a word next to it.
const NEEDS_CONTEXT: &[usize] = &[12, 13];

/// Reports the card numbers in a region of digit groups.
pub(crate) fn in_region(text: &str, groups: &[Range<usize>], out: &mut Vec<Finding>) {
    if groups.iter().map(ExactSizeIterator::len).sum::<usize>() < 12 {
        return;
    }
    let mut i = 0;
    while let Some(first) = groups.get(i) {
        let rest = &groups[i..];
        let (taken, finding) = if first.len() == 1 {
            spaced(text, rest)
        } else {
            whole(text, rest)
        };
        if let Some(finding) = finding {
            push(text, finding, out);
        }
        i += taken;
    }
}

/// A bare number or one in a printed shape that starts with the first of the groups, and how many
/// groups are dealt with.
fn whole(text: &str, groups: &[Range<usize>]) -> (usize, Option<Finding>) {
    let bare = groups
        .get(..1)
        .and_then(|g| check(text, g, "card-bare", 0.8));
    if bare.is_some() {
        return (1, bare);
    }
    for shape in SHAPES {
        let taken = groups.get(..shape.len());
        if let Some(taken) = taken.filter(|taken| has_shape(text, taken, shape)) {
            let grouped = check(text, taken, "card-grouped", 0.9);
            if grouped.is_some() {
                return (shape.len(), grouped);
            }
        }
    }
    (1, None)
}

/// A run of single digits with the same separator, taken as one number or not at all: within a
/// longer list some stretch would always pass the checks.
fn spaced(text: &str, groups: &[Range<usize>]) -> (usize, Option<Finding>) {
    let run = groups
        .iter()
        .enumerate()
        .take_while(|(i, group)| {
            let same_separator =
                *i < 2 || separator(text, groups, i - 1) == separator(text, groups, 0);
            group.len() == 1 && same_separator
        })
        .count();
    let number = groups.get(..run);
    (
        run.max(1),
        number.and_then(|g| check(text, g, "card-spaced", 0.7)),
    )
}

/// Reports the card number that begins with the word and whose groups are parted by line breaks, `**`, `_` or `|`.
/// Columns of figures look like that, so it takes a word such as "card" near it, or the same sign
/// without a space in all places.
pub(crate) fn broken_at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    if !matches!(word.len(), 4 | 6 | 8)
        || !text.as_bytes()[word.clone()].iter().all(u8::is_ascii_digit)
    {
        return;
    }
    let Some(number) = broken(text, word) else {
        return;
    };
    let lengths = || number.groups.iter().map(ExactSizeIterator::len);
    if !SHAPES
        .iter()
        .any(|shape| lengths().eq(shape.iter().copied()))
    {
        return;
    }
    let found = check(text, &number.groups, "card-broken", 0.7);
    if let Some(found) = found.filter(|found| number.tight || found.has_context()) {
        push(text, found, out);
    }
}

/// Behind a number so many bytes are searched for what is printed beside it.
const BESIDE: usize = 32;

/// Reports the card, and the expiry date and security code that stand behind its number: `12/26`, `12/2026 123`.
fn push(text: &str, card: Finding, out: &mut Vec<Finding>) {
    let end = card.span.end;
    let sure = card.score >= 0.5;
    out.push(card);
    if !sure {
        return;
    }
    let bytes = text.as_bytes();
    let window = end..(end + BESIDE).min(bytes.len());
    let digits = |at: usize| {
        bytes[at..]
            .iter()
            .take(5)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let alone = |span: &Range<usize>| {
        let before = byte_before(text, span.start);
        let after = byte_at(text, span.end);
        let joined = matches!(before, Some(b'/' | b'-' | b'.' | b'$'));
        let goes_on = matches!(after, Some(b'/' | b'-' | b'.' | b':'))
            && is_digit(byte_at(text, span.end + 1));
        !(joined || goes_on || is_alphanumeric(before) || is_alphanumeric(after))
    };
    let Some(at) = window.clone().find(|&at| bytes[at].is_ascii_digit()) else {
        return;
    };
    let months = ("01".."13").contains(&text.get(at..at + 2).unwrap_or_default());
    let year = at + 3;
    let len = if year < bytes.len() { digits(year) } else { 0 };
    let years = match len {
        2 => "15".."50",
        4 => "2015".."2050",
        _ => return,
    };
    let date = at..year + len;
    if !months
        || !matches!(bytes[at + 2], b'/' | b'-')
        || !years.contains(&&text[year..year + len])
        || !alone(&date)
    {
        return;
    }
    let behind = date.end;
    out.push(Finding::by_rule(
        Kind::CardSecurity,
        date,
        "card-expiry",
        0.6,
    ));
    let gap = bytes[behind..]
        .iter()
        .take(3)
        .take_while(|b| matches!(b, b' ' | b',' | b';' | b'|' | b'/'))
        .count();
    let code = behind + gap..behind + gap + digits(behind + gap);
    if gap > 0 && matches!(code.len(), 3 | 4) && alone(&code) {
        out.push(Finding::by_rule(Kind::CardSecurity, code, "card-code", 0.6));
    }
}

fn check(text: &str, groups: &[Range<usize>], rule: &'static str, score: f32) -> Option<Finding> {
    let span = groups.first()?.start..groups.last()?.end;
    let length: usize = groups.iter().map(ExactSizeIterator::len).sum();
    if !(12..=19).contains(&length) {
        return None;
    }
    let number = digits(text, groups);
    if !luhn(number.as_bytes()) {
        return None;
    }
    let reason = veto(text, &span);
    let vetoed = |finding: Finding| match reason {
        Some(reason) => finding.vetoed(reason),
        None => finding,
    };
    let word = near(text, &span, 40, 24, &WORDS);
    if !has_issuer(&number) {
        // Store cards, and issuers that the table does not know.
        word?;
        let finding = Finding::by_rule(Kind::Card, span, "card-announced", 0.6);
        return Some(vetoed(finding.validated_by("luhn").near(word)));
    }
    if NEEDS_CONTEXT.contains(&number.len()) && word.is_none() {
        return None;
    }
    let finding = Finding::by_rule(Kind::Card, span, rule, score).validated_by("luhn");
    Some(vetoed(finding.validated_by("card-issuer").near(word)))
}

fn has_issuer(number: &str) -> bool {
    ISSUERS.iter().any(|issuer| {
        let width = issuer.prefixes.end().ilog10() as usize + 1;
        let prefix = number.get(..width).and_then(|p| p.parse().ok());
        prefix.is_some_and(|p: u32| issuer.prefixes.contains(&p))
            && issuer.lengths.contains(&number.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_and_their_lengths() {
        for number in [
            "4111111111111111",
            "4000000000000000006",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "6200000000000005",
            "2200770000000000",
        ] {
            assert!(has_issuer(number), "{number}");
        }
        for number in [
            "1700000000000",
            "411111111111111",
            "37828224631000",
            "9999999999999995",
        ] {
            assert!(!has_issuer(number), "{number}");
        }
    }
}
