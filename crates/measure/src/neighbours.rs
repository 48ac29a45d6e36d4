//! Exact nearest neighbours of all points: seconds, share of the machine's peak, memory.

use std::time::Instant;

use axia::cluster::{Nearness, NeighboursParams, Points, peak_flops};

use crate::args::Args;
use crate::figure::{name_of, peak_memory_mib, print, print_each};
use crate::{Error, npy};

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["k", "nearness", "rounds", "out"])?;
    let [data] = args.data() else {
        return Err("wants --data VECTORS.npy, one file of f32 rows".into());
    };
    let nearness = match args.value_or("nearness", String::from("cosine"))?.as_str() {
        "cosine" => Nearness::Cosine,
        "euclidean" => Nearness::Euclidean,
        "inner-product" => Nearness::InnerProduct,
        other => {
            return Err(
                format!("--nearness: '{other}' is not cosine, euclidean or inner-product").into(),
            );
        }
    };
    let k: usize = args.value_or("k", 10)?;
    let rounds: u32 = args.value_or("rounds", 1)?;
    let matrix = npy::read(data)?;
    let search = NeighboursParams::new(k).nearness(nearness).build()?;
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        let found = search.all(Points::new(&matrix.values, matrix.columns)?)?;
        seconds.push(begin.elapsed().as_secs_f64());
        last = Some(found);
    }
    let Some(found) = last else {
        return Err("no round was run".into());
    };
    let each = seconds.clone();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    let memory = peak_memory_mib();
    let n = found.len();
    let on = format!("{}, {n} x {}, k {k}", name_of(data), matrix.columns);
    let count = n as u64;
    let (single, _) = peak_flops();
    let work = 2.0 * n as f64 * n as f64 * matrix.columns as f64;
    print_each("neighbours of all, first", &each, count, &on);
    print("neighbours of all, median", median, "s", count, &on);
    print("neighbours of all, least", seconds[0], "s", count, &on);
    print(
        "neighbours a second",
        n as f64 / median,
        "points/s",
        count,
        &on,
    );
    print("machine peak, f32", single / 1e9, "GFLOP/s", 1, "registers");
    print(
        "neighbours, all distances counted, share of the f32 peak",
        100.0 * work / median / single,
        "%",
        count,
        &on,
    );
    if let Some(memory) = memory {
        let data = (matrix.values.len() * 4) as f64 / (1024.0 * 1024.0);
        print("neighbours peak memory", memory, "MiB", count, &on);
        print(
            "neighbours peak memory to data",
            memory / data,
            "ratio",
            count,
            &on,
        );
    }
    if let Some(out) = args.path("out") {
        let indices: Vec<u32> = (0..n)
            .flat_map(|point| found.indices(point))
            .copied()
            .collect();
        npy::write(out, &indices, k)?;
    }
    Ok(())
}
