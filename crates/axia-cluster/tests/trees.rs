//! Linkage against SciPy and kodama, HDBSCAN against scikit-learn and hdbscan (`testdata/trees.py`),
//! their edges, and sameness of the bytes.
#![allow(clippy::unwrap_used)]

mod common;

use axia_cluster::{
    ClusterSelection, Dendrogram, Error, HdbscanParams, HdbscanResult, LinkageMethod,
    LinkageParams, Merge, Metric, Points, agreement,
};
use common::{Random, blobs};
use serde_json::{Value, json};

const METHODS: [(LinkageMethod, &str); 4] = [
    (LinkageMethod::Ward, "ward"),
    (LinkageMethod::Average, "average"),
    (LinkageMethod::Complete, "complete"),
    (LinkageMethod::Single, "single"),
];
const METRICS: [(Metric, &str); 2] = [
    (Metric::Euclidean, "euclidean"),
    (Metric::Spherical, "cosine"),
];

struct Set {
    name: String,
    values: Vec<f32>,
    dim: usize,
    golden: Value,
}

impl Set {
    fn points(&self) -> Points<'_> {
        Points::new(&self.values, self.dim).unwrap()
    }
}

fn sets() -> Vec<Set> {
    let golden: Value = serde_json::from_str(include_str!("../testdata/trees.json")).unwrap();
    let sets = golden["sets"].as_array().unwrap();
    assert_eq!(sets.len(), 3);
    sets.iter()
        .map(|set| Set {
            name: set["name"].as_str().unwrap().to_owned(),
            values: (set["points"].as_array().unwrap().iter())
                .map(|v| v.as_f64().unwrap() as f32)
                .collect(),
            dim: usize::try_from(set["dim"].as_u64().unwrap()).unwrap(),
            golden: set.clone(),
        })
        .collect()
}

fn linkage(method: LinkageMethod, metric: Metric, points: Points<'_>) -> Dendrogram {
    let linkage = LinkageParams::new(method).metric(metric).build().unwrap();
    linkage.fit(points).unwrap()
}

#[track_caller]
fn close(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * theirs.abs().max(1e-3);
    assert!((ours - theirs).abs() <= allowed, "{what}: {ours} {theirs}");
}

fn tolerance(method: LinkageMethod) -> f64 {
    match method {
        LinkageMethod::Ward | LinkageMethod::Single => 1e-10,
        _ => 1e-5,
    }
}

#[test]
fn linkage_equals_scipy() {
    for set in sets() {
        for (method, method_name) in METHODS {
            for (metric, metric_name) in METRICS {
                let what = format!("{} {method_name}/{metric_name}", set.name);
                let ours = linkage(method, metric, set.points());
                let theirs = &set.golden["linkages"][&format!("{method_name}/{metric_name}")];
                let merges = theirs["merges"].as_array().unwrap();
                assert_eq!(ours.merges().len(), merges.len());
                for (at, (ours, theirs)) in ours.merges().iter().zip(merges).enumerate() {
                    let what = format!("{what}, merge {at}: {ours:?} {theirs}");
                    close(
                        ours.height,
                        theirs[2].as_f64().unwrap(),
                        tolerance(method),
                        &what,
                    );
                    let numbers = json!([ours.left, ours.right, ours.size]);
                    assert_eq!(numbers, json!([theirs[0], theirs[1], theirs[3]]), "{what}");
                }
                let cut = ours.cut_into(5).unwrap();
                let theirs: Vec<u32> = (theirs["into_5"].as_array().unwrap().iter())
                    .map(|v| u32::try_from(v.as_u64().unwrap()).unwrap())
                    .collect();
                let same = agreement(&theirs, &cut).unwrap();
                assert!((same.adjusted_rand_index - 1.0).abs() < 1e-12, "{what}");
            }
        }
    }
}

fn kodama(method: LinkageMethod, values: &[f32], dim: usize) -> kodama::Dendrogram<f64> {
    let rows: Vec<&[f32]> = values.chunks_exact(dim).collect();
    let mut condensed = Vec::new();
    for (at, a) in rows.iter().enumerate() {
        for b in &rows[at + 1..] {
            condensed.push(common::distance(a, b, Metric::Euclidean).sqrt());
        }
    }
    let method = match method {
        LinkageMethod::Ward => kodama::Method::Ward,
        LinkageMethod::Average => kodama::Method::Average,
        LinkageMethod::Complete => kodama::Method::Complete,
        _ => kodama::Method::Single,
    };
    kodama::linkage(&mut condensed, rows.len(), method)
}

