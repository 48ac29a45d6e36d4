//! Tells the format of a record by its keys.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::kinds::Format;
use super::table::{KNOWN, normal};
use crate::columns::Slot;
use crate::json::Key;

/// The format of a record, if it has the shape of one; an error if it is not JSON.
pub(crate) fn detect(text: &str) -> Result<Option<Format>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let shape = ShapeSeed { levels: LEVELS }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(format_of(&shape))
}

/// Levels of objects and lists that are looked into.
const LEVELS: usize = 6;

/// Keys of an object beyond these tell nothing new.
const MOST_KEYS: usize = 256;

/// As much of a value as the formats differ in: the keys of objects, the first element of lists.
#[derive(Debug)]
enum Shape {
    Text(&'static str),
    List(Option<Box<Shape>>),
    Object(Vec<(String, Shape)>),
    Other,
}

impl Shape {
    fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    fn first(&self) -> Option<&Self> {
        match self {
            Self::List(first) => first.as_deref(),
            _ => None,
        }
    }

    /// The first element of a list under a key.
    fn first_of(&self, key: &str) -> Option<&Self> {
        self.get(key)?.first()
    }

    fn has_list(&self, key: &str) -> bool {
        self.get(key).is_some_and(Self::is_list)
    }

    /// Whether a column of one of these meanings is there.
    fn has_column(&self, slot: Slot) -> bool {
        let Self::Object(entries) = self else {
            return false;
        };
        KNOWN.iter().filter(|(s, _)| *s == slot).any(|(_, names)| {
            entries
                .iter()
                .any(|(key, _)| names.contains(&normal(key).as_str()))
        })
    }
}

fn format_of(record: &Shape) -> Option<Format> {
    if let Some(first) = record.first() {
        return is_message(first).then(|| of_messages(record, first));
    }
    if !record.is_object() {
        return None;
    }
    let spans = [
        "resourceSpans",
        "resource_spans",
        "scopeSpans",
        "scope_spans",
    ];
    if record.has_any(&spans)
        || record.has_all(&["traceId", "spanId"])
        || record.has_all(&["trace_id", "span_id"])
        || record.has_all(&["context.trace_id", "context.span_id"])
        || record
            .get("context")
            .is_some_and(|c| c.has_all(&["trace_id", "span_id"]))
    {
        return Some(Format::OpenTelemetry);
    }
    let observation = record.has_any(&["trace_id", "traceId"])
        && record.has_any(&["type", "session_id", "sessionId", "start_time", "startTime"]);
    let trace = record.has_all(&["id", "timestamp", "name"])
        && record.has_any(&["session_id", "sessionId", "observations"]);
    if (observation || trace) && record.has_any(&["input", "output"]) {
        return Some(Format::Langfuse);
    }
    if record.get("mapping").is_some_and(Shape::is_object) {
        return Some(Format::ChatGpt);
    }
    if record.has_list("chat_messages") {
        return Some(Format::Claude);
    }
    if record.has_list("transcripts") || record.get("transcripts").is_some_and(Shape::is_object) {
        return Some(Format::Docent);
    }
    let answers = record.first_of("choices").is_some_and(|c| c.has("turns"));
    let logged = record.get("state").or_else(|| record.first_of("states"));
    if record.has_any(&["conversation_a", "conversation_b"])
        || answers
        || logged.is_some_and(|state| state.has("messages"))
    {
        return Some(Format::Arena);
    }
    if record.has_list("conversations") || record.first_of("items").is_some_and(is_message) {
        return Some(Format::ShareGpt);
    }
    if record.has("chosen") {
        return Some(Format::HhRlhf);
    }
    if record.has("message_tree_id") {
        return Some(Format::OpenAssistant);
    }
    if record.has_list("conversation") {
        return Some(of_conversation(record));
    }
    if let Some(messages) = record.get("messages") {
        if let Some(first) = messages.first() {
            return Some(of_messages(record, first));
        }
        if matches!(messages, Shape::List(_) | Shape::Text("[")) {
            return Some(Format::OpenAi);
        }
    }
    let request = record.get("request").or_else(|| record.get("body"));
    if request.is_some_and(|request| request.has_any(&["messages", "input"]))
        || record.first_of("input").is_some_and(is_message)
    {
        return Some(Format::OpenAi);
    }
    let long = [Slot::Id, Slot::Role, Slot::Text];
    let wide = [Slot::Prompt, Slot::Response];
    if long.iter().all(|&slot| record.has_column(slot))
        || wide.iter().all(|&slot| record.has_column(slot))
    {
        return Some(Format::Table);
    }
    None
}

fn is_message(value: &Shape) -> bool {
    value.has_any(&["role", "from", "sender"])
        && value.has_any(&["content", "value", "text", "parts", "tool_calls"])
}

/// `conversation`: of WildChat, of LMSYS-Chat-1M, or another name for `messages`.
fn of_conversation(record: &Shape) -> Format {
    let first = record.first_of("conversation");
    let of_wildchat = ["toxic", "hashed_ip", "turn_identifier"];
    let marked = first.is_some_and(|m| m.has_any(&of_wildchat));
    if record.has_any(&["conversation_hash", "detoxify_moderation", "hashed_ip"]) || marked {
        Format::WildChat
    } else if record.has("openai_moderation") || record.has_all(&["conversation_id", "turn"]) {
        Format::LmsysChat
    } else {
        Format::OpenAi
    }
}

/// A list of messages with this first one.
fn of_messages(record: &Shape, first: &Shape) -> Format {
    if first.has("author") || first.get("content").is_some_and(|c| c.has("parts")) {
        return Format::ChatGpt;
    }
    if first.has("parts") {
        return Format::UiMessages;
    }
    if first.has_all(&["role", "text"]) && !first.has("content") {
        return Format::Axia;
    }
    // Blocks alone prove nothing: OpenAI's parts look alike.
    let block = first.first_of("content").and_then(|part| part.get("type"));
    let own_block = matches!(block, Some(Shape::Text("anthropic")));
    if record.has("system") || record.has("anthropic_version") || own_block {
        Format::Anthropic
    } else {
        Format::OpenAi
    }
}

struct ShapeSeed {
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for ShapeSeed {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        if self.levels == 0 {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Shape::Other);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ShapeSeed {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(match text {
            "tool_use" | "tool_result" | "thinking" | "redacted_thinking" => "anthropic",
            text if text.trim_start().starts_with('[') => "[",
            _ => "",
        }))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let levels = self.levels - 1;
        let first = list.next_element_seed(Self { levels })?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::List(first.map(Box::new)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let levels = self.levels - 1;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            if entries.len() < MOST_KEYS {
                let value = map.next_value_seed(Self { levels })?;
                entries.push((key.as_str().to_owned(), value));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Shape::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_keys() {
        let cases = [
            (
                r#"{"messages": [{"role": "user", "text": "a"}]}"#,
                Some(Format::Axia),
            ),
            (
                r#"{"messages": [{"role": "user", "content": "a"}]}"#,
                Some(Format::OpenAi),
            ),
            (
                r#"[{"role": "user", "content": "a"}]"#,
                Some(Format::OpenAi),
            ),
            (
                r#"{"messages": "[{\"role\": \"user\"}]"}"#,
                Some(Format::OpenAi),
            ),
            (
                r#"{"request": {"messages": []}, "response": {}}"#,
                Some(Format::OpenAi),
            ),
            (
                r#"{"system": "b", "messages": [{"role": "user", "content": "a"}]}"#,
                Some(Format::Anthropic),
            ),
            (
                r#"{"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}"#,
                Some(Format::Anthropic),
            ),
            (
                r#"{"messages": [{"role": "user", "parts": []}]}"#,
                Some(Format::UiMessages),
            ),
            (
                r#"{"messages": [{"author": {"role": "user"}}]}"#,
                Some(Format::ChatGpt),
            ),
            (r#"{"title": "x", "mapping": {}}"#, Some(Format::ChatGpt)),
            (
                r#"{"uuid": "x", "chat_messages": []}"#,
                Some(Format::Claude),
            ),
            (
                r#"{"conversations": [{"from": "human", "value": "a"}]}"#,
                Some(Format::ShareGpt),
            ),
            (
                r#"{"items": [{"role": "user", "content": "a"}]}"#,
                Some(Format::ShareGpt),
            ),
            (
                r#"{"conversation_hash": "x", "conversation": []}"#,
                Some(Format::WildChat),
            ),
            (
                r#"{"conversation_id": "x", "turn": 1, "conversation": []}"#,
                Some(Format::LmsysChat),
            ),
            (
                r#"{"conversation": [{"role": "user", "content": "a"}]}"#,
                Some(Format::OpenAi),
            ),
            (
                r#"{"message_tree_id": "x", "prompt": {}}"#,
                Some(Format::OpenAssistant),
            ),
            (r#"{"chosen": "x", "rejected": "y"}"#, Some(Format::HhRlhf)),
            (
                r#"{"conversation_a": [], "conversation_b": []}"#,
                Some(Format::Arena),
            ),
            (r#"{"choices": [{"turns": []}]}"#, Some(Format::Arena)),
            (
                r#"{"trace_id": "x", "type": "GENERATION", "input": 1}"#,
                Some(Format::Langfuse),
            ),
            (
                r#"{"traceId": "x", "spanId": "y"}"#,
                Some(Format::OpenTelemetry),
            ),
            (r#"{"transcripts": []}"#, Some(Format::Docent)),
            (
                r#"{"Conversation ID": 1, "Sender": "a", "Body": "b"}"#,
                Some(Format::Table),
            ),
            (r#"{"question": "a", "answer": "b"}"#, Some(Format::Table)),
            (r#"{"a": 1}"#, None),
            ("[]", None),
            ("1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(detect(text).unwrap(), expected, "{text}");
        }
        assert!(detect("{").is_err());
    }
}
