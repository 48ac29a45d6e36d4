//! Changes that people make to a taxonomy, kept as a file that can be replayed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::taxonomy::Parts;
use crate::{Error, Node, NodeId, Taxonomy};

/// One change. Nodes are named by their ids, which edits do not change.
///
/// `Debug` shows the kind of change only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Edit {
    /// Puts a node, with all beneath it, under another parent of the next level. A label that is moved
    /// to another [`Branch`](crate::Branch) belongs to that one from then on.
    Move {
        /// The node that moves.
        node: NodeId,
        /// Its new parent.
        to: NodeId,
    },
    /// Gives a node's children to another node of its level, and takes it away.
    Merge {
        /// The node that goes.
        node: NodeId,
        /// The node that stays.
        into: NodeId,
    },
    /// Gives a node another name, and another description if one is given.
    Rename {
        /// The node; not a label.
        node: NodeId,
        /// Its new name.
        name: String,
        /// Its new description.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Puts some of a node's children into a new node beside it.
    Split {
        /// The node.
        node: NodeId,
        /// The children that leave; not all of them.
        children: Vec<NodeId>,
        /// The new node's name.
        name: String,
        /// The new node's description.
        #[serde(default)]
        description: String,
    },
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Move { .. } => "Move",
            Self::Merge { .. } => "Merge",
            Self::Rename { .. } => "Rename",
            Self::Split { .. } => "Split",
        })
    }
}

/// Writes edits, one JSON object a line.
///
/// # Errors
///
/// If writing fails.
pub fn write_edits(edits: &[Edit], mut writer: impl Write) -> Result<(), Error> {
    for edit in edits {
        let mut line = serde_json::to_vec(edit).map_err(|e| Error::json(&e))?;
        line.push(b'\n');
        writer.write_all(&line).map_err(Kind::Io)?;
    }
    Ok(())
}

/// Reads what [`write_edits`] wrote; blank lines are passed over.
///
/// # Errors
///
/// If reading fails or a line is no edit; the error tells the line.
///
/// # Example
///
/// ```
/// use axia_taxonomy::{Edit, read_edits};
///
/// let file = r#"{"edit":"rename","node":"l1:00112233","name":"Honesty"}"#;
/// let edits = read_edits(file.as_bytes())?;
/// assert!(matches!(edits.as_slice(), [Edit::Rename { .. }]));
/// # Ok::<(), axia_taxonomy::Error>(())
/// ```
pub fn read_edits(mut reader: impl Read) -> Result<Vec<Edit>, Error> {
    let mut text = String::new();
    reader.read_to_string(&mut text).map_err(Kind::Io)?;
    let mut edits = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if !line.trim().is_empty() {
            edits.push(serde_json::from_str(line).map_err(|e| Error::json(&e).at_line(at + 1))?);
        }
    }
    Ok(edits)
}

impl Taxonomy {
    /// The taxonomy with these edits made in order, and recorded in [`edits`](Self::edits).
    ///
    /// Nodes keep their ids, but for the new node of a split, which is named by its labels as a built
    /// one. A node that loses its last child goes. The same edits of the same taxonomy give the same
    /// bytes.
    ///
    /// # Errors
    ///
    /// If an edit names a node that is not there (any more), parents of the wrong level, a name that is
    /// empty or taken on its level, or would leave the taxonomy's top empty. [`Error::index`] tells which
    /// edit.
    pub fn with_edits(&self, edits: &[Edit]) -> Result<Self, Error> {
        let mut table = Nodes {
            nodes: self
                .nodes()
                .iter()
                .map(|n| (n.id.clone(), n.clone()))
                .collect(),
        };
        for (index, edit) in edits.iter().enumerate() {
            table.apply(edit).map_err(|rule| {
                Error::from(Kind::Inconsistent {
                    what: "the list of edits",
                    index,
                    rule,
                })
            })?;
        }
        let mut parts = Parts::from(self.clone());
        parts.edits.extend_from_slice(edits);
        parts.nodes = table.into_nodes();
        Self::new(parts)
    }
}

struct Nodes {
    nodes: BTreeMap<NodeId, Node>,
}

type Rule = &'static str;

const UNKNOWN: Rule = "each node must be in the taxonomy";

impl Nodes {
    fn get(&self, id: &NodeId) -> Result<&Node, Rule> {
        self.nodes.get(id).ok_or(UNKNOWN)
    }

    fn apply(&mut self, edit: &Edit) -> Result<(), Rule> {
        match edit {
            Edit::Move { node, to } => {
                if self.get(to)?.level != self.get(node)?.level + 1 {
                    return Err("the new parent must be a node of the next level");
                }
                self.put(node, to)
            }
            Edit::Merge { node, into } => {
                let (from, to) = (self.get(node)?, self.get(into)?);
                if from.level != to.level || node == into || from.level == 0 {
                    return Err("two nodes of one level above the labels can be merged");
                }
                for child in from.children.clone() {
                    self.put(&child, into)?;
                }
                Ok(())
            }
            Edit::Rename {
                node,
                name,
                description,
            } => {
                let level = self.get(node)?.level;
                if level == 0 {
                    return Err("labels are not renamed: use an alias table");
                }
                self.free(name, level, Some(node))?;
                if let Some(node) = self.nodes.get_mut(node) {
                    name.trim().clone_into(&mut node.name);
                    if let Some(description) = description {
                        node.description.clone_from(description);
                    }
                }
                Ok(())
            }
            Edit::Split {
                node,
                children,
                name,
                description,
            } => self.split(node, children, name, description),
        }
    }

