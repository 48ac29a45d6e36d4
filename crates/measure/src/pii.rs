//! `pii`: what each system masks of labelled texts, and what it masks beside.
//!
//! The files have presidio-research's JSON form: an array (or lines) of objects with `full_text`,
//! `spans` (`entity_type`, `entity_value`, `start_position`, `end_position` in Unicode scalar values)
//! and `template_id`. With `--spans FILE --system NAME` the spans of another tool are scored instead
//! of ours; with `--export FILE` ours are written in the same form: one line a text,
//! `{"id": 0, "spans": [{"start": 0, "end": 2, "type": "PERSON", "score": 0.9}]}`.
//!
//! The reading of files, the systems and the figures are here; the counting is in `score`.

mod score;

use std::io::{BufRead as _, Read as _, Write as _};
use std::ops::Range;
use std::path::Path;

use axia::anonymize::{Anonymizer, AnonymizerBuilder};
use serde_json::{Value, json};

use crate::Error;
use crate::args::Args;
use crate::figure::{name_of, print};

/// A labelled stretch, in Unicode scalar values.
struct Gold {
    kind: String,
    value: String,
    span: Range<usize>,
}

/// A labelled text. Spans of systems count Unicode scalar values too.
struct Sample {
    text: String,
    gold: Vec<Gold>,
    template: i64,
}

/// What a system masks in a text.
struct Mask {
    spans: Vec<(Range<usize>, String, f64)>,
    /// The text with replacements, where the system made them.
    replaced: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["spans", "system", "export", "only", "ner", "phones"])?;
    let only: String = args.value_or("only", String::new())?;
    if args.data().is_empty() {
        return Err("pii wants --data FILE, a file in presidio-research's JSON form".into());
    }
    for path in args.data() {
        let samples = read(path)?;
        let on = name_of(path);
        if let Some(spans) = args.path("spans") {
            let system: String = args.value_or("system", name_of(spans))?;
            report(&system, &samples, &read_masks(spans, &samples)?, &on);
            continue;
        }
        for (system, anonymizer) in systems(args)? {
            if !only.is_empty() && only != system {
                continue;
            }
            let masks = masks(&anonymizer, &samples);
            if let Some(to) = args.path("export") {
                export(to, &masks)?;
            }
            report(system, &samples, &masks, &on);
        }
    }
    Ok(())
}

fn systems(args: &Args) -> Result<Vec<(&'static str, Anonymizer)>, Error> {
    let mut systems = vec![
        ("rules", builder(args)?.names(false).build()?),
        ("names", builder(args)?.build()?),
    ];
    if let Some(folder) = args.path("ner") {
        systems.push(("ner", with_model(builder(args)?, folder)?));
    }
    Ok(systems)
}

/// With the national telephone numbers of the regions behind `--phones`, as in `--phones ES,PL`.
pub(crate) fn builder(args: &Args) -> Result<AnonymizerBuilder, Error> {
    let regions: String = args.value_or("phones", String::new())?;
    if regions.is_empty() {
        return Ok(Anonymizer::builder());
    }
    with_phones(&regions)
}

#[cfg(feature = "phone")]
fn with_phones(regions: &str) -> Result<AnonymizerBuilder, Error> {
    let phones = axia::anonymize::PhoneRecognizer::new(regions.split(','))?;
    Ok(Anonymizer::builder().recognizer(Box::new(phones)))
}

#[cfg(not(feature = "phone"))]
fn with_phones(_regions: &str) -> Result<AnonymizerBuilder, Error> {
    Err("--phones wants `--features phone` behind `-p measure`".into())
}

#[cfg(feature = "ner")]
fn with_model(builder: AnonymizerBuilder, folder: &Path) -> Result<Anonymizer, Error> {
    let model = axia::anonymize::NerModel::load(folder)?;
    Ok(builder.ner(Box::new(model)).build()?)
}

#[cfg(not(feature = "ner"))]
fn with_model(_builder: AnonymizerBuilder, _folder: &Path) -> Result<Anonymizer, Error> {
    Err("--ner wants `--features ner` behind `-p measure`".into())
}

fn masks(anonymizer: &Anonymizer, samples: &[Sample]) -> Vec<Mask> {
    let mask = |sample: &Sample| {
        let found = anonymizer.detect(&sample.text);
        let scalars = Scalars::of(&sample.text);
        let spans = found.iter().map(|finding| {
            let span = scalars.at(finding.span.start)..scalars.at(finding.span.end);
            (span, finding.kind.to_string(), f64::from(finding.score))
        });
        Mask {
            spans: spans.collect(),
            replaced: Some(anonymizer.anonymize_text(&sample.text)),
        }
    };
    samples.iter().map(mask).collect()
}