/// Large enough for rounds of many joins, for rows moved together, and for the chain after them.
#[test]
fn linkage_equals_kodama() {
    let (mut values, _) = blobs(1200, 40, 12, 7);
    // Uneven clusters, some points alone, far from the origin.
    let mut random = Random::new(12);
    for row in values.chunks_exact_mut(12).step_by(17) {
        row.copy_from_slice(&random.values(12));
    }
    values.iter_mut().for_each(|v| *v += 30.0);
    let noise = Random::new(13).values(900 * 5);
    for (values, dim) in [(values, 12), (noise, 5)] {
        let n = values.len() / dim;
        let points = Points::new(&values, dim).unwrap();
        for (method, name) in METHODS {
            let ours = linkage(method, Metric::Euclidean, points);
            let theirs = kodama(method, &values, dim);
            for (ours, theirs) in ours.merges().iter().zip(theirs.steps()) {
                close(ours.height, theirs.dissimilarity, 2e-5, name);
            }
            let theirs = Dendrogram::from_merges(
                u32::try_from(n).unwrap(),
                (theirs.steps().iter())
                    .map(|s| Merge {
                        left: u32::try_from(s.cluster1).unwrap(),
                        right: u32::try_from(s.cluster2).unwrap(),
                        height: s.dissimilarity,
                        size: u32::try_from(s.size).unwrap(),
                    })
                    .collect(),
            );
            let theirs = theirs.unwrap();
            for k in [2, 7, 40, 300] {
                let (a, b) = (ours.cut_into(k).unwrap(), theirs.cut_into(k).unwrap());
                let same = agreement(&b, &a).unwrap().adjusted_rand_index;
                assert!((same - 1.0).abs() < 1e-12, "{name}, {k} clusters: {same}");
            }
        }
    }
}

#[test]
fn near_duplicates_keep_their_distance() {
    // Pairs 1e-5 apart, 1000 from the origin in the last coordinate and 1 from each other.
    let mut values = Vec::new();
    for pair in 0..40 {
        for side in [0.0, 1e-5] {
            values.extend([pair as f32 / 8.0, side, 1000.0]);
        }
    }
    let points = Points::new(&values, 3).unwrap();
    for (method, name) in METHODS {
        let found = linkage(method, Metric::Euclidean, points);
        for merge in &found.merges()[..40] {
            close(merge.height, f64::from(1e-5_f32), 1e-5, name);
        }
        assert!(found.merges()[40].height > 0.1);
    }
}

#[test]
fn equal_points_merge_at_zero() {
    let values: Vec<f32> = (0..600).flat_map(|i| [(i % 3) as f32, 1.0]).collect();
    let points = Points::new(&values, 2).unwrap();
    for (method, name) in METHODS {
        for (metric, _) in METRICS {
            let found = linkage(method, metric, points);
            let zeros = found.merges().iter().filter(|m| m.height < 1e-6).count();
            assert_eq!(zeros, 597, "{name} {metric:?}");
            let labels = found.cut_into(3).unwrap();
            assert!(
                (0..600).all(|i| labels[i] as usize == i % 3),
                "{name} {metric:?}"
            );
        }
    }
    let same = [5.0_f32; 2 * 300];
    for (method, _) in METHODS {
        let found = linkage(method, Metric::Euclidean, Points::new(&same, 2).unwrap());
        assert!(found.merges().iter().all(|m| m.height == 0.0));
        assert_eq!(found.merges()[298].size, 300);
    }
}

#[test]
fn cuts_follow_their_rules() {
    let points = Points::new(&[0.0, 1.0, 10.0, 12.0], 1).unwrap();
    let found = linkage(LinkageMethod::Single, Metric::Euclidean, points);
    assert_eq!(found.cut_at(f64::NEG_INFINITY), [0, 1, 2, 3]);
    assert_eq!(found.cut_at(f64::NAN), [0, 1, 2, 3]);
    assert_eq!(found.cut_at(2.0), [0, 0, 1, 1]);
    assert_eq!(found.cut_at(f64::INFINITY), [0; 4]);
    assert_eq!(found.cut_into(4).unwrap(), [0, 1, 2, 3]);
    assert_eq!(found.cut_into(1).unwrap(), [0; 4]);
    assert!(found.cut_into(5).unwrap_err().is_too_few_points());
    assert!(found.cut_into(0).unwrap_err().is_invalid_parameter());
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Dendrogram>(&text).unwrap(), found);
    for (wrong, right) in [
        ("\"size\":4", "\"size\":3"),
        ("\"left\":4", "\"left\":0"),
        ("\"right\":5", "\"right\":9"),
        ("\"height\":9.0", "\"height\":0.5"),
        ("\"points\":4", "\"points\":5"),
    ] {
        assert!(text.contains(wrong), "{text}");
        let text = text.replace(wrong, right);
        assert!(
            serde_json::from_str::<Dendrogram>(&text).is_err(),
            "{right}"
        );
    }
}

