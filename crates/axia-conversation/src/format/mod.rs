//! The formats: what a record of each becomes.

mod arena;
mod axia;
mod chat;
mod chatgpt;
mod claude;
mod detect;
mod docent;
mod hh_rlhf;
mod kinds;
mod langfuse;
mod last_turn;
mod lmsys;
mod openai;
mod openassistant;
mod opentelemetry;
mod parser;
mod sharegpt;
mod table;
mod tree;

pub(crate) use detect::detect;
pub use kinds::Format;
pub(crate) use parser::{Draft, Output, Parser, Settings};
pub(crate) use table::{Columns, Kind as TableKind};
