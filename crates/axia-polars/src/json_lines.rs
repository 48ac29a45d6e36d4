//! A Parquet file as a lazy stream of JSON Lines, one row a line, one row group in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::io::SerWriter;
use polars::prelude::{
    DataFrame, DataType, FileMetadata, JsonFormat, JsonWriter, ParquetReader, SerReader,
};

use crate::Error;
use crate::error::kind_of;

/// Rows that become text at once; a row of a chat set has some kilobytes.
const ROWS_AT_ONCE: usize = 64;

pub(crate) struct ParquetLines {
    path: PathBuf,
    file: File,
    metadata: Arc<FileMetadata>,
    /// Columns that JSON can hold.
    columns: Vec<String>,
    /// Rows of each row group, and which comes next.
    groups: Vec<usize>,
    next_group: usize,
    rows_before: usize,
    frame: DataFrame,
    next_row: usize,
    /// Text of some rows, and how much of it has been read.
    text: Vec<u8>,
    read: usize,
    /// Whether the file is one of ours, in which the metadata are JSON inside a string.
    ours: bool,
}

impl ParquetLines {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::open(path, e))?;
        let again = file.try_clone().map_err(|e| Error::open(path, e))?;
        let mut reader = ParquetReader::new(again);
        let metadata = Arc::clone(
            reader
                .get_metadata()
                .map_err(|e| Error::parquet(path, &e))?,
        );
        let groups = metadata.row_groups.iter().map(|g| g.num_rows()).collect();
        // An empty slice: the data types as polars sees them, without reading a page.
        let head = ParquetReader::new(file.try_clone().map_err(|e| Error::open(path, e))?)
            .with_slice(Some((0, 0)))
            .finish()
            .map_err(|e| Error::parquet(path, &e))?;
        let columns = head
            .columns()
            .iter()
            .filter(|c| has_json_form(c.dtype()))
            .map(|c| c.name().to_string())
            .collect();
        let ours = *head.schema().as_ref() == crate::frame::schema();
        Ok(Self {
            path: path.to_owned(),
            file,
            metadata,
            columns,
            groups,
            next_group: 0,
            rows_before: 0,
            frame: DataFrame::empty(),
            next_row: 0,
            text: Vec::new(),
            read: 0,
            ours,
        })
    }

    /// Makes the text of the next rows; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        while self.next_row >= self.frame.height() {
            let Some(&rows) = self.groups.get(self.next_group) else {
                return Ok(false);
            };
            let mut reader = ParquetReader::new(self.file.try_clone()?);
            reader.set_metadata(Arc::clone(&self.metadata));
            self.frame = reader
                .with_columns(Some(self.columns.clone()))
                .with_slice(Some((self.rows_before, rows)))
                .finish()
                .map_err(|e| self.damaged(&e))?;
            self.next_row = 0;
            self.rows_before += rows;
            self.next_group += 1;
        }
        let mut rows = self.frame.slice(
            i64::try_from(self.next_row).unwrap_or(i64::MAX),
            ROWS_AT_ONCE,
        );
        self.next_row += ROWS_AT_ONCE;
        self.text.clear();
        self.read = 0;
        JsonWriter::new(&mut self.text)
            .with_json_format(JsonFormat::JsonLines)
            .finish(&mut rows)
            .map_err(|e| self.damaged(&e))?;
        if self.ours {
            self.text = with_metadata_as_object(&self.text)?;
        }
        Ok(true)
    }

    fn damaged(&self, error: &polars::error::PolarsError) -> io::Error {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "{}: row group {} cannot be read: {}",
                self.path.display(),
                self.next_group,
                kind_of(error)
            ),
        )
    }
}

impl Read for ParquetLines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.text.len() && !self.advance()? {
            return Ok(0);
        }
        let n = buffer.len().min(self.text.len() - self.read);
        buffer[..n].copy_from_slice(&self.text[self.read..self.read + n]);
        self.read += n;
        Ok(n)
    }
}

/// Whether polars' JSON writer knows the type. Bytes have no form as JSON, and no format that we
/// read keeps its messages in them.
fn has_json_form(dtype: &DataType) -> bool {
    match dtype {
        DataType::List(inner) | DataType::Array(inner, _) => has_json_form(inner),
        DataType::Struct(fields) => fields.iter().all(|f| has_json_form(f.dtype())),
        DataType::Boolean
        | DataType::String
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date
        | DataType::Datetime(..)
        | DataType::Categorical(..)
        | DataType::Enum(..)
        | DataType::Null => true,
        _ => false,
    }
}

fn with_metadata_as_object(lines: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split(|&b| b == b'\n').filter(|l| !l.is_empty()) {
        let mut row: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line)?;
        // A null is what a missing value is in a table; in JSON Lines the field is left out.
        row.retain(|_, value| !value.is_null());
        if let Some(serde_json::Value::String(text)) = row.get("metadata") {
            let object = serde_json::from_str(text)?;
            row.insert("metadata".to_owned(), object);
        }
        serde_json::to_writer(&mut out, &row)?;
        out.push(b'\n');
    }
    Ok(out)
}
