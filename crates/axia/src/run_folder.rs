//! The run folder: where each stage keeps its files, and how a stage is known to be done.
//!
//! ```text
//! RUN/private/   conversations and extractions: pseudonymised, inside the trust zone
//! RUN/report/    what has passed the thresholds
//! RUN/stages/    one record for each finished stage: what made it, and digests of its files
//! ```
//!
//! Files of a finished stage appear whole or not at all: they are written beside their place and
//! renamed. What is still growing ends in `.part` and is taken up again by the next run.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use axia_report::{FileDigest, StageRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Stage};

pub(crate) const CONVERSATIONS: &str = "private/conversations.jsonl";
pub(crate) const INPUT: &str = "private/input.json";
pub(crate) const SKIPPED: &str = "private/skipped.txt";
pub(crate) const EXTRACTIONS: &str = "private/extractions.jsonl";
pub(crate) const FAILED: &str = "private/failed.txt";
pub(crate) const ASSOCIATIONS: &str = "private/associations.json";
pub(crate) const TAXONOMY: &str = "report/taxonomy.json";
const LOCK: &str = "stages/lock";

pub(crate) struct RunFolder {
    root: PathBuf,
    /// Held as long as the study runs; the system frees it even if the process is killed.
    _lock: File,
}

impl RunFolder {
    /// Opens or makes the folder, and makes sure that no other study works in it.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        if root.exists() && !root.join("stages").is_dir() {
            let mut entries =
                fs::read_dir(root).map_err(|e| Error::io(root, "read the run folder", e))?;
            if entries.next().is_some() {
                return Err(Error::not_a_run_folder(root));
            }
        }
        for part in ["stages", "private", "report"] {
            let path = root.join(part);
            fs::create_dir_all(&path).map_err(|e| Error::io(&path, "make the folder", e))?;
        }
        let path = root.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| Error::io(&path, "open the lock", e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::busy(root)),
            Err(fs::TryLockError::Error(e)) => return Err(Error::io(&path, "take the lock", e)),
        }
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The record of a stage, if its files are there and were made by the same `key`.
    pub(crate) fn finished(&self, stage: Stage, key: &str) -> Option<StageRecord> {
        let record: StageRecord = self.read_json(&record_name(stage)).ok()?;
        let whole = record.key == key
            && record
                .outputs
                .iter()
                .all(|file| digest_file(&self.root, &file.name).is_ok_and(|now| now == *file));
        whole.then_some(record)
    }

    /// Forgets a stage, so that a run which dies while remaking it is not taken for finished.
    pub(crate) fn forget(&self, stage: Stage) -> Result<(), Error> {
        remove_if_there(&self.path(&record_name(stage)))
    }

    /// Records a stage as finished.
    pub(crate) fn finish(
        &self,
        stage: Stage,
        key: String,
        outputs: &[&str],
    ) -> Result<StageRecord, Error> {
        let outputs = outputs
            .iter()
            .map(|name| digest_file(&self.root, name))
            .collect::<Result<_, _>>()?;
        let record = StageRecord {
            stage: stage.to_string(),
            key,
            outputs,
        };
        self.write_json(&record_name(stage), &record)?;
        Ok(record)
    }

    /// Writes a file whole: beside its place first, then renamed.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = self.path(name);
        let beside = self.path(&format!("{name}.new"));
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|e| Error::io(&path, "write the file", e))
    }

    pub(crate) fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let mut content = Vec::new();
        axia_report::write_json(&mut content, value).map_err(|e| Error::stage(Stage::Report, e))?;
        self.write(name, &content)
    }

    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let path = self.path(name);
        let file = File::open(&path).map_err(|e| Error::io(&path, "open the file", e))?;
        axia_report::read_json(BufReader::new(file)).map_err(|_| Error::damaged(&path, 1))
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        remove_if_there(&self.path(name))
    }

    /// Gives a finished file its final name.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        fs::rename(self.path(from), self.path(to))
            .map_err(|e| Error::io(&self.path(to), "rename the finished file", e))
    }
}

fn record_name(stage: Stage) -> String {
    format!("stages/{stage}.json")
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::io(path, "remove the file", e)),
    }
}

/// Digest of `root/name`, recorded under `name`.
fn digest_file(root: &Path, name: &str) -> Result<FileDigest, Error> {
    let mut digest = digest_path(&root.join(name))?;
    name.clone_into(&mut digest.name);
    Ok(digest)
}

/// Digest of any file, recorded under its name without the folder: a path can name a user.
pub(crate) fn digest_path(path: &Path) -> Result<FileDigest, Error> {
    let mut file = File::open(path).map_err(|e| Error::io(path, "open the file", e))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io(path, "read the file", e)),
        }
    }
    Ok(FileDigest {
        name: path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
        bytes,
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

/// Digest over the parts that decide a stage's result.
pub(crate) fn stage_key(stage: Stage, parts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in std::iter::once(stage.as_str()).chain(parts.iter().map(String::as_str)) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Digest of a file that an earlier stage has written; empty if none has.
pub(crate) fn output_digest(records: &[StageRecord], name: &str) -> String {
    records
        .iter()
        .flat_map(|record| &record.outputs)
        .find(|file| file.name == name)
        .map_or_else(String::new, |file| file.blake3.clone())
}
