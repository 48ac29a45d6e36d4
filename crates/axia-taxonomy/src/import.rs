//! A taxonomy from a file in the published columns.

use std::collections::{BTreeMap, BTreeSet};

use axia_embed::Embedder;

use crate::error::Kind;
use crate::taxonomy::Parts;
use crate::tree::check;
use crate::{Branch, Error, Label, Node, NodeId, Taxonomy, TaxonomyParams, TreeRow};

/// Mentions that stand for one percent: shares are published with three decimals.
const MENTIONS_A_PERCENT: f64 = 1000.0;

impl Taxonomy {
    /// A taxonomy of the rows of a file, such as the published one, so that labels can be assigned to it,
    /// people can edit it, and others can be compared with it.
    ///
    /// Ids stay as they are. Shares become mentions, 1,000 for each percent of a label; the shares of
    /// higher nodes are summed up anew. A name that stands twice on a level gets a number behind it. All
    /// nodes belong to the main [`Branch`]. The embedder is the one that labels will be assigned with.
    ///
    /// # Errors
    ///
    /// If the rows make no tree, or a label is not in its normal form ([`Error::index`] tells at which
    /// row), or a node above the labels has no label.
    pub fn from_rows(rows: &[TreeRow], embedder: &dyn Embedder) -> Result<Self, Error> {
        check(rows)?;
        let broken = |index, rule| -> Error {
            Kind::Inconsistent {
                what: "the tree",
                index,
                rule,
            }
            .into()
        };
        let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for (index, row) in rows.iter().enumerate() {
            let normal = Label::new(&row.cluster_id).is_some_and(|l| l.as_str() == row.cluster_id);
            if row.level == 0 && !normal {
                return Err(broken(index, "labels must be in their normal form"));
            }
            let numbered = (2_u64..).map(|number| format!("{} {number}", row.name));
            let name = std::iter::once(row.name.clone())
                .chain(numbered)
                .find(|name| taken.insert((row.level, name.to_lowercase())))
                .unwrap_or_default();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let mentions = match row.level {
                0 => (row.pct_total_occurrences * MENTIONS_A_PERCENT).round() as u64,
                _ => 0,
            };
            nodes.insert(
                &row.cluster_id,
                Node {
                    id: NodeId::new(row.cluster_id.clone()),
                    name,
                    description: row.description.clone(),
                    level: row.level,
                    branch: Branch::Main,
                    parent: row.parent_cluster_id.clone().map(NodeId::new),
                    children: Vec::new(),
                    labels: u64::from(row.level == 0),
                    mentions,
                },
            );
        }
        let top = rows.iter().map(|row| row.level).max().unwrap_or(0);
        for level in 0..top {
            let mut beneath: Vec<Node> = nodes
                .values()
                .filter(|node| node.level == level)
                .cloned()
                .collect();
            beneath.sort_by(|a, b| b.mentions.cmp(&a.mentions).then(a.id.cmp(&b.id)));
            for child in beneath {
                let parent = child.parent.as_ref().map(NodeId::as_str);
                if let Some(parent) = parent.and_then(|id| nodes.get_mut(id)) {
                    parent.labels += child.labels;
                    parent.mentions = parent.mentions.saturating_add(child.mentions);
                    parent.children.push(child.id);
                }
            }
        }
        let mut nodes: Vec<Node> = nodes.into_values().collect();
        nodes.sort_by(|a, b| {
            a.level
                .cmp(&b.level)
                .then(b.mentions.cmp(&a.mentions))
                .then(a.id.cmp(&b.id))
        });
        Self::new(Parts::new(
            TaxonomyParams::new().build()?,
            embedder.fingerprint(),
            "from-rows".to_owned(),
            nodes,
        ))
    }
}
