//! The report as plain data, and the builder that takes only what has passed the thresholds.

use std::collections::BTreeMap;

use axia_anonymize::threshold::{Released, SuppressionReport};
use axia_taxonomy::TreeRow;
use serde::{Deserialize, Serialize};

use crate::{AssociationRow, EntityCount, Frequency, ResponseTypeShare};

/// What was read. These counts are about the input's records, not about people, so no threshold
/// applies to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSummary {
    /// Names of the files, without their folders.
    pub files: Vec<String>,
    /// Format of each file, as found.
    pub formats: Vec<String>,
    /// Conversations read.
    pub conversations: u64,
    /// Messages read.
    pub messages: u64,
    /// Messages without text, which were dropped.
    pub empty_messages: u64,
    /// Exact duplicates, which were skipped.
    pub duplicates: u64,
    /// Records that hold no conversation by design, such as trace spans of other kinds.
    pub unrelated: u64,
    /// Records skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Conversations without a user id.
    pub conversations_without_user: u64,
}

/// What was replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anonymization {
    /// What the anonymizer can see, and under which settings it ran.
    pub fingerprint: String,
    /// Kinds that enough conversations held to be shown.
    pub replaced: Vec<EntityCount>,
    /// Kinds that were found, but in fewer conversations than the thresholds ask for.
    pub kinds_below_threshold: Vec<String>,
}

/// Share of one subjectivity level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelShare {
    /// The level's name.
    pub level: String,
    /// Conversations of this level.
    pub conversations: u64,
    /// Share of all conversations read, in percent.
    pub pct_conversations_read: f64,
}

impl LevelShare {
    /// `conversations` of `read` conversations are of `level`.
    pub fn new(level: impl Into<String>, conversations: u64, read: u64) -> Self {
        Self {
            level: level.into(),
            conversations,
            pct_conversations_read: crate::rows::percent(conversations, read),
        }
    }
}

/// How many conversations were subjective.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subjectivity {
    /// Subjective conversations (levels 3 and 4): the denominator of every `pct_conversations`. 0 if they
    /// are fewer than the thresholds ask for; then nothing else is shown.
    pub subjective: u64,
    /// Share of all conversations read, in percent.
    pub pct_conversations_read: f64,
    /// Levels that passed the thresholds.
    pub levels: Vec<LevelShare>,
}

/// One table of associations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Associations {
    /// Facet of the rows.
    pub row_facet: String,
    /// Facet of the columns.
    pub column_facet: String,
    /// Which question the figures answer.
    pub estimand: String,
    /// Pairs that were tested: the family that the correction covers.
    pub tests: u64,
    /// Smallest absolute residual that is significant after Bonferroni's correction where the normal p-value decides; sparse
    /// cells have exact p-values, and need not follow it.
    pub critical_residual: Option<f64>,
    /// Level of significance.
    pub alpha: f64,
    /// Published cells, strongest first.
    pub rows: Vec<AssociationRow>,
}

/// Everything that a study publishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// What was read.
    pub input: InputSummary,
    /// What was replaced.
    pub anonymization: Anonymization,
    /// How many conversations were subjective.
    pub subjectivity: Subjectivity,
    /// Tasks, the most frequent first.
    pub tasks: Vec<Frequency>,
    /// AI values that the assistant's messages uphold, the most frequent first.
    pub ai_values: Vec<Frequency>,
    /// AI values that the assistant's messages oppose, the most frequent first.
    pub ai_values_opposed: Vec<Frequency>,
    /// Human values, the most frequent first.
    pub human_values: Vec<Frequency>,
    /// Response types.
    pub response_types: Vec<ResponseTypeShare>,
    /// The taxonomy of AI values, top level first.
    pub taxonomy: Vec<TreeRow>,
    /// Tables of associations.
    pub associations: Vec<Associations>,
    /// What was held back.
    pub suppressed: SuppressionReport,
    /// What a reader must know to read the figures rightly.
    pub notes: Vec<String>,
}

