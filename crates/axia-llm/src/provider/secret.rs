//! Keys, which must never be shown.

use std::fmt;

use crate::Error;

/// A service's key. Nothing shows it: not `Debug`, no error, no log, no file.
///
/// # Example
///
/// ```
/// use axia_llm::ApiKey;
///
/// let key = ApiKey::new("sk-very-secret");
/// assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
/// assert!(ApiKey::from_env("NO_SUCH_VARIABLE").unwrap_err().to_string().contains("NO_SUCH_VARIABLE"));
/// ```
#[derive(Clone, Default)]
pub struct ApiKey(String);

impl ApiKey {
    /// This key. White space around it is cut off.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into().trim().to_owned())
    }

    /// No key, for servers that want none.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The key in this environment variable.
    ///
    /// # Errors
    ///
    /// If the variable is not set or empty.
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        match std::env::var(variable) {
            Ok(key) if !key.trim().is_empty() => Ok(Self::new(key)),
            _ => Err(Error::fatal(format_args!(
                "there is no key: set the environment variable {variable}"
            ))),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() {
            "ApiKey(none)"
        } else {
            "ApiKey(hidden)"
        })
    }
}
