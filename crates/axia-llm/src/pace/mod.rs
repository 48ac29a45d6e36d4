//! Keeps calls within the service's rate limits.

mod bucket;
mod state;

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::pace::state::{LOOK_AGAIN, Need, State, Wait};
use crate::sync::{lock, wait_for};
use crate::{Answer, Error, HeuristicTokens, LanguageModel, Meter, Request, TokenCounter};

/// How fast calls may go. See [`Pace`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct PaceParams {
    start: usize,
    most: usize,
    requests_per_minute: Option<u64>,
    tokens_per_minute: Option<u64>,
}

impl Default for PaceParams {
    fn default() -> Self {
        Self::new()
    }
}

impl PaceParams {
    /// The defaults: 8 calls in flight at first, 64 at most, no limit but those that the service
    /// tells.
    pub fn new() -> Self {
        Self {
            start: 8,
            most: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
        }
    }

    /// How many calls may be in flight at first, and at most. At least 1, and at most 4096.
    pub fn in_flight(mut self, start: usize, most: usize) -> Self {
        self.start = start;
        self.most = most;
        self
    }

    /// A limit on calls a minute, for services that tell none. What the service tells replaces it.
    pub fn requests_per_minute(mut self, requests: u64) -> Self {
        self.requests_per_minute = Some(requests);
        self
    }

    /// A limit on tokens a minute, read and written, for services that tell none.
    pub fn tokens_per_minute(mut self, tokens: u64) -> Self {
        self.tokens_per_minute = Some(tokens);
        self
    }

    /// The checked pace. Its buckets begin full.
    ///
    /// # Errors
    ///
    /// If a number is 0, or more may be in flight at first than at most, or more than 4096 at most.
    pub fn build(self) -> Result<Pace, Error> {
        if self.start == 0 || self.start > self.most || self.most > 4096 {
            return Err(Error::rejected(format_args!(
                "pace: calls in flight must be at least 1 and at most 4096, the first number not above \
                 the second, got {} and {}",
                self.start, self.most
            )));
        }
        if self.requests_per_minute == Some(0) || self.tokens_per_minute == Some(0) {
            return Err(Error::rejected(
                "pace: a limit per minute must be at least 1",
            ));
        }
        let mut state = State::new(self.start, self.most);
        if let Some(requests) = self.requests_per_minute {
            state.limit_requests(requests);
        }
        if let Some(tokens) = self.tokens_per_minute {
            state.limit_tokens(tokens);
        }
        Ok(Pace(Arc::new(Shared {
            start: Instant::now(),
            most: self.most,
            state: Mutex::new(state),
            room: Condvar::new(),
            time: Condvar::new(),
        })))
    }
}

/// A pace, shared by all calls to one service. Clones share it.
///
/// - Token buckets for requests and tokens, filled at the rates and levels that the service tells
///   with its answers ([`RateLimits`](crate::RateLimits)).
/// - The number of calls in flight grows by one for each round of answers, and is halved when the
///   service says that it is too much (status 429, 503 or 529), once for each round.
/// - Where the service says how long to wait, nothing starts until then.
/// - When a call fails fatally, those that wait to start are not sent.
///
/// A run needs [`most_in_flight`](Self::most_in_flight) threads; those that may not call wait.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    most: usize,
    state: Mutex<State>,
    /// Those that wait for another call to end are told one by one; those that wait for time wake by
    /// themselves, and must not use up what the others are told.
    room: Condvar,
    time: Condvar,
}

impl Pace {
    /// The layer over a model.
    pub fn over<M: LanguageModel>(&self, inner: M) -> Paced<M> {
        Paced {
            inner,
            pace: self.clone(),
            meter: Meter::default(),
            tokens: Arc::new(HeuristicTokens),
        }
    }

