//! The one form in which figures are printed.

use std::io::{ErrorKind, Write};

use serde_json::{Value, json};

/// Prints a figure as one line of JSON.
pub(crate) fn print(name: &str, value: f64, unit: &str, n: u64, on: &str) {
    let rounded = (value * 1e4).round() / 1e4;
    line(&json!({
        "name": name,
        "value": rounded,
        "unit": unit,
        "n": n,
        "on": on,
        "machine": machine(),
    }));
}

/// Prints the seconds of each run in turn; the value is the first, with threads and memory still to be
/// set up.
pub(crate) fn print_each(name: &str, seconds: &[f64], n: u64, on: &str) {
    let each: Vec<f64> = seconds.iter().map(|s| (s * 1e6).round() / 1e6).collect();
    line(&json!({
        "name": name,
        "value": each.first(),
        "each": each,
        "unit": "s",
        "n": n,
        "on": on,
        "machine": machine(),
    }));
}

/// Where nobody reads on, as behind `head`, there is nothing left to measure.
#[allow(clippy::exit, clippy::print_stderr)]
fn line(figure: &Value) {
    if let Err(error) = writeln!(std::io::stdout(), "{figure}") {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("measure: a figure could not be written: {error}");
        std::process::exit(1);
    }
}

/// The processor's name and how many threads there are, where the system tells.
fn machine() -> String {
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
        .map_or(std::env::consts::ARCH, str::trim);
    format!("{model}, {threads} threads")
}

/// The largest resident set of this process so far, in MiB, where the system tells.
pub(crate) fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .ok()?;
    Some(kib / 1024.0)
}

/// A file's name without its folder.
pub(crate) fn name_of(path: &std::path::Path) -> String {
    path.file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}
