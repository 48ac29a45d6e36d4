//! The same work done by others: textbook Lloyd, linfa-clustering, planted clusters.
#![allow(clippy::unwrap_used)]

mod common;

use axia_cluster::{Init, KMeansParams, Metric, Points, inertia, nearest};
use common::{Random, adjusted_rand_index, blobs, naive_labels, naive_lloyd};
use linfa::traits::{Fit, Predict};
use linfa_clustering::{KMeans as Linfa, KMeansInit};
use ndarray::Array2;
use proptest::prelude::*;

const METRICS: [Metric; 2] = [Metric::Euclidean, Metric::Spherical];

#[test]
fn equals_textbook_lloyd_from_the_same_start() {
    for (n, k, dim, offset) in [
        (400, 5, 3, 0.0),
        (300, 17, 33, 0.0),
        (257, 9, 130, 5.0),
        (500, 4, 8, 1000.0),
    ] {
        let mut values = Random::new(n as u64).values(n * dim);
        for v in &mut values {
            *v += offset;
        }
        let start = values[..k * dim].to_vec();
        for metric in METRICS {
            let (labels, centroids) = naive_lloyd(&values, dim, &start, metric, 300);
            let found = KMeansParams::new(k)
                .metric(metric)
                .init(Init::Given(start.clone()))
                .tolerance(0.0)
                .build()
                .unwrap()
                .fit(Points::new(&values, dim).unwrap())
                .unwrap();
            assert!(
                found.converged(),
                "{n} x {dim}, k {k}, {metric:?}: {found:?}"
            );
            assert_eq!(found.labels(), labels, "{n} x {dim}, k {k}, {metric:?}");
            for (a, b) in found.centroids().iter().zip(&centroids) {
                assert!((a - b).abs() <= 1e-6 * (1.0 + b.abs()), "{a} {b}");
            }
        }
    }
}

fn against_linfa(values: &[f32], dim: usize, start: &[f32]) {
    let n = values.len() / dim;
    let k = start.len() / dim;
    let wide = |v: &[f32], rows| {
        let wide: Vec<f64> = v.iter().map(|&v| f64::from(v)).collect();
        Array2::from_shape_vec((rows, dim), wide).unwrap()
    };
    let data = linfa::DatasetBase::from(wide(values, n));
    let theirs = Linfa::params(k)
        .init_method(KMeansInit::Precomputed(wide(start, k)))
        .n_runs(1)
        .max_n_iterations(500)
        .tolerance(1e-12)
        .fit(&data)
        .unwrap();
    let their_labels: Vec<u32> = theirs
        .predict(&data)
        .iter()
        .map(|&l| u32::try_from(l).unwrap())
        .collect();
    let ours = KMeansParams::new(k)
        .init(Init::Given(start.to_vec()))
        .max_iterations(500)
        .tolerance(0.0)
        .build()
        .unwrap()
        .fit(Points::new(values, dim).unwrap())
        .unwrap();
    assert_eq!(ours.labels(), their_labels);
    // linfa's inertia is a mean.
    let their_inertia = theirs.inertia() * n as f64;
    assert!(
        (ours.inertia() - their_inertia).abs() <= 1e-4 * their_inertia,
        "{} {their_inertia}",
        ours.inertia()
    );
}

#[test]
fn equals_linfa_on_blobs() {
    let (values, _) = blobs(600, 6, 10, 3);
    against_linfa(&values, 10, &values[..60]);
}

/// linfa counts the old centroid as one more point of its cluster, so on data without clear
/// clusters it takes another way. Where Lloyd's algorithm stands still, so must linfa's.
#[test]
fn linfa_stays_where_we_end_on_random_data() {
    for seed in 0..5 {
        let values = Random::new(seed).values(500 * 7);
        let ours = KMeansParams::new(8)
            .seed(seed)
            .tolerance(0.0)
            .build()
            .unwrap()
            .fit(Points::new(&values, 7).unwrap())
            .unwrap();
        assert!(ours.converged());
        against_linfa(&values, 7, ours.centroids());
    }
}

#[test]
fn finds_planted_clusters() {
    for metric in METRICS {
        for init in [Init::GreedyKMeansPlusPlus, Init::KMeansPlusPlus] {
            let (values, truth) = blobs(900, 12, 24, 5);
            let found = KMeansParams::new(12)
                .metric(metric)
                .init(init)
                .n_runs(8)
                .seed(1)
                .build()
                .unwrap()
                .fit(Points::new(&values, 24).unwrap())
                .unwrap();
            let ari = adjusted_rand_index(found.labels(), &truth);
            assert!((ari - 1.0).abs() < 1e-12, "{metric:?}: {ari}");
        }
    }
}

#[test]
fn the_rand_index_tells_partitions_apart() {
    let same = adjusted_rand_index(&[0, 0, 1, 1], &[1, 1, 0, 0]);
    assert!((same - 1.0).abs() < 1e-12);
    // By hand: no pair in common, 2 and 2 pairs of 6, so (0 - 2/3) / (2 - 2/3).
    let crossed = adjusted_rand_index(&[0, 0, 1, 1], &[0, 1, 0, 1]);
    assert!((crossed + 0.5).abs() < 1e-12, "{crossed}");
}

