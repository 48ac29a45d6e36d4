//! Later and earlier mentions of entities that were found somewhere in the same conversation.
//!
//! One mention of thirty that stays readable is a leak, whatever the other twenty-nine were replaced by.
//! So what a rule found thanks to a word beside it, or a name that was introduced once, is searched
//! for in all other places, in any capitals and with any spacing.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem::Finder;

use crate::people::name_words;
use crate::resolve::Resolved;
use crate::squeeze::{Squeezed, plain_words};
use crate::{Evidence, Finding, Kind};

/// Name of the stage in the evidence.
const PROPAGATED: &str = "propagated";

/// Longest squeezed form that is searched for, in bytes; a longer one is no name and no number.
const LONGEST: usize = 160;

/// Texts are squeezed in pieces of this size, so that memory does not grow with the text.
const PIECE: usize = 1 << 20;

/// Overlap of two pieces, longer than any match with its separators.
const OVERLAP: usize = 4 * LONGEST;

/// Names that are ordinary words: alone they are only a name where a sentence does not begin.
const WORDS: &[&str] = &[
    "april",
    "art",
    "august",
    "baker",
    "bill",
    "bishop",
    "brook",
    "brown",
    "carol",
    "chance",
    "chase",
    "christian",
    "church",
    "cook",
    "daisy",
    "dale",
    "dawn",
    "dean",
    "faith",
    "field",
    "fisher",
    "ford",
    "forest",
    "frank",
    "gay",
    "gene",
    "glen",
    "good",
    "grace",
    "grant",
    "gray",
    "green",
    "guy",
    "hall",
    "hill",
    "holly",
    "hope",
    "hunter",
    "iris",
    "jack",
    "jade",
    "joy",
    "june",
    "king",
    "lane",
    "lee",
    "lily",
    "long",
    "major",
    "mark",
    "marsh",
    "mason",
    "may",
    "melody",
    "miles",
    "miller",
    "moon",
    "park",
    "pat",
    "patience",
    "pearl",
    "penny",
    "price",
    "rich",
    "river",
    "robin",
    "rose",
    "ruby",
    "sandy",
    "sky",
    "star",
    "stone",
    "storm",
    "summer",
    "taylor",
    "violet",
    "wade",
    "ward",
    "way",
    "white",
    "will",
    "wood",
    "woods",
    "young",
];

/// How strict a match has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// Whole words, in any capitals.
    Whole,
    /// A single name: with a capital.
    Capital,
    /// A single name that is an ordinary word too: with a capital, inside a sentence.
    CapitalInside,
    /// Byte for byte, in the case it was found in.
    Exact,
}

struct Needle {
    kind: Kind,
    strict: Match,
    /// The text itself, for exact matches.
    exact: String,
    score: f32,
}

/// The entities of one conversation, ready to be searched for.
pub(crate) struct Propagator {
    search: Search,
    needles: Vec<Needle>,
}

/// To build an automaton takes longer than to search a few messages for a few needles one by one.
enum Search {
    OneByOne(Vec<Finder<'static>>),
    Together(AhoCorasick),
}

/// As many needles are searched for one by one.
const FEW: usize = 24;

impl Search {
    fn of<'p>(patterns: impl ExactSizeIterator<Item = &'p String>) -> Option<Self> {
        if patterns.len() <= FEW {
            let finders = patterns.map(|p| Finder::new(p).into_owned());
            return Some(Self::OneByOne(finders.collect()));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns);
        automaton.ok().map(Self::Together)
    }

    /// Visits every place of every pattern, by its number.
    fn visit(&self, text: &str, mut visit: impl FnMut(usize, Range<usize>)) {
        match self {
            Self::OneByOne(finders) => {
                for (i, finder) in finders.iter().enumerate() {
                    let len = finder.needle().len();
                    let mut from = 0;
                    while let Some(at) = text.as_bytes().get(from..).and_then(|t| finder.find(t)) {
                        visit(i, from + at..from + at + len);
                        from += at + 1;
                    }
                }
            }
            Self::Together(automaton) => {
                for hit in automaton.find_overlapping_iter(text) {
                    visit(hit.pattern().as_usize(), hit.range());
                }
            }
        }
    }
}

/// Collects what is to be searched for.
#[derive(Default)]
pub(crate) struct Mentions {
    needles: BTreeMap<(String, Kind, Match), (String, f32)>,
}

