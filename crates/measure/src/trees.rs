//! Published trees, and what the measurements of embedders and taxonomies share.

use std::collections::BTreeMap;
use std::path::Path;

use axia_embed::{BundledEmbedder, Embedder};
use axia_taxonomy::{LabelCount, TreeRow, read_tree_csv};

use crate::Error;
use crate::args::Args;

/// The labels of a tree and the node of each level that they stand under, as numbers.
pub(crate) struct Tree {
    pub(crate) labels: Vec<LabelCount>,
    /// `parents[level - 1][label]`.
    pub(crate) parents: Vec<Vec<u32>>,
}

impl Tree {
    /// Reads a file in the published columns. `part` 0 takes all labels, 1 and 2 every second one.
    pub(crate) fn read(path: &Path, part: usize) -> Result<Self, Error> {
        let rows = read_tree_csv(std::fs::File::open(path)?)?;
        let by_id: BTreeMap<&str, &TreeRow> = rows
            .iter()
            .map(|row| (row.cluster_id.as_str(), row))
            .collect();
        let top = rows.iter().map(|row| row.level).max().unwrap_or(0);
        let leaves: Vec<&TreeRow> = rows
            .iter()
            .filter(|row| row.level == 0)
            .enumerate()
            .filter(|(at, _)| part == 0 || at % 2 == part - 1)
            .map(|(_, row)| row)
            .collect();
        let mut parents = Vec::new();
        for level in 1..=top {
            let mut numbers = BTreeMap::new();
            let of_level = leaves.iter().map(|leaf| {
                let mut row = *leaf;
                while row.level < level {
                    let parent = row
                        .parent_cluster_id
                        .as_deref()
                        .and_then(|id| by_id.get(id));
                    row = parent.ok_or("a label has no parent on each level")?;
                }
                let next = numbers.len() as u32;
                Ok(*numbers.entry(row.cluster_id.as_str()).or_insert(next))
            });
            parents.push(of_level.collect::<Result<Vec<u32>, Error>>()?);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let labels = leaves
            .iter()
            .map(|row| LabelCount::new(&row.name, (row.pct_total_occurrences * 1e3).round() as u64))
            .collect();
        Ok(Self { labels, parents })
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.labels
            .iter()
            .map(|label| label.label.as_str())
            .collect()
    }

    /// How many nodes each level has, level 1 first.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let size = |numbers: &Vec<u32>| numbers.iter().max().map_or(0, |&n| n as usize + 1);
        self.parents.iter().map(size).collect()
    }
}

/// The file behind `--tree`, or one in the folder of `AXIA_SHARED_DATA`.
pub(crate) fn tree_path(args: &Args) -> Result<std::path::PathBuf, Error> {
    if let Some(path) = args.path("tree") {
        return Ok(path.to_path_buf());
    }
    let folder = std::env::var_os("AXIA_SHARED_DATA").ok_or("--tree wants a file")?;
    Ok(Path::new(&folder).join("published/values_tree.csv"))
}

/// The embedder behind `--bert FOLDER`, else the bundled one, and what to call it.
pub(crate) fn embedder(args: &Args) -> Result<(Box<dyn Embedder>, String), Error> {
    match args.path("bert") {
        None => Ok((Box::new(BundledEmbedder::new()?), "bundled".to_owned())),
        #[cfg(feature = "bert")]
        Some(folder) => Ok((
            Box::new(axia_embed::BertEmbedder::from_folder(folder)?),
            crate::figure::name_of(folder),
        )),
        #[cfg(not(feature = "bert"))]
        Some(_) => Err("--bert wants a build with `--features bert`".into()),
    }
}
