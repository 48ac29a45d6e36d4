//! What a taxonomy depends on.

use serde::{Deserialize, Serialize};

use crate::{Error, SweepRule, ValenceGuard};

/// Below so many labels the published ratios leave a level or two; then each level has a quarter of
/// the nodes beneath it.
const FEW_LABELS: usize = 300;
const RATIO_OF_FEW: f64 = 4.0;
/// Labels for each node of level 1 in the published taxonomy of Huang et al. (2025): 3,307 by 266.
const LABELS_A_NODE: f64 = 3307.0 / 266.0;
/// Nodes of each further level for each of the next one there: 266 by 26, and 26 by 5.
const NODES_A_NODE: [f64; 2] = [266.0 / 26.0, 26.0 / 5.0];

/// How many nodes the levels above the labels have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Levels {
    /// In the ratios of the published taxonomy, 12.4 labels to a node, then 10.2 and 5.2 nodes: at
    /// most three levels, at least two nodes on each, and two children to a node on average. 3,307
    /// labels give 266, 26 and 5 nodes; fewer than 4 labels give no level above them. Below 300
    /// labels each level has a quarter of the nodes beneath it: 60 labels give 15 and 4 nodes.
    #[default]
    Automatic,
    /// These numbers of nodes, level 1 first, each smaller than the one before. A level that would
    /// not be smaller than the one beneath it is left out.
    Sizes(Vec<usize>),
    /// This many times fewer nodes on each level than beneath it, down to two.
    Ratio(f64),
    /// Sizes chosen by what the vectors say: between a quarter and a thirtieth of the nodes beneath are
    /// tried, until a level has at most 8 nodes. What was tried stands in
    /// [`Taxonomy::sweeps`](crate::Taxonomy::sweeps).
    Sweep(SweepRule),
}

/// How nodes are gathered into those of the next level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Level 1 by average linkage on cosines and at most 20 rounds of spherical k-means from its
    /// clusters, so that small and large clusters stand side by side; further levels by spherical
    /// k-means of the centroids.
    #[default]
    AverageLinkage,
    /// All levels are cuts of one dendrogram by Ward's method, of labels that count once each. Clusters
    /// are of more equal sizes.
    Ward,
    /// All levels by spherical k-means, level 1 of the labels, further levels of the centroids, as in
    /// the published study.
    KMeans,
}

impl Levels {
    /// Sizes to aim at for `labels` labels.
    pub(crate) fn targets(&self, labels: usize) -> Vec<usize> {
        match self {
            Self::Sizes(sizes) => sizes.clone(),
            Self::Ratio(ratio) => {
                let mut sizes = Vec::new();
                let mut below = labels;
                while let Some(size) = shrink(below, *ratio) {
                    sizes.push(size);
                    below = size;
                }
                sizes
            }
            Self::Automatic => {
                if labels < 4 {
                    return Vec::new();
                }
                let few = labels < FEW_LABELS;
                let first_ratio = if few { RATIO_OF_FEW } else { LABELS_A_NODE };
                let first = shrink(labels, first_ratio).unwrap_or(2);
                let mut sizes = vec![first];
                let mut below = first;
                for ratio in NODES_A_NODE {
                    let ratio = if few { RATIO_OF_FEW } else { ratio };
                    let Some(size) = shrink(below, ratio) else {
                        break;
                    };
                    sizes.push(size);
                    below = size;
                }
                sizes
            }
            // Chosen level by level while the taxonomy grows.
            Self::Sweep(_) => Vec::new(),
        }
    }
}

/// A size so many times smaller, if it is at least 2 and smaller indeed.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn shrink(size: usize, ratio: f64) -> Option<usize> {
    let smaller = (size as f64 / ratio).round() as usize;
    (smaller >= 2 && smaller < size).then_some(smaller)
}

/// Parameters of a taxonomy; [`build`](Self::build) checks them.
///
/// # Example
///
/// ```
/// use axia_taxonomy::TaxonomyParams;
///
/// let builder = TaxonomyParams::new().level_sizes(vec![266, 26, 5]).seed(7).build()?;
/// assert_eq!(builder.seed(), 7);
/// assert!(TaxonomyParams::new().level_sizes(vec![5, 26]).build().is_err());
/// # Ok::<(), axia_taxonomy::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "parameters do nothing until they are built"]
pub struct TaxonomyParams {
    levels: Levels,
    method: Method,
    neighbours: usize,
    valence: ValenceGuard,
    outlier_similarity: Option<f64>,
    seed: u64,
    n_runs: u32,
    outside_labels: usize,
}

impl Default for TaxonomyParams {
    fn default() -> Self {
        Self {
            levels: Levels::Automatic,
            method: Method::AverageLinkage,
            neighbours: 15,
            valence: ValenceGuard::Apart,
            outlier_similarity: None,
            seed: 0,
            n_runs: 4,
            outside_labels: 10,
        }
    }
}

impl TaxonomyParams {
    /// Automatic levels by average linkage over vectors averaged with 15 neighbours, adverse labels
    /// apart, no outlier bin, seed 0, 4 runs of k-means a level, 10 outside labels shown to the namer.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many nodes the levels have.
    pub fn levels(mut self, levels: Levels) -> Self {
        self.levels = levels;
        self
    }

    /// These numbers of nodes, level 1 first: [`Levels::Sizes`].
    pub fn level_sizes(self, sizes: Vec<usize>) -> Self {
        self.levels(Levels::Sizes(sizes))
    }

    /// This many times fewer nodes on each level: [`Levels::Ratio`].
    pub fn ratio(self, ratio: f64) -> Self {
        self.levels(Levels::Ratio(ratio))
    }

