//! Answers as JSON Lines, to carry them elsewhere.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::store::{Row, Store, insert};
use crate::{Answer, Error, RequestKey};

/// Answers taken in together: enough that the disk is not waited for each time.
const CHUNK: usize = 1000;

/// One line. The answer goes out as it was stored.
#[derive(Serialize)]
struct LineOut<'a> {
    key: RequestKey,
    model: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    stage: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    prompt_version: &'a str,
    answer: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineIn {
    key: RequestKey,
    model: String,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    prompt_version: String,
    answer: Answer,
}

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Answers that are new.
    pub added: u64,
    /// Answers that were there already, and stay as they were.
    pub known: u64,
}

pub(super) fn export(store: &Store, mut to: impl Write) -> Result<u64, Error> {
    let failed = |error: std::io::Error| {
        Error::fatal("the cache's answers cannot be written out").with_source(error)
    };
    let mut lines = 0;
    store.each(|row| {
        let answer = RawValue::from_string(row.answer).map_err(|_| {
            Error::fatal(format_args!(
                "the cache holds something that is no answer under the key {}; delete that row",
                row.key
            ))
        })?;
        let line = LineOut {
            key: row.key,
            model: &row.model,
            stage: &row.stage,
            prompt_version: &row.prompt_version,
            answer: &answer,
        };
        serde_json::to_writer(&mut to, &line).map_err(|error| failed(error.into()))?;
        to.write_all(b"\n").map_err(failed)?;
        lines += 1;
        Ok(())
    })?;
    to.flush().map_err(failed)?;
    Ok(lines)
}

pub(super) fn import(store: &Store, from: impl BufRead) -> Result<Imported, Error> {
    let mut imported = Imported::default();
    let mut chunk = Vec::new();
    for (number, line) in from.lines().enumerate() {
        let line = line.map_err(|error| {
            Error::fatal(format_args!("line {} cannot be read", number + 1)).with_source(error)
        });
        let row = line.and_then(|line| match line.trim() {
            "" => Ok(None),
            text => parse(text, number + 1).map(Some),
        });
        match row {
            Ok(row) => chunk.extend(row),
            Err(error) => {
                take_in(store, std::mem::take(&mut chunk), &mut imported)?;
                return Err(error);
            }
        }
        if chunk.len() >= CHUNK {
            take_in(store, std::mem::take(&mut chunk), &mut imported)?;
        }
    }
    take_in(store, chunk, &mut imported)?;
    Ok(imported)
}

fn parse(text: &str, number: usize) -> Result<Row, Error> {
    // serde's message may show text, so only the place is told.
    let line: LineIn = serde_json::from_str(text).map_err(|error| {
        Error::rejected(format_args!(
            "line {number} is not an answer as Cache::export writes it (column {})",
            error.column()
        ))
    })?;
    Row::of(
        line.key,
        &line.model,
        &line.stage,
        &line.prompt_version,
        &line.answer,
    )
}

fn take_in(store: &Store, rows: Vec<Row>, imported: &mut Imported) -> Result<(), Error> {
    let all = rows.len() as u64;
    let added = store.write(move |db| {
        let mut added = 0;
        for row in &rows {
            added += u64::from(insert(db, row)?);
        }
        Ok(added)
    })?;
    imported.added += added;
    imported.known += all - added;
    Ok(())
}
