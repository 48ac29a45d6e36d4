//! Words, sentences and passages that are not the speaker's own, with their places in the text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::phrases::Vocabulary;

/// The most words of one sentence; what goes on longer is cut, so that pairs of words within a
/// sentence stay few.
pub(crate) const MAX_WORDS: usize = 200;
/// The longest word in bytes that can be a word of a cue.
const MAX_WORD_BYTES: usize = 40;

/// One word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) id: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The words of a phrase in lower case without apostrophes, as cues and texts are compared.
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    scan(text, |word, _, _| words.push(word.to_owned()));
    words
}

/// Appends the words of a part of a text, up to [`MAX_WORDS`]; gives the offset where it stopped.
pub(crate) fn words(
    text: &str,
    part: Range<usize>,
    vocabulary: &Vocabulary,
    out: &mut Vec<Word>,
) -> usize {
    let Some(slice) = text.get(part.clone()) else {
        return part.end;
    };
    let mut chars = slice.char_indices().peekable();
    let mut buffer = String::with_capacity(MAX_WORD_BYTES);
    while let Some((start, end)) = next_word(&mut chars, &mut buffer) {
        out.push(Word {
            id: vocabulary.id(&buffer),
            start: part.start + start,
            end: part.start + end,
        });
        if out.len() >= MAX_WORDS {
            return part.start + end;
        }
    }
    part.end
}

fn scan(text: &str, mut each: impl FnMut(&str, usize, usize)) {
    let mut chars = text.char_indices().peekable();
    let mut buffer = String::new();
    while let Some((start, end)) = next_word(&mut chars, &mut buffer) {
        each(&buffer, start, end);
    }
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

/// Reads the next word into the buffer: letters and digits, with apostrophes inside left out.
fn next_word(chars: &mut Chars<'_>, buffer: &mut String) -> Option<(usize, usize)> {
    buffer.clear();
    let is_part = |c: char| c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric());
    let start = loop {
        let &(at, c) = chars.peek()?;
        if is_part(c) {
            break at;
        }
        chars.next();
    };
    let mut end = start;
    while let Some(&(at, c)) = chars.peek() {
        if is_part(c) {
            if buffer.len() < MAX_WORD_BYTES {
                if c.is_ascii() {
                    buffer.push(c.to_ascii_lowercase());
                } else {
                    buffer.extend(c.to_lowercase());
                }
            }
            end = at + c.len_utf8();
        } else if !matches!(c, '\'' | '\u{2019}') || end != at {
            break;
        }
        chars.next();
    }
    Some((start, end))
}

/// The sentences of a text by the rules of Unicode (UAX #29), in order, without gaps.
///
/// A line break always ends a sentence, so lines can be cut one by one. Lines in ASCII, nearly all
/// of an English text, are cut by [`ascii_sentence`], which is about ten times as fast as the tables
/// that all other lines need; a property test holds it to them.
pub(crate) fn sentences(text: &str) -> Sentences<'_> {
    Sentences {
        text,
        at: 0,
        line_end: 0,
        ascii: false,
    }
}

#[derive(Debug)]
pub(crate) struct Sentences<'t> {
    text: &'t str,
    at: usize,
    line_end: usize,
    ascii: bool,
}

impl Iterator for Sentences<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if start >= self.line_end {
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
            self.line_end = start + length;
            let line = rest.get(..length).unwrap_or(rest);
            self.ascii = line.is_ascii() && !line.contains('\r');
        }
        let line = self.text.get(start..self.line_end)?;
        let length = if self.ascii {
            ascii_sentence(line.as_bytes())
        } else {
            line.split_sentence_bounds()
                .next()
                .map_or(line.len(), str::len)
        };
        self.at = start + length;
        Some(start..self.at)
    }
}

