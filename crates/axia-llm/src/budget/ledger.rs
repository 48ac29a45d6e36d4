//! What a run has spent, by stage and model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cost::Cost;
use crate::Usage;

/// What one stage spent on one model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LedgerLine {
    /// The stage; empty for requests without one.
    pub stage: String,
    /// The model, as requests name it.
    pub model: String,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that were not. They are booked at no cost, since nothing tells whether the service
    /// charged for them.
    pub failed: u64,
    /// What the answered calls used.
    pub usage: Usage,
    /// What they cost.
    pub cost: Cost,
}

/// Every call of a run, added up by stage and model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ledger {
    /// By stage, then by model, in alphabetical order.
    pub lines: Vec<LedgerLine>,
}

impl Ledger {
    /// All lines' costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.lines.iter().map(|line| line.cost).sum()
    }

    /// All lines' usage.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.lines.iter().map(|line| line.usage).sum()
    }
}

/// The ledger while it is being written.
#[derive(Debug, Default)]
pub(crate) struct Book {
    lines: BTreeMap<String, BTreeMap<String, LedgerLine>>,
}

impl Book {
    pub(crate) fn line(&mut self, stage: &str, model: &str) -> &mut LedgerLine {
        let models = self.lines.entry(stage.to_owned()).or_default();
        models
            .entry(model.to_owned())
            .or_insert_with(|| LedgerLine {
                stage: stage.to_owned(),
                model: model.to_owned(),
                ..LedgerLine::default()
            })
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger {
            lines: self
                .lines
                .values()
                .flat_map(|m| m.values().cloned())
                .collect(),
        }
    }
}
