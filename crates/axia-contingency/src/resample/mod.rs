//! Drawing again from the data, by user: intervals where no formula exists, and permutations for the family of all pairs.

mod blocks;
mod bootstrap;
mod min_p;
mod params;
mod statistic;
mod threads;

pub use self::bootstrap::BootstrapInterval;
pub use self::min_p::{MinPBy, PermutedPair, StepDownMinP};
pub use self::params::{Resample, ResampleParams};

pub(crate) use self::threads::replicates;
