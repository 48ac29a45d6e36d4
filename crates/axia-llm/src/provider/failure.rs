//! Replies that are no answer, typed by what to do about them.

use serde::Deserialize;
use serde_json::Value;

use super::headers;
use super::http::{Client, Reply};
use crate::Error;

/// How the setters of a provider are called, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// The service, for people.
    pub(crate) service: &'static str,
    /// Where the key is set.
    pub(crate) key: &'static str,
}

/// The body of a reply that reports an error, of both makers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<Detail>,
}

/// What went wrong, as far as the service says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    #[serde(rename = "type")]
    kind: Value,
    code: Value,
    param: Value,
    message: Value,
    details: Value,
}

impl Detail {
    pub(crate) fn of(reply: &Reply) -> Self {
        serde_json::from_slice::<Body>(&reply.body)
            .ok()
            .and_then(|body| body.error)
            .unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.message.as_str().unwrap_or_default()
    }

    pub(crate) fn param(&self) -> &str {
        self.param.as_str().unwrap_or_default()
    }

    pub(crate) fn code(&self) -> &str {
        self.code.as_str().unwrap_or_default()
    }

    fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }

    /// Every code that the service gives.
    fn codes(&self) -> impl Iterator<Item = &str> {
        let detail = self.details.get("error_code").and_then(Value::as_str);
        [self.kind(), self.code()].into_iter().chain(detail)
    }

    fn says(&self, words: &[&str]) -> bool {
        let message = self.message().to_lowercase();
        words.iter().any(|word| message.contains(word))
    }

    fn has_code(&self, parts: &[&str]) -> bool {
        self.codes()
            .any(|code| parts.iter().any(|part| code.contains(part)))
    }

    /// Codes as they may be shown: they are names, so anything else in their place is left out. The
    /// message may quote a conversation and is shown only if the user asked for it.
    fn shown(&self, messages: bool) -> String {
        let is_name = |code: &&str| {
            !code.is_empty()
                && code.len() <= 64
                && code
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b))
        };
        let mut names: Vec<&str> = self.codes().chain([self.param()]).filter(is_name).collect();
        names.dedup();
        let mut shown = names.join(", ");
        if messages && !self.message().is_empty() {
            shown = format!("{shown}: {}", self.message());
        }
        if shown.is_empty() {
            "no code".into()
        } else {
            shown
        }
    }
}

/// The error that a reply with a status other than 2xx stands for.
pub(crate) fn classify(reply: &Reply, client: &Client, settings: Settings, model: &str) -> Error {
    let detail = Detail::of(reply);
    let error = typed(reply, &detail, client, settings, model).with_status(reply.status);
    let error = match headers::request_id(&reply.headers) {
        Some(id) => error.with_request_id(id),
        None => error,
    };
    match headers::rate_limits(&reply.headers) {
        Some(limits) => error.with_rate_limits(limits),
        None => error,
    }
}