#[test]
fn more_runs_never_give_more_inertia() {
    let values = Random::new(11).values(400 * 5);
    let points = Points::new(&values, 5).unwrap();
    let fit = |n_runs| {
        let params = KMeansParams::new(20).init(Init::KMeansPlusPlus).seed(3);
        params
            .n_runs(n_runs)
            .build()
            .unwrap()
            .fit(points)
            .unwrap()
            .inertia()
    };
    assert!(fit(8) <= fit(4) && fit(4) <= fit(1));
    assert!(fit(8) < fit(1));
}

/// Values on a coarse grid, so that ties between centroids are frequent and exact.
fn grid(n: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-3_i8..=3).prop_map(f32::from), n)
}

proptest! {
    #[test]
    fn labels_are_the_naive_ones_with_ties_to_the_lowest(
        (dim, values, centroids) in (1_usize..5).prop_flat_map(|dim| {
            (Just(dim), grid(dim * 40), grid(dim * 11))
        }),
    ) {
        let found = nearest(
            Points::new(&values, dim).unwrap(),
            Points::new(&centroids, dim).unwrap(),
            Metric::Euclidean,
        ).unwrap();
        let labels: Vec<u32> = found.iter().map(|f| f.index).collect();
        prop_assert_eq!(&labels, &naive_labels(&values, dim, &centroids, Metric::Euclidean));
        let total = inertia(
            Points::new(&values, dim).unwrap(),
            Points::new(&centroids, dim).unwrap(),
            &labels,
            Metric::Euclidean,
        ).unwrap();
        let sum: f64 = found.iter().map(|f| f.distance).sum();
        prop_assert_eq!(total.to_bits(), sum.to_bits());
    }

    #[test]
    fn labels_hold_at_any_scale_and_far_from_the_origin(
        seed in 0_u64..1000,
        scale in prop::sample::select(vec![1e-30_f32, 1e-6, 1.0, 1e6, 1e18, 1e37]),
        offset in prop::sample::select(vec![0.0_f32, 1.0, 1e4]),
        metric in prop::sample::select(METRICS.to_vec()),
    ) {
        let dim = 6;
        let mut random = Random::new(seed);
        let mut rows = |n| -> Vec<f32> {
            random.values(n * dim).iter().map(|v| (v + offset).clamp(-9.0, 9.0) * scale).collect()
        };
        let (values, centroids) = (rows(50), rows(13));
        let found = nearest(
            Points::new(&values, dim).unwrap(),
            Points::new(&centroids, dim).unwrap(),
            metric,
        ).unwrap();
        let labels: Vec<u32> = found.iter().map(|f| f.index).collect();
        let reference = match metric {
            Metric::Euclidean => centroids,
            _ => common::unit(&centroids, dim),
        };
        prop_assert_eq!(labels, naive_labels(&values, dim, &reference, metric));
    }

    #[test]
    fn predicting_the_points_gives_their_labels(seed in 0_u64..200, k in 1_usize..12) {
        let values = Random::new(seed).values(60 * 3);
        let points = Points::new(&values, 3).unwrap();
        for metric in METRICS {
            for iterations in [1, 300] {
                let params = KMeansParams::new(k).metric(metric).seed(seed);
                let found = params.max_iterations(iterations).build().unwrap().fit(points).unwrap();
                prop_assert_eq!(found.predict(points).unwrap(), found.labels());
                prop_assert_eq!(found.cluster_sizes().iter().sum::<u64>(), 60);
            }
        }
    }

    #[test]
    fn a_weight_is_a_repetition(seed in 0_u64..500, k in 1_usize..5) {
        let mut random = Random::new(seed);
        let values = random.values(40 * 2);
        let weights: Vec<u64> = (0..40).map(|_| 1 + random.next() % 3).collect();
        let repeated: Vec<f32> = values
            .chunks_exact(2)
            .zip(&weights)
            .flat_map(|(row, &w)| row.repeat(usize::try_from(w).unwrap()))
            .collect();
        let start = values[..2 * k].to_vec();
        let kmeans = KMeansParams::new(k).init(Init::Given(start)).tolerance(0.0).build().unwrap();
        let as_f64: Vec<f64> = weights.iter().map(|&w| w as f64).collect();
        let weighted = kmeans.fit_weighted(Points::new(&values, 2).unwrap(), &as_f64).unwrap();
        let plain = kmeans.fit(Points::new(&repeated, 2).unwrap()).unwrap();
        let mut expected = Vec::new();
        for (label, &w) in weighted.labels().iter().zip(&weights) {
            expected.extend(std::iter::repeat_n(*label, usize::try_from(w).unwrap()));
        }
        prop_assert_eq!(plain.labels(), expected);
        prop_assert!((plain.inertia() - weighted.inertia()).abs() < 1e-6);
    }
}
