//! What callers see: scopes, placeholders in the input, actions, users, manifests, privacy of `Debug`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use axia_anonymize::threshold::{
    CellCounter, CellSize, Gate, Released, SuppressionReport, Thresholds,
};
use axia_anonymize::{
    Action, Anonymized, Anonymizer, AnonymizerBuilder, EntityCounts, Error, Evidence, Finding,
    Kind, PatternRecognizer, Recognizer,
};
use axia_conversation::{Conversation, Message, Role, UserId};

const SECRET: &str = "jo@example.com";

fn default_one() -> Anonymizer {
    Anonymizer::builder().build().unwrap()
}

fn chat(texts: &[&str]) -> Conversation {
    texts.iter().fold(Conversation::new("c"), |chat, text| {
        chat.with_message(Message::new(Role::User, *text))
    })
}

fn texts(done: &Anonymized) -> Vec<&str> {
    let messages = &done.conversation().messages;
    messages.iter().map(|m| m.text.as_str()).collect()
}

#[test]
fn placeholders_of_the_input_stay_and_keep_their_numbers() {
    let input = chat(&[
        "jo@example.com",
        "[EMAIL_1] and [EMAIL_3]",
        "ann@example.com, jo@example.com",
    ]);
    let done = default_one().anonymize_conversation(&input);
    assert_eq!(
        texts(&done),
        [
            "[EMAIL_2]",
            "[EMAIL_1] and [EMAIL_3]",
            "[EMAIL_4], [EMAIL_2]"
        ]
    );
    assert_eq!(done.counts().total_spans(), 3);
    assert_eq!(done.counts().total_entities(), 2);
}

#[test]
fn brackets_hide_nothing() {
    let key = format!("AK{}Z3QP7MW2RT5BY4NL", "IA");
    let clean = default_one().anonymize_text(&format!("[{key}_1] [EMAIL_4111111111111111]"));
    assert!(
        !clean.contains(&key) && !clean.contains("4111111111111111"),
        "{clean}"
    );
}

#[test]
fn a_placeholder_is_a_wall() {
    let clean =
        default_one().anonymize_text("http://example.com/[EMAIL_1]/x 4111 1111 [CARD_1] 1111 1111");
    assert_eq!(clean, "[URL_1][EMAIL_1]/x 4111 1111 [CARD_1] 1111 1111");
}

#[test]
fn metadata_is_in_the_same_scope() {
    let mut input = chat(&["I am jo@example.com"]).with_user_id(SECRET);
    input.metadata.insert(
        "ticket".to_owned(),
        serde_json::json!({"from": SECRET, "cc": ["ann@example.com", 4], "open": true}),
    );
    let done = default_one().anonymize_conversation(&input);
    assert_eq!(
        done.conversation().metadata["ticket"],
        serde_json::json!({"from": "[EMAIL_1]", "cc": ["[EMAIL_2]", 4], "open": true})
    );
    assert_eq!(done.counts().spans()[&Kind::Email], 3);
    assert_eq!(done.conversation().user_id, Some(UserId::new(SECRET)));
}

#[test]
fn actions_apply_by_kind() {
    let anonymizer = Anonymizer::builder()
        .action(Kind::Email, Action::Keep)
        .action(Kind::Ip, Action::Drop)
        .action(Kind::Phone, Action::Mask)
        .build()
        .unwrap();
    let text = "jo@example.com from 203.0.113.7 to(203.0.113.8) or 415-555-2671, www.example.com";
    assert_eq!(
        anonymizer.anonymize_text(text),
        "jo@example.com from  to( ) or ****, [URL_1]"
    );
    assert!(
        anonymizer
            .detect(text)
            .iter()
            .all(|f| f.kind != Kind::Email)
    );
}

#[test]
fn a_kept_kind_does_not_shield_what_lies_in_it() {
    let anonymizer = Anonymizer::builder()
        .action(Kind::Url, Action::Keep)
        .build()
        .unwrap();
    assert_eq!(
        anonymizer.anonymize_text("https://example.com/?m=jo@example.com"),
        "https://example.com/?m=[EMAIL_1]"
    );
}

#[test]
fn the_score_decides() {
    let strict = Anonymizer::builder().min_score(0.9).build().unwrap();
    assert!(strict.detect("020 7946 0958").is_empty());
    assert_eq!(strict.detect("+49 30 1234567").len(), 1);
    for bad in [-0.1, 1.1, f32::NAN] {
        let error = Anonymizer::builder().min_score(bad).build().unwrap_err();
        assert!(error.is_invalid_parameter());
    }
}

#[test]
fn evidence_tells_why() {
    let found = default_one().detect("card ４111 1111 1111 1111");
    let evidence = &found[0].evidence;
    assert_eq!(evidence[0], Evidence::Pattern("card-grouped".into()));
    assert!(evidence.contains(&Evidence::Validator("luhn".into())));
    assert!(evidence.contains(&Evidence::Context("card".into())));
    assert!(evidence.contains(&Evidence::Folded));
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Finding>>(&json).unwrap(), found);
}