fn typed(
    reply: &Reply,
    detail: &Detail,
    client: &Client,
    Settings { service, key }: Settings,
    model: &str,
) -> Error {
    let base_url = client.base_url();
    let url_setting = client.params().base_url_setting;
    let shown = detail.shown(client.params().show_messages);
    let html = reply.is_html();
    if is_about_money(reply.status, detail) {
        return Error::fatal(format_args!(
            "{service}: the credit or the spend limit is used up ({shown}); raise it there and run \
             again, what was answered is kept"
        ));
    }
    match reply.status {
        300..400 => Error::fatal(format_args!(
            "{base_url} sends the call elsewhere, which is not followed because of the key; set \
             {url_setting} to the final address"
        )),
        407 => Error::fatal(
            "the proxy wants a login; put it into the environment variable HTTPS_PROXY",
        ),
        400..500 if html => Error::fatal(format_args!(
            "{base_url} answers with a web page instead of JSON; check {url_setting}, and whether a \
             proxy stands in between (HTTPS_PROXY)"
        )),
        401 => Error::fatal(format_args!(
            "{service} refuses the key ({shown}); check {key}"
        )),
        403 => Error::fatal(format_args!(
            "{service} does not permit this to the key ({shown}); check what {key} may do, and the \
             model `{model}`"
        )),
        404 => Error::fatal(format_args!(
            "{service} does not know the model `{model}`, or {base_url} is not its address ({shown}); \
             check the model given to Request::new, and {url_setting}"
        )),
        413 => Error::too_large(format_args!("{service} says that the request is too large")),
        400 | 422 if is_too_long(detail) => Error::too_large(format_args!(
            "the request is longer than the model `{model}` reads ({shown})"
        )),
        400 | 422 if is_about_schema(detail) => Error::fatal(format_args!(
            "{service} refuses the schema ({shown}); mend what is given to Request::with_schema: an \
             object at the root, every property required, `additionalProperties` false, no limits"
        )),
        400 | 422
            if detail.says(&["model"])
                && detail.has_code(&["model_not_found", "invalid_model"]) =>
        {
            Error::fatal(format_args!(
                "{service} does not know the model `{model}` ({shown}); check the model given to \
                 Request::new"
            ))
        }
        408 | 409 | 425 | 429 | 500..600 => {
            let reason = match reply.status {
                429 => format!("{service}: the rate limit is reached ({shown})"),
                503 | 529 => format!("{service} is overloaded ({shown})"),
                _ => format!("{service} failed ({shown})"),
            };
            match (
                headers::should_retry(&reply.headers),
                headers::wait(&reply.headers),
            ) {
                (Some(false), _) => {
                    Error::rejected(format_args!("{reason}; it says not to repeat"))
                }
                (_, Some(wait)) => Error::retry_after(reason, wait),
                (_, None) => Error::retryable(reason),
            }
        }
        _ if headers::should_retry(&reply.headers) == Some(true) => {
            let reason = format!("{service} failed ({shown})");
            match headers::wait(&reply.headers) {
                Some(wait) => Error::retry_after(reason, wait),
                None => Error::retryable(reason),
            }
        }
        _ => Error::rejected(format_args!("{service} refuses the request ({shown})")),
    }
}

/// Exhausted credit comes as 402, as 429 and as 400; only the code tells it from haste.
fn is_about_money(status: u16, detail: &Detail) -> bool {
    status == 402
        || (matches!(status, 400 | 403 | 429)
            && (detail.has_code(&["insufficient_quota", "billing", "credit", "spend"])
                || detail.says(&["credit balance", "spend limit", "spending limit"])))
}

fn is_too_long(detail: &Detail) -> bool {
    detail.has_code(&[
        "context_length",
        "context_size",
        "too_large",
        "string_above_max_length",
    ]) || detail.says(&[
        "prompt is too long",
        "context length",
        "context size",
        "context window",
    ])
}

/// Whether a schema itself is refused, and not merely the way in which it is sent.
pub(crate) fn is_about_schema(detail: &Detail) -> bool {
    detail.has_code(&["invalid_json_schema", "invalid_schema"])
        || detail.says(&[
            "invalid schema",
            "invalid json schema",
            "schema is not supported",
            "unsupported schema",
            "failed to parse grammar",
            "json schema is invalid",
        ])
        || (detail.param().contains("schema") && !detail.says(&["unknown", "unrecognized"]))
}

/// The error for a reply with status 200 in which no answer can be found.
pub(crate) fn unreadable(reply: &Reply, client: &Client, service: &str) -> Error {
    let base_url = client.base_url();
    let url_setting = client.params().base_url_setting;
    if reply.is_html() {
        return Error::fatal(format_args!(
            "{base_url} answers with a web page instead of JSON; check {url_setting}, and whether a \
             proxy stands in between (HTTPS_PROXY)"
        ))
        .with_status(reply.status);
    }
    Error::retryable(format_args!(
        "the reply of {base_url} cannot be read as an answer of {service}; if this happens always, \
         check {url_setting}"
    ))
    .with_status(reply.status)
}
