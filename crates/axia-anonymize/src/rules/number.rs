//! Runs of digits and what separates them: what card numbers, telephone numbers and others are made of.

use std::ops::Range;

/// Separators between two groups of digits are at most this long, as in `+1 (415) - 555`.
const MAX_SEPARATOR: usize = 3;

/// Collects digit groups into regions, in the order of the text.
///
/// A region is as long as possible: groups of digits with one to three of ` `, tab, `-`, `.`, `/`,
/// `(`, `)` in between. A line break ends it.
#[derive(Default)]
pub(crate) struct Regions {
    groups: Vec<Range<usize>>,
    digits: usize,
}

impl Regions {
    /// Takes the group that begins at `start`; returns its end. If it is not joined to the ones before,
    /// these are `visit`ed, given that they have `min_digits` digits.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        start: usize,
        min_digits: usize,
        visit: impl FnOnce(&[Range<usize>]),
    ) -> usize {
        let len = bytes[start..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let joined = self.groups.last().is_some_and(|last| {
            start - last.end <= MAX_SEPARATOR && bytes[last.end..start].iter().all(is_separator)
        });
        if !joined {
            self.end(min_digits, visit);
        }
        self.groups.push(start..start + len);
        self.digits += len;
        start + len
    }

    /// Ends the last region.
    pub(crate) fn end(&mut self, min_digits: usize, visit: impl FnOnce(&[Range<usize>])) {
        if self.digits >= min_digits {
            visit(&self.groups);
        }
        self.groups.clear();
        self.digits = 0;
    }
}

/// Calls `visit` with the digit groups of each region of at least `min_digits` digits.
#[cfg(any(test, feature = "phone"))]
pub(crate) fn regions(text: &str, min_digits: usize, mut visit: impl FnMut(&[Range<usize>])) {
    let mut regions = Regions::default();
    let mut at = 0;
    while let Some(start) = super::scan::next_digit(text.as_bytes(), at) {
        at = regions.take(text.as_bytes(), start, min_digits, &mut visit);
    }
    regions.end(min_digits, visit);
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'-' | b'.' | b'/' | b'(' | b')')
}

/// Signs between two groups of a broken number, as in `**4111** **1111**`.
const MAX_BREAK: usize = 5;

/// A number whose groups are parted by more than people put there: by line breaks, markup, columns.
pub(crate) struct Broken {
    pub(crate) groups: Vec<Range<usize>>,
    /// The same signs in all places, without a space or a line break.
    pub(crate) tight: bool,
    /// Line breaks alone.
    pub(crate) lines: bool,
}

/// The groups of the broken number that begins with the digits in `word`; none where it is written as in
/// [`regions`], or is a part of a longer chain, as in a table.
pub(crate) fn broken(text: &str, word: &Range<usize>) -> Option<Broken> {
    let bytes = text.as_bytes();
    let unusual = |b: u8| {
        matches!(
            b,
            b'*' | b'_' | b'|' | b'\n' | b'\r' | b'`' | b'~' | b',' | b':' | b'\\'
        )
    };
    let part_of = |b: &&u8| unusual(**b) || is_separator(b);
    let gap = |at: usize| {
        let len = bytes[at..]
            .iter()
            .take(MAX_BREAK + 1)
            .take_while(part_of)
            .count();
        if len > MAX_BREAK { 0 } else { len }
    };
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let before = bytes[..word.start]
        .iter()
        .rev()
        .take(MAX_BREAK + 1)
        .take_while(part_of)
        .count();
    let first = gap(word.end);
    let goes_on = first > 0 && digit_at(word.end + first);
    if !goes_on || (before > 0 && word.start.checked_sub(before + 1).is_some_and(digit_at)) {
        return None;
    }
    let sign = &bytes[word.end..word.end + first];
    let mut found = Broken {
        groups: vec![word.clone()],
        tight: sign
            .iter()
            .all(|b| matches!(b, b'*' | b'_' | b'|' | b'`' | b'~')),
        lines: sign.iter().all(|b| matches!(b, b'\n' | b'\r')),
    };
    let mut any = false;
    let mut end = word.end;
    loop {
        let len = gap(end);
        if len == 0 || !digit_at(end + len) {
            break;
        }
        if found.groups.len() == MAX_GROUPS {
            return None;
        }
        let this = &bytes[end..end + len];
        any |= this.iter().any(|b| unusual(*b));
        if this != sign {
            found.tight = false;
            found.lines = false;
        }
        let start = end + len;
        let digits = bytes[start..]
            .iter()
            .take(20)
            .take_while(|b| b.is_ascii_digit())
            .count();
        end = start + digits;
        found.groups.push(start..end);
    }
    let whole = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (any && whole).then_some(found)
}

