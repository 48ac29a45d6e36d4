//! What comes out: the conversation, what was found, and how much of it.

use std::collections::BTreeMap;
use std::fmt;

use axia_conversation::Conversation;
use serde::{Deserialize, Serialize};

use crate::{Finding, Kind};

/// Whether all texts of a conversation were searched to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScanState {
    /// They were.
    Scanned,
    /// They were not: a recognizer failed, a text was longer than allowed, or replacing did not come to
    /// an end. The texts are withheld, and [`CellCounter::add_unscanned`] closes every cell that the
    /// conversation is counted in.
    ///
    /// [`CellCounter::add_unscanned`]: crate::threshold::CellCounter::add_unscanned
    Unscanned,
}

/// A conversation whose known kinds of personal data were replaced.
///
/// It is pseudonymised, with a risk that remains: what no recognizer knows is still there. It can be
/// written but not read back, so that whoever holds one knows that it came from an anonymizer.
///
/// # Privacy
///
/// `Debug` shows counts only. Serialized, the findings hold no text.
#[derive(Clone, PartialEq, Serialize)]
pub struct Anonymized {
    conversation: Conversation,
    state: ScanState,
    findings: Vec<Vec<Finding>>,
    counts: EntityCounts,
}

impl Anonymized {
    pub(crate) fn new(
        conversation: Conversation,
        findings: Vec<Vec<Finding>>,
        counts: EntityCounts,
    ) -> Self {
        Self {
            conversation,
            state: ScanState::Scanned,
            findings,
            counts,
        }
    }

    /// Without any of its texts.
    pub(crate) fn withheld(mut conversation: Conversation) -> Self {
        for message in &mut conversation.messages {
            message.text.clear();
        }
        conversation.metadata.clear();
        Self {
            findings: vec![Vec::new(); conversation.messages.len()],
            conversation,
            state: ScanState::Unscanned,
            counts: EntityCounts::default(),
        }
    }

    /// Whether all texts were searched to their end. If not, none of them is here.
    #[must_use]
    pub fn state(&self) -> ScanState {
        self.state
    }

    /// The conversation with replacements.
    #[must_use]
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The conversation with replacements, taken out.
    #[must_use]
    pub fn into_conversation(self) -> Conversation {
        self.conversation
    }

    /// The findings that were replaced, one list for each message, with spans of the *original*
    /// message. Metadata values are counted in [`counts`](Self::counts) only.
    #[must_use]
    pub fn findings(&self) -> &[Vec<Finding>] {
        &self.findings
    }

    /// How many spans were replaced and how many distinct entities they were.
    #[must_use]
    pub fn counts(&self) -> &EntityCounts {
        &self.counts
    }
}

impl fmt::Debug for Anonymized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anonymized")
            .field("state", &self.state)
            .field("messages", &self.findings.len())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// Counts of replaced spans and of distinct entities by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCounts {
    spans: BTreeMap<Kind, u64>,
    entities: BTreeMap<Kind, u64>,
}

impl EntityCounts {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaced spans by kind. Kinds without any are absent.
    #[must_use]
    pub fn spans(&self) -> &BTreeMap<Kind, u64> {
        &self.spans
    }

    /// Distinct entities by kind: two mentions of one address are one entity.
    #[must_use]
    pub fn entities(&self) -> &BTreeMap<Kind, u64> {
        &self.entities
    }

    /// All replaced spans.
    #[must_use]
    pub fn total_spans(&self) -> u64 {
        self.spans.values().sum()
    }

    /// All distinct entities.
    #[must_use]
    pub fn total_entities(&self) -> u64 {
        self.entities.values().sum()
    }

    /// Adds the counts of another conversation. Entities are added as well, because nothing links
    /// the entities of two conversations: the same address in two of them counts twice.
    pub fn merge(&mut self, other: &Self) {
        for (kind, n) in &other.spans {
            *self.spans.entry(*kind).or_default() += n;
        }
        for (kind, n) in &other.entities {
            *self.entities.entry(*kind).or_default() += n;
        }
    }

    pub(crate) fn add_span(&mut self, kind: Kind) {
        *self.spans.entry(kind).or_default() += 1;
    }

    pub(crate) fn add_entity(&mut self, kind: Kind) {
        *self.entities.entry(kind).or_default() += 1;
    }
}
