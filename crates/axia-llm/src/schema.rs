//! The JSON schema of an answer, as the text that is sent.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Error;

/// A JSON schema, kept as its text on one line.
///
/// The text is what the service gets, so the order of the properties is the caller's. That matters:
/// services which constrain the answer make a model write the properties in this order, and a model
/// that must quote before it names does better than one that names first. A schema made from a
/// [`Value`] has whatever order the value has, which is alphabetical unless `serde_json` is built
/// with `preserve_order`.
///
/// # Example
///
/// ```
/// use axia_llm::Schema;
///
/// let schema = Schema::parse(r#"{
///     "type": "object",
///     "properties": { "quote": { "type": "string" }, "name": { "type": "string" } },
///     "required": ["quote", "name"],
///     "additionalProperties": false
/// }"#)?;
/// assert!(schema.as_str().find("quote") < schema.as_str().find("name"));
/// assert!(Schema::parse("[1, 2").is_err());
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(Box<RawValue>);

impl Schema {
    /// The schema that this JSON text states.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or not an object.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let raw: Box<RawValue> = serde_json::from_str(text).map_err(|error| {
            Error::rejected(format_args!(
                "the schema is not JSON: line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        if !raw.get().starts_with('{') {
            return Err(Error::rejected("the schema must be a JSON object"));
        }
        // On one line, since batches are files of lines; and written alike it has the same key.
        RawValue::from_string(without_space(raw.get()))
            .map(Self)
            .map_err(|_| Error::rejected("the schema is not JSON"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The schema as a value, for reading it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }

    #[cfg(any(feature = "anthropic", feature = "openai"))]
    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }
}

/// JSON without the white space between its parts.
fn without_space(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|c| {
            if in_string {
                in_string = escaped || *c != '"';
                escaped = !escaped && *c == '\\';
                return true;
            }
            in_string = *c == '"';
            !matches!(c, ' ' | '\n' | '\r' | '\t')
        })
        .collect()
}

impl From<Value> for Schema {
    fn from(value: Value) -> Self {
        // A value always has a text, so the fallback is never taken.
        Self(RawValue::from_string(value.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Schema {}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({} bytes)", self.as_str().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_through_serde() {
        let text = r#"{"properties":{"z":{},"a":{}},"a":1}"#;
        let schema = Schema::parse(text).unwrap();
        let json = serde_json::to_string(&schema).unwrap();
        assert_eq!(json, text);
        assert_eq!(serde_json::from_str::<Schema>(&json).unwrap(), schema);
    }

    #[test]
    fn is_one_line_and_keeps_its_strings() {
        let text = "{ \"a b\" :\t[1, 2] ,\r\n \"c \\\" d \\\\\" : \" e \" }";
        let schema = Schema::parse(text).unwrap();
        assert_eq!(schema.as_str(), r#"{"a b":[1,2],"c \" d \\":" e "}"#);
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(schema.to_value(), value);
    }

    #[test]
    fn must_be_an_object() {
        assert_eq!(
            Schema::parse("[1]").unwrap_err().to_string(),
            "the schema must be a JSON object"
        );
        assert!(
            Schema::parse("{\n\"a\" 1}")
                .unwrap_err()
                .to_string()
                .contains("line 2")
        );
    }
}
