//! What comes back from a model: an outcome, what it cost, and the call's id.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::RateLimits;

/// How a call ended that was answered.
///
/// Only [`Completed`](Self::Completed) can be used. The others are answers too: they were paid for,
/// and the same request is likely to end the same way again.
///
/// # Privacy
///
/// `Debug` shows the length of a text, never the text.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A whole answer.
    Completed {
        /// What the model wrote.
        text: String,
        /// The same as JSON: always there if the request had a schema.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        json: Option<Value>,
    },
    /// The answer reached the limit on its length.
    Truncated,
    /// The model declined.
    Refused,
    /// The service's content filter held the answer back.
    Filtered,
    /// There was an answer that does not have the form asked for.
    Malformed {
        /// What was wrong, without any of the text.
        reason: String,
        /// What the model wrote, so that it can be shown what was wrong with it.
        #[serde(default)]
        text: String,
    },
}

impl Outcome {
    /// An answer of the wrong form, and why; the reason must not hold any of the text.
    pub fn malformed(reason: impl fmt::Display, text: impl Into<String>) -> Self {
        Self::Malformed {
            reason: reason.to_string(),
            text: text.into(),
        }
    }

    /// The name of the outcome, as serialised.
    ///
    /// ```
    /// assert_eq!(axia_llm::Outcome::Refused.name(), "refused");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Completed { .. } => "completed",
            Self::Truncated => "truncated",
            Self::Refused => "refused",
            Self::Filtered => "filtered",
            Self::Malformed { .. } => "malformed",
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed { text, json } => f
                .debug_struct("Completed")
                .field("text", &format_args!("{} bytes", text.len()))
                .field("json", &json.is_some())
                .finish(),
            Self::Truncated => f.write_str("Truncated"),
            Self::Refused => f.write_str("Refused"),
            Self::Filtered => f.write_str("Filtered"),
            Self::Malformed { reason, text } => f
                .debug_struct("Malformed")
                .field("reason", reason)
                .field("text", &format_args!("{} bytes", text.len()))
                .finish(),
        }
    }
}

/// What a call used, in tokens. Usages add up, and adding never overflows.
///
/// # Example
///
/// ```
/// use axia_llm::Usage;
///
/// let total: Usage = [Usage::new(100, 20), Usage::new(50, 5)].into_iter().sum();
/// assert_eq!(total.input_tokens, 150);
/// assert_eq!(total.output_tokens, 25);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens read, those from a cache included.
    pub input_tokens: u64,
    /// Tokens written, hidden reasoning included.
    pub output_tokens: u64,
    /// Of the tokens read, those that the service had in its cache.
    #[serde(default)]
    pub cached_input_tokens: u64,
}

impl Usage {
    /// Tokens read and written, none of them from a cache.
    #[must_use]
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            cached_input_tokens: 0,
        }
    }

    /// The same usage with a number of tokens read from a cache.
    #[must_use]
    pub fn with_cached(mut self, cached_input_tokens: u64) -> Self {
        self.cached_input_tokens = cached_input_tokens;
        self
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cached_input_tokens: self
                .cached_input_tokens
                .saturating_add(other.cached_input_tokens),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), Add::add)
    }
}

/// A model's answer to one request.
///
/// # Example
///
/// ```
/// use axia_llm::{Answer, Outcome, Usage};
///
/// let answer = Answer::new(Outcome::Refused).with_usage(Usage::new(812, 9));
/// assert_eq!(answer.text(), None);
/// assert_eq!(Answer::completed("yes").text(), Some("yes"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// How the call ended.
    pub outcome: Outcome,
    /// What it used.
    #[serde(default)]
    pub usage: Usage,
    /// The service's own id of the call, for its support desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The model that answered, as the service names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The rate limits that the service told along with the answer. They are of the moment, and so
    /// not serialised.
    #[serde(skip)]
    pub rate_limits: Option<RateLimits>,
}

impl Answer {
    /// An answer that used nothing and has no id.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            usage: Usage::default(),
            request_id: None,
            model: None,
            rate_limits: None,
        }
    }

    /// A whole answer in free text.
    pub fn completed(text: impl Into<String>) -> Self {
        Self::new(Outcome::Completed {
            text: text.into(),
            json: None,
        })
    }

    /// A whole answer in JSON.
    #[must_use]
    pub fn json(value: Value) -> Self {
        Self::new(Outcome::Completed {
            text: value.to_string(),
            json: Some(value),
        })
    }

    /// The same answer with what it used.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The same answer with the service's id of the call.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The same answer with the name of the model that gave it.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The same answer with the rate limits that the service told.
    #[must_use]
    pub fn with_rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(limits);
        self
    }

    /// The JSON, if the answer is whole and was to be JSON.
    #[must_use]
    pub fn as_json(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::Completed { json, .. } => json.as_ref(),
            _ => None,
        }
    }

    /// The text, if the answer is whole.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Completed { text, .. } => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_text() {
        let answer = Answer::json(serde_json::json!({"value": "secret"}));
        let shown = format!("{answer:?}");
        assert!(!shown.contains("secret"));
        assert!(shown.contains("18 bytes"));
    }

    #[test]
    fn every_outcome_round_trips() {
        let outcomes = [
            Outcome::Completed {
                text: "a".into(),
                json: None,
            },
            Outcome::Truncated,
            Outcome::Refused,
            Outcome::Filtered,
            Outcome::malformed("not an object", "[]"),
        ];
        for outcome in outcomes {
            let answer = Answer::new(outcome)
                .with_usage(Usage::new(1, 2).with_cached(1))
                .with_request_id("req-1")
                .with_model("m-1");
            let json = serde_json::to_string(&answer).unwrap();
            assert_eq!(serde_json::from_str::<Answer>(&json).unwrap(), answer);
        }
    }

    #[test]
    fn adding_usage_saturates() {
        let sum = Usage::new(u64::MAX, 1) + Usage::new(1, 1);
        assert_eq!(sum, Usage::new(u64::MAX, 2));
    }
}
