//! Anthropic's Messages API.

#[cfg(feature = "cache")]
mod batch;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use self::wire::Body;
use super::failure::{self, Detail, Settings};
use super::http::{Client, ConnectionParams, Reply, Sent};
use super::{complete_answer, refuse_prefill};
use crate::{Answer, ApiKey, Error, LanguageModel, Request, RequestKey};

/// The first version of the API that takes no sampling settings.
const WITHOUT_SAMPLING: &str = "2026-10-21";
const SETTINGS: Settings = Settings {
    service: "Anthropic",
    key: "the key (ANTHROPIC_API_KEY, or the one given to AnthropicParams::new)",
};

/// How a schema is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnthropicSchema {
    /// As the output's format; if the model does not know that, as a tool, from then on.
    #[default]
    Auto,
    /// As the output's format.
    OutputFormat,
    /// As a strict tool that the model must call.
    ForcedTool,
}

/// How to reach Anthropic. See [`Anthropic`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AnthropicParams {
    key: ApiKey,
    version: String,
    schema: AnthropicSchema,
    connection: ConnectionParams,
}

impl AnthropicParams {
    /// The service at `https://api.anthropic.com`, in version `2026-10-21` of its API, with 600 s
    /// for a call.
    pub fn new(key: ApiKey) -> Self {
        Self {
            key,
            version: "2026-10-21".into(),
            schema: AnthropicSchema::Auto,
            connection: ConnectionParams {
                base_url: "https://api.anthropic.com".into(),
                timeout: Duration::from_secs(600),
                headers: Vec::new(),
                show_messages: false,
                base_url_setting: "AnthropicParams::base_url",
                timeout_setting: "AnthropicParams::timeout",
            },
        }
    }

    /// The same, with the key from the environment variable `ANTHROPIC_API_KEY`.
    ///
    /// # Errors
    ///
    /// If it is not set.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self::new(ApiKey::from_env("ANTHROPIC_API_KEY")?))
    }

    /// Another address, without `/v1/messages`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// Another version of the API, such as `2023-06-01`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How schemas are sent.
    pub fn schema(mut self, schema: AnthropicSchema) -> Self {
        self.schema = schema;
        self
    }

    /// How long a call may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = timeout;
        self
    }

    /// One more header with every call, such as `anthropic-beta`.
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
    /// If there is no key, or the address or a header cannot be used.
    pub fn build(mut self) -> Result<Anthropic, Error> {
        if self.key.is_none() {
            return Err(Error::fatal(
                "there is no key for Anthropic; set ANTHROPIC_API_KEY",
            ));
        }
        let version = ("anthropic-version".into(), self.version.clone());
        self.connection.headers.push(version);
        let key = self.key.expose().to_owned();
        Ok(Anthropic {
            client: Client::new(self.connection, Some(("x-api-key", key)))?,
            version: self.version,
            schema: self.schema,
            format_unknown: AtomicBool::new(false),
        })
    }
}

/// Models behind Anthropic's Messages API.
///
/// A schema is sent as `output_config.format`, or as one forced strict tool. Sampling settings are
/// refused in versions of the API that have none. Messages of the system are put together.
///
/// # Example
///
/// ```no_run
/// use axia_llm::{AnthropicParams, LanguageModel, Request};
///
/// let model = AnthropicParams::from_env()?.build()?;
/// let answer = model.complete(&Request::new("claude-haiku-4-5").with_user("Which planet is red?"))?;
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct Anthropic {
    client: Client,
    version: String,
    schema: AnthropicSchema,
    /// Found out by trial: the service does not know `output_config.format`.
    format_unknown: AtomicBool,
}

impl Anthropic {
    fn as_tool(&self) -> bool {
        match self.schema {
            AnthropicSchema::Auto => self.format_unknown.load(Relaxed),
            AnthropicSchema::OutputFormat => false,
            AnthropicSchema::ForcedTool => true,
        }
    }

    fn check(&self, request: &Request) -> Result<(), Error> {
        refuse_prefill(request)?;
        if request.seed().is_some() {
            return Err(Error::rejected(
                "Anthropic takes no seed; leave out Request::with_seed",
            ));
        }
        let samples = request.temperature().is_some() || request.top_p().is_some();
        if samples && self.version.as_str() >= WITHOUT_SAMPLING {
            return Err(Error::rejected(format_args!(
                "version {} of Anthropic's API takes no temperature and no top_p; leave them out of \
                 the request, or set AnthropicParams::version",
                self.version
            )));
        }
        Ok(())
    }

    fn body(&self, request: &Request, as_tool: bool) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&Body::new(request, as_tool))
            .map_err(|_| Error::rejected("the request cannot be written as JSON"))
    }

    fn send(&self, request: &Request, as_tool: bool, key: &str) -> Result<Reply, Error> {
        let body = self.body(request, as_tool)?;
        self.client.post("/v1/messages", Sent::json(&body), key)
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
}

/// Whether a reply says that it does not know the output's format.
fn format_is_unknown(reply: &Reply) -> bool {
    if reply.status != 400 {
        return false;
    }
    let detail = Detail::of(reply);
    let message = detail.message();
    let names_it = message.contains("output_config") || message.contains("output_format");
    names_it && !failure::is_about_schema(&detail)
}

impl LanguageModel for Anthropic {
    fn fingerprint(&self) -> String {
        // The road of the schema is left out: it changes during a run, and the answer's form does not.
        format!("anthropic/{}/{}", self.client.base_url(), self.version)
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        self.check(request)?;
        let key = RequestKey::to_string(&request.key(&self.fingerprint()));
        let as_tool = self.as_tool();
        let mut reply = self.send(request, as_tool, &key)?;
        if request.schema().is_some()
            && !as_tool
            && self.schema == AnthropicSchema::Auto
            && format_is_unknown(&reply)
        {
            reply = self.send(request, true, "")?;
            if reply.status == 200 {
                self.format_unknown.store(true, Relaxed);
            }
        }
        self.read(request, &reply)
    }
}
