//! HH-RLHF: a chosen and a rejected dialogue, each one text with `Human:` and `Assistant:` in it.
//!
//! Only the chosen dialogue is read: the rejected one differs in its last answer alone, and counting
//! both would count every user twice.

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

const MARKS: [(&str, Role); 2] = [
    ("\n\nHuman:", Role::User),
    ("\n\nAssistant:", Role::Assistant),
];

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
    let mut rest = dialogue;
    let mut role = None;
    if let Some((mark, first)) = MARKS
        .into_iter()
        .find(|(mark, _)| dialogue.starts_with(mark.trim_start()))
    {
        role = Some(first);
        rest = &dialogue[mark.trim_start().len()..];
    }
    loop {
        let next = MARKS
            .into_iter()
            .filter_map(|(mark, role)| Some((rest.find(mark)?, mark, role)))
            .min_by_key(|(at, ..)| *at);
        let said = next.map_or(rest, |(at, ..)| &rest[..at]);
        if let Some(role) = role {
            messages.push(Message::new(role, said.trim()));
        } else if !said.trim().is_empty() {
            // What stands before the first mark sets the scene.
            messages.push(Message::new(Role::System, said.trim()));
        }
        let Some((at, mark, next_role)) = next else {
            return if role.is_some() { messages } else { Vec::new() };
        };
        role = Some(next_role);
        rest = &rest[at + mark.len()..];
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
