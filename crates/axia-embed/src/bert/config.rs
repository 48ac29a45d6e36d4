//! What the files beside the weights say of a model.

use std::path::Path;

use serde::Deserialize;

use super::weights::read_file;
use crate::Error;

/// Which of the two kinds of encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Bert,
    Mpnet,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    pub(super) model_type: Kind,
    pub(super) hidden_size: usize,
    pub(super) num_attention_heads: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) layer_norm_eps: f32,
    hidden_act: String,
    max_position_embeddings: usize,
    #[serde(default)]
    pub(super) pad_token_id: usize,
    #[serde(default = "buckets")]
    pub(super) relative_attention_num_buckets: usize,
    #[serde(skip)]
    max_seq_length: Option<usize>,
}

fn buckets() -> usize {
    32
}

#[derive(Deserialize)]
struct Sentence {
    max_seq_length: Option<usize>,
}

#[derive(Deserialize)]
struct Pooling {
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
}

impl Config {
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let mut config: Self = json(folder, "config.json")?;
        if config.hidden_act != "gelu" {
            return Err(Error::model(folder, "its activation is not gelu"));
        }
        let heads = config.num_attention_heads;
        if heads == 0 || config.hidden_size == 0 || !config.hidden_size.is_multiple_of(heads) {
            return Err(Error::model(
                folder,
                "its heads do not share its width evenly",
            ));
        }
        if folder.join("sentence_bert_config.json").exists() {
            let sentence: Sentence = json(folder, "sentence_bert_config.json")?;
            config.max_seq_length = sentence.max_seq_length;
        }
        if folder.join("1_Pooling").join("config.json").exists() {
            let pooling: Pooling = json(&folder.join("1_Pooling"), "config.json")?;
            let other = pooling.pooling_mode_cls_token
                || pooling.pooling_mode_max_tokens
                || pooling.pooling_mode_mean_sqrt_len_tokens;
            if other || !pooling.pooling_mode_mean_tokens {
                return Err(Error::model(
                    folder,
                    "it pools other than by the mean of its tokens",
                ));
            }
        }
        if config.longest() < 3 {
            return Err(Error::model(folder, "it has no room for a text"));
        }
        Ok(config)
    }

    /// Positions begin with this row of their table.
    pub(super) fn first_position(&self) -> usize {
        match self.model_type {
            Kind::Bert => 0,
            Kind::Mpnet => self.pad_token_id + 1,
        }
    }

    /// Most tokens of a text, those around it included.
    pub(super) fn longest(&self) -> usize {
        let room = self
            .max_position_embeddings
            .saturating_sub(self.first_position());
        self.max_seq_length.map_or(room, |length| length.min(room))
    }

    /// What changes a vector beside weights and tokenizer.
    pub(super) fn fingerprint(&self) -> String {
        format!("{self:?} {}", self.longest())
    }
}

fn json<T: for<'de> Deserialize<'de>>(folder: &Path, name: &str) -> Result<T, Error> {
    let bytes = read_file(folder, name)?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Error::model(folder, format_args!("its {name}: {e}")))
}
