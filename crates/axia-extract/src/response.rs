//! How the assistant treats the user's values.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the assistant responds to the values that the user shows: one of seven, as in "Values in the
/// Wild" (Huang et al. 2025).
///
/// # Example
///
/// ```
/// use axia_extract::ResponseType;
///
/// assert_eq!(ResponseType::StrongSupport.to_string(), "strong support");
/// assert_eq!(ResponseType::parse("mild resistance"), Some(ResponseType::MildResistance));
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum ResponseType {
    /// Actively promotes, defends or builds on the user's value.
    #[serde(rename = "strong support")]
    StrongSupport,
    /// Goes along gently, without emphasis.
    #[serde(rename = "mild support")]
    MildSupport,
    /// Takes note of the value without taking a side.
    #[serde(rename = "neutral acknowledgement")]
    NeutralAcknowledgement,
    /// Accepts the value, but shifts its meaning or adds another perspective.
    #[serde(rename = "reframing")]
    Reframing,
    /// Hedged doubt, or offers of something else.
    #[serde(rename = "mild resistance")]
    MildResistance,
    /// Challenges the value directly, or refuses.
    #[serde(rename = "strong resistance")]
    StrongResistance,
    /// The user shows no value to respond to.
    #[default]
    #[serde(rename = "no values")]
    NoValues,
}

impl ResponseType {
    /// All seven, from strong support to no values.
    pub const ALL: [Self; 7] = [
        Self::StrongSupport,
        Self::MildSupport,
        Self::NeutralAcknowledgement,
        Self::Reframing,
        Self::MildResistance,
        Self::StrongResistance,
        Self::NoValues,
    ];

    /// The name as the paper writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StrongSupport => "strong support",
            Self::MildSupport => "mild support",
            Self::NeutralAcknowledgement => "neutral acknowledgement",
            Self::Reframing => "reframing",
            Self::MildResistance => "mild resistance",
            Self::StrongResistance => "strong resistance",
            Self::NoValues => "no values",
        }
    }

    /// The response type of this name, in any letter case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_json_display_and_parse() {
        for kind in ResponseType::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(ResponseType::parse(&kind.to_string()), Some(kind));
        }
        assert_eq!(ResponseType::parse("support"), None);
    }
}