/// Collects what has passed the thresholds.
///
/// Rows come in as [`Released`], which only a gate can make.
#[derive(Debug)]
pub struct ReportBuilder {
    input: InputSummary,
    anonymization: Anonymization,
    subjectivity: Subjectivity,
    tasks: Vec<Frequency>,
    ai_values: Vec<Frequency>,
    ai_values_opposed: Vec<Frequency>,
    human_values: Vec<Frequency>,
    response_types: Vec<ResponseTypeShare>,
    taxonomy: Vec<TreeRow>,
    associations: Vec<Associations>,
    notes: Vec<String>,
}

impl ReportBuilder {
    /// Starts with what is known of the input and of its anonymization.
    #[must_use]
    pub fn new(input: InputSummary, anonymizer_fingerprint: impl Into<String>) -> Self {
        Self {
            input,
            anonymization: Anonymization {
                fingerprint: anonymizer_fingerprint.into(),
                ..Anonymization::default()
            },
            subjectivity: Subjectivity::default(),
            tasks: Vec::new(),
            ai_values: Vec::new(),
            ai_values_opposed: Vec::new(),
            human_values: Vec::new(),
            response_types: Vec::new(),
            taxonomy: Vec::new(),
            associations: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds the kinds of personal data that were replaced, and names those below the thresholds.
    #[must_use]
    pub fn replaced(mut self, rows: &[Released<EntityCount>], below: Vec<String>) -> Self {
        self.anonymization.replaced = values(rows);
        self.anonymization.kinds_below_threshold = below;
        self
    }

    /// Adds how many of the conversations read were subjective.
    #[must_use]
    pub fn subjectivity(
        mut self,
        subjective: &Released<LevelShare>,
        levels: &[Released<LevelShare>],
    ) -> Self {
        self.subjectivity = Subjectivity {
            subjective: subjective.value().conversations,
            pct_conversations_read: subjective.value().pct_conversations_read,
            levels: values(levels),
        };
        self
    }

    /// Adds the tasks.
    #[must_use]
    pub fn tasks(mut self, rows: &[Released<Frequency>]) -> Self {
        self.tasks = values(rows);
        self
    }

    /// Adds the AI values.
    #[must_use]
    pub fn ai_values(mut self, rows: &[Released<Frequency>]) -> Self {
        self.ai_values = values(rows);
        self
    }

    /// Adds the AI values that the assistant's messages oppose.
    #[must_use]
    pub fn ai_values_opposed(mut self, rows: &[Released<Frequency>]) -> Self {
        self.ai_values_opposed = values(rows);
        self
    }

    /// Adds the human values.
    #[must_use]
    pub fn human_values(mut self, rows: &[Released<Frequency>]) -> Self {
        self.human_values = values(rows);
        self
    }

    /// Adds the response types.
    #[must_use]
    pub fn response_types(mut self, rows: &[Released<ResponseTypeShare>]) -> Self {
        self.response_types = values(rows);
        self
    }

    /// Adds the taxonomy.
    #[must_use]
    pub fn taxonomy(mut self, rows: &[Released<TreeRow>]) -> Self {
        self.taxonomy = values(rows);
        self
    }

    /// Adds one table of associations: its head, and the rows that passed.
    #[must_use]
    pub fn associations(mut self, head: Associations, rows: &[Released<AssociationRow>]) -> Self {
        self.associations.push(Associations {
            rows: values(rows),
            ..head
        });
        self
    }

    /// Adds a note for the reader.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Ends with the count of what was held back.
    #[must_use]
    pub fn build(self, suppressed: SuppressionReport) -> Report {
        Report {
            input: self.input,
            anonymization: self.anonymization,
            subjectivity: self.subjectivity,
            tasks: self.tasks,
            ai_values: self.ai_values,
            ai_values_opposed: self.ai_values_opposed,
            human_values: self.human_values,
            response_types: self.response_types,
            taxonomy: self.taxonomy,
            associations: self.associations,
            suppressed,
            notes: self.notes,
        }
    }
}

fn values<T: Clone>(rows: &[Released<T>]) -> Vec<T> {
    rows.iter().map(|row| row.value().clone()).collect()
}
