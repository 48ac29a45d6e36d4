//! Which of the ways that servers know works here, found out by trial and remembered.

use std::sync::Mutex;

use super::super::failure::{self, Detail};
use super::super::http::Reply;
use crate::Request;
use crate::sync::lock;

/// How many failures without a word about the cause are taken for an unknown dialect. Fewer could be
/// the server's own trouble.
const SILENT_FAILURES: u32 = 3;

/// How a schema is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenAiSchema {
    /// The strongest of the three ways that works, found out by trial.
    #[default]
    Auto,
    /// `response_format` of the type `json_schema`, strict.
    JsonSchema,
    /// `response_format` of the type `json_object` with the schema beside it.
    JsonObject,
    /// Not as a field: it is put into the last message, and the answer is read tolerantly.
    InPrompt,
}

/// The way in which one request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) schema: OpenAiSchema,
    /// Whether the limit is called `max_completion_tokens` rather than `max_tokens`.
    pub(super) new_limit: bool,
}

pub(super) enum Next {
    /// The reply counts.
    Done,
    /// The dialect is not known: try this one.
    Try(Dialect),
    /// No dialect is left.
    GiveUp,
}

#[derive(Debug)]
pub(super) struct Dialects {
    fixed: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    current: Dialect,
    settled: bool,
    silent_failures: u32,
}

impl Dialects {
    pub(super) fn new(schema: OpenAiSchema, official: bool) -> Self {
        let fixed = schema != OpenAiSchema::Auto;
        let first = if fixed {
            schema
        } else {
            OpenAiSchema::JsonSchema
        };
        Self {
            fixed,
            state: Mutex::new(State {
                current: Dialect {
                    schema: first,
                    new_limit: official,
                },
                settled: fixed,
                silent_failures: 0,
            }),
        }
    }

    /// The dialect to begin with.
    pub(super) fn first(&self) -> Dialect {
        lock(&self.state).current
    }

    pub(super) fn settled(&self) -> Option<OpenAiSchema> {
        let state = lock(&self.state);
        state.settled.then_some(state.current.schema)
    }

    /// What to do after a reply to a request in this dialect.
    pub(super) fn after(&self, used: Dialect, request: &Request, reply: &Reply) -> Next {
        let mut state = lock(&self.state);
        if reply.status == 200 {
            state.silent_failures = 0;
            state.current.new_limit = used.new_limit;
            if request.schema().is_some() && !state.settled {
                state.current.schema = used.schema;
                state.settled = true;
            }
            return Next::Done;
        }
        let detail = Detail::of(reply);
        if matches!(reply.status, 400 | 422) && limit_is_unknown(&detail, used.new_limit) {
            let other = Dialect {
                new_limit: !used.new_limit,
                ..used
            };
            return Next::Try(other);
        }
        if self.fixed || request.schema().is_none() || state.settled {
            return Next::Done;
        }
        if !schema_is_unknown(&detail, reply.status, &mut state.silent_failures) {
            return Next::Done;
        }
        match used.schema {
            OpenAiSchema::JsonSchema => Next::Try(Dialect {
                schema: OpenAiSchema::JsonObject,
                ..used
            }),
            OpenAiSchema::JsonObject => Next::Try(Dialect {
                schema: OpenAiSchema::InPrompt,
                ..used
            }),
            OpenAiSchema::InPrompt | OpenAiSchema::Auto => Next::GiveUp,
        }
    }
}

fn limit_is_unknown(detail: &Detail, new_limit: bool) -> bool {
    let name = if new_limit {
        "max_completion_tokens"
    } else {
        "max_tokens"
    };
    let unknown = [
        "unsupported",
        "not supported",
        "unknown",
        "unrecognized",
        "not permitted",
    ];
    let message = detail.message().to_lowercase();
    (detail.param() == name || message.contains(name))
        && (detail.code().starts_with("unsupported") || unknown.iter().any(|w| message.contains(w)))
}

/// Whether the reply may mean that the way in which the schema is sent is not known. Some servers
/// say so with a 500.
fn schema_is_unknown(detail: &Detail, status: u16, silent_failures: &mut u32) -> bool {
    let message = detail.message();
    let names_it = ["response_format", "json_schema", "json_object", "schema"]
        .iter()
        .any(|word| message.contains(word) || detail.param().contains(word))
        || message.contains("Input should be");
    match status {
        400 | 404 | 415 | 422 | 501 => names_it && !failure::is_about_schema(detail),
        500 if names_it => true,
        500 => {
            *silent_failures += 1;
            *silent_failures >= SILENT_FAILURES
        }
        _ => false,
    }
}
