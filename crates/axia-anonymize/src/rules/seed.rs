//! Words in a row that mean something: the seed phrases of wallets (BIP-39), and digits that are written
//! out as words.

use std::collections::HashMap;
use std::ops::Range;

use bip39::Language;
use sha2::{Digest, Sha256};

use super::check::americas::us_ssn;
use super::check::luhn;
use super::context::near;
use crate::{Finding, Kind};

/// Words of the lists have three to eight letters, digits as words three to five.
const MAX_WORD: usize = 8;

/// The shortest run that is looked for covers more bytes than this: eight digits as words (`one` and
/// `two` are the shortest), or twelve words of three letters with a separator behind each.
const STEP: usize = 24;

/// Between two words at most so many bytes stand: a space, a comma, a line break and a number.
const MAX_GAP: usize = 6;

const DIGITS: &[(&str, u8)] = &[
    ("zero", b'0'),
    ("oh", b'0'),
    ("one", b'1'),
    ("two", b'2'),
    ("three", b'3'),
    ("four", b'4'),
    ("five", b'5'),
    ("six", b'6'),
    ("seven", b'7'),
    ("eight", b'8'),
    ("nine", b'9'),
];

const PHONE_WORDS: &[&str] = &[
    "phone", "number", "call", "mobile", "cell", "tel", "text", "reach", "whatsapp",
];
const CARD_WORDS: &[&str] = &["card", "visa", "credit", "debit", "mastercard"];
const SEED_WORDS: &[&str] = &[
    "seed", "wallet", "mnemonic", "recovery", "phrase", "backup", "metamask", "ledger", "trezor",
];
const SSN_WORDS: &[&str] = &["ssn", "social", "security"];

/// Which words belong to what.
pub(crate) struct Words {
    /// In order of their first three letters.
    list: Vec<(&'static str, Meaning)>,
    /// Where the words with these three letters (the third may be missing) begin in the list: most words
    /// of a text are told by that alone.
    heads: Vec<u16>,
    /// Of which heads there are any, one bit each: small enough for the nearest cache.
    any: Vec<u64>,
}

/// How many heads there are: 26 letters or none in three places.
const HEADS: usize = 27 * 27 * 27;

/// The place of a word's first three letters among `heads`, if it begins with letters.
fn head_of(word: &[u8]) -> Option<usize> {
    let letter = |i: usize| match word.get(i) {
        Some(b) if b.is_ascii_alphabetic() => Some(usize::from((b | 0x20) - b'a') + 1),
        Some(_) => None,
        None => Some(0),
    };
    Some((letter(0)? * 27 + letter(1)?) * 27 + letter(2)?)
}

#[derive(Clone, Copy, Default)]
struct Meaning {
    /// The place in the list of seed words.
    seed: Option<u16>,
    digit: Option<u8>,
}

type Run = Vec<(Range<usize>, u16)>;

impl Words {
    pub(crate) fn new() -> Self {
        let mut list: HashMap<&'static str, Meaning> = HashMap::new();
        for (word, place) in Language::English.word_list().iter().zip(0..) {
            list.entry(word).or_default().seed = Some(place);
        }
        for &(word, digit) in DIGITS {
            list.entry(word).or_default().digit = Some(digit);
        }
        let head = |word: &str| head_of(word.as_bytes()).unwrap_or(0);
        let mut list: Vec<_> = list.into_iter().collect();
        list.sort_unstable_by_key(|(word, _)| (head(word), *word));
        let mut any = vec![0_u64; HEADS / 64 + 1];
        for (word, _) in &list {
            any[head(word) / 64] |= 1 << (head(word) % 64);
        }
        let heads = (0..=HEADS)
            .map(|h| list.partition_point(|(word, _)| head(word) < h))
            .filter_map(|at| u16::try_from(at).ok())
            .collect();
        Self { list, heads, any }
    }

    /// Reports what runs of words mean. Every run covers a place that is looked at, because places are
    /// closer together than the shortest run is long.
    pub(crate) fn scan(&self, text: &str, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        let mut at = STEP;
        while at < bytes.len() {
            let end = self
                .word_around(bytes, at)
                .map(|word| self.runs_around(text, &word, out));
            at = end.unwrap_or(at).max(at) + STEP;
        }
    }

