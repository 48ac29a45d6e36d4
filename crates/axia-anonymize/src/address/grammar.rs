//! Where an address stands: a core that is a street for sure.
//!
//! Cores are a number, a name and a kind of street in either order, a word that ends like a street
//! with a number, a flat or a box with its number, and a number and a name behind words such as
//! "address" or "live at". What else belongs to an address is in `extent`.

use std::ops::Range;

use super::lexicon::{
    ADDRESS, AFTER, BEFORE, CORNER, CUE, DIRECTION, JOIN, KNOWN_STREETS, MILITARY, STREET_ENDINGS,
    STRONG_UNIT, SURE, TIME, WEAK_UNIT,
};
use super::piece::{Gap, Piece, Pieces, Sort, gap};
use crate::names::{Shape, Summary, Token, is_function};

/// The most words in the name of a street or a town.
const MAX_WORDS: usize = 5;

/// No core that begins with a name has its number or its kind of street further behind.
const REACH: usize = MAX_WORDS + 1;

const POST_BOXES: &[&str] = &[
    "P.O. Box ",
    "PO Box ",
    "P.O.Box ",
    "p.o. box ",
    "po box ",
    "P. O. Box ",
];

/// An address that was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Address {
    pub(super) span: Range<usize>,
    pub(super) rule: &'static str,
    pub(super) score: f32,
}

/// Whether no address can be among the words, so that there is no need to look closer: each core holds a number, a
/// kind of street, a military unit, or a word that ends like a street behind one that announces a place.
pub(super) fn none(text: &str, tokens: &[Token], summary: &Summary) -> bool {
    if summary.digits || summary.flags.any(BEFORE | AFTER | MILITARY) {
        return false;
    }
    let cue = |at: Option<usize>| {
        let token = at.and_then(|at| tokens.get(at));
        token.is_some_and(|token| token.flags.any(CUE | ADDRESS | CORNER | JOIN))
    };
    let announced = |(at, token): (usize, &Token)| {
        token.shape != Shape::Lower
            && cue(at.checked_sub(1))
            && ends_like_street(text, token, false)
    };
    !tokens.iter().enumerate().any(announced)
}

/// Whether a word ends like a street; some endings count only with a number behind it.
fn ends_like_street(text: &str, word: &Token, numbered: bool) -> bool {
    let Some(text) = text
        .get(word.start..word.end)
        .filter(|_| word.length >= 5)
        .map(str::to_lowercase)
    else {
        return false;
    };
    STREET_ENDINGS.iter().any(|ending| {
        let (must, ending) = ending.split_at(1);
        let long = text.len() >= ending.len() + 3;
        (numbered || must == "-") && long && text.ends_with(ending)
    })
}

/// All addresses in order, without overlaps.
pub(super) fn addresses(text: &str, tokens: &[Token], pieces: &Pieces) -> Vec<Address> {
    let reader = Reader {
        text,
        tokens,
        pieces,
    };
    let mut found: Vec<Address> = Vec::new();
    // The first piece that no address has taken.
    let mut free = 0;
    let mut hints = pieces.hints();
    for &at in pieces.heads() {
        if at < free {
            continue;
        }
        while let Some((hint, rest)) = hints.split_first()
            && *hint < at
        {
            hints = rest;
        }
        let far = hints.first().is_none_or(|hint| hint - at > REACH);
        if far && reader.needs_hint(at) {
            continue;
        }
        let Some((core, rule, score)) = reader.core(at, free) else {
            continue;
        };
        let start = reader.back(core.start, free, rule);
        let end = reader.forward(core.end, start);
        let span = reader.span(start..end);
        found.push(Address { span, rule, score });
        free = end;
    }
    found
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    tokens: &'a [Token],
    pieces: &'a Pieces,
}

