//! Kinds of personal data, and the kinds that users of the crate add.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// What kind of personal data an entity is.
///
/// A kind has a name in capital letters, which placeholders show: `[EMAIL_1]`. `Display`, `FromStr`
/// and serde all use that name. Names that this version does not know parse as custom kinds, so
/// that files written by a later version can still be read.
///
/// # Example
///
/// ```
/// use axia_anonymize::Kind;
///
/// assert_eq!(Kind::ApiKey.to_string(), "API_KEY");
/// assert_eq!("IBAN".parse::<Kind>()?, Kind::Iban);
/// assert_eq!(Kind::custom("EMPLOYEE_ID")?.to_string(), "EMPLOYEE_ID");
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// `EMAIL`: an e-mail address.
    Email,
    /// `URL`: a web address with a scheme or a leading `www.`, as a whole.
    Url,
    /// `IP`: an IPv4 or IPv6 address.
    Ip,
    /// `MAC`: a hardware address of a network interface.
    Mac,
    /// `PHONE`: a telephone or fax number with its extension.
    Phone,
    /// `CARD`: a payment card number.
    Card,
    /// `IBAN`: an international bank account number.
    Iban,
    /// `US_SSN`: a social security number of the United States.
    UsSsn,
    /// `API_KEY`: a secret that authenticates: API keys, tokens, private keys, JSON Web Tokens.
    ApiKey,
    /// A kind of the caller's own, see [`Kind::custom`].
    Custom(CustomKind),
}

/// The name of a kind that is not built in; made by [`Kind::custom`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomKind {
    /// Padded with zero bytes, so that the derived order is the order of the names.
    name: [u8; CustomKind::MAX_LEN],
}

const BUILT_IN: [(Kind, &str); 9] = [
    (Kind::Email, "EMAIL"),
    (Kind::Url, "URL"),
    (Kind::Ip, "IP"),
    (Kind::Mac, "MAC"),
    (Kind::Phone, "PHONE"),
    (Kind::Card, "CARD"),
    (Kind::Iban, "IBAN"),
    (Kind::UsSsn, "US_SSN"),
    (Kind::ApiKey, "API_KEY"),
];

impl Kind {
    /// A kind of the caller's own. The name of a built-in kind gives that kind.
    ///
    /// # Errors
    ///
    /// When the name is not 1 to 24 characters of `A-Z`, `0-9` and `_`, starting with a letter
    /// ([`Error::is_invalid_name`]).
    pub fn custom(name: &str) -> Result<Self, Error> {
        if let Some((kind, _)) = BUILT_IN.iter().find(|(_, known)| *known == name) {
            return Ok(*kind);
        }
        let starts_well = name.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
        let all_allowed = name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !starts_well || !all_allowed || name.len() > CustomKind::MAX_LEN {
            return Err(Error::kind_name(name));
        }
        let mut padded = [0; CustomKind::MAX_LEN];
        for (to, from) in padded.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Ok(Self::Custom(CustomKind { name: padded }))
    }

    /// The kinds that are built in, in order.
    pub fn built_in() -> impl Iterator<Item = Self> {
        BUILT_IN.iter().map(|(kind, _)| *kind)
    }

    /// The name, as placeholders show it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email => "EMAIL",
            Self::Url => "URL",
            Self::Ip => "IP",
            Self::Mac => "MAC",
            Self::Phone => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::UsSsn => "US_SSN",
            Self::ApiKey => "API_KEY",
            Self::Custom(custom) => custom.as_str(),
        }
    }
}

impl CustomKind {
    const MAX_LEN: usize = 24;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = self.name.iter().position(|&b| b == 0);
        let name = self.name.get(..len.unwrap_or(Self::MAX_LEN));
        // Only `Kind::custom` makes names, and only of ASCII.
        name.and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for CustomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::custom(name)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in Kind::built_in() {
            assert_eq!(kind.as_str().parse::<Kind>(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
        let custom = Kind::custom("A23456789012345678901234").unwrap();
        assert_eq!(custom.as_str().len(), 24);
        assert_eq!(custom.to_string().parse::<Kind>(), Ok(custom));
    }

    #[test]
    fn bad_names_are_refused() {
        for name in [
            "",
            "email",
            "1A",
            "_A",
            "A-B",
            "A2345678901234567890123456",
            "Ä",
        ] {
            assert!(Kind::custom(name).unwrap_err().is_invalid_name(), "{name}");
        }
    }

    #[test]
    fn custom_kinds_sort_by_name() {
        let [a, b] = ["ACCOUNT", "ACCOUNT_B"].map(|name| Kind::custom(name).unwrap());
        assert!(a < b && Kind::ApiKey < a);
    }
}
