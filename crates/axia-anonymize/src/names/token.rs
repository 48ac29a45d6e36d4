//! Cuts a text into words, with what stands around each.

use std::ops::Range;

use wide::u8x16;

use super::gazetteer::{Flags, Gazetteer, Slot, WordHash, WordKey};
use crate::lanes::{BLOCK, beyond_ascii, is, marks, small, widest, within};

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `anna`
    Lower,
    /// `Anna`, `McDonald`
    Capital,
    /// `ANNA`, also of one letter
    Upper,
    /// `annaMaria`: no word of a text
    Mixed,
}

/// What stands between a word and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// One space, or one after the dot of an initial or a title.
    Space,
    Hyphen,
    /// A comma and spaces.
    Comma,
    /// A colon, spaces and tabs, on one line.
    Colon,
    /// A line break, spaces and marks of quoting.
    Line,
    /// Anything else.
    Other,
}

/// A word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) key: WordKey,
    pub(crate) flags: Flags,
    pub(crate) shape: Shape,
    pub(crate) gap: Gap,
    /// Characters of the word, at most 255.
    pub(crate) length: u8,
    /// A sentence or a line starts here.
    pub(crate) starts: bool,
    /// Touches a digit, `_`, `@`, `/` or a dot with letters behind it: part of something else.
    pub(crate) glued: bool,
    /// A dot follows.
    pub(crate) dot: bool,
    /// The first letter of what follows behind an apostrophe, as in `'s` or `'m`; 0 without.
    pub(crate) tail: u8,
}

/// The words of a text in Latin, Greek, Cyrillic, Armenian and other letters with capitals.
pub(crate) fn tokens(
    text: &str,
    gazetteer: &Gazetteer,
    marks: &mut Marks,
    out: &mut Vec<Token>,
) -> Summary {
    let bytes = text.as_bytes();
    out.clear();
    marks.read(bytes);
    let mut at = 0;
    let mut end_before = 0;
    loop {
        // Most words stand behind another one and a space.
        while at == end_before
            && at > 0
            && bytes.get(at) == Some(&b' ')
            && let Some(next) = plain_word(bytes, marks, at + 1, (Gap::Space, false), out)
        {
            (at, end_before) = (next, next);
        }
        let Some(stop) = marks.next(at) else { break };
        at = stop;
        let led = match out.last() {
            Some(last) => led(bytes, end_before..at, last),
            None => (at == 0).then_some((Gap::Other, true)),
        };
        if let Some(led) = led
            && let Some(next) = plain_word(bytes, marks, at, led, out)
        {
            (at, end_before) = (next, next);
            continue;
        }
        let Some(c) = char_at(text, at) else { break };
        if c == '\\' {
            at += escape(text, at).max(1);
            continue;
        }
        if !is_letter(c) {
            at += c.len_utf8();
            continue;
        }
        let (word, next) = word(text, marks, at);
        let between = &text[end_before..at];
        let (gap, starts) = match between.as_bytes() {
            [b' '] => (Gap::Space, false),
            _ => (
                gap(between, out.last()),
                starts_sentence(between, out.last()),
            ),
        };
        let starts = starts || out.is_empty();
        out.push(Token {
            gap,
            starts,
            ..word
        });
        end_before = next;
        at = next;
    }
    let mut all = Flags::default();
    let mut slots = [Slot::default(); 64];
    for words in out.chunks_mut(slots.len()) {
        for (slot, word) in slots.iter_mut().zip(words.iter()) {
            *slot = gazetteer.slot(word.key);
        }
        for (word, slot) in words.iter_mut().zip(slots) {
            word.flags = gazetteer.of_slot(word.key, slot);
            all = all.or(word.flags);
        }
    }
    Summary {
        flags: all,
        digits: marks.digits,
    }
}

/// What holds of some word of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    /// The flags of all words.
    pub(crate) flags: Flags,
    /// Whether there is a digit, in a word or not.
    pub(crate) digits: bool,
}

