//! Repeats calls that failed for a passing reason.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::sync::{lock, wait_for};
use crate::{Answer, Error, LanguageModel, Meter, Request};

/// How calls are repeated. See [`Retry`].
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct RetryParams {
    attempts: u32,
    first_wait: Duration,
    longest_backoff: Duration,
    longest_wait: Duration,
    budget: u64,
    budget_share: f64,
    deadline: Option<Duration>,
    seed: u64,
}

impl Default for RetryParams {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryParams {
    /// The defaults: 8 attempts, waits from 0.5 s doubling to 30 s, at most 10 minutes where the
    /// service says how long, 100 retries a run and one more for every second call, no deadline,
    /// seed 0.
    pub fn new() -> Self {
        Self {
            attempts: 8,
            first_wait: Duration::from_millis(500),
            longest_backoff: Duration::from_secs(30),
            longest_wait: Duration::from_secs(600),
            budget: 100,
            budget_share: 0.5,
            deadline: None,
            seed: 0,
        }
    }

    /// How often one request is tried at most, the first time included. At least 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The wait before the first repetition, where the service names none. It doubles with every
    /// further one, up to `longest`. Up to a quarter is taken off at random.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_wait = first;
        self.longest_backoff = longest;
        self
    }

    /// The longest wait that the service may ask for. If it asks for more the run stops, to be
    /// resumed later.
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// How many repetitions a run may use in all: `base`, and `share` for each call. When they are
    /// used up the run stops, since the service is not merely slow.
    pub fn budget(mut self, base: u64, share: f64) -> Self {
        self.budget = base;
        self.budget_share = share;
        self
    }

    /// When, counted from [`build`](Self::build), no call is repeated any more.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The seed of the random part of the waits.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The checked policy. Its budget and its deadline begin to count.
    ///
    /// # Errors
    ///
    /// If there is no attempt, the longest wait is shorter than the first, or the share is negative
    /// or no number.
    pub fn build(self) -> Result<Retry, Error> {
        if self.attempts == 0 {
            return Err(Error::rejected("retry: attempts must be at least 1, got 0"));
        }
        if self.longest_backoff < self.first_wait {
            return Err(Error::rejected(format_args!(
                "retry: the longest backoff ({:?}) must not be below the first ({:?})",
                self.longest_backoff, self.first_wait
            )));
        }
        if !(self.budget_share >= 0.0 && self.budget_share.is_finite()) {
            return Err(Error::rejected(format_args!(
                "retry: the budget's share must be a number of at least 0, got {}",
                self.budget_share
            )));
        }
        Ok(Retry(Arc::new(Shared {
            params: self,
            start: Instant::now(),
            calls: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            stops: Mutex::new(Stops::default()),
            stopped: Condvar::new(),
        })))
    }
}

/// A policy for repeating calls, with its budget. Clones share the budget.
///
/// - Only what [is retryable](Error::is_retryable) is repeated. Everything else, exhausted credit in
///   particular, comes back at once.
/// - Where the service says how long to wait, that is obeyed; else the wait doubles each time.
/// - The waits' random part comes from the seed and the request, not from the order of calls.
/// - A call that is given up comes back as the error of its last attempt. If the budget or the
///   deadline is used up, or if the service was never reached at all, the error is
///   [fatal](Error::is_fatal), so that the run stops; what was answered until then is not lost.
/// - When any call of a policy fails fatally, those that wait to be repeated stop waiting.
#[derive(Clone, Debug)]
pub struct Retry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    params: RetryParams,
    start: Instant,
    calls: AtomicU64,
    retries: AtomicU64,
    answers: AtomicU64,
    stops: Mutex<Stops>,
    stopped: Condvar,
}

/// How often a call of this policy failed fatally, and the last reason.
#[derive(Debug, Default)]
struct Stops {
    count: u64,
    reason: String,
}

impl Retry {
    /// The layer over a model.
    pub fn over<M: LanguageModel>(&self, inner: M) -> Retrying<M> {
        Retrying {
            inner,
            policy: self.clone(),
            meter: Meter::default(),
        }
    }

