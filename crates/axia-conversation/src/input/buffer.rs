//! A growing window over a byte stream.

use std::fmt;
use std::io::{self, Read};

/// How much is asked for at once, and how much the first look at a file may see.
pub(crate) const BLOCK: usize = 256 * 1024;

/// The bytes of a stream that have been read and not yet been consumed.
pub(crate) struct Buffer {
    reader: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of the first byte of `data`.
    offset: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl Buffer {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self {
            reader,
            bytes: vec![0; BLOCK],
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            failure: None,
        }
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Drops the first bytes of `data`, at most as many as there are.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads once and appends to `data`; `false` at the end of the stream or after a failure.
    pub(crate) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.bytes.len() {
            if self.start >= self.bytes.len() / 2 {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
        }
        loop {
            match self.reader.read(&mut self.bytes[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count.min(self.bytes.len() - self.end),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(error);
                }
            }
            return !self.ended;
        }
    }

    /// Reads until `data` has a block, however small the pieces are in which it comes.
    pub(crate) fn fill_block(&mut self) {
        while self.data().len() < BLOCK && self.more() {}
    }

    /// Whether the stream ends behind `data`, as far as is known.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether the stream ended early, and that was not told yet.
    pub(crate) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What ended the stream early; once.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("offset", &self.offset)
            .field("held", &self.data().len())
            .finish_non_exhaustive()
    }
}
