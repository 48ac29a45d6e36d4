//! Conversations as a data frame: the one table schema that this crate writes.

use std::io::Cursor;

use axia_conversation::{Conversation, Message};
use polars::prelude::{DataFrame, DataType, Field, JsonFormat, JsonReader, Schema, SerReader};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A conversation as it stands in a row: like its JSON form, but with the metadata as one string,
/// because a table needs the same fields in every row.
#[derive(Serialize, Deserialize)]
pub(crate) struct Row {
    id: String,
    user_id: Option<String>,
    model: Option<String>,
    language: Option<String>,
    started_at: Option<String>,
    messages: Vec<RowMessage>,
    metadata: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RowMessage {
    role: String,
    text: String,
    time: Option<String>,
}

impl Row {
    pub(crate) fn of(conversation: &Conversation) -> Result<Self, Error> {
        Ok(Self {
            id: conversation.id.as_str().to_owned(),
            user_id: conversation.user_id.as_ref().map(|u| u.as_str().to_owned()),
            model: conversation.model.clone(),
            language: conversation.language.clone(),
            started_at: conversation.started_at.map(|t| t.to_string()),
            messages: conversation.messages.iter().map(RowMessage::of).collect(),
            metadata: if conversation.metadata.is_empty() {
                None
            } else {
                Some(serde_json::to_string(&conversation.metadata).map_err(|e| Error::json(&e))?)
            },
        })
    }
}

impl RowMessage {
    fn of(message: &Message) -> Self {
        Self {
            role: message.role.to_string(),
            text: message.text.clone(),
            time: message.time.map(|t| t.to_string()),
        }
    }
}

/// The schema: strings, with times in RFC 3339 and metadata as JSON; `messages` is a list of structs.
pub(crate) fn schema() -> Schema {
    let message = DataType::Struct(vec![
        Field::new("role".into(), DataType::String),
        Field::new("text".into(), DataType::String),
        Field::new("time".into(), DataType::String),
    ]);
    Schema::from_iter([
        Field::new("id".into(), DataType::String),
        Field::new("user_id".into(), DataType::String),
        Field::new("model".into(), DataType::String),
        Field::new("language".into(), DataType::String),
        Field::new("started_at".into(), DataType::String),
        Field::new("messages".into(), DataType::List(Box::new(message))),
        Field::new("metadata".into(), DataType::String),
    ])
}

/// Makes a data frame of conversations, one row each.
///
/// Columns: `id`, `user_id`, `model`, `language`, `started_at` (RFC 3339), `messages` (a list of
/// structs `role`, `text`, `time`) and `metadata` (JSON text, null where empty).
///
/// # Errors
///
/// If polars refuses the table, for instance because it is too large for one frame.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, Message, Role};
///
/// let conversation = Conversation::new("a").with_message(Message::new(Role::User, "Hi"));
/// let frame = axia_polars::to_data_frame(&[conversation])?;
/// assert_eq!(frame.shape(), (1, 7));
/// # Ok::<(), axia_polars::Error>(())
/// ```
pub fn to_data_frame(conversations: &[Conversation]) -> Result<DataFrame, Error> {
    let schema = schema();
    if conversations.is_empty() {
        return Ok(DataFrame::empty_with_schema(&schema));
    }
    let mut lines = Vec::new();
    for conversation in conversations {
        serde_json::to_writer(&mut lines, &Row::of(conversation)?).map_err(|e| Error::json(&e))?;
        lines.push(b'\n');
    }
    JsonReader::new(Cursor::new(lines))
        .with_json_format(JsonFormat::JsonLines)
        .with_schema(schema.into())
        .finish()
        .map_err(|e| Error::write(&e))
}
