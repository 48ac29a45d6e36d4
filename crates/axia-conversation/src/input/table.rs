//! Rows of a CSV or TSV table, as JSON objects by column name.
//!
//! Every format that comes as a table also comes as JSON Lines, so that a row in the shape of a
//! JSON object is all that the formats need to know.

use std::fmt;

use csv_core::ReadRecordResult;

use super::buffer::Buffer;
use super::records::Step;
use crate::record_error::{Place, Problem};

/// A header with more columns is no header.
const MOST_COLUMNS: usize = 10_000;

/// Cuts a table into rows.
pub(crate) struct Table {
    parser: csv_core::Reader,
    limit: usize,
    header: Option<Vec<String>>,
    /// `"name":` for each column, as it goes into the row.
    keys: Vec<Vec<u8>>,
    fields: Vec<u8>,
    ends: Vec<usize>,
    row: Vec<u8>,
    place: Place,
    records: u64,
}

/// What reading one raw row came to; its bytes are in `fields` and `ends`.
enum Raw {
    Row { columns: usize },
    TooLarge,
    End,
}

impl Table {
    pub(crate) fn new(delimiter: u8, limit: usize) -> Self {
        Self {
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            limit,
            header: None,
            keys: Vec::new(),
            fields: vec![0; 4096],
            ends: vec![0; 64],
            row: Vec::new(),
            place: Place::default(),
            records: 0,
        }
    }

    pub(crate) fn row(&self) -> &[u8] {
        &self.row
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    pub(crate) fn advance(&mut self, buffer: &mut Buffer) -> Step {
        if self.header.is_none() {
            match self.read_raw(buffer) {
                Raw::Row { columns } => {
                    let names: Option<Vec<String>> = (0..columns)
                        .map(|i| Some(std::str::from_utf8(self.field(i)).ok()?.trim().to_owned()))
                        .collect();
                    let Some(names) = names else {
                        return Step::Fault(Problem::NotUtf8, self.place);
                    };
                    self.keys = names.iter().map(|name| key(name)).collect();
                    self.header = Some(names);
                }
                Raw::TooLarge => {
                    return Step::Fault(Problem::TooLarge { limit: self.limit }, self.place);
                }
                Raw::End => return Step::End,
            }
        }
        let raw = self.read_raw(buffer);
        if !matches!(raw, Raw::End) {
            self.records += 1;
            self.place.record = self.records;
        }
        match raw {
            Raw::Row { columns } if columns == self.keys.len() => match self.write_row() {
                Some(()) => Step::Record,
                None => Step::Fault(Problem::NotUtf8, self.place),
            },
            Raw::Row { columns } => Step::Fault(
                Problem::Columns {
                    fields: columns,
                    columns: self.keys.len(),
                },
                self.place,
            ),
            Raw::TooLarge => Step::Fault(Problem::TooLarge { limit: self.limit }, self.place),
            Raw::End => Step::End,
        }
    }

    fn field(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        &self.fields[start..self.ends[index]]
    }

    /// Writes the raw row as a JSON object; `None` if it is not UTF-8.
    fn write_row(&mut self) -> Option<()> {
        self.row.clear();
        self.row.push(b'{');
        let mut start = 0;
        for (key, &end) in self.keys.iter().zip(&self.ends) {
            let text = std::str::from_utf8(&self.fields[start..end]).ok()?;
            start = end;
            // An empty cell is a missing one.
            if text.is_empty() {
                continue;
            }
            if self.row.len() > 1 {
                self.row.push(b',');
            }
            self.row.extend_from_slice(key);
            // Writing a string to memory cannot fail.
            serde_json::to_writer(&mut self.row, text).ok()?;
        }
        self.row.push(b'}');
        Some(())
    }

    fn read_raw(&mut self, buffer: &mut Buffer) -> Raw {
        let (mut written, mut columns) = (0, 0);
        let mut too_large = false;
        let mut size = 0;
        let mut begun = false;
        loop {
            if buffer.data().is_empty() {
                buffer.more();
            }
            if !begun {
                // Line breaks before the row are not a part of it.
                let blank = buffer
                    .data()
                    .iter()
                    .take_while(|b| matches!(b, b'\r' | b'\n'))
                    .count();
                if blank > 0 {
                    let (_, read, _, _) = self.parser.read_record(
                        &buffer.data()[..blank],
                        &mut self.fields,
                        &mut self.ends,
                    );
                    buffer.consume(read);
                    continue;
                }
                begun = true;
                self.place = Place {
                    record: 0,
                    line: self.parser.line(),
                    offset: buffer.offset(),
                };
            }
            let (result, read, wrote, ended) = self.parser.read_record(
                buffer.data(),
                &mut self.fields[written..],
                &mut self.ends[columns..],
            );
            buffer.consume(read);
            written += wrote;
            columns += ended;
            size += read;
            if size > self.limit || columns > MOST_COLUMNS {
                too_large = true;
            }
            if too_large {
                // Goes on to the end of the row and keeps nothing of it.
                (written, columns) = (0, 0);
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if too_large => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if too_large => {}
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record if too_large => return Raw::TooLarge,
                ReadRecordResult::Record => return Raw::Row { columns },
                ReadRecordResult::End => return Raw::End,
            }
        }
    }
}

fn key(name: &str) -> Vec<u8> {
    let mut key = serde_json::Value::from(name).to_string().into_bytes();
    key.push(b':');
    key
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
