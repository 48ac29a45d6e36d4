//! What all formats give and take.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::table::Columns;
use crate::record_error::{Place, Problem};
use crate::{Branches, Message, Metadata, Timestamp};

/// What the caller chose, as far as it concerns the formats.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) branches: Branches,
    pub(crate) max_record_bytes: usize,
    pub(crate) columns: Option<Arc<Columns>>,
}

/// A conversation as a format gives it: not counted, not compared, perhaps without an id.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) messages: Vec<Message>,
    pub(crate) metadata: Metadata,
}

/// Where formats put what they found.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) queue: VecDeque<(Place, Result<Draft, Problem>)>,
    /// Records that hold no conversation by design.
    pub(crate) unrelated: u64,
}

impl Output {
    pub(crate) fn push(&mut self, place: Place, found: Result<Draft, Problem>) {
        self.queue.push_back((place, found));
    }
}

/// Reads the records of one format.
pub(crate) trait Parser: Send {
    /// Takes one record. An error stands for the record and must come before anything is pushed.
    fn record(&mut self, text: &str, place: Place, out: &mut Output) -> Result<(), Problem>;

    /// Gives what waits for more records, of which there are none.
    fn end(&mut self, _out: &mut Output) {}

    /// Sees each record once before the first `record`, for formats of two passes.
    fn survey(&mut self, _text: &str, _place: Place) -> Result<(), Problem> {
        Ok(())
    }
}

/// A format whose records have nothing to do with each other.
pub(crate) struct Stateless {
    pub(crate) parse: fn(&str, Place, &Settings, &mut Output) -> Result<(), Problem>,
    pub(crate) settings: Settings,
}

impl Parser for Stateless {
    fn record(&mut self, text: &str, place: Place, out: &mut Output) -> Result<(), Problem> {
        (self.parse)(text, place, &self.settings, out)
    }
}

/// The first 16 bytes of a digest: enough to know an id again without keeping it.
pub(crate) fn digest(text: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    u128::from_le_bytes(bytes)
}

/// Follows the ids of rows that must stand together.
#[derive(Default)]
pub(crate) struct Contiguous {
    current: Option<u128>,
    closed: HashSet<u128>,
}

/// What the id of a row says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Same,
    New,
    /// The conversation was closed when another one began.
    Returned,
}

impl Contiguous {
    pub(crate) fn turn(&mut self, id: &str) -> Turn {
        let id = digest(id);
        if self.current == Some(id) {
            return Turn::Same;
        }
        if self.closed.contains(&id) {
            return Turn::Returned;
        }
        if let Some(closed) = self.current.replace(id) {
            self.closed.insert(closed);
        }
        Turn::New
    }
}
