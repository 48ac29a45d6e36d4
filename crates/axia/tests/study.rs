//! What a study reads, counts and publishes, on conversations in memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;

use axia::anonymize::threshold::{Gate, Thresholds};
use axia::conversation::{Conversation, Message, Role};
use axia::extract::{
    Error, Extraction, Extractor, ResponseType, Stance, Subjectivity, SubjectivityLevel, Task,
    ValueMention,
};
use axia::{Outcome, Study};

/// Reads values off the assistant's words, so that tests know what must come out: `+honesty` is
/// upheld, `-deceit` opposed, `!` fails.
struct Words;

impl Extractor for Words {
    fn fingerprint(&self) -> String {
        "words-1".to_owned()
    }

    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
        let mut mentions = Vec::new();
        for message in conversation.messages_by(Role::Assistant) {
            for word in message.text.split_whitespace() {
                match word.split_at(1) {
                    ("+", label) => mentions.push(ValueMention::new(label, Stance::Upholds, 0.9)),
                    ("-", label) => mentions.push(ValueMention::new(label, Stance::Opposes, 0.9)),
                    ("!", _) => return Err(Error::conversation(&conversation.id, "no answer")),
                    _ => {}
                }
            }
        }
        let level = Subjectivity::new(SubjectivityLevel::Subjective, 1.0);
        Ok(Extraction::new(conversation.id.clone(), level)
            .with_task(Task::new("advice", 1.0))
            .with_ai_values(mentions)
            .with_response_type(ResponseType::MildSupport))
    }
}

fn chat(n: usize, user: usize, answer: &str) -> Conversation {
    Conversation::new(format!("chat-{n}"))
        .with_user_id(format!("user-{user}@example.com"))
        .with_message(Message::new(Role::User, format!("question {n}")))
        .with_message(Message::new(Role::Assistant, answer))
}

fn gate(conversations: u64, users: u64) -> Gate {
    Thresholds::new()
        .min_conversations(conversations)
        .min_users(users)
        .build()
        .unwrap()
}

fn run(folder: &Path, gate: Gate, chats: Vec<Conversation>) -> Outcome {
    Study::builder()
        .conversations(chats)
        .run_folder(folder.join("run"))
        .extractor(Words)
        .thresholds(gate)
        .run()
        .unwrap()
}

fn counts(rows: &[axia::report::Frequency]) -> BTreeMap<&str, u64> {
    rows.iter()
        .map(|row| (row.label.as_str(), row.conversations))
        .collect()
}

#[test]
fn values_are_counted_by_conversation_and_stance() {
    let folder = tempfile::tempdir().unwrap();
    let mut chats: Vec<_> = (0..6)
        .map(|n| chat(n, n, "+honesty -deceit +Honesty"))
        .collect();
    chats.extend((6..10).map(|n| chat(n, n, "+well-being")));
    let outcome = run(folder.path(), gate(3, 2), chats);
    let report = outcome.report();
    assert_eq!(
        counts(&report.ai_values),
        BTreeMap::from([("honesty", 6), ("well-being", 4)])
    );
    assert_eq!(
        counts(&report.ai_values_opposed),
        BTreeMap::from([("deceit", 6)])
    );
    assert_eq!(counts(&report.tasks), BTreeMap::from([("advice", 10)]));
    assert_eq!(report.subjectivity.subjective, 10);
}

#[test]
fn what_is_opposed_has_a_branch_of_its_own_and_passes_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut chats: Vec<_> = (0..6)
        .map(|n| chat(n, n, "+honesty +care -deceit -cruelty"))
        .collect();
    // Upheld by enough, opposed by too few, and the other way round.
    chats.extend((6..8).map(|n| chat(n, n, "-honesty +deceit")));
    let outcome = run(folder.path(), gate(3, 2), chats);
    let tree = &outcome.report().taxonomy;
    let of_level = |level| tree.iter().filter(move |row| row.level == level);
    let leaves: Vec<&str> = of_level(0).map(|row| row.cluster_id.as_str()).collect();
    assert_eq!(
        leaves,
        ["care", "cruelty (opposed)", "deceit (opposed)", "honesty"]
    );
    let parents: BTreeMap<&str, &str> = of_level(0)
        .filter_map(|row| Some((row.cluster_id.as_str(), row.parent_cluster_id.as_deref()?)))
        .collect();
    for leaf in ["honesty", "care"] {
        let group = |leaf: &str| parents.get(leaf).copied();
        assert!(group(leaf).is_none() || group(leaf) != group("deceit (opposed)"));
    }
    for row in tree {
        let opposed = row.name.contains("deceit") || row.name.contains("cruelty");
        assert!(
            !opposed || row.name.contains("(opposed)"),
            "level {}",
            row.level
        );
    }
}

