//! Sizes of levels chosen by what the vectors say, and the record of how.

use axia_cluster::{LinkageMethod, LinkageParams, Metric, Points};
use axia_embed::Embeddings;
use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::groups::{Group, centroids, kmeans, parts};
use crate::vectors::{cosine, is_zero};
use crate::{Error, TaxonomyBuilder};

/// Labels, or nodes of the level beneath, to a node, that are tried.
const RATIOS: [f64; 9] = [4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0];
/// A level of at most so many nodes is the top.
const TOP: usize = 8;

/// By what a sweep judges a size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SweepRule {
    /// The simplified silhouette (Hruschka et al. 2006): the mean over labels of how much nearer the own
    /// centroid is than the nearest other one, as a share of the farther of both distances; the largest
    /// wins.
    #[default]
    Silhouette,
    /// How well two k-means from different seeds agree (share of pairs of labels that both put
    /// together, of those that either does); the best agreement wins, of equals the smaller size.
    Stability,
}

/// A size that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SizeTried {
    /// Number of nodes.
    pub size: usize,
    /// What the rule made of it; more is better.
    pub score: f64,
}

/// How the size of a level was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sweep {
    /// The level, at least 1.
    pub level: u32,
    /// The rule.
    pub rule: SweepRule,
    /// The sizes tried, the smallest first.
    pub tried: Vec<SizeTried>,
    /// The size chosen.
    pub chosen: usize,
}

/// Tries sizes for the level above these groups; `None` if there is no further level.
pub(crate) fn best(
    builder: &TaxonomyBuilder,
    rule: &SweepRule,
    vectors: &Embeddings,
    beneath: &[Group],
    level: u32,
) -> Result<Option<Sweep>, Error> {
    let n = beneath.len();
    if n <= TOP {
        return Ok(None);
    }
    let dim = vectors.dim();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let mut sizes: Vec<usize> = RATIOS
        .iter()
        .map(|ratio| (n as f64 / ratio).round() as usize)
        .filter(|&size| size >= 2)
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    // Only the largest branch is tried: it decides the fit.
    let part = parts(beneath, n)
        .into_iter()
        .max_by_key(|part| part.groups.len());
    let placed: Vec<usize> = part
        .map(|part| part.groups)
        .unwrap_or_default()
        .into_iter()
        .filter(|&g| !is_zero(beneath[g].direction()))
        .collect();
    let rows: Vec<f32> = placed
        .iter()
        .flat_map(|&g| beneath[g].direction())
        .copied()
        .collect();
    let weights: Vec<f64> = placed
        .iter()
        .map(|&g| beneath[g].leaves.len() as f64)
        .collect();
    let points = Points::new(&rows, dim).map_err(Kind::Cluster)?;
    let dendrogram = match rule {
        SweepRule::Silhouette if placed.len() > 1 => Some(
            LinkageParams::new(LinkageMethod::Average)
                .metric(Metric::Spherical)
                .build()
                .and_then(|linkage| linkage.fit(points))
                .map_err(Kind::Cluster)?,
        ),
        _ => None,
    };
    let mut tried = Vec::new();
    for size in sizes.into_iter().filter(|&size| size < placed.len()) {
        let score = match &dendrogram {
            Some(dendrogram) => {
                let labels = dendrogram.cut_into(size).map_err(Kind::Cluster)?;
                silhouette(&rows, dim, &labels, size)
            }
            None => {
                let other = builder
                    .clone()
                    .with_seed(builder.seed().wrapping_add(1 << 32));
                let a = kmeans(builder, &rows, dim, &weights, size, level)?;
                let b = kmeans(&other, &rows, dim, &weights, size, level)?;
                together(&a, &b)
            }
        };
        tried.push(SizeTried { size, score });
    }
    let mut chosen: Option<SizeTried> = None;
    for one in &tried {
        if chosen.is_none_or(|best| one.score > best.score) {
            chosen = Some(*one);
        }
    }
    Ok(chosen.map(|chosen| Sweep {
        level,
        rule: *rule,
        tried,
        chosen: chosen.size,
    }))
}

fn silhouette(rows: &[f32], dim: usize, labels: &[u32], k: usize) -> f64 {
    let centroids = centroids(rows, dim, labels, k);
    let mut sizes = vec![0_usize; k];
    for &label in labels {
        sizes[label as usize] += 1;
    }
    let mut sum = 0.0;
    for (row, &label) in rows.chunks_exact(dim).zip(labels) {
        // A cluster of one says nothing, as with the silhouette itself.
        if sizes[label as usize] < 2 {
            continue;
        }
        let mut other = f64::INFINITY;
        let mut own = 0.0;
        for (at, centroid) in centroids.chunks_exact(dim).enumerate() {
            let distance = 1.0 - cosine(row, centroid);
            if at == label as usize {
                own = distance;
            } else {
                other = other.min(distance);
            }
        }
        let farther = own.max(other);
        if farther > 0.0 {
            sum += (other - own) / farther;
        }
    }
    sum / labels.len().max(1) as f64
}

/// Pairs that both put together, of the pairs that either does.
fn together(a: &[u32], b: &[u32]) -> f64 {
    use std::collections::BTreeMap;
    let pairs = |count: &u64| count * count.saturating_sub(1) / 2;
    let mut of_a: BTreeMap<u32, u64> = BTreeMap::new();
    let mut of_b: BTreeMap<u32, u64> = BTreeMap::new();
    let mut of_both: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for (&a, &b) in a.iter().zip(b) {
        *of_a.entry(a).or_default() += 1;
        *of_b.entry(b).or_default() += 1;
        *of_both.entry((a, b)).or_default() += 1;
    }
    let both: u64 = of_both.values().map(pairs).sum();
    let either =
        of_a.values().map(pairs).sum::<u64>() + of_b.values().map(pairs).sum::<u64>() - both;
    if either == 0 {
        0.0
    } else {
        both as f64 / either as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_of_two_clusterings() {
        assert!((together(&[0, 0, 1, 1], &[5, 5, 2, 2]) - 1.0).abs() < 1e-12);
        assert!(together(&[0, 0, 1, 1], &[0, 1, 0, 1]).abs() < 1e-12);
    }

    #[test]
    fn the_silhouette_prefers_what_is_there() {
        let rows: Vec<f32> = (0..30)
            .flat_map(|i| {
                let angle = (i % 3) as f32 * 2.0 + (i / 3) as f32 * 0.01;
                [angle.cos(), angle.sin()]
            })
            .collect();
        let three: Vec<u32> = (0..30).map(|i| i % 3).collect();
        let two: Vec<u32> = (0..30).map(|i| u32::from(i % 3 > 0)).collect();
        assert!(silhouette(&rows, 2, &three, 3) > silhouette(&rows, 2, &two, 2));
    }
}
