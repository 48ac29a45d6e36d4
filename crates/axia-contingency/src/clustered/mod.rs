//! Several conversations of one user are not independent. What is summed here is summed per user first, so that residuals,
//! odds ratios and shares get the variance that they truly have. Without users each conversation stands for itself.

mod association;
mod by_user;
mod gram;
mod grouping;
mod loyalty;
mod pass;
mod prevalence;
mod rao_scott;
mod residuals;
mod robust;
mod row_sums;
mod weighted;
mod weighted_pass;
mod weighted_prevalence;

pub use self::association::{
    ClusteredAssociation, ClusteredAssociations, ClusteredParams, ClusteredScan,
};
pub use self::prevalence::ClusteredPrevalence;
pub use self::rao_scott::{RaoScott, rao_scott_by_user};
pub use self::residuals::ClusteredResiduals;
pub use self::weighted::{WeightedAssociation, WeightedAssociations};
pub use self::weighted_prevalence::WeightedPrevalence;

pub(crate) use self::by_user::correct_by_user;
pub(crate) use self::pass::UserPass;
