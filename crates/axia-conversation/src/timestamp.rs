//! Points in time as the formats write them, kept to the microsecond.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time in UTC, to the microsecond. Serialised as RFC 3339 text.
///
/// # Example
///
/// ```
/// use axia_conversation::Timestamp;
///
/// let time = Timestamp::parse("2026-05-04T09:12:00Z").ok_or("not a time")?;
/// assert_eq!(time.to_string(), "2026-05-04T09:12:00Z");
/// assert_eq!(Timestamp::from_unix_seconds(1.5).map(|t| t.as_micros()), Some(1_500_000));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch; `None` outside the years -9999 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        jiff::Timestamp::from_microsecond(micros)
            .ok()
            .map(|t| Self(t.as_microsecond()))
    }

    /// From seconds since the Unix epoch, as ChatGPT's export writes them.
    ///
    /// `None` if the number is not finite or lies outside the years -9999 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: f64) -> Option<Self> {
        let micros = (seconds * 1e6).round();
        // The cast saturates, and `from_micros` refuses what saturated.
        #[allow(clippy::cast_possible_truncation)]
        micros
            .is_finite()
            .then_some(micros as i64)
            .and_then(Self::from_micros)
    }

    /// From nanoseconds since the Unix epoch, as OpenTelemetry writes them; cut to microseconds.
    #[must_use]
    pub fn from_unix_nanos(nanos: i128) -> Option<Self> {
        i64::try_from(nanos.div_euclid(1000))
            .ok()
            .and_then(Self::from_micros)
    }

    /// From the ways of writing time that conversation logs use.
    ///
    /// Takes RFC 3339 (`2026-05-04T09:12:00.25+02:00`) and the same with a space for the `T`, with
    /// ` UTC` for the offset or with none at all (then UTC), and a date alone (midnight, UTC).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Some(Self(time.as_microsecond()));
        }
        let bare = text
            .strip_suffix("UTC")
            .or_else(|| text.strip_suffix('Z'))
            .unwrap_or(text)
            .trim_end();
        let time = bare.parse::<jiff::civil::DateTime>().ok()?;
        let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
        Some(Self(time.as_microsecond()))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => time.fmt(f),
            // Unreachable by construction: every constructor has checked the range.
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}
