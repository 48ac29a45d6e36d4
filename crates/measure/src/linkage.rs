//! `linkage`: all merges of vectors by each method.

use std::time::Instant;

use axia_cluster::{Dendrogram, LinkageMethod, LinkageParams, Metric, Points, peak_flops};

use crate::args::Args;
use crate::figure::{name_of, peak_memory_mib, print};
use crate::{Error, npy};

const METHODS: [(&str, LinkageMethod); 4] = [
    ("ward", LinkageMethod::Ward),
    ("average", LinkageMethod::Average),
    ("complete", LinkageMethod::Complete),
    ("single", LinkageMethod::Single),
];

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["method", "metric", "rows", "passes", "k", "out", "labels"])?;
    let wanted: String = args.value_or("method", "ward".to_owned())?;
    let (name, method) = METHODS
        .into_iter()
        .find(|(name, _)| *name == wanted)
        .ok_or("--method is one of ward, average, complete, single")?;
    let linkage = LinkageParams::new(method).metric(metric(args)?).build()?;
    let passes: usize = args.value_or("passes", 1)?;
    for path in args.data() {
        let matrix = npy::read(path)?;
        let all = matrix.values.len() / matrix.columns;
        let rows = args.value_or("rows", all)?.min(all);
        let points = Points::new(&matrix.values[..rows * matrix.columns], matrix.columns)?;
        let on = format!("{} {} x {}", name_of(path), rows, matrix.columns);
        let (n, mut best) = (rows as u64, f64::INFINITY);
        let mut found = None;
        for _ in 0..passes.max(1) {
            let start = Instant::now();
            found = Some(linkage.fit(points)?);
            best = best.min(start.elapsed().as_secs_f64());
        }
        let Some(dendrogram) = found else { continue };
        print(&format!("linkage/{name}"), best, "s", n, &on);
        let share = share_of_peak(points, best);
        print(&format!("linkage/{name}/share_of_peak"), share, "", n, &on);
        if let Some(peak) = peak_memory_mib() {
            print(&format!("linkage/{name}/peak_memory"), peak, "MiB", n, &on);
        }
        if let Some(last) = dendrogram.merges().last() {
            print(
                &format!("linkage/{name}/last_height"),
                last.height,
                "",
                n,
                &on,
            );
        }
        write(args, &dendrogram)?;
    }
    Ok(())
}

/// The products of all pairs, each once, in so many seconds: as a share of what the processor can do in
/// its registers.
#[allow(clippy::cast_precision_loss)] // counts of points
pub(crate) fn share_of_peak(points: Points<'_>, seconds: f64) -> f64 {
    let flops = (points.len() as f64).powi(2) * points.dim() as f64;
    flops / seconds / peak_flops().0
}

/// What `--metric` names: `euclidean`, or `cosine`.
pub(crate) fn metric(args: &Args) -> Result<Metric, Error> {
    match args.value_or("metric", "euclidean".to_owned())?.as_str() {
        "euclidean" => Ok(Metric::Euclidean),
        "cosine" => Ok(Metric::Spherical),
        _ => Err("--metric is euclidean or cosine".into()),
    }
}

/// Merges as SciPy's linkage matrix (`--out`), labels of `--k` clusters (`--labels`).
fn write(args: &Args, dendrogram: &Dendrogram) -> Result<(), Error> {
    if let Some(path) = args.path("out") {
        let rows: Vec<f64> = dendrogram
            .merges()
            .iter()
            .flat_map(|m| [m.left.into(), m.right.into(), m.height, m.size.into()])
            .collect();
        npy::write(path, &rows, 4)?;
    }
    if let Some(path) = args.path("labels") {
        let labels = dendrogram.cut_into(args.value_or("k", 2)?)?;
        let labels: Vec<i32> = labels.into_iter().map(u32::cast_signed).collect();
        npy::write(path, &labels, 1)?;
    }
    Ok(())
}
