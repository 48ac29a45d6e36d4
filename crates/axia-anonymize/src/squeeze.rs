//! Texts reduced to letters and digits, in lower case and without accents, with the way back: the form
//! in which an entity is recognised again however it is spaced, dotted or capitalised.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The letters and digits of a text.
pub(crate) struct Squeezed {
    pub(crate) text: String,
    /// Where the character behind each byte of `text` stands in the source.
    source: Vec<u32>,
}

impl Squeezed {
    /// Squeezes a text of less than 4 GiB.
    pub(crate) fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self::of_ascii(text.as_bytes());
        }
        let mut squeezed = Self {
            text: String::with_capacity(text.len()),
            source: Vec::with_capacity(text.len()),
        };
        for (at, c) in text.char_indices() {
            if c.is_ascii() {
                if c.is_ascii_alphanumeric() {
                    squeezed.text.push(c.to_ascii_lowercase());
                    squeezed.source.push(u32::try_from(at).unwrap_or(u32::MAX));
                }
            } else {
                for base in plain(c) {
                    squeezed.push(base, at);
                }
            }
        }
        squeezed
    }

    /// The same of a text of ASCII characters alone. Every byte is written, and the next one over it unless it
    /// is a letter or a digit, so that no branch depends on the text.
    fn of_ascii(bytes: &[u8]) -> Self {
        let mut letters = vec![0; bytes.len()];
        let mut source = vec![0; bytes.len()];
        let mut len = 0;
        for (byte, at) in bytes.iter().zip(0..) {
            letters[len] = byte.to_ascii_lowercase();
            source[len] = at;
            len += usize::from(byte.is_ascii_alphanumeric());
        }
        letters.truncate(len);
        source.truncate(len);
        Self {
            text: String::from_utf8(letters).unwrap_or_default(),
            source,
        }
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.source.resize(self.text.len(), at);
    }

    /// The stretch of the source behind a stretch of the squeezed text.
    pub(crate) fn original(&self, source: &str, span: &Range<usize>) -> Option<Range<usize>> {
        let start = *self.source.get(span.start)? as usize;
        let last = *self.source.get(span.end.checked_sub(1)?)? as usize;
        let end = last + source.get(last..)?.chars().next()?.len_utf8();
        Some(start..end)
    }

    /// Whether no two neighbours in the span stand more than three characters apart in the source, and
    /// everything between them is a separator.
    pub(crate) fn is_close(
        &self,
        source: &str,
        span: &Range<usize>,
        separator: impl Fn(char) -> bool,
    ) -> bool {
        let places = self.source.get(span.clone()).unwrap_or_default();
        places.windows(2).all(|pair| {
            let (a, b) = (pair[0] as usize, pair[1] as usize);
            let between = source.get(a..b).unwrap_or_default();
            let mut between = between.chars().skip(1);
            between.all(&separator) && between.count() == 0 && source[a..b].chars().count() <= 4
        })
    }
}

/// Letters and digits of one character in compatibility form, lower case, no marks.
fn plain(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c)
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
}

/// The words of a text, in the same form.
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    if text.is_ascii() {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        return words.map(str::to_ascii_lowercase).collect();
    }
    text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .map(|word| word.chars().flat_map(plain).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ascii_is_squeezed_as_any_other_text(text in "[ -~\n]{0,80}") {
            // A character outside of ASCII that leaves nothing behind.
            let other = Squeezed::new(&format!("\u{301}{text}"));
            let squeezed = Squeezed::new(&text);
            let moved: Vec<u32> = squeezed.source.iter().map(|at| at + 2).collect();
            prop_assert_eq!(squeezed.text, other.text);
            prop_assert_eq!(moved, other.source);
        }
    }

    #[test]
    fn the_way_back_is_on_character_borders() {
        let text = "É-mail: Ján.Døe ﬁn";
        let squeezed = Squeezed::new(text);
        assert_eq!(squeezed.text, "emailjandøefin");
        let at = squeezed.text.find("jandøe").unwrap();
        let span = at..at + "jandøe".len();
        assert_eq!(
            squeezed.original(text, &span).map(|s| &text[s]),
            Some("Ján.Døe")
        );
        assert!(squeezed.is_close(text, &span, |c| c == '.'));
        assert!(!squeezed.is_close(text, &span, |c| c == ' '));
        // Half of a ligature maps to the whole of it.
        let at = squeezed.text.find("fi").unwrap();
        assert_eq!(
            squeezed.original(text, &(at..at + 1)).map(|s| &text[s]),
            Some("ﬁ")
        );
    }
}
