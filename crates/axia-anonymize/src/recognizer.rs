//! The trait that finds entities of one kind, and the ready-made one for a regular expression.

use std::borrow::Cow;
use std::fmt;

use regex::Regex;

use crate::{Error, Evidence, Finding, Kind};

/// Finds the entities of one kind in a text.
///
/// # Contract
///
/// - `text` is the folded form of a message: digits of any script are ASCII digits, unusual spaces
///   and hyphens are plain ones, invisible characters are gone, and U+FFFC stands for placeholders.
///   Spans are byte offsets into it; they are mapped back to the message afterwards, and a span that
///   ends inside a character is widened to its border.
/// - The same text always gives the same findings, and the time is linear in its length.
/// - Nothing of the text goes into the evidence, a log or a panic message.
///
/// Findings may overlap each other and those of other recognizers.
pub trait Recognizer: Send + Sync {
    /// The kind that the findings have. What reports several kinds names one of them here.
    fn kind(&self) -> Kind;

    /// Whether findings may have this kind; those of other kinds are given [`kind`](Self::kind).
    ///
    /// Placeholders in the input are known by their kinds, so a recognizer can only report kinds
    /// that are built in, or its own. The default allows [`kind`](Self::kind) alone.
    fn may_report(&self, kind: Kind) -> bool {
        kind == self.kind()
    }

    /// Appends what it finds in `text`.
    fn recognize(&self, text: &str, out: &mut Vec<Finding>);

    /// [`recognize`](Self::recognize) for what can fail, such as a model. A failure makes the
    /// conversation [unscanned](crate::ScanState::Unscanned): its texts are withheld.
    ///
    /// # Errors
    ///
    /// When the text could not be searched to its end.
    fn try_recognize(&self, text: &str, out: &mut Vec<Finding>) -> Result<(), RecognizerFailure> {
        self.recognize(text, out);
        Ok(())
    }

    /// Names the recognizer and its settings in manifests. The default is the kind's name.
    fn fingerprint(&self) -> String {
        self.kind().to_string()
    }
}

/// A recognizer could not search a text to its end. It holds nothing of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecognizerFailure;

impl fmt::Display for RecognizerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recognizer could not search a text to its end")
    }
}

impl std::error::Error for RecognizerFailure {}

impl<R: Recognizer + ?Sized> Recognizer for Box<R> {
    fn kind(&self) -> Kind {
        (**self).kind()
    }

    fn may_report(&self, kind: Kind) -> bool {
        (**self).may_report(kind)
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        (**self).recognize(text, out);
    }

    fn try_recognize(&self, text: &str, out: &mut Vec<Finding>) -> Result<(), RecognizerFailure> {
        (**self).try_recognize(text, out)
    }

    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }
}

/// A recognizer made of one regular expression, in the syntax of the `regex` crate.
///
/// # Example
///
/// ```
/// use axia_anonymize::{Anonymizer, Kind, PatternRecognizer};
///
/// let staff = PatternRecognizer::new("staff-number", Kind::custom("STAFF")?, "S-[0-9]{6}")?;
/// let anonymizer = Anonymizer::builder().recognizer(Box::new(staff)).build()?;
/// assert_eq!(anonymizer.anonymize_text("I am S-123456."), "I am [STAFF_1].");
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone)]
pub struct PatternRecognizer {
    id: String,
    kind: Kind,
    pattern: Regex,
}

impl PatternRecognizer {
    /// A recognizer called `id`. Every non-empty match is a finding with a score of 1.
    ///
    /// # Errors
    ///
    /// When the pattern is not a valid regular expression ([`Error::is_invalid_pattern`]).
    pub fn new(id: impl Into<String>, kind: Kind, pattern: &str) -> Result<Self, Error> {
        let id = id.into();
        let pattern = compile(&id, pattern)?;
        Ok(Self { id, kind, pattern })
    }
}

impl Recognizer for PatternRecognizer {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        out.extend(self.pattern.find_iter(text).map(|found| {
            Finding::new(self.kind, found.range())
                .with_evidence(Evidence::Pattern(Cow::Owned(self.id.clone())))
        }));
    }

    fn fingerprint(&self) -> String {
        let digest = blake3::hash(self.pattern.as_str().as_bytes()).to_hex();
        format!("{}:{}:{}", self.kind, self.id, &digest[..16])
    }
}

impl fmt::Debug for PatternRecognizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatternRecognizer")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

pub(crate) fn compile(id: &str, pattern: &str) -> Result<Regex, Error> {
    Regex::new(pattern).map_err(|cause| Error::pattern(id, &cause))
}
