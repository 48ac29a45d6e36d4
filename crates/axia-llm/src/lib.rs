#![cfg_attr(docsrs, feature(doc_cfg))]
//! One small synchronous trait for language models, and the types that calls are made of.
//!
//! ```
//! use axia_llm::{Answer, LanguageModel, Outcome, Request, ScriptedModel};
//!
//! let model = ScriptedModel::new([Ok(Answer::completed("Four."))]);
//! let answer = model.complete(&Request::new("any").with_user("What is two and two?"))?;
//! match answer.outcome {
//!     Outcome::Completed { text, .. } => assert_eq!(text, "Four."),
//!     _ => println!("no usable answer"),
//! }
//! # Ok::<(), axia_llm::Error>(())
//! ```
//!
//! # Main types
//!
//! [`LanguageModel`] is the trait: one blocking call, from any thread. It takes a [`Request`] and
//! gives an [`Answer`], whose [`Outcome`] tells a usable text from one that was cut off, refused,
//! filtered or broken: these are answers, paid for and not to be asked again, and never errors. An
//! [`Error`] is a call without an answer; it says what to do next (repeat, wait, split, stop the
//! run). [`ScriptedModel`] stands in for a model in tests.
//!
//! # What this crate does not do
//!
//! It has no provider yet: nothing here opens a connection. Implement [`LanguageModel`] over the
//! client that you use. The trait is blocking on purpose; to use an async client, block on it
//! inside `complete`.
//!
//! # Features
//!
//! None.

mod answer;
mod error;
mod model;
mod request;
mod scripted;

pub use crate::answer::{Answer, Outcome, Usage};
pub use crate::error::Error;
pub use crate::model::LanguageModel;
pub use crate::request::{ChatMessage, ChatRole, Request};
pub use crate::scripted::ScriptedModel;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
