//! Words and numbers of a text, with what stands between them.

use std::ops::Range;

use super::lexicon::{AFTER, BEFORE, MILITARY, STRONG_UNIT};
use crate::names::{Shape, Token, unescaped};

/// What stands before a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Space,
    /// A comma, with spaces and perhaps a line break.
    Comma,
    /// One or two line breaks, with spaces and marks of quoting.
    Line,
    /// `-`, `/`, an apostrophe or nothing.
    Tight,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sort {
    /// The place of a word among the tokens.
    Word(usize),
    /// How many digits, and whether letters follow as in `5th`.
    Number { digits: usize, ordinal: bool },
}

/// A word or a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) sort: Sort,
}

/// A number, with the letters behind it that belong to it.
#[derive(Clone, Copy, Debug)]
struct Number {
    start: usize,
    end: usize,
    digits: usize,
    ordinal: bool,
}

/// Words and numbers in the order of the text. `12a` is a number; `$5`, `3.5` and `5%` are none.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// The place of each word among the tokens, and behind the highest bit that of each number.
    order: Vec<usize>,
    numbers: Vec<Number>,
    /// Numbers and what can be the first word of an address.
    heads: Vec<usize>,
    /// Numbers and kinds of streets.
    hints: Vec<usize>,
}

/// Set where a piece is a number.
const NUMBER: usize = 1 << (usize::BITS - 1);

impl Pieces {
    /// Cuts a text; the memory of the one before is used again.
    pub(super) fn read(&mut self, text: &str, tokens: &[Token]) {
        self.order.clear();
        self.numbers.clear();
        self.heads.clear();
        self.hints.clear();
        self.order.reserve(tokens.len() + 8);
        let bytes = text.as_bytes();
        let mut from = 0;
        for (at, token) in tokens.iter().enumerate() {
            // Most words stand behind another one and a space.
            if from + 1 != token.start || bytes.get(from) != Some(&b' ') {
                self.read_numbers(text, from..token.start);
                if self.takes(token) {
                    from = token.end;
                    continue;
                }
            }
            from = token.end;
            if can_begin(token, bytes) {
                self.heads.push(self.order.len());
            }
            if token.flags.any(AFTER) {
                self.hints.push(self.order.len());
            }
            self.order.push(at);
        }
        self.read_numbers(text, from..text.len());
    }

    /// Whether the word belongs to the number right before it.
    fn takes(&mut self, token: &Token) -> bool {
        let last = self.order.last().filter(|last| *last & NUMBER != 0);
        let number = last.and_then(|last| self.numbers.get_mut(last & !NUMBER));
        let Some(number) = number.filter(|n| n.end == token.start && token.length <= 2) else {
            return false;
        };
        number.end = token.end;
        number.ordinal = token.length == 2;
        true
    }

    fn read_numbers(&mut self, text: &str, range: Range<usize>) {
        numbers(text, range, |digits| {
            self.heads.push(self.order.len());
            self.hints.push(self.order.len());
            self.order.push(self.numbers.len() | NUMBER);
            self.numbers.push(Number {
                digits: digits.len(),
                start: digits.start,
                end: digits.end,
                ordinal: false,
            });
        });
    }

    pub(super) fn get(&self, at: usize, tokens: &[Token]) -> Option<Piece> {
        let place = *self.order.get(at)?;
        if place & NUMBER != 0 {
            let number = self.numbers.get(place & !NUMBER)?;
            let (digits, ordinal) = (number.digits, number.ordinal);
            return Some(Piece {
                start: number.start,
                end: number.end,
                sort: Sort::Number { digits, ordinal },
            });
        }
        let token = tokens.get(place)?;
        Some(Piece {
            start: token.start,
            end: token.end,
            sort: Sort::Word(place),
        })
    }

    /// The pieces that an address can begin with, in order.
    pub(super) fn heads(&self) -> &[usize] {
        &self.heads
    }

    /// The numbers and kinds of streets, in order.
    pub(super) fn hints(&self) -> &[usize] {
        &self.hints
    }
}

/// Most words are in lower case, and no address begins with them; `p.o. box` does.
fn can_begin(word: &Token, bytes: &[u8]) -> bool {
    word.shape != Shape::Lower
        || word.flags.any(STRONG_UNIT | MILITARY | BEFORE)
        || word.length <= 2 && bytes.get(word.start) == Some(&b'p')
}

/// Calls `found` with the digits of each number.
fn numbers(text: &str, range: Range<usize>, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    if range.len() == 1 && bytes[at] == b' ' {
        return;
    }
    while at < range.end {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < range.end && bytes[at].is_ascii_digit() {
            at += 1;
        }
        let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
        let before = start.checked_sub(1).map(|i| bytes[i]);
        let decimal =
            |c: Option<u8>, other: usize| matches!(c, Some(b'.' | b',' | b':')) && digit(other);
        let amount = before
            .is_some_and(|b| matches!(b, b'$' | b'%' | b'+' | b'=' | b'_' | b'*' | b'^' | b'<'))
            || before.is_some_and(|b| b >= 0x80 && !text[..start].ends_with(['º', '°', '№']));
        let other = amount
            || start >= 2 && decimal(before, start - 2)
            || decimal(bytes.get(at).copied(), at + 1)
            || matches!(bytes.get(at), Some(b'%' | b'=' | b'_' | b'*' | b'^'));
        if !other {
            found(start..at);
        }
    }
}

/// What stands between two pieces.
pub(super) fn gap(between: &str, first: bool) -> Gap {
    match between.as_bytes() {
        b" " | b"  " | b". " => Gap::Space,
        b"" | b"-" | b"/" | b"'" if first => Gap::Line,
        b"" | b"-" | b"/" | b"'" => Gap::Tight,
        b", " | b"," => Gap::Comma,
        b": " | b"; " | b"! " | b"? " | b".  " | b"!  " | b"?  " => Gap::Other,
        b"\n" | b"\n\n" => Gap::Line,
        _ => long_gap(between, first),
    }
}

/// Of all but what stands between most pieces, of which it says the same.
fn long_gap(between: &str, first: bool) -> Gap {
    match between {
        "’" if first => return Gap::Line,
        "’" => return Gap::Tight,
        " #" | " nº " | " n° " | " № " | " (" | " / " => return Gap::Space,
        _ => {}
    }
    if between.contains('\\') {
        return gap(&unescaped(between), first);
    }
    if between.len() > 24 {
        return Gap::Other;
    }
    let lines = between.matches('\n').count();
    let quiet = |c: char| c.is_whitespace() || matches!(c, '>' | '?' | '}' | ',' | '.' | '(' | '|');
    if !between.chars().all(quiet) {
        return Gap::Other;
    }
    if lines > 0 && lines <= 2 {
        return if between.contains(',') {
            Gap::Comma
        } else {
            Gap::Line
        };
    }
    if lines == 0 && between.contains(',') {
        return Gap::Comma;
    }
    if lines == 0 && between.chars().all(|c| matches!(c, ' ' | '\t')) {
        return Gap::Space;
    }
    Gap::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_are_as_any_others() {
        for between in [
            " ", "  ", ", ", ",", ": ", "; ", "! ", "? ", ".  ", "!  ", "?  ", "\n", "\n\n",
        ] {
            assert_eq!(gap(between, false), long_gap(between, false), "{between:?}");
        }
    }
}
