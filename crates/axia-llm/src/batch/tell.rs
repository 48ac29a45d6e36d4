//! What a batch run tells while it waits.

/// How far a run of batches is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchProgress {
    /// Requests that have an answer in the cache.
    pub answered: usize,
    /// Requests in batches that the service is working on.
    pub under_way: usize,
    /// Requests that are to be handed in, or handed in again.
    pub waiting: usize,
    /// Batches that the service is working on.
    pub batches: usize,
}
