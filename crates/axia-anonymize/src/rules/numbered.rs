//! Matches the rows of the table: at the start of every word that holds a digit.

use std::ops::Range;

use super::context::{byte_at, byte_before, is_alphanumeric, is_digit, near, veto};
use super::pattern::{self, Compact, match_at, separator_len};
use super::table::{Need, ROWS, Row};
use crate::{Finding, Kind};

/// Before and behind a number, so many bytes are searched for its words.
const BEFORE: usize = 48;
const BEHIND: usize = 32;

/// A word in front of a number, such as the letters of `AB 12 34 56 C`, is at most this long.
const MAX_LETTERS: usize = 6;
/// And at most so many such words stand there: `RSS MRA 85T10 A562S`.
const MAX_WORDS: usize = 2;

/// The rows, sorted out by the first character and by what makes a match quickly impossible.
pub(crate) struct Index {
    /// All places are digits, at least at the start.
    digits: Shapes,
    /// Begin with a digit but hold letters.
    digit_first: Shapes,
    letter_first: Shapes,
    shortest: usize,
}

/// A row with the places where it must have digits, and those where it must have letters, one bit each.
struct Shape {
    row: &'static Row,
    digits: u32,
    letters: u32,
}

/// Rows by their lengths; at 0 those of which it is not known.
type Shapes = [Vec<Shape>; pattern::MAX_LEN + 1];

impl Shape {
    fn of(row: &'static Row) -> Self {
        let mut shape = Self {
            row,
            digits: 0,
            letters: 0,
        };
        let places = row
            .pattern
            .bytes()
            .take_while(|b| !ends_chain(b))
            .filter(|b| matches!(b, b'9' | b'A' | b'N'));
        for (place, class) in places.enumerate() {
            shape.digits |= u32::from(class == b'9') << place;
            shape.letters |= u32::from(class == b'A') << place;
        }
        shape
    }
}

/// A bracket ends a chain of groups, and the century's sign may count or not.
fn ends_chain(class: &u8) -> bool {
    matches!(class, b'(' | b'~')
}

impl Index {
    pub(crate) fn new() -> Self {
        let mut index = Self {
            digits: Shapes::default(),
            digit_first: Shapes::default(),
            letter_first: Shapes::default(),
            shortest: usize::MAX,
        };
        for row in ROWS {
            let len = pattern::len_of(row.pattern);
            // Brackets end a chain of groups, so that what lies in them does not count.
            let bracketed = usize::from(row.pattern.contains('('));
            index.shortest = index.shortest.min(len - bracketed);
            let only_digits = row
                .pattern
                .bytes()
                .all(|b| !matches!(b, b'A' | b'N' | b'~'));
            let first = row.pattern.as_bytes().first();
            if only_digits {
                index.digits[len].push(Shape::of(row));
                continue;
            }
            let len = if row.pattern.bytes().any(|b| ends_chain(&b)) {
                0
            } else {
                len
            };
            if first != Some(&b'A') {
                index.digit_first[len].push(Shape::of(row));
            }
            if first != Some(&b'9') {
                index.letter_first[len].push(Shape::of(row));
            }
        }
        index
    }

    /// Reports the numbers that begin at `at`: where a word begins that holds a digit, or that has one
    /// behind it and a separator; or where digits follow at least two letters that are a whole word.
    pub(crate) fn at(&self, text: &str, at: usize, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        let Some(first) = bytes.get(at).filter(|b| b.is_ascii_alphanumeric()) else {
            return;
        };
        if is_alphanumeric(byte_before(text, at)) {
            if first.is_ascii_digit() && letters_before(bytes, at) >= 2 {
                self.digit_rows(text, at, out);
            }
        } else if first.is_ascii_digit() {
            self.digit_rows(text, at, out);
            self.mixed_rows(text, at, &self.digit_first, out);
        } else if reaches_digit(bytes, at) {
            self.mixed_rows(text, at, &self.letter_first, out);
        }
    }

