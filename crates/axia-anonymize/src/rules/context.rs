//! Words near a candidate that speak for it or against it, and characters that touch it.

use std::ops::Range;

/// Words that speak for a rule, in lower case, and with which two bytes they begin.
#[derive(Clone, Copy)]
pub(crate) struct Vocabulary {
    words: &'static [&'static str],
    /// By the last five bits of the first byte, one bit for each of those of the second: capitals have
    /// the same.
    begins: [u32; 32],
}

impl Vocabulary {
    pub(crate) const fn of(words: &'static [&'static str]) -> Self {
        let mut begins = [0; 32];
        let mut i = 0;
        while i < words.len() {
            let word = words[i].as_bytes();
            let first = (word[0] % 32) as usize;
            begins[first] |= if word.len() > 1 {
                1 << (word[1] % 32)
            } else {
                u32::MAX
            };
            i += 1;
        }
        Self { words, begins }
    }

    pub(crate) fn words(&self) -> &'static [&'static str] {
        self.words
    }

    /// Whether the text may begin with one of the words.
    fn may_begin(&self, text: &[u8]) -> bool {
        let byte = |i: usize| text.get(i).map_or(0, |b| b % 32);
        self.begins[usize::from(byte(0))] >> byte(1) & 1 == 1
    }
}

/// The first of the words that stands as a whole word within `before` bytes ahead of the span or
/// within `after` bytes behind it.
pub(crate) fn near(
    text: &str,
    span: &Range<usize>,
    before: usize,
    after: usize,
    words: &Vocabulary,
) -> Option<&'static str> {
    let ahead = window(text, span.start.saturating_sub(before), span.start);
    let behind = window(text, span.end, span.end.saturating_add(after));
    [ahead, behind]
        .into_iter()
        .find_map(|window| word_in(window, words))
}

/// The first place of the text where one of the words stands.
fn word_in(text: &str, words: &Vocabulary) -> Option<&'static str> {
    if words.words.is_empty() {
        return None;
    }
    if text.is_ascii() {
        word_in_ascii(text.as_bytes(), words)
    } else {
        word_in_any(text, words)
    }
}

fn word_in_ascii(text: &[u8], words: &Vocabulary) -> Option<&'static str> {
    let mut inside = false;
    for (at, byte) in text.iter().enumerate() {
        let rest = &text[at..];
        if !inside && words.may_begin(rest) {
            let first = byte.to_ascii_lowercase();
            let found = words.words.iter().copied().find(|word| {
                word.as_bytes().first() == Some(&first)
                    && rest
                        .get(..word.len())
                        .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
                    && !rest.get(word.len()).is_some_and(u8::is_ascii_alphabetic)
            });
            if found.is_some() {
                return found;
            }
        }
        inside = byte.is_ascii_alphabetic();
    }
    None
}

fn word_in_any(text: &str, words: &Vocabulary) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let mut before = ' ';
    for (at, c) in lower.char_indices() {
        // Chinese, Japanese and Korean do not put spaces between words.
        let opens = c >= UNSPACED || !before.is_alphabetic();
        let rest = &lower[at..];
        if opens && words.may_begin(rest.as_bytes()) {
            let found = words.words.iter().copied().find(|word| {
                rest.starts_with(word)
                    && (c >= UNSPACED || !rest[word.len()..].starts_with(char::is_alphabetic))
            });
            if found.is_some() {
                return found;
            }
        }
        before = c;
    }
    None
}

/// Scripts from here on put no spaces between words.
const UNSPACED: char = '\u{2E80}';

/// The stretch, moved inwards to borders of characters.
fn window(text: &str, mut start: usize, end: usize) -> &str {
    let mut end = end.min(text.len());
    while start < end && !text.is_char_boundary(start) {
        start += 1;
    }
    while end > start && !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(start..end).unwrap_or_default()
}

/// With which two letters any of some words end, so that most of what is no such word is told by them.
pub(crate) struct Ends([u32; 128]);

impl Ends {
    /// The words have two letters or more; those that do not end in ASCII are left out.
    pub(crate) const fn of(lists: &[&[&str]]) -> Self {
        let mut ends = [0; 128];
        let mut list = 0;
        while list < lists.len() {
            let mut i = 0;
            while i < lists[list].len() {
                let word = lists[list][i].as_bytes();
                let (one, last) = (word[word.len() - 2], word[word.len() - 1]);
                if last < 128 {
                    ends[last.to_ascii_lowercase() as usize] |= 1 << (one % 32);
                }
                i += 1;
            }
            list += 1;
        }
        Self(ends)
    }

