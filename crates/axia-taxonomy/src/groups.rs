//! Clusters upon clusters.

use axia_cluster::{KMeansParams, Metric, Points};
use axia_embed::Embeddings;

use crate::error::Kind;
use crate::vectors::{is_zero, mean_direction};
use crate::{Error, TaxonomyBuilder};

/// A node before it has a name: which labels and which groups of the level beneath it holds.
pub(crate) struct Group {
    /// In rising order.
    pub(crate) leaves: Vec<usize>,
    /// Indices into the level beneath.
    pub(crate) children: Vec<usize>,
    /// Mean direction of the labels, zeros if there is none.
    pub(crate) centroid: Vec<f32>,
}

/// All levels, the labels first.
pub(crate) fn grow(
    builder: &TaxonomyBuilder,
    vectors: &Embeddings,
) -> Result<Vec<Vec<Group>>, Error> {
    let leaves = vectors.rows().enumerate().map(|(leaf, vector)| Group {
        leaves: vec![leaf],
        children: Vec::new(),
        centroid: vector.to_vec(),
    });
    let mut top: Vec<Group> = leaves.collect();
    let mut levels = Vec::new();
    for size in builder.levels().targets(vectors.len()) {
        if size < top.len() {
            let next = gather(builder, vectors, &top, size, levels.len() as u64 + 1)?;
            levels.push(std::mem::replace(&mut top, next));
        }
    }
    if !top.is_empty() {
        levels.push(top);
    }
    Ok(levels)
}

/// At most `size` groups of the groups beneath. Those without a direction cannot be clustered: they
/// make up one group of their own, which counts towards the size.
fn gather(
    builder: &TaxonomyBuilder,
    vectors: &Embeddings,
    beneath: &[Group],
    size: usize,
    level: u64,
) -> Result<Vec<Group>, Error> {
    let (unplaced, placed): (Vec<usize>, Vec<usize>) =
        (0..beneath.len()).partition(|&g| is_zero(&beneath[g].centroid));
    let clusters = if size == 1 {
        vec![(0..beneath.len()).collect()]
    } else {
        let k = (size - usize::from(!unplaced.is_empty())).min(placed.len());
        let mut clusters = cluster(builder, vectors.dim(), beneath, &placed, k, level)?;
        clusters.push(unplaced);
        clusters
    };
    Ok(clusters
        .into_iter()
        .filter(|children| !children.is_empty())
        .map(|children| {
            let mut leaves: Vec<usize> = children
                .iter()
                .flat_map(|&child| &beneath[child].leaves)
                .copied()
                .collect();
            leaves.sort_unstable();
            let rows = leaves.iter().map(|&leaf| vectors.row(leaf));
            let centroid = mean_direction(rows, vectors.dim());
            Group {
                leaves,
                children,
                centroid,
            }
        })
        .collect())
}

/// Spherical k-means of the groups' centroids, each weighing as many labels as it holds.
fn cluster(
    builder: &TaxonomyBuilder,
    dim: usize,
    beneath: &[Group],
    placed: &[usize],
    k: usize,
    level: u64,
) -> Result<Vec<Vec<usize>>, Error> {
    if k == 0 {
        return Ok(Vec::new());
    }
    let centroids: Vec<f32> = placed
        .iter()
        .flat_map(|&g| &beneath[g].centroid)
        .copied()
        .collect();
    let weights: Vec<f64> = placed
        .iter()
        .map(|&g| beneath[g].leaves.len() as f64)
        .collect();
    let clustering = KMeansParams::new(k)
        .metric(Metric::Spherical)
        .seed(builder.seed().wrapping_add(level))
        .n_runs(builder.n_runs())
        .tolerance(0.0)
        .build()
        .and_then(|kmeans| kmeans.fit_weighted(Points::new(&centroids, dim)?, &weights))
        .map_err(Kind::Cluster)?;
    let mut clusters = vec![Vec::new(); k];
    for (&group, &label) in placed.iter().zip(clustering.labels()) {
        clusters[label as usize].push(group);
    }
    Ok(clusters)
}
