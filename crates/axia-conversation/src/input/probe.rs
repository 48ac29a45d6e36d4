//! A first look at a file: how its records are laid out.

use super::scan::value_len;
use memchr::memchr;

/// How the records of a file stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One JSON value a line.
    Lines,
    /// JSON values one after the other, each over any number of lines.
    Values,
    /// The elements of top-level lists.
    Elements,
    /// The elements of the list under this key of top-level objects.
    Wrapped(&'static str),
    /// A table with a header, cells parted by this byte.
    Table(u8),
}

/// Keys under which exports and APIs put their list of records.
const WRAPPERS: [&str; 16] = [
    "data",
    "rows",
    "records",
    "results",
    "observations",
    "traces",
    "conversations",
    "chats",
    "threads",
    "sessions",
    "items",
    "examples",
    "resourceSpans",
    "resource_spans",
    "spans",
    "chat_logs",
];

/// Keys of a list that is the conversation itself: such an object is a record.
const MESSAGE_LISTS: [&[u8]; 5] = [
    b"messages",
    b"mapping",
    b"chat_messages",
    b"conversation",
    b"conversation_a",
];

/// Looks at the beginning of a file, behind a byte order mark; `None` if it is neither JSON nor a table.
///
/// `ended` says that `data` is all there is.
pub(crate) fn guess(data: &[u8], ended: bool) -> Option<Layout> {
    let data = data.trim_ascii_start();
    // A record separator before each value: RFC 7464.
    if data.first() == Some(&0x1e) {
        return Some(Layout::Values);
    }
    match data.first()? {
        b'[' => {
            let element = data[1..].trim_ascii_start();
            // Lists of bare messages are conversations, not lists of records.
            Some(if is_message(element) {
                Layout::Values
            } else {
                Layout::Elements
            })
        }
        b'{' => Some(match wrapper(data) {
            Some(key) => Layout::Wrapped(key),
            None if first_line_is_broken(data, ended) => Layout::Lines,
            None => Layout::Values,
        }),
        _ => delimiter(data).map(Layout::Table),
    }
}

/// The key whose list holds the records, if the object that `data` begins with is only a wrapper.
fn wrapper(data: &[u8]) -> Option<&'static str> {
    let entries = object_entries(data);
    if entries.iter().any(|(key, _)| MESSAGE_LISTS.contains(key)) {
        return None;
    }
    entries.iter().find_map(|(key, value)| {
        let known = WRAPPERS.iter().find(|w| w.as_bytes() == *key)?;
        let element = value.strip_prefix(b"[")?.trim_ascii_start();
        (element.first() == Some(&b'{') && !is_message(element)).then_some(*known)
    })
}

/// Whether the object that `data` begins with looks like one message of a conversation.
fn is_message(data: &[u8]) -> bool {
    let entries = object_entries(data);
    let has = |names: &[&str]| {
        entries
            .iter()
            .any(|(key, _)| names.iter().any(|name| name.as_bytes() == *key))
    };
    has(&["role", "from", "sender", "speaker"])
        && has(&["content", "value", "text", "parts", "tool_calls"])
        && !has(&[
            "conversation_id",
            "conversationId",
            "conv_id",
            "chat_id",
            "thread_id",
            "dialog_id",
            "dialogue_id",
            "message_tree_id",
            "session_id",
            "trace_id",
        ])
}

/// Keys of the object that `data` begins with, each with all that follows it, as far as `data` goes.
fn object_entries(data: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut entries = Vec::new();
    let Some(mut rest) = data.strip_prefix(b"{") else {
        return entries;
    };
    loop {
        rest = rest.trim_ascii_start();
        if rest.first() != Some(&b'"') {
            return entries;
        }
        let Some(key_len) = value_len(rest) else {
            return entries;
        };
        let key = &rest[1..key_len - 1];
        let Some(value) = rest[key_len..].trim_ascii_start().strip_prefix(b":") else {
            return entries;
        };
        let value = value.trim_ascii_start();
        entries.push((key, value));
        let Some(len) = value_len(value) else {
            return entries;
        };
        let Some(next) = value[len..].trim_ascii_start().strip_prefix(b",") else {
            return entries;
        };
        rest = next;
    }
}

/// Whether `data` is JSON Lines whose first line is damaged, rather than an object over several lines.
fn first_line_is_broken(data: &[u8], ended: bool) -> bool {
    let Some(end) = memchr(b'\n', data) else {
        return false;
    };
    if value_len(&data[..end]).is_some() {
        return false;
    }
    let mut lines = data[end..]
        .split(|&b| b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let whole = |line: &[u8]| line.first() == Some(&b'{') && value_len(line) == Some(line.len());
    // The last line of a wrapper's list may look like a record; then a line with brackets follows.
    lines.next().is_some_and(whole)
        && match lines.next() {
            Some(line) => line.first() == Some(&b'{'),
            None => ended,
        }
}

/// What parts the cells of the header line; `None` if the line is no header of a table.
fn delimiter(data: &[u8]) -> Option<u8> {
    let header = data.split(|&b| b == b'\n').next()?;
    if header.contains(&0) {
        return None;
    }
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b'\t', 0), (b';', 0)];
    for &byte in header {
        if byte == b'"' {
            quoted = !quoted;
        } else if !quoted {
            for (delimiter, count) in &mut counts {
                *count += usize::from(byte == *delimiter);
            }
        }
    }
    let mut best = None;
    for (delimiter, count) in counts {
        if count > best.map_or(0, |(_, most)| most) {
            best = Some((delimiter, count));
        }
    }
    best.map(|(delimiter, _)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_told_apart() {
        let cases: [(&str, Option<Layout>); 16] = [
            (
                "{\"messages\": []}\n{\"messages\": []}\n",
                Some(Layout::Values),
            ),
            (
                "{\"messages\": [{\"ro\n{\"messages\": []}\n",
                Some(Layout::Lines),
            ),
            (
                "{\"messages\": [\n{\"messages\": []}\n{\"m",
                Some(Layout::Lines),
            ),
            ("{\n  \"messages\": []\n}\n", Some(Layout::Values)),
            ("[\n{\"id\": 1}]", Some(Layout::Elements)),
            (
                "[{\"role\": \"user\", \"content\": \"a\"}]",
                Some(Layout::Values),
            ),
            (
                "[{\"conversation_id\": 1, \"role\": \"user\", \"content\": \"a\"}]",
                Some(Layout::Elements),
            ),
            ("{\"data\": [{\"id\": 1}]}", Some(Layout::Wrapped("data"))),
            (
                "{\"meta\": {\"page\": 1}, \"data\": [\n{\"id\": 1}\n]}",
                Some(Layout::Wrapped("data")),
            ),
            (
                "{\"id\": 1, \"conversations\": [{\"from\": \"human\", \"value\": \"a\"}]}",
                Some(Layout::Values),
            ),
            (
                "{\"conversations\": [{\"uuid\": 1}]}",
                Some(Layout::Wrapped("conversations")),
            ),
            ("\"a\",\"b;c\",d\n", Some(Layout::Table(b','))),
            ("a\tb\n1\t2,3\n", Some(Layout::Table(b'\t'))),
            ("hello", None),
            ("", None),
            ("\0\0,\0", None),
        ];
        for (data, expected) in cases {
            assert_eq!(guess(data.as_bytes(), true), expected, "{data}");
        }
    }
}