#[test]
fn nothing_below_the_thresholds_is_in_the_report_folder() {
    let folder = tempfile::tempdir().unwrap();
    // `rarity` in two conversations; `solitude` in ten, but of one user.
    let mut chats: Vec<_> = (0..20).map(|n| chat(n, n, "+honesty +fairness")).collect();
    chats.extend((20..22).map(|n| chat(n, n, "+rarity +honesty")));
    chats.extend((22..32).map(|n| chat(n, 99, "+solitude +fairness")));
    let outcome = run(folder.path(), gate(5, 3), chats);
    let mut looked_at = 0;
    for name in outcome.report_files() {
        let text = std::fs::read_to_string(outcome.run_folder().join(name)).unwrap();
        looked_at += usize::from(text.contains("honesty"));
        for hidden in ["rarity", "solitude", "question", "example.com"] {
            assert!(!text.contains(hidden), "{hidden} is in {name}");
        }
    }
    assert!(looked_at >= 4, "the shown label is in {looked_at} files");
    let private = std::fs::read_to_string(outcome.run_folder().join("private/conversations.jsonl"));
    assert!(
        !private.unwrap().contains("example.com"),
        "user ids are tokens"
    );
}

#[test]
fn duplicates_are_skipped_over_all_inputs_and_ids_made_unique() {
    let folder = tempfile::tempdir().unwrap();
    let other = chat(1, 1, "+care");
    let study = |keep| {
        Study::builder()
            .conversations([chat(1, 1, "+honesty"), other.clone()])
            .conversations([chat(1, 1, "+honesty")])
            .run_folder(folder.path().join(format!("{keep}")))
            .extractor(Words)
            .keep_duplicates(keep)
            .run()
            .unwrap()
    };
    let outcome = study(false);
    let input = &outcome.report().input;
    assert_eq!((input.conversations, input.duplicates), (2, 1));
    let text =
        std::fs::read_to_string(outcome.run_folder().join("private/conversations.jsonl")).unwrap();
    assert!(text.contains("\"chat-1\"") && text.contains("\"chat-1~2\""));

    let input = study(true).report().input.clone();
    assert_eq!((input.conversations, input.duplicates), (3, 1));
}

#[test]
fn one_failed_conversation_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut chats: Vec<_> = (0..4).map(|n| chat(n, n, "+honesty")).collect();
    chats.push(chat(4, 4, "!"));
    let outcome = run(folder.path(), gate(2, 2), chats);
    let report = outcome.report();
    assert_eq!(counts(&report.ai_values), BTreeMap::from([("honesty", 4)]));
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("failed on 1 "))
    );
}

#[test]
fn without_input_there_is_no_study() {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join("run");
    let error = Study::builder().run_folder(&run_folder).run().unwrap_err();
    assert!(error.is_input());
    assert!(!run_folder.exists());
}

