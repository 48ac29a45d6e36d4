//! Hands in what has no answer, waits, keeps what comes, and hands in again what is missing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::thread;
use std::time::{Duration, SystemTime};

use super::{BatchParams, BatchProgress, BatchService, BatchState, LostBatch, NamedBatch};
use crate::cache::{OpenBatch, Row};
use crate::{Cache, Error, Request, RequestKey};

/// Results written together, so that the disk is not waited for each time.
const CHUNK: usize = 500;
/// How often a call about batches is repeated, if it fails for a passing reason.
const TRIES: u32 = 8;

/// Answers requests by batches, into a [`Cache`].
///
/// Before a batch is handed in it is written down in the cache's database, and its id as soon as the
/// service has given one. A run that was killed is resumed by the same call: batches under way are
/// found again, and nothing in them is handed in twice. Requests that come back without an answer
/// (lost, expired, failed for a passing reason) are handed in again, up to the number of rounds.
///
/// Afterwards every answer is in the cache, where the same requests find it through
/// [`Cache::over`] and the same service.
#[derive(Clone, Debug)]
pub struct BatchRun {
    params: BatchParams,
}

/// What a run of batches came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BatchSummary {
    /// Requests that are answered, those included that were before.
    pub answered: usize,
    /// Requests without an answer, and why.
    pub failed: BTreeMap<RequestKey, Error>,
    /// Batches handed in by this run.
    pub submitted: usize,
    /// Batches of an earlier run that were taken up.
    pub resumed: usize,
}

struct Work<'a> {
    service: &'a dyn BatchService,
    cache: &'a Cache,
    fingerprint: String,
    params: &'a BatchParams,
    pending: HashMap<RequestKey, Request>,
    rounds: HashMap<RequestKey, u32>,
    open: Vec<OpenBatch>,
    summary: BatchSummary,
}

impl BatchRun {
    pub(super) fn new(params: BatchParams) -> Self {
        Self { params }
    }

    /// Answers all requests, and tells from time to time how far it is.
    ///
    /// # Errors
    ///
    /// If the service cannot be used or the cache not be written. Batches that were handed in stay
    /// written down, and a later run takes them up.
    pub fn run(
        &self,
        service: &dyn BatchService,
        cache: &Cache,
        requests: impl IntoIterator<Item = Request>,
        mut on_progress: impl FnMut(&BatchProgress),
    ) -> Result<BatchSummary, Error> {
        let fingerprint = service.fingerprint();
        let mut work = Work {
            service,
            cache,
            params: &self.params,
            pending: HashMap::new(),
            rounds: HashMap::new(),
            open: cache.store().batches(&fingerprint)?,
            summary: BatchSummary::default(),
            fingerprint,
        };
        for request in requests {
            let key = request.key(&work.fingerprint);
            if work.pending.contains_key(&key) {
                continue;
            }
            if cache.contains(&key)? {
                work.summary.answered += 1;
            } else {
                work.pending.insert(key, request);
            }
        }
        work.take_up()?;
        loop {
            work.hand_in()?;
            on_progress(&work.progress());
            if work.open.is_empty() {
                break;
            }
            if !work.collect()? {
                thread::sleep(self.params.poll_every);
            }
        }
        Ok(work.finish())
    }
}