/// What most often stands between two words, a space and perhaps a mark: as `gap` and `starts_sentence` have it.
/// What ends with anything that a word can be glued to is left to them.
fn led(bytes: &[u8], between: Range<usize>, before: &Token) -> Option<(Gap, bool)> {
    Some(match bytes.get(between)? {
        [b' '] => (Gap::Space, false),
        [b',', b' '] => (Gap::Comma, false),
        [b'.', b' '] if before.dot => (Gap::Space, before.length > 3),
        [b':', b' '] => (Gap::Colon, true),
        [b' ', b' '] => (Gap::Other, false),
        [b'!' | b'?', b' '] | [b'.' | b'!' | b'?', b' ', b' '] | [b' ', b'"' | b'('] => {
            (Gap::Other, true)
        }
        [b'\n'] | [b'\n', b'\n'] => (Gap::Line, true),
        [b'-'] => (Gap::Hyphen, true),
        _ => return None,
    })
}

/// What most words are: ASCII letters behind a space, with a space or a mark behind them that makes them part of
/// nothing else, or with `'s` and the like. Says where to go on. `word` says the same of them.
fn plain_word(
    bytes: &[u8],
    marks: &Marks,
    start: usize,
    (gap, starts): (Gap, bool),
    out: &mut Vec<Token>,
) -> Option<usize> {
    let window = marks.window(start);
    let length = (!window.letters).trailing_zeros();
    if !(1..58).contains(&length) {
        return None;
    }
    let end = start + length as usize;
    let (mut dot, mut tail, mut next) = (false, 0, end);
    match bytes.get(end) {
        None | Some(b' ' | b',' | b'\n' | b'!' | b'?' | b';' | b':' | b')' | b'"' | b'-') => {}
        // Not with a letter or a digit behind it.
        Some(b'.') => match bytes.get(end + 1) {
            None | Some(b' ' | b'\n' | b'"') => dot = true,
            _ => return None,
        },
        Some(&mark @ (b'\'' | 0xE2)) => {
            // In UTF-8, `’` has three bytes, and so have other marks that end a word.
            let marked = match (mark, bytes.get(end + 1..end + 3)) {
                (b'\'', _) => 1,
                (_, Some([0x80, 0x99])) => 3,
                (_, Some([0x80, 0x93 | 0x94 | 0x9C | 0x9D | 0xA6])) => 0,
                _ => return None,
            };
            if marked > 0 {
                let behind = end + marked;
                let letters = (!(window.letters >> (length as usize + marked))).trailing_zeros();
                next = behind + letters as usize;
                let ending = bytes.get(behind..next)?;
                let known = matches!(
                    ending,
                    b"s" | b"S" | b"m" | b"d" | b"t" | b"ll" | b"re" | b"ve"
                );
                if !known || bytes.get(next).is_some_and(|b| !b.is_ascii()) {
                    return None;
                }
                tail = ending.first()?.to_ascii_lowercase();
            }
        }
        _ => return None,
    }
    let capitals = window.capitals & !(u64::MAX << length);
    let shape = if capitals == 0 {
        Shape::Lower
    } else {
        shape(&Capitals::of(capitals, length))
    };
    out.push(Token {
        start,
        end,
        key: WordHash::of_letters(bytes, start, length as usize).key(),
        flags: Flags::default(),
        shape,
        gap,
        #[allow(clippy::cast_possible_truncation)] // It is below 64.
        length: length as u8,
        starts,
        glued: false,
        dot,
        tail,
    });
    Some(next)
}

/// What is known of each byte of a text, one bit each: so a word's end is found without a step for each
/// letter.
#[derive(Default)]
pub(crate) struct Marks {
    blocks: Vec<Block>,
    digits: bool,
}

/// 64 bytes.
#[derive(Clone, Copy, Default)]
struct Block {
    letters: u64,
    capitals: u64,
    /// Letters, backslashes, and bytes outside of ASCII.
    stops: u64,
}

/// 64 bytes from a word's start on.
#[derive(Clone, Copy, Default)]
struct Window {
    letters: u64,
    capitals: u64,
}

impl Marks {
    #[cfg(test)]
    fn of(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        marks.read(bytes);
        marks
    }

    /// Whether it holds more memory than is worth keeping for the next text.
    pub(crate) fn is_large(&self) -> bool {
        self.blocks.capacity() > super::KEPT / 64
    }

