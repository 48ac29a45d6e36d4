//! What the tests share.

#![allow(dead_code, clippy::unwrap_used)]

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use axia_conversation::{Conversation, ConversationReader, ReaderParams, RecordError, SkipReason};

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Every fixture, by name, with its bytes.
pub(crate) fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut fixtures: Vec<(String, Vec<u8>)> = std::fs::read_dir(testdata())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    fixtures.sort();
    fixtures
}

/// Reads bytes that can be had again, so that formats of two passes work too.
pub(crate) fn read(params: &ReaderParams, data: &[u8]) -> ConversationReader {
    try_read(params, data).unwrap()
}

pub(crate) fn try_read(
    params: &ReaderParams,
    data: &[u8],
) -> Result<ConversationReader, axia_conversation::Error> {
    let data = data.to_vec();
    params.read_with(move || Ok(io::Cursor::new(data.clone())))
}

/// One OpenAI line.
pub(crate) fn line(text: &str) -> String {
    serde_json::json!({"messages": [{"role": "user", "content": text}]}).to_string()
}

/// The first text of each conversation, and the reasons of the errors, in order.
pub(crate) fn outcome(reader: ConversationReader) -> (Vec<String>, Vec<SkipReason>) {
    let (texts, errors) = split(reader);
    let texts = texts.into_iter().map(|c| c.messages[0].text.clone());
    (
        texts.collect(),
        errors.iter().map(RecordError::reason).collect(),
    )
}

pub(crate) fn split(reader: ConversationReader) -> (Vec<Conversation>, Vec<RecordError>) {
    let (mut conversations, mut errors) = (Vec::new(), Vec::new());
    for item in reader {
        match item {
            Ok(conversation) => conversations.push(conversation),
            Err(error) => errors.push(error),
        }
    }
    (conversations, errors)
}

/// Hands out a few bytes at a time.
pub(crate) struct Trickle<R> {
    pub(crate) inner: R,
    pub(crate) next: usize,
}

impl<R: Read> Read for Trickle<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.next = self.next % 7 + 1;
        let len = into.len().min(self.next);
        self.inner.read(&mut into[..len])
    }
}
