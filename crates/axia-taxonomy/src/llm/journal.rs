//! Answers kept as they come, so that a run that was cut off goes on where it was.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::error::Kind;

/// Answers of a model by request: in memory, or in a file to which each answer is appended when it
/// comes. A run with the same file asks only what has no answer yet.
///
/// The file holds answers, which repeat labels and names, and digests of requests.
pub struct Journal {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    answers: BTreeMap<String, Value>,
    file: Option<File>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    request: String,
    answer: Value,
}

impl Journal {
    /// A journal that lasts as long as the program.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            held: Mutex::default(),
        }
    }

    /// Opens a journal, or begins one. A last line that was cut off is taken away.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, or a line before the last is no answer.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(Kind::Io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Kind::Io)?;
        let end = bytes
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |at| at + 1);
        let mut answers = BTreeMap::new();
        let lines = bytes[..end].split(|&b| b == b'\n').enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let line: Line =
                serde_json::from_slice(line).map_err(|e| Error::json(&e).at_line(at + 1))?;
            answers.insert(line.request, line.answer);
        }
        file.set_len(end as u64).map_err(Kind::Io)?;
        file.seek(SeekFrom::End(0)).map_err(Kind::Io)?;
        Ok(Self {
            held: Mutex::new(Held {
                answers,
                file: Some(file),
            }),
        })
    }

    /// Number of answers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held().answers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn get(&self, request: &str) -> Option<Value> {
        self.held().answers.get(request).cloned()
    }

    pub(super) fn put(&self, request: &str, answer: &Value) -> Result<(), Error> {
        let mut held = self.held();
        if let Some(file) = &mut held.file {
            let line = Line {
                request: request.to_owned(),
                answer: answer.clone(),
            };
            let mut line = serde_json::to_vec(&line).map_err(|e| Error::json(&e))?;
            line.push(b'\n');
            file.write_all(&line).map_err(Kind::Io)?;
            // On the disk before it is handed on: it has been paid for.
            file.sync_data().map_err(Kind::Io)?;
        }
        held.answers.insert(request.to_owned(), answer.clone());
        Ok(())
    }

    /// Answers are entered whole, so that a panic elsewhere does no harm.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({} answers)", self.len())
    }
}
