//! The whole way, from conversations to a report.
//!
//! ```text
//! cargo run --release --example quickstart                  # the conversations that ship with Axia
//! cargo run --release --example quickstart -- chats.jsonl   # a file of yours, in any supported format
//! ```
//!
//! Options: `--run-folder DIR` (where the study keeps its files; a killed run goes on from there),
//! `--format NAME` (instead of finding it), `--seed N`, `--min-conversations N` and `--min-users N` (the
//! thresholds). Several files make one study.
//!
//! Exit status: 0 if the study ran (records that were skipped are counted in its output), 1 if the
//! input or the run folder is at fault, 2 if the command line is.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use axia::anonymize::threshold::Thresholds;
use axia::conversation::{Format, ReaderParams};
use axia::report::{AssociationRow, Frequency, Report};
use axia::{Outcome, Study};
use indicatif::{ProgressBar, ProgressStyle};

const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/conversations.jsonl"
);

/// How many lines of each table are printed; the files of the run folder hold all of them.
const TOP: usize = 12;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("quickstart: {message}");
            eprintln!(
                "usage: quickstart [FILE ...] [--run-folder DIR] [--format NAME] [--seed N] \
                 [--min-conversations N] [--min-users N]"
            );
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(outcome) => {
            print_outcome(&outcome);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("quickstart: {}", with_causes(error.as_ref()));
            ExitCode::from(1)
        }
    }
}

/// This is all that a program of yours needs: inputs, a run folder, `run`.
fn run(options: &Options) -> Result<Outcome, Box<dyn Error>> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {msg}: {pos} conversations",
    )?);
    let progress = bar.clone();

    let mut reader = ReaderParams::new();
    if let Some(format) = options.format {
        reader = reader.format(format);
    }
    let outcome = Study::builder()
        .inputs(&options.files)
        .reader(reader)
        .run_folder(&options.run_folder)
        .seed(options.seed)
        .thresholds(options.thresholds.build()?)
        .progress(move |now| {
            progress.set_message(now.stage.to_string());
            progress.set_position(now.done);
        })
        .run()?;
    bar.finish_and_clear();
    Ok(outcome)
}

struct Options {
    files: Vec<PathBuf>,
    run_folder: PathBuf,
    format: Option<Format>,
    seed: u64,
    thresholds: Thresholds,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut files = Vec::new();
        let mut run_folder = None;
        let mut format = None;
        let mut seed = 0;
        let mut min_conversations = None;
        let mut min_users = None;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--run-folder" => run_folder = Some(PathBuf::from(value()?)),
                "--format" => {
                    let name = value()?;
                    format = Some(name.parse().map_err(|e| format!("--format: {e}"))?);
                }
                "--seed" => {
                    seed = value()?
                        .parse()
                        .map_err(|_| "--seed needs a whole number")?;
                }
                "--min-conversations" => min_conversations = Some(count(&value()?)?),
                "--min-users" => min_users = Some(count(&value()?)?),
                option if option.starts_with("--") => {
                    return Err(format!("unknown option {option}"));
                }
                file => files.push(PathBuf::from(file)),
            }
        }
        let mut thresholds = Thresholds::new();
        if files.is_empty() {
            files.push(PathBuf::from(SHIPPED));
            // Nobody stands behind invented conversations, and there are few of them.
            thresholds = thresholds.min_conversations(5).min_users(3);
        }
        if let Some(n) = min_conversations {
            thresholds = thresholds.min_conversations(n);
        }
        if let Some(n) = min_users {
            thresholds = thresholds.min_users(n);
        }
        let run_folder = run_folder.unwrap_or_else(|| default_run_folder(&files[0]));
        Ok(Self {
            files,
            run_folder,
            format,
            seed,
            thresholds,
        })
    }
}

fn count(word: &str) -> Result<u64, String> {
    word.parse()
        .map_err(|_| format!("{word}: a threshold is a whole number"))
}

