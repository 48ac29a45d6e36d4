//! What is extracted from one conversation.

use axia_conversation::ConversationId;
use serde::{Deserialize, Serialize};

use crate::{ResponseType, ValueMention, strongest_by_label};

/// How far an answer depends on who asks: the four levels of the paper's filter.
///
/// Serialised as the number, 1 to 4.
///
/// # Example
///
/// ```
/// use axia_extract::SubjectivityLevel;
///
/// assert_eq!(SubjectivityLevel::MostlySubjective.number(), 3);
/// assert!(SubjectivityLevel::MostlySubjective.is_subjective());
/// assert_eq!(SubjectivityLevel::from_number(5), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum SubjectivityLevel {
    /// 1: a settled answer, the same for everybody.
    Objective,
    /// 2: established knowledge, adapted a little.
    MostlyObjective,
    /// 3: depends on circumstances, several good ways.
    MostlySubjective,
    /// 4: a matter of preference, belief or feeling.
    Subjective,
}

impl SubjectivityLevel {
    /// All four, from objective to subjective.
    pub const ALL: [Self; 4] = [
        Self::Objective,
        Self::MostlyObjective,
        Self::MostlySubjective,
        Self::Subjective,
    ];

    /// The number of the level, 1 to 4.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Objective => 1,
            Self::MostlyObjective => 2,
            Self::MostlySubjective => 3,
            Self::Subjective => 4,
        }
    }

    /// The level of this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }

    /// Whether the paper's filter keeps a conversation of this level: 3 and 4.
    #[must_use]
    pub fn is_subjective(self) -> bool {
        matches!(self, Self::MostlySubjective | Self::Subjective)
    }
}

impl From<SubjectivityLevel> for u8 {
    fn from(level: SubjectivityLevel) -> Self {
        level.number()
    }
}

impl TryFrom<u8> for SubjectivityLevel {
    type Error = crate::Error;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::from_number(number).ok_or_else(|| crate::Error::level(number))
    }
}

/// The level of subjectivity, and how sure the extractor is of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subjectivity {
    /// The level.
    pub level: SubjectivityLevel,
    /// From 0 to 1. Comparable within one extractor only.
    pub confidence: f32,
}

impl Subjectivity {
    /// A level with a confidence from 0 to 1.
    #[must_use]
    pub fn new(level: SubjectivityLevel, confidence: f32) -> Self {
        Self { level, confidence }
    }
}

/// What the user asks the assistant to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// The task's name.
    pub label: String,
    /// From 0 to 1. Comparable within one extractor only.
    pub confidence: f32,
}

impl Task {
    /// A task with a confidence from 0 to 1.
    pub fn new(label: impl Into<String>, confidence: f32) -> Self {
        Self {
            label: label.into(),
            confidence,
        }
    }
}

/// All that is extracted from one conversation. It holds no text of it.
///
/// # Example
///
/// ```
/// use axia_extract::{
///     Extraction, ResponseType, Stance, Subjectivity, SubjectivityLevel, Task, ValueMention,
/// };
///
/// let subjectivity = Subjectivity::new(SubjectivityLevel::Subjective, 0.9);
/// let extraction = Extraction::new("chat-1", subjectivity)
///     .with_task(Task::new("relationship advice", 0.8))
///     .with_ai_values(vec![ValueMention::new("honesty", Stance::Upholds, 0.7)])
///     .with_human_values(vec![ValueMention::new("fairness", Stance::Upholds, 0.8).stated()])
///     .with_response_type(ResponseType::MildSupport);
/// assert!(extraction.is_subjective());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Extraction {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// How subjective the user's request is.
    pub subjectivity: Subjectivity,
    /// What the user asks for; `None` if nothing fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The values that the assistant shows, each label once, the surest first.
    pub ai_values: Vec<ValueMention>,
    /// The values that the user shows, each label once, the surest first.
    pub human_values: Vec<ValueMention>,
    /// How the assistant treats the user's values.
    pub response_type: ResponseType,
}

impl Extraction {
    /// An extraction without a task or values.
    pub fn new(conversation_id: impl Into<ConversationId>, subjectivity: Subjectivity) -> Self {
        Self {
            conversation_id: conversation_id.into(),
            subjectivity,
            task: None,
            ai_values: Vec::new(),
            human_values: Vec::new(),
            response_type: ResponseType::NoValues,
        }
    }

    /// The same extraction with a task.
    #[must_use]
    pub fn with_task(mut self, task: Task) -> Self {
        self.task = Some(task);
        self
    }

    /// The same extraction with the assistant's values. Of several mentions of a label the
    /// [strongest](strongest_by_label) is kept.
    #[must_use]
    pub fn with_ai_values(mut self, mentions: Vec<ValueMention>) -> Self {
        self.ai_values = strongest_by_label(mentions);
        self
    }

    /// The same extraction with the user's values. Of several mentions of a label the
    /// [strongest](strongest_by_label) is kept.
    #[must_use]
    pub fn with_human_values(mut self, mentions: Vec<ValueMention>) -> Self {
        self.human_values = strongest_by_label(mentions);
        self
    }

    /// The same extraction with a response type.
    #[must_use]
    pub fn with_response_type(mut self, response_type: ResponseType) -> Self {
        self.response_type = response_type;
        self
    }

    /// Whether the paper's filter keeps this conversation: levels 3 and 4.
    #[must_use]
    pub fn is_subjective(&self) -> bool {
        self.subjectivity.level.is_subjective()
    }
}
