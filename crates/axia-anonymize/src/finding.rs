//! What a recognizer reports: where, which kind, how sure and why.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// One stretch of text that holds personal data.
///
/// # Privacy
///
/// A finding never holds the text that it is about, so it can be logged and counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// Where, in bytes of the text; both ends are on character borders.
    pub span: Range<usize>,
    /// What kind of personal data.
    pub kind: Kind,
    /// How sure, from 0 to 1. A rank within a kind, not a probability.
    pub score: f32,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// One reason behind a finding.
///
/// The strings are names of rules and words of rule tables; a recognizer must never put a piece of
/// the text there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// The rule of this name matched.
    Pattern(Cow<'static, str>),
    /// The validator of this name (a checksum, a registry) accepted the match.
    Validator(Cow<'static, str>),
    /// This word of the rule's table stood near.
    Context(Cow<'static, str>),
    /// This reason spoke against it: it lies in a hash or a UUID, say. Such findings have a score
    /// below every usual threshold.
    Veto(Cow<'static, str>),
    /// It was found only after unusual or invisible characters were folded.
    Folded,
}

impl Finding {
    /// A finding with a score of 1 and no evidence.
    #[must_use]
    pub fn new(kind: Kind, span: Range<usize>) -> Self {
        Self {
            span,
            kind,
            score: 1.0,
            evidence: Vec::new(),
        }
    }

    /// The same finding with a score.
    #[must_use]
    pub fn with_score(mut self, score: f32) -> Self {
        self.score = score;
        self
    }

    /// The same finding with one more reason.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// The recognizer or rule that made the finding: the first [`Evidence::Pattern`].
    #[must_use]
    pub fn recognizer(&self) -> Option<&str> {
        self.evidence.iter().find_map(|e| match e {
            Evidence::Pattern(id) => Some(id.as_ref()),
            _ => None,
        })
    }

    /// Whether a validator accepted it.
    #[must_use]
    pub fn is_validated(&self) -> bool {
        self.evidence
            .iter()
            .any(|e| matches!(e, Evidence::Validator(_)))
    }

    /// Whether a word near it spoke for it.
    #[must_use]
    pub fn has_context(&self) -> bool {
        self.evidence
            .iter()
            .any(|e| matches!(e, Evidence::Context(_)))
    }

    /// How the built-in rules start a finding.
    pub(crate) fn by_rule(kind: Kind, span: Range<usize>, rule: &'static str, score: f32) -> Self {
        Self::new(kind, span)
            .with_score(score)
            .with_evidence(Evidence::Pattern(Cow::Borrowed(rule)))
    }

    pub(crate) fn validated_by(self, validator: &'static str) -> Self {
        self.with_evidence(Evidence::Validator(Cow::Borrowed(validator)))
    }

    /// Adds a reason against, which brings the score below every usual threshold.
    pub(crate) fn vetoed(self, reason: &'static str) -> Self {
        let score = self.score.min(0.1);
        self.with_score(score)
            .with_evidence(Evidence::Veto(Cow::Borrowed(reason)))
    }

    /// Adds a context word, which also raises the score.
    pub(crate) fn near(self, word: Option<&'static str>) -> Self {
        let Some(word) = word else { return self };
        let score = (self.score + 0.1).min(1.0);
        self.with_score(score)
            .with_evidence(Evidence::Context(Cow::Borrowed(word)))
    }
}
