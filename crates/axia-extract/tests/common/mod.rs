//! Short ways to write conversations.

use axia_conversation::{Conversation, Message, Role};
use axia_extract::{Extraction, Extractor, LexiconExtractor};

pub(crate) fn chat(user: &str, assistant: &str) -> Conversation {
    Conversation::new("c")
        .with_message(Message::new(Role::User, user))
        .with_message(Message::new(Role::Assistant, assistant))
}

#[allow(clippy::unwrap_used, reason = "only tests call it")]
pub(crate) fn extract(conversation: &Conversation) -> Extraction {
    LexiconExtractor::new().extract(conversation).unwrap()
}