    fn mixed_rows(&self, text: &str, at: usize, rows: &Shapes, out: &mut Vec<Finding>) {
        let chain = Chain::at(text.as_bytes(), at, u8::is_ascii_alphanumeric);
        if chain.len >= self.shortest {
            chain.try_rows(text, at, rows, out);
        }
    }

    fn digit_rows(&self, text: &str, at: usize, out: &mut Vec<Finding>) {
        let chain = Chain::at(text.as_bytes(), at, u8::is_ascii_digit);
        if chain.len >= self.shortest {
            chain.try_rows(text, at, &self.digits, out);
            self.spaced(text, at, out);
        }
    }

    /// Digits that stand alone with the same separator between them: `5 3 6 2 2 8 7 2 6`. The run is
    /// one number as a whole or none.
    fn spaced(&self, text: &str, at: usize, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        let single = |at: usize| {
            is_digit(bytes.get(at).copied()) && !is_alphanumeric(bytes.get(at + 1).copied())
        };
        if !single(at) {
            return;
        }
        let step = separator_len(bytes, at + 1);
        let separator = &bytes[at + 1..at + 1 + step];
        let earlier = at
            .checked_sub(step + 1)
            .is_some_and(|p| single(p) && bytes[p + 1..at] == *separator);
        if step == 0 || earlier {
            return;
        }
        let mut compact = Compact::EMPTY;
        let mut end = at;
        let mut next = at;
        while single(next) {
            if !compact.push(bytes[next]) {
                return;
            }
            end = next + 1;
            if bytes.get(end..end + step) != Some(separator) {
                break;
            }
            next = end + step;
        }
        let number = compact.as_slice();
        for Shape { row, .. } in self.digits.get(number.len()).into_iter().flatten() {
            if (row.check)(number) {
                let span = at..end;
                if let Some(word) = near(text, &span, BEFORE, BEHIND, &row.words) {
                    let finding = Finding::by_rule(row.kind, span, row.id, 0.6);
                    out.push(finding.validated_by("check-digit").near(Some(word)));
                }
            }
        }
    }
}

/// The letters right before `at`, if they are a word of at most twelve letters.
fn letters_before(bytes: &[u8], at: usize) -> usize {
    let letters = bytes[..at]
        .iter()
        .rev()
        .take(13)
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    let more = at
        .checked_sub(letters + 1)
        .and_then(|i| bytes.get(i))
        .is_some_and(u8::is_ascii_alphanumeric);
    if letters > 12 || more { 0 } else { letters }
}

/// Groups of letters or digits that are joined by separators.
struct Chain {
    /// At which counts of characters a group ends, as bits.
    ends: u32,
    /// Which characters are digits.
    digits: u32,
    len: usize,
}

impl Chain {
    /// No more than a pattern can take is looked at.
    fn at(bytes: &[u8], mut at: usize, part_of: impl Fn(&u8) -> bool) -> Self {
        let mut chain = Self {
            ends: 0,
            digits: 0,
            len: 0,
        };
        loop {
            let start = chain.len;
            while let Some(byte) = bytes.get(at).filter(|b| part_of(b)) {
                chain.digits |= u32::from(byte.is_ascii_digit()) << chain.len;
                chain.len += 1;
                at += 1;
                if chain.len > pattern::MAX_LEN {
                    return chain;
                }
            }
            if chain.len == start {
                return chain;
            }
            chain.ends |= 1 << chain.len;
            match separator_len(bytes, at) {
                0 => return chain,
                len => at += len,
            }
        }
    }

    fn try_rows(&self, text: &str, at: usize, rows: &Shapes, out: &mut Vec<Finding>) {
        // Those of unknown length, too.
        let mut ends = self.ends | 1;
        while ends != 0 {
            let shapes = rows.get(ends.trailing_zeros() as usize);
            ends &= ends - 1;
            let shapes = shapes.into_iter().flatten().filter(|shape| {
                self.digits & shape.digits == shape.digits && self.digits & shape.letters == 0
            });
            out.extend(shapes.filter_map(|shape| try_row(text, at, shape.row)));
        }
    }
}

