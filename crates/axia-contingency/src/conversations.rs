//! The conversations themselves: the categories of any number of facets, the user, the stratum and the weight of each.
//!
//! The counts that most statistics need are [`Observations`], made from here by [`Conversations::observe`]. Whatever
//! depends on which conversation, or which user, a count came from works on [`Conversations`]. How they are gathered is in
//! `conversations_builder`.

use serde::{Deserialize, Serialize};

use crate::conversations_builder::{ConversationEntry, ConversationsBuilder};
use crate::error::Error;
use crate::observations::Observations;

/// Conversations with the categories of any number of facets, a user, a stratum and a weight each.
///
/// A facet is a question with any number of answers per conversation (multiple response): its one task, the values shown,
/// the human values, the language. Categories are integers below the facet's size. The lists lie end to end in memory
/// (compressed sparse rows): 4 bytes for a label, and for a conversation 8, plus 4 per facet, plus 4 each for the user and
/// the stratum and 8 for the weight where they are given.
///
/// # Order
/// Conversations stand by ascending id, the labels of one conversation by ascending category, each once. So the same
/// conversations give the same bytes, however they were gathered, split and [merged](Self::merge).
///
/// # How to walk through them
/// * [`iter`](Self::iter) gives every conversation as a [`ConversationView`]: [`labels`](ConversationView::labels) of a
///   facet, [`user`](ConversationView::user), [`stratum`](ConversationView::stratum) and
///   [`weight`](ConversationView::weight).
/// * [`facet`](Self::facet) is one facet's column; [`Facet::postings`] turns it over: for each category the conversations
///   that have it, which is what sums over rare categories want.
/// * [`by_user`](Self::by_user) lists each user's conversations; users are dense indices `0..n_users`.
///
/// ```
/// use axia_contingency::{ConversationEntry, Conversations};
///
/// // Two tasks, three values.
/// let mut builder = Conversations::builder(&[2, 3]);
/// builder.push(&ConversationEntry::new(100, &[&[0], &[0, 2]]).user(7))?;
/// builder.push(&ConversationEntry::new(101, &[&[1], &[2]]).user(7))?;
/// builder.push(&ConversationEntry::new(102, &[&[1], &[]]).user(9))?;
/// let conversations = builder.build()?;
///
/// let labels: usize = conversations.iter().map(|conversation| conversation.labels(1).len()).sum();
/// assert_eq!(labels, 3);
/// let with_value_2 = conversations.facet(1).ok_or("no such facet")?.postings();
/// assert_eq!(with_value_2.of(2), [0, 1]);
/// let users = conversations.by_user().ok_or("no users")?;
/// assert_eq!((users.len(), users.of(0)), (2, [0, 1].as_slice()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredConversations", into = "StoredConversations")]
pub struct Conversations {
    pub(crate) ids: Vec<u64>,
    pub(crate) facets: Vec<Facet>,
    pub(crate) users: Option<Users>,
    /// `None` when all are 0.
    pub(crate) strata: Option<Vec<u32>>,
    /// `None` when all are 1.
    pub(crate) weights: Option<Vec<f64>>,
}

/// Who wrote each conversation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Users {
    /// Distinct ids, ascending; a user's index is the place here.
    pub(crate) ids: Vec<u64>,
    /// The user's index for each conversation.
    pub(crate) of: Vec<u32>,
}

impl std::fmt::Debug for Conversations {
    /// Sizes only: the ids of conversations and users stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversations")
            .field("len", &self.len())
            .field("sizes", &self.sizes())
            .field("n_users", &self.n_users())
            .finish_non_exhaustive()
    }
}

impl Conversations {
    /// Gathers conversations whose facets have the given numbers of categories.
    #[must_use]
    pub fn builder(sizes: &[u32]) -> ConversationsBuilder {
        ConversationsBuilder::new(sizes)
    }

