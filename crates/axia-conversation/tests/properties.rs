//! Laws: what is written reads back equal, and no input makes a reader panic.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Cursor;

use axia_conversation::{
    Branches, Conversation, ConversationWriter, Format, Message, Metadata, ReaderParams, Role,
    Timestamp,
};
use common::{Trickle, fixtures, try_read};
use proptest::prelude::*;

fn write(conversations: &[Conversation]) -> Vec<u8> {
    let mut writer = ConversationWriter::new(Vec::new());
    for conversation in conversations {
        writer.write(conversation).unwrap();
    }
    writer.finish().unwrap()
}

fn read_own(data: Vec<u8>) -> Vec<Conversation> {
    let params = ReaderParams::new()
        .format(Format::Axia)
        .keep_duplicates(true);
    let reader = params.read_from(Cursor::new(data)).unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![
        Just(Role::System),
        Just(Role::User),
        Just(Role::Assistant),
        Just(Role::Tool)
    ]
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    // The whole range that a time can have.
    prop::option::of(-377_705_023_201_000_000_i64..=253_402_207_200_999_999)
        .prop_map(|micros| micros.and_then(Timestamp::from_micros))
}

fn message() -> impl Strategy<Value = Message> {
    (role(), any::<String>(), time()).prop_map(|(role, text, time)| {
        // A message without text does not read back: that is the rule, not the exception.
        let message = Message::new(role, format!("{text}."));
        match time {
            Some(time) => message.at(time),
            None => message,
        }
    })
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn conversation()(
        id in any::<String>(),
        user_id in prop::option::of(any::<String>()),
        model in prop::option::of(any::<String>()),
        language in prop::option::of(any::<String>()),
        started_at in time(),
        messages in prop::collection::vec(message(), 1..5),
        metadata in prop::collection::btree_map(any::<String>(), value(), 0..3),
    ) -> Conversation {
        let mut conversation = Conversation::new(format!("{id}."));
        conversation.user_id = user_id.map(Into::into);
        conversation.model = model;
        conversation.language = language;
        conversation.started_at = started_at;
        conversation.messages = messages;
        conversation.metadata = Metadata::from(metadata);
        conversation
    }
}

/// Pieces that bring arbitrary input further than noise would.
fn json_like() -> impl Strategy<Value = Vec<u8>> {
    let fixtures = fixtures();
    let bytes: Vec<Vec<u8>> = fixtures.into_iter().map(|(_, data)| data).collect();
    (
        prop::sample::select(bytes),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..8),
    )
        .prop_map(|(mut data, changes)| {
            for (at, byte, kind) in changes {
                if data.is_empty() {
                    break;
                }
                let at = at.index(data.len());
                match kind {
                    0 => data[at] = byte,
                    1 => data.truncate(at),
                    _ => data.insert(at, b"{}[]\",:\\\n"[usize::from(byte) % 9]),
                }
            }
            data
        })
}

/// Reads to the end; what was read reads back equal.
fn survives(params: &ReaderParams, data: &[u8]) {
    let Ok(mut reader) = try_read(params, data) else {
        return;
    };
    let read: Vec<Conversation> = reader.by_ref().filter_map(Result::ok).collect();
    assert_eq!(reader.summary().conversations, read.len() as u64);
    // Nothing read is nothing to write, and an empty file is an error.
    if !read.is_empty() {
        assert_eq!(read_own(write(&read)), read);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn written_conversations_read_back_equal(conversations in prop::collection::vec(conversation(), 1..5)) {
        let data = write(&conversations);
        prop_assert_eq!(data.iter().filter(|b| **b == b'\n').count(), conversations.len());
        prop_assert_eq!(&read_own(data.clone()), &conversations);
        // Found without being told, and whatever the pieces.
        let pieces = Trickle { inner: Cursor::new(data), next: 0 };
        let reader = ReaderParams::new().keep_duplicates(true).read_from(pieces).unwrap();
        prop_assert_eq!(reader.format(), Some(Format::Axia));
        let read: Vec<Conversation> = reader.collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read, conversations);
    }

    #[test]
    fn no_bytes_panic(data in prop::collection::vec(any::<u8>(), 0..400)) {
        let params = ReaderParams::new().keep_duplicates(true);
        survives(&params, &data);
        for format in Format::ALL {
            survives(&params.clone().format(format), &data);
        }
    }

    #[test]
    fn no_damaged_file_panics(data in json_like(), small in 1..300_usize) {
        let params = ReaderParams::new().keep_duplicates(true).branches(Branches::All);
        survives(&params, &data);
        survives(&params.clone().max_record_bytes(small), &data);
        for format in Format::ALL {
            survives(&params.clone().format(format), &data);
        }
    }

    #[test]
    fn damaged_files_read_the_same_in_pieces(data in json_like(), first in 0..7_usize, small in 1..2000_usize) {
        let params = ReaderParams::new().max_record_bytes(small);
        let whole = try_read(&params, &data).map(|mut r| (r.by_ref().collect::<Vec<_>>(), r.summary().clone()));
        let copy = data.clone();
        let pieces = params.read_with(move || Ok(Trickle { inner: Cursor::new(copy.clone()), next: first }))
            .map(|mut r| (r.by_ref().collect::<Vec<_>>(), r.summary().clone()));
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => prop_assert_eq!(whole, pieces),
            (Err(whole), Err(pieces)) => prop_assert_eq!(whole.to_string(), pieces.to_string()),
            _ => prop_assert!(false, "one opened, the other did not"),
        }
    }
}
