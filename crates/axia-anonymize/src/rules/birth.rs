//! Days of birth and ages. A date is a day of birth only where words say so.

use std::ops::Range;

use super::context::{Vocabulary, byte_at, byte_before, is_alphanumeric, near};
use crate::{Finding, Kind};

const WORDS: Vocabulary = Vocabulary::of(&[
    "born",
    "birth",
    "birthday",
    "birthdate",
    "date_of_birth",
    "dateofbirth",
    "dob",
    "d.o.b",
    "bday",
    "b-day",
    "birth date",
    "was born",
    "geboren",
    "geburtsdatum",
    "geburtstag",
    "geb",
    "nacido",
    "nacida",
    "nacimiento",
    "né le",
    "née le",
    "naissance",
    "nascido",
    "nascida",
    "nascimento",
    "nato il",
    "nata il",
    "nascita",
    "geboortedatum",
    "född",
    "født",
    "syntynyt",
    "urodzony",
    "urodzona",
    "urodzenia",
    "родился",
    "родилась",
    "рождения",
    "出生",
    "生日",
    "生年月日",
    "誕生日",
    "생년월일",
    "생일",
    "doğum",
    "ngày sinh",
    "जन्म",
]);

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sept",
    "sep",
    "oct",
    "nov",
    "dec",
    "januar",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "janvier",
    "février",
    "mars",
    "avril",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "janeiro",
    "fevereiro",
    "março",
    "maio",
    "junho",
    "julho",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
    "gennaio",
    "febbraio",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "settembre",
    "ottobre",
    "dicembre",
];

/// Reports the date that begins with these digits, or with the name of a month in front of them.
pub(crate) fn date_at(text: &str, digits: &Range<usize>, out: &mut Vec<Finding>) {
    if !matches!(digits.len(), 1 | 2 | 4) {
        return;
    }
    let Some(span) = numeric(text, digits).or_else(|| named(text, digits)) else {
        return;
    };
    if let Some(word) = near(text, &span, 40, 12, &WORDS) {
        out.push(Finding::by_rule(Kind::DateOfBirth, span, "date-of-birth", 0.7).near(Some(word)));
    }
}

fn number(text: &str, at: usize) -> (usize, u32) {
    let len = text.as_bytes()[at.min(text.len())..]
        .iter()
        .take(5)
        .take_while(|b| b.is_ascii_digit())
        .count();
    (
        len,
        text[at.min(text.len())..(at + len).min(text.len())]
            .parse()
            .unwrap_or(0),
    )
}

/// `1985-03-12`, `12.3.1985`, `3/12/85`.
fn numeric(text: &str, digits: &Range<usize>) -> Option<Range<usize>> {
    let before = byte_before(text, digits.start);
    if matches!(before, Some(b'.' | b'/' | b'-' | b':')) && !announced(text, digits.start) {
        return None;
    }
    let first = number(text, digits.start);
    let mark = byte_at(text, digits.end).filter(|b| matches!(b, b'-' | b'/' | b'.' | b' '))?;
    let second_at = digits.end + 1 + usize::from(byte_at(text, digits.end + 1) == Some(b' '));
    let second = number(text, second_at);
    if byte_at(text, second_at + second.0) != Some(mark) {
        return None;
    }
    let third_at = second_at + second.0 + 1;
    let third_at = third_at + usize::from(byte_at(text, third_at) == Some(b' '));
    let third = number(text, third_at);
    let end = third_at + third.0;
    let year = |(len, value): (usize, u32)| {
        (len == 4 && (1890..=2035).contains(&value)) || (len == 2 && mark != b' ')
    };
    let full_year = |(len, _): (usize, u32)| len == 4;
    let small = |(len, value): (usize, u32), most: u32| {
        (1..=2).contains(&len) && (1..=most).contains(&value)
    };
    let forward =
        small(first, 31) && small(second, 31) && first.1.min(second.1) <= 12 && year(third);
    let backward = full_year(first) && year(first) && small(second, 12) && small(third, 31);
    (!is_alphanumeric(byte_at(text, end)) && (forward || backward)).then_some(digits.start..end)
}

fn announced(text: &str, start: usize) -> bool {
    byte_before(text, start) == Some(b':')
}

