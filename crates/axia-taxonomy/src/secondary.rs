//! Further nodes that a label is nearly as like as its own.

use std::collections::BTreeMap;
use std::fmt;

use axia_embed::Embedder;
use serde::{Deserialize, Serialize};

use crate::vectors::{cosine, embed, is_zero, mean_direction};
use crate::{Error, Node, NodeId, Taxonomy};

/// A node of level 1 that a label could stand under as well.
///
/// `Debug` shows the scores only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SecondaryParent {
    /// The label's node.
    pub label: NodeId,
    /// The other node of level 1.
    pub parent: NodeId,
    /// Cosine similarity with the other node's centroid.
    pub score: f64,
    /// Cosine similarity with the centroid of its own parent.
    pub own_score: f64,
}

impl fmt::Debug for SecondaryParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SecondaryParent({} against {})",
            self.score, self.own_score
        )
    }
}

impl Taxonomy {
    /// Secondary parents: for each label the nodes of level 1, of its own branch, whose centroid is at
    /// most `slack` less similar to it than its parent's, the most similar first and at most `most` of
    /// them. The tree itself keeps one parent for each node.
    ///
    /// # Errors
    ///
    /// If the embedder is not the one the taxonomy was built with, or if it fails.
    pub fn secondary_parents(
        &self,
        embedder: &dyn Embedder,
        slack: f64,
        most: usize,
    ) -> Result<Vec<SecondaryParent>, Error> {
        self.check_embedder(embedder)?;
        let leaves = self.level(0);
        let texts: Vec<_> = leaves.iter().map(Node::text).collect();
        let vectors = embed(embedder, &texts)?;
        let rows: BTreeMap<&NodeId, &[f32]> =
            leaves.iter().map(|n| &n.id).zip(vectors.rows()).collect();
        let parents: Vec<(&Node, Vec<f32>)> = self
            .level(1)
            .iter()
            .map(|node| {
                let rows = node.children.iter().filter_map(|id| rows.get(id).copied());
                (node, mean_direction(rows, vectors.dim()))
            })
            .collect();
        let mut found = Vec::new();
        for (leaf, row) in leaves
            .iter()
            .zip(vectors.rows())
            .filter(|(_, row)| !is_zero(row))
        {
            let own = parents
                .iter()
                .find(|(node, _)| leaf.parent.as_ref() == Some(&node.id));
            let Some((own, centroid)) = own else { continue };
            let own_score = cosine(row, centroid);
            let mut near: Vec<SecondaryParent> = parents
                .iter()
                .filter(|(node, _)| node.id != own.id && node.branch == leaf.branch)
                .map(|(node, centroid)| SecondaryParent {
                    label: leaf.id.clone(),
                    parent: node.id.clone(),
                    score: cosine(row, centroid),
                    own_score,
                })
                .filter(|other| other.score >= own_score - slack)
                .collect();
            near.sort_by(|a, b| {
                b.score
                    .total_cmp(&a.score)
                    .then_with(|| a.parent.cmp(&b.parent))
            });
            near.truncate(most);
            found.extend(near);
        }
        Ok(found)
    }
}
