//! Which runs of words are names of persons.
//!
//! A capitalised word alone says little, so each rule wants two things to agree: two words that look
//! like a given and a family name, a name and a word before it that announces one ("my name is",
//! "Dear", "Dr"), or a name that is no word and no place in any list. Common English words that are
//! names (Will, Mark, Grace) always need such company. Well-known names stay readable unless the
//! words around say that somebody introduces or addresses himself.

use std::ops::Range;

use super::gazetteer::{Flags, Gazetteer, WordHash};
use super::lexicon::{CLASSES, FAMILY_ENDINGS, PHRASE_WORDS};
use super::token::{Gap, Shape, Token};

const FUNCTION: u64 = CLASSES[0].1;
const TITLE: u64 = CLASSES[1].1;
const PARTICLE: u64 = CLASSES[2].1;
const GREETING: u64 = CLASSES[3].1;
const SIGN_OFF: u64 = CLASSES[4].1;
const LABEL: u64 = CLASSES[5].1;
const RELATION: u64 = CLASSES[6].1;
const SPEECH: u64 = CLASSES[7].1;
const TAIL: u64 = CLASSES[8].1;
const HEAD: u64 = CLASSES[9].1;
const KNOWN_ALONE: u64 = CLASSES[10].1;
const OWNER: u64 = CLASSES[11].1;
const ARTICLE: u64 = CLASSES[12].1;
const NAME_WORD: u64 = PHRASE_WORDS[0].1;
const IS: u64 = PHRASE_WORDS[1].1;
const I: u64 = PHRASE_WORDS[2].1;
const AM: u64 = PHRASE_WORDS[3].1;
const THIS: u64 = PHRASE_WORDS[4].1;
const CALL: u64 = PHRASE_WORDS[5].1;
const ME: u64 = PHRASE_WORDS[6].1;
const CALLED_ME: u64 = PHRASE_WORDS[7].1;
const WHICH_NAME: u64 = PHRASE_WORDS[8].1;
const SAID: u64 = PHRASE_WORDS[9].1;
const AND: u64 = PHRASE_WORDS[10].1;
const MONTH: u64 = PHRASE_WORDS[11].1;
const WILL: u64 = PHRASE_WORDS[12].1;
const PLACE: u64 = CLASSES[13].1;

/// With which bytes the endings of family names end: few words do.
const LAST_OF_ENDINGS: [bool; 256] = {
    let mut last = [false; 256];
    let mut i = 0;
    while i < FAMILY_ENDINGS.len() {
        let ending = FAMILY_ENDINGS[i].as_bytes();
        last[ending[ending.len() - 1] as usize] = true;
        i += 1;
    }
    last
};

/// The most words that one name has.
const MAX_WORDS: usize = 6;

/// A name that was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    pub(super) span: Range<usize>,
    pub(super) rule: &'static str,
    /// The kind of words that announced it.
    pub(super) context: Option<&'static str>,
    pub(super) score: f32,
}

/// What the words before announce.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cue {
    word: &'static str,
    /// Whether even a word that is in no list must be a name here.
    sure: bool,
    /// Whether a name in lower case counts.
    lower: bool,
}

