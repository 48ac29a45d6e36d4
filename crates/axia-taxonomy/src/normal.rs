//! One spelling for each label.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::Error;
use crate::error::Kind;
use crate::spelling::{compound_key, word_key};

/// Passes after which a label is left as it is; two are nearly always enough.
const MOST_PASSES: usize = 8;

/// Writes a label in the common way: Unicode compatibility form (NFKC), lower case, single spaces,
/// underscores as spaces, every kind of hyphen and dash as `-`, straight apostrophes, without
/// invisible characters and without punctuation, quotes or brackets around it.
///
/// Hyphens and apostrophes inside stay, as in published labels; [`Label::key`] is what compares
/// spellings. `None` if no letter and no digit is left. Writing twice changes nothing more.
///
/// # Example
///
/// ```
/// use axia_taxonomy::normalize_label;
///
/// assert_eq!(normalize_label("  “Well‑being”. ").as_deref(), Some("well-being"));
/// assert_eq!(normalize_label("Intellectual_Honesty").as_deref(), Some("intellectual honesty"));
/// assert_eq!(normalize_label("children’s rights").as_deref(), Some("children's rights"));
/// assert_eq!(normalize_label("--"), None);
/// ```
#[must_use]
pub fn normalize_label(text: &str) -> Option<String> {
    if is_plain(text) {
        return Some(text.to_ascii_lowercase());
    }
    let mut label = pass(text);
    for _ in 0..MOST_PASSES {
        let again = pass(&label);
        if again == label {
            break;
        }
        label = again;
    }
    label.chars().any(char::is_alphanumeric).then_some(label)
}

/// Whether only the case of a text can differ from its normal form, as with most labels: ASCII letters and
/// digits, with single spaces or hyphens between them.
fn is_plain(text: &str) -> bool {
    let mut between = true;
    for byte in text.bytes() {
        let joint = matches!(byte, b' ' | b'-');
        if joint && between || !joint && !byte.is_ascii_alphanumeric() {
            return false;
        }
        between = joint;
    }
    !between
}

fn pass(text: &str) -> String {
    let visible = text.chars().filter(|&c| !is_invisible(c));
    let folded: String = if text.is_ascii() {
        // Most labels: their compatibility form is themselves.
        visible.map(|c| fold(c.to_ascii_lowercase())).collect()
    } else {
        let lower = visible.nfkc().collect::<String>().to_lowercase();
        lower.nfkc().map(fold).collect()
    };
    let words: Vec<&str> = folded.split_whitespace().collect();
    let mut spaced = words.join(" ");
    // "well - being" is the compound with loose hyphens.
    for loose in [" - ", " -", "- "] {
        spaced = spaced.replace(loose, "-");
    }
    trim(&spaced).to_owned()
}

/// A key in compatibility form: letters that were parted by a hyphen may compose.
fn composed(key: String) -> String {
    match key.is_ascii() {
        true => key,
        false => key.nfkc().collect(),
    }
}

/// Characters that show nothing and part nothing: soft hyphen, zero-width space, marks of writing
/// direction, byte order mark, variation selectors. Joiners stay: some scripts spell with them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