    fn split(
        &mut self,
        node: &NodeId,
        children: &[NodeId],
        name: &str,
        description: &str,
    ) -> Result<(), Rule> {
        let held = self.get(node)?.clone();
        if children.is_empty() || !children.iter().all(|child| held.children.contains(child)) {
            return Err("a split takes children of the node, at least one");
        }
        if held.children.iter().all(|child| children.contains(child)) {
            return Err("a split must leave the node a child");
        }
        self.free(name, held.level, None)?;
        let mut labels: Vec<String> = Vec::new();
        for child in children {
            self.labels_of(child, &mut labels);
        }
        labels.sort_unstable();
        labels.dedup();
        let id = NodeId::group(held.level, labels.iter().map(String::as_str));
        if self.nodes.contains_key(&id) {
            return Err("there is a node of the same labels already");
        }
        if let Some(parent) = held.parent.as_ref().and_then(|id| self.nodes.get_mut(id)) {
            parent.children.push(id.clone());
        }
        self.nodes.insert(
            id.clone(),
            Node {
                id: id.clone(),
                name: name.trim().to_owned(),
                description: description.to_owned(),
                children: Vec::new(),
                ..held
            },
        );
        for child in children {
            self.put(child, &id)?;
        }
        Ok(())
    }

    /// Whether a name can be given on a level.
    fn free(&self, name: &str, level: u32, to: Option<&NodeId>) -> Result<(), Rule> {
        let name = name.trim().to_lowercase();
        if name.is_empty() {
            return Err("a name must not be empty");
        }
        let mut others = self
            .nodes
            .values()
            .filter(|n| n.level == level && Some(&n.id) != to);
        match others.any(|other| other.name.to_lowercase() == name) {
            true => Err("names must be unique on their level, whatever their case"),
            false => Ok(()),
        }
    }

    /// Puts a node under a parent, and takes away what it leaves empty.
    fn put(&mut self, node: &NodeId, to: &NodeId) -> Result<(), Rule> {
        let old = self.get(node)?.parent.clone();
        if old.as_ref() == Some(to) {
            return Ok(());
        }
        let branch = self.get(to)?.branch;
        let mut beneath = vec![node.clone()];
        while let Some(id) = beneath.pop() {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.branch = branch;
                beneath.extend(node.children.iter().cloned());
            }
        }
        if let Some(node) = self.nodes.get_mut(node) {
            node.parent = Some(to.clone());
        }
        if let Some(parent) = self.nodes.get_mut(to) {
            parent.children.push(node.clone());
        }
        let mut left = Some((node.clone(), old));
        while let Some((child, Some(id))) = left.take() {
            let Some(parent) = self.nodes.get_mut(&id) else {
                break;
            };
            parent.children.retain(|held| *held != child);
            if parent.children.is_empty() {
                let above = parent.parent.clone();
                self.nodes.remove(&id);
                left = Some((id, above));
            }
        }
        Ok(())
    }

    fn labels_of(&self, id: &NodeId, labels: &mut Vec<String>) {
        match self.nodes.get(id) {
            Some(node) if node.level == 0 => labels.push(id.as_str().to_owned()),
            Some(node) => node
                .children
                .iter()
                .for_each(|child| self.labels_of(child, labels)),
            None => {}
        }
    }

    /// Sums the counts anew and puts the nodes in their order.
    fn into_nodes(mut self) -> Vec<Node> {
        let top = self
            .nodes
            .values()
            .map(|node| node.level)
            .max()
            .unwrap_or(0);
        for level in 1..=top {
            let sums: Vec<(NodeId, u64, u64, Vec<NodeId>)> = self
                .nodes
                .values()
                .filter(|node| node.level == level)
                .map(|node| {
                    let mut children: Vec<&Node> = node
                        .children
                        .iter()
                        .filter_map(|id| self.nodes.get(id))
                        .collect();
                    children.sort_by(|a, b| b.mentions.cmp(&a.mentions).then(a.id.cmp(&b.id)));
                    let labels = children
                        .iter()
                        .fold(0, |sum: u64, c| sum.saturating_add(c.labels));
                    let mentions = children
                        .iter()
                        .fold(0, |sum: u64, c| sum.saturating_add(c.mentions));
                    let ids = children.iter().map(|c| c.id.clone()).collect();
                    (node.id.clone(), labels, mentions, ids)
                })
                .collect();
            for (id, labels, mentions, children) in sums {
                if let Some(node) = self.nodes.get_mut(&id) {
                    (node.labels, node.mentions, node.children) = (labels, mentions, children);
                }
            }
        }
        let mut nodes: Vec<Node> = self.nodes.into_values().collect();
        nodes.sort_by(|a, b| {
            a.level
                .cmp(&b.level)
                .then(b.mentions.cmp(&a.mentions))
                .then(a.id.cmp(&b.id))
        });
        nodes
    }
}
