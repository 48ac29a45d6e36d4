//! `pii-alarms`, `pii-evasion` and `pii-speed`: what the rules cost and what they miss.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use axia::anonymize::{Anonymizer, Recognizer as _, stages};
use axia_conversation::{ReaderParams, Role};

use crate::Error;
use crate::args::Args;
use crate::figure::{name_of, print};

/// The table of the tests.
const EVASIONS: &str = include_str!("../../axia-anonymize/tests/data/evasions.tsv");

/// Findings in what users wrote, by kind and in all, for each 1,000 of their turns.
///
/// With `--show FILE` the places are written there: conversation, message, bytes, kind, rule. With
/// `--phones ES,PL` national telephone numbers of these regions count, too.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn alarms(args: &Args) -> Result<(), Error> {
    args.only(&["show", "phones"])?;
    if args.data().is_empty() {
        return Err("name conversations with --data FILE".into());
    }
    let anonymizer = crate::pii::builder(args)?.build()?;
    let mut show = args
        .path("show")
        .map(File::create)
        .transpose()?
        .map(BufWriter::new);
    for path in args.data() {
        let mut turns = 0_u64;
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for conversation in axia::open_conversations(path, ReaderParams::new())? {
            let conversation = conversation?;
            let users = conversation.messages.iter().enumerate();
            for (i, message) in users.filter(|(_, message)| message.role == Role::User) {
                turns += 1;
                for finding in anonymizer.detect(&message.text) {
                    *kinds.entry(finding.kind.to_string()).or_default() += 1;
                    if let Some(show) = &mut show {
                        let span = serde_json::json!([
                            conversation.id,
                            i,
                            finding.span.start,
                            finding.span.end,
                            finding.kind,
                            finding.recognizer(),
                        ]);
                        writeln!(show, "{span}")?;
                    }
                }
            }
        }
        let on = name_of(path);
        let rate = |count: u64| count as f64 * 1000.0 / turns.max(1) as f64;
        let unit = "spans per 1,000 user turns";
        print("alarms", rate(kinds.values().sum()), unit, turns, &on);
        for (kind, count) in kinds {
            print(&format!("alarms {kind}"), rate(count), unit, turns, &on);
        }
    }
    Ok(())
}

/// The share of evasive spellings that are masked as a whole, and of harmless texts that stay, by class.
///
/// Each --data file is a table like that of the tests: class, tab, text with the target in `<<` and `>>`.
/// With `--show FILE` the rows that went wrong are written there.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn evasion(args: &Args) -> Result<(), Error> {
    args.only(&["show"])?;
    let mut show = args
        .path("show")
        .map(File::create)
        .transpose()?
        .map(BufWriter::new);
    let anonymizer = Anonymizer::builder().build()?;
    let mut tables = Vec::new();
    for path in args.data() {
        tables.push((name_of(path), std::fs::read_to_string(path)?));
    }
    if tables.is_empty() {
        tables.push(("the table of the tests".to_owned(), EVASIONS.to_owned()));
    }
    for (on, table) in &tables {
        let mut classes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for line in table
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let (class, row) = line
                .split_once('\t')
                .ok_or("a row wants a class, a tab and a text")?;
            let (text, targets) = parse(row)?;
            let found: Vec<_> = anonymizer
                .detect(&text)
                .into_iter()
                .map(|f| f.span)
                .collect();
            let right = match targets.as_slice() {
                [] => found.is_empty(),
                targets => targets
                    .iter()
                    .all(|target| is_masked(&text, target, &found)),
            };
            let (count, all) = classes.entry(class).or_default();
            *all += 1;
            *count += u64::from(right);
            if let Some(show) = show.as_mut().filter(|_| !right) {
                writeln!(show, "{line}")?;
            }
        }
        let evasive = classes
            .iter()
            .filter(|(class, _)| **class != "must-not-fire");
        let (masked, all) = evasive.fold((0, 0), |sum, (_, c)| (sum.0 + c.0, sum.1 + c.1));
        print(
            "evasion/masked",
            masked as f64 / (all as f64).max(1.0),
            "share",
            all,
            on,
        );
        for (class, (right, all)) in &classes {
            let share = *right as f64 / *all as f64;
            print(&format!("evasion/{class}"), share, "share", *all, on);
        }
    }
    Ok(())
}

