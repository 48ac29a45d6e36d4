//! Answers and errors in both makers' forms.

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::http::Reply;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    Anthropic,
    OpenAi,
}

/// What was asked, as far as the server looks.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) digest: u64,
    pub(crate) last: String,
    pub(crate) wants_json: bool,
    pub(crate) as_tool: bool,
}

/// FNV-1a, so that every process names a question alike.
pub(crate) fn digest(bytes: &[u8], start: u64) -> u64 {
    bytes
        .iter()
        .fold(start ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        })
}

/// The JSON with which the server answers a question that is this one message.
#[must_use]
pub fn echo(message: &str) -> Value {
    json!({ "echo": format!("{:016x}", digest(message.as_bytes(), 0)) })
}

impl Question {
    pub(crate) fn read(body: &Value) -> Option<Self> {
        let messages = body.get("messages")?.as_array()?;
        let text = |message: &Value| {
            message
                .get("content")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let all = messages
            .iter()
            .fold(0, |hash, message| digest(text(message).as_bytes(), hash));
        let first_user = messages.iter().find(|m| m["role"] == "user")?;
        Some(Self {
            digest: all,
            last: text(first_user),
            wants_json: body.get("output_config").is_some()
                || body.get("tools").is_some()
                || body.get("response_format").is_some()
                || text(messages.last()?).contains("JSON schema"),
            as_tool: body.get("tools").is_some(),
        })
    }
}

/// A whole answer.
pub(crate) fn answer(maker: Maker, question: &Question, fault: Option<Fault>) -> Value {
    let good = echo(&question.last);
    let text = match fault {
        Some(Fault::NotJson) => "It is an echo.".to_owned(),
        Some(Fault::BreaksSchema) => json!({ "ohce": 1 }).to_string(),
        Some(Fault::Fenced) => format!("<think>an echo?</think>\n```json\n{good}\n```"),
        _ => good.to_string(),
    };
    let input = question.last.len() as u64 / 4 + 4;
    match maker {
        Maker::Anthropic => {
            let stop = match fault {
                Some(Fault::Truncated) => "max_tokens",
                Some(Fault::Refused | Fault::Filtered) => "refusal",
                _ if question.as_tool => "tool_use",
                _ => "end_turn",
            };
            let content = if question.as_tool && fault.is_none() {
                json!([{ "type": "tool_use", "id": "t", "name": "answer", "input": good }])
            } else {
                json!([{ "type": "text", "text": text }])
            };
            json!({
                "id": "msg", "type": "message", "role": "assistant", "model": "fake-1",
                "content": content, "stop_reason": stop,
                "usage": { "input_tokens": input, "output_tokens": 10 },
            })
        }
        Maker::OpenAi => {
            let (reason, content, refusal) = match fault {
                Some(Fault::Truncated) => ("length", json!("{\"echo"), Value::Null),
                Some(Fault::Refused) => ("stop", Value::Null, json!("I will not.")),
                Some(Fault::Filtered) => ("content_filter", Value::Null, Value::Null),
                _ => ("stop", json!(text), Value::Null),
            };
            json!({
                "id": "chatcmpl", "object": "chat.completion", "model": "fake-1",
                "choices": [{
                    "index": 0, "finish_reason": reason,
                    "message": { "role": "assistant", "content": content, "refusal": refusal },
                }],
                "usage": { "prompt_tokens": input, "completion_tokens": 10 },
            })
        }
    }
}

/// An error in the maker's form. The message quotes the question, as some servers do.
pub(crate) fn error(maker: Maker, status: u16, kind: &str, question: &str) -> Value {
    let message = format!("trouble with: {question}");
    match maker {
        Maker::Anthropic => json!({
            "type": "error", "request_id": "req",
            "error": { "type": kind, "message": message },
        }),
        Maker::OpenAi => json!({
            "error": { "message": message, "type": "error", "param": null, "code": kind, "status": status },
        }),
    }
}

pub(crate) fn kind_of(maker: Maker, status: u16) -> &'static str {
    match (maker, status) {
        (Maker::Anthropic, 401) => "authentication_error",
        (Maker::Anthropic, 404) => "not_found_error",
        (Maker::Anthropic, 413) => "request_too_large",
        (Maker::Anthropic, 429) => "rate_limit_error",
        (Maker::Anthropic, 529) => "overloaded_error",
        (Maker::Anthropic, 400) => "invalid_request_error",
        (Maker::Anthropic, _) => "api_error",
        (Maker::OpenAi, 401) => "invalid_api_key",
        (Maker::OpenAi, 404) => "model_not_found",
        (Maker::OpenAi, 429) => "rate_limit_exceeded",
        (Maker::OpenAi, _) => "server_error",
    }
}

/// The reply for a fault that is no answer and leaves the connection whole.
pub(crate) fn refusal(maker: Maker, fault: Fault, question: &str) -> Option<Reply> {
    let of = |status| {
        Reply::json(
            status,
            &error(maker, status, kind_of(maker, status), question),
        )
    };
    Some(match fault {
        Fault::RateLimitMs(ms) => of(429).with("retry-after-ms", ms),
        Fault::RateLimitSeconds(ms) => of(429).with("retry-after", ms as f64 / 1000.0),
        Fault::RateLimitDate => of(429).with("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
        Fault::RateLimitBare => of(429),
        Fault::SpendLimit => match maker {
            Maker::Anthropic => {
                let mut body = error(maker, 429, "rate_limit_error", question);
                body["error"]["details"] = json!({ "error_code": "enforced_spend_limit_reached" });
                Reply::json(429, &body)
            }
            Maker::OpenAi => Reply::json(
                429,
                &error(maker, 429, "billing_hard_limit_reached", question),
            ),
        },
        Fault::NoCredit => match maker {
            Maker::Anthropic => Reply::json(402, &error(maker, 402, "billing_error", question)),
            Maker::OpenAi => Reply::json(429, &error(maker, 429, "insufficient_quota", question)),
        },
        Fault::Status(status) => of(status),
        Fault::DoNotRetry(status) => of(status).with("x-should-retry", "false"),
        Fault::Html(status) => Reply {
            status,
            headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
            body: b"<!doctype html><title>Proxy</title>".to_vec(),
        },
        Fault::Garbled => Reply {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: b"{\"id\": \"msg\", \"content\": [{\"ty".to_vec(),
        },
        Fault::OtherJson => Reply::json(200, &json!({ "status": "ok" })),
        _ => return None,
    })
}
