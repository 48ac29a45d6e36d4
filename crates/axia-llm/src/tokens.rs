//! How many tokens a text has, before it is sent.

use crate::Request;

/// Counts tokens, for estimates before a run and for the pace within one.
///
/// What a service finally charges is what it says in its answers; this is a forecast.
pub trait TokenCounter: Send + Sync {
    /// The tokens of a text.
    fn count(&self, text: &str) -> u64;

    /// The tokens of a request as it is read: its messages, four more for each of them, and its
    /// schema.
    fn count_request(&self, request: &Request) -> u64 {
        let messages: u64 = request
            .messages()
            .iter()
            .map(|message| self.count(&message.text) + 4)
            .sum();
        messages
            + request
                .schema()
                .map_or(0, |schema| self.count(schema.as_str()))
    }
}

/// Guesses from the characters: four ASCII characters a token, two of other alphabets, one of
/// ideographs, syllables and emoji.
///
/// It needs no vocabulary. On English prose it is usually within a fifth of the truth, and for other
/// scripts it rather says too much.
///
/// # Example
///
/// ```
/// use axia_llm::{HeuristicTokens, TokenCounter};
///
/// assert_eq!(HeuristicTokens.count("Which planet is red?"), 5);
/// assert_eq!(HeuristicTokens.count("火星"), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeuristicTokens;

impl TokenCounter for HeuristicTokens {
    fn count(&self, text: &str) -> u64 {
        let mut quarters: u64 = 0;
        for c in text.chars() {
            quarters += match u32::from(c) {
                0..0x80 => 1,
                0x80..0x1100 => 2,
                _ => 4,
            };
        }
        quarters.div_ceil(4)
    }
}

/// Counts with the vocabulary of OpenAI's newer models, `o200k_base` (feature `tokenizer`).
///
/// It is exact for those models' texts, and for others the better guess. Other makers' vocabularies
/// are not public, or differ by some percent.
///
/// # Example
///
/// ```
/// use axia_llm::{BpeTokens, TokenCounter};
///
/// assert_eq!(BpeTokens.count("Which planet is red?"), 5);
/// ```
#[cfg(feature = "tokenizer")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokenizer")))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BpeTokens;

#[cfg(feature = "tokenizer")]
impl TokenCounter for BpeTokens {
    fn count(&self, text: &str) -> u64 {
        bpe_openai::o200k_base().count(text) as u64
    }
}
