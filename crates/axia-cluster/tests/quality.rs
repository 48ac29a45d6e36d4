//! Measures of quality against scikit-learn (`testdata/quality.py`), their edges, and sameness of
//! the bytes.
#![allow(clippy::unwrap_used)]

mod common;

use axia_cluster::{
    Agreement, EntropyMean, Error, KMeansParams, Metric, Points, StabilityParams, agreement,
    agreement_by, calinski_harabasz, davies_bouldin, silhouette,
};
use common::{Random, blobs};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../testdata/quality.json")).unwrap()
}

fn labels(value: &Value) -> Vec<u32> {
    let values = value.as_array().unwrap().iter();
    values
        .map(|v| u32::try_from(v.as_u64().unwrap()).unwrap())
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn close(ours: f64, theirs: &Value, tolerance: f64, what: &str) {
    let theirs = theirs.as_f64().unwrap();
    let allowed = tolerance * theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= allowed, "{what}: {ours} {theirs}");
}

#[test]
fn agreement_equals_scikit_learn() {
    let golden = golden();
    let cases = golden["agreements"].as_array().unwrap();
    assert_eq!(cases.len(), 14);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (truth, found) = (labels(&case["truth"]), labels(&case["found"]));
        let ours = agreement(&truth, &found).unwrap();
        close(ours.adjusted_rand_index, &case["ari"], 1e-10, name);
        close(ours.mutual_information, &case["mi"], 1e-10, name);
        close(ours.homogeneity, &case["homogeneity"], 1e-10, name);
        close(ours.completeness, &case["completeness"], 1e-10, name);
        close(ours.v_measure, &case["v_measure"], 1e-10, name);
        close(ours.purity, &case["purity"], 1e-10, name);
        for (mean, key) in [
            (EntropyMean::Min, "min"),
            (EntropyMean::Geometric, "geometric"),
            (EntropyMean::Arithmetic, "arithmetic"),
            (EntropyMean::Max, "max"),
        ] {
            let theirs = &case["by_mean"][key];
            let ours = agreement_by(&truth, &found, mean).unwrap();
            let name = format!("{name}, {key}");
            close(
                ours.adjusted_mutual_information,
                &theirs["ami"],
                1e-10,
                &name,
            );
            close(
                ours.normalized_mutual_information,
                &theirs["nmi"],
                1e-10,
                &name,
            );
        }
    }
}

#[test]
fn indices_of_points_equal_scikit_learn() {
    let golden = golden();
    let cases = golden["clusterings"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let values: Vec<f32> = numbers(&case["points"]).iter().map(|&v| v as f32).collect();
        let dim = usize::try_from(case["dim"].as_u64().unwrap()).unwrap();
        let points = Points::new(&values, dim).unwrap();
        let labels = labels(&case["labels"]);
        // Far from the origin scikit-learn itself loses digits: it measures distances by products.
        let tolerance = if name.contains("far") { 1e-8 } else { 1e-10 };
        for (metric, key) in [
            (Metric::Euclidean, "euclidean"),
            (Metric::Spherical, "cosine"),
        ] {
            let ours = silhouette(points, &labels, metric).unwrap();
            let theirs = case[key].as_array().unwrap();
            assert_eq!(ours.of_points.len(), theirs.len());
            for (ours, theirs) in ours.of_points.iter().zip(theirs) {
                close(*ours, theirs, tolerance, &format!("{name}, {key}"));
            }
            let mean = numbers(&case[key]).iter().sum::<f64>() / labels.len() as f64;
            assert!((ours.mean - mean).abs() <= tolerance);
        }
        let ours = davies_bouldin(points, &labels).unwrap();
        close(ours, &case["davies_bouldin"], tolerance, name);
        let ours = calinski_harabasz(points, &labels).unwrap();
        close(ours, &case["calinski_harabasz"], tolerance, name);
    }
}

#[test]
fn a_perfect_clustering_of_directions_is_the_same_at_any_length() {
    let (values, truth) = blobs(300, 5, 9, 3);
    let longer: Vec<f32> = values
        .chunks_exact(9)
        .enumerate()
        .flat_map(|(i, row)| row.iter().map(move |v| v * (1 << (i % 4)) as f32))
        .collect();
    let of = |values: &[f32]| {
        let points = Points::new(values, 9).unwrap();
        silhouette(points, &truth, Metric::Spherical).unwrap().mean
    };
    assert!(of(&values) > 0.9);
    assert!((of(&values) - of(&longer)).abs() < 1e-12);
}

