//! ShareGPT's `conversations` of `from` and `value`, and OpenChat's `items`.

use std::mem::take;

use super::chat::{Chat, first_list, push_required};
use super::parser::{Output, Settings};
use crate::Format;
use crate::json::parse as parse_json;
use crate::record_error::{Place, Problem};

pub(super) fn parse(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut chat: Chat<'_> = parse_json(text)?;
    let mut draft = chat.draft();
    let list = first_list([take(&mut chat.conversations), take(&mut chat.items)]);
    push_required(
        list,
        &mut draft,
        Format::ShareGpt,
        "a list `conversations` or `items` is missing",
    )?;
    out.push(place, Ok(draft));
    Ok(())
}
