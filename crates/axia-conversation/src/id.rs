//! Identifiers of conversations and users: newtypes, so that one is never taken for the other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names one conversation within a study.
///
/// # Example
///
/// ```
/// use axia_conversation::ConversationId;
///
/// let id = ConversationId::new("chat-1");
/// assert_eq!(id.as_str(), "chat-1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(String);

/// Names one user: the person or account behind one or many conversations.
///
/// Thresholds count distinct users, so keep the same id for the same person. `Debug` does not
/// show the id, because in many logs it is a name or an address.
///
/// # Example
///
/// ```
/// use axia_conversation::UserId;
///
/// let id = UserId::new("jane");
/// assert_eq!(id.as_str(), "jane");
/// assert_eq!(format!("{id:?}"), "UserId(4 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl ConversationId {
    /// Takes any string as an id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ConversationId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for ConversationId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl UserId {
    /// Takes any string as an id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({} bytes)", self.0.len())
    }
}

impl From<&str> for UserId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for UserId {
    fn from(id: String) -> Self {
        Self(id)
    }
}
