//! What a reader has read so far, in counts.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SkipReason;

/// Counts of what was read, dropped and skipped.
///
/// `Display` says the same in a few lines.
///
/// # Example
///
/// ```
/// use axia_conversation::{ReaderParams, SkipReason};
///
/// let lines = r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " "}]}
/// {"messages": [{"role": "user", "content": "Hi"}]}
/// {"messages": "#;
/// let mut reader = ReaderParams::new().read_from(lines.as_bytes())?;
/// assert_eq!(reader.by_ref().filter(Result::is_ok).count(), 1);
/// let summary = reader.summary();
/// assert_eq!((summary.conversations, summary.duplicates, summary.empty_messages), (1, 1, 1));
/// assert_eq!(summary.skipped[&SkipReason::Truncated], 1);
/// # Ok::<(), axia_conversation::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ReadSummary {
    /// Conversations that the reader yielded.
    pub conversations: u64,
    /// Messages in these conversations.
    pub messages: u64,
    /// Messages that were dropped because they have no text; also those of conversations that were not yielded.
    pub empty_messages: u64,
    /// Conversations with the same user, model and messages as an earlier one.
    pub duplicates: u64,
    /// Records that hold no conversation by design: trace spans of other kinds, events, tool spans.
    pub unrelated: u64,
    /// Skipped records by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Bytes read, after decompression.
    pub bytes: u64,
}

impl ReadSummary {
    /// Skipped records of every reason.
    #[must_use]
    pub fn skipped_records(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Adds the counts of another file.
    pub fn merge(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.empty_messages += other.empty_messages;
        self.duplicates += other.duplicates;
        self.unrelated += other.unrelated;
        for (&reason, &count) in &other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.bytes += other.bytes;
    }
}

impl fmt::Display for ReadSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} with {}, from {}",
            Count(self.conversations, "conversation"),
            Count(self.messages, "message"),
            Count(self.bytes, "byte")
        )?;
        let others = [
            (self.duplicates, "duplicate", ""),
            (self.empty_messages, "empty message", " dropped"),
            (self.unrelated, "record", " of other kinds passed over"),
        ];
        for (count, what, done) in others {
            if count > 0 {
                write!(f, "\n{}{done}", Count(count, what))?;
            }
        }
        let skipped = self.skipped_records();
        if skipped > 0 {
            write!(f, "\n{} skipped:", Count(skipped, "record"))?;
            for (index, (reason, count)) in self.skipped.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(f, "{comma} {count} {reason}")?;
            }
        }
        Ok(())
    }
}

/// A number of things, with an `s` where there is not one.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}
