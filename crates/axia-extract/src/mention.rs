//! One value that one side of a conversation shows: a mention.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a speaker stands towards a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Stance {
    /// Acts on it, asks for it or defends it.
    Upholds,
    /// Rejects it, or resists it.
    Opposes,
    /// Speaks about it without taking a side.
    Discusses,
}

impl Stance {
    /// The name as Axia writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upholds => "upholds",
            Self::Opposes => "opposes",
            Self::Discusses => "discusses",
        }
    }
}

impl fmt::Display for Stance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in a conversation the words stand that show a value: a range of bytes, never the words.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, Message, Role};
/// use axia_extract::EvidenceSpan;
///
/// let chat = Conversation::new("c").with_message(Message::new(Role::User, "Honesty first."));
/// let span = EvidenceSpan::new(0, 0, 7);
/// assert_eq!(span.text_in(&chat), Some("Honesty"));
/// assert_eq!(EvidenceSpan::new(0, 0, 700).text_in(&chat), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EvidenceSpan {
    /// Index of the message in the conversation, from 0.
    pub message: usize,
    /// First byte in that message's text.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl EvidenceSpan {
    /// The bytes from `start` up to, but without, `end` of the message with this index.
    #[must_use]
    pub fn new(message: usize, start: usize, end: usize) -> Self {
        Self {
            message,
            start,
            end,
        }
    }

    /// The words themselves, looked up in the conversation.
    ///
    /// `None` if the conversation has no such message, or the range does not lie within its text on
    /// character borders.
    #[must_use]
    pub fn text_in<'c>(
        &self,
        conversation: &'c axia_conversation::Conversation,
    ) -> Option<&'c str> {
        let message = conversation.messages.get(self.message)?;
        message.text.get(self.start..self.end)
    }
}

/// One value in one conversation, on one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ValueMention {
    /// The value's name, in lower case.
    pub label: String,
    /// Whether the speaker names or states it; otherwise the words only demonstrate it.
    pub explicit: bool,
    /// How the speaker stands towards it.
    pub stance: Stance,
    /// Where it shows, if it shows at one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceSpan>,
    /// How sure the extractor is, from 0 to 1. Comparable within one extractor only.
    pub confidence: f32,
}

impl ValueMention {
    /// An implicit mention without evidence.
    pub fn new(label: impl Into<String>, stance: Stance, confidence: f32) -> Self {
        Self {
            label: label.into(),
            explicit: false,
            stance,
            evidence: None,
            confidence,
        }
    }

    /// The same mention, explicit.
    #[must_use]
    pub fn stated(mut self) -> Self {
        self.explicit = true;
        self
    }

    /// The same mention with where it shows.
    #[must_use]
    pub fn with_evidence(mut self, span: EvidenceSpan) -> Self {
        self.evidence = Some(span);
        self
    }
}

/// One mention for each label, the one with the highest confidence (the first of equals), ordered by
/// falling confidence and then by label.
///
/// # Example
///
/// ```
/// use axia_extract::{Stance, ValueMention, strongest_by_label};
///
/// let kept = strongest_by_label(vec![
///     ValueMention::new("honesty", Stance::Upholds, 0.5),
///     ValueMention::new("fairness", Stance::Upholds, 0.6),
///     ValueMention::new("honesty", Stance::Opposes, 0.9),
/// ]);
/// assert_eq!(kept.len(), 2);
/// assert_eq!((kept[0].label.as_str(), kept[0].stance), ("honesty", Stance::Opposes));
/// ```
#[must_use]
pub fn strongest_by_label(mut mentions: Vec<ValueMention>) -> Vec<ValueMention> {
    // Both sorts are stable, so that the first of equals stays first.
    mentions.sort_by(|a, b| {
        let strength = b.confidence.total_cmp(&a.confidence);
        a.label.cmp(&b.label).then(strength)
    });
    mentions.dedup_by(|later, earlier| later.label == earlier.label);
    mentions.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    mentions
}