impl Reader<'_> {
    pub(super) fn piece(&self, at: usize) -> Option<Piece> {
        self.pieces.get(at, self.tokens)
    }

    fn start_of(&self, at: usize) -> usize {
        self.piece(at).map_or(self.text.len(), |p| p.start)
    }

    pub(super) fn end_of(&self, at: usize) -> usize {
        self.piece(at).map_or(self.text.len(), |p| p.end)
    }

    /// From the start of the first piece to the end of the last one.
    fn span(&self, pieces: Range<usize>) -> Range<usize> {
        self.start_of(pieces.start)..self.end_of(pieces.end - 1)
    }

    pub(super) fn word(&self, at: usize) -> Option<&Token> {
        match self.piece(at)?.sort {
            Sort::Word(token) => self.tokens.get(token),
            Sort::Number { .. } => None,
        }
    }

    pub(super) fn has(&self, at: usize, class: u64) -> bool {
        self.word(at).is_some_and(|word| word.flags.any(class))
    }

    /// A house number, a number of a flat: up to six digits.
    pub(super) fn is_number(&self, at: usize) -> bool {
        self.piece(at).is_some_and(
            |p| matches!(p.sort, Sort::Number { digits, ordinal: false } if digits <= 6),
        )
    }

    fn is_ordinal(&self, at: usize) -> bool {
        self.piece(at)
            .is_some_and(|p| matches!(p.sort, Sort::Number { ordinal: true, .. }))
    }

    pub(super) fn gap(&self, at: usize) -> Gap {
        let Some(piece) = self.piece(at) else {
            return Gap::Other;
        };
        let before = at.checked_sub(1).map_or(0, |before| self.end_of(before));
        let between = self.text.get(before..piece.start).unwrap_or_default();
        gap(between, at == 0)
    }

    /// A word of a proper name.
    pub(super) fn is_proper(&self, at: usize) -> bool {
        self.word(at).is_some_and(|w| {
            matches!(w.shape, Shape::Capital | Shape::Upper)
                && !(is_function(w) && w.length > 1 && !(w.shape == Shape::Upper && w.length == 2))
                && !w.flags.any(TIME)
        }) || self.is_ordinal(at)
    }

    /// A small word inside of a name: `Rue de la Paix`.
    pub(super) fn is_join(&self, at: usize) -> bool {
        self.has(at, JOIN)
    }

    /// Where the name goes that starts at `at`: at least one proper word, behind it or small words.
    /// Gives the end.
    pub(super) fn proper_name(&self, at: usize, most: usize) -> usize {
        let mut end = at;
        let mut ahead = at;
        while ahead < at + most {
            let adjacent = ahead == at || matches!(self.gap(ahead), Gap::Space | Gap::Tight);
            if !adjacent {
                break;
            }
            if self.is_proper(ahead) {
                ahead += 1;
                end = ahead;
            } else if self.is_join(ahead) {
                ahead += 1;
            } else {
                break;
            }
        }
        end
    }

    /// Whether no core begins with a word unless a number or a kind of street follows: it is no such kind, no unit,
    /// not short as in `P.O. Box`, and no word before it announces a place.
    fn needs_hint(&self, at: usize) -> bool {
        self.word(at).is_some_and(|word| {
            !word.flags.any(STRONG_UNIT | WEAK_UNIT | MILITARY | BEFORE)
                && (word.shape == Shape::Lower || !self.cue_before(at))
        })
    }

    /// A core that starts at a piece, as a range of pieces.
    fn core(&self, at: usize, free: usize) -> Option<(Range<usize>, &'static str, f32)> {
        if self.is_number(at) {
            if let Some(mut end) = self.name_and_kind(at + 1, true)
                && matches!(self.gap(at + 1), Gap::Space | Gap::Comma)
            {
                if self.number_follows(end - 1) {
                    end += 1;
                }
                // A second street on the same line, as in generated addresses.
                if self.gap(end) == Gap::Space {
                    end = self.name_and_kind(end, true).unwrap_or(end);
                }
                return Some((at..end, "number-street", 0.9));
            }
            if let Some(end) = self.kind_and_name(at + 1, true)
                && matches!(self.gap(at + 1), Gap::Space | Gap::Comma)
            {
                return Some((at..end, "number-street", 0.9));
            }
            return self.cued(at).map(|end| (at..end, "cue-number", 0.7));
        }
        let word = self.word(at)?;
        if word.glued && !self.number_follows(at) {
            return None;
        }
        if let Some(end) = self.unit(at) {
            return Some((at..end, "unit", 0.8));
        }
        if let Some(end) = self.kind_and_name(at, false) {
            return Some((at..end, "street-number", 0.85));
        }
        if let Some(end) = self.ending(at) {
            return Some((at..end, "street-ending", 0.8));
        }
        if self.is_proper(at) {
            if let Some(end) = self.name_and_kind(at, false) {
                let name = self.name_start(at, free);
                if (name == at || at == free)
                    && (self.number_follows(end - 1) && !self.has(end - 1, BEFORE)
                        || self.street_alone(at, end))
                {
                    let end = if self.number_follows(end - 1) {
                        end + 1
                    } else {
                        end
                    };
                    return Some((at..end, "street", 0.7));
                }
            }
            return self.cued(at).map(|end| (at..end, "cue-name", 0.65));
        }
        None
    }

    fn number_follows(&self, at: usize) -> bool {
        self.is_number(at + 1)
            && matches!(self.gap(at + 1), Gap::Space | Gap::Comma)
            && !self.starts_line(at + 1)
    }

    pub(super) fn starts_line(&self, at: usize) -> bool {
        let Some(piece) = self.piece(at) else {
            return false;
        };
        let before = at.checked_sub(1).map_or(0, |before| self.end_of(before));
        self.text
            .get(before..piece.start)
            .is_some_and(|t| t.contains('\n') || t.contains("\\n"))
    }

    /// `Clarke Avenue`: the end behind the kind. With a number before it any kind counts.
    fn name_and_kind(&self, at: usize, numbered: bool) -> Option<usize> {
        let mut ahead = at;
        let mut names = 0;
        while ahead <= at + MAX_WORDS {
            if ahead > at && self.gap(ahead) != Gap::Space && self.gap(ahead) != Gap::Tight {
                return None;
            }
            let word = self.word(ahead);
            if names > 0
                && let Some(word) = word.filter(|w| w.flags.any(AFTER))
            {
                let written =
                    word.shape != Shape::Lower || word.flags.any(SURE) || !word.flags.common();
                let goes_on = self.gap(ahead + 1) == Gap::Space
                    && self.has(ahead + 1, AFTER)
                    && self
                        .word(ahead + 1)
                        .is_some_and(|w| w.shape == Shape::Capital);
                if written && !goes_on && (numbered || !word.flags.common() || word.flags.any(SURE))
                {
                    let direction = self.gap(ahead + 1) == Gap::Space
                        && self.has(ahead + 1, DIRECTION)
                        && self
                            .word(ahead + 1)
                            .is_some_and(|w| w.shape == Shape::Upper || w.shape == Shape::Capital);
                    return Some(ahead + 1 + usize::from(direction));
                }
            }
            // A second number belongs to the name: `52 Huntly Street` behind a first one.
            if ahead == at && numbered && self.is_number(ahead) {
                ahead += 1;
                continue;
            }
            if self.is_proper(ahead) {
                names += 1;
            } else if !self.is_join(ahead) || names == 0 && !numbered {
                return None;
            }
            ahead += 1;
        }
        None
    }

    /// `Rue de Tanger`, `Via Roma 131`: the end behind the name or the number.
    fn kind_and_name(&self, at: usize, numbered: bool) -> Option<usize> {
        let at = if numbered && self.is_number(at) {
            at + 1
        } else {
            at
        };
        let kind = self
            .word(at)
            .filter(|w| w.flags.any(BEFORE) && w.length > 1)?;
        if !matches!(self.gap(at + 1), Gap::Space | Gap::Tight) && !kind.dot {
            return None;
        }
        let mut end = self.proper_name(at + 1, MAX_WORDS);
        if end == at + 1 {
            return None;
        }
        let follows = self.number_follows(end - 1);
        if follows {
            end += 1;
        }
        let english = kind.flags.common() && kind.shape == Shape::Lower;
        let cue = self.cue_before(at);
        let enough = numbered
            && (!english
                || self
                    .word(at + 1)
                    .is_some_and(|w| w.shape == Shape::Capital || w.flags.any(JOIN)))
            || follows && (!english || kind.shape == Shape::Capital)
            || cue && kind.shape == Shape::Capital && !kind.flags.common() && !kind.flags.proper();
        enough.then_some(end)
    }

    /// `Hauptstraße 12`, perhaps with words before that belong to it.
    fn ending(&self, at: usize) -> Option<usize> {
        let word = self.word(at)?;
        if word.shape == Shape::Lower || word.length < 5 {
            return None;
        }
        let follows = self.number_follows(at);
        // Most words need not be compared with any ending.
        if !follows && !self.cue_before(at) {
            return None;
        }
        let fits = ends_like_street(self.text, word, follows);
        let clear = !word.flags.common() && !is_function(word);
        (fits && clear).then(|| if follows { at + 2 } else { at + 1 })
    }

    /// A flat, a box, a military address: the end behind its number.
    pub(super) fn unit(&self, at: usize) -> Option<usize> {
        let word = self.word(at)?;
        let strong = word.flags.any(STRONG_UNIT | MILITARY);
        if !strong && (word.shape == Shape::Lower || !word.flags.any(WEAK_UNIT)) {
            // `P.O. Box 12`
            let post = word.length <= 2
                && self.text.get(word.start..).is_some_and(|t| {
                    t.starts_with(['P', 'p']) && POST_BOXES.iter().any(|p| t.starts_with(p))
                });
            if !post {
                return None;
            }
            let boxed = (at + 1..at + 4).find(|&i| self.is_number(i))?;
            return Some(boxed + 1);
        }
        if word.flags.any(MILITARY) && word.shape == Shape::Upper {
            // `APO AA 61487`, `USNV Vincent`
            if self
                .word(at + 1)
                .is_some_and(|w| w.shape == Shape::Upper && w.length == 2)
                && self.is_number(at + 2)
            {
                return Some(at + 3);
            }
            if word.length >= 3
                && self.is_proper(at + 1)
                && self.gap(at + 1) == Gap::Space
                && self.starts_line(at + 2)
                && self.has(at + 2, MILITARY)
            {
                return Some(at + 2);
            }
        }
        if !self.is_number(at + 1) || !matches!(self.gap(at + 1), Gap::Space) {
            return None;
        }
        if strong {
            return Some(at + 2);
        }
        // `Unit 5477 Box 8244` counts alone, `Unit 3` does not.
        let second = self.has(at + 2, WEAK_UNIT | STRONG_UNIT)
            && self.is_number(at + 3)
            && matches!(self.gap(at + 2), Gap::Space | Gap::Comma);
        second.then_some(at + 4)
    }

    /// A street without a number, where a word before says so.
    fn street_alone(&self, at: usize, end: usize) -> bool {
        let kind = end - 1;
        let sure = self.has(kind, SURE) || self.has(kind.saturating_sub(1), SURE);
        let name = self.text.get(self.span(at..end));
        let known = name.is_some_and(|name| {
            let name = name.to_lowercase();
            KNOWN_STREETS.contains(&name.as_str())
        });
        sure && !known && self.cue_before(at) && end - at <= 4
    }

    /// Whether `at` is not the middle of a capitalised name.
    fn name_start(&self, at: usize, free: usize) -> usize {
        let mut start = at;
        while start > free
            && self.gap(start) == Gap::Space
            && self.is_proper(start - 1)
            && at - start < MAX_WORDS
        {
            start -= 1;
        }
        start
    }

    pub(super) fn cue_before(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| {
            matches!(self.gap(at), Gap::Space | Gap::Other)
                && (self.has(before, CUE | ADDRESS | CORNER)
                    || self.has(before, JOIN)
                        && before >= 1
                        && self.has(before - 1, CUE | ADDRESS | CORNER))
        })
    }

    /// Whether "address", "live" and such stand shortly before.
    fn told(&self, at: usize) -> bool {
        (1..=4)
            .filter_map(|back| at.checked_sub(back))
            .any(|i| self.has(i, ADDRESS))
    }

    /// `6 Pagari 18` or `Pagari 18` behind a word that announces a place.
    fn cued(&self, at: usize) -> Option<usize> {
        let mut name = at;
        let mut numbers = 0;
        while self.is_number(name) && numbers < 2 && (name == at || self.gap(name) == Gap::Space) {
            name += 1;
            numbers += 1;
        }
        let apart = self.starts_line(name) || !matches!(self.gap(name), Gap::Space | Gap::Comma);
        if numbers > 0 && apart {
            return None;
        }
        if self.is_join(name) && self.word(name).is_some_and(|w| w.shape == Shape::Lower) {
            return None;
        }
        let end = self.proper_name(name, MAX_WORDS);
        if end == name {
            return None;
        }
        let behind = self.number_follows(end - 1);
        // A name alone is none.
        if numbers == 0 && !behind {
            return None;
        }
        let before = at.checked_sub(1);
        let place = before.is_some_and(|b| {
            matches!(self.gap(at), Gap::Space)
                && self.has(b, CUE | ADDRESS)
                && self
                    .word(b)
                    .is_some_and(|w| w.shape == Shape::Lower || w.starts)
        });
        let label = before.is_some_and(|b| self.has(b, ADDRESS) && self.gap(at) == Gap::Other);
        let line = || self.starts_line(at) || at == 0;
        let told = label || place && self.told(at);
        if numbers > 0 && self.piece(at).is_some_and(|p| p.end - p.start > 5) && !told {
            return None;
        }
        let whole_line =
            (behind || numbers > 0) && line() && self.town_below(end + usize::from(behind));
        let first = self.word(name)?;
        let plain = first.flags.common() && end == name + 1;
        let year = |i: usize| {
            self.text
                .get(self.span(i..i + 1))
                .is_some_and(|t| t.len() == 4 && (t.starts_with("19") || t.starts_with("20")))
        };
        let fits = if numbers > 0 {
            told && !first.flags.any(TIME)
                || place
                    && !plain
                    && !first.flags.any(TIME)
                    && !year(at)
                    && self.has(at - 1, CUE)
                    && !self.has_tail(end)
                || whole_line
        } else {
            told || whole_line
                || self.at_before(at)
                    && !first.flags.common()
                    && end - name <= 3
                    && self.stops(end + 1)
                    && !year(end)
                    && first.flags.unknown()
        };
        fits.then_some(end + usize::from(behind))
    }

    /// "at" says where somebody is more often than "in" or "on".
    fn at_before(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|b| self.word(b));
        self.gap(at) == Gap::Space
            && before.is_some_and(|w| {
                self.text
                    .get(w.start..w.end)
                    .is_some_and(|t| t.eq_ignore_ascii_case("at"))
            })
    }

    /// Whether a lower-case word goes on after a number and a name: `at 5 Americans who`.
    fn has_tail(&self, end: usize) -> bool {
        self.gap(end) == Gap::Space
            && self
                .word(end)
                .is_some_and(|w| w.shape == Shape::Lower && !is_function(w))
    }

    /// Whether a sentence, a line or a part ends before a piece.
    fn stops(&self, at: usize) -> bool {
        self.piece(at).is_none()
            || self.gap(at) != Gap::Space
            || self.word(at).is_some_and(is_function)
    }

    /// Whether a line with a flat or one that ends in a postcode comes below, within two lines.
    fn town_below(&self, at: usize) -> bool {
        let mut lines = 0;
        for i in at..at + 10 {
            let Some(piece) = self.piece(i) else {
                return false;
            };
            if self.gap(i) == Gap::Other {
                return false;
            }
            if self.starts_line(i) {
                lines += 1;
                if lines > 3 {
                    return false;
                }
            } else if i == at {
                return false;
            }
            if self.unit(i).is_some() || self.starts_line(i) && self.postcode(i).is_some() {
                return true;
            }
            if matches!(piece.sort, Sort::Number { digits: 4..=6, .. })
                && (self.piece(i + 1).is_none()
                    || self.starts_line(i + 1)
                    || self.gap(i + 1) != Gap::Space)
            {
                return true;
            }
            if !self.is_proper(i) && !self.is_join(i) && !self.is_number(i) {
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{WordMarks, gazetteer, words_of};
    use proptest::prelude::*;

    proptest! {
        /// Where no number and no kind of street is near, nothing is missed.
        #[test]
        fn what_needs_a_hint_has_one(
            words in proptest::collection::vec(
                "12|7b|4021|Rome|Clarke|Rue|de|la|Avenue|Street|street|Hauptstrasse|Box|Unit|APO|AA|P\\.O\\.|live|at|in|the|went|Apt|[A-Z][a-z]{2,6}",
                0..14,
            ),
            gaps in proptest::collection::vec(" |, |\n|\\. |: ", 14),
        ) {
            let text: String = words.iter().zip(&gaps).flat_map(|(w, g)| [w.as_str(), g]).collect();
            let mut found = Vec::new();
            words_of(&text, gazetteer(), &mut WordMarks::default(), &mut found);
            let mut pieces = Pieces::default();
            pieces.read(&text, &found);
            let reader = Reader { text: &text, tokens: &found, pieces: &pieces };
            let mut plain = Vec::new();
            let mut free = 0;
            for &at in pieces.heads() {
                if at >= free && let Some((core, rule, score)) = reader.core(at, free) {
                    let start = reader.back(core.start, free, rule);
                    let end = reader.forward(core.end, start);
                    plain.push(Address { span: reader.span(start..end), rule, score });
                    free = end;
                }
            }
            prop_assert_eq!(addresses(&text, &found, &pieces), plain);
        }
    }
}
