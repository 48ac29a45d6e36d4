//! The same records in every layout and compression.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Cursor, Write};

use axia_conversation::{ConversationReader, Format, ReaderParams, SkipReason};
use common::{Trickle, fixtures, line, outcome, read, split};

fn texts(data: &[u8]) -> Vec<String> {
    let (texts, reasons) = outcome(read(&ReaderParams::new(), data));
    assert_eq!(reasons, [], "{}", String::from_utf8_lossy(data));
    texts
}

#[test]
fn every_layout_holds_the_same_records() {
    let (a, b) = (line("one"), line("two"));
    let pretty = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    let (pa, pb) = (pretty(&a), pretty(&b));
    let layouts = [
        format!("{a}\n{b}\n"),
        format!("{a}\r\n\r\n  {b}  "),
        format!("\u{feff}{a}\n{b}"),
        format!("[{a},{b}]"),
        format!("[\n  {a},\n  {b}\n]\n"),
        format!("[{pa}, {pb}]"),
        format!("{pa}\n{pb}\n"),
        format!("{pa}{pb}"),
        format!("{a}{b}"),
        format!("{a} {b}\n"),
        format!("{a},\n{pb}"),
        format!("\u{1e}{a}\n\u{1e}{b}\n"),
        format!("[{a}]\n[{b}]\n"),
        format!("{{\"data\": [{a}, {b}], \"meta\": {{\"page\": 1}}}}"),
        format!(
            "{{\"meta\": {{\"data\": [1]}}, \"note\": \"[\\\"\", \"n\": 1, \"data\": [\n{a},\n{b}\n]\n}}"
        ),
        format!("{{\"data\": [{a}]}}\n{{\"data\": []}}\n{{\"data\": [{b}]}}\n"),
        format!("{{\"chats\": [{pa}, {pb}]}}"),
    ];
    for layout in layouts {
        assert_eq!(texts(layout.as_bytes()), ["one", "two"], "{layout}");
    }
    // One object over several lines is one record.
    assert_eq!(texts(pa.as_bytes()), ["one"]);
}

#[test]
fn records_larger_than_the_first_look_are_read() {
    let long = "long ".repeat(100_000);
    let (a, b) = (line(&long), line("two"));
    for layout in [
        format!("{a}\n{b}\n{a}x\n{b}"),
        format!("[{a},{b}]"),
        format!("{{\"data\": [{a},{b}]}}"),
    ] {
        let (texts, _) = outcome(read(&ReaderParams::new(), layout.as_bytes()));
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[0].len(), long.len());
    }
}

#[test]
fn lines_and_offsets_are_those_of_the_file() {
    let bad = "{\"messages\": 1}";
    for layout in [
        format!("{}\n\n{bad}\n", line("a")),
        format!("[\n{},\n{bad}]", line("a")),
        format!("\n\n{bad}\n{}", line("a")),
    ] {
        let (_, errors) = split(read(&ReaderParams::new(), layout.as_bytes()));
        assert_eq!(errors[0].line(), Some(3), "{layout}");
        let at = usize::try_from(errors[0].byte_offset().unwrap()).unwrap();
        assert!(layout[at..].starts_with(bad), "{layout}");
    }
}

#[test]
fn results_do_not_depend_on_how_the_bytes_arrive() {
    for (name, data) in fixtures() {
        let params = ReaderParams::new();
        let mut whole = read(&params, &data);
        let whole_items: Vec<_> = whole.by_ref().collect();
        for first in 0..7 {
            let data = data.clone();
            let mut trickled = params
                .read_with(move || {
                    Ok(Trickle {
                        inner: Cursor::new(data.clone()),
                        next: first,
                    })
                })
                .unwrap();
            let items: Vec<_> = trickled.by_ref().collect();
            assert_eq!(items, whole_items, "{name}");
            assert_eq!(trickled.summary(), whole.summary(), "{name}");
        }
    }
}

#[test]
fn wrapped_in_a_list_the_fixtures_give_the_same() {
    for (name, data) in fixtures() {
        if !name.ends_with(".jsonl") {
            continue;
        }
        let lines = String::from_utf8(data.clone()).unwrap();
        let list = format!("[\n{}\n]", lines.trim_end().replace('\n', ",\n"));
        let (from_lines, lost) = split(read(&ReaderParams::new(), &data));
        let (from_list, lost_in_list) = split(read(&ReaderParams::new(), list.as_bytes()));
        assert_eq!(from_lines, from_list, "{name}");
        assert_eq!(lost.len(), lost_in_list.len(), "{name}");
    }
}

