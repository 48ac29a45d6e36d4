//! Reads the inputs and replaces personal data: what later stages see is pseudonymised.

use std::collections::{BTreeMap, HashMap, HashSet};

use axia_anonymize::{Anonymizer, ScanState};
use axia_conversation::{Conversation, ReadSummary};
use axia_report::{FileDigest, InputSummary, StageRecord};

use crate::input::{Input, open_conversations};
use crate::jsonl::{GrowingLines, Lines, count_lines};
use crate::run_folder::{CONVERSATIONS, INPUT, RunFolder, SKIPPED, stage_key};
use crate::study::{Settings, Ticker};
use crate::{Error, Stage, parallel};

/// Raise when the stage's files change their meaning.
const VERSION: &str = "2";

/// Conversations and bytes of text that are worked on at once.
const CHUNK: usize = 256;
const CHUNK_BYTES: usize = 8 << 20;

/// Metadata key under which a conversation carries how many spans of each kind were replaced.
pub(crate) const REPLACED: &str = "axia_replaced";

/// Metadata key of a conversation that was not scanned to the end: its texts are withheld, and it is in
/// no figure.
pub(crate) const UNSCANNED: &str = "axia_unscanned";

pub(crate) fn run(
    folder: &RunFolder,
    settings: &Settings,
    inputs: &[FileDigest],
) -> Result<(StageRecord, bool), Error> {
    let mut parts = vec![
        VERSION.to_owned(),
        settings.anonymizer.fingerprint(),
        format!("{:?}", settings.reader),
        settings.keep_duplicates.to_string(),
    ];
    // Names are left out: the same file under another name is the same input.
    parts.extend(inputs.iter().map(|file| file.blake3.clone()));
    let key = stage_key(Stage::Anonymize, &parts);
    if let Some(record) = folder.finished(Stage::Anonymize, &key) {
        return Ok((record, true));
    }
    folder.forget(Stage::Anonymize)?;
    let part = format!("{CONVERSATIONS}.part");
    let part_key = format!("{part}.key");
    if std::fs::read_to_string(folder.path(&part_key)).is_ok_and(|made_by| made_by == key) {
        // The part of an earlier run of the same study: it goes on from there.
    } else {
        folder.remove(&part)?;
        folder.write(&part_key, key.as_bytes())?;
    }
    let mut writer = GrowingLines::open(&folder.path(&part))?;
    let done = count_lines(&folder.path(&part))?;
    let mut reading = Reading::new(settings, &mut writer, done);
    for input in &settings.inputs {
        reading.read(input)?;
    }
    reading.flush()?;
    let (summary, skipped) = (reading.summary, reading.skipped);
    writer.sync()?;
    if summary.conversations == 0 {
        return Err(Error::no_conversation(nothing_read(&summary, &skipped)));
    }
    folder.rename(&part, CONVERSATIONS)?;
    folder.remove(&part_key)?;
    folder.write(SKIPPED, skipped.join("").as_bytes())?;
    folder.write_json(INPUT, &summary)?;
    let record = folder.finish(Stage::Anonymize, key, &[CONVERSATIONS, INPUT, SKIPPED])?;
    Ok((record, false))
}

fn nothing_read(summary: &InputSummary, skipped: &[String]) -> String {
    let reasons: Vec<String> = summary
        .skipped
        .iter()
        .map(|(reason, n)| format!("{n} {reason}"))
        .collect();
    format!(
        "no conversation could be read: {}{}",
        reasons.join(", "),
        skipped
            .first()
            .map_or(String::new(), |first| format!("; first: {}", first.trim()))
    )
}

/// The state of reading all inputs one after another.
struct Reading<'a> {
    settings: &'a Settings,
    writer: &'a mut GrowingLines,
    ticker: Ticker<'a>,
    /// Conversations that an earlier run has written already.
    done: u64,
    seen: u64,
    chunk: Vec<Conversation>,
    chunk_bytes: usize,
    contents: HashSet<[u8; 16]>,
    /// How often each id was met, by a hash of it.
    ids: HashMap<[u8; 16], u64>,
    summary: InputSummary,
    skipped: Vec<String>,
}

impl<'a> Reading<'a> {
    fn new(settings: &'a Settings, writer: &'a mut GrowingLines, done: u64) -> Self {
        Self {
            settings,
            writer,
            ticker: Ticker::new(settings, Stage::Anonymize, None),
            done,
            seen: 0,
            chunk: Vec::new(),
            chunk_bytes: 0,
            contents: HashSet::new(),
            ids: HashMap::new(),
            summary: InputSummary::default(),
            skipped: Vec::new(),
        }
    }

