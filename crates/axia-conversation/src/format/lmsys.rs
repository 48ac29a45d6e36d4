//! LMSYS-Chat-1M and WildChat: a list `conversation` beside the facts about it.

use std::mem::take;

use super::chat::{Chat, push_required};
use super::parser::{Output, Settings};
use crate::Format;
use crate::json::parse;
use crate::record_error::{Place, Problem};

pub(super) fn parse_wildchat(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    parse_conversation(text, place, Format::WildChat, out)
}

pub(super) fn parse_lmsys_chat(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    parse_conversation(text, place, Format::LmsysChat, out)
}

fn parse_conversation(
    text: &str,
    place: Place,
    format: Format,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut chat: Chat<'_> = parse(text)?;
    let mut draft = chat.draft();
    let list = take(&mut chat.conversation);
    // The user stands at the record or, in one edition, only at the messages.
    let first_user = list.first().and_then(|first| first.user.to_owned_text());
    draft.user_id = draft.user_id.or(first_user);
    push_required(list, &mut draft, format, "a list `conversation` is missing")?;
    out.push(place, Ok(draft));
    Ok(())
}