fn all_bytes() -> String {
    let (values, truth) = blobs(700, 6, 21, 5);
    let points = Points::new(&values, 21).unwrap();
    let mut random = Random::new(8);
    let found: Vec<u32> = truth
        .iter()
        .map(|&t| if random.value() > 0.6 { t + 1 } else { t })
        .collect();
    let check = StabilityParams::new().runs(3).seed(4).build().unwrap();
    let kmeans = KMeansParams::new(8).build().unwrap();
    serde_json::json!([
        agreement(&truth, &found).unwrap(),
        silhouette(points, &found, Metric::Euclidean).unwrap(),
        silhouette(points, &found, Metric::Spherical).unwrap(),
        davies_bouldin(points, &found).unwrap(),
        calinski_harabasz(points, &found).unwrap(),
        check.of_kmeans(points, &kmeans).unwrap(),
    ])
    .to_string()
}

#[test]
fn threads_do_not_show() {
    let expected = all_bytes();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        assert_eq!(pool.build().unwrap().install(all_bytes), expected);
    }
}

#[test]
fn bad_input_is_refused() {
    let points = Points::new(&[0.0, 1.0, 2.0, 3.0], 1).unwrap();
    let none = Points::new(&[], 1).unwrap();
    type Index = fn(Points<'_>, &[u32]) -> Result<f64, Error>;
    let indices: [Index; 4] = [
        davies_bouldin,
        calinski_harabasz,
        |p, l| silhouette(p, l, Metric::Euclidean).map(|s| s.mean),
        |p, l| silhouette(p, l, Metric::Spherical).map(|s| s.mean),
    ];
    for index in indices {
        assert!(index(none, &[]).unwrap_err().is_too_few_points());
        let message = index(points, &[0, 1]).unwrap_err().to_string();
        assert_eq!(message, "expected one label for each of 4 points, got 2");
        for labels in [[3, 3, 3, 3], [0, 1, 2, 3]] {
            let message = index(points, &labels).unwrap_err().to_string();
            assert!(message.contains("at least 2 clusters"), "{message}");
        }
    }
    let zero = silhouette(points, &[0, 0, 1, 1], Metric::Spherical).unwrap_err();
    assert!(zero.is_zero_row() && zero.row() == Some(0));
    assert!(agreement(&[], &[]).unwrap_err().is_too_few_points());
    let message = agreement(&[1, 2], &[1]).unwrap_err().to_string();
    assert_eq!(
        message,
        "expected one found label for each of 2 points, got 1"
    );
    for params in [
        StabilityParams::new().runs(1),
        StabilityParams::new().share(0.0),
        StabilityParams::new().share(f64::NAN),
        StabilityParams::new().share(1.5),
    ] {
        assert!(params.build().unwrap_err().is_invalid_parameter());
    }
}

#[test]
fn equal_points_are_no_trouble() {
    let values = [2.0_f32; 12];
    let points = Points::new(&values, 2).unwrap();
    let labels = [0, 0, 0, 1, 1, 1];
    for metric in [Metric::Euclidean, Metric::Spherical] {
        let found = silhouette(points, &labels, metric).unwrap();
        assert!(found.mean.abs() < 1e-9, "{found:?}");
    }
    assert!(davies_bouldin(points, &labels).unwrap().abs() < 1e-12);
    assert!((calinski_harabasz(points, &labels).unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn stability_tells_real_clusters_from_invented_ones() {
    let (values, _) = blobs(400, 4, 6, 11);
    let points = Points::new(&values, 6).unwrap();
    let check = StabilityParams::new()
        .runs(5)
        .share(0.7)
        .seed(3)
        .build()
        .unwrap();
    let of = |k| {
        let kmeans = KMeansParams::new(k).n_runs(4).build().unwrap();
        check.of_kmeans(points, &kmeans).unwrap()
    };
    let (four, nine) = (of(4), of(9));
    assert!((four.least_adjusted_rand_index - 1.0).abs() < 1e-12);
    assert!(nine.mean_adjusted_rand_index < 0.95, "{nine:?}");
    assert_eq!(four.pairs, 10);
    assert_eq!(of(9), nine, "seeded");
    let failed = check.of(points, |_, _| {
        Err::<Vec<u32>, _>(agreement(&[], &[]).unwrap_err())
    });
    assert!(failed.unwrap_err().is_too_few_points());
    let short = check.of(points, |_, _| Ok::<_, Error>(vec![0]));
    assert!(short.unwrap_err().to_string().contains("280 points, got 1"));
}

#[test]
fn results_come_back_from_json() {
    let found = agreement(&[0, 0, 1, 1], &[0, 1, 1, 1]).unwrap();
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Agreement>(&text).unwrap(), found);
    assert!(serde_json::from_str::<StabilityParams>(r#"{"runs":3,"rums":4}"#).is_err());
}
