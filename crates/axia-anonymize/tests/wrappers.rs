//! Every kind of value in every disguise: what is found plain is found full-width, with invisible characters
//! inside, in codes and beside other signs. The table of evasions holds single cases; here they are crossed.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::LazyLock;

use axia_anonymize::Anonymizer;
use proptest::prelude::*;

/// Rules are compiled once for all cases.
static DEFAULT: LazyLock<Anonymizer> = LazyLock::new(|| Anonymizer::builder().build().unwrap());

/// A value, and words that announce it, with `{}` in its place.
const VALUES: &[(Form, &str, &str)] = &[
    (
        Form::Word,
        "maria.keller@posteo.de",
        "you can write to {} now",
    ),
    (Form::Word, "t.okafor92@outlook.com", "{}"),
    (Form::Number, "4929 1234 5678 9015", "my card is {}"),
    (Form::Number, "6011-1111-1111-1117", "card number: {}"),
    (Form::Number, "536-22-8726", "SSN: {}"),
    (Form::Number, "212-736-5000", "call me at {}"),
    (Form::Number, "+49 151 23456789", "phone: {}"),
    (Form::Number, "GB82 WEST 1234 5698 7654 32", "IBAN {}"),
    (Form::Address, "84.112.9.201", "my ip is {}"),
    (
        Form::Word,
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "send it to {}",
    ),
    (Form::Word, "AKIAZ3QP7MW2RT5BY4NL", "use {}"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// Groups of digits and letters with spaces or hyphens between.
    Number,
    Address,
    Word,
}

/// The value at a place of the list, round and round, among those of some forms.
fn of_forms(forms: &[Form], place: usize) -> (Form, &'static str, &'static str) {
    let wanted = VALUES.iter().filter(|(form, ..)| forms.contains(form));
    *wanted.cycle().nth(place).unwrap()
}

/// Where digits of other scripts begin.
const ZEROS: &[char] = &[
    '\u{FF10}',
    '\u{660}',
    '\u{6F0}',
    '\u{966}',
    '\u{9E6}',
    '\u{E50}',
    '\u{1D7CE}',
    '\u{1D7F6}',
];

/// What stands for a space or a hyphen between groups.
const SEPARATORS: &[&str] = &[
    "\u{A0}", "\u{2009}", "\u{202F}", "\u{3000}", "\u{2013}", "\u{2011}", "\u{2212}",
];

const INVISIBLE: &[char] = &[
    '\u{200B}',
    '\u{AD}',
    '\u{200C}',
    '\u{200D}',
    '\u{FEFF}',
    '\u{34F}',
    '\u{2060}',
    '\u{2064}',
    '\u{FE0F}',
    '\u{61C}',
    '\u{E0041}',
    '\u{E0101}',
    '\u{202E}',
    '\u{2066}',
];

/// What stands in front and behind.
const NEIGHBOURS: &[(&str, &str)] = &[
    ("\"", "\""),
    ("<td>", "</td>"),
    ("a;", ";b"),
    ("[", "](x)"),
    ("我的是", "。谢谢"),
    ("は", "です"),
    ("|", "|"),
    ("=", "&b=2"),
    ("(", ")."),
    ("...", "..."),
    ("", "!!1"),
    ("**", "**"),
    ("`", "`"),
];

fn digits_from(zero: char, value: &str) -> String {
    let digit = |c: char| char::from_u32(u32::from(zero) + c.to_digit(10)?);
    value.chars().map(|c| digit(c).unwrap_or(c)).collect()
}

fn with_inside(sign: char, places: &[bool], value: &str) -> String {
    let mut out = String::new();
    for (i, c) in value.chars().enumerate() {
        let place = places.get(i % places.len().max(1)).copied();
        if i > 0 && place == Some(true) {
            out.push(sign);
        }
        out.push(c);
    }
    out
}

fn percent(value: &str) -> String {
    value.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn entities(value: &str) -> String {
    value
        .chars()
        .map(|c| format!("&#{};", u32::from(c)))
        .collect()
}

fn escapes(value: &str) -> String {
    value
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect()
}

/// Nothing of the disguised value may be left.
fn assert_gone(frame: &str, disguised: &str) {
    let (before, behind) = frame.split_once("{}").unwrap();
    let text = format!("{before}{disguised}{behind}");
    let span = before.len()..before.len() + disguised.len();
    let found = DEFAULT.detect(&text);
    for (at, c) in text[span.clone()].char_indices() {
        let at = span.start + at;
        let covered = found.iter().any(|f| f.span.contains(&at));
        assert!(covered || !c.is_alphanumeric(), "{text:?} at {at}");
    }
}

proptest! {
    #[test]
    fn digits_of_any_script(value in 0..VALUES.len(), zero in 0..ZEROS.len()) {
        let (_, value, frame) = of_forms(&[Form::Number, Form::Address], value);
            assert_gone(frame, &digits_from(ZEROS[zero], value));
    }

    #[test]
    fn spaces_and_hyphens_of_any_kind(value in 0..VALUES.len(), separator in 0..SEPARATORS.len()) {
        let (_, value, frame) = of_forms(&[Form::Number], value);
            let separator = SEPARATORS[separator];
        assert_gone(frame, &value.replace([' ', '-'], separator));
    }

    #[test]
    fn invisible_characters_inside(
        value in 0..VALUES.len(),
        sign in 0..INVISIBLE.len(),
        places in proptest::collection::vec(any::<bool>(), 1..40),
    ) {
        let (_, value, frame) = VALUES[value];
            assert_gone(frame, &with_inside(INVISIBLE[sign], &places, value));
    }

    #[test]
    fn neighbours_of_any_kind(value in 0..VALUES.len(), neighbours in 0..NEIGHBOURS.len()) {
        let (_, value, frame) = VALUES[value];
        let (before, behind) = NEIGHBOURS[neighbours];
        let frame = frame.replace("{}", &format!("{before}{{}}{behind}"));
            assert_gone(&frame, value);
    }

    #[test]
    fn codes(value in 0..VALUES.len(), code in 0..3_usize) {
        let (_, value, frame) = VALUES[value];
        let code = [percent, entities, escapes][code];
            assert_gone(frame, &code(value));
    }

    /// Two disguises at once.
    #[test]
    fn invisible_characters_between_foreign_digits_beside_neighbours(
        value in 0..VALUES.len(),
        zero in 0..ZEROS.len(),
        sign in 0..INVISIBLE.len(),
        places in proptest::collection::vec(any::<bool>(), 1..40),
        neighbours in 0..NEIGHBOURS.len(),
    ) {
        let (_, value, frame) = of_forms(&[Form::Number, Form::Address], value);
        let (before, behind) = NEIGHBOURS[neighbours];
        let frame = frame.replace("{}", &format!("{before}{{}}{behind}"));
            let disguised = digits_from(ZEROS[zero], value);
        assert_gone(&frame, &with_inside(INVISIBLE[sign], &places, &disguised));
    }
}
