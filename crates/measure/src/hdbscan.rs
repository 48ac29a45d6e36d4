//! `hdbscan`: clusters and outliers of vectors by density.

use std::time::Instant;

use axia_cluster::{HdbscanParams, Points};

use crate::args::Args;
use crate::figure::{name_of, peak_memory_mib, print};
use crate::linkage::{metric, share_of_peak};
use crate::{Error, npy};

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&[
        "min-cluster-size",
        "min-samples",
        "metric",
        "rows",
        "passes",
        "out",
    ])?;
    let hdbscan = HdbscanParams::new()
        .min_cluster_size(args.value_or("min-cluster-size", 10)?)
        .min_samples(args.value_or("min-samples", 5)?)
        .metric(metric(args)?)
        .build()?;
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
            found = Some(hdbscan.fit(points)?);
            best = best.min(start.elapsed().as_secs_f64());
        }
        let Some(found) = found else { continue };
        let noise = found.labels.iter().filter(|l| l.is_none()).count();
        let weight: f64 = found.dendrogram.merges().iter().map(|m| m.height).sum();
        print("hdbscan", best, "s", n, &on);
        let share = share_of_peak(points, best);
        print("hdbscan/share_of_peak", share, "", n, &on);
        if let Some(peak) = peak_memory_mib() {
            print("hdbscan/peak_memory", peak, "MiB", n, &on);
        }
        print("hdbscan/clusters", found.clusters.into(), "", n, &on);
        #[allow(clippy::cast_precision_loss)] // counts of points
        print("hdbscan/noise", noise as f64, "", n, &on);
        print("hdbscan/tree_weight", weight, "", n, &on);
        if let Some(path) = args.path("out") {
            let labels: Vec<i32> = found
                .labels
                .iter()
                .map(|label| label.map_or(-1, u32::cast_signed))
                .collect();
            npy::write(path, &labels, 1)?;
        }
    }
    Ok(())
}
