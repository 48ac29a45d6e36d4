//! Names the columns of a table.

use crate::format::{Columns, TableKind};

/// Which column of a table means what.
///
/// In the *long* form a row is one message, and the rows of a conversation stand together; in the
/// *wide* form a row is a conversation of one prompt and one response; in the *list* form a row is a
/// conversation, and one column holds its messages as JSON. Names are compared without regard to
/// letter case, spaces and hyphens. The rows may come as CSV or as JSON Lines.
///
/// Tables with common names (`conversation_id`, `role`, `content`; `prompt`, `response`) need no
/// map.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "csv")] {
/// use axia_conversation::{ColumnMap, ReaderParams};
///
/// let table = "ticket,who,said,when
/// T-1,customer,My order is late,2026-05-04 09:12:00
/// T-1,bot,I am sorry to hear that,2026-05-04 09:12:03
/// ";
/// let columns = ColumnMap::long("ticket", "who", "said").time("when");
/// let reader = ReaderParams::new().columns(columns).read_from(table.as_bytes())?;
/// let conversations: Vec<_> = reader.collect::<Result<_, _>>()?;
/// assert_eq!(conversations[0].id.as_str(), "T-1");
/// assert_eq!(conversations[0].messages.len(), 2);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap {
    pub(crate) kind: TableKind,
    /// Columns that the kind needs.
    pub(crate) needed: Vec<(Slot, String)>,
    /// Columns that may be empty or missing in a row.
    pub(crate) optional: Vec<(Slot, String)>,
}

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Id,
    Role,
    Text,
    Prompt,
    Response,
    Messages,
    System,
    Time,
    User,
    Model,
    Language,
    Fact,
}

impl ColumnMap {
    /// One row a message: the columns of the conversation's id, the role and the text.
    pub fn long(id: impl Into<String>, role: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(
            TableKind::Long,
            vec![
                (Slot::Id, id.into()),
                (Slot::Role, role.into()),
                (Slot::Text, text.into()),
            ],
        )
    }

    /// One row a conversation: the columns of what the user asked and what the model answered.
    pub fn wide(prompt: impl Into<String>, response: impl Into<String>) -> Self {
        Self::new(
            TableKind::Wide,
            vec![
                (Slot::Prompt, prompt.into()),
                (Slot::Response, response.into()),
            ],
        )
    }

    /// One row a conversation: the column that holds the list of messages, as JSON.
    pub fn list(messages: impl Into<String>) -> Self {
        Self::new(TableKind::List, vec![(Slot::Messages, messages.into())])
    }

    fn new(kind: TableKind, needed: Vec<(Slot, String)>) -> Self {
        Self {
            kind,
            needed,
            optional: Vec::new(),
        }
    }

    fn with(mut self, slot: Slot, column: impl Into<String>) -> Self {
        self.optional.push((slot, column.into()));
        self
    }

    /// The column of the conversation's id, for the wide and the list form.
    #[must_use]
    pub fn id(self, column: impl Into<String>) -> Self {
        self.with(Slot::Id, column)
    }

    /// The column of the system prompt, for the wide and the list form.
    #[must_use]
    pub fn system(self, column: impl Into<String>) -> Self {
        self.with(Slot::System, column)
    }

    /// The column of the time: of the message in the long form, of the conversation in the others.
    #[must_use]
    pub fn time(self, column: impl Into<String>) -> Self {
        self.with(Slot::Time, column)
    }

    /// The column of the user's id.
    #[must_use]
    pub fn user_id(self, column: impl Into<String>) -> Self {
        self.with(Slot::User, column)
    }

    /// The column of the model's name.
    #[must_use]
    pub fn model(self, column: impl Into<String>) -> Self {
        self.with(Slot::Model, column)
    }

    /// The column of the language.
    #[must_use]
    pub fn language(self, column: impl Into<String>) -> Self {
        self.with(Slot::Language, column)
    }

    /// A column to keep as metadata under its own name; in the long form the first row's counts.
    #[must_use]
    pub fn metadata(self, column: impl Into<String>) -> Self {
        self.with(Slot::Fact, column)
    }

    pub(crate) fn columns(&self) -> Columns {
        Columns::of_map(self)
    }
}