/// `axia-run/NAME`, with the name of the first file up to its first dot.
fn default_run_folder(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').find(|part| !part.is_empty());
    Path::new("axia-run").join(stem.unwrap_or("study"))
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        // Some errors print their cause themselves.
        let message = inner.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = inner.source();
    }
    text
}

fn print_outcome(outcome: &Outcome) {
    let report = outcome.report();
    print_reading(report, outcome.skipped());
    print_subjectivity(report);
    print_anonymization(report);
    print_frequencies("AI values", &report.ai_values);
    print_frequencies(
        "AI values that the assistant opposed",
        &report.ai_values_opposed,
    );
    print_frequencies("Human values", &report.human_values);
    print_frequencies("Tasks", &report.tasks);
    print_response_types(report);
    print_taxonomy(report);
    print_associations(report);
    print_suppressed(report);
    print_notes_and_files(outcome);
}

fn heading(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.chars().count()));
}

fn print_reading(report: &Report, skipped: &[String]) {
    heading("Read");
    let input = &report.input;
    for (file, format) in input.files.iter().zip(&input.formats) {
        println!("{file} ({format})");
    }
    println!(
        "{} conversations, {} messages; {} without a user id",
        input.conversations, input.messages, input.conversations_without_user
    );
    println!(
        "skipped: {} records, {} exact duplicates, {} empty messages",
        input.skipped.values().sum::<u64>(),
        input.duplicates,
        input.empty_messages
    );
    if input.unrelated > 0 {
        println!("passed over: {} records of other kinds", input.unrelated);
    }
    for (reason, n) in &input.skipped {
        println!("  {n:>6}  {reason}");
    }
    for error in skipped.iter().take(3) {
        println!("  e.g. {error}");
    }
}

fn print_subjectivity(report: &Report) {
    heading("Subjective");
    let subjectivity = &report.subjectivity;
    if subjectivity.subjective == 0 {
        println!("fewer conversations than the thresholds ask for: no shares are shown");
    } else {
        println!(
            "{} of {} conversations ({:.1} %) are subjective; all shares below are of these",
            subjectivity.subjective,
            report.input.conversations,
            subjectivity.pct_conversations_read
        );
    }
    for level in &subjectivity.levels {
        println!(
            "{:>8}  {:>6.1} %  {}",
            level.conversations, level.pct_conversations_read, level.level
        );
    }
}

fn print_anonymization(report: &Report) {
    heading("Personal data replaced");
    let anonymization = &report.anonymization;
    for row in &anonymization.replaced {
        println!(
            "{:>8}  {} (in {} conversations)",
            row.spans, row.kind, row.conversations
        );
    }
    if !anonymization.kinds_below_threshold.is_empty() {
        println!(
            "found, in fewer conversations than the threshold: {}",
            anonymization.kinds_below_threshold.join(", ")
        );
    }
    if anonymization.replaced.is_empty() && anonymization.kinds_below_threshold.is_empty() {
        println!("none found");
    }
}

fn print_frequencies(title: &str, rows: &[Frequency]) {
    heading(title);
    if rows.is_empty() {
        println!("none passed the thresholds");
        return;
    }
    println!("conversations  pct_conversations  [95 % interval]");
    for row in rows.iter().take(TOP) {
        println!(
            "{:>13}  {:>16.1}   [{:.1}, {:.1}]  {}",
            row.conversations,
            row.pct_conversations,
            row.pct_low.unwrap_or_default(),
            row.pct_high.unwrap_or_default(),
            row.label
        );
    }
    if rows.len() > TOP {
        println!("... and {} more in the files", rows.len() - TOP);
    }
}

fn print_response_types(report: &Report) {
    heading("Response types");
    for row in &report.response_types {
        println!(
            "{:>13}  {:>16.1}   {}",
            row.conversations, row.pct_conversations, row.response_type
        );
    }
}

