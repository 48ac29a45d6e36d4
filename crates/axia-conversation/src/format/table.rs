//! Rows of a table, CSV or JSON: a message each, or a conversation each.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::parser::{Contiguous, Draft, Output, Parser, Settings, Turn};
use crate::columns::{ColumnMap, Slot};
use crate::json::{Key, Lenient, MessageList, Node, Pieces, Time};
use crate::record_error::{Place, Problem};
use crate::{Format, Message, Role};

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message.
    Long,
    /// A prompt and its response.
    Wide,
    /// A list of messages.
    List,
}

/// The columns to read.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// `None` where each row tells by what it holds.
    kind: Option<Kind>,
    wanted: Vec<Wanted>,
}

#[derive(Clone, Debug)]
struct Wanted {
    slot: Slot,
    /// As the caller wrote it.
    name: String,
    normal: String,
    needed: bool,
}

/// Names that are understood without a map, the better ones first.
pub(super) const KNOWN: [(Slot, &[&str]); 10] = [
    (
        Slot::Id,
        &[
            "conversation_id",
            "conversationid",
            "conv_id",
            "chat_id",
            "session_id",
            "thread_id",
            "dialogue_id",
            "dialog_id",
            "ticket_id",
        ],
    ),
    (Slot::Role, &["role", "speaker", "sender", "author", "from"]),
    (
        Slot::Text,
        &["content", "text", "message", "body", "utterance", "value"],
    ),
    (
        Slot::Prompt,
        &[
            "prompt",
            "question",
            "instruction",
            "user_message",
            "query",
            "input",
        ],
    ),
    (
        Slot::Response,
        &[
            "response",
            "answer",
            "completion",
            "assistant_message",
            "reply",
            "output",
        ],
    ),
    (Slot::System, &["system", "system_prompt"]),
    (
        Slot::Time,
        &["timestamp", "created_at", "time", "datetime", "date", "ts"],
    ),
    (Slot::User, &["user_id", "userid", "user", "hashed_ip"]),
    (Slot::Model, &["model", "model_name", "model_id"]),
    (Slot::Language, &["language", "lang"]),
];

