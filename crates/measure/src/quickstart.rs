//! `quickstart`: the whole study on a file, stage by stage, in a fresh run folder.

use std::path::Path;

use axia::Study;

use crate::Error;
use crate::args::Args;
use crate::figure::{name_of, peak_memory_mib, print};

const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/data/conversations.jsonl"
);

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&[])?;
    let data = args.data();
    if data.is_empty() {
        return study(Path::new(SHIPPED));
    }
    data.iter().try_for_each(|path| study(path))
}

fn study(path: &Path) -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let start = std::time::Instant::now();
    let outcome = Study::builder()
        .input(path)
        .run_folder(folder.path().join("run"))
        .run()?;
    let seconds = start.elapsed().as_secs_f64();
    let on = name_of(path);
    let n = outcome.report().input.conversations;
    for run in outcome.stages() {
        print(
            &format!("quickstart/{}", run.stage),
            run.seconds,
            "s",
            n,
            &on,
        );
    }
    print("quickstart/total", seconds, "s", n, &on);
    // Of this process: with several files, of the largest so far.
    if let Some(peak) = peak_memory_mib() {
        print("quickstart/peak_memory", peak, "MiB", n, &on);
    }
    Ok(())
}
