//! What a taxonomy depends on.

use serde::{Deserialize, Serialize};

use crate::Error;

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
    seed: u64,
    n_runs: u32,
    outside_labels: usize,
}

impl Default for TaxonomyParams {
    fn default() -> Self {
        Self {
            levels: Levels::Automatic,
            seed: 0,
            n_runs: 4,
            outside_labels: 10,
        }
    }
}

impl TaxonomyParams {
    /// Automatic levels, seed 0, 4 runs of k-means a level, 10 outside labels shown to the namer.
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
    /// If the sizes do not fall strictly or one is 0, if the ratio is below 2 or not finite, or if
    /// there is no run.
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
