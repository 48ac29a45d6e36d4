//! Words and numbers of a text, with what stands between them.

use std::ops::Range;

use crate::names::{Token, unescaped};

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
    pub(super) gap: Gap,
    pub(super) sort: Sort,
}

/// Words and numbers in the order of the text. `12a` is a number; `$5`, `3.5` and `5%` are none.
pub(super) fn pieces(text: &str, tokens: &[Token], out: &mut Vec<Piece>) {
    out.clear();
    out.reserve(tokens.len() + 8);
    let mut from = 0;
    for (at, token) in tokens.iter().enumerate() {
        // Most words stand behind another one and a space.
        if from + 1 == token.start
            && text.as_bytes().get(from) == Some(&b' ')
            && out.last().is_some_and(|last| last.end == from)
        {
            out.push(Piece {
                start: token.start,
                end: token.end,
                gap: Gap::Space,
                sort: Sort::Word(at),
            });
            from = token.end;
            continue;
        }
        numbers(text, from..token.start, out);
        from = token.end;
        if let Some(last) = out.last_mut().filter(|last| last.end == token.start)
            && let Sort::Number { ordinal, .. } = &mut last.sort
            && token.length <= 2
        {
            last.end = token.end;
            *ordinal = token.length == 2;
            continue;
        }
        push(text, token.start..token.end, Sort::Word(at), out);
    }
    numbers(text, from..text.len(), out);
}

fn push(text: &str, span: Range<usize>, sort: Sort, out: &mut Vec<Piece>) {
    let before = out.last().map_or(0, |last| last.end);
    let gap = gap(
        text.get(before..span.start).unwrap_or_default(),
        out.is_empty(),
    );
    out.push(Piece {
        start: span.start,
        end: span.end,
        gap,
        sort,
    });
}

fn numbers(text: &str, range: Range<usize>, out: &mut Vec<Piece>) {
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
            let digits = at - start;
            push(
                text,
                start..at,
                Sort::Number {
                    digits,
                    ordinal: false,
                },
                out,
            );
        }
    }
}

fn gap(between: &str, first: bool) -> Gap {
    if let [b' '] = between.as_bytes() {
        return Gap::Space;
    }
    match between {
        " " | "  " | ". " => return Gap::Space,
        "" | "-" | "/" | "'" | "’" => return if first { Gap::Line } else { Gap::Tight },
        ", " | "," => return Gap::Comma,
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
