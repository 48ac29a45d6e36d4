//! redact-core as a filter: JSON lines {"id", "text"} in, {"id", "spans"} out, offsets in characters.
use std::io::{BufRead, Write};

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = redact_core::AnalyzerEngine::new();
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
