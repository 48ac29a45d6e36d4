//! How many conversations and users stand behind each string that is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axia_conversation::UserId;

use crate::threshold::{CellCounter, Gate, Released, Suppressed};

/// Counts in how many conversations, and of how many users, each string occurs.
///
/// A label, a name or an example that only one person has used can point to that person, however large
/// the group is that it is shown for. So every string that is published needs a size of its own.
///
/// # Privacy
///
/// It holds the strings and user ids while it counts. `Debug` shows how many, never which.
///
/// # Example
///
/// ```
/// use axia_anonymize::threshold::{DocumentFrequency, Thresholds};
/// use axia_conversation::UserId;
///
/// let gate = Thresholds::new().min_conversations(3).min_users(2).build()?;
/// let mut frequency = DocumentFrequency::new();
/// for user in ["ann", "ben", "cem"] {
///     frequency.add(Some(&UserId::new(user)), ["thrift"]);
/// }
/// frequency.add(Some(&UserId::new("ann")), ["thrift", "loyalty to aunt Edna", "thrift"]);
/// assert!(frequency.release(&gate, "thrift").is_ok());
/// assert!(frequency.release(&gate, "loyalty to aunt Edna").is_err());
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DocumentFrequency {
    terms: BTreeMap<String, CellCounter>,
}

impl DocumentFrequency {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the strings of one conversation, each once.
    pub fn add<'t>(&mut self, user: Option<&UserId>, terms: impl IntoIterator<Item = &'t str>) {
        let terms: BTreeSet<&str> = terms.into_iter().collect();
        for term in terms {
            match self.terms.get_mut(term) {
                Some(counter) => counter.add(user),
                None => {
                    let mut counter = CellCounter::new();
                    counter.add(user);
                    self.terms.insert(term.to_owned(), counter);
                }
            }
        }
    }

    /// Adds what was counted among other conversations.
    pub fn merge(&mut self, other: &Self) {
        for (term, counter) in &other.terms {
            self.terms.entry(term.clone()).or_default().merge(counter);
        }
    }

    /// The string, if enough conversations and users have it.
    ///
    /// # Errors
    ///
    /// [`Suppressed`], with the threshold that is not met; a string that was never counted has none.
    pub fn release(&self, gate: &Gate, term: &str) -> Result<Released<String>, Suppressed> {
        let size = self.terms.get(term).map(CellCounter::size);
        gate.release(term.to_owned(), size.unwrap_or_default())
    }

    /// All strings that may be shown, in alphabetical order.
    #[must_use]
    pub fn released(&self, gate: &Gate) -> Vec<Released<String>> {
        let terms = self.terms.iter();
        terms
            .filter_map(|(term, counter)| gate.release(term.clone(), counter.size()).ok())
            .collect()
    }
}

impl fmt::Debug for DocumentFrequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentFrequency")
            .field("terms", &self.terms.len())
            .finish()
    }
}
