//! A file of vectors that were computed once: what took hours is on the disk before it is handed on.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Embedder, Embeddings, Error};

/// First bytes of the file; the number is raised when the format changes.
const MAGIC: &[u8; 8] = b"AXIAEMB1";

/// Texts that are embedded between two writes: at most so many are computed again after a kill.
const CHUNK: usize = 256;

/// Bytes of a text's hash and of a record's checksum.
const HASH: usize = 32;
const CHECK: usize = 8;

/// An embedder that remembers, in a file, the vector of each text.
///
/// A text is known by its BLAKE3 hash: the file holds no texts. New vectors are on the disk (synced)
/// before [`embed`](Embedder::embed) returns, in pieces of 256 texts while it runs, so a killed run
/// repeats at most one piece. A record that a kill has cut off is dropped when the file is opened again.
///
/// The file belongs to one model: opening it with an embedder of another fingerprint or dimension is an
/// error. One process at a time has it open. All vectors are held in memory.
///
/// # Example
///
#[cfg_attr(feature = "bundled", doc = "```")]
#[cfg_attr(not(feature = "bundled"), doc = "```ignore")]
/// use axia_embed::{BundledEmbedder, CachedEmbedder, Embedder};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("vectors.bin");
/// let embedder = CachedEmbedder::open(&path, BundledEmbedder::new()?)?;
/// embedder.embed(&["honesty", "candour", "honesty"])?;
/// assert_eq!((embedder.len(), embedder.computed()), (2, 2));
/// drop(embedder);
///
/// let again = CachedEmbedder::open(&path, BundledEmbedder::new()?)?;
/// again.embed(&["candour"])?;
/// assert_eq!((again.len(), again.computed()), (2, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CachedEmbedder<E> {
    embedder: E,
    dim: usize,
    store: Mutex<Store>,
}

struct Store {
    path: PathBuf,
    file: File,
    /// Row of each text, by its hash.
    rows: HashMap<[u8; HASH], usize>,
    values: Vec<f32>,
    computed: usize,
    dropped_bytes: u64,
}

impl<E: Embedder> CachedEmbedder<E> {
    /// Opens the file, or makes it; its folder must be there.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, is open elsewhere, is no such file, or holds vectors of
    /// another model.
    pub fn open(path: impl AsRef<Path>, embedder: E) -> Result<Self, Error> {
        let path = path.as_ref();
        let dim = embedder.dim();
        if dim == 0 {
            return Err(Error::shape(0, 0));
        }
        let header = header(&embedder.fingerprint(), dim);
        let store = Store::open(path, &header, dim)?;
        Ok(Self {
            embedder,
            dim,
            store: Mutex::new(store),
        })
    }

