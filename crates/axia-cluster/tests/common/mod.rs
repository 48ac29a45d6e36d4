//! Data and slow references for the tests.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses a part

use axia_cluster::Metric;

/// A generator of its own, so that the data does not hang on the crate under test: SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [-1, 1).
    pub(crate) fn value(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    /// About normal: a sum of uniform values.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.value()).sum::<f32>() / 2.0
    }

    pub(crate) fn values(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.value()).collect()
    }
}

/// `k` blobs around far-apart centres; the truth is `index % k`.
pub(crate) fn blobs(n: usize, k: usize, dim: usize, seed: u64) -> (Vec<f32>, Vec<u32>) {
    let mut random = Random::new(seed);
    let centres: Vec<f32> = (0..k * dim).map(|_| 10.0 * random.normal()).collect();
    let mut values = Vec::with_capacity(n * dim);
    for index in 0..n {
        let centre = &centres[(index % k) * dim..(index % k + 1) * dim];
        values.extend(centre.iter().map(|c| c + 0.3 * random.normal()));
    }
    let truth = (0..n).map(|i| u32::try_from(i % k).unwrap()).collect();
    (values, truth)
}

pub(crate) fn unit(values: &[f32], dim: usize) -> Vec<f32> {
    let mut out = values.to_vec();
    for row in out.chunks_exact_mut(dim) {
        let norm = row
            .iter()
            .map(|&v| f64::from(v).powi(2))
            .sum::<f64>()
            .sqrt();
        for v in row {
            *v = (f64::from(*v) / norm) as f32;
        }
    }
    out
}

pub(crate) fn distance(a: &[f32], b: &[f32], metric: Metric) -> f64 {
    let pairs = a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    let squared: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
    match metric {
        Metric::Euclidean => squared,
        // For unit vectors this is one minus the cosine.
        _ => squared / 2.0,
    }
}

pub(crate) fn naive_labels(
    values: &[f32],
    dim: usize,
    centroids: &[f32],
    metric: Metric,
) -> Vec<u32> {
    let rows = match metric {
        Metric::Euclidean => values.to_vec(),
        _ => unit(values, dim),
    };
    rows.chunks_exact(dim)
        .map(|row| {
            let mut best = (0, f64::INFINITY);
            for (j, centroid) in centroids.chunks_exact(dim).enumerate() {
                let d = distance(row, centroid, metric);
                if d < best.1 {
                    best = (u32::try_from(j).unwrap(), d);
                }
            }
            best.0
        })
        .collect()
}

/// Textbook Lloyd without anything clever; clusters may not run empty.
pub(crate) fn naive_lloyd(
    values: &[f32],
    dim: usize,
    start: &[f32],
    metric: Metric,
    iterations: usize,
) -> (Vec<u32>, Vec<f32>) {
    let rows = match metric {
        Metric::Euclidean => values.to_vec(),
        _ => unit(values, dim),
    };
    let mut centroids = match metric {
        Metric::Euclidean => start.to_vec(),
        _ => unit(start, dim),
    };
    let mut labels = naive_labels(values, dim, &centroids, metric);
    for _ in 0..iterations {
        for (j, centroid) in centroids.chunks_exact_mut(dim).enumerate() {
            let mut sum = vec![0.0_f64; dim];
            let mut count = 0.0;
            for (row, &label) in rows.chunks_exact(dim).zip(&labels) {
                if label as usize == j {
                    count += 1.0;
                    for (s, &v) in sum.iter_mut().zip(row) {
                        *s += f64::from(v);
                    }
                }
            }
            assert!(count > 0.0, "the reference does not know empty clusters");
            let by = match metric {
                Metric::Euclidean => count,
                _ => sum.iter().map(|s| s * s).sum::<f64>().sqrt(),
            };
            for (c, s) in centroid.iter_mut().zip(&sum) {
                *c = (s / by) as f32;
            }
        }
        let next = naive_labels(values, dim, &centroids, metric);
        if next == labels {
            break;
        }
        labels = next;
    }
    (labels, centroids)
}

/// Adjusted Rand index (Hubert and Arabie 1985): 1 for equal partitions, about 0 for unrelated ones.
pub(crate) fn adjusted_rand_index(a: &[u32], b: &[u32]) -> f64 {
    let pairs = |n: u64| (n * n.saturating_sub(1)) as f64 / 2.0;
    let mut cells = std::collections::BTreeMap::<(u32, u32), u64>::new();
    let mut rows = std::collections::BTreeMap::<u32, u64>::new();
    let mut columns = std::collections::BTreeMap::<u32, u64>::new();
    for (&a, &b) in a.iter().zip(b) {
        *cells.entry((a, b)).or_default() += 1;
        *rows.entry(a).or_default() += 1;
        *columns.entry(b).or_default() += 1;
    }
    let index: f64 = cells.values().map(|&n| pairs(n)).sum();
    let row: f64 = rows.values().map(|&n| pairs(n)).sum();
    let column: f64 = columns.values().map(|&n| pairs(n)).sum();
    let expected = row * column / pairs(a.len() as u64);
    let most = f64::midpoint(row, column);
    if most <= expected {
        return 1.0;
    }
    (index - expected) / (most - expected)
}