impl Work<'_> {
    /// Finds the batches of an earlier run.
    fn take_up(&mut self) -> Result<(), Error> {
        let known: Vec<String> = self.open.iter().filter_map(|b| b.id.clone()).collect();
        let mut found = Vec::new();
        for mut batch in std::mem::take(&mut self.open) {
            if batch.id.is_none() {
                batch.id = self.find(&batch, &known)?;
                match &batch.id {
                    Some(id) => self.cache.store().set_batch_id(&batch.name, id)?,
                    // It never reached the service.
                    None => {
                        self.cache.store().remove_batch(&batch.name)?;
                        continue;
                    }
                }
            }
            found.push(batch);
        }
        self.summary.resumed = found.len();
        self.open = found;
        Ok(())
    }

    fn find(&self, batch: &OpenBatch, known: &[String]) -> Result<Option<String>, Error> {
        let lost = LostBatch {
            name: batch.name.clone(),
            requests: batch.keys.len(),
            created: batch.created,
            known: known.to_vec(),
        };
        self.patiently(|| self.service.find(&lost))
    }

    /// Hands in everything that is in no batch and has a round left.
    fn hand_in(&mut self) -> Result<(), Error> {
        let under_way: HashSet<RequestKey> = self
            .open
            .iter()
            .flat_map(|batch| batch.keys.iter().copied())
            .collect();
        let mut keys: Vec<RequestKey> = self
            .pending
            .keys()
            .filter(|key| !under_way.contains(*key))
            .filter(|key| self.rounds.get(*key).copied().unwrap_or(0) < self.params.rounds)
            .copied()
            .collect();
        // The same requests make the same batches.
        keys.sort_unstable();
        let mut start = 0;
        while start < keys.len() {
            let end = self.end_of_batch(&keys, start);
            self.submit(&keys[start..end])?;
            start = end;
        }
        Ok(())
    }

    fn end_of_batch(&self, keys: &[RequestKey], start: usize) -> usize {
        let mut bytes = 0;
        // All requests of a batch name one model: some services want it so.
        let model = self.pending.get(&keys[start]).map(Request::model);
        for (i, key) in keys[start..].iter().enumerate() {
            let Some(request) = self.pending.get(key) else {
                return start + i.max(1);
            };
            bytes += self.service.size(request);
            let full = i >= self.params.requests || bytes > self.params.bytes;
            if i > 0 && (full || Some(request.model()) != model) {
                return start + i;
            }
        }
        keys.len()
    }

    fn submit(&mut self, keys: &[RequestKey]) -> Result<(), Error> {
        let created = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&created.to_le_bytes());
        for key in keys {
            hasher.update(key.as_bytes());
            let round = self.rounds.entry(*key).or_default();
            *round += 1;
            hasher.update(&round.to_le_bytes());
        }
        let mut batch = OpenBatch {
            name: hasher.finalize().to_hex().to_string(),
            id: None,
            keys: keys.to_vec(),
            created,
        };
        self.cache.store().add_batch(&self.fingerprint, &batch)?;
        let requests: Vec<(RequestKey, &Request)> = keys
            .iter()
            .filter_map(|key| Some((*key, self.pending.get(key)?)))
            .collect();
        let named = NamedBatch {
            name: &batch.name,
            requests: &requests,
        };
        let known: Vec<String> = self.open.iter().filter_map(|b| b.id.clone()).collect();
        let mut tries = 0;
        let id = loop {
            tries += 1;
            match self.service.submit(&named) {
                Ok(id) => break id,
                Err(error) if error.is_retryable() && tries < TRIES => {
                    thread::sleep(self.pause(&error, tries));
                    // It may have been taken although the reply got lost.
                    if error.status().is_none()
                        && let Some(id) = self.find(&batch, &known)?
                    {
                        break id;
                    }
                }
                Err(error) => {
                    if !error.is_retryable() {
                        self.cache.store().remove_batch(&batch.name)?;
                    }
                    return Err(error.with_context("a batch was not taken"));
                }
            }
        };
        self.cache.store().set_batch_id(&batch.name, &id)?;
        batch.id = Some(id);
        self.open.push(batch);
        self.summary.submitted += 1;
        Ok(())
    }

    /// Keeps the results of all batches that have ended. Whether there was one.
    fn collect(&mut self) -> Result<bool, Error> {
        let mut running = Vec::new();
        let before = self.open.len();
        for batch in std::mem::take(&mut self.open) {
            let Some(id) = batch.id.clone() else { continue };
            let state = match self.patiently(|| self.service.poll(&id)) {
                // The service has forgotten it, so its requests are asked again.
                Err(error) if error.status() == Some(404) => {
                    self.cache.store().remove_batch(&batch.name)?;
                    continue;
                }
                state => state?,
            };
            if state == BatchState::Running {
                running.push(batch);
                continue;
            }
            self.keep_results(&id)?;
            self.cache.store().remove_batch(&batch.name)?;
        }
        self.open = running;
        Ok(self.open.len() < before)
    }

    fn keep_results(&mut self, id: &str) -> Result<(), Error> {
        let mut rows: Vec<Row> = Vec::new();
        let mut failures = Vec::new();
        let (cache, pending) = (self.cache, &self.pending);
        let mut answered = HashSet::new();
        self.patiently(|| {
            self.service.results(id, pending, &mut |key, result| {
                let Some(request) = pending.get(&key) else {
                    return Ok(());
                };
                match result {
                    Ok(answer) => {
                        if answered.insert(key) {
                            rows.push(Row::new(key, request, &answer)?);
                        }
                    }
                    Err(error) => failures.push((key, error)),
                }
                if rows.len() >= CHUNK {
                    cache.store().put_all(std::mem::take(&mut rows))?;
                }
                Ok(())
            })
        })?;
        cache.store().put_all(rows)?;
        self.summary.answered += answered.len();
        for key in &answered {
            self.pending.remove(key);
        }
        for (key, error) in failures {
            if error.is_fatal() {
                return Err(error.with_context("a batch was answered with"));
            }
            if answered.contains(&key) || !self.pending.contains_key(&key) {
                continue;
            }
            if !error.is_retryable() {
                self.pending.remove(&key);
            }
            self.summary.failed.insert(key, error);
        }
        Ok(())
    }

    /// Repeats a call that changes nothing.
    fn patiently<T>(&self, mut call: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match call() {
                Err(error) if error.is_retryable() && tries < TRIES => {
                    thread::sleep(self.pause(&error, tries));
                }
                result => return result,
            }
        }
    }

    fn pause(&self, error: &Error, tries: u32) -> Duration {
        let doubled = Duration::from_millis(250).saturating_mul(1 << tries.min(10));
        error
            .wait_for()
            .unwrap_or(doubled.min(self.params.poll_every))
    }

    fn progress(&self) -> BatchProgress {
        let under_way = self.open.iter().map(|batch| batch.keys.len()).sum();
        BatchProgress {
            answered: self.summary.answered,
            under_way,
            waiting: self.pending.len().saturating_sub(under_way),
            batches: self.open.len(),
        }
    }

    fn finish(mut self) -> BatchSummary {
        let rounds = self.params.rounds;
        // An error of an earlier round whose request was answered in a later one is of no interest.
        let pending = std::mem::take(&mut self.pending);
        self.summary
            .failed
            .retain(|key, error| pending.contains_key(key) || !error.is_retryable());
        for key in pending.into_keys() {
            self.summary.failed.entry(key).or_insert_with(|| {
                Error::retryable(format_args!("no batch had an answer, {rounds} times"))
            });
        }
        self.summary
    }
}
