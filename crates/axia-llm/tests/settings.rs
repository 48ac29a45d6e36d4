//! Wrong settings end with one clear message that names the setting to change.
#![allow(clippy::unwrap_used)] // In helpers as well as in tests.
#![cfg(all(feature = "anthropic", feature = "openai", feature = "repair"))]

mod common;

use std::net::TcpListener;
use std::time::Duration;

use axia_llm::{
    AnthropicParams, ApiKey, EmbeddingService, Error, LanguageModel, OpenAiParams, OpenAiSchema,
    Outcome, RetryParams, Stack,
};
use common::{anthropic, anthropic_params, check_answer, openai, openai_params, question};
use fake_llm_server::{Dialects, FakeServer, Fault, Options};

fn server(options: Options) -> FakeServer {
    FakeServer::start(options).unwrap()
}

/// The error must stop the run, name the setting, and show neither key nor text.
fn check(error: &Error, setting: &str) {
    assert!(error.is_fatal(), "{error}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains(setting), "{shown}");
    assert!(
        !shown.contains("sk-secret") && !shown.contains("question 0"),
        "{shown}"
    );
}

#[test]
fn a_missing_key() {
    let error = AnthropicParams::new(ApiKey::none()).build().unwrap_err();
    check(&error, "ANTHROPIC_API_KEY");
    check(
        &OpenAiParams::new(ApiKey::none()).build().unwrap_err(),
        "OPENAI_API_KEY",
    );
    let error = OpenAiParams::new(ApiKey::new("two\nlines"))
        .build()
        .unwrap_err();
    check(&error, "authorization");
}

#[test]
fn a_wrong_key() {
    let server = server(Options {
        key: Some("another".into()),
        ..Options::default()
    });
    let error = anthropic(&server).complete(&question(0)).unwrap_err();
    check(&error, "AnthropicParams::new");
    assert_eq!(error.status(), Some(401));
    check(
        &openai(&server).complete(&question(0)).unwrap_err(),
        "OpenAiParams::new",
    );
}

#[test]
fn the_right_key() {
    let server = server(Options {
        key: Some("sk-secret".into()),
        ..Options::default()
    });
    check_answer(0, &anthropic(&server).complete(&question(0)).unwrap());
    check_answer(0, &openai(&server).complete(&question(0)).unwrap());
}

#[test]
fn no_debug_shows_a_key() {
    let server = server(Options::default());
    let params = (anthropic_params(&server), openai_params(&server));
    let built = (anthropic(&server), openai(&server));
    let shown = format!("{params:?} {built:?}");
    assert!(!shown.contains("sk-secret"), "{shown}");
}

#[test]
fn an_unknown_model() {
    let server = server(Options {
        model: Some("another".into()),
        ..Options::default()
    });
    check(
        &anthropic(&server).complete(&question(0)).unwrap_err(),
        "Request::new",
    );
    check(
        &openai(&server).complete(&question(0)).unwrap_err(),
        "Request::new",
    );
}

#[test]
fn an_unreachable_host() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for url in [
        format!("http://127.0.0.1:{port}"),
        "http://no-such-host.invalid".into(),
    ] {
        let provider = OpenAiParams::new(ApiKey::none())
            .base_url(url)
            .build()
            .unwrap();
        let retry = RetryParams::new()
            .attempts(2)
            .backoff(Duration::from_millis(1), Duration::from_millis(1));
        let model = Stack::over(provider).retry(&retry.build().unwrap()).build();
        check(
            &model.complete(&question(0)).unwrap_err(),
            "OpenAiParams::base_url",
        );
    }
}

#[test]
fn an_address_that_is_none() {
    for url in ["", "localhost:8080", "ftp://host", "http://"] {
        let error = OpenAiParams::new(ApiKey::new("k"))
            .base_url(url)
            .build()
            .unwrap_err();
        check(&error, "OpenAiParams::base_url");
    }
}

#[test]
fn a_proxy_that_answers_with_a_page() {
    for status in [200, 403, 404] {
        let server = server(Options {
            script: Box::new(move |_, _| Some(Fault::Html(status))),
            ..Options::default()
        });
        check(
            &anthropic(&server).complete(&question(0)).unwrap_err(),
            "AnthropicParams::base_url",
        );
        check(
            &openai(&server).complete(&question(0)).unwrap_err(),
            "OpenAiParams::base_url",
        );
    }
}

