//! What is done with an entity once it is found.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What replaces the entities of one kind.
///
/// # Example
///
/// ```
/// use axia_anonymize::{Action, Anonymizer, Kind};
///
/// let masking = Anonymizer::builder().action(Kind::Email, Action::Mask).build()?;
/// assert_eq!(masking.anonymize_text("Write to jo@example.com."), "Write to ****.");
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// A numbered placeholder, `[EMAIL_1]`: the same entity has the same number throughout one
    /// conversation, and numbers say nothing across conversations. In a wider
    /// [`ConsistencyScope`](crate::ConsistencyScope) it is a token.
    #[default]
    Placeholder,
    /// A placeholder with a keyed token instead of a number, `[EMAIL_5f1c...]`, the same wherever the
    /// [scope](crate::ConsistencyScope) and the key are. Needs a key.
    Token,
    /// An invented value of the same kind, drawn by the key from ranges that are reserved for examples
    /// (`example.com`, 555-01xx, 192.0.2.0/24, test card numbers), or a placeholder where a kind has no
    /// such range. Needs a key.
    ///
    /// Texts read naturally, but nobody sees any more what was missed, surrogates may be found and
    /// replaced again by a second pass, and small ranges make different entities look equal in large
    /// scopes. Not for audits.
    Surrogate,
    /// Four asterisks, whatever the length was.
    Mask,
    /// A coarser value where there is one, else a placeholder: the year of a date, the decade of an
    /// age, the first part of a postcode, the network of an IP address, the site of a web address, the
    /// country code of a telephone number, whole degrees of coordinates.
    Generalize,
    /// The text stays, and findings of the kind are not reported.
    Keep,
    /// Nothing; one space stays where the text on both sides would grow together.
    Drop,
}

impl Action {
    const ALL: [Self; 7] = [
        Self::Placeholder,
        Self::Token,
        Self::Surrogate,
        Self::Mask,
        Self::Generalize,
        Self::Keep,
        Self::Drop,
    ];

    /// The name: `placeholder`, `token`, `surrogate`, `mask`, `generalize`, `keep` or `drop`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placeholder => "placeholder",
            Self::Token => "token",
            Self::Surrogate => "surrogate",
            Self::Mask => "mask",
            Self::Generalize => "generalize",
            Self::Keep => "keep",
            Self::Drop => "drop",
        }
    }

    /// Whether it draws on a key.
    pub(crate) fn needs_key(self) -> bool {
        matches!(self, Self::Token | Self::Surrogate)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Action {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|action| action.as_str() == name)
            .ok_or_else(|| Error::action_name(name))
    }
}
