//! A real model server, if the environment names one:
//!
//! ```text
//! AXIA_LLM_BASE_URL=http://localhost:8080/v1 AXIA_LLM_MODEL=local cargo test -p axia-llm \
//!     --features full --test real_server -- --nocapture
//! ```
//!
//! `AXIA_LLM_API_KEY` gives a key, if the server wants one.
#![cfg(all(feature = "openai", feature = "cache", feature = "repair"))]

use axia_llm::{
    ApiKey, Cache, LanguageModel, Meter, OpenAiParams, Outcome, PaceParams, Request, RetryParams,
    Schema, Stack,
};

#[test]
fn a_real_server_answers_in_the_form_asked_for_and_is_asked_once() {
    let Ok(url) = std::env::var("AXIA_LLM_BASE_URL") else {
        eprintln!("skipped: AXIA_LLM_BASE_URL names no server");
        return;
    };
    let name = std::env::var("AXIA_LLM_MODEL").unwrap_or_else(|_| "local".into());
    let key = ApiKey::new(std::env::var("AXIA_LLM_API_KEY").unwrap_or_default());
    let provider = OpenAiParams::new(key)
        .base_url(url)
        .show_messages()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let meter = Meter::new();
    let model = Stack::over(provider)
        .repair()
        .cache(&Cache::open(folder.path().join("answers.db")).unwrap())
        .retry(&RetryParams::new().build().unwrap())
        .pace(&PaceParams::new().in_flight(1, 1).build().unwrap())
        .meter(meter.clone())
        .build();
    let schema = r#"{
        "type": "object",
        "properties": { "colour": { "type": "string", "enum": ["red", "green", "blue"] } },
        "required": ["colour"], "additionalProperties": false
    }"#;
    let request = Request::new(name)
        .with_user("Which colour is the sky on a clear day? Answer in JSON.")
        .with_schema(Schema::parse(schema).unwrap())
        .with_max_tokens(100)
        .with_temperature(0.0);
    let first = model.complete(&request).unwrap();
    eprintln!(
        "{} {:?} {:?}",
        first.outcome.name(),
        first.as_json(),
        first.usage
    );
    assert!(matches!(
        first.outcome,
        Outcome::Completed { json: Some(_), .. }
    ));
    assert!(first.usage.input_tokens > 0 && first.usage.output_tokens > 0);
    let calls = meter.progress().calls;
    assert_eq!(model.complete(&request).unwrap(), first);
    assert_eq!(meter.progress().calls, calls);

    let cut = model.complete(
        &Request::new(request.model())
            .with_user("Count from one to five hundred in words.")
            .with_max_tokens(5),
    );
    assert_eq!(cut.unwrap().outcome, Outcome::Truncated);
}
