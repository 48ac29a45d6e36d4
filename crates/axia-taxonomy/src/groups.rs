//! Clusters upon clusters.

use axia_cluster::{Init, KMeansParams, LinkageMethod, LinkageParams, Metric, Points};
use axia_embed::Embeddings;

use crate::error::Kind;
use crate::smooth::smooth;
use crate::sweep::best;
use crate::vectors::{is_zero, mean_direction};
use crate::{Branch, Error, Levels, Method, Sweep, TaxonomyBuilder};

/// Rounds of k-means after average linkage; more change next to nothing.
const REFINING: u32 = 20;

/// A node before it has a name: which labels and which groups of the level beneath it holds.
pub(crate) struct Group {
    pub(crate) branch: Branch,
    /// In rising order.
    pub(crate) leaves: Vec<usize>,
    /// Indices into the level beneath.
    pub(crate) children: Vec<usize>,
    /// Mean direction of the labels, zeros if there is none.
    pub(crate) centroid: Vec<f32>,
    /// Mean direction of the labels' averaged vectors: what is clustered.
    smooth: Vec<f32>,
}

/// All levels, the labels first, and how sizes were chosen where nobody gave them.
pub(crate) fn grow(
    builder: &TaxonomyBuilder,
    vectors: &Embeddings,
    branches: &[Branch],
) -> Result<(Vec<Vec<Group>>, Vec<Sweep>), Error> {
    let dim = vectors.dim();
    let mut leaves: Vec<Group> = Vec::with_capacity(vectors.len());
    for (leaf, vector) in vectors.rows().enumerate() {
        leaves.push(Group {
            branch: branches[leaf],
            leaves: vec![leaf],
            children: Vec::new(),
            centroid: vector.to_vec(),
            smooth: vector.to_vec(),
        });
    }
    for branch in Branch::ALL {
        // Averaged within its branch, so that cruelty does not borrow from compassion.
        let of: Vec<usize> = (0..leaves.len())
            .filter(|&l| branches[l] == branch)
            .collect();
        let rows: Vec<f32> = of.iter().flat_map(|&l| vectors.row(l)).copied().collect();
        let smoothed = smooth(
            &rows,
            dim,
            builder.neighbours(),
            builder.outlier_similarity(),
        )?;
        for (&leaf, row) in of.iter().zip(smoothed.chunks_exact(dim)) {
            leaves[leaf].smooth = row.to_vec();
        }
    }
    let mut levels = vec![leaves];
    let mut sweeps = Vec::new();
    let mut dendrograms = Dendrograms::default();
    let mut level = 0_u32;
    loop {
        let beneath = &levels[levels.len() - 1];
        let target = match builder.levels() {
            Levels::Sweep(rule) => {
                let tried = best(builder, rule, vectors, beneath, level + 1)?;
                let chosen = tried.as_ref().map(|sweep| sweep.chosen);
                sweeps.extend(tried);
                chosen
            }
            levels => levels.targets(vectors.len()).get(level as usize).copied(),
        };
        let Some(size) = target else { break };
        level += 1;
        let parts = parts(beneath, size);
        if parts.iter().map(|part| part.size).sum::<usize>() >= beneath.len() {
            continue;
        }
        let mut next = Vec::new();
        for part in &parts {
            next.extend(gather(
                builder,
                vectors,
                beneath,
                part,
                level,
                &mut dendrograms,
            )?);
        }
        levels.push(next);
    }
    if levels.len() == 1 && levels[0].is_empty() {
        levels.clear();
    }
    Ok((levels, sweeps))
}

/// The groups of one branch, and how many groups they are to become.
pub(crate) struct Part {
    pub(crate) branch: Branch,
    pub(crate) groups: Vec<usize>,
    pub(crate) size: usize,
}