    /// The same as `scan`, but looks at every word.
    #[cfg(test)]
    pub(crate) fn at_every_word(&self, text: &str, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        let mut end = 0;
        for at in 0..bytes.len() {
            let starts = bytes[at].is_ascii_alphabetic()
                && (at == 0 || !bytes[at - 1].is_ascii_alphabetic());
            let len = bytes[at..]
                .iter()
                .take(MAX_WORD + 1)
                .take_while(|b| b.is_ascii_alphabetic())
                .count();
            if starts && at >= end && self.meaning(bytes, &(at..at + len)).is_some() {
                end = self.runs_around(text, &(at..at + len), out);
            }
        }
    }

    /// The word at or right behind a place.
    fn word_around(&self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        let letter = |b: &&u8| b.is_ascii_alphabetic();
        let gap = bytes[at..]
            .iter()
            .take(MAX_GAP)
            .take_while(|b| !b.is_ascii_alphabetic())
            .count();
        let inside = at + gap;
        let before = if gap > 0 {
            0
        } else {
            bytes[..inside]
                .iter()
                .rev()
                .take(MAX_WORD)
                .take_while(letter)
                .count()
        };
        let after = bytes[inside..]
            .iter()
            .take(MAX_WORD + 1)
            .take_while(letter)
            .count();
        let word = inside - before..inside + after;
        self.meaning(bytes, &word).map(|_| word)
    }

    fn meaning(&self, bytes: &[u8], word: &Range<usize>) -> Option<Meaning> {
        let letters = bytes
            .get(word.clone())
            .filter(|w| (2..=MAX_WORD).contains(&w.len()))?;
        let head = head_of(letters)?;
        if self.any.get(head / 64)? >> (head % 64) & 1 == 0 {
            return None;
        }
        let place = |head: usize| self.heads.get(head).copied().map(usize::from);
        let with_head = self.list.get(place(head)?..place(head + 1)?)?;
        let found = with_head
            .iter()
            .find(|(word, _)| letters.eq_ignore_ascii_case(word.as_bytes()));
        found.map(|(_, meaning)| *meaning)
    }

    /// Reports the runs that a word is part of. Returns the end of the longest.
    fn runs_around(&self, text: &str, word: &Range<usize>, out: &mut Vec<Finding>) -> usize {
        let seeds = self.run(text.as_bytes(), word, |meaning| meaning.seed);
        let digits = self.run(text.as_bytes(), word, |meaning| {
            meaning.digit.map(u16::from)
        });
        if seeds.len() >= 12 {
            seed_phrase(text, &seeds, out);
        }
        if digits.len() >= 7 {
            spelled_number(text, &digits, out);
        }
        let ends = [seeds.last(), digits.last()];
        ends.into_iter()
            .flatten()
            .map(|(last, _)| last.end)
            .max()
            .unwrap_or(word.end)
    }

    /// Extends a word to both sides over words with the same sort of meaning.
    fn run(&self, bytes: &[u8], word: &Range<usize>, of: impl Fn(Meaning) -> Option<u16>) -> Run {
        let value = |word: &Range<usize>| self.meaning(bytes, word).and_then(&of);
        let Some(middle) = value(word) else {
            return Vec::new();
        };
        let mut run = vec![(word.clone(), middle)];
        let mut start = word.start;
        loop {
            let gap = bytes[..start]
                .iter()
                .rev()
                .take(MAX_GAP + 1)
                .take_while(|b| is_gap(**b))
                .count();
            let end = start - gap;
            let len = bytes[..end]
                .iter()
                .rev()
                .take(MAX_WORD + 1)
                .take_while(|b| b.is_ascii_alphabetic())
                .count();
            let word = end - len..end;
            let Some(found) = value(&word).filter(|_| (1..=MAX_GAP).contains(&gap)) else {
                break;
            };
            start = word.start;
            run.push((word, found));
        }
        run.reverse();
        let mut end = word.end;
        loop {
            let gap = bytes[end..]
                .iter()
                .take(MAX_GAP + 1)
                .take_while(|b| is_gap(**b))
                .count();
            let start = end + gap;
            let len = bytes[start..]
                .iter()
                .take(MAX_WORD + 1)
                .take_while(|b| b.is_ascii_alphabetic())
                .count();
            let word = start..start + len;
            let Some(found) = value(&word).filter(|_| (1..=MAX_GAP).contains(&gap)) else {
                break;
            };
            end = word.end;
            run.push((word, found));
        }
        run
    }
}

fn is_gap(byte: u8) -> bool {
    byte.is_ascii_digit()
        || matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b'.' | b'-' | b')' | b':' | b';' | b'"' | b'\''
        )
}

