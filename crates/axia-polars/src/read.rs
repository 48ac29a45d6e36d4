//! Opens a Parquet file as a stream of conversations.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use axia_conversation::{ConversationReader, ReaderParams};

use crate::Error;
use crate::json_lines::ParquetLines;

/// Opens a Parquet file; each row is read as a line of JSON Lines would be.
///
/// The format is found by looking at the rows (WildChat, LMSYS-Chat-1M, chat messages, flat tables
/// ...), or set in the parameters. Record numbers in errors and counts are row numbers, from 1.
///
/// # Errors
///
/// If the file cannot be opened, is not Parquet, or holds rows of no known format.
///
/// # Complexity
///
/// Memory is bounded by one row group, decoded, plus the text of 64 rows.
pub fn open_parquet(
    path: impl AsRef<Path>,
    params: ReaderParams,
) -> Result<ConversationReader, Error> {
    let path = path.as_ref();
    // Here, so that what is wrong with the file is an error of its own kind.
    ParquetLines::open(path)?;
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    // Traces are read in two passes, so the rows must be to be had again.
    let path = path.to_owned();
    let open = move || ParquetLines::open(&path).map_err(std::io::Error::other);
    Ok(params.source_name(name).read_with(open)?)
}

/// Whether a file begins with the four bytes that mark Parquet.
///
/// # Errors
///
/// If the file cannot be opened or read.
pub fn is_parquet(path: impl AsRef<Path>) -> Result<bool, Error> {
    let path = path.as_ref();
    let mut magic = [0; 4];
    let mut file = File::open(path).map_err(|e| Error::open(path, e))?;
    match file.read_exact(&mut magic) {
        Ok(()) => Ok(&magic == b"PAR1"),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(Error::open(path, e)),
    }
}
