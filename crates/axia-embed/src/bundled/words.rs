//! From a text to its words, and from a word to rows of the table: BERT's uncased tokenizer.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::table::Table;

/// Words of more characters than this are unknown, as with BERT: no text costs quadratic time.
const LONGEST_WORD: usize = 100;

/// Calls `visit` with each row of the table that `text` names, in order.
pub(super) fn rows_of(table: &Table, text: &str, word: &mut Word, mut visit: impl FnMut(u32)) {
    word.clear();
    for c in text.chars() {
        match kind(c) {
            Kind::Plain => word.push(c.to_ascii_lowercase()),
            Kind::Invisible => {}
            Kind::Separator => word.finish(table, &mut visit),
            // Accents stand as characters of their own once a letter is decomposed.
            Kind::Other => decompose_canonical(c, |part| {
                if part.is_alphanumeric() {
                    part.to_lowercase().for_each(|c| word.push(c));
                } else if !is_combining_mark(part) {
                    word.finish(table, &mut visit);
                }
            }),
        }
    }
    word.finish(table, &mut visit);
}

enum Kind {
    /// An ASCII letter or digit.
    Plain,
    /// Leaves no trace in a text: controls, marks of direction, joiners, soft hyphens.
    Invisible,
    /// Ends a word.
    Separator,
    /// Has to be decomposed to be judged.
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Plain,
        // White space among the controls.
        '\t' | '\n' | '\r' => Kind::Separator,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => Kind::Invisible,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' => Kind::Invisible,
        '\u{feff}' | '\u{fffd}' => Kind::Invisible,
        // Ideographs are words of one character to BERT, and the table knows none of them.
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
            Kind::Separator
        }
        '\u{20000}'..='\u{2a6df}' | '\u{2a700}'..='\u{2ceaf}' | '\u{2f800}'..='\u{2fa1f}' => {
            Kind::Separator
        }
        _ if c.is_control() => Kind::Invisible,
        _ if c.is_ascii() => Kind::Separator,
        _ => Kind::Other,
    }
}

/// The word that is being read: its bytes, and room for its rows.
#[derive(Default)]
pub(super) struct Word {
    text: String,
    characters: usize,
    rows: Vec<u32>,
}

impl Word {
    fn clear(&mut self) {
        self.text.clear();
        self.characters = 0;
    }

    fn push(&mut self, c: char) {
        self.characters += 1;
        // A word that is too long is unknown whatever follows: keep no more of it.
        if self.characters <= LONGEST_WORD {
            self.text.push(c);
        }
    }

    /// Splits the word into the longest pieces from the left. A word with a part that no piece
    /// fits is unknown as a whole.
    fn finish(&mut self, table: &Table, visit: &mut impl FnMut(u32)) {
        if self.characters > 0 && self.characters <= LONGEST_WORD {
            self.rows.clear();
            let mut rest = self.text.as_str();
            while let Some((row, length)) = table.longest_piece(rest, self.rows.is_empty()) {
                self.rows.push(row);
                rest = rest.get(length..).unwrap_or_default();
            }
            if rest.is_empty() {
                self.rows.iter().copied().for_each(visit);
            }
        }
        self.clear();
    }
}
