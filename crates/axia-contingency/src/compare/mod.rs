//! Two runs beside each other: matched answers to the same prompts, equivalence, trends over periods, and the distance
//! between whole profiles with its level under no change. Differences within strata are in `strata`; watching without a
//! fixed end is in `evalue`.

mod divergence;
mod equivalence;
mod paired;
mod trend;

pub use self::divergence::{Divergence, DivergenceTest};
pub use self::equivalence::{Equivalence, EquivalenceParams, EquivalenceTest};
pub use self::paired::{McNemar, SquareTable};
pub use self::trend::{Trend, TrendTest};