/// Shares out a level's size over the branches by their labels: at least one group for each branch, at
/// most as many as it has beneath. So a level can have more groups than asked for if that was fewer
/// than there are branches.
pub(crate) fn parts(beneath: &[Group], size: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Branch::ALL
        .into_iter()
        .map(|branch| Part {
            branch,
            groups: (0..beneath.len())
                .filter(|&g| beneath[g].branch == branch)
                .collect(),
            size: 0,
        })
        .filter(|part| !part.groups.is_empty())
        .collect();
    let labels =
        |part: &Part| -> usize { part.groups.iter().map(|&g| beneath[g].leaves.len()).sum() };
    let mut left = size;
    let mut labels_left: usize = parts.iter().map(labels).sum();
    // The smallest branches first, so that what rounding takes or gives falls on the largest.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&p| labels(&parts[p]));
    for p in order {
        let own = labels(&parts[p]);
        let share = (left * own + labels_left / 2) / labels_left.max(1);
        let size = share.clamp(1, parts[p].groups.len());
        parts[p].size = size;
        left = left.saturating_sub(size);
        labels_left -= own;
    }
    parts
}

/// At most `part.size` groups of the groups beneath. Those without a direction cannot be clustered: they
/// make up one group of their own, which counts towards the size.
fn gather(
    builder: &TaxonomyBuilder,
    vectors: &Embeddings,
    beneath: &[Group],
    part: &Part,
    level: u32,
    dendrograms: &mut Dendrograms,
) -> Result<Vec<Group>, Error> {
    let (unplaced, placed): (Vec<usize>, Vec<usize>) = part
        .groups
        .iter()
        .partition(|&&g| is_zero(&beneath[g].smooth));
    let clusters = if part.size == 1 {
        vec![part.groups.clone()]
    } else if part.size == part.groups.len() {
        part.groups.iter().map(|&g| vec![g]).collect()
    } else {
        let k = (part.size - usize::from(!unplaced.is_empty())).min(placed.len());
        let mut clusters = cluster(
            builder,
            vectors.dim(),
            beneath,
            &placed,
            k,
            level,
            dendrograms,
        )?;
        clusters.push(unplaced);
        clusters
    };
    let mut groups: Vec<Group> = clusters
        .into_iter()
        .filter(|children| !children.is_empty())
        .map(|children| {
            let mut leaves: Vec<usize> = children
                .iter()
                .flat_map(|&child| &beneath[child].leaves)
                .copied()
                .collect();
            leaves.sort_unstable();
            let centroid = mean_direction(leaves.iter().map(|&l| vectors.row(l)), vectors.dim());
            let weighted = children.iter().map(|&child| {
                (
                    beneath[child].smooth.as_slice(),
                    beneath[child].leaves.len(),
                )
            });
            let smooth = mean_of(weighted, vectors.dim());
            Group {
                branch: part.branch,
                leaves,
                children,
                centroid,
                smooth,
            }
        })
        .collect();
    groups.sort_by(|a, b| a.children.cmp(&b.children));
    Ok(groups)
}

/// The direction of the mean of unit vectors, each counted so often.
fn mean_of<'a>(vectors: impl Iterator<Item = (&'a [f32], usize)>, dim: usize) -> Vec<f32> {
    mean_direction(
        vectors.flat_map(|(v, count)| std::iter::repeat_n(v, count)),
        dim,
    )
}

/// What a level's clustering is asked for, whichever method does it.
fn cluster(
    builder: &TaxonomyBuilder,
    dim: usize,
    beneath: &[Group],
    placed: &[usize],
    k: usize,
    level: u32,
    dendrograms: &mut Dendrograms,
) -> Result<Vec<Vec<usize>>, Error> {
    if k == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<f32> = placed
        .iter()
        .flat_map(|&g| &beneath[g].smooth)
        .copied()
        .collect();
    let labels = match builder.method() {
        Method::AverageLinkage if level == 1 => average(builder, &rows, dim, k)?,
        Method::Ward => dendrograms.ward(&rows, dim, beneath, placed, k)?,
        _ => {
            let weights: Vec<f64> = placed
                .iter()
                .map(|&g| beneath[g].leaves.len() as f64)
                .collect();
            kmeans(builder, &rows, dim, &weights, k, level)?
        }
    };
    let mut clusters = vec![Vec::new(); k];
    for (&group, &label) in placed.iter().zip(&labels) {
        clusters[label as usize].push(group);
    }
    Ok(clusters)
}

