//! What went into a model or came out of it, as tracing tools keep it: a text, messages, or the
//! request or answer of an API, as JSON or as a string of JSON.

use super::content::{Node, Pieces};
use super::lenient::{Entries, Items, Maybe, Text, fields};
use super::message::{ChatMessage, MessageList, push_messages};
use super::parse;
use crate::record_error::Problem;
use crate::{Message, Role};

fields! {
    /// The request or answer of an API.
    Payload<'a> {
        role: Text<'a> = "role" | "sender",
        messages: MessageList<'a> = "messages" | "contents" | "input_messages" | "input",
        system: Node<'a> = "system" | "systemInstruction" | "system_instruction" | "instructions",
        choices: Items<Choice<'a>> = "choices",
        candidates: Items<Choice<'a>> = "candidates",
        message: Maybe<ChatMessage<'a>> = "message",
        output: MessageList<'a> = "output",
        content: Node<'a> = "content" | "parts",
        text: Node<'a> = "text" | "completion" | "prompt",
    }
}

fields! {
    /// One of the answers of a model; the first one counts.
    Choice<'a> {
        message: Maybe<ChatMessage<'a>> = "message" | "content",
        text: Node<'a> = "text",
    }
}

/// Appends the messages of a payload. What has no role of its own was said by `role`; a JSON value
/// of unknown shape was said as it is written.
pub(crate) fn push_payload(raw: &str, role: Role, out: &mut Vec<Message>) -> Result<(), Problem> {
    let raw = raw.trim();
    match raw.as_bytes().first() {
        None => Ok(()),
        Some(b'"') => {
            let text: Text<'_> = parse(raw)?;
            let text = text.0.unwrap_or_default();
            let inner = text.trim();
            // A string of JSON, if it is that.
            if inner.starts_with(['{', '[']) {
                let before = out.len();
                match push_value(inner, role, out) {
                    Ok(()) if out.len() > before => return Ok(()),
                    Err(problem @ Problem::Role { .. }) => return Err(problem),
                    _ => out.truncate(before),
                }
            }
            push_text(&text, role, out);
            Ok(())
        }
        Some(b'{' | b'[') => push_value(raw, role, out),
        Some(_) if raw == "null" => Ok(()),
        Some(_) => {
            push_text(raw, role, out);
            Ok(())
        }
    }
}

fn push_text(text: &str, role: Role, out: &mut Vec<Message>) {
    out.push(Message::new(role, text));
}

fn push_value(raw: &str, role: Role, out: &mut Vec<Message>) -> Result<(), Problem> {
    if raw.starts_with('[') {
        let list: Vec<ChatMessage<'_>> = parse::<Items<_>>(raw)?.into_vec();
        if !list.is_empty() && list.iter().all(ChatMessage::is_message) {
            return push_messages(list, out);
        }
        if list.is_empty() {
            return Ok(());
        }
        // Parts of one message, or texts.
        let node: Node<'_> = parse(raw)?;
        return push_node(node, role, out);
    }
    let payload: Payload<'_> = parse(raw)?;
    if !payload.system.is_blank() {
        push_node(payload.system, Role::System, out)?;
    }
    if let Some(pushed) = payload.messages.push(out) {
        return pushed;
    }
    let mut choices = payload.choices.into_vec();
    choices.extend(payload.candidates.into_vec());
    if let Some(choice) = choices.into_iter().next() {
        return push_choice(choice, role, out);
    }
    if let Some(message) = payload.message.0 {
        return push_message(*message, role, out);
    }
    if payload.role.get().and_then(Role::parse).is_some() {
        return push_message(parse(raw)?, role, out);
    }
    if let Some(pushed) = payload.output.push(out) {
        return pushed;
    }
    for node in [payload.content, payload.text] {
        if !node.is_blank() {
            return push_node(node, role, out);
        }
    }
    // A text under a name of its own, as chains pass it on; else the value is what was said.
    let entries: Entries<'_, Text<'_>> = parse(raw)?;
    match entries.0.as_deref() {
        Some([(_, Text(Some(text)))]) if !text.trim().is_empty() => push_text(text, role, out),
        _ => push_text(raw, role, out),
    }
    Ok(())
}

fn push_choice(choice: Choice<'_>, role: Role, out: &mut Vec<Message>) -> Result<(), Problem> {
    match choice.message.0 {
        Some(message) => push_message(*message, role, out),
        None => push_node(choice.text, role, out),
    }
}

/// A message that may lack a role, which then is `role`.
fn push_message(
    message: ChatMessage<'_>,
    role: Role,
    out: &mut Vec<Message>,
) -> Result<(), Problem> {
    let message = message.or_role(role);
    push_messages(vec![message], out)
}

fn push_node(node: Node<'_>, role: Role, out: &mut Vec<Message>) -> Result<(), Problem> {
    let mut pieces = Pieces::new(role, None, out);
    pieces.node(node);
    pieces.finish();
    Ok(())
}
