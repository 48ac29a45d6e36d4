//! What can go wrong with one call.

/// What the server does instead of answering, or with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `retry-after-ms`.
    RateLimitMs(u64),
    /// 429 with `retry-after` in (part) seconds, as so many milliseconds.
    RateLimitSeconds(u64),
    /// 429 with `retry-after` as a date that is over.
    RateLimitDate,
    /// 429 without any header.
    RateLimitBare,
    /// 429 of the kind that no waiting helps against.
    SpendLimit,
    /// 402 or the maker's own code for no credit.
    NoCredit,
    /// A status with an error in JSON.
    Status(u16),
    /// A status with `x-should-retry: false`.
    DoNotRetry(u16),
    /// A status with a web page.
    Html(u16),
    /// The connection is closed before any reply.
    Hangup,
    /// The connection is reset in the middle of the body.
    ResetInBody,
    /// The body stops, and the connection stays open for this many milliseconds.
    StopInBody(u64),
    /// The body comes byte by byte, over this many milliseconds.
    SlowDrip(u64),
    /// A whole reply that is not JSON.
    Garbled,
    /// Whole JSON that is no answer.
    OtherJson,
    /// An answer whose text is no JSON.
    NotJson,
    /// An answer whose JSON breaks the schema.
    BreaksSchema,
    /// An answer in a code fence, after thinking tags.
    Fenced,
    /// An answer that was cut off.
    Truncated,
    /// A refusal.
    Refused,
    /// Held back by a filter (a refusal, for Anthropic).
    Filtered,
    /// In a batch: there is no line for it.
    LineMissing,
    /// In a batch: its line is there twice.
    LineTwice,
    /// In a batch: its time was over.
    LineExpired,
}

impl Fault {
    /// Whether the reply is an answer, which is paid for.
    #[must_use]
    pub fn is_answer(self) -> bool {
        matches!(
            self,
            Self::NotJson
                | Self::BreaksSchema
                | Self::Fenced
                | Self::Truncated
                | Self::Refused
                | Self::Filtered
                | Self::SlowDrip(_)
                | Self::LineTwice
        )
    }
}

/// A small seeded stream (SplitMix64), for scripts.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next_u64() % n.max(1)
    }
}
