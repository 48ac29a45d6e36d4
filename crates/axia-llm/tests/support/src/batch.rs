//! Both batch APIs: what is handed in is answered when it has been looked at often enough.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::http::{Reply, Request};
use crate::reply::{Maker, Question, answer, error, kind_of};
use crate::server::Shared;

#[derive(Debug, Default)]
pub(crate) struct Batches {
    files: BTreeMap<String, String>,
    batches: BTreeMap<String, Batch>,
}

#[derive(Debug)]
struct Batch {
    maker: Maker,
    metadata: Value,
    requests: usize,
    polls_left: u32,
    results: String,
}

impl Batches {
    pub(crate) fn respond(&mut self, request: &Request, path: &str, shared: &Shared) -> Reply {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["messages", "batches"]) => self.take_anthropic(&request.body, shared),
            ("GET", ["messages", "batches"]) | ("GET", ["batches"]) => self.list(),
            ("GET", ["messages", "batches", id, "results"]) => self.results(id),
            ("GET", ["messages", "batches", id]) | ("GET", ["batches", id]) => self.look(id),
            ("POST", ["files"]) => self.upload(&request.body),
            ("POST", ["batches"]) => self.take_openai(&request.body, shared),
            ("GET", ["files", id, "content"]) => match id.strip_prefix("out-") {
                Some(id) => self.results(id),
                None => not_found(),
            },
            _ => not_found(),
        }
    }

    fn upload(&mut self, body: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(body);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('{')).collect();
        let id = format!("file-{}", self.files.len());
        self.files.insert(id.clone(), lines.join("\n"));
        Reply::json(200, &json!({ "id": id, "object": "file" }))
    }

    fn take_openai(&mut self, body: &[u8], shared: &Shared) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let file = body["input_file_id"]
            .as_str()
            .and_then(|id| self.files.get(id));
        let Some(file) = file else {
            return not_found();
        };
        let lines = file
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|line| (line["custom_id"].clone(), line["body"].clone()))
            .collect();
        self.take(Maker::OpenAi, lines, body["metadata"].clone(), shared)
    }

    fn take_anthropic(&mut self, body: &[u8], shared: &Shared) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let requests = body["requests"].as_array().cloned().unwrap_or_default();
        let lines = requests
            .into_iter()
            .map(|line| (line["custom_id"].clone(), line["params"].clone()))
            .collect();
        self.take(Maker::Anthropic, lines, Value::Null, shared)
    }

    fn take(
        &mut self,
        maker: Maker,
        lines: Vec<(Value, Value)>,
        metadata: Value,
        shared: &Shared,
    ) -> Reply {
        let mut results = Vec::new();
        let mut counts = shared.counts();
        counts.batches += 1;
        for (id, body) in &lines {
            let Some(question) = Question::read(body) else {
                continue;
            };
            let times = counts.batched.entry(question.digest).or_default();
            *times += 1;
            let fault = (shared.options.batch_script)(question.digest, *times - 1);
            results.extend(line(maker, id, &question, fault));
            // What is there twice is paid once; what is missing, expired or failed is not paid.
            if fault.is_none_or(Fault::is_answer) {
                *counts.paid.entry(question.digest).or_default() += 1;
            }
        }
        drop(counts);
        // Any order is allowed.
        results.reverse();
        let id = format!("batch-{}", self.batches.len());
        let batch = Batch {
            maker,
            metadata,
            requests: lines.len(),
            polls_left: shared.options.batch_polls,
            results: results.join("\n"),
        };
        let reply = Reply::json(200, &batch.shown(&id));
        self.batches.insert(id, batch);
        reply
    }

    fn look(&mut self, id: &str) -> Reply {
        let Some(batch) = self.batches.get_mut(id) else {
            return not_found();
        };
        batch.polls_left = batch.polls_left.saturating_sub(1);
        Reply::json(200, &batch.shown(id))
    }

    fn list(&self) -> Reply {
        let data: Vec<Value> = self
            .batches
            .iter()
            .map(|(id, batch)| batch.shown(id))
            .collect();
        Reply::json(200, &json!({ "data": data }))
    }

    fn results(&self, id: &str) -> Reply {
        match self.batches.get(id) {
            Some(batch) => Reply {
                status: 200,
                headers: Vec::new(),
                body: batch.results.clone().into_bytes(),
            },
            None => not_found(),
        }
    }
}

impl Batch {
    fn shown(&self, id: &str) -> Value {
        let ended = self.polls_left == 0;
        match self.maker {
            Maker::Anthropic => json!({
                "id": id,
                "processing_status": if ended { "ended" } else { "in_progress" },
                "request_counts": { "processing": self.requests },
                "results_url": if ended { json!(format!("/v1/messages/batches/{id}/results")) } else { Value::Null },
            }),
            Maker::OpenAi => json!({
                "id": id,
                "status": if ended { "completed" } else { "in_progress" },
                "output_file_id": if ended { json!(format!("out-{id}")) } else { Value::Null },
                "metadata": self.metadata,
            }),
        }
    }
}

/// The lines of one result: none if it is to be missing, two if it is to be there twice.
fn line(maker: Maker, id: &Value, question: &Question, fault: Option<Fault>) -> Vec<String> {
    let good = || match maker {
        Maker::Anthropic => json!({
            "custom_id": id,
            "result": { "type": "succeeded", "message": answer(maker, question, fault) },
        }),
        Maker::OpenAi => json!({
            "id": "line", "custom_id": id, "error": null,
            "response": { "status_code": 200, "request_id": "req-1", "body": answer(maker, question, fault) },
        }),
    };
    let line = match fault {
        Some(Fault::LineMissing) => return Vec::new(),
        Some(Fault::LineTwice) => return vec![good().to_string(), good().to_string()],
        Some(Fault::LineExpired) => match maker {
            Maker::Anthropic => json!({ "custom_id": id, "result": { "type": "expired" } }),
            Maker::OpenAi => json!({
                "id": "line", "custom_id": id, "response": null,
                "error": { "code": "batch_expired", "message": "too late" },
            }),
        },
        Some(Fault::Status(status)) => {
            let failed = error(maker, status, kind_of(maker, status), &question.last);
            match maker {
                Maker::Anthropic => json!({
                    "custom_id": id, "result": { "type": "errored", "error": failed },
                }),
                Maker::OpenAi => json!({
                    "id": "line", "custom_id": id, "error": null,
                    "response": { "status_code": status, "request_id": "req-1", "body": failed },
                }),
            }
        }
        _ => good(),
    };
    vec![line.to_string()]
}

fn not_found() -> Reply {
    Reply::json(
        404,
        &json!({ "error": { "type": "not_found_error", "message": "no such thing" } }),
    )
}
