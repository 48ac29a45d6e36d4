//! What may start when: buckets and the number in flight, as a function of time.

use std::time::Duration;

use super::bucket::Bucket;
use crate::RateLimits;

/// Longest time a thread waits before it looks again, in case what it waits for has changed.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) most: f64,
    pub(crate) allowed: f64,
    pub(crate) in_flight: usize,
    pub(crate) hold_until: Duration,
    /// How many calls failed fatally, and why the last one did.
    pub(crate) stops: u64,
    pub(crate) stop_reason: String,
    slowed_at: Option<Duration>,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    input_tokens: Option<Bucket>,
    output_tokens: Option<Bucket>,
}

/// What a call has to wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// That another call ends.
    Room,
    /// That time passes.
    Time(Duration),
}

/// What a call is thought to use, before it is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Need {
    pub(crate) input: f64,
    pub(crate) output: f64,
}

impl State {
    pub(crate) fn new(start: usize, most: usize) -> Self {
        Self {
            most: most as f64,
            allowed: start as f64,
            in_flight: 0,
            hold_until: Duration::ZERO,
            stops: 0,
            stop_reason: String::new(),
            slowed_at: None,
            requests: None,
            tokens: None,
            input_tokens: None,
            output_tokens: None,
        }
    }

    pub(crate) fn limit_requests(&mut self, per_minute: u64) {
        self.requests = Some(Bucket::per_minute(per_minute, Duration::ZERO));
    }

    pub(crate) fn limit_tokens(&mut self, per_minute: u64) {
        self.tokens = Some(Bucket::per_minute(per_minute, Duration::ZERO));
    }

    /// Starts a call, or tells what to wait for before asking again.
    pub(crate) fn start(&mut self, need: Need, now: Duration) -> Result<(), Wait> {
        if !self.has_room() {
            return Err(Wait::Room);
        }
        if self.hold_until > now {
            return Err(Wait::Time((self.hold_until - now).min(LOOK_AGAIN)));
        }
        let mut wait = Duration::ZERO;
        for (bucket, units) in self.buckets(need) {
            if let Some(bucket) = bucket {
                wait = wait.max(bucket.wait(units, now));
            }
        }
        if !wait.is_zero() {
            return Err(Wait::Time(wait.min(LOOK_AGAIN)));
        }
        self.take(need, 1.0);
        self.in_flight += 1;
        Ok(())
    }

    pub(crate) fn has_room(&self) -> bool {
        self.in_flight as f64 + 1.0 <= self.allowed.max(1.0)
    }

    fn buckets(&mut self, need: Need) -> [(&mut Option<Bucket>, f64); 4] {
        [
            (&mut self.requests, 1.0),
            (&mut self.tokens, need.input + need.output),
            (&mut self.input_tokens, need.input),
            (&mut self.output_tokens, need.output),
        ]
    }

    fn take(&mut self, need: Need, requests: f64) {
        for (i, (bucket, units)) in self.buckets(need).into_iter().enumerate() {
            if let Some(bucket) = bucket {
                bucket.take(if i == 0 { requests } else { units });
            }
        }
    }

    /// Ends a call that was answered: what it did not use is given back, and one more may be in
    /// flight for every round of calls.
    pub(crate) fn answered(&mut self, need: Need, used: Need) {
        self.in_flight -= 1;
        let difference = Need {
            input: used.input - need.input,
            output: used.output - need.output,
        };
        self.take(difference, 0.0);
        // Growing without being used would only store up a burst.
        if (self.in_flight + 1) as f64 * 2.0 >= self.allowed {
            self.allowed = (self.allowed + 1.0 / self.allowed).min(self.most);
        }
    }

    /// Ends a call that failed.
    pub(crate) fn failed(&mut self) {
        self.in_flight -= 1;
    }

    /// Halves the number in flight, once for all calls that were under way at the same time. Whether
    /// it did.
    pub(crate) fn slow_down(&mut self, started: Duration, now: Duration) -> bool {
        if self.slowed_at.is_some_and(|slowed| started <= slowed) {
            return false;
        }
        self.slowed_at = Some(now);
        self.allowed = (self.allowed / 2.0).max(1.0);
        true
    }

    /// Lets nothing start for so long.
    pub(crate) fn hold(&mut self, wait: Duration, now: Duration) {
        self.hold_until = self.hold_until.max(now.saturating_add(wait));
    }

    pub(crate) fn learn(&mut self, limits: &RateLimits, now: Duration) {
        for (bucket, told) in [
            (&mut self.requests, limits.requests),
            (&mut self.tokens, limits.tokens),
            (&mut self.input_tokens, limits.input_tokens),
            (&mut self.output_tokens, limits.output_tokens),
        ] {
            if let Some(told) = told {
                Bucket::learn(bucket, &told, now);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // The numbers are exact.
mod tests {
    use super::*;
    use crate::Allowance;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn grows_by_one_a_round_and_halves_once_a_round() {
        let mut state = State::new(4, 64);
        let need = Need::default();
        for round in 4..14 {
            while state.start(need, S(0)).is_ok() {}
            assert_eq!(state.in_flight, round);
            // A round of answers, after each of which another call starts.
            for _ in 0..round {
                state.answered(need, need);
                state.start(need, S(0)).unwrap();
            }
            // It adds a little less than one, because the limit grows within it.
            assert!(state.allowed > round as f64 + 0.8);
            state.allowed = state.allowed.round();
        }
        assert!(state.slow_down(S(20), S(21)));
        assert_eq!(state.allowed, 7.0);
        assert!(!state.slow_down(S(20), S(22)), "the same round of calls");
        assert!(state.slow_down(S(23), S(24)));
        assert_eq!(state.allowed, 3.5);
        for i in 0..10 {
            state.slow_down(S(30 + 2 * i), S(31 + 2 * i));
        }
        assert_eq!(state.allowed, 1.0);
        assert!(
            state.start(need, S(60)).is_err(),
            "thirteen are still in flight"
        );
        state.in_flight = 0;
        assert!(state.start(need, S(60)).is_ok());
    }

    #[test]
    fn holds_and_obeys_both_kinds_of_limit() {
        let mut state = State::new(100, 100);
        state.hold(S(5), S(10));
        let need = Need {
            input: 100.0,
            output: 20.0,
        };
        assert!(state.start(need, S(14)).is_err());
        state.limit_requests(2);
        state.limit_tokens(600);
        assert!(state.start(need, S(15)).is_ok());
        assert!(state.start(need, S(15)).is_ok());
        assert!(state.start(need, S(15)).is_err(), "no request is left");
        assert!(state.start(need, S(46)).is_ok());
        let used = Need {
            input: 900.0,
            output: 20.0,
        };
        state.answered(need, used);
        assert!(state.start(need, S(76)).is_err(), "no tokens are left");
        let told = RateLimits {
            requests: Some(Allowance::new(50, 0, S(10))),
            ..RateLimits::default()
        };
        state.learn(&told, S(200));
        assert!(state.start(need, S(200)).is_err());
        assert!(state.start(need, S(201)).is_ok());
    }
}
