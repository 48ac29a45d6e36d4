//! A call without an answer, and what to do about it.

use std::fmt;
use std::time::Duration;

use crate::RateLimits;

/// Why a call has no answer, typed by what to do next.
///
/// Exactly one of four courses fits an error: repeat the call ([`is_retryable`](Self::is_retryable),
/// after [`wait_for`](Self::wait_for) if that is given), cut the request into smaller ones
/// ([`must_split`](Self::must_split)), stop the whole run ([`is_fatal`](Self::is_fatal)), or, if
/// none of these holds, give up on this one request and go on with the next.
///
/// # Privacy
///
/// It holds no text of a request or of an answer; neither may a reason given to a constructor.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use axia_llm::Error;
///
/// let error = Error::retry_after("rate limit reached", Duration::from_secs(20)).with_status(429);
/// assert!(error.is_retryable() && !error.is_fatal());
/// assert_eq!(error.wait_for(), Some(Duration::from_secs(20)));
/// assert_eq!(error.to_string(), "rate limit reached (status 429), try again in 20s");
/// ```
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    status: Option<u16>,
    request_id: Option<String>,
    rate_limits: Option<Box<RateLimits>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{reason}")]
    Retry {
        reason: String,
        wait: Option<Duration>,
    },
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    Fatal(String),
    #[error("{0}")]
    Rejected(String),
}

impl Error {
    /// A passing trouble: a lost connection, a time-out, an overloaded service.
    pub fn retryable(reason: impl fmt::Display) -> Self {
        Self::of(Kind::Retry {
            reason: reason.to_string(),
            wait: None,
        })
    }

    /// A passing trouble whose end the service has announced, such as a rate limit.
    pub fn retry_after(reason: impl fmt::Display, wait: Duration) -> Self {
        Self::of(Kind::Retry {
            reason: reason.to_string(),
            wait: Some(wait),
        })
    }

    /// The request is larger than the service takes.
    pub fn too_large(reason: impl fmt::Display) -> Self {
        Self::of(Kind::TooLarge(reason.to_string()))
    }

    /// Every further call would fail as well: a wrong key, no permission, no credit left.
    pub fn fatal(reason: impl fmt::Display) -> Self {
        Self::of(Kind::Fatal(reason.to_string()))
    }

    /// This request cannot be answered, though others can.
    pub fn rejected(reason: impl fmt::Display) -> Self {
        Self::of(Kind::Rejected(reason.to_string()))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            status: None,
            request_id: None,
            rate_limits: None,
            source: None,
        }
    }

    /// The same error with the status code of the HTTP response.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same error with the service's id of the call.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The same error with the rate limits that the service told.
    #[must_use]
    pub fn with_rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(Box::new(limits));
        self
    }

    /// The same error, but the whole run must stop, for instance because the time for repeating
    /// the call is over.
    #[must_use]
    pub fn into_fatal(mut self, why: impl fmt::Display) -> Self {
        self.kind = Kind::Fatal(format!("{why}: {}", self.kind));
        self
    }

    /// The same error with something said before it. What to do about it does not change.
    #[must_use]
    pub fn with_context(mut self, context: impl fmt::Display) -> Self {
        let (Kind::Retry { reason, .. }
        | Kind::TooLarge(reason)
        | Kind::Fatal(reason)
        | Kind::Rejected(reason)) = &mut self.kind;
        *reason = format!("{context}: {reason}");
        self
    }

    /// The same error with what caused it. The cause must not show any conversation text either.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, Kind::Retry { .. })
    }

    /// How long the service asked to wait before the call is repeated.
    #[must_use]
    pub fn wait_for(&self) -> Option<Duration> {
        match self.kind {
            Kind::Retry { wait, .. } => wait,
            _ => None,
        }
    }

    /// Whether the whole run should stop, because no further call can succeed.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self.kind, Kind::Fatal(_))
    }

    /// Whether the request must be cut into smaller ones.
    #[must_use]
    pub fn must_split(&self) -> bool {
        matches!(self.kind, Kind::TooLarge(_))
    }

    /// The status code of the HTTP response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The rate limits that the service told, if it did.
    #[must_use]
    pub fn rate_limits(&self) -> Option<&RateLimits> {
        self.rate_limits.as_deref()
    }

    /// The service's id of the call, if it gave one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if let Some(status) = self.status {
            write!(f, " (status {status})")?;
        }
        if let Some(wait) = self.wait_for() {
            write!(f, ", try again in {wait:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source: &(dyn std::error::Error + 'static) = &**self.source.as_ref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_course() {
        let courses = |e: &Error| [e.is_retryable(), e.must_split(), e.is_fatal()];
        assert_eq!(courses(&Error::retryable("x")), [true, false, false]);
        assert_eq!(courses(&Error::too_large("x")), [false, true, false]);
        assert_eq!(courses(&Error::fatal("x")), [false, false, true]);
        assert_eq!(courses(&Error::rejected("x")), [false, false, false]);
        let wait = Duration::from_millis(1500);
        assert_eq!(Error::retry_after("x", wait).wait_for(), Some(wait));
        assert_eq!(Error::retryable("x").wait_for(), None);
    }

    #[test]
    fn context_comes_first_and_changes_no_course() {
        let wait = Duration::from_secs(2);
        let error = Error::retry_after("slow down", wait).with_context("after 3 attempts");
        assert_eq!(
            error.to_string(),
            "after 3 attempts: slow down, try again in 2s"
        );
        let error = error.with_status(429).into_fatal("no time is left");
        assert!(error.is_fatal() && !error.is_retryable());
        assert_eq!(
            error.to_string(),
            "no time is left: after 3 attempts: slow down (status 429)"
        );
    }

    #[test]
    fn keeps_status_id_and_source() {
        let error = Error::retryable("connection lost")
            .with_status(502)
            .with_request_id("req-9")
            .with_source(std::io::Error::other("reset"));
        assert_eq!(error.to_string(), "connection lost (status 502)");
        assert_eq!(error.request_id(), Some("req-9"));
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("reset"));
    }
}
