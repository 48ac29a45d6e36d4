//! Whole conversations: one scope for all turns and roles, propagation, questions, actions, scopes,
//! and what cannot be scanned.
#![allow(clippy::unwrap_used)]

use axia_anonymize::{
    Action, Anonymizer, AnonymizerBuilder, ConsistencyScope, Error, Evidence, Finding, Kind,
    PatternRecognizer, Recognizer, RecognizerFailure, ScanState, SecretKey,
};
use axia_conversation::{Conversation, Message, Role, UserId};
use proptest::prelude::*;

/// Names, by a pattern of this test, so that it does not depend on which recognizers are built in.
fn builder() -> AnonymizerBuilder {
    let names = "(?:Dr\\. )?(?:Jane|John|Mary) (?:Doe|Roe|Smith)";
    let names = PatternRecognizer::new("test-names", Kind::Person, names).unwrap();
    Anonymizer::builder()
        .names(false)
        .recognizer(Box::new(names))
}

fn key(byte: u8) -> SecretKey {
    let mut bytes = [byte; 32];
    bytes[31] = 0;
    SecretKey::new(bytes).unwrap()
}

fn chat(turns: &[(Role, &str)]) -> Conversation {
    turns
        .iter()
        .fold(Conversation::new("chat-1"), |chat, (role, text)| {
            chat.with_message(Message::new(*role, *text))
        })
}

fn texts(anonymizer: &Anonymizer, chat: &Conversation) -> Vec<String> {
    let done = anonymizer.anonymize_conversation(chat);
    assert_eq!(done.state(), ScanState::Scanned);
    done.conversation()
        .messages
        .iter()
        .map(|m| m.text.clone())
        .collect()
}

