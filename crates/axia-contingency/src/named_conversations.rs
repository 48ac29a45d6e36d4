//! Conversations from long rows of names: what a CSV file holds.

use crate::conversations::Conversations;
use crate::conversations_builder::ConversationEntry;
use crate::error::Error;
use crate::vocabulary::Vocabulary;

/// Conversations with two facets whose categories have names, in ascending order of the names.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NamedConversations {
    /// The conversations: facet 0 are the rows, facet 1 the columns. Ids are the places of the conversations' names in
    /// ascending order.
    pub conversations: Conversations,
    /// Names of the row categories.
    pub rows: Vec<String>,
    /// Names of the column categories.
    pub cols: Vec<String>,
}

/// Gathers [`NamedConversations`] from long rows `(conversation, user, row, column)` in any order.
///
/// A conversation has all the rows and all the columns that its long rows name, each once. The same rows in any order give
/// the same bytes.
///
/// ```
/// use axia_contingency::NamedConversations;
///
/// let mut builder = NamedConversations::builder();
/// builder.push("a", Some("ann"), Some("code"), Some("clarity"))?;
/// builder.push("a", Some("ann"), Some("code"), Some("accuracy"))?;
/// builder.push("b", Some("bob"), None, Some("clarity"))?;
/// let named = builder.build()?;
/// assert_eq!(named.cols, ["accuracy", "clarity"]);
/// assert_eq!(named.conversations.observe(0, 1)?.col_totals(), [1, 2]);
/// # Ok::<(), axia_contingency::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct NamedConversationsBuilder {
    conversations: Vocabulary,
    users: Vocabulary,
    rows: Vocabulary,
    cols: Vocabulary,
    /// The user of each conversation seen.
    user_of: Vec<Option<u32>>,
    /// Conversation, facet and category.
    labels: Vec<(u32, u8, u32)>,
}

impl std::fmt::Debug for NamedConversationsBuilder {
    /// Sizes only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedConversationsBuilder")
            .field("conversations", &self.conversations.len())
            .field("labels", &self.labels.len())
            .finish_non_exhaustive()
    }
}

impl NamedConversations {
    /// Nothing gathered yet.
    #[must_use]
    pub fn builder() -> NamedConversationsBuilder {
        NamedConversationsBuilder::default()
    }
}

impl NamedConversationsBuilder {
    /// Adds one long row. Without a row or a column, the conversation may still have others, or none: it counts all the same.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when the conversation came with another user before.
    pub fn push(
        &mut self,
        conversation: &str,
        user: Option<&str>,
        row: Option<&str>,
        col: Option<&str>,
    ) -> Result<(), Error> {
        let user = user.map(|user| self.users.code(user));
        let conversation = self.conversations.code(conversation);
        match self.user_of.get(conversation as usize) {
            Some(known) if *known != user => {
                return Err(Error::inconsistent(
                    "all rows of a conversation must have the same user",
                ));
            }
            Some(_) => {}
            None => self.user_of.push(user),
        }
        if let Some(row) = row {
            self.labels.push((conversation, 0, self.rows.code(row)));
        }
        if let Some(col) = col {
            self.labels.push((conversation, 1, self.cols.code(col)));
        }
        Ok(())
    }

    /// The conversations gathered.
    ///
    /// # Errors
    /// [`Error::is_overflow`] above 2^32 conversations or labels of one facet.
    pub fn build(mut self) -> Result<NamedConversations, Error> {
        let (_, ids) = self.conversations.sorted();
        let (_, users) = self.users.sorted();
        let (rows, row_places) = self.rows.sorted();
        let (cols, col_places) = self.cols.sorted();
        let place = |places: &[u32], code: u32| places.get(code as usize).copied().unwrap_or(code);
        for (conversation, facet, category) in &mut self.labels {
            *conversation = place(&ids, *conversation);
            let places = if *facet == 0 {
                &row_places
            } else {
                &col_places
            };
            *category = place(places, *category);
        }
        self.labels.sort_unstable();
        self.labels.dedup();
        let mut user_of = vec![None; self.user_of.len()];
        for (user, &id) in self.user_of.iter().zip(&ids) {
            if let Some(slot) = user_of.get_mut(id as usize) {
                *slot = user.map(|user| place(&users, user));
            }
        }
        let mut builder = Conversations::builder(&[rows.len() as u32, cols.len() as u32]);
        let mut lists = self.labels.chunk_by(|a, b| a.0 == b.0).peekable();
        let mut facets = [Vec::new(), Vec::new()];
        for (id, user) in (0_u32..).zip(user_of) {
            let list = lists.next_if(|list| list.first().is_some_and(|label| label.0 == id));
            facets.iter_mut().for_each(Vec::clear);
            for &(_, facet, category) in list.unwrap_or_default() {
                if let Some(labels) = facets.get_mut(usize::from(facet)) {
                    labels.push(category);
                }
            }
            let [rows, cols] = &facets;
            let lists = [rows.as_slice(), cols.as_slice()];
            let entry = ConversationEntry::new(id.into(), &lists);
            match user {
                Some(user) => builder.push(&entry.user(user.into()))?,
                None => builder.push(&entry)?,
            }
        }
        Ok(NamedConversations {
            conversations: builder.build()?,
            rows,
            cols,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_any_order_give_the_same_conversations() {
        let rows = [
            ("c", Some("u"), Some("x"), Some("p")),
            ("a", Some("v"), Some("y"), Some("q")),
            ("c", Some("u"), Some("x"), Some("q")),
            ("b", Some("u"), None, None),
            ("a", Some("v"), None, Some("p")),
        ];
        let of =
            |rows: &mut dyn Iterator<Item = &(&str, Option<&str>, Option<&str>, Option<&str>)>| {
                let mut builder = NamedConversations::builder();
                rows.for_each(|&(c, u, r, v)| builder.push(c, u, r, v).unwrap());
                builder.build().unwrap()
            };
        let named = of(&mut rows.iter());
        assert_eq!(of(&mut rows.iter().rev()), named);
        assert_eq!(named.conversations.len(), 3);
        assert_eq!(named.conversations.n_users(), Some(2));
        let b = named.conversations.get(1).unwrap();
        assert!(b.labels(0).is_empty() && b.labels(1).is_empty());
        let mut other = NamedConversations::builder();
        other.push("a", Some("u"), None, None).unwrap();
        assert!(
            other
                .push("a", None, None, None)
                .unwrap_err()
                .is_inconsistent()
        );
    }
}
