//! OpenAssistant: trees of messages, or the messages of a tree row by row.

use std::collections::HashMap;

use super::parser::{Contiguous, Draft, Output, Parser, Settings, Turn};
use super::tree::{Node, Tree};
use crate::json::{Flag, Items, Maybe, Missing, Number, Text, Time, fields, parse};
use crate::record_error::{Place, Problem};
use crate::{Branches, Format, Message, Role};

fields! {
    /// A tree, or one message of it.
    Record<'a> {
        tree_id: Text<'a> = "message_tree_id",
        prompt: Maybe<Record<'a>> = "prompt",
        id: Text<'a> = "message_id",
        parent: Text<'a> = "parent_id",
        user: Text<'a> = "user_id",
        time: Time = "created_date",
        text: Text<'a> = "text",
        role: Text<'a> = "role",
        language: Text<'a> = "lang",
        deleted: Flag = "deleted",
        rank: Number = "rank",
        model: Text<'a> = "model_name",
        replies: Items<Record<'a>> = "replies",
    }
}

/// What the choice of a path needs to know about a message.
struct About {
    user: Option<String>,
    model: Option<String>,
    language: Option<String>,
    rank: f64,
}

/// The messages of one tree.
#[derive(Default)]
struct Grown {
    tree: Tree,
    about: Vec<About>,
    /// Ids of messages, and of deleted ones, whose replies go with them.
    index: HashMap<String, Option<usize>>,
    bytes: usize,
}

impl Grown {
    fn add(&mut self, record: &Record<'_>, parent: Option<usize>) -> Option<usize> {
        let id = record.id.to_owned_text().unwrap_or_default();
        if record.deleted.is_true() {
            self.index.insert(id, None);
            return None;
        }
        let role = record.role.get();
        let said = match role.and_then(Role::parse) {
            Some(role) => Ok(vec![Message {
                role,
                text: record.text.0.as_deref().unwrap_or_default().to_owned(),
                time: record.time.0,
            }]),
            None => Err(role.is_none()),
        };
        let at = self.tree.nodes.len();
        self.bytes += record.text.0.as_deref().map_or(0, str::len);
        self.index.insert(id.clone(), Some(at));
        self.tree.nodes.push(Node { id, parent, said });
        self.about.push(About {
            user: record.user.to_owned_text(),
            model: record.model.to_owned_text(),
            language: record.language.to_owned_text(),
            rank: record.rank.0.unwrap_or(f64::INFINITY),
        });
        Some(at)
    }

    /// From the first root along the best ranked replies.
    fn best_path(&self) -> Vec<usize> {
        let nodes = &self.tree.nodes;
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            if let Some(replies) = node.parent.and_then(|parent| children.get_mut(parent)) {
                replies.push(index);
            }
        }
        let mut path = Vec::new();
        let mut at = nodes.iter().position(|node| node.parent.is_none());
        while let Some(node) = at {
            path.push(node);
            // Rows may name each other as parents.
            if path.len() > nodes.len() {
                break;
            }
            at = children[node].iter().copied().min_by(|&a, &b| {
                let rank = |n: usize| self.about[n].rank;
                rank(a).total_cmp(&rank(b)).then(a.cmp(&b))
            });
        }
        path
    }

    fn push(&self, tree_id: &str, settings: &Settings, place: Place, out: &mut Output) {
        let base = |path: &[usize]| {
            let about = |node: &usize| self.about.get(*node);
            let root = path.first().and_then(about);
            Draft {
                id: Some(tree_id.to_owned()).filter(|id| !id.is_empty()),
                user_id: root.and_then(|root| root.user.clone()),
                language: root.and_then(|root| root.language.clone()),
                model: path
                    .iter()
                    .rev()
                    .filter_map(about)
                    .find_map(|a| a.model.clone()),
                ..Draft::default()
            }
        };
        if self.tree.nodes.is_empty() {
            out.push(place, Err(Problem::Empty));
        } else if settings.branches == Branches::All {
            self.tree.push_all(base, settings, place, out);
        } else {
            let path = self.best_path();
            out.push(place, self.tree.branch(base(&path), &path));
        }
    }
}

/// A tree whose rows are still coming.
struct Group {
    id: String,
    place: Place,
    grown: Grown,
    /// It is too large, which was told: the rest is passed over.
    dropped: bool,
}

/// Reads both forms.
pub(super) struct OpenAssistant {
    settings: Settings,
    contiguous: Contiguous,
    group: Option<Group>,
}

impl OpenAssistant {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            contiguous: Contiguous::default(),
            group: None,
        }
    }

    fn row(&mut self, record: &Record<'_>, place: Place, out: &mut Output) -> Result<(), Problem> {
        let Some(tree_id) = record.tree_id.get() else {
            return Err(shape());
        };
        match self.contiguous.turn(tree_id) {
            Turn::Returned => return Err(Problem::NotContiguous),
            Turn::Same => {}
            Turn::New => {
                self.end(out);
                self.group = Some(Group {
                    id: tree_id.to_owned(),
                    place,
                    grown: Grown::default(),
                    dropped: false,
                });
            }
        }
        let Some(group) = &mut self.group else {
            return Ok(());
        };
        if group.dropped {
            return Ok(());
        }
        let parent = match record.parent.get() {
            None => None,
            Some(parent) => match group.grown.index.get(parent) {
                Some(Some(parent)) => Some(*parent),
                // A reply to a deleted message, or to one that is not there.
                _ => return Ok(()),
            },
        };
        group.grown.add(record, parent);
        let limit = self.settings.max_record_bytes;
        if group.grown.bytes > limit {
            group.dropped = true;
            group.grown = Grown::default();
            return Err(Problem::TooLarge { limit });
        }
        Ok(())
    }
}

impl Parser for OpenAssistant {
    fn record(&mut self, text: &str, place: Place, out: &mut Output) -> Result<(), Problem> {
        let mut record: Record<'_> = parse(text)?;
        let Some(root) = record.prompt.0.take() else {
            if record.role.is_missing() && record.id.is_missing() {
                return Err(shape());
            }
            return self.row(&record, place, out);
        };
        self.end(out);
        let tree_id = record.tree_id.get().or_else(|| root.id.get());
        let tree_id = tree_id.unwrap_or_default().to_owned();
        let mut grown = Grown::default();
        let mut waiting = vec![(*root, None)];
        while let Some((mut message, parent)) = waiting.pop() {
            let replies = std::mem::take(&mut message.replies).into_vec();
            if let Some(at) = grown.add(&message, parent) {
                // The stack turns the order around, twice.
                waiting.extend(replies.into_iter().rev().map(|reply| (reply, Some(at))));
            }
        }
        grown.push(&tree_id, &self.settings, place, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(group) = self.group.take().filter(|group| !group.dropped) {
            group
                .grown
                .push(&group.id, &self.settings, group.place, out);
        }
    }
}

fn shape() -> Problem {
    Problem::Shape {
        format: Format::OpenAssistant,
        expected: "neither a tree with `prompt` nor a message with `message_tree_id` is there",
    }
}
