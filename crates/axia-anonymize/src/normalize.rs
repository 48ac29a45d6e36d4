//! Stage 1: the shadow text, in which evasive and foreign forms of the same characters are folded,
//! with a map back to the bytes of the original.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::lanes::{BLOCK, beyond_ascii, marks, places};

/// Stands in the shadow for a placeholder: no rule matches across it.
pub(crate) const BARRIER: &str = "\u{FFFC}";

/// A stretch of the original that shows as something else in the shadow.
#[derive(Clone, PartialEq)]
pub(crate) struct Hole {
    pub(crate) span: Range<usize>,
    pub(crate) fill: Cow<'static, str>,
}

impl Hole {
    pub(crate) fn new(span: Range<usize>, fill: impl Into<Cow<'static, str>>) -> Self {
        Self {
            span,
            fill: fill.into(),
        }
    }
}

/// A text as the recognizers see it.
pub(crate) struct Shadow<'t> {
    pub(crate) text: Cow<'t, str>,
    /// In order, without gaps in the shadow; empty when the shadow is the original.
    segments: Vec<Segment>,
}

struct Segment {
    /// Where it starts in the shadow.
    shadow: usize,
    original: Range<usize>,
    /// Byte for byte the same on both sides; otherwise it maps as a whole.
    verbatim: bool,
}

enum Fold {
    Same,
    To(char),
    Gone,
    /// The compatibility form has several characters: a ligature, a number in brackets.
    Compatible,
}

/// Builds the shadow of `text`. The holes are in order and do not overlap.
pub(crate) fn normalize<'t>(text: &'t str, holes: &[Hole]) -> Shadow<'t> {
    let unchanged = (text.is_ascii() || is_folded(text)) && !has_written_break(text);
    if holes.is_empty() && unchanged {
        return Shadow {
            text: Cow::Borrowed(text),
            segments: Vec::new(),
        };
    }
    let mut builder = Builder {
        text,
        shadow: String::with_capacity(text.len()),
        segments: Vec::new(),
    };
    let mut from = 0;
    for hole in holes {
        builder.take(from..hole.span.start, unchanged);
        builder.replace(hole.span.clone(), &hole.fill);
        from = hole.span.end;
    }
    builder.take(from..text.len(), unchanged);
    Shadow {
        text: Cow::Owned(builder.shadow),
        segments: builder.segments,
    }
}

/// The folded form of a short text without holes.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    normalize(text, &[]).text
}

struct Builder<'t> {
    text: &'t str,
    shadow: String,
    segments: Vec<Segment>,
}

/// Whether no character of the text shows as another, and none is joined with its neighbour.
fn is_folded(text: &str) -> bool {
    let same = |c| matches!(fold(c), Fold::Same) && !is_mark(c) && lookalike(c).is_none();
    let bytes = text.as_bytes();
    (0..bytes.len()).step_by(BLOCK).all(|at| {
        let [beyond] = marks(bytes, at, |b| [beyond_ascii(b)]);
        // In the middle of a character there is none.
        places(beyond, at)
            .filter_map(|at| text.get(at..)?.chars().next())
            .all(same)
    })
}

/// Whether a line break or tab is written out somewhere, as in text that was quoted as JSON.
fn has_written_break(text: &str) -> bool {
    memchr::memchr_iter(b'\\', text.as_bytes()).any(|at| is_written_break(text, at))
}

