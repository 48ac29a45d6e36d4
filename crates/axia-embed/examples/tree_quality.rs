//! How well the bundled embedder's neighbours agree with a hierarchy that people made.
//!
//! ```sh
//! cargo run --release -p axia-embed --example tree_quality -- --tree values_tree.csv
//! ```
//!
//! The file has a header and the columns `cluster_id`, `name`, `level` and `parent_cluster_id`, in
//! any order; level 0 holds the labels. For each label the nearest other label is sought (cosine,
//! ties by order). Printed is the share of labels whose neighbour has the same parent at level 1,
//! 2 and so on, then the speed and how many labels are unknown.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::time::Instant;

use axia_embed::{BundledEmbedder, Embedder};

struct Node {
    id: String,
    name: String,
    parent: String,
    level: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some("--tree"), Some(path)) = (arguments.next().as_deref(), arguments.next()) else {
        return Err("usage: tree_quality --tree FILE".into());
    };
    let nodes = read(&path)?;
    let parents: HashMap<&str, &str> = nodes
        .iter()
        .map(|node| (node.id.as_str(), node.parent.as_str()))
        .collect();
    let leaves: Vec<&Node> = nodes.iter().filter(|node| node.level == 0).collect();
    let names: Vec<&str> = leaves.iter().map(|node| node.name.as_str()).collect();
    let top = nodes.iter().map(|node| node.level).max().unwrap_or(0);

    let start = Instant::now();
    let embedder = BundledEmbedder::new()?;
    let load = start.elapsed();
    let vectors = embedder.embed(&names)?;

    let mut same = vec![0_usize; top];
    for (at, leaf) in leaves.iter().enumerate() {
        let Some(nearest) = nearest(&vectors, at) else {
            continue;
        };
        let (mut mine, mut theirs) = (leaf.parent.as_str(), leaves[nearest].parent.as_str());
        for count in &mut same {
            *count += usize::from(mine == theirs);
            mine = parents.get(mine).copied().unwrap_or_default();
            theirs = parents.get(theirs).copied().unwrap_or_default();
        }
    }

    println!("embedder: {}", embedder.fingerprint());
    println!("labels: {}", names.len());
    for (level, count) in same.iter().enumerate() {
        let share = *count as f64 / names.len() as f64;
        println!(
            "neighbour has the same parent at level {}: {share:.4}",
            level + 1
        );
    }
    let unknown = names
        .iter()
        .filter(|name| embedder.pieces(name).is_empty())
        .count();
    println!("labels of which nothing is known: {unknown}");

    let repeats = 200_000_usize.div_ceil(names.len().max(1));
    let start = Instant::now();
    for _ in 0..repeats {
        std::hint::black_box(embedder.embed(&names)?);
    }
    let rate = (repeats * names.len()) as f64 / start.elapsed().as_secs_f64();
    println!("labels a second, one thread: {rate:.0}");
    println!("time to load: {:.1} ms", load.as_secs_f64() * 1e3);
    Ok(())
}

/// The other row with the largest dot product; rows are of unit length.
fn nearest(vectors: &axia_embed::Embeddings, at: usize) -> Option<usize> {
    let row = vectors.row(at);
    let dot = |other: &[f32]| row.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    let mut best: Option<(usize, f32)> = None;
    for (place, other) in vectors.rows().enumerate() {
        let closeness = dot(other);
        if place != at && best.is_none_or(|(_, closest)| closeness > closest) {
            best = Some((place, closeness));
        }
    }
    best.map(|(place, _)| place)
}

fn read(path: &str) -> Result<Vec<Node>, Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let header = reader.headers()?.clone();
    let column = |name: &str| {
        header
            .iter()
            .position(|field| field == name)
            .ok_or_else(|| format!("the file has no column `{name}`"))
    };
    let (id, name, level, parent) = (
        column("cluster_id")?,
        column("name")?,
        column("level")?,
        column("parent_cluster_id")?,
    );
    let mut nodes = Vec::new();
    for record in reader.records() {
        let record = record?;
        nodes.push(Node {
            id: record[id].to_owned(),
            name: record[name].to_owned(),
            parent: record[parent].to_owned(),
            level: record[level].parse()?,
        });
    }
    Ok(nodes)
}
