//! Writes conversations to Parquet in row groups.

use std::fmt;
use std::io::Write;

use axia_conversation::Conversation;
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::ParquetCompression;

use crate::Error;
use crate::frame::{schema, to_data_frame};

/// Conversations in a row group, unless [`ParquetWriter::with_row_group`] says otherwise.
const ROW_GROUP: usize = 4096;

/// Writes conversations to Parquet, one row each, in the columns of [`to_data_frame`].
///
/// Nothing is readable before [`finish`](Self::finish): Parquet keeps its index at its end.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, Message, ReaderParams, Role};
/// use axia_polars::{ParquetWriter, open_parquet};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("chats.parquet");
/// let conversation = Conversation::new("a").with_message(Message::new(Role::User, "Hi"));
/// let mut writer = ParquetWriter::new(std::fs::File::create(&path)?)?;
/// writer.write(&conversation)?;
/// writer.finish()?;
///
/// let mut reader = open_parquet(&path, ReaderParams::new())?;
/// assert_eq!(reader.next().transpose()?, Some(conversation));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ParquetWriter<W: Write> {
    writer: BatchedWriter<W>,
    waiting: Vec<Conversation>,
    row_group: usize,
}

impl<W: Write> ParquetWriter<W> {
    /// Starts a file, compressed by zstd.
    ///
    /// # Errors
    ///
    /// If the file's head cannot be written.
    pub fn new(writer: W) -> Result<Self, Error> {
        let writer = polars::prelude::ParquetWriter::new(writer)
            .with_compression(ParquetCompression::Zstd(None))
            .batched(&schema())
            .map_err(|e| Error::write(&e))?;
        Ok(Self {
            writer,
            waiting: Vec::new(),
            row_group: ROW_GROUP,
        })
    }

    /// Sets how many conversations a row group holds; 4,096 by default, at least 1.
    ///
    /// A reader holds one row group in memory.
    #[must_use]
    pub fn with_row_group(mut self, conversations: usize) -> Self {
        self.row_group = conversations.max(1);
        self
    }

    /// Adds one conversation.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn write(&mut self, conversation: &Conversation) -> Result<(), Error> {
        self.waiting.push(conversation.clone());
        if self.waiting.len() >= self.row_group {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits and the file's index.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn finish(mut self) -> Result<(), Error> {
        self.flush()?;
        self.writer.finish().map_err(|e| Error::write(&e))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            let frame = to_data_frame(&self.waiting)?;
            self.waiting.clear();
            self.writer
                .write_batch(&frame)
                .map_err(|e| Error::write(&e))?;
        }
        Ok(())
    }
}

impl<W: Write> fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParquetWriter({} waiting)", self.waiting.len())
    }
}
