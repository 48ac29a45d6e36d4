//! Amounts of money, exact to the millionth of a millionth of a dollar.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// An amount of US dollars.
///
/// It is held in whole pico-dollars, so that sums are exact and do not depend on their order. The
/// largest amount is about 18 million dollars; sums stop there.
///
/// # Example
///
/// ```
/// use axia_llm::Cost;
///
/// let total: Cost = (0..10).map(|_| Cost::from_usd(0.1)).sum();
/// assert_eq!(total, Cost::from_usd(1.0));
/// assert_eq!(total.to_string(), "$1.0000");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cost {
    picodollars: u64,
}

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self { picodollars: 0 };

    /// So many dollars. Negative amounts and what is no number count as nothing.
    #[must_use]
    pub fn from_usd(usd: f64) -> Self {
        // A cast from a float stops at the type's borders.
        Self {
            picodollars: (usd * 1e12).round() as u64,
        }
    }

    /// The amount in dollars.
    #[must_use]
    pub fn usd(self) -> f64 {
        self.picodollars as f64 / 1e12
    }

    /// So many units at a price each.
    pub(crate) fn times(self, units: u64) -> Self {
        Self {
            picodollars: self.picodollars.saturating_mul(units),
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            picodollars: self.picodollars.saturating_sub(other.picodollars),
        }
    }

    pub(crate) fn half(self) -> Self {
        Self {
            picodollars: self.picodollars.div_ceil(2),
        }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            picodollars: self.picodollars.saturating_add(other.picodollars),
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.4}", self.usd())
    }
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
