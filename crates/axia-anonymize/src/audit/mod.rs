//! How much personal data is left: a second, stricter look at what came out, and canaries.
//!
//! A [`LeakAudit`] searches anonymized conversations again with every rule at a low bar, and counts what
//! it suspects. That finds what the first pass was too careful to replace, and false alarms with it, but
//! not what no recognizer knows. [`Canaries`] give the other half: invented personal data is planted in
//! copies of real conversations, the copies go through the same anonymizer, and what survives is
//! counted, so that the share of leaks comes with an upper confidence bound.
//!
//! ```
//! use axia_anonymize::audit::{Canaries, LeakAudit, LeakReport};
//! use axia_anonymize::Anonymizer;
//! use axia_conversation::{Conversation, Message, Role};
//!
//! let anonymizer = Anonymizer::builder().build()?;
//! let (audit, canaries) = (LeakAudit::new()?, Canaries::new(7));
//! let mut report = LeakReport::new();
//! for n in 0..50 {
//!     let chat = Conversation::new(format!("chat-{n}"))
//!         .with_message(Message::new(Role::User, "Is honesty always right?"));
//!     report.add(&audit.check(&anonymizer.anonymize_conversation(&chat)));
//!     let planted = canaries.plant(&chat);
//!     report.add(&planted.survivors(&anonymizer.anonymize_conversation(planted.conversation())));
//! }
//! assert_eq!(report.suspected_conversations(), 0);
//! assert!(report.canaries() == 50 && report.survival_bound(0.95).is_some());
//! # Ok::<(), axia_anonymize::Error>(())
//! ```
//!
//! # What it does not show
//!
//! Canaries are of the kinds and forms that this module can write; people write in more. Read the bound
//! as "of personal data in such forms", and measure on labelled texts of your own where you can.

mod bound;
mod canary;
mod report;

pub use canary::{Canaries, Planted};
pub use report::LeakReport;

use crate::{Anonymized, Anonymizer, Error, ScanState};

/// Findings from this score on are suspected: half of what the anonymizer asks for by default.
const SUSPECTED: f32 = 0.25;

/// Searches what came out of an anonymizer once more.
#[derive(Clone, Debug)]
pub struct LeakAudit {
    strict: Anonymizer,
}

impl LeakAudit {
    /// All built-in rules, with half of the score that is usually asked for.
    ///
    /// # Errors
    ///
    /// As [`AnonymizerBuilder::build`](crate::AnonymizerBuilder::build).
    pub fn new() -> Result<Self, Error> {
        let strict = Anonymizer::builder().min_score(SUSPECTED).build()?;
        Ok(Self { strict })
    }

    /// A second opinion of one's own: other recognizers, such as another model, find other leaks.
    #[must_use]
    pub fn with(strict: Anonymizer) -> Self {
        Self { strict }
    }

    /// What is suspected in one conversation. Placeholders are not.
    #[must_use]
    pub fn check(&self, anonymized: &Anonymized) -> LeakReport {
        let mut report = LeakReport::new();
        if anonymized.state() == ScanState::Unscanned {
            report.count_unscanned();
            return report;
        }
        let messages = &anonymized.conversation().messages;
        let found = messages.iter().flat_map(|m| self.strict.detect(&m.text));
        report.count_conversation(found.map(|finding| finding.kind));
        report
    }
}
