//! Vectors from a server that speaks `/v1/embeddings`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::Agent;
use ureq::http::Response;

use crate::{Embedder, Embeddings, Error};

/// Settings of an [`HttpEmbedder`].
#[derive(Clone)]
#[must_use = "settings do nothing until `build` is called"]
pub struct HttpEmbedderParams {
    base_url: String,
    model: String,
    key: Option<String>,
    dim: Option<usize>,
    batch: usize,
    attempts: u32,
    timeout: Duration,
}

impl HttpEmbedderParams {
    /// A server and a model, such as `https://api.openai.com/v1` and `text-embedding-3-small`, or a
    /// local one: llama.cpp, vLLM and Ollama have the same interface.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            key: None,
            dim: None,
            batch: 128,
            attempts: 6,
            timeout: Duration::from_secs(120),
        }
    }

    /// The key that is sent as a bearer token. Default: none.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Takes the key from an environment variable, if it is set and not empty.
    pub fn key_from_env(mut self, variable: &str) -> Self {
        self.key = std::env::var(variable).ok().filter(|key| !key.is_empty());
        self
    }

    /// Length of the vectors. Default: asked from the server by embedding one word.
    pub fn dim(mut self, dim: usize) -> Self {
        self.dim = Some(dim);
        self
    }

    /// Texts in one request. Default 128.
    pub fn batch(mut self, texts: usize) -> Self {
        self.batch = texts;
        self
    }

    /// How often one request is tried when the server is busy or unreachable. Default 6.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long one request may take. Default two minutes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Checks the settings, and asks the server for the length of its vectors if it was not given.
    ///
    /// # Errors
    ///
    /// When a number is 0, the address has no `http://` or `https://`, the key holds signs that cannot be
    /// sent, or the server does not answer.
    pub fn build(self) -> Result<HttpEmbedder, Error> {
        let url = self.base_url.trim_end_matches('/');
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(Error::setting("base_url", "begin with http:// or https://"));
        }
        if self.batch == 0 || self.attempts == 0 || self.dim == Some(0) {
            return Err(Error::setting("batch, attempts and dim", "be at least 1"));
        }
        let printable = |key: &String| key.bytes().all(|b| b.is_ascii_graphic());
        if !self.key.as_ref().is_none_or(printable) {
            return Err(Error::setting("key", "be printable ASCII without spaces"));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(self.timeout))
            .build()
            .new_agent();
        let mut embedder = HttpEmbedder {
            url: format!("{url}/embeddings"),
            dim: self.dim.unwrap_or(0),
            params: self,
            agent,
        };
        if embedder.dim == 0 {
            embedder.dim = embedder.request(&["honesty"])?.dim();
        }
        Ok(embedder)
    }
}

impl fmt::Debug for HttpEmbedderParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpEmbedderParams")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .field("keyed", &self.key.is_some())
            .finish_non_exhaustive()
    }
}

/// Embeds texts by a server with OpenAI's `/v1/embeddings` interface.
///
/// Requests are repeated when the server is busy (429, 5xx) or cannot be reached, after the time that it
/// asks for (`retry-after`), else after growing waits. Rows are scaled to unit length. Calls block; call
/// from several threads to have several requests in flight. Put a
/// [`CachedEmbedder`](crate::CachedEmbedder) around it so that nothing is paid for twice.
///
/// # Privacy
///
/// The texts leave the machine. The key is in no error and no `Debug`.
///
/// # Example
///
/// ```no_run
/// use axia_embed::{Embedder, HttpEmbedderParams};
///
/// let embedder = HttpEmbedderParams::new("http://localhost:8080/v1", "all-minilm")
///     .key_from_env("EMBEDDINGS_API_KEY")
///     .build()?;
/// assert_eq!(embedder.embed(&["honesty"])?.len(), 1);
/// # Ok::<(), axia_embed::Error>(())
/// ```
pub struct HttpEmbedder {
    url: String,
    dim: usize,
    params: HttpEmbedderParams,
    agent: Agent,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [&'a str],
}

#[derive(Deserialize)]
struct Reply {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    index: usize,
    embedding: Vec<f32>,
}

/// What to do after a request.
enum Outcome {
    Done(Embeddings),
    Again {
        why: String,
        after: Option<Duration>,
    },
    Never(Error),
}

impl HttpEmbedder {
    fn request(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        let mut wait = Duration::from_millis(500);
        let mut last = String::new();
        for attempt in 1..=self.params.attempts {
            match self.once(texts) {
                Outcome::Done(vectors) => return Ok(vectors),
                Outcome::Never(error) => return Err(error),
                Outcome::Again { why, after } => {
                    last = why;
                    if attempt < self.params.attempts {
                        std::thread::sleep(after.unwrap_or(wait));
                        wait = (wait * 2).min(Duration::from_secs(30));
                    }
                }
            }
        }
        Err(Error::embedder(format_args!(
            "{}: {last}, also after {} attempts",
            self.url, self.params.attempts
        )))
    }

