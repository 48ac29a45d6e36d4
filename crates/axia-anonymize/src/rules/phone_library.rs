//! National telephone numbers of chosen regions, judged by the numbering plans of libphonenumber.
//!
//! The rules in `phone` know no plans: without a country code, a trunk prefix or a telling word near it,
//! `612 345 678` is any number to them. Here each chain of up to six groups of digits is offered to the
//! plans of the regions. Numbers with a country code are left to the rules, which mask all of them.

use std::fmt;
use std::ops::Range;

use phonenumber::metadata::{DATABASE, Format, Metadata};
use phonenumber::{Mode, PhoneNumber, Type, country};

use super::context::{in_hex_or_uuid, near};
use super::number::{digits, regions, separator, starts_with_date};
use super::phone::{WORDS, counts_up, extension, touches_more, with_bracket};
use crate::{Error, Finding, Kind, Recognizer};

/// No national number has more groups.
const MAX_GROUPS: usize = 6;
/// E.164 allows fifteen digits; a trunk prefix comes on top.
const MAX_DIGITS: usize = 16;
const MIN_DIGITS: usize = 6;

/// Finds national telephone numbers of chosen regions: those that the region's numbering plan knows,
/// written in groups, with the trunk prefix where the region writes one. Without groups they must begin with a
/// trunk prefix 0 or be of a range that is for mobile telephones alone.
///
/// Numbers with a country code, and all numbers beside a word such as "phone", are found by the built-in
/// rules already. Choose the regions of the people who write: each one makes a few more numbers look like
/// telephone numbers.
///
/// The plans are those of Google's [libphonenumber](https://github.com/google/libphonenumber), through the
/// crate `phonenumber`.
///
/// # Example
///
/// ```
/// use axia_anonymize::{Anonymizer, PhoneRecognizer};
///
/// let phones = PhoneRecognizer::new(["ES", "PL"])?;
/// let anonymizer = Anonymizer::builder().recognizer(Box::new(phones)).build()?;
/// assert_eq!(anonymizer.anonymize_text("Nos vemos, 612 345 678."), "Nos vemos, [PHONE_1].");
/// assert_eq!(anonymizer.anonymize_text("112 345 678 euros"), "112 345 678 euros");
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone)]
pub struct PhoneRecognizer {
    regions: Vec<country::Id>,
}

impl PhoneRecognizer {
    /// For regions by their two letters of ISO 3166-1: `"GB"`, `"IN"`. Their order does not matter.
    ///
    /// # Errors
    ///
    /// When there is no region, or one that libphonenumber has no plan for
    /// ([`Error::is_invalid_parameter`]).
    pub fn new<'r>(regions: impl IntoIterator<Item = &'r str>) -> Result<Self, Error> {
        let mut known = Vec::new();
        for region in regions {
            let id = region.parse::<country::Id>().ok();
            let id = id.filter(|id| DATABASE.by_id(id.as_ref()).is_some());
            let id = id.ok_or_else(|| {
                Error::parameter(
                    "a region of telephone numbers",
                    "two letters of ISO 3166-1 in upper case, such as GB",
                    region,
                )
            })?;
            known.push(id);
        }
        known.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
        known.dedup();
        if known.is_empty() {
            return Err(Error::parameter(
                "the number of regions of telephone numbers",
                "at least 1",
                0,
            ));
        }
        Ok(Self { regions: known })
    }

    fn in_chain(&self, text: &str, groups: &[Range<usize>], out: &mut Vec<Finding>) {
        let mut i = 0;
        while i < groups.len() {
            let found = self.at(text, groups, i);
            i += found.as_ref().map_or(1, |found| found.groups);
            out.extend(found.map(|found| found.finding));
        }
    }

    /// The longest number that begins with group `i`.
    fn at(&self, text: &str, groups: &[Range<usize>], i: usize) -> Option<Found> {
        let opens = i == 0 || separator(text, groups, i - 1).contains([' ', '(', '\t']);
        let rest = groups.get(i..)?;
        if !opens || starts_with_date(text, rest) {
            return None;
        }
        (1..=rest.len().min(MAX_GROUPS)).rev().find_map(|taken| {
            let numbers = rest.get(..taken)?;
            // A number may end where the chain does, or at a space in it.
            let ends = taken == rest.len() || separator(text, rest, taken - 1).contains(' ');
            if !ends || looks_like_another(text, numbers) {
                return None;
            }
            let span = numbers.first()?.start..numbers.last()?.end;
            let start = with_bracket(text, span.clone());
            let span = start..span.end + extension(text, span.end);
            if touches_more(text, &span) || in_hex_or_uuid(text, &span) || is_measured(text, &span)
            {
                return None;
            }
            let written = digits(text, numbers);
            if !(MIN_DIGITS..=MAX_DIGITS).contains(&written.len()) {
                return None;
            }
            let how = self
                .regions
                .iter()
                .filter_map(|&region| in_plan(region, &written));
            // Without groups any number of an order looks like it.
            let sure = |how: &Known| taken > 1 || *how == Known::Unmistakable;
            how.into_iter().any(|how| sure(&how)).then(|| Found {
                groups: taken,
                finding: Finding::by_rule(Kind::Phone, span.clone(), "phone-national", 0.7)
                    .validated_by("libphonenumber")
                    .near(near(text, &span, 32, 24, &WORDS)),
            })
        })
    }
}

