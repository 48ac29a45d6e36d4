//! What the server saw and what it was paid for.

use std::collections::HashMap;

/// Counts by the digest of the question, which is the last user message and all before it.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Questions that arrived.
    pub received: HashMap<u64, u32>,
    /// Answers that were sent to their last byte, and so are paid for.
    pub paid: HashMap<u64, u32>,
    /// Questions in the order of their arrival.
    pub order: Vec<u64>,
    /// Batches that were taken.
    pub batches: u32,
    /// Questions in batches that were taken, by digest.
    pub batched: HashMap<u64, u32>,
}

impl Counts {
    /// All questions that arrived, repeated ones included.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.order.len()
    }

    /// The most that any one question was paid for.
    #[must_use]
    pub fn most_paid(&self) -> u32 {
        self.paid.values().copied().max().unwrap_or(0)
    }
}
