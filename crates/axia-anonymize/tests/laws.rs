//! What holds for every text.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::LazyLock;

use axia_anonymize::{Action, Anonymizer, Kind, PatternRecognizer};
use axia_conversation::{Conversation, Message, Role};
use proptest::prelude::*;

/// Rules are compiled once for all cases.
static DEFAULT: LazyLock<Anonymizer> = LazyLock::new(|| Anonymizer::builder().build().unwrap());
static MASKING: LazyLock<Anonymizer> = LazyLock::new(|| all_kinds(Action::Mask));
static DROPPING: LazyLock<Anonymizer> = LazyLock::new(|| all_kinds(Action::Drop));

/// For texts with random words, some of which are names after a title.
static RULES: LazyLock<Anonymizer> =
    LazyLock::new(|| Anonymizer::builder().names(false).build().unwrap());

/// Everything at once, to see what the actions do to each other.
static MIXED: LazyLock<Anonymizer> = LazyLock::new(|| {
    let stars = Kind::custom("STARS").unwrap();
    let pattern = PatternRecognizer::new("stars", stars, r"\*+|q.q").unwrap();
    Anonymizer::builder()
        .recognizer(Box::new(pattern))
        .action(Kind::Url, Action::Keep)
        .action(Kind::Email, Action::Drop)
        .action(Kind::Ip, Action::Mask)
        .build()
        .unwrap()
});

fn all_kinds(action: Action) -> Anonymizer {
    let builder = Kind::built_in().fold(Anonymizer::builder(), |b, kind| b.action(kind, action));
    builder.build().unwrap()
}

/// Texts of pieces that entities are made of, so that entities meet, overlap and grow together.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("jo@example.com"),
        Just("http://"),
        Just("www.a.bc"),
        Just("203.0.113.7"),
        Just("@"),
        Just("4111 1111 1111 1111"),
        Just("4111111111111111"),
        Just("415-555-2671"),
        Just("phone "),
        Just("+49 30 1234567"),
        Just("DE89370400440532013000"),
        Just("536-22-8726"),
        Just("[EMAIL_1]"),
        Just("[EMAIL_"),
        Just("1]"),
        Just("[PHONE_2]"),
        Just("****"),
        Just("1111"),
        Just("4111"),
        Just("-"),
        Just("."),
        Just(" "),
        Just(":"),
        Just("/"),
        Just("_"),
        Just("\u{200B}"),
        Just("４"),
        Just("é"),
        Just("谢"),
        Just("👩\u{200D}🚀"),
        Just("[at]"),
        Just("version "),
        Just("qxq"),
        Just("\n"),
        Just("2001:db8::1"),
        Just("00:1b:44:11:3a:b7"),
        Just("\""),
        Just("("),
        Just(")"),
        Just("x12"),
        Just("sk-ant-Zk3qP9vX7mW2rT5bY8nL4cH6"),
        Just("eyJhbGciOiJIUzI1NiJ9.abcd."),
        Just("my number is "),
        Just("-----BEGIN PRIVATE KEY-----"),
        Just("550e8400-e29b-41d4-a716-446655440000"),
    ];
    let any_char = any::<char>().prop_map(String::from);
    let part = prop_oneof![9 => piece.prop_map(str::to_owned), 1 => any_char];
    proptest::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

