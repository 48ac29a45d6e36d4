//! What a run will cost, before it is made.

use serde::{Deserialize, Serialize};

use super::cost::Cost;
use super::price::Price;
use crate::Usage;

/// A forecast of what a run uses and costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Requests.
    pub calls: u64,
    /// Tokens that will be read, as counted.
    pub input_tokens: u64,
    /// Tokens that are likely to be written.
    pub output_tokens: u64,
    /// What that costs.
    pub likely: Cost,
    /// What it costs if every answer is as long as it may be.
    pub most: Cost,
}

impl Estimate {
    pub(crate) fn add(&mut self, price: &Price, input: u64, limit: u64, written: f64) {
        let output = (limit as f64 * written.clamp(0.0, 1.0)).round() as u64;
        self.calls += 1;
        self.input_tokens += input;
        self.output_tokens += output;
        self.likely += price.cost(Usage::new(input, output));
        self.most += price.cost(Usage::new(input, limit));
    }
}
