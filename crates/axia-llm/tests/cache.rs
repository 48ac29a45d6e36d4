//! The cache as users see it: durable, shared, carried elsewhere.
#![allow(clippy::unwrap_used)] // In helpers as well as in tests.
#![cfg(feature = "cache")]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axia_llm::{Answer, Cache, Error, LanguageModel, Outcome, Request, ScriptedModel, Usage};

fn request(i: usize) -> Request {
    Request::new("m")
        .with_user(format!("question {i}"))
        .with_stage("s")
}

fn model() -> ScriptedModel {
    ScriptedModel::from_fn(|request| {
        thread::sleep(Duration::from_millis(1));
        let text = request.messages()[0].text.replace("question", "answer");
        Ok(Answer::completed(text).with_usage(Usage::new(10, 2).with_cached(4)))
    })
}

#[test]
fn equal_requests_at_the_same_time_are_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path().join("a.db")).unwrap();
    let model = model();
    let layer = cache.over(&model);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for i in 0..20 {
                    let answer = layer.complete(&request(i)).unwrap();
                    assert_eq!(answer.text(), Some(&*format!("answer {i}")));
                }
            });
        }
    });
    assert_eq!(model.calls(), 20);
    assert_eq!(cache.len().unwrap(), 20);
}

#[test]
fn an_error_is_not_kept_and_frees_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path().join("a.db")).unwrap();
    let model = ScriptedModel::new([Err(Error::retryable("lost")), Ok(Answer::completed("x"))]);
    let layer = cache.over(&model);
    assert!(layer.complete(&request(0)).is_err());
    assert_eq!(layer.complete(&request(0)).unwrap().text(), Some("x"));
}

#[test]
fn two_handles_on_one_file_see_each_others_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (one, two) = (Cache::open(&path).unwrap(), Cache::open(&path).unwrap());
    let model = model();
    thread::scope(|scope| {
        for (cache, from) in [(&one, 0), (&two, 50)] {
            let model = &model;
            scope.spawn(move || {
                let layer = cache.over(model);
                (from..from + 50).for_each(|i| drop(layer.complete(&request(i)).unwrap()));
            });
        }
    });
    assert_eq!((one.len().unwrap(), two.len().unwrap()), (100, 100));
    let usage = two.usage().unwrap();
    let line = &usage[&("s".to_owned(), "m".to_owned())];
    assert_eq!(line.answers, 100);
    assert_eq!(line.usage, Usage::new(1000, 200).with_cached(400));
}

#[test]
fn answers_travel_as_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let first = Cache::open(folder.path().join("a.db")).unwrap();
    let outcomes = [
        Outcome::Truncated,
        Outcome::Refused,
        Outcome::malformed("no object", "[]"),
    ];
    let answers: Vec<Answer> = outcomes
        .into_iter()
        .map(Answer::new)
        .chain([Answer::json(serde_json::json!({"a": "ä\n\"\u{2028}"})).with_request_id("r")])
        .collect();
    for (i, answer) in answers.iter().enumerate() {
        let request = request(i).with_prompt_version("2");
        first.put(request.key("f"), &request, answer).unwrap();
    }
    let mut lines = Vec::new();
    assert_eq!(first.export(&mut lines).unwrap(), 4);

    let second = Cache::open(folder.path().join("b.db")).unwrap();
    let imported = second.import(&lines[..]).unwrap();
    assert_eq!((imported.added, imported.known), (4, 0));
    assert_eq!(second.import(&lines[..]).unwrap().known, 4);
    let mut again = Vec::new();
    second.export(&mut again).unwrap();
    assert_eq!(lines, again, "the same answers give the same bytes");
    for (i, answer) in answers.iter().enumerate() {
        let key = request(i).with_prompt_version("2").key("f");
        assert_eq!(second.get(&key).unwrap().as_ref(), Some(answer));
    }
    assert_eq!(second.remove_unusable().unwrap(), 3);
    assert_eq!(second.len().unwrap(), 1);
}

#[test]
fn a_bad_line_is_named_and_shows_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path().join("a.db")).unwrap();
    cache
        .put(request(0).key("f"), &request(0), &Answer::completed("x"))
        .unwrap();
    let mut lines = Vec::new();
    cache.export(&mut lines).unwrap();
    let other = Cache::open(folder.path().join("b.db")).unwrap();
    lines.extend_from_slice(b"\n{\"key\": \"secret\"}\n");
    let error = other.import(&lines[..]).unwrap_err();
    assert!(error.to_string().starts_with("line 3 "), "{error}");
    assert!(!format!("{error:?}").contains("secret"));
    assert_eq!(other.len().unwrap(), 1, "what came before is taken in");
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(
        &text,
        "this is not a database, but a text of some length\n".repeat(50),
    )
    .unwrap();
    let error = Cache::open(&text).unwrap_err();
    assert!(
        error.is_fatal() && error.to_string().contains("Cache::open"),
        "{error}"
    );
    let error = Cache::open(folder.path().join("none").join("a.db")).unwrap_err();
    assert!(error.to_string().contains("Cache::open"), "{error}");
}

#[test]
fn the_file_holds_no_question() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    {
        let cache = Cache::open(&path).unwrap();
        let request = Request::new("m").with_user("a very private matter");
        let model = Arc::new(ScriptedModel::from_fn(|_| Ok(Answer::completed("ok"))));
        cache.over(model).complete(&request).unwrap();
    }
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(12).any(|window| window == b"very private"));
    }
}
