//! Numbers that only a label tells apart: `MRN: 448812`, `driver's license number is F1628235`, `CVV 123`.

use std::ops::Range;

use super::context::{Ends, byte_at, veto};
use crate::{Finding, Kind};

/// What stands in front of a number and says what it is.
struct Label {
    words: &'static str,
    kind: Kind,
    /// How many letters and digits the number has.
    len: (usize, usize),
    /// The words mean a number only with `number`, `no.`, `#` or a colon behind them.
    needs_filler: bool,
}

const fn label(words: &'static str, kind: Kind) -> Label {
    Label {
        words,
        kind,
        len: (5, 24),
        needs_filler: false,
    }
}

const fn weak(words: &'static str, kind: Kind) -> Label {
    Label {
        words,
        kind,
        len: (5, 24),
        needs_filler: true,
    }
}

const fn short(words: &'static str, kind: Kind, least: usize, most: usize) -> Label {
    Label {
        words,
        kind,
        len: (least, most),
        needs_filler: false,
    }
}

#[rustfmt::skip]
const LABELS: &[Label] = &[
    weak("passport", Kind::Passport), weak("reisepass", Kind::Passport), weak("passeport", Kind::Passport), weak("pasaporte", Kind::Passport),
    weak("driver's license", Kind::DrivingLicence), weak("drivers license", Kind::DrivingLicence), weak("driver license", Kind::DrivingLicence),
    weak("driver's licence", Kind::DrivingLicence), weak("drivers licence", Kind::DrivingLicence), weak("driving licence", Kind::DrivingLicence),
    weak("driving license", Kind::DrivingLicence), weak("führerschein", Kind::DrivingLicence), weak("dl", Kind::DrivingLicence),
    short("license plate", Kind::LicensePlate, 4, 9), short("licence plate", Kind::LicensePlate, 4, 9), short("number plate", Kind::LicensePlate, 4, 9),
    short("plate number", Kind::LicensePlate, 4, 9), short("kennzeichen", Kind::LicensePlate, 4, 9),
    weak("account", Kind::BankAccount), weak("acct", Kind::BankAccount), weak("a/c", Kind::BankAccount), weak("bank account", Kind::BankAccount),
    weak("konto", Kind::BankAccount), weak("kontonummer", Kind::BankAccount), weak("cuenta", Kind::BankAccount), label("sort code", Kind::BankAccount),
    weak("routing", Kind::BankAccount),
    label("mrn", Kind::RecordId), weak("medical record", Kind::RecordId), weak("patient", Kind::RecordId), weak("patient id", Kind::RecordId),
    weak("health plan", Kind::RecordId), weak("policy", Kind::RecordId), weak("insurance", Kind::RecordId), weak("member", Kind::RecordId),
    weak("membership", Kind::RecordId), weak("subscriber", Kind::RecordId), weak("customer", Kind::RecordId), weak("client", Kind::RecordId),
    weak("case", Kind::RecordId), weak("claim", Kind::RecordId), weak("employee", Kind::RecordId), weak("student", Kind::RecordId),
    weak("staff", Kind::RecordId), weak("badge", Kind::RecordId), weak("kundennummer", Kind::RecordId), weak("beneficiary", Kind::RecordId),
    weak("national id", Kind::NationalId), weak("identity card", Kind::NationalId), weak("id card", Kind::NationalId), weak("identity", Kind::NationalId),
    weak("national insurance", Kind::NationalId), weak("social security", Kind::UsSsn), label("ssn", Kind::UsSsn),
    weak("tax", Kind::TaxId), weak("vat", Kind::TaxId), weak("steuernummer", Kind::TaxId), weak("taxpayer", Kind::TaxId),
    label("imei", Kind::DeviceId), weak("serial", Kind::DeviceId), weak("vin", Kind::Vin),
    short("cvv", Kind::CardSecurity, 3, 4), short("cvv2", Kind::CardSecurity, 3, 4), short("cvc", Kind::CardSecurity, 3, 4), short("csc", Kind::CardSecurity, 3, 4),
    short("security code", Kind::CardSecurity, 3, 4), short("card verification", Kind::CardSecurity, 3, 4),
    short("pin", Kind::Password, 4, 6), short("pin code", Kind::Password, 4, 4), short("atm pin", Kind::Password, 4, 6), short("otp", Kind::Password, 4, 8), short("verification code", Kind::Password, 4, 8),
    short("passcode", Kind::Password, 4, 8), short("one-time code", Kind::Password, 4, 8),
];

