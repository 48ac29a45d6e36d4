//! The export of Claude.ai: `chat_messages`, newer ones with parents.

use std::collections::HashMap;

use super::parser::{Draft, Output, Settings};
use super::tree::{Node, Tree};
use crate::json::{
    ChatMessage, Items, Maybe, Text, Time, fields, first_text, parse as parse_json, push_messages,
};
use crate::record_error::{Place, Problem};
use crate::{Branches, Format};

fields! {
    /// A conversation.
    Export<'a> {
        uuid: Text<'a> = "uuid",
        id: Text<'a> = "id",
        created_at: Time = "created_at",
        model: Text<'a> = "model",
        account: Maybe<Account<'a>> = "account",
        current: Text<'a> = "current_leaf_message_uuid",
        messages: Items<ChatMessage<'a>> = "chat_messages",
    }
}

fields! {
    /// Whose conversation it is.
    Account<'a> {
        uuid: Text<'a> = "uuid",
    }
}

pub(super) fn parse(
    text: &str,
    place: Place,
    settings: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let export: Export<'_> = parse_json(text)?;
    let Some(messages) = export.messages.0 else {
        return Err(Problem::Shape {
            format: Format::Claude,
            expected: "a list `chat_messages` is missing",
        });
    };
    let account = export.account.0.unwrap_or_default();
    let base = |_: &[usize]| Draft {
        id: first_text(&[&export.uuid, &export.id]),
        user_id: account.uuid.to_owned_text(),
        model: export.model.to_owned_text(),
        started_at: export.created_at.0,
        ..Draft::default()
    };

    let index: HashMap<String, usize> = messages
        .iter()
        .enumerate()
        .filter_map(|(index, message)| Some((message.id.to_owned_text()?, index)))
        .collect();
    // Without a parent at each message, the order of the list is all there is.
    let linked = messages
        .iter()
        .all(|m| m.parent.get().is_some() && m.id.get().is_some());
    if !linked {
        let mut draft = base(&[]);
        push_messages(messages, &mut draft.messages)?;
        out.push(place, Ok(draft));
        return Ok(());
    }
    let mut tree = Tree::default();
    for message in messages {
        let parent = message.parent.get().and_then(|p| index.get(p)).copied();
        let id = message.id.to_owned_text().unwrap_or_default();
        let mut said = Vec::new();
        let said = match push_messages(vec![message], &mut said) {
            Ok(()) => Ok(said),
            Err(Problem::Role { missing, .. }) => Err(missing),
            Err(problem) => return Err(problem),
        };
        tree.nodes.push(Node { id, parent, said });
    }
    if settings.branches == Branches::All && !tree.leaves().is_empty() {
        tree.push_all(base, settings, place, out);
        return Ok(());
    }
    let current = export.current.get().and_then(|c| index.get(c)).copied();
    let path = match current.or(tree.nodes.len().checked_sub(1)) {
        Some(leaf) => tree.path(leaf),
        None => Vec::new(),
    };
    out.push(place, Ok(tree.branch(base(&path), &path)?));
    Ok(())
}
