//! Services that answer requests over HTTP.

#[cfg(feature = "anthropic")]
pub(crate) mod anthropic;
#[cfg(feature = "openai")]
pub(crate) mod embeddings;
pub(crate) mod failure;
pub(crate) mod headers;
pub(crate) mod http;
#[cfg(feature = "openai")]
pub(crate) mod openai;
pub(crate) mod secret;

use crate::{Answer, ChatRole, Error, Outcome, Request, read_json};

/// The outcome of a whole text: as it is, or read as JSON if the request has a schema.
fn outcome_of_text(request: &Request, text: String) -> Outcome {
    if request.schema().is_none() {
        return Outcome::Completed { text, json: None };
    }
    match read_json(&text) {
        Ok(json) => Outcome::Completed {
            text,
            json: Some(json),
        },
        Err(reason) => Outcome::malformed(reason, text),
    }
}

/// Many models reject a last message of their own, so none is sent.
fn refuse_prefill(request: &Request) -> Result<(), Error> {
    match request.messages().last() {
        None => Err(Error::rejected("the request has no message")),
        Some(message) if message.role == ChatRole::Assistant => Err(Error::rejected(
            "the request ends with the assistant's words, which many models refuse; end it with a \
             user's message",
        )),
        Some(_) => Ok(()),
    }
}

/// Puts into an answer what came with the reply.
fn complete_answer(mut answer: Answer, reply: &http::Reply) -> Answer {
    if answer.request_id.is_none() {
        answer.request_id = headers::request_id(&reply.headers);
    }
    answer.rate_limits = headers::rate_limits(&reply.headers);
    answer
}

/// A stream of results that broke off.
#[cfg(feature = "cache")]
fn lost_line(error: std::io::Error) -> Error {
    Error::retryable("the results of a batch broke off").with_source(error)
}

/// Reads what an error's reply says, of a body that was to be streamed.
#[cfg(feature = "cache")]
fn read_rest(reply: &mut http::Reply, body: impl std::io::Read) {
    use std::io::Read;
    // If it cannot be read, the status must do.
    let _ = body.take(1 << 20).read_to_end(&mut reply.body);
}