    /// Number of texts whose vectors are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().rows.len()
    }

    /// Whether no vector is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of vectors that were computed since the file was opened.
    #[must_use]
    pub fn computed(&self) -> usize {
        self.lock().computed
    }

    /// Bytes at the end of the file that were no whole record when it was opened.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        self.lock().dropped_bytes
    }

    /// The embedder behind the cache.
    pub fn into_inner(self) -> E {
        self.embedder
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Store> {
        // A panic in another thread leaves no half record in memory: rows are added last.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Embedder> Embedder for CachedEmbedder<E> {
    fn fingerprint(&self) -> String {
        self.embedder.fingerprint()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, Error> {
        let hashes: Vec<[u8; HASH]> = texts
            .iter()
            .map(|text| *blake3::hash(text.as_bytes()).as_bytes())
            .collect();
        let missing = {
            let store = self.lock();
            let mut wanted = std::collections::HashSet::new();
            let all = hashes.iter().enumerate();
            all.filter(|(_, hash)| !store.rows.contains_key(*hash) && wanted.insert(**hash))
                .map(|(at, _)| at)
                .collect::<Vec<usize>>()
        };
        for chunk in missing.chunks(CHUNK) {
            let batch: Vec<&str> = chunk.iter().map(|&at| texts[at]).collect();
            // Without the lock: other threads read meanwhile.
            let vectors = self.embedder.embed(&batch)?;
            if vectors.len() != batch.len() || vectors.dim() != self.dim {
                return Err(Error::embedder(format_args!(
                    "the embedder gave {} x {} values for {} texts of {} dimensions",
                    vectors.len(),
                    vectors.dim(),
                    batch.len(),
                    self.dim
                )));
            }
            let hashes = chunk.iter().map(|&at| hashes[at]);
            self.lock().append(hashes, &vectors)?;
        }
        let store = self.lock();
        let mut values = Vec::with_capacity(texts.len() * self.dim);
        for hash in &hashes {
            let row = store.rows.get(hash).copied().unwrap_or_default();
            values.extend_from_slice(&store.values[row * self.dim..(row + 1) * self.dim]);
        }
        Embeddings::new(self.dim, values)
    }
}

impl Store {
    fn open(path: &Path, header: &[u8], dim: usize) -> Result<Self, Error> {
        let failed = |doing: &str, error: std::io::Error| {
            Error::cache(path, format_args!("{doing}: {error}"))
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|e| failed("cannot open it", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::cache(
                    path,
                    format_args!("another process has it open"),
                ));
            }
            Err(TryLockError::Error(e)) => return Err(failed("cannot lock it", e)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|e| failed("cannot read it", e))?;
        let mut store = Self {
            path: path.to_owned(),
            file,
            rows: HashMap::new(),
            values: Vec::new(),
            computed: 0,
            dropped_bytes: 0,
        };
        if bytes.len() < header.len() && header.starts_with(&bytes) {
            // New, or killed before its first line was whole.
            store.truncate(0)?;
            store.write(header)?;
            return Ok(store);
        }
        let Some(records) = bytes.strip_prefix(header) else {
            let what = if bytes.starts_with(MAGIC) {
                "it holds vectors of another model: take another file for this one"
            } else {
                "it is no cache of vectors: take another path"
            };
            return Err(Error::cache(path, format_args!("{what}")));
        };
        let size = HASH + 4 * dim + CHECK;
        let mut whole = 0;
        for record in records.chunks_exact(size) {
            let (body, check) = record.split_at(size - CHECK);
            if checksum(body) != *check {
                break;
            }
            let (hash, vector) = body.split_at(HASH);
            let values = vector.chunks_exact(4);
            let mut key = [0; HASH];
            key.copy_from_slice(hash);
            store.rows.insert(key, store.values.len() / dim);
            store
                .values
                .extend(values.map(|v| f32::from_le_bytes([v[0], v[1], v[2], v[3]])));
            whole += size;
        }
        let kept = (header.len() + whole) as u64;
        store.dropped_bytes = bytes.len() as u64 - kept;
        if store.dropped_bytes > 0 {
            store.truncate(kept)?;
        }
        Ok(store)
    }

    fn truncate(&mut self, to: u64) -> Result<(), Error> {
        let done = self
            .file
            .set_len(to)
            .and_then(|()| self.file.seek(SeekFrom::End(0)));
        done.map(|_| ())
            .map_err(|e| Error::cache(&self.path, format_args!("cannot cut its end off: {e}")))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let done = self
            .file
            .write_all(bytes)
            .and_then(|()| self.file.sync_data());
        done.map_err(|e| Error::cache(&self.path, format_args!("cannot write it: {e}")))
    }

    /// Writes the vectors, and remembers them once they are on the disk.
    fn append(
        &mut self,
        hashes: impl Iterator<Item = [u8; HASH]>,
        vectors: &Embeddings,
    ) -> Result<(), Error> {
        let hashes: Vec<[u8; HASH]> = hashes.collect();
        let mut bytes = Vec::new();
        for (hash, row) in hashes.iter().zip(vectors.rows()) {
            let from = bytes.len();
            bytes.extend_from_slice(hash);
            bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
            let check = checksum(&bytes[from..]);
            bytes.extend_from_slice(&check);
        }
        self.write(&bytes)?;
        for (hash, row) in hashes.into_iter().zip(vectors.rows()) {
            let at = self.values.len() / vectors.dim();
            self.values.extend_from_slice(row);
            self.rows.insert(hash, at);
            self.computed += 1;
        }
        Ok(())
    }
}

/// What a file begins with that holds vectors of this model.
fn header(fingerprint: &str, dim: usize) -> Vec<u8> {
    let model = blake3::hash(format!("{dim} {fingerprint}").as_bytes());
    [MAGIC.as_slice(), model.as_bytes()].concat()
}

fn checksum(record: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&blake3::hash(record).as_bytes()[..CHECK]);
    check
}

impl<E> fmt::Debug for CachedEmbedder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedEmbedder")
            .field("dim", &self.dim)
            .finish_non_exhaustive()
    }
}
