//! What a service tells about its rate limits.

use std::time::Duration;

/// One limit, as it stood when the service answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowance {
    /// How many the service allows, in its window (for most services a minute).
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// How long until the limit is full again.
    pub reset: Duration,
}

impl Allowance {
    /// A limit, what is left of it, and how long until it is full again.
    #[must_use]
    pub fn new(limit: u64, remaining: u64, reset: Duration) -> Self {
        Self {
            limit,
            remaining,
            reset,
        }
    }
}

/// The rate limits that came with an answer or an error. The pace layer learns from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// Calls.
    pub requests: Option<Allowance>,
    /// Tokens read and written together.
    pub tokens: Option<Allowance>,
    /// Tokens read.
    pub input_tokens: Option<Allowance>,
    /// Tokens written.
    pub output_tokens: Option<Allowance>,
}

impl RateLimits {
    /// Whether the service told nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
