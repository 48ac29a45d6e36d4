//! OpenAI's Batch API.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::Body;
use super::{OpenAi, SETTINGS};
use crate::provider::failure;
use crate::provider::http::{Reply, Sent};
use crate::{
    Answer, BatchService, BatchState, Error, LanguageModel, LostBatch, NamedBatch, Request,
    RequestKey,
};

/// The field of a batch's metadata that holds our name for it.
const NAME: &str = "axia_batch";
const ENDPOINT: &str = "/v1/chat/completions";

#[derive(Serialize)]
struct Line<'a> {
    custom_id: String,
    method: &'static str,
    url: &'static str,
    body: Body<'a>,
}

#[derive(Deserialize)]
struct File {
    id: String,
}

#[derive(Deserialize)]
struct Batch {
    id: String,
    status: String,
    #[serde(default)]
    output_file_id: Option<String>,
    #[serde(default)]
    error_file_id: Option<String>,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
    #[serde(default)]
    errors: Option<Errors>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Errors {
    data: Vec<Value>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Batch>,
}

#[derive(Deserialize)]
struct ResultLine {
    custom_id: String,
    #[serde(default)]
    response: Option<Response>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Response {
    status_code: u16,
    #[serde(default)]
    request_id: Option<String>,
    body: Box<RawValue>,
}

impl OpenAi {
    fn parse<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, Error> {
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

    fn get_batch(&self, id: &str) -> Result<Batch, Error> {
        self.parse(&self.client.get(&format!("/batches/{id}"))?)
    }

    fn upload(&self, batch: &NamedBatch<'_>) -> Result<String, Error> {
        let dialect = self.dialects.first();
        let mut file = Vec::new();
        let unwritten = |_| Error::rejected("the batch cannot be written as JSON");
        for (key, request) in batch.requests {
            let line = Line {
                custom_id: key.to_string(),
                method: "POST",
                url: ENDPOINT,
                body: Body::new(request, dialect),
            };
            serde_json::to_writer(&mut file, &line).map_err(unwritten)?;
            file.push(b'\n');
        }
        // The name is a hash, so it does not occur in the file.
        let border = format!("axia-{}", batch.name);
        let mut body = format!(
            "--{border}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
             --{border}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\"\r\n\
             Content-Type: application/jsonl\r\n\r\n"
        )
        .into_bytes();
        body.append(&mut file);
        body.extend_from_slice(format!("\r\n--{border}--\r\n").as_bytes());
        let sent = Sent {
            content_type: &format!("multipart/form-data; boundary={border}"),
            bytes: &body,
        };
        Ok(self
            .parse::<File>(&self.client.post("/files", sent, "")?)?
            .id)
    }

    fn read_file(
        &self,
        id: &str,
        requests: &HashMap<RequestKey, Request>,
        each: &mut dyn FnMut(RequestKey, Result<Answer, Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut reply, body) = self.client.get_stream(&format!("/files/{id}/content"))?;
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
            if let Some(request) = requests.get(&key) {
                each(key, self.line(line, request))?;
            }
        }
        Ok(())
    }

    fn line(&self, line: ResultLine, request: &Request) -> Result<Answer, Error> {
        let Some(response) = line.response else {
            let code = line.error.as_ref().and_then(|e| e.get("code")?.as_str());
            return Err(match code {
                Some("batch_expired") => Error::retryable("the batch's time was over"),
                Some("batch_cancelled") => Error::retryable("the batch was cancelled"),
                _ => Error::retryable("the service gives no answer to this line of the batch"),
            });
        };
        let reply = Reply {
            status: response.status_code,
            headers: ureq::http::HeaderMap::new(),
            body: response.body.get().as_bytes().to_vec(),
        };
        let result = self.read(request, &reply);
        match response.request_id {
            Some(id) => result
                .map(|answer| answer.with_request_id(id.clone()))
                .map_err(|error| error.with_request_id(id)),
            None => result,
        }
    }
}

impl BatchService for OpenAi {
    fn fingerprint(&self) -> String {
        LanguageModel::fingerprint(self)
    }

    fn size(&self, request: &Request) -> usize {
        Self::body(request, self.dialects.first()).map_or(0, |body| body.len()) + 150
    }

    fn submit(&self, batch: &NamedBatch<'_>) -> Result<String, Error> {
        for (_, request) in batch.requests {
            crate::provider::refuse_prefill(request)?;
        }
        let file = self.upload(batch)?;
        let body = serde_json::json!({
            "input_file_id": file,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": { NAME: batch.name },
        })
        .to_string();
        let reply = self
            .client
            .post("/batches", Sent::json(body.as_bytes()), batch.name)?;
        Ok(self.parse::<Batch>(&reply)?.id)
    }

    fn find(&self, lost: &LostBatch) -> Result<Option<String>, Error> {
        let list: List = self.parse(&self.client.get("/batches?limit=100")?)?;
        let named = |batch: &Batch| {
            batch.metadata.as_ref().and_then(|data| data.get(NAME)) == Some(&lost.name)
        };
        Ok(list.data.into_iter().find(named).map(|batch| batch.id))
    }

    fn poll(&self, id: &str) -> Result<BatchState, Error> {
        let batch = self.get_batch(id)?;
        match batch.status.as_str() {
            "completed" | "expired" | "cancelled" => Ok(BatchState::Ended),
            "failed" => {
                let code = batch
                    .errors
                    .and_then(|errors| errors.data.into_iter().next())
                    .and_then(|error| error.get("code")?.as_str().map(str::to_owned))
                    .filter(|code| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_graphic()));
                Err(Error::fatal(format_args!(
                    "the service refuses the batch ({}); check the model and the schema of its \
                     requests",
                    code.as_deref().unwrap_or("no code")
                )))
            }
            _ => Ok(BatchState::Running),
        }
    }

    fn results(
        &self,
        id: &str,
        requests: &HashMap<RequestKey, Request>,
        each: &mut dyn FnMut(RequestKey, Result<Answer, Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let batch = self.get_batch(id)?;
        for file in [batch.output_file_id, batch.error_file_id]
            .into_iter()
            .flatten()
        {
            self.read_file(&file, requests, each)?;
        }
        Ok(())
    }
}
