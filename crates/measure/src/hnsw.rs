//! `hnsw`: from how many points on a graph for approximate neighbours pays, against exact search.

use std::time::Instant;

use axia_cluster::{HnswParams, Metric, Nearness, NeighboursParams, Points};

use crate::args::Args;
use crate::figure::{name_of, print};
use crate::{Error, npy};

/// Single queries that are timed.
const QUERIES: usize = 100;

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["k", "candidates", "most"])?;
    let k: usize = args.value_or("k", 10)?;
    let candidates: usize = args.value_or("candidates", 64)?;
    let most: usize = args.value_or("most", usize::MAX)?;
    for path in args.data() {
        let matrix = npy::read(path)?;
        let dim = matrix.columns;
        let all = (matrix.values.len() / dim).min(most);
        if all < 1000 + QUERIES {
            return Err("at least 1,100 rows are needed".into());
        }
        // Queries are rows that are not among the points.
        let (rows, queries) = matrix.values[..all * dim].split_at((all - QUERIES) * dim);
        let mut n = 1000;
        while n * dim <= rows.len() {
            size(
                &rows[..n * dim],
                queries,
                dim,
                (k, candidates),
                &name_of(path),
            )?;
            n *= 3;
        }
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // counts of points
fn size(
    rows: &[f32],
    queries: &[f32],
    dim: usize,
    (k, candidates): (usize, usize),
    on: &str,
) -> Result<(), Error> {
    let points = Points::new(rows, dim)?;
    let n = points.len() as u64;
    let start = Instant::now();
    let builder = HnswParams::new().metric(Metric::Spherical).build()?;
    let graph = builder.fit(points)?;
    let build = start.elapsed().as_secs_f64();
    let exact = NeighboursParams::new(k)
        .nearness(Nearness::Cosine)
        .build()?;
    let (mut by_graph, mut by_scan, mut hits) = (0.0, 0.0, 0);
    for query in queries.chunks_exact(dim) {
        let query = Points::new(query, dim)?;
        let start = Instant::now();
        let near = graph.search(query, k, candidates)?;
        by_graph += start.elapsed().as_secs_f64();
        let start = Instant::now();
        let truth = exact.of(query, points)?;
        by_scan += start.elapsed().as_secs_f64();
        let truth = truth.indices(0);
        hits += near[0]
            .iter()
            .filter(|near| truth.contains(&near.index))
            .count();
    }
    let queries = (queries.len() / dim) as f64;
    print("hnsw/build", build, "s", n, on);
    print("hnsw/query", by_graph / queries * 1e3, "ms", n, on);
    print("hnsw/exact_query", by_scan / queries * 1e3, "ms", n, on);
    print("hnsw/recall", hits as f64 / queries / k as f64, "", n, on);
    let saved = (by_scan - by_graph) / queries;
    if saved > 0.0 {
        print("hnsw/queries_to_pay", build / saved, "queries", n, on);
    }
    Ok(())
}
