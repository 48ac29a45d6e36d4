//! redact-core as a filter: JSON lines {"id", "text"} in, {"id", "spans"} out, offsets in characters.
//! With `--speed FILE` its megabytes a second on the file's first lines, the fastest of three passes.
use std::io::{BufRead, Write};
use std::time::Instant;

use redact_core::AnalyzerEngine;
use serde_json::{Value, json};

/// It is slow: so much is enough.
const BYTES: usize = 2_000_000;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let engine = AnalyzerEngine::new();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [] => filter(&engine),
        [option, path] if option == "--speed" => speed(&engine, path),
        _ => Err("no arguments, or --speed FILE".into()),
    }
}

fn filter(engine: &AnalyzerEngine) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let item: Value = serde_json::from_str(&line?)?;
        let text = item["text"].as_str().unwrap_or_default();
        let found = engine.analyze(text, None)?.detected_entities;
        let characters = |at: usize| text.get(..at).map_or(0, |t| t.chars().count());
        let spans: Vec<Value> = found
            .iter()
            .map(|e| {
                json!({"start": characters(e.start), "end": characters(e.end),
                       "type": format!("{:?}", e.entity_type), "score": e.score})
            })
            .collect();
        writeln!(out, "{}", json!({"id": item["id"], "spans": spans}))?;
    }
    Ok(())
}

fn speed(engine: &AnalyzerEngine, path: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)?;
    let mut bytes = 0;
    let within = |line: &&str| {
        bytes += line.len() + 1;
        bytes <= BYTES
    };
    let lines: Vec<&str> = text.lines().take_while(within).collect();
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    let (mut best, mut found) = (f64::INFINITY, 0);
    for _ in 0..3 {
        let start = Instant::now();
        found = 0;
        for line in &lines {
            found += engine.analyze(line, None)?.detected_entities.len();
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{}", json!({"value": bytes as f64 / best / 1e6, "n": found}));
    Ok(())
}
