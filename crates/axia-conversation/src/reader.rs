//! The reader: from records to conversations, counted and compared.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::ErrorKind;
use crate::format::{Draft, Output, Parser, Settings, detect};
use crate::input::{Buffer, Layout, Records, Source, Step, guess};
use crate::json::repair;
use crate::record_error::{Place, Problem};
use crate::{Conversation, Error, Format, ReadSummary, ReaderParams, RecordError, SkipReason};

/// Reads conversations one by one, in memory that the largest record bounds.
///
/// An iterator of conversations and of the records that were skipped; after an error it goes on with
/// the next record. [`summary`](Self::summary) counts both.
///
/// # Example
///
/// ```no_run
/// use axia_conversation::ConversationReader;
///
/// let mut reader = ConversationReader::open("conversations.zip")?;
/// while let Some(result) = reader.next() {
///     match result {
///         Ok(conversation) => println!("{}: {} messages", conversation.id, conversation.messages.len()),
///         Err(skipped) => eprintln!("{skipped}"),
///     }
/// }
/// println!("{}", reader.summary());
/// # Ok::<(), axia_conversation::Error>(())
/// ```
///
/// # Determinism
///
/// The same bytes give the same conversations, in the same order, however the bytes arrive.
///
/// # Privacy
///
/// `Debug` shows the format and counts. Errors never quote a record.
pub struct ConversationReader {
    source: Source,
    params: ReaderParams,
    settings: Settings,
    /// The entry of the source that is being read, and its name.
    entry: usize,
    name: Arc<str>,
    current: Option<Current>,
    output: Output,
    /// Whole entries that could not be read.
    passed_over: VecDeque<RecordError>,
    seen: HashSet<u128, BuildHasherDefault<AsIs>>,
    summary: ReadSummary,
    format: Option<Format>,
}

/// The entry that is being read.
struct Current {
    records: Records,
    parser: Box<dyn Parser>,
    /// The record was looked at to find the format, and is still to be read.
    pending: bool,
    /// Bytes of the entries before.
    bytes_before: u64,
}

/// Records that are looked at before a file counts as one of no known format.
const MOST_LOOKED_AT: usize = 1000;

