//! Files as they should not be: what is said about them, and that the good records around arrive.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Read, Write};

use axia_conversation::{ConversationReader, Error, Format, ReaderParams, SkipReason};
use common::{fixtures, line, outcome, read, split, try_read};

fn open(name: &str, data: &[u8]) -> Result<ConversationReader, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, data).unwrap();
    let reader = ReaderParams::new().source_name(name).open(&path);
    // Only on systems where an open file can be removed may the folder go now.
    std::mem::forget(folder);
    reader
}

fn error(name: &str, data: &[u8]) -> Error {
    open(name, data).map(|_| ()).unwrap_err()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn whole_files_are_refused_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = ConversationReader::open(folder.path().join("none.jsonl")).unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    let inside = ConversationReader::open(folder.path()).unwrap_err();
    assert!(inside.is_folder(), "{inside}");

    let utf16: Vec<u8> = line("Grüße")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xff\xfe".as_slice(), &utf16].concat();
    let latin1: Vec<u8> = line("Grüße").chars().map(|c| c as u8).collect();
    let latin1_table: Vec<u8> = "größe,Maß\n1,2\n".chars().map(|c| c as u8).collect();
    type Is = fn(&Error) -> bool;
    let is: [(&str, &[u8], Is); 18] = [
        ("empty.jsonl", b"", Error::is_empty),
        ("blank.jsonl", b" \n\r\n\t", Error::is_empty),
        ("mark.jsonl", b"\xef\xbb\xbf\n", Error::is_empty),
        ("utf16.jsonl", &utf16, Error::is_encoding),
        ("utf16-mark.jsonl", &marked, Error::is_encoding),
        ("latin1.jsonl", &latin1, Error::is_encoding),
        ("latin1.csv", &latin1_table, Error::is_encoding),
        ("zeros.jsonl", &[0; 5000], Error::is_unknown_format),
        (
            "prose.txt",
            b"Hello,\nhow are you?\n",
            Error::is_unknown_format,
        ),
        ("other.json", b"{\"a\": [1, 2]}", Error::is_unknown_format),
        ("list.json", b"[]", Error::is_unknown_format),
        (
            "cut.json",
            b"{\"messages\": [{\"role\": \"us",
            Error::is_unknown_format,
        ),
        ("x.parquet", b"PAR1\x15\x04\x15", Error::is_unsupported),
        ("x.xz", b"\xfd7zXZ\x00\x00\x04", Error::is_unsupported),
        (
            "x.zip",
            b"PK\x03\x04 but nothing behind it",
            Error::is_damaged,
        ),
        (
            "empty.zip",
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Error::is_unsupported,
        ),
        ("x.gz", b"\x1f\x8b\x08\x00 not deflated", Error::is_damaged),
        (
            "x.zst",
            b"\x28\xb5\x2f\xfd\xff\xff\xff\xff",
            Error::is_damaged,
        ),
    ];
    for (name, data, is) in is {
        let error = error(name, data);
        assert!(is(&error), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    assert!(
        error("x.parquet", b"PAR1")
            .to_string()
            .contains("axia-polars")
    );
    assert!(error("x.json", &utf16).to_string().contains("iconv"));
    let unknown = error("x.json", b"{\"secret\": \"word\"}").to_string();
    assert!(
        unknown.contains("wildchat") && unknown.contains("unknown shape"),
        "{unknown}"
    );
    assert!(!unknown.contains("secret"), "{unknown}");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private.jsonl");
    std::fs::write(&path, line("a")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    match ConversationReader::open(&path) {
        Ok(_) => println!("skipped: this user may read every file"),
        Err(error) => assert!(error.is_permission(), "{error}"),
    }
}

#[test]
fn parameters_are_checked() {
    let params = ReaderParams::new().max_record_bytes(0);
    let error = params.read_from(&b"{}"[..]).map(|_| ()).unwrap_err();
    assert!(error.is_invalid_parameter());
    assert_eq!(
        error.to_string(),
        "max_record_bytes must be at least 1, got 0"
    );

    let spans = r#"{"traceId": "a", "spanId": "b", "attributes": []}"#;
    let error = ReaderParams::new()
        .read_from(spans.as_bytes())
        .map(|_| ())
        .unwrap_err();
    assert!(error.is_two_passes(), "{error}");
}

#[test]
fn good_lines_around_bad_ones_arrive() {
    let mut data = format!("{}\n", line("one")).into_bytes();
    data.extend(b"{\"messages\": [{\"role\": \"us\n");
    data.extend(b"not json at all\n\n\n");
    data.extend(b"{\"messages\": [{\"role\": \"user\", \"content\": \"Gr\xfc\xdfe\"}]}\n");
    data.extend(b"\0\0\0\n");
    data.extend(format!("{}\r\n", line("two")).bytes());
    data.extend(b"{\"messages\": 7}\n[1]\n\"text\"\n{\"messages\": []}\n");
    data.extend(b"{\"messages\": [{\"role\": \"wizard\", \"content\": \"x\"}]}\n");
    data.extend(b"{\"messages\": [{\"content\": \"x\"}]}\n");
    data.extend(b"{\"messages\": [{\"role\": \"user\", \"content\": \" \\n\"}]}\n");
    data.extend(format!("{}\n{{\"messages\": [", line("three")).bytes());
    let (conversations, errors) = split(read(&ReaderParams::new(), &data));
    let texts: Vec<&str> = conversations
        .iter()
        .map(|c| c.messages[0].text.as_str())
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let found: Vec<(u64, u64, SkipReason)> = errors
        .iter()
        .map(|e| (e.record(), e.line().unwrap(), e.reason()))
        .collect();
    assert_eq!(
        found,
        [
            (2, 2, SkipReason::Truncated),
            (3, 3, SkipReason::InvalidJson),
            (4, 6, SkipReason::NotUtf8),
            (5, 7, SkipReason::InvalidJson),
            (7, 9, SkipReason::UnknownShape),
            (8, 10, SkipReason::UnknownRole),
            (9, 11, SkipReason::UnknownShape),
            (10, 12, SkipReason::Empty),
            (11, 13, SkipReason::UnknownRole),
            (12, 14, SkipReason::UnknownRole),
            (13, 15, SkipReason::Empty),
            (15, 17, SkipReason::Truncated),
        ]
    );
    let offset = usize::try_from(errors[0].byte_offset().unwrap()).unwrap();
    assert!(data[offset..].starts_with(b"{\"messages\": [{\"role\": \"us\n"));
    for error in &errors {
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("wizard") && !shown.contains("not json"),
            "{shown}"
        );
    }
}

#[test]
fn good_elements_around_bad_ones_arrive() {
    let broken = [
        (r#"{"messages": [}"#, SkipReason::InvalidJson),
        (
            r#"{"messages": "an "unescaped" quote"}"#,
            SkipReason::InvalidJson,
        ),
        (
            r#"{"messages": [{"role": "user", "content": "never closed"}]"#,
            SkipReason::InvalidJson,
        ),
        (r#"{"messages": [tru]}"#, SkipReason::InvalidJson),
        (r#"{"messages": 1}"#, SkipReason::UnknownShape),
        ("17", SkipReason::UnknownShape),
    ];
    for (bad, reason) in broken {
        let list = format!("[\n  {},\n  {bad},\n  {}\n]\n", line("one"), line("two"));
        let (texts, reasons) = outcome(read(&ReaderParams::new(), list.as_bytes()));
        assert_eq!(texts, ["one", "two"], "{bad}");
        assert_eq!(reasons, [reason], "{bad}");
    }

    // The borders of a bad element are known: on one line too, reading goes on.
    let list = format!("[{},{{\"messages\": 1}},{}]", line("one"), line("two"));
    let (texts, reasons) = outcome(read(&ReaderParams::new(), list.as_bytes()));
    assert_eq!((texts.len(), reasons), (2, vec![SkipReason::UnknownShape]));

    // Not known: said once, and the rest is not read.
    let list = format!("[{},{{\"messages\": [}},{}]", line("one"), line("two"));
    let (conversations, errors) = split(read(&ReaderParams::new(), list.as_bytes()));
    assert_eq!((conversations.len(), errors.len()), (1, 1));
    assert!(
        errors[0].to_string().contains("nothing behind it was read"),
        "{}",
        errors[0]
    );
}

#[test]
fn what_is_cut_short_is_told() {
    let whole = format!("[{}, {}]", line("one"), line("two"));
    let cut = &whole.as_bytes()[..whole.len() - 5];
    let (texts, reasons) = outcome(read(&ReaderParams::new(), cut));
    assert_eq!((texts.len(), reasons), (1, vec![SkipReason::Truncated]));

    // Between two elements.
    let (conversations, errors) = split(read(
        &ReaderParams::new(),
        &whole.as_bytes()[..whole.len() - 1],
    ));
    assert_eq!((conversations.len(), errors.len()), (2, 1));
    assert!(
        errors[0].to_string().contains("not closed"),
        "{}",
        errors[0]
    );

    // Compressed: what came out before the cut arrives.
    let texts: Vec<String> = (0..5000)
        .map(|n| line(&format!("text {n} {}", n * 7919 % 1000)))
        .collect();
    let packed = gzip(texts.join("\n").as_bytes());
    let (conversations, errors) = split(read(&ReaderParams::new(), &packed[..packed.len() / 2]));
    assert!(conversations.len() > 1000, "{}", conversations.len());
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].reason(), SkipReason::Truncated);

    let mut damaged = packed.clone();
    let middle = packed.len() / 2;
    for byte in &mut damaged[middle..middle + 200] {
        *byte ^= 0x5a;
    }
    let (conversations, errors) = split(read(&ReaderParams::new(), &damaged));
    assert!(conversations.len() > 1000);
    let last = errors.last().unwrap().reason();
    assert!(
        matches!(last, SkipReason::Damaged | SkipReason::Truncated),
        "{last}"
    );
}

/// Fails after its data.
struct Failing(io::Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_stream_that_fails_is_not_taken_for_one_that_ends() {
    for data in [
        format!("{}\n{}\n", line("one"), line("two")),
        format!("{}\n{}\n{{\"mess", line("one"), line("two")),
        format!("[{}, {}", line("one"), line("two")),
        format!("[{}, {}, {{\"mes", line("one"), line("two")),
        format!("[{}, {}]", line("one"), line("two")),
    ] {
        let failing = Failing(io::Cursor::new(data.clone().into_bytes()));
        let reader = ReaderParams::new().read_from(failing).unwrap();
        let (texts, reasons) = outcome(reader);
        assert_eq!(texts, ["one", "two"], "{data}");
        assert_eq!(reasons, [SkipReason::Unreadable], "{data}");
    }
}

/// A record of 50 MB between two small ones, made while it is read.
fn with_a_large_one(before: &str, after: &str) -> impl Read + Send + 'static {
    let head = format!("{before}{{\"messages\": [{{\"role\": \"user\", \"content\": \"");
    let tail = format!("\"}}]}}{after}");
    io::Cursor::new(head.into_bytes())
        .chain(io::repeat(b'x').take(50_000_000))
        .chain(io::Cursor::new(tail.into_bytes()))
}

#[test]
fn a_large_record_is_skipped_and_reading_goes_on() {
    let layouts = [
        (format!("{}\n", line("one")), format!("\n{}\n", line("two"))),
        (format!("[{},", line("one")), format!(",{}]", line("two"))),
        (
            format!("{{\"data\": [{},", line("one")),
            format!(",{}]}}", line("two")),
        ),
        (format!("{} ", line("one")), format!(" {}", line("two"))),
    ];
    for (before, after) in layouts {
        let reader = ReaderParams::new()
            .read_from(with_a_large_one(&before, &after))
            .unwrap();
        let (conversations, errors) = split(reader);
        assert_eq!(conversations.len(), 2, "{before}");
        assert_eq!(errors.len(), 1, "{before}");
        assert_eq!(errors[0].reason(), SkipReason::TooLarge);
        let message = errors[0].to_string();
        assert!(
            message.contains("33554432") && message.contains("max_record_bytes"),
            "{message}"
        );
    }
    // With a higher limit it is read.
    let data = with_a_large_one("", "\n");
    let reader = ReaderParams::new()
        .max_record_bytes(60_000_000)
        .read_from(data)
        .unwrap();
    let (conversations, errors) = split(reader);
    assert_eq!(
        (conversations[0].messages[0].text.len(), errors.len()),
        (50_000_000, 0)
    );
}

#[test]
fn the_limit_is_exact_in_every_layout() {
    let record = line("twelve bytes");
    let small = line("a");
    for (data, limit, expected) in [
        (format!("{small}\n{record}\n"), record.len(), 2),
        (format!("{small}\n{record}\n"), record.len() - 1, 1),
        (format!("[{small},{record}]"), record.len(), 2),
        (format!("[{small},{record}]"), record.len() - 1, 1),
    ] {
        let params = ReaderParams::new().max_record_bytes(limit);
        assert_eq!(
            outcome(read(&params, data.as_bytes())).0.len(),
            expected,
            "{data} {limit}"
        );
    }
    // The rows of one conversation together count as its record.
    let table = "conversation_id,role,text\n1,user,aaaaaaaaaaaaaaaaaaaa\n1,user,bbbbbbbbbbbbbbbbbbbb\n1,user,c\n2,user,d\n";
    let params = ReaderParams::new().max_record_bytes(35);
    let (texts, reasons) = outcome(read(&params, table.as_bytes()));
    assert_eq!(
        (texts, reasons),
        (vec!["d".to_owned()], vec![SkipReason::TooLarge])
    );
}

#[test]
fn deep_nesting_is_refused_without_overflowing_the_stack() {
    let deep = |open: &str, inner: &str, close: &str, levels: usize| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    for levels in [60, 120, 1_000, 200_000] {
        let contents = [
            format!(
                "{{\"messages\": [{{\"role\": \"user\", \"content\": {}}}]}}",
                deep("[", "\"x\"", "]", levels)
            ),
            format!(
                "{{\"messages\": [{{\"role\": \"user\", \"content\": {}}}]}}",
                deep("{\"content\":", "\"x\"", "}", levels)
            ),
            format!(
                "{{\"id\": \"a\", \"metadata\": {}, \"messages\": []}}",
                deep("[", "", "]", levels)
            ),
            format!(
                "{{\"message_tree_id\": \"a\", \"prompt\": {}}}",
                deep("{\"replies\": [", "", "]}", levels)
            ),
            format!(
                "{{\"traceId\": \"a\", \"spanId\": \"b\", \"attributes\": {}}}",
                deep("{\"llm\":", "1", "}", levels)
            ),
            format!(
                "{{\"trace_id\": \"a\", \"type\": \"GENERATION\", \"input\": {}}}",
                deep("[", "", "]", levels)
            ),
            deep("[", "", "]", levels),
            deep("{\"a\":", "1", "}", levels),
        ];
        for format in Format::ALL {
            for content in &contents {
                let data = format!("{content}\n{content}\n");
                let params = ReaderParams::new().format(format);
                if let Ok(reader) = try_read(&params, data.as_bytes()) {
                    let (_, errors) = split(reader);
                    assert!(errors.iter().all(|e| e.source_name() == "input"));
                }
            }
        }
    }
    let data = format!(
        "{}\n{{\"messages\": [{{\"role\": \"user\", \"content\": {}}}]}}\n",
        line("a"),
        deep("[", "", "]", 500)
    );
    assert_eq!(
        outcome(read(&ReaderParams::new(), data.as_bytes())).1,
        [SkipReason::TooDeep]
    );
}

#[test]
fn broken_brackets_take_no_quadratic_time() {
    // Every line opens what is never closed, so that each record seems to reach to the end.
    let data = format!("{{\n{}", "{\"a\": [\n".repeat(300_000));
    let params = ReaderParams::new()
        .format(Format::OpenAi)
        .max_record_bytes(1 << 20);
    let (conversations, errors) = split(read(&params, data.as_bytes()));
    assert!(conversations.is_empty());
    assert!(!errors.is_empty());
}

#[test]
fn a_misleading_name_does_not_matter() {
    for (name, data) in fixtures() {
        let known = read(&ReaderParams::new(), &data).format();
        let misnamed = open("export.bin", &data).unwrap();
        assert_eq!(misnamed.format(), known, "{name}");
        let wrong = if name.ends_with("csv") {
            "x.jsonl"
        } else {
            "x.csv"
        };
        assert_eq!(open(wrong, &data).unwrap().format(), known, "{name}");
    }
}

#[test]
fn a_chosen_format_is_not_second_guessed() {
    let params = ReaderParams::new().format(Format::WildChat);
    let (conversations, errors) = split(read(&params, line("a").as_bytes()));
    assert!(conversations.is_empty());
    assert_eq!(errors[0].reason(), SkipReason::UnknownShape);
    assert!(errors[0].to_string().contains("wildchat"), "{}", errors[0]);
}
