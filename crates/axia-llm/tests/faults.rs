//! Scripted faults: every answer comes exactly once or the run stops with a typed error, and no
//! answer is paid twice.
#![allow(clippy::unwrap_used)] // In helpers as well as in tests.
#![cfg(all(
    feature = "anthropic",
    feature = "openai",
    feature = "cache",
    feature = "repair"
))]

mod common;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use axia_llm::{
    Answer, Cache, Error, LanguageModel, Outcome, PaceParams, Request, RetryParams, RunParams,
    Stack,
};
use common::{anthropic, check_answer, openai, question};
use fake_llm_server::{FakeServer, Fault, Options, Random};

const QUESTIONS: usize = 6;
const SCRIPTS: u64 = 1200;

/// One fault in two, until a question has come four times; then it is answered.
fn fault(seed: u64, digest: u64, before: u32) -> Option<Fault> {
    let mut random = Random::new(seed ^ digest ^ (u64::from(before) << 32));
    if before >= 4 || random.below(2) == 0 {
        return None;
    }
    // A script in eight has a fault that stops the run.
    let fatal = Random::new(seed).below(8) == 0;
    Some(match random.below(if fatal { 22 } else { 20 }) {
        0 => Fault::RateLimitMs(1),
        1 => Fault::RateLimitSeconds(2),
        2 => Fault::RateLimitDate,
        3 => Fault::RateLimitBare,
        4 => Fault::Status(500),
        5 => Fault::Status(529),
        6 => Fault::Status(503),
        7 => Fault::Html(502),
        8 => Fault::Hangup,
        9 => Fault::ResetInBody,
        10 => Fault::StopInBody(3),
        11 => Fault::SlowDrip(3),
        12 => Fault::Garbled,
        13 => Fault::OtherJson,
        14 => Fault::NotJson,
        15 => Fault::BreaksSchema,
        16 => Fault::Fenced,
        17 => Fault::Truncated,
        18 => Fault::Refused,
        19 => Fault::Filtered,
        20 => Fault::SpendLimit,
        _ => Fault::NoCredit,
    })
}

/// A folder in memory where there is one: these tests are not about the disk, and a script syncs it
/// some twenty times.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Runs a script to its end, resuming once more after every stop, as a user would.
fn run_script(seed: u64) -> (usize, usize) {
    let server = FakeServer::start(Options {
        script: Box::new(move |digest, before| fault(seed, digest, before)),
        ..Options::default()
    })
    .unwrap();
    let folder = scratch();
    let path = folder.path().join("answers.db");
    let mut stops = 0;
    loop {
        let cache = Cache::open(&path).unwrap();
        let retry = RetryParams::new()
            .attempts(6)
            .backoff(Duration::from_micros(100), Duration::from_millis(1))
            .seed(seed)
            .build()
            .unwrap();
        let provider: Box<dyn LanguageModel> = if seed.is_multiple_of(2) {
            Box::new(anthropic(&server))
        } else {
            Box::new(openai(&server))
        };
        let model = Stack::over(provider)
            .repair()
            .cache(&cache)
            .retry(&retry)
            .pace(&PaceParams::new().in_flight(4, 4).build().unwrap())
            .build();
        let run = RunParams::new().threads(4).build().unwrap();
        // Each question twice, to see that equal requests share an answer.
        let requests = (0..2 * QUESTIONS).map(|i| question(i / 2));
        let mut answers: Vec<Vec<Answer>> = vec![Vec::new(); 2 * QUESTIONS];
        let result = run.each(&model, requests, |index, result| match result {
            Ok(answer) => answers[index].push(answer),
            Err(error) => panic!("script {seed}: question {index}: {error}"),
        });
        match result {
            Ok(summary) => {
                assert_eq!(summary.answered, 2 * QUESTIONS);
                for (i, answers) in answers.iter().enumerate() {
                    assert_eq!(answers.len(), 1, "script {seed}: question {i}");
                    check_answer(i / 2, &answers[0]);
                    assert_eq!(answers[0].outcome, answers_of(&model, i / 2).outcome);
                }
                break;
            }
            Err(error) => {
                assert!(error.is_fatal(), "script {seed}: {error}");
                assert!(
                    error.to_string().contains("spend limit"),
                    "script {seed}: {error}"
                );
                stops += 1;
                assert!(stops < 100, "script {seed} stops for ever");
            }
        }
    }
    let counts = server.counts();
    assert!(counts.most_paid() <= 1, "script {seed}: paid twice");
    (counts.calls(), stops)
}

/// The same question again, which must come from the cache.
fn answers_of(model: &dyn LanguageModel, i: usize) -> Answer {
    model.complete(&question(i)).unwrap()
}