impl ConversationReader {
    /// Opens a file of any known format: plain, gzip, zstd or zip.
    ///
    /// The same as [`ReaderParams::open`] with the defaults.
    ///
    /// # Errors
    ///
    /// See [`ReaderParams::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        ReaderParams::new().open(path)
    }

    /// What was read, dropped and skipped so far.
    #[must_use]
    pub fn summary(&self) -> &ReadSummary {
        &self.summary
    }

    /// The format of the file, or of the file inside a zip file that is being read.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    pub(crate) fn start(source: Source, params: &ReaderParams) -> Result<Self, Error> {
        let name = source.name().clone();
        let mut reader = Self {
            source,
            params: params.clone(),
            settings: params.settings(),
            entry: 0,
            name,
            current: None,
            output: Output::default(),
            passed_over: VecDeque::new(),
            seen: HashSet::default(),
            summary: ReadSummary::default(),
            format: None,
        };
        let entries = reader.source.entries();
        if entries <= 1 {
            reader.start_entry()?;
            return Ok(reader);
        }
        // Of several files inside one, those without conversations are passed over.
        while reader.entry < entries {
            match reader.start_entry() {
                Ok(()) => return Ok(reader),
                Err(error) if reader.entry + 1 == entries && reader.format.is_none() => {
                    return Err(error);
                }
                Err(error) => reader.pass_over(&error),
            }
        }
        Ok(reader)
    }

    /// Notes an entry that cannot be read, and goes to the next one.
    fn pass_over(&mut self, error: &Error) {
        let problem = Problem::Entry(error.as_skip_reason());
        let error = self.skipped(Place::default(), problem);
        self.passed_over.push_back(error);
        self.entry += 1;
    }

    /// Opens the entry, finds its layout and format, and surveys it if the format asks for it.
    fn start_entry(&mut self) -> Result<(), Error> {
        self.name = self.source.entry_name(self.entry);
        let bytes_before = self.summary.bytes;
        let mut records = self.open_records()?;
        let waiting = self.output.queue.len();
        let (format, pending) = match self.params.chosen_format() {
            Some(format) => (format, false),
            None => (self.find_format(&mut records, waiting)?, true),
        };
        let mut parser = format.parser(&self.settings);
        let mut pending = pending;
        if format.needs_two_passes() {
            if !self.source.can_read_again() {
                self.output.queue.truncate(waiting);
                return Err(ErrorKind::TwoPasses {
                    name: self.name.to_string(),
                    format,
                }
                .into());
            }
            // The second pass finds the same problems again.
            self.output.queue.truncate(waiting);
            let mut surveyed = self.open_records()?;
            survey(&mut surveyed, parser.as_mut());
            records = self.open_records()?;
            pending = false;
        }
        #[cfg(feature = "csv")]
        self.check_columns(&mut records, &mut pending)?;
        self.format = Some(format);
        self.current = Some(Current {
            records,
            parser,
            pending,
            bytes_before,
        });
        Ok(())
    }

    /// Opens the entry's bytes and finds out how the records stand in them.
    fn open_records(&mut self) -> Result<Records, Error> {
        let mut buffer = self.source.open(self.entry)?;
        buffer.fill_block();
        let name = &self.name;
        if buffer.data().is_empty() {
            return Err(match buffer.take_failure() {
                Some(failure) => unreadable(name, failure),
                None => ErrorKind::Empty {
                    name: name.to_string(),
                }
                .into(),
            });
        }
        if let Some((encoding, iconv)) = other_encoding(buffer.data()) {
            return Err(not_utf8(name, encoding, iconv));
        }
        if buffer.data().starts_with(b"\xef\xbb\xbf") {
            buffer.consume(3);
        }
        if buffer.ended() && buffer.data().trim_ascii().is_empty() {
            return Err(ErrorKind::Empty {
                name: name.to_string(),
            }
            .into());
        }
        let layout = self.layout(&buffer)?;
        Ok(Records::new(buffer, layout, self.params.record_limit()))
    }

    fn layout(&self, buffer: &Buffer) -> Result<Layout, Error> {
        let data = buffer.data();
        match guess(data, buffer.ended()) {
            #[cfg(not(feature = "csv"))]
            Some(Layout::Table(_)) => Err(ErrorKind::FeatureOff {
                name: self.name.to_string(),
                what: "a CSV table",
                feature: "csv",
            }
            .into()),
            Some(layout) => Ok(layout),
            // Of a chosen format, the lines are told to be wrong one by one.
            None if self.params.chosen_format().is_some() => Ok(Layout::Lines),
            None => {
                let first = data.trim_ascii_start();
                let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
                if std::str::from_utf8(line).is_err() && !first.contains(&0) {
                    return Err(not_utf8(&self.name, "in an old encoding", "LATIN1"));
                }
                Err(self.unknown_format(None))
            }
        }
    }

    /// Looks at records until one is of a known format. The ones before are told as errors.
    fn find_format(&mut self, records: &mut Records, waiting: usize) -> Result<Format, Error> {
        let mut first = None;
        let mut not_text = 0;
        for _ in 0..MOST_LOOKED_AT {
            let (problem, place) = match records.advance() {
                Step::Record => {
                    let place = records.place();
                    match look_at(records.current()) {
                        Ok(format) => return Ok(format),
                        Err(problem) => (problem, place),
                    }
                }
                Step::Fault(problem, place) => (problem, place),
                Step::End => break,
            };
            first.get_or_insert(problem.reason());
            not_text += usize::from(problem == Problem::NotUtf8);
            self.output.push(place, Err(problem));
        }
        let looked_at = self.output.queue.len() - waiting;
        self.output.queue.truncate(waiting);
        Err(match first {
            Some(_) if not_text == looked_at => {
                not_utf8(&self.name, "in an old encoding", "LATIN1")
            }
            _ => self.unknown_format(first),
        })
    }

    fn unknown_format(&self, first: Option<SkipReason>) -> Error {
        ErrorKind::UnknownFormat {
            name: self.name.to_string(),
            first,
        }
        .into()
    }

    /// Compares the column map with the header, which is read with the first row.
    #[cfg(feature = "csv")]
    fn check_columns(&mut self, records: &mut Records, pending: &mut bool) -> Result<(), Error> {
        let Some(columns) = self.settings.columns.clone() else {
            return Ok(());
        };
        match records.advance() {
            Step::Record => *pending = true,
            Step::Fault(problem, place) => self.output.push(place, Err(problem)),
            Step::End => {}
        }
        match records
            .header()
            .and_then(|header| columns.missing_in(header))
        {
            Some(column) => Err(ErrorKind::MissingColumn {
                name: self.name.to_string(),
                column: column.to_owned(),
            }
            .into()),
            None => Ok(()),
        }
    }

    /// Takes one more record; `false` at the end of everything.
    fn read_on(&mut self) -> bool {
        let Some(current) = &mut self.current else {
            if self.entry >= self.source.entries() {
                return false;
            }
            if let Err(error) = self.start_entry() {
                self.pass_over(&error);
            }
            return true;
        };
        let step = match std::mem::take(&mut current.pending) {
            true => Step::Record,
            false => current.records.advance(),
        };
        match step {
            Step::Record => {
                let place = current.records.place();
                let found = read_record(current.records.current(), |text| {
                    current.parser.record(text, place, &mut self.output)
                });
                if let Err(problem) = found {
                    self.output.push(place, Err(problem));
                }
            }
            Step::Fault(problem, place) => self.output.push(place, Err(problem)),
            Step::End => {
                current.parser.end(&mut self.output);
                self.summary.bytes = current.bytes_before + current.records.bytes();
                self.current = None;
                self.entry += 1;
                return true;
            }
        }
        self.summary.bytes = current.bytes_before + current.records.bytes();
        true
    }

    /// Counts what a format found and compares it with what was seen before.
    fn settle(
        &mut self,
        place: Place,
        found: Result<Draft, Problem>,
    ) -> Option<Result<Conversation, RecordError>> {
        let conversation = found.and_then(|draft| self.complete(draft));
        match conversation {
            Ok(conversation) => conversation.map(Ok),
            Err(problem) => Some(Err(self.skipped(place, problem))),
        }
    }

    fn skipped(&mut self, place: Place, problem: Problem) -> RecordError {
        *self.summary.skipped.entry(problem.reason()).or_default() += 1;
        RecordError::new(self.name.clone(), place, problem)
    }

    /// The conversation of a draft; `None` for a duplicate.
    fn complete(&mut self, draft: Draft) -> Result<Option<Conversation>, Problem> {
        let mut messages = draft.messages;
        let before = messages.len();
        messages.retain(|message| !message.text.trim().is_empty());
        self.summary.empty_messages += (before - messages.len()) as u64;
        if messages.is_empty() {
            return Err(Problem::Empty);
        }
        let mut conversation = Conversation::new("");
        conversation.user_id = draft.user_id.map(Into::into);
        conversation.model = draft.model;
        conversation.language = draft.language;
        conversation.started_at = draft.started_at;
        // Axia's own lines are read back as they were written.
        if conversation.started_at.is_none() && self.format != Some(Format::Axia) {
            conversation.started_at = messages.first().and_then(|message| message.time);
        }
        conversation.messages = messages;
        conversation.metadata = draft.metadata;
        let hash = conversation.content_hash();
        conversation.id = match draft.id {
            Some(id) => id,
            None => hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
        .into();
        if !self.seen.insert(u128::from_le_bytes(hash)) {
            self.summary.duplicates += 1;
            if !self.params.keeps_duplicates() {
                return Ok(None);
            }
        }
        self.summary.conversations += 1;
        self.summary.messages += conversation.messages.len() as u64;
        Ok(Some(conversation))
    }
}

