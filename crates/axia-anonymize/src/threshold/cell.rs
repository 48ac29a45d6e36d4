//! How large a cell is, in conversations and in distinct users.

use std::collections::BTreeMap;
use std::fmt;

use axia_conversation::{Conversation, UserId};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The size of one cell of a table, or of one cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Counts", into = "Counts")]
pub struct CellSize {
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    conversations: u64,
    users: u64,
    unknown_users: u64,
    largest_user: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unscanned: u64,
}

// Serde wants a function of a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl CellSize {
    /// A size from counts: all conversations, distinct known users, conversations without a user id,
    /// and the conversations of the one user who has most.
    ///
    /// # Errors
    ///
    /// When the counts contradict each other ([`Error::is_inconsistent_counts`]).
    pub fn from_counts(
        conversations: u64,
        users: u64,
        unknown_users: u64,
        largest_user: u64,
    ) -> Result<Self, Error> {
        Self::try_from(Counts {
            conversations,
            users,
            unknown_users,
            largest_user,
            unscanned: 0,
        })
    }

    /// The same size, with the number of conversations that no recognizer has read to the end.
    ///
    /// # Errors
    ///
    /// When there are more than conversations ([`Error::is_inconsistent_counts`]).
    pub fn with_unscanned(self, unscanned: u64) -> Result<Self, Error> {
        Self::try_from(Counts {
            unscanned,
            ..self.counts
        })
    }

    /// All conversations.
    #[must_use]
    pub fn conversations(self) -> u64 {
        self.counts.conversations
    }

    /// Distinct users among the conversations with a user id.
    #[must_use]
    pub fn users(self) -> u64 {
        self.counts.users
    }

    /// Conversations without a user id.
    #[must_use]
    pub fn unknown_users(self) -> u64 {
        self.counts.unknown_users
    }

    /// The conversations of the one known user who has most.
    #[must_use]
    pub fn largest_user(self) -> u64 {
        self.counts.largest_user
    }

    /// Conversations that were not scanned to the end: no gate releases a cell with any of them.
    #[must_use]
    pub fn unscanned(self) -> u64 {
        self.counts.unscanned
    }

    pub(crate) fn and_unscanned(self, unscanned: u64) -> Self {
        Self {
            counts: Counts {
                unscanned,
                ..self.counts
            },
        }
    }

    /// A size that is known to be consistent, of conversations that were all scanned.
    pub(crate) fn trusted(
        conversations: u64,
        users: u64,
        unknown_users: u64,
        largest_user: u64,
    ) -> Self {
        Self {
            counts: Counts {
                conversations,
                users,
                unknown_users,
                largest_user,
                unscanned: 0,
            },
        }
    }
}

impl TryFrom<Counts> for CellSize {
    type Error = Error;

    fn try_from(counts: Counts) -> Result<Self, Error> {
        let Counts {
            conversations,
            users,
            unknown_users,
            largest_user,
            unscanned,
        } = counts;
        let check = |what, limit_name, limit, got| {
            if got > limit {
                return Err(Error::cell_size(what, limit_name, limit, got));
            }
            Ok(())
        };
        check(
            "conversations without a user",
            "the conversations",
            conversations,
            unknown_users,
        )?;
        check(
            "conversations that were not scanned",
            "the conversations",
            conversations,
            unscanned,
        )?;
        let known = conversations - unknown_users;
        check("users", "the conversations with a user", known, users)?;
        // Every other user has at least one conversation.
        let most = if users == 0 { 0 } else { known - (users - 1) };
        check(
            "conversations of the largest user",
            "what is left for one user",
            most,
            largest_user,
        )?;
        // Even shares are the smallest that the largest share can be.
        let least = if users == 0 { 0 } else { known.div_ceil(users) };
        check(
            "the even share of a user",
            "the largest user's conversations",
            largest_user,
            least,
        )?;
        // No user can have conversations that nobody has.
        check(
            "conversations with a user",
            "what the users can have",
            users.saturating_mul(known),
            known,
        )?;
        Ok(Self { counts })
    }
}

impl From<CellSize> for Counts {
    fn from(size: CellSize) -> Self {
        size.counts
    }
}

