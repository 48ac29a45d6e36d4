//! Association within strata: 2 × 2 tables by Mantel and Haenszel, larger tables by the generalized test, and human value ×
//! AI value within the numbers of labels. Whole tables without strata are in `table`.

mod by_user;
mod exact;
mod general;
mod homogeneity;
mod pairs;
mod two_by_two;

pub use self::by_user::StratifiedByUser;
pub use self::general::generalized_cmh;
pub use self::homogeneity::{BreslowDay, WoolfHomogeneity};
pub use self::pairs::{StratifiedAssociation, StratifiedAssociations, StratifyBy};
pub use self::two_by_two::{CmhTest, Reversal, StratifiedTwoByTwo};

pub(crate) use self::pairs::{Lines, Strata};
pub(crate) use self::two_by_two::around_log;
