//! One message of a conversation: who spoke, what was said, when.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Instructions by whoever runs the model.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// What a tool returned to the model.
    Tool,
}

impl Role {
    /// The role under the names that the formats use, in any letter case.
    ///
    /// `human`, `prompter` and `customer` are users; `gpt`, `model`, `ai`, `agent`, `bot`, `chatbot`
    /// and names of products such as `chatgpt` and `claude` are the assistant; `developer` is the
    /// system; `function`, `ipython`, `observation` and `tool_response` are tools.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, role)| role)
    }

    /// The known names, the common ones first.
    const NAMES: [(&str, Role); 24] = [
        ("user", Role::User),
        ("assistant", Role::Assistant),
        ("system", Role::System),
        ("tool", Role::Tool),
        ("human", Role::User),
        ("prompter", Role::User),
        ("customer", Role::User),
        ("gpt", Role::Assistant),
        ("model", Role::Assistant),
        ("ai", Role::Assistant),
        ("bot", Role::Assistant),
        ("chatgpt", Role::Assistant),
        ("bing", Role::Assistant),
        ("bard", Role::Assistant),
        ("function_call", Role::Assistant),
        ("agent", Role::Assistant),
        ("chatbot", Role::Assistant),
        ("claude", Role::Assistant),
        ("developer", Role::System),
        ("function", Role::Tool),
        ("function_response", Role::Tool),
        ("tool_response", Role::Tool),
        ("ipython", Role::Tool),
        ("observation", Role::Tool),
    ];

    /// The known names, for messages.
    pub(crate) fn known_names() -> String {
        Self::NAMES.map(|(name, _)| name).join(", ")
    }

    /// The role's name as Axia writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message: a role, its text and, where known, its time.
///
/// Tool calls, images and attachments stand in the text as short markers (`[image]`,
/// `[tool call: get_weather]`), so that nothing silently vanishes.
///
/// # Privacy
///
/// `Debug` shows the role and the length, never the text.
///
/// # Example
///
/// ```
/// use axia_conversation::{Message, Role};
///
/// let message = Message::new(Role::User, "How do I ask for a raise?");
/// assert_eq!(format!("{message:?}"), "Message { role: User, text: 25 bytes, time: None }");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// What was written, with markers for what is not text.
    pub text: String,
    /// When it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

impl Message {
    /// A message without a time.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            time: None,
        }
    }

    /// The same message with a time.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("role", &self.role)
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("time", &self.time)
            .finish()
    }
}
