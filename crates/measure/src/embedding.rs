//! `embedding`: how well an embedder's neighbours and clusters agree with a tree that people made.

use std::time::Instant;

use axia_cluster::{KMeansParams, Metric, Points, agreement};
use axia_embed::Embeddings;

use crate::Error;
use crate::args::Args;
use crate::figure::print;
use crate::trees::{Tree, embedder, tree_path};

/// Labels that are embedded for the speed, at least; a transformer's take longer than that.
const LABELS: usize = 400_000;
/// Seeds of the k-means.
const SEEDS: u64 = 25;

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["tree", "bert"])?;
    let tree = Tree::read(&tree_path(args)?, 0)?;
    let texts = tree.texts();
    let n = texts.len() as u64;
    let start = Instant::now();
    let (embedder, name) = embedder(args)?;
    let load = start.elapsed().as_secs_f64();
    print("embedding/load", load * 1e3, "ms", 1, &name);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let repeats = match name.as_str() {
        "bundled" => LABELS.div_ceil(texts.len().max(1)),
        _ => 1,
    };
    let (mut vectors, seconds) = one.install(|| -> Result<_, axia_embed::Error> {
        let start = Instant::now();
        let mut vectors = embedder.embed(&texts)?;
        for _ in 1..repeats {
            vectors = std::hint::black_box(embedder.embed(&texts)?);
        }
        Ok((vectors, start.elapsed().as_secs_f64()))
    })?;
    let embedded = (repeats * texts.len()) as u64;
    print(
        "embedding/labels_per_second_one_core",
        embedded as f64 / seconds,
        "labels/s",
        embedded,
        &name,
    );
    vectors.normalize();
    let nearest = nearest(&vectors);
    for (at, parents) in tree.parents.iter().enumerate() {
        let same = (0..texts.len())
            .filter(|&l| parents[l] == parents[nearest[l]])
            .count();
        let figure = format!("embedding/neighbour_has_same_parent_{}", at + 1);
        print(&figure, same as f64 / n.max(1) as f64, "share", n, &name);
    }
    let (Some(parents), Some(&k)) = (tree.parents.first(), tree.sizes().first()) else {
        return Ok(());
    };
    let known: Vec<usize> = (0..texts.len())
        .filter(|&l| vectors.row(l).iter().any(|&v| v != 0.0))
        .collect();
    let rows: Vec<f32> = known
        .iter()
        .flat_map(|&l| vectors.row(l))
        .copied()
        .collect();
    let truth: Vec<u32> = known.iter().map(|&l| parents[l]).collect();
    let mut sum = 0.0;
    for seed in 0..SEEDS {
        let kmeans = KMeansParams::new(k)
            .metric(Metric::Spherical)
            .seed(seed)
            .build()?;
        let found = kmeans.fit(Points::new(&rows, vectors.dim())?)?;
        sum += agreement(&truth, found.labels())?.adjusted_mutual_information;
    }
    print(
        "embedding/kmeans_ami",
        sum / SEEDS as f64,
        "AMI",
        n,
        &format!("{name}, k = {k}, {SEEDS} seeds"),
    );
    Ok(())
}

/// For each row the other one with the largest product, of equals the first; rows are of unit length.
pub(crate) fn nearest(vectors: &Embeddings) -> Vec<usize> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    (0..vectors.len())
        .map(|at| {
            let mut best = (at, f32::NEG_INFINITY);
            for (other, row) in vectors.rows().enumerate() {
                let closeness = dot(vectors.row(at), row);
                if other != at && closeness > best.1 {
                    best = (other, closeness);
                }
            }
            best.0
        })
        .collect()
}
