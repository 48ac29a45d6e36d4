//! The SQLite database: its tables, and every statement put to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, TransactionBehavior, params};

use super::CachedUsage;
use super::writer::Writer;
use crate::sync::lock;
use crate::{Answer, Error, Request, RequestKey, Usage};

/// "Axia", so that `file` and others can tell such a database from any other.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Axia");
const VERSION: i32 = 1;
/// Reads go on while an answer is being written, and beside each other.
const READERS: usize = 4;
const INSERT: &str = "INSERT OR IGNORE INTO answers (key, model, stage, prompt_version, outcome, \
     input_tokens, output_tokens, cached_input_tokens, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// One answer as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: RequestKey,
    pub(crate) model: String,
    pub(crate) stage: String,
    pub(crate) prompt_version: String,
    pub(crate) outcome: &'static str,
    pub(crate) usage: Usage,
    pub(crate) answer: String,
}

impl Row {
    pub(crate) fn new(key: RequestKey, request: &Request, answer: &Answer) -> Result<Self, Error> {
        Self::of(
            key,
            request.model(),
            request.stage().unwrap_or_default(),
            request.prompt_version().unwrap_or_default(),
            answer,
        )
    }

    pub(crate) fn of(
        key: RequestKey,
        model: &str,
        stage: &str,
        prompt_version: &str,
        answer: &Answer,
    ) -> Result<Self, Error> {
        let json = serde_json::to_string(answer)
            .map_err(|_| Error::fatal("the cache cannot write an answer as JSON"))?;
        Ok(Self {
            key,
            model: model.to_owned(),
            stage: stage.to_owned(),
            prompt_version: prompt_version.to_owned(),
            outcome: answer.outcome.name(),
            usage: answer.usage,
            answer: json,
        })
    }
}

pub(crate) struct Store {
    path: PathBuf,
    readers: [Mutex<Connection>; READERS],
    next_reader: AtomicUsize,
    writer: Writer,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |error| {
            Error::fatal(format_args!(
                "the cache `{}` cannot be opened; give Cache::open a file in a folder that can be \
                 written, on a local disk",
                path.display()
            ))
            .with_source(error)
        };
        let mut writer = connect(path).map_err(failed)?;
        let version = prepare(&mut writer).map_err(failed)?;
        if version != Some(VERSION) {
            return Err(Error::fatal(match version {
                None => format!(
                    "`{}` is a database of something else; give Cache::open another file",
                    path.display()
                ),
                Some(version) => format!(
                    "the cache `{}` has format {version}, and this version of axia-llm knows only \
                     {VERSION}; use the newer version",
                    path.display()
                ),
            }));
        }
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            readers.push(Mutex::new(connect(path).map_err(failed)?));
        }
        let readers = readers
            .try_into()
            .map_err(|_| Error::fatal("the cache has the wrong number of readers"))?;
        Ok(Self {
            path: path.to_owned(),
            readers,
            next_reader: AtomicUsize::new(0),
            writer: Writer::start(writer)?,
        })
    }

    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let number = self.next_reader.fetch_add(1, Relaxed) % READERS;
        query(&lock(&self.readers[number])).map_err(|error| self.failed("read", error))
    }

    fn failed(&self, what: &str, error: rusqlite::Error) -> Error {
        Error::fatal(format_args!(
            "the cache `{}` cannot be {what}",
            self.path.display()
        ))
        .with_source(error)
    }

    pub(crate) fn get(&self, key: &RequestKey) -> Result<Option<Answer>, Error> {
        let json: Option<String> = self.read(|db| {
            db.prepare_cached("SELECT answer FROM answers WHERE key = ?")?
                .query_row([key.as_bytes()], |row| row.get(0))
                .optional()
        })?;
        json.map(|json| self.parse(key, &json)).transpose()
    }

    fn parse(&self, key: &RequestKey, json: &str) -> Result<Answer, Error> {
        // serde's messages may show text, so only the place is told.
        serde_json::from_str(json).map_err(|_| {
            Error::fatal(format_args!(
                "the cache `{}` holds something that is no answer under the key {key}; delete that row",
                self.path.display()
            ))
        })
    }

    pub(crate) fn contains(&self, key: &RequestKey) -> Result<bool, Error> {
        self.read(|db| {
            db.prepare_cached("SELECT 1 FROM answers WHERE key = ?")?
                .exists([key.as_bytes()])
        })
    }

    pub(crate) fn put(&self, row: Row) -> Result<(), Error> {
        self.write(move |db| insert(db, &row).map(|_| ()))
    }

    /// Runs a change in the writer's thread; it is on disk when this returns.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.write(change).map_err(|reason| {
            Error::fatal(format_args!(
                "the cache `{}` cannot be written ({reason}); is the disk full?",
                self.path.display()
            ))
        })
    }

    pub(crate) fn len(&self) -> Result<u64, Error> {
        self.read(|db| db.query_row("SELECT count(*) FROM answers", [], |row| unsigned(row, 0)))
    }

    pub(crate) fn usage(&self) -> Result<BTreeMap<(String, String), CachedUsage>, Error> {
        self.read(|db| {
            let mut query = db.prepare(
                "SELECT stage, model, count(*), sum(input_tokens), sum(output_tokens), \
                 sum(cached_input_tokens) FROM answers GROUP BY stage, model",
            )?;
            let rows = query.query_map([], |row| {
                let usage =
                    Usage::new(unsigned(row, 3)?, unsigned(row, 4)?).with_cached(unsigned(row, 5)?);
                let answers = unsigned(row, 2)?;
                Ok(((row.get(0)?, row.get(1)?), CachedUsage { answers, usage }))
            })?;
            rows.collect()
        })
    }

    pub(crate) fn remove_unusable(&self) -> Result<u64, Error> {
        self.write(|db| db.execute("DELETE FROM answers WHERE outcome <> 'completed'", []))
            .map(|rows| rows as u64)
    }

    /// All rows in order of their keys, one at a time. The outcome is not read back.
    pub(crate) fn each(
        &self,
        mut visit: impl FnMut(Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // A connection of its own, so that a long export holds up no reader.
        let db = connect(&self.path).map_err(|error| self.failed("read", error))?;
        let failed = |error| self.failed("read", error);
        let mut query = db
            .prepare("SELECT key, model, stage, prompt_version, answer FROM answers ORDER BY key")
            .map_err(failed)?;
        let mut rows = query.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(whole_row(row).map_err(failed)?)?;
        }
        Ok(())
    }
}