    /// How many calls were repeated so far.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.0.retries.load(Relaxed)
    }

    /// The wait after this many attempts, without what the service says.
    fn backoff(&self, request: &Request, attempt: u32) -> Duration {
        let params = &self.0.params;
        let doubled = params
            .first_wait
            .saturating_mul(1 << (attempt - 1).min(20))
            .min(params.longest_backoff);
        let off = 0.25 * request.key("retry").uniform(params.seed, attempt.into());
        doubled.mul_f64(1.0 - off)
    }

    /// How long to wait before the next attempt, or the error to give up with.
    fn next_wait(
        &self,
        request: &Request,
        attempt: u32,
        error: Error,
    ) -> Result<(Duration, Error), Error> {
        let shared = &*self.0;
        let params = &shared.params;
        if attempt >= params.attempts {
            let why = format!("given up after {attempt} attempts");
            // A service that has never answered will not answer the next request either.
            return Err(
                if error.status().is_none() && shared.answers.load(Relaxed) == 0 {
                    error.into_fatal(why)
                } else {
                    error.with_context(why)
                },
            );
        }
        let wait = match error.wait_for() {
            Some(wait) if wait > params.longest_wait => {
                return Err(error.into_fatal(format_args!(
                    "the service asks to wait {wait:?}, longer than the {:?} that \
                     RetryParams::longest_wait allows; run again later, what was answered is kept",
                    params.longest_wait
                )));
            }
            Some(wait) => wait,
            None => self.backoff(request, attempt),
        };
        if let Some(deadline) = params.deadline
            && shared.start.elapsed() + wait > deadline
        {
            return Err(error.into_fatal(format_args!(
                "the deadline for repeating calls ({deadline:?}) is over"
            )));
        }
        let allowed =
            shared.calls.load(Relaxed) as f64 * params.budget_share + params.budget as f64;
        let used = shared.retries.fetch_add(1, Relaxed);
        if used as f64 >= allowed {
            return Err(error.into_fatal(format_args!(
                "the run's {used} retries are used up (RetryParams::budget)"
            )));
        }
        Ok((wait, error))
    }

    /// Waits; an error if another call has failed fatally meanwhile.
    fn sleep(&self, wait: Duration, stops_before: u64) -> Result<(), Error> {
        let end = Instant::now() + wait;
        let mut stops = lock(&self.0.stops);
        loop {
            if stops.count != stops_before {
                return Err(Error::fatal(format_args!(
                    "not repeated, because another call stopped the run: {}",
                    stops.reason
                )));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            stops = wait_for(&self.0.stopped, stops, left);
        }
    }
}

/// A model whose calls are repeated by a [`Retry`] policy.
#[derive(Debug)]
pub struct Retrying<M> {
    inner: M,
    policy: Retry,
    meter: Meter,
}

impl<M> Retrying<M> {
    /// The same layer, with its retries told to a meter.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }
}

