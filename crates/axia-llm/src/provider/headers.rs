//! What services tell in the headers of a reply.

use std::time::Duration;

use jiff::Timestamp;
use ureq::http::HeaderMap;

use crate::{Allowance, RateLimits};

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The service's id of the call.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["request-id", "x-request-id"]
        .iter()
        .find_map(|name| text(headers, name))
        .filter(|id| !id.is_empty() && id.len() <= 200)
        .map(str::to_owned)
}

/// What the service says about repeating the call, whatever the status.
pub(crate) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    match text(headers, "x-should-retry")? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// How long to wait before the call is repeated.
pub(crate) fn wait(headers: &HeaderMap) -> Option<Duration> {
    wait_at(headers, Timestamp::now())
}

fn wait_at(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if let Some(ms) = text(headers, "retry-after-ms").and_then(|ms| ms.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let after = text(headers, "retry-after")?;
    if let Ok(seconds) = after.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    static DATES: jiff::fmt::rfc2822::DateTimeParser = jiff::fmt::rfc2822::DateTimeParser::new();
    until(DATES.parse_timestamp(after).ok()?, now)
}

/// Nothing, for a time that is over.
fn until(end: Timestamp, now: Timestamp) -> Option<Duration> {
    let ms = end.as_millisecond().saturating_sub(now.as_millisecond());
    Some(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

/// The limits, if any header tells one.
pub(crate) fn rate_limits(headers: &HeaderMap) -> Option<RateLimits> {
    let now = Timestamp::now();
    let mut limits = RateLimits::default();
    for (what, limit) in [
        ("requests", &mut limits.requests),
        ("tokens", &mut limits.tokens),
        ("input-tokens", &mut limits.input_tokens),
        ("output-tokens", &mut limits.output_tokens),
    ] {
        *limit = anthropic(headers, what, now).or_else(|| openai(headers, what, now));
    }
    (!limits.is_empty()).then_some(limits)
}

fn anthropic(headers: &HeaderMap, what: &str, now: Timestamp) -> Option<Allowance> {
    let name = |part: &str| format!("anthropic-ratelimit-{what}-{part}");
    allowance(
        headers,
        &name("limit"),
        &name("remaining"),
        &name("reset"),
        now,
    )
}

fn openai(headers: &HeaderMap, what: &str, now: Timestamp) -> Option<Allowance> {
    let name = |part: &str| format!("x-ratelimit-{part}-{what}");
    allowance(
        headers,
        &name("limit"),
        &name("remaining"),
        &name("reset"),
        now,
    )
}

fn allowance(
    headers: &HeaderMap,
    limit: &str,
    remaining: &str,
    reset: &str,
    now: Timestamp,
) -> Option<Allowance> {
    // Gateways without limits send 0 or -1.
    let limit = text(headers, limit)?.parse().ok().filter(|n| *n > 0)?;
    let remaining = text(headers, remaining)?.parse().ok()?;
    let reset = text(headers, reset)
        .and_then(|text| reset_time(text, now))
        .unwrap_or_default();
    Some(Allowance::new(limit, remaining, reset))
}

/// A point of time, a number of seconds, or a duration such as `6m0s` or `120ms`.
fn reset_time(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(end) = text.parse::<Timestamp>() {
        return until(end, now);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let seconds = match unit {
            "d" => 86_400.0,
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = after;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    const NOW: &str = "1994-11-06T08:49:07Z";

    #[test]
    fn reads_every_form_of_a_wait() {
        let now: Timestamp = NOW.parse().unwrap();
        let wait = |pairs: &[(&'static str, &'static str)]| wait_at(&headers(pairs), now);
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(
            wait(&[("retry-after-ms", "250"), ("retry-after", "9")]),
            ms(250)
        );
        assert_eq!(wait(&[("retry-after", "2")]), ms(2000));
        assert_eq!(wait(&[("retry-after", "0.5")]), ms(500));
        assert_eq!(
            wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]),
            ms(30_000)
        );
        assert_eq!(
            wait(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]),
            ms(0)
        );
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "-5")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn reads_every_form_of_a_reset() {
        let now: Timestamp = NOW.parse().unwrap();
        let reset = |text| reset_time(text, now).map(|d| d.as_millis());
        assert_eq!(reset("1s"), Some(1000));
        assert_eq!(reset("6m0s"), Some(360_000));
        assert_eq!(reset("120ms"), Some(120));
        assert_eq!(reset("1h2m3.5s"), Some(3_723_500));
        assert_eq!(reset("1994-11-06T08:49:17Z"), Some(10_000));
        assert_eq!(reset("15"), Some(15_000));
        assert_eq!(
            [reset(""), reset("x"), reset("5 apples")],
            [Some(0), None, None]
        );
    }

    #[test]
    fn reads_the_limits_of_both_makers() {
        let told = rate_limits(&headers(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2000-01-01T00:00:00Z"),
            ("x-ratelimit-limit-tokens", "1000"),
            ("x-ratelimit-remaining-tokens", "400"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]));
        let told = told.unwrap();
        assert_eq!(told.requests, Some(Allowance::new(50, 49, Duration::ZERO)));
        let tokens = Allowance::new(1000, 400, Duration::from_secs(360));
        assert_eq!(told.tokens, Some(tokens));
        assert_eq!(
            rate_limits(&headers(&[("x-ratelimit-limit-tokens", "-1")])),
            None
        );
    }
}
