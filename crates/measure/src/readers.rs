//! `readers`: how fast each format is read, on one core, duplicates' detection included.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use axia_conversation::{Conversation, ConversationWriter, Message, ReaderParams, Role, Timestamp};
use serde_json::{Value, json};

use crate::Error;
use crate::args::Args;
use crate::figure::{name_of, print};

/// Size of each generated file, before any compression.
const BYTES: usize = 64 << 20;

/// The fastest of so many passes: a pass is disturbed by whatever else runs, never helped.
const PASSES: usize = 3;

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&[])?;
    let data = args.data();
    if !data.is_empty() {
        return data.iter().try_for_each(|path| read(path, &name_of(path)));
    }
    let folder = tempfile::tempdir()?;
    for (name, record) in FORMATS {
        let path = folder.path().join(format!("{name}.jsonl"));
        generate(&path, |n, out| {
            serde_json::to_writer(&mut *out, &record(n))?;
            Ok(out.write_all(b"\n")?)
        })?;
        read(&path, &format!("generated {name}"))?;
        std::fs::remove_file(&path)?;
    }
    let path = folder.path().join("axia.jsonl");
    let mut writer = ConversationWriter::new(BufWriter::new(File::create(&path)?));
    let mut bytes = 0;
    let mut n = 0;
    while bytes < BYTES {
        let conversation = conversation(n);
        bytes += conversation
            .messages
            .iter()
            .map(|m| m.text.len())
            .sum::<usize>()
            + 300;
        writer.write(&conversation)?;
        n += 1;
    }
    writer.finish()?.flush()?;
    read(&path, "generated axia")
}

fn read(path: &Path, on: &str) -> Result<(), Error> {
    let bytes = std::fs::metadata(path)?.len();
    let mut best = f64::INFINITY;
    let mut read = 0;
    let mut format = String::new();
    for _ in 0..PASSES {
        let start = Instant::now();
        let mut reader = axia::open_conversations(path, ReaderParams::new())?;
        for conversation in &mut reader {
            // Records that cannot be read are part of the work.
            drop(conversation);
        }
        best = best.min(start.elapsed().as_secs_f64());
        read = reader.summary().conversations;
        format = reader
            .format()
            .map_or_else(|| "none".to_owned(), |f| f.to_string());
    }
    #[allow(clippy::cast_precision_loss)] // sizes and counts far below 2^53
    let (megabytes, records) = (bytes as f64 / 1e6, read as f64);
    let name = format!("readers/{format}");
    print(&name, megabytes / best, "MB/s", bytes, on);
    print(&name, records / best, "conversations/s", read, on);
    Ok(())
}

