//! Extracts the features of each conversation. Each extraction is on disk as soon as it is made,
//! because with a model behind it, it has cost money.

use std::collections::HashSet;
use std::sync::Mutex;

use axia_conversation::Conversation;
use axia_extract::Extraction;
use axia_report::StageRecord;
use serde::{Deserialize, Serialize};

use crate::jsonl::{GrowingLines, Lines, count_lines};
use crate::run_folder::{CONVERSATIONS, EXTRACTIONS, FAILED, RunFolder, output_digest, stage_key};
use crate::stage::anonymize;
use crate::study::{Settings, Ticker};
use crate::{Error, Stage, parallel};

const VERSION: &str = "1";
const CHUNK: usize = 256;

/// A line of the growing file: extractions come in the order in which they are done.
#[derive(Serialize, Deserialize)]
struct Done {
    index: u64,
    /// `None` where the extractor failed on this conversation.
    extraction: Option<Extraction>,
}

pub(crate) fn run(
    folder: &RunFolder,
    settings: &Settings,
    before: &[StageRecord],
) -> Result<(StageRecord, bool), Error> {
    let key = stage_key(
        Stage::Extract,
        &[
            VERSION.to_owned(),
            settings.extractor.fingerprint(),
            output_digest(before, CONVERSATIONS),
        ],
    );
    let part = format!("{EXTRACTIONS}.part");
    let part_key = format!("{part}.key");
    if let Some(record) = folder.finished(Stage::Extract, &key) {
        // Left by a run that died right after it had recorded the stage.
        folder.remove(&part)?;
        folder.remove(&part_key)?;
        return Ok((record, true));
    }
    folder.forget(Stage::Extract)?;
    if !std::fs::read_to_string(folder.path(&part_key)).is_ok_and(|made_by| made_by == key) {
        folder.remove(&part)?;
        folder.write(&part_key, key.as_bytes())?;
    }
    extract_all(folder, settings, &part)?;
    let failed = sort_by_index(folder, &part)?;
    folder.write(FAILED, failed.as_bytes())?;
    let record = folder.finish(Stage::Extract, key, &[EXTRACTIONS, FAILED])?;
    // Only now: until the stage is recorded, a run that dies has nothing else to go on from.
    folder.remove(&part)?;
    folder.remove(&part_key)?;
    Ok((record, false))
}

fn extract_all(folder: &RunFolder, settings: &Settings, part: &str) -> Result<(), Error> {
    let path = folder.path(part);
    let writer = Mutex::new(GrowingLines::open(&path)?);
    let mut done = HashSet::new();
    for line in Lines::<Done>::open(&path)? {
        done.insert(line?.index);
    }
    let total = count_lines(&folder.path(CONVERSATIONS))?;
    let ticker = Ticker::new(settings, Stage::Extract, Some(total));
    let mut index = 0;
    let mut chunk: Vec<(u64, Conversation)> = Vec::new();
    let mut conversations = anonymize::conversations(folder)?;
    loop {
        let next = conversations.next().transpose()?;
        let at_end = next.is_none();
        if let Some(conversation) = next {
            if !done.contains(&index) {
                chunk.push((index, conversation));
            }
            index += 1;
        }
        if chunk.len() >= CHUNK || at_end {
            let results = parallel::map(&chunk, |(index, conversation)| {
                extract_one(settings, &writer, *index, conversation)
            });
            results.into_iter().collect::<Result<Vec<()>, Error>>()?;
            chunk.clear();
            ticker.tick(index);
        }
        if at_end {
            break;
        }
    }
    let mut writer = writer
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    writer.sync()
}

fn extract_one(
    settings: &Settings,
    writer: &Mutex<GrowingLines>,
    index: u64,
    conversation: &Conversation,
) -> Result<(), Error> {
    let extraction = match settings.extractor.extract(conversation) {
        Ok(extraction) => Some(extraction),
        // One bad answer must not cost the answers to come.
        Err(error) if error.is_conversation() => None,
        Err(error) => return Err(Error::stage(Stage::Extract, error)),
    };
    let mut writer = writer
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    writer.push(&Done { index, extraction })?;
    writer.flush()
}

/// Writes the extractions in the order of the conversations; the result is the list of
/// conversations on which the extractor failed, by number from 1.
///
/// Two passes, so that only positions are held in memory.
fn sort_by_index(folder: &RunFolder, part: &str) -> Result<String, Error> {
    use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

    let path = folder.path(part);
    let io = |e| Error::io(&path, "sort the extractions", e);
    let mut file = BufReader::new(std::fs::File::open(&path).map_err(io)?);
    let mut positions = Vec::new();
    let mut at = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = file.read_until(b'\n', &mut line).map_err(io)? as u64;
        if n == 0 {
            break;
        }
        let done: Done = serde_json::from_slice(&line)
            .map_err(|_| Error::damaged(&path, positions.len() as u64 + 1))?;
        positions.push((done.index, at));
        at += n;
    }
    positions.sort_unstable();
    // A line that was written twice, as when two threads died between writing and noting it.
    positions.dedup_by_key(|(index, _)| *index);
    let target = folder.path(&format!("{EXTRACTIONS}.new"));
    let write = || -> std::io::Result<String> {
        let mut out = BufWriter::new(std::fs::File::create(&target)?);
        let mut failed = String::new();
        for (index, at) in positions {
            file.seek(SeekFrom::Start(at))?;
            line.clear();
            file.read_until(b'\n', &mut line)?;
            let done: Done = serde_json::from_slice(&line)?;
            if done.extraction.is_none() {
                failed.push_str(&format!("conversation {}\n", index + 1));
            }
            serde_json::to_writer(&mut out, &done.extraction)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        out.get_ref().sync_all()?;
        Ok(failed)
    };
    let failed = write().map_err(|e| Error::io(&target, "sort the extractions", e))?;
    folder.rename(&format!("{EXTRACTIONS}.new"), EXTRACTIONS)?;
    Ok(failed)
}

/// Extractions of the run folder, one for each conversation, in the same order; `None` where the
/// extractor failed.
pub(crate) fn extractions(folder: &RunFolder) -> Result<Lines<Option<Extraction>>, Error> {
    Lines::open(&folder.path(EXTRACTIONS))
}