#[test]
fn users_get_keyed_tokens() {
    let keyed = |key| {
        Anonymizer::builder()
            .pseudonymous_users([key; 32])
            .build()
            .unwrap()
    };
    let token = |key, user: &str| {
        let done = keyed(key).anonymize_conversation(&chat(&["hi"]).with_user_id(user));
        done.into_conversation()
            .user_id
            .unwrap()
            .as_str()
            .to_owned()
    };
    assert_eq!(token(1, "ann"), token(1, "ann"));
    assert_ne!(token(1, "ann"), token(2, "ann"));
    assert_ne!(token(1, "ann"), token(1, "ben"));
    let hex = token(1, "ann").strip_prefix("user-").unwrap().to_owned();
    assert!(hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let unset = Anonymizer::builder().pseudonymous_users([0; 32]).build();
    assert!(unset.unwrap_err().is_invalid_parameter());
}

#[test]
fn fingerprints_name_the_settings_and_no_key() {
    let plain = default_one().fingerprint();
    assert!(plain.starts_with("axia-anonymize ") && plain.contains("EMAIL"));
    let staff =
        || PatternRecognizer::new("staff", Kind::custom("STAFF").unwrap(), "S-[0-9]+").unwrap();
    let others = [
        Anonymizer::builder().action(Kind::Url, Action::Keep),
        Anonymizer::builder().min_score(0.75),
        Anonymizer::builder().pseudonymous_users([7; 32]),
        Anonymizer::builder().recognizer(Box::new(staff())),
    ];
    let mut seen = vec![plain];
    for builder in others {
        let fingerprint = builder.build().unwrap().fingerprint();
        assert!(!seen.contains(&fingerprint) && !fingerprint.contains("0707"));
        seen.push(fingerprint);
    }
}

#[test]
fn patterns_are_checked() {
    let error = PatternRecognizer::new("bad", Kind::Url, "(").unwrap_err();
    assert!(error.is_invalid_pattern() && error.to_string().contains("bad"));
}

#[test]
fn counts_merge_and_round_trip() {
    let done = default_one()
        .anonymize_conversation(&chat(&["jo@example.com", "jo@example.com 203.0.113.7"]));
    let mut counts = done.counts().clone();
    counts.merge(done.counts());
    assert_eq!(counts.spans()[&Kind::Email], 4);
    assert_eq!(counts.entities()[&Kind::Email], 2);
    assert_eq!((counts.total_spans(), counts.total_entities()), (6, 4));
    let json = serde_json::to_string(&counts).unwrap();
    assert_eq!(serde_json::from_str::<EntityCounts>(&json).unwrap(), counts);
}

#[test]
fn debug_and_findings_hold_no_text() {
    let done = default_one().anonymize_conversation(&chat(&[SECRET]).with_user_id(SECRET));
    let gate = Thresholds::new()
        .min_conversations(1)
        .min_users(1)
        .build()
        .unwrap();
    let mut counter = CellCounter::new();
    counter.add(Some(&UserId::new(SECRET)));
    let released = gate.release(SECRET, counter.size()).unwrap();
    let builder = Anonymizer::builder().pseudonymous_users([0xAB; 32]);
    for shown in [
        format!("{done:?}"),
        format!("{:?}", done.findings()),
        format!("{counter:?}"),
        format!("{released:?}"),
        format!("{builder:?} {:?}", default_one()),
        serde_json::to_string(done.findings()).unwrap(),
    ] {
        assert!(!shown.contains("jo") && !shown.contains("171"), "{shown}");
    }
}

#[test]
fn one_anonymizer_serves_many_threads() {
    let anonymizer = default_one();
    let input = chat(&["jo@example.com 415-555-2671", "4111 1111 1111 1111"]);
    let expected = anonymizer.anonymize_conversation(&input);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (anonymizer, input, expected) = (anonymizer.clone(), &input, &expected);
            scope.spawn(move || assert_eq!(&anonymizer.anonymize_conversation(input), expected));
        }
    });
}

#[test]
fn types_cross_threads_and_the_trait_is_object_safe() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Anonymizer>();
    crosses::<AnonymizerBuilder>();
    crosses::<Anonymized>();
    crosses::<Error>();
    crosses::<Finding>();
    crosses::<Gate>();
    crosses::<CellSize>();
    crosses::<Released<String>>();
    crosses::<SuppressionReport>();
    let boxed: Box<dyn Recognizer> = Box::new(PatternRecognizer::new("x", Kind::Url, "x").unwrap());
    assert_eq!(Box::new(boxed).kind(), Kind::Url);
}