fn labels(value: &Value) -> Vec<Option<u32>> {
    let values = value.as_array().unwrap().iter();
    values
        .map(|v| u32::try_from(v.as_i64().unwrap()).ok())
        .collect()
}

/// The same partition and the same noise, whatever the numbers.
fn same_clusters(a: &[Option<u32>], b: &[Option<u32>]) -> bool {
    let flat = |labels: &[Option<u32>]| -> Vec<u32> {
        labels.iter().map(|l| l.map_or(0, |l| l + 1)).collect()
    };
    let noise = a.iter().zip(b).all(|(a, b)| a.is_none() == b.is_none());
    noise && (agreement(&flat(a), &flat(b)).unwrap().adjusted_rand_index - 1.0).abs() < 1e-12
}

fn params_of(case: &Value, metric: Metric) -> HdbscanParams {
    let mut params = HdbscanParams::new().metric(metric);
    for (name, value) in case["params"].as_object().unwrap() {
        let number = || usize::try_from(value.as_u64().unwrap()).unwrap();
        params = match name.as_str() {
            "min_cluster_size" => params.min_cluster_size(number()),
            "min_samples" => params.min_samples(number()),
            "max_cluster_size" => params.max_cluster_size(number()),
            "allow_single_cluster" => params.allow_single_cluster(value.as_bool().unwrap()),
            "cluster_selection_epsilon" => params.epsilon(value.as_f64().unwrap()),
            "cluster_selection_method" => params.selection(ClusterSelection::Leaf),
            other => panic!("{other}"),
        };
    }
    params
}

/// A permutation of the first `n` numbers.
fn permutation(n: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    let mut keyed: Vec<(u64, usize)> = (0..n).map(|i| (random.next(), i)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, i)| i).collect()
}

fn shuffled(values: &[f32], dim: usize, seed: u64) -> Vec<f32> {
    let order = permutation(values.len() / dim, seed);
    let rows = order.iter().map(|&i| &values[i * dim..(i + 1) * dim]);
    rows.flatten().copied().collect()
}

fn unshuffled(labels: &[Option<u32>], seed: u64) -> Vec<Option<u32>> {
    let mut out = vec![None; labels.len()];
    for (&i, &label) in permutation(labels.len(), seed).iter().zip(labels) {
        out[i] = label;
    }
    out
}

#[test]
fn hdbscan_equals_scikit_learn() {
    let (mut scored, mut unsettled) = (0, 0);
    for set in sets() {
        for case in set.golden["densities"].as_array().unwrap() {
            let metric = METRICS.iter().find(|m| case["metric"] == m.1).unwrap().0;
            let params = params_of(case, metric);
            let what = format!("{} {:?}", set.name, params);
            let found = params.clone().build().unwrap().fit(set.points()).unwrap();
            let weight: f64 = found.dendrogram.merges().iter().map(|m| m.height).sum();
            close(weight, case["weight"].as_f64().unwrap(), 1e-9, &what);
            // Where the reference itself gives other clusters for shuffled points, there is nothing to
            // be equal to; ours must not change.
            let shuffled = shuffled(&set.values, set.dim, 77);
            let points = Points::new(&shuffled, set.dim).unwrap();
            let again = params.build().unwrap().fit(points).unwrap();
            let again = unshuffled(&again.labels, 77);
            assert!(same_clusters(&found.labels, &again), "{what}");
            if case["settled"] == false {
                unsettled += 1;
                continue;
            }
            let theirs = labels(&case["labels"]);
            assert!(same_clusters(&found.labels, &theirs), "{what}");
            let theirs = case["probabilities"].as_array().unwrap();
            for (ours, theirs) in found.probabilities.iter().zip(theirs) {
                let theirs = theirs.as_f64().unwrap();
                assert!((ours - theirs).abs() < 1e-9, "{what}: {ours} {theirs}");
            }
            if let Some(theirs) = case.get("outlier_scores") {
                scored += 1;
                for (ours, theirs) in found.outlier_scores.iter().zip(theirs.as_array().unwrap()) {
                    let theirs = theirs.as_f64().unwrap();
                    assert!((ours - theirs).abs() < 1e-9, "{what}: {ours} {theirs}");
                }
            }
        }
    }
    assert!(scored >= 10 && unsettled <= 20, "{scored} {unsettled}");
}

