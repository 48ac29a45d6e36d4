//! JSON Lines inside the run folder: growing files that survive a kill, and reading them back.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// A file of lines that grows. What was flushed survives a kill; a half line at the end, left by
/// one, is cut off when the file is opened again.
pub(crate) struct GrowingLines {
    path: PathBuf,
    file: BufWriter<File>,
}

impl GrowingLines {
    /// Opens or makes the file, and cuts a half line off its end.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let open = || -> std::io::Result<File> {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(path)?;
            let whole = end_of_last_line(&mut file)?;
            file.set_len(whole)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(|e| Error::io(path, "open the file", e))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
        })
    }

    pub(crate) fn push<T: Serialize>(&mut self, value: &T) -> Result<(), Error> {
        let line = serde_json::to_vec(value).map_err(std::io::Error::from);
        line.and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        })
        .map_err(|e| Error::io(&self.path, "write the file", e))
    }

    /// Hands everything to the system: a kill of this process loses nothing of it.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.file
            .flush()
            .map_err(|e| Error::io(&self.path, "write the file", e))
    }

    /// Puts everything on the disk: a power cut loses nothing of it.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.file
            .get_ref()
            .sync_data()
            .map_err(|e| Error::io(&self.path, "write the file", e))
    }
}

/// Position behind the last line feed.
fn end_of_last_line(file: &mut File) -> std::io::Result<u64> {
    const BLOCK: u64 = 1 << 16;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut buffer = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        buffer.clear();
        Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut buffer)?;
        if let Some(at) = buffer.iter().rposition(|&b| b == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The records of a file that one of our stages wrote.
pub(crate) struct Lines<T> {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    record: PhantomData<T>,
}

impl<T: DeserializeOwned> Lines<T> {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::io(path, "open the file", e))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(1 << 16, file),
            line: Vec::new(),
            number: 0,
            record: PhantomData,
        })
    }
}

impl<T: DeserializeOwned> Iterator for Lines<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line.clear();
        self.number += 1;
        match self.file.read_until(b'\n', &mut self.line) {
            Ok(0) => None,
            Ok(_) => Some(
                serde_json::from_slice(&self.line)
                    .map_err(|_| Error::damaged(&self.path, self.number)),
            ),
            Err(e) => Some(Err(Error::io(&self.path, "read the file", e))),
        }
    }
}

/// Counts the lines of a file; 0 if it is not there.
pub(crate) fn count_lines(path: &Path) -> Result<u64, Error> {
    if !path.exists() {
        return Ok(0);
    }
    let file = File::open(path).map_err(|e| Error::io(path, "open the file", e))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut lines = 0;
    loop {
        let n = {
            let buffer = file
                .fill_buf()
                .map_err(|e| Error::io(path, "read the file", e))?;
            lines += buffer.iter().filter(|&&b| b == b'\n').count() as u64;
            buffer.len()
        };
        if n == 0 {
            return Ok(lines);
        }
        file.consume(n);
    }
}
