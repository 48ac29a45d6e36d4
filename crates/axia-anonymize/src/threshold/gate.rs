//! The thresholds themselves, and the gate that holds them.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::threshold::{CellSize, Released, Suppressed, SuppressionReason};

/// What to do where conversations have no user id, so that distinct users cannot be counted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissingUsers {
    /// Each such conversation counts as a user of its own. One person with many conversations then
    /// passes as many; [`SuppressionReport`](crate::threshold::SuppressionReport) says so.
    #[default]
    EachConversationIsAUser,
    /// Cells with any such conversation are suppressed.
    Refuse,
}

/// Settings of a [`Gate`].
///
/// # Example
///
/// ```
/// use axia_anonymize::threshold::Thresholds;
///
/// let gate = Thresholds::new().min_users(20).max_user_share(Some(0.5)).build()?;
/// assert_eq!(gate.thresholds().min_conversations, 15);
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "thresholds do nothing until `build` makes a gate of them"]
#[non_exhaustive]
pub struct Thresholds {
    /// Fewest conversations behind a published cell. Default 15.
    pub min_conversations: u64,
    /// Fewest distinct users behind a published cell. Default 5.
    pub min_users: u64,
    /// Largest share of a cell's conversations that one user may have. Default none.
    pub max_user_share: Option<f64>,
    /// What to do where user ids are missing. Default: each conversation counts as a user.
    pub missing_users: MissingUsers,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_conversations: 15,
            min_users: 5,
            max_user_share: None,
            missing_users: MissingUsers::default(),
        }
    }
}

impl Thresholds {
    /// The defaults: 15 conversations and 5 users.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the fewest conversations. 1 publishes everything: for data of one's own only.
    pub fn min_conversations(mut self, conversations: u64) -> Self {
        self.min_conversations = conversations;
        self
    }

    /// Sets the fewest distinct users.
    pub fn min_users(mut self, users: u64) -> Self {
        self.min_users = users;
        self
    }

    /// Sets the largest share of one user, or none.
    pub fn max_user_share(mut self, share: Option<f64>) -> Self {
        self.max_user_share = share;
        self
    }

    /// Sets what to do where user ids are missing.
    pub fn missing_users(mut self, missing: MissingUsers) -> Self {
        self.missing_users = missing;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// When a minimum is 0, or the share is not above 0 and at most 1
    /// ([`Error::is_invalid_parameter`]).
    pub fn build(self) -> Result<Gate, Error> {
        for (name, value) in [
            ("min_conversations", self.min_conversations),
            ("min_users", self.min_users),
        ] {
            if value == 0 {
                return Err(Error::parameter(name, "at least 1", value));
            }
        }
        if let Some(share) = self.max_user_share
            && !(share > 0.0 && share <= 1.0)
        {
            return Err(Error::parameter(
                "max_user_share",
                "above 0 and at most 1",
                share,
            ));
        }
        Ok(Gate { thresholds: self })
    }
}

/// Decides what may be published: only a gate makes [`Released`] values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Thresholds", into = "Thresholds")]
pub struct Gate {
    thresholds: Thresholds,
}

impl Gate {
    /// The settings.
    #[must_use = "returns the settings"]
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Releases a value that was computed from a cell of this size, or suppresses and drops it.
    ///
    /// The gate trusts that `size` belongs to `value`.
    ///
    /// # Errors
    ///
    /// [`Suppressed`], with the threshold that the size does not meet.
    pub fn release<T>(&self, value: T, size: CellSize) -> Result<Released<T>, Suppressed> {
        match self.check(size) {
            Ok(()) => Ok(Released::new(value, size)),
            Err(reason) => Err(Suppressed::new(reason)),
        }
    }

    /// Whether a cell of this size may be published.
    #[must_use]
    pub fn passes(&self, size: CellSize) -> bool {
        self.check(size).is_ok()
    }

    pub(crate) fn check(&self, size: CellSize) -> Result<(), SuppressionReason> {
        let limits = &self.thresholds;
        if size.unscanned() > 0 {
            return Err(SuppressionReason::Unscanned);
        }
        if size.conversations() < limits.min_conversations {
            return Err(SuppressionReason::TooFewConversations);
        }
        let (users, largest) = match limits.missing_users {
            MissingUsers::EachConversationIsAUser => (
                size.users() + size.unknown_users(),
                size.largest_user().max(size.unknown_users().min(1)),
            ),
            MissingUsers::Refuse if size.unknown_users() > 0 => {
                return Err(SuppressionReason::MissingUsers);
            }
            MissingUsers::Refuse => (size.users(), size.largest_user()),
        };
        if users < limits.min_users {
            return Err(SuppressionReason::TooFewUsers);
        }
        let share = largest as f64 / size.conversations() as f64;
        if limits.max_user_share.is_some_and(|max| share > max) {
            return Err(SuppressionReason::DominantUser);
        }
        Ok(())
    }
}

impl TryFrom<Thresholds> for Gate {
    type Error = Error;

    fn try_from(thresholds: Thresholds) -> Result<Self, Error> {
        thresholds.build()
    }
}

impl From<Gate> for Thresholds {
    fn from(gate: Gate) -> Self {
        gate.thresholds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(thresholds: Thresholds, size: (u64, u64, u64, u64)) -> Option<SuppressionReason> {
        let size = CellSize::from_counts(size.0, size.1, size.2, size.3).unwrap();
        let gate = thresholds.build().unwrap();
        gate.release((), size).err().map(|s| s.reason())
    }

    #[test]
    fn each_threshold_has_its_reason() {
        let limits = Thresholds::new();
        assert_eq!(reason(limits, (15, 5, 0, 3)), None);
        assert_eq!(
            reason(limits, (14, 14, 0, 1)),
            Some(SuppressionReason::TooFewConversations)
        );
        assert_eq!(
            reason(limits, (100, 4, 0, 97)),
            Some(SuppressionReason::TooFewUsers)
        );
        assert_eq!(reason(limits, (100, 4, 1, 96)), None);
        let refusing = limits.missing_users(MissingUsers::Refuse);
        assert_eq!(
            reason(refusing, (100, 99, 1, 1)),
            Some(SuppressionReason::MissingUsers)
        );
        let fair = limits.max_user_share(Some(0.5));
        assert_eq!(reason(fair, (20, 11, 0, 10)), None);
        assert_eq!(
            reason(fair, (20, 10, 0, 11)),
            Some(SuppressionReason::DominantUser)
        );
    }

    #[test]
    fn settings_are_checked_also_when_they_are_read() {
        for bad in [
            Thresholds::new().min_users(0),
            Thresholds::new().min_conversations(0),
            Thresholds::new().max_user_share(Some(0.0)),
            Thresholds::new().max_user_share(Some(f64::NAN)),
            Thresholds::new().max_user_share(Some(1.1)),
        ] {
            assert!(bad.build().unwrap_err().is_invalid_parameter());
        }
        assert!(serde_json::from_str::<Gate>(r#"{"min_users": 0}"#).is_err());
        assert!(serde_json::from_str::<Gate>(r#"{"min_user": 1}"#).is_err());
        let gate: Gate = serde_json::from_str(r#"{"min_users": 7}"#).unwrap();
        assert_eq!(gate, Thresholds::new().min_users(7).build().unwrap());
    }
}
