//! Thresholds: what comes out about a group must stand on enough conversations and enough users.
//!
//! Replacing identifiers leaves quasi-identifiers: a job, a village and an illness can name a person.
//! So whatever is published about a group of conversations passes a [`Gate`] first. Only a gate makes
//! a [`Released`] value, and code that writes reports takes nothing else.
//!
//! ```
//! use axia_anonymize::threshold::{CellCounter, Thresholds};
//! use axia_conversation::UserId;
//!
//! let gate = Thresholds::new().min_conversations(3).min_users(2).build()?;
//! let mut cell = CellCounter::new();
//! for user in ["ann", "ben", "ann"] {
//!     cell.add(Some(&UserId::new(user)));
//! }
//! let released = gate.release("prudence", cell.size())?;
//! assert_eq!(*released.value(), "prudence");
//!
//! cell = CellCounter::new();
//! cell.add(Some(&UserId::new("ann")));
//! assert!(gate.release("a rare value", cell.size()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the thresholds do not do
//!
//! They are no differential privacy: somebody who knows all members of a group but one can learn about
//! that one. Subtraction within a table is closed by [`Gate::release_partition`] (parts of a total),
//! [`Gate::release_hierarchy`] (several levels), [`Gate::release_crossed`] (two facets with margins) and
//! [`Gate::release_pair`] (two categories of facets with several per conversation). Two releases over
//! time and overlapping filters are not covered: compare only figures of one release, or release both
//! periods as rows of one table. A group in which everybody shares one sensitive trait passes like any
//! other.

mod cell;
mod crossed;
mod gate;
mod hierarchy;
mod network;
mod partition;
mod released;
mod report;
mod term;

pub use cell::{CellCounter, CellSize};
pub use crossed::{CrossedDecisions, CrossedTable};
pub use gate::{Gate, MissingUsers, Thresholds};
pub use hierarchy::HierarchyCell;
use partition::remainder;
pub use released::{Released, Suppressed, SuppressionReason};
pub use report::{SuppressionReport, TableSuppression};
pub use term::DocumentFrequency;