    fn once(&self, texts: &[&str]) -> Outcome {
        let mut request = self.agent.post(&self.url);
        if let Some(key) = &self.params.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = Request {
            model: &self.params.model,
            input: texts,
        };
        let mut response = match request.send_json(body) {
            Ok(response) => response,
            Err(error) => {
                return Outcome::Again {
                    why: format!("no answer ({error})"),
                    after: None,
                };
            }
        };
        let status = response.status().as_u16();
        let wrong =
            |what: &str| Outcome::Never(Error::embedder(format_args!("{}: {what}", self.url)));
        match status {
            200 => {}
            429 | 500..=599 => {
                return Outcome::Again {
                    why: format!("the server answers with status {status}"),
                    after: retry_after(&response),
                };
            }
            401 | 403 => return wrong("the server refuses the key: check `key`"),
            404 => {
                return wrong(
                    "the server knows no such address or model: check `base_url` and `model`",
                );
            }
            413 => return wrong("the request is too large for the server: lower `batch`"),
            _ => {
                return wrong(&format!(
                    "the server refuses the request with status {status}: check `model` and `batch`"
                ));
            }
        }
        match response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_json::<Reply>()
        {
            Ok(reply) => match vectors(reply, texts.len(), self.dim) {
                Ok(vectors) => Outcome::Done(vectors),
                Err(what) => wrong(&what),
            },
            // A body that stops in the middle is worth another attempt; one that is no JSON will stay so.
            Err(ureq::Error::Json(error)) if !error.is_eof() => {
                wrong("the answer is no list of vectors: check `base_url`")
            }
            Err(_) => Outcome::Again {
                why: "the answer broke off".to_owned(),
                after: None,
            },
        }
    }
}

/// The rows in the order of the texts, at unit length.
fn vectors(reply: Reply, texts: usize, dim: usize) -> Result<Embeddings, String> {
    let dim = match dim {
        0 => reply.data.first().map_or(0, |row| row.embedding.len()),
        dim => dim,
    };
    let mut rows: Vec<Option<Vec<f32>>> = vec![None; texts];
    for row in reply.data {
        let place = rows.get_mut(row.index).filter(|place| place.is_none());
        match place {
            Some(place) if row.embedding.len() == dim => *place = Some(row.embedding),
            Some(_) => {
                let got = row.embedding.len();
                return Err(format!(
                    "a vector has {got} dimensions in place of {dim}: check `dim` and `model`"
                ));
            }
            None => return Err("the answer numbers its vectors wrongly".to_owned()),
        }
    }
    let values: Option<Vec<Vec<f32>>> = rows.into_iter().collect();
    let values = values.ok_or("the answer lacks vectors for some texts")?;
    let mut vectors = Embeddings::new(dim, values.concat()).map_err(|e| e.to_string())?;
    vectors.normalize();
    Ok(vectors)
}

/// The wait that the server asks for, in whole seconds; at most two minutes.
fn retry_after<T>(response: &Response<T>) -> Option<Duration> {
    let seconds: u64 = response
        .headers()
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.min(120)))
}

impl Embedder for HttpEmbedder {
    fn fingerprint(&self) -> String {
        format!("http {} {} {}", self.url, self.params.model, self.dim)
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        let mut values = Vec::with_capacity(texts.len() * self.dim);
        // Servers refuse empty texts, and of them nothing is known: rows of zeros.
        let asked: Vec<&str> = texts
            .iter()
            .copied()
            .filter(|t| !t.trim().is_empty())
            .collect();
        let mut rows = Vec::with_capacity(asked.len());
        for batch in asked.chunks(self.params.batch) {
            rows.extend(self.request(batch)?.into_vec());
        }
        let mut rows = rows.chunks_exact(self.dim);
        for text in texts {
            match text.trim().is_empty() {
                true => values.resize(values.len() + self.dim, 0.0),
                false => values.extend_from_slice(rows.next().unwrap_or_default()),
            }
        }
        Embeddings::new(self.dim, values)
    }
}

impl fmt::Debug for HttpEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}