    /// These and other conversations together.
    ///
    /// # Errors
    /// [`Error::is_not_mergeable`] when the facets differ, [`Error::is_duplicate_conversation`] when both have the same
    /// conversation, [`Error::is_overflow`] above 2^32 conversations or labels of one facet.
    ///
    /// # Determinism
    /// Associative and commutative down to the bytes. Users are known in the result when they are known on both sides.
    pub fn merge(&self, other: &Self) -> Result<Self, Error> {
        let mut builder = self.to_builder()?;
        builder.merge(other.to_builder()?)?;
        builder.build()
    }

    fn to_builder(&self) -> Result<ConversationsBuilder, Error> {
        let mut builder = Self::builder(&self.sizes());
        let mut labels = Vec::with_capacity(self.facets.len());
        for view in self {
            labels.clear();
            labels.extend((0..self.facets.len()).map(|facet| view.labels(facet)));
            builder.push(&ConversationEntry {
                id: view.id(),
                user: view.user_id(),
                stratum: view.stratum(),
                weight: view.weight(),
                labels: &labels,
            })?;
        }
        Ok(builder)
    }

    /// Number of conversations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of facets.
    #[must_use]
    pub fn n_facets(&self) -> usize {
        self.facets.len()
    }

    /// Number of categories of each facet, whether they occur or not.
    #[must_use]
    pub fn sizes(&self) -> Vec<u32> {
        self.facets.iter().map(Facet::n_categories).collect()
    }

    /// One facet; `None` when there is no such facet.
    #[must_use]
    pub fn facet(&self, facet: usize) -> Option<&Facet> {
        self.facets.get(facet)
    }

    /// The conversation at an index below [`len`](Self::len).
    #[must_use]
    pub fn get(&self, index: usize) -> Option<ConversationView<'_>> {
        (index < self.len()).then_some(ConversationView { all: self, index })
    }

    /// The conversations, by ascending id.
    #[must_use]
    pub fn iter(&self) -> ConversationIter<'_> {
        ConversationIter {
            all: self,
            range: 0..self.len(),
        }
    }

    /// The user's index of each conversation, below [`n_users`](Self::n_users); `None` unless every conversation came with
    /// its user.
    #[must_use]
    pub fn users(&self) -> Option<&[u32]> {
        self.users.as_ref().map(|users| users.of.as_slice())
    }

    /// Number of distinct users; `None` unless every conversation came with its user.
    #[must_use]
    pub fn n_users(&self) -> Option<usize> {
        self.users.as_ref().map(|users| users.ids.len())
    }

    /// Each user's conversations; `None` unless every conversation came with its user.
    #[must_use]
    pub fn by_user(&self) -> Option<Postings> {
        let users = self.users.as_ref()?;
        let pairs = (0_u32..).zip(&users.of);
        Some(Postings::group(
            users.ids.len(),
            users.of.len(),
            pairs.map(|(index, &user)| (user, index)),
        ))
    }

    /// The stratum of each conversation; `None` when all are 0.
    #[must_use]
    pub fn strata(&self) -> Option<&[u32]> {
        self.strata.as_deref()
    }

    /// The weight of each conversation; `None` when all are 1.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The same conversations with the strata given, one for each, in the order of [`iter`](Self::iter): the number of
    /// labels, say, or a combination of facets.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when there is not one stratum for each conversation.
    pub fn with_strata(&self, strata: Vec<u32>) -> Result<Self, Error> {
        if strata.len() != self.len() {
            return Err(Error::inconsistent(
                "there must be one stratum for each conversation",
            ));
        }
        Ok(Self {
            strata: strata.iter().any(|&stratum| stratum > 0).then_some(strata),
            ..self.clone()
        })
    }

    /// The counts of two facets: conversations with each row category, with each column category and with both, and the
    /// distinct users behind each pair where users are known. Weights and strata do not enter.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there, [`Error::is_overflow`] above 2^53 pairs.
    ///
    /// ```
    /// use axia_contingency::{ConversationEntry, Conversations};
    ///
    /// let mut builder = Conversations::builder(&[1, 2]);
    /// builder.push(&ConversationEntry::new(1, &[&[0], &[0, 1]]))?;
    /// builder.push(&ConversationEntry::new(2, &[&[0], &[1]]))?;
    /// let observations = builder.build()?.observe(0, 1)?;
    /// assert_eq!(observations.col_totals(), [1, 2]);
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn observe(&self, row_facet: usize, col_facet: usize) -> Result<Observations, Error> {
        let (rows, cols) = (
            self.require_facet(row_facet)?,
            self.require_facet(col_facet)?,
        );
        let mut builder = Observations::builder(rows.n_categories(), cols.n_categories());
        for (index, &id) in self.ids.iter().enumerate() {
            let (rows, cols) = (rows.labels(index), cols.labels(index));
            match self.user_id(index) {
                Some(user) => builder.push_with_user(id, user, rows, cols)?,
                None => builder.push(id, rows, cols)?,
            }
        }
        builder.build()
    }

    /// A facet, or the error that says there is none.
    pub(crate) fn require_facet(&self, facet: usize) -> Result<&Facet, Error> {
        self.facet(facet).ok_or_else(|| {
            Error::invalid_parameter("facet", "below the number of facets", facet as f64)
        })
    }

    fn user_id(&self, index: usize) -> Option<u64> {
        let users = self.users.as_ref()?;
        let user = *users.of.get(index)?;
        users.ids.get(user as usize).copied()
    }
}

