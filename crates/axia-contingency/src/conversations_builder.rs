//! Gathers [`Conversations`] from a stream, from long rows or from parts.

use crate::conversations::{Conversations, Facet, Users};
use crate::error::Error;

/// One conversation to be gathered: its id, its categories of each facet, and what else is known of it.
#[derive(Clone, Copy)]
#[must_use]
pub struct ConversationEntry<'a> {
    pub(crate) id: u64,
    pub(crate) user: Option<u64>,
    pub(crate) stratum: u32,
    pub(crate) weight: f64,
    pub(crate) labels: &'a [&'a [u32]],
}

impl<'a> ConversationEntry<'a> {
    /// A conversation with its categories of each facet, in the facets' order. Any list may be empty; repeated categories
    /// count once. The user is unknown, the stratum 0, the weight 1.
    pub fn new(id: u64, labels: &'a [&'a [u32]]) -> Self {
        Self {
            id,
            user: None,
            stratum: 0,
            weight: 1.0,
            labels,
        }
    }

    /// Who wrote it.
    pub fn user(mut self, user: u64) -> Self {
        self.user = Some(user);
        self
    }

    /// The stratum that it belongs to: a model version, a week, a language.
    pub fn stratum(mut self, stratum: u32) -> Self {
        self.stratum = stratum;
        self
    }

    /// How many conversations of the population it stands for; finite and not negative.
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }
}

impl std::fmt::Debug for ConversationEntry<'_> {
    /// Without the ids, which stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConversationEntry")
            .field("facets", &self.labels.len())
            .finish_non_exhaustive()
    }
}

/// Gathers [`Conversations`] from a stream.
///
/// Many builders can work on parts of the data and be [merged](Self::merge), in any order, to the same result.
#[derive(Clone)]
pub struct ConversationsBuilder {
    ids: Vec<u64>,
    /// Each conversation's user; 0 where there is none.
    users: Vec<u64>,
    without_user: bool,
    strata: Vec<u32>,
    weights: Vec<f64>,
    facets: Vec<Facet>,
    scratch: Vec<u32>,
}

impl std::fmt::Debug for ConversationsBuilder {
    /// Sizes only: the ids of conversations and users stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConversationsBuilder")
            .field("len", &self.ids.len())
            .field("facets", &self.facets.len())
            .finish_non_exhaustive()
    }
}

const CONVERSATIONS: &str = "conversations that are kept";
const LABELS: &str = "labels of one facet";

impl ConversationsBuilder {
    pub(crate) fn new(sizes: &[u32]) -> Self {
        let facet = |&n_categories| Facet {
            n_categories,
            starts: vec![0],
            labels: Vec::new(),
        };
        Self {
            ids: Vec::new(),
            users: Vec::new(),
            without_user: false,
            strata: Vec::new(),
            weights: Vec::new(),
            facets: sizes.iter().map(facet).collect(),
            scratch: Vec::new(),
        }
    }

    /// Adds one conversation.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] unless there is one list of categories for each facet, [`Error::is_out_of_range`] for a
    /// category at or above its facet's size, [`Error::is_invalid_parameter`] for a weight that is negative or not finite,
    /// [`Error::is_overflow`] above 2^32 conversations or labels of one facet. The builder is unchanged then.
    pub fn push(&mut self, entry: &ConversationEntry<'_>) -> Result<(), Error> {
        if entry.labels.len() != self.facets.len() {
            return Err(Error::inconsistent(
                "there must be one list of categories for each facet",
            ));
        }
        if !(entry.weight >= 0.0 && entry.weight.is_finite()) {
            return Err(Error::invalid_parameter(
                "weight of a conversation",
                "finite and not negative",
                entry.weight,
            ));
        }
        below_2_to_32(self.ids.len(), 1, CONVERSATIONS)?;
        for (facet, labels) in self.facets.iter().zip(entry.labels) {
            if let Some(&label) = labels.iter().find(|&&label| label >= facet.n_categories) {
                return Err(Error::out_of_range("facet's", label, facet.n_categories));
            }
            below_2_to_32(facet.labels.len(), labels.len(), LABELS)?;
        }
        self.ids.push(entry.id);
        self.users.push(entry.user.unwrap_or(0));
        self.without_user |= entry.user.is_none();
        self.strata.push(entry.stratum);
        self.weights.push(entry.weight);
        for (facet, labels) in self.facets.iter_mut().zip(entry.labels) {
            if labels.is_sorted_by(|a, b| a < b) {
                facet.labels.extend_from_slice(labels);
            } else {
                self.scratch.clear();
                self.scratch.extend_from_slice(labels);
                self.scratch.sort_unstable();
                self.scratch.dedup();
                facet.labels.extend_from_slice(&self.scratch);
            }
            facet.starts.push(facet.labels.len() as u32);
        }
        Ok(())
    }

