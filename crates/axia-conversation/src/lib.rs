//! Conversations with language models: types, and streaming readers for the formats people have.

mod conversation;
mod id;
mod message;
mod timestamp;

pub use crate::conversation::{Conversation, Metadata};
pub use crate::id::{ConversationId, UserId};
pub use crate::message::{Message, Role};
pub use crate::timestamp::Timestamp;
