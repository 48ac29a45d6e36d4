//! The list of names and words, folded and looked up by hash.
//!
//! The list is `data/names.txt`; `data/build_names.py` says how it is made and `data/NOTICE` of what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::lexicon;

const NAMES: &str = include_str!("../../data/names.txt");
const FIGURES: &str = include_str!("../../data/figures.txt");
const MORE_FIGURES: &str = include_str!("../../data/more_figures.txt");

/// What is known of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u64);

impl Flags {
    pub(crate) fn given(self) -> bool {
        self.0 & 1 != 0
    }

    pub(crate) fn family(self) -> bool {
        self.0 & 2 != 0
    }

    /// A given or a family name.
    pub(crate) fn name(self) -> bool {
        self.0 & 3 != 0
    }

    /// A common English word.
    pub(crate) fn common(self) -> bool {
        self.0 & 4 != 0
    }

    /// A place, a language, an organization or another proper noun.
    pub(crate) fn proper(self) -> bool {
        self.0 & 8 != 0
    }

    /// A name in several languages.
    pub(crate) fn shared(self) -> bool {
        self.0 & 16 != 0
    }

    /// An English word, common or rare.
    pub(crate) fn word(self) -> bool {
        self.0 & 32 != 0
    }

    /// What is known of this word or the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the word is on any of these lists of the lexicon.
    pub(crate) fn any(self, classes: u64) -> bool {
        self.0 & classes != 0
    }

    /// Neither in the list of names nor in that of words.
    pub(crate) fn unknown(self) -> bool {
        self.0 & 0xFF == 0
    }
}

/// The hash of a folded word so far: eight bytes together are multiplied and mixed. Nobody gains from words
/// that share a hash, so it needs no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WordHash {
    mixed: u64,
    /// The bytes since.
    bytes: u64,
    len: u32,
}

/// A finished [`WordHash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WordKey(u64);

impl WordHash {
    pub(crate) const START: Self = Self {
        mixed: 0,
        bytes: 0,
        len: 0,
    };

    /// The hash of the ASCII letters of `text` from `start` on, in any capitals, eight bytes at a time.
    #[inline]
    pub(crate) fn of_letters(text: &[u8], start: usize, len: usize) -> Self {
        const SMALL: u64 = 0x2020_2020_2020_2020;
        let mut hash = Self::START;
        hash.len = u32::try_from(len).unwrap_or(u32::MAX);
        let mut rest = text.get(start..).unwrap_or_default();
        // Most words, without a branch that depends on the length; what stands behind the word is cut off.
        if let Some([first, second]) = KEPT.get(len)
            && let Some((eight, behind)) = rest.split_first_chunk::<8>()
            && let Some(more) = behind.first_chunk::<8>()
        {
            let first = (u64::from_le_bytes(*eight) | SMALL) & first;
            let second = (u64::from_le_bytes(*more) | SMALL) & second;
            let long = len >= 8;
            hash.mixed = if long { mixed(0, first) } else { 0 };
            hash.bytes = if long { second } else { first };
            return hash;
        }
        let mut left = len;
        while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
            let eight = u64::from_le_bytes(*eight) | SMALL;
            if left < 8 {
                hash.bytes = eight & !(u64::MAX << (8 * left));
                left = 0;
                break;
            }
            hash.mixed = mixed(hash.mixed, eight);
            rest = behind;
            left -= 8;
        }
        // At the end of the text.
        for (byte, place) in rest.iter().take(left).zip(0..) {
            hash.bytes |= u64::from(*byte | 0x20) << (8 * place);
        }
        hash
    }

    pub(crate) fn with_byte(mut self, byte: u8) -> Self {
        self.bytes |= u64::from(byte) << (8 * (self.len % 8));
        self.len = self.len.wrapping_add(1);
        if self.len.is_multiple_of(8) {
            self.mixed = mixed(self.mixed, self.bytes);
            self.bytes = 0;
        }
        self
    }

    pub(crate) fn with_str(self, text: &str) -> Self {
        text.bytes().fold(self, Self::with_byte)
    }

    pub(crate) fn key(self) -> WordKey {
        WordKey(mixed(mixed(self.mixed, self.bytes), u64::from(self.len)))
    }

    /// Adds a character in lower case and without marks.
    pub(crate) fn with_char(self, c: char) -> Self {
        if c.is_ascii() {
            #[allow(clippy::cast_possible_truncation)] // It is ASCII.
            return self.with_byte(c.to_ascii_lowercase() as u8);
        }
        let mut hash = self;
        for lower in c.to_lowercase() {
            decompose_canonical(lower, |part| {
                if !is_combining_mark(part) {
                    hash = match letters_of(part) {
                        Some(letters) => hash.with_str(letters),
                        None => hash.with_str(part.encode_utf8(&mut [0; 4])),
                    };
                }
            });
        }
        hash
    }
}