/// The length of the first sentence of a line in ASCII.
fn ascii_sentence(line: &[u8]) -> usize {
    let at = |i: usize| line.get(i).copied();
    let skip = |mut i: usize, of: &[u8]| {
        while at(i).is_some_and(|c| of.contains(&c)) {
            i += 1;
        }
        i
    };
    let letter = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_alphabetic());
    let mut from = 0;
    while let Some(found) = line
        .get(from..)
        .and_then(|rest| rest.iter().position(|c| matches!(c, b'.' | b'!' | b'?')))
    {
        let end = from + found;
        from = end + 1;
        let stop = at(end) == Some(b'.');
        let next = at(from);
        let number = next.is_some_and(|c| c.is_ascii_digit());
        let initials = next.is_some_and(|c| c.is_ascii_uppercase())
            && end.checked_sub(1).is_some_and(|i| letter(at(i)));
        if stop && (number || initials) {
            continue;
        }
        let closed = skip(from, b"\"'()[]{}");
        let after = skip(closed, b" \t\x0b\x0c");
        match at(after) {
            None | Some(b'\n') => return line.len(),
            Some(b',' | b'-' | b':' | b';' | b'.' | b'!' | b'?') => continue,
            Some(_) => {}
        }
        let rest = line.get(after..).unwrap_or_default();
        let telling = |c: &&u8| c.is_ascii_alphabetic() || b"\n.!?".contains(c);
        let goes_on = rest
            .iter()
            .find(telling)
            .is_some_and(u8::is_ascii_lowercase);
        if !(stop && goes_on) {
            return after;
        }
    }
    line.len()
}

/// Whether a sentence is a question.
pub(crate) fn is_question(sentence: &str) -> bool {
    let end = sentence.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '\u{201d}' | '\u{2019}' | '*' | '!')
    });
    end.ends_with('?')
}

/// Passages that are not the speaker's own words: in order and apart from one another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passages {
    /// Between quotation marks, or on lines that begin with `>`.
    pub(crate) quoted: Vec<Range<usize>>,
    /// Between fences of code.
    pub(crate) code: Vec<Range<usize>>,
}

impl Passages {
    pub(crate) fn of(text: &str) -> Self {
        let code = code(text);
        let mut quoted = quotes(text);
        quoted.extend(quoted_lines(text));
        quoted.sort_by_key(|r| (r.start, r.end));
        Self { quoted, code }
    }
}

/// Answers whether rising offsets lie in any of the ranges, in one walk over them.
#[derive(Debug)]
pub(crate) struct Walk<'r> {
    ranges: std::slice::Iter<'r, Range<usize>>,
    /// The furthest end of the ranges that began at or before the last offset asked for.
    reach: usize,
    ahead: Option<&'r Range<usize>>,
}

impl<'r> Walk<'r> {
    pub(crate) fn new(ranges: &'r [Range<usize>]) -> Self {
        let mut ranges = ranges.iter();
        let ahead = ranges.next();
        Self {
            ranges,
            reach: 0,
            ahead,
        }
    }

    pub(crate) fn contains(&mut self, offset: usize) -> bool {
        while let Some(range) = self.ahead {
            if range.start > offset {
                break;
            }
            self.reach = self.reach.max(range.end);
            self.ahead = self.ranges.next();
        }
        offset < self.reach
    }
}

fn code(text: &str) -> Vec<Range<usize>> {
    let mut fences = text.match_indices("```").map(|(at, _)| at);
    let mut ranges = Vec::new();
    while let Some(open) = fences.next() {
        // A fence that is never closed is code to the end, as in an answer that was cut off.
        ranges.push(open..fences.next().map_or(text.len(), |close| close + 3));
    }
    ranges
}

/// Passages between quotation marks. A straight mark opens after a space or an opening sign and
/// closes before a space or a closing sign, so that inches and stray marks open nothing; a mark that
/// is never closed is dropped.
fn quotes(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut open: Option<(char, usize)> = None;
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map_or(' ', |&(_, c)| c);
        match (open, c) {
            (None, '"') if !before.is_alphanumeric() && !after.is_whitespace() => {
                open = Some(('"', at));
            }
            (None, '\u{201c}') => open = Some(('\u{201d}', at)),
            (None, '\u{ab}') => open = Some(('\u{bb}', at)),
            (Some((close, start)), _) if c == close && (c != '"' || !after.is_alphanumeric()) => {
                ranges.push(start..at + c.len_utf8());
                open = None;
            }
            _ => {}
        }
        before = c;
    }
    ranges
}

