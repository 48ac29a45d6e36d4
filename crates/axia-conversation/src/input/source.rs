//! Where the bytes come from, and how to get them again for a second pass.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::buffer::Buffer;
use super::decode::decode;
#[cfg(feature = "zip")]
use super::zipped::Zipped;
use crate::error::{Error, ErrorKind, display_name};

type Stream = Box<dyn Read + Send>;
type Opener = Box<dyn FnMut() -> io::Result<Stream> + Send>;

/// One file, or the files inside one.
pub(crate) struct Source {
    name: Arc<str>,
    kind: Kind,
}

enum Kind {
    File(PathBuf),
    #[cfg(feature = "zip")]
    Zip(Zipped),
    Once(Option<Stream>),
    Again(Opener),
}

impl Source {
    pub(crate) fn from_path(path: &Path, name: Option<&str>) -> Result<Self, Error> {
        let name = name.map_or_else(|| display_name(path), str::to_owned);
        let about = fs::metadata(path).map_err(|e| Error::open(&name, e))?;
        if about.is_dir() {
            return Err(ErrorKind::Folder { name }.into());
        }
        let mut file = File::open(path).map_err(|e| Error::open(&name, e))?;
        // A pipe can be read only once: not even its first bytes may be looked at twice.
        if !about.is_file() {
            return Ok(Self::from_reader(Box::new(file), name.into()));
        }
        let mut head = Vec::new();
        file.by_ref()
            .take(4)
            .read_to_end(&mut head)
            .map_err(|e| Error::open(&name, e))?;
        let kind = if head == b"PK\x03\x04" {
            open_zip(path, &name)?
        } else {
            Kind::File(path.to_owned())
        };
        Ok(Self {
            name: name.into(),
            kind,
        })
    }

    pub(crate) fn from_reader(reader: Stream, name: Arc<str>) -> Self {
        Self {
            name,
            kind: Kind::Once(Some(reader)),
        }
    }

    pub(crate) fn from_opener(opener: Opener, name: Arc<str>) -> Self {
        Self {
            name,
            kind: Kind::Again(opener),
        }
    }

    /// The name of the file itself.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How many files are inside: 1, except for zip files.
    pub(crate) fn entries(&self) -> usize {
        match &self.kind {
            #[cfg(feature = "zip")]
            Kind::Zip(zipped) => zipped.len(),
            _ => 1,
        }
    }

    pub(crate) fn entry_name(&self, entry: usize) -> Arc<str> {
        #[cfg(not(feature = "zip"))]
        let _ = entry;
        match &self.kind {
            #[cfg(feature = "zip")]
            Kind::Zip(zipped) => format!("{}/{}", self.name, zipped.name(entry)).into(),
            _ => self.name.clone(),
        }
    }

    pub(crate) fn can_read_again(&self) -> bool {
        !matches!(self.kind, Kind::Once(_))
    }

    /// The decompressed bytes of an entry, from the beginning.
    pub(crate) fn open(&mut self, entry: usize) -> Result<Buffer, Error> {
        #[cfg(not(feature = "zip"))]
        let _ = entry;
        let name = self.entry_name(entry);
        let stream: io::Result<Stream> = match &mut self.kind {
            Kind::File(path) => File::open(path).map(|file| Box::new(file) as Stream),
            #[cfg(feature = "zip")]
            Kind::Zip(zipped) => zipped.open(entry),
            Kind::Once(reader) => reader
                .take()
                .ok_or_else(|| io::Error::other("a stream can be read only once")),
            Kind::Again(opener) => opener(),
        };
        let stream = stream.map_err(|e| Error::open(&name, e))?;
        Ok(Buffer::new(decode(stream, &name)?))
    }
}

#[cfg(feature = "zip")]
fn open_zip(path: &Path, name: &str) -> Result<Kind, Error> {
    Zipped::open_path(path, name).map(Kind::Zip)
}

#[cfg(not(feature = "zip"))]
fn open_zip(_: &Path, name: &str) -> Result<Kind, Error> {
    Err(ErrorKind::FeatureOff {
        name: name.to_owned(),
        what: "a zip file",
        feature: "zip",
    }
    .into())
}
