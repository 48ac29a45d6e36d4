//! What holds for every conversation, and for the records.

mod common;

use std::collections::BTreeSet;

use axia_conversation::{Conversation, Message, Role};
use axia_extract::{
    Error, EvidenceSpan, Extraction, Extractor, Lexicon, LexiconExtractor, ResponseType, Stance,
    Subjectivity, SubjectivityLevel, Task, ValueMention,
};
use common::{chat, extract};
use proptest::prelude::*;

/// Scraps that, put together at random, often make cues, quotations, code and lists.
fn scrap() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "I want to be ", "honest", "fairness", " matters to me", "up to you", "not ", "don\u{2019}t ",
            "I won't help with", "without him noticing", "\"", "\u{201c}", "\u{201d}", "```", "\n", "1. ", "- ",
            ". ", "? ", "! ", "> ", "keep it simple", "I'm so sorry for your loss", "Should I ", "python ",
            "der und nicht ich das ", "\u{1f600}", "é", "...", " ", "the and you that ", "what is ",
        ]).prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

fn conversation() -> impl Strategy<Value = Conversation> {
    let role = prop::sample::select(vec![Role::User, Role::Assistant, Role::System, Role::Tool]);
    let text = prop::collection::vec(scrap(), 0..14).prop_map(|scraps| scraps.concat());
    prop::collection::vec((role, text), 0..6).prop_map(|messages| {
        messages
            .into_iter()
            .fold(Conversation::new("p"), |c, (role, text)| {
                c.with_message(Message::new(role, text))
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn extractions_keep_the_contract(conversation in conversation()) {
        let extraction = extract(&conversation);
        prop_assert_eq!(&extraction, &extract(&conversation));
        for (mentions, role) in [
            (&extraction.ai_values, Role::Assistant),
            (&extraction.human_values, Role::User),
        ] {
            let labels: BTreeSet<&str> = mentions.iter().map(|m| m.label.as_str()).collect();
            prop_assert_eq!(labels.len(), mentions.len());
            prop_assert!(mentions.is_sorted_by(|a, b| a.confidence >= b.confidence));
            for mention in mentions {
                prop_assert!((0.5..=1.0).contains(&mention.confidence));
                if let Some(span) = mention.evidence {
                    prop_assert_eq!(conversation.messages[span.message].role, role);
                    prop_assert!(span.text_in(&conversation).is_some_and(|t| !t.is_empty()));
                }
            }
        }
        prop_assert!((0.0..=1.0).contains(&extraction.subjectivity.confidence));
        let json = serde_json::to_string(&extraction).unwrap();
        prop_assert_eq!(serde_json::from_str::<Extraction>(&json).unwrap(), extraction);
    }

    #[test]
    fn case_does_not_count(text in prop::collection::vec(scrap(), 0..10)) {
        // Where sentences end depends on case, so this is about texts of one sentence.
        let mut text = text.concat();
        text.retain(|c| c.is_ascii() && !matches!(c, '.' | '!' | '?' | '\n'));
        let labels = |text: &str| -> BTreeSet<String> {
            let extraction = extract(&chat(text, ""));
            extraction.human_values.into_iter().map(|m| m.label).collect()
        };
        prop_assert_eq!(labels(&text), labels(&text.to_ascii_uppercase()));
    }
}

#[test]
fn neither_order_nor_neighbours_nor_threads_matter() {
    let chats: Vec<Conversation> = [
        "I want to be honest with her.",
        "capital of Peru",
        "write a poem about rain",
        "I care about fairness, should I say something?",
    ]
    .iter()
    .map(|text| chat(text, "It's up to you. I'm so sorry to hear that."))
    .collect();
    let forward: Vec<Extraction> = chats.iter().map(extract).collect();
    let mut backward: Vec<Extraction> = chats.iter().rev().map(extract).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    let extractor = LexiconExtractor::new();
    let threaded: Vec<Extraction> = std::thread::scope(|scope| {
        let threads: Vec<_> = chats
            .iter()
            .map(|c| scope.spawn(|| extractor.extract(c).unwrap()))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(forward, threaded);
}

#[test]
fn a_long_message_without_sentences_is_read_to_its_end() {
    let text = format!("{} I want to be honest with you", "word ".repeat(100_000));
    let extraction = extract(&chat(&text, "Hm."));
    assert_eq!(extraction.human_values[0].label, "honesty");
    let quotes = "\"(".repeat(100_000);
    assert!(extract(&chat(&quotes, &quotes)).human_values.is_empty());
}

#[test]
fn the_committed_format_still_reads() {
    let line = include_str!("compat/extraction-1.jsonl").trim();
    let mut expected = Extraction::new(
        "chat-1",
        Subjectivity::new(SubjectivityLevel::MostlySubjective, 0.75),
    )
    .with_task(Task::new("relationship advice", 0.5))
    .with_response_type(ResponseType::MildSupport)
    .with_human_values(vec![ValueMention::new("fairness", Stance::Discusses, 0.5)]);
    expected.ai_values = vec![
        ValueMention::new("honesty", Stance::Upholds, 0.875)
            .stated()
            .with_evidence(EvidenceSpan::new(1, 12, 18)),
        ValueMention::new("deception", Stance::Opposes, 0.625),
    ];
    assert_eq!(serde_json::from_str::<Extraction>(line).unwrap(), expected);
    assert_eq!(serde_json::to_string(&expected).unwrap(), line);
    let bare = r#"{"conversation_id":"c","subjectivity":{"level":5,"confidence":0}}"#;
    let error = serde_json::from_str::<Extraction>(bare).unwrap_err();
    assert!(error.to_string().contains("must be 1 to 4, got 5"));
}

#[test]
fn the_bundled_lexicon_is_in_order() {
    let lexicon = Lexicon::bundled();
    let labels: Vec<&str> = lexicon.value_labels().collect();
    assert!(labels.len() >= 90, "{}", labels.len());
    assert!((20..=25).contains(&lexicon.task_labels().count()));
    assert!(
        labels
            .iter()
            .all(|l| l.chars().all(|c| c.is_lowercase() || " -".contains(c)))
    );
    assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
    let built = LexiconExtractor::from_lexicon(&lexicon).unwrap();
    assert_eq!(built.fingerprint(), LexiconExtractor::new().fingerprint());
    assert!(built.fingerprint().contains(&lexicon.digest()));
    let json = serde_json::to_string(&lexicon).unwrap();
    assert_eq!(Lexicon::from_json(&json).unwrap(), lexicon);
}

#[test]
fn lexicons_extend_and_replace() {
    let own = r#"{"version": "mine", "values": [
        {"label": "seaworthiness", "assistant": ["check the (hull|rigging)"]},
        {"label": "honesty", "user": ["straight from the shoulder"]}
    ]}"#;
    let own = Lexicon::from_json(own).unwrap();
    let both = LexiconExtractor::from_lexicon(&Lexicon::bundled().extended(own.clone())).unwrap();
    assert_ne!(both.fingerprint(), LexiconExtractor::new().fingerprint());
    let talk = chat(
        "Give it to me straight from the shoulder.",
        "First check the rigging. It's up to you.",
    );
    let found = both.extract(&talk).unwrap();
    assert!(found.human_values.iter().any(|m| m.label == "honesty"));
    assert!(found.ai_values.iter().any(|m| m.label == "seaworthiness"));
    assert!(found.ai_values.iter().any(|m| m.label == "user autonomy"));
    let only = LexiconExtractor::from_lexicon(&own)
        .unwrap()
        .extract(&talk)
        .unwrap();
    assert_eq!(only.ai_values.len(), 1);
}

#[test]
fn bad_lexicons_are_refused_by_place() {
    let error = |json: &str| -> Error {
        match Lexicon::from_json(json) {
            Err(error) => error,
            Ok(lexicon) => LexiconExtractor::from_lexicon(&lexicon).unwrap_err(),
        }
    };
    for (json, message) in [
        (
            "{",
            "the lexicon is not valid JSON of its form, at line 1, column 1",
        ),
        (
            r#"{"valeus": []}"#,
            "the lexicon is not valid JSON of its form, at line 1, column 9",
        ),
        (
            r#"{"values": [{"label": " "}]}"#,
            "lexicon, value 1: the label is empty",
        ),
        (
            r#"{"tasks": [{"label": "a"}, {"label": "a"}]}"#,
            "lexicon, task 2: the label `a` appears twice, join the entries",
        ),
        (
            r#"{"values": [{"label": "a", "user": ["_ b"]}]}"#,
            "lexicon, value `a`: cue `_ b` must begin with a word",
        ),
        (
            r#"{"values": [{"label": "a", "refusal_shows": ["b"]}]}"#,
            "lexicon, value `a`: refusal_shows has `b`, which is no value's label",
        ),
        (
            r#"{"subjectivity": [{"side": "user", "level": 5, "weight": 1, "cues": []}]}"#,
            "lexicon, subjectivity group 1: level must be 1 to 4, got 5",
        ),
        (
            r#"{"subjectivity": [{"side": "user", "level": 4, "weight": 0, "cues": []}]}"#,
            "lexicon, subjectivity group 1: weight must be positive, got 0",
        ),
        (
            r#"{"tasks": [{"label": "a", "when_refused": -1}]}"#,
            "lexicon, task `a`: when_refused must not be negative, got -1",
        ),
    ] {
        let error = error(json);
        assert!(error.is_lexicon());
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn traits_and_types_are_as_promised() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Error>();
    crosses::<Extraction>();
    crosses::<Lexicon>();
    crosses::<LexiconExtractor>();
    let boxed: Box<dyn Extractor> = Box::new(LexiconExtractor::new());
    let shared: std::sync::Arc<dyn Extractor> = std::sync::Arc::new(LexiconExtractor::new());
    assert_eq!(shared.fingerprint(), boxed.fingerprint());
    let talk = chat("I care about fairness.", "It's up to you.");
    assert_eq!(
        shared.extract(&talk).unwrap(),
        boxed.extract(&talk).unwrap()
    );
    let shown = format!("{:?} {:?}", LexiconExtractor::new(), Lexicon::bundled());
    assert!(shown.len() < 300);
}
