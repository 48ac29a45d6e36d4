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
    /// conversation, and numbers say nothing across conversations.
    #[default]
    Placeholder,
    /// Four asterisks, whatever the length was.
    Mask,
    /// The text stays, and findings of the kind are not reported.
    Keep,
    /// Nothing; one space stays where the text on both sides would grow together.
    Drop,
}

impl Action {
    /// The name: `placeholder`, `mask`, `keep` or `drop`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placeholder => "placeholder",
            Self::Mask => "mask",
            Self::Keep => "keep",
            Self::Drop => "drop",
        }
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
        [Self::Placeholder, Self::Mask, Self::Keep, Self::Drop]
            .into_iter()
            .find(|action| action.as_str() == name)
            .ok_or_else(|| Error::action_name(name))
    }
}