/// Counts the conversations of one cell by user.
///
/// Counters of parts of the data merge, in any order, to the counter of the whole.
///
/// # Privacy
///
/// It holds user ids while it counts, and serialized it holds them, too: set
/// [`pseudonymous_users`](crate::AnonymizerBuilder::pseudonymous_users) before counters travel. `Debug`
/// shows counts only.
///
/// # Example
///
/// ```
/// use axia_anonymize::threshold::CellCounter;
/// use axia_conversation::UserId;
///
/// let (ann, ben) = (UserId::new("ann"), UserId::new("ben"));
/// let mut first: CellCounter = [Some(&ann), None].into_iter().collect();
/// let second: CellCounter = [Some(&ann), Some(&ben)].into_iter().collect();
/// first.merge(&second);
/// let size = first.size();
/// assert_eq!((size.conversations(), size.users(), size.unknown_users()), (4, 2, 1));
/// assert_eq!(size.largest_user(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellCounter {
    by_user: BTreeMap<UserId, u64>,
    unknown: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unscanned: u64,
}

impl CellCounter {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one conversation by its user.
    pub fn add(&mut self, user: Option<&UserId>) {
        let Some(user) = user else {
            self.unknown += 1;
            return;
        };
        match self.by_user.get_mut(user) {
            Some(count) => *count += 1,
            None => {
                self.by_user.insert(user.clone(), 1);
            }
        }
    }

    /// Counts one conversation that was not scanned to the end. No gate releases the cell any more.
    pub fn add_unscanned(&mut self, user: Option<&UserId>) {
        self.add(user);
        self.unscanned += 1;
    }

    /// Counts one conversation.
    pub fn add_conversation(&mut self, conversation: &Conversation) {
        self.add(conversation.user_id.as_ref());
    }

    /// Adds what another counter counted among other conversations.
    pub fn merge(&mut self, other: &Self) {
        self.unknown += other.unknown;
        self.unscanned += other.unscanned;
        for (user, count) in &other.by_user {
            match self.by_user.get_mut(user) {
                Some(mine) => *mine += count,
                None => {
                    self.by_user.insert(user.clone(), *count);
                }
            }
        }
    }

    /// The size of what was counted.
    #[must_use]
    pub fn size(&self) -> CellSize {
        let known: u64 = self.by_user.values().sum();
        CellSize::trusted(
            known + self.unknown,
            self.by_user.len() as u64,
            self.unknown,
            self.by_user.values().copied().max().unwrap_or(0),
        )
        .and_unscanned(self.unscanned)
    }
}

impl<'u> FromIterator<Option<&'u UserId>> for CellCounter {
    fn from_iter<I: IntoIterator<Item = Option<&'u UserId>>>(users: I) -> Self {
        let mut counter = Self::new();
        counter.extend(users);
        counter
    }
}

impl<'u> Extend<Option<&'u UserId>> for CellCounter {
    fn extend<I: IntoIterator<Item = Option<&'u UserId>>>(&mut self, users: I) {
        for user in users {
            self.add(user);
        }
    }
}

impl fmt::Debug for CellCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CellCounter").field(&self.size()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contradictions_are_refused() {
        for (conversations, users, unknown, largest) in [
            (5, 0, 6, 0),
            (5, 6, 0, 1),
            (5, 2, 0, 5),
            (5, 2, 0, 2),
            (5, 0, 4, 0),
            (5, 0, 5, 1),
        ] {
            let error = CellSize::from_counts(conversations, users, unknown, largest).unwrap_err();
            assert!(error.is_inconsistent_counts(), "{error}");
        }
        assert!(CellSize::from_counts(5, 2, 0, 3).is_ok());
        assert!(CellSize::from_counts(0, 0, 0, 0).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_counted_is_consistent_and_merges(
            users in proptest::collection::vec(proptest::option::of(0..6_u8), 0..40),
            cut in 0..40_usize,
        ) {
            let ids: Vec<Option<UserId>> =
                users.iter().map(|u| u.map(|u| UserId::new(format!("u{u}")))).collect();
            let whole: CellCounter = ids.iter().map(Option::as_ref).collect();
            let (a, b) = ids.split_at(cut.min(ids.len()));
            let mut right: CellCounter = b.iter().map(Option::as_ref).collect();
            right.merge(&a.iter().map(Option::as_ref).collect());
            prop_assert_eq!(&whole, &right);
            let size = whole.size();
            let again = CellSize::from_counts(
                size.conversations(), size.users(), size.unknown_users(), size.largest_user(),
            );
            prop_assert_eq!(again, Ok(size));
        }
    }
}
