//! The server: a thread for each connection, one lock for what it counts.

use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use crate::batch::Batches;
use crate::count::Counts;
use crate::fault::Fault;
use crate::http::{Reply, Request};
use crate::reply::{Maker, Question, answer, error, refusal};

/// What goes wrong, told the question's digest and how often it came before.
pub type Script = Box<dyn Fn(u64, u32) -> Option<Fault> + Send + Sync>;

/// Which ways of sending a schema the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Dialects {
    /// OpenAI: `response_format` of the type `json_schema`.
    pub json_schema: bool,
    /// OpenAI: `response_format` of the type `json_object`.
    pub json_object: bool,
    /// OpenAI: the limit is called `max_tokens`.
    pub max_tokens: bool,
    /// Anthropic: `output_config`.
    pub output_config: bool,
    /// The status with which an unknown way is refused.
    pub status: u16,
    /// Whether the schema itself is refused.
    pub refuse_schema: bool,
}

/// How the server behaves.
pub struct Options {
    /// How long an answer takes.
    pub latency: Duration,
    /// The only key it takes; any, if there is none.
    pub key: Option<String>,
    /// The only model it knows; any, if there is none.
    pub model: Option<String>,
    /// What goes wrong.
    pub script: Script,
    /// Which ways of sending a schema it knows.
    pub dialects: Dialects,
    /// A limit on calls a minute, told in headers: the limit and what is left.
    pub rate_limit: Option<(u64, u64)>,
    /// Of batches' lines, what goes wrong: told the digest and how often it was batched before.
    pub batch_script: Script,
    /// How often a batch is looked at before it has ended.
    pub batch_polls: u32,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("latency", &self.latency)
            .field("dialects", &self.dialects)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            key: None,
            model: None,
            script: Box::new(|_, _| None),
            dialects: Dialects {
                json_schema: true,
                json_object: true,
                max_tokens: true,
                output_config: true,
                status: 400,
                refuse_schema: false,
            },
            rate_limit: None,
            batch_script: Box::new(|_, _| None),
            batch_polls: 1,
        }
    }
}

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) counts: Mutex<Counts>,
    pub(crate) batches: Mutex<Batches>,
    stopping: AtomicBool,
}

impl Shared {
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pay(&self, digest: u64) {
        *self.counts().paid.entry(digest).or_default() += 1;
    }
}

/// A server that runs until it is dropped.
pub struct FakeServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for FakeServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FakeServer({})", self.address)
    }
}

impl FakeServer {
    /// Starts a server on a free port of loopback.
    ///
    /// # Errors
    ///
    /// If there is no port or no thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            options,
            counts: Mutex::default(),
            batches: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        let accepting = thread::Builder::new()
            .name("fake-llm".into())
            .spawn(move || accept(&listener, &for_thread))?;
        Ok(Self {
            address,
            shared,
            accepting: Some(accepting),
        })
    }

    /// The address, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it saw so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.counts().clone()
    }

    /// How many questions arrived so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.shared.counts().calls()
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.accepting.take() {
            drop(thread.join());
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.stopping.load(SeqCst) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let shared = Arc::clone(shared);
        // Ends when its client hangs up.
        let thread = thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn(move || {
                // A connection that breaks is the client's affair.
                drop(serve(connection, &shared));
            });
        drop(thread);
    }
}