impl<'a> IntoIterator for &'a Conversations {
    type Item = ConversationView<'a>;
    type IntoIter = ConversationIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The conversations of [`Conversations`], by ascending id.
#[derive(Debug, Clone)]
pub struct ConversationIter<'a> {
    all: &'a Conversations,
    range: std::ops::Range<usize>,
}

impl<'a> Iterator for ConversationIter<'a> {
    type Item = ConversationView<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let all = self.all;
        self.range
            .next()
            .map(|index| ConversationView { all, index })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl ExactSizeIterator for ConversationIter<'_> {}

/// One conversation of [`Conversations`].
#[derive(Debug, Clone, Copy)]
pub struct ConversationView<'a> {
    all: &'a Conversations,
    index: usize,
}

impl<'a> ConversationView<'a> {
    /// The place among the conversations.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// The id that it was given with.
    #[must_use]
    pub fn id(self) -> u64 {
        self.all.ids.get(self.index).copied().unwrap_or_default()
    }

    /// Its categories of a facet, ascending, each once; empty for a facet that is not there.
    #[must_use]
    pub fn labels(self, facet: usize) -> &'a [u32] {
        self.all
            .facets
            .get(facet)
            .map_or(&[], |facet| facet.labels(self.index))
    }

    /// Its user's index, below [`n_users`](Conversations::n_users); `None` unless every conversation came with its user.
    #[must_use]
    pub fn user(self) -> Option<u32> {
        self.all.users()?.get(self.index).copied()
    }

    /// Its user's id, as given.
    #[must_use]
    pub fn user_id(self) -> Option<u64> {
        self.all.user_id(self.index)
    }

    /// Its stratum; 0 unless given.
    #[must_use]
    pub fn stratum(self) -> u32 {
        let strata = self.all.strata.as_ref();
        strata
            .and_then(|strata| strata.get(self.index).copied())
            .unwrap_or(0)
    }

    /// Its weight; 1 unless given.
    #[must_use]
    pub fn weight(self) -> f64 {
        let weights = self.all.weights.as_ref();
        weights
            .and_then(|weights| weights.get(self.index).copied())
            .unwrap_or(1.0)
    }
}

/// One facet of [`Conversations`]: the categories of each conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    pub(crate) n_categories: u32,
    /// Where each conversation's labels start, and the end of the last.
    pub(crate) starts: Vec<u32>,
    pub(crate) labels: Vec<u32>,
}

impl Facet {
    /// Number of categories, whether they occur or not.
    #[must_use]
    pub fn n_categories(&self) -> u32 {
        self.n_categories
    }