fn print_taxonomy(report: &Report) {
    heading("Taxonomy of AI values (pct_total_occurrences: share of value mentions)");
    let top = report.taxonomy.iter().map(|node| node.level).max();
    let Some(top) = top else {
        println!("none: no AI value passed the thresholds");
        return;
    };
    for node in report.taxonomy.iter().filter(|node| node.level == top) {
        print_node(report, &node.cluster_id, 0);
    }
}

fn print_node(report: &Report, id: &str, depth: usize) {
    let Some(node) = report.taxonomy.iter().find(|node| node.cluster_id == id) else {
        return;
    };
    println!(
        "{:>8.2}  {}{}",
        node.pct_total_occurrences,
        "  ".repeat(depth),
        node.name
    );
    let mut children: Vec<_> = report
        .taxonomy
        .iter()
        .filter(|child| child.level < node.level && child.parent_cluster_id.as_deref() == Some(id))
        .collect();
    children.sort_by(|a, b| b.pct_total_occurrences.total_cmp(&a.pct_total_occurrences));
    for child in children {
        print_node(report, &child.cluster_id, depth + 1);
    }
}

fn print_associations(report: &Report) {
    for table in &report.associations {
        heading(&format!(
            "Strongest associations: {} × {} ({})",
            table.row_facet, table.column_facet, table.estimand
        ));
        match table.critical_residual {
            Some(critical) => println!(
                "{} pairs tested; significant (*) from |residual| {critical:.2} \
                 (Bonferroni, alpha {})",
                table.tests, table.alpha
            ),
            None => println!("no pair has expected counts that allow a test"),
        }
        if table.rows.is_empty() {
            println!("no pair passed the thresholds");
            continue;
        }
        println!("observed  expected  residual  p (Bonferroni)");
        for row in table.rows.iter().take(TOP) {
            print_association(row);
        }
        if table.rows.len() > TOP {
            println!("... and {} more in the files", table.rows.len() - TOP);
        }
    }
}

fn print_association(row: &AssociationRow) {
    let p = match row.p_bonferroni {
        Some(p) => format!("{p:.2e}"),
        None => "not tested".to_owned(),
    };
    println!(
        "{:>8}  {:>8.1}  {:>8}  {p:>14}{} {} -> {}",
        row.conversations,
        row.expected,
        row.adjusted_residual
            .map_or_else(|| "-".to_owned(), |r| format!("{r:.2}")),
        if row.significant { " *" } else { "  " },
        row.row,
        row.column
    );
}

fn print_suppressed(report: &Report) {
    heading("Suppressed by the thresholds");
    let limits = report.suppressed.gate().thresholds();
    println!(
        "a cell needs {} conversations and {} users{}",
        limits.min_conversations,
        limits.min_users,
        if *limits == Thresholds::new() {
            ""
        } else {
            " (the default, for conversations of real people, is 15 and 5)"
        }
    );
    for (table, counts) in report.suppressed.tables() {
        let reasons: Vec<String> = counts
            .suppressed
            .iter()
            .map(|(reason, n)| format!("{n} {reason}"))
            .collect();
        println!(
            "{:>8} shown  {:>6} suppressed  {table}{}{}",
            counts.released_cells,
            counts.suppressed_cells(),
            if reasons.is_empty() { "" } else { ": " },
            reasons.join(", ")
        );
    }
}

fn print_notes_and_files(outcome: &Outcome) {
    if !outcome.report().notes.is_empty() {
        heading("Read this before you use the figures");
        for note in &outcome.report().notes {
            println!("- {note}");
        }
    }
    heading("Files");
    println!("run folder: {}", outcome.run_folder().display());
    for name in outcome.report_files() {
        println!("  {name}");
    }
    println!("  private/ (pseudonymised conversations and extractions: not for publication)");
    let stages: Vec<String> = outcome
        .stages()
        .iter()
        .map(|run| {
            if run.reused {
                format!("{} reused", run.stage)
            } else {
                format!("{} {:.2} s", run.stage, run.seconds)
            }
        })
        .collect();
    println!("stages: {}", stages.join(", "));
}
