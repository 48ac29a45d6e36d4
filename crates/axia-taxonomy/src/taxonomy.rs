//! The taxonomy itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::{Edit, Error, Label, Node, NodeId, Sweep, TaxonomyBuilder, TreeRow};

/// The only format so far.
const FORMAT: u32 = 1;

/// A named hierarchy of labels, with what made it.
///
/// Nodes stand level by level, the labels (level 0) first, on each level those with most mentions
/// first, then by id. Reading a stored taxonomy checks that it holds together.
///
/// `Debug` shows sizes only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Taxonomy {
    builder: TaxonomyBuilder,
    embedder: String,
    namer: String,
    sweeps: Vec<Sweep>,
    edits: Vec<Edit>,
    model_levels: Vec<ModelLevel>,
    nodes: Vec<Node>,
    /// Where each level begins in `nodes`, and the end.
    starts: Vec<usize>,
    by_id: BTreeMap<NodeId, usize>,
    /// Labels by comparison key.
    by_key: BTreeMap<String, usize>,
    /// Labels by word key.
    by_words: BTreeMap<String, usize>,
}

/// A level that a language model made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelLevel {
    /// The level.
    pub level: u32,
    /// The model's fingerprint.
    pub model: String,
    /// What it was asked with.
    pub params: serde_json::Value,
}

/// A taxonomy as it is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct Parts {
    pub(crate) format: u32,
    pub(crate) params: TaxonomyBuilder,
    pub(crate) embedder: String,
    pub(crate) namer: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sweeps: Vec<Sweep>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) edits: Vec<Edit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) model_levels: Vec<ModelLevel>,
    pub(crate) nodes: Vec<Node>,
}

impl Parts {
    pub(crate) fn new(
        params: TaxonomyBuilder,
        embedder: String,
        namer: String,
        nodes: Vec<Node>,
    ) -> Self {
        Self {
            format: FORMAT,
            params,
            embedder,
            namer,
            sweeps: Vec::new(),
            edits: Vec::new(),
            model_levels: Vec::new(),
            nodes,
        }
    }
}

impl From<Taxonomy> for Parts {
    fn from(taxonomy: Taxonomy) -> Self {
        Self {
            format: FORMAT,
            params: taxonomy.builder,
            embedder: taxonomy.embedder,
            namer: taxonomy.namer,
            sweeps: taxonomy.sweeps,
            edits: taxonomy.edits,
            model_levels: taxonomy.model_levels,
            nodes: taxonomy.nodes,
        }
    }
}

impl TryFrom<Parts> for Taxonomy {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        if parts.format != FORMAT {
            return Err(Error::parameter("format", "1", parts.format));
        }
        Self::new(parts)
    }
}

