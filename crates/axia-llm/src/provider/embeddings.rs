//! OpenAI's embeddings API, and the servers that speak it.

use serde::{Deserialize, Serialize};

use super::failure;
use super::headers;
use super::http::{Client, Sent};
use super::openai::SETTINGS;
use crate::{Error, OpenAiParams, Usage};

/// Vectors for texts, from `/v1/embeddings`.
///
/// # Example
///
/// ```no_run
/// use axia_llm::{EmbeddingService, OpenAiParams};
///
/// let service = EmbeddingService::new(OpenAiParams::from_env()?)?;
/// let embedded = service.embed("text-embedding-3-small", &["honesty", "fairness"], None)?;
/// assert_eq!(embedded.vectors.len(), 2);
/// # Ok::<(), axia_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct EmbeddingService {
    client: Client,
}

/// Vectors in the order of their texts, and what they used.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Embedded {
    /// One vector a text, all of the same length.
    pub vectors: Vec<Vec<f32>>,
    /// What the call used.
    pub usage: Usage,
    /// The service's id of the call.
    pub request_id: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

#[derive(Deserialize)]
struct Reply {
    data: Vec<Vector>,
    #[serde(default)]
    usage: Tokens,
}

#[derive(Deserialize)]
struct Vector {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    prompt_tokens: u64,
}

impl EmbeddingService {
    /// A service reached as these parameters say.
    ///
    /// # Errors
    ///
    /// As [`OpenAiParams::build`].
    pub fn new(params: OpenAiParams) -> Result<Self, Error> {
        let (client, _) = params.client()?;
        Ok(Self { client })
    }

    /// One vector for each text, by this model; of so many dimensions, if the model can do that.
    ///
    /// # Errors
    ///
    /// As a language model's. Too many or too long texts [must be split](Error::must_split). A reply
    /// in which a vector is missing, twice there, of another length or not finite can be repeated.
    pub fn embed(
        &self,
        model: &str,
        texts: &[&str],
        dimensions: Option<u32>,
    ) -> Result<Embedded, Error> {
        if texts.is_empty() {
            return Ok(Embedded::default());
        }
        let body = serde_json::to_vec(&Body {
            model,
            input: texts,
            encoding_format: "float",
            dimensions,
        })
        .map_err(|_| Error::rejected("the texts cannot be written as JSON"))?;
        let reply = self.client.post("/embeddings", Sent::json(&body), "")?;
        if !(200..300).contains(&reply.status) {
            return Err(failure::classify(&reply, &self.client, SETTINGS, model));
        }
        let parsed: Option<Reply> = serde_json::from_slice(&reply.body).ok();
        let usage = parsed.as_ref().map(|reply| reply.usage.prompt_tokens);
        let vectors = parsed.and_then(|reply| in_order(reply.data, texts.len()));
        match (vectors, usage) {
            (Some(vectors), Some(tokens)) => Ok(Embedded {
                vectors,
                usage: Usage::new(tokens, 0),
                request_id: headers::request_id(&reply.headers),
            }),
            _ => Err(failure::unreadable(&reply, &self.client, SETTINGS.service)),
        }
    }
}

fn in_order(data: Vec<Vector>, n: usize) -> Option<Vec<Vec<f32>>> {
    let dim = data.first()?.embedding.len();
    let mut vectors = vec![Vec::new(); n];
    for Vector { index, embedding } in data {
        let place = vectors.get_mut(index)?;
        let sound = embedding.len() == dim && embedding.iter().all(|x| x.is_finite());
        if !sound || !place.is_empty() {
            return None;
        }
        *place = embedding;
    }
    vectors
        .iter()
        .all(|vector| !vector.is_empty())
        .then_some(vectors)
}
