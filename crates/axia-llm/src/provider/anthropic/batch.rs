//! Anthropic's Message Batches.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::{self, Body};
use super::{Anthropic, SETTINGS};
use crate::provider::failure;
use crate::provider::http::{Reply, Sent};
use crate::{
    Answer, BatchService, BatchState, Error, LanguageModel, LostBatch, NamedBatch, Request,
    RequestKey,
};

/// Clocks differ a little.
const CLOCK_SLACK: i64 = 300;

#[derive(Serialize)]
struct Submission<'a> {
    requests: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    custom_id: String,
    params: Body<'a>,
}

#[derive(Deserialize)]
struct Batch {
    id: String,
    processing_status: String,
    #[serde(default)]
    results_url: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    request_counts: Counts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    processing: usize,
    succeeded: usize,
    errored: usize,
    canceled: usize,
    expired: usize,
}

impl Counts {
    fn all(&self) -> usize {
        self.processing + self.succeeded + self.errored + self.canceled + self.expired
    }
}

impl Batch {
    fn created_since(&self, earliest: i64) -> bool {
        let created = self
            .created_at
            .as_ref()
            .and_then(|at| at.parse::<jiff::Timestamp>().ok());
        created.is_none_or(|at| at.as_second() >= earliest)
    }
}

#[derive(Deserialize)]
struct List {
    data: Vec<Batch>,
}

#[derive(Deserialize)]
struct ResultLine {
    custom_id: String,
    result: LineResult,
}

#[derive(Deserialize)]
struct LineResult {
    r#type: String,
    #[serde(default)]
    message: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Value>,
}

impl Anthropic {
    fn batch<T: serde::de::DeserializeOwned>(&self, reply: &Reply) -> Result<T, Error> {
        if !(200..300).contains(&reply.status) {
            return Err(failure::classify(
                reply,
                &self.client,
                SETTINGS,
                "of the batch",
            ));
        }
        serde_json::from_slice(&reply.body)
            .map_err(|_| failure::unreadable(reply, &self.client, SETTINGS.service))
    }
}

impl BatchService for Anthropic {
    fn fingerprint(&self) -> String {
        LanguageModel::fingerprint(self)
    }

    fn size(&self, request: &Request) -> usize {
        self.body(request, self.as_tool())
            .map_or(0, |body| body.len())
            + 100
    }

    fn submit(&self, batch: &NamedBatch<'_>) -> Result<String, Error> {
        let as_tool = self.as_tool();
        let mut requests = Vec::with_capacity(batch.requests.len());
        for (key, request) in batch.requests {
            self.check(request)?;
            requests.push(Line {
                custom_id: key.to_string(),
                params: Body::new(request, as_tool),
            });
        }
        let body = serde_json::to_vec(&Submission { requests })
            .map_err(|_| Error::rejected("the batch cannot be written as JSON"))?;
        let reply = self
            .client
            .post("/v1/messages/batches", Sent::json(&body), batch.name)?;
        Ok(self.batch::<Batch>(&reply)?.id)
    }

    fn find(&self, lost: &LostBatch) -> Result<Option<String>, Error> {
        let reply = self.client.get("/v1/messages/batches?limit=100")?;
        let list: List = self.batch(&reply)?;
        let earliest = i64::try_from(lost.created).unwrap_or(0) - CLOCK_SLACK;
        // The service keeps no name, so the number of requests and the time must do. A wrong guess
        // costs time and no money: results are matched by their keys, and what is missing is asked.
        let found = list.data.into_iter().find(|batch| {
            batch.request_counts.all() == lost.requests
                && batch.created_since(earliest)
                && !lost.known.contains(&batch.id)
        });
        Ok(found.map(|batch| batch.id))
    }

    fn poll(&self, id: &str) -> Result<BatchState, Error> {
        let reply = self.client.get(&format!("/v1/messages/batches/{id}"))?;
        let batch: Batch = self.batch(&reply)?;
        Ok(if batch.processing_status == "ended" {
            BatchState::Ended
        } else {
            BatchState::Running
        })
    }

    fn results(
        &self,
        id: &str,
        requests: &HashMap<RequestKey, Request>,
        each: &mut dyn FnMut(RequestKey, Result<Answer, Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let reply = self.client.get(&format!("/v1/messages/batches/{id}"))?;
        let batch: Batch = self.batch(&reply)?;
        let url = match &batch.results_url {
            // The key goes along, so only to the service itself.
            Some(url) if url.starts_with(&format!("{}/", self.client.base_url())) => url.clone(),
            Some(url) if !url.contains("://") => url.clone(),
            _ => format!("/v1/messages/batches/{id}/results"),
        };
        let (mut reply, body) = self.client.get_stream(&url)?;
        if !(200..300).contains(&reply.status) {
            crate::provider::read_rest(&mut reply, body);
            return Err(failure::classify(
                &reply,
                &self.client,
                SETTINGS,
                "of the batch",
            ));
        }
        for line in BufReader::new(body).lines() {
            let line = line.map_err(crate::provider::lost_line)?;
            if line.trim().is_empty() {
                continue;
            }
            let Ok(line) = serde_json::from_str::<ResultLine>(&line) else {
                // Its request counts as missing, and is asked again.
                continue;
            };
            let Ok(key) = line.custom_id.parse::<RequestKey>() else {
                continue;
            };
            let Some(request) = requests.get(&key) else {
                continue;
            };
            each(key, self.line(line.result, request))?;
        }
        Ok(())
    }
}

impl Anthropic {
    fn line(&self, line: LineResult, request: &Request) -> Result<Answer, Error> {
        match (line.r#type.as_str(), line.message, line.error) {
            ("succeeded", Some(message), _) => wire::answer(request, message.get().as_bytes())
                .ok_or_else(|| Error::retryable("the result cannot be read")),
            ("errored", _, Some(error)) => Err(self.line_error(&error, request)),
            ("expired", ..) => Err(Error::retryable("the batch's time was over")),
            ("canceled", ..) => Err(Error::retryable("the batch was cancelled")),
            _ => Err(Error::retryable(
                "the service gives no answer to this line of the batch",
            )),
        }
    }

    /// The error of one line, as the same error of a single call. The service wraps it once more.
    fn line_error(&self, error: &Value, request: &Request) -> Error {
        let inner = error.get("error").unwrap_or(error);
        let status = match inner.get("type").and_then(Value::as_str) {
            Some("invalid_request_error") => 400,
            Some("authentication_error") => 401,
            Some("billing_error") => 402,
            Some("permission_error") => 403,
            Some("not_found_error") => 404,
            Some("request_too_large") => 413,
            Some("rate_limit_error") => 429,
            Some("overloaded_error") => 529,
            _ => 500,
        };
        let reply = Reply {
            status,
            headers: ureq::http::HeaderMap::new(),
            body: serde_json::json!({ "error": inner })
                .to_string()
                .into_bytes(),
        };
        failure::classify(&reply, &self.client, SETTINGS, request.model())
    }
}
