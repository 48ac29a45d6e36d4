//! Exact tests and estimates: no normal approximation, so they hold for a rare category and a small row too.

mod conditional_odds;
mod hypergeometric;
mod table;
mod unconditional;

pub use conditional_odds::ConditionalOddsRatio;
pub use hypergeometric::{ExactMethod, Hypergeometric};
pub use table::ExactTableTest;
pub use unconditional::UnconditionalTest;
