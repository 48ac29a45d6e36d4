//! Keeps every answer on disk, so that none is paid for twice.

mod batches;
mod lines;
mod store;
mod writer;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

pub(crate) use self::batches::OpenBatch;
pub use self::lines::Imported;
pub(crate) use self::store::Row;
use self::store::Store;
use crate::sync::{lock, wait_for};
use crate::{Answer, Error, LanguageModel, Meter, Request, RequestKey, Usage};

/// A durable store of answers, by the [key](Request::key) of their requests. Clones share it.
///
/// - An answer is on disk, synced, before it is handed on. Answers that arrive together are written
///   in one transaction, so that many calls in flight share the wait for the disk.
/// - It is one SQLite database in write-ahead mode: another process can read it, or write to it, at
///   the same time, with this crate or with any SQLite tool (table `answers`).
/// - It holds answers and no request: of what was asked there is only the hash, the model, the
///   stage and the prompt version.
/// - Answers of every kind are kept, since all were paid for: a refusal too. To have those that are
///   of no use asked again, call [`remove_unusable`](Self::remove_unusable).
/// - Of equal requests under way at the same time, one is made and the others wait for its answer.
///   That holds within a process; two processes that ask the same at the same moment both pay.
///
/// Why SQLite: see the crate's `README.md`.
///
/// # Example
///
/// ```
/// use axia_llm::{Answer, Cache, LanguageModel, Request, ScriptedModel};
///
/// let folder = tempfile::tempdir()?;
/// let request = Request::new("m").with_user("Which planet is red?");
/// let model = ScriptedModel::new([Ok(Answer::completed("Mars"))]);
/// for _ in 0..2 {
///     let cache = Cache::open(folder.path().join("answers.db"))?;
///     assert_eq!(cache.over(&model).complete(&request)?.text(), Some("Mars"));
/// }
/// assert_eq!(model.calls(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Cache(Arc<Shared>);

struct Shared {
    store: Store,
    under_way: Mutex<HashSet<RequestKey>>,
    done: Condvar,
}

/// What the answers in a cache used, for one stage and model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CachedUsage {
    /// Answers.
    pub answers: u64,
    /// What they used when they were given.
    pub usage: Usage,
}

impl Cache {
    /// Opens the store in this file, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, is no such store, or was made by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self(Arc::new(Shared {
            store: Store::open(path.as_ref())?,
            under_way: Mutex::default(),
            done: Condvar::new(),
        })))
    }

    /// The layer over a model.
    pub fn over<M: LanguageModel>(&self, inner: M) -> Cached<M> {
        Cached {
            fingerprint: inner.fingerprint(),
            inner,
            cache: self.clone(),
            meter: Meter::default(),
        }
    }

    /// The answer to the request with this key.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub fn get(&self, key: &RequestKey) -> Result<Option<Answer>, Error> {
        self.0.store.get(key)
    }

    /// Whether there is an answer.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub fn contains(&self, key: &RequestKey) -> Result<bool, Error> {
        self.0.store.contains(key)
    }

    /// Keeps the answer to a request; it is on disk when this returns. What is there already stays.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put(&self, key: RequestKey, request: &Request, answer: &Answer) -> Result<(), Error> {
        self.0.store.put(Row::new(key, request, answer)?)
    }

    /// How many answers there are.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub fn len(&self) -> Result<u64, Error> {
        self.0.store.len()
    }

    /// Whether there is no answer.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// What all answers used, by stage and model: what was paid until now, also in earlier runs.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub fn usage(&self) -> Result<BTreeMap<(String, String), CachedUsage>, Error> {
        self.0.store.usage()
    }

    /// Removes the answers that are not [completed](crate::Outcome::Completed), so that the next run
    /// asks for them again. How many there were.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    pub fn remove_unusable(&self) -> Result<u64, Error> {
        self.0.store.remove_unusable()
    }

    /// Writes all answers as JSON Lines, in order of their keys: the same answers give the same
    /// bytes. How many there were.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or the lines not be written.
    pub fn export(&self, to: impl Write) -> Result<u64, Error> {
        lines::export(&self.0.store, to)
    }

    /// Takes in answers from JSON Lines as [`export`](Self::export) writes them. What is there
    /// already stays.
    ///
    /// # Errors
    ///
    /// If the lines cannot be read, or one is no such line: the error tells its number. The lines
    /// before it have been taken in.
    pub fn import(&self, from: impl BufRead) -> Result<Imported, Error> {
        lines::import(&self.0.store, from)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Marks a request as under way, or waits while another thread has it so.
    fn claim(&self, key: RequestKey) -> Claim<'_> {
        let mut under_way = lock(&self.0.under_way);
        while !under_way.insert(key) {
            under_way = wait_for(&self.0.done, under_way, Duration::from_secs(1));
        }
        Claim { cache: self, key }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// Gives a request free again, also when its call panics.
struct Claim<'c> {
    cache: &'c Cache,
    key: RequestKey,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        lock(&self.cache.0.under_way).remove(&self.key);
        self.cache.0.done.notify_all();
    }
}

/// A model whose answers a [`Cache`] keeps.
#[derive(Debug)]
pub struct Cached<M> {
    inner: M,
    fingerprint: String,
    cache: Cache,
    meter: Meter,
}

impl<M> Cached<M> {
    /// The same layer, with its hits told to a meter.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }
}

impl<M: LanguageModel> LanguageModel for Cached<M> {
    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        let key = request.key(&self.fingerprint);
        if let Some(answer) = self.cache.get(&key)? {
            self.meter.cache_hit();
            return Ok(answer);
        }
        let _claim = self.cache.claim(key);
        // Another thread may have got the answer while this one waited.
        if let Some(answer) = self.cache.get(&key)? {
            self.meter.cache_hit();
            return Ok(answer);
        }
        let answer = self.inner.complete(request)?;
        self.cache.put(key, request, &answer)?;
        Ok(answer)
    }
}
