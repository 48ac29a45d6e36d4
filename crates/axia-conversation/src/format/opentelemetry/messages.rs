//! The messages of a span, wherever its conventions put them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Event, Span};
use crate::json::{ChatMessage, push_messages, push_payload};
use crate::record_error::Problem;
use crate::{Message, Role};

/// Attributes that hold messages as they are.
const INPUT: &str = "gen_ai.input.messages";
const OUTPUT: &str = "gen_ai.output.messages";
const INSTRUCTIONS: &str = "gen_ai.system_instructions";

/// Flattened lists: of OpenInference, then of early instrumentations for the older conventions.
const FLATTENED: [(&str, &str); 2] = [
    ("llm.input_messages", "llm.output_messages"),
    ("gen_ai.prompt", "gen_ai.completion"),
];

impl Span {
    /// Whether the texts were captured, in any way.
    pub(super) fn has_content(&self) -> bool {
        let whole = [
            INPUT,
            OUTPUT,
            "gen_ai.prompt",
            "gen_ai.completion",
            "input.value",
            "output.value",
        ];
        self.attribute(&whole).is_some()
            || FLATTENED.iter().any(|(input, output)| {
                [input, output]
                    .into_iter()
                    .any(|list| !self.attributes.indexed(list).is_empty())
            })
            || self.events.iter().any(|event| event.said().is_some())
    }

    /// All messages, input first.
    pub(super) fn messages(&self) -> Result<Vec<Message>, Problem> {
        let mut messages = Vec::new();
        if self.attribute(&[INPUT, OUTPUT]).is_some() {
            self.push_whole(INSTRUCTIONS, Role::System, &mut messages)?;
            self.push_whole(INPUT, Role::User, &mut messages)?;
            self.push_whole(OUTPUT, Role::Assistant, &mut messages)?;
            return Ok(messages);
        }
        for (input, output) in FLATTENED {
            let (input, output) = (
                self.attributes.indexed(input),
                self.attributes.indexed(output),
            );
            if !input.is_empty() || !output.is_empty() {
                push_flattened(input, Role::User, &mut messages)?;
                push_flattened(output, Role::Assistant, &mut messages)?;
                return Ok(messages);
            }
        }
        for event in &self.events {
            if let Some(role) = event.said() {
                event.push(role, &mut messages)?;
            }
        }
        if !messages.is_empty() {
            return Ok(messages);
        }
        for (name, role) in [
            ("gen_ai.prompt", Role::User),
            ("gen_ai.completion", Role::Assistant),
            ("input.value", Role::User),
            ("output.value", Role::Assistant),
        ] {
            // Input and output of the one convention or the other, not of both.
            if name == "input.value" && !messages.is_empty() {
                break;
            }
            self.push_whole(name, role, &mut messages)?;
        }
        Ok(messages)
    }

    fn push_whole(&self, name: &str, role: Role, out: &mut Vec<Message>) -> Result<(), Problem> {
        match self.attribute(&[name]) {
            Some(value) => push_payload(&value.to_string(), role, out),
            None => Ok(()),
        }
    }
}

impl Event {
    /// Whose words the event holds, if any.
    fn said(&self) -> Option<Role> {
        let role = match self.name.as_str() {
            "gen_ai.system.message" => Role::System,
            "gen_ai.user.message" => Role::User,
            "gen_ai.assistant.message" | "gen_ai.choice" => Role::Assistant,
            "gen_ai.tool.message" => Role::Tool,
            _ => return None,
        };
        let has = |name| self.attributes.get(name).is_some();
        [
            "content",
            "message",
            "gen_ai.event.content",
            "message.content",
        ]
        .into_iter()
        .any(has)
        .then_some(role)
    }

    fn push(&self, role: Role, out: &mut Vec<Message>) -> Result<(), Problem> {
        for name in [
            "gen_ai.event.content",
            "message",
            "content",
            "message.content",
        ] {
            if let Some(value) = self.attributes.get(name) {
                return push_payload(&value.to_string(), role, out);
            }
        }
        Ok(())
    }
}

/// Messages of which each field is an attribute: `<index>.message.role`, `<index>.role`.
fn push_flattened(
    messages: BTreeMap<u64, Vec<(&str, &Value)>>,
    role: Role,
    out: &mut Vec<Message>,
) -> Result<(), Problem> {
    for (index, fields) in messages {
        let mut message = json!({});
        let mut parts: BTreeMap<u64, Value> = BTreeMap::new();
        let mut calls: BTreeMap<u64, Value> = BTreeMap::new();
        for (name, value) in fields {
            let name = name.strip_prefix("message.").unwrap_or(name);
            match name {
                "role" => message["role"] = value.clone(),
                "content" => message["content"] = content(value),
                "function_call_name" => {
                    calls.insert(0, json!({ "name": value }));
                }
                _ => {
                    if let Some((index, rest)) = listed(name, "contents.") {
                        let part = parts.entry(index).or_insert_with(|| json!({}));
                        match rest.strip_prefix("message_content.").unwrap_or(rest) {
                            "type" => part["type"] = value.clone(),
                            "text" => part["text"] = value.clone(),
                            _ => {}
                        }
                    } else if let Some((index, rest)) = listed(name, "tool_calls.") {
                        let call = calls.entry(index).or_insert_with(|| json!({}));
                        if matches!(rest, "tool_call.function.name" | "function.name" | "name") {
                            call["name"] = value.clone();
                        }
                    }
                }
            }
        }
        if !parts.is_empty() {
            message["content"] = parts.into_values().collect();
        }
        if !calls.is_empty() {
            message["tool_calls"] = calls.into_values().collect();
        }
        if message.get("role").is_none() {
            message["role"] = role.as_str().into();
        }
        let read =
            ChatMessage::deserialize(&message).map_err(|error| Problem::from_json(&error))?;
        push_messages(vec![read], out).map_err(|problem| match problem {
            Problem::Role { missing, .. } => Problem::Role {
                message: usize::try_from(index)
                    .unwrap_or(usize::MAX)
                    .saturating_add(1),
                missing,
            },
            other => other,
        })?;
    }
    Ok(())
}

/// The index and the rest of a name like `contents.3.message_content.text`.
fn listed<'a>(name: &'a str, list: &str) -> Option<(u64, &'a str)> {
    let (index, rest) = name.strip_prefix(list)?.split_once('.')?;
    Some((index.parse().ok()?, rest))
}

/// Some instrumentations write the parts of a content as a string of JSON.
fn content(value: &Value) -> Value {
    let parts = value
        .as_str()
        .filter(|text| text.trim_start().starts_with("[{"))
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    parts.unwrap_or_else(|| value.clone())
}