#[test]
fn hdbscan_of_duplicates_and_of_few_points() {
    let fit = |values: &[f32], params: HdbscanParams| -> Result<HdbscanResult, Error> {
        params.build().unwrap().fit(Points::new(values, 1).unwrap())
    };
    let params = || HdbscanParams::new().min_cluster_size(3);
    // Three places, each with many points, and one point alone.
    let values: Vec<f32> = (0..61)
        .map(|i| if i == 60 { 99.0 } else { (i % 3) as f32 })
        .collect();
    let found = fit(&values, params()).unwrap();
    assert_eq!(found.clusters, 3);
    assert!((0..60).all(|i| found.labels[i] == found.labels[i % 3]));
    assert_eq!((found.labels[60], found.probabilities[0]), (None, 1.0));
    assert!(found.outlier_scores[60] > 0.99 && found.outlier_scores[0] == 0.0);
    assert!(found.stabilities.iter().all(|s| s.is_finite()));
    // All in one place.
    let found = fit(&[1.0; 10], params()).unwrap();
    assert_eq!((found.clusters, found.labels[0]), (0, None));
    let found = fit(&[1.0; 10], params().allow_single_cluster(true)).unwrap();
    assert_eq!((found.clusters, found.labels[9]), (1, Some(0)));
    // Fewer points than a cluster needs, but enough for the cores.
    let found = fit(&[1.0, 2.0], params().min_samples(2)).unwrap();
    assert_eq!((found.clusters, found.labels.len()), (0, 2));
    let found = fit(&[1.0], params().min_samples(1)).unwrap();
    assert_eq!((found.clusters, found.labels), (0, vec![None]));
    let error = fit(&[1.0, 2.0], params()).unwrap_err();
    assert!(error.is_too_few_points());
    assert_eq!(
        error.to_string(),
        "min_samples is 3, and there are only 2 points"
    );
    assert!(fit(&[], params()).unwrap_err().is_too_few_points());
    for params in [
        HdbscanParams::new().min_cluster_size(1),
        HdbscanParams::new().min_samples(0),
        HdbscanParams::new().max_cluster_size(0),
        HdbscanParams::new().epsilon(-1.0),
        HdbscanParams::new().epsilon(f64::NAN),
    ] {
        assert!(params.build().unwrap_err().is_invalid_parameter());
    }
}

#[test]
fn linkage_of_few_points() {
    for (method, _) in METHODS {
        let params = LinkageParams::new(method);
        let build = || params.clone().metric(Metric::Spherical).build().unwrap();
        let none = build().fit(Points::new(&[], 2).unwrap());
        assert!(none.unwrap_err().is_too_few_points());
        let one = build().fit(Points::new(&[1.0, 2.0], 2).unwrap()).unwrap();
        assert_eq!((one.points(), one.cut_into(1).unwrap()), (1, vec![0]));
        let two = build().fit(Points::new(&[1.0, 0.0, 0.0, 1.0], 2).unwrap());
        assert_eq!(two.unwrap().merges().len(), 1);
        let zero = build().fit(Points::new(&[1.0, 0.0, 0.0, 0.0], 2).unwrap());
        assert_eq!(zero.unwrap_err().row(), Some(1));
    }
}

fn all_bytes() -> String {
    let (values, _) = blobs(900, 25, 33, 5);
    let points = Points::new(&values, 33).unwrap();
    let hdbscan = HdbscanParams::new().build().unwrap();
    let mut out = serde_json::to_string(&hdbscan.fit(points).unwrap()).unwrap();
    for (method, _) in METHODS {
        for (metric, _) in METRICS {
            out += &serde_json::to_string(&linkage(method, metric, points)).unwrap();
        }
    }
    out
}

#[test]
fn threads_do_not_show() {
    let expected = all_bytes();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        assert!(
            pool.build().unwrap().install(all_bytes) == expected,
            "{threads} threads"
        );
    }
}

#[test]
fn results_come_back_from_json() {
    let (values, _) = blobs(60, 3, 2, 1);
    let hdbscan = HdbscanParams::new().epsilon(0.5).build().unwrap();
    let found = hdbscan.fit(Points::new(&values, 2).unwrap()).unwrap();
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<HdbscanResult>(&text).unwrap(), found);
    let text = serde_json::to_string(&hdbscan).unwrap();
    assert_eq!(
        serde_json::from_str::<axia_cluster::Hdbscan>(&text).unwrap(),
        hdbscan
    );
    assert!(serde_json::from_str::<HdbscanParams>(r#"{"min_samples":3,"epsilom":4}"#).is_err());
}
