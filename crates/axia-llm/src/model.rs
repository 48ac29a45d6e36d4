//! The trait that everything which answers requests implements.

use std::sync::Arc;

use crate::{Answer, Error, Request};

/// Answers requests: a language model, or anything that stands between a caller and one.
///
/// # Contract
///
/// - A call blocks until there is an answer or an error. It may come from any thread, and several
///   may be under way at once.
/// - [`fingerprint`](Self::fingerprint) changes whenever the same request could be answered
///   differently for a reason that the request does not show (another server, another version):
///   caches and manifests are keyed by it.
/// - A refusal, a cut-off text or a broken format is an [`Answer`], not an [`Error`].
/// - Neither errors nor `Debug` output hold any text of a request or of an answer.
///
/// # Example
///
/// ```
/// use axia_llm::{Answer, Error, LanguageModel, Request};
///
/// struct Echo;
///
/// impl LanguageModel for Echo {
///     fn fingerprint(&self) -> String {
///         "echo/1".into()
///     }
///
///     fn complete(&self, request: &Request) -> Result<Answer, Error> {
///         let last = request.messages().last();
///         Ok(Answer::completed(last.map_or("", |message| message.text.as_str())))
///     }
/// }
///
/// let models: Vec<Box<dyn LanguageModel>> = vec![Box::new(Echo)];
/// assert_eq!(models[0].fingerprint(), "echo/1");
/// ```
pub trait LanguageModel: Send + Sync {
    /// Names the model, its version and where it runs, for caches and manifests.
    fn fingerprint(&self) -> String;

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// If there is no answer at all. [`Error`] tells whether to repeat, wait, split or stop.
    fn complete(&self, request: &Request) -> Result<Answer, Error>;
}

impl<T: LanguageModel + ?Sized> LanguageModel for &T {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        (**self).complete(request)
    }
}

impl<T: LanguageModel + ?Sized> LanguageModel for Box<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        (**self).complete(request)
    }
}

impl<T: LanguageModel + ?Sized> LanguageModel for Arc<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        (**self).complete(request)
    }
}
