//! Traces: each call of a model is a record of its own, and repeats what was said before.
//!
//! The last call of a conversation holds all of it, but which one is the last is known only at the
//! end of the file, and calls of many conversations stand between each other. So the file is read
//! twice: the first pass keeps one small entry for each conversation, the second reads the texts.

use std::collections::HashMap;

use super::parser::{Draft, Output, Parser, digest};
use crate::Timestamp;
use crate::record_error::{Place, Problem};

/// A kind of trace.
pub(crate) trait Traced: Send {
    /// One call, or something else that a trace has.
    type Span<'a>;

    /// The spans of a record.
    fn spans<'a>(&self, text: &'a str) -> Result<Vec<Self::Span<'a>>, Problem>;

    /// Where the span belongs, if it may be the last call of a conversation.
    fn head(&self, span: &Self::Span<'_>) -> Option<Head>;

    /// The conversation up to and with this call.
    fn draft(&self, span: Self::Span<'_>) -> Result<Draft, Problem>;
}

/// Where a call belongs.
pub(crate) struct Head {
    /// The id of the conversation.
    pub(crate) key: String,
    /// Calls of a higher rank tell more; only among equals the later one counts.
    pub(crate) rank: u8,
    pub(crate) time: Option<Timestamp>,
}

/// The best call of a conversation so far.
struct Best {
    rank: u8,
    time: Option<Timestamp>,
    record: u64,
    span: usize,
    began: Option<Timestamp>,
}

/// Reads any kind of trace.
pub(crate) struct LastTurn<T> {
    traced: T,
    index: HashMap<u128, Best>,
}

impl<T: Traced> LastTurn<T> {
    pub(crate) fn new(traced: T) -> Self {
        Self {
            traced,
            index: HashMap::new(),
        }
    }
}

impl<T: Traced> Parser for LastTurn<T> {
    fn survey(&mut self, text: &str, place: Place) -> Result<(), Problem> {
        for (number, span) in self.traced.spans(text)?.iter().enumerate() {
            let Some(head) = self.traced.head(span) else {
                continue;
            };
            let began = head.time;
            let best = Best {
                rank: head.rank,
                time: head.time,
                record: place.record,
                span: number,
                began,
            };
            let known = self.index.entry(digest(&head.key)).or_insert(Best {
                rank: 0,
                time: None,
                ..best
            });
            let earliest = match (known.began, began) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if (best.rank, best.time) >= (known.rank, known.time) {
                *known = best;
            }
            known.began = earliest;
        }
        Ok(())
    }

    fn record(&mut self, text: &str, place: Place, out: &mut Output) -> Result<(), Problem> {
        let mut found = Vec::new();
        let mut unrelated = 0;
        for (number, span) in self.traced.spans(text)?.into_iter().enumerate() {
            let Some(head) = self.traced.head(&span) else {
                unrelated += 1;
                continue;
            };
            let Some(best) = self.index.get(&digest(&head.key)) else {
                continue;
            };
            if (best.record, best.span) == (place.record, number) {
                let draft = self.traced.draft(span).map(|draft| Draft {
                    id: Some(head.key),
                    started_at: best.began,
                    ..draft
                });
                found.push(draft);
            }
        }
        out.unrelated += unrelated;
        for draft in found {
            out.push(place, draft);
        }
        Ok(())
    }
}
