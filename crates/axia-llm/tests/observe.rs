//! Spans, events and progress tell what happens and show no text.
#![allow(clippy::unwrap_used)] // In helpers as well as in tests.
#![cfg(all(feature = "tracing", feature = "openai", feature = "repair"))]

mod common;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axia_llm::{Event, LanguageModel, Meter, PaceParams, RetryParams, Stack};
use common::{openai, question};
use fake_llm_server::{FakeServer, Fault, Options};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

/// Writes down everything that is told.
#[derive(Clone, Default)]
struct Scribe(Arc<Mutex<String>>);

impl Visit for Scribe {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0.lock().unwrap(), "{}={value:?} ", field.name());
    }
}

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("axia_llm")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let _ = write!(self.0.lock().unwrap(), "[{}] ", span.metadata().name());
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn what_happens_is_told_without_any_text() {
    // Only the first question is answered wrongly, not the one in which it is asked again.
    let first = OnceLock::new();
    let server = FakeServer::start(Options {
        script: Box::new(move |digest, before| match before {
            0 => Some(Fault::RateLimitMs(1)),
            1 if first.set(digest).is_ok() => Some(Fault::BreaksSchema),
            _ => None,
        }),
        ..Options::default()
    })
    .unwrap();
    let meter = Meter::new();
    let events = Arc::new(Mutex::new(Vec::<Event>::new()));
    let seen = Arc::clone(&events);
    meter.on_event(move |event| seen.lock().unwrap().push(event.clone()));
    let retry = RetryParams::new()
        .backoff(Duration::from_millis(1), Duration::from_millis(1))
        .build()
        .unwrap();
    let model = Stack::over(openai(&server))
        .repair()
        .retry(&retry)
        .pace(&PaceParams::new().build().unwrap())
        .meter(meter.clone())
        .build();
    let scribe = Scribe::default();
    let answer = tracing::subscriber::with_default(scribe.clone(), || {
        model.complete(&question(0).with_stage("extract")).unwrap()
    });
    assert_eq!(answer.outcome.name(), "completed");

    let told = scribe.0.lock().unwrap().clone();
    for part in [
        "[llm] model=\"fake\" stage=\"extract\"",
        "outcome=\"completed\"",
        "call will be repeated",
        "answer is to be mended",
        "fewer calls in flight",
        "status=429",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let text = format!("{told} {:?} {meter:?}", events.lock().unwrap());
    for secret in ["question 0", "ohce", "sk-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    let progress = meter.progress();
    assert_eq!((progress.retries, progress.repairs), (2, 1));
    assert_eq!((progress.answers(), progress.in_flight), (1, 0));
    assert_eq!(progress.calls, u64::try_from(server.calls()).unwrap());
}