    /// How many calls are in flight at most: the number of threads for a [`Run`](crate::Run).
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.0.most
    }

    /// How many calls may be in flight now.
    #[must_use]
    pub fn allowed_in_flight(&self) -> usize {
        lock(&self.0.state).allowed.max(1.0) as usize
    }

    fn now(&self) -> Duration {
        self.0.start.elapsed()
    }

    /// Waits for leave to start a call, and tells when it was given; an error if another call has
    /// failed fatally meanwhile, since then this one would fail as well.
    fn start(&self, need: Need) -> Result<Duration, Error> {
        let mut state = lock(&self.0.state);
        let stops_before = state.stops;
        loop {
            if state.stops != stops_before {
                return Err(Error::fatal(format_args!(
                    "not sent, because another call stopped the run: {}",
                    state.stop_reason
                )));
            }
            let now = self.now();
            match state.start(need, now) {
                Ok(()) => {
                    // Whoever was told together with this one may have found the way barred.
                    if state.has_room() {
                        self.0.room.notify_one();
                    }
                    return Ok(now);
                }
                Err(Wait::Room) => state = wait_for(&self.0.room, state, LOOK_AGAIN),
                Err(Wait::Time(wait)) => state = wait_for(&self.0.time, state, wait),
            }
        }
    }

    /// Ends a call. The new number in flight, if the service wants fewer.
    fn end(&self, need: Need, started: Duration, result: &Result<Answer, Error>) -> Option<usize> {
        let now = self.now();
        let mut state = lock(&self.0.state);
        let mut slower = false;
        match result {
            Ok(answer) => {
                let usage = answer.usage;
                let used = Need {
                    input: usage.input_tokens.saturating_sub(usage.cached_input_tokens) as f64,
                    output: usage.output_tokens as f64,
                };
                state.answered(need, used);
                if let Some(limits) = &answer.rate_limits {
                    state.learn(limits, now);
                }
            }
            Err(error) => {
                state.failed();
                if error.is_fatal() {
                    state.stops += 1;
                    state.stop_reason = error.to_string();
                    self.0.room.notify_all();
                    self.0.time.notify_all();
                }
                if let Some(limits) = error.rate_limits() {
                    state.learn(limits, now);
                }
                if matches!(error.status(), Some(429 | 503 | 529)) && error.is_retryable() {
                    slower = state.slow_down(started, now);
                    if let Some(wait) = error.wait_for() {
                        state.hold(wait, now);
                    }
                }
            }
        }
        let allowed = state.allowed.max(1.0) as usize;
        let has_room = state.has_room();
        drop(state);
        if has_room {
            self.0.room.notify_one();
        }
        slower.then_some(allowed)
    }
}

/// A model whose calls a [`Pace`] holds back.
pub struct Paced<M> {
    inner: M,
    pace: Pace,
    meter: Meter,
    tokens: Arc<dyn TokenCounter>,
}

impl<M> Paced<M> {
    /// The same layer, with its calls told to a meter.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// The same layer, with another way to guess the tokens of a request before it is sent.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<dyn TokenCounter>) -> Self {
        self.tokens = tokens;
        self
    }
}

impl<M: LanguageModel> LanguageModel for Paced<M> {
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        let need = Need {
            input: self.tokens.count_request(request) as f64,
            output: f64::from(request.max_tokens()),
        };
        let started = self.pace.start(need)?;
        self.meter.call_starts();
        let result = self.inner.complete(request);
        self.meter.call_ends(&result);
        if let Some(in_flight) = self.pace.end(need, started, &result) {
            self.meter.slower(in_flight);
        }
        result
    }
}

impl<M: std::fmt::Debug> std::fmt::Debug for Paced<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paced")
            .field("inner", &self.inner)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptedModel;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread;

    #[test]
    fn no_more_calls_are_in_flight_than_allowed() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = (Arc::clone(&now), Arc::clone(&most));
        let model = ScriptedModel::from_fn(move |_| {
            let n = seen.0.fetch_add(1, SeqCst) + 1;
            seen.1.fetch_max(n, SeqCst);
            thread::sleep(Duration::from_millis(1));
            seen.0.fetch_sub(1, SeqCst);
            Ok(Answer::completed("x"))
        });
        let pace = PaceParams::new().in_flight(2, 3).build().unwrap();
        let layer = pace.over(&model);
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..8 {
                        layer.complete(&Request::new("m")).unwrap();
                    }
                });
            }
        });
        assert_eq!(model.calls(), 128);
        assert_eq!(most.load(SeqCst), 3);
        assert_eq!(pace.allowed_in_flight(), 3);
    }

    #[test]
    fn slows_down_when_told_and_waits_as_told() {
        let wait = Duration::from_millis(30);
        let model = ScriptedModel::new([
            Err(Error::retry_after("limit", wait).with_status(429)),
            Ok(Answer::completed("x")),
        ]);
        let pace = PaceParams::new().in_flight(8, 8).build().unwrap();
        let meter = Meter::new();
        let layer = pace.over(&model).with_meter(meter.clone());
        layer.complete(&Request::new("m")).unwrap_err();
        assert_eq!(pace.allowed_in_flight(), 4);
        let start = Instant::now();
        layer.complete(&Request::new("m")).unwrap();
        assert!(start.elapsed() >= wait / 2);
        assert_eq!(meter.progress().calls, 2);
        assert_eq!(meter.progress().in_flight, 0);
    }

    #[test]
    fn a_fatal_error_keeps_the_others_from_being_sent() {
        let model = ScriptedModel::from_fn(|_| {
            thread::sleep(Duration::from_millis(20));
            Err(Error::fatal("no credit left"))
        });
        let pace = PaceParams::new().in_flight(1, 1).build().unwrap();
        let layer = pace.over(&model);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| layer.complete(&Request::new("m")).unwrap_err());
            }
        });
        // Two, should a thread start so late that it does not wait but come after.
        assert!(model.calls() <= 2, "{}", model.calls());
    }

    #[test]
    fn parameters_are_checked() {
        for bad in [
            PaceParams::new().in_flight(0, 3),
            PaceParams::new().in_flight(4, 3),
            PaceParams::new().in_flight(4, 5000),
            PaceParams::new().requests_per_minute(0),
            PaceParams::new().tokens_per_minute(0),
        ] {
            assert!(bad.build().unwrap_err().to_string().starts_with("pace: "));
        }
    }
}
