//! Telephone numbers by a port of libphonenumber (feature `phone`): what is a valid number by the plans of
//! all countries, beside what the rules in `phone` find by form.

use std::ops::Range;

use rlibphonenumber::phonenumber_matcher::{Leniency, PhoneNumberMatcherFactory};
use rlibphonenumber::{PhoneNumberUtil, Region};

use super::context::in_hex_or_uuid;
use super::number::{regions, starts_with_date};
use super::phone::touches_more;
use crate::{Finding, Kind, Recognizer};

/// A longer region is a table of figures. It also bounds the time of the library's search.
const MAX_REGION: usize = 64;
/// In front of a region a plus sign and a bracket belong to the number; behind it an extension.
const BEFORE: usize = 2;
const BEHIND: usize = 12;

/// Countries whose national forms are looked for. A form that fits any of 250 plans would tell nothing.
const NATIONAL: &[Region] = &[
    Region::AR,
    Region::AU,
    Region::BE,
    Region::BR,
    Region::CA,
    Region::CH,
    Region::CL,
    Region::CN,
    Region::CO,
    Region::DE,
    Region::ES,
    Region::FR,
    Region::GB,
    Region::ID,
    Region::IE,
    Region::IL,
    Region::IN,
    Region::IT,
    Region::JP,
    Region::KR,
    Region::MX,
    Region::MY,
    Region::NG,
    Region::NL,
    Region::NZ,
    Region::PH,
    Region::PK,
    Region::PL,
    Region::RU,
    Region::SE,
    Region::SG,
    Region::TH,
    Region::TR,
    Region::UA,
    Region::US,
    Region::VN,
    Region::ZA,
];

/// Fewer digits than this are no national number without a word that says so, which is the rules' affair.
const MIN_NATIONAL: usize = 9;

/// The library with its regular expressions compiled.
pub(crate) struct PhoneLibrary {
    matchers: PhoneNumberMatcherFactory<PhoneNumberUtil, &'static PhoneNumberUtil>,
}

impl PhoneLibrary {
    pub(crate) fn new() -> Self {
        Self {
            matchers: PhoneNumberMatcherFactory::new(),
        }
    }

    fn search(&self, text: &str, groups: &[Range<usize>], out: &mut Vec<Finding>) {
        let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
            return;
        };
        if last.end - first.start > MAX_REGION || starts_with_date(text, groups) {
            return;
        }
        let window = window(text, first.start, last.end);
        let shown = &text[window.clone()];
        let international = self
            .matchers
            .matcher_builder(shown)
            .leniency(Leniency::Valid);
        for found in international.build() {
            let span = window.start + found.start..window.start + found.end();
            push(text, span, "phone-library", 0.9, out);
        }
        // Without a plus sign, marks that hardly any other number has must be there, too.
        if !shown.contains(['(', '-']) {
            return;
        }
        let national = self.matchers.matcher_builder(shown);
        let national = national
            .leniency(Leniency::StrictGrouping)
            .regions(NATIONAL.iter().copied());
        for found in national.build() {
            let digits = found.raw_string.bytes().filter(u8::is_ascii_digit).count();
            if digits >= MIN_NATIONAL && found.raw_string.contains(['(', '-']) {
                let span = window.start + found.start..window.start + found.end();
                push(text, span, "phone-library-national", 0.6, out);
            }
        }
    }
}

/// The stretch with what may belong to it on both sides, on borders of characters.
fn window(text: &str, start: usize, end: usize) -> Range<usize> {
    let mut from = start.saturating_sub(BEFORE);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = (end + BEHIND).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    from..to
}

fn push(text: &str, span: Range<usize>, rule: &'static str, score: f32, out: &mut Vec<Finding>) {
    if !touches_more(text, &span) && !in_hex_or_uuid(text, &span) {
        out.push(Finding::by_rule(Kind::Phone, span, rule, score).validated_by("numbering-plan"));
    }
}

impl Recognizer for PhoneLibrary {
    fn kind(&self) -> Kind {
        Kind::Phone
    }

    fn fingerprint(&self) -> String {
        format!("{} by libphonenumber", self.kind())
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        regions(text, 7, |groups| self.search(text, groups, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        PhoneLibrary::new().recognize(text, &mut out);
        out.into_iter().map(|f| text[f.span].to_owned()).collect()
    }

    #[test]
    fn valid_numbers_are_found_whole() {
        assert_eq!(found("call +49 30 901820 now"), ["+49 30 901820"]);
        assert_eq!(found("ligue (11) 96123-4567, ok"), ["(11) 96123-4567"]);
        assert_eq!(
            found("+1 415-555-2671 ext. 12"),
            ["+1 415-555-2671 ext. 12"]
        );
    }

    #[test]
    fn other_numbers_are_not() {
        for text in [
            "2023-01-31 10:30",
            "4111 1111 1111 1111",
            "550e8400-e29b-41d4-a716-446655440000",
            "12345678",
            "512 345 678",
            "ISBN 978-0-306-40615-7",
            "+999 123",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }
}
