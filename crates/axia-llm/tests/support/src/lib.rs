//! A model server on loopback that speaks Anthropic Messages, OpenAI Chat Completions, both batch
//! APIs and embeddings, misbehaves as a script says, and counts what it answered.
//!
//! Its answer to a question depends on the question alone: `echo` of the last user message's
//! digest. What lives here is the server; what clients must do about its faults is tested where the
//! clients are. It parses just as much HTTP as they send.

mod batch;
mod count;
mod fault;
mod http;
mod reply;
mod server;

pub use crate::count::Counts;
pub use crate::fault::{Fault, Random};
pub use crate::reply::echo;
pub use crate::server::{Dialects, FakeServer, Options, Script};
