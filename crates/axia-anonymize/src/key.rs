//! The secret behind tokens and surrogates, and how far they reach.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::Error;

/// Within what the same entity has the same replacement.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConsistencyScope {
    /// One conversation. Nothing links two conversations: the right choice for studies of values.
    #[default]
    Conversation,
    /// All conversations of one user. Where the user is not known, one conversation.
    User,
    /// Everything that is anonymized under one key. Such tokens add up to a file on each person, and
    /// how often one occurs can already tell who it is: change the key with every release.
    Corpus,
}

impl ConsistencyScope {
    /// The name: `conversation`, `user` or `corpus`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::User => "user",
            Self::Corpus => "corpus",
        }
    }
}

impl fmt::Display for ConsistencyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// 32 secret bytes for tokens and surrogates.
///
/// Draw them at random, keep them away from the data, and take new ones for each release: whoever has
/// the key can find out which entity a token stands for, by trying candidates.
///
/// # Privacy
///
/// It is never serialized, `Debug` shows nothing of it, and it is overwritten when it is dropped.
///
/// # Example
///
/// ```
/// use axia_anonymize::SecretKey;
///
/// let key = SecretKey::new(*b"take 32 bytes of a random source")?;
/// assert_eq!(format!("{key:?}"), "SecretKey(..)");
/// assert!(SecretKey::from_slice(b"too short").is_err());
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A key of these bytes.
    ///
    /// # Errors
    ///
    /// When all bytes are zero: that is no secret ([`Error::is_invalid_parameter`]).
    pub fn new(bytes: [u8; 32]) -> Result<Self, Error> {
        if bytes == [0; 32] {
            return Err(Error::parameter(
                "a key",
                "drawn at random",
                "32 zero bytes",
            ));
        }
        Ok(Self(bytes))
    }

    /// A key of a slice, which must have 32 bytes: it is neither cut nor filled up.
    ///
    /// # Errors
    ///
    /// When the slice has another length, or all bytes are zero ([`Error::is_invalid_parameter`]).
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let sized = <[u8; 32]>::try_from(bytes).map_err(|_| {
            Error::parameter("a key", "32 bytes long", format!("{} bytes", bytes.len()))
        })?;
        Self::new(sized)
    }

    /// A digest under the key, of parts that cannot run into each other.
    pub(crate) fn digest(&self, purpose: &str, parts: &[&str]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in std::iter::once(&purpose).chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize()
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}