/// A row's text without marks and escapes, and its targets.
fn parse(row: &str) -> Result<(String, Vec<Range<usize>>), Error> {
    let mut text = String::new();
    let mut targets: Vec<Range<usize>> = Vec::new();
    let mut rest = row;
    while let Some(c) = rest.chars().next() {
        let open = targets
            .last()
            .is_some_and(|target| target.end == usize::MAX);
        if let Some(behind) = rest.strip_prefix("<<").filter(|_| !open) {
            targets.push(text.len()..usize::MAX);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix(">>").filter(|_| open) {
            if let Some(target) = targets.last_mut() {
                target.end = text.len();
            }
            rest = behind;
        } else if let Some(escape) = rest.strip_prefix('\\') {
            let (plain, behind) = if let Some(behind) = escape.strip_prefix('n') {
                ('\n', behind)
            } else if let Some(behind) = escape.strip_prefix('t') {
                ('\t', behind)
            } else if let Some(code) = escape.strip_prefix("u{") {
                let (code, behind) = code.split_once('}').ok_or("an escape wants its bracket")?;
                let code = u32::from_str_radix(code, 16)?;
                (
                    char::from_u32(code).ok_or("an escape that is no character")?,
                    behind,
                )
            } else {
                ('\\', escape.strip_prefix('\\').unwrap_or(escape))
            };
            text.push(plain);
            rest = behind;
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok((text, targets))
}

/// Whether every letter and digit of the target is covered.
fn is_masked(text: &str, target: &Range<usize>, found: &[Range<usize>]) -> bool {
    let Some(inside) = text.get(target.clone()) else {
        return false;
    };
    let mut letters = inside.char_indices().filter(|(_, c)| c.is_alphanumeric());
    letters.all(|(at, _)| found.iter().any(|span| span.contains(&(target.start + at))))
}

/// The fastest of so many passes: a pass is disturbed by whatever else runs, never helped.
const PASSES: usize = 5;
/// Size of the generated text.
const BYTES: usize = 16 << 20;

/// Megabytes a second on one core, text by text: the rules alone over folded text; the names alone; the stages with
/// rules and names, up to resolved findings; and everything that `Anonymizer::detect` does. And seconds for the
/// rules on one text of 50 MB.
pub(crate) fn speed(args: &Args) -> Result<(), Error> {
    args.only(&[])?;
    let mut inputs = Vec::new();
    for path in args.data() {
        inputs.push((name_of(path), texts_of(path)?));
    }
    if inputs.is_empty() {
        inputs.push((
            "generated chat lines".to_owned(),
            lines_of(&generate(BYTES)),
        ));
    }
    let (rules, names) = (stages::rules()?, stages::names());
    let anonymizer = Anonymizer::builder().build()?;
    for (on, texts) in &inputs {
        let mut found = Vec::new();
        time("speed/rules", texts, on, |text| {
            found.clear();
            rules.recognize(text, &mut found);
            found.len()
        });
        time("speed/names", texts, on, |text| {
            found.clear();
            names.recognize(text, &mut found);
            found.len()
        });
        time("speed/rules and names", texts, on, |text| {
            stages::detect(text, &[&*rules, &*names], 0.5)
                .map_or(0, |found| stages::resolve(found).len())
        });
        time("speed/detect", texts, on, |text| {
            anonymizer.detect(text).len()
        });
        let long = texts.join(" ").replace('\n', " ");
        let long = long.repeat(50_000_000 / long.len().max(1) + 1);
        let start = Instant::now();
        found.clear();
        rules.recognize(&long, &mut found);
        let seconds = start.elapsed().as_secs_f64();
        print(
            "speed/rules, one line of 50 MB",
            seconds,
            "s",
            found.len() as u64,
            on,
        );
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)]
fn time(name: &str, texts: &[String], on: &str, mut find: impl FnMut(&str) -> usize) {
    // With the line break behind each.
    let bytes: usize = texts.iter().map(|text| text.len() + 1).sum();
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..PASSES {
        let start = Instant::now();
        found = texts.iter().map(|text| find(text) as u64).sum();
        best = best.min(start.elapsed().as_secs_f64());
    }
    print(name, bytes as f64 / best / 1e6, "MB/s", found, on);
}

/// The messages of conversations (JSON, packed or not), or else the lines of a text.
fn texts_of(path: &Path) -> Result<Vec<String>, Error> {
    let name = name_of(path);
    let plain = name.trim_end_matches(".gz").trim_end_matches(".zst");
    if !plain.ends_with(".json") && !plain.ends_with(".jsonl") {
        return Ok(lines_of(&std::fs::read_to_string(path)?));
    }
    let mut texts = Vec::new();
    for conversation in axia::open_conversations(path, ReaderParams::new())? {
        texts.extend(
            conversation?
                .messages
                .into_iter()
                .map(|message| message.text),
        );
    }
    Ok(texts)
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Lines of ordinary words, one in six with something personal in it: dense for real chat.
fn generate(bytes: usize) -> String {
    const WORDS: &[&str] = &[
        "the",
        "of",
        "and",
        "a",
        "to",
        "in",
        "that",
        "is",
        "was",
        "he",
        "for",
        "it",
        "with",
        "as",
        "his",
        "on",
        "be",
        "at",
        "by",
        "had",
        "explain",
        "rewrite",
        "please",
        "question",
        "answer",
        "different",
        "because",
        "people",
        "between",
        "something",
        "important",
        "example",
        "state",
        "quality",
        "relating",
        "person",
        "form",
        "used",
        "act",
        "having",
        "small",
        "plant",
        "large",
        "water",
        "genus",
        "being",
    ];
    const ITEMS: &[&str] = &[
        "my email is jo.smith@example.net",
        "call me on 415-555-2671 after five",
        "card number 4111111111111111 please",
        "the server at 203.0.113.7 is down",
        "from 2001:db8::1 again",
        "ssn 536-22-8726",
        "wire it to GB82WEST12345698765432",
        "see https://www.somewhere.net/app for the ticket",
        "device 00:1b:44:11:3a:b7",
        "born 1985-03-12",
        "ping @josmith88",
        "order 4512-8731 shipped, ref 87318731",
    ];
    let mut text = String::with_capacity(bytes + 1024);
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    while text.len() < bytes {
        for _ in 0..5 + draw(60) {
            let _ = write!(text, "{} ", WORDS[draw(WORDS.len())]);
        }
        if draw(6) == 0 {
            let _ = write!(text, "{}, ", ITEMS[draw(ITEMS.len())]);
        }
        text.push_str("and so on.\n");
    }
    text
}
