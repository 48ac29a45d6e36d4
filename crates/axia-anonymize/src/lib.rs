#![cfg_attr(docsrs, feature(doc_cfg))]
//! Replaces personal data in conversations, and lets out only what stands on enough people.
//!
//! An [`Anonymizer`] finds by rules: e-mail, web, IP and hardware addresses, telephone numbers, payment
//! cards, bank accounts and codes, crypto currencies, identity, tax and health numbers of some fifty countries,
//! passports, vehicles, dates of birth, postal codes, coordinates, account names, labelled numbers,
//! passwords, keys and tokens; and names of persons and street addresses by lists and grammar. It puts
//! numbered placeholders in their place: the same entity has the same one throughout a conversation, in
//! every place where it is mentioned, and nothing links two conversations unless a [`ConsistencyScope`]
//! and a [`SecretKey`] say so. A [`threshold::Gate`] then decides which results about groups may be
//! published, and an [`audit`] estimates what is left.
//!
//! ```
//! use axia_anonymize::Anonymizer;
//! use axia_conversation::{Conversation, Message, Role};
//!
//! let chat = Conversation::new("chat-1")
//!     .with_message(Message::new(Role::User, "Is jo@example.com safe to post?"))
//!     .with_message(Message::new(Role::Assistant, "Better not post jo@example.com."));
//! let anonymizer = Anonymizer::builder().build()?;
//! let done = anonymizer.anonymize_conversation(&chat);
//! assert_eq!(done.conversation().messages[1].text, "Better not post [EMAIL_1].");
//! # Ok::<(), axia_anonymize::Error>(())
//! ```
//!
//! # Overview
//!
//! [`Anonymizer`] holds the rules and the [`Action`] for each [`Kind`]. [`Anonymizer::detect`] only
//! looks and gives [`Finding`]s: where, what kind, how sure and why, never the text itself.
//! [`Anonymizer::anonymize_conversation`] gives [`Anonymized`]: the conversation, the findings and
//! [`EntityCounts`].
//!
//! [`Recognizer`] is the trait for kinds of one's own; [`PatternRecognizer`] makes one of a regular
//! expression.
//!
//! The module [`audit`] searches what came out once more and plants canaries; [`stages`] has the steps
//! (normalize, detect, resolve) as functions of their own.
//!
//! The module [`threshold`] is independent of all that: a [`Gate`](threshold::Gate) takes a value and the
//! size of the group it is about, and gives [`Released`](threshold::Released) or
//! [`Suppressed`](threshold::Suppressed).
//!
//! # How texts are read
//!
//! Full-width and foreign digits, unusual spaces and hyphens, compatibility forms (NFKC), Greek and
//! Cyrillic letters inside of Latin words, and invisible characters are folded before the rules look; what
//! percent signs, entities, backslashes, base64 and tags hide is looked at decoded. Findings are mapped
//! back to the original bytes. A question at the end of a message is read together with the answer.
//! Where findings overlap, everything that any of them covers is replaced; the kind is that of the validated one, else the one
//! with a telling word near it, else the longest. A checksum alone never decides: a card number also
//! needs an issuer's prefix and length, or a word such as "card" near it, and must not lie in a UUID, a
//! hash or a decimal fraction.
//!
//! # What it does not do
//!
//! - **It does not find everything.** Names of persons and street addresses are found by lists and
//!   grammar (feature `names`), and better with a model beside (feature `ner`); organizations and towns
//!   by the model alone. What comes out is pseudonymised, with a residual risk that
//!   `docs/anonymization.md` measures on public texts and nobody has measured on yours.
//! - Well-known people and figures of stories stay readable, because opinions are about them; so does
//!   somebody who shares such a name, unless he introduces himself.
//! - It does not find bare domains (`example.com/jo`), nor anything in ROT13, in pictures, or in two codes
//!   around each other.
//! - Ages below 90 have a score below the default threshold; lower
//!   [`min_score`](AnonymizerBuilder::min_score) to 0.3 to have them replaced.
//! - It keeps no way back: there is no table from placeholders to originals.
//! - It does not touch conversation ids, model names, languages, times and the names of metadata
//!   entries, and user ids only with
//!   [`pseudonymous_users`](AnonymizerBuilder::pseudonymous_users).
//!
//! # Features
//!
//! - `names` (default): names of persons and street addresses by lists and grammar. Half a megabyte of
//!   lists in the binary; [`AnonymizerBuilder::names`] switches it off at run time.
//! - `ner`: `NerModel`, a BERT token classifier that runs on the processor with weights from a local
//!   folder, for [`AnonymizerBuilder::ner`]. Adds `ndarray` and `safetensors`. A model of one's own
//!   needs the trait [`NameRecognizer`] alone, which is always there.
//! - `phone`: `PhoneRecognizer`, which finds the national telephone numbers of chosen regions by a port of
//!   Google's libphonenumber. Adds `phonenumber`, whose tables take a minute to build.

mod action;
#[cfg(feature = "names")]
mod address;
mod anonymized;
mod anonymizer;
mod apply;
pub mod audit;
mod builder;
mod canonical;
mod decode;
mod detect;
mod error;
mod finding;
mod generalize;
mod key;
mod kind;
mod lanes;
#[cfg(feature = "names")]
mod names;
mod ner;
mod normalize;
mod people;
mod placeholder;
mod plan;
mod propagate;
mod question;
mod recognizer;
mod resolve;
mod rules;
mod squeeze;
pub mod stages;
mod surrogate;
pub mod threshold;

pub use crate::action::Action;
pub use crate::anonymized::{Anonymized, EntityCounts, ScanState};
pub use crate::anonymizer::Anonymizer;
pub use crate::builder::AnonymizerBuilder;
pub use crate::error::Error;
pub use crate::finding::{Evidence, Finding};
pub use crate::key::{ConsistencyScope, SecretKey};
pub use crate::kind::{CustomKind, Kind};
pub use crate::ner::{NameRecognizer, NameSpan};
#[cfg(feature = "ner")]
pub use crate::ner::{NerModel, NerModelParams};
pub use crate::recognizer::{PatternRecognizer, Recognizer, RecognizerFailure};
#[cfg(feature = "phone")]
pub use crate::rules::PhoneRecognizer;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
