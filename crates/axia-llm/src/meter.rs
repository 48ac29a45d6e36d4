//! Progress numbers and events: what a run does, without any text of it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sync::lock;
use crate::{Answer, Error, Outcome, Usage};

/// Counts what the layers do, and tells a listener and `tracing` (feature `tracing`) of it.
///
/// Clones count together. Give one meter to [`Stack::meter`](crate::Stack::meter), keep a clone, and
/// read [`progress`](Self::progress) from any thread.
///
/// # Example
///
/// ```
/// use axia_llm::{Answer, LanguageModel, Meter, Request, ScriptedModel, Stack};
///
/// let meter = Meter::new();
/// let model = Stack::over(ScriptedModel::new([Ok(Answer::completed("yes"))]))
///     .meter(meter.clone())
///     .build();
/// model.complete(&Request::new("m").with_user("Is it?"))?;
/// assert_eq!(meter.progress().completed, 1);
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Meter(Arc<Inner>);

type Listener = Box<dyn Fn(&Event) + Send + Sync>;

#[derive(Default)]
struct Inner {
    calls: AtomicU64,
    in_flight: AtomicU64,
    from_cache: AtomicU64,
    completed: AtomicU64,
    truncated: AtomicU64,
    refused: AtomicU64,
    filtered: AtomicU64,
    malformed: AtomicU64,
    errors: AtomicU64,
    retries: AtomicU64,
    repairs: AtomicU64,
    waited_ms: AtomicU64,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    cached_input_tokens: AtomicU64,
    listener: Mutex<Option<Listener>>,
}

/// What a run has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// Calls sent to the service, repeated ones included.
    pub calls: u64,
    /// Calls that are under way.
    pub in_flight: u64,
    /// Answers that the cache had.
    pub from_cache: u64,
    /// Whole answers, those from the cache included; so are the next four.
    pub completed: u64,
    /// Answers cut off by the limit on their length.
    pub truncated: u64,
    /// Answers in which the model declined.
    pub refused: u64,
    /// Answers that the service held back.
    pub filtered: u64,
    /// Answers of the wrong form.
    pub malformed: u64,
    /// Requests without an answer.
    pub errors: u64,
    /// Calls that were repeated.
    pub retries: u64,
    /// Answers of the wrong form that the model was shown and asked to mend.
    pub repairs: u64,
    /// Milliseconds that all threads together have waited to repeat calls.
    pub waited_ms: u64,
    /// What the calls to the service used.
    pub usage: Usage,
}

impl Progress {
    /// Answers of every kind.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.completed + self.truncated + self.refused + self.filtered + self.malformed
    }
}

/// Something that happened in a run and that a user may want to see.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A call failed and will be repeated after a wait.
    Retry {
        /// How many times the call was tried so far.
        attempt: u32,
        /// How long it waits.
        wait: Duration,
        /// The status code of the response, if there was one.
        status: Option<u16>,
        /// Why, without any text of a conversation.
        reason: String,
    },
    /// The service asked for calls to be slower; so many may be in flight now.
    Slower {
        /// The new number.
        in_flight: usize,
    },
    /// An answer had the wrong form, and the model is asked to mend it.
    Repair {
        /// What was wrong, without any text of a conversation.
        reason: String,
    },
    /// The run must stop.
    Stop {
        /// Why, without any text of a conversation.
        reason: String,
    },
}

impl Meter {
    /// A meter that stands at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has a function called at every event, from the thread in which it happens. It replaces the
    /// one before, for all clones. It must be quick, since calls wait for it.
    pub fn on_event(&self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        *lock(&self.0.listener) = Some(Box::new(listener));
    }

    /// The numbers so far.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let inner = &*self.0;
        Progress {
            calls: inner.calls.load(Relaxed),
            in_flight: inner.in_flight.load(Relaxed),
            from_cache: inner.from_cache.load(Relaxed),
            completed: inner.completed.load(Relaxed),
            truncated: inner.truncated.load(Relaxed),
            refused: inner.refused.load(Relaxed),
            filtered: inner.filtered.load(Relaxed),
            malformed: inner.malformed.load(Relaxed),
            errors: inner.errors.load(Relaxed),
            retries: inner.retries.load(Relaxed),
            repairs: inner.repairs.load(Relaxed),
            waited_ms: inner.waited_ms.load(Relaxed),
            usage: Usage::new(
                inner.input_tokens.load(Relaxed),
                inner.output_tokens.load(Relaxed),
            )
            .with_cached(inner.cached_input_tokens.load(Relaxed)),
        }
    }

    pub(crate) fn call_starts(&self) {
        self.0.calls.fetch_add(1, Relaxed);
        self.0.in_flight.fetch_add(1, Relaxed);
    }

    pub(crate) fn call_ends(&self, result: &Result<Answer, Error>) {
        self.0.in_flight.fetch_sub(1, Relaxed);
        if let Ok(answer) = result {
            let (usage, inner) = (answer.usage, &*self.0);
            inner.input_tokens.fetch_add(usage.input_tokens, Relaxed);
            inner.output_tokens.fetch_add(usage.output_tokens, Relaxed);
            inner
                .cached_input_tokens
                .fetch_add(usage.cached_input_tokens, Relaxed);
        }
    }

    pub(crate) fn request_ends(&self, result: &Result<Answer, Error>) {
        let inner = &*self.0;
        let counter = match result {
            Ok(answer) => match answer.outcome {
                Outcome::Completed { .. } => &inner.completed,
                Outcome::Truncated => &inner.truncated,
                Outcome::Refused => &inner.refused,
                Outcome::Filtered => &inner.filtered,
                Outcome::Malformed { .. } => &inner.malformed,
            },
            Err(_) => &inner.errors,
        };
        counter.fetch_add(1, Relaxed);
        if let Err(error) = result
            && error.is_fatal()
        {
            self.tell(&Event::Stop {
                reason: error.to_string(),
            });
        }
    }

    #[cfg(feature = "cache")]
    pub(crate) fn cache_hit(&self) {
        self.0.from_cache.fetch_add(1, Relaxed);
    }

    pub(crate) fn retry(&self, attempt: u32, wait: Duration, error: &Error) {
        self.0.retries.fetch_add(1, Relaxed);
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.0.waited_ms.fetch_add(ms, Relaxed);
        self.tell(&Event::Retry {
            attempt,
            wait,
            status: error.status(),
            reason: error.to_string(),
        });
    }

    pub(crate) fn slower(&self, in_flight: usize) {
        self.tell(&Event::Slower { in_flight });
    }

    #[cfg(feature = "repair")]
    pub(crate) fn repair(&self, reason: &str) {
        self.0.repairs.fetch_add(1, Relaxed);
        self.tell(&Event::Repair {
            reason: reason.to_owned(),
        });
    }

    fn tell(&self, event: &Event) {
        #[cfg(feature = "tracing")]
        match event {
            Event::Retry {
                attempt,
                wait,
                status,
                reason,
            } => tracing::warn!(
                attempt,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                status,
                reason,
                "call will be repeated"
            ),
            Event::Slower { in_flight } => tracing::info!(in_flight, "fewer calls in flight"),
            Event::Repair { reason } => tracing::info!(reason, "answer is to be mended"),
            Event::Stop { reason } => tracing::error!(reason, "run must stop"),
        }
        if let Some(listener) = &*lock(&self.0.listener) {
            listener(event);
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meter").field(&self.progress()).finish()
    }
}
