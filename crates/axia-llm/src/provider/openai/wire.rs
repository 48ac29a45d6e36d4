//! The bodies of requests and answers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::outcome_of_text;
use super::dialect::{Dialect, OpenAiSchema};
use crate::{Answer, ChatRole, Outcome, Request, Usage};

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonSchema { json_schema: Named<'a> },
    JsonObject { schema: &'a RawValue },
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a RawValue,
}

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a Request, dialect: Dialect) -> Self {
        let mut messages: Vec<Message<'a>> = request
            .messages()
            .iter()
            .map(|message| Message {
                role: match message.role {
                    ChatRole::System => "system",
                    ChatRole::User => "user",
                    ChatRole::Assistant => "assistant",
                },
                content: Cow::Borrowed(message.text.as_str()),
            })
            .collect();
        let schema = request.schema();
        if let (OpenAiSchema::InPrompt, Some(schema), Some(last)) =
            (dialect.schema, schema, messages.last_mut())
        {
            last.content = Cow::Owned(format!(
                "{}\n\nAnswer with one JSON value and nothing else. It must follow this JSON \
                 schema:\n{}",
                last.content,
                schema.as_str()
            ));
        }
        let limit = request.max_tokens();
        Self {
            model: request.model(),
            messages,
            max_tokens: (!dialect.new_limit).then_some(limit),
            max_completion_tokens: dialect.new_limit.then_some(limit),
            temperature: request.temperature(),
            top_p: request.top_p(),
            seed: request.seed(),
            response_format: schema.and_then(|schema| match dialect.schema {
                OpenAiSchema::Auto | OpenAiSchema::JsonSchema => Some(Format::JsonSchema {
                    json_schema: Named {
                        name: "answer",
                        strict: true,
                        schema: schema.raw(),
                    },
                }),
                OpenAiSchema::JsonObject => Some(Format::JsonObject {
                    schema: schema.raw(),
                }),
                OpenAiSchema::InPrompt => None,
            }),
        }
    }
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    finish_reason: Option<String>,
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<InputDetail>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InputDetail {
    cached_tokens: Option<u64>,
}

/// The answer in a completion, if it is one.
pub(super) fn answer(request: &Request, body: &[u8]) -> Option<Answer> {
    let reply: Reply = serde_json::from_slice(body).ok()?;
    let choice = reply.choices.into_iter().next()?;
    let tokens = reply.usage.unwrap_or_default();
    let cached = tokens
        .prompt_tokens_details
        .and_then(|detail| detail.cached_tokens)
        .unwrap_or(0);
    let usage = Usage::new(tokens.prompt_tokens, tokens.completion_tokens).with_cached(cached);
    let text = choice.message.content.unwrap_or_default();
    let outcome = match choice.finish_reason.as_deref() {
        Some("length") => Outcome::Truncated,
        Some("content_filter") => Outcome::Filtered,
        _ if choice
            .message
            .refusal
            .is_some_and(|refusal| !refusal.is_empty()) =>
        {
            Outcome::Refused
        }
        _ if text.is_empty() => Outcome::malformed("there is no text", text),
        _ => outcome_of_text(request, text),
    };
    let answer = Answer::new(outcome).with_usage(usage);
    Some(match reply.model {
        Some(model) => answer.with_model(model),
        None => answer,
    })
}
