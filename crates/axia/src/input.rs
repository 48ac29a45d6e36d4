//! Where conversations come from: files of any supported format, or memory.

use std::path::{Path, PathBuf};

use axia_conversation::{Conversation, ConversationReader, ReaderParams};
use axia_report::FileDigest;

use crate::Error;
use crate::run_folder::digest_path;

/// Opens a file of conversations in any supported format, Parquet included (feature `polars`).
///
/// # Errors
///
/// If the file cannot be read, holds no record of a known format, or is Parquet and the feature
/// `polars` is off.
///
/// # Example
///
/// ```
/// use axia::conversation::ReaderParams;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("chats.jsonl");
/// std::fs::write(&path, r#"{"messages":[{"role":"user","content":"Hi"}]}"#)?;
/// let mut reader = axia::open_conversations(&path, ReaderParams::new())?;
/// assert_eq!(reader.by_ref().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_conversations(
    path: impl AsRef<Path>,
    params: ReaderParams,
) -> Result<ConversationReader, Error> {
    let path = path.as_ref();
    if begins_as_parquet(path) {
        return open_parquet(path, params);
    }
    Ok(params.open(path)?)
}

#[cfg(feature = "polars")]
fn open_parquet(path: &Path, params: ReaderParams) -> Result<ConversationReader, Error> {
    Ok(axia_polars::open_parquet(path, params)?)
}

#[cfg(not(feature = "polars"))]
fn open_parquet(path: &Path, _params: ReaderParams) -> Result<ConversationReader, Error> {
    Err(Error::parquet_feature(path))
}

/// A file that cannot be opened is no Parquet file; the reader then says what is wrong with it.
fn begins_as_parquet(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    path.is_file()
        && std::fs::File::open(path).is_ok_and(|mut f| f.read_exact(&mut magic).is_ok())
        && &magic == b"PAR1"
}

#[derive(Clone, Debug)]
pub(crate) enum Input {
    File(PathBuf),
    Conversations(Vec<Conversation>),
}

impl Input {
    /// What the manifest records of this input.
    pub(crate) fn digest(&self, index: usize) -> Result<FileDigest, Error> {
        match self {
            Self::File(path) => {
                if path.is_file() {
                    digest_path(path)
                } else {
                    // The reader knows best what is wrong: not there, a folder, no permission.
                    match ReaderParams::new().open(path) {
                        Err(error) => Err(error.into()),
                        Ok(_) => digest_path(path),
                    }
                }
            }
            Self::Conversations(conversations) => {
                let mut hasher = blake3::Hasher::new();
                let mut bytes = 0;
                for conversation in conversations {
                    // Ids, times and metadata decide the result too, so the whole record counts.
                    let line = serde_json::to_vec(conversation).unwrap_or_default();
                    bytes += line.len() as u64 + 1;
                    hasher.update(&line);
                    hasher.update(b"\n");
                }
                Ok(FileDigest {
                    name: format!("conversations in memory {}", index + 1),
                    bytes,
                    blake3: hasher.finalize().to_hex().to_string(),
                })
            }
        }
    }
}