const LENGTHS: [usize; 5] = [24, 21, 18, 15, 12];

/// Any stretch of the run whose checksum is right. One in sixteen runs of twelve ordinary words passes,
/// so that a run that is longer than a phrase has to have a word such as "wallet" near it.
fn seed_phrase(text: &str, run: &Run, out: &mut Vec<Finding>) {
    for len in LENGTHS {
        for stretch in run
            .windows(len)
            .take(64)
            .filter(|stretch| is_mnemonic(stretch))
        {
            let (Some((first, _)), Some((last, _))) = (stretch.first(), stretch.last()) else {
                continue;
            };
            let span = first.start..last.end;
            let word = near(text, &span, 80, 40, SEED_WORDS);
            if word.is_some() || run.len() == len {
                out.push(
                    Finding::by_rule(Kind::SeedPhrase, span, "seed-phrase", 0.9)
                        .validated_by("bip-39")
                        .near(word),
                );
                return;
            }
        }
    }
}

/// Eleven bits for each word; the last one in thirty-three of them begin the digest of the others.
fn is_mnemonic(words: &[(Range<usize>, u16)]) -> bool {
    let bit = |i: usize| {
        words
            .get(i / 11)
            .is_some_and(|(_, place)| place >> (10 - i % 11) & 1 == 1)
    };
    let entropy_len = words.len() * 32 / 3;
    let byte = |from: usize| (from..from + 8).fold(0_u8, |byte, i| byte << 1 | u8::from(bit(i)));
    let entropy: Vec<u8> = (0..entropy_len).step_by(8).map(byte).collect();
    let digest = Sha256::digest(&entropy);
    (0..words.len() / 3).all(|i| bit(entropy_len + i) == (digest[i / 8] >> (7 - i % 8) & 1 == 1))
}

/// `five three six two two eight seven two six is my SSN`.
fn spelled_number(text: &str, run: &Run, out: &mut Vec<Finding>) {
    let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else {
        return;
    };
    let span = first.start..last.end;
    let number: Vec<u8> = run
        .iter()
        .filter_map(|(_, digit)| u8::try_from(*digit).ok())
        .collect();
    let counted = number
        .windows(2)
        .all(|pair| pair[1] == pair[0] + 1 || pair[1] + 1 == pair[0]);
    if counted {
        return;
    }
    let around = |words| near(text, &span, 48, 32, words);
    let found = match number.len() {
        9 if us_ssn(&number) => around(SSN_WORDS).map(|word| (Kind::UsSsn, word, 0.7)),
        12..=19 if luhn(&number) => around(CARD_WORDS).map(|word| (Kind::Card, word, 0.7)),
        _ => None,
    };
    let phone = || {
        (number.len() <= 15)
            .then(|| around(PHONE_WORDS))
            .flatten()
            .map(|word| (Kind::Phone, word, 0.6))
    };
    if let Some((kind, word, score)) = found.or_else(phone) {
        out.push(Finding::by_rule(kind, span, "spelled-digits", score).near(Some(word)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        let mut out = Vec::new();
        Words::new().scan(text, &mut out);
        out.into_iter().map(|f| (f.kind, &text[f.span])).collect()
    }

    #[test]
    fn seed_phrases_need_their_checksum() {
        // The first test vectors of BIP-39.
        let zeros = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        let legal = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        assert_eq!(found(zeros), [(Kind::SeedPhrase, zeros)]);
        assert_eq!(
            found(&format!("my wallet: {legal}.")),
            [(Kind::SeedPhrase, legal)]
        );
        assert_eq!(found(&legal.replace("yellow", "year")), []);
        let numbered: Vec<String> = legal
            .split(' ')
            .zip(1..)
            .map(|(word, i)| format!("{i}. {word}"))
            .collect();
        assert_eq!(found(&numbered.join("\n")).len(), 1);
    }

    #[test]
    fn digits_as_words_need_a_word_beside_them() {
        let number = "five three six two two eight seven two six";
        assert_eq!(
            found(&format!("{number} is my SSN")),
            [(Kind::UsSsn, number)]
        );
        assert_eq!(found(&format!("{number} is what I say")), []);
        assert_eq!(
            found("my number: one two three four five six seven eight nine"),
            []
        );
    }
}
