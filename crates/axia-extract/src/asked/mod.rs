//! The extractor that asks a language model.

mod answer;
mod prompt;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use axia_conversation::Conversation;
use axia_llm::{Answer, LanguageModel, Outcome, Request, Schema};

pub use self::answer::ModelTally;
use crate::{Error, Extraction, Extractor};

/// How a language model is asked. See [`ModelExtractor`].
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct ModelParams {
    model: String,
    max_tokens: u32,
    most_bytes: usize,
    most_values: u32,
    limits_in_schema: bool,
    temperature: Option<f32>,
}

impl ModelParams {
    /// The defaults for the model of this name: answers of at most 2,000 tokens, the first 24,000
    /// bytes of a conversation, no limits in the schema, no sampling settings.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            max_tokens: 2000,
            most_bytes: 24_000,
            most_values: 8,
            limits_in_schema: false,
            temperature: None,
        }
    }

    /// The longest answer, in tokens, hidden reasoning included.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// How much of a conversation is shown, in bytes. It is cut between messages.
    pub fn most_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Puts limits on lists and texts into the schema: so many values on each side. Hosted services
    /// refuse such schemas; with small models on a server of your own they end endless lists.
    pub fn limits_in_schema(mut self, most_values: u32) -> Self {
        self.limits_in_schema = true;
        self.most_values = most_values;
        self
    }

    /// A sampling temperature, for models that take one.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// The extractor that asks this model.
    ///
    /// # Errors
    ///
    /// If a limit is 0.
    pub fn build(self, model: Box<dyn LanguageModel>) -> Result<ModelExtractor, Error> {
        if self.max_tokens == 0 || self.most_bytes == 0 || self.most_values == 0 {
            return Err(Error::extractor(
                "the limits on tokens, bytes and values must all be at least 1",
            ));
        }
        Ok(ModelExtractor {
            schema: prompt::schema(&self)?,
            fingerprint: format!(
                "asked/{}/{}/{}",
                prompt::VERSION,
                self.model,
                model.fingerprint()
            ),
            params: self,
            model,
            tally: Mutex::default(),
        })
    }
}

/// Asks a language model what a conversation shows: one request a conversation.
///
/// The model must quote the words that show a value before it names it. A value whose quote does not
/// stand word for word in that side's messages is dropped, and so is one that is named again; the
/// [tally](Self::tally) counts them. Confidences are all 1, since a model's own are no measure.
///
/// Put a cache under it ([`axia_llm::Stack`]), so that nothing is paid for twice. For many requests
/// at once, or for batches, make the [requests](Self::request) and [read](Self::read) the answers
/// yourself.
///
/// # Privacy
///
/// The conversation is sent to the model: anonymize it first.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, Message, Role};
/// use axia_extract::{Extractor, ModelParams};
/// use axia_llm::{Answer, ScriptedModel};
/// use serde_json::json;
///
/// let model = ScriptedModel::new([Ok(Answer::json(json!({
///     "subjectivity": 3,
///     "task": "advice on a play",
///     "human_values": [
///         { "quote": "Honesty matters", "name": "honesty", "explicit": true, "stance": "upholds" },
///         { "quote": "I adore her", "name": "love", "explicit": false, "stance": "upholds" },
///     ],
///     "ai_values": [],
///     "response_type": "mild support",
/// })))]);
/// let chat = Conversation::new("c")
///     .with_message(Message::new(Role::User, "How do I tell her? Honesty matters to me."));
/// let extractor = ModelParams::new("any").build(Box::new(model))?;
/// let extraction = extractor.extract(&chat)?;
/// assert_eq!(extraction.human_values.len(), 1);
/// assert_eq!(extractor.tally().without_quote, 1);
/// # Ok::<(), axia_extract::Error>(())
/// ```
pub struct ModelExtractor {
    params: ModelParams,
    schema: Schema,
    fingerprint: String,
    model: Box<dyn LanguageModel>,
    tally: Mutex<ModelTally>,
}

impl ModelExtractor {
    /// The model that is asked.
    #[must_use]
    pub fn model(&self) -> &dyn LanguageModel {
        &*self.model
    }

    /// The request about a conversation.
    #[must_use]
    pub fn request(&self, conversation: &Conversation) -> Request {
        prompt::request(&self.params, &self.schema, conversation)
    }

