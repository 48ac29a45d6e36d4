//! WordPiece tokens as BERT has them (Wu et al. 2016, Devlin et al. 2019), with their bytes in the text.
//!
//! Control characters go away, accents are stripped and letters lowered where the model wants it,
//! Chinese characters and punctuation stand alone, and words are cut into the longest known pieces.

use std::collections::HashMap;
use std::ops::Range;

use regex::Regex;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Longer words are unknown, as in the reference.
const MAX_CHARACTERS: usize = 100;

/// A token of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WordPiece {
    pub(super) id: u32,
    /// Bytes of the text.
    pub(super) span: Range<usize>,
    /// Which word it belongs to.
    pub(super) word: usize,
}

/// The vocabulary and the settings.
pub(super) struct Tokenizer {
    ids: HashMap<String, u32>,
    lower: bool,
    punctuation: Regex,
    pub(super) unknown: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Tokenizer {
    /// From the lines of a `vocab.txt`; says which special token is missing.
    pub(super) fn new(vocabulary: &str, lower: bool) -> Result<Self, String> {
        let mut ids = HashMap::new();
        for (id, token) in (0_u32..).zip(vocabulary.lines()) {
            ids.insert(token.to_owned(), id);
        }
        let special = |name: &str| {
            let id = ids.get(name).copied();
            id.ok_or_else(|| format!("the vocabulary has no {name}"))
        };
        let (unknown, start, end) = (special("[UNK]")?, special("[CLS]")?, special("[SEP]")?);
        let punctuation = Regex::new(r"^\p{P}$").map_err(|e| e.to_string())?;
        Ok(Self {
            ids,
            lower,
            punctuation,
            unknown,
            start,
            end,
        })
    }

    /// The tokens of a text, without the special ones.
    pub(super) fn tokens(&self, text: &str) -> Vec<WordPiece> {
        let mut out = Vec::new();
        let mut word: Vec<(char, Range<usize>)> = Vec::new();
        let mut words = 0;
        for (at, c) in text.char_indices() {
            let span = at..at + c.len_utf8();
            if c.is_whitespace() {
                self.push(&mut word, &mut words, &mut out);
            } else if is_dropped(c) {
            } else if is_chinese(c) || self.is_punctuation(c) {
                self.push(&mut word, &mut words, &mut out);
                word.push((c, span));
                self.push(&mut word, &mut words, &mut out);
            } else if self.lower {
                decompose_canonical(c, |part| {
                    if !is_combining_mark(part) {
                        word.extend(part.to_lowercase().map(|l| (l, span.clone())));
                    }
                });
            } else {
                word.push((c, span));
            }
        }
        self.push(&mut word, &mut words, &mut out);
        out
    }

    fn is_punctuation(&self, c: char) -> bool {
        if c.is_ascii() {
            return c.is_ascii_punctuation();
        }
        !c.is_alphanumeric() && self.punctuation.is_match(c.encode_utf8(&mut [0; 4]))
    }

    /// Cuts a word into pieces, the longest known one first.
    fn push(
        &self,
        word: &mut Vec<(char, Range<usize>)>,
        words: &mut usize,
        out: &mut Vec<WordPiece>,
    ) {
        let (Some(first), Some(last)) = (word.first(), word.last()) else {
            return;
        };
        let whole = first.1.start..last.1.end;
        let before = out.len();
        let mut from = 0;
        let mut piece = String::new();
        while from < word.len() && word.len() <= MAX_CHARACTERS {
            piece.clear();
            if from > 0 {
                piece.push_str("##");
            }
            let mut ends = Vec::with_capacity(word.len() - from);
            for (c, _) in &word[from..] {
                piece.push(*c);
                ends.push(piece.len());
            }
            let known = (0..ends.len()).rev().find_map(|i| {
                let id = self.ids.get(piece.get(..ends[i])?)?;
                Some((i, *id))
            });
            let Some((length, id)) = known else { break };
            let to = from + length;
            out.push(WordPiece {
                id,
                span: word[from].1.start..word[to].1.end,
                word: *words,
            });
            from = to + 1;
        }
        if from < word.len() {
            out.truncate(before);
            out.push(WordPiece {
                id: self.unknown,
                span: whole,
                word: *words,
            });
        }
        *words += 1;
        word.clear();
    }
}

/// Control and format characters, and what stands for damage.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{0}' | '\u{FFFD}' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
        || c.is_control()
}

fn is_chinese(c: char) -> bool {
    matches!(u32::from(c),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x2_0000..=0x2_A6DF | 0x2_A700..=0x2_B73F
        | 0x2_B740..=0x2_B81F | 0x2_B920..=0x2_CEAF | 0xF900..=0xFAFF | 0x2_F800..=0x2_FA1F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_words_and_keeps_their_bytes() {
        let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\njo\n##se\n,\n好\nx";
        let tokenizer = Tokenizer::new(vocabulary, true).unwrap();
        let text = "José, 好x\u{200B} JO zz";
        let tokens = tokenizer.tokens(text);
        let got: Vec<(u32, &str, usize)> = tokens
            .iter()
            .map(|t| (t.id, &text[t.span.clone()], t.word))
            .collect();
        assert_eq!(
            got,
            [
                (4, "Jo", 0),
                (5, "sé", 0),
                (6, ",", 1),
                (7, "好", 2),
                (8, "x", 3),
                (4, "JO", 4),
                (1, "zz", 5)
            ]
        );
        assert!(Tokenizer::new("a\nb", true).is_err());
    }
}
