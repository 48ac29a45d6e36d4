//! K-means: seconds, share of the machine's peak, inertia, memory.

use std::time::Instant;

use axia::cluster::{Init, KMeans, KMeansParams, Metric, Points, peak_flops};

use crate::args::Args;
use crate::figure::{name_of, peak_memory_mib, print, print_each};
use crate::{Error, npy};

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&[
        "k",
        "start",
        "init",
        "iterations",
        "metric",
        "seed",
        "rounds",
        "out",
        "start-out",
    ])?;
    let [data] = args.data() else {
        return Err("wants --data VECTORS.npy, one file of f32 rows".into());
    };
    let metric = match args.value_or("metric", String::from("euclidean"))?.as_str() {
        "euclidean" => Metric::Euclidean,
        "spherical" => Metric::Spherical,
        other => return Err(format!("--metric: '{other}' is not euclidean or spherical").into()),
    };
    let matrix = npy::read(data)?;
    let start = args.path("start").map(npy::read).transpose()?;
    let k = match &start {
        Some(start) => args.value_or("k", start.values.len() / start.columns)?,
        None => args.value_or("k", 0)?,
    };
    let iterations: u32 = args.value_or("iterations", 300)?;
    let rounds: u32 = args.value_or("rounds", 3)?;
    let init = match args.value_or("init", String::from("greedy"))?.as_str() {
        "greedy" => Init::GreedyKMeansPlusPlus,
        "k-means++" => Init::KMeansPlusPlus,
        other => return Err(format!("--init: '{other}' is not greedy or k-means++").into()),
    };
    let mut params = KMeansParams::new(k)
        .init(init)
        .metric(metric)
        .seed(args.value_or("seed", 0)?)
        .max_iterations(iterations)
        .tolerance(0.0);
    if let Some(start) = start {
        params = params.init(Init::Given(start.values));
    }
    let kmeans = params.build()?;
    if let Some(out) = args.path("start-out") {
        return seeding(&kmeans, &matrix, rounds, &name_of(data), out);
    }
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        let points = Points::new(&matrix.values, matrix.columns)?;
        let found = kmeans.fit(points)?;
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
    let n = found.labels().len();
    let on = format!(
        "{}, {n} x {}, k {k}, {} iterations, converged: {}",
        name_of(data),
        matrix.columns,
        found.iterations(),
        found.converged()
    );
    let count = n as u64;
    let steps = f64::from(found.iterations());
    // One assignment more than there are updates.
    let work = 2.0 * n as f64 * k as f64 * matrix.columns as f64 * (steps + 1.0);
    let (single, pairs) = peak_flops();
    print_each("kmeans fit, first", &each, count, &on);
    print("kmeans fit, median", median, "s", count, &on);
    print("kmeans fit, least", seconds[0], "s", count, &on);
    print("kmeans iterations", steps, "", count, &on);
    print("kmeans iteration", median / steps, "s", count, &on);
    print("machine peak, f32", single / 1e9, "GFLOP/s", 1, "registers");
    if pairs > 0.0 {
        print("machine peak, bf16", pairs / 1e9, "GFLOP/s", 1, "registers");
    }
    print(
        "kmeans, all distances counted, share of the f32 peak",
        100.0 * work / median / single,
        "%",
        count,
        &on,
    );
    print(
        "kmeans inertia",
        found.inertia(),
        "sum of distances",
        count,
        &on,
    );
    if let Some(memory) = memory {
        let data = (matrix.values.len() * 4) as f64 / (1024.0 * 1024.0);
        print("kmeans peak memory", memory, "MiB", count, &on);
        print(
            "kmeans peak memory to data",
            memory / data,
            "ratio",
            count,
            &on,
        );
    }
    if let Some(out) = args.path("out") {
        npy::write(out, found.labels(), 1)?;
    }
    Ok(())
}

/// Draws the start alone, and writes it.
fn seeding(
    kmeans: &KMeans,
    matrix: &npy::Matrix,
    rounds: u32,
    data: &str,
    out: &std::path::Path,
) -> Result<(), Error> {
    let (mut seconds, mut start) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        start = kmeans.start(Points::new(&matrix.values, matrix.columns)?)?;
        seconds.push(begin.elapsed().as_secs_f64());
    }
    let each = seconds.clone();
    seconds.sort_by(f64::total_cmp);
    let n = matrix.values.len() / matrix.columns;
    let on = format!("{data}, {n} x {}, k {}", matrix.columns, kmeans.k());
    print_each("kmeans start, first", &each, n as u64, &on);
    let median = seconds[seconds.len() / 2];
    print("kmeans start, median", median, "s", n as u64, &on);
    if let Some(memory) = peak_memory_mib() {
        print("kmeans start peak memory", memory, "MiB", n as u64, &on);
    }
    npy::write(out, &start, matrix.columns)
}