    fn read(&mut self, bytes: &[u8]) {
        self.blocks.clear();
        self.blocks.reserve(bytes.len() / BLOCK + 2);
        self.digits = widest(
            #[inline(always)]
            || self.read_blocks(bytes),
        );
        // A window may reach into one more.
        self.blocks.push(Block::default());
    }

    /// Says whether there is a digit.
    #[inline(always)]
    fn read_blocks(&mut self, bytes: &[u8]) -> bool {
        let mut digits = u8x16::splat(0);
        for at in (0..bytes.len()).step_by(BLOCK) {
            let [letters, small, beyond, escapes] = marks(bytes, at, |b| {
                digits |= within(b, b'0', b'9');
                // The bit in which small letters differ from capitals, as the highest one.
                let smalls = b << 2_u32;
                [
                    within(small(b), b'a', b'z'),
                    smalls,
                    beyond_ascii(b),
                    is(b, b'\\'),
                ]
            });
            self.blocks.push(Block {
                letters,
                capitals: letters & !small,
                stops: letters | beyond | escapes,
            });
        }
        digits.any()
    }

    /// The first place at or behind `at` where something has to be looked at.
    fn next(&self, at: usize) -> Option<usize> {
        let first = self.blocks.get(at / 64)?.stops >> (at % 64);
        if first != 0 {
            return Some(at + first.trailing_zeros() as usize);
        }
        let behind = at / 64 + 1;
        let rest = self.blocks.get(behind..)?;
        let block = rest.iter().position(|block| block.stops != 0)?;
        Some((behind + block) * 64 + rest[block].stops.trailing_zeros() as usize)
    }

    /// The marks of the 64 bytes from `at` on.
    fn window(&self, at: usize) -> Window {
        let Some([one, two]) = self.blocks.get(at / 64..at / 64 + 2) else {
            return Window::default();
        };
        let shift = at % 64;
        // In two steps, for all 64 bits at once cannot be shifted away.
        let join = |one: u64, two: u64| one >> shift | two << 1 << (63 - shift);
        Window {
            letters: join(one.letters, two.letters),
            capitals: join(one.capitals, two.capitals),
        }
    }
}

fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(&byte) if byte.is_ascii() => Some(char::from(byte)),
        _ => text.get(at..)?.chars().next(),
    }
}

fn char_before(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at.checked_sub(1)?) {
        Some(&byte) if byte.is_ascii() => Some(char::from(byte)),
        _ => text.get(..at)?.chars().next_back(),
    }
}

/// The length of a written-out line break or tab, as in texts that were pasted from JSON: `\\n`.
pub(crate) fn escape(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at..at + 2) {
        Some([b'\\', b'n' | b'r' | b't']) => 2,
        _ => 0,
    }
}

/// Letters of scripts that have capitals; others do not put names in capitals anyway.
fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    (c < '\u{590}' || ('\u{1E00}'..'\u{2000}').contains(&c)) && c.is_alphabetic()
}

/// How a word is written, and where it ends.
#[derive(Debug, PartialEq)]
struct Spelling {
    key: WordKey,
    capitals: Capitals,
    length: u32,
    end: usize,
    /// The first letter behind an apostrophe; 0 without.
    ending: u8,
    /// Where to go on.
    next: usize,
}

/// Which letters of a word are capitals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Capitals {
    capitals: u32,
    smalls: u32,
    first_is_capital: bool,
    inner_capital_after_small: bool,
}

impl Capitals {
    /// Of the first `length` letters, one bit each.
    fn of(capitals: u64, length: u32) -> Self {
        let smalls = !capitals & !(u64::MAX << length);
        // Capitals above the lowest small letter; without one all bits are taken away.
        let behind_small = !(smalls & smalls.wrapping_neg()).wrapping_sub(1);
        Self {
            capitals: capitals.count_ones(),
            smalls: smalls.count_ones(),
            first_is_capital: capitals & 1 == 1,
            inner_capital_after_small: capitals & behind_small != 0,
        }
    }
}

