//! Reading speed by format, in decoded bytes.
//!
//! `cargo bench -p axia-conversation --bench readers`

#![allow(missing_docs, clippy::expect_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Cursor;

use axia_conversation::{Format, ReaderParams};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Records of each file: some ten megabytes.
const RECORDS: usize = 6_000;

const PARAGRAPH: &str = "I would ask them first, because a promise that was made to somebody is \
    theirs to give back.\\n\\nThere are \\\"two sides\\\" to it: what you owe, and what it costs. ";

/// A text whose length and letters differ from record to record, as JSON.
fn text(seed: usize) -> String {
    format!("{seed}: {}", PARAGRAPH.repeat(1 + seed % 4))
}

fn openai() -> String {
    let mut lines = String::new();
    for n in 0..RECORDS {
        let (a, b, c, d) = (text(n), text(n + 1), text(n + 2), text(n + 3));
        writeln!(
            lines,
            r#"{{"id": "chat-{n}", "user": "user-{}", "model": "model-a", "messages": [{{"role": "user", "content": "{a}"}}, {{"role": "assistant", "content": "{b}"}}, {{"role": "user", "content": "{c}"}}, {{"role": "assistant", "content": "{d}"}}]}}"#,
            n % 100
        )
        .expect("writing to memory");
    }
    lines
}

fn axia() -> String {
    openai()
        .replace(r#""user": "#, r#""user_id":"#)
        .replace(r#""content": "#, r#""text":"#)
}

fn table() -> String {
    let mut rows = String::from("conversation_id,role,content\n");
    for n in 0..RECORDS {
        for (role, seed) in [("user", n), ("assistant", n + 1)] {
            let text = text(seed).replace("\\n", "\n").replace("\\\"", "\"\"");
            writeln!(rows, "{n},{role},\"{text}\"").expect("writing to memory");
        }
    }
    rows
}

fn readers(criterion: &mut Criterion) {
    let lines = openai();
    let list = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
    let inputs = [
        ("axia", axia(), Format::Axia),
        ("openai", lines, Format::OpenAi),
        ("openai-list", list, Format::OpenAi),
        ("table", table(), Format::Table),
    ];
    for (name, data, format) in inputs {
        let mut group = criterion.benchmark_group(format!("readers/{name}"));
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.sample_size(20);
        let data: &'static [u8] = data.into_bytes().leak();
        group.bench_function(format!("n{RECORDS}"), |bencher| {
            bencher.iter(|| {
                let reader = ReaderParams::new()
                    .read_from(Cursor::new(data))
                    .expect("a known format");
                assert_eq!(reader.format(), Some(format));
                let read = reader.filter_map(Result::ok).map(black_box).count();
                assert_eq!(read, RECORDS);
            });
        });
        group.finish();
    }
}

criterion_group!(benches, readers);
criterion_main!(benches);
