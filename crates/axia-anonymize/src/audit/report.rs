//! Counts of suspected and of proven leaks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bound::upper;
use crate::{Error, Kind};

/// What an audit has counted. Reports of parts add up, in any order, to the report of the whole.
///
/// # Privacy
///
/// Counts only: which conversation leaks is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakReport {
    conversations: u64,
    unscanned: u64,
    suspected_conversations: u64,
    suspected_spans: BTreeMap<Kind, u64>,
    canaries: u64,
    survivors: BTreeMap<Kind, u64>,
}

impl LeakReport {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what another report has counted among other conversations.
    pub fn add(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.unscanned += other.unscanned;
        self.suspected_conversations += other.suspected_conversations;
        self.canaries += other.canaries;
        for (mine, others) in [
            (&mut self.suspected_spans, &other.suspected_spans),
            (&mut self.survivors, &other.survivors),
        ] {
            for (kind, n) in others {
                *mine.entry(*kind).or_default() += n;
            }
        }
    }

    /// Conversations that were searched again.
    #[must_use]
    pub fn conversations(&self) -> u64 {
        self.conversations
    }

    /// Conversations whose texts were withheld, because they could not be scanned to the end.
    #[must_use]
    pub fn unscanned(&self) -> u64 {
        self.unscanned
    }

    /// Conversations in which the second look suspects at least one leak.
    #[must_use]
    pub fn suspected_conversations(&self) -> u64 {
        self.suspected_conversations
    }

    /// Suspected spans by kind.
    #[must_use]
    pub fn suspected_spans(&self) -> &BTreeMap<Kind, u64> {
        &self.suspected_spans
    }

    /// Canaries that were planted.
    #[must_use]
    pub fn canaries(&self) -> u64 {
        self.canaries
    }

    /// Canaries of which a part could still be read, by kind.
    #[must_use]
    pub fn survivors(&self) -> &BTreeMap<Kind, u64> {
        &self.survivors
    }

    /// The upper confidence bound of the share of conversations with a suspected leak (exact, one-sided).
    /// `None` where nothing was counted.
    #[must_use]
    pub fn suspicion_bound(&self, confidence: f64) -> Option<f64> {
        upper(self.suspected_conversations, self.conversations, confidence)
    }

    /// The upper confidence bound of the share of canaries that survive (exact, one-sided). `None` where
    /// none was planted.
    #[must_use]
    pub fn survival_bound(&self, confidence: f64) -> Option<f64> {
        upper(self.survivors.values().sum(), self.canaries, confidence)
    }

    /// Refuses to go on when leaks may be more frequent than allowed.
    ///
    /// # Errors
    ///
    /// When the bound for canaries, with 95 % confidence, is above `most`, or no canary was planted
    /// ([`Error::is_leaking`]). Small samples have wide bounds: 59 canaries without a survivor show less
    /// than 5 %.
    pub fn require(&self, most: f64) -> Result<(), Error> {
        match self.survival_bound(0.95) {
            Some(bound) if bound <= most => Ok(()),
            bound => Err(Error::leaking(bound.unwrap_or(1.0), most, self.canaries)),
        }
    }

    pub(super) fn count_unscanned(&mut self) {
        self.conversations += 1;
        self.unscanned += 1;
    }

    pub(super) fn count_conversation(&mut self, kinds: impl Iterator<Item = Kind>) {
        self.conversations += 1;
        let before: u64 = self.suspected_spans.values().sum();
        for kind in kinds {
            *self.suspected_spans.entry(kind).or_default() += 1;
        }
        let after: u64 = self.suspected_spans.values().sum();
        self.suspected_conversations += u64::from(after > before);
    }

    pub(super) fn count_canary(&mut self, kind: Kind, survived: bool) {
        self.canaries += 1;
        if survived {
            *self.survivors.entry(kind).or_default() += 1;
        }
    }
}