    /// Adds another builder's conversations.
    ///
    /// # Errors
    /// [`Error::is_not_mergeable`] when the facets differ, [`Error::is_overflow`] above 2^32 conversations or labels of one
    /// facet. The builder is unchanged then.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        let sizes = |b: &Self| -> Vec<u32> { b.facets.iter().map(|f| f.n_categories).collect() };
        if sizes(self) != sizes(&other) {
            return Err(Error::facets_differ());
        }
        below_2_to_32(self.ids.len(), other.ids.len(), CONVERSATIONS)?;
        for (mine, theirs) in self.facets.iter().zip(&other.facets) {
            below_2_to_32(mine.labels.len(), theirs.labels.len(), LABELS)?;
        }
        self.ids.extend(other.ids);
        self.users.extend(other.users);
        self.without_user |= other.without_user;
        self.strata.extend(other.strata);
        self.weights.extend(other.weights);
        for (mine, theirs) in self.facets.iter_mut().zip(&other.facets) {
            let base = mine.labels.len() as u32;
            mine.labels.extend_from_slice(&theirs.labels);
            let starts = theirs.starts.iter().skip(1);
            mine.starts.extend(starts.map(|start| base + start));
        }
        Ok(())
    }

    /// The conversations gathered, by ascending id.
    ///
    /// # Errors
    /// [`Error::is_duplicate_conversation`] when a conversation was pushed more than once.
    pub fn build(self) -> Result<Conversations, Error> {
        let sorted = if self.ids.is_sorted() {
            self
        } else {
            self.sorted()
        };
        let mut neighbours = sorted.ids.iter().zip(sorted.ids.iter().skip(1));
        if let Some((&id, _)) = neighbours.find(|(a, b)| a == b) {
            return Err(Error::duplicate_conversation(id));
        }
        let known = !sorted.without_user && !sorted.ids.is_empty();
        let users = known.then(|| index_users(&sorted.users));
        let stratified = sorted.strata.iter().any(|&stratum| stratum > 0);
        let weighted = sorted
            .weights
            .iter()
            .any(|weight| weight.total_cmp(&1.0).is_ne());
        Ok(Conversations {
            ids: sorted.ids,
            facets: sorted.facets,
            users,
            strata: stratified.then_some(sorted.strata),
            weights: weighted.then_some(sorted.weights),
        })
    }

    fn sorted(self) -> Self {
        let mut order: Vec<(u64, u32)> = self.ids.iter().copied().zip(0..).collect();
        order.sort_unstable();
        fn pick<T: Copy>(from: &[T], order: &[(u64, u32)]) -> Vec<T> {
            let picked = order
                .iter()
                .filter_map(|&(_, at)| from.get(at as usize).copied());
            picked.collect()
        }
        let facets = self.facets.iter().map(|facet| {
            let mut labels = Vec::with_capacity(facet.labels.len());
            let mut starts = Vec::with_capacity(facet.starts.len());
            starts.push(0);
            for &(_, at) in &order {
                labels.extend_from_slice(facet.labels(at as usize));
                starts.push(labels.len() as u32);
            }
            Facet {
                n_categories: facet.n_categories,
                starts,
                labels,
            }
        });
        Self {
            facets: facets.collect(),
            users: pick(&self.users, &order),
            strata: pick(&self.strata, &order),
            weights: pick(&self.weights, &order),
            ids: order.into_iter().map(|(id, _)| id).collect(),
            without_user: self.without_user,
            scratch: self.scratch,
        }
    }
}

