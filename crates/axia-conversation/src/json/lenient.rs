//! Fields that take a value of an unexpected kind for a missing one.
//!
//! Logs write ids as numbers or strings, leave fields out or set them to null, and grow new fields
//! at any time. None of that may cost a record.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number as JsonNumber, Value};

use crate::Timestamp;

/// A type that can be made of some kinds of JSON values, and is missing for all others.
pub(crate) trait Lenient<'de>: Default {
    fn of_str(_: Cow<'de, str>) -> Self {
        Self::default()
    }

    fn of_bool(_: bool) -> Self {
        Self::default()
    }

    fn of_number(_: JsonNumber) -> Self {
        Self::default()
    }

    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Whether a field was there.
pub(crate) trait Missing {
    fn is_missing(&self) -> bool;
}

pub(crate) struct LenientVisitor<T>(PhantomData<T>);

impl<T> LenientVisitor<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Lenient<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::of_str(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::of_str(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        Ok(T::of_str(Cow::Owned(text)))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Ok(T::of_bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Ok(T::of_number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Ok(T::of_number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        Ok(JsonNumber::from_f64(value).map_or_else(T::default, T::of_number))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::of_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::of_map(map)
    }
}

/// Implements `Deserialize` by `Lenient`.
macro_rules! lenient_deserialize {
    ($name:ident<'a>) => {
        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::json::LenientVisitor::new())
            }
        }
    };
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::json::LenientVisitor::new())
            }
        }
    };
}
pub(crate) use lenient_deserialize;

/// Declares an object of which only some keys matter. Of several values for a field, the last one
/// that is not missing counts.
macro_rules! fields {
    ($(#[$meta:meta])* $name:ident<'a> { $($field:ident: $ty:ty = $($key:literal)|+,)+ }) => {
        $(#[$meta])*
        #[derive(Default)]
        pub(crate) struct $name<'a> {
            $(pub(crate) $field: $ty,)+
            lifetime: std::marker::PhantomData<&'a ()>,
        }

        impl<'de: 'a, 'a> $crate::json::Lenient<'de> for $name<'a> {
            fn of_map<A: serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                let mut fields = Self::default();
                while let Some(key) = map.next_key::<$crate::json::Key<'de>>()? {
                    match key.as_str() {
                        $($($key)|+ => {
                            let value: $ty = map.next_value()?;
                            if !$crate::json::Missing::is_missing(&value) {
                                fields.$field = value;
                            }
                        })+
                        _ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }

        $crate::json::lenient_deserialize!($name<'a>);
    };
}
pub(crate) use fields;

/// The key of an object, borrowed unless it has escapes.
pub(crate) struct Key<'a>(Cow<'a, str>);

impl<'a> Key<'a> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Cow<'a, str> {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_str(LenientVisitor::<Text<'de>>::new())
            .map(|text| Self(text.0.unwrap_or_default()))
    }
}

/// A string, or a number written as one.
#[derive(Default)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text, unless it is blank.
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.trim().is_empty())
    }

    pub(crate) fn to_owned_text(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }
}

impl<'de: 'a, 'a> Lenient<'de> for Text<'a> {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self(Some(text))
    }

    fn of_number(number: JsonNumber) -> Self {
        Self(Some(number.to_string().into()))
    }
}

impl Missing for Text<'_> {
    fn is_missing(&self) -> bool {
        self.get().is_none()
    }
}

lenient_deserialize!(Text<'a>);

/// The first of several texts that is there.
pub(crate) fn first_text(texts: &[&Text<'_>]) -> Option<String> {
    texts.iter().find_map(|text| text.to_owned_text())
}

/// Yes or no, also as 0 or 1 or as a word.
#[derive(Clone, Copy, Default)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl Flag {
    pub(crate) fn is_true(self) -> bool {
        self.0 == Some(true)
    }
}

impl<'de> Lenient<'de> for Flag {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self(match text.trim() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        })
    }

    fn of_bool(value: bool) -> Self {
        Self(Some(value))
    }

    fn of_number(number: JsonNumber) -> Self {
        Self(number.as_f64().map(|n| n != 0.0))
    }
}

impl Missing for Flag {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

lenient_deserialize!(Flag);

/// A number, also as a string.
#[derive(Clone, Copy, Default)]
pub(crate) struct Number(pub(crate) Option<f64>);

impl<'de> Lenient<'de> for Number {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self(text.trim().parse().ok())
    }

    fn of_number(number: JsonNumber) -> Self {
        Self(number.as_f64())
    }
}

impl Missing for Number {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

lenient_deserialize!(Number);

/// A point in time: text, or a number of seconds, milliseconds, microseconds or nanoseconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Time(pub(crate) Option<Timestamp>);

impl Time {
    /// The unit is told by the size: the thresholds lie in the years 5138 (seconds) and following.
    /// Zero stands for a time that is not known.
    fn of_count(count: f64) -> Self {
        let seconds = match count.abs() {
            0.0 => return Self(None),
            size if size < 1e11 => count,
            size if size < 1e14 => count / 1e3,
            size if size < 1e17 => count / 1e6,
            _ => count / 1e9,
        };
        Self(Timestamp::from_unix_seconds(seconds))
    }