/// From bytes to Unicode scalar values.
struct Scalars(Vec<usize>);

impl Scalars {
    fn of(text: &str) -> Self {
        Self(text.char_indices().map(|(at, _)| at).collect())
    }

    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|&start| start < byte)
    }
}

fn report(system: &str, samples: &[Sample], masks: &[Mask], on: &str) {
    for figure in score::score(samples, masks) {
        let name = format!("pii/{system}/{}", figure.name);
        print(&name, figure.value, figure.unit, figure.n, on);
    }
}

fn read(path: &Path) -> Result<Vec<Sample>, Error> {
    let text = read_text(path)?;
    let values: Vec<Value> = if text.trim_start().starts_with('[') {
        serde_json::from_str(&text)?
    } else {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(serde_json::from_str).collect::<Result<_, _>>()?
    };
    let samples: Vec<Sample> = values
        .iter()
        .enumerate()
        .map(|(at, value)| sample(value).map_err(|what| format!("text {at}: {what}")))
        .collect::<Result<_, _>>()?;
    if samples.is_empty() {
        return Err("the file holds no texts".into());
    }
    Ok(samples)
}

fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", name_of(path)))?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1F, 0x8B]) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    Ok(text)
}

fn sample(value: &Value) -> Result<Sample, String> {
    let text = value["full_text"].as_str().ok_or("no 'full_text'")?;
    let characters: Vec<char> = text.chars().collect();
    let spans = value["spans"].as_array().ok_or("no array 'spans'")?;
    let gold = spans.iter().map(|span| {
        let at = |name: &str| {
            let position = span[name].as_u64().and_then(|p| usize::try_from(p).ok());
            position.ok_or_else(|| format!("a span without '{name}'"))
        };
        let range = at("start_position")?..at("end_position")?;
        let value = characters
            .get(range.clone())
            .ok_or("a span outside of the text")?;
        Ok(Gold {
            kind: span["entity_type"]
                .as_str()
                .ok_or("no 'entity_type'")?
                .to_owned(),
            value: value.iter().collect(),
            span: range,
        })
    });
    Ok(Sample {
        gold: gold.collect::<Result<_, String>>()?,
        text: text.to_owned(),
        template: value["template_id"].as_i64().unwrap_or(-1),
    })
}

/// The spans of another tool, one line for each text; texts without a line have none.
fn read_masks(path: &Path, samples: &[Sample]) -> Result<Vec<Mask>, Error> {
    let none = || Mask {
        spans: Vec::new(),
        replaced: None,
    };
    let mut masks: Vec<Mask> = samples.iter().map(|_| none()).collect();
    let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", name_of(path)))?;
    for (at, line) in std::io::BufReader::new(file).lines().enumerate() {
        let wrong = |what: &str| format!("{} line {}: {what}", name_of(path), at + 1);
        let line: Value = serde_json::from_str(&line?)?;
        let id = line["id"].as_u64().and_then(|id| usize::try_from(id).ok());
        let mask = id
            .and_then(|id| masks.get_mut(id))
            .ok_or_else(|| wrong("'id' is not the number of a text"))?;
        for span in line["spans"]
            .as_array()
            .ok_or_else(|| wrong("no 'spans'"))?
        {
            let end_of = |name: &str| span[name].as_u64().and_then(|p| usize::try_from(p).ok());
            let (Some(start), Some(end)) = (end_of("start"), end_of("end")) else {
                return Err(wrong("a span without 'start' and 'end'").into());
            };
            let kind = span["type"].as_str().unwrap_or_default().to_owned();
            let score = span["score"].as_f64().unwrap_or(1.0);
            mask.spans.push((start..end, kind, score));
        }
    }
    Ok(masks)
}

fn export(path: &Path, masks: &[Mask]) -> Result<(), Error> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (id, mask) in masks.iter().enumerate() {
        let spans = mask.spans.iter().map(|(span, kind, score)| {
            json!({"start": span.start, "end": span.end, "type": kind, "score": score})
        });
        let spans: Vec<Value> = spans.collect();
        writeln!(file, "{}", json!({"id": id, "spans": spans}))?;
    }
    file.flush()?;
    Ok(())
}
