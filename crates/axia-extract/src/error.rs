//! What can go wrong when values are read out of conversations.

use std::fmt;

/// An error of this crate. It never holds any text of a conversation.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("the lexicon is not valid JSON of its form, at line {line}, column {column}")]
    Json {
        line: usize,
        column: usize,
        source: serde_json::Error,
    },
    #[error("lexicon, {place}: {problem}")]
    Lexicon { place: String, problem: String },
    #[error("subjectivity level must be 1 to 4, got {0}")]
    Level(u8),
    #[error("{0}")]
    Extractor(String),
    #[error("conversation {id}: {reason}")]
    Conversation { id: String, reason: String },
}

impl Error {
    /// An extractor's own failure. The reason must not hold any text of a conversation.
    pub fn extractor(reason: impl fmt::Display) -> Self {
        Self(Kind::Extractor(reason.to_string()))
    }

    /// A failure on one conversation, such as an answer of no use; others may go well. The reason must
    /// not hold any text of the conversation.
    pub fn conversation(id: &axia_conversation::ConversationId, reason: impl fmt::Display) -> Self {
        Self(Kind::Conversation {
            id: id.to_string(),
            reason: reason.to_string(),
        })
    }

    /// Whether only one conversation failed: a study counts it and goes on.
    #[must_use]
    pub fn is_conversation(&self) -> bool {
        matches!(self.0, Kind::Conversation { .. })
    }

    /// Whether a lexicon was refused.
    #[must_use]
    pub fn is_lexicon(&self) -> bool {
        matches!(self.0, Kind::Json { .. } | Kind::Lexicon { .. })
    }

    pub(crate) fn json(source: serde_json::Error) -> Self {
        Self(Kind::Json {
            line: source.line(),
            column: source.column(),
            source,
        })
    }

    pub(crate) fn lexicon(place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self(Kind::Lexicon {
            place: place.to_string(),
            problem: problem.to_string(),
        })
    }

    pub(crate) fn level(number: u8) -> Self {
        Self(Kind::Level(number))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
