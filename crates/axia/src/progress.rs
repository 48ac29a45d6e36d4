//! What a study tells while it runs.

use std::fmt;

/// A stage of the study, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Read the conversations, replace personal data.
    Anonymize,
    /// Extract values, task, response type and subjectivity from each conversation.
    Extract,
    /// Build the taxonomy of AI values.
    Taxonomy,
    /// Measure the associations.
    Associate,
    /// Apply the thresholds and write the report.
    Report,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 5] = [
        Self::Anonymize,
        Self::Extract,
        Self::Taxonomy,
        Self::Associate,
        Self::Report,
    ];

    /// The stage's name, as it stands in the manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymize => "anonymize",
            Self::Extract => "extract",
            Self::Taxonomy => "taxonomy",
            Self::Associate => "associate",
            Self::Report => "report",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a stage has come. Numbers only, so that it can be shown and logged anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The stage at work.
    pub stage: Stage,
    /// Conversations done in this stage, those of an earlier run included.
    pub done: u64,
    /// Conversations in all, where known.
    pub total: Option<u64>,
}

/// One stage of a finished run.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct StageRun {
    /// The stage.
    pub stage: Stage,
    /// Whether its files were there already, made by the same inputs and parameters.
    pub reused: bool,
    /// Wall time in seconds.
    pub seconds: f64,
}
