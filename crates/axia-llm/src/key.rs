//! The content hash that a request is known by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ChatRole, Error, Request};

/// A hash of everything that decides a request's answer.
///
/// That is the model, the messages, the schema, the limit, the sampling settings and the prompt
/// version of a [`Request`], and the [fingerprint](crate::LanguageModel::fingerprint) of what
/// answers it. The stage is left out: it decides only where the cost is booked. The hash is BLAKE3,
/// 32 bytes, written as 64 hexadecimal digits, which also is the longest id that batch services take.
///
/// # Example
///
/// ```
/// use axia_llm::{Request, RequestKey};
///
/// let request = Request::new("m").with_user("Which planet is red?");
/// let key = request.key("server-a");
/// assert_eq!(key, request.clone().with_stage("extract").key("server-a"));
/// assert_ne!(key, request.clone().with_prompt_version("2").key("server-a"));
/// assert_ne!(key, request.key("server-b"));
/// assert_eq!(key.to_string().parse::<RequestKey>()?, key);
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RequestKey([u8; 32]);

impl RequestKey {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A number from 0 up to, but without, 1 that is the same for the same key, seed and step.
    pub(crate) fn uniform(&self, seed: u64, step: u64) -> f64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(&seed.to_le_bytes());
        hasher.update(&step.to_le_bytes());
        let hash = hasher.finalize();
        let mut eight = [0; 8];
        eight.copy_from_slice(&hash.as_bytes()[..8]);
        (u64::from_le_bytes(eight) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) fn of(request: &Request, fingerprint: &str) -> RequestKey {
    let mut hasher = blake3::Hasher::new();
    // Every part is preceded by its length, so that no two requests run together to the same bytes.
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(b"axia-llm request 1");
    part(fingerprint.as_bytes());
    part(request.model().as_bytes());
    part(&(request.messages().len() as u64).to_le_bytes());
    for message in request.messages() {
        part(match message.role {
            ChatRole::System => b"system",
            ChatRole::User => b"user",
            ChatRole::Assistant => b"assistant",
        });
        part(message.text.as_bytes());
    }
    part(request.schema().map_or("", |s| s.as_str()).as_bytes());
    part(&request.max_tokens().to_le_bytes());
    part(&optional(
        request.temperature().map(|t| u64::from(t.to_bits())),
    ));
    part(&optional(request.top_p().map(|p| u64::from(p.to_bits()))));
    part(&optional(request.seed()));
    part(request.prompt_version().unwrap_or_default().as_bytes());
    RequestKey(*hasher.finalize().as_bytes())
}

/// Tells an absent number from every present one.
fn optional(number: Option<u64>) -> [u8; 9] {
    let mut bytes = [0; 9];
    if let Some(number) = number {
        bytes[0] = 1;
        bytes[1..].copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestKey({self})")
    }
}

impl FromStr for RequestKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|_| Error::rejected("a request's key has 64 hexadecimal digits"))
    }
}

impl From<RequestKey> for String {
    fn from(key: RequestKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for RequestKey {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;
    use std::collections::BTreeSet;

    #[test]
    fn everything_that_decides_the_answer_changes_the_key() {
        let base = Request::new("m").with_user("ab").with_user("c");
        let variants = [
            base.clone(),
            Request::new("n").with_user("ab").with_user("c"),
            Request::new("m").with_user("a").with_user("bc"),
            Request::new("m").with_system("ab").with_user("c"),
            Request::new("m").with_user("ab"),
            base.clone().with_schema(Schema::parse("{}").unwrap()),
            base.clone()
                .with_schema(Schema::parse(r#"{"a":1}"#).unwrap()),
            base.clone().with_max_tokens(7),
            base.clone().with_temperature(0.0),
            base.clone().with_temperature(1.0),
            base.clone().with_top_p(0.0),
            base.clone().with_seed(0),
            base.clone().with_prompt_version("2"),
        ];
        let keys: BTreeSet<RequestKey> = variants.iter().map(|r| r.key("f")).collect();
        assert_eq!(keys.len(), variants.len());
        assert!(!keys.contains(&base.key("g")));
    }

    #[test]
    fn the_key_is_the_same_in_every_version() {
        // Answers that were paid for are found by it: a change must raise the number in `of`.
        let request = Request::new("m").with_user("Which planet is red?");
        assert_eq!(
            request.key("f").to_string(),
            "458a0ccea6ffe4642527326614291453f30fb476325926803099f0498a5f039b"
        );
    }

    #[test]
    fn uniform_numbers_lie_in_their_range() {
        let key = Request::new("m").key("f");
        let numbers: Vec<f64> = (0..1000).map(|step| key.uniform(7, step)).collect();
        assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05);
    }
}
