//! One blocking HTTP client, and its troubles as errors of ours.

use std::io::ErrorKind;
use std::time::Duration;

use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use ureq::{Agent, Timeout};

use crate::Error;

/// Replies larger than this are refused; batches' results are read line by line instead.
const LARGEST_REPLY: u64 = 64 << 20;
/// Connections kept open; as many as calls may be in flight.
const IDLE_CONNECTIONS: usize = 4096;

/// Where a service is, and how long to wait for it.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionParams {
    pub(crate) base_url: String,
    pub(crate) timeout: Duration,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) show_messages: bool,
    /// The setter to name when the base URL is wrong.
    pub(crate) base_url_setting: &'static str,
    pub(crate) timeout_setting: &'static str,
}

#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    params: ConnectionParams,
    headers: HeaderMap,
}

/// A whole reply, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Whether it is a web page where JSON was wanted.
    pub(crate) fn is_html(&self) -> bool {
        let said = self
            .headers
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/html"));
        said || self.body.trim_ascii_start().starts_with(b"<")
    }
}

/// A body to send.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) content_type: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Sent<'a> {
    pub(crate) fn json(bytes: &'a [u8]) -> Self {
        Self {
            content_type: "application/json",
            bytes,
        }
    }
}

impl Client {
    /// A client that sends these headers with every call; the second of a pair may be secret.
    pub(crate) fn new(
        mut params: ConnectionParams,
        secret: Option<(&str, String)>,
    ) -> Result<Self, Error> {
        params.base_url = params.base_url.trim().trim_end_matches('/').to_owned();
        let setting = params.base_url_setting;
        let host = params
            .base_url
            .parse::<ureq::http::Uri>()
            .ok()
            .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
            .and_then(|uri| uri.host().map(str::to_owned));
        if host.is_none_or(|host| host.is_empty()) {
            return Err(Error::fatal(format_args!(
                "the base URL is not one of http:// or https:// with a host; mend {setting}"
            )));
        }
        if params.timeout.is_zero() {
            return Err(Error::fatal(format_args!(
                "the time-out must be above 0; mend {}",
                params.timeout_setting
            )));
        }
        let mut headers = HeaderMap::new();
        let named = params
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.clone(), false));
        for (name, value, hide) in named.chain(secret.map(|(n, v)| (n, v, true))) {
            // The value may be a key, so it is not shown.
            let bad = || {
                Error::fatal(format_args!(
                    "the header `{name}` has a name or value that HTTP does not allow{}",
                    if hide {
                        "; is the key whole, and on one line?"
                    } else {
                        ""
                    }
                ))
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| bad())?;
            value.set_sensitive(hide);
            headers.insert(name, value);
        }
        let body_timeout = params.timeout.min(Duration::from_secs(120));
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(params.timeout))
            .timeout_connect(Some(params.timeout.min(Duration::from_secs(10))))
            .timeout_recv_body(Some(body_timeout))
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .max_redirects(0)
            .user_agent(concat!("axia-llm/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            params,
            headers,
        })
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.params.base_url
    }

    pub(crate) fn params(&self) -> &ConnectionParams {
        &self.params
    }

    pub(crate) fn post(&self, path: &str, body: Sent<'_>, key: &str) -> Result<Reply, Error> {
        let mut request = self.agent.post(self.url(path));
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        let mut request = request.header("content-type", body.content_type);
        if !key.is_empty() {
            // A service that knows the header does not charge a repeated call again.
            request = request.header("idempotency-key", key);
        }
        self.read(request.send(body.bytes))
    }

    #[cfg(feature = "cache")]
    pub(crate) fn get(&self, path: &str) -> Result<Reply, Error> {
        self.read(self.ask(path).call())
    }

    #[cfg(feature = "cache")]
    /// A reply whose body is read as it comes, however large it is.
    pub(crate) fn get_stream(
        &self,
        path: &str,
    ) -> Result<(Reply, impl std::io::Read + use<>), Error> {
        let response = self.ask(path).call().map_err(|error| self.trouble(error))?;
        let (parts, body) = response.into_parts();
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: Vec::new(),
        };
        Ok((reply, body.into_with_config().limit(u64::MAX).reader()))
    }

    #[cfg(feature = "cache")]
    fn ask(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithoutBody> {
        let mut request = self.agent.get(self.url(path));
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        request
    }

    fn url(&self, path: &str) -> String {
        // Some services give whole addresses of results.
        if path.starts_with("http://") || path.starts_with("https://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.params.base_url)
        }
    }

    fn read(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Reply, Error> {
        let response = response.map_err(|error| self.trouble(error))?;
        let (parts, mut body) = response.into_parts();
        let body = body
            .with_config()
            .limit(LARGEST_REPLY)
            .read_to_vec()
            .map_err(|error| self.trouble(error))?;
        Ok(Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    fn trouble(&self, error: ureq::Error) -> Error {
        let ConnectionParams {
            base_url,
            base_url_setting,
            timeout,
            timeout_setting,
            ..
        } = &self.params;
        let typed = match &error {
            error if is_unknown_host(error) => Error::retryable(format_args!(
                "the host of {base_url} is not found; check {base_url_setting} and the network"
            )),
            ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                Error::retryable(format_args!(
                    "there is no connection to {base_url}; is the service running, and \
                     {base_url_setting} right?"
                ))
            }
            ureq::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
                Error::retryable(format_args!(
                    "{base_url} refuses connections; is the service running, and {base_url_setting} \
                     right?"
                ))
            }
            ureq::Error::Timeout(_) => Error::retryable(format_args!(
                "there was no whole answer in time ({timeout:?} for the call); if this happens often, \
                 raise {timeout_setting}"
            )),
            ureq::Error::Io(io) if io.kind() == ErrorKind::TimedOut => {
                Error::retryable(format_args!(
                    "there was no whole answer in time; if this happens often, raise {timeout_setting}"
                ))
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => Error::fatal(format_args!(
                "there is no secure connection to {base_url}; check {base_url_setting}, and whether a \
                 proxy changes certificates"
            )),
            ureq::Error::InvalidProxyUrl | ureq::Error::ConnectProxyFailed(_) => Error::fatal(
                "the proxy cannot be used; check the environment variables HTTPS_PROXY, HTTP_PROXY \
                 and ALL_PROXY",
            ),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Error::fatal(format_args!(
                "{base_url} is not an address that can be called; check {base_url_setting}"
            )),
            ureq::Error::BodyExceedsLimit(_) => Error::rejected(format_args!(
                "the reply is larger than {LARGEST_REPLY} bytes"
            )),
            _ => Error::retryable(format_args!(
                "the connection to {base_url} was lost; if this happens always, check \
                 {base_url_setting} and the network"
            )),
        };
        typed.with_source(error)
    }
}

/// The system's resolver reports through an error without a kind of its own.
fn is_unknown_host(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound => true,
        ureq::Error::Io(io) => io.to_string().contains("lookup address"),
        _ => false,
    }
}