impl Mentions {
    /// Takes an entity that was found, by the text that identifies it.
    pub(crate) fn add(&mut self, kind: Kind, text: &str, score: f32) {
        match kind {
            Kind::Person => self.person(text, score),
            Kind::Email => {
                self.whole(kind, text, 8, score);
                // Whoever gave "jane.doe@..." is called so elsewhere; "info" and "sales" are not.
                if let Some((local, _)) = text.split_once('@') {
                    let telling = local.contains(['.', '_', '-'])
                        || local.bytes().any(|b| b.is_ascii_digit());
                    if telling {
                        self.whole(kind, local, 6, score);
                    }
                }
            }
            Kind::Username | Kind::FilePath => {
                let name = text.trim_start_matches('@');
                let telling =
                    name.len() >= 6 || name.bytes().any(|b| b.is_ascii_digit() || b == b'_');
                if telling {
                    self.whole(kind, name, 4, score);
                }
            }
            Kind::Password => {
                if text.bytes().any(|b| !b.is_ascii_lowercase()) {
                    self.insert(kind, text, Match::Exact, 6, score);
                }
            }
            Kind::ApiKey | Kind::SeedPhrase => self.insert(kind, text, Match::Exact, 8, score),
            Kind::StreetAddress => self.whole(kind, text, 8, score),
            Kind::Organization | Kind::Location => {
                self.insert(kind, text, Match::Capital, 4, score)
            }
            // Ages, titles and dates are shared by many, and what stands in a web address is found by
            // its form wherever it stands.
            Kind::Age
            | Kind::Title
            | Kind::Date
            | Kind::Url
            | Kind::Postcode
            | Kind::CardSecurity => {}
            _ => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                if digits >= 4 || matches!(kind, Kind::Custom(_)) {
                    self.whole(kind, text, 6, score);
                }
            }
        }
    }

    fn person(&mut self, text: &str, score: f32) {
        let words = name_words(text);
        if words.len() > 1 {
            self.whole(Kind::Person, &words.concat(), 5, score);
            if let [first, .., last] = words.as_slice() {
                self.whole(Kind::Person, &format!("{last}{first}"), 5, score);
            }
        }
        for word in &words {
            // Scripts without capitals write names with one or two characters.
            let cased = word.chars().any(|c| c.is_lowercase());
            let least = if cased { 3 } else { 2 };
            if word.chars().count() >= least {
                let strict = match WORDS.binary_search(&word.as_str()) {
                    Ok(_) => Match::CapitalInside,
                    Err(_) => Match::Capital,
                };
                self.insert(Kind::Person, word, strict, 1, score);
            }
        }
    }

    fn whole(&mut self, kind: Kind, text: &str, least: usize, score: f32) {
        self.insert(kind, text, Match::Whole, least, score);
    }

    fn insert(&mut self, kind: Kind, text: &str, strict: Match, least: usize, score: f32) {
        let squeezed: String = plain_words(text).concat();
        if (least..=LONGEST).contains(&squeezed.len()) {
            let entry = self.needles.entry((squeezed, kind, strict));
            let needle = entry.or_insert_with(|| (text.to_owned(), score));
            needle.1 = needle.1.max(score);
        }
    }

    /// What searches for all of them; `None` if there is nothing to search for.
    pub(crate) fn build(self) -> Option<Propagator> {
        if self.needles.is_empty() {
            return None;
        }
        let search = Search::of(self.needles.keys().map(|(squeezed, ..)| squeezed))?;
        let needles = self.needles.into_iter();
        let needles = needles.map(|((_, kind, strict), (exact, score))| Needle {
            kind,
            strict,
            exact,
            score,
        });
        Some(Propagator {
            search,
            needles: needles.collect(),
        })
    }
}

impl Propagator {
    /// Mentions in a text, by bytes of it; they may overlap each other and what was found before.
    pub(crate) fn find(&self, text: &str) -> Vec<Resolved> {
        let mut found = Vec::new();
        let mut from = 0_usize;
        loop {
            let to = floor_boundary(text, from.saturating_add(PIECE));
            self.find_in(text, from..to, &mut found);
            if to >= text.len() {
                return found;
            }
            from = floor_boundary(text, to - OVERLAP);
        }
    }

    fn find_in(&self, text: &str, range: Range<usize>, found: &mut Vec<Resolved>) {
        let piece = &text[range.clone()];
        let squeezed = Squeezed::new(piece);
        self.search.visit(&squeezed.text, |i, hit| {
            let (Some(needle), Some(span)) = (self.needles.get(i), squeezed.original(piece, &hit))
            else {
                return;
            };
            let whole = range.start + span.start..range.start + span.end;
            let close = needle.strict == Match::Exact
                || squeezed.is_close(piece, &hit, |c| needle.separator(c));
            if close && needle.accepts(text, &whole) {
                let finding = Finding::new(needle.kind, whole)
                    .with_score(needle.score)
                    .with_evidence(Evidence::Pattern(PROPAGATED.into()));
                found.push(Resolved::new(finding));
            }
        });
    }
}

