//! Stage 1: the shadow text, in which evasive and foreign forms of the same characters are folded,
//! with a map back to the bytes of the original.

use std::borrow::Cow;
use std::ops::Range;

/// Stands in the shadow for a placeholder: no rule matches across it.
pub(crate) const BARRIER: &str = "\u{FFFC}";

/// A stretch of the original that shows as something else in the shadow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hole {
    pub(crate) span: Range<usize>,
    pub(crate) fill: &'static str,
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
}

/// Builds the shadow of `text`. The holes are in order and do not overlap.
pub(crate) fn normalize<'t>(text: &'t str, holes: &[Hole]) -> Shadow<'t> {
    let unchanged = text.is_ascii() || !text.chars().any(|c| !matches!(fold(c), Fold::Same));
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
        builder.fold_range(from..hole.span.start);
        builder.replace(hole.span.clone(), hole.fill);
        from = hole.span.end;
    }
    builder.fold_range(from..text.len());
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

impl Builder<'_> {
    fn fold_range(&mut self, range: Range<usize>) {
        let text = self.text;
        let mut same_from = range.start;
        for (offset, c) in text[range.clone()].char_indices() {
            let at = range.start + offset;
            let fold = if c.is_ascii() { Fold::Same } else { fold(c) };
            if matches!(fold, Fold::Same) {
                continue;
            }
            self.copy(same_from..at);
            same_from = at + c.len_utf8();
            if let Fold::To(folded) = fold {
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
        _ => digit(c),
    }
}

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
        let holes = [
            Hole {
                span: 2..5,
                fill: BARRIER,
            },
            Hole {
                span: 6..8,
                fill: "",
            },
        ];
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
                prop_assert_eq!(folded(&text[span]), &shadow.text[start..end]);
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = folded(&text).into_owned();
            prop_assert_eq!(folded(&once), once.as_str());
        }
    }
}
