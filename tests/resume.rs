//! A study that dies, at a border of stages or in the middle of one, goes on where it was and ends with
//! the same bytes.
//!
//! The study runs in a child process, which is this test binary again, and dies by `abort`: nothing is
//! cleaned up, as when it is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use axia::extract::{Extraction, Extractor, LexiconExtractor};
use axia::{Outcome, Stage, Study};

const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/conversations.jsonl"
);

/// Dies before the given number of extractions is done.
struct Mortal {
    inner: LexiconExtractor,
    left: AtomicU64,
}

impl Extractor for Mortal {
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    fn extract(
        &self,
        conversation: &axia::conversation::Conversation,
    ) -> Result<Extraction, axia::extract::Error> {
        // Whoever comes when none is left dies, not only the first: that one may be kept waiting between
        // its count and its end, and the others would go on.
        let left = &self.left;
        if left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            .is_err()
        {
            std::process::abort();
        }
        self.inner.extract(conversation)
    }
}

fn study(run_folder: &Path, extractions: u64, dies_at: Option<(Stage, u64)>) -> Outcome {
    Study::builder()
        .input(SHIPPED)
        .run_folder(run_folder)
        .seed(7)
        .extractor(Mortal {
            inner: LexiconExtractor::new(),
            left: AtomicU64::new(extractions),
        })
        .progress(move |now| {
            if dies_at.is_some_and(|(stage, done)| now.stage == stage && now.done >= done) {
                std::process::abort();
            }
        })
        .run()
        .unwrap()
}

/// Not a test of its own: what the child process runs.
#[test]
fn child() {
    let Ok(folder) = std::env::var("AXIA_CHILD_RUN_FOLDER") else {
        return;
    };
    let dies: String = std::env::var("AXIA_CHILD_DIES").unwrap();
    let (what, n) = dies.split_once(' ').unwrap();
    let n = n.parse().unwrap();
    let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == what);
    match stage {
        Some(stage) => study(Path::new(&folder), u64::MAX, Some((stage, n))),
        None => study(Path::new(&folder), n, None),
    };
}

fn die(folder: &Path, dies: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact"])
        .env("AXIA_CHILD_RUN_FOLDER", folder)
        .env("AXIA_CHILD_DIES", dies)
        .output()
        .unwrap()
        .status;
    assert!(!status.success(), "the child was to die at {dies}");
}

fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn assert_same(found: &Path, expected: &Path) {
    let (found, expected) = (files(found), files(expected));
    let names: Vec<_> = found.keys().collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>());
    for (name, content) in &expected {
        assert!(found[name] == *content, "{} differs", name.display());
    }
}

#[test]
fn a_killed_study_ends_with_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let whole = root.path().join("whole");
    study(&whole, u64::MAX, None);

    // In the middle of reading, of extracting (several times), and at each border.
    let killed = root.path().join("killed");
    for dies in [
        "anonymize 0",
        "anonymize 256",
        "extraction 0",
        "extraction 100",
        "extraction 1",
        "extraction 57",
        "taxonomy 0",
        "associate 0",
        "report 0",
    ] {
        die(&killed, dies);
    }
    let outcome = study(&killed, u64::MAX, None);
    let reused: Vec<bool> = outcome.stages().iter().map(|run| run.reused).collect();
    assert_eq!(reused, [true, true, true, true, false]);
    assert_same(&killed, &whole);
}

#[test]
fn extractions_that_were_made_are_not_made_again() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    die(&folder, "extraction 200");
    let part = std::fs::read(folder.join("private/extractions.jsonl.part")).unwrap();
    let kept = part.iter().filter(|&&b| b == b'\n').count() as u64;
    // What was in flight on other threads when it died may be missing.
    assert!((150..=200).contains(&kept), "{kept} of 200 were kept");
    // Only the rest is left to do: one more would make the extractor die.
    study(&folder, 300 - kept, None);
}

#[test]
fn a_finished_study_is_reused_and_another_one_is_not() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    study(&folder, u64::MAX, None);
    let again = study(&folder, 0, None);
    assert!(again.stages().iter().all(|run| run.reused));

    let other = Study::builder()
        .input(SHIPPED)
        .run_folder(&folder)
        .seed(8)
        .run()
        .unwrap();
    let reused: Vec<bool> = other.stages().iter().map(|run| run.reused).collect();
    assert_eq!(
        reused[..3],
        [true, true, false],
        "the seed decides the taxonomy"
    );
}

#[test]
fn a_damaged_file_is_made_again() {
    let root = tempfile::tempdir().unwrap();
    let (folder, whole) = (root.path().join("run"), root.path().join("whole"));
    study(&whole, u64::MAX, None);
    study(&folder, u64::MAX, None);
    std::fs::write(folder.join("private/extractions.jsonl"), "{}\n").unwrap();
    study(&folder, u64::MAX, None);
    assert_same(&folder, &whole);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let run = |threads: usize| {
        let folder = root.path().join(threads.to_string());
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| study(&folder, u64::MAX, None));
        folder
    };
    let one = run(1);
    assert_same(&run(2), &one);
    assert_same(&run(8), &one);
}

#[test]
fn two_studies_do_not_share_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let inner = folder.clone();
    let error = std::sync::Mutex::new(None);
    let error = std::sync::Arc::new(error);
    let found = error.clone();
    Study::builder()
        .input(SHIPPED)
        .run_folder(&folder)
        .progress(move |now| {
            if now.stage == Stage::Extract && now.done == 0 {
                let second = Study::builder().input(SHIPPED).run_folder(&inner).run();
                *found.lock().unwrap() = second.err();
            }
        })
        .run()
        .unwrap();
    let error = error.lock().unwrap().take().expect("the second is refused");
    assert!(error.is_run_folder());
    assert!(error.to_string().contains("another study is running"));
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("thesis.txt"), "mine").unwrap();
    let error = Study::builder()
        .input(SHIPPED)
        .run_folder(root.path())
        .run()
        .unwrap_err();
    assert!(error.is_run_folder());
    assert_eq!(files(root.path()).len(), 1);
}