impl Needle {
    /// What may stand between the letters and digits of one mention.
    fn separator(&self, c: char) -> bool {
        let in_names = c.is_whitespace() || "-.'_\u{2019}\u{b7}".contains(c);
        in_names || (self.kind != Kind::Person && "(),/@+#\u{2010}\u{2011}\u{2013}".contains(c))
    }

    fn accepts(&self, text: &str, span: &Range<usize>) -> bool {
        let before = text[..span.start].chars().next_back();
        let after = text[span.end..].chars().next();
        let inside_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let mention = &text[span.clone()];
        // Scripts that put no spaces between words have no borders to ask for.
        let spaced = mention
            .chars()
            .any(|c| c.is_lowercase() || c.is_uppercase() || c.is_ascii());
        if spaced && (inside_word(before) || inside_word(after)) {
            return false;
        }
        match self.strict {
            Match::Whole => true,
            Match::Exact => {
                let exact = self.exact.as_bytes();
                // The squeezed form may have lost signs at the ends.
                let lost = exact.len().saturating_sub(mention.len());
                let from = span.start.saturating_sub(lost);
                let to = (span.end + lost).min(text.len());
                memchr::memmem::find(&text.as_bytes()[from..to], exact).is_some()
            }
            Match::Capital | Match::CapitalInside => {
                let first = mention.chars().next();
                let cased = first.is_some_and(|c| c.is_lowercase() || c.is_uppercase());
                let capital = !cased || first.is_some_and(char::is_uppercase);
                capital && (self.strict == Match::Capital || inside_sentence(&text[..span.start]))
            }
        }
    }
}

/// Whether a sentence has begun before the end of `before`.
fn inside_sentence(before: &str) -> bool {
    let last = before.trim_end_matches([' ', '\t']).chars().next_back();
    last.is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | ';' | '@' | '\u{FFFC}' | ']'))
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(entities: &[(Kind, &str)], text: &str) -> Vec<String> {
        let mut mentions = Mentions::default();
        for (kind, entity) in entities {
            mentions.add(*kind, entity, 0.9);
        }
        let hits = mentions.build().map(|p| p.find(text)).unwrap_or_default();
        let resolved = crate::resolve::resolve(hits);
        let spans = resolved.into_iter().map(|one| one.finding.span);
        spans.map(|span| text[span].to_owned()).collect()
    }

    #[test]
    fn the_words_are_sorted_for_the_search() {
        assert!(WORDS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn names_are_found_again_in_every_dress() {
        let jane = [(Kind::Person, "Dr. Jane Döe")];
        assert_eq!(
            found(
                &jane,
                "JANE DOE; jane doe, Doe, Jane. Jané's jane.doe JaneDoe DOE janet Doers"
            ),
            [
                "JANE DOE", "jane doe", "Doe", "Jane", "Jané", "jane.doe", "JaneDoe", "DOE"
            ]
        );
        assert_eq!(
            found(&[(Kind::Person, "Mark Lee")], "Mark that, says Mark. mark!"),
            ["Mark"]
        );
        assert_eq!(
            found(&[(Kind::Person, "王小明")], "你好王小明先生"),
            ["王小明"]
        );
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        let ssn = [(Kind::UsSsn, "536-22-8726")];
        assert_eq!(
            found(&ssn, "536228726, 536 22 8726 and 5362287261"),
            ["536228726", "536 22 8726"]
        );
        let mail = [(Kind::Email, "jane.doe@example.com")];
        assert_eq!(
            found(&mail, "login jane.doe, JANE_DOE; info"),
            ["jane.doe", "JANE_DOE"]
        );
        let word = [(Kind::Password, "Sun!shine")];
        assert_eq!(
            found(&word, "Sun!shine, sun!shine and Sunshine"),
            ["Sun!shine"]
        );
        assert_eq!(found(&[(Kind::Age, "34")], "34"), [""; 0]);
    }

    #[test]
    fn borders_of_pieces_hide_nothing() {
        let mut text = "é".repeat(PIECE / 2 - 3);
        text.push_str(" Jane Doe ");
        text.push_str(&"x ".repeat(PIECE));
        text.push_str("Jane Doe");
        assert_eq!(
            found(&[(Kind::Person, "Jane Doe")], &text),
            ["Jane Doe", "Jane Doe"]
        );
    }
}
