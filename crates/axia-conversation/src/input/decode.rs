//! Decompression, by the first bytes of the data.

use std::io::{self, Cursor, Read};

use crate::error::{Error, ErrorKind};

/// Kinds of files that begin with these bytes and that others must unpack or read.
const UNSUPPORTED: [(&[u8], &str, &str); 9] = [
    (
        b"PAR1",
        "a Parquet file",
        "the feature `polars` of the crate `axia`, or the crate `axia-polars`, reads it",
    ),
    (
        b"ARROW1",
        "an Arrow file",
        "write it as Parquet or JSON Lines first",
    ),
    (
        b"PK\x03\x04",
        "a zip file in a stream",
        "open it by path, because its table of contents stands at its end",
    ),
    (b"PK\x05\x06", "an empty zip file", "nothing is in it"),
    (b"\xfd7zXZ", "an xz file", "unpack it first with `xz -d`"),
    (b"BZh", "a bzip2 file", "unpack it first with `bunzip2`"),
    (b"7z\xbc\xaf", "a 7z file", "unpack it first"),
    (
        b"SQLite format 3",
        "an SQLite database",
        "write its table as CSV or JSON Lines first",
    ),
    (
        b"%PDF-",
        "a PDF file",
        "export the conversations as JSON instead",
    ),
];

/// The longest of the marks that are looked for.
const LONGEST_MARK: usize = 16;

/// Bytes that a decoder of deflate is asked for at once.
#[cfg(any(feature = "gzip", feature = "zip"))]
const MOST_AT_ONCE: usize = 16 * 1024;

/// Puts the right decompression on top of a stream.
pub(crate) fn decode(
    mut reader: Box<dyn Read + Send>,
    name: &str,
) -> Result<Box<dyn Read + Send>, Error> {
    let mut head = Vec::with_capacity(LONGEST_MARK);
    reader
        .by_ref()
        .take(LONGEST_MARK as u64)
        .read_to_end(&mut head)
        .map_err(|source| match source.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ErrorKind::Damaged {
                name: name.to_owned(),
                source,
            }
            .into(),
            _ => Error::open(name, source),
        })?;
    if let Some((_, what, advice)) = UNSUPPORTED.iter().find(|(mark, ..)| head.starts_with(mark)) {
        return Err(ErrorKind::Unsupported {
            name: name.to_owned(),
            what,
            advice,
        }
        .into());
    }
    let gzip = head.starts_with(b"\x1f\x8b");
    // Frames that a reader must skip may come first.
    let zstd = head.starts_with(b"\x28\xb5\x2f\xfd")
        || (head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == *b"\x2a\x4d\x18");
    let whole: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(reader));
    if gzip {
        return gunzip(whole, name);
    }
    if zstd {
        return unzstd(whole, name);
    }
    Ok(whole)
}

#[cfg(feature = "gzip")]
fn gunzip(reader: Box<dyn Read + Send>, _: &str) -> Result<Box<dyn Read + Send>, Error> {
    Ok(Box::new(Decoded(flate2::read::MultiGzDecoder::new(reader))))
}

#[cfg(not(feature = "gzip"))]
fn gunzip(_: Box<dyn Read + Send>, name: &str) -> Result<Box<dyn Read + Send>, Error> {
    Err(ErrorKind::FeatureOff {
        name: name.to_owned(),
        what: "a gzip file",
        feature: "gzip",
    }
    .into())
}

#[cfg(feature = "zstd")]
fn unzstd(reader: Box<dyn Read + Send>, _: &str) -> Result<Box<dyn Read + Send>, Error> {
    Ok(Box::new(frames::Frames::new(reader)))
}

#[cfg(not(feature = "zstd"))]
fn unzstd(_: Box<dyn Read + Send>, name: &str) -> Result<Box<dyn Read + Send>, Error> {
    Err(ErrorKind::FeatureOff {
        name: name.to_owned(),
        what: "a zstd file",
        feature: "zstd",
    }
    .into())
}

/// Gives the errors of a decoder one kind, so that they are not taken for those of the disk below.
#[cfg(any(feature = "gzip", feature = "zip"))]
pub(crate) struct Decoded<R>(pub(crate) R);

#[cfg(any(feature = "gzip", feature = "zip"))]
impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Where the data are damaged, some decoders drop all that the same call has decoded before.
        let most = into.len().min(MOST_AT_ONCE);
        self.0
            .read(&mut into[..most])
            .map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                    io::Error::new(io::ErrorKind::InvalidData, error)
                }
                _ => error,
            })
    }
}

#[cfg(feature = "zstd")]
mod frames {
    use std::io::{self, BufRead, BufReader, Read};

    use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
    use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

    /// All frames of a zstd file, one after the other.
    pub(super) struct Frames<R> {
        source: BufReader<R>,
        decoder: FrameDecoder,
        begun: bool,
    }

    impl<R: Read> Frames<R> {
        pub(super) fn new(source: R) -> Self {
            Self {
                source: BufReader::new(source),
                decoder: FrameDecoder::new(),
                begun: false,
            }
        }

        /// Goes to the next frame that holds data; `false` at the end of the file.
        fn next_frame(&mut self) -> io::Result<bool> {
            loop {
                if self.source.fill_buf()?.is_empty() {
                    return Ok(false);
                }
                match self.decoder.init(&mut self.source) {
                    Ok(()) => return Ok(true),
                    Err(FrameDecoderError::ReadFrameHeaderError(
                        ReadFrameHeaderError::SkipFrame { length, .. },
                    )) => {
                        let length = u64::from(length);
                        let skipped =
                            io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                        if skipped < length {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                    }
                    Err(error) => return Err(into_io(error)),
                }
            }
        }
    }

    impl<R: Read> Read for Frames<R> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            loop {
                if self.begun {
                    while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                        self.decoder
                            .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                            .map_err(into_io)?;
                    }
                    let read = self.decoder.read(into)?;
                    if read > 0 || into.is_empty() {
                        return Ok(read);
                    }
                    if self.decoder.get_checksum_from_data().is_some()
                        && self.decoder.get_checksum_from_data()
                            != self.decoder.get_calculated_checksum()
                    {
                        return Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "checksum differs",
                        ));
                    }
                }
                self.begun = self.next_frame()?;
                if !self.begun {
                    return Ok(0);
                }
            }
        }
    }

    /// The error of the stream below if there is one, else damaged data.
    fn into_io(error: FrameDecoderError) -> io::Error {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut kind = io::ErrorKind::InvalidData;
        while let Some(inner) = cause {
            if let Some(io) = inner.downcast_ref::<io::Error>()
                && io.kind() != io::ErrorKind::Other
            {
                kind = io.kind();
            }
            cause = inner.source();
        }
        io::Error::new(kind, error.to_string())
    }
}
