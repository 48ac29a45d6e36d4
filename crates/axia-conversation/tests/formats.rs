//! Every fixture of `testdata/` gives what `testdata/expected/` holds.
//!
//! `AXIA_UPDATE_GOLDEN=1 cargo test -p axia-conversation --test formats` writes the expected files anew.

#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;

use axia_conversation::{Branches, ColumnMap, ConversationReader, Format, ReaderParams};
use common::testdata;

/// Conversations as JSON, skipped records as their message, then the counts.
fn report(mut reader: ConversationReader) -> String {
    let mut report = String::new();
    for item in reader.by_ref() {
        match item {
            Ok(conversation) => {
                let json = serde_json::to_string(&conversation).unwrap();
                writeln!(report, "{json}").unwrap();
            }
            Err(error) => writeln!(report, "skipped: {error}").unwrap(),
        }
    }
    writeln!(report, "{}", reader.summary()).unwrap();
    report
}

fn check(name: &str, format: Format, params: &ReaderParams, expected: &str) {
    let path = testdata().join(name);
    let reader = params.clone().source_name(name).open(&path).unwrap();
    assert_eq!(reader.format(), Some(format), "{name}");
    let report = report(reader);
    let expected_path = testdata().join("expected").join(expected);
    if std::env::var_os("AXIA_UPDATE_GOLDEN").is_some() {
        std::fs::write(&expected_path, &report).unwrap();
    }
    let expected = std::fs::read_to_string(&expected_path).unwrap();
    assert_eq!(report, expected, "{name}");
}

#[test]
fn fixtures_give_what_is_expected() {
    let defaults = ReaderParams::new();
    let all = ReaderParams::new().branches(Branches::All);
    let columns = ReaderParams::new().columns(
        ColumnMap::wide("prompt", "response")
            .id("id")
            .metadata("model"),
    );
    #[rustfmt::skip]
    let table: [(&str, Format, &ReaderParams, &str); 28] = [
        ("axia.jsonl", Format::Axia, &defaults, "axia.txt"),
        ("openai.jsonl", Format::OpenAi, &defaults, "openai.txt"),
        ("openai-messages.json", Format::OpenAi, &defaults, "openai-messages.txt"),
        ("anthropic.jsonl", Format::Anthropic, &defaults, "anthropic.txt"),
        ("chatgpt.json", Format::ChatGpt, &defaults, "chatgpt.txt"),
        ("chatgpt.json", Format::ChatGpt, &all, "chatgpt-all.txt"),
        ("claude.json", Format::Claude, &defaults, "claude.txt"),
        ("claude.json", Format::Claude, &all, "claude-all.txt"),
        ("sharegpt.json", Format::ShareGpt, &defaults, "sharegpt.txt"),
        ("wildchat.jsonl", Format::WildChat, &defaults, "wildchat.txt"),
        ("lmsys-chat.jsonl", Format::LmsysChat, &defaults, "lmsys-chat.txt"),
        ("openassistant-trees.jsonl", Format::OpenAssistant, &defaults, "openassistant-trees.txt"),
        ("openassistant-trees.jsonl", Format::OpenAssistant, &all, "openassistant-trees-all.txt"),
        ("openassistant-messages.jsonl", Format::OpenAssistant, &defaults, "openassistant-messages.txt"),
        ("hh-rlhf.jsonl", Format::HhRlhf, &defaults, "hh-rlhf.txt"),
        ("arena.jsonl", Format::Arena, &defaults, "arena.txt"),
        ("langfuse.jsonl", Format::Langfuse, &defaults, "langfuse.txt"),
        ("langfuse-api.json", Format::Langfuse, &defaults, "langfuse-api.txt"),
        ("langfuse.csv", Format::Langfuse, &defaults, "langfuse-csv.txt"),
        ("opentelemetry.json", Format::OpenTelemetry, &defaults, "opentelemetry.txt"),
        ("openinference.jsonl", Format::OpenTelemetry, &defaults, "openinference.txt"),
        ("ui-messages.json", Format::UiMessages, &defaults, "ui-messages.txt"),
        ("docent.json", Format::Docent, &defaults, "docent.txt"),
        ("kura.json", Format::OpenAi, &defaults, "kura.txt"),
        ("table-long.csv", Format::Table, &defaults, "table-long.txt"),
        ("table-wide.tsv", Format::Table, &columns, "table-wide.txt"),
        ("table-instructions.json", Format::Table, &defaults, "table-instructions.txt"),
        ("table-rows.jsonl", Format::Table, &defaults, "table-rows.txt"),
    ];
    for (name, format, params, expected) in table {
        check(name, format, params, expected);
    }
}
