//! Conversations that branch: answers asked for again, questions edited.

use super::parser::{Draft, Output, Settings};
use crate::Message;
use crate::record_error::{Place, Problem};

/// Messages with parents. Nodes without a message only connect others.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

pub(crate) struct Node {
    /// The name of the node, for the ids of branches.
    pub(crate) id: String,
    pub(crate) parent: Option<usize>,
    /// What the node says; or that it has a role which is missing (`true`) or unknown.
    pub(crate) said: Result<Vec<Message>, bool>,
}

/// Texts of all branches together may be this many times as large as a record.
const BRANCH_FACTOR: usize = 4;

/// What a message costs beside its text.
const MESSAGE_COST: usize = 64;

impl Tree {
    /// The nodes from the root to `leaf`, also where parents run in circles.
    pub(crate) fn path(&self, leaf: usize) -> Vec<usize> {
        let mut path = Vec::new();
        let mut at = Some(leaf);
        while let Some(node) = at {
            // Longer than all nodes together: a circle.
            if path.len() == self.nodes.len() {
                break;
            }
            path.push(node);
            at = self.nodes.get(node).and_then(|node| node.parent);
        }
        path.reverse();
        path
    }

    /// The nodes that are nobody's parent, in order.
    pub(crate) fn leaves(&self) -> Vec<usize> {
        let mut is_parent = vec![false; self.nodes.len()];
        for parent in self.nodes.iter().filter_map(|node| node.parent) {
            if let Some(is_parent) = is_parent.get_mut(parent) {
                *is_parent = true;
            }
        }
        (0..self.nodes.len()).filter(|&n| !is_parent[n]).collect()
    }

    /// The messages along a path.
    fn said(&self, path: &[usize]) -> Result<Vec<Message>, Problem> {
        let mut messages = Vec::new();
        let nodes = path.iter().filter_map(|&node| self.nodes.get(node));
        for (index, node) in nodes.enumerate() {
            match &node.said {
                Ok(said) => messages.extend(said.iter().cloned()),
                Err(missing) => {
                    return Err(Problem::Role {
                        message: index + 1,
                        missing: *missing,
                    });
                }
            }
        }
        Ok(messages)
    }

    /// The one branch along `path`.
    pub(crate) fn branch(&self, base: Draft, path: &[usize]) -> Result<Draft, Problem> {
        let messages = self.said(path)?;
        Ok(Draft { messages, ..base })
    }

    /// Pushes every branch, named after its last message.
    pub(crate) fn push_all(
        &self,
        base: impl Fn(&[usize]) -> Draft,
        settings: &Settings,
        place: Place,
        out: &mut Output,
    ) {
        let limit = settings.max_record_bytes;
        let mut budget = limit.saturating_mul(BRANCH_FACTOR);
        let leaves = self.leaves();
        for &leaf in &leaves {
            let path = self.path(leaf);
            let branch = self.said(&path).map(|messages| {
                let mut draft = base(&path);
                if let (Some(id), true) = (&mut draft.id, leaves.len() > 1) {
                    *id = format!("{id}/{}", self.nodes[leaf].id);
                }
                Draft { messages, ..draft }
            });
            let texts = branch.as_ref().map_or(0, |draft| {
                draft.messages.iter().map(|m| m.text.len()).sum::<usize>()
            });
            let cost = texts + path.len() * MESSAGE_COST;
            if cost > budget {
                out.push(place, Err(Problem::TooManyBranches { limit }));
                return;
            }
            budget -= cost;
            out.push(place, branch);
        }
    }
}
