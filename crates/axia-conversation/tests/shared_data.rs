//! Real files, where the machine has them: `AXIA_SHARED_DATA` names the folder.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use axia_conversation::{ConversationReader, Format};

#[test]
fn real_files_are_read_whole() {
    let Some(folder) = std::env::var_os("AXIA_SHARED_DATA") else {
        println!("skipped: AXIA_SHARED_DATA is not set");
        return;
    };
    for (name, format, count) in [
        ("oasst-model-eval-sample.jsonl.gz", Format::OpenAi, 998),
        (
            "hh-rlhf-harmless-base-first1156.jsonl.gz",
            Format::HhRlhf,
            1156,
        ),
        ("mt-bench-75.jsonl.gz", Format::OpenAi, 75),
    ] {
        let path = Path::new(&folder).join("conversations").join(name);
        let mut reader = ConversationReader::open(path).unwrap();
        assert_eq!(reader.format(), Some(format));
        let failed = reader.by_ref().filter(Result::is_err).count();
        println!("{name}: {}", reader.summary());
        assert_eq!(failed, 0, "{name}");
        assert_eq!(reader.summary().conversations, count, "{name}");
        assert_eq!(reader.summary().skipped_records(), 0, "{name}");
    }
}