/// Words between the label and the number.
const FILLERS: &[&str] = &[
    "numbers",
    "number",
    "num",
    "nummer",
    "no",
    "nr",
    "nº",
    "n°",
    "id",
    "code",
    "is",
    "was",
    "es",
    "ist",
    "ref",
    "reference",
    "#",
    ":",
    "=",
    "numero",
    "número",
];

/// In front of a number, so many bytes are searched for its label.
const REACH: usize = 40;

/// What stands between a number and the label behind it, in lower case.
const TOLD: &[&str] = &[
    " is my ",
    " is our ",
    " is her ",
    " is his ",
    " is their ",
    " is the ",
    " was my ",
];

/// Reports the number that begins with the word and whose label stands behind it: `12345678 is my account number`.
fn told(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    // Most words with digits have no ` is ` or ` was ` behind them.
    if !matches!(bytes.get(word.end..word.end + 2), Some(b" i" | b" w")) {
        return;
    }
    let body = &bytes[word.clone()];
    let digits = body.iter().filter(|b| b.is_ascii_digit()).count();
    let Some(rest) = TOLD
        .iter()
        .find_map(|told| text[word.end..].strip_prefix(told))
    else {
        return;
    };
    let mut to = rest.len().min(REACH);
    while !rest.is_char_boundary(to) {
        to -= 1;
    }
    let lower = rest[..to].to_lowercase().replace('’', "'");
    let labels = LABELS.iter().filter(|label| {
        let behind = lower.strip_prefix(label.words);
        let filled = |behind: &str| {
            FILLERS[..10].iter().any(|filler| {
                let word = behind
                    .strip_prefix(' ')
                    .and_then(|b| b.strip_prefix(filler));
                word.is_some_and(|b| !b.starts_with(char::is_alphanumeric))
            })
        };
        behind.is_some_and(|behind| {
            let whole = !behind.starts_with(char::is_alphanumeric);
            whole && (!label.needs_filler || label.words.ends_with(" id") || filled(behind))
        })
    });
    let Some(label) = labels.max_by_key(|label| label.words.len()) else {
        return;
    };
    let (least, most) = label.len;
    let enough = digits >= 4 || (digits >= 3 && (least < 5 || label.kind == Kind::LicensePlate));
    if enough && (least..=most).contains(&body.len()) && !is_year(&text[word.clone()], label) {
        let finding = Finding::by_rule(label.kind, word.clone(), "labelled-number", 0.6);
        out.push(finding.near(Some(label.words)));
    }
}

/// Reports the number that begins with the word.
pub(crate) fn at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    told(text, word, out);
    if bytes
        .get(word.start.wrapping_sub(1))
        .is_some_and(|b| matches!(b, b'-' | b'.' | b'/' | b'_' | b'$' | b'+'))
    {
        return;
    }
    if !may_be_labelled(bytes, word.start) {
        return;
    }
    let Some((label, filled)) = label_before(text, word.start) else {
        return;
    };
    let end = end_of_number(bytes, word);
    let span = word.start..end;
    let characters = bytes[span.clone()]
        .iter()
        .filter(|b| b.is_ascii_alphanumeric())
        .count();
    let digits = bytes[span.clone()]
        .iter()
        .filter(|b| b.is_ascii_digit())
        .count();
    let (least, most) = label.len;
    let short = least < 5 && digits == characters;
    let enough = digits >= 4 || (digits >= 3 && (short || label.kind == Kind::LicensePlate));
    if !(least..=most).contains(&characters) || !enough || (label.needs_filler && !filled) {
        return;
    }
    if matches!(byte_at(text, span.end), Some(b'%' | b'@')) || is_year(&text[span.clone()], label) {
        return;
    }
    let finding =
        Finding::by_rule(label.kind, span.clone(), "labelled-number", 0.6).near(Some(label.words));
    out.push(match veto(text, &span) {
        Some("decimal") => finding.vetoed("decimal"),
        _ => finding,
    });
}