    fn read(&mut self, input: &Input) -> Result<(), Error> {
        match input {
            Input::Conversations(conversations) => {
                self.summary.files.push("memory".to_owned());
                self.summary.formats.push("in memory".to_owned());
                for conversation in conversations {
                    self.take(conversation.clone())?;
                }
            }
            Input::File(path) => {
                let name = path
                    .file_name()
                    .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                // Duplicates are found here, over all inputs. Errors name the file without its folder,
                // so that the same input gives the same bytes wherever it lies.
                let reader = self.settings.reader.clone();
                let params = reader.keep_duplicates(true).source_name(&name);
                let mut reader = open_conversations(path, params)?;
                for record in reader.by_ref() {
                    match record {
                        Ok(conversation) => self.take(conversation)?,
                        Err(error) => self.skipped.push(format!("{error}\n")),
                    }
                }
                self.summary.files.push(name);
                self.summary.formats.push(
                    reader
                        .format()
                        .map_or_else(|| "none".to_owned(), |f| f.to_string()),
                );
                add_summary(&mut self.summary, reader.summary());
            }
        }
        Ok(())
    }

    fn take(&mut self, mut conversation: Conversation) -> Result<(), Error> {
        let new = self.contents.insert(conversation.content_hash());
        if !new {
            self.summary.duplicates += 1;
            if !self.settings.keep_duplicates {
                return Ok(());
            }
        }
        make_id_unique(&mut conversation, &mut self.ids);
        self.summary.conversations += 1;
        self.summary.messages += conversation.messages.len() as u64;
        if conversation.user_id.is_none() {
            self.summary.conversations_without_user += 1;
        }
        self.seen += 1;
        if self.seen <= self.done {
            return Ok(());
        }
        self.chunk_bytes += conversation
            .messages
            .iter()
            .map(|m| m.text.len())
            .sum::<usize>();
        self.chunk.push(conversation);
        if self.chunk.len() >= CHUNK || self.chunk_bytes >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let anonymizer = &self.settings.anonymizer;
        for conversation in parallel::map(&self.chunk, |c| anonymized(anonymizer, c)) {
            self.writer.push(&conversation)?;
        }
        self.writer.flush()?;
        self.chunk.clear();
        self.chunk_bytes = 0;
        self.ticker.tick(self.seen);
        Ok(())
    }
}

fn anonymized(anonymizer: &Anonymizer, conversation: &Conversation) -> Conversation {
    let done = anonymizer.anonymize_conversation(conversation);
    let replaced: BTreeMap<String, u64> = done
        .counts()
        .spans()
        .iter()
        .map(|(kind, spans)| (kind.to_string(), *spans))
        .collect();
    let unscanned = done.state() == ScanState::Unscanned;
    let mut conversation = done.into_conversation();
    if unscanned {
        conversation
            .metadata
            .insert(UNSCANNED.to_owned(), true.into());
    }
    if !replaced.is_empty() {
        conversation
            .metadata
            .insert(REPLACED.to_owned(), serde_json::json!(replaced));
    }
    conversation
}

/// Two different conversations may carry one id, as when two exports are joined. Later ones get a
/// number behind it: extractions and evidence refer to ids.
fn make_id_unique(conversation: &mut Conversation, ids: &mut HashMap<[u8; 16], u64>) {
    let hash = |id: &str| {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..16]);
        short
    };
    let met = ids.entry(hash(conversation.id.as_str())).or_insert(0);
    *met += 1;
    if *met > 1 {
        let mut number = *met;
        loop {
            let id = format!("{}~{number}", conversation.id);
            let met = ids.entry(hash(&id)).or_insert(0);
            *met += 1;
            if *met == 1 {
                conversation.id = id.into();
                return;
            }
            number += 1;
        }
    }
}

fn add_summary(summary: &mut InputSummary, read: &ReadSummary) {
    summary.empty_messages += read.empty_messages;
    summary.unrelated += read.unrelated;
    for (reason, n) in &read.skipped {
        *summary.skipped.entry(reason.to_string()).or_insert(0) += n;
    }
}

/// Conversations of the run folder, in order.
pub(crate) fn conversations(folder: &RunFolder) -> Result<Lines<Conversation>, Error> {
    Lines::open(&folder.path(CONVERSATIONS))
}
