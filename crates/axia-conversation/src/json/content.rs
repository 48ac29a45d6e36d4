//! What a message says, in the many ways of writing it, as text with markers.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};
use serde_json::Number as JsonNumber;

use super::lenient::{Lenient, Maybe, Missing, Text, fields, lenient_deserialize};
use crate::{Message, Role, Timestamp};

/// The content of a message: a text, a part with a type, or a list of these.
#[derive(Default)]
pub(crate) enum Node<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Part(Box<Part<'a>>),
}

impl Node<'_> {
    /// Whether there is anything in it that a reader would see.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(nodes) => nodes.iter().all(Self::is_blank),
            Self::Part(_) => false,
        }
    }
}

impl<'de: 'a, 'a> Lenient<'de> for Node<'a> {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }

    fn of_bool(value: bool) -> Self {
        Self::Text(if value { "true" } else { "false" }.into())
    }

    fn of_number(number: JsonNumber) -> Self {
        Self::Text(number.to_string().into())
    }

    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Self::List(nodes))
    }

    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Ok(Self::Part(Box::new(Part::of_map(map)?)))
    }
}

impl Missing for Node<'_> {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

lenient_deserialize!(Node<'a>);

fields! {
    /// One part of a content: what its type says it is.
    Part<'a> {
        kind: Text<'a> = "type" | "content_type",
        text: Node<'a> = "text",
        content: Node<'a> = "content",
        value: Node<'a> = "value",
        result: Node<'a> = "result" | "response" | "output",
        refusal: Node<'a> = "refusal",
        name: Text<'a> = "name",
        tool_name: Text<'a> = "toolName" | "tool_name",
        function: Node<'a> = "function" | "tool_call" | "functionCall",
        function_response: Maybe<Part<'a>> = "functionResponse",
        file_name: Text<'a> = "file_name" | "filename",
        media: Text<'a> = "mime_type" | "mimeType" | "media_type" | "mediaType" | "file_type" | "contentType",
        modality: Text<'a> = "modality",
        source: Maybe<Part<'a>> = "source" | "inlineData" | "inline_data" | "fileData" | "file_data",
    }
}

impl Part<'_> {
    /// The name of the tool that is called, wherever it stands.
    fn called(&self) -> Option<&str> {
        self.tool_name
            .get()
            .or_else(|| self.name.get())
            .or_else(|| match &self.function {
                Node::Text(name) => Some(name.as_ref()),
                Node::Part(inner) => inner.called(),
                _ => None,
            })
    }

    /// The media type, own or of the source.
    fn media_type(&self) -> Option<&str> {
        self.media
            .get()
            .or_else(|| self.source.0.as_deref()?.media.get())
            .or_else(|| self.modality.get())
    }
}

/// Collects the text of one message; results of tools become messages of their own.
pub(crate) struct Pieces<'out> {
    role: Role,
    time: Option<Timestamp>,
    text: String,
    out: &'out mut Vec<Message>,
    /// Messages that were there before.
    before: usize,
}

impl<'out> Pieces<'out> {
    pub(crate) fn new(role: Role, time: Option<Timestamp>, out: &'out mut Vec<Message>) -> Self {
        Self {
            role,
            time,
            text: String::new(),
            before: out.len(),
            out,
        }
    }

    /// Appends a text, on a line of its own; a blank one is none.
    pub(crate) fn text(&mut self, text: Cow<'_, str>) {
        if text.trim().is_empty() {
            return;
        }
        if self.text.is_empty() {
            self.text = text.into_owned();
        } else {
            self.text.push('\n');
            self.text.push_str(&text);
        }
    }

    /// Appends `[kind]` or `[kind: label]`.
    pub(crate) fn marker(&mut self, kind: &str, label: Option<&str>) {
        let marker = match label.filter(|label| is_label(label)) {
            Some(label) => format!("[{kind}: {label}]"),
            None => format!("[{kind}]"),
        };
        self.text(marker.into());
    }

    /// Appends a marker for a file by its media type, which alone is shown.
    pub(crate) fn file(&mut self, media: Option<&str>) {
        let family = media.and_then(|m| m.split('/').next()).unwrap_or_default();
        match family {
            "image" | "audio" | "video" => self.marker(family, None),
            _ => self.marker("attachment", media),
        }
    }