fn quoted_lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let range = start..start + line.len();
        start = range.end;
        line.trim_start().starts_with('>').then_some(range)
    })
}

/// How many lines begin as items of a numbered list, and how many as items of a bulleted one.
pub(crate) fn list_items(text: &str) -> (usize, usize) {
    let mut numbered = 0;
    let mut bulleted = 0;
    for line in text.lines() {
        let line = line.trim_start();
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") ")) {
            numbered += 1;
        } else if ["- ", "* ", "\u{2022} ", "\u{2013} "]
            .iter()
            .any(|b| line.starts_with(b))
        {
            bulleted += 1;
        }
    }
    (numbered, bulleted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sentences_are_those_of_unicode(text in "[aA1 .!?,;:\"')(\\n\\t_\\-é\r]{0,40}") {
            let expected: Vec<Range<usize>> = text
                .split_sentence_bound_indices()
                .map(|(start, sentence)| start..start + sentence.len())
                .collect();
            prop_assert_eq!(sentences(&text).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_text_is_covered_by_its_sentences(text in ".{0,60}") {
            let mut at = 0;
            for range in sentences(&text) {
                prop_assert_eq!(range.start, at);
                prop_assert!(text.get(range.clone()).is_some_and(|s| !s.is_empty()));
                at = range.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }

    #[test]
    fn words_drop_case_and_apostrophes() {
        assert_eq!(plain_words("I DON\u{2019}T, don't"), ["i", "dont", "dont"]);
        assert_eq!(
            plain_words("'quoted' e-mail Ärger 3pm"),
            ["quoted", "e", "mail", "ärger", "3pm"]
        );
        assert_eq!(plain_words(" ?! "), [""; 0]);
    }

    #[test]
    fn a_word_spans_its_own_characters_only() {
        let mut found = Vec::new();
        scan("(it's) dogs' day", |word, start, end| {
            found.push((word.to_owned(), start, end))
        });
        assert_eq!(
            found,
            [
                ("its".into(), 1, 5),
                ("dogs".into(), 7, 11),
                ("day".into(), 13, 16)
            ]
        );
    }

    #[test]
    fn quotes_ignore_inches_and_stray_marks() {
        let texts = |text: &'static str| -> Vec<&str> {
            quotes(text).into_iter().map(|r| &text[r]).collect()
        };
        assert_eq!(texts(r#"Say "I am sorry." and go"#), [r#""I am sorry.""#]);
        assert_eq!(texts(r#"a 5'11" man said "no""#), [r#""no""#]);
        assert_eq!(
            texts("\u{201c}a\u{201d} and \u{ab}b\u{bb}"),
            ["\u{201c}a\u{201d}", "\u{ab}b\u{bb}"]
        );
        assert!(texts(r#"an "open end"#).is_empty());
        assert_eq!(texts("\"two\n\nlines\""), ["\"two\n\nlines\""]);
    }

    #[test]
    fn code_runs_to_its_fence_or_the_end() {
        assert_eq!(code("a ```b``` c").first(), Some(&(2..9)));
        assert_eq!(code("a ```b").first(), Some(&(2..6)));
        assert!(code("a `b`").is_empty());
    }

    #[test]
    fn walks_over_overlapping_ranges() {
        let ranges = [2..10, 3..4, 12..13];
        let mut walk = Walk::new(&ranges);
        let inside: Vec<usize> = (0..15).filter(|&at| walk.contains(at)).collect();
        assert_eq!(inside, [2, 3, 4, 5, 6, 7, 8, 9, 12]);
    }

    #[test]
    fn counts_list_items() {
        assert_eq!(list_items("1. a\n 2) b\n- c\n* d\n1.5 e\n-f"), (2, 2));
    }

    #[test]
    fn knows_questions() {
        assert!(is_question("Is it fair?\" "));
        assert!(!is_question("It is fair."));
    }
}
