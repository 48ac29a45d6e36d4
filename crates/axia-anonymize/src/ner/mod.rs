//! The model tier: a trait for token classifiers, and the recognizer that puts one into an anonymizer.
//!
//! The classifier itself is behind the feature `ner`: `bert` computes it, `wordpiece` cuts texts into
//! its tokens, `classifier` goes over long texts and makes spans of labels.

#[cfg(feature = "ner")]
mod bert;
#[cfg(feature = "ner")]
mod classifier;
#[cfg(feature = "ner")]
mod wordpiece;

use std::borrow::Cow;
use std::ops::Range;

#[cfg(feature = "ner")]
pub use self::classifier::{NerModel, NerModelParams};
use crate::recognizer::RecognizerFailure;
use crate::{Evidence, Finding, Kind, Recognizer};

/// Finds names and other personal data in running text, as a model does.
///
/// # Contract
///
/// - Spans are byte ranges of `text` on character borders; they may overlap.
/// - The same text always gives the same spans.
/// - Nothing of the text goes into an error, a log or a panic message.
///
/// # Example
///
/// ```
/// use axia_anonymize::{Anonymizer, Kind, NameRecognizer, NameSpan, RecognizerFailure};
///
/// /// Knows one name.
/// struct OnlyZora;
///
/// impl NameRecognizer for OnlyZora {
///     fn names(&self, text: &str) -> Result<Vec<NameSpan>, RecognizerFailure> {
///         let found = text.match_indices("Zora");
///         Ok(found.map(|(at, name)| NameSpan::new(at..at + name.len(), Kind::Person, 0.9)).collect())
///     }
/// }
///
/// let anonymizer = Anonymizer::builder().ner(Box::new(OnlyZora)).build()?;
/// assert_eq!(anonymizer.anonymize_text("ask Zora"), "ask [PERSON_1]");
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
pub trait NameRecognizer: Send + Sync {
    /// What it finds in a text.
    ///
    /// # Errors
    ///
    /// When the text could not be read to its end. The conversation then counts as unscanned.
    fn names(&self, text: &str) -> Result<Vec<NameSpan>, RecognizerFailure>;

    /// [`names`](Self::names) for several texts; for models that are faster on many at once.
    ///
    /// # Errors
    ///
    /// As [`names`](Self::names).
    fn names_batch(&self, texts: &[&str]) -> Result<Vec<Vec<NameSpan>>, RecognizerFailure> {
        texts.iter().map(|text| self.names(text)).collect()
    }

    /// Names the model and its settings in manifests.
    fn fingerprint(&self) -> String {
        "ner".to_owned()
    }
}

/// What a [`NameRecognizer`] finds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NameSpan {
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What kind of personal data.
    pub kind: Kind,
    /// How sure, from 0 to 1.
    pub score: f32,
}

impl NameSpan {
    /// A span.
    #[must_use]
    pub fn new(span: Range<usize>, kind: Kind, score: f32) -> Self {
        Self { span, kind, score }
    }
}

/// Puts a model beside the rules.
pub(crate) struct ModelRules(pub(crate) Box<dyn NameRecognizer>);

impl Recognizer for ModelRules {
    fn kind(&self) -> Kind {
        Kind::Person
    }

    fn may_report(&self, kind: Kind) -> bool {
        !matches!(kind, Kind::Custom(_))
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        // What fails is reported by `try_recognize`, which is what anonymizers call.
        let _ = self.try_recognize(text, out);
    }

    fn try_recognize(&self, text: &str, out: &mut Vec<Finding>) -> Result<(), RecognizerFailure> {
        if !text.contains(char::is_alphanumeric) {
            return Ok(());
        }
        let found = self.0.names(text)?;
        out.extend(found.into_iter().map(|name| {
            Finding::new(name.kind, name.span)
                .with_score(name.score)
                .with_evidence(Evidence::Pattern(Cow::Borrowed("model")))
        }));
        Ok(())
    }

    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }
}

#[cfg(test)]
fn _object_safe(_: &dyn NameRecognizer) {}