fn shape(word: &Capitals) -> Shape {
    if word.capitals == 0 {
        Shape::Lower
    } else if word.smalls == 0 {
        Shape::Upper
    } else if word.first_is_capital && (!word.inner_capital_after_small || word.capitals <= 2) {
        Shape::Capital
    } else {
        Shape::Mixed
    }
}

/// The word at `start`, and where to go on. `gap`, `flags` and `starts` are filled in later.
fn word(text: &str, marks: &Marks, start: usize) -> (Token, usize) {
    let ascii = ascii_spelling(text.as_bytes(), marks, start);
    let spelling = ascii.unwrap_or_else(|| spelling(text, start));
    let Spelling {
        length, end: at, ..
    } = spelling;
    let shape = shape(&spelling.capitals);
    let before = char_before(text, start);
    let broken = || start >= 2 && escape(text, start - 2) > 0;
    let after = char_at(text, at);
    let behind = || after.and_then(|c| char_at(text, at + c.len_utf8()));
    let part_of = |c: Option<char>| {
        c.is_some_and(|c| c.is_numeric() || matches!(c, '_' | '@' | '/' | '\\' | '#' | '$' | '='))
    };
    let glued = part_of(before) && !broken()
        || before == Some('.')
            && text[..start - 1].ends_with(|c: char| c.is_alphanumeric() || c == ')')
        || part_of(after) && after != Some('/') && escape(text, at) == 0
        || matches!(after, Some('(')) && shape != Shape::Upper
        || after == Some('.') && behind().is_some_and(char::is_alphanumeric) && length > 1;
    let token = Token {
        start,
        end: at,
        key: spelling.key,
        flags: Flags::default(),
        shape,
        gap: Gap::Other,
        length: u8::try_from(length).unwrap_or(u8::MAX),
        starts: false,
        glued,
        dot: after == Some('.'),
        tail: spelling.ending,
    };
    (token, spelling.next)
}

/// The spelling of a word of fewer than 64 ASCII letters alone; what is not is read by `spelling`.
fn ascii_spelling(bytes: &[u8], marks: &Marks, start: usize) -> Option<Spelling> {
    let window = marks.window(start);
    let length = (!window.letters).trailing_zeros();
    let end = start + length as usize;
    let alone = bytes.get(end).is_none_or(|b| b.is_ascii() && *b != b'\'');
    if !(1..64).contains(&length) || !alone {
        return None;
    }
    let capitals = window.capitals & !(u64::MAX << length);
    Some(Spelling {
        key: WordHash::of_letters(bytes, start, length as usize).key(),
        capitals: Capitals::of(capitals, length),
        length,
        end,
        ending: 0,
        next: end,
    })
}

fn spelling(text: &str, start: usize) -> Spelling {
    let mut hash = WordHash::START;
    let mut word = Capitals::default();
    let mut length = 0_u32;
    let mut at = start;
    let mut ending = 0;
    let mut next = None;
    while let Some(c) = char_at(text, at) {
        if is_letter(c) {
            hash = hash.with_char(c);
            length += 1;
            if c.is_uppercase() {
                word.capitals += 1;
                word.first_is_capital |= at == start;
                word.inner_capital_after_small |= word.smalls > 0;
            } else if c.is_lowercase() {
                word.smalls += 1;
            }
            at += c.len_utf8();
            continue;
        }
        if at > start && is_mark(c) {
            at += c.len_utf8();
            continue;
        }
        if (c == '\'' || c == '’') && at > start {
            let tail = tail(text, at + c.len_utf8());
            match tail {
                Tail::Name => {
                    hash = hash.with_byte(b'\'');
                    at += c.len_utf8();
                    continue;
                }
                Tail::Ending { length, first } => {
                    ending = first;
                    next = Some(at + c.len_utf8() + length);
                }
                Tail::None => {}
            }
        }
        break;
    }
    Spelling {
        key: hash.key(),
        capitals: word,
        length,
        end: at,
        ending,
        next: next.unwrap_or(at),
    }
}

fn is_mark(c: char) -> bool {
    ('\u{300}'..'\u{370}').contains(&c)
}

/// What follows an apostrophe in a word.
enum Tail {
    /// Part of a name: `O'Neil`.
    Name,
    /// `'s`, `'ll` and such: the length in bytes, and the first letter in lower case.
    Ending {
        length: usize,
        first: u8,
    },
    None,
}

