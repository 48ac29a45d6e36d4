//! A token bucket, as a function of time: it holds no clock.

use std::time::Duration;

use crate::Allowance;

/// So many units at most, filled at an even rate. Times count from one common start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    capacity: f64,
    per_second: f64,
    level: f64,
    at: Duration,
}

impl Bucket {
    /// A full bucket of so many units a minute.
    pub(crate) fn per_minute(units: u64, now: Duration) -> Self {
        Self {
            capacity: units as f64,
            per_second: units as f64 / 60.0,
            level: units as f64,
            at: now,
        }
    }

    /// What a service has told, put over what was known before.
    pub(crate) fn learn(known: &mut Option<Self>, told: &Allowance, now: Duration) {
        // Some gateways send 0 for "no limit".
        if told.limit == 0 {
            return;
        }
        let missing = told.limit.saturating_sub(told.remaining) as f64;
        let seconds = told.reset.as_secs_f64();
        let per_second = if missing > 0.0 && seconds > 0.0 {
            missing / seconds
        } else {
            known.map_or(told.limit as f64 / 60.0, |bucket| bucket.per_second)
        };
        let remaining = told.remaining as f64;
        // Calls on their way have been taken off here and not yet there, so the lower level holds.
        let level = known.map_or(remaining, |mut bucket| {
            bucket.fill(now);
            bucket.level.min(remaining)
        });
        *known = Some(Self {
            capacity: told.limit as f64,
            per_second,
            level,
            at: now,
        });
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.capacity);
        self.at = self.at.max(now);
    }

    /// How long until so many units are there. What exceeds the bucket waits for a full one.
    pub(crate) fn wait(&mut self, units: f64, now: Duration) -> Duration {
        self.fill(now);
        let missing = units.min(self.capacity) - self.level;
        if missing <= 1e-9 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(missing / self.per_second).unwrap_or(Duration::MAX)
    }

    /// Takes units out; the level may fall below zero. Negative units are given back.
    pub(crate) fn take(&mut self, units: f64) {
        self.level = (self.level - units).min(self.capacity);
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // The numbers are exact.
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn empties_and_fills() {
        let mut bucket = Bucket::per_minute(60, S(0));
        assert_eq!(bucket.wait(60.0, S(0)), S(0));
        bucket.take(60.0);
        assert_eq!(bucket.wait(1.0, S(0)), S(1));
        assert_eq!(bucket.wait(10.0, S(4)), S(6));
        assert_eq!(bucket.wait(60.0, S(1000)), S(0));
        // More than fits waits for a full bucket, not for ever.
        bucket.take(30.0);
        assert_eq!(bucket.wait(1000.0, S(1000)), S(30));
    }

    #[test]
    fn learns_rate_and_level() {
        let mut bucket = None;
        Bucket::learn(&mut bucket, &Allowance::new(100, 40, S(30)), S(0));
        assert_eq!(bucket.as_mut().unwrap().wait(41.0, S(0)), S(1) / 2);
        // The service counts more than we do: its level holds.
        Bucket::learn(&mut bucket, &Allowance::new(100, 0, S(50)), S(1));
        assert_eq!(bucket.as_mut().unwrap().wait(2.0, S(1)), S(1));
        // It does not yet count what is on its way: ours holds.
        bucket.as_mut().unwrap().take(10.0);
        Bucket::learn(&mut bucket, &Allowance::new(100, 100, S(0)), S(1));
        assert_eq!(bucket.as_mut().unwrap().wait(0.0, S(1)), S(5));
        let before = bucket.unwrap().level;
        Bucket::learn(&mut bucket, &Allowance::new(0, 0, S(1)), S(1));
        assert_eq!(bucket.unwrap().level, before);
    }
}