/// All names among the words of a text, in order, without overlaps.
pub(super) fn names(text: &str, tokens: &[Token], gazetteer: &Gazetteer, out: &mut Vec<Name>) {
    let reader = Reader {
        text,
        tokens,
        gazetteer,
    };
    let mut at = 0;
    // The word behind the last name.
    let mut behind = None;
    while let Some(first) = tokens.get(at) {
        // Most words are in lower case and no names.
        if first.shape == Shape::Lower && !(first.flags.name() || first.flags.any(PARTICLE)) {
            at += 1;
            continue;
        }
        let found = reader.name_at(at).or_else(|| reader.listed(at, behind?));
        match found {
            Some((end, name)) => {
                // The one before in a list of names counts now, too.
                if let Some(name) = reader.listed_before(at, behind) {
                    out.push(name);
                }
                out.push(name);
                at = end;
                behind = Some(end);
            }
            None => at += 1,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    gazetteer: &'a Gazetteer,
}

impl Reader<'_> {
    fn get(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    fn before(&self, at: usize, back: usize) -> Option<&Token> {
        self.tokens.get(at.checked_sub(back)?)
    }

    /// The name that starts at a word, and the word behind it.
    fn name_at(&self, at: usize) -> Option<(usize, Name)> {
        let first = self.get(at)?;
        if first.glued
            || first.shape == Shape::Mixed
            || is(first, TITLE) && first.shape != Shape::Lower && !first.flags.name()
        {
            return None;
        }
        let interesting = first.shape != Shape::Lower || first.flags.name();
        // `Mr. van Dijk`
        if first.flags.any(PARTICLE) && self.cue(at).is_some_and(|cue| cue.sure) {
            let small = self.tokens[at..]
                .iter()
                .take(3)
                .take_while(|t| t.flags.any(PARTICLE));
            let name = at + small.count();
            let follows = self.get(name).is_some_and(|t| {
                t.gap == Gap::Space
                    && t.shape == Shape::Capital
                    && !t.glued
                    && !t.flags.any(FUNCTION)
            });
            if follows {
                let end = self.extend(name, false);
                return Some((
                    end,
                    self.name(at..end, "name-announced", Some("title"), 0.95),
                ));
            }
        }
        // Words that are names only where somebody is named: months before a family name, `Will`.
        let named = first.shape == Shape::Capital
            && (first.flags.any(MONTH)
                && self.goes_on(at)
                && self.get(at + 1).is_some_and(|n| !n.flags.common())
                || first.flags.any(MONTH | WILL) && self.cue(at).is_some_and(|cue| cue.lower));
        if !interesting || first.flags.any(FUNCTION) && !is_initial(first) && !named {
            return None;
        }
        if let Some(cue) = self.cue(at)
            && let Some(end) = self.announced(at, cue)
        {
            let context = Some(cue.word);
            return Some((end, self.name(at..end, "name-announced", context, 0.95)));
        }
        let (end, rule, score) = match first.shape {
            Shape::Capital => self.capitalised(at)?,
            _ if is_initial(first) => self.initials(at)?,
            // Letters without capitals and all in capitals: only two names that are no words.
            _ => self.plain_pair(at)?,
        };
        if self.vetoed(at..end) || self.is_figure(at..end) {
            return None;
        }
        Some((end, self.name(at..end, rule, None, score)))
    }

    /// The name at `at` in a list behind a name that ends at `behind`: `Anna, Bowman and White`.
    fn listed(&self, at: usize, behind: usize) -> Option<(usize, Name)> {
        let joined = at == behind && self.tokens[at].gap == Gap::Comma
            || at == behind + 1 && self.is_and(behind) && self.tokens[at].gap == Gap::Space;
        if !joined || self.tokens[behind - 1].tail != 0 || !self.fits_list(at) {
            return None;
        }
        let end = self.extend(at, false);
        (!self.vetoed(at..end)).then(|| (end, self.name(at..end, "name-listed", None, 0.55)))
    }

    /// The single name right before the one at `at` in a list, unless it was found.
    fn listed_before(&self, at: usize, behind: Option<usize>) -> Option<Name> {
        let gap = self.tokens[at].gap;
        let back = match gap {
            Gap::Space if at > 1 && self.is_and(at - 1) => at - 2,
            Gap::Comma if at > 0 => at - 1,
            _ => return None,
        };
        let token = &self.tokens[back];
        let free =
            behind.is_none_or(|b| back >= b) && token.tail == 0 && token.shape == Shape::Capital;
        let alone = token.gap != Gap::Space
            || self
                .before(back, 1)
                .is_some_and(|b| b.shape == Shape::Lower || b.tail != 0 || token.starts);
        (free && alone && self.fits_list(back) && !self.vetoed(back..back + 1))
            .then(|| self.name(back..back + 1, "name-listed", None, 0.55))
    }

    fn is_and(&self, at: usize) -> bool {
        self.get(at).is_some_and(|t| {
            t.flags.any(AND) && t.shape == Shape::Lower && matches!(t.gap, Gap::Space | Gap::Comma)
        })
    }

    fn fits_list(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let flags = token.flags;
        token.shape == Shape::Capital
            && !token.glued
            && !flags.any(FUNCTION | TAIL | HEAD | KNOWN_ALONE | TITLE | PLACE)
            && (flags.name()
                && !flags.proper()
                && (!flags.common() || flags.given() || !token.starts && flags.family()))
    }

    fn name(
        &self,
        words: Range<usize>,
        rule: &'static str,
        context: Option<&'static str>,
        score: f32,
    ) -> Name {
        let start = self.tokens[words.start].start;
        let last = &self.tokens[words.end - 1];
        let dotted = is_initial(last) && last.dot;
        Name {
            span: start..last.end + usize::from(dotted),
            rule,
            context,
            score,
        }
    }

    /// What the words before `at` announce.
    fn cue(&self, at: usize) -> Option<Cue> {
        let here = self.get(at)?;
        let one = self.before(at, 1)?;
        let sure = |word, lower| {
            Some(Cue {
                word,
                sure: true,
                lower,
            })
        };
        let likely = |word, lower| {
            Some(Cue {
                word,
                sure: false,
                lower,
            })
        };
        let two = self.before(at, 2);
        let has = |token: Option<&Token>, class: u64| token.is_some_and(|t| t.flags.any(class));
        match here.gap {
            Gap::Space => {
                if is(one, TITLE) {
                    return sure("title", true);
                }
                if one.flags.any(IS) && has(two, NAME_WORD)
                    || one.tail == b's' && one.flags.any(NAME_WORD)
                {
                    return sure("name is", true);
                }
                if one.flags.any(NAME_WORD) && one.flags.any(LABEL) && has(two, WHICH_NAME | OWNER)
                {
                    return likely("name", true);
                }
                if one.flags.any(CALLED_ME) {
                    return sure("me llamo", true);
                }
                if one.flags.any(AM) && has(two, I) || one.flags.any(I) && one.tail == b'm' {
                    return likely("i am", true);
                }
                if one.flags.any(IS) && has(two, THIS) {
                    return likely("this is", false);
                }
                if one.flags.any(ME) && has(two, CALL) {
                    return likely("call me", true);
                }
                if one.flags.any(CALL) && one.shape == Shape::Lower {
                    return likely("called", false);
                }
                if one.flags.any(GREETING) && !one.glued {
                    return likely("greeting", true);
                }
                if one.flags.any(SAID) && one.shape == Shape::Lower && here.shape == Shape::Capital
                {
                    return likely("said", false);
                }
                if one.flags.any(RELATION)
                    && one.tail == 0
                    && (has(two, OWNER) || two.is_some_and(|t| t.tail == b's'))
                {
                    return likely("relation", true);
                }
            }
            Gap::Colon => {
                if one.flags.any(LABEL) {
                    return likely("label", true);
                }
                if one.flags.any(IS) && has(two, NAME_WORD) {
                    return sure("name is", true);
                }
            }
            Gap::Comma => {
                if one.flags.any(GREETING) && one.starts {
                    return likely("greeting", true);
                }
                if one.flags.any(RELATION) && has(two, OWNER) {
                    return likely("relation", false);
                }
                if one.flags.any(SIGN_OFF) && self.ends_there(at) {
                    return likely("sign-off", true);
                }
            }
            Gap::Line => {
                let close = one.flags.any(SIGN_OFF) || has(two, SIGN_OFF) && one.gap == Gap::Space;
                if close && self.ends_there(at) {
                    return likely("sign-off", true);
                }
            }
            Gap::Hyphen | Gap::Other => {}
        }
        None
    }

    /// Whether at most three more words stand before the end of the line or the text.
    fn ends_there(&self, at: usize) -> bool {
        let start = self.tokens[at].start;
        let mut end = (start + 60).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let rest = &self.text[start..end];
        let line = rest.split('\n').next().unwrap_or_default();
        let whole = line.len() < rest.len() || end == self.text.len();
        whole && line.split_whitespace().count() <= 4
    }

    /// The end of a name that `cue` announces.
    fn announced(&self, at: usize, cue: Cue) -> Option<usize> {
        let first = self.get(at)?;
        let lower = first.shape == Shape::Lower;
        if lower && !cue.lower {
            return None;
        }
        let flags = first.flags;
        let fits = if is_initial(first) {
            first.dot && self.initials(at).is_some()
        } else if lower {
            flags.name() && !flags.common() && (!flags.word() || flags.shared()) && !flags.proper()
        } else if cue.sure {
            flags.name() || !flags.common() && !flags.proper() && !flags.word()
        } else {
            let sober = !flags.common() && (!flags.proper() || flags.shared())
                || flags.given() && cue.lower && first.shape == Shape::Capital;
            (flags.name() && !flags.any(PLACE | KNOWN_ALONE) && sober)
                || flags.name() && self.goes_on(at)
                || self.is_opaque(first)
        };
        if !fits || flags.any(SIGN_OFF | GREETING) && lower {
            return None;
        }
        if !cue.sure
            && self
                .get(at + 1)
                .is_some_and(|t| t.gap == Gap::Space && is(t, TAIL) && t.shape != Shape::Lower)
        {
            return None;
        }
        let end = self.extend(at, lower);
        Some(end)
    }

    /// Whether a family name follows.
    fn goes_on(&self, at: usize) -> bool {
        self.get(at + 1).is_some_and(|next| {
            next.gap == Gap::Space
                && next.shape != Shape::Lower
                && (next.flags.family()
                    || next.flags.name() && !next.flags.common()
                    || is_initial(next)
                    || self.is_opaque(next))
                && !next.flags.any(FUNCTION)
        })
    }

    /// How far a name goes that starts at `at` for sure.
    fn extend(&self, at: usize, lower: bool) -> usize {
        let mut end = at + 1;
        let mut ahead = end;
        while ahead < self.tokens.len() && ahead - at < MAX_WORDS {
            let token = &self.tokens[ahead];
            let before = &self.tokens[ahead - 1];
            let adjacent = match token.gap {
                Gap::Space => before.tail == 0 && (!before.dot || is_initial(before)),
                Gap::Hyphen => !lower,
                _ => false,
            };
            if !adjacent || token.glued {
                break;
            }
            if token.flags.any(PARTICLE) && token.shape == Shape::Lower {
                // Counts only when a name follows.
                ahead += 1;
                continue;
            }
            let upper_letter = token.length == 1 && token.shape == Shape::Upper;
            if upper_letter && (token.dot || self.names_behind(ahead))
                || lower && self.is_lower_initial(ahead)
            {
                ahead += 1;
                if token.dot && is_initial(token) {
                    end = ahead;
                }
                continue;
            }
            let flags = token.flags;
            let part = match token.shape {
                Shape::Mixed => false,
                Shape::Lower => {
                    lower
                        && flags.name()
                        && !flags.common()
                        && !flags.word()
                        && !flags.any(FUNCTION | TAIL | TITLE | OWNER)
                }
                Shape::Capital | Shape::Upper => {
                    !flags.any(FUNCTION | TITLE)
                        && !is(token, TAIL)
                        && (flags.name() && (!flags.given() || !flags.common() || flags.family())
                            || self.is_opaque(token))
                        && !(token.shape == Shape::Upper
                            && before.shape == Shape::Capital
                            && !flags.name())
                }
            };
            if !part {
                break;
            }
            ahead += 1;
            end = ahead;
        }
        end
    }

    /// Whether a word that may be a family name follows.
    fn names_behind(&self, at: usize) -> bool {
        self.get(at + 1).is_some_and(|next| {
            next.gap == Gap::Space
                && !next.glued
                && !next.flags.any(FUNCTION)
                && (next.flags.name() || self.is_opaque(next))
        })
    }

    fn is_lower_initial(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        token.length == 1
            && token.shape == Shape::Lower
            && !token.flags.any(FUNCTION)
            && self.names_behind(at)
            || token.length == 1
                && token.dot
                && token.shape == Shape::Lower
                && self.names_behind(at)
    }

    /// A capitalised word without anything that announces a name.
    fn capitalised(&self, at: usize) -> Option<(usize, &'static str, f32)> {
        let first = self.get(at)?;
        let flags = first.flags;
        let end = self.extend(at, false);
        let plain = flags.name()
            && !flags.common()
            && (!flags.proper() || flags.given() && flags.shared())
            && !flags.any(PLACE | HEAD);
        if end > at + 1 {
            let second = self.words(at + 1..end).next().unwrap_or(first);
            let second_plain =
                second.flags.name() && !second.flags.common() && !second.flags.proper();
            let hyphen = self.tokens[at + 1].gap == Gap::Hyphen;
            let has_initial = self.tokens[at + 1..end]
                .iter()
                .any(|t| t.length == 1 && t.shape == Shape::Upper);
            let given = flags.given() && (!flags.word() || flags.shared());
            let agree = if plain && given {
                second.flags.name() || !hyphen
            } else if flags.given() {
                flags.shared() && second_plain && !hyphen ||
                // A common word or a place: the rest must be no word.
                second_plain && second.flags.family()
                    || has_initial && second.flags.family()
                    || !first.starts && second.flags.family() && !second.flags.common()
                    || !flags.common() && self.is_opaque(second)
                    || self.family_ending(second)
            } else if plain {
                // A family name first, as in Hungarian, or two family names.
                (second_plain || second.flags.name() && !second.flags.common()) && !hyphen
            } else if self.is_opaque(first) {
                !hyphen
                    && (has_initial
                        && (self.is_opaque(second)
                            || second.flags.name() && !second.flags.common())
                        || second_plain && (second.flags.family() || second.flags.shared())
                        || self.family_ending(second)
                        || has_initial && second.flags.family())
            } else {
                false
            };
            if agree {
                return Some((end, "name-pair", 0.85));
            }
        }
        self.alone(at).map(|score| (at + 1, "name-alone", score))
    }

    /// A single name; the score when it counts.
    fn alone(&self, at: usize) -> Option<f32> {
        let token = self.get(at)?;
        let flags = token.flags;
        if flags.any(KNOWN_ALONE | TAIL | HEAD | TITLE | PARTICLE | GREETING | PLACE | FUNCTION) {
            return None;
        }
        // A number right behind it, or another capitalised word that is no name: a product, a title.
        let next = self.get(at + 1);
        let rest = self.text.get(token.end..).unwrap_or_default();
        if rest
            .strip_prefix([' ', '-'])
            .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        {
            return None;
        }
        let in_heading = next.is_some_and(|n| {
            matches!(n.gap, Gap::Space | Gap::Hyphen)
                && n.shape != Shape::Lower
                && token.tail == 0
                && !token.dot
                && !is_initial(n)
        });
        let before = self.before(at, 1).filter(|_| !token.starts);
        let capital_before = before.is_some_and(|b| {
            matches!(token.gap, Gap::Space | Gap::Hyphen)
                && b.shape != Shape::Lower
                && b.tail == 0
                && !b.flags.any(FUNCTION)
                && !is_initial(b)
        });
        let article = before.is_some_and(|b| token.gap == Gap::Space && b.flags.any(ARTICLE));
        let spoken = next
            .is_some_and(|n| n.gap == Gap::Space && n.shape == Shape::Lower && n.flags.any(SPEECH))
            || token.tail == b's';
        if article || (in_heading || capital_before) && !spoken {
            return None;
        }
        if self.family_ending(token) && token.length >= 6 {
            return Some(0.7);
        }
        if self.is_opaque(token) && !token.starts && spoken && token.tail == 0 {
            return Some(0.55);
        }
        if !flags.name() || flags.proper() && !(flags.given() && flags.shared()) && !spoken {
            return None;
        }
        if flags.common() {
            // Capitalised in the middle of a sentence, and a given name.
            let middle = !token.starts
                && before.is_some_and(|b| token.gap == Gap::Space && b.shape == Shape::Lower);
            return (flags.given() && flags.shared() && middle && spoken).then_some(0.55);
        }
        if flags.given() && (!flags.word() || flags.shared()) {
            return Some(if flags.shared() { 0.7 } else { 0.6 });
        }
        (flags.family() && !flags.word()).then_some(0.6)
    }

    /// `J. Smith`, `J.K. Smith`.
    fn initials(&self, at: usize) -> Option<(usize, &'static str, f32)> {
        let mut ahead = at;
        while self
            .get(ahead)
            .is_some_and(|t| is_initial(t) && t.dot && (ahead == at || t.gap == Gap::Space))
        {
            ahead += 1;
        }
        let family = self.get(ahead).filter(|_| ahead > at && ahead - at <= 3)?;
        let fits = family.gap == Gap::Space
            && family.shape == Shape::Capital
            && !family.glued
            && family.flags.family()
            && !family.flags.any(FUNCTION)
            && (!family.flags.common()
                || self.before(at, 1).is_some_and(|b| b.shape == Shape::Lower));
        fits.then(|| (self.extend(ahead, false), "name-initials", 0.8))
    }

    /// Two words in one case that are a given and a family name, and nothing else.
    fn plain_pair(&self, at: usize) -> Option<(usize, &'static str, f32)> {
        let first = self.get(at)?;
        let shape = first.shape;
        let only_name = |t: &Token| {
            t.flags.name()
                && !t.flags.common()
                && !t.flags.word()
                && (!t.flags.proper() || t.flags.shared() && t.flags.given())
                && (t.length >= 4 || t.flags.shared() && t.length == 3)
                && !t.flags.any(PLACE | FUNCTION | KNOWN_ALONE)
        };
        if !only_name(first) || !first.flags.given() {
            return None;
        }
        let next = self.get(at + 1)?;
        let skip = usize::from(next.length == 1 && next.gap == Gap::Space);
        let family = self.get(at + 1 + skip)?;
        let fits = family.gap == Gap::Space
            && family.shape == shape
            && !family.glued
            && (only_name(family) && family.flags.family()
                || family.flags.unknown() && self.has_family_ending(family))
            && !family.flags.any(FUNCTION | PARTICLE)
            && (first.flags.shared() || family.flags.shared() || shape == Shape::Upper);
        fits.then(|| (at + 2 + skip, "name-plain", 0.6))
    }

    /// The words of a run that are no initials and no particles.
    fn words(&self, run: Range<usize>) -> impl Iterator<Item = &Token> {
        let tokens = self.tokens.get(run).unwrap_or_default();
        tokens
            .iter()
            .filter(|t| !(is_initial(t) || t.shape == Shape::Lower && t.flags.any(PARTICLE)))
    }

    /// Capitalised, and in no list, also not without an ending.
    fn is_opaque(&self, token: &Token) -> bool {
        token.shape == Shape::Capital
            && token.length >= 2
            && token.flags.unknown()
            && !token
                .flags
                .any(FUNCTION | TAIL | HEAD | TITLE | GREETING | SIGN_OFF | SPEECH | KNOWN_ALONE)
            && !self.is_inflected(token)
    }

    /// Whether the word without an English ending is a word.
    fn is_inflected(&self, token: &Token) -> bool {
        let text = &self.text[token.start..token.end];
        let known = |hash: WordHash| {
            let flags: Flags = self.gazetteer.get(hash);
            flags.common() || flags.word() || flags.any(FUNCTION) || flags.proper()
        };
        let hash = |stem: &str| stem.chars().fold(WordHash::START, WordHash::with_char);
        const ENDINGS: [&str; 14] = [
            "s", "es", "ed", "d", "ing", "er", "r", "ers", "rs", "ly", "ies", "ied", "ness", "able",
        ];
        ENDINGS.iter().any(|ending| {
            text.strip_suffix(ending).is_some_and(|stem| {
                stem.len() >= 3
                    && (known(hash(stem))
                        || known(hash(stem).with_byte(b'e'))
                        || ending.starts_with('i') && known(hash(stem).with_byte(b'y'))
                        || doubled(stem).is_some_and(|s| known(hash(s))))
            })
        })
    }

    fn family_ending(&self, token: &Token) -> bool {
        token.flags.unknown() && self.has_family_ending(token) && self.is_opaque(token)
    }

    fn has_family_ending(&self, token: &Token) -> bool {
        let text = &self.text[token.start..token.end];
        let last = text.as_bytes().last();
        if !last.is_some_and(|&last| LAST_OF_ENDINGS[usize::from(last)]) {
            return false;
        }
        FAMILY_ENDINGS
            .iter()
            .any(|e| e.as_bytes().last() == last && text.len() > e.len() + 2 && text.ends_with(e))
    }

    /// Whether the words around make a run something else than a person.
    fn vetoed(&self, run: Range<usize>) -> bool {
        let first = &self.tokens[run.start];
        let behind = self.get(run.end).is_some_and(|t| {
            matches!(t.gap, Gap::Space | Gap::Hyphen)
                && t.shape != Shape::Lower
                && is(t, TAIL)
                && self.tokens[run.end - 1].tail == 0
        });
        let ahead = self.before(run.start, 1).is_some_and(|t| {
            first.gap == Gap::Space && !first.starts && t.shape != Shape::Lower && t.flags.any(HEAD)
        });
        behind || ahead
    }

    /// Whether a run is the name of a public figure, with or without what stands in the middle.
    fn is_figure(&self, run: Range<usize>) -> bool {
        let hash = |tokens: &mut dyn Iterator<Item = &Token>| {
            let mut hash = WordHash::START;
            for (i, token) in tokens.enumerate() {
                if i > 0 {
                    hash = hash.with_byte(b' ');
                }
                let word = &self.text[token.start..token.end];
                hash = word.chars().fold(hash, WordHash::with_char);
            }
            hash
        };
        let tokens = &self.tokens[run.clone()];
        if tokens.len() < 2 {
            return false;
        }
        let ends = [tokens.first(), tokens.last()];
        self.gazetteer.is_figure(hash(&mut tokens.iter()))
            || self
                .gazetteer
                .is_figure(hash(&mut ends.into_iter().flatten()))
    }
}

fn is(token: &Token, class: u64) -> bool {
    token.flags.any(class)
}

fn is_initial(token: &Token) -> bool {
    token.length == 1
        && token.shape == Shape::Upper
        && !token.glued
        && (token.dot || !token.flags.any(FUNCTION))
}

/// `runn` gives `run`.
fn doubled(stem: &str) -> Option<&str> {
    let bytes = stem.as_bytes();
    let [.., a, b] = bytes else { return None };
    (a == b && a.is_ascii_alphabetic()).then(|| &stem[..stem.len() - 1])
}

/// Whether a word is never part of a name when it stands alone.
pub(crate) fn is_function(token: &Token) -> bool {
    token.flags.any(FUNCTION)
}