struct Found {
    groups: usize,
    finding: Finding,
}

/// How a plan knows a number.
#[derive(Debug, PartialEq)]
enum Known {
    Number,
    /// With a trunk prefix 0 in front, or of a range that is for mobile telephones alone.
    Unmistakable,
}

/// Whether the digits, as people of the region write them, are a number of its plan.
fn in_plan(region: country::Id, written: &str) -> Option<Known> {
    let number = phonenumber::parse(Some(region), written).ok()?;
    let plan = DATABASE.by_id(region.as_ref())?;
    let right = number.code().value() == plan.country_code()
        && number.is_valid()
        && has_prefix(plan, &number, written);
    let trunk = written.starts_with('0') && plan.national_prefix() == Some("0");
    let mobile = written.len() >= 9 && number.number_type(&DATABASE) == Type::Mobile;
    right.then_some(if trunk || mobile {
        Known::Unmistakable
    } else {
        Known::Number
    })
}

/// Whether the trunk prefix stands in front of the number where the region writes it.
fn has_prefix(plan: &Metadata, number: &PhoneNumber, written: &str) -> bool {
    let national = number.format().mode(Mode::National).to_string();
    if national
        .bytes()
        .filter(u8::is_ascii_digit)
        .eq(written.bytes())
    {
        return true;
    }
    let significant = number.national().to_string();
    let bare = significant == written;
    let of_number = |format: &&Format| {
        let begins = format
            .leading_digits()
            .last()
            .is_none_or(|leading| leading.find(&significant).is_some_and(|m| m.start() == 0));
        let fits = format
            .pattern()
            .find(&significant)
            .is_some_and(|m| m.start() == 0 && m.end() == significant.len());
        begins && fits
    };
    // In North America the 1 may be there or not.
    let prefixed = plan
        .national_prefix()
        .is_some_and(|prefix| written.strip_prefix(prefix) == Some(significant.as_str()));
    let optional = plan.formats().iter().find(of_number).is_some_and(|format| {
        format.is_national_prefix_optional() || format.national_prefix().is_none()
    });
    prefixed || (bare && optional)
}

/// Years, lists that count up, the shape of a social security number, amounts, decimals.
fn looks_like_another(text: &str, groups: &[Range<usize>]) -> bool {
    let years = groups.iter().all(|group| {
        let year = text.get(group.clone()).and_then(|year| year.parse().ok());
        group.len() == 4 && year.is_some_and(|year: u32| (1000..=2199).contains(&year))
    });
    let shape: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
    let decimal = groups.len() == 2 && separator(text, groups, 0) == ".";
    let short = shape.iter().filter(|&&len| len == 1).count() > 1;
    years || decimal || short || shape == [3, 2, 4] || (groups.len() > 1 && counts_up(text, groups))
}

/// Whether an amount of something: a currency or per cent sign stands behind the number.
fn is_measured(text: &str, span: &Range<usize>) -> bool {
    let behind = text
        .get(span.end..)
        .unwrap_or_default()
        .trim_start_matches(' ');
    behind.starts_with(['€', '$', '£', '¥', '%', '°', '₹', '₽'])
}

impl Recognizer for PhoneRecognizer {
    fn kind(&self) -> Kind {
        Kind::Phone
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        regions(text, MIN_DIGITS, |groups| self.in_chain(text, groups, out));
    }

    fn fingerprint(&self) -> String {
        let regions: Vec<&str> = self.regions.iter().map(AsRef::as_ref).collect();
        format!("{} of {}", self.kind(), regions.join(" "))
    }
}

