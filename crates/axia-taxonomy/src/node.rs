//! Nodes of a taxonomy.

use std::borrow::{Borrow, Cow};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Branch;

/// Ends the ids of opposed labels.
pub(crate) const OPPOSED: &str = " (opposed)";

/// Names a node: the label itself on level 0, above it `l<level>:` and a digest of the labels under
/// the node. The same labels under a node give the same id, in any study.
///
/// `Debug` shows only its length, as the id of level 0 is a label.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(String);

impl NodeId {
    pub(crate) fn new(id: String) -> Self {
        Self(id)
    }

    pub(crate) fn leaf(label: &str) -> Self {
        Self(label.to_owned())
    }

    /// `labels` in order of code points.
    pub(crate) fn group<'a>(level: u32, labels: impl Iterator<Item = &'a str>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for label in labels {
            hasher.update(&(label.len() as u64).to_le_bytes());
            hasher.update(label.as_bytes());
        }
        let digest = hasher.finalize().to_hex();
        Self(format!("l{level}:{}", &digest[..16]))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for NodeId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({} bytes)", self.0.len())
    }
}

/// A node of a taxonomy: a label, or a group of nodes of the level beneath.
///
/// `Debug` shows level and counts only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Node {
    /// Names the node.
    pub id: NodeId,
    /// The label on level 0, else what the namer said; unique on its level.
    pub name: String,
    /// What the namer said of it; on level 0 what the label was said to mean, mostly nothing.
    pub description: String,
    /// 0 for labels, counted upwards.
    pub level: u32,
    /// The branch that the node and all labels under it belong to.
    #[serde(default, skip_serializing_if = "Branch::is_main")]
    pub branch: Branch,
    /// The node above, if there is one.
    pub parent: Option<NodeId>,
    /// The nodes beneath, those with most mentions first.
    pub children: Vec<NodeId>,
    /// Number of labels under the node; 1 on level 0.
    pub labels: u64,
    /// Mentions of these labels.
    pub mentions: u64,
}

impl Node {
    /// The label of a node of level 0, without the ` (opposed)` that ends the id of one in
    /// [`Branch::Opposed`]; none above.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_embed::BundledEmbedder;
    /// use axia_taxonomy::{Branch, CentralNamer, LabelCount, TaxonomyParams};
    ///
    /// let labels = [LabelCount::new("honesty", 9), LabelCount::new("deceit", 4).opposed()];
    /// let builder = TaxonomyParams::new().build()?;
    /// let taxonomy = builder.fit(&labels, &BundledEmbedder::new()?, &CentralNamer::new())?;
    /// let opposed = taxonomy.nodes().iter().find(|node| node.branch == Branch::Opposed);
    /// assert_eq!(opposed.and_then(|node| node.label()), Some("deceit"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        (self.level == 0).then(|| self.without_mark())
    }

    fn without_mark(&self) -> &str {
        let id = self.id.as_str();
        match self.branch {
            Branch::Opposed => id.strip_suffix(OPPOSED).unwrap_or(id),
            _ => id,
        }
    }

    /// The label of a node of level 0 and what it means: what is embedded.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        with_description(self.without_mark(), &self.description)
    }
}

/// A name and what it means, as they are embedded.
pub(crate) fn with_description<'a>(name: &'a str, description: &str) -> Cow<'a, str> {
    match description.is_empty() {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("{name}: {description}")),
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("level", &self.level)
            .field("children", &self.children.len())
            .field("labels", &self.labels)
            .field("mentions", &self.mentions)
            .finish_non_exhaustive()
    }
}
