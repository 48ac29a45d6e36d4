//! One message, in the shape that most formats share.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::de::{IgnoredAny, SeqAccess};

use super::content::{Node, Part, Pieces};
use super::lenient::{Items, Lenient, Maybe, Missing, Text, Time, fields, lenient_deserialize};
use crate::record_error::Problem;
use crate::{Message, Role};

fields! {
    /// One message with the keys of all chat formats.
    ChatMessage<'a> {
        role: Text<'a> = "role" | "from" | "sender" | "speaker",
        kind: Text<'a> = "type",
        content: Node<'a> = "content",
        parts: Node<'a> = "parts",
        value: Node<'a> = "value",
        text: Node<'a> = "text",
        refusal: Text<'a> = "refusal",
        reasoning: Text<'a> = "reasoning_content" | "reasoning" | "thinking",
        name: Text<'a> = "name",
        output: Node<'a> = "output",
        tool_calls: Items<Part<'a>> = "tool_calls" | "toolInvocations",
        function_call: Maybe<Part<'a>> = "function_call",
        audio: Maybe<Part<'a>> = "audio",
        images: Items<IgnoredAny> = "images",
        attachments: Items<Part<'a>> = "attachments" | "experimental_attachments",
        files: Items<Part<'a>> = "files" | "files_v2",
        time: Time = "timestamp" | "created_at" | "createdAt" | "create_time" | "created" | "time" | "date",
        id: Text<'a> = "uuid" | "id" | "message_id",
        parent: Text<'a> = "parent_message_uuid" | "parent_id",
        user: Text<'a> = "hashed_ip",
    }
}

impl ChatMessage<'_> {
    /// The role; `message` is the number of the message, from 1.
    fn role(&self, message: usize) -> Result<Role, Problem> {
        let name = self.role.get().or_else(|| self.kind.get());
        name.and_then(Role::parse)
            .or_else(|| self.item_role())
            .ok_or(Problem::Role {
                message,
                missing: name.is_none(),
            })
    }

    /// The role of an item that has a type instead: calls, their results, and reasoning stand
    /// between the messages of OpenAI's Responses API.
    fn item_role(&self) -> Option<Role> {
        if !self.role.is_missing() {
            return None;
        }
        match self.kind.get()? {
            "function_call_output" | "custom_tool_call_output" => Some(Role::Tool),
            "reasoning" => Some(Role::Assistant),
            kind if kind.ends_with("_call") => Some(Role::Assistant),
            _ => None,
        }
    }

    /// Whether it has the keys of a message, rather than those of a part of one.
    pub(crate) fn is_message(&self) -> bool {
        !self.role.is_missing()
            || self.item_role().is_some()
            || self.kind.get().and_then(Role::parse).is_some()
    }

    /// The same message, said by `role` unless it names one.
    pub(crate) fn or_role(mut self, role: Role) -> Self {
        if !self.is_message() {
            self.role = Text(Some(role.as_str().into()));
        }
        self
    }

    fn push(self, role: Role, out: &mut Vec<Message>) {
        let mut pieces = Pieces::new(role, self.time.0, out);
        let item = match self.role.is_missing() {
            true => self.kind.get().unwrap_or_default(),
            false => "",
        };
        if item == "reasoning" || self.reasoning.get().is_some() {
            pieces.marker("thinking", None);
        } else if item.ends_with("_call") {
            let called = self.name.get().or_else(|| item.strip_suffix("_call"));
            pieces.marker("tool call", called);
        } else if item.ends_with("_output") {
            pieces.node(self.output);
        }
        let content = [self.content, self.parts, self.value, self.text];
        if let Some(content) = content.into_iter().find(|node| !node.is_blank()) {
            pieces.node(content);
        }
        if let Some(refusal) = self.refusal.0 {
            pieces.text(refusal);
        }
        if self.audio.0.is_some() {
            pieces.marker("audio", None);
        }
        for _ in self.images.iter() {
            pieces.marker("image", None);
        }
        for call in self
            .tool_calls
            .iter()
            .chain(self.function_call.0.as_deref())
        {
            pieces.call(call);
        }
        let mut listed = BTreeSet::new();
        for file in self.attachments.iter() {
            listed.extend(file.file_name.get());
            pieces.file(file.media.get());
        }
        for file in self.files.iter() {
            // Some exports list a file in both places.
            let name = file.file_name.get();
            if !name.is_some_and(|name| listed.contains(name)) {
                pieces.file(file.media.get());
            }
        }
        pieces.finish();
    }
}

/// Appends messages; empty ones too, so that they can be counted.
pub(crate) fn push_messages(
    messages: Vec<ChatMessage<'_>>,
    out: &mut Vec<Message>,
) -> Result<(), Problem> {
    out.reserve(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        let role = message.role(index + 1)?;
        message.push(role, out);
    }
    Ok(())
}

/// A list of messages, or the same as JSON in a string, as tables hold it.
#[derive(Default)]
pub(crate) enum MessageList<'a> {
    #[default]
    Missing,
    List(Vec<ChatMessage<'a>>),
    Json(Cow<'a, str>),
}

impl MessageList<'_> {
    /// Appends the messages; `None` if there is no list.
    pub(crate) fn push(self, out: &mut Vec<Message>) -> Option<Result<(), Problem>> {
        match self {
            Self::Missing => None,
            Self::List(list) => Some(push_messages(list, out)),
            Self::Json(text) => Some(
                super::parse::<Items<ChatMessage<'_>>>(&text)
                    .and_then(|list| push_messages(list.into_vec(), out)),
            ),
        }
    }

    /// The first message, unless the list is in a string.
    pub(crate) fn first(&self) -> Option<&ChatMessage<'_>> {
        match self {
            Self::List(list) => list.first(),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Lenient<'de> for MessageList<'a> {
    fn of_str(text: Cow<'de, str>) -> Self {
        if text.trim_start().starts_with('[') {
            Self::Json(text)
        } else {
            Self::Missing
        }
    }

    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Items::of_list(list).map(|items| Self::List(items.into_vec()))
    }
}

lenient_deserialize!(MessageList<'a>);

impl Missing for MessageList<'_> {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}