impl fmt::Debug for PhoneRecognizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneRecognizer")
            .field("regions", &self.regions)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found<'t>(regions: &[&str], text: &'t str) -> Vec<&'t str> {
        let mut out = Vec::new();
        let recognizer = PhoneRecognizer::new(regions.iter().copied()).unwrap();
        recognizer.recognize(text, &mut out);
        out.into_iter().map(|found| &text[found.span]).collect()
    }

    #[test]
    fn national_numbers_are_found_whole() {
        for (region, number) in [
            ("ES", "612 345 678"),
            ("ES", "91 123 45 67"),
            ("PL", "512-345-678"),
            ("DK", "32 12 34 56"),
            ("NO", "406 12 345"),
            ("PT", "912 345 678"),
            ("CZ", "601 123 456"),
            ("IT", "02 1234 5678"),
            ("IN", "98765 43210"),
            ("BR", "(11) 96123-4567"),
            ("AU", "0412 345 678"),
            ("GB", "020 7946 0958"),
            ("FR", "06 12 34 56 78"),
            ("DE", "030 1234567"),
            ("US", "(415) 555-2671"),
            ("US", "1 415-555-2671"),
            ("JP", "090-1234-5678"),
            ("SG", "9123 4567"),
            ("FR", "0612345678"),
            ("IN", "9876543210"),
            ("ES", "612345678"),
        ] {
            let text = format!("Write to {number} or come by.");
            assert_eq!(found(&[region], &text), [number], "{region}");
        }
    }

    #[test]
    fn the_plan_of_another_region_does_not_count() {
        let text = "Write to 612 345 678 or come by.";
        assert_eq!(found(&["GB", "US"], text), Vec::<&str>::new());
        assert_eq!(found(&["GB", "US", "ES"], text), ["612 345 678"]);
        // Germans write the 0.
        assert_eq!(found(&["DE"], "It is 212 736 5000."), Vec::<&str>::new());
    }

    #[test]
    fn other_numbers_stay() {
        let regions = ["DE", "DK", "ES", "FR", "GB", "IN", "IT", "NO", "PL", "US"];
        for text in [
            "from 2019-2020 and 1999 2000",
            "on 2024-11-03 at 12.30",
            "612 345 678 €",
            "$612 345 678",
            "01 02 03 04 05",
            "version 4.12.233",
            "10.0.12.1",
            "52.520008, 13.404954",
            "scored 21-14, 21-17",
            "078-05-1120",
            "550e8400-e29b-41d4-a716-446655440000",
            "1 000 000 people",
            "order 4155552671",
            "at 1700000000",
            "ISBN 9780306406157",
        ] {
            assert_eq!(found(&regions, text), Vec::<&str>::new(), "{text}");
        }
    }

    /// The library has an example of each kind of number of each region.
    #[test]
    fn the_examples_of_all_regions_are_found_in_their_national_form() {
        let (mut asked, mut missed) = (0, Vec::new());
        for plan in DATABASE.iter() {
            let Ok(region) = plan.id().parse::<country::Id>() else {
                continue;
            };
            for kind in [Type::FixedLine, Type::Mobile] {
                let example = plan.descriptors().get(kind).and_then(|d| d.example());
                let number = example.and_then(|e| phonenumber::parse(Some(region), e).ok());
                let Some(number) = number else { continue };
                let national = number.format().mode(Mode::National).to_string();
                if !number.is_valid() || !national.contains([' ', '-']) {
                    continue;
                }
                asked += 1;
                let text = format!("Write to {national} or come by.");
                if found(&[plan.id()], &text) != [national.as_str()] {
                    missed.push((plan.id().to_owned(), national));
                }
            }
        }
        assert!(asked > 300, "{asked}");
        assert!(
            missed.len() * 50 <= asked,
            "{} of {asked}: {missed:?}",
            missed.len()
        );
    }

    #[test]
    fn regions_are_checked() {
        for wrong in [vec![], vec!["UK"], vec!["gb"], vec!["DE", ""]] {
            let error = PhoneRecognizer::new(wrong).unwrap_err();
            assert!(error.is_invalid_parameter());
        }
        let one = PhoneRecognizer::new(["ES", "DE", "ES"]).unwrap();
        let other = PhoneRecognizer::new(["DE", "ES"]).unwrap();
        assert_eq!(one.fingerprint(), other.fingerprint());
    }

    proptest! {
        /// The library is only ever given digits.
        #[test]
        fn no_digits_break_the_library(digits in "[0-9]{6,16}", region in 0_usize..250) {
            let plans: Vec<&Metadata> = DATABASE.iter().collect();
            if let Ok(region) = plans[region % plans.len()].id().parse::<country::Id>() {
                in_plan(region, &digits);
            }
        }

        #[test]
        fn spans_are_digits_and_what_parts_them(text in "[0-9 ()./x-]{0,60}") {
            for found in found(&["DK", "ES", "GB", "US"], &text) {
                prop_assert!(found.starts_with(|c: char| c.is_ascii_digit() || c == '('));
                prop_assert!(found.ends_with(|c: char| c.is_ascii_digit()));
            }
        }
    }
}