impl Taxonomy {
    /// Checks the nodes and indexes them.
    pub(crate) fn new(parts: Parts) -> Result<Self, Error> {
        let nodes = parts.nodes;
        let mut starts = vec![0];
        let mut by_id = BTreeMap::new();
        let mut by_key = BTreeMap::new();
        let mut by_words = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            let level = starts.len() as u32 - 1;
            if node.level == level + 1 && index > 0 {
                starts.push(index);
            } else if node.level != level {
                return Err(inconsistent(index, "levels must follow each other from 0"));
            }
            if by_id.insert(node.id.clone(), index).is_some() {
                return Err(inconsistent(index, "ids must be unique"));
            }
            if node.level == 0 {
                let label = Label::new(node.id.as_str())
                    .filter(|label| label.as_str() == node.id.as_str())
                    .ok_or_else(|| inconsistent(index, "labels must be in their normal form"))?;
                // A file from elsewhere can hold two spellings of a label: the first stands for both.
                by_key.entry(label.key()).or_insert(index);
                if let Some(words) = label.word_key() {
                    by_words.entry(words).or_insert(index);
                }
            }
        }
        if !nodes.is_empty() {
            starts.push(nodes.len());
        }
        let taxonomy = Self {
            builder: parts.params,
            embedder: parts.embedder,
            namer: parts.namer,
            sweeps: parts.sweeps,
            edits: parts.edits,
            model_levels: parts.model_levels,
            nodes,
            starts,
            by_id,
            by_key,
            by_words,
        };
        taxonomy.check_links()?;
        taxonomy.check_names()?;
        Ok(taxonomy)
    }

    fn check_links(&self) -> Result<(), Error> {
        let top = self.n_levels().saturating_sub(1) as u32;
        for (index, node) in self.nodes.iter().enumerate() {
            let parent = node.parent.as_ref().map(|id| self.node(id.as_str()));
            let linked = match parent {
                None => node.level == top,
                Some(parent) => parent.is_some_and(|parent| {
                    parent.level == node.level + 1 && parent.children.contains(&node.id)
                }),
            };
            if !linked {
                return Err(inconsistent(
                    index,
                    "each node beneath the top must be a child of one node of the next level",
                ));
            }
            if node.level == 0 {
                if !node.children.is_empty() || node.labels != 1 {
                    return Err(inconsistent(index, "a label has no children"));
                }
                continue;
            }
            let mut labels = 0_u64;
            let mut mentions = 0_u64;
            let mut seen = BTreeSet::new();
            for id in &node.children {
                let child = self.node(id.as_str());
                let Some(child) = child.filter(|c| c.parent.as_ref() == Some(&node.id)) else {
                    return Err(inconsistent(index, "each child must name its parent"));
                };
                if child.branch != node.branch {
                    return Err(inconsistent(
                        index,
                        "a node holds nodes of its branch alone",
                    ));
                }
                if !seen.insert(id) {
                    return Err(inconsistent(index, "children must be unique"));
                }
                labels = labels.saturating_add(child.labels);
                mentions = mentions.saturating_add(child.mentions);
            }
            if node.children.is_empty() || labels != node.labels || mentions != node.mentions {
                return Err(inconsistent(
                    index,
                    "counts must be the sums of the children's",
                ));
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), Error> {
        for level in 0..self.n_levels() {
            let mut names = BTreeSet::new();
            for (at, node) in self.level(level as u32).iter().enumerate() {
                if node.name.is_empty() || !names.insert(node.name.to_lowercase()) {
                    return Err(inconsistent(
                        self.starts[level] + at,
                        "names must be unique on their level, whatever their case",
                    ));
                }
            }
        }
        Ok(())
    }

    /// All nodes: level by level, the labels first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Number of levels, that of the labels included; 0 if there is no label.
    #[must_use]
    pub fn n_levels(&self) -> usize {
        self.starts.len() - 1
    }

    /// The levels, the labels first.
    #[must_use]
    pub fn levels(&self) -> impl ExactSizeIterator<Item = &[Node]> {
        self.starts
            .windows(2)
            .map(|pair| &self.nodes[pair[0]..pair[1]])
    }

    /// The nodes of one level; none if there is no such level.
    #[must_use]
    pub fn level(&self, level: u32) -> &[Node] {
        self.levels().nth(level as usize).unwrap_or_default()
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).map(|&index| &self.nodes[index])
    }

    /// The node of a label in any spelling, that of an opposed label as "honesty (opposed)".
    #[must_use]
    pub fn label(&self, label: &str) -> Option<&Node> {
        let label = Label::new(label)?;
        let own = self.node(label.as_str()).filter(|node| node.level == 0);
        own.or_else(|| {
            let index = match self.by_key.get(&label.key()) {
                Some(index) => Some(index),
                None => self.by_words.get(&label.word_key()?),
            };
            index.map(|&index| &self.nodes[index])
        })
    }

    /// The node above the one with this id.
    #[must_use]
    pub fn parent_of(&self, id: &str) -> Option<&Node> {
        self.node(self.node(id)?.parent.as_ref()?.as_str())
    }

    /// The nodes beneath the one with this id, those with most mentions first.
    pub fn children(&self, id: &str) -> impl Iterator<Item = &Node> {
        let children = self.node(id).map_or(&[][..], |node| &node.children);
        children.iter().filter_map(|id| self.node(id.as_str()))
    }

    /// The node of this level that a label, in any spelling, stands under; on level 0 its own.
    #[must_use]
    pub fn ancestor_at(&self, label: &str, level: u32) -> Option<&Node> {
        let mut node = self.label(label)?;
        while node.level < level {
            node = self.node(node.parent.as_ref()?.as_str())?;
        }
        Some(node)
    }

    /// Mentions of all labels.
    #[must_use]
    pub fn mentions(&self) -> u64 {
        self.level(0)
            .iter()
            .fold(0, |sum, node| sum.saturating_add(node.mentions))
    }

    /// What the taxonomy was built with.
    #[must_use]
    pub fn builder(&self) -> &TaxonomyBuilder {
        &self.builder
    }

    /// Fingerprint of the embedder it was built with.
    #[must_use]
    pub fn embedder(&self) -> &str {
        &self.embedder
    }

    /// Fingerprint of the namer it was built with.
    #[must_use]
    pub fn namer(&self) -> &str {
        &self.namer
    }

    /// How the sizes of levels were chosen, where [`Levels::Sweep`](crate::Levels::Sweep) chose them.
    #[must_use]
    pub fn sweeps(&self) -> &[Sweep] {
        &self.sweeps
    }

    /// The levels that a language model made.
    #[must_use]
    pub fn model_levels(&self) -> &[ModelLevel] {
        &self.model_levels
    }

    /// The edits that were made since it was built, in order.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// A digest of everything in it: 64 hexadecimal digits. Equal taxonomies have equal digests.
    ///
    /// # Errors
    ///
    /// If the taxonomy cannot be written, which does not happen in memory.
    pub fn fingerprint(&self) -> Result<String, Error> {
        let mut hasher = blake3::Hasher::new();
        serde_json::to_writer(&mut hasher, self).map_err(|e| Error::json(&e))?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn write_json(&self, writer: impl Write) -> Result<(), Error> {
        write_json(self, writer)
    }

    /// Reads what [`write_json`](Self::write_json) wrote, and checks it.
    ///
    /// # Errors
    ///
    /// If reading fails, or if it is no taxonomy that holds together.
    pub fn read_json(reader: impl Read) -> Result<Self, Error> {
        Self::try_from(read_json::<Parts>(reader)?)
    }

    /// The rows of the published file format, level by level.
    ///
    /// Shares are of mentions, in percent, each rounded to 3 decimals by itself as in the published
    /// file: mentions of children sum to their parent's exactly, rounded shares within 0.0005 for each
    /// child. Without any mention all shares are 0.
    #[must_use]
    pub fn rows(&self) -> Vec<TreeRow> {
        let total = self.mentions() as f64;
        let share = |mentions: u64| match mentions {
            0 => 0.0,
            _ => (mentions as f64 / total * 100_000.0).round() / 1000.0,
        };
        self.nodes
            .iter()
            .map(|node| TreeRow {
                cluster_id: node.id.as_str().to_owned(),
                description: node.description.clone(),
                name: node.name.clone(),
                level: node.level,
                parent_cluster_id: node.parent.as_ref().map(ToString::to_string),
                pct_total_occurrences: share(node.mentions),
            })
            .collect()
    }
}

fn inconsistent(index: usize, rule: &'static str) -> Error {
    Kind::Inconsistent {
        what: "the taxonomy",
        index,
        rule,
    }
    .into()
}

pub(crate) fn write_json<T: Serialize>(value: &T, mut writer: impl Write) -> Result<(), Error> {
    let mut json = serde_json::to_vec(value).map_err(|e| Error::json(&e))?;
    json.push(b'\n');
    writer.write_all(&json).map_err(|e| Kind::Io(e).into())
}

pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(mut reader: impl Read) -> Result<T, Error> {
    // Whole, as reading byte by byte from a file would be slow.
    let mut json = Vec::new();
    reader.read_to_end(&mut json).map_err(Kind::Io)?;
    serde_json::from_slice(&json).map_err(|e| Error::json(&e))
}

impl fmt::Debug for Taxonomy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<usize> = self.levels().map(<[Node]>::len).collect();
        f.debug_struct("Taxonomy")
            .field("levels", &sizes)
            .field("mentions", &self.mentions())
            .field("embedder", &self.embedder)
            .field("namer", &self.namer)
            .finish_non_exhaustive()
    }
}