fn generate(
    path: &Path,
    mut record: impl FnMut(usize, &mut BufWriter<File>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut n = 0;
    while out.get_ref().metadata()?.len() < BYTES as u64 {
        for _ in 0..100 {
            record(n, &mut out)?;
            n += 1;
        }
    }
    Ok(out.flush()?)
}

/// Words enough for text of the usual mix of short words, punctuation, line breaks and quotes.
const WORDS: &[&str] = &[
    "the",
    "answer",
    "depends",
    "on",
    "what",
    "you",
    "value",
    "most:",
    "honesty,",
    "care",
    "or",
    "time.\n",
    "I",
    "would",
    "\"start\"",
    "small",
    "and",
    "see",
    "how",
    "it",
    "feels;",
    "naïve",
    "plans",
    "—",
    "often",
    "work",
    "best",
    "when",
    "they",
    "are",
    "simple.",
];

fn text(seed: usize, words: usize) -> String {
    let mut state = seed as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let mut text = String::with_capacity(words * 6);
    for _ in 0..words {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push_str(WORDS[(state >> 33) as usize % WORDS.len()]);
        text.push(' ');
    }
    text
}

/// Two turns of about two kilobytes together.
fn turns(n: usize) -> [(Role, String); 4] {
    [
        (Role::User, text(4 * n, 40)),
        (Role::Assistant, text(4 * n + 1, 150)),
        (Role::User, text(4 * n + 2, 20)),
        (Role::Assistant, text(4 * n + 3, 150)),
    ]
}

fn conversation(n: usize) -> Conversation {
    let mut conversation = Conversation::new(format!("c{n}"))
        .with_user_id(format!("u{}", n % 1000))
        .with_model("model-1");
    if let Some(time) = Timestamp::from_micros(1_777_000_000_000_000 + n as i64) {
        conversation = conversation.with_started_at(time);
    }
    for (role, text) in turns(n) {
        conversation = conversation.with_message(Message::new(role, text));
    }
    conversation
}

fn list(n: usize, role_key: &str, text_key: &str, names: [&str; 2]) -> Value {
    turns(n)
        .into_iter()
        .map(|(role, text)| {
            let name = names[usize::from(role == Role::Assistant)];
            json!({ role_key: name, text_key: text })
        })
        .collect()
}

const CHAT: [&str; 2] = ["user", "assistant"];

type Record = fn(usize) -> Value;

const FORMATS: &[(&str, Record)] = &[
    (
        "openai",
        |n| json!({"messages": list(n, "role", "content", CHAT)}),
    ),
    ("anthropic", |n| {
        json!({"system": "Be kind.", "messages": turns(n).into_iter().map(|(role, text)| {
            json!({"role": role.as_str(), "content": [{"type": "text", "text": text}]})
        }).collect::<Value>()})
    }),
    (
        "sharegpt",
        |n| json!({"id": format!("s{n}"), "conversations": list(n, "from", "value", ["human", "gpt"])}),
    ),
    ("wildchat", |n| {
        json!({
            "conversation_hash": format!("{n:032x}"), "model": "gpt-4", "turn": 2,
            "timestamp": "2023-04-09 00:02:53", "language": "English", "toxic": false,
            "redacted": false, "hashed_ip": format!("{:016x}", n % 1000),
            "conversation": list(n, "role", "content", CHAT),
        })
    }),
    ("lmsys", |n| {
        json!({
            "conversation_id": format!("{n:032x}"), "model": "vicuna-13b", "turn": 2,
            "language": "English", "openai_moderation": [{"flagged": false}], "redacted": false,
            "conversation": list(n, "role", "content", CHAT),
        })
    }),
    ("claude-export", |n| {
        json!({
            "uuid": format!("{n:032x}"), "name": "", "created_at": "2026-05-04T09:12:00.123456Z",
            "account": {"uuid": format!("u{}", n % 1000)},
            "chat_messages": turns(n).into_iter().map(|(role, text)| {
                let sender = if role == Role::User { "human" } else { "assistant" };
                json!({"uuid": "m", "sender": sender, "text": text.clone(),
                    "content": [{"type": "text", "text": text}],
                    "created_at": "2026-05-04T09:12:00Z", "attachments": [], "files": []})
            }).collect::<Value>(),
        })
    }),
    ("chatgpt-export", |n| {
        let mut mapping = serde_json::Map::new();
        mapping.insert(
            "r".into(),
            json!({"id": "r", "message": null, "parent": null, "children": ["0"]}),
        );
        for (i, (role, text)) in turns(n).into_iter().enumerate() {
            let parent = i.checked_sub(1).map_or("r".to_owned(), |p| p.to_string());
            mapping.insert(i.to_string(), json!({
                "id": i.to_string(), "parent": parent, "children": [(i + 1).to_string()],
                "message": {"id": i.to_string(), "author": {"role": role.as_str()},
                    "create_time": 1_700_000_000.5, "content": {"content_type": "text", "parts": [text]}},
            }));
        }
        json!({"id": format!("{n:032x}"), "title": "x", "create_time": 1_700_000_000.0,
            "mapping": mapping, "current_node": "3"})
    }),
    ("hh-rlhf", |n| {
        let transcript = turns(n)
            .into_iter()
            .fold(String::new(), |all, (role, text)| {
                let who = if role == Role::User {
                    "Human"
                } else {
                    "Assistant"
                };
                format!("{all}\n\n{who}: {text}")
            });
        json!({"chosen": transcript, "rejected": "\n\nHuman: no\n\nAssistant: no"})
    }),
    ("oasst", |n| {
        let reply = turns(n)
            .into_iter()
            .rev()
            .fold(Value::Null, |reply, (role, text)| {
                let role = if role == Role::User {
                    "prompter"
                } else {
                    "assistant"
                };
                let replies = if reply.is_null() {
                    json!([])
                } else {
                    json!([reply])
                };
                json!({"message_id": format!("{n}-{role}"), "user_id": format!("u{}", n % 1000),
                "text": text, "role": role, "lang": "en", "replies": replies})
            });
        json!({"message_tree_id": format!("t{n}"), "tree_state": "ready_for_export", "prompt": reply})
    }),
    ("langfuse", |n| {
        let [first, second, third, fourth] = turns(n);
        let input: Value = [first, second, third]
            .into_iter()
            .map(|(role, text)| json!({"role": role.as_str(), "content": text}))
            .collect();
        json!({
            "id": format!("o{n}"), "trace_id": format!("t{n}"), "type": "GENERATION",
            "start_time": "2026-05-04 09:12:00.000001", "user_id": format!("u{}", n % 1000),
            "provided_model_name": "model-1",
            "input": input,
            "output": {"role": "assistant", "content": fourth.1},
        })
    }),
    ("opentelemetry", |n| {
        let message = |(role, text): &(Role, String)| json!({"role": role.as_str(), "parts": [{"type": "text", "content": text}]});
        let turns = turns(n);
        let string =
            |key: &str, value: String| json!({"key": key, "value": {"stringValue": value}});
        json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": format!("{n:032x}"), "spanId": "1", "startTimeUnixNano": "1777000000000000000",
            "attributes": [
                string("gen_ai.operation.name", "chat".into()),
                string("gen_ai.request.model", "model-1".into()),
                string("gen_ai.conversation.id", format!("c{n}")),
                string("gen_ai.input.messages", turns[..3].iter().map(message).collect::<Value>().to_string()),
                string("gen_ai.output.messages", turns[3..].iter().map(message).collect::<Value>().to_string()),
            ],
        }]}]}]})
    }),
];
