//! Many requests in one go, answered within a day at about half the price.

mod run;
mod tell;

use std::collections::HashMap;
use std::time::Duration;

pub use self::run::{BatchRun, BatchSummary};
pub use self::tell::BatchProgress;
use crate::{Answer, Error, Request, RequestKey};

/// A service that takes batches.
///
/// # Contract
///
/// The [fingerprint](Self::fingerprint) is that of the same service's
/// [`LanguageModel`](crate::LanguageModel), so that answers from batches are found by single calls.
/// Every request is known to the service by its key, written as text.
pub trait BatchService: Send + Sync {
    /// Names the service, as [`LanguageModel::fingerprint`](crate::LanguageModel::fingerprint) does.
    fn fingerprint(&self) -> String;

    /// About how many bytes a request takes in a batch.
    fn size(&self, request: &Request) -> usize;

    /// Hands in a batch, and gives the service's id for it.
    ///
    /// # Errors
    ///
    /// If it was not taken, or if it is not known whether it was.
    fn submit(&self, batch: &NamedBatch<'_>) -> Result<String, Error>;

    /// The id of a batch that was handed in, or perhaps was, and whose id got lost.
    ///
    /// # Errors
    ///
    /// If the service cannot be asked.
    fn find(&self, lost: &LostBatch) -> Result<Option<String>, Error>;

    /// How far a batch is.
    ///
    /// # Errors
    ///
    /// If the service cannot be asked.
    fn poll(&self, id: &str) -> Result<BatchState, Error>;

    /// Reads the results of a batch that has ended, one at a time and in any order. A request may
    /// have none, or several.
    ///
    /// # Errors
    ///
    /// If they cannot be read to the end, or `each` fails.
    fn results(
        &self,
        id: &str,
        requests: &HashMap<RequestKey, Request>,
        each: &mut dyn FnMut(RequestKey, Result<Answer, Error>) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

/// A batch to hand in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NamedBatch<'a> {
    /// Our name for it, 64 hexadecimal digits.
    pub name: &'a str,
    /// Its requests.
    pub requests: &'a [(RequestKey, &'a Request)],
}

/// A batch whose id was not written down before the process ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LostBatch {
    /// Our name for it.
    pub name: String,
    /// How many requests it has.
    pub requests: usize,
    /// When it was handed in, in seconds since 1970.
    pub created: u64,
    /// The ids of batches that are known, and so are not this one.
    pub known: Vec<String>,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchState {
    /// It is being worked on.
    Running,
    /// It has ended, whole or not; there may be results.
    Ended,
}

/// How batches are cut, and how they are waited for. See [`BatchRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct BatchParams {
    pub(crate) requests: usize,
    pub(crate) bytes: usize,
    pub(crate) poll_every: Duration,
    pub(crate) rounds: u32,
}

impl Default for BatchParams {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchParams {
    /// The defaults: 10,000 requests or 100 MB in a batch, looked after every minute, three rounds.
    pub fn new() -> Self {
        Self {
            requests: 10_000,
            bytes: 100_000_000,
            poll_every: Duration::from_secs(60),
            rounds: 3,
        }
    }

    /// The most requests in one batch. Services take 50,000 or 100,000.
    pub fn requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// The most bytes in one batch. Services take 200 or 256 MB.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// How often batches are looked after.
    pub fn poll_every(mut self, time: Duration) -> Self {
        self.poll_every = time;
        self
    }

    /// How often a request is handed in at most, if it comes back without an answer.
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// The checked run.
    ///
    /// # Errors
    ///
    /// If a number is 0.
    pub fn build(self) -> Result<BatchRun, Error> {
        if self.requests == 0 || self.bytes == 0 || self.rounds == 0 || self.poll_every.is_zero() {
            return Err(Error::rejected(
                "batch: requests, bytes, rounds and the time between looks must all be above 0",
            ));
        }
        Ok(BatchRun::new(self))
    }
}
