#![cfg_attr(docsrs, feature(doc_cfg))]
//! Reads out of a conversation with a language model which values it shows, on both sides, what the
//! user asks for, how subjective that is, and how the assistant responds to the user's values.
//!
//! ```
//! use axia_conversation::{Conversation, Message, Role};
//! use axia_extract::{Extractor, LexiconExtractor};
//!
//! let chat = Conversation::new("chat-1")
//!     .with_message(Message::new(Role::User, "My sister asked how I liked her play. Honesty matters to me."))
//!     .with_message(Message::new(Role::Assistant, "You can tell her the truth kindly. It's up to you."));
//! let extraction = LexiconExtractor::new().extract(&chat)?;
//! assert_eq!(extraction.human_values[0].label, "honesty");
//! assert!(extraction.ai_values.iter().any(|value| value.label == "user autonomy"));
//! # Ok::<(), axia_extract::Error>(())
//! ```
//!
//! # Main types
//!
//! [`Extractor`] is the trait: one conversation in, one [`Extraction`] out. An extraction is plain
//! data without any text of the conversation; its [`ValueMention`]s say which value, whether it is
//! stated or only demonstrated, with which [`Stance`], how surely, and by an [`EvidenceSpan`] where.
//! [`LexiconExtractor`] is the extractor that needs no model: it looks for cue words and phrases,
//! which are data in a [`Lexicon`] that you can add to or replace.
//!
//! The four features of a conversation, their levels and names are those of "Values in the Wild"
//! (Huang et al., 2025), and the bundled labels are taken from its published data set wherever one
//! fits, so that results can be compared. Unlike there, both sides are treated alike, and each
//! mention carries its stance, since a value that is rejected is not a value that is held.
//!
//! # What the local extractor cannot see
//!
//! [`LexiconExtractor`] notices the presence of cues. It does not understand: irony and role play
//! pass for earnest, a value that shows without any of its cue words is missed, and a cue in an
//! unforeseen sentence misleads. It reads English. A message whose frequent words are those of other
//! languages, or which is mostly in another script, is skipped; if that holds for most of a
//! conversation, the extraction has no values and [`SubjectivityLevel::MostlyObjective`] with
//! confidence 0, so that it stays out of denominators. Its precision and recall have not yet been
//! measured on labels by people, so take its figures for a first look and a baseline, and compare
//! them within one lexicon only: confidences order the mentions, they are not probabilities.
//!
//! # What this crate does not do
//!
//! It removes no personal data and counts nothing. Anonymize conversations first, and apply thresholds to what you publish.
//!
//! # Features
//!
//! - `llm`: `ModelExtractor`, which asks a language model through `axia-llm`. It must quote the words
//!   that show a value before it names it, and quotes are checked. Adds `axia-llm` without any
//!   provider; choose those there.

#[cfg(feature = "llm")]
mod asked;
mod compiled;
mod cue;
mod error;
mod extractor;
mod judge;
mod lexicon;
mod local;
mod mention;
mod phrases;
mod reading;
mod record;
mod response;
mod tally;
mod text;

#[cfg(feature = "llm")]
#[cfg_attr(docsrs, doc(cfg(feature = "llm")))]
pub use crate::asked::{ModelExtractor, ModelParams, ModelTally};
pub use crate::error::Error;
pub use crate::extractor::Extractor;
pub use crate::lexicon::Lexicon;
pub use crate::local::LexiconExtractor;
pub use crate::mention::{EvidenceSpan, Stance, ValueMention, strongest_by_label};
pub use crate::record::{Extraction, Subjectivity, SubjectivityLevel, Task};
pub use crate::response::ResponseType;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
