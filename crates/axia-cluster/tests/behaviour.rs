//! Edges, stated rules, and sameness of the bytes.
#![allow(clippy::unwrap_used)]

mod common;

use axia_cluster::{
    Error, Init, KMeans, KMeansParams, KMeansResult, Metric, MiniBatch, MiniBatchParams, NearPair,
    Nearest, Nearness, NeighbourLists, Neighbours, NeighboursParams, Points, inertia, nearest,
};
use common::{Random, blobs};

fn fit(params: KMeansParams, values: &[f32], dim: usize) -> Result<KMeansResult, Error> {
    params.build()?.fit(Points::new(values, dim)?)
}

/// FNV-1a of labels, centroids and inertia.
fn digest(result: &KMeansResult) -> u64 {
    let bytes = (result.labels().iter().flat_map(|l| l.to_le_bytes()))
        .chain(
            result
                .centroids()
                .iter()
                .flat_map(|c| c.to_bits().to_le_bytes()),
        )
        .chain(result.inertia().to_bits().to_le_bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn reference_fits() -> Vec<u64> {
    let (values, _) = blobs(1500, 9, 37, 2);
    let random = Random::new(4).values(1200 * 20);
    let mut digests = Vec::new();
    for metric in [Metric::Euclidean, Metric::Spherical] {
        for init in [Init::KMeansPlusPlus, Init::GreedyKMeansPlusPlus] {
            for (values, dim, k) in [(&values, 37, 9), (&random, 20, 40)] {
                let params = KMeansParams::new(k).metric(metric).init(init.clone());
                digests.push(digest(&fit(params.seed(7).n_runs(2), values, dim).unwrap()));
            }
        }
    }
    digests
}

/// The same constants must come out with and without the feature `rayon`.
#[test]
fn the_bytes_are_fixed() {
    assert_eq!(reference_fits(), FIXED);
}

#[cfg(feature = "rayon")]
#[test]
fn threads_do_not_show() {
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert_eq!(pool.install(reference_fits), FIXED, "{threads} threads");
    }
}

const FIXED: [u64; 8] = [
    0xE537_6D08_A211_1E13,
    0x51E3_B738_6F72_D4E3,
    0x09DF_1832_784C_1D32,
    0xD9AB_02BC_B0CF_36A5,
    0x60F0_47A4_36D5_B8D0,
    0x3D36_D740_2989_6F14,
    0xBCF1_71CC_A86F_B5C2,
    0x6589_F87A_5F43_5EE2,
];

#[test]
fn an_empty_cluster_takes_the_farthest_point() {
    // The third centroid is nobody's nearest; 100 lies farthest from its own.
    let values = [0.0, 1.0, 10.0, 11.0, 100.0];
    let start = vec![0.0, 10.0, 9999.0];
    let one = KMeansParams::new(3)
        .init(Init::Given(start))
        .max_iterations(1);
    let found = fit(one, &values, 1).unwrap();
    assert_eq!(found.centroids(), [0.5, 10.5, 100.0]);
    assert_eq!(found.labels(), [0, 0, 1, 1, 2]);
    assert!(!found.converged());
}

#[test]
fn several_empty_clusters_take_different_points_in_order() {
    let values = [0.0, 1.0, 50.0, 100.0];
    let start = vec![0.0, 5000.0, 6000.0];
    let one = KMeansParams::new(3)
        .init(Init::Given(start))
        .max_iterations(1);
    let found = fit(one, &values, 1).unwrap();
    assert_eq!(found.centroids(), [0.5, 100.0, 50.0]);
}

#[test]
fn fewer_distinct_points_than_clusters_leave_some_empty() {
    let values = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    for init in [
        Init::KMeansPlusPlus,
        Init::GreedyKMeansPlusPlus,
        Init::Given(vec![1.0; 6]),
    ] {
        for metric in [Metric::Euclidean, Metric::Spherical] {
            let params = KMeansParams::new(3).init(init.clone()).metric(metric);
            let found = fit(params, &values, 2).unwrap();
            assert!(found.converged());
            assert!(found.inertia() < 1e-12, "{found:?}");
            assert_eq!(found.cluster_sizes(), [4, 0, 0], "{found:?}");
            assert!(found.centroids().iter().all(|c| c.is_finite()));
        }
    }
}

#[test]
fn as_many_clusters_as_points() {
    let values = [5.0, 1.0, 9.0, 7.0];
    let found = fit(KMeansParams::new(4).seed(3), &values, 1).unwrap();
    assert_eq!(found.cluster_sizes(), [1, 1, 1, 1]);
    assert_eq!(found.inertia().to_bits(), 0);
}

#[test]
fn one_cluster_is_the_mean() {
    let found = fit(KMeansParams::new(1), &[0.0, 2.0, 4.0, 6.0], 2).unwrap();
    assert_eq!(found.centroids(), [2.0, 4.0]);
    let params = KMeansParams::new(1).metric(Metric::Spherical);
    let found = fit(params, &[3.0, 0.0, 0.0, 0.5], 2).unwrap();
    let half = 0.5_f32.sqrt();
    assert!(found.centroids().iter().all(|c| (c - half).abs() < 1e-7));
}

#[test]
fn opposite_directions_keep_their_centroid() {
    let params = KMeansParams::new(1)
        .metric(Metric::Spherical)
        .init(Init::Given(vec![0.0, 2.0]));
    let found = fit(params, &[1.0, 0.0, -1.0, 0.0], 2).unwrap();
    assert_eq!(found.centroids(), [0.0, 1.0]);
    assert!((found.inertia() - 2.0).abs() < 1e-12);
}

#[test]
fn spherical_ignores_length() {
    let values = Random::new(5).values(80 * 6);
    let mut scaled = values.clone();
    for (index, row) in scaled.chunks_exact_mut(6).enumerate() {
        row.iter_mut()
            .for_each(|v| *v *= [1.0, 4.0, 0.25][index % 3]);
    }
    let params = || KMeansParams::new(5).metric(Metric::Spherical).seed(2);
    let (a, b) = (fit(params(), &values, 6), fit(params(), &scaled, 6));
    assert_eq!(a.unwrap(), b.unwrap());
}

#[test]
fn points_of_no_weight_move_nothing() {
    let values = [0.0, 1.0, 500.0, 10.0, 11.0];
    let weights = [1.0, 1.0, 0.0, 1.0, 1.0];
    let kmeans = KMeansParams::new(2).seed(1).build().unwrap();
    let found = kmeans
        .fit_weighted(Points::new(&values, 1).unwrap(), &weights)
        .unwrap();
    let mut centroids = found.centroids().to_vec();
    centroids.sort_by(f32::total_cmp);
    assert_eq!(centroids, [0.5, 10.5]);
    assert_eq!(found.labels()[2], found.labels()[3]);
    assert!((found.inertia() - 1.0).abs() < 1e-12);
}

#[test]
fn points_are_checked() {
    let row = |values: &[f32], dim| Points::new(values, dim).unwrap_err().row();
    assert_eq!(row(&[1.0, 2.0, 3.0, f32::NAN], 2), Some(1));
    assert_eq!(row(&[f32::INFINITY, 2.0], 2), Some(0));
    assert_eq!(row(&[1.0, 2.0, 3.0], 2), None);
    assert_eq!(row(&[], 0), None);
    assert!(Points::new(&[], 3).unwrap().is_empty());
}

#[test]
fn parameters_are_checked() {
    let bad = [
        KMeansParams::new(0),
        KMeansParams::new(2).n_runs(0),
        KMeansParams::new(2).max_iterations(0),
        KMeansParams::new(2).tolerance(-1.0),
        KMeansParams::new(2).tolerance(f64::NAN),
        KMeansParams::new(2).init(Init::Given(vec![])),
        KMeansParams::new(2).init(Init::Given(vec![1.0; 3])),
        KMeansParams::new(1).init(Init::Given(vec![f32::NAN])),
        KMeansParams::new(usize::MAX),
    ];
    for params in bad {
        let error = params.clone().build().unwrap_err();
        assert!(error.is_invalid_parameter(), "{params:?}: {error}");
    }
}

#[test]
fn fits_are_checked() {
    assert!(
        fit(KMeansParams::new(1), &[], 2)
            .unwrap_err()
            .is_too_few_points()
    );
    let error = fit(KMeansParams::new(3), &[1.0, 2.0], 1).unwrap_err();
    assert!(error.is_too_few_points());
    assert_eq!(
        error.to_string(),
        "3 clusters need at least 3 points of positive weight, got 2"
    );
    let spherical = KMeansParams::new(1).metric(Metric::Spherical);
    let error = fit(spherical.clone(), &[1.0, 2.0, 0.0, 0.0], 2).unwrap_err();
    assert!(error.is_zero_row());
    assert_eq!(error.row(), Some(1));
    let given = spherical.init(Init::Given(vec![0.0, 0.0]));
    assert!(fit(given, &[1.0, 2.0], 2).unwrap_err().is_zero_row());
    let given = KMeansParams::new(1).init(Init::Given(vec![0.0, 0.0, 1.0]));
    assert!(fit(given, &[1.0, 2.0], 2).is_err());

    let kmeans = KMeansParams::new(2).build().unwrap();
    let points = Points::new(&[1.0, 2.0], 1).unwrap();
    let row = |weights: &[f64]| kmeans.fit_weighted(points, weights).unwrap_err().row();
    assert_eq!(row(&[1.0]), None);
    assert_eq!(row(&[1.0, -1.0]), Some(1));
    assert_eq!(row(&[f64::NAN, 1.0]), Some(0));
    assert!(
        kmeans
            .fit_weighted(points, &[1.0, 0.0])
            .unwrap_err()
            .is_too_few_points()
    );
}

#[test]
fn helpers_are_checked() {
    let points = Points::new(&[1.0, 2.0], 2).unwrap();
    let none = Points::new(&[], 2).unwrap();
    let narrow = Points::new(&[1.0], 1).unwrap();
    assert!(nearest(points, none, Metric::Euclidean).is_err());
    assert!(nearest(points, narrow, Metric::Euclidean).is_err());
    assert!(nearest(none, points, Metric::Spherical).unwrap().is_empty());
    assert!(inertia(points, points, &[1], Metric::Euclidean).is_err());
    assert!(inertia(points, points, &[], Metric::Euclidean).is_err());
    let found = fit(KMeansParams::new(1), &[1.0, 2.0], 2).unwrap();
    assert!(found.predict(narrow).is_err());
    assert!(found.predict(none).unwrap().is_empty());
}

#[test]
fn results_and_parameters_survive_json() {
    let values = Random::new(9).values(50 * 4);
    let params = KMeansParams::new(4)
        .metric(Metric::Spherical)
        .seed(5)
        .n_runs(2);
    let kmeans = params.build().unwrap();
    let found = kmeans.fit(Points::new(&values, 4).unwrap()).unwrap();
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<KMeansResult>(&json).unwrap(), found);
    let json = serde_json::to_string(&kmeans).unwrap();
    assert_eq!(serde_json::from_str::<KMeans>(&json).unwrap(), kmeans);
    assert_eq!(
        serde_json::from_str::<KMeans>(r#"{"k":3}"#).unwrap(),
        KMeansParams::new(3).build().unwrap()
    );
    assert!(serde_json::from_str::<KMeans>(r#"{"k":0}"#).is_err());
    assert!(serde_json::from_str::<KMeans>(r#"{"k":3,"n_run":2}"#).is_err());
}

#[test]
fn a_broken_store_is_refused() {
    let found = fit(KMeansParams::new(2), &[1.0, 2.0, 3.0], 1).unwrap();
    let good = serde_json::to_value(&found).unwrap();
    for (key, value) in [
        ("labels", serde_json::json!([0, 1, 2])),
        ("dim", serde_json::json!(0)),
        ("dim", serde_json::json!(3)),
        ("centroids", serde_json::json!([])),
        ("inertia", serde_json::json!(-1.0)),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(
            serde_json::from_value::<KMeansResult>(bad).is_err(),
            "{key}"
        );
    }
}

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync + Clone + PartialEq + std::fmt::Debug + Unpin>() {}
    check::<Error>();
    check::<Init>();
    check::<KMeans>();
    check::<KMeansParams>();
    check::<KMeansResult>();
    check::<Metric>();
    check::<Nearest>();
    check::<MiniBatch>();
    check::<MiniBatchParams>();
    check::<NearPair>();
    check::<Nearness>();
    check::<NeighbourLists>();
    check::<Neighbours>();
    check::<NeighboursParams>();
    check::<Points<'static>>();
}
