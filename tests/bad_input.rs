//! What the quickstart example says and returns when its input is bad; and that nothing of the good
//! records is lost, and no text of a conversation is shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SECRET: &str = "xylophone-secret";

/// The example, which `cargo test` has built beside this test.
fn quickstart() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder
        .join("examples")
        .join(format!("quickstart{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "build the example first: cargo build --example quickstart"
    );
    path
}

struct Tried {
    output: Output,
    run_folder: PathBuf,
    _folder: tempfile::TempDir,
}

impl Tried {
    fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    fn text(&self) -> String {
        format!(
            "{}{}",
            String::from_utf8_lossy(&self.output.stdout),
            String::from_utf8_lossy(&self.output.stderr)
        )
    }

    fn conversations(&self) -> usize {
        fs::read_to_string(self.run_folder.join("private/conversations.jsonl"))
            .map_or(0, |text| text.lines().count())
    }
}

fn try_with(make: impl FnOnce(&Path) -> PathBuf) -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let input = make(folder.path());
    let run_folder = folder.path().join("run");
    let output = Command::new(quickstart())
        .arg(&input)
        .arg("--run-folder")
        .arg(&run_folder)
        .output()
        .unwrap();
    let tried = Tried {
        output,
        run_folder,
        _folder: folder,
    };
    assert!(
        !tried.text().contains(SECRET),
        "text of a conversation was shown:\n{}",
        tried.text()
    );
    tried
}

fn try_file(name: &str, content: &[u8]) -> Tried {
    try_with(|folder| {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    })
}

fn good(n: usize) -> String {
    format!(
        "{{\"messages\":[{{\"role\":\"user\",\"content\":\"{SECRET} {n}?\"}},\
         {{\"role\":\"assistant\",\"content\":\"{SECRET}, number {n}.\"}}]}}\n"
    )
}

#[track_caller]
fn assert_refused(tried: &Tried, words: &[&str]) {
    assert_eq!(tried.status(), Some(1), "{}", tried.text());
    for word in words {
        assert!(
            tried.text().contains(word),
            "`{word}` is missing in:\n{}",
            tried.text()
        );
    }
}

/// Three good records around a bad one: the study runs, counts the bad one and keeps the others.
#[track_caller]
fn assert_skipped(bad: &[u8], reason: &str) {
    let mut content = good(1).into_bytes();
    content.extend_from_slice(bad);
    content.push(b'\n');
    content.extend_from_slice((good(2) + &good(3)).as_bytes());
    let tried = try_file("chats.jsonl", &content);
    assert_eq!(tried.status(), Some(0), "{}", tried.text());
    assert_eq!(tried.conversations(), 3, "{}", tried.text());
    assert!(
        tried.text().contains("skipped: 1 records") && tried.text().contains(reason),
        "`{reason}` is missing in:\n{}",
        tried.text()
    );
}

#[test]
fn missing_file() {
    assert_refused(
        &try_with(|folder| folder.join("none.jsonl")),
        &["none.jsonl", "not"],
    );
}

#[test]
fn folder() {
    assert_refused(&try_with(Path::to_owned), &["folder"]);
}

#[test]
fn empty_file() {
    assert_refused(&try_file("chats.jsonl", b""), &["chats.jsonl", "empty"]);
    assert_refused(&try_file("chats.jsonl", b"\n \n"), &["chats.jsonl"]);
}

#[cfg(unix)]
#[test]
fn no_permission() {
    use std::os::unix::fs::PermissionsExt;

    let tried = try_with(|folder| {
        let path = folder.join("chats.jsonl");
        fs::write(&path, good(1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        path
    });
    if tried.status() == Some(0) {
        println!("skipped: this user may read every file");
        return;
    }
    assert_refused(&tried, &["chats.jsonl", "permission"]);
}

#[test]
fn unknown_format() {
    let tried = try_file("data.json", br#"{"weather":"fine","days":[1,2,3]}"#);
    assert_refused(&tried, &["data.json"]);
    assert_refused(
        &try_file("data.bin", &[0, 159, 146, 150, 1, 2, 3]),
        &["data.bin"],
    );
}

#[test]
fn wrong_encoding() {
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(good(1).encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_refused(&try_file("chats.jsonl", &utf16), &["UTF-16", "UTF-8"]);

    let latin1 = good(9).replace("number", "num\u{e9}ro");
    let latin1: Vec<u8> = latin1.trim_end().chars().map(|c| c as u8).collect();
    assert_skipped(&latin1, "UTF-8");
}

#[test]
fn truncated_json() {
    let whole = good(4);
    assert_skipped(&whole.as_bytes()[..whole.len() / 2], "truncated");
    assert_skipped(whole.replace("\":", "\"=").trim_end().as_bytes(), "JSON");

    // At the end of the file, and of an array.
    let mut cut = good(1) + &good(2);
    cut.truncate(cut.len() - 20);
    let tried = try_file("chats.jsonl", cut.as_bytes());
    assert_eq!((tried.status(), tried.conversations()), (Some(0), 1));
    let mut cut = format!("[{},{}]", good(1).trim(), good(2).trim());
    cut.truncate(cut.len() - 20);
    let tried = try_file("chats.json", cut.as_bytes());
    assert_eq!((tried.status(), tried.conversations()), (Some(0), 1));
    assert!(
        tried.text().contains("skipped: 1 records"),
        "{}",
        tried.text()
    );
}

#[test]
fn record_of_50_megabytes() {
    let mut big = good(4)
        .trim_end()
        .replace("number 4", &"x".repeat(50 << 20));
    big.push(' ');
    assert_skipped(big.as_bytes(), "large");
}

#[test]
fn unknown_role() {
    let odd = good(4).replace("\"assistant\"", "\"wizard\"");
    assert_skipped(odd.trim_end().as_bytes(), "role");
}

#[test]
fn empty_messages() {
    // One empty message is dropped and counted; a conversation of nothing else is skipped.
    let partly = good(4).replace(
        "{\"role\":\"assistant\"",
        "{\"role\":\"user\",\"content\":\" \"},{\"role\":\"assistant\"",
    );
    let tried = try_file("chats.jsonl", (good(1) + &partly).as_bytes());
    assert_eq!((tried.status(), tried.conversations()), (Some(0), 2));
    assert!(
        tried.text().contains("1 empty messages"),
        "{}",
        tried.text()
    );

    assert_skipped(br#"{"messages":[{"role":"user","content":""}]}"#, "empty");
}

#[test]
fn nothing_but_bad_records() {
    let tried = try_file(
        "chats.jsonl",
        br#"{"messages":[{"role":"user","content":""}]}"#,
    );
    assert_refused(&tried, &["chats.jsonl"]);
}

#[test]
fn bad_command_line() {
    let output = Command::new(quickstart())
        .arg("--nonsense")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
}
