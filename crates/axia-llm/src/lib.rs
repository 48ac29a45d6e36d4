#![cfg_attr(docsrs, feature(doc_cfg))]
//! One small synchronous trait for language models, and what makes calls safe to repeat: a durable
//! cache, retries, pacing, a spending cap, repair of answers, batches, and two providers.
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
//! run).
//!
//! A layer is a model over another model. [`Stack`] puts them together: `Cache` (feature `cache`)
//! keeps every answer on disk before it is handed on, [`Retry`] repeats what fails for a passing
//! reason, [`Pace`] keeps within rate limits, [`Budget`] within a sum of money, `Repaired` (feature
//! `repair`) checks answers against their schema, and a [`Meter`] counts. [`Run`] puts many requests
//! to a model, many at once. `Anthropic` and `OpenAi` (features of the same names) are providers;
//! `BatchRun` uses their batch APIs, `EmbeddingService` makes vectors. [`ScriptedModel`] stands in for
//! a model in tests.
//!
//! # Example: all layers
//!
//! ```no_run
//! # #[cfg(all(feature = "openai", feature = "cache", feature = "repair"))] {
//! use axia_llm::{
//!     BudgetParams, Cache, Meter, OpenAiParams, PaceParams, PriceTable, Request, RetryParams,
//!     RunParams, Stack,
//! };
//!
//! let cache = Cache::open("answers.db")?;
//! let budget = BudgetParams::new(PriceTable::examples()).cap_usd(20.0).build()?;
//! let pace = PaceParams::new().in_flight(8, 64).build()?;
//! let meter = Meter::new();
//! let model = Stack::over(OpenAiParams::from_env()?.build()?)
//!     .cache(&cache)
//!     .repair()
//!     .retry(&RetryParams::new().build()?)
//!     .budget(&budget)
//!     .pace(&pace)
//!     .meter(meter.clone())
//!     .build();
//! let requests = (1..1000).map(|i| Request::new("gpt-4.1-mini").with_user(format!("Is {i} prime?")));
//! let run = RunParams::new().threads(pace.most_in_flight()).build()?;
//! let summary = run.each(&model, requests, |i, result| match result {
//!     Ok(answer) => println!("{i}: {}", answer.outcome.name()),
//!     Err(error) => println!("{i}: {error}"),
//! })?;
//! println!("{summary:?} {:?} {}", meter.progress(), budget.spent());
//! # }
//! # Ok::<(), axia_llm::Error>(())
//! ```
//!
//! Kill this at any moment and run it again: what was answered comes from the file.
//!
//! # Determinism
//!
//! The random part of waits comes from a seed and from the request. The same answers in a cache are
//! exported to the same bytes. What a model says is not ours to promise.
//!
//! # Privacy
//!
//! No `Debug`, error, span or event shows text of a request or an answer, or a key. Of what a service
//! says about an error only its codes are shown, since its words may quote the request, unless
//! `show_messages` is set. The cache holds answers and hashes of requests, no requests.
//!
//! # What this crate does not do
//!
//! It does not stream, call tools or read images. It knows no prices for certain: see
//! [`PriceTable::examples`]. It does not charge calls that failed, because no service tells whether it
//! did. Two processes that ask the same at the same moment both pay. The trait is blocking on
//! purpose: to use an async client, block on it inside `complete`; to call it from async code, use your
//! runtime's pool for blocking work.
//!
//! # Features
//!
//! None is on by default, and without them the crate has no network and no C code.
//!
//! - `anthropic`, `openai`: providers, over `ureq` with `rustls` and `ring`, about 24 crates.
//! - `cache`: the durable cache and batches; compiles SQLite.
//! - `repair`: checks of answers against JSON schemas, by the `jsonschema` crate without its network
//!   features.
//! - `tokenizer`: exact token counts for OpenAI's newer models, with 2 MB of vocabulary.
//! - `tracing`: spans and events.
//! - `full`: all of them.

mod answer;
#[cfg(feature = "cache")]
mod batch;
mod budget;
#[cfg(feature = "cache")]
mod cache;
mod error;
mod key;
mod limits;
mod meter;
mod model;
mod observe;
mod pace;
mod parse;
#[cfg(any(feature = "anthropic", feature = "openai"))]
mod provider;
#[cfg(feature = "repair")]
mod repair;
mod request;
mod retry;
mod run;
mod schema;
mod scripted;
mod stack;
mod sync;
mod tokens;

pub use crate::answer::{Answer, Outcome, Usage};
#[cfg(feature = "cache")]
#[cfg_attr(docsrs, doc(cfg(feature = "cache")))]
pub use crate::batch::{
    BatchParams, BatchProgress, BatchRun, BatchService, BatchState, BatchSummary, LostBatch,
    NamedBatch,
};
pub use crate::budget::{
    Budget, BudgetParams, Budgeted, Cost, Estimate, Ledger, LedgerLine, Price, PriceTable, Rate,
};
#[cfg(feature = "cache")]
#[cfg_attr(docsrs, doc(cfg(feature = "cache")))]
pub use crate::cache::{Cache, Cached, CachedUsage, Imported};
pub use crate::error::Error;
pub use crate::key::RequestKey;
pub use crate::limits::{Allowance, RateLimits};
pub use crate::meter::{Event, Meter, Progress};
pub use crate::model::LanguageModel;
pub use crate::observe::Observed;
pub use crate::pace::{Pace, PaceParams, Paced};
pub use crate::parse::read_json;
#[cfg(feature = "anthropic")]
#[cfg_attr(docsrs, doc(cfg(feature = "anthropic")))]
pub use crate::provider::anthropic::{Anthropic, AnthropicParams, AnthropicSchema};
#[cfg(feature = "openai")]
#[cfg_attr(docsrs, doc(cfg(feature = "openai")))]
pub use crate::provider::embeddings::{Embedded, EmbeddingService};
#[cfg(feature = "openai")]
#[cfg_attr(docsrs, doc(cfg(feature = "openai")))]
pub use crate::provider::openai::{OpenAi, OpenAiParams, OpenAiSchema};
#[cfg(any(feature = "anthropic", feature = "openai"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "anthropic", feature = "openai"))))]
pub use crate::provider::secret::ApiKey;
#[cfg(feature = "repair")]
#[cfg_attr(docsrs, doc(cfg(feature = "repair")))]
pub use crate::repair::Repaired;
pub use crate::request::{ChatMessage, ChatRole, Request};
pub use crate::retry::{Retry, RetryParams, Retrying};
pub use crate::run::{Run, RunParams, RunSummary};
pub use crate::schema::Schema;
pub use crate::scripted::ScriptedModel;
pub use crate::stack::Stack;
#[cfg(feature = "tokenizer")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokenizer")))]
pub use crate::tokens::BpeTokens;
pub use crate::tokens::{HeuristicTokens, TokenCounter};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