/// Spherical k-means, each group weighing as many labels as it holds.
pub(crate) fn kmeans(
    builder: &TaxonomyBuilder,
    rows: &[f32],
    dim: usize,
    weights: &[f64],
    k: usize,
    level: u32,
) -> Result<Vec<u32>, Error> {
    let clustering = KMeansParams::new(k)
        .metric(Metric::Spherical)
        .seed(builder.seed().wrapping_add(u64::from(level)))
        .n_runs(builder.n_runs())
        .tolerance(0.0)
        .build()
        .and_then(|kmeans| kmeans.fit_weighted(Points::new(rows, dim)?, weights))
        .map_err(Kind::Cluster)?;
    Ok(clustering.labels().to_vec())
}

/// Average linkage on cosine distance, then k-means from its clusters.
fn average(
    builder: &TaxonomyBuilder,
    rows: &[f32],
    dim: usize,
    k: usize,
) -> Result<Vec<u32>, Error> {
    let points = Points::new(rows, dim).map_err(Kind::Cluster)?;
    let labels = LinkageParams::new(LinkageMethod::Average)
        .metric(Metric::Spherical)
        .build()
        .and_then(|linkage| linkage.fit(points)?.cut_into(k))
        .map_err(Kind::Cluster)?;
    let centroids = centroids(rows, dim, &labels, k);
    // Vectors that cancel leave no direction to start from.
    if centroids.chunks_exact(dim).any(is_zero) {
        return Ok(labels);
    }
    let refined = KMeansParams::new(k)
        .metric(Metric::Spherical)
        .init(Init::Given(centroids))
        .seed(builder.seed())
        .n_runs(1)
        .max_iterations(REFINING)
        .build()
        .and_then(|kmeans| kmeans.fit(points))
        .map_err(Kind::Cluster)?;
    Ok(refined.labels().to_vec())
}

pub(crate) fn centroids(rows: &[f32], dim: usize, labels: &[u32], k: usize) -> Vec<f32> {
    let mut of: Vec<Vec<&[f32]>> = vec![Vec::new(); k];
    for (row, &label) in rows.chunks_exact(dim).zip(labels) {
        of[label as usize].push(row);
    }
    of.into_iter()
        .flat_map(|rows| mean_direction(rows.into_iter(), dim))
        .collect()
}

/// Ward's dendrogram of each branch's labels, which every level cuts.
#[derive(Default)]
struct Dendrograms {
    of: Vec<(Branch, axia_cluster::Dendrogram, Vec<usize>)>,
}

impl Dendrograms {
    fn ward(
        &mut self,
        rows: &[f32],
        dim: usize,
        beneath: &[Group],
        placed: &[usize],
        k: usize,
    ) -> Result<Vec<u32>, Error> {
        let branch = placed.first().map_or(Branch::Main, |&g| beneath[g].branch);
        let known = self.of.iter().position(|(b, _, _)| *b == branch);
        let at = match known {
            Some(at) => at,
            None => {
                // The first level that is cut stands on the labels.
                let dendrogram = LinkageParams::new(LinkageMethod::Ward)
                    .metric(Metric::Spherical)
                    .build()
                    .and_then(|linkage| linkage.fit(Points::new(rows, dim)?))
                    .map_err(Kind::Cluster)?;
                let leaves = placed.iter().map(|&g| beneath[g].leaves[0]).collect();
                self.of.push((branch, dendrogram, leaves));
                self.of.len() - 1
            }
        };
        let (_, dendrogram, leaves) = &self.of[at];
        let cut = dendrogram
            .cut_into(k.min(leaves.len()))
            .map_err(Kind::Cluster)?;
        let of_leaf: std::collections::BTreeMap<usize, u32> =
            leaves.iter().copied().zip(cut).collect();
        // A group of an earlier cut lies whole in one cluster of this one.
        Ok(placed
            .iter()
            .map(|&g| {
                let mut known = beneath[g]
                    .leaves
                    .iter()
                    .filter_map(|leaf| of_leaf.get(leaf));
                known.next().copied().unwrap_or_default()
            })
            .collect())
    }
}

impl Group {
    pub(crate) fn direction(&self) -> &[f32] {
        &self.smooth
    }
}
