//! What the fuzz targets check.

use std::io::Cursor;

use axia_conversation::{
    Branches, Conversation, ConversationReader, ConversationWriter, Error, Format, ReaderParams,
};

/// Reads the bytes in any way; checks that what is read, written and read again is equal, and that
/// no limit or way through the branches makes a reader panic.
pub fn check_reader(format: Option<Format>, data: &[u8]) {
    let mut params = ReaderParams::new().keep_duplicates(true);
    if let Some(format) = format {
        params = params.format(format);
    }
    let Ok(mut reader) = open(&params, data) else {
        return;
    };
    let read: Vec<Conversation> = reader.by_ref().filter_map(Result::ok).collect();
    assert_eq!(reader.summary().conversations, read.len() as u64);
    if !read.is_empty() {
        assert_eq!(read_again(&read), read);
    }
    // The first byte chooses a small limit, so that records of all sizes meet one.
    let limit = 16 + 8 * usize::from(data.first().copied().unwrap_or(0));
    let small = params.branches(Branches::All).max_record_bytes(limit);
    if let Ok(reader) = open(&small, data) {
        for error in reader.filter_map(Result::err) {
            assert!(!error.to_string().is_empty());
        }
    }
}

fn open(params: &ReaderParams, data: &[u8]) -> Result<ConversationReader, Error> {
    let data = data.to_vec();
    params.read_with(move || Ok(Cursor::new(data.clone())))
}

fn read_again(conversations: &[Conversation]) -> Vec<Conversation> {
    let mut writer = ConversationWriter::new(Vec::new());
    for conversation in conversations {
        writer.write(conversation).expect("writing to memory");
    }
    let bytes = writer.finish().expect("flushing memory");
    let params = ReaderParams::new()
        .format(Format::Axia)
        .keep_duplicates(true);
    let reader = params.read_from(Cursor::new(bytes)).expect("own format");
    reader.map(|item| item.expect("own record")).collect()
}
