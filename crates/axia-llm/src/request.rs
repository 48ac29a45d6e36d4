//! What a model is asked: messages, the form of the answer, and limits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{RequestKey, Schema, key};

/// Who speaks in a [`ChatMessage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ChatRole {
    /// Instructions to the model.
    System,
    /// The one who asks.
    User,
    /// The model itself, as in an earlier turn or an example.
    Assistant,
}

/// One message of a request.
///
/// # Privacy
///
/// `Debug` shows the role and the length, never the text.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Who speaks.
    pub role: ChatRole,
    /// What is said.
    pub text: String,
}

impl ChatMessage {
    /// A message of this role.
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
        }
    }
}

impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMessage")
            .field("role", &self.role)
            .field("text", &format_args!("{} bytes", self.text.len()))
            .finish()
    }
}

/// One request to a model.
///
/// Everything but the model's name and the messages may be left alone: answers are free text, at
/// most [`Request::DEFAULT_MAX_TOKENS`] tokens long, and no sampling field is sent. Leave the
/// sampling fields off unless the model is known to take them, since some models reject any value.
///
/// # Privacy
///
/// `Debug` shows lengths only.
///
/// # Example
///
/// ```
/// use axia_llm::Request;
/// use serde_json::json;
///
/// let request = Request::new("some-model")
///     .with_system("Answer in one word.")
///     .with_user("Which planet is red?")
///     .with_schema(json!({
///         "type": "object",
///         "properties": { "planet": { "type": "string" } },
///         "required": ["planet"],
///         "additionalProperties": false,
///     }))
///     .with_max_tokens(50);
/// assert_eq!(request.messages().len(), 2);
/// assert_eq!(request.temperature(), None);
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    model: String,
    messages: Vec<ChatMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<Schema>,
    max_tokens: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
}

impl Request {
    /// The longest answer that a request allows unless it says otherwise, in tokens.
    pub const DEFAULT_MAX_TOKENS: u32 = 1024;

    /// A request without messages to the model of this name.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            messages: Vec::new(),
            schema: None,
            max_tokens: Self::DEFAULT_MAX_TOKENS,
            temperature: None,
            top_p: None,
            seed: None,
            prompt_version: None,
            stage: None,
        }
    }

    /// The same request with one more message at its end.
    #[must_use]
    pub fn with_message(mut self, message: ChatMessage) -> Self {
        self.messages.push(message);
        self
    }

    /// The same request with one more instruction at its end.
    #[must_use]
    pub fn with_system(self, text: impl Into<String>) -> Self {
        self.with_message(ChatMessage::new(ChatRole::System, text))
    }

    /// The same request with one more question at its end.
    #[must_use]
    pub fn with_user(self, text: impl Into<String>) -> Self {
        self.with_message(ChatMessage::new(ChatRole::User, text))
    }

    /// The same request, to be answered as JSON of this schema.
    ///
    /// Schemas that most services take have an object at the root, every property required,
    /// `additionalProperties: false`, no numeric or length limits and no recursion. Check ranges on
    /// your side.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<Schema>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The same request with another limit on the answer's length, in tokens.
    #[must_use]
    pub fn with_max_tokens(mut self, max_tokens: u32) -> Self {
        self.max_tokens = max_tokens;
        self
    }

    /// The same request with a sampling temperature.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f32) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// The same request with a nucleus sampling share.
    #[must_use]
    pub fn with_top_p(mut self, top_p: f32) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// The same request with a sampling seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The same request with the version of the prompt that made it.
    ///
    /// It is not sent. It is part of the [key](Self::key), so that a caller can have everything
    /// asked again after a change that the messages do not show.
    #[must_use]
    pub fn with_prompt_version(mut self, version: impl Into<String>) -> Self {
        self.prompt_version = Some(version.into());
        self
    }

    /// The same request with the stage of the work that its cost is booked on. It is not sent, and
    /// not part of the [key](Self::key).
    #[must_use]
    pub fn with_stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = Some(stage.into());
        self
    }

    /// The hash of everything that decides the answer, from what answers it as well: see
    /// [`RequestKey`].
    #[must_use]
    pub fn key(&self, fingerprint: &str) -> RequestKey {
        key::of(self, fingerprint)
    }

    /// The model's name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The messages, in order.
    #[must_use]
    pub fn messages(&self) -> &[ChatMessage] {
        &self.messages
    }

    /// The JSON schema of the answer; `None` if the answer is free text.
    #[must_use]
    pub fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// The longest answer allowed, in tokens.
    #[must_use]
    pub fn max_tokens(&self) -> u32 {
        self.max_tokens
    }

    /// The sampling temperature, if one is to be sent.
    #[must_use]
    pub fn temperature(&self) -> Option<f32> {
        self.temperature
    }

    /// The nucleus sampling share, if one is to be sent.
    #[must_use]
    pub fn top_p(&self) -> Option<f32> {
        self.top_p
    }

    /// The sampling seed, if one is to be sent.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The version of the prompt, if it has one.
    #[must_use]
    pub fn prompt_version(&self) -> Option<&str> {
        self.prompt_version.as_deref()
    }

    /// The stage that the cost is booked on, if it has one.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        self.stage.as_deref()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("model", &self.model)
            .field("messages", &self.messages)
            .field("schema", &self.schema.is_some())
            .field("max_tokens", &self.max_tokens)
            .field("temperature", &self.temperature)
            .field("top_p", &self.top_p)
            .field("seed", &self.seed)
            .field("prompt_version", &self.prompt_version)
            .field("stage", &self.stage)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_text() {
        let request = Request::new("m")
            .with_system("be brief")
            .with_user("my secret")
            .with_schema(serde_json::json!({"description": "hidden"}));
        let shown = format!("{request:?}");
        assert!(!shown.contains("secret") && !shown.contains("brief") && !shown.contains("hidden"));
        assert!(shown.contains("9 bytes"));
    }

    #[test]
    fn sampling_is_off_and_leaves_no_field() {
        let json = serde_json::to_string(&Request::new("m").with_user("x")).unwrap();
        assert_eq!(
            json,
            r#"{"model":"m","messages":[{"role":"user","text":"x"}],"max_tokens":1024}"#
        );
    }

    #[test]
    fn round_trips_through_json() {
        let request = Request::new("m")
            .with_message(ChatMessage::new(ChatRole::Assistant, "earlier"))
            .with_max_tokens(7)
            .with_temperature(0.5)
            .with_top_p(0.25)
            .with_seed(u64::MAX)
            .with_schema(Schema::parse(r#"{"z":1,"a":2}"#).unwrap())
            .with_prompt_version("3")
            .with_stage("extract");
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
    }
}
