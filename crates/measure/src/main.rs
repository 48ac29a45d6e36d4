//! Prints every figure that Axia's documents claim.
//!
//! ```text
//! cargo run --release -p measure -- list
//! cargo run --release -p measure -- NAME [--data PATH ...]
//! ```
//!
//! One JSON object a line: `name`, `value`, `unit`, `n` (what was counted) and `on` (the input and the
//! machine). Each measurement takes its input by path, so that anyone can run it on data of their own.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod figure;
mod quickstart;
mod readers;

use std::path::PathBuf;
use std::process::ExitCode;

type Error = Box<dyn std::error::Error>;

/// A measurement: its name, what it prints, and the function that runs it on the given files.
type Measurement = (
    &'static str,
    &'static str,
    fn(&[PathBuf]) -> Result<(), Error>,
);

const MEASUREMENTS: &[Measurement] = &[
    (
        "readers",
        "MB/s and records/s of each format on one core; on generated files, or on each --data file",
        readers::run,
    ),
    (
        "quickstart",
        "seconds of each stage of a study and peak memory, on each --data file (default: the shipped one)",
        quickstart::run,
    ),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let mut data = Vec::new();
    for word in words {
        if word != "--data" {
            data.push(PathBuf::from(word));
        }
    }
    if name == "list" {
        for (name, what, _) in MEASUREMENTS {
            println!("{name:12} {what}");
        }
        return ExitCode::SUCCESS;
    }
    let Some((_, _, run)) = MEASUREMENTS.iter().find(|(known, _, _)| *known == name) else {
        eprintln!("measure: no measurement of that name; `measure list` lists them");
        return ExitCode::from(2);
    };
    match run(&data) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure: {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
