//! Exact conditional tests: no normal approximation, so they hold for a rare category and a small row too.

mod hypergeometric;
mod table;

pub use hypergeometric::{ExactMethod, Hypergeometric};
pub use table::ExactTableTest;