/// Whether the backslash at `at` begins a line break or tab that is written out: `\n` before anything
/// but a small letter, which would rather be a command (`\nu`) or a name in a path (`C:\notes`).
fn is_written_break(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let escape = bytes.get(at + 1).is_some_and(|b| b"nrt".contains(b));
    let goes_on = bytes.get(at + 2).is_some_and(u8::is_ascii_lowercase);
    if !escape || goes_on {
        return false;
    }
    // Paths begin with a drive or with two backslashes; they are short.
    let from = at.saturating_sub(120);
    let before = &bytes[from..at];
    let token = before
        .rsplit(|b| b.is_ascii_whitespace() || b"\"'(<".contains(b))
        .next()
        .unwrap_or_default();
    let drive = matches!(token, [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic());
    !drive && !token.starts_with(br"\\")
}

/// A character that composes with the one in front of it: accents, the vowels and finals of Hangul.
fn is_mark(c: char) -> bool {
    c >= '\u{300}'
        && (is_combining_mark(c) || matches!(c, '\u{1161}'..='\u{1175}' | '\u{11A8}'..='\u{11C2}'))
}

impl Builder<'_> {
    /// Takes over a stretch of the text: as it is where the whole text is known to be folded.
    fn take(&mut self, range: Range<usize>, folded: bool) {
        if folded {
            self.copy(range);
        } else {
            self.fold_range(range);
        }
    }

    fn fold_range(&mut self, range: Range<usize>) {
        let text = self.text;
        let mut same_from = range.start;
        let mut characters = text[range.clone()].char_indices().peekable();
        let mut mixed = Mixed::default();
        while let Some((offset, c)) = characters.next() {
            let at = range.start + offset;
            let joined = characters
                .peek()
                .is_some_and(|&(_, next)| !next.is_ascii() && is_mark(next));
            if joined {
                // The character with all its marks, composed.
                let mut end = at + c.len_utf8();
                while let Some((_, mark)) = characters.next_if(|&(_, next)| is_mark(next)) {
                    end += mark.len_utf8();
                }
                let forms = text[at..end].chars().flat_map(|c| {
                    match fold(c) {
                        Fold::Compatible => std::iter::once(c).nfkc().collect(),
                        _ => shown(c).map_or_else(String::new, String::from),
                    }
                    .chars()
                    .collect::<Vec<char>>()
                });
                let composed: String = forms.nfc().collect();
                if composed != text[at..end] {
                    self.copy(same_from..at);
                    same_from = end;
                    self.replace(at..end, &composed);
                }
                continue;
            }
            if c == '\\' && at + 2 <= range.end && is_written_break(text, at) {
                characters.next();
                self.copy(same_from..at);
                same_from = at + 2;
                self.replace(at..same_from, "\n");
                continue;
            }
            let fold = if c.is_ascii() { Fold::Same } else { fold(c) };
            let folded = match fold {
                Fold::Same if c.is_ascii() => None,
                Fold::Same => lookalike(c).filter(|_| mixed.is_mixed(text, at)),
                Fold::To(folded) => Some(folded),
                Fold::Gone => {
                    self.copy(same_from..at);
                    same_from = at + c.len_utf8();
                    None
                }
                Fold::Compatible => {
                    self.copy(same_from..at);
                    same_from = at + c.len_utf8();
                    let compatible: String = std::iter::once(c).nfkc().collect();
                    self.replace(at..same_from, &compatible);
                    None
                }
            };
            if let Some(folded) = folded {
                self.copy(same_from..at);
                same_from = at + c.len_utf8();
                self.replace(at..same_from, folded.encode_utf8(&mut [0; 4]));
            }
        }
        self.copy(same_from..range.end);
    }

    fn copy(&mut self, original: Range<usize>) {
        self.push(original.clone(), &self.text[original], true);
    }

    fn replace(&mut self, original: Range<usize>, by: &str) {
        self.push(original, by, false);
    }

    fn push(&mut self, original: Range<usize>, shadow: &str, verbatim: bool) {
        if !shadow.is_empty() {
            self.segments.push(Segment {
                shadow: self.shadow.len(),
                original,
                verbatim,
            });
            self.shadow.push_str(shadow);
        }
    }
}

impl Shadow<'_> {
    /// The same without a hold on the original.
    pub(crate) fn into_owned(self) -> Shadow<'static> {
        Shadow {
            text: Cow::Owned(self.text.into_owned()),
            segments: self.segments,
        }
    }

    /// The bytes of the original behind a non-empty stretch of the shadow.
    pub(crate) fn original(&self, span: &Range<usize>) -> Range<usize> {
        let segment_of = |at: usize| {
            let after = self.segments.partition_point(|s| s.shadow <= at);
            after.checked_sub(1).and_then(|i| self.segments.get(i))
        };
        let start = segment_of(span.start).map_or(span.start, |s| {
            let inside = if s.verbatim { span.start - s.shadow } else { 0 };
            s.original.start + inside
        });
        let end = segment_of(span.end.saturating_sub(1)).map_or(span.end, |s| {
            if s.verbatim {
                s.original.start + (span.end - s.shadow)
            } else {
                s.original.end
            }
        });
        start..end
    }
}

/// The character that shows in the shadow, if any.
fn shown(c: char) -> Option<char> {
    match fold(c) {
        Fold::To(folded) => Some(folded),
        Fold::Gone => None,
        Fold::Same | Fold::Compatible => Some(c),
    }
}