/// The last three letters in front of the number, at most a few signs away: a quick look before the
/// label is searched for.
const LABELS_BY_END: &[&str] = &[
    "ort", "ass", "nse", "nce", "ein", "dl", "ate", "ber", "hen", "unt", "cct", "a/c", "nto",
    "mer", "nta", "ode", "ing", "mrn", "ord", "ent", "id", "lan", "icy", "hip", "mer", "ase",
    "aim", "yee", "aff", "dge", "ary", "ard", "ity", "ssn", "tax", "vat", "yer", "mei", "ial",
    "vin", "cvv", "vv2", "cvc", "csc", "ion", "pin", "otp", "no", "nr", "is", "was", "ref", "num",
    "ers", "ero", "es", "ist",
];

const ENDS: Ends = Ends::of(&[LABELS_BY_END]);

/// Whether what stands in front of `start`, a few signs away, ends like a label or a filler.
fn may_be_labelled(bytes: &[u8], start: usize) -> bool {
    let head = &bytes[..start];
    let signs = head
        .iter()
        .rev()
        .take(6)
        .take_while(|b| !b.is_ascii_alphanumeric())
        .count();
    let word = &head[..start - signs];
    let ends = |end: &&str| {
        let at = word.len().checked_sub(end.len());
        at.is_some_and(|at| word[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    (ENDS.may_end(word) && LABELS_BY_END.iter().any(ends))
        || head.ends_with("º".as_bytes())
        || head.ends_with("° ".as_bytes())
}

/// The label that ends in front of `start`, and whether a filler stands between the two.
fn label_before(text: &str, start: usize) -> Option<(&'static Label, bool)> {
    let mut from = start.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let lower = text[from..start].to_lowercase().replace('’', "'");
    let mut rest = lower.as_str();
    let mut filled = false;
    loop {
        rest = rest.trim_end_matches([' ', '"', '\'', '.', '(', '\t', '*', '-', '`']);
        let filler = FILLERS.iter().find(|filler| {
            rest.strip_suffix(**filler).is_some_and(|head| {
                !filler.starts_with(char::is_alphabetic) || !head.ends_with(char::is_alphanumeric)
            })
        });
        // A label may end like a filler: `pin code`, `patient id`.
        let whole = LABELS.iter().find(|label| is_label(rest, label.words));
        match (whole, filler) {
            (Some(label), _) => return Some((label, filled || label.words.ends_with(" id"))),
            (None, Some(filler)) => {
                filled |= !matches!(*filler, "is" | "was" | "es" | "ist");
                rest = &rest[..rest.len() - filler.len()];
            }
            (None, None) => return None,
        }
    }
}

fn is_label(text: &str, words: &str) -> bool {
    text.strip_suffix(words)
        .is_some_and(|head| !head.ends_with(char::is_alphanumeric))
}

/// The word and what hyphens and single spaces join to it: `2270-66-1551`, `12 34 56`, `ABC 1234`.
fn end_of_number(bytes: &[u8], word: &Range<usize>) -> usize {
    let mut end = word.end;
    for _ in 0..6 {
        let joined = bytes.get(end).is_some_and(|b| matches!(b, b'-' | b'/'));
        let spaced = bytes.get(end) == Some(&b' ');
        let next = bytes[(end + 1).min(bytes.len())..]
            .iter()
            .take(16)
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let part = &bytes[(end + 1).min(bytes.len())..(end + 1 + next).min(bytes.len())];
        let has_digit = part.iter().any(u8::is_ascii_digit);
        let all_digits = next > 0 && part.iter().all(u8::is_ascii_digit);
        if (joined && next > 0 && (has_digit || next <= 4)) || (spaced && all_digits && next >= 2) {
            end += 1 + next;
        } else {
            break;
        }
    }
    end
}

/// A year, where the number may be that short.
fn is_year(number: &str, label: &Label) -> bool {
    label.kind == Kind::Password
        && matches!(number.parse::<u32>(), Ok(1900..=2099))
        && label.words != "pin"
}