    /// What an answer to that request says about the conversation.
    ///
    /// # Errors
    ///
    /// If the answer is of no use.
    pub fn read(&self, conversation: &Conversation, answer: &Answer) -> Result<Extraction, Error> {
        let id = &conversation.id;
        let reason = match &answer.outcome {
            Outcome::Completed {
                json: Some(json), ..
            } => match answer::read(conversation, json) {
                Some((extraction, tally)) => {
                    self.add(tally);
                    return Ok(extraction);
                }
                None => "the model's answer has another form",
            },
            Outcome::Truncated => "the model's answer was cut off; raise ModelParams::max_tokens",
            Outcome::Refused => "the model refused to read it",
            Outcome::Filtered => "the service held the model's answer back",
            _ => "the model's answer has another form",
        };
        Err(Error::conversation(id, reason))
    }

    /// What became of the values in all answers so far.
    #[must_use]
    pub fn tally(&self) -> ModelTally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, more: ModelTally) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.kept += more.kept;
        tally.without_quote += more.without_quote;
        tally.without_name += more.without_name;
        tally.repeated += more.repeated;
    }
}

impl Extractor for ModelExtractor {
    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
        let answer = self
            .model
            .complete(&self.request(conversation))
            .map_err(|error| {
                if error.is_fatal() {
                    Error::extractor(error)
                } else {
                    Error::conversation(&conversation.id, error)
                }
            })?;
        self.read(conversation, &answer)
    }
}

impl fmt::Debug for ModelExtractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelExtractor")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axia_conversation::{Message, Role};
    use axia_llm::{Error as LlmError, ScriptedModel};
    use serde_json::json;

    fn chat() -> Conversation {
        Conversation::new("c")
            .with_message(Message::new(Role::User, "Honesty first. And fair play."))
            .with_message(Message::new(
                Role::Assistant,
                "You decide, it is your life.",
            ))
    }

    fn value(quote: &str, name: &str) -> serde_json::Value {
        json!({ "quote": quote, "name": name, "explicit": false, "stance": "upholds" })
    }

    fn extract(model: ScriptedModel) -> (Result<Extraction, Error>, ModelTally) {
        let extractor = ModelParams::new("m").build(Box::new(model)).unwrap();
        (extractor.extract(&chat()), extractor.tally())
    }

    #[test]
    fn only_what_is_quoted_from_that_side_is_kept() {
        let answer = json!({
            "subjectivity": 4, "task": " Advice.", "response_type": "reframing",
            "human_values": [
                value("“fair play.”", " Fairness "),
                value("fair play", "fairness"),
                value("You decide", "autonomy"),
                value("a", "brevity"),
                value("Honesty first", "it is always best to be honest with everybody"),
            ],
            "ai_values": [value("You decide", "User autonomy")],
        });
        let (extraction, tally) = extract(ScriptedModel::new([Ok(Answer::json(answer))]));
        let extraction = extraction.unwrap();
        assert_eq!(extraction.human_values.len(), 1);
        let fairness = &extraction.human_values[0];
        assert_eq!(fairness.label, "fairness");
        assert_eq!(
            fairness.evidence.unwrap().text_in(&chat()),
            Some("fair play")
        );
        assert_eq!(extraction.ai_values[0].label, "user autonomy");
        assert_eq!(extraction.task.unwrap().label, "advice");
        assert_eq!(
            (
                tally.kept,
                tally.without_quote,
                tally.without_name,
                tally.repeated
            ),
            (2, 2, 1, 1)
        );
    }

    #[test]
    fn what_is_of_no_use_fails_one_conversation_and_a_stop_fails_all() {
        for outcome in [
            Outcome::Truncated,
            Outcome::Refused,
            Outcome::Filtered,
            Outcome::malformed("no", "secret"),
        ] {
            let (result, _) = extract(ScriptedModel::new([Ok(Answer::new(outcome))]));
            let error = result.unwrap_err();
            assert!(error.is_conversation() && !error.to_string().contains("secret"));
        }
        let other = Answer::json(json!({"subjectivity": 9}));
        assert!(
            extract(ScriptedModel::new([Ok(other)]))
                .0
                .unwrap_err()
                .is_conversation()
        );
        let stop = LlmError::fatal("no credit left");
        assert!(
            !extract(ScriptedModel::new([Err(stop)]))
                .0
                .unwrap_err()
                .is_conversation()
        );
    }
}
