//! Promises of the public types, and what is said where a feature is off.

#![allow(clippy::unwrap_used)]

use std::panic::UnwindSafe;

use axia_conversation::{
    Branches, ColumnMap, Conversation, ConversationId, ConversationReader, ConversationWriter,
    Error, Format, Message, ReadSummary, ReaderParams, RecordError, Role, SkipReason, Timestamp,
    UserId,
};

#[test]
fn types_cross_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn plain<T: Send + Sync + UnwindSafe + Clone + PartialEq + std::fmt::Debug + 'static>() {}
    fn sent<T: Send + std::fmt::Debug + 'static>() {}
    plain::<Branches>();
    plain::<ColumnMap>();
    plain::<Conversation>();
    plain::<ConversationId>();
    plain::<Format>();
    plain::<Message>();
    plain::<ReadSummary>();
    plain::<ReaderParams>();
    plain::<RecordError>();
    plain::<Role>();
    plain::<SkipReason>();
    plain::<Timestamp>();
    plain::<UserId>();
    shared::<Error>();
    shared::<ConversationWriter<Vec<u8>>>();
    sent::<ConversationReader>();
}

#[test]
fn nothing_shows_a_text_in_debug() {
    let line = r#"{"user": "ann", "messages": [{"role": "user", "content": "secret words"}]}"#;
    let mut reader = ReaderParams::new().read_from(line.as_bytes()).unwrap();
    let conversation = reader.next().unwrap().unwrap();
    for shown in [format!("{conversation:?}"), format!("{reader:?}")] {
        assert!(
            !shown.contains("secret") && !shown.contains("ann"),
            "{shown}"
        );
    }
}

#[test]
fn summaries_add_up_and_read_back() {
    let read = |lines: &str| -> ReadSummary {
        let lines = lines.to_owned().into_bytes();
        let mut reader = ReaderParams::new()
            .read_from(std::io::Cursor::new(lines))
            .unwrap();
        for _ in reader.by_ref() {}
        reader.summary().clone()
    };
    let good = "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n";
    let mut sum = read(good);
    sum.merge(&read(&format!("{good}{good}{{}}\n")));
    assert_eq!(
        (sum.conversations, sum.duplicates, sum.skipped_records()),
        (2, 1, 1)
    );
    assert_eq!(
        sum.to_string(),
        "2 conversations with 2 messages, from 150 bytes\n1 duplicate\n1 record skipped: 1 unknown shape"
    );
    let json = serde_json::to_string(&sum).unwrap();
    assert!(json.contains(r#""skipped":{"unknown-shape":1}"#), "{json}");
    assert_eq!(serde_json::from_str::<ReadSummary>(&json).unwrap(), sum);
}

/// What opening these bytes says.
#[allow(dead_code)]
fn error(data: &'static [u8]) -> Error {
    ReaderParams::new().read_from(data).map(|_| ()).unwrap_err()
}

#[cfg(not(feature = "gzip"))]
#[test]
fn gzip_off_is_named() {
    let error = error(b"\x1f\x8b\x08\x00");
    assert!(error.is_feature_off() && error.to_string().contains("`gzip`"));
}

#[cfg(not(feature = "zstd"))]
#[test]
fn zstd_off_is_named() {
    let error = error(b"\x28\xb5\x2f\xfd");
    assert!(error.is_feature_off() && error.to_string().contains("`zstd`"));
}

#[cfg(not(feature = "csv"))]
#[test]
fn csv_off_is_named() {
    let error = error(b"prompt,response\na,b\n");
    assert!(error.is_feature_off() && error.to_string().contains("`csv`"));
}