    /// Appends a content.
    pub(crate) fn node(&mut self, node: Node<'_>) {
        match node {
            Node::Missing => {}
            Node::Text(text) => self.text(text),
            Node::List(nodes) => {
                for node in nodes {
                    self.node(node);
                }
            }
            Node::Part(part) => self.part(*part),
        }
    }

    /// Appends a call of a tool.
    pub(crate) fn call(&mut self, part: &Part<'_>) {
        self.marker("tool call", part.called());
    }

    fn part(&mut self, part: Part<'_>) {
        let kind = part.kind.get().unwrap_or_default();
        match kind {
            "text" | "input_text" | "output_text" | "audio_transcription" => {
                self.node(part.text);
                self.node(part.content);
            }
            "refusal" => {
                self.node(part.refusal);
                self.node(part.text);
            }
            "thinking" | "redacted_thinking" | "reasoning" | "redacted_reasoning" | "thoughts"
            | "reasoning_recap" => self.marker("thinking", None),
            "image" | "image_url" | "input_image" | "image_asset_pointer" | "image_file" => {
                self.marker("image", None);
            }
            "audio"
            | "input_audio"
            | "audio_url"
            | "audio_asset_pointer"
            | "real_time_user_audio_video_asset_pointer" => self.marker("audio", None),
            "video" | "video_url" | "input_video" | "video_container_asset_pointer" => {
                self.marker("video", None);
            }
            "file" | "document" | "input_file" | "blob" | "uri" | "file_data" | "attachment"
            | "container_upload" => self.file(part.media_type()),
            "source-url" | "source-document" | "source" | "citation" | "web_search_result" => {
                self.marker("source", None)
            }
            "step-start" | "step-finish" | "token_budget" => {}
            "tool_use" | "server_tool_use" | "mcp_tool_use" | "tool_call" | "tool-call"
            | "function_call" | "function" | "custom_tool_call" => self.call(&part),
            "tool_call_response" | "tool-result" | "function_call_output" => self.result(part),
            _ if kind.ends_with("tool_result") => self.result(part),
            // A call and its result in one part: the name is in the type, or beside it.
            _ if kind == "dynamic-tool" || kind.starts_with("tool-") => {
                let name = part.called().or_else(|| kind.strip_prefix("tool-"));
                self.marker("tool call", name);
                if !part.result.is_missing() {
                    self.result(part);
                }
            }
            "" => self.untyped(part),
            _ if !part.text.is_blank() => self.node(part.text),
            _ => self.marker("other", None),
        }
    }

    /// Parts that say by their keys what they are.
    fn untyped(&mut self, part: Part<'_>) {
        if !part.text.is_missing() || !part.content.is_missing() || !part.value.is_missing() {
            self.node(part.text);
            self.node(part.content);
            self.node(part.value);
        } else if !part.function.is_missing() {
            self.call(&part);
        } else if let Some(response) = part.function_response.0 {
            self.result(*response);
        } else if part.source.0.is_some() || part.media.get().is_some() {
            self.file(part.media_type());
        } else {
            self.marker("other", None);
        }
    }

    /// The result of a tool: a message of the tool, wherever the format puts it.
    fn result(&mut self, part: Part<'_>) {
        let own = self.role == Role::Tool;
        if !own {
            self.flush();
        }
        let asked = std::mem::replace(&mut self.role, Role::Tool);
        let before = self.text.len();
        for node in [part.content, part.result, part.text] {
            // What a tool returns as an object is data, not text.
            match node {
                Node::Part(inner) if inner.kind.is_missing() && inner.text.is_blank() => {}
                node => self.node(node),
            }
        }
        if self.text.len() == before {
            self.marker("tool result", None);
        }
        if !own {
            self.flush();
        }
        self.role = asked;
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.out.push(Message {
                role: self.role,
                text: std::mem::take(&mut self.text),
                time: self.time,
            });
        }
    }

    /// Ends the message. One without any text stays as an empty message, to be counted.
    pub(crate) fn finish(mut self) {
        self.flush();
        if self.out.len() == self.before {
            self.out.push(Message {
                role: self.role,
                text: String::new(),
                time: self.time,
            });
        }
    }
}

/// Labels come from the data: only what looks like the name of a tool or a media type is shown.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 64
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./:+".contains(&b))
}
