//! What changed between two taxonomies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axia_cluster::agreement;
use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::{Error, Node, NodeId, Taxonomy};

/// A node of the newer taxonomy beside the one of the older that shares most with it.
///
/// `Debug` shows the overlap only, as for the others here ids and labels do not show.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeMatch {
    /// The node of the older taxonomy; none if the two share no label.
    pub old: Option<NodeId>,
    /// The node of the newer one.
    pub new: NodeId,
    /// Labels of both, as a share of those of either (Jaccard), from 0 to 1.
    pub overlap: f64,
}

impl fmt::Debug for NodeMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeMatch({})", self.overlap)
    }
}

/// A label that stands elsewhere than before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MovedLabel {
    /// The label, as the newer taxonomy writes it.
    pub label: String,
    /// The node of level 1 it stood under.
    pub from: NodeId,
    /// The node of level 1 it stands under.
    pub to: NodeId,
}

impl fmt::Debug for MovedLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MovedLabel")
    }
}

/// The levels of two taxonomies beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LevelDifference {
    /// The level, at least 1.
    pub level: u32,
    /// Adjusted mutual information of the two groupings of the labels that both hold: 1 if they are the
    /// same, about 0 if they have nothing to do with each other.
    pub adjusted_mutual_information: f64,
    /// For each node of the newer taxonomy the older one nearest to it, in the newer one's order.
    pub matches: Vec<NodeMatch>,
}

/// What changed from an older taxonomy to a newer one.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaxonomyDifference {
    /// Labels that only the newer one has.
    pub added: Vec<String>,
    /// Labels that only the older one has.
    pub removed: Vec<String>,
    /// Labels whose node of level 1 does not match the one they stood under.
    pub moved: Vec<MovedLabel>,
    /// The levels that both have.
    pub levels: Vec<LevelDifference>,
}

impl fmt::Debug for TaxonomyDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaxonomyDifference")
            .field("added", &self.added.len())
            .field("removed", &self.removed.len())
            .field("moved", &self.moved.len())
            .field("levels", &self.levels.len())
            .finish()
    }
}

impl Taxonomy {
    /// What changed from an older taxonomy to this one. Spellings of a label do not matter.
    ///
    /// # Errors
    ///
    /// None that a taxonomy can cause; comparing the levels has an error type of its own.
    pub fn difference(&self, older: &Self) -> Result<TaxonomyDifference, Error> {
        let common: Vec<(&Node, &Node)> = self
            .level(0)
            .iter()
            .filter_map(|node| Some((older.label(node.id.as_str())?, node)))
            .collect();
        let known: BTreeSet<&NodeId> = common.iter().map(|(old, _)| &old.id).collect();
        let ids = |nodes: Vec<&Node>| nodes.iter().map(|n| n.id.to_string()).collect();
        let added = self
            .level(0)
            .iter()
            .filter(|node| older.label(node.id.as_str()).is_none());
        let removed = older
            .level(0)
            .iter()
            .filter(|node| !known.contains(&node.id));
        let mut difference = TaxonomyDifference {
            added: ids(added.collect()),
            removed: ids(removed.collect()),
            moved: Vec::new(),
            levels: Vec::new(),
        };
        let levels = self.n_levels().min(older.n_levels());
        for level in 1..levels as u32 {
            let pairs: Vec<(&NodeId, &NodeId)> = common
                .iter()
                .filter_map(|(old, new)| {
                    Some((above(older, old, level)?, above(self, new, level)?))
                })
                .collect();
            let matches = matches(self, older, level, &pairs);
            if level == 1 {
                let of_new: BTreeMap<&NodeId, Option<&NodeId>> =
                    matches.iter().map(|m| (&m.new, m.old.as_ref())).collect();
                for ((_, new), (from, to)) in common.iter().zip(&pairs) {
                    if of_new.get(to).copied().flatten() != Some(from) {
                        difference.moved.push(MovedLabel {
                            label: new.id.to_string(),
                            from: (*from).clone(),
                            to: (*to).clone(),
                        });
                    }
                }
            }
            let numbers = |of: fn(&(&NodeId, &NodeId)) -> NodeId| -> Vec<u32> {
                let mut known = BTreeMap::new();
                pairs
                    .iter()
                    .map(|pair| {
                        let next = known.len() as u32;
                        *known.entry(of(pair)).or_insert(next)
                    })
                    .collect()
            };
            let adjusted_mutual_information = match pairs.is_empty() {
                true => 0.0,
                false => {
                    agreement(&numbers(|p| p.0.clone()), &numbers(|p| p.1.clone()))
                        .map_err(Kind::Cluster)?
                        .adjusted_mutual_information
                }
            };
            difference.levels.push(LevelDifference {
                level,
                adjusted_mutual_information,
                matches,
            });
        }
        Ok(difference)
    }
}

fn above<'a>(taxonomy: &'a Taxonomy, leaf: &'a Node, level: u32) -> Option<&'a NodeId> {
    let mut node = leaf;
    while node.level < level {
        node = taxonomy.node(node.parent.as_ref()?.as_str())?;
    }
    Some(&node.id)
}

fn matches(
    newer: &Taxonomy,
    older: &Taxonomy,
    level: u32,
    pairs: &[(&NodeId, &NodeId)],
) -> Vec<NodeMatch> {
    let mut shared: BTreeMap<(&NodeId, &NodeId), u64> = BTreeMap::new();
    for &(old, new) in pairs {
        *shared.entry((new, old)).or_default() += 1;
    }
    newer
        .level(level)
        .iter()
        .map(|node| {
            let mut best = NodeMatch {
                old: None,
                new: node.id.clone(),
                overlap: 0.0,
            };
            for (&(_, old), &both) in shared.iter().filter(|((new, _), _)| **new == node.id) {
                let old_labels = older.node(old.as_str()).map_or(0, |old| old.labels);
                let either = node.labels.saturating_add(old_labels).saturating_sub(both);
                let overlap = both as f64 / either.max(1) as f64;
                if overlap > best.overlap {
                    best.old = Some(old.clone());
                    best.overlap = overlap;
                }
            }
            best
        })
        .collect()
}
