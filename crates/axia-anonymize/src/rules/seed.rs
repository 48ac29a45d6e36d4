//! Words in a row that mean something: the seed phrases of wallets (BIP-39), and digits that are written
//! out as words.

use std::collections::HashMap;
use std::iter::successors;
use std::ops::Range;

use bip39::Language;
use sha2::{Digest, Sha256};

use super::check::americas::us_ssn;
use super::check::luhn;
use super::context::{Vocabulary, near};
use crate::{Finding, Kind};

/// Words of the lists have three to eight letters, digits as words three to five.
const MAX_WORD: usize = 8;

/// The fewest words of a run that means something.
const MIN_DIGITS: usize = 7;
const MIN_SEEDS: usize = 12;

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

const PHONE_WORDS: Vocabulary = Vocabulary::of(&[
    "phone", "number", "call", "mobile", "cell", "tel", "text", "reach", "whatsapp",
]);
const CARD_WORDS: Vocabulary = Vocabulary::of(&["card", "visa", "credit", "debit", "mastercard"]);
const SEED_WORDS: Vocabulary = Vocabulary::of(&[
    "seed", "wallet", "mnemonic", "recovery", "phrase", "backup", "metamask", "ledger", "trezor",
]);
const SSN_WORDS: Vocabulary = Vocabulary::of(&["ssn", "social", "security"]);

/// Which words belong to what.
pub(crate) struct Words {
    /// In order of their first three letters; the letters of a word are the bytes of a number.
    list: Vec<(u64, Meaning)>,
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

/// The letters of a short word in lower case, as the bytes of a number.
fn packed(word: &[u8]) -> u64 {
    let small = word.iter().take(MAX_WORD).rev();
    small.fold(0, |packed, b| packed << 8 | u64::from(b | 0x20))
}

#[derive(Clone, Copy, Default)]
struct Meaning {
    /// The place in the list of seed words.
    seed: Option<u16>,
    digit: Option<u8>,
}

type Run = Vec<(Range<usize>, u16)>;

/// Where letters stand in 128 bytes of a text, one bit each.
pub(crate) struct Letters {
    pub(crate) letters: u128,
    /// The place of the 65th byte.
    pub(crate) middle: usize,
}

impl Letters {
    /// Of no byte, so that every word is looked for in the text itself.
    #[cfg(test)]
    pub(crate) const NONE: Self = Self {
        letters: 0,
        middle: usize::MAX,
    };

