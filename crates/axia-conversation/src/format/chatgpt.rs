//! The export of ChatGPT: a tree of messages, or in old exports a list.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::MapAccess;

use super::parser::{Draft, Output, Settings};
use super::tree::{Node as TreeNode, Tree};
use crate::json::{
    Entries, Flag, Items, Lenient, Maybe, Missing, Node, Part, Pieces, Text, Time, fields,
    first_text, lenient_deserialize, parse as parse_json,
};
use crate::record_error::{Place, Problem};
use crate::{Branches, Format, Message, Role};

fields! {
    /// A conversation.
    Export<'a> {
        id: Text<'a> = "id",
        conversation_id: Text<'a> = "conversation_id",
        create_time: Time = "create_time",
        model: Text<'a> = "default_model_slug" | "model",
        current_node: Text<'a> = "current_node",
        mapping: Entries<'a, Mapped<'a>> = "mapping",
        messages: Items<Said<'a>> = "messages",
    }
}

fields! {
    /// A node of the tree.
    Mapped<'a> {
        parent: Text<'a> = "parent",
        message: Maybe<Said<'a>> = "message",
    }
}

fields! {
    /// A message.
    Said<'a> {
        author: Maybe<Author<'a>> = "author",
        role: Text<'a> = "role",
        time: Time = "create_time" | "created_at" | "timestamp",
        content: Content<'a> = "content",
        recipient: Text<'a> = "recipient",
        metadata: Maybe<About<'a>> = "metadata",
    }
}

fields! {
    /// Who wrote a message.
    Author<'a> {
        role: Text<'a> = "role",
    }
}

fields! {
    /// What is used of a message's metadata.
    About<'a> {
        model: Text<'a> = "model_slug",
        hidden: Flag = "is_visually_hidden_from_conversation",
        attachments: Items<Part<'a>> = "attachments",
    }
}

fields! {
    /// A content by its type.
    Typed<'a> {
        kind: Text<'a> = "content_type",
        parts: Node<'a> = "parts",
        text: Node<'a> = "text",
        result: Node<'a> = "result",
    }
}

/// A content: typed, in old exports also a text.
#[derive(Default)]
pub(crate) struct Content<'a> {
    plain: Node<'a>,
    typed: Typed<'a>,
}

impl<'de: 'a, 'a> Lenient<'de> for Content<'a> {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self {
            plain: Node::Text(text),
            ..Self::default()
        }
    }

    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Ok(Self {
            typed: Typed::of_map(map)?,
            ..Self::default()
        })
    }
}

impl Missing for Content<'_> {
    fn is_missing(&self) -> bool {
        false
    }
}

lenient_deserialize!(Content<'a>);

impl Said<'_> {
    /// The messages of a node, and the model that wrote them.
    fn read(self) -> (Result<Vec<Message>, bool>, Option<String>) {
        let author = self.author.0.unwrap_or_default();
        let name = author.role.get().or_else(|| self.role.get());
        let Some(role) = name.and_then(Role::parse) else {
            return (Err(name.is_none()), None);
        };
        let about = self.metadata.0.unwrap_or_default();
        let model = match role {
            Role::Assistant => about.model.to_owned_text(),
            _ => None,
        };
        let Content { plain, typed } = self.content;
        let kind = typed.kind.get().unwrap_or_default();
        // Custom instructions and memories are not said in this conversation.
        let context = matches!(kind, "user_editable_context" | "model_editable_context");
        if about.hidden.is_true() || context {
            return (Ok(Vec::new()), model);
        }
        let mut messages = Vec::new();
        let mut pieces = Pieces::new(role, self.time.0, &mut messages);
        let called = self.recipient.get().filter(|name| *name != "all");
        match (role, called, kind) {
            (Role::Assistant, Some(tool), _) => pieces.marker("tool call", Some(tool)),
            (_, _, "thoughts" | "reasoning_recap") => pieces.marker("thinking", None),
            _ => {
                let nodes = [plain, typed.parts, typed.text, typed.result];
                let known = matches!(kind, "" | "text" | "multimodal_text");
                let blank = nodes.iter().all(Node::is_blank);
                for node in nodes {
                    pieces.node(node);
                }
                if blank && !known {
                    pieces.marker("other", None);
                }
            }
        }
        for file in about.attachments.iter() {
            // Images stand among the parts already.
            if !file.media.get().is_some_and(|m| m.starts_with("image/")) {
                pieces.file(file.media.get());
            }
        }
        pieces.finish();
        (Ok(messages), model)
    }
}

pub(super) fn parse(
    text: &str,
    place: Place,
    settings: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let export: Export<'_> = parse_json(text)?;
    let id = first_text(&[&export.conversation_id, &export.id]);
    let started_at = export.create_time.0;
    let default_model = export.model.to_owned_text();
    let current = export.current_node.to_owned_text();

    let linear = export.mapping.is_missing();
    if linear && export.messages.is_missing() {
        return Err(Problem::Shape {
            format: Format::ChatGpt,
            expected: "neither `mapping` nor a list `messages` is there",
        });
    }
    let mapping = match export.mapping.0 {
        Some(mapping) => mapping,
        None => chain(export.messages.into_vec()),
    };
    let index: HashMap<String, usize> = mapping
        .iter()
        .enumerate()
        .map(|(index, (name, _))| (name.to_string(), index))
        .collect();
    let mut tree = Tree::default();
    let mut times = Vec::with_capacity(mapping.len());
    let mut models = Vec::with_capacity(mapping.len());
    for (name, mapped) in mapping {
        let parent = mapped.parent.get().and_then(|p| index.get(p)).copied();
        let message = mapped.message.0;
        times.push(message.as_ref().and_then(|said| said.time.0));
        let (said, model) = match message {
            Some(said) => said.read(),
            None => (Ok(Vec::new()), None),
        };
        models.push(model);
        tree.nodes.push(TreeNode {
            id: name.into_owned(),
            parent,
            said,
        });
    }
    // The model of the last answer on the way, which is what the reader of the chat saw last.
    let base = |path: &[usize]| Draft {
        id: id.clone(),
        model: path
            .iter()
            .rev()
            .find_map(|&node| models.get(node)?.clone())
            .or_else(|| default_model.clone()),
        started_at,
        ..Draft::default()
    };
    // Without a leaf all parents run in circles.
    if settings.branches == Branches::All && !linear && !tree.leaves().is_empty() {
        tree.push_all(base, settings, place, out);
        return Ok(());
    }
    let path = match current.and_then(|current| index.get(&current).copied()) {
        Some(leaf) => tree.path(leaf),
        None => {
            // Stable: nodes without a time come first, in the order of the file.
            let mut path: Vec<usize> = (0..tree.nodes.len()).collect();
            if !linear {
                path.sort_by_key(|&node| times[node]);
            }
            path
        }
    };
    out.push(place, Ok(tree.branch(base(&path), &path)?));
    Ok(())
}

/// A list of messages as a tree without branches.
fn chain<'a>(messages: Vec<Said<'a>>) -> Vec<(Cow<'a, str>, Mapped<'a>)> {
    messages
        .into_iter()
        .enumerate()
        .map(|(index, said)| {
            let mapped = Mapped {
                message: Maybe(Some(Box::new(said))),
                ..Mapped::default()
            };
            (index.to_string().into(), mapped)
        })
        .collect()
}
