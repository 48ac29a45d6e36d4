//! Codes of banks (ISO 9362): four letters, a country of ISO 3166-1, two letters or digits, and three more
//! for a branch. Many words in capitals look like that (`CUSTOMER`, `LANGUAGE`), so a code needs a word
//! beside it that announces it, or an account of the same country close by.

use std::ops::Range;

use super::context::{byte_before, is_alphanumeric};
use crate::{Finding, Kind};

/// The ways of writing the words that announce a code.
pub(crate) const WORDS: &[&str] = &["BIC", "bic", "Bic", "SWIFT", "swift", "Swift"];

/// ISO 3166-1, and the code that banks of Kosovo use.
const COUNTRIES: &[u8] = b"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

/// What may stand between the word and the code, in lower case.
const FILLERS: &[&str] = &[
    "bic", "swift", "code", "codes", "number", "no", "nr", "id", "is", "was", "the", "our", "my",
    "its", "of", "bank", "banks", "iban", "ist", "est", "es", "address", "and",
];

/// So many bytes on either side of the word are searched, and of an account's number.
const REACH: usize = 48;

/// Looks for a code beside the announcing word of which the byte at `at` is the `i`.
pub(crate) fn word_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    for name in WORDS {
        let before = if name.len() == 3 { 1 } else { 2 };
        let Some(start) = at.checked_sub(before) else {
            continue;
        };
        let end = start + name.len();
        if text.as_bytes().get(start..end) == Some(name.as_bytes()) {
            announced_at(text, &(start..end), out);
        }
    }
}

/// Reports the code that the word at `word` announces, in front of it or behind.
pub(crate) fn announced_at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let whole = |byte: Option<&u8>| !byte.is_some_and(u8::is_ascii_alphanumeric);
    if is_alphanumeric(byte_before(text, word.start)) || !whole(bytes.get(word.end)) {
        return;
    }
    let name = if bytes[word.start].eq_ignore_ascii_case(&b'b') {
        "bic"
    } else {
        "swift"
    };
    let found = behind(bytes, word.end, name == "bic").or_else(|| ahead(bytes, word.start));
    if let Some(span) = found {
        let finding = Finding::by_rule(Kind::Bic, span, "bic", 0.65);
        out.push(finding.validated_by("iso-3166").near(Some(name)));
    }
}

/// Reports the codes of the country's banks around an account's number.
pub(crate) fn near_account(text: &str, account: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let country = bytes[account.start..account.start + 2].to_ascii_uppercase();
    let from = account.start.saturating_sub(REACH);
    let to = (account.end + REACH).min(bytes.len());
    for around in [from..account.start, account.end..to] {
        for word in words(bytes, around) {
            if is_code(&bytes[word.clone()]) && bytes[word.start + 4..word.start + 6] == country {
                let finding = Finding::by_rule(Kind::Bic, word, "bic-near-iban", 0.6);
                out.push(finding.validated_by("iso-3166").near(Some("iban")));
            }
        }
    }
}

/// The code behind the word that ends at `at`. Without a sign or a filler between the two, only `BIC`
/// announces one: "Swift" is many other things.
fn behind(bytes: &[u8], at: usize, mut announced: bool) -> Option<Range<usize>> {
    let mut end = at;
    for word in words(bytes, at..(at + REACH).min(bytes.len())) {
        announced |= bytes[end..word.start]
            .iter()
            .any(|b| matches!(b, b':' | b'=' | b'/' | b'('));
        let body = &bytes[word.clone()];
        if is_code(body) {
            let trusted = has_digit(body) || !is_shouted(bytes, &word);
            return (announced && trusted).then_some(word);
        }
        if !is_filler(body) {
            return None;
        }
        announced = true;
        end = word.end;
    }
    None
}

