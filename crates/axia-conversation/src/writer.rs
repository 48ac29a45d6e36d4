//! Writes Axia's own JSON Lines.

use std::io::Write;

use crate::error::ErrorKind;
use crate::{Conversation, Error};

/// Writes conversations, one JSON object a line, such that readers give back the same conversations.
///
/// What does not come back: messages without text, which readers drop, and a blank id, for which
/// readers put one made from the content.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, ConversationWriter, Message, ReaderParams, Role};
///
/// let conversation = Conversation::new("chat-1").with_message(Message::new(Role::User, "Hi"));
/// let mut writer = ConversationWriter::new(Vec::new());
/// writer.write(&conversation)?;
/// let bytes = writer.finish()?;
/// assert_eq!(bytes, b"{\"id\":\"chat-1\",\"messages\":[{\"role\":\"user\",\"text\":\"Hi\"}]}\n");
///
/// let mut reader = ReaderParams::new().read_from(std::io::Cursor::new(bytes))?;
/// assert_eq!(reader.next(), Some(Ok(conversation)));
/// # Ok::<(), axia_conversation::Error>(())
/// ```
#[derive(Debug)]
pub struct ConversationWriter<W> {
    writer: W,
    line: Vec<u8>,
}

/// A line longer than this does not keep its memory for the next one.
const KEPT_LINE: usize = 1 << 20;

impl<W: Write> ConversationWriter<W> {
    /// Writes to `writer`, a whole line at a time; a [`BufWriter`](std::io::BufWriter) around a file
    /// is worth its while.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            line: Vec::new(),
        }
    }

    /// Writes one conversation.
    ///
    /// # Errors
    ///
    /// If writing fails ([`Error::is_io`]). A part of the line may have been written then.
    pub fn write(&mut self, conversation: &Conversation) -> Result<(), Error> {
        self.line.clear();
        self.line.shrink_to(KEPT_LINE);
        serde_json::to_writer(&mut self.line, conversation).map_err(|error| ErrorKind::Write {
            source: error.into(),
        })?;
        self.line.push(b'\n');
        self.writer
            .write_all(&self.line)
            .map_err(|source| ErrorKind::Write { source }.into())
    }

    /// Flushes and gives back what was written to.
    ///
    /// # Errors
    ///
    /// If flushing fails ([`Error::is_io`]).
    pub fn finish(mut self) -> Result<W, Error> {
        self.writer
            .flush()
            .map_err(|source| ErrorKind::Write { source })?;
        Ok(self.writer)
    }
}
