//! `clustering`: k-means on short texts with known labels, embedded by the bundled embedder. How well
//! the clusters agree with the labels, and how much that hangs on the seed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use axia_cluster::{Agreement, KMeansParams, Metric, Points, agreement, silhouette};
use axia_embed::{BundledEmbedder, Embedder};
use flate2::read::MultiGzDecoder;

use crate::args::Args;
use crate::figure::{name_of, print};
use crate::{Error, npy};

/// One measure of how far two partitions agree.
type FigureOf = fn(&Agreement) -> f64;

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["seeds", "runs", "vectors", "out", "labels"])?;
    let seeds: u64 = args.value_or("seeds", 10)?;
    let runs: u32 = args.value_or("runs", 1)?;
    let embedder = BundledEmbedder::new()?;
    for path in args.data() {
        let (texts, truth, k) = read(path)?;
        let on = name_of(path);
        let n = texts.len() as u64;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let start = Instant::now();
        let vectors = embedder.embed(&texts)?;
        let seconds = start.elapsed().as_secs_f64();
        print("clustering/embedding", seconds, "s", n, &on);
        let points = Points::new(vectors.as_slice(), vectors.dim())?;
        if let Some(path) = args.path("vectors") {
            npy::write(path, vectors.as_slice(), vectors.dim())?;
        }
        if let Some(path) = args.path("labels") {
            npy::write(path, &signed(&truth), 1)?;
        }
        let mut found = Vec::new();
        let mut cohesion = Vec::new();
        let start = Instant::now();
        for seed in 0..seeds.max(1) {
            let kmeans = KMeansParams::new(k)
                .metric(Metric::Spherical)
                .seed(seed)
                .n_runs(runs)
                .build()?;
            let result = kmeans.fit(points)?;
            found.push(agreement(&truth, result.labels())?);
            cohesion.push(result);
        }
        let seconds = start.elapsed().as_secs_f64() / found.len() as f64;
        print("clustering/kmeans", seconds, "s", n, &on);
        print("clustering/k", k as f64, "", n, &on);
        let figures: [(&str, FigureOf); 5] = [
            ("ami", |a| a.adjusted_mutual_information),
            ("ari", |a| a.adjusted_rand_index),
            ("nmi", |a| a.normalized_mutual_information),
            ("v_measure", |a| a.v_measure),
            ("purity", |a| a.purity),
        ];
        for (name, figure) in figures {
            let values: Vec<f64> = found.iter().map(figure).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let spread = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            let spread = (spread / values.len() as f64).sqrt();
            print(&format!("clustering/{name}"), mean, "", n, &on);
            print(&format!("clustering/{name}/sd"), spread, "", n, &on);
        }
        if let Some(first) = cohesion.first() {
            let rated = silhouette(points, first.labels(), Metric::Spherical)?;
            print("clustering/silhouette", rated.mean, "", n, &on);
            if let Some(path) = args.path("out") {
                npy::write(path, &signed(first.labels()), 1)?;
            }
        }
    }
    Ok(())
}

fn signed(labels: &[u32]) -> Vec<i32> {
    labels.iter().map(|&label| label.cast_signed()).collect()
}

/// Texts, labels as numbers, and how many labels there are, of a CSV file whose first two columns are
/// text and label; gzip by the name's ending.
fn read(path: &Path) -> Result<(Vec<String>, Vec<u32>, usize), Error> {
    let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let input: Box<dyn Read> = if path.extension().is_some_and(|e| e == "gz") {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let (mut texts, mut truth) = (Vec::new(), Vec::new());
    let mut names = BTreeMap::new();
    for record in csv::Reader::from_reader(input).records() {
        let record = record?;
        let (Some(text), Some(label)) = (record.get(0), record.get(1)) else {
            return Err(format!("{}: a record without text and label", path.display()).into());
        };
        let next = u32::try_from(names.len())?;
        texts.push(text.to_owned());
        truth.push(*names.entry(label.to_owned()).or_insert(next));
    }
    Ok((texts, truth, names.len()))
}
