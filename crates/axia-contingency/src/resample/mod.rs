//! Drawing again from the data, by user: intervals where no formula exists.

mod bootstrap;
mod params;
mod threads;

pub use self::bootstrap::BootstrapInterval;
pub use self::params::{Resample, ResampleParams};