fn tail(text: &str, at: usize) -> Tail {
    let rest = text.get(at..).unwrap_or_default();
    let letters: usize = rest
        .chars()
        .take(4)
        .take_while(|&c| is_letter(c))
        .map(char::len_utf8)
        .sum();
    let ending = &rest[..letters];
    match ending {
        "" => Tail::None,
        "s" | "S" | "m" | "d" | "t" | "ll" | "re" | "ve" | "M" | "D" | "T" | "LL" | "RE" | "VE" => {
            Tail::Ending {
                length: letters,
                first: ending.as_bytes()[0].to_ascii_lowercase(),
            }
        }
        _ => Tail::Name,
    }
}

/// With line breaks for written-out ones; a lone backslash becomes a mark that nothing knows.
pub(crate) fn unescaped(between: &str) -> String {
    between
        .replace("\\n", "\n")
        .replace("\\r", "")
        .replace("\\t", " ")
        .replace('\\', "\u{FFFC}")
}

fn gap(between: &str, before: Option<&Token>) -> Gap {
    if between.contains('\\') {
        return gap(&unescaped(between), before);
    }
    let short = before.is_some_and(|b| b.dot);
    match between {
        " " => return Gap::Space,
        ". " | "." if short => return Gap::Space,
        "-" => return Gap::Hyphen,
        ", " => return Gap::Comma,
        _ => {}
    }
    if between.contains('\n') {
        let quiet = |c: char| {
            c.is_whitespace()
                || matches!(c, '>' | '?' | '}' | '|' | ',' | '-' | '—' | '–' | '.' | '!')
        };
        return if between.chars().all(quiet) {
            Gap::Line
        } else {
            Gap::Other
        };
    }
    if let Some(rest) = between.trim_start().strip_prefix(':')
        && rest.chars().all(|c| matches!(c, ' ' | '\t' | '*' | '"'))
    {
        return Gap::Colon;
    }
    Gap::Other
}

fn starts_sentence(between: &str, before: Option<&Token>) -> bool {
    if between.contains("\\n") {
        return true;
    }
    let mut ends = between.chars().filter(|c| !c.is_whitespace() || *c == '\n');
    // The dot of an initial or a short title ends no sentence.
    let short = before.is_some_and(|b| b.dot && b.length <= 3 && between == ". ");
    !short
        && ends.any(|c| {
            matches!(
                c,
                '.' | '!' | '?' | '\n' | ':' | ';' | '"' | '“' | '*' | '(' | '…' | '-' | '>'
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::gazetteer;
    use proptest::prelude::*;

    proptest! {
        /// What is read at once is what the long way reads.
        #[test]
        fn plain_words_are_as_any_others(
            pieces in proptest::collection::vec("[a-zA-Z]{1,10}|[ .,'!?:;()\\n\"@/_0-9é’”–…‘\\\\-]{1,3}| |'s|'ll|’s|’re|’x|\\. |\\.  |: |, ", 0..30),
        ) {
            let text = pieces.concat();
            let mut marks = Marks::default();
            let mut words = Vec::new();
            tokens(&text, gazetteer(), &mut marks, &mut words);
            let mut end = 0;
            let mut before: Option<&Token> = None;
            for found in &words {
                let (slow, next) = word(&text, &marks, found.start);
                let between = &text[end..found.start];
                let slow = Token {
                    flags: found.flags,
                    gap: gap(between, before),
                    starts: before.is_none() || between != " " && starts_sentence(between, before),
                    ..slow
                };
                prop_assert_eq!(*found, slow);
                end = next;
                before = Some(found);
            }
        }

        #[test]
        fn ascii_words_are_spelled_as_any_others(text in "[ .]{0,70}[a-cA-C'é.]{1,20}[a-z]{0,60}") {
            let start = text.trim_start_matches([' ', '.']).len();
            let start = text.len() - start;
            let marks = Marks::of(text.as_bytes());
            if let Some(fast) = ascii_spelling(text.as_bytes(), &marks, start) {
                prop_assert_eq!(fast, spelling(&text, start));
            }
        }
    }
}
