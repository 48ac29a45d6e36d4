//! Speed of `axia-cluster` by size, dimension and number of clusters: `cargo bench --bench clustering`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use axia::cluster::{
    HdbscanParams, Init, KMeansParams, LinkageMethod, LinkageParams, Metric, MiniBatchParams,
    Nearness, NeighboursParams, Points, nearest, pairs_within,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Points around `parts` centres, the same at each call.
fn mixture(n: usize, dim: usize, parts: usize) -> Vec<f32> {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let centres: Vec<f32> = (0..parts * dim).map(|_| uniform()).collect();
    (0..n)
        .flat_map(|i| (0..dim).map(move |d| (i * 7919 % parts, d)))
        .map(|(part, d)| centres[part * dim + d] + 0.8 * uniform())
        .collect()
}

fn kmeans(c: &mut Criterion) {
    let mut group = c.benchmark_group("kmeans_5_iterations");
    group.sample_size(10);
    for (n, dim, k) in [
        (2_000, 64, 16),
        (2_000, 384, 16),
        (2_000, 384, 128),
        (10_000, 384, 128),
    ] {
        let values = mixture(n, dim, 2 * k);
        let points = Points::new(&values, dim).unwrap();
        for metric in [Metric::Euclidean, Metric::Spherical] {
            let kmeans = KMeansParams::new(k)
                .metric(metric)
                .init(Init::Given(values[..k * dim].to_vec()))
                .max_iterations(5)
                .tolerance(0.0)
                .build()
                .unwrap();
            group.throughput(Throughput::Elements(n as u64));
            group.bench_function(
                BenchmarkId::new(format!("{metric:?}"), format!("{n}x{dim}_k{k}")),
                |b| b.iter(|| kmeans.fit(black_box(points)).unwrap()),
            );
        }
    }
    group.finish();
}

fn starts(c: &mut Criterion) {
    let (n, dim, k) = (4_000, 384, 64);
    let values = mixture(n, dim, 2 * k);
    let points = Points::new(&values, dim).unwrap();
    let mut group = c.benchmark_group("kmeans_start_and_1_iteration");
    group.sample_size(10);
    for (name, init) in [
        ("kmeans++", Init::KMeansPlusPlus),
        ("greedy", Init::GreedyKMeansPlusPlus),
    ] {
        let params = KMeansParams::new(k).init(init).max_iterations(1);
        let kmeans = params.build().unwrap();
        group.bench_function(BenchmarkId::new(name, format!("{n}x{dim}_k{k}")), |b| {
            b.iter(|| kmeans.fit(black_box(points)).unwrap());
        });
    }
    let bisecting = KMeansParams::new(k).build().unwrap();
    group.bench_function(
        BenchmarkId::new("bisecting", format!("{n}x{dim}_k{k}")),
        |b| {
            b.iter(|| bisecting.fit_bisecting(black_box(points)).unwrap());
        },
    );
    let batches = MiniBatchParams::new(k).batch_size(512).build().unwrap();
    group.bench_function(
        BenchmarkId::new("mini_batch", format!("{n}x{dim}_k{k}")),
        |b| {
            b.iter(|| batches.fit(black_box(points)).unwrap());
        },
    );
    group.finish();
}

fn neighbours(c: &mut Criterion) {
    let mut group = c.benchmark_group("neighbours");
    group.sample_size(10);
    for (n, dim, k) in [(2_000, 64, 10), (2_000, 384, 10), (6_000, 384, 10)] {
        let values = mixture(n, dim, 100);
        let points = Points::new(&values, dim).unwrap();
        group.throughput(Throughput::Elements(n as u64));
        let size = format!("{n}x{dim}_k{k}");
        for nearness in [Nearness::Cosine, Nearness::Euclidean] {
            let search = NeighboursParams::new(k).nearness(nearness).build().unwrap();
            group.bench_function(BenchmarkId::new(format!("all_{nearness:?}"), &size), |b| {
                b.iter(|| search.all(black_box(points)).unwrap());
            });
        }
        group.bench_function(BenchmarkId::new("within_radius", &size), |b| {
            b.iter(|| pairs_within(black_box(points), 0.05, Nearness::Cosine).unwrap());
        });
        let centroids = Points::new(&values[..64 * dim], dim).unwrap();
        group.bench_function(BenchmarkId::new("nearest_of_64_centroids", &size), |b| {
            b.iter(|| nearest(black_box(points), centroids, Metric::Euclidean).unwrap());
        });
    }
    group.finish();
}

fn linkage(c: &mut Criterion) {
    let mut group = c.benchmark_group("linkage");
    group.sample_size(10);
    for (n, dim) in [(1_000, 64), (1_000, 384), (3_000, 384)] {
        let values = mixture(n, dim, 50);
        let points = Points::new(&values, dim).unwrap();
        group.throughput(Throughput::Elements(n as u64));
        for method in [
            LinkageMethod::Ward,
            LinkageMethod::Average,
            LinkageMethod::Complete,
            LinkageMethod::Single,
        ] {
            let linkage = LinkageParams::new(method).build().unwrap();
            let name = format!("{method:?}");
            group.bench_function(BenchmarkId::new(name, format!("{n}x{dim}")), |b| {
                b.iter(|| linkage.fit(black_box(points)).unwrap());
            });
        }
    }
    group.finish();
}

fn density(c: &mut Criterion) {
    let mut group = c.benchmark_group("hdbscan");
    group.sample_size(10);
    for (n, dim) in [(1_000, 64), (1_000, 384), (3_000, 384)] {
        let values = mixture(n, dim, 50);
        let points = Points::new(&values, dim).unwrap();
        let hdbscan = HdbscanParams::new().min_cluster_size(10).build().unwrap();
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{n}x{dim}")), |b| {
            b.iter(|| hdbscan.fit(black_box(points)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, kmeans, starts, neighbours, linkage, density);
criterion_main!(benches);