fn serve(connection: TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut to = connection.try_clone()?;
    let mut from = BufReader::new(connection);
    while let Some(request) = Request::read(&mut from)? {
        if !respond(&request, &mut to, shared)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Answers one request. Whether the connection can go on.
fn respond(request: &Request, to: &mut TcpStream, shared: &Shared) -> io::Result<bool> {
    let path = request.path.split('?').next().unwrap_or_default();
    if let Some(reply) = denied(request, path, shared) {
        reply.write(to)?;
        return Ok(true);
    }
    match path {
        "/v1/messages" => call(Maker::Anthropic, request, to, shared),
        "/v1/chat/completions" => call(Maker::OpenAi, request, to, shared),
        "/v1/embeddings" => {
            embeddings(&request.body).write(to)?;
            Ok(true)
        }
        _ => {
            let mut batches = shared
                .batches
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let reply = batches.respond(request, path, shared);
            drop(batches);
            reply.write(to)?;
            Ok(true)
        }
    }
}

fn denied(request: &Request, path: &str, shared: &Shared) -> Option<Reply> {
    let maker = if path.starts_with("/v1/messages") {
        Maker::Anthropic
    } else {
        Maker::OpenAi
    };
    let key = shared.options.key.as_ref()?;
    let given = request.header("x-api-key").or_else(|| {
        request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
    });
    (given != Some(key)).then(|| {
        let kind = crate::reply::kind_of(maker, 401);
        Reply::json(401, &error(maker, 401, kind, "the key"))
    })
}

fn call(maker: Maker, request: &Request, to: &mut TcpStream, shared: &Shared) -> io::Result<bool> {
    let options = &shared.options;
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(question) = Question::read(&body) else {
        Reply::json(400, &error(maker, 400, "invalid_request_error", "nothing")).write(to)?;
        return Ok(true);
    };
    if let Some(reply) = unknown(maker, &body, options, &question) {
        reply.write(to)?;
        return Ok(true);
    }
    let before = {
        let mut counts = shared.counts();
        counts.order.push(question.digest);
        let received = counts.received.entry(question.digest).or_default();
        *received += 1;
        *received - 1
    };
    if !options.latency.is_zero() {
        thread::sleep(options.latency);
    }
    let fault = (options.script)(question.digest, before);
    if let Some(reply) = fault.and_then(|fault| refusal(maker, fault, &question.last)) {
        reply.write(to)?;
        return Ok(true);
    }
    let mut reply = Reply::json(200, &answer(maker, &question, fault)).with("request-id", "req-1");
    if let Some((limit, left)) = options.rate_limit {
        reply = match maker {
            Maker::Anthropic => reply
                .with("anthropic-ratelimit-requests-limit", limit)
                .with("anthropic-ratelimit-requests-remaining", left)
                .with("anthropic-ratelimit-requests-reset", "2000-01-01T00:00:00Z"),
            Maker::OpenAi => reply
                .with("x-ratelimit-limit-requests", limit)
                .with("x-ratelimit-remaining-requests", left)
                .with("x-ratelimit-reset-requests", "0s"),
        };
    }
    let half = reply.body.len() / 2;
    match fault {
        Some(Fault::Hangup) => return Ok(false),
        Some(Fault::ResetInBody) => {
            to.write_all(&reply.head())?;
            to.write_all(&reply.body[..half])?;
            return Ok(false);
        }
        Some(Fault::StopInBody(ms)) => {
            to.write_all(&reply.head())?;
            to.write_all(&reply.body[..half])?;
            thread::sleep(Duration::from_millis(ms));
            return Ok(false);
        }
        Some(Fault::SlowDrip(ms)) => {
            shared.pay(question.digest);
            to.write_all(&reply.head())?;
            let steps = 10;
            for part in reply.body.chunks(reply.body.len().div_ceil(steps)) {
                thread::sleep(Duration::from_millis(ms) / steps as u32);
                to.write_all(part)?;
            }
        }
        _ => {
            // Before the last byte goes out, so that no client can look too early.
            shared.pay(question.digest);
            reply.write(to)?;
        }
    }
    Ok(true)
}

/// The reply to a model or a dialect that the server does not know.
fn unknown(maker: Maker, body: &Value, options: &Options, question: &Question) -> Option<Reply> {
    let dialects = &options.dialects;
    if options
        .model
        .as_deref()
        .is_some_and(|model| body["model"] != *model)
    {
        let kind = crate::reply::kind_of(maker, 404);
        return Some(Reply::json(404, &error(maker, 404, kind, &question.last)));
    }
    let refused = |param: &str, message: &str| {
        let mut refused = error(maker, dialects.status, "invalid_request_error", "");
        refused["error"]["message"] = json!(message);
        refused["error"]["param"] = json!(param);
        Some(Reply::json(dialects.status, &refused))
    };
    if dialects.refuse_schema && question.wants_json {
        return refused(
            "response_format",
            "Invalid schema: 'oneOf' is not permitted",
        );
    }
    if !dialects.output_config && body.get("output_config").is_some() {
        return refused("", "output_config: Extra inputs are not permitted");
    }
    if !dialects.max_tokens && maker == Maker::OpenAi && body.get("max_tokens").is_some() {
        return refused(
            "max_tokens",
            "Unsupported parameter: use 'max_completion_tokens' instead",
        );
    }
    match body["response_format"]["type"].as_str() {
        Some("json_schema") if !dialects.json_schema => {
            refused("", "Input should be 'text' or 'json_object'")
        }
        Some("json_object") if !dialects.json_object => {
            refused("response_format", "response_format is not supported")
        }
        _ => None,
    }
}

fn embeddings(body: &[u8]) -> Reply {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let texts = body["input"].as_array().cloned().unwrap_or_default();
    // Backwards, because clients must go by the index.
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| {
            let length = text.as_str().unwrap_or_default().len();
            json!({ "index": index, "embedding": [length as f64, 1.0] })
        })
        .collect();
    Reply::json(
        200,
        &json!({ "data": data, "usage": { "prompt_tokens": texts.len(), "total_tokens": 0 } }),
    )
}
