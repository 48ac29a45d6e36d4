//! HH-RLHF: a chosen and a rejected dialogue, each one text with `Human:` and `Assistant:` in it.
//!
//! Only the chosen dialogue is read: the rejected one differs in its last answer alone, and counting
//! both would count every user twice.

use memchr::memmem;

use super::parser::{Draft, Output, Settings};
use crate::json::{
    ChatMessage, Items, Missing, Raw, Text, fields, first_text, parse as parse_json, push_messages,
};
use crate::record_error::{Place, Problem};
use crate::{Format, Message, Role};

fields! {
    /// A pair.
    Pair<'a> {
        id: Text<'a> = "id" | "prompt_id",
        chosen: Raw<'a> = "chosen",
    }
}

/// Who speaks behind these words, where they begin a paragraph.
const MARKS: [(&str, Role); 2] = [("Human:", Role::User), ("Assistant:", Role::Assistant)];

pub(super) fn parse(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let pair: Pair<'_> = parse_json(text)?;
    let mut draft = Draft {
        id: first_text(&[&pair.id]),
        ..Draft::default()
    };
    let missing = Problem::Shape {
        format: Format::HhRlhf,
        expected: "a text `chosen` with `Human:` and `Assistant:`, or a list of messages, is missing",
    };
    let chosen = pair.chosen.get().unwrap_or_default();
    if chosen.starts_with('[') {
        // Later preference data has messages instead of one text.
        let list: Items<ChatMessage<'_>> = parse_json(chosen)?;
        push_messages(list.into_vec(), &mut draft.messages)?;
    } else {
        let dialogue: Text<'_> = match chosen.is_empty() {
            true => Text::default(),
            false => parse_json(chosen)?,
        };
        if dialogue.is_missing() {
            return Err(missing);
        }
        draft.messages = split(dialogue.get().unwrap_or_default());
        if draft.messages.is_empty() {
            return Err(missing);
        }
    }
    out.push(place, Ok(draft));
    Ok(())
}

/// Cuts a dialogue at its marks. The blank line before the first one may be missing.
fn split(dialogue: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut marked = false;
    // What stands before the first mark sets the scene.
    let mut role = Role::System;
    let mut said_from = 0;
    let paragraphs = memmem::find_iter(dialogue.as_bytes(), "\n\n").map(|at| (at, at + 2));
    for (end, start) in std::iter::once((0, 0)).chain(paragraphs) {
        let mark = MARKS
            .into_iter()
            .find(|(mark, _)| dialogue[start..].starts_with(mark));
        if let Some((mark, next)) = mark {
            push(role, &dialogue[said_from.min(end)..end], &mut messages);
            (role, marked) = (next, true);
            said_from = start + mark.len();
        }
    }
    push(role, &dialogue[said_from..], &mut messages);
    if marked { messages } else { Vec::new() }
}

fn push(role: Role, said: &str, messages: &mut Vec<Message>) {
    let said = said.trim();
    // No scene at all is not an empty message.
    if role != Role::System || !said.is_empty() {
        messages.push(Message::new(role, said));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogues_are_cut_at_their_marks() {
        let cut = |dialogue| -> Vec<(Role, String)> {
            split(dialogue)
                .into_iter()
                .map(|m| (m.role, m.text))
                .collect()
        };
        let user = |text: &str| (Role::User, text.to_owned());
        let assistant = |text: &str| (Role::Assistant, text.to_owned());
        assert_eq!(
            cut("\n\nHuman: Hi\n\nHow?\n\nAssistant: Well: Human: no\n\nHuman:\n\nAssistant: x"),
            [
                user("Hi\n\nHow?"),
                assistant("Well: Human: no"),
                user(""),
                assistant("x")
            ]
        );
        assert_eq!(
            cut("Human: Hi\n\nAssistant: Yo"),
            [user("Hi"), assistant("Yo")]
        );
        assert_eq!(
            cut("Be kind.\n\nHuman: Hi"),
            [(Role::System, "Be kind.".to_owned()), user("Hi")]
        );
        assert_eq!(cut("no marks here"), []);
    }
}