/// How one character shows in the shadow.
fn fold(c: char) -> Fold {
    match c {
        '\u{0}'..='\u{7F}' => Fold::Same,
        // Spaces that are no plain space.
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            Fold::To(' ')
        }
        // Hyphens, the figure dash, the en dash and minus; an em dash separates words.
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => Fold::To('-'),
        '\u{2024}' => Fold::To('.'),
        '\u{FE6B}' => Fold::To('@'),
        // Invisible characters: Unicode's default ignorables, and the keycap enclosure.
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{20E3}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Fold::Gone,
        // Full-width forms of what addresses and numbers are made of. Full-width commas and brackets
        // stay: in Chinese and Japanese they end a sentence right after an address.
        '\u{FF10}'..='\u{FF19}'
        | '\u{FF20}'..='\u{FF3A}'
        | '\u{FF41}'..='\u{FF5A}'
        | '\u{FF05}'
        | '\u{FF0B}'
        | '\u{FF0D}'..='\u{FF0F}'
        | '\u{FF3F}' => char::from_u32(u32::from(c) - 0xFEE0).map_or(Fold::Same, Fold::To),
        // Ranges without compatibility forms, which most text outside of ASCII is made of.
        '\u{C0}'..='\u{131}'
        | '\u{370}'..='\u{379}'
        | '\u{386}'..='\u{3CF}'
        | '\u{400}'..='\u{586}'
        | '\u{5D0}'..='\u{5EA}'
        | '\u{620}'..='\u{64A}'
        | '\u{3001}'..='\u{3035}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30A0}'..='\u{30FE}'
        | '\u{3400}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{2014}'..='\u{2016}'
        | '\u{2018}'..='\u{2023}' => Fold::Same,
        // Punctuation of Chinese and Japanese, which ends an address where its ASCII form would not.
        '\u{FF01}'..='\u{FFEF}' | '\u{FE10}'..='\u{FE1F}' | '\u{FE30}'..='\u{FE6F}' => match c {
            '\u{FF66}'..='\u{FF9D}' => Fold::Compatible,
            _ => Fold::Same,
        },
        // Marks of trade and fractions stay: `1/2` for a fraction is a number of its own.
        '\u{BC}'..='\u{BE}'
        | '\u{2150}'..='\u{215F}'
        | '\u{2120}'..='\u{2122}'
        | '\u{2026}'
        | '\u{A8}'..='\u{B8}'
            if !matches!(c, '\u{AA}' | '\u{B2}' | '\u{B3}') =>
        {
            Fold::Same
        }
        _ => compatible(c),
    }
}

/// Digits of any script, else the compatibility form (NFKC) of one character.
fn compatible(c: char) -> Fold {
    if let Fold::To(digit) = digit(c) {
        return Fold::To(digit);
    }
    if is_nfkc_quick(std::iter::once(c)) != IsNormalized::No {
        return Fold::Same;
    }
    let mut form = std::iter::once(c).nfkc();
    match (form.next(), form.next()) {
        // What looks like a Latin letter is left for `lookalike`.
        (Some(one), None) if one == c || lookalike(one).is_some() || is_mark(one) => Fold::Same,
        (Some(one), None) => match fold(one) {
            Fold::To(further) => Fold::To(further),
            Fold::Gone => Fold::Gone,
            Fold::Same | Fold::Compatible => Fold::To(one),
        },
        // Ligatures and words in one character; forms that hold spaces or marks say nothing.
        _ if std::iter::once(c).nfkc().all(is_plain) => Fold::Compatible,
        _ => Fold::Same,
    }
}

/// A letter or digit that shows as itself and joins with nothing.
fn is_plain(c: char) -> bool {
    let itself = c.is_ascii() || is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes;
    c.is_alphanumeric() && itself && shown(c) == Some(c) && lookalike(c).is_none() && !is_mark(c)
}

/// The Latin letter that a Greek or Cyrillic one looks like.
fn lookalike(c: char) -> Option<char> {
    if !('\u{391}'..='\u{56F}').contains(&c) {
        return None;
    }
    let at = LOOKALIKES.chars().position(|known| known == c)?;
    LATIN.get(at).map(|&b| char::from(b))
}

const LOOKALIKES: &str = "аеорсухіјѕһԁӏԛԝАВЕКМНОРСТУХІЈЅԌΑΒΕΖΗΙΚΜΝΟΡΤΥΧορνικ";
const LATIN: &[u8] = b"aeopcyxijshdlqwABEKMHOPCTYXIJSGABEZHIKMNOPTYXopvik";

/// Whether a word holds both Latin letters or digits and letters that look like Latin ones: nobody writes
/// so except to hide something, while whole words in Greek or Cyrillic stay.
#[derive(Default)]
struct Mixed {
    /// The end of the word that was looked at last, and what it was.
    end: usize,
    mixed: bool,
}

