//! One row of each published table.

use serde::{Deserialize, Serialize};

/// Percent with three decimals, as the published data set rounds.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[allow(clippy::cast_precision_loss)] // counts of conversations stay far below 2^53
    let percent = 100.0 * part as f64 / whole as f64;
    (percent * 1000.0).round() / 1000.0
}

/// How many of the subjective conversations show a value or belong to a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Frequency {
    /// The value's or the task's label.
    pub label: String,
    /// Conversations that show it.
    pub conversations: u64,
    /// Share of the subjective conversations, in percent, rounded to three decimals.
    pub pct_conversations: f64,
    /// Lower end of the 95 % Wilson interval of that share, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pct_low: Option<f64>,
    /// Upper end of the 95 % Wilson interval of that share, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pct_high: Option<f64>,
}

impl Frequency {
    /// `conversations` of `subjective` conversations show `label`.
    pub fn new(label: impl Into<String>, conversations: u64, subjective: u64) -> Self {
        Self {
            label: label.into(),
            conversations,
            pct_conversations: percent(conversations, subjective),
            pct_low: None,
            pct_high: None,
        }
    }

    /// The same row with a 95 % interval, given as shares from 0 to 1.
    #[must_use]
    pub fn with_interval(mut self, low: f64, high: f64) -> Self {
        self.pct_low = Some((low * 1e5).round() / 1e3);
        self.pct_high = Some((high * 1e5).round() / 1e3);
        self
    }
}

/// How many of the subjective conversations have a response type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResponseTypeShare {
    /// The response type as the paper names it.
    pub response_type: String,
    /// Conversations with it.
    pub conversations: u64,
    /// Share of the subjective conversations, in percent, rounded to three decimals.
    pub pct_conversations: f64,
}

impl ResponseTypeShare {
    /// `conversations` of `subjective` conversations have the response type.
    pub fn new(response_type: impl Into<String>, conversations: u64, subjective: u64) -> Self {
        Self {
            response_type: response_type.into(),
            conversations,
            pct_conversations: percent(conversations, subjective),
        }
    }
}

/// Personal data of one kind that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EntityCount {
    /// The kind as the placeholders name it (`EMAIL`).
    pub kind: String,
    /// Spans replaced.
    pub spans: u64,
    /// Conversations that held at least one.
    pub conversations: u64,
}

impl EntityCount {
    /// `spans` of `kind` in `conversations`.
    pub fn new(kind: impl Into<String>, spans: u64, conversations: u64) -> Self {
        Self {
            kind: kind.into(),
            spans,
            conversations,
        }
    }
}

/// One cell: how a value goes together with a task, a human value or a response type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssociationRow {
    /// Which question the figures answer: `prevalence`, `mention share` or `pair table`.
    pub estimand: String,
    /// Facet of the row: `task`, `human value` or `response type`.
    pub row_facet: String,
    /// Category of the row.
    pub row: String,
    /// Facet of the column: `AI value`.
    pub column_facet: String,
    /// Category of the column.
    pub column: String,
    /// Conversations that have both.
    pub conversations: u64,
    /// The row's total in the estimand's table.
    pub row_total: u64,
    /// The column's total in the estimand's table.
    pub column_total: u64,
    /// The estimand's denominator.
    pub n: u64,
    /// Expected count if both were independent.
    pub expected: f64,
    /// Adjusted residual: approximately standard normal if both are independent.
    pub adjusted_residual: Option<f64>,
    /// Observed over expected.
    pub lift: Option<f64>,
    /// Share of the column among the row's conversations minus its share among the others.
    pub risk_difference: Option<f64>,
    /// Lower end of the 95 % interval of the risk difference (Newcombe).
    pub risk_difference_low: Option<f64>,
    /// Upper end of the 95 % interval of the risk difference (Newcombe).
    pub risk_difference_high: Option<f64>,
    /// Whether the pair was tested; without a test there is no p-value.
    pub tested: bool,
    /// log10 of the two-sided p-value: exact where the p-value itself underflows.
    pub log10_p: Option<f64>,
    /// Two-sided p-value; 0 where it underflows.
    pub p: Option<f64>,
    /// p-value after Bonferroni's correction over all tested cells of the table.
    pub p_bonferroni: Option<f64>,
    /// p-value after Holm's correction.
    pub p_holm: Option<f64>,
    /// p-value after Benjamini's and Hochberg's correction.
    pub p_benjamini_hochberg: Option<f64>,
    /// Whether the corrected p-value (Bonferroni) is at most alpha.
    pub significant: bool,
}
