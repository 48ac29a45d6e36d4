//! What the tests against the fake server share.
#![allow(dead_code)] // Each test binary uses its part.

use axia_llm::{
    Answer, Anthropic, AnthropicParams, ApiKey, OpenAi, OpenAiParams, Outcome, Request, Schema,
};
use fake_llm_server::{FakeServer, echo};

pub(crate) fn text_of(i: usize) -> String {
    format!("question {i}")
}

/// A question whose answer the fake server's schema fits.
pub(crate) fn question(i: usize) -> Request {
    let schema = r#"{
        "type": "object", "properties": { "echo": { "type": "string" } },
        "required": ["echo"], "additionalProperties": false
    }"#;
    Request::new("fake")
        .with_user(text_of(i))
        .with_schema(Schema::parse(schema).unwrap())
        .with_max_tokens(50)
}

/// An answer of a kind that the server gives, and if it is whole the right one.
pub(crate) fn check_answer(i: usize, answer: &Answer) {
    match &answer.outcome {
        Outcome::Completed { json, .. } => assert_eq!(*json, Some(echo(&text_of(i)))),
        other => assert!(
            matches!(
                other.name(),
                "truncated" | "refused" | "filtered" | "malformed"
            ),
            "{other:?}"
        ),
    }
    assert!(answer.usage.output_tokens >= 10);
}

pub(crate) fn anthropic_params(server: &FakeServer) -> AnthropicParams {
    AnthropicParams::new(ApiKey::new("sk-secret")).base_url(server.url())
}

pub(crate) fn anthropic(server: &FakeServer) -> Anthropic {
    anthropic_params(server).build().unwrap()
}

pub(crate) fn openai_params(server: &FakeServer) -> OpenAiParams {
    OpenAiParams::new(ApiKey::new("sk-secret")).base_url(server.url())
}

pub(crate) fn openai(server: &FakeServer) -> OpenAi {
    openai_params(server).build().unwrap()
}
