//! Reads JSON as it is found: borrowed where possible, and forgiving about the kinds of values.

mod content;
mod lenient;
mod message;
mod payload;
mod repair;

pub(crate) use content::{Node, Part, Pieces};
pub(crate) use lenient::{
    Entries, Fact, Flag, Items, Key, Lenient, LenientVisitor, Maybe, Missing, Number, Raw, Text,
    Time, fields, first_text, lenient_deserialize,
};
pub(crate) use message::{ChatMessage, MessageList, push_messages};
pub(crate) use payload::push_payload;
pub(crate) use repair::repair;

use serde::Deserialize;

use crate::record_error::Problem;

/// Parses a whole text.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::from_json(&error))
}