fn conversation(texts: &[String]) -> Conversation {
    let mut chat = Conversation::new("c");
    for (i, text) in texts.iter().enumerate() {
        let role = if i % 2 == 0 {
            Role::User
        } else {
            Role::Assistant
        };
        chat = chat.with_message(Message::new(role, text.clone()));
    }
    if let Some(text) = texts.first() {
        let nested = serde_json::json!({"a": [text, 1, null], "b": text});
        chat.metadata.insert("nested".to_owned(), nested);
    }
    chat
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn findings_are_in_order_and_on_borders(text in text()) {
        let found = DEFAULT.detect(&text);
        let mut end = 0;
        for finding in found {
            prop_assert!(finding.span.start >= end && finding.span.start < finding.span.end);
            prop_assert!(text.get(finding.span.clone()).is_some());
            prop_assert!((0.5..=1.0).contains(&finding.score));
            end = finding.span.end;
        }
    }

    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        let _ = DEFAULT.anonymize_text(&text);
    }

    #[test]
    fn what_is_outside_of_findings_stays(text in text()) {
        let anonymizer = &MASKING;
        let mut expected = String::new();
        let mut from = 0;
        for finding in anonymizer.detect(&text) {
            expected.push_str(&text[from..finding.span.start]);
            expected.push_str("****");
            from = finding.span.end;
        }
        expected.push_str(&text[from..]);
        prop_assert_eq!(anonymizer.anonymize_text(&text), expected);
    }

    #[test]
    fn twice_is_once(texts in proptest::collection::vec(text(), 1..4)) {
        for anonymizer in [&DEFAULT, &MASKING, &DROPPING, &MIXED] {
            let once = anonymizer.anonymize_conversation(&conversation(&texts));
            let twice = anonymizer.anonymize_conversation(once.conversation());
            prop_assert_eq!(once.conversation(), twice.conversation());
        }
    }

    #[test]
    fn nothing_is_left_to_find(text in text()) {
        for anonymizer in [&DEFAULT, &MASKING, &DROPPING] {
            let clean = anonymizer.anonymize_text(&text);
            prop_assert_eq!(anonymizer.detect(&clean), vec![], "{}", clean);
        }
    }

    #[test]
    fn counts_add_up(texts in proptest::collection::vec(text(), 1..4)) {
        let mut chat = conversation(&texts);
        chat.metadata.clear();
        let done = DEFAULT.anonymize_conversation(&chat);
        let findings: usize = done.findings().iter().map(Vec::len).sum();
        prop_assert_eq!(done.counts().total_spans(), findings as u64);
        prop_assert!(done.counts().total_entities() <= done.counts().total_spans());
        prop_assert_eq!(done.findings().len(), texts.len());
    }

    #[test]
    fn one_entity_has_one_placeholder_in_all_messages(
        local in "[a-z][a-z0-9]{0,6}",
        fillers in proptest::collection::vec("[a-z ]{0,20}", 1..6),
    ) {
        let address = format!("{local}@example.com");
        let texts: Vec<String> = fillers
            .iter()
            .enumerate()
            .map(|(i, filler)| {
                let address = if i % 2 == 0 { address.clone() } else { address.to_uppercase() };
                format!("{filler} {address}")
            })
            .collect();
        let done = RULES.anonymize_conversation(&conversation(&texts));
        for (message, filler) in done.conversation().messages.iter().zip(&fillers) {
            prop_assert_eq!(&message.text, &format!("{filler} [EMAIL_1]"));
        }
        prop_assert_eq!(done.counts().entities()[&Kind::Email], 1);
    }

    /// Every way of writing the digits of a number, with the number found all the same.
    #[test]
    fn disguised_digits_are_found(
        number in prop::sample::select(vec!["4111111111111111", "378282246310005", "5555555555554444"]),
        zeros in proptest::collection::vec(prop::sample::select(vec!['0', '０', '٠', '०', '𝟎']), 16),
        invisible in prop::sample::select(vec!["", "\u{200B}", "\u{AD}", "\u{FE0F}"]),
    ) {
        let disguised: Vec<String> = number
            .chars()
            .zip(zeros)
            .map(|(digit, zero)| {
                let code = u32::from(zero) + digit.to_digit(10).unwrap();
                char::from_u32(code).unwrap().to_string()
            })
            .collect();
        let text = format!("pay {} now", disguised.join(invisible));
        prop_assert_eq!(DEFAULT.anonymize_text(&text), "pay [CARD_1] now");
    }
}

#[test]
fn long_lines_are_no_trouble() {
    let anonymizer = &DEFAULT;
    for piece in [
        "a.",
        "1",
        "1 ",
        "a@",
        "@a.b",
        "[at]",
        "http://",
        "ab://[",
        "www.",
        "(",
        ")",
        "http://)",
        "1.",
        ":1",
        "::",
        "sk-",
        "sk-example-",
        "eyJ",
        "eyJ-",
        "eyJ.",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "[EMAIL_",
        "[EMAIL_1]",
        "DE89",
        "+1",
        "tel 1234567 ",
        "\u{200B}",
        "４",
        "415-555-",
        "0a",
        "4111 1111 ",
        "\"@",
        "a-",
    ] {
        // A megabyte of what chats hold, a quarter of what they do not: quadratic time shows in both.
        let len = if piece.len() <= 2 { 1 << 20 } else { 1 << 18 };
        let text = piece.repeat(len / piece.len());
        let clean = anonymizer.anonymize_text(&text);
        assert!(!clean.is_empty(), "{piece}");
    }
}

#[test]
fn rows_that_once_failed() {
    // A recognizer that matches what masks leave gives an old finding another kind.
    let relabelled =
        "203.0.113.7x12é\"[PHONE_2]2001:db8::1[at]www.a.bc\"2001:db8::1\"my number is ";
    // What a mask leaves in the place of an account's name is no name.
    let account = "https://x.com/janedoe88/status/1?user=****";
    // The letters behind a number that is replaced are a word of their own, in which letters stand for digits.
    let behind = "@U_III\tIII77777\u{FFFD}फोन004 4.22224 42.22772III777772227";
    // What is replaced by something shorter comes nearer to a tag.
    let nearer = format!(
        "pW:@a{}H<R<>HHH\u{FFFD}e\":9_\u{FFFD}\0\0\0@0W4R2<R>",
        "\u{FFFD}".repeat(21)
    );
    // What is shown around a code ends in the middle of what will be a mask.
    let cut = "%78 8 R\u{FFFD}(533096\u{FFFD}dpw:\u{FFFD}o2 is\u{FFFD}\u{FFFD}pw@11,\u{FFFD}1<1\u{1FC5}\u{FFFD}5-096\u{FFFD}d(533096\u{FFFD}d8pw:\u{FFFD}2 is\u{FFFD}\u{FFFD}pw:Aage";
    for text in [relabelled, account, behind, &nearer, cut] {
        for anonymizer in [&DEFAULT, &MASKING, &DROPPING, &MIXED] {
            let once = anonymizer.anonymize_text(text);
            assert_eq!(anonymizer.anonymize_text(&once), once);
        }
    }
    assert_eq!(MASKING.detect(&MASKING.anonymize_text(account)), vec![]);
}