/// `12 March 1985`, `March 12th, 1985`, `12. März 1985`.
fn named(text: &str, digits: &Range<usize>) -> Option<Range<usize>> {
    if digits.len() > 2 || !(1..=31).contains(&number(text, digits.start).1) {
        return None;
    }
    let mut at = digits.end;
    for suffix in ["st", "nd", "rd", "th", "."] {
        at += if text[at..].starts_with(suffix) {
            suffix.len()
        } else {
            0
        };
    }
    let spaces = |at: usize| {
        text.as_bytes()[at..]
            .iter()
            .take(3)
            .take_while(|b| matches!(b, b' ' | b',' | b'.'))
            .count()
    };
    // Where the year ends that stands at `at`, or `without` where there is none; of a year in which
    // nobody was born who lives there is no date at all.
    let year_end = |at: usize, without: usize| {
        let (len, year) = number(text, at);
        match len {
            4 if is_alphanumeric(byte_at(text, at + len)) => Some(without),
            4 if (1890..=2035).contains(&year) => Some(at + len),
            4 if (1000..1890).contains(&year) => None,
            _ => Some(without),
        }
    };
    // The month behind the day: with or without a year.
    let mut month_at = at + spaces(at);
    for joining in ["of ", "de "] {
        month_at += if text[month_at..].starts_with(joining) {
            joining.len()
        } else {
            0
        };
    }
    if let Some(len) = month(&text[month_at..]) {
        let end = month_at + len;
        let mut year_at = end + spaces(end);
        if text[year_at..].starts_with("de ") {
            year_at += 3;
        }
        return Some(digits.start..year_end(year_at, end)?);
    }
    // Or in front of it.
    let head = text[..digits.start].trim_end_matches([' ', '.']);
    let word: usize = head
        .chars()
        .rev()
        .take(12)
        .take_while(|c| c.is_alphabetic())
        .map(char::len_utf8)
        .sum();
    let start = head.len() - word;
    if digits.start - head.len() > 2 || month(&head[start..]) != Some(word) {
        return None;
    }
    Some(start..year_end(at + spaces(at), at)?)
}

/// The length of the name of a month at the start of the text.
fn month(text: &str) -> Option<usize> {
    let len: usize = text
        .chars()
        .take(12)
        .take_while(|c| c.is_alphabetic())
        .map(char::len_utf8)
        .sum();
    // No month begins with another letter, so that most words are told by one byte.
    let first = text.as_bytes().first()?.to_ascii_lowercase();
    if !b"jfmasondegl".contains(&first) {
        return None;
    }
    let word = text.get(..len)?.to_lowercase();
    (len > 2 && MONTHS.contains(&word.as_str())).then_some(len)
}

/// Reports the age that these digits are. Ages say little about a person, so their score is below the
/// usual threshold; ages of 90 and more single people out.
pub(crate) fn age_at(text: &str, digits: &Range<usize>, out: &mut Vec<Finding>) {
    let Ok(age @ 1..=122) = text[digits.clone()].parse::<u32>() else {
        return;
    };
    if is_alphanumeric(byte_before(text, digits.start))
        || byte_before(text, digits.start) == Some(b'.')
    {
        return;
    }
    let after = text[digits.end..].trim_start_matches([' ', '-']);
    let unit = [
        "years old",
        "year old",
        "year-old",
        "years-old",
        "yo ",
        "y/o",
        "y.o",
        "years of age",
        "yrs old",
        "jahre alt",
        "años",
        "ans",
    ];
    let behind = text.len() - after.len() - digits.end <= 1
        && unit.iter().any(|unit| {
            after
                .get(..unit.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(unit))
        });
    let ahead = || {
        let mut from = digits.start.saturating_sub(12);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let head = text[from..digits.start].to_lowercase();
        let head = head.trim_end_matches([' ', ':', '=', '"']);
        ["age", "aged", "age of", "age is", "turned", "turn", "alter"]
            .iter()
            .any(|word| {
                head.strip_suffix(word)
                    .is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
            })
    };
    if !behind && !ahead() {
        return;
    }
    let score = if age >= 90 { 0.6 } else { 0.3 };
    out.push(Finding::by_rule(Kind::Age, digits.clone(), "age", score));
}
