//! Observations of Langfuse, as its exports and its API write them.

use super::last_turn::{Head, LastTurn, Traced};
use super::parser::Draft;
use crate::json::{Items, Missing, Raw, Text, Time, fields, first_text, parse, push_payload};
use crate::record_error::Problem;
use crate::{Format, Role};

fields! {
    /// An observation, or a trace.
    Observation<'a> {
        id: Text<'a> = "id",
        trace_id: Text<'a> = "trace_id" | "traceId",
        session_id: Text<'a> = "session_id" | "sessionId",
        user: Text<'a> = "user_id" | "userId",
        kind: Text<'a> = "type",
        time: Time = "start_time" | "startTime" | "timestamp",
        input: Raw<'a> = "input",
        output: Raw<'a> = "output",
        model: Text<'a> = "provided_model_name" | "providedModelName" | "model" | "modelId",
        observations: Items<Observation<'a>> = "observations",
    }
}

impl Observation<'_> {
    fn has_content(&self) -> bool {
        [&self.input, &self.output].into_iter().any(|raw| {
            raw.get()
                .is_some_and(|raw| !matches!(raw, "\"\"" | "[]" | "{}"))
        })
    }
}

/// The kind of trace.
pub(super) struct Langfuse;

pub(super) fn parser() -> LastTurn<Langfuse> {
    LastTurn::new(Langfuse)
}

impl Traced for Langfuse {
    type Span<'a> = Observation<'a>;

    fn spans<'a>(&self, text: &'a str) -> Result<Vec<Observation<'a>>, Problem> {
        let mut record: Observation<'a> = parse(text)?;
        let traced = !record.trace_id.is_missing() || !record.id.is_missing();
        if !traced {
            return Err(Problem::Shape {
                format: Format::Langfuse,
                expected: "an observation with `trace_id`, `type`, `input` and `output`, or a trace with `id`, is missing",
            });
        }
        // The API hands out traces with their observations inside.
        let mut inner = std::mem::take(&mut record.observations).into_vec();
        for observation in &mut inner {
            for (own, above) in [
                (&mut observation.session_id, &record.session_id),
                (&mut observation.user, &record.user),
            ] {
                if own.is_missing() {
                    own.0.clone_from(&above.0);
                }
            }
            if observation.trace_id.is_missing() {
                observation.trace_id.0.clone_from(&record.id.0);
            }
        }
        inner.insert(0, record);
        Ok(inner)
    }

    fn head(&self, span: &Observation<'_>) -> Option<Head> {
        let rank = match (span.kind.get(), span.has_content()) {
            (Some("GENERATION"), true) => 3,
            // A trace, which has no type.
            (None, true) => 2,
            (Some("GENERATION"), false) => 1,
            _ => return None,
        };
        let trace = match span.kind.get() {
            Some(_) => first_text(&[&span.trace_id]),
            None => first_text(&[&span.trace_id, &span.id]),
        };
        Some(Head {
            key: first_text(&[&span.session_id]).or(trace)?,
            rank,
            time: span.time.0,
        })
    }

    fn draft(&self, span: Observation<'_>) -> Result<Draft, Problem> {
        if !span.has_content() {
            return Err(Problem::NoContent);
        }
        let mut draft = Draft {
            user_id: span.user.to_owned_text(),
            model: span.model.to_owned_text(),
            ..Draft::default()
        };
        if let Some(input) = span.input.get() {
            push_payload(input, Role::User, &mut draft.messages)?;
        }
        if let Some(output) = span.output.get() {
            push_payload(output, Role::Assistant, &mut draft.messages)?;
        }
        Ok(draft)
    }
}