/// A column's name as names are compared.
pub(super) fn normal(name: &str) -> String {
    name.trim()
        .chars()
        .map(|c| match c {
            ' ' | '-' | '.' => '_',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

impl Columns {
    pub(crate) fn of_map(map: &ColumnMap) -> Self {
        let wanted = |(slot, name): &(Slot, String), needed| Wanted {
            slot: *slot,
            name: name.clone(),
            normal: normal(name),
            needed,
        };
        let needed = map.needed.iter().map(|column| wanted(column, true));
        let optional = map.optional.iter().map(|column| wanted(column, false));
        Self {
            kind: Some(map.kind),
            wanted: needed.chain(optional).collect(),
        }
    }

    fn known() -> Self {
        let wanted = KNOWN.iter().flat_map(|(slot, names)| {
            names.iter().map(|name| Wanted {
                slot: *slot,
                name: (*name).to_owned(),
                normal: (*name).to_owned(),
                needed: false,
            })
        });
        // The id of a message is not that of its conversation, but a row of its own has no other.
        let id = Wanted {
            slot: Slot::Id,
            name: "id".to_owned(),
            normal: "id".to_owned(),
            needed: false,
        };
        Self {
            kind: None,
            wanted: wanted.chain([id]).collect(),
        }
    }

    /// The first column of the map that a header lacks.
    #[cfg(feature = "csv")]
    pub(crate) fn missing_in(&self, header: &[String]) -> Option<&str> {
        let header: Vec<String> = header.iter().map(|name| normal(name)).collect();
        self.wanted
            .iter()
            .find(|wanted| !header.contains(&wanted.normal))
            .map(|wanted| wanted.name.as_str())
    }
}

/// The cells of a row, in the order of the wanted columns.
struct Row<'a> {
    columns: &'a Columns,
    cells: Vec<Node<'a>>,
}

impl<'a> Row<'a> {
    fn take(&mut self, slot: Slot) -> Node<'a> {
        let at = self
            .columns
            .wanted
            .iter()
            .zip(&self.cells)
            .position(|(wanted, cell)| wanted.slot == slot && !cell.is_blank());
        at.map(|at| std::mem::take(&mut self.cells[at]))
            .unwrap_or_default()
    }

    /// `input` beside `instruction`, as instruction data sets have it: both are the prompt.
    fn take_context(&mut self) -> Node<'a> {
        let named = |name: &str| {
            let mut cells = self.columns.wanted.iter().zip(&self.cells);
            cells.position(|(wanted, cell)| wanted.name == name && !cell.is_blank())
        };
        match (self.columns.kind, named("instruction"), named("input")) {
            (None, Some(_), Some(input)) => std::mem::take(&mut self.cells[input]),
            _ => Node::Missing,
        }
    }

    fn take_text(&mut self, slot: Slot) -> Option<String> {
        match self.take(slot) {
            Node::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    fn has(&self, slot: Slot) -> bool {
        let cells = self.columns.wanted.iter().zip(&self.cells);
        cells
            .filter(|(wanted, _)| wanted.slot == slot)
            .any(|(_, cell)| !cell.is_blank())
    }

    /// The id of a conversation of many rows, for which a plain `id` will not do without a map.
    fn take_long_id(&mut self) -> Option<String> {
        if self.columns.kind.is_none()
            && let Some(last) = self.cells.last_mut()
        {
            *last = Node::Missing;
        }
        self.take_text(Slot::Id)
    }

    fn facts(&mut self) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        for (wanted, cell) in self.columns.wanted.iter().zip(&mut self.cells) {
            if wanted.slot == Slot::Fact
                && let Node::Text(text) = std::mem::take(cell)
            {
                facts.push((wanted.name.clone(), text.into_owned()));
            }
        }
        facts
    }

    /// The problem of a row that lacks what its kind needs.
    fn lacks(&self, slot: Slot) -> Problem {
        let named = self
            .columns
            .wanted
            .iter()
            .find(|w| w.slot == slot && w.needed);
        match named {
            Some(wanted) => Problem::Column {
                column: wanted.name.clone(),
            },
            None => Problem::Shape {
                format: Format::Table,
                expected: "the columns of neither a message nor a prompt and its response are there; name them with a `ColumnMap`",
            },
        }
    }
}

/// Reads a row's wanted columns.
struct RowSeed<'a>(&'a Columns);

impl<'de: 'a, 'a> DeserializeSeed<'de> for RowSeed<'a> {
    type Value = Row<'a>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Row<'a>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for RowSeed<'a> {
    type Value = Row<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'a>, A::Error> {
        let mut cells: Vec<Node<'a>> = Vec::new();
        cells.resize_with(self.0.wanted.len(), Node::default);
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let key = key.as_str();
            let exact = self.0.wanted.iter().position(|w| w.name == key);
            let at = exact.or_else(|| {
                let key = normal(key);
                self.0.wanted.iter().position(|w| w.normal == key)
            });
            match at {
                Some(at) if cells[at].is_blank() => cells[at] = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Row {
            columns: self.0,
            cells,
        })
    }
}

/// A conversation whose rows are still coming.
struct Group {
    place: Place,
    draft: Draft,
    bytes: usize,
    rows: usize,
    /// A row of it was told as an error: the rest is passed over.
    dropped: bool,
}

/// Reads the rows of a table.
pub(super) struct Rows {
    columns: Arc<Columns>,
    limit: usize,
    contiguous: Contiguous,
    group: Option<Group>,
}