/// Which bits of the first and the next eight bytes belong to a word of each length.
const KEPT: [[u64; 2]; 16] = {
    let mut kept = [[0; 2]; 16];
    let mut len = 0;
    while len < kept.len() {
        kept[len] = if len < 8 {
            [!(u64::MAX << (8 * len)), 0]
        } else {
            [u64::MAX, !(u64::MAX << (8 * (len - 8)))]
        };
        len += 1;
    }
    kept
};

/// An odd number near the golden ratio spreads the bits upwards, the shift downwards.
fn mixed(hash: u64, bytes: u64) -> u64 {
    let product = (hash ^ bytes).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ product >> 32
}

/// Letters that have no decomposition, in the form that passports give them.
fn letters_of(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ı' => "i",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ə' => "a",
        '’' => "'",
        'ς' => "σ",
        _ => return None,
    })
}

/// All words of the list.
pub(crate) struct Gazetteer {
    words: Table,
    figures: Table,
}

/// Shared by all anonymizers; made when first asked for.
pub(crate) fn gazetteer() -> &'static Gazetteer {
    static SHARED: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::load);
    &SHARED
}

impl Gazetteer {
    fn load() -> Self {
        let classes = lexicon::CLASSES
            .iter()
            .chain(&lexicon::PHRASE_WORDS)
            .chain(&crate::address::CLASSES);
        let classes = classes.flat_map(|(words, bit)| {
            let hash = |word: &str| word.chars().fold(WordHash::START, WordHash::with_char);
            words.split_whitespace().map(move |word| (hash(word), *bit))
        });
        let words = entries(NAMES, true)
            .map(|(word, flags)| (WordHash::START.with_str(&word), u64::from(flags)))
            .chain(classes);
        let more = MORE_FIGURES
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let figures = entries(FIGURES, false)
            .map(|(name, _)| WordHash::START.with_str(&name))
            .chain(more.map(|name| name.chars().fold(WordHash::START, WordHash::with_char)))
            .map(|name| (name.key(), 1))
            .collect();
        let mut merged: BTreeMap<WordKey, u64> = BTreeMap::new();
        for (word, flags) in words {
            *merged.entry(word.key()).or_default() |= flags;
        }
        Self {
            words: Table::of(&merged),
            figures: Table::of(&figures),
        }
    }

    /// What is known of the folded word with this hash.
    pub(crate) fn get(&self, word: WordHash) -> Flags {
        self.of_key(word.key())
    }

    pub(crate) fn of_key(&self, word: WordKey) -> Flags {
        self.of_slot(word, self.slot(word))
    }

    /// Where the search for a word begins. No branch depends on it, so that the processor waits for many words at
    /// once.
    pub(super) fn slot(&self, word: WordKey) -> Slot {
        self.words.slot(self.words.place(word))
    }

    /// What is known of a word whose search begins there.
    pub(super) fn of_slot(&self, word: WordKey, slot: Slot) -> Flags {
        Flags(self.words.from(word, slot).unwrap_or(0))
    }

    /// Whether this is the hash of a public figure's name, folded words joined by spaces.
    pub(crate) fn is_figure(&self, name: WordHash) -> bool {
        self.figures.get(name.key()).is_some()
    }
}

/// Undoes the front coding: (word, flags).
fn entries(list: &str, flagged: bool) -> impl Iterator<Item = (String, u8)> {
    let mut word = String::new();
    list.lines().map(move |line| {
        let mut bytes = line.bytes();
        let shared = usize::from(bytes.next().unwrap_or(b'0').saturating_sub(b'0'));
        let flags = if flagged {
            bytes.next().unwrap_or(b'0').saturating_sub(b'0')
        } else {
            0
        };
        let rest = line.get(1 + usize::from(flagged)..).unwrap_or_default();
        // Prefixes are counted in characters.
        let keep = word.char_indices().nth(shared).map_or(word.len(), |c| c.0);
        word.truncate(keep);
        word.push_str(rest);
        (word.clone(), flags)
    })
}