/// No number has more groups.
const MAX_GROUPS: usize = 6;

/// What stands between group `i` and the next.
pub(crate) fn separator<'t>(text: &'t str, groups: &[Range<usize>], i: usize) -> &'t str {
    match (groups.get(i), groups.get(i + 1)) {
        (Some(a), Some(b)) => text.get(a.end..b.start).unwrap_or_default(),
        _ => "",
    }
}

/// The digits of some groups, without what separates them.
pub(crate) fn digits(text: &str, groups: &[Range<usize>]) -> String {
    groups
        .iter()
        .filter_map(|group| text.get(group.clone()))
        .collect()
}

/// Whether the lengths of the groups are `shape` and the same separator stands between them.
pub(crate) fn has_shape(text: &str, groups: &[Range<usize>], shape: &[usize]) -> bool {
    groups.len() == shape.len()
        && groups
            .iter()
            .map(ExactSizeIterator::len)
            .eq(shape.iter().copied())
        && (1..groups.len().saturating_sub(1))
            .all(|i| separator(text, groups, i) == separator(text, groups, 0))
}

/// Whether the groups begin with a calendar date: `2023-01-31`, `31.01.2023`, `1/31/2023`.
pub(crate) fn starts_with_date(text: &str, groups: &[Range<usize>]) -> bool {
    let [a, b, c, ..] = groups else { return false };
    let value = |group: &Range<usize>| text[group.clone()].parse::<u32>().unwrap_or(u32::MAX);
    let month_and_day = |a: &Range<usize>, b: &Range<usize>| {
        let (a_value, b_value) = (value(a), value(b));
        a.len() <= 2
            && b.len() <= 2
            && a_value.min(b_value) >= 1
            && a_value.min(b_value) <= 12
            && a_value.max(b_value) <= 31
    };
    let year = |group: &Range<usize>| group.len() == 4 && (1800..=2199).contains(&value(group));
    let joined = [0, 1].iter().all(|&i| {
        let separator = separator(text, groups, i);
        separator.len() == 1 || separator == ". "
    });
    joined && ((year(a) && month_and_day(b, c)) || (month_and_day(a, b) && year(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, min: usize) -> Vec<Vec<&str>> {
        let mut found = Vec::new();
        regions(text, min, |groups| {
            found.push(groups.iter().map(|g| &text[g.clone()]).collect());
        });
        found
    }

    #[test]
    fn regions_break_at_text_and_lines() {
        assert_eq!(
            all("a1 (415) 555-2671, 12\n34", 1),
            [vec!["1", "415", "555", "2671"], vec!["12"], vec!["34"]]
        );
        assert_eq!(all("x12 y3456789", 7), [vec!["3456789"]]);
        assert_eq!(all("", 1), Vec::<Vec<&str>>::new());
        assert_eq!(all("1    2", 1), [vec!["1"], vec!["2"]]);
        assert_eq!(all("   1", 1), [vec!["1"]]);
    }

    #[test]
    fn dates() {
        let is_date = |text: &str| {
            let mut date = false;
            regions(text, 1, |groups| date = starts_with_date(text, groups));
            date
        };
        for text in ["2023-01-31", "31.01.2023 10", "1/31/2023", "01 02 1999"] {
            assert!(is_date(text), "{text}");
        }
        for text in ["415-555-2671", "06 12 34 56 78", "32.13.2023", "0-0-2000"] {
            assert!(!is_date(text), "{text}");
        }
    }
}