#[test]
fn every_compression_is_found_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let data = format!("{}\n{}\n", line("one"), line("two")).into_bytes();
    let (first, second) = data.split_at(line("one").len() + 5);
    let gzip = |data: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |data: &[u8]| {
        ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
    };
    let skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec();
    for (name, packed) in [
        ("plain", data.clone()),
        ("one member", gzip(&data)),
        ("two members", [gzip(first), gzip(second)].concat()),
        ("one frame", zstd(&data)),
        (
            "two frames",
            [zstd(first), skipped.clone(), zstd(second)].concat(),
        ),
        ("a frame to skip first", [skipped, zstd(&data)].concat()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &packed).unwrap();
        let (texts, reasons) = outcome(ConversationReader::open(&path).unwrap());
        assert_eq!((texts.len(), reasons.len()), (2, 0), "{name}");
        // As a stream too.
        let mut reader = ReaderParams::new().read_from(Cursor::new(packed)).unwrap();
        assert_eq!(reader.by_ref().filter(Result::is_ok).count(), 2, "{name}");
        assert_eq!(reader.summary().bytes, data.len() as u64, "{name}");
    }
}

fn zip(path: &std::path::Path, entries: &[(&str, &[u8])]) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = zip::ZipWriter::new(file);
    for (index, (name, data)) in entries.iter().enumerate() {
        let method = if index % 2 == 0 {
            zip::CompressionMethod::Deflated
        } else {
            zip::CompressionMethod::Stored
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap();
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(common::testdata().join(name)).unwrap()
}

#[test]
fn exports_are_read_inside_their_zip_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.zip");
    let chatgpt = fixture("chatgpt.json");
    zip(
        &path,
        &[
            ("user.json", b"{\"id\": \"private\"}"),
            ("export/conversations.json", &chatgpt),
            ("chat.html", b"<html>"),
            ("message_feedback.json", b"[]"),
        ],
    );
    let reader = ConversationReader::open(&path).unwrap();
    assert_eq!(reader.format(), Some(Format::ChatGpt));
    let (conversations, errors) = split(reader);
    let (expected, _) = split(read(&ReaderParams::new(), &chatgpt));
    assert_eq!(conversations, expected);
    assert!(
        errors[0]
            .source_name()
            .ends_with("export.zip/export/conversations.json")
    );
}

#[test]
fn other_zip_files_are_read_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.zip");
    let (one, two) = (line("one"), line("two"));
    let table = b"prompt,response\nthree,x\n";
    zip(
        &path,
        &[
            ("b.jsonl", two.as_bytes()),
            ("a/x.json", one.as_bytes()),
            ("c.csv", table),
            ("readme.txt", b"no"),
            ("__MACOSX/a.json", b"no"),
            ("bad.json", b"{\"a\": 1}"),
            ("empty.json", b""),
        ],
    );
    let mut reader = ConversationReader::open(&path).unwrap();
    let items: Vec<_> = reader.by_ref().collect();
    let texts: Vec<&str> = items
        .iter()
        .flatten()
        .map(|c| c.messages[0].text.as_str())
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let errors: Vec<_> = items
        .iter()
        .filter_map(|item| item.as_ref().err())
        .collect();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].source_name().ends_with("bad.json"));
    assert_eq!(errors[0].reason(), SkipReason::UnknownShape);
    assert!(errors[1].source_name().ends_with("empty.json"));
    assert_eq!(errors[1].reason(), SkipReason::Empty);
    assert_eq!(
        reader.summary().bytes,
        (one.len() + two.len() + table.len()) as u64
    );
}

#[test]
fn a_manifest_says_which_files_to_fetch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.zip");
    zip(
        &path,
        &[(
            "manifest.json",
            br#"{"files": [{"name": "conversations-000.zip"}, {"name": "conversations-001.zip"}, {"name": "projects-000.zip"}]}"#,
        )],
    );
    let error = ConversationReader::open(&path).map(|_| ()).unwrap_err();
    assert!(error.is_without_conversations());
    let message = error.to_string();
    assert!(
        message.ends_with("open conversations-000.zip, conversations-001.zip"),
        "{message}"
    );

    zip(&path, &[("photo.png", b"x")]);
    let error = ConversationReader::open(&path).map(|_| ()).unwrap_err();
    assert!(error.is_without_conversations(), "{error}");
}

#[test]
fn a_changed_byte_in_a_zip_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stored.zip");
    let data = format!("{}\n", line("one"));
    zip(&path, &[("x.bin", b""), ("a.jsonl", data.as_bytes())]);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(3).position(|w| w == b"one").unwrap();
    bytes[at] = b'O';
    std::fs::write(&path, &bytes).unwrap();
    let (_, reasons) = outcome(ConversationReader::open(&path).unwrap());
    assert_eq!(reasons, [SkipReason::Damaged]);
}

#[test]
fn duplicates_are_counted_and_kept_if_asked() {
    let data = format!("{0}\n{0}\n{1}\n{0}\n", line("one"), line("two"));
    let mut reader = read(&ReaderParams::new(), data.as_bytes());
    assert_eq!(reader.by_ref().count(), 2);
    assert_eq!(reader.summary().duplicates, 2);
    let mut reader = read(&ReaderParams::new().keep_duplicates(true), data.as_bytes());
    assert_eq!(reader.by_ref().count(), 4);
    assert_eq!(
        (reader.summary().duplicates, reader.summary().conversations),
        (2, 4)
    );
}
