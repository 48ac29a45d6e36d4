//! Batches: matched by key, resumed, and handed in again only where an answer is missing.
#![allow(clippy::unwrap_used)] // In helpers as well as in tests.
#![cfg(all(feature = "anthropic", feature = "openai", feature = "cache"))]

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axia_llm::{
    Answer, BatchParams, BatchRun, BatchService, BatchState, Cache, Error, LanguageModel,
    LostBatch, NamedBatch, Request, RequestKey, ScriptedModel,
};
use common::{anthropic, check_answer, openai, question};
use fake_llm_server::{FakeServer, Fault, Options, Random};

const QUESTIONS: usize = 40;

fn run() -> BatchRun {
    BatchParams::new()
        .requests(15)
        .poll_every(Duration::from_millis(1))
        .build()
        .unwrap()
}

fn service(server: &FakeServer, name: &str) -> Box<dyn BatchService> {
    match name {
        "anthropic" => Box::new(anthropic(server)),
        _ => Box::new(openai(server)),
    }
}

/// A cache over a model that cannot answer: whatever comes, comes from the cache.
fn check_all(cache: &Cache, fingerprint: &str) {
    struct Nothing(String, ScriptedModel);
    impl LanguageModel for Nothing {
        fn fingerprint(&self) -> String {
            self.0.clone()
        }
        fn complete(&self, request: &Request) -> Result<Answer, Error> {
            self.1.complete(request)
        }
    }
    let model = cache.over(Nothing(fingerprint.to_owned(), ScriptedModel::new([])));
    for i in 0..QUESTIONS {
        check_answer(i, &model.complete(&question(i)).unwrap());
    }
}

#[test]
fn missing_doubled_expired_and_failed_lines_are_mended() {
    for name in ["anthropic", "openai"] {
        for seed in 0..20 {
            let server = FakeServer::start(Options {
                batch_script: Box::new(move |digest, before| {
                    let mut random = Random::new(seed ^ digest);
                    if before > 0 {
                        return None;
                    }
                    match random.below(6) {
                        0 => Some(Fault::LineMissing),
                        1 => Some(Fault::LineTwice),
                        2 => Some(Fault::LineExpired),
                        3 => Some(Fault::Status(500)),
                        _ => None,
                    }
                }),
                ..Options::default()
            })
            .unwrap();
            let folder = tempfile::tempdir().unwrap();
            let cache = Cache::open(folder.path().join("answers.db")).unwrap();
            let service = service(&server, name);
            // One is answered already.
            let model: Box<dyn LanguageModel> = match name {
                "anthropic" => Box::new(cache.over(anthropic(&server))),
                _ => Box::new(cache.over(openai(&server))),
            };
            model.complete(&question(0)).unwrap();
            let mut most = 0;
            let summary = run()
                .run(
                    &*service,
                    &cache,
                    (0..QUESTIONS).map(question),
                    |progress| {
                        most = most.max(progress.answered);
                    },
                )
                .unwrap();
            assert_eq!((summary.answered, summary.failed.len()), (QUESTIONS, 0));
            assert_eq!(most, QUESTIONS);
            assert!(summary.submitted > 3);
            check_all(&cache, &service.fingerprint());
            let counts = server.counts();
            assert_eq!(counts.most_paid(), 1);
            assert_eq!(counts.batched.len(), QUESTIONS - 1);
        }
    }
}

#[test]
fn what_never_comes_is_reported_and_what_is_refused_is_not_repeated() {
    for name in ["anthropic", "openai"] {
        let server = FakeServer::start(Options {
            batch_script: Box::new(|digest, _| match digest % 3 {
                0 => Some(Fault::LineMissing),
                1 => Some(Fault::Status(413)),
                _ => None,
            }),
            ..Options::default()
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path().join("answers.db")).unwrap();
        let service = service(&server, name);
        let summary = run()
            .run(&*service, &cache, (0..QUESTIONS).map(question), |_| {})
            .unwrap();
        let counts = server.counts();
        let missing = counts
            .batched
            .iter()
            .filter(|(digest, _)| *digest % 3 == 0)
            .count();
        let refused = counts
            .batched
            .iter()
            .filter(|(digest, _)| *digest % 3 == 1)
            .count();
        assert!(missing > 0 && refused > 0);
        assert_eq!(summary.failed.len(), missing + refused);
        assert_eq!(summary.answered, QUESTIONS - missing - refused);
        for (digest, times) in counts.batched {
            assert_eq!(times, if digest % 3 == 0 { 3 } else { 1 });
        }
        let splits = summary
            .failed
            .values()
            .filter(|error| error.must_split())
            .count();
        assert_eq!(splits, refused);
    }
}

/// Fails, as a process that is killed does, at a chosen point.
struct Killed<'a> {
    service: &'a dyn BatchService,
    after_submit: bool,
    calls: AtomicU32,
}

impl BatchService for Killed<'_> {
    fn fingerprint(&self) -> String {
        self.service.fingerprint()
    }
    fn size(&self, request: &Request) -> usize {
        self.service.size(request)
    }
    fn submit(&self, batch: &NamedBatch<'_>) -> Result<String, Error> {
        let last = self.calls.fetch_add(1, SeqCst) == 1;
        let id = self.service.submit(batch)?;
        if last && self.after_submit {
            // As if the process had ended here: the id is never written down.
            std::panic::panic_any("killed");
        }
        Ok(id)
    }
    fn find(&self, lost: &LostBatch) -> Result<Option<String>, Error> {
        self.service.find(lost)
    }
    fn poll(&self, _: &str) -> Result<BatchState, Error> {
        std::panic::panic_any("killed");
    }
    fn results(
        &self,
        id: &str,
        requests: &HashMap<RequestKey, Request>,
        each: &mut dyn FnMut(RequestKey, Result<Answer, Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.service.results(id, requests, each)
    }
}

#[test]
fn a_run_that_ended_anywhere_is_taken_up_and_nothing_is_handed_in_twice() {
    for name in ["anthropic", "openai"] {
        for after_submit in [true, false] {
            let server = FakeServer::start(Options::default()).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("answers.db");
            let service = service(&server, name);
            let killed = Killed {
                service: &*service,
                after_submit,
                calls: AtomicU32::new(0),
            };
            let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let cache = Cache::open(&path).unwrap();
                run().run(&killed, &cache, (0..QUESTIONS).map(question), |_| {})
            }));
            assert!(first.is_err());
            let cache = Cache::open(&path).unwrap();
            let summary = run()
                .run(&*service, &cache, (0..QUESTIONS).map(question), |_| {})
                .unwrap();
            assert_eq!(summary.answered, QUESTIONS);
            assert_eq!(summary.resumed, if after_submit { 2 } else { 3 });
            let counts = server.counts();
            assert_eq!(counts.batches, 3);
            assert_eq!(counts.most_paid(), 1);
            check_all(&cache, &service.fingerprint());
        }
    }
}
