//! One conversation, in Axia's own shape: what every reader yields and every later stage takes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ConversationId, Message, Role, Timestamp, UserId};

/// Free facts about a conversation that have no field of their own, by name.
pub type Metadata = BTreeMap<String, serde_json::Value>;

/// One conversation: who, which model, when, and the messages in order.
///
/// # Privacy
///
/// `Debug` shows the id, counts and lengths, never a text, a user id or a metadata value.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, Message, Role};
///
/// let conversation = Conversation::new("chat-1")
///     .with_user_id("user-7")
///     .with_message(Message::new(Role::User, "Is it ever right to lie?"))
///     .with_message(Message::new(Role::Assistant, "Many people think that ..."));
/// assert_eq!(conversation.messages_by(Role::Assistant).count(), 1);
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conversation {
    /// The id, unique within a study.
    pub id: ConversationId,
    /// The person or account, where known. Thresholds count distinct users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The model that answered, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The main language, as the source names it (`en`, `English`), where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the conversation began, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Whatever else the source tells, by name.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

impl Conversation {
    /// A conversation without messages.
    pub fn new(id: impl Into<ConversationId>) -> Self {
        Self {
            id: id.into(),
            user_id: None,
            model: None,
            language: None,
            started_at: None,
            messages: Vec::new(),
            metadata: Metadata::new(),
        }
    }

    /// The same conversation with a user id.
    #[must_use]
    pub fn with_user_id(mut self, user_id: impl Into<UserId>) -> Self {
        self.user_id = Some(user_id.into());
        self
    }

    /// The same conversation with the name of the model that answered.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The same conversation with a language.
    #[must_use]
    pub fn with_language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// The same conversation with its start time.
    #[must_use]
    pub fn with_started_at(mut self, time: Timestamp) -> Self {
        self.started_at = Some(time);
        self
    }

    /// The same conversation with one more message at its end.
    #[must_use]
    pub fn with_message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// The messages of one role, in order.
    pub fn messages_by(&self, role: Role) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |m| m.role == role)
    }

    /// A digest of what makes this conversation a duplicate of another one.
    ///
    /// Covers the user, the model and every message's role and text, but neither the id nor times
    /// nor metadata: the same chat exported twice has the same hash, the same question asked by two
    /// users or answered by two models has not. It is the first 16 bytes of BLAKE3.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_conversation::{Conversation, Message, Role};
    ///
    /// let first = Conversation::new("a").with_message(Message::new(Role::User, "Hi"));
    /// let again = Conversation::new("b").with_message(Message::new(Role::User, "Hi"));
    /// assert_eq!(first.content_hash(), again.content_hash());
    /// assert_ne!(first.content_hash(), again.with_user_id("ann").content_hash());
    /// ```
    #[must_use]
    pub fn content_hash(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        // Each part is preceded by its length, so that no two conversations give the same bytes.
        let mut part = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
            None => {
                hasher.update(&u64::MAX.to_le_bytes());
            }
        };
        part(self.user_id.as_ref().map(|u| u.as_str().as_bytes()));
        part(self.model.as_ref().map(String::as_bytes));
        for message in &self.messages {
            part(Some(message.role.as_str().as_bytes()));
            part(Some(message.text.as_bytes()));
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        hash
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("model", &self.model)
            .field("language", &self.language)
            .field("started_at", &self.started_at)
            .field("messages", &self.messages)
            .field("metadata", &self.metadata.keys())
            .finish()
    }
}