impl Rows {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            columns: match &settings.columns {
                Some(columns) => columns.clone(),
                None => Arc::new(Columns::known()),
            },
            limit: settings.max_record_bytes,
            contiguous: Contiguous::default(),
            group: None,
        }
    }

    /// A message of a conversation.
    fn long(&mut self, mut row: Row<'_>, place: Place, out: &mut Output) -> Result<(), Problem> {
        let Some(id) = row.take_long_id() else {
            return Err(row.lacks(Slot::Id));
        };
        match self.contiguous.turn(&id) {
            Turn::Returned => return Err(Problem::NotContiguous),
            Turn::Same => {}
            Turn::New => {
                self.end(out);
                let mut draft = Draft {
                    id: Some(id),
                    ..Draft::default()
                };
                for (name, value) in row.facts() {
                    draft.metadata.insert(name, value.into());
                }
                self.group = Some(Group {
                    place,
                    draft,
                    bytes: 0,
                    rows: 0,
                    dropped: false,
                });
            }
        }
        let Some(group) = &mut self.group else {
            return Ok(());
        };
        group.rows += 1;
        if group.dropped {
            return Ok(());
        }
        let name = row.take_text(Slot::Role);
        let Some(role) = name.as_deref().and_then(Role::parse) else {
            group.dropped = true;
            return Err(Problem::Role {
                message: group.rows,
                missing: name.is_none(),
            });
        };
        let time = row.take_text(Slot::Time).and_then(|t| Time::parse(&t).0);
        let before = group.draft.messages.len();
        push(role, row.take(Slot::Text), &mut group.draft.messages);
        for message in &mut group.draft.messages[before..] {
            message.time = time;
            group.bytes += message.text.len();
        }
        if group.bytes > self.limit {
            group.dropped = true;
            group.draft.messages = Vec::new();
            return Err(Problem::TooLarge { limit: self.limit });
        }
        fill(&mut group.draft, &mut row);
        Ok(())
    }

    /// A conversation of its own.
    fn single(&self, mut row: Row<'_>, kind: Kind) -> Result<Draft, Problem> {
        let mut draft = Draft::default();
        let system = row.take(Slot::System);
        if !system.is_blank() {
            push(Role::System, system, &mut draft.messages);
        }
        if kind == Kind::List {
            let list = match row.take(Slot::Messages) {
                Node::Text(text) => MessageList::of_str(text),
                _ => MessageList::Missing,
            };
            list.push(&mut draft.messages)
                .unwrap_or_else(|| Err(row.lacks(Slot::Messages)))?;
        } else {
            if !row.has(Slot::Prompt) && !row.has(Slot::Response) {
                return Err(row.lacks(Slot::Prompt));
            }
            let context = row.take_context();
            let mut pieces = Pieces::new(Role::User, None, &mut draft.messages);
            pieces.node(row.take(Slot::Prompt));
            pieces.node(context);
            pieces.finish();
            push(
                Role::Assistant,
                row.take(Slot::Response),
                &mut draft.messages,
            );
        }
        draft.id = row.take_text(Slot::Id);
        draft.started_at = row.take_text(Slot::Time).and_then(|t| Time::parse(&t).0);
        for (name, value) in row.facts() {
            draft.metadata.insert(name, value.into());
        }
        fill(&mut draft, &mut row);
        Ok(draft)
    }
}

impl Parser for Rows {
    fn record(&mut self, text: &str, place: Place, out: &mut Output) -> Result<(), Problem> {
        let columns = self.columns.clone();
        let row = read_row(text, &columns)?;
        let kind = columns.kind.unwrap_or_else(|| {
            if row.has(Slot::Role) && row.has(Slot::Id) {
                Kind::Long
            } else {
                Kind::Wide
            }
        });
        if kind == Kind::Long {
            return self.long(row, place, out);
        }
        let draft = self.single(row, kind)?;
        out.push(place, Ok(draft));
        Ok(())
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(group) = self.group.take().filter(|group| !group.dropped) {
            out.push(group.place, Ok(group.draft));
        }
    }
}

fn read_row<'a>(text: &'a str, columns: &'a Columns) -> Result<Row<'a>, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let row = RowSeed(columns)
        .deserialize(&mut deserializer)
        .and_then(|row| deserializer.end().map(|()| row));
    row.map_err(|error| match error.classify() {
        // Valid JSON of another kind.
        serde_json::error::Category::Data => Problem::Shape {
            format: Format::Table,
            expected: "the row is not an object",
        },
        _ => Problem::from_json(&error),
    })
}

fn push(role: Role, node: Node<'_>, out: &mut Vec<Message>) {
    let mut pieces = Pieces::new(role, None, out);
    pieces.node(node);
    pieces.finish();
}

/// Fills what is not known yet.
fn fill(draft: &mut Draft, row: &mut Row<'_>) {
    for (field, slot) in [
        (&mut draft.user_id, Slot::User),
        (&mut draft.model, Slot::Model),
        (&mut draft.language, Slot::Language),
    ] {
        if field.is_none() {
            *field = row.take_text(slot);
        }
    }
}
