//! The bodies of requests and answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::outcome_of_text;
use crate::{Answer, ChatRole, Outcome, Request, Usage};

/// The tool that stands for the answer where a schema is sent as one.
const TOOL: &str = "answer";

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    system: String,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    schema: &'a RawValue,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    description: &'static str,
    input_schema: &'a RawValue,
    strict: bool,
}

#[derive(Serialize)]
struct ToolChoice {
    r#type: &'static str,
    name: &'static str,
}

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a Request, as_tool: bool) -> Self {
        let mut system = String::new();
        let mut messages = Vec::new();
        for message in request.messages() {
            let role = match message.role {
                ChatRole::System => {
                    if !system.is_empty() {
                        system.push_str("\n\n");
                    }
                    system.push_str(&message.text);
                    continue;
                }
                ChatRole::User => "user",
                ChatRole::Assistant => "assistant",
            };
            messages.push(Message {
                role,
                content: &message.text,
            });
        }
        let schema = request.schema().map(|schema| schema.raw());
        let (format, tool) = if as_tool {
            (None, schema)
        } else {
            (schema, None)
        };
        Self {
            model: request.model(),
            max_tokens: request.max_tokens(),
            system,
            messages,
            temperature: request.temperature(),
            top_p: request.top_p(),
            output_config: format.map(|schema| OutputConfig {
                format: Format {
                    r#type: "json_schema",
                    schema,
                },
            }),
            tools: tool.map(|input_schema| {
                [Tool {
                    name: TOOL,
                    description: "Gives the answer in the form that is asked for.",
                    input_schema,
                    strict: true,
                }]
            }),
            tool_choice: tool.map(|_| ToolChoice {
                r#type: "tool",
                name: TOOL,
            }),
        }
    }
}

#[derive(Deserialize)]
struct Reply {
    content: Vec<Block>,
    stop_reason: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Tokens,
}

#[derive(Deserialize)]
struct Block {
    r#type: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    input: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: u64,
    output_tokens: u64,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

/// The answer in a message, if it is one.
pub(super) fn answer(request: &Request, body: &[u8]) -> Option<Answer> {
    let reply: Reply = serde_json::from_slice(body).ok()?;
    let usage = {
        let read = reply.usage.cache_read_input_tokens.unwrap_or(0);
        let written = reply.usage.cache_creation_input_tokens.unwrap_or(0);
        let input = reply
            .usage
            .input_tokens
            .saturating_add(read)
            .saturating_add(written);
        Usage::new(input, reply.usage.output_tokens).with_cached(read)
    };
    let outcome = match reply.stop_reason.as_deref() {
        Some("refusal") => Outcome::Refused,
        Some("max_tokens" | "model_context_window_exceeded" | "pause_turn") => Outcome::Truncated,
        _ => whole(request, reply.content),
    };
    let answer = Answer::new(outcome).with_usage(usage);
    Some(match reply.model {
        Some(model) => answer.with_model(model),
        None => answer,
    })
}

fn whole(request: &Request, content: Vec<Block>) -> Outcome {
    let mut text = String::new();
    for block in content {
        match block.r#type.as_str() {
            "tool_use" if block.name.as_deref() == Some(TOOL) => {
                if let Some(json) = block.input {
                    return Outcome::Completed {
                        text: json.to_string(),
                        json: Some(json),
                    };
                }
            }
            "text" => text.push_str(&block.text.unwrap_or_default()),
            _ => {}
        }
    }
    if text.is_empty() {
        return Outcome::malformed("there is no text", text);
    }
    outcome_of_text(request, text)
}
