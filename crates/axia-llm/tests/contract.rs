//! What callers and implementers of the trait rely on.

use std::sync::Arc;
use std::thread;

use axia_llm::{Answer, ChatMessage, Error, LanguageModel, Outcome, Request, ScriptedModel, Usage};

fn ask(model: &dyn LanguageModel) -> Option<String> {
    let answer = model.complete(&Request::new("m").with_user("?")).ok()?;
    answer.text().map(str::to_owned)
}

#[test]
fn the_trait_is_object_safe_and_forwarded() {
    let model = Arc::new(ScriptedModel::from_fn(|_| Ok(Answer::completed("x"))));
    let boxed: Box<dyn LanguageModel> = Box::new(Arc::clone(&model));
    assert_eq!(ask(&boxed).as_deref(), Some("x"));
    assert_eq!(ask(&&*model).as_deref(), Some("x"));
    assert_eq!(boxed.fingerprint(), model.fingerprint());
    assert_eq!(model.calls(), 2);
}

#[test]
fn public_types_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Answer>();
    crosses::<ChatMessage>();
    crosses::<Error>();
    crosses::<Outcome>();
    crosses::<Request>();
    crosses::<ScriptedModel>();
    crosses::<Usage>();
}

#[test]
fn a_used_up_script_is_fatal() {
    let model = ScriptedModel::new([Ok(Answer::new(Outcome::Truncated))]);
    let request = Request::new("m").with_user("a secret");
    assert_eq!(
        model.complete(&request).unwrap().outcome,
        Outcome::Truncated
    );
    let error = model.complete(&request).unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "the script has no result for call 2, give it more"
    );
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn calls_from_many_threads_are_all_counted() {
    let model = ScriptedModel::new((0..64).map(|i| Ok(Answer::completed(i.to_string()))));
    let mut texts: Vec<u32> = thread::scope(|scope| {
        let ask_some = || {
            (0..16)
                .filter_map(|_| ask(&model)?.parse().ok())
                .collect::<Vec<u32>>()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask_some)).collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    texts.sort_unstable();
    assert_eq!(texts, (0..64).collect::<Vec<_>>());
    assert_eq!(model.calls(), 64);
    assert_eq!(model.requests().len(), 64);
}
