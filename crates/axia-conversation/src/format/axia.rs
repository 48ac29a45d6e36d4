//! Axia's own JSON Lines: one [`Conversation`](crate::Conversation) a line, read back as it was.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::parser::{Draft, Output, Settings};
use crate::json::{
    Items, Key, Lenient, Missing, Text, Time, fields, lenient_deserialize, parse as parse_json,
};
use crate::record_error::{Place, Problem};
use crate::{Format, Message, Metadata, Role};

fields! {
    /// A line.
    Line<'a> {
        id: Text<'a> = "id",
        user_id: Word = "user_id",
        model: Word = "model",
        language: Word = "language",
        started_at: Time = "started_at",
        messages: Items<Said<'a>> = "messages",
        metadata: Facts = "metadata",
    }
}

fields! {
    /// A message.
    Said<'a> {
        role: Text<'a> = "role",
        text: Text<'a> = "text",
        time: Time = "time",
    }
}

/// A text that is kept even where it is blank.
#[derive(Default)]
pub(crate) struct Word(Option<String>);

impl<'de> Lenient<'de> for Word {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self(Some(text.into_owned()))
    }

    fn of_number(number: serde_json::Number) -> Self {
        Self(Some(number.to_string()))
    }
}

impl Missing for Word {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

lenient_deserialize!(Word);

/// Metadata of any shape.
#[derive(Default)]
pub(crate) struct Facts(Metadata);

impl<'de> Lenient<'de> for Facts {
    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut facts = Metadata::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            facts.insert(key.into_inner().into_owned(), map.next_value()?);
        }
        Ok(Self(facts))
    }
}

impl Missing for Facts {
    fn is_missing(&self) -> bool {
        self.0.is_empty()
    }
}

lenient_deserialize!(Facts);

pub(super) fn parse(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let line: Line<'_> = parse_json(text)?;
    let Some(said) = line.messages.0 else {
        return Err(Problem::Shape {
            format: Format::Axia,
            expected: "a list `messages` is missing",
        });
    };
    let mut messages = Vec::with_capacity(said.len());
    for (index, said) in said.into_iter().enumerate() {
        let role = said.role.get();
        messages.push(Message {
            role: role.and_then(Role::parse).ok_or(Problem::Role {
                message: index + 1,
                missing: role.is_none(),
            })?,
            text: said.text.0.unwrap_or_default().into_owned(),
            time: said.time.0,
        });
    }
    out.push(
        place,
        Ok(Draft {
            id: line.id.to_owned_text(),
            user_id: line.user_id.0,
            model: line.model.0,
            language: line.language.0,
            started_at: line.started_at.0,
            messages,
            metadata: line.metadata.0,
        }),
    );
    Ok(())
}
