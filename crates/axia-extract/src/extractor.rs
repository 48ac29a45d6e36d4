//! The trait that everything which reads values out of conversations implements.

use std::sync::Arc;

use axia_conversation::Conversation;

use crate::{Error, Extraction};

/// Reads one conversation and tells what it shows.
///
/// # Contract
///
/// - The result is about the conversation alone: neither other conversations nor their order change
///   it.
/// - On each side a label appears at most once, with its strongest mention.
/// - Evidence lies within the texts, on character borders.
/// - [`fingerprint`](Self::fingerprint) changes whenever any result could change: caches and
///   manifests are keyed by it.
/// - Neither errors nor `Debug` output hold any text of a conversation.
///
/// # Example
///
/// ```
/// use axia_conversation::Conversation;
/// use axia_extract::{Error, Extraction, Extractor, Subjectivity, SubjectivityLevel};
///
/// /// Takes everything to be subjective and sees no values.
/// struct Blind;
///
/// impl Extractor for Blind {
///     fn fingerprint(&self) -> String {
///         "blind/1".into()
///     }
///
///     fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
///         let subjectivity = Subjectivity::new(SubjectivityLevel::Subjective, 0.0);
///         Ok(Extraction::new(conversation.id.clone(), subjectivity))
///     }
/// }
///
/// let extractor: Box<dyn Extractor> = Box::new(Blind);
/// assert!(extractor.extract(&Conversation::new("c"))?.ai_values.is_empty());
/// # Ok::<(), Error>(())
/// ```
pub trait Extractor: Send + Sync {
    /// Names the extractor, its version and what it is configured with, for caches and manifests.
    fn fingerprint(&self) -> String;

    /// Extracts what one conversation shows.
    ///
    /// # Errors
    ///
    /// If what does the reading fails, such as a model behind it. A conversation without messages,
    /// or in a language that the extractor does not know, is no error.
    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error>;
}

impl<T: Extractor + ?Sized> Extractor for &T {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
        (**self).extract(conversation)
    }
}

impl<T: Extractor + ?Sized> Extractor for Box<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
        (**self).extract(conversation)
    }
}

impl<T: Extractor + ?Sized> Extractor for Arc<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
        (**self).extract(conversation)
    }
}
