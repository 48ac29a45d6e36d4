//! Parquet in and out: files as other tools write them, and our own read back equal.
//! `testdata/make.py` made the files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use axia_conversation::{
    Conversation, ConversationReader, Message, ReaderParams, Role, Timestamp, UserId,
};
use axia_polars::{ParquetWriter, is_parquet, open_parquet, to_data_frame};
use proptest::prelude::*;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
}

fn open(name: &str) -> ConversationReader {
    open_parquet(testdata(name), ReaderParams::new()).unwrap()
}

#[test]
fn wildchat_over_several_row_groups() {
    let mut reader = open("wildchat.parquet");
    let all: Vec<Conversation> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(all.len(), 25);
    assert_eq!(reader.format().unwrap().to_string(), "wildchat");
    let last = &all[24];
    assert_eq!(last.id.as_str(), format!("{:032x}", 24));
    assert_eq!(last.user_id, Some(UserId::new("ip-0")));
    assert_eq!(last.model.as_deref(), Some("gpt-4-0314"));
    assert_eq!(
        last.started_at,
        Timestamp::parse("2023-04-09T00:24:53.0005Z")
    );
    assert_eq!(last.messages[1].role, Role::Assistant);
    assert_eq!(last.messages[1].text, "L'honnêteté compte, cas 24.");
}

#[test]
fn lmsys() {
    let mut reader = open("lmsys.parquet");
    let all: Vec<Conversation> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(all.len(), 5);
    assert_eq!(reader.format().unwrap().to_string(), "lmsys-chat");
    assert_eq!(all[3].messages[0].text, "Is it fair, case 3?");
}

#[test]
fn a_flat_table_with_a_dictionary_dates_and_bytes() {
    let all: Vec<Conversation> = open("flat.parquet").map(Result::unwrap).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].messages.len(), 2);
    assert_eq!(all[2].messages[1].role, Role::Assistant);
    assert_eq!(all[2].messages[1].text, "Line 5");
}

#[test]
fn what_is_no_parquet_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chats.parquet");
    std::fs::write(&path, "PAR1 and then nothing of the kind").unwrap();
    assert!(is_parquet(&path).unwrap());
    let error = open_parquet(&path, ReaderParams::new()).unwrap_err();
    assert!(error.is_parquet(), "{error}");

    std::fs::write(&path, "no").unwrap();
    assert!(!is_parquet(&path).unwrap());
    assert!(
        is_parquet(folder.path().join("none"))
            .unwrap_err()
            .is_open()
    );
}

#[test]
fn a_cut_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.parquet");
    let whole = std::fs::read(testdata("wildchat.parquet")).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = open_parquet(&path, ReaderParams::new()).unwrap_err();
    assert!(error.is_parquet(), "{error}");
}

#[test]
fn damaged_pages_end_the_reading_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let mut bytes = std::fs::read(testdata("wildchat.parquet")).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 400].fill(0xFF);
    std::fs::write(&path, bytes).unwrap();
    // Either the head of the file or one of its row groups is found damaged; never a panic.
    if let Ok(reader) = open_parquet(&path, ReaderParams::new()) {
        assert!(reader.filter(Result::is_ok).count() < 25);
    }
}

#[test]
fn no_conversations_make_an_empty_frame() {
    assert_eq!(to_data_frame(&[]).unwrap().shape(), (0, 7));
}

fn conversation(number: usize) -> impl Strategy<Value = Conversation> {
    let text = "\\PC{0,20}[\\n\\t\"\\\\]{0,2}[a-z]";
    let message = (
        0..4_usize,
        text,
        proptest::option::of(0..2_000_000_000_000_000_i64),
    );
    (
        proptest::option::of("\\PC{1,8}"),
        proptest::option::of("\\PC{1,8}"),
        proptest::option::of(0..2_000_000_000_000_000_i64),
        proptest::collection::vec(message, 1..4),
        proptest::collection::btree_map("[a-z]{1,5}", "\\PC{0,8}", 0..3),
    )
        .prop_map(move |(user, model, time, messages, metadata)| {
            let mut all = Conversation::new(format!("c{number}"));
            all.user_id = user.map(UserId::new);
            all.model = model;
            all.started_at = time.and_then(Timestamp::from_micros);
            let roles = [Role::System, Role::User, Role::Assistant, Role::Tool];
            all.messages = messages
                .into_iter()
                .map(|(role, text, time)| {
                    let message = Message::new(roles[role], text);
                    match time.and_then(Timestamp::from_micros) {
                        Some(time) => message.at(time),
                        None => message,
                    }
                })
                .collect();
            all.metadata = metadata
                .into_iter()
                .map(|(key, value)| (key, serde_json::json!({ "is": value })))
                .collect();
            all
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_reads_back_equal(
        all in (1..12_usize).prop_flat_map(|n| (0..n).map(conversation).collect::<Vec<_>>()),
        row_group in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chats.parquet");
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = ParquetWriter::new(file).unwrap().with_row_group(row_group);
        for conversation in &all {
            writer.write(conversation).unwrap();
        }
        writer.finish().unwrap();
        let params = ReaderParams::new().keep_duplicates(true);
        let back: Vec<Conversation> =
            open_parquet(&path, params).unwrap().map(Result::unwrap).collect();
        prop_assert!(back == all);
    }
}