impl<M: LanguageModel> LanguageModel for Retrying<M> {
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        let shared = &*self.policy.0;
        shared.calls.fetch_add(1, Relaxed);
        let stops_before = lock(&shared.stops).count;
        let mut attempt = 1;
        let result = loop {
            let error = match self.inner.complete(request) {
                Ok(answer) => {
                    shared.answers.fetch_add(1, Relaxed);
                    return Ok(answer);
                }
                Err(error) if !error.is_retryable() => break error,
                Err(error) => error,
            };
            let (wait, error) = match self.policy.next_wait(request, attempt, error) {
                Ok(next) => next,
                Err(error) => break error,
            };
            self.meter.retry(attempt, wait, &error);
            // Another's stop, which the listeners know of already.
            self.policy.sleep(wait, stops_before)?;
            attempt += 1;
        };
        if result.is_fatal() {
            let mut stops = lock(&shared.stops);
            stops.count += 1;
            stops.reason = result.to_string();
            shared.stopped.notify_all();
        }
        Err(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptedModel;
    use std::thread;

    fn quick() -> RetryParams {
        RetryParams::new().backoff(Duration::from_millis(1), Duration::from_millis(4))
    }

    fn request() -> Request {
        Request::new("m").with_user("x")
    }

    #[test]
    fn repeats_what_may_pass_and_nothing_else() {
        let model = ScriptedModel::new([
            Err(Error::retryable("lost")),
            Err(Error::retry_after("slow", Duration::from_millis(2)).with_status(429)),
            Ok(Answer::completed("yes")),
            Err(Error::rejected("no")),
            Err(Error::too_large("big")),
            Err(Error::fatal("no credit left")),
        ]);
        let retry = quick().build().unwrap();
        let layer = retry.over(&model);
        assert_eq!(layer.complete(&request()).unwrap().text(), Some("yes"));
        assert_eq!((model.calls(), retry.retries()), (3, 2));
        for (calls, message) in [(4, "no"), (5, "big"), (6, "no credit left")] {
            assert_eq!(layer.complete(&request()).unwrap_err().to_string(), message);
            assert_eq!(model.calls(), calls);
        }
    }

    #[test]
    fn waits_double_with_a_seeded_part_taken_off() {
        let retry = RetryParams::new().seed(3).build().unwrap();
        let again = RetryParams::new().seed(3).build().unwrap();
        let other = RetryParams::new().seed(4).build().unwrap();
        for attempt in 1..40 {
            let wait = retry.backoff(&request(), attempt);
            let full = (0.5 * 2_f64.powi(attempt as i32 - 1)).min(30.0);
            assert!(wait.as_secs_f64() <= full && wait.as_secs_f64() >= 0.75 * full);
            assert_eq!(wait, again.backoff(&request(), attempt));
            assert_ne!(wait, other.backoff(&request(), attempt));
        }
    }

    #[test]
    fn gives_up_one_request_or_the_run() {
        let lost = || Err(Error::retryable("lost").with_status(500));
        let model = ScriptedModel::from_fn(move |_| lost());
        let retry = quick().attempts(3).build().unwrap();
        let error = retry.over(&model).complete(&request()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "given up after 3 attempts: lost (status 500)"
        );
        assert!(error.is_retryable());

        let retry = quick().budget(2, 0.0).build().unwrap();
        let error = retry.over(&model).complete(&request()).unwrap_err();
        assert!(error.is_fatal());
        assert!(error.to_string().contains("2 retries are used up"));

        let retry = quick().deadline(Duration::ZERO).build().unwrap();
        let error = retry.over(&model).complete(&request()).unwrap_err();
        assert!(error.is_fatal() && error.to_string().contains("deadline"));
    }

    #[test]
    fn a_service_that_never_answered_stops_the_run() {
        let model = ScriptedModel::from_fn(|_| Err(Error::retryable("no connection")));
        let retry = quick().attempts(2).build().unwrap();
        assert!(
            retry
                .over(&model)
                .complete(&request())
                .unwrap_err()
                .is_fatal()
        );
    }

    #[test]
    fn a_wait_that_is_too_long_stops_the_run() {
        let hour = Duration::from_secs(3600);
        let model = ScriptedModel::new([Err(Error::retry_after("limit", hour))]);
        let error = quick().build().unwrap().over(&model).complete(&request());
        let error = error.unwrap_err();
        assert!(error.is_fatal());
        assert!(error.to_string().contains("longest_wait"), "{error}");
    }

    #[test]
    fn a_fatal_error_wakes_those_that_wait() {
        let model = ScriptedModel::from_fn(|request| {
            if request.model() == "slow" {
                Err(Error::retry_after("limit", Duration::from_secs(300)))
            } else {
                Err(Error::fatal("no credit left"))
            }
        });
        let retry = quick().build().unwrap();
        let layer = retry.over(&model);
        let error = thread::scope(|scope| {
            let waiting = scope.spawn(|| layer.complete(&Request::new("slow")).unwrap_err());
            while model.calls() == 0 {
                thread::yield_now();
            }
            layer.complete(&Request::new("broke")).unwrap_err();
            waiting.join().unwrap()
        });
        assert!(error.is_fatal() && error.to_string().ends_with("no credit left"));
    }

    #[test]
    fn parameters_are_checked() {
        let second = Duration::from_secs(1);
        for bad in [
            RetryParams::new().attempts(0),
            RetryParams::new().backoff(second, Duration::ZERO),
            RetryParams::new().budget(1, f64::NAN),
            RetryParams::new().budget(1, -0.5),
        ] {
            assert!(bad.build().unwrap_err().to_string().starts_with("retry: "));
        }
    }
}
