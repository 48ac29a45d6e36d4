//! A model that answers from a script, for tests of whatever calls a model.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

use crate::sync::lock;
use crate::{Answer, Error, LanguageModel, Request};

type Respond = Box<dyn Fn(&Request) -> Result<Answer, Error> + Send + Sync>;

/// Answers from a list or by a closure, and remembers what it was asked.
///
/// # Example
///
/// ```
/// use axia_llm::{Answer, Error, LanguageModel, Request, ScriptedModel};
///
/// // A call that is lost once, and succeeds when it is repeated.
/// let model = ScriptedModel::new([
///     Err(Error::retryable("connection lost")),
///     Ok(Answer::completed("here you are")),
/// ]);
/// let request = Request::new("m").with_user("hello");
/// let answer = match model.complete(&request) {
///     Err(error) if error.is_retryable() => model.complete(&request)?,
///     other => other?,
/// };
/// assert_eq!(answer.text(), Some("here you are"));
/// assert_eq!(model.calls(), 2);
/// # Ok::<(), Error>(())
/// ```
pub struct ScriptedModel {
    script: Script,
    requests: Mutex<Vec<Request>>,
}

enum Script {
    List(Mutex<VecDeque<Result<Answer, Error>>>),
    Closure(Respond),
}

impl ScriptedModel {
    /// A model that gives these results in order, one a call. When they are used up, every further
    /// call is a fatal error.
    pub fn new(results: impl IntoIterator<Item = Result<Answer, Error>>) -> Self {
        Self::of(Script::List(Mutex::new(results.into_iter().collect())))
    }

    /// A model whose answer to each request a closure gives.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_llm::{Answer, LanguageModel, Request, ScriptedModel};
    ///
    /// let model = ScriptedModel::from_fn(|request| {
    ///     Ok(Answer::completed(format!("{} messages", request.messages().len())))
    /// });
    /// let answer = model.complete(&Request::new("m").with_user("a").with_user("b"))?;
    /// assert_eq!(answer.text(), Some("2 messages"));
    /// # Ok::<(), axia_llm::Error>(())
    /// ```
    pub fn from_fn(
        respond: impl Fn(&Request) -> Result<Answer, Error> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Script::Closure(Box::new(respond)))
    }

    fn of(script: Script) -> Self {
        Self {
            script,
            requests: Mutex::new(Vec::new()),
        }
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        lock(&self.requests).len()
    }

    /// What was asked, in order of the calls.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }
}

impl LanguageModel for ScriptedModel {
    fn fingerprint(&self) -> String {
        "scripted".into()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        let calls = {
            let mut requests = lock(&self.requests);
            requests.push(request.clone());
            requests.len()
        };
        match &self.script {
            Script::List(results) => lock(results).pop_front().unwrap_or_else(|| {
                Err(Error::fatal(format!(
                    "the script has no result for call {calls}, give it more"
                )))
            }),
            Script::Closure(respond) => respond(request),
        }
    }
}

impl fmt::Debug for ScriptedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedModel")
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