#[test]
fn an_entity_is_one_through_all_turns_and_roles() {
    let chat = chat(&[
        (Role::System, "The customer is Dr. Jane Doe."),
        (Role::User, "hi, jane here; Jane's card is with John Roe"),
        (Role::Assistant, "Ms Doe, JANE DOE, or J. Doe? And Roe?"),
        (Role::Tool, r#"{"file": "jane_doe.txt", "by": "JohnRoe"}"#),
    ]);
    assert_eq!(
        texts(&builder().build().unwrap(), &chat),
        [
            "The customer is [PERSON_1].",
            "hi, jane here; [PERSON_1]'s card is with [PERSON_2]",
            "Ms [PERSON_1], [PERSON_1], or J. [PERSON_1]? And [PERSON_2]?",
            r#"{"file": "[PERSON_1].txt", "by": "[PERSON_2]"}"#,
        ]
    );
}

#[test]
fn a_part_that_fits_two_people_is_a_third_entity() {
    let chat = chat(&[(
        Role::User,
        "Jane Doe married John Doe. Doe is a common name, says Jane.",
    )]);
    assert_eq!(
        texts(&builder().build().unwrap(), &chat),
        ["[PERSON_1] married [PERSON_2]. [PERSON_3] is a common name, says [PERSON_1]."]
    );
}

#[test]
fn what_context_gave_away_once_is_replaced_everywhere() {
    let chat = chat(&[
        (Role::User, "Is 536228726 a prime?"),
        (Role::Assistant, "Why do you ask?"),
        (
            Role::User,
            "My SSN is 536-22-8726, and jane.doe77@example.com is my mail.",
        ),
        (
            Role::Assistant,
            "So jane.doe77 has 536 22 8726, not 5362287261.",
        ),
    ]);
    assert_eq!(
        texts(&builder().build().unwrap(), &chat),
        [
            "Is [US_SSN_1] a prime?",
            "Why do you ask?",
            "My SSN is [US_SSN_1], and [EMAIL_1] is my mail.",
            "So [EMAIL_1] has [US_SSN_1], not 5362287261.",
        ]
    );
}

#[test]
fn a_question_is_read_together_with_its_answer() {
    let ask = |question: &str| {
        let chat = chat(&[
            (Role::Assistant, question),
            (Role::User, "536228726, of course"),
        ]);
        texts(&builder().build().unwrap(), &chat)[1].clone()
    };
    assert_eq!(
        ask("Noted. What is your social security number (SSN)?"),
        "[US_SSN_1], of course"
    );
    assert_eq!(
        ask("How many stars are in the sky?"),
        "536228726, of course"
    );
    // Findings stay where they are in the answer, and the evidence shows the word of the question.
    let chat = chat(&[(Role::Assistant, "Your SSN?"), (Role::User, "é 536228726")]);
    let done = builder().build().unwrap().anonymize_conversation(&chat);
    let finding = &done.findings()[1][0];
    assert_eq!(finding.span, 3..12);
    assert!(
        finding
            .evidence
            .iter()
            .any(|e| matches!(e, Evidence::Context(_)))
    );
}

#[test]
fn forged_placeholders_do_not_stand_for_others() {
    let chat = chat(&[
        (
            Role::User,
            "I am [PERSON_1], they call me [EMAIL_2] and [API_KEY_0123456789abcdef01234567]",
        ),
        (Role::User, "Jane Doe, ann@example.com, bob@example.com"),
    ]);
    let plain = texts(&builder().build().unwrap(), &chat);
    assert_eq!(plain[1], "[PERSON_2], [EMAIL_1], [EMAIL_3]");
    // Tokens of another key are plain text, and those of this key pass.
    let keyed = |byte| {
        let builder = builder().scope(ConsistencyScope::Corpus).key(key(byte));
        builder.build().unwrap()
    };
    let once = keyed(1).anonymize_text("ann@example.com");
    assert_eq!(keyed(1).anonymize_text(&once), once);
    assert_ne!(keyed(2).anonymize_text("ann@example.com"), once);
}

#[test]
fn scopes_link_what_they_say_and_nothing_else() {
    let token = |scope, id: &str, user: Option<&str>, byte| {
        let mut chat = Conversation::new(id).with_message(Message::new(Role::User, "Jane Doe"));
        chat.user_id = user.map(UserId::new);
        let anonymizer = builder()
            .scope(scope)
            .key(key(byte))
            .action(Kind::Person, Action::Token);
        texts(&anonymizer.build().unwrap(), &chat)[0].clone()
    };
    use ConsistencyScope::{Conversation as One, Corpus, User};
    for (scope, same, other) in [
        (One, ("a", Some("u")), ("b", Some("u"))),
        (User, ("b", Some("u")), ("a", Some("v"))),
        // Where the user is not known, the conversation is the scope.
        (User, ("a", Some("u")), ("a", None)),
    ] {
        let first = token(scope, "a", Some("u"), 1);
        assert_eq!(first, token(scope, same.0, same.1, 1), "{scope}");
        assert_ne!(first, token(scope, other.0, other.1, 1), "{scope}");
        assert_ne!(
            first,
            token(scope, "a", Some("u"), 2),
            "{scope}: another key"
        );
    }
    assert_eq!(
        token(Corpus, "a", Some("u"), 1),
        token(Corpus, "b", None, 1)
    );
    assert_ne!(token(User, "b", None, 1), token(User, "c", None, 1));
}

#[test]
fn every_action_does_what_it_says() {
    let run = |action, text: &str| {
        let all = [Kind::Person, Kind::Email, Kind::Ip, Kind::Card, Kind::Url];
        let builder = all
            .into_iter()
            .fold(builder().key(key(3)), |b, kind| b.action(kind, action));
        builder.build().unwrap().anonymize_text(text)
    };
    let text = "Jane Doe (jane@example.org) at 198.18.7.9";
    assert_eq!(run(Action::Mask, text), "**** (****) at ****");
    assert_eq!(run(Action::Drop, text), " ( ) at ");
    assert_eq!(run(Action::Keep, text), text);
    assert_eq!(
        run(Action::Generalize, text),
        "[PERSON_1] ([EMAIL_1]) at 198.18.7.x"
    );
    let invented = run(Action::Surrogate, text);
    assert!(invented.contains("@example.com"), "{invented}");
    assert!(
        !invented.contains("Jane") && !invented.contains("198.18"),
        "{invented}"
    );
    assert_eq!(invented, run(Action::Surrogate, text));
    // Two entities of a conversation never get one surrogate.
    let many: String = (0..9)
        .map(|i| format!("Card: 4111 1111 1111 {} ", card_tail(i)))
        .collect();
    let drawn = run(Action::Surrogate, &many);
    let cards: std::collections::BTreeSet<&str> = drawn.split("Card: ").skip(1).collect();
    assert_eq!(cards.len(), 9, "{drawn}");
}

/// The last four digits that make a card number of twelve known ones.
fn card_tail(i: u32) -> String {
    let luhn = |digits: &str| {
        digits.bytes().rev().enumerate().fold(0, |sum, (at, byte)| {
            let digit = u32::from(byte - b'0') * if at % 2 == 1 { 2 } else { 1 };
            sum + digit / 10 + digit % 10
        }) % 10
            == 0
    };
    (0..10)
        .map(|last| format!("{:03}{last}", 100 + i))
        .find(|tail| luhn(&format!("411111111111{tail}")))
        .unwrap()
}

#[test]
fn a_key_must_be_there_and_a_secret() {
    for builder in [
        Anonymizer::builder().scope(ConsistencyScope::User),
        Anonymizer::builder().action(Kind::Email, Action::Token),
        Anonymizer::builder().action(Kind::Email, Action::Surrogate),
        Anonymizer::builder().pseudonymous_users([0; 32]),
    ] {
        assert!(builder.build().unwrap_err().is_invalid_parameter());
    }
    assert!(
        SecretKey::from_slice(&[1; 31])
            .unwrap_err()
            .is_invalid_parameter()
    );
    assert!(SecretKey::new([0; 32]).unwrap_err().is_invalid_parameter());
    let shown = format!("{:?}", Anonymizer::builder().key(key(65)).build().unwrap());
    assert!(
        !shown.contains("65") && shown.contains("keyed: true"),
        "{shown}"
    );
}

/// Fails on texts with a certain word, as a model might.
struct Failing;

impl Recognizer for Failing {
    fn kind(&self) -> Kind {
        Kind::Person
    }

    fn recognize(&self, _: &str, _: &mut Vec<Finding>) {}

    fn try_recognize(&self, text: &str, _: &mut Vec<Finding>) -> Result<(), RecognizerFailure> {
        if text.contains("poison") {
            Err(RecognizerFailure)
        } else {
            Ok(())
        }
    }
}

#[test]
fn what_cannot_be_scanned_is_withheld() -> Result<(), Error> {
    let anonymizer = Anonymizer::builder()
        .recognizer(Box::new(Failing))
        .build()?;
    let mut bad = chat(&[
        (Role::User, "hello"),
        (Role::User, "poison"),
        (Role::User, "bye"),
    ]);
    bad.metadata.insert("note".to_owned(), "hello".into());
    let done = anonymizer.anonymize_conversation(&bad);
    assert_eq!(done.state(), ScanState::Unscanned);
    assert!(
        done.conversation()
            .messages
            .iter()
            .all(|m| m.text.is_empty())
    );
    assert!(done.conversation().metadata.is_empty());
    assert_eq!(anonymizer.anonymize_text("poison"), "");
    let small = Anonymizer::builder().max_conversation_bytes(8).build()?;
    assert_eq!(
        small.anonymize_conversation(&bad).state(),
        ScanState::Unscanned
    );
    let good = chat(&[(Role::User, "hello")]);
    assert_eq!(
        small.anonymize_conversation(&good).state(),
        ScanState::Scanned
    );
    Ok(())
}

proptest! {
    /// Whatever is said in whatever order: no mention of an entity survives, a second pass changes
    /// nothing, and conversations do not depend on each other.
    #[test]
    fn no_mention_survives(
        parts in proptest::collection::vec((0..9_usize, 0..4_u8), 1..12),
    ) {
        let bits = [
            "Jane Doe", "JANE DOE", "doe jane", "ann.lee9@example.org", "ANN.LEE9", "+1 415 555 2671",
            "my SSN is 536-22-8726", "536228726", "nothing to see",
        ];
        let mut chat = Conversation::new("c");
        for (bit, role) in &parts {
            let role = [Role::User, Role::Assistant, Role::System, Role::Tool][*role as usize];
            chat = chat.with_message(Message::new(role, format!("So {}. ", bits[*bit])));
        }
        let anonymizer = builder().build().unwrap();
        let done = anonymizer.anonymize_conversation(&chat);
        let all: String = done.conversation().messages.iter().map(|m| m.text.as_str()).collect();
        let said = |bit: usize| parts.iter().any(|(b, _)| *b == bit);
        if said(0) {
            prop_assert!(!all.to_lowercase().contains("jane"), "{}", all);
        }
        if said(3) {
            prop_assert!(!all.to_lowercase().contains("lee9"), "{}", all);
        }
        if said(6) {
            prop_assert!(!all.contains("8726"), "{}", all);
        }
        let again = anonymizer.anonymize_conversation(done.conversation());
        prop_assert_eq!(again.conversation(), done.conversation());
    }
}

#[test]
fn a_placeholder_in_a_question_announces_nothing() {
    let anonymizer = Anonymizer::builder().build().unwrap();
    for (question, without, answer) in [
        (
            "Is it 0831 80 00831?",
            "Is it [PHONE_1]?",
            "@\u{FFFD}IIII952I66 80 0608",
        ),
        // The question begins with it.
        (
            "((02o 8102oo818  818  8 818 /?",
            "(([PHONE_1]  818  8 818 /?",
            ".3\u{3}0 81 0 88 818 /?.3\u{3}0 81 0 81",
        ),
    ] {
        let chat = Conversation::new("c")
            .with_message(Message::new(Role::Assistant, question))
            .with_message(Message::new(Role::User, answer));
        let once = anonymizer.anonymize_conversation(&chat);
        assert_eq!(once.conversation().messages[0].text, without);
        let twice = anonymizer.anonymize_conversation(once.conversation());
        assert_eq!(once.conversation(), twice.conversation());
    }
}