/// The upper bits of a hash, and in the lower ones the place of its value and one; 0 is free.
#[derive(Clone, Copy, Default)]
pub(super) struct Slot(u32);

/// An open-addressing table of hashes, at most three eighths full: a word that is not in its place costs more than
/// the memory does. Of each hash it keeps the place and 20 more bits, so a word that is in no list is taken for one
/// that is with a chance of less than one in a million.
struct Table {
    slots: Vec<u32>,
    /// The values that there are.
    values: Vec<u64>,
    mask: usize,
}

/// So many bits of a slot are for the value's place.
const PLACE_BITS: u32 = 12;

impl Table {
    fn of(entries: &BTreeMap<WordKey, u64>) -> Self {
        let values: BTreeSet<u64> = entries.values().copied().collect();
        let values: Vec<u64> = values.into_iter().collect();
        assert!(values.len() < 1 << PLACE_BITS, "too many kinds of words");
        let size = (entries.len() * 8 / 3 + 2).next_power_of_two();
        let mut table = Self {
            slots: vec![0; size],
            values,
            mask: size - 1,
        };
        for (&key, value) in entries {
            let mut at = table.place(key);
            while table.slots[at] != 0 {
                at = (at + 1) & table.mask;
            }
            let place = table.values.binary_search(value).map_or(0, |at| at + 1);
            table.slots[at] = Self::tag(key) | u32::try_from(place).unwrap_or(0);
        }
        table
    }

    #[allow(clippy::cast_possible_truncation)] // Only as many bits as the table needs.
    fn place(&self, WordKey(hash): WordKey) -> usize {
        hash as usize & self.mask
    }

    fn tag(WordKey(hash): WordKey) -> u32 {
        (hash >> 32) as u32 >> PLACE_BITS << PLACE_BITS
    }

    fn slot(&self, place: usize) -> Slot {
        Slot(self.slots[place & self.mask])
    }

    fn get(&self, key: WordKey) -> Option<u64> {
        self.from(key, self.slot(self.place(key)))
    }

    /// The value of a key, in the slot at its place or those behind.
    #[inline]
    fn from(&self, key: WordKey, Slot(first): Slot) -> Option<u64> {
        let tag = Self::tag(key);
        let mut slot = first;
        let mut at = self.place(key);
        loop {
            if slot == 0 {
                return None;
            }
            let place = slot ^ tag;
            if place >> PLACE_BITS == 0 {
                return self.values.get(place as usize - 1).copied();
            }
            at += 1;
            slot = self.slot(at).0;
        }
    }
}

/// Every word with its flags, as the lists have them, for the plain reference of the tests.
#[cfg(test)]
pub(crate) fn all_words() -> std::collections::BTreeMap<String, Flags> {
    let mut words: std::collections::BTreeMap<String, Flags> = entries(NAMES, true)
        .map(|(word, flags)| (word, Flags(u64::from(flags))))
        .collect();
    let classes = lexicon::CLASSES.iter().chain(&lexicon::PHRASE_WORDS);
    for (list, bit) in classes.chain(&crate::address::CLASSES) {
        for word in list.split_whitespace() {
            words.entry(super::reference::fold(word)).or_default().0 |= bit;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(word: &str) -> Flags {
        gazetteer().get(word.chars().fold(WordHash::START, WordHash::with_char))
    }

    #[test]
    fn words_and_names() {
        assert!(flags("Anna").given() && !flags("Anna").common());
        assert!(flags("Müller").family() && flags("MULLER").family());
        assert!(flags("Łukasz").given() && flags("Søren").given());
        assert!(flags("Will").given() && flags("will").common());
        assert!(flags("Ирина").given() && flags("Γεώργιος").given());
        assert!(flags("Paris").proper());
        assert!(flags("xqzt").unknown());
    }

    #[test]
    fn every_entry_is_found_again() {
        for (word, flags) in entries(NAMES, true) {
            assert_ne!(flags, 0, "{word}");
            let hash = WordHash::START.with_str(&word);
            assert_eq!(gazetteer().get(hash).0 & 0xFF, u64::from(flags), "{word}");
        }
    }

    #[test]
    fn figures() {
        let known = |name: &str| {
            gazetteer().is_figure(name.chars().fold(WordHash::START, WordHash::with_char))
        };
        assert!(known("Albert Einstein") && known("Immanuel Kant"));
        assert!(!known("Anna Müller"));
    }
}
