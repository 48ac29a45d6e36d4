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

mod args;
mod calibration;
mod canaries;
mod clustering;
mod contingency;
mod cpu_time;
mod embedding;
mod figure;
mod hdbscan;
#[cfg(feature = "hnsw")]
mod hnsw;
mod kmeans;
mod linkage;
mod llm;
mod neighbours;
mod npy;
mod pii;
mod pii_rules;
mod quickstart;
mod readers;
mod taxonomy;
mod trees;

use std::process::ExitCode;

use crate::args::Args;

type Error = Box<dyn std::error::Error>;

/// A measurement: its name, what it prints, and the function that runs it.
type Measurement = (&'static str, &'static str, fn(&Args) -> Result<(), Error>);

const MEASUREMENTS: &[Measurement] = &[
    (
        "llm",
        "CPU of a call through all layers, answers/s from the cache, the guess of tokens; fake server",
        llm::run,
    ),
    (
        "pii",
        "leaks and precision of the anonymizer on labelled texts in presidio-research's JSON form [--phones ES,PL]",
        pii::run,
    ),
    (
        "calibration",
        "error, power and coverage of the statistics on simulated data; --data values_frequencies.csv, --seed, --scale, --only",
        calibration::run,
    ),
    (
        "readers",
        "MB/s and records/s of each format on one core; on generated files, or on each --data file",
        readers::run,
    ),
    (
        "contingency",
        "CPU seconds from 10 million rows of codes, or of names, to residuals, p-values and corrections of every cell; on generated rows (--rows, --seed; --write FOLDER leaves them for peers) or on each --data CSV file 'row,column'",
        contingency::run,
    ),
    (
        "quickstart",
        "seconds of each stage of a study and peak memory, on each --data file (default: the shipped one)",
        quickstart::run,
    ),
    (
        "pii-canaries",
        "share of planted personal data that survives, with its bound, and suspected leaks, on conversations [--seed N]",
        canaries::run,
    ),
    (
        "kmeans",
        "k-means of --data VECTORS.npy (f32 rows): seconds, share of the peak, inertia, memory; --k [--init greedy or k-means++] or --start CENTROIDS.npy, --iterations, --metric, --seed, --rounds, --out LABELS.npy; --start-out CENTROIDS.npy: the start alone",
        kmeans::run,
    ),
    (
        "neighbours",
        "exact nearest neighbours of all rows of --data VECTORS.npy: seconds, share of the peak, memory; --k, --nearness, --rounds, --out NEIGHBOURS.npy",
        neighbours::run,
    ),
    (
        "pii-alarms",
        "findings per 1,000 user turns of conversations (--data FILE...), by kind [--show FILE: their places] [--phones ES,PL]",
        pii_rules::alarms,
    ),
    (
        "pii-evasion",
        "share of evasive spellings that are masked, by class; of the tests' table or each --data file",
        pii_rules::evasion,
    ),
    (
        "pii-speed",
        "MB/s of detection on one core, text by text; on generated chat lines, or the lines or conversations of each --data file",
        pii_rules::speed,
    ),
    (
        "embedding",
        "an embedder's neighbours and clusters against --tree FILE; --bert FOLDER for a transformer",
        embedding::run,
    ),
    (
        "taxonomy",
        "our tree of the labels of --tree FILE against that tree, by method; --bert FOLDER, --part 1 or 2",
        taxonomy::run,
    ),
    (
        "linkage",
        "seconds and memory of all merges of --data VECTORS.npy [--method ward] [--metric euclidean] [--rows N] [--out MERGES.npy] [--k K --labels LABELS.npy]",
        linkage::run,
    ),
    (
        "hdbscan",
        "seconds, clusters and noise of --data VECTORS.npy [--min-cluster-size 10] [--min-samples 5] [--rows N] [--out LABELS.npy]",
        hdbscan::run,
    ),
    #[cfg(feature = "hnsw")]
    (
        "hnsw",
        "from how many rows of --data VECTORS.npy on a graph pays: seconds to build, to query, to query exactly, recall [--k 10] [--candidates 64]",
        hnsw::run,
    ),
    (
        "clustering",
        "agreement of k-means with the labels of --data TEXTS.csv (text, label) [--seeds 10] [--runs 1] [--vectors V.npy] [--labels L.npy] [--out FOUND.npy]",
        clustering::run,
    ),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
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
    match Args::parse(words).and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure: {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
