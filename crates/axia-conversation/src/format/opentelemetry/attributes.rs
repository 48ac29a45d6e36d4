//! Attributes by their full name, however they were nested.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Attributes whose value is kept whole, as the messages are in it.
const WHOLE: [&str; 8] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.event.content",
    "input.value",
    "output.value",
    "gen_ai.prompt",
    "gen_ai.completion",
];

/// No attribute that matters has a longer name.
const LONGEST_NAME: usize = 128;

/// The attributes of a span or event.
#[derive(Default)]
pub(super) struct Attributes(BTreeMap<String, Value>);

impl Attributes {
    /// From OTLP's list of keys and values, or from an object, nested or not.
    pub(super) fn read(value: Value) -> Self {
        let mut attributes = Self::default();
        match value {
            Value::Array(list) => {
                for entry in list {
                    let Value::Object(mut entry) = entry else {
                        continue;
                    };
                    let value = plain(entry.remove("value").unwrap_or_default());
                    if let Some(key) = entry.get("key").and_then(Value::as_str) {
                        attributes.insert(key, value);
                    }
                }
            }
            Value::Object(object) => {
                for (key, value) in object {
                    attributes.insert(&key, value);
                }
            }
            // Tables hold the attributes as a text of JSON.
            Value::String(text) => {
                if let Ok(value @ (Value::Object(_) | Value::Array(_))) =
                    serde_json::from_str(&text)
                {
                    return Self::read(value);
                }
            }
            _ => {}
        }
        attributes
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Takes objects and lists of objects apart, so that `llm.input_messages` has the same names
    /// whether the exporter flattened it or not.
    pub(super) fn insert(&mut self, name: &str, value: Value) {
        match value {
            Value::Null => {}
            _ if name.len() > LONGEST_NAME => {}
            Value::Object(inner) if !self.is_whole(name, &inner) => {
                for (key, value) in inner {
                    self.insert(&format!("{name}.{key}"), value);
                }
            }
            Value::Array(list)
                if !WHOLE.contains(&name) && list.iter().any(|v| v.is_object() || v.is_array()) =>
            {
                for (index, value) in list.into_iter().enumerate() {
                    self.insert(&format!("{name}.{index}"), value);
                }
            }
            Value::String(text) if is_message_list(name) => {
                match serde_json::from_str::<Value>(&text) {
                    Ok(Value::Array(list)) => self.insert(name, Value::Array(list)),
                    _ => {
                        self.0.insert(name.to_owned(), Value::String(text));
                    }
                }
            }
            value => {
                self.0.insert(name.to_owned(), value);
            }
        }
    }

    /// `gen_ai.prompt` is a whole value, unless it is the root of flattened ones.
    fn is_whole(&self, name: &str, inner: &Map<String, Value>) -> bool {
        WHOLE.contains(&name) && !inner.keys().any(|key| is_index(key))
    }

    /// The entries of a flattened list, each with what is behind its index.
    pub(super) fn indexed(&self, prefix: &str) -> BTreeMap<u64, Vec<(&str, &Value)>> {
        let mut entries: BTreeMap<u64, Vec<(&str, &Value)>> = BTreeMap::new();
        let from = format!("{prefix}.");
        for (name, value) in self.0.range(from.clone()..) {
            let Some(rest) = name.strip_prefix(&from) else {
                break;
            };
            let (index, rest) = rest.split_once('.').unwrap_or((rest, ""));
            if let Ok(index) = index.parse() {
                entries.entry(index).or_default().push((rest, value));
            }
        }
        entries
    }
}

fn is_index(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit())
}

fn is_message_list(name: &str) -> bool {
    matches!(name, "llm.input_messages" | "llm.output_messages")
}

/// The plain value of an OTLP value, which says its type.
fn plain(value: Value) -> Value {
    let Value::Object(mut typed) = value else {
        return value;
    };
    if typed.len() != 1 {
        return Value::Object(typed);
    }
    let Some(kind) = typed.keys().next().cloned() else {
        return Value::Null;
    };
    let inner = typed.remove(&kind).unwrap_or_default();
    match kind.as_str() {
        "stringValue" | "string_value" | "boolValue" | "bool_value" | "doubleValue"
        | "double_value" | "intValue" | "int_value" => inner,
        "arrayValue" | "array_value" => {
            let Value::Object(mut list) = inner else {
                return Value::Array(Vec::new());
            };
            match list.remove("values") {
                Some(Value::Array(values)) => values.into_iter().map(plain).collect(),
                _ => Value::Array(Vec::new()),
            }
        }
        "kvlistValue" | "kvlist_value" => {
            let Value::Object(mut list) = inner else {
                return Value::Null;
            };
            let Some(Value::Array(values)) = list.remove("values") else {
                return Value::Object(Map::new());
            };
            let mut object = Map::new();
            for mut entry in values {
                let value = entry.get_mut("value").map(Value::take).unwrap_or_default();
                if let Some(key) = entry.get("key").and_then(Value::as_str) {
                    object.insert(key.to_owned(), plain(value));
                }
            }
            Value::Object(object)
        }
        _ => {
            typed.insert(kind, inner);
            Value::Object(typed)
        }
    }
}
