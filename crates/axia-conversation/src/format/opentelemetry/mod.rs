//! Spans of OpenTelemetry with the conventions for generative AI, old and new, or of OpenInference.

mod attributes;
mod messages;

use serde_json::Value;

use super::last_turn::{Head, LastTurn, Traced};
use super::parser::Draft;
use crate::json::{Time, parse};
use crate::record_error::Problem;
use crate::{Format, Timestamp};
use attributes::Attributes;

/// One span.
pub(super) struct Span {
    trace_id: Option<String>,
    time: Option<Timestamp>,
    attributes: Attributes,
    events: Vec<Event>,
}

/// An event of a span: older conventions keep the messages here.
struct Event {
    name: String,
    attributes: Attributes,
}

/// What a span does, as far as conversations are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Chat,
    /// An agent at work: it repeats what its calls of models say.
    Agent,
    Other,
}

/// The kind of trace.
pub(super) struct OpenTelemetry;

pub(super) fn parser() -> LastTurn<OpenTelemetry> {
    LastTurn::new(OpenTelemetry)
}

impl Span {
    fn read(mut value: Value) -> Option<Self> {
        let record = value.as_object_mut()?;
        let mut attributes = Attributes::read(record.remove("attributes").unwrap_or_default());
        // Tables of spans have a column for each attribute.
        let columns: Vec<String> = record
            .keys()
            .filter(|key| key.starts_with("attributes."))
            .cloned()
            .collect();
        for column in columns {
            if let (Some(name), Some(value)) =
                (column.strip_prefix("attributes."), record.remove(&column))
            {
                attributes.insert(name, value);
            }
        }
        let text = |name: &str| record.get(name)?.as_str().map(str::to_owned);
        let nested = |name: &str| {
            let id = record.get("context")?.get(name)?.as_str()?;
            // The console exporter of Python writes hexadecimal numbers.
            Some(id.strip_prefix("0x").unwrap_or(id).to_owned())
        };
        let trace_id = text("traceId")
            .or_else(|| text("trace_id"))
            .or_else(|| text("context.trace_id"))
            .or_else(|| nested("trace_id"));
        let time = [
            "startTimeUnixNano",
            "start_time_unix_nano",
            "start_time",
            "startTime",
        ]
        .iter()
        .find_map(|name| time(record.get(*name)?));
        let events = match record.remove("events") {
            Some(Value::Array(events)) => events.into_iter().filter_map(Event::read).collect(),
            _ => Vec::new(),
        };
        Some(Self {
            trace_id,
            time,
            attributes,
            events,
        })
    }

    /// An attribute of the span or of one of its events, the first that is there.
    fn attribute(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| {
            let of_events = || self.events.iter().find_map(|e| e.attributes.get(name));
            self.attributes.get(name).or_else(of_events)
        })
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        let text = self.attribute(names)?.as_str()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    fn operation(&self) -> Operation {
        let kind = self.text(&["openinference.span.kind", "span_kind"]);
        let name = self.text(&["gen_ai.operation.name", "llm.request.type"]);
        match (name.as_deref(), kind.as_deref()) {
            (Some("chat" | "generate_content" | "text_completion" | "completion"), _)
            | (None, Some("LLM" | "llm")) => Operation::Chat,
            (Some("invoke_agent" | "create_agent"), _) => Operation::Agent,
            (None, Some("AGENT")) => Operation::Agent,
            (Some(_), _) | (None, Some(_)) => Operation::Other,
            (None, None) if self.has_content() => Operation::Chat,
            // The conventions before `gen_ai.operation.name`.
            (None, None)
                if self
                    .attribute(&["gen_ai.system", "gen_ai.request.model"])
                    .is_some() =>
            {
                Operation::Chat
            }
            (None, None) => Operation::Other,
        }
    }
}

impl Event {
    fn read(mut value: Value) -> Option<Self> {
        let record = value.as_object_mut()?;
        let name = record.get("name")?.as_str()?.to_owned();
        let attributes = Attributes::read(record.remove("attributes").unwrap_or_default());
        Some(Self { name, attributes })
    }
}

/// Nanoseconds as a string or number, or a date.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => match text.trim().parse::<i128>() {
            Ok(nanos) => Timestamp::from_unix_nanos(nanos),
            Err(_) => Time::parse(text).0,
        },
        Value::Number(number) => match number.as_i64() {
            Some(nanos) => Timestamp::from_unix_nanos(nanos.into()),
            None => number.as_f64().and_then(Timestamp::from_unix_seconds),
        },
        _ => None,
    }
}

/// Collects the spans of a batch, a resource, a scope, or a span that stands alone.
fn collect(value: Value, spans: &mut Vec<Span>) -> bool {
    const CONTAINERS: [&str; 8] = [
        "resourceSpans",
        "resource_spans",
        "scopeSpans",
        "scope_spans",
        "instrumentationLibrarySpans",
        "instrumentation_library_spans",
        "spans",
        "data",
    ];
    let Value::Object(mut record) = value else {
        return false;
    };
    let mut found = false;
    for name in CONTAINERS {
        if let Some(Value::Array(inner)) = record.remove(name) {
            found = true;
            for value in inner {
                collect(value, spans);
            }
        }
    }
    if found {
        return true;
    }
    let is_span = [
        "traceId",
        "trace_id",
        "context.trace_id",
        "context",
        "attributes",
    ]
    .iter()
    .any(|name| record.contains_key(*name));
    if is_span {
        spans.extend(Span::read(Value::Object(record)));
    }
    is_span
}

impl Traced for OpenTelemetry {
    type Span<'a> = Span;

    fn spans(&self, text: &str) -> Result<Vec<Span>, Problem> {
        let mut spans = Vec::new();
        if collect(parse(text)?, &mut spans) {
            Ok(spans)
        } else {
            Err(Problem::Shape {
                format: Format::OpenTelemetry,
                expected: "neither `resourceSpans`, `scopeSpans` nor a span with `traceId` is there",
            })
        }
    }

    fn head(&self, span: &Span) -> Option<Head> {
        let rank = match (span.operation(), span.has_content()) {
            (Operation::Chat, true) => 4,
            (Operation::Agent, true) => 3,
            (Operation::Chat, false) => 2,
            (Operation::Agent, false) => 1,
            (Operation::Other, _) => return None,
        };
        Some(Head {
            key: span
                .text(&["gen_ai.conversation.id", "session.id"])
                .or_else(|| span.trace_id.clone())?,
            rank,
            time: span.time,
        })
    }

    fn draft(&self, span: Span) -> Result<Draft, Problem> {
        if !span.has_content() {
            return Err(Problem::NoContent);
        }
        Ok(Draft {
            user_id: span.text(&["user.id", "enduser.id", "gen_ai.user.id"]),
            model: span.text(&[
                "gen_ai.response.model",
                "gen_ai.request.model",
                "llm.model_name",
            ]),
            messages: span.messages()?,
            ..Draft::default()
        })
    }
}
