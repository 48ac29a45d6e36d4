//! The files inside a zip file that may hold conversations.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::{Crc, read::DeflateDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::decode::Decoded;
use crate::error::{Error, ErrorKind};

/// A zip file and those of its entries that are to be read, in order.
pub(crate) struct Zipped {
    path: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    start: u64,
    compressed: u64,
    deflated: bool,
    crc: u32,
}

/// A manifest is a short list of names; a larger file is not read for one.
const LARGEST_MANIFEST: u64 = 1 << 20;

impl Zipped {
    pub(crate) fn open_path(path: &Path, name: &str) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::open(name, e))?;
        let damaged = |error: zip::result::ZipError| ErrorKind::Damaged {
            name: name.to_owned(),
            source: match error {
                zip::result::ZipError::Io(error) => error,
                other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
            },
        };
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        let mut names: Vec<(String, usize)> = Vec::new();
        for index in 0..archive.len() {
            if let Some(Ok(entry)) = archive.name_for_index(index)
                && !is_hidden(&entry)
            {
                names.push((entry.into_owned(), index));
            }
        }
        names.sort();

        let mut wanted: Vec<&(String, usize)> =
            names.iter().filter(|(n, _)| is_export(n)).collect();
        if wanted.is_empty() {
            wanted = names.iter().filter(|(n, _)| is_table_or_json(n)).collect();
        }
        let mut entries = Vec::new();
        for (entry_name, index) in wanted {
            let file = archive.by_index_raw(*index).map_err(damaged)?;
            let unsupported = |what, advice| {
                Err(ErrorKind::Unsupported {
                    name: format!("{name}/{entry_name}"),
                    what,
                    advice,
                }
                .into())
            };
            if file.encrypted() {
                return unsupported("encrypted", "unpack it first");
            }
            let deflated = match file.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                _ => return unsupported("compressed in a rare way", "unpack it first"),
            };
            let Some(start) = file.data_start() else {
                continue;
            };
            entries.push(Entry {
                name: entry_name.clone(),
                start,
                compressed: file.compressed_size(),
                deflated,
                crc: file.crc32(),
            });
        }
        let zipped = Self {
            path: path.to_owned(),
            entries,
        };
        if zipped.entries.is_empty() {
            return Err(zipped.without_conversations(name, &names, &mut archive));
        }
        Ok(zipped)
    }

    /// The error that names the files to fetch instead, where they can be told.
    fn without_conversations<R: Read + Seek>(
        &self,
        name: &str,
        names: &[(String, usize)],
        archive: &mut ZipArchive<R>,
    ) -> Error {
        let mut parts: Vec<String> = names
            .iter()
            .filter(|(n, _)| has_extension(n, &["zip"]))
            .map(|(n, _)| n.clone())
            .collect();
        for (_, index) in names.iter().filter(|(n, _)| is_manifest(n)) {
            let mut text = Vec::new();
            let read = archive
                .by_index(*index)
                .map(|file| file.take(LARGEST_MANIFEST).read_to_end(&mut text));
            if matches!(read, Ok(Ok(_))) {
                parts.extend(zip_names(&String::from_utf8_lossy(&text)));
            }
        }
        // Other parts hold projects, memories and the like.
        let of_conversations = |part: &String| base_name(part).starts_with("conversations");
        if parts.iter().any(of_conversations) {
            parts.retain(of_conversations);
        }
        parts.sort();
        parts.dedup();
        ErrorKind::NoConversations {
            name: name.to_owned(),
            parts,
        }
        .into()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn name(&self, entry: usize) -> &str {
        self.entries.get(entry).map_or("", |e| &e.name)
    }

    pub(crate) fn open(&self, entry: usize) -> io::Result<Box<dyn Read + Send>> {
        let Some(entry) = self.entries.get(entry) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(entry.start))?;
        let raw = file.take(entry.compressed);
        Ok(if entry.deflated {
            Box::new(Checked::new(Decoded(DeflateDecoder::new(raw)), entry.crc))
        } else {
            Box::new(Checked::new(raw, entry.crc))
        })
    }
}

/// Compares the checksum at the end.
struct Checked<R> {
    inner: R,
    crc: Crc,
    expected: u32,
}

impl<R> Checked<R> {
    fn new(inner: R, expected: u32) -> Self {
        Self {
            inner,
            crc: Crc::new(),
            expected,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.crc.update(&into[..read]);
        if read == 0 && !into.is_empty() && self.crc.sum() != self.expected {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "checksum differs",
            ));
        }
        Ok(read)
    }
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn is_hidden(name: &str) -> bool {
    name.ends_with('/') || name.starts_with("__MACOSX/") || base_name(name).starts_with('.')
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let Some((_, extension)) = base_name(name).rsplit_once('.') else {
        return false;
    };
    extensions.iter().any(|e| e.eq_ignore_ascii_case(extension))
}

/// `conversations.json`, or a numbered part of it: what chat products call their export.
fn is_export(name: &str) -> bool {
    base_name(name)
        .strip_prefix("conversations")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|part| {
            part.is_empty()
                || (part.starts_with(['-', '_'])
                    && part.len() > 1
                    && part[1..].bytes().all(|b| b.is_ascii_digit()))
        })
}

fn is_manifest(name: &str) -> bool {
    base_name(name).to_ascii_lowercase().starts_with("manifest")
}

fn is_table_or_json(name: &str) -> bool {
    let bare = ["gz", "zst"]
        .iter()
        .find_map(|e| name.strip_suffix(e)?.strip_suffix('.'))
        .unwrap_or(name);
    !is_manifest(name) && has_extension(bare, &["json", "jsonl", "ndjson", "csv", "tsv"])
}

/// Names of zip files in a text.
fn zip_names(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
        .filter(|word| word.len() > 4 && word.ends_with(".zip"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_known_by_name() {
        for (name, expected) in [
            ("conversations.json", true),
            ("export/conversations.json", true),
            ("conversations-001.json", true),
            ("shared_conversations.json", false),
            ("conversations-x.json", false),
            ("conversations.jsonl", false),
        ] {
            assert_eq!(is_export(name), expected, "{name}");
        }
    }

    #[test]
    fn manifests_name_their_parts() {
        let text =
            r#"{"parts": [{"url": "https://x.test/a/conversations-000.zip?sig=1"}, "b.zip"]}"#;
        assert_eq!(zip_names(text), ["conversations-000.zip", "b.zip"]);
    }
}