#[test]
fn random_scripts_end_with_every_answer_once_or_a_typed_stop() {
    let (calls, stops) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let next = AtomicU64::new(0);
    // Scripts mostly wait, each on a server and a cache of its own.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, SeqCst);
                    if seed >= SCRIPTS {
                        break;
                    }
                    let (more_calls, more_stops) = run_script(seed);
                    calls.fetch_add(more_calls, SeqCst);
                    stops.fetch_add(more_stops, SeqCst);
                }
            });
        }
    });
    let (calls, stops) = (calls.into_inner(), stops.into_inner());
    // That the scripts did something: nothing would fail if they were all empty.
    assert!(calls > SCRIPTS as usize * QUESTIONS * 3 / 2, "{calls}");
    assert!(stops > 20, "{stops}");
}

fn one(
    fault: Fault,
    model: impl Fn(&FakeServer) -> Box<dyn LanguageModel>,
) -> Result<Answer, Error> {
    let server = FakeServer::start(Options {
        script: Box::new(move |_, _| Some(fault)),
        ..Options::default()
    })
    .unwrap();
    model(&server).complete(&question(0))
}

#[test]
fn each_fault_has_its_type() {
    for name in ["anthropic", "openai"] {
        let ask = |fault| {
            one(fault, |server| match name {
                "anthropic" => Box::new(anthropic(server)),
                _ => Box::new(openai(server)),
            })
        };
        let wait = |fault| {
            let error = ask(fault).unwrap_err();
            assert!(error.is_retryable(), "{fault:?}: {error}");
            error.wait_for()
        };
        assert_eq!(wait(Fault::RateLimitMs(7)), Some(Duration::from_millis(7)));
        assert_eq!(
            wait(Fault::RateLimitSeconds(1500)),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(wait(Fault::RateLimitDate), Some(Duration::ZERO));
        for fault in [
            Fault::RateLimitBare,
            Fault::Status(500),
            Fault::Status(408),
            Fault::Status(409),
            Fault::Status(529),
            Fault::Html(503),
            Fault::Hangup,
            Fault::ResetInBody,
            Fault::StopInBody(1),
            Fault::Garbled,
            Fault::OtherJson,
        ] {
            assert_eq!(wait(fault), None, "{fault:?}");
        }
        for fault in [Fault::SpendLimit, Fault::NoCredit] {
            let error = ask(fault).unwrap_err();
            assert!(error.is_fatal(), "{fault:?}");
            assert!(
                error.to_string().contains("credit or the spend limit"),
                "{error}"
            );
        }
        let error = ask(Fault::DoNotRetry(500)).unwrap_err();
        assert!(!error.is_retryable() && !error.is_fatal());
        assert!(ask(Fault::Status(413)).unwrap_err().must_split());
        let outcome = |fault| ask(fault).unwrap().outcome;
        assert_eq!(outcome(Fault::Truncated), Outcome::Truncated);
        assert_eq!(outcome(Fault::Refused), Outcome::Refused);
        assert_eq!(outcome(Fault::NotJson).name(), "malformed");
        assert_eq!(outcome(Fault::Fenced).name(), "completed");
        assert_eq!(outcome(Fault::SlowDrip(5)).name(), "completed");
    }
}

#[test]
fn no_error_shows_what_was_asked() {
    for fault in [
        Fault::RateLimitBare,
        Fault::SpendLimit,
        Fault::Status(400),
        Fault::Status(404),
        Fault::Status(500),
        Fault::Garbled,
    ] {
        let error = one(fault, |server| Box::new(openai(server))).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("question 0"), "{shown}");
    }
}

#[test]
fn a_body_that_stops_ends_at_the_time_out() {
    let server = FakeServer::start(Options {
        script: Box::new(|_, _| Some(Fault::StopInBody(2_000))),
        ..Options::default()
    })
    .unwrap();
    let model = common::openai_params(&server)
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let error = model.complete(&question(0)).unwrap_err();
    assert!(error.is_retryable());
    assert!(
        error.to_string().contains("OpenAiParams::timeout"),
        "{error}"
    );
}

#[test]
fn requests_without_a_user_at_their_end_are_refused_unsent() {
    let server = FakeServer::start(Options::default()).unwrap();
    let prefill = question(0).with_message(axia_llm::ChatMessage::new(
        axia_llm::ChatRole::Assistant,
        "{",
    ));
    for request in [prefill, Request::new("m")] {
        assert!(openai(&server).complete(&request).is_err());
        assert!(anthropic(&server).complete(&request).is_err());
    }
    assert_eq!(server.calls(), 0);
}