    /// The word at or right behind a place, as [`word_at`] has it; none where it may go on outside of these bytes.
    fn word_at(&self, len: usize, at: usize) -> Option<Range<usize>> {
        let place = (at + 64)
            .checked_sub(self.middle)
            .filter(|&place| at < len && (MAX_WORD..100).contains(&place))?;
        let gap = (self.letters >> place).trailing_zeros().min(MAX_GAP as u32);
        let before = if gap > 0 {
            0
        } else {
            (self.letters << (128 - place))
                .leading_ones()
                .min(MAX_WORD as u32)
        };
        let (gap, before) = (gap as usize, before as usize);
        let letters = (!(self.letters >> (place + gap - before))).trailing_zeros();
        let start = at + gap - before;
        Some(start..start + (letters as usize).min(MAX_WORD + 1))
    }
}

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
        let list = list
            .into_iter()
            .map(|(word, meaning)| (packed(word.as_bytes()), meaning))
            .collect();
        Self { list, heads, any }
    }

    /// Reports the numbers that are written out in words at any of the places, which are in order; what
    /// ends before `end` was reported before. Returns where the last of these runs ends.
    pub(crate) fn digits_at(
        &self,
        text: &str,
        places: impl Iterator<Item = usize>,
        letters: &Letters,
        end: usize,
        out: &mut Vec<Finding>,
    ) -> usize {
        let digit = |meaning: Meaning| meaning.digit.map(u16::from);
        let places = places.map(|at| (at, letters));
        self.runs_at(text.as_bytes(), places, end, MIN_DIGITS, digit, |run| {
            spelled_number(text, run, out);
        })
    }

    /// The same for seed phrases.
    pub(crate) fn seeds_at(
        &self,
        text: &str,
        places: impl Iterator<Item = usize>,
        letters: &Letters,
        end: usize,
        out: &mut Vec<Finding>,
    ) -> usize {
        let seed = |meaning: Meaning| meaning.seed;
        let places = places.map(|at| (at, letters));
        self.runs_at(text.as_bytes(), places, end, MIN_SEEDS, seed, |run| {
            seed_phrase(text, run, out);
        })
    }

    /// Visits the runs of at least so many words that have this sort of meaning.
    fn runs_at<'l>(
        &self,
        bytes: &[u8],
        places: impl Iterator<Item = (usize, &'l Letters)>,
        mut end: usize,
        least: usize,
        of: impl Fn(Meaning) -> Option<u16>,
        mut visit: impl FnMut(&Run),
    ) -> usize {
        let value = |word: &Range<usize>| self.meaning(bytes, word).and_then(&of);
        let means = |word: &Range<usize>| value(word).is_some();
        let before = |word: &Range<usize>| word_before(bytes, word.start).filter(means);
        let behind = |word: &Range<usize>| word_behind(bytes, word.end).filter(means);
        for (at, letters) in places {
            if at < end {
                continue;
            }
            let word = letters.word_at(bytes.len(), at);
            let word = word.or_else(|| word_at(bytes, at));
            let Some(word) = word.filter(means) else {
                continue;
            };
            let first = successors(Some(word), before).last();
            let words = || successors(first.clone(), behind);
            if words().nth(least - 1).is_some() {
                let run: Run = words()
                    .filter_map(|word| value(&word).map(|value| (word, value)))
                    .collect();
                visit(&run);
            }
            end = words().last().map_or(end, |last| last.end);
        }
        end
    }

    fn meaning(&self, bytes: &[u8], word: &Range<usize>) -> Option<Meaning> {
        if !(2..=MAX_WORD).contains(&word.len()) {
            return None;
        }
        let letters = match bytes.get(word.start..)?.first_chunk::<MAX_WORD>() {
            Some(eight) => {
                let small = u64::from_le_bytes(*eight) | 0x2020_2020_2020_2020;
                small & u64::MAX >> (64 - 8 * word.len())
            }
            None => packed(bytes.get(word.clone())?),
        };
        // Letters have their place in the alphabet in the lowest five bits.
        let letter = |i: usize| (letters >> (8 * i) & 0x1F) as usize;
        let head = (letter(0) * 27 + letter(1)) * 27 + letter(2);
        if self.any.get(head / 64)? >> (head % 64) & 1 == 0 {
            return None;
        }
        let place = |head: usize| self.heads.get(head).copied().map(usize::from);
        let mut with_head = self.list.get(place(head)?..place(head + 1)?)?.iter();
        let found = with_head.find(|(word, _)| *word == letters);
        found.map(|(_, meaning)| *meaning)
    }
}

/// The word in front of `start`, with a gap between; of a long one the end.
fn word_before(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let (gap, letters) = gap_and_word(bytes.get(..start)?.iter().rev())?;
    let end = start - gap;
    Some(end - letters..end)
}

/// The word behind `end`, with a gap between; of a long one the beginning.
fn word_behind(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let (gap, letters) = gap_and_word(bytes.get(end..)?.iter())?;
    let start = end + gap;
    Some(start..start + letters)
}

/// How many bytes of a gap come first, and how many letters then.
fn gap_and_word<'a>(bytes: impl Iterator<Item = &'a u8> + Clone) -> Option<(usize, usize)> {
    let gap = bytes
        .clone()
        .take(MAX_GAP + 1)
        .take_while(|b| is_gap(**b))
        .count();
    let letters = bytes
        .skip(gap)
        .take(MAX_WORD + 1)
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    (1..=MAX_GAP).contains(&gap).then_some((gap, letters))
}

/// The word at or right behind a place; of a long one a part.
fn word_at(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let letter = |b: &&u8| b.is_ascii_alphabetic();
    let (head, rest) = bytes.split_at_checked(at)?;
    // Behind the end there is no word, also where one ends there.
    rest.first()?;
    let gap = rest.iter().take(MAX_GAP).take_while(|b| !letter(b)).count();
    let before = head.iter().rev().take(MAX_WORD).take_while(letter);
    let start = if gap > 0 {
        at + gap
    } else {
        at - before.count()
    };
    let letters = bytes[start..].iter().take(MAX_WORD + 1);
    Some(start..start + letters.take_while(letter).count())
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
            let word = near(text, &span, 80, 40, &SEED_WORDS);
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
        9 if us_ssn(&number) => around(&SSN_WORDS).map(|word| (Kind::UsSsn, word, 0.7)),
        12..=19 if luhn(&number) => around(&CARD_WORDS).map(|word| (Kind::Card, word, 0.7)),
        _ => None,
    };
    let phone = || {
        (number.len() <= 15)
            .then(|| around(&PHONE_WORDS))
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
        Words::new().seeds_at(text, 0..text.len(), &Letters::NONE, 0, &mut out);
        Words::new().digits_at(text, 0..text.len(), &Letters::NONE, 0, &mut out);
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