    /// Whether the text may end with one of the words, in any capitals.
    pub(crate) fn may_end(&self, text: &[u8]) -> bool {
        let [.., one, last] = text else { return false };
        let ones = self.0.get(usize::from(last.to_ascii_lowercase()));
        // Letters have the same five bits in both cases.
        ones.is_none_or(|ones| ones >> (one % 32) & 1 == 1)
    }
}

pub(crate) fn byte_before(text: &str, at: usize) -> Option<u8> {
    at.checked_sub(1)
        .and_then(|i| text.as_bytes().get(i))
        .copied()
}

pub(crate) fn byte_at(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

pub(crate) fn is_alphanumeric(byte: Option<u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric())
}

pub(crate) fn is_digit(byte: Option<u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_digit())
}

/// Whether the span lies in a UUID or in a hexadecimal number: hashes, trace ids, colours.
pub(crate) fn in_hex_or_uuid(text: &str, span: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let part_of = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    // A UUID is 36 bytes long, so nothing further away can matter.
    let from = span.start.saturating_sub(36);
    let to = (span.end + 36).min(bytes.len());
    let ahead = bytes[from..span.start]
        .iter()
        .rev()
        .take_while(|b| part_of(b));
    let behind = bytes[span.end..to].iter().take_while(|b| part_of(b));
    let token = &bytes[span.start - ahead.count()..span.end + behind.count()];
    if token.windows(36).any(is_uuid) {
        return true;
    }
    let span_in_token = |word: &&[u8]| word.len() >= span.len();
    token
        .split(|&b| b == b'-')
        .filter(span_in_token)
        .any(is_hex_number)
}

/// What tells that digits are no number of anybody: they are a part of a UUID, of a hexadecimal number or
/// of a decimal fraction.
pub(crate) fn veto(text: &str, span: &Range<usize>) -> Option<&'static str> {
    if is_fraction(text, span) {
        return Some("decimal");
    }
    in_hex_or_uuid(text, span).then_some("uuid-or-hash")
}

/// Part of a decimal number: `0.5309136012499991`.
pub(crate) fn is_fraction(text: &str, span: &Range<usize>) -> bool {
    let before = byte_before(text, span.start) == Some(b'.')
        && is_digit(byte_before(text, span.start.saturating_sub(1)));
    let after = byte_at(text, span.end) == Some(b'.') && is_digit(byte_at(text, span.end + 1));
    before || after
}

fn is_uuid(token: &[u8]) -> bool {
    token.iter().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}

/// Letters a to f strewn between digits, as in a digest; `card4111...` or `4111...b` are not.
fn is_hex_number(word: &[u8]) -> bool {
    if let [b'0', b'x' | b'X', digits @ ..] = word {
        return digits.iter().all(u8::is_ascii_hexdigit);
    }
    let changes = word
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    word.iter().all(u8::is_ascii_hexdigit) && changes >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_words_only() {
        let words = &Vocabulary::of(&["lic", "tel", "电话"]);
        assert_eq!(near("duplicate 12", &(10..12), 20, 20, words), None);
        assert_eq!(near("my_tel: 12", &(8..10), 20, 20, words), Some("tel"));
        assert_eq!(near("12 is my Tel.", &(0..2), 20, 20, words), Some("tel"));
        assert_eq!(near("我的电话12", &(12..14), 20, 20, words), Some("电话"));
        assert_eq!(near("tel é 12", &(7..9), 2, 0, words), None);
    }

    proptest! {
        #[test]
        fn ascii_is_read_as_any_text_is(text in "[ a-cA-C.1]{0,20}") {
            let words = Vocabulary::of(&["ab", "a b", "c", "b.c", "é", "1a"]);
            prop_assert_eq!(word_in_ascii(text.as_bytes(), &words), word_in_any(&text, &words));
        }
    }

    #[test]
    fn uuids_and_hashes() {
        let veto = |text: &str, part: &str| {
            let at = text.find(part).unwrap();
            in_hex_or_uuid(text, &(at..at + part.len()))
        };
        let uuid = "id=550e8400-e29b-41d4-a716-446655440000.";
        assert!(veto(uuid, "446655440000") && veto(uuid, "550"));
        assert!(veto("12345678-1234-1234-1234-123456789012", "123456789012"));
        assert!(veto("9f86d081884c7d659a2feaa0c55ad015", "081884"));
        assert!(!veto("card4111111111111111", "4111111111111111"));
        assert!(!veto("4111-1111-1111-1111", "4111"));
    }
}