fn with_dialects(change: impl Fn(&mut Dialects)) -> FakeServer {
    let mut options = Options::default();
    change(&mut options.dialects);
    server(options)
}

#[test]
fn a_schema_that_the_provider_refuses() {
    let server = with_dialects(|d| d.refuse_schema = true);
    check(
        &openai(&server).complete(&question(0)).unwrap_err(),
        "Request::with_schema",
    );
    check(
        &anthropic(&server).complete(&question(0)).unwrap_err(),
        "Request::with_schema",
    );
    assert_eq!(server.calls(), 0);
}

#[test]
fn settings_that_the_version_of_the_api_does_not_take() {
    let server = server(Options::default());
    let warm = question(0).with_temperature(0.5);
    let error = anthropic(&server).complete(&warm).unwrap_err();
    assert!(
        error.to_string().contains("AnthropicParams::version"),
        "{error}"
    );
    let older = anthropic_params(&server)
        .version("2023-06-01")
        .build()
        .unwrap();
    check_answer(0, &older.complete(&warm).unwrap());
    let error = older.complete(&question(0).with_seed(1)).unwrap_err();
    assert!(error.to_string().contains("Request::with_seed"), "{error}");
}

#[test]
fn dialects_are_found_out_once() {
    for (status, json_schema, json_object, expected) in [
        (400, true, true, OpenAiSchema::JsonSchema),
        (500, false, true, OpenAiSchema::JsonObject),
        (400, false, false, OpenAiSchema::InPrompt),
        (422, false, false, OpenAiSchema::InPrompt),
    ] {
        let server = with_dialects(|d| {
            d.status = status;
            d.json_schema = json_schema;
            d.json_object = json_object;
            d.max_tokens = status != 422;
        });
        let model = openai(&server);
        assert_eq!(model.schema_in_use(), None);
        for i in 0..3 {
            let answer = model.complete(&question(i)).unwrap();
            if expected != OpenAiSchema::InPrompt {
                check_answer(i, &answer);
            }
        }
        assert_eq!(model.schema_in_use(), Some(expected));
        // What is refused for its form is not counted as asked, and every question was asked once.
        assert_eq!(server.calls(), 3);
    }
}

#[test]
fn the_newer_name_of_the_limit_is_found_out() {
    let server = with_dialects(|d| d.max_tokens = false);
    let model = openai(&server);
    check_answer(0, &model.complete(&question(0)).unwrap());
    check_answer(1, &model.complete(&question(1)).unwrap());
}

#[test]
fn a_server_failure_is_not_taken_for_a_dialect() {
    let server = server(Options {
        script: Box::new(|_, before| (before == 0).then_some(Fault::Status(500))),
        ..Options::default()
    });
    let model = openai(&server);
    assert!(model.complete(&question(0)).unwrap_err().is_retryable());
    check_answer(0, &model.complete(&question(0)).unwrap());
    assert_eq!(model.schema_in_use(), Some(OpenAiSchema::JsonSchema));
}

#[test]
fn anthropic_falls_back_to_a_tool() {
    let server = with_dialects(|d| d.output_config = false);
    let model = anthropic(&server);
    check_answer(0, &model.complete(&question(0)).unwrap());
    check_answer(1, &model.complete(&question(1)).unwrap());
}

#[test]
fn embeddings_come_in_the_order_of_their_texts() {
    let server = server(Options::default());
    let service = EmbeddingService::new(openai_params(&server)).unwrap();
    let embedded = service.embed("e", &["a", "bb", "ccc"], None).unwrap();
    let lengths: Vec<f32> = embedded.vectors.iter().map(|vector| vector[0]).collect();
    assert_eq!(lengths, [1.0, 2.0, 3.0]);
    assert!(service.embed("e", &[], None).unwrap().vectors.is_empty());
}

#[test]
fn limits_are_told_with_the_answer() {
    let server = server(Options {
        rate_limit: Some((50, 49)),
        ..Options::default()
    });
    for answer in [
        anthropic(&server).complete(&question(0)).unwrap(),
        openai(&server).complete(&question(0)).unwrap(),
    ] {
        assert!(matches!(answer.outcome, Outcome::Completed { .. }));
        assert_eq!(answer.request_id.as_deref(), Some("req-1"));
        assert_eq!(answer.model.as_deref(), Some("fake-1"));
        let requests = answer.rate_limits.unwrap().requests.unwrap();
        assert_eq!((requests.limit, requests.remaining), (50, 49));
    }
}