/// Whether the row is new.
pub(crate) fn insert(db: &Connection, row: &Row) -> rusqlite::Result<bool> {
    db.prepare_cached(INSERT)?
        .execute(params![
            row.key.as_bytes(),
            row.model,
            row.stage,
            row.prompt_version,
            row.outcome,
            signed(row.usage.input_tokens),
            signed(row.usage.output_tokens),
            signed(row.usage.cached_input_tokens),
            row.answer,
        ])
        .map(|rows| rows > 0)
}

fn whole_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        key: RequestKey::from_bytes(row.get(0)?),
        model: row.get(1)?,
        stage: row.get(2)?,
        prompt_version: row.get(3)?,
        outcome: "",
        usage: Usage::default(),
        answer: row.get(4)?,
    })
}

/// SQLite's integers have a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    // Another process may hold the lock for as long as it takes to write.
    db.busy_timeout(Duration::from_secs(30))?;
    // FULL syncs the log at every commit, so that a commit outlives a power cut as well.
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

/// Makes the tables where there are none. The format's number, or `None` if this is the database of
/// something else.
fn prepare(db: &mut Connection) -> rusqlite::Result<Option<i32>> {
    db.pragma_update(None, "journal_mode", "WAL")?;
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let application: i32 = change.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = change.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 =
        change.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == APPLICATION_ID {
        return Ok(Some(version));
    }
    if tables > 0 {
        return Ok(None);
    }
    change.execute_batch(
        "CREATE TABLE answers (
             key BLOB PRIMARY KEY NOT NULL,
             model TEXT NOT NULL,
             stage TEXT NOT NULL,
             prompt_version TEXT NOT NULL,
             outcome TEXT NOT NULL,
             input_tokens INTEGER NOT NULL,
             output_tokens INTEGER NOT NULL,
             cached_input_tokens INTEGER NOT NULL,
             answer TEXT NOT NULL
         ) STRICT;
         CREATE TABLE batches (
             name TEXT PRIMARY KEY NOT NULL,
             provider TEXT NOT NULL,
             id TEXT,
             keys BLOB NOT NULL,
             created INTEGER NOT NULL
         ) STRICT;",
    )?;
    change.pragma_update(None, "application_id", APPLICATION_ID)?;
    change.pragma_update(None, "user_version", VERSION)?;
    change.commit()?;
    Ok(Some(VERSION))
}
