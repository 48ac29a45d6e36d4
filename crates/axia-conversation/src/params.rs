//! How to read: the format, what to do with branches and duplicates, and limits.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::error::ErrorKind;
use crate::format::Settings;
use crate::input::Source;
use crate::{ColumnMap, ConversationReader, Error, Format};

/// Which ways through a conversation that branches become conversations.
///
/// Answers asked for again and questions edited make a conversation branch. ChatGPT's and
/// Claude.ai's exports and OpenAssistant's trees keep all branches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Branches {
    /// One way: the one that was seen last, in OpenAssistant's trees the best ranked one.
    #[default]
    Main,
    /// Every way from the first message to a last one, as a conversation each. Messages that
    /// several ways share are counted in each of them.
    All,
}

/// How to read conversations.
///
/// # Example
///
/// ```
/// use axia_conversation::{Format, ReaderParams};
///
/// let line = r#"{"conversations": [{"from": "human", "value": "Hi"}]}"#;
/// let mut reader = ReaderParams::new()
///     .format(Format::ShareGpt)
///     .keep_duplicates(true)
///     .read_from(line.as_bytes())?;
/// assert!(reader.next().is_some_and(|conversation| conversation.is_ok()));
/// # Ok::<(), axia_conversation::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "parameters do nothing until `open` or `read_from`"]
pub struct ReaderParams {
    format: Option<Format>,
    branches: Branches,
    keep_duplicates: bool,
    max_record_bytes: usize,
    columns: Option<ColumnMap>,
    source_name: Option<String>,
}

impl Default for ReaderParams {
    fn default() -> Self {
        Self::new()
    }
}

impl ReaderParams {
    /// The default of [`max_record_bytes`](Self::max_record_bytes): 32 MiB.
    pub const DEFAULT_MAX_RECORD_BYTES: usize = 32 << 20;

    /// The defaults: the format is found, one branch is followed, duplicates are skipped, records
    /// may have 32 MiB.
    pub fn new() -> Self {
        Self {
            format: None,
            branches: Branches::Main,
            keep_duplicates: false,
            max_record_bytes: Self::DEFAULT_MAX_RECORD_BYTES,
            columns: None,
            source_name: None,
        }
    }

    /// Reads this format instead of looking for one. How the records are laid out (lines, a list,
    /// an object around a list, a table) and compressed is found out all the same.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Which branches of a conversation are read; by default the main one.
    pub fn branches(mut self, branches: Branches) -> Self {
        self.branches = branches;
        self
    }

    /// Whether to yield conversations that have the same user, model and messages as an earlier one.
    /// They are counted in any case; by default they are skipped.
    ///
    /// Records without an id of their own get one from their content, so that duplicates among them
    /// have the same id.
    pub fn keep_duplicates(mut self, keep: bool) -> Self {
        self.keep_duplicates = keep;
        self
    }

    /// The largest record that is read, in bytes, by default 32 MiB; larger ones are skipped without
    /// being held in memory. At least 1.
    pub fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Which column of a table means what; the format then is [`Format::Table`].
    pub fn columns(mut self, columns: ColumnMap) -> Self {
        self.columns = Some(columns);
        self
    }

    /// What errors call the input: by default the path, or `input` for a stream.
    pub fn source_name(mut self, name: impl Into<String>) -> Self {
        self.source_name = Some(name.into());
        self
    }

    /// Opens a file: plain, gzip, zstd or zip, which is found out by its first bytes.
    ///
    /// Inside a zip file, `conversations.json` is read (or its numbered parts), else every `.json`,
    /// `.jsonl`, `.ndjson`, `.csv` and `.tsv` file in the order of their names.
    ///
    /// The formats of two passes (Langfuse, OpenTelemetry) are read once from end to end before this
    /// returns.
    ///
    /// # Errors
    ///
    /// If there is no such file, it is a folder or may not be read; if it is empty, not UTF-8,
    /// damaged, of an unsupported kind or without a record of a known format; if a parameter is out
    /// of range.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<ConversationReader, Error> {
        self.check()?;
        let source = Source::from_path(path.as_ref(), self.source_name.as_deref())?;
        ConversationReader::start(source, self)
    }

    /// Reads a stream, which may be compressed by gzip or zstd.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); also for zip files, and for formats of two passes
    /// ([`Error::is_two_passes`]), which [`read_with`](Self::read_with) reads.
    pub fn read_from(
        &self,
        reader: impl Read + Send + 'static,
    ) -> Result<ConversationReader, Error> {
        self.check()?;
        let source = Source::from_reader(Box::new(reader), self.stream_name());
        ConversationReader::start(source, self)
    }

    /// Reads a stream that can be had again from its beginning: `open` is called for each pass.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and what `open` returns.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_conversation::ReaderParams;
    ///
    /// let spans = r#"{"trace_id": "t", "type": "GENERATION", "start_time": "2026-05-04 09:12:00",
    ///   "input": "Is lying wrong?", "output": "It depends."}"#;
    /// let reader = ReaderParams::new().read_with(move || Ok(spans.as_bytes()))?;
    /// let conversations: Vec<_> = reader.collect::<Result<_, _>>()?;
    /// assert_eq!(conversations[0].messages.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_with<R: Read + Send + 'static>(
        &self,
        mut open: impl FnMut() -> io::Result<R> + Send + 'static,
    ) -> Result<ConversationReader, Error> {
        self.check()?;
        let opener = move || open().map(|reader| Box::new(reader) as Box<dyn Read + Send>);
        let source = Source::from_opener(Box::new(opener), self.stream_name());
        ConversationReader::start(source, self)
    }

    fn stream_name(&self) -> Arc<str> {
        self.source_name.as_deref().unwrap_or("input").into()
    }

    fn check(&self) -> Result<(), Error> {
        if self.max_record_bytes == 0 {
            return Err(ErrorKind::Parameter {
                parameter: "max_record_bytes",
                must: "at least 1",
                got: 0,
            }
            .into());
        }
        Ok(())
    }

    /// The format that is to be read, if it is known before looking.
    pub(crate) fn chosen_format(&self) -> Option<Format> {
        match &self.columns {
            Some(_) => Some(Format::Table),
            None => self.format,
        }
    }

    pub(crate) fn keeps_duplicates(&self) -> bool {
        self.keep_duplicates
    }

    pub(crate) fn record_limit(&self) -> usize {
        self.max_record_bytes
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            branches: self.branches,
            max_record_bytes: self.max_record_bytes,
            columns: self.columns.as_ref().map(|map| Arc::new(map.columns())),
        }
    }
}