impl Mixed {
    fn is_mixed(&mut self, text: &str, at: usize) -> bool {
        if at < self.end {
            return self.mixed;
        }
        // As the word will look, so that folding twice changes nothing.
        let part_of = |c: &char| {
            shown(*c).is_none_or(|c| c.is_alphanumeric() || matches!(c, '@' | '.' | '_'))
        };
        let before: usize = text[..at]
            .chars()
            .rev()
            .take(MAX_WORD)
            .take_while(part_of)
            .map(char::len_utf8)
            .sum();
        let after: usize = text[at..]
            .chars()
            .take(MAX_WORD)
            .take_while(part_of)
            .map(char::len_utf8)
            .sum();
        let word = || text[at - before..at + after].chars().filter_map(shown);
        let latin = word().filter(char::is_ascii_alphanumeric).count();
        // Every other letter has to be a lookalike.
        let disguised = word().all(|c| c.is_ascii() || lookalike(c).is_some());
        self.end = at + after;
        self.mixed = latin > 0 && disguised;
        self.mixed
    }
}

/// Words are looked at no further than this.
const MAX_WORD: usize = 256;

/// The zeros of the decimal digits that people write in; the other nine follow each.
const ZEROS: [u32; 22] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
];

fn digit(c: char) -> Fold {
    let code = u32::from(c);
    // Most text is outside of both ranges, so that the table is rarely searched.
    if !(0x0660..=0x1819).contains(&code) && !(0x1D7CE..=0x1D7FF).contains(&code) {
        return Fold::Same;
    }
    ZEROS
        .iter()
        .chain(&[0x1D7F6])
        .find_map(|&zero| char::from_digit(code.checked_sub(zero)?, 10))
        .map_or(Fold::Same, Fold::To)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds() {
        for (text, shadow) in [
            ("plain", "plain"),
            ("４１１１", "4111"),
            ("jo＠example．com", "jo@example.com"),
            ("٤١١١ ۴۱ ४१ 𝟒𝟏 𝟺𝟷", "4111 41 41 41 41"),
            ("j\u{200B}o\u{AD}@x", "jo@x"),
            ("1\u{A0}2\u{2011}3\u{2013}4", "1 2-3-4"),
            ("5\u{FE0F}\u{20E3}5\u{FE0F}\u{20E3}", "55"),
            ("好，ü—é", "好，ü—é"),
            ("ﬁnd ①② x²", "find 12 x2"),
            ("e\u{301}a", "éa"),
            ("𝐣𝐨 𝗷𝗼", "jo jo"),
            ("jо@exаmple.com", "jo@example.com"),
            ("Иван и Рома", "Иван и Рома"),
            ("Ｊｏ", "Jo"),
            (r"Jo\n415 555 2671\r\nX", "Jo\n415 555 2671\n\nX"),
            (
                r"\nu C:\Users\n1 \\server\n1 \",
                r"\nu C:\Users\n1 \\server\n1 \",
            ),
        ] {
            assert_eq!(folded(text), shadow, "{text}");
        }
    }

    #[test]
    fn maps_back() {
        let text = "tel \u{200B}４\u{200B}１1 end";
        let shadow = normalize(text, &[]);
        assert_eq!(shadow.text, "tel 411 end");
        assert_eq!(&text[shadow.original(&(4..7))], "４\u{200B}１1");
        assert_eq!(&text[shadow.original(&(8..11))], "end");
    }

    #[test]
    fn holes_show_their_fill_and_map_as_a_whole() {
        let holes = [Hole::new(2..5, BARRIER), Hole::new(6..8, "")];
        let text = "a xyz-QQb";
        let shadow = normalize(text, &holes);
        assert_eq!(shadow.text, "a \u{FFFC}-b");
        assert_eq!(shadow.original(&(3..4)), 2..5);
        assert_eq!(&text[shadow.original(&(5..7))], "-QQb");
    }

    proptest! {
        #[test]
        fn every_stretch_maps_to_characters_of_the_original(text in "\\PC{0,40}", cut in 0..40_usize) {
            let shadow = normalize(&text, &[]);
            let borders: Vec<usize> = shadow.text.char_indices().map(|(at, _)| at).collect();
            for (i, &start) in borders.iter().enumerate() {
                let end = borders.get(i + 1 + cut).copied().unwrap_or(shadow.text.len());
                let span = shadow.original(&(start..end));
                prop_assert!(text.get(span.clone()).is_some_and(|t| !t.is_empty()));
                // Whether a lookalike is folded depends on the whole word around it, and whether a letter
                // is a written-out break on the backslash in front of it.
                let alone = text.chars().all(|c| c != '\\' && lookalike(c).is_none());
                prop_assert!(!alone || folded(&text[span]).contains(&shadow.text[start..end]));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = folded(&text).into_owned();
            // Behind a backslash the second pass sees `\r` where the first saw a letter of another alphabet.
            prop_assume!(text.is_ascii() || !once.contains('\\'));
            prop_assert_eq!(folded(&once), once.as_str());
        }
    }
}
