//! What a language model does for a taxonomy: names, and levels in Clio's way.

mod ask;
mod clio;
mod journal;
mod namer;

pub use self::clio::{ClioBuilder, ClioParams};
pub use self::journal::Journal;
pub use self::namer::ModelNamer;
