//! Encoders of the BERT family from a local folder: MiniLM, MPNet and their like.

mod config;
mod encoder;
mod layer;
mod weights;

use std::fmt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

use self::config::Config;
use self::encoder::Encoder;
use crate::{Embedder, Embeddings, Error};

/// Tokens that are worked on together. Texts of like length stand together, without padding.
const BATCH_TOKENS: usize = 512;

/// A sentence model of the BERT or the MPNet kind, read from a folder as sentence-transformers lays it
/// out: `config.json`, `tokenizer.json` and `model.safetensors`.
///
/// Each text's vector is the mean of its tokens' last states, at unit length, as
/// `all-MiniLM-L6-v2` and `all-mpnet-base-v2` define it. Batches are cut by length and shared out over
/// the threads of the current rayon pool.
///
/// # Determinism
///
/// A row depends on nothing but its text and the machine's instruction set: texts in a batch do not
/// meet, nothing is padded, and each product is summed in one order.
///
/// # Example
///
/// ```no_run
/// use axia_embed::{BertEmbedder, Embedder};
///
/// let embedder = BertEmbedder::from_folder("models/all-MiniLM-L6-v2")?;
/// let vectors = embedder.embed(&["honesty", "truthfulness"])?;
/// assert_eq!((vectors.len(), vectors.dim()), (2, embedder.dim()));
/// # Ok::<(), axia_embed::Error>(())
/// ```
pub struct BertEmbedder {
    encoder: Encoder,
    tokenizer: Tokenizer,
    fingerprint: String,
}

impl BertEmbedder {
    /// Reads a model. `folder` holds the model's files itself, or is a model's folder in the cache of
    /// the Hugging Face tools (`models--OWNER--NAME`), of which the revision that `refs/main` names is
    /// taken, else the only one.
    ///
    /// # Errors
    ///
    /// If a file is missing or cannot be read, if the model is neither of the BERT nor of the MPNet
    /// kind, if it pools other than by the mean, or if its weights are not all there in `f32`.
    pub fn from_folder(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = snapshot(folder.as_ref())?;
        let config = Config::read(&folder)?;
        let bytes = weights::read_file(&folder, "model.safetensors")?;
        let tokens = weights::read_file(&folder, "tokenizer.json")?;
        let mut hasher = blake3::Hasher::new();
        for part in [&bytes, &tokens] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.update(config.fingerprint().as_bytes());
        let digest = hasher.finalize().to_hex();
        let mut tokenizer = Tokenizer::from_bytes(&tokens)
            .map_err(|e| Error::model(&folder, format_args!("its tokenizer.json: {e}")))?;
        let truncation = TruncationParams {
            max_length: config.longest(),
            ..TruncationParams::default()
        };
        tokenizer
            .with_padding(None)
            .with_truncation(Some(truncation))
            .map_err(|e| Error::model(&folder, format_args!("its tokenizer: {e}")))?;
        let encoder = Encoder::read(&folder, &bytes, config)?;
        Ok(Self {
            encoder,
            tokenizer,
            fingerprint: format!("bert-v1-{}", &digest[..16]),
        })
    }
}

/// The folder that holds the model's files.
fn snapshot(folder: &Path) -> Result<PathBuf, Error> {
    let snapshots = folder.join("snapshots");
    if folder.join("config.json").exists() || !snapshots.is_dir() {
        return Ok(folder.to_path_buf());
    }
    if let Ok(revision) = std::fs::read_to_string(folder.join("refs").join("main")) {
        return Ok(snapshots.join(revision.trim()));
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(&snapshots)
        .map_err(|e| Error::model(folder, e))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Error::model(
            folder,
            "it holds no snapshot, or several and no refs/main: name the snapshot's own folder",
        )),
    }
}

impl Embedder for BertEmbedder {
    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn dim(&self) -> usize {
        self.encoder.dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        let dim = self.dim();
        let tokens: Vec<Vec<u32>> = texts
            .par_iter()
            .map(|text| {
                let encoding = self.tokenizer.encode(*text, true);
                // The tokenizer's message may quote the text.
                let encoding =
                    encoding.map_err(|_| Error::embedder("a text cannot be tokenized"))?;
                Ok(encoding.get_ids().to_vec())
            })
            .collect::<Result<_, Error>>()?;
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&at| (tokens[at].len(), at));
        let mut batches: Vec<&[usize]> = Vec::new();
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let mut held = 0;
            let take = rest.iter().take_while(|&&at| {
                held += tokens[at].len();
                held <= BATCH_TOKENS
            });
            let (batch, after) = rest.split_at(take.count().max(1));
            batches.push(batch);
            rest = after;
        }
        let pooled: Vec<Vec<f32>> = batches
            .par_iter()
            .map(|batch| {
                let texts: Vec<&[u32]> = batch.iter().map(|&at| tokens[at].as_slice()).collect();
                self.encoder.pooled(&texts)
            })
            .collect();
        let mut values = vec![0.0; texts.len() * dim];
        for (batch, pooled) in batches.iter().zip(&pooled) {
            for (&at, row) in batch.iter().zip(pooled.chunks_exact(dim)) {
                values[at * dim..][..dim].copy_from_slice(row);
            }
        }
        let mut vectors = Embeddings::new(dim, values)?;
        vectors.normalize();
        Ok(vectors)
    }
}

impl fmt::Debug for BertEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint)
    }
}
