//! International bank account numbers: the country's length and the mod 97 check of ISO 13616.

use std::ops::Range;

use crate::rules::bic;
use crate::rules::context::{Ends, byte_at, byte_before, is_alphanumeric};
use crate::{Finding, Kind};

/// Lengths by country, of the registry and of the countries that use the form outside of it.
#[rustfmt::skip]
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24), ("AE", 23), ("AL", 28), ("AO", 25), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16),
    ("BF", 28), ("BG", 22), ("BH", 22), ("BI", 27), ("BJ", 28), ("BR", 29), ("BY", 28), ("CF", 27),
    ("CG", 27), ("CH", 21), ("CI", 28), ("CM", 27), ("CR", 22), ("CV", 25), ("CY", 28), ("CZ", 24),
    ("DE", 22), ("DJ", 27), ("DK", 18), ("DO", 28), ("DZ", 26), ("EE", 20), ("EG", 29), ("ES", 24),
    ("FI", 18), ("FK", 18), ("FO", 18), ("FR", 27), ("GA", 27), ("GB", 22), ("GE", 22), ("GI", 23),
    ("GL", 18), ("GQ", 27), ("GR", 27), ("GT", 28), ("GW", 25), ("HN", 28), ("HR", 21), ("HU", 28),
    ("IE", 22), ("IL", 23), ("IQ", 23), ("IR", 26), ("IS", 26), ("IT", 27), ("JO", 30), ("KM", 27),
    ("KW", 30), ("KZ", 20), ("LB", 28), ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20), ("LV", 21),
    ("LY", 25), ("MA", 28), ("MC", 27), ("MD", 24), ("ME", 22), ("MG", 27), ("MK", 19), ("ML", 28),
    ("MN", 20), ("MR", 27), ("MT", 31), ("MU", 30), ("MZ", 25), ("NE", 28), ("NI", 28), ("NL", 18),
    ("NO", 15), ("OM", 23), ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24),
    ("RS", 22), ("RU", 33), ("SA", 24), ("SC", 31), ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24),
    ("SM", 27), ("SN", 28), ("SO", 23), ("ST", 25), ("SV", 28), ("TD", 27), ("TG", 28), ("TL", 23),
    ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20), ("YE", 30),
];

/// Any two letters that are no country's are told by it.
const CODES: Ends = {
    let mut codes = [""; LENGTHS.len()];
    let mut i = 0;
    while i < LENGTHS.len() {
        codes[i] = LENGTHS[i].0;
        i += 1;
    }
    Ends::of(&[&codes])
};

/// Every national form has more; words behind two letters and two digits have none.
const MIN_DIGITS: usize = 8;

/// Reports the number whose country's letters and check digits stand anywhere in the word, behind nothing
/// that is a letter or a digit.
pub(crate) fn in_word(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let start = word.start;
    let head = text.as_bytes().get(start..start + 4);
    let shaped = head.is_some_and(|h| {
        h[..2].iter().all(u8::is_ascii_alphabetic) && h[2..].iter().all(u8::is_ascii_digit)
    });
    // `DE 89 3704 ...`: the letters alone.
    let apart = || {
        let separator = matches!(byte_before(text, start), Some(b' ' | b'-' | b'.'));
        let letters = start.checked_sub(3).filter(|_| separator)?;
        let code = text.as_bytes().get(letters..letters + 2)?;
        let whole = code.iter().all(u8::is_ascii_alphabetic)
            && !is_alphanumeric(byte_before(text, letters));
        whole.then_some(letters)
    };
    let Some(start) = (if shaped { Some(start) } else { apart() }) else {
        return;
    };
    if let Some(span) = text
        .get(start..start + 2)
        .and_then(|code| iban_at(text, start, code))
    {
        let registered = registered(&text[span.clone()]);
        bic::near_account(text, &span, out);
        let finding = Finding::by_rule(Kind::Iban, span, "iban", 1.0).validated_by("mod-97");
        out.push(if registered {
            finding.validated_by("iban-registry")
        } else {
            finding
        });
    } else if start == word.start && is_close(&text[word.clone()]) {
        let finding = Finding::by_rule(Kind::Iban, word.clone(), "iban-length", 0.7);
        out.push(finding.validated_by("mod-97"));
    }
}

/// A word in capitals with a country's letters and the right check digits, though not of the country's
/// length: a digit may have been left out where the check digits were made.
fn is_close(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    (15..=34).contains(&word.len())
        && digits >= MIN_DIGITS
        && !word.bytes().any(|b| b.is_ascii_lowercase())
        && LENGTHS.iter().any(|(code, _)| word.starts_with(code))
        && mod_97(word.as_bytes()) == 1
}

/// Whether the registry's structure for the country fits, too.
fn registered(number: &str) -> bool {
    let plain: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
    plain.to_ascii_uppercase().parse::<iban::Iban>().is_ok()
}

/// Reports a number with a space behind every character, whose first check digit is the word.
pub(crate) fn spelled_at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let start = word.start.checked_sub(4);
    let head = start.and_then(|start| text.as_bytes().get(start..word.start));
    let (Some(start), Some([one, b' ', two, b' '])) = (start, head) else {
        return;
    };
    let letters = one.is_ascii_alphabetic() && two.is_ascii_alphabetic();
    if word.len() != 1 || !letters || is_alphanumeric(byte_before(text, start)) {
        return;
    }
    let country = String::from_iter([char::from(*one), char::from(*two)]);
    if let Some(span) = iban_at(text, start, &country) {
        let finding = Finding::by_rule(Kind::Iban, span, "iban-spaced", 1.0);
        out.push(finding.validated_by("mod-97"));
    }
}

fn iban_at(text: &str, start: usize, country: &str) -> Option<Range<usize>> {
    if !CODES.may_end(country.as_bytes()) {
        return None;
    }
    let (_, length) = LENGTHS
        .iter()
        .find(|(code, _)| code.eq_ignore_ascii_case(country))?;
    let mut number = Vec::with_capacity(*length);
    let mut end = start;
    let mut separators = 0;
    for (at, byte) in text.as_bytes().iter().enumerate().skip(start) {
        if byte.is_ascii_alphanumeric() {
            number.push(byte.to_ascii_uppercase());
            separators = 0;
        } else if matches!(
            byte,
            b' ' | b'-' | b'.' | b'/' | b'*' | b'_' | b'|' | b'\t' | b'\n' | b','
        ) && separators < 2
        {
            separators += 1;
        } else {
            break;
        }
        end = at + 1;
        if number.len() == *length {
            break;
        }
    }
    let digits = number.iter().filter(|b| b.is_ascii_digit()).count();
    let complete = number.len() == *length && !is_alphanumeric(byte_at(text, end));
    (complete && digits >= MIN_DIGITS && mod_97(&number) == 1).then_some(start..end)
}

/// The remainder of the number with its first four characters at its end and letters as 10 to 35.
fn mod_97(number: &[u8]) -> u32 {
    let (head, tail) = number.split_at(number.len().min(4));
    tail.iter().chain(head).fold(0, |remainder, &byte| {
        let value = char::from(byte).to_digit(36).unwrap_or(0);
        let shifted = if value < 10 {
            remainder * 10
        } else {
            remainder * 100
        };
        (shifted + value) % 97
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_plausible() {
        assert!(LENGTHS.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(LENGTHS.iter().all(|(_, len)| (15..=34).contains(len)));
    }

    #[test]
    fn check_digits() {
        assert_eq!(mod_97(b"GB82WEST12345698765432"), 1);
        assert_ne!(mod_97(b"GB82WEST12345698765423"), 1);
    }
}