/// Numbers the users by ascending id.
fn index_users(of_conversation: &[u64]) -> Users {
    let mut ids = of_conversation.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let index = |user: &u64| ids.binary_search(user).map_or(0, |at| at as u32);
    Users {
        of: of_conversation.iter().map(index).collect(),
        ids,
    }
}

fn below_2_to_32(have: usize, more: usize, what: &'static str) -> Result<(), Error> {
    match have.checked_add(more) {
        Some(sum) if u32::try_from(sum).is_ok() => Ok(()),
        _ => Err(Error::too_many_kept(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64) -> ConversationEntry<'static> {
        ConversationEntry::new(id, &[&[1, 0, 1], &[2]])
    }

    #[test]
    fn bad_entries_are_errors_and_change_nothing() {
        let mut builder = Conversations::builder(&[2, 3]);
        builder.push(&entry(1)).unwrap();
        let wrong = ConversationEntry::new(2, &[&[0]]);
        assert!(builder.push(&wrong).unwrap_err().is_inconsistent());
        let outside = ConversationEntry::new(2, &[&[0], &[3]]);
        assert!(builder.push(&outside).unwrap_err().is_out_of_range());
        for weight in [-1.0, f64::NAN, f64::INFINITY] {
            let error = builder.push(&entry(2).weight(weight)).unwrap_err();
            assert!(error.is_invalid_parameter());
        }
        let other = Conversations::builder(&[3, 3]);
        assert!(builder.merge(other).unwrap_err().is_not_mergeable());
        let built = builder.clone().build().unwrap();
        assert_eq!(
            (built.len(), built.facet(0).unwrap().labels(0)),
            (1, [0, 1].as_slice())
        );
        builder.push(&entry(1)).unwrap();
        assert!(builder.build().unwrap_err().is_duplicate_conversation());
    }

    #[test]
    fn parts_in_any_order_give_the_same_bytes() {
        let entries: Vec<_> = (0..20_u64)
            .map(|i| {
                entry(i * 7 % 20)
                    .user(i % 3)
                    .stratum(i as u32 % 2)
                    .weight(1.0 + i as f64)
            })
            .collect();
        let of = |entries: &[ConversationEntry<'static>]| {
            let mut builder = Conversations::builder(&[2, 3]);
            entries.iter().for_each(|e| builder.push(e).unwrap());
            builder
        };
        let whole = of(&entries).build().unwrap();
        let (left, right) = entries.split_at(6);
        let mut merged = of(right);
        merged.merge(of(left)).unwrap();
        assert_eq!(merged.build().unwrap(), whole);
        let (left, right) = (of(left).build().unwrap(), of(right).build().unwrap());
        assert_eq!(left.merge(&right).unwrap(), whole);
        assert_eq!(right.merge(&left).unwrap(), whole);
        assert!(left.merge(&left).unwrap_err().is_duplicate_conversation());
        let json = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Conversations>(&json).unwrap(), whole);
        assert!(!format!("{whole:?}").contains("ids"));
    }

    #[test]
    fn defaults_leave_no_columns() {
        let mut builder = Conversations::builder(&[2, 3]);
        builder.push(&entry(5).user(1)).unwrap();
        builder.push(&entry(4)).unwrap();
        let built = builder.build().unwrap();
        assert_eq!(
            (built.users(), built.strata(), built.weights()),
            (None, None, None)
        );
        assert_eq!(
            built
                .get(0)
                .map(|view| (view.id(), view.weight(), view.stratum())),
            Some((4, 1.0, 0))
        );
        let stratified = built.with_strata(vec![0, 3]).unwrap();
        assert_eq!(stratified.strata(), Some([0, 3].as_slice()));
        assert!(built.with_strata(vec![0]).unwrap_err().is_inconsistent());
        assert!(built.observe(0, 2).unwrap_err().is_invalid_parameter());
        let empty = Conversations::builder(&[]).build().unwrap();
        assert!(empty.is_empty() && empty.by_user().is_none());
    }
}
