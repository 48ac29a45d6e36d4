//! OpenAI's Chat Completions API, and the many servers that speak it.

#[cfg(feature = "cache")]
mod batch;
mod dialect;
mod wire;

use std::time::Duration;

pub use self::dialect::OpenAiSchema;
use self::dialect::{Dialects, Next};
use self::wire::Body;
use super::failure::{self, Settings};
use super::http::{Client, ConnectionParams, Reply, Sent};
use super::{complete_answer, refuse_prefill};
use crate::{Answer, ApiKey, Error, LanguageModel, Request, RequestKey};

const OFFICIAL: &str = "https://api.openai.com/v1";
pub(crate) const SETTINGS: Settings = Settings {
    service: "the OpenAI-compatible service",
    key: "the key (OPENAI_API_KEY, or the one given to OpenAiParams::new)",
};

/// How to reach an OpenAI-compatible service. See [`OpenAi`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OpenAiParams {
    key: ApiKey,
    key_header: String,
    schema: OpenAiSchema,
    connection: ConnectionParams,
}

impl OpenAiParams {
    /// The service at `https://api.openai.com/v1`, with 600 s for a call. Dialects are found out by
    /// trial.
    pub fn new(key: ApiKey) -> Self {
        Self {
            key,
            key_header: "authorization".into(),
            schema: OpenAiSchema::Auto,
            connection: ConnectionParams {
                base_url: OFFICIAL.into(),
                timeout: Duration::from_secs(600),
                headers: Vec::new(),
                show_messages: false,
                base_url_setting: "OpenAiParams::base_url",
                timeout_setting: "OpenAiParams::timeout",
            },
        }
    }

    /// The same, with the key from the environment variable `OPENAI_API_KEY`, and the address from
    /// `OPENAI_BASE_URL` if that is set. A service at another address may go without a key.
    ///
    /// # Errors
    ///
    /// If there is no key for OpenAI itself.
    pub fn from_env() -> Result<Self, Error> {
        let url = std::env::var("OPENAI_BASE_URL")
            .ok()
            .filter(|url| !url.trim().is_empty());
        let key = ApiKey::from_env("OPENAI_API_KEY");
        match url {
            Some(url) => Ok(Self::new(key.unwrap_or_default()).base_url(url)),
            None => Ok(Self::new(key?)),
        }
    }

    /// Another address, up to and with `/v1`: `http://localhost:8080/v1` for llama.cpp,
    /// `http://localhost:11434/v1` for Ollama, `http://localhost:8000/v1` for vLLM,
    /// `https://openrouter.ai/api/v1`, `https://NAME.openai.azure.com/openai/v1`. An address without
    /// any path gets `/v1`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// The header that carries the key, where it is not `authorization`: `api-key` for Azure.
    pub fn key_header(mut self, name: impl Into<String>) -> Self {
        self.key_header = name.into();
        self
    }

    /// How schemas are sent.
    pub fn schema(mut self, schema: OpenAiSchema) -> Self {
        self.schema = schema;
        self
    }

    /// How long a call may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = timeout;
        self
    }

    /// One more header with every call.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.connection.headers.push((name.into(), value.into()));
        self
    }

    /// Errors show the service's own words as well as its codes. They may quote what was asked, so
    /// leave it off where logs are kept.
    pub fn show_messages(mut self) -> Self {
        self.connection.show_messages = true;
        self
    }

    /// The checked provider. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If OpenAI itself is asked without a key, or the address or a header cannot be used.
    pub fn build(self) -> Result<OpenAi, Error> {
        let schema = self.schema;
        let (client, official) = self.client()?;
        Ok(OpenAi {
            client,
            dialects: Dialects::new(schema, official),
        })
    }

    /// The client, and whether it calls OpenAI itself.
    pub(crate) fn client(mut self) -> Result<(Client, bool), Error> {
        let url = self
            .connection
            .base_url
            .trim()
            .trim_end_matches('/')
            .to_owned();
        let official = url == OFFICIAL;
        if official && self.key.is_none() {
            return Err(Error::fatal(
                "there is no key for OpenAI; set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of \
                 your own",
            ));
        }
        let has_path = url
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('/'));
        self.connection.base_url = if has_path { url } else { format!("{url}/v1") };
        let key = (!self.key.is_none()).then(|| {
            let key = self.key.expose();
            let value = if self.key_header.eq_ignore_ascii_case("authorization") {
                format!("Bearer {key}")
            } else {
                key.to_owned()
            };
            (self.key_header.as_str(), value)
        });
        Ok((Client::new(self.connection, key)?, official))
    }
}

/// Models behind an OpenAI-compatible Chat Completions API: OpenAI, Azure, OpenRouter, vLLM,
/// llama.cpp, Ollama and others.
///
/// Servers differ in how they take a schema and a limit on the answer. The ways are tried in the
/// order of their strength, and what works is remembered: see [`OpenAiSchema`].
///
/// # Example
///
/// ```no_run
/// use axia_llm::{ApiKey, LanguageModel, OpenAiParams, Request};
///
/// let model = OpenAiParams::new(ApiKey::none()).base_url("http://localhost:8080/v1").build()?;
/// let answer = model.complete(&Request::new("local").with_user("Which planet is red?"))?;
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct OpenAi {
    client: Client,
    dialects: Dialects,
}

impl OpenAi {
    /// How schemas are sent now; `None` until a request with a schema was answered.
    #[must_use]
    pub fn schema_in_use(&self) -> Option<OpenAiSchema> {
        self.dialects.settled()
    }

    fn read(&self, request: &Request, reply: &Reply) -> Result<Answer, Error> {
        if !(200..300).contains(&reply.status) {
            return Err(failure::classify(
                reply,
                &self.client,
                SETTINGS,
                request.model(),
            ));
        }
        wire::answer(request, &reply.body)
            .map(|answer| complete_answer(answer, reply))
            .ok_or_else(|| failure::unreadable(reply, &self.client, SETTINGS.service))
    }

    fn body(request: &Request, dialect: dialect::Dialect) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&Body::new(request, dialect))
            .map_err(|_| Error::rejected("the request cannot be written as JSON"))
    }
}

impl LanguageModel for OpenAi {
    fn fingerprint(&self) -> String {
        // The dialect is left out: it changes during a run, and the answer's form does not.
        format!("openai/{}", self.client.base_url())
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        refuse_prefill(request)?;
        let key = RequestKey::to_string(&request.key(&self.fingerprint()));
        let mut dialect = self.dialects.first();
        let mut first_refusal = None;
        loop {
            let body = Self::body(request, dialect)?;
            // A key stands for one body, so a second dialect goes without.
            let key = if first_refusal.is_none() { &*key } else { "" };
            let reply = self
                .client
                .post("/chat/completions", Sent::json(&body), key)?;
            match self.dialects.after(dialect, request, &reply) {
                Next::Done => return self.read(request, &reply),
                Next::Try(next) => {
                    first_refusal.get_or_insert(reply);
                    dialect = next;
                }
                // Nothing worked, so the dialect was not the trouble: the first reply tells it best.
                Next::GiveUp => {
                    return self.read(request, first_refusal.as_ref().unwrap_or(&reply));
                }
            }
        }
    }
}
