//! Cuts a stream into records, in memory that one record bounds.

use std::io;

use memchr::{memchr, memchr_iter};

use super::buffer::Buffer;
use super::probe::Layout;
use super::scan::{Scan, Scanner, is_space, scalar_len};
#[cfg(feature = "csv")]
use super::table::Table;
use crate::record_error::{Place, Problem};

/// What `advance` came to.
#[derive(Debug)]
pub(crate) enum Step {
    /// A record, to be had from `current`.
    Record,
    /// Something that is not a record; go on.
    Fault(Problem, Place),
    /// The end.
    End,
}

/// The records of one stream.
#[derive(Debug)]
pub(crate) struct Records {
    buffer: Buffer,
    mode: Mode,
    limit: usize,
    /// Bytes of the current record at the front of the buffer.
    current: usize,
    place: Place,
    records: u64,
    /// The line on which the buffer begins, from 1.
    line: u64,
    /// White space since the line began, if nothing else stood on it.
    indent: Option<usize>,
    ended: bool,
    /// Bytes that were looked at again behind broken records.
    looked_at_again: u64,
}

/// Bytes behind broken records may be looked at again this many times as often as there are bytes,
/// so that a file made of broken brackets takes no quadratic time.
const MOST_LOOKS: u64 = 8;

#[derive(Debug)]
enum Mode {
    Lines,
    Nested(Nested),
    #[cfg(feature = "csv")]
    Table(Box<Table>),
}

/// Records inside of lists or over several lines.
#[derive(Debug)]
struct Nested {
    layout: Layout,
    level: Level,
    /// The indentation of the value that `resync` looks for: the last record's, or its wrapper's.
    column: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Top,
    List,
    Wrapper,
}

impl Records {
    pub(crate) fn new(buffer: Buffer, layout: Layout, limit: usize) -> Self {
        let mode = match layout {
            Layout::Lines => Mode::Lines,
            #[cfg(feature = "csv")]
            Layout::Table(delimiter) => Mode::Table(Box::new(Table::new(delimiter, limit))),
            layout => Mode::Nested(Nested {
                layout,
                level: Level::Top,
                column: None,
            }),
        };
        Self {
            buffer,
            mode,
            limit,
            current: 0,
            place: Place::default(),
            records: 0,
            line: 1,
            indent: Some(0),
            ended: false,
            looked_at_again: 0,
        }
    }