    pub(crate) fn parse(text: &str) -> Self {
        match Timestamp::parse(text) {
            Some(time) => Self(Some(time)),
            // A smaller number is a year or a row number.
            None => match text.trim().parse::<f64>() {
                Ok(count) if count.abs() >= 1e8 => Self::of_count(count),
                _ => Self(None),
            },
        }
    }
}

impl<'de> Lenient<'de> for Time {
    fn of_str(text: Cow<'de, str>) -> Self {
        Self::parse(&text)
    }

    fn of_number(number: JsonNumber) -> Self {
        number.as_f64().map_or(Self(None), Self::of_count)
    }

    /// MongoDB exports write `{"$date": ...}`.
    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut time = Self::default();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            if key.as_str() == "$date" {
                time = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(time)
    }
}

impl Missing for Time {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

lenient_deserialize!(Time);

/// A small fact worth keeping as metadata: yes or no, a number, or a short word.
#[derive(Default)]
pub(crate) struct Fact(pub(crate) Option<Value>);

/// Longer strings are texts, not facts.
const LONGEST_FACT: usize = 64;

impl<'de> Lenient<'de> for Fact {
    fn of_str(text: Cow<'de, str>) -> Self {
        let short = !text.trim().is_empty() && text.len() <= LONGEST_FACT;
        Self(short.then(|| text.into_owned().into()))
    }

    fn of_bool(value: bool) -> Self {
        Self(Some(value.into()))
    }

    fn of_number(number: JsonNumber) -> Self {
        Self(Some(number.into()))
    }
}

impl Missing for Fact {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

lenient_deserialize!(Fact);

/// A list.
pub(crate) struct Items<T>(pub(crate) Option<Vec<T>>);

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Items<T> {
    pub(crate) fn into_vec(self) -> Vec<T> {
        self.0.unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for Items<T> {
    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Self(Some(items)))
    }
}

impl<T> Missing for Items<T> {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor::new())
    }
}

/// An object whose keys are data, in order.
pub(crate) struct Entries<'a, T>(pub(crate) Option<Vec<(Cow<'a, str>, T)>>);

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Lenient<'de> for Entries<'a, T> {
    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            entries.push((key.into_inner(), map.next_value()?));
        }
        Ok(Self(Some(entries)))
    }
}

impl<T> Missing for Entries<'_, T> {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor::new())
    }
}

/// An object, boxed because it is rarely there.
pub(crate) struct Maybe<T>(pub(crate) Option<Box<T>>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Maybe<T> {
    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Ok(Self(Some(Box::new(T::of_map(map)?))))
    }
}

impl<T> Missing for Maybe<T> {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

impl<'de, T: Lenient<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor::new())
    }
}

/// Any value, as it is written.
#[derive(Default)]
pub(crate) struct Raw<'a>(pub(crate) Option<&'a RawValue>);

impl<'a> Raw<'a> {
    pub(crate) fn get(&self) -> Option<&'a str> {
        self.0.map(RawValue::get)
    }
}

impl Missing for Raw<'_> {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &RawValue = Deserialize::deserialize(deserializer)?;
        Ok(Self(Some(raw).filter(|raw| raw.get() != "null")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_unit() {
        let read = |json: &str| -> Option<String> {
            let time: Time = serde_json::from_str(json).unwrap();
            time.0.map(|time| time.to_string())
        };
        let known = Some("2024-05-04T09:12:00Z".to_owned());
        for json in [
            "1714813920",
            "1714813920.0",
            "1714813920000",
            "1714813920000000",
            "1714813920000000000",
            "\"1714813920\"",
            "\"2024-05-04 09:12:00\"",
            "{\"$date\": \"2024-05-04T09:12:00Z\"}",
        ] {
            assert_eq!(read(json), known, "{json}");
        }
        for json in [
            "0", "null", "\"2024\"", "\"soon\"", "[1]", "{}", "1e300", "true",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn values_of_another_kind_are_missing() {
        let text = |json: &str| -> Option<String> {
            let text: Text<'_> = serde_json::from_str(json).unwrap();
            text.to_owned_text()
        };
        assert_eq!(text("7").as_deref(), Some("7"));
        assert_eq!(text("\"a\\n\"").as_deref(), Some("a\n"));
        for json in ["null", "[]", "{\"a\": [1]}", "true", "\" \""] {
            assert_eq!(text(json), None, "{json}");
        }
        let flag = |json: &str| serde_json::from_str::<Flag>(json).unwrap().0;
        assert_eq!(
            (flag("1"), flag("\"False\""), flag("{}")),
            (Some(true), Some(false), None)
        );
    }
}