#[test]
fn a_half_written_line_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let chats = || (0..4).map(|n| chat(n, n, "+honesty")).collect();
    let whole = run(folder.path(), gate(2, 2), chats());
    let path = whole.run_folder().join("private/extractions.jsonl");
    let content = std::fs::read(&path).unwrap();

    // As a run leaves it that dies while it writes its third extraction.
    let key = std::fs::read_to_string(whole.run_folder().join("stages/extract.json")).unwrap();
    let key: serde_json::Value = serde_json::from_str(&key).unwrap();
    let key = key["key"].as_str().unwrap();
    let mut part = String::new();
    for (index, line) in String::from_utf8(content.clone())
        .unwrap()
        .lines()
        .take(2)
        .enumerate()
    {
        part += &format!("{{\"index\":{index},\"extraction\":{line}}}\n");
    }
    part += "{\"index\":2,\"extrac";
    std::fs::remove_file(&path).unwrap();
    std::fs::write(path.with_extension("jsonl.part"), part).unwrap();
    std::fs::write(path.with_extension("jsonl.part.key"), key).unwrap();

    run(folder.path(), gate(2, 2), chats());
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[test]
fn a_run_that_dies_before_the_stage_is_recorded_extracts_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let chats = || (0..4).map(|n| chat(n, n, "+honesty")).collect::<Vec<_>>();
    let whole = run(folder.path(), gate(2, 2), chats());
    let root = whole.run_folder().to_owned();
    let record = std::fs::read(root.join("stages/extract.json")).unwrap();
    let parsed: serde_json::Value = serde_json::from_slice(&record).unwrap();
    let journal: String = std::fs::read_to_string(root.join("private/extractions.jsonl"))
        .unwrap()
        .lines()
        .enumerate()
        .map(|(index, line)| format!("{{\"index\":{index},\"extraction\":{line}}}\n"))
        .collect();
    let part = root.join("private/extractions.jsonl.part");
    let part_key = root.join("private/extractions.jsonl.part.key");
    let leave_journal = || {
        std::fs::write(&part, &journal).unwrap();
        std::fs::write(&part_key, parsed["key"].as_str().unwrap()).unwrap();
    };

    // Sorted, but not recorded: what is in the journal is not asked for again.
    leave_journal();
    std::fs::remove_file(root.join("stages/extract.json")).unwrap();
    Study::builder()
        .conversations(chats())
        .run_folder(&root)
        .extractor(Never)
        .thresholds(gate(2, 2))
        .run()
        .unwrap();
    assert_eq!(
        std::fs::read(root.join("stages/extract.json")).unwrap(),
        record
    );
    assert!(!part.exists() && !part_key.exists());

    // Recorded, but the journal not yet removed.
    leave_journal();
    run(folder.path(), gate(2, 2), chats());
    assert!(!part.exists() && !part_key.exists());
}

/// Goes by the name of [`Words`], and must not be asked.
struct Never;

impl Extractor for Never {
    fn fingerprint(&self) -> String {
        Words.fingerprint()
    }

    fn extract(&self, _: &Conversation) -> Result<Extraction, Error> {
        Err(Error::extractor("asked again"))
    }
}

/// A conversation that cannot be searched for personal data to its end counts nowhere, and the report
/// says so.
#[test]
fn what_was_not_scanned_is_in_no_figure() {
    let folder = tempfile::tempdir().unwrap();
    let mut chats: Vec<_> = (0..6).map(|n| chat(n, n, "+honesty")).collect();
    chats.push(chat(6, 6, &format!("+honesty +tact {}", "x".repeat(2000))));
    let anonymizer = axia::anonymize::Anonymizer::builder()
        .pseudonymous_users([5; 32])
        .max_conversation_bytes(1000)
        .build()
        .unwrap();
    let outcome = Study::builder()
        .conversations(chats)
        .run_folder(folder.path().join("run"))
        .extractor(Words)
        .anonymizer(anonymizer)
        .thresholds(gate(1, 1))
        .run()
        .unwrap();
    let report = outcome.report();
    assert_eq!(counts(&report.ai_values), BTreeMap::from([("honesty", 6)]));
    let told = report
        .notes
        .iter()
        .any(|note| note.starts_with("1 conversations could not be searched"));
    assert!(told, "{:?}", report.notes);
}

/// Where both margins of a pair are published, those with one side of it alone follow by subtraction:
/// such pairs are held back.
#[test]
fn pairs_that_leave_a_small_rest_are_held_back() {
    let folder = tempfile::tempdir().unwrap();
    // All 30 have the task; 27 uphold honesty. Three without it would follow from 30 - 27.
    let chats = (0..30)
        .map(|n| chat(n, n, if n < 27 { "+honesty" } else { "+tact" }))
        .collect();
    let outcome = run(folder.path(), gate(5, 5), chats);
    let tasks = outcome
        .report()
        .associations
        .iter()
        .find(|t| t.row_facet == "task");
    assert!(tasks.is_none_or(|table| table.rows.is_empty()));
    assert_eq!(outcome.report().ai_values.len(), 1);
}