    /// The categories of the conversation at an index, ascending, each once; empty for an index that is not there.
    #[must_use]
    pub fn labels(&self, index: usize) -> &[u32] {
        slice(&self.starts, &self.labels, index)
    }

    /// The labels of all conversations, end to end, in the conversations' order.
    #[must_use]
    pub fn all_labels(&self) -> &[u32] {
        &self.labels
    }

    /// Conversations that have each category.
    #[must_use]
    pub fn totals(&self) -> Vec<u64> {
        let mut totals = vec![0; self.n_categories as usize];
        for &label in &self.labels {
            if let Some(total) = totals.get_mut(label as usize) {
                *total += 1;
            }
        }
        totals
    }

    /// For each category the conversations that have it, ascending.
    #[must_use]
    pub fn postings(&self) -> Postings {
        let lists = (0..self.starts.len().saturating_sub(1)).zip(0_u32..);
        let pairs = lists.flat_map(|(at, index)| {
            let labels = self.labels(at);
            labels.iter().map(move |&label| (label, index))
        });
        Postings::group(self.n_categories as usize, self.labels.len(), pairs)
    }
}

/// Lists of conversations, one for each category of a facet or for each user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postings {
    starts: Vec<u32>,
    indices: Vec<u32>,
}

impl Postings {
    /// Groups `(group, index)` pairs by group, keeping the order within each. `n` is the number of pairs.
    fn group(groups: usize, n: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; groups + 1];
        for (group, _) in pairs.clone() {
            if let Some(start) = starts.get_mut(group as usize + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut indices = vec![0; n];
        for (group, index) in pairs {
            if let Some(at) = next.get_mut(group as usize) {
                if let Some(slot) = indices.get_mut(*at as usize) {
                    *slot = index;
                }
                *at += 1;
            }
        }
        Self { starts, indices }
    }

    /// Number of lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are no lists.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The indices of the conversations in one list, ascending; empty for a list that is not there.
    #[must_use]
    pub fn of(&self, list: usize) -> &[u32] {
        slice(&self.starts, &self.indices, list)
    }

    /// The lists in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> + '_ {
        (0..self.len()).map(|list| self.of(list))
    }
}

fn slice<'a>(starts: &[u32], all: &'a [u32], index: usize) -> &'a [u32] {
    let bounds = starts.get(index).zip(starts.get(index.wrapping_add(1)));
    bounds
        .and_then(|(&from, &to)| all.get(from as usize..to as usize))
        .unwrap_or_default()
}

/// The written form: one record for each conversation, checked by the builder when read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredConversations {
    sizes: Vec<u32>,
    conversations: Vec<StoredConversation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredConversation {
    id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<u64>,
    #[serde(default)]
    stratum: u32,
    #[serde(default = "one")]
    weight: f64,
    labels: Vec<Vec<u32>>,
}

fn one() -> f64 {
    1.0
}

impl From<Conversations> for StoredConversations {
    fn from(all: Conversations) -> Self {
        let conversations = all.iter().map(|view| StoredConversation {
            id: view.id(),
            user: view.user_id(),
            stratum: view.stratum(),
            weight: view.weight(),
            labels: (0..all.n_facets())
                .map(|facet| view.labels(facet).to_vec())
                .collect(),
        });
        Self {
            sizes: all.sizes(),
            conversations: conversations.collect(),
        }
    }
}

impl TryFrom<StoredConversations> for Conversations {
    type Error = Error;

    fn try_from(stored: StoredConversations) -> Result<Self, Error> {
        let mut builder = Self::builder(&stored.sizes);
        for conversation in &stored.conversations {
            let labels: Vec<&[u32]> = conversation.labels.iter().map(Vec::as_slice).collect();
            builder.push(&ConversationEntry {
                id: conversation.id,
                user: conversation.user,
                stratum: conversation.stratum,
                weight: conversation.weight,
                labels: &labels,
            })?;
        }
        builder.build()
    }
}
