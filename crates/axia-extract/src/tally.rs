//! What adds up about one conversation while its messages are read.

use crate::EvidenceSpan;
use crate::compiled::{Compiled, Move};

/// A cue that is enough alone.
pub(crate) const PLAIN: f32 = 0.52;
/// A cue of which it takes four.
pub(crate) const WEAK: f32 = 0.2;
/// A value named as one's own.
pub(crate) const AVOWED: f32 = 0.8;
/// A value named and endorsed.
pub(crate) const ENDORSED: f32 = 0.55;
/// The least confidence of a mention.
pub(crate) const THRESHOLD: f32 = 0.5;
/// No number of cues makes a mention surer than this.
const CEILING: f32 = 0.97;

/// Signs of one thing, taken as independent: each takes its share of the doubt that is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strength {
    doubt: f32,
    best: f32,
    pub(crate) explicit: bool,
    pub(crate) evidence: Option<EvidenceSpan>,
}

impl Default for Strength {
    fn default() -> Self {
        Self {
            doubt: 1.0,
            best: 0.0,
            explicit: false,
            evidence: None,
        }
    }
}

impl Strength {
    pub(crate) fn add(&mut self, weight: f32, explicit: bool, evidence: Option<EvidenceSpan>) {
        self.doubt *= 1.0 - weight;
        self.explicit |= explicit;
        if weight > self.best {
            self.best = weight;
            self.evidence = evidence.or(self.evidence);
        } else if self.evidence.is_none() {
            self.evidence = evidence;
        }
    }

    pub(crate) fn confidence(&self) -> f32 {
        (1.0 - self.doubt).min(CEILING)
    }
}

/// One value on one side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ValueTally {
    pub(crate) upholds: Strength,
    pub(crate) opposes: Strength,
    /// Named as the topic of a question, a definition or a quotation.
    pub(crate) discussed: Option<EvidenceSpan>,
    /// Named in passing, which counts for more once the other side holds the value.
    pub(crate) named: Option<EvidenceSpan>,
}

/// Everything that was seen in one conversation.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) user: Vec<ValueTally>,
    pub(crate) assistant: Vec<ValueTally>,
    pub(crate) tasks: Vec<f32>,
    /// Weight for each level, from 1 to 4.
    pub(crate) levels: [f32; 4],
    pub(crate) moves: [u32; Move::COUNT],
    pub(crate) refusal: Option<EvidenceSpan>,
    pub(crate) personal: u32,
    pub(crate) user_words: usize,
    pub(crate) assistant_words: usize,
    pub(crate) user_messages: u32,
    pub(crate) user_asks: bool,
    pub(crate) code: bool,
    pub(crate) numbered_list: bool,
    pub(crate) bulleted_list: bool,
    /// Messages whose language the lexicon does not know, and all others.
    pub(crate) foreign: u32,
    pub(crate) read: u32,
    /// Cues that have counted already. A cue counts once, so that a long conversation does not show
    /// a value more than a short one by length alone.
    seen: Vec<bool>,
}

impl Tally {
    pub(crate) fn new(compiled: &Compiled) -> Self {
        Self {
            user: vec![ValueTally::default(); compiled.values.len()],
            assistant: vec![ValueTally::default(); compiled.values.len()],
            tasks: vec![0.0; compiled.tasks.len()],
            levels: [0.0; 4],
            moves: [0; Move::COUNT],
            refusal: None,
            personal: 0,
            user_words: 0,
            assistant_words: 0,
            user_messages: 0,
            user_asks: false,
            code: false,
            numbered_list: false,
            bulleted_list: false,
            foreign: 0,
            read: 0,
            seen: vec![false; compiled.targets.len()],
        }
    }

    /// Whether this cue is met for the first time; it is not afterwards.
    pub(crate) fn first_time(&mut self, cue: u32) -> bool {
        self.seen
            .get_mut(cue as usize)
            .is_some_and(|seen| !std::mem::replace(seen, true))
    }

    pub(crate) fn moves(&self, kind: Move) -> f32 {
        // At most as many as there are cues, far below what an f32 counts exactly.
        #[allow(clippy::cast_precision_loss)]
        self.moves.get(kind as usize).map_or(0.0, |&n| n as f32)
    }
}
