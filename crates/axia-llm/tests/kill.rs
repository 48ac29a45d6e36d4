//! A process that is killed again and again loses no answer, and pays again for no more than the
//! calls that were in flight.
//!
//! The test is both processes: it starts itself as the worker, told so by an environment variable.
#![allow(clippy::unwrap_used)] // In helpers as well as in tests.
#![cfg(all(unix, feature = "openai", feature = "cache", feature = "repair"))]

mod common;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use axia_llm::{
    ApiKey, Cache, LanguageModel, OpenAiParams, PaceParams, RetryParams, RunParams, Stack,
};
use common::{check_answer, question};
use fake_llm_server::{FakeServer, Options, Random};

const QUESTIONS: usize = 2000;
const IN_FLIGHT: usize = 16;
const KILLS: usize = 50;
const URL: &str = "AXIA_LLM_TEST_URL";
const CACHE: &str = "AXIA_LLM_TEST_CACHE";

fn stack(url: &str, cache: &Path) -> Box<dyn LanguageModel> {
    let provider = OpenAiParams::new(ApiKey::none())
        .base_url(url)
        .build()
        .unwrap();
    Stack::over(provider)
        .repair()
        .cache(&Cache::open(cache).unwrap())
        .retry(&RetryParams::new().build().unwrap())
        .pace(
            &PaceParams::new()
                .in_flight(IN_FLIGHT, IN_FLIGHT)
                .build()
                .unwrap(),
        )
        .build()
}

fn work(url: &str, cache: &Path) {
    let run = RunParams::new().threads(IN_FLIGHT).build().unwrap();
    let summary = run
        .each(
            &*stack(url, cache),
            (0..QUESTIONS).map(question),
            |i, result| {
                check_answer(i, &result.unwrap());
            },
        )
        .unwrap();
    assert_eq!(summary.answered, QUESTIONS);
}

fn start(server: &FakeServer, cache: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_run_loses_nothing", "--nocapture"])
        .env(URL, server.url())
        .env(CACHE, cache)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the server has seen so many more calls. Whether that came before the worker's end.
fn wait_for_calls(server: &FakeServer, worker: &mut Child, more: usize) -> bool {
    let (start, before) = (Instant::now(), server.calls());
    while server.calls() < before + more {
        if worker.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the worker does nothing"
        );
        thread::yield_now();
    }
    true
}

#[test]
fn a_killed_run_loses_nothing() {
    if let (Ok(url), Some(cache)) = (std::env::var(URL), std::env::var_os(CACHE)) {
        work(&url, Path::new(&cache));
        return;
    }
    let server = FakeServer::start(Options {
        latency: Duration::from_millis(1),
        ..Options::default()
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("answers.db");
    let mut random = Random::new(1);
    // In which life of the worker each call arrived.
    let mut ends = Vec::new();
    for _ in 0..KILLS {
        let mut worker = start(&server, &cache);
        assert!(wait_for_calls(
            &server,
            &mut worker,
            1 + random.below(16) as usize
        ));
        thread::sleep(Duration::from_micros(random.below(1000)));
        worker.kill().unwrap();
        worker.wait().unwrap();
        // The server may still read what was sent before the kill.
        thread::sleep(Duration::from_millis(3));
        ends.push(server.calls());
    }
    assert!(start(&server, &cache).wait().unwrap().success());

    let counts = server.counts();
    assert_eq!(counts.received.len(), QUESTIONS);
    assert!(counts.received.values().all(|n| *n as usize <= 1 + KILLS));
    let mut life = 0;
    let mut seen: HashMap<u64, usize> = HashMap::new();
    let mut again: HashMap<usize, HashSet<u64>> = HashMap::new();
    for (i, digest) in counts.order.iter().enumerate() {
        while life < ends.len() && i >= ends[life] {
            life += 1;
        }
        if let Some(before) = seen.insert(*digest, life) {
            assert_ne!(before, life, "asked twice in one life");
            again.entry(before).or_default().insert(*digest);
        }
    }
    for (life, lost) in &again {
        assert!(
            lost.len() <= IN_FLIGHT,
            "{} calls lost by kill {life}",
            lost.len()
        );
    }
    assert!(
        !again.is_empty(),
        "no kill hit a call, so the test shows nothing"
    );

    // All answers are there: a run over a server that is gone needs none.
    let url = server.url();
    drop(server);
    work(&url, &cache);
}