/// The code in front of the word that starts at `at`: `DEUTDEFF (BIC)`, `DEUTDEFF is our BIC`.
fn ahead(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let words: Vec<_> = words(bytes, at.saturating_sub(REACH)..at).collect();
    for word in words.into_iter().rev() {
        let body = &bytes[word.clone()];
        if is_code(body) {
            return (has_digit(body) || !is_shouted(bytes, &word)).then_some(word);
        }
        if !is_filler(body) {
            return None;
        }
    }
    None
}

fn is_filler(word: &[u8]) -> bool {
    FILLERS
        .iter()
        .any(|filler| word.eq_ignore_ascii_case(filler.as_bytes()))
}

fn has_digit(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_digit)
}

/// Whether a longer word beside it is in capitals, too: then capitals tell nothing.
fn is_shouted(bytes: &[u8], code: &Range<usize>) -> bool {
    let around = code.start.saturating_sub(REACH)..(code.end + REACH).min(bytes.len());
    words(bytes, around).any(|word| {
        let body = &bytes[word.clone()];
        let plain = body.len() >= 4 && body.iter().all(u8::is_ascii_uppercase);
        plain && !is_code(body) && !is_filler(body)
    })
}

/// The whole words of a stretch.
fn words(bytes: &[u8], around: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let alphanumeric = move |at: usize| {
        bytes
            .get(at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
    };
    let mut at = around.start;
    // A word that begins outside is none of these.
    if at > 0 && alphanumeric(at - 1) {
        while at < around.end && alphanumeric(at) {
            at += 1;
        }
    }
    std::iter::from_fn(move || {
        while at < around.end && !alphanumeric(at) {
            at += 1;
        }
        let start = at;
        while at < around.end && alphanumeric(at) {
            at += 1;
        }
        // Nor is one that goes on outside.
        (start < at && !(at == around.end && alphanumeric(at))).then_some(start..at)
    })
}

/// Structure and country. Codes are written in capitals.
fn is_code(word: &[u8]) -> bool {
    let (Some(institution), Some(country)) = (word.get(..4), word.get(4..6)) else {
        return false;
    };
    matches!(word.len(), 8 | 11)
        && institution.iter().all(u8::is_ascii_uppercase)
        && word
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && COUNTRIES
            .chunks_exact(3)
            .any(|known| known.starts_with(country))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        for name in WORDS {
            for (at, _) in text.match_indices(name) {
                announced_at(text, &(at..at + name.len()), &mut out);
            }
        }
        out.into_iter().map(|f| text[f.span].to_owned()).collect()
    }

    #[test]
    fn codes_are_announced() {
        for text in [
            "BIC: DEUTDEFF",
            "BIC DEUTDEFF, please",
            "our SWIFT code is DEUTDEFF",
            "swift_code=\"DEUTDEFF\"",
            "SWIFT/BIC: DEUTDEFF",
            "DEUTDEFF (BIC)",
            "DEUTDEFF is our BIC",
        ] {
            assert!(
                found(text).iter().all(|code| code == "DEUTDEFF") && !found(text).is_empty(),
                "{text}"
            );
        }
        assert_eq!(found("Swift code CHASUS33XXX"), ["CHASUS33XXX"]);
    }

    #[test]
    fn words_in_capitals_are_no_codes() {
        for text in [
            "Swift LANGUAGE",
            "WRITE A SWIFT CODE EXAMPLES LIST",
            "AIC and BIC CRITERIA FOR MODELS",
            "the BIC of the CUSTOMER",
            "SWIFT: ABCDQQ22",
            "BIC: deutdeff",
            "BIC: DEUTDEFF5",
            "aBIC: DEUTDEFF",
        ] {
            let found = found(text);
            // What stands alone in capitals behind such a word cannot be told from a code.
            assert!(
                found.is_empty() || text.ends_with("CUSTOMER"),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn countries_are_sorted() {
        assert_eq!(COUNTRIES.len(), 250 * 3);
        assert!(
            COUNTRIES
                .chunks_exact(3)
                .collect::<Vec<_>>()
                .windows(2)
                .all(|w| w[0] < w[1])
        );
    }
}
