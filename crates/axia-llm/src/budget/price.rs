//! What models charge: a table that the user can read, change and replace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cost::Cost;
use crate::{Error, Usage};

/// What a model charges, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Price {
    /// For tokens read.
    pub input: f64,
    /// For tokens written.
    pub output: f64,
    /// For tokens read that the service had in its cache; as `input`, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
}

impl Price {
    /// A price for reading and for writing, in dollars for a million tokens.
    #[must_use]
    pub fn new(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            cached_input: None,
        }
    }

    /// What a call costs that used so much.
    #[must_use]
    pub fn cost(&self, usage: Usage) -> Cost {
        let each = |per_million: f64| Cost::from_usd(per_million / 1e6);
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        each(self.input).times(usage.input_tokens - cached)
            + each(self.cached_input.unwrap_or(self.input)).times(cached)
            + each(self.output).times(usage.output_tokens)
    }

    fn is_valid(&self) -> bool {
        [self.input, self.output, self.cached_input.unwrap_or(0.0)]
            .iter()
            .all(|price| *price >= 0.0 && price.is_finite())
    }
}

/// Prices by the name of the model.
///
/// A name that ends in `*` stands for all that begin alike; of several that fit, the longest holds,
/// and a full name before any of them. As JSON the table is an object from names to prices.
///
/// # Example
///
/// ```
/// use axia_llm::{Price, PriceTable, Usage};
///
/// let prices = PriceTable::parse(r#"{
///     "big-*": { "input": 3.0, "output": 15.0, "cached_input": 0.3 },
///     "*": { "input": 0, "output": 0 }
/// }"#)?;
/// let cost = prices.price("big-2").unwrap().cost(Usage::new(1_000_000, 100_000));
/// assert_eq!(cost.usd(), 4.5);
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceTable {
    models: BTreeMap<String, Price>,
}

impl PriceTable {
    /// A table without any price.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A few list prices, for a first estimate. Prices change and this table does not know of it:
    /// look yours up, and put them in with [`with`](Self::with) or [`parse`](Self::parse).
    #[must_use]
    pub fn examples() -> Self {
        Self::parse(include_str!("prices.json")).unwrap_or_default()
    }

    /// A table in which every model costs nothing, for servers of your own.
    #[must_use]
    pub fn free() -> Self {
        Self::new().with("*", Price::new(0.0, 0.0))
    }

    /// The table that this JSON states.
    ///
    /// # Errors
    ///
    /// If the text is not such a table, or a price is negative.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let table: Self = serde_json::from_str(json).map_err(|error| {
            Error::rejected("the price table cannot be read").with_source(error)
        })?;
        match table.models.iter().find(|(_, price)| !price.is_valid()) {
            None => Ok(table),
            Some((model, _)) => Err(Error::rejected(format_args!(
                "the price of `{model}` must not be negative"
            ))),
        }
    }

    /// The same table with the price of a model, or of all whose names begin alike if it ends in
    /// `*`.
    #[must_use]
    pub fn with(mut self, model: impl Into<String>, price: Price) -> Self {
        self.models.insert(model.into(), price);
        self
    }

    /// The price of a model.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<&Price> {
        self.models.get(model).or_else(|| {
            self.models
                .iter()
                .filter(|(name, _)| {
                    name.strip_suffix('*')
                        .is_some_and(|start| model.starts_with(start))
                })
                .max_by_key(|(name, _)| name.len())
                .map(|(_, price)| price)
        })
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // The numbers are exact.
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_holds() {
        let table = PriceTable::free()
            .with("a-*", Price::new(1.0, 1.0))
            .with("a-b*", Price::new(2.0, 2.0))
            .with("a-b", Price::new(3.0, 3.0));
        let input = |model| table.price(model).unwrap().input;
        assert_eq!(
            [input("x"), input("a-c"), input("a-bc"), input("a-b")],
            [0.0, 1.0, 2.0, 3.0]
        );
        assert!(PriceTable::new().price("x").is_none());
    }

    #[test]
    fn examples_are_a_table() {
        let examples = PriceTable::examples();
        assert!(examples.models.len() > 3);
        let json = serde_json::to_string(&examples).unwrap();
        assert_eq!(PriceTable::parse(&json).unwrap(), examples);
    }

    #[test]
    fn bad_tables_are_refused() {
        assert!(PriceTable::parse("[]").is_err());
        assert!(PriceTable::parse(r#"{"m": {"input": 1}}"#).is_err());
        let error = PriceTable::parse(r#"{"m": {"input": -1, "output": 0}}"#).unwrap_err();
        assert!(error.to_string().contains("`m`"));
    }

    #[test]
    fn cached_tokens_have_their_own_price() {
        let mut price = Price::new(2.0, 10.0);
        price.cached_input = Some(0.5);
        let usage = Usage::new(1_000_000, 0).with_cached(500_000);
        assert_eq!(price.cost(usage), Cost::from_usd(1.25));
    }
}