fn try_row(text: &str, at: usize, row: &'static Row) -> Option<Finding> {
    let found = match_at(text.as_bytes(), at, row.pattern)?;
    let span = at..found.end;
    if !stands_alone(text, &span) || !(row.check)(found.compact.as_slice()) {
        return None;
    }
    let word = near(text, &span, BEFORE, BEHIND, &row.words);
    let enough = match row.need {
        Need::Nothing => true,
        Need::Shape => found.simple,
        Need::Uniform => found.simple && found.uniform,
        Need::Dashes => found.dashes,
        Need::Capitals => found.capitals,
        Need::Word => false,
    };
    let score = match (enough, found.separated) {
        (true, true) => 0.8,
        (true, false) => 0.7,
        (false, _) => {
            word?;
            0.65
        }
    };
    let finding = Finding::by_rule(row.kind, span.clone(), row.id, score).near(word);
    // Passports have nothing to check.
    let checked = row.kind != Kind::Passport;
    let finding = if checked {
        finding.validated_by("check-digit")
    } else {
        finding
    };
    Some(match veto(text, &span) {
        Some(reason) => finding.vetoed(reason),
        None => finding,
    })
}

/// Not a part of something longer: a word, a decimal number, a longer dotted or dashed one, an amount.
fn stands_alone(text: &str, span: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let starts_with_digit = is_digit(byte_at(text, span.start));
    let glued = is_alphanumeric(byte_before(text, span.start)) && !starts_with_digit;
    let joined = matches!(
        byte_before(text, span.start),
        Some(b'-' | b'.' | b'/' | b',' | b'+')
    ) && is_digit(
        span.start
            .checked_sub(2)
            .and_then(|i| bytes.get(i))
            .copied(),
    );
    let signed = starts_with_digit && matches!(byte_before(text, span.start), Some(b'+' | b'$'));
    let after = byte_at(text, span.end);
    let goes_on = is_alphanumeric(after)
        || (matches!(after, Some(b'-' | b'.' | b'/' | b',' | b':'))
            && is_digit(byte_at(text, span.end + 1)));
    !(glued || joined || signed || goes_on)
}

/// Whether the word of letters at `at`, or the one behind it, has a word with a digit behind it; or is
/// such a word itself. The mirror image of `anchors`.
fn reaches_digit(bytes: &[u8], mut at: usize) -> bool {
    for _ in 0..=MAX_WORDS {
        let letters = bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        if is_digit(bytes.get(at + letters).copied()) {
            return true;
        }
        match separator_len(bytes, at + letters) {
            len if len > 0 && (1..=MAX_LETTERS).contains(&letters) => at += letters + len,
            _ => return false,
        }
    }
    false
}

/// Where the word of at most `MAX_LETTERS` letters starts that stands in front, behind it a separator.
fn letters_in_front(bytes: &[u8], start: usize) -> Option<usize> {
    let separator = bytes[..start]
        .iter()
        .rev()
        .take(4)
        .take_while(|b| pattern::is_separator(**b))
        .count();
    let end = start
        .checked_sub(separator)
        .filter(|_| (1..=3).contains(&separator))?;
    let letters = bytes[..end]
        .iter()
        .rev()
        .take(MAX_LETTERS + 1)
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    let start = end - letters;
    let whole = !is_alphanumeric(start.checked_sub(1).and_then(|i| bytes.get(i)).copied());
    (whole && (1..=MAX_LETTERS).contains(&letters)).then_some(start)
}

/// The starts that `Index::at` takes, for a word (letters and digits) that holds a digit.
pub(crate) fn anchors(text: &str, word: &Range<usize>, mut visit: impl FnMut(usize)) {
    let bytes = text.as_bytes();
    let mut start = word.start;
    for _ in 0..MAX_WORDS {
        match letters_in_front(bytes, start) {
            Some(earlier) => start = earlier,
            None => break,
        }
        visit(start);
    }
    visit(word.start);
    let letters = bytes[word.clone()]
        .iter()
        .take(13)
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    if letters >= 2 && is_digit(byte_at(text, word.start + letters)) {
        visit(word.start + letters);
    }
}