impl Iterator for ConversationReader {
    type Item = Result<Conversation, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.passed_over.pop_front() {
                return Some(Err(error));
            }
            while let Some((place, found)) = self.output.queue.pop_front() {
                if let Some(item) = self.settle(place, found) {
                    return Some(item);
                }
            }
            self.summary.unrelated += std::mem::take(&mut self.output.unrelated);
            if !self.read_on() {
                return None;
            }
        }
    }
}

impl std::iter::FusedIterator for ConversationReader {}

impl fmt::Debug for ConversationReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationReader")
            .field("source", &self.name)
            .field("format", &self.format)
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}

/// Gives the text of a record to `read`, and once more repaired if that helps.
fn read_record(
    bytes: &[u8],
    mut read: impl FnMut(&str) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::NotUtf8)?;
    match read(text) {
        Err(problem @ Problem::InvalidJson { .. }) => match repair(text) {
            Some(repaired) => read(&repaired),
            None => Err(problem),
        },
        done => done,
    }
}

/// The format of a record.
fn look_at(bytes: &[u8]) -> Result<Format, Problem> {
    let mut format = None;
    read_record(bytes, |text| {
        format = detect(text).map_err(|error| Problem::from_json(&error))?;
        Ok(())
    })?;
    format.ok_or(Problem::NoFormat)
}

/// The first pass; problems are told by the second one.
fn survey(records: &mut Records, parser: &mut dyn Parser) {
    loop {
        match records.advance() {
            Step::Record => {
                let place = records.place();
                // Told by the second pass.
                let _ = read_record(records.current(), |text| parser.survey(text, place));
            }
            Step::Fault(..) => {}
            Step::End => return,
        }
    }
}

fn unreadable(name: &str, failure: io::Error) -> Error {
    match failure.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ErrorKind::Damaged {
            name: name.to_owned(),
            source: failure,
        },
        _ => ErrorKind::Io {
            action: "read",
            name: name.to_owned(),
            source: failure,
        },
    }
    .into()
}

fn not_utf8(name: &str, encoding: &'static str, iconv: &'static str) -> Error {
    ErrorKind::Encoding {
        name: name.to_owned(),
        encoding,
        iconv,
    }
    .into()
}

/// UTF-16 and UTF-32, by their marks or by the zero bytes that JSON and headers have in them.
fn other_encoding(data: &[u8]) -> Option<(&'static str, &'static str)> {
    match data {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(("UTF-32", "UTF-32")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(("UTF-16", "UTF-16")),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(("UTF-16", "UTF-16LE")),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(("UTF-16", "UTF-16BE")),
        _ => None,
    }
}

/// Hashes a digest by taking a part of it.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, digest: u128) {
        // The lower half of a digest is as random as a hash.
        #[allow(clippy::cast_possible_truncation)]
        {
            self.0 = digest as u64;
        }
    }
}