    /// The record that the last `advance` found.
    pub(crate) fn current(&self) -> &[u8] {
        match &self.mode {
            #[cfg(feature = "csv")]
            Mode::Table(table) => table.row(),
            _ => &self.buffer.data()[..self.current],
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.buffer.offset() + self.current as u64
    }

    /// The header of a table, once its first row was read.
    #[cfg(feature = "csv")]
    pub(crate) fn header(&self) -> Option<&[String]> {
        match &self.mode {
            Mode::Table(table) => table.header(),
            _ => None,
        }
    }

    /// Goes to the next record.
    pub(crate) fn advance(&mut self) -> Step {
        if self.ended {
            return Step::End;
        }
        let step = match &mut self.mode {
            Mode::Lines => self.next_line(),
            Mode::Nested(_) => self.next_value(),
            #[cfg(feature = "csv")]
            Mode::Table(table) => {
                let step = table.advance(&mut self.buffer);
                self.place = table.place();
                step
            }
        };
        // A stream that broke off must not look like one that ended.
        match step {
            Step::End | Step::Fault(Problem::Truncated | Problem::NotClosed, _) => {
                match self.buffer.take_failure() {
                    Some(failure) => {
                        self.ended = true;
                        let place = Place {
                            record: 0,
                            ..self.place
                        };
                        Step::Fault(failure_problem(&failure), place)
                    }
                    None => {
                        self.ended |= matches!(step, Step::End);
                        step
                    }
                }
            }
            step => step,
        }
    }

    fn begin_record(&mut self) {
        self.records += 1;
        self.place = Place {
            record: self.records,
            line: self.line,
            offset: self.buffer.offset(),
        };
    }

    fn next_line(&mut self) -> Step {
        loop {
            if self.current > 0 {
                self.buffer.consume(self.current);
                self.current = 0;
                if self.buffer.data().first() == Some(&b'\n') {
                    self.buffer.consume(1);
                }
                self.line += 1;
            }
            let mut seen = 0;
            let mut too_large = false;
            let len = loop {
                let data = self.buffer.data();
                if let Some(at) = memchr(b'\n', &data[seen..]) {
                    break seen + at;
                }
                seen = data.len();
                if seen > self.limit {
                    if !too_large {
                        self.begin_record();
                        too_large = true;
                    }
                    self.buffer.consume(seen);
                    seen = 0;
                }
                if !self.buffer.more() {
                    break self.buffer.data().len();
                }
            };
            if too_large || len > self.limit {
                if !too_large {
                    self.begin_record();
                }
                self.buffer.consume(len + 1);
                self.line += 1;
                return Step::Fault(Problem::TooLarge { limit: self.limit }, self.place);
            }
            let data = self.buffer.data();
            if data.is_empty() {
                return Step::End;
            }
            if data[..len].iter().all(|b| is_space(*b) || *b == 0x1e) {
                let at_end = len == data.len();
                self.buffer.consume(len + 1);
                self.line += 1;
                if at_end && self.buffer.data().is_empty() && self.buffer.ended() {
                    return Step::End;
                }
                continue;
            }
            // Text sequences begin each line with a record separator.
            if data.first() == Some(&0x1e) {
                self.buffer.consume(1);
                continue;
            }
            // A failed stream's last line is only a part of one.
            if len == data.len()
                && self.buffer.ended()
                && let Some(failure) = self.buffer.take_failure()
            {
                self.begin_record();
                self.ended = true;
                return Step::Fault(failure_problem(&failure), self.place);
            }
            self.begin_record();
            self.current = len;
            return Step::Record;
        }
    }

    /// Consumes bytes and counts the lines in them.
    fn pass(&mut self, count: usize) {
        let data = self.buffer.data();
        let count = count.min(data.len());
        self.line += memchr_iter(b'\n', &data[..count]).count() as u64;
        self.buffer.consume(count);
    }

    /// Passes white space, and commas and record separators if asked; the next byte, or `None` at the end.
    fn next_byte(&mut self, commas: bool) -> Option<u8> {
        loop {
            let data = self.buffer.data();
            let mut at = 0;
            while let Some(&byte) = data.get(at) {
                match byte {
                    b'\n' => {
                        self.line += 1;
                        self.indent = Some(0);
                    }
                    b' ' | b'\t' | b'\r' => self.indent = self.indent.map(|n| n + 1),
                    b',' | 0x1e if commas => self.indent = None,
                    _ => {
                        self.buffer.consume(at);
                        return Some(byte);
                    }
                }
                at += 1;
            }
            self.buffer.consume(at);
            if !self.buffer.more() {
                return None;
            }
        }
    }

    fn next_value(&mut self) -> Step {
        if self.current > 0 {
            if self.layout() == Layout::Values
                && let Some(line_len) = self.line_of_current()
            {
                self.mode = Mode::Lines;
                self.current = line_len;
                return self.next_line();
            }
            self.pass(self.current);
            self.current = 0;
            self.indent = None;
        }
        loop {
            let (layout, level) = match &self.mode {
                Mode::Nested(nested) => (nested.layout, nested.level),
                _ => return Step::End,
            };
            let byte = self.next_byte(true);
            match (level, byte, layout) {
                (Level::Top, None, _) => return Step::End,
                (_, None, _) => {
                    self.ended = true;
                    self.records += 1;
                    let place = Place {
                        record: self.records,
                        line: self.line,
                        offset: self.buffer.offset(),
                    };
                    return Step::Fault(Problem::NotClosed, place);
                }
                (Level::Top, Some(b'['), Layout::Elements) => self.enter(Level::List),
                (Level::Top, Some(b'{'), Layout::Wrapped(_)) => {
                    self.set_column(self.indent);
                    self.enter(Level::Wrapper);
                }
                (Level::List, Some(b']'), Layout::Wrapped(_)) => self.enter(Level::Wrapper),
                (Level::List, Some(b']'), _) | (Level::Wrapper, Some(b'}'), _) => {
                    self.enter(Level::Top);
                }
                (Level::Wrapper, Some(_), Layout::Wrapped(key)) => {
                    if let Some(step) = self.enter_wrapped_list(key) {
                        return step;
                    }
                }
                (Level::Top, Some(b'{' | b'['), _) | (Level::List, Some(_), _) => {
                    if !matches!(layout, Layout::Wrapped(_)) {
                        self.set_column(self.indent);
                    }
                    return self.take_value();
                }
                (_, Some(_), _) => {
                    self.begin_record();
                    return self.resync(Problem::Structure, 0);
                }
            }
        }
    }

    /// The length of the line on which the current record stands alone; `None` if it does not.
    fn line_of_current(&mut self) -> Option<usize> {
        let mut seen = self.current;
        if memchr(b'\n', &self.buffer.data()[..seen]).is_some() {
            return None;
        }
        loop {
            match self.buffer.data().get(seen) {
                Some(b'\n') => return Some(seen),
                Some(byte) if is_space(*byte) => seen += 1,
                Some(_) => return None,
                None => {
                    if !self.buffer.more() {
                        return None;
                    }
                }
            }
        }
    }

    fn layout(&self) -> Layout {
        match &self.mode {
            Mode::Nested(nested) => nested.layout,
            _ => Layout::Lines,
        }
    }

    fn set_column(&mut self, column: Option<usize>) {
        if let Mode::Nested(nested) = &mut self.mode {
            nested.column = column;
        }
    }

    /// Goes one bracket in or out.
    fn enter(&mut self, level: Level) {
        self.buffer.consume(1);
        self.indent = None;
        if let Mode::Nested(nested) = &mut self.mode {
            nested.level = level;
        }
    }

    /// Reads one key of a wrapper, and passes its value unless that is the list of records.
    fn enter_wrapped_list(&mut self, wanted: &str) -> Option<Step> {
        /// No key that names a list of records is longer.
        const LONGEST_KEY: usize = 4096;

        let key_len = match self.measure(LONGEST_KEY) {
            Some(len) if self.buffer.data().first() == Some(&b'"') => len,
            _ => return Some(self.broken()),
        };
        let is_wanted = &self.buffer.data()[1..key_len - 1] == wanted.as_bytes();
        self.pass(key_len);
        if self.next_byte(false) != Some(b':') {
            return Some(self.broken());
        }
        self.buffer.consume(1);
        match self.next_byte(false) {
            Some(b'[') if is_wanted => {
                self.enter(Level::List);
                return None;
            }
            Some(_) => {}
            None => return Some(self.broken()),
        }
        // Any other value is passed over piece by piece.
        let mut value = ValueEnd::default();
        loop {
            match value.feed(self.buffer.data()) {
                Scan::Done(len) => {
                    self.pass(len);
                    self.indent = None;
                    return None;
                }
                Scan::More => {
                    self.pass(self.buffer.data().len());
                    if !self.buffer.more() {
                        return Some(self.broken());
                    }
                }
                Scan::Broken(_) => return Some(self.broken()),
            }
        }
    }

    /// The length of the value at the front of the buffer, if it ends within `most` bytes.
    fn measure(&mut self, most: usize) -> Option<usize> {
        let mut value = ValueEnd::default();
        let mut seen = 0;
        loop {
            let data = self.buffer.data();
            match value.feed(&data[seen..]) {
                Scan::Done(len) => return Some(seen + len),
                Scan::Broken(_) => return None,
                Scan::More => {
                    seen = data.len();
                    if seen > most || !self.buffer.more() {
                        return None;
                    }
                }
            }
        }
    }

    fn broken(&mut self) -> Step {
        self.begin_record();
        self.resync(Problem::Structure, 0)
    }

    fn take_value(&mut self) -> Step {
        self.begin_record();
        let mut value = ValueEnd::default();
        let mut seen = 0;
        let mut too_large = false;
        loop {
            match value.feed(&self.buffer.data()[seen..]) {
                Scan::Done(len) if too_large => {
                    self.pass(seen + len);
                    self.indent = None;
                    return Step::Fault(Problem::TooLarge { limit: self.limit }, self.place);
                }
                Scan::Done(len) if seen + len > self.limit => {
                    self.pass(seen + len);
                    self.indent = None;
                    return Step::Fault(Problem::TooLarge { limit: self.limit }, self.place);
                }
                // A stray colon: no value at all, and nothing would be passed.
                Scan::Done(0) => return self.resync(Problem::Structure, 0),
                Scan::Done(len) => {
                    self.current = seen + len;
                    return Step::Record;
                }
                Scan::Broken(at) => return self.resync(Problem::Structure, seen + at),
                Scan::More => {
                    seen = self.buffer.data().len();
                    if seen > self.limit {
                        too_large = true;
                        self.pass(seen);
                        seen = 0;
                    }
                    if !self.buffer.more() {
                        return match too_large {
                            true => {
                                self.ended = true;
                                Step::Fault(Problem::TooLarge { limit: self.limit }, self.place)
                            }
                            false => self.resync(Problem::Truncated, seen),
                        };
                    }
                }
            }
        }
    }

    /// Looks for the next line that begins as records do, with the same indentation.
    /// `seen` bytes of the record were looked at already.
    fn resync(&mut self, problem: Problem, seen: usize) -> Step {
        self.looked_at_again += seen as u64;
        let known = self.buffer.offset().saturating_add(self.limit as u64);
        let most = known.saturating_mul(MOST_LOOKS);
        let column = match &self.mode {
            Mode::Nested(nested) if self.looked_at_again <= most => nested.column,
            _ => None,
        };
        // What failed below us is told by `advance`.
        let Some(column) = column else {
            self.ended = !self.buffer.failed();
            return Step::Fault(
                match problem {
                    Problem::Truncated => Problem::Truncated,
                    _ => Problem::Lost,
                },
                self.place,
            );
        };
        loop {
            let Some(at) = memchr(b'\n', self.buffer.data()) else {
                self.pass(self.buffer.data().len());
                if self.buffer.more() {
                    continue;
                }
                break;
            };
            self.pass(at + 1);
            while self.buffer.data().len() <= column && self.buffer.more() {}
            let data = self.buffer.data();
            let is_start = data.get(column) == Some(&b'{')
                && data[..column].iter().all(|b| matches!(b, b' ' | b'\t'));
            if is_start {
                self.indent = Some(0);
                if let Mode::Nested(nested) = &mut self.mode
                    && matches!(nested.layout, Layout::Wrapped(_))
                {
                    nested.level = Level::Top;
                }
                return Step::Fault(problem, self.place);
            }
        }
        // Nothing behind it: then the list's end was lost too, which need not be told again.
        if let Mode::Nested(nested) = &mut self.mode {
            nested.level = Level::Top;
        }
        Step::Fault(problem, self.place)
    }
}

fn failure_problem(failure: &io::Error) -> Problem {
    match failure.kind() {
        io::ErrorKind::UnexpectedEof => Problem::CutShort,
        io::ErrorKind::InvalidData => Problem::Damaged,
        kind => Problem::Unreadable(kind),
    }
}

/// Finds the end of any value, scalars too.
#[derive(Debug, Default)]
struct ValueEnd {
    scanner: Scanner,
    scalar: Option<bool>,
}

impl ValueEnd {
    fn feed(&mut self, piece: &[u8]) -> Scan {
        let Some(first) = piece.first() else {
            return Scan::More;
        };
        let scalar = *self
            .scalar
            .get_or_insert(!matches!(first, b'{' | b'[' | b'"'));
        if !scalar {
            return self.scanner.feed(piece);
        }
        match scalar_len(piece) {
            Some(len) => Scan::Done(len),
            None => Scan::More,
        }
    }
}