    /// How nodes are gathered.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With how many of its nearest labels each label's vector is averaged before it is clustered; 0
    /// leaves the vectors alone. The vectors of a few near labels together say better what a label means
    /// than its own does; from 10 to 20 it hardly matters how many.
    pub fn neighbours(mut self, neighbours: usize) -> Self {
        self.neighbours = neighbours;
        self
    }

    /// Whether adverse labels such as cruelty are kept apart from the others.
    pub fn valence(mut self, valence: ValenceGuard) -> Self {
        self.valence = valence;
        self
    }

    /// Puts labels that are less like every other label than this cosine similarity into a node of
    /// their own on every level, with those that the embedder does not know.
    pub fn outlier_similarity(mut self, least: f64) -> Self {
        self.outlier_similarity = Some(least);
        self
    }

    /// Seed of the clustering.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts of k-means that are tried on each level.
    pub fn n_runs(mut self, n_runs: u32) -> Self {
        self.n_runs = n_runs;
        self
    }

    /// Most labels from outside a node that its namer sees, the nearest ones.
    pub fn outside_labels(mut self, outside_labels: usize) -> Self {
        self.outside_labels = outside_labels;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If the sizes do not fall strictly or one is 0, if the ratio is below 2 or not finite, if the
    /// outlier similarity is no cosine, or if there is no run.
    pub fn build(self) -> Result<TaxonomyBuilder, Error> {
        match &self.levels {
            Levels::Sizes(sizes) => {
                if let Some(pair) = sizes.windows(2).find(|pair| pair[1] >= pair[0]) {
                    return Err(Error::parameter(
                        "each level size",
                        "smaller than the one before",
                        format_args!("{} after {}", pair[1], pair[0]),
                    ));
                }
                if sizes.contains(&0) {
                    return Err(Error::parameter("each level size", "at least 1", 0));
                }
            }
            Levels::Ratio(ratio) if !ratio.is_finite() || *ratio < 2.0 => {
                return Err(Error::parameter("ratio", "finite and at least 2", ratio));
            }
            _ => {}
        }
        if let Some(least) = self.outlier_similarity
            && !(-1.0..=1.0).contains(&least)
        {
            return Err(Error::parameter(
                "outlier similarity",
                "from -1 to 1",
                least,
            ));
        }
        if self.n_runs == 0 {
            return Err(Error::parameter("n_runs", "at least 1", 0));
        }
        Ok(TaxonomyBuilder { params: self })
    }
}

/// Builds taxonomies: [`fit`](Self::fit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TaxonomyParams", into = "TaxonomyParams")]
pub struct TaxonomyBuilder {
    params: TaxonomyParams,
}

impl TaxonomyBuilder {
    /// How many nodes the levels have.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.params.levels
    }

    /// How nodes are gathered.
    #[must_use]
    pub fn method(&self) -> Method {
        self.params.method
    }

    /// With how many neighbours each label's vector is averaged.
    #[must_use]
    pub fn neighbours(&self) -> usize {
        self.params.neighbours
    }

    /// Whether adverse labels are kept apart.
    #[must_use]
    pub fn valence(&self) -> ValenceGuard {
        self.params.valence
    }

    /// Below which similarity with every other label a label is an outlier, if any is.
    #[must_use]
    pub fn outlier_similarity(&self) -> Option<f64> {
        self.params.outlier_similarity
    }

    pub(crate) fn with_seed(mut self, seed: u64) -> Self {
        self.params.seed = seed;
        self
    }

    /// Seed of the clustering.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.params.seed
    }

    /// Starts of k-means that are tried on each level.
    #[must_use]
    pub fn n_runs(&self) -> u32 {
        self.params.n_runs
    }

    /// Most labels from outside a node that its namer sees.
    #[must_use]
    pub fn outside_labels(&self) -> usize {
        self.params.outside_labels
    }
}

impl TryFrom<TaxonomyParams> for TaxonomyBuilder {
    type Error = Error;

    fn try_from(params: TaxonomyParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<TaxonomyBuilder> for TaxonomyParams {
    fn from(builder: TaxonomyBuilder) -> Self {
        builder.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_sizes() {
        let sizes = |labels| Levels::Automatic.targets(labels);
        assert_eq!(sizes(3307), [266, 26, 5]);
        assert_eq!(sizes(1000), [80, 8, 2]);
        assert_eq!(sizes(100), [25, 6, 2]);
        assert_eq!(sizes(27), [7, 2]);
        assert_eq!(sizes(10), [3]);
        assert_eq!(sizes(4), [2]);
        assert!(sizes(3).is_empty() && sizes(0).is_empty());
        assert_eq!(Levels::Ratio(10.0).targets(1000), [100, 10]);
        assert_eq!(Levels::Ratio(2.0).targets(8), [4, 2]);
    }

    #[test]
    fn parameters_are_checked() {
        for bad in [
            TaxonomyParams::new().level_sizes(vec![3, 3]),
            TaxonomyParams::new().level_sizes(vec![3, 0]),
            TaxonomyParams::new().ratio(1.9),
            TaxonomyParams::new().ratio(f64::NAN),
            TaxonomyParams::new().n_runs(0),
            TaxonomyParams::new().outlier_similarity(f64::NAN),
        ] {
            assert!(
                bad.clone().build().unwrap_err().is_invalid_parameter(),
                "{bad:?}"
            );
        }
        let builder = TaxonomyParams::new().ratio(3.0).seed(2).build().unwrap();
        let json = serde_json::to_string(&builder).unwrap();
        assert_eq!(
            serde_json::from_str::<TaxonomyBuilder>(&json).unwrap(),
            builder
        );
        assert!(serde_json::from_str::<TaxonomyBuilder>(r#"{"n_runs":0}"#).is_err());
    }
}
