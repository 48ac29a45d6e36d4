//! Findings are in order, apart, on borders of characters and within the text, and hold nothing of it; a
//! second pass over the replaced text finds nothing to replace; a conversation of two turns keeps both
//! promises across its turns.
#![no_main]

use std::sync::LazyLock;

use axia_anonymize::{Action, Anonymizer, Kind};
use axia_conversation::{Conversation, Message, Role};
use libfuzzer_sys::fuzz_target;

static ANONYMIZER: LazyLock<Anonymizer> =
    LazyLock::new(|| Anonymizer::builder().build().expect("the default settings are valid"));

/// Masks leave another text behind than placeholders do.
static MASKING: LazyLock<Anonymizer> = LazyLock::new(|| {
    let builder = Anonymizer::builder();
    Kind::built_in()
        .fold(builder, |builder, kind| builder.action(kind, Action::Mask))
        .build()
        .expect("the default settings are valid")
});

/// What could only come from the text: offsets and scores in a `Debug` output are shorter.
fn is_telling(part: &str) -> bool {
    part.len() >= 8 && part.bytes().filter(u8::is_ascii_digit).count() >= 6 || part.contains('@')
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut end = 0;
    for finding in ANONYMIZER.detect(&text) {
        assert!(finding.span.start >= end && finding.span.start < finding.span.end);
        let part = text.get(finding.span.clone()).expect("borders of characters");
        assert!(!is_telling(part) || !format!("{finding:?}").contains(part));
        end = finding.span.end;
    }
    for anonymizer in [&*ANONYMIZER, &*MASKING] {
        let once = anonymizer.anonymize_text(&text);
        assert_eq!(anonymizer.anonymize_text(&once), once);
        assert!(anonymizer.detect(&once).is_empty());
    }
    let half = (0..=text.len() / 2).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let (first, second) = text.split_at(half);
    let chat = Conversation::new("c")
        .with_message(Message::new(Role::Assistant, first))
        .with_message(Message::new(Role::User, second));
    let once = ANONYMIZER.anonymize_conversation(&chat);
    let twice = ANONYMIZER.anonymize_conversation(once.conversation());
    assert_eq!(once.conversation(), twice.conversation());
});