fn fold(c: char) -> char {
    match c {
        '_' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{058a}' | '\u{30a0}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{02bc}' | '`' | '\u{b4}' => '\'',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// Takes off what stands around a label: all but letters, digits, their marks and signs that can
/// begin (`$5`) or end (`c++`) a word. Brackets go when they have no partner inside or hold it all.
fn trim(text: &str) -> &str {
    let mut text = text;
    loop {
        let before = text;
        text = text.trim_start_matches(|c: char| {
            !c.is_alphanumeric() && !"$€£#".contains(c) && !is_bracket(c)
        });
        text = text.trim_end_matches(|c: char| {
            !c.is_alphanumeric() && !is_combining_mark(c) && !"+#%".contains(c) && !is_bracket(c)
        });
        text = trim_brackets(text);
        if text == before {
            return text;
        }
    }
}

fn is_bracket(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>')
}

fn trim_brackets(text: &str) -> &str {
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')] {
        let opened = text.matches(open).count();
        let closed = text.matches(close).count();
        if let Some(rest) = text.strip_prefix(close).or(text.strip_suffix(open)) {
            return rest;
        }
        if let Some(rest) = text.strip_prefix(open) {
            if opened > closed {
                return rest;
            }
            if let Some(inner) = rest.strip_suffix(close)
                && opened == 1
                && closed == 1
            {
                return inner;
            }
        }
        if closed > opened
            && let Some(rest) = text.strip_suffix(close)
        {
            return rest;
        }
    }
    text
}

/// A label in its written form.
///
/// `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// Writes `text` as [`normalize_label`] does; `None` if nothing is left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        normalize_label(text).map(Self)
    }

    /// The written form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one label have in common: the written form without spaces, hyphens,
    /// slashes, apostrophes and joiners, in American spelling. So "well-being", "well being" and
    /// "wellbeing" are one label, and so are "honour" and "honor".
    ///
    /// It is for comparing only: no text to be shown.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_taxonomy::Label;
    ///
    /// let key = |text| Label::new(text).map(|label| label.key());
    /// assert_eq!(key("Well-Being"), key("wellbeing"));
    /// assert_eq!(key("organisational behaviour"), key("organizational behavior"));
    /// assert_ne!(key("value"), key("values"));
    /// ```
    #[must_use]
    pub fn key(&self) -> String {
        composed(compound_key(&self.0))
    }

    /// What two ways of putting one label of several words have in common: its words in American
    /// spelling and the singular, in a settled order where order says nothing ("enabling harm" and
    /// "harm enabling", "truth and beauty" and "beauty and truth"). `None` for a label of one word,
    /// of which the plural may be another value ("right", "rights").
    ///
    /// # Example
    ///
    /// ```
    /// use axia_taxonomy::Label;
    ///
    /// let key = |text| Label::new(text).and_then(|label| label.word_key());
    /// assert_eq!(key("ethical standards"), key("ethical standard"));
    /// assert_eq!(key("harm-enabling"), key("enabling harm"));
    /// assert_ne!(key("service quality"), key("quality service"));
    /// ```
    #[must_use]
    pub fn word_key(&self) -> Option<String> {
        word_key(&self.0).map(composed)
    }
}

impl AsRef<str> for Label {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({} characters)", self.0.chars().count())
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl TryFrom<String> for Label {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text).ok_or_else(|| Kind::Blank { index: 0 }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_become_one() {
        let cases = [
            ("Honesty", "honesty"),
            (" HONESTY!\n", "honesty"),
            ("«respect»", "respect"),
            ("\"respect\",", "respect"),
            ("(respect)", "respect"),
            ("respect (mutual)", "respect (mutual)"),
            ("(mutual) respect", "(mutual) respect"),
            ("respect)", "respect"),
            ("(respect", "respect"),
            ("((a) b)", "((a) b)"),
            ("1. honesty", "1. honesty"),
            ("- honesty", "honesty"),
            ("well\u{2011}being", "well-being"),
            ("well \u{2013} being", "well-being"),
            ("well\u{ad}being", "wellbeing"),
            ("well\u{a0}  being", "well being"),
            ("ｆａｉｒｎｅｓｓ", "fairness"),
            ("STRASSE Straße", "strasse straße"),
            ("e\u{301}galite\u{301}", "égalité"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("c++", "c++"),
            ("誠実さ。", "誠実さ"),
            ("सत्य", "सत्य"),
            ("team's \"own\" goals", "team's \"own\" goals"),
        ];
        for (text, expected) in cases {
            assert_eq!(normalize_label(text).as_deref(), Some(expected), "{text:?}");
        }
        for blank in ["", " ", "--", "“”", "\u{200b}", "!?", "\u{301}", "()"] {
            assert_eq!(normalize_label(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn debug_hides_the_text() {
        let label = Label::new("private matters").unwrap();
        assert_eq!(format!("{label:?}"), "Label(15 characters)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn writing_twice_changes_nothing(text in "\\PC{0,24}") {
            if let Some(once) = normalize_label(&text) {
                prop_assert_eq!(normalize_label(&once), Some(once));
            }
        }

        #[test]
        fn plain_labels_take_the_short_way_to_the_same(text in "[aB1 -]{0,7}") {
            let long = Some(pass(&pass(&text))).filter(|label| !label.is_empty());
            prop_assert_eq!(normalize_label(&text), long);
        }

        #[test]
        fn awkward_characters_too(
            text in "[aeİΣßﬁ ´`'’_\u{ad}\u{200b}\u{200d}\u{301}\u{345}\u{1f80}\u{2011}–()\\[\\]-]{0,12}",
        ) {
            if let Some(once) = normalize_label(&text) {
                prop_assert_eq!(normalize_label(&once), Some(once));
            }
        }

        #[test]
        fn case_and_edges_do_not_matter(text in "[a-z]{1,8}([ -][a-z]{1,8}){0,3}") {
            let plain = Label::new(&text);
            prop_assert_eq!(Label::new(&format!(" \"{}\". ", text.to_uppercase())), plain.clone());
            let spaced = Label::new(&text.replace('-', "_"));
            prop_assert_eq!(spaced.map(|l| l.key()), plain.map(|l| l.key()));
        }
    }
}
