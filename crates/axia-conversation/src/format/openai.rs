//! Lists named `messages`: the chat APIs of OpenAI, Anthropic and others, and Vercel's UI messages.

use std::mem::take;

use super::chat::{Chat, first_list, push_required};
use super::parser::{Draft, Output, Settings};
use crate::Format;
use crate::json::{MessageList, parse};
use crate::record_error::{Place, Problem};

pub(super) fn parse_openai(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    parse_messages(text, place, Format::OpenAi, out)
}

pub(super) fn parse_anthropic(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    parse_messages(text, place, Format::Anthropic, out)
}

pub(super) fn parse_ui_messages(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    parse_messages(text, place, Format::UiMessages, out)
}

/// The APIs differ in the parts of a message, which are all understood in each.
fn parse_messages(
    text: &str,
    place: Place,
    format: Format,
    out: &mut Output,
) -> Result<(), Problem> {
    const EXPECTED: &str = "a list `messages` of objects with `role` and `content` is missing";

    // A bare list of messages.
    if text.trim_start().starts_with('[') {
        let list: MessageList<'_> = parse(text)?;
        let mut draft = Draft::default();
        push_required(list, &mut draft, format, EXPECTED)?;
        out.push(place, Ok(draft));
        return Ok(());
    }
    let mut chat: Chat<'_> = parse(text)?;
    let mut draft = chat.draft();
    let mut list = first_list([
        take(&mut chat.messages),
        take(&mut chat.conversation),
        take(&mut chat.input),
    ]);
    // Logs keep the request under a key of its own.
    if let (MessageList::Missing, Some(mut request)) = (&list, chat.request.0.take()) {
        let inner = request.draft();
        draft.model = draft.model.or(inner.model);
        draft.user_id = draft.user_id.or(inner.user_id);
        draft.messages.extend(inner.messages);
        list = first_list([take(&mut request.messages), take(&mut request.input)]);
    }
    push_required(list, &mut draft, format, EXPECTED)?;
    chat.push_answer(&mut draft)?;
    out.push(place, Ok(draft));
    Ok(())
}
