//! Names of accounts: `@handle`, `name#1234`, `u/name`, and user names in the paths of files.

use std::ops::Range;

use super::context::{byte_at, byte_before, is_alphanumeric};
use crate::{Finding, Kind};

/// What stands behind an at-sign in code and in prose without being anybody's name.
const NO_HANDLES: &[&str] = &[
    "property",
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "dataclass",
    "override",
    "deprecated",
    "test",
    "param",
    "params",
    "return",
    "returns",
    "throws",
    "see",
    "since",
    "author",
    "version",
    "import",
    "media",
    "keyframes",
    "font",
    "charset",
    "supports",
    "namespace",
    "page",
    "apply",
    "include",
    "mixin",
    "extend",
    "use",
    "forward",
    "function",
    "if",
    "else",
    "for",
    "each",
    "while",
    "route",
    "app",
    "autowired",
    "component",
    "service",
    "controller",
    "repository",
    "bean",
    "entity",
    "table",
    "column",
    "id",
    "inject",
    "injectable",
    "input",
    "output",
    "ngmodule",
    "directive",
    "pipe",
    "decorator",
    "wraps",
    "pytest",
    "mock",
    "patch",
    "fixture",
    "jit",
    "njit",
    "tf",
    "nullable",
    "nonnull",
    "suppresswarnings",
    "functionalinterface",
    "safevarargs",
    "before",
    "after",
    "beforeeach",
    "aftereach",
    "everyone",
    "here",
    "channel",
    "all",
    "dev",
    "latest",
    "next",
    "beta",
    "alpha",
    "types",
    "angular",
    "babel",
    "vue",
    "react",
    "nestjs",
    "interface",
    "implementation",
    "end",
    "protocol",
    "selector",
    "synthesize",
    "autoreleasepool",
    "try",
    "catch",
    "finally",
    "throw",
    "main",
    "objc",
    "escaping",
    "state",
    "binding",
    "published",
    "observedobject",
    "environmentobject",
    "environment",
    "viewbuilder",
    "available",
    "discardableresult",
    "echo",
    "off",
    "get",
    "post",
    "put",
    "delete",
    "getmapping",
    "postmapping",
    "requestmapping",
    "restcontroller",
    "springbootapplication",
    "configuration",
    "value",
    "data",
    "getter",
    "setter",
    "builder",
    "slf4j",
    "transactional",
    "valid",
    "pathvariable",
    "requestbody",
    "requestparam",
    "query",
    "modelattribute",
    "lru",
    "cache",
    "cached",
    "contextmanager",
    "login",
    "click",
    "cli",
    "command",
    "bot",
    "client",
    "event",
    "tasks",
    "asyncio",
    "torch",
    "no",
    "string",
    "array",
    "mention",
    "user",
    "username",
    "handle",
    "example",
    "home",
    "work",
    "the",
    "a",
    "an",
    "my",
    "least",
    "first",
    "last",
    "once",
    "gmail",
    "tailwind",
    "layer",
    "container",
    "property.setter",
    "font-face",
    "todo",
    "fixme",
    "brief",
    "file",
    "note",
    "details",
    "type",
    "typedef",
    "default",
    "class",
    "module",
    "exports",
    "require",
    "private",
    "public",
    "protected",
    "readonly",
    "static",
    "constructor",
    "memoize",
    "cuda",
    "numba",
    "time",
    "timeit",
    "pragma",
    "internal",
    "prop",
    "emit",
    "watch",
    "model",
    "ref",
    "slot",
    "stylistic",
    "rollup",
    "vitejs",
    "eslint",
    "typescript",
    "reduxjs",
    "mui",
    "emotion",
    "testing",
    "storybook",
    "apollo",
    "prisma",
    "sveltejs",
    "nuxt",
    "google",
    "aws",
    "azure",
    "tensorflow",
    "huggingface",
    "openai",
    "anthropic",
    "octokit",
    "actions",
    "docker",
    "grpc",
    "bazel",
    "rules",
    "maven",
    "org",
];

/// Reports the handle whose at-sign stands at `at`.
pub(crate) fn handle_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'@') {
        return;
    }
    let before = byte_before(text, at);
    let opens = match before {
        None => true,
        Some(b) => {
            b.is_ascii_whitespace()
                || matches!(
                    b,
                    b'(' | b'[' | b',' | b':' | b'"' | b'>' | b'*' | b'~' | b';'
                )
        }
    };
    let tail = &bytes[at + 1..];
    let part_of = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let len = tail.iter().take(40).take_while(|b| part_of(b)).count();
    let name = text[at + 1..at + 1 + len].trim_end_matches(['.', '-']);
    let after = byte_at(text, at + 1 + name.len());
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if !opens
        || !starts_well
        || !(2..=32).contains(&name.len())
        || matches!(after, Some(b'/' | b'(' | b'@' | b'{' | b'='))
    {
        return;
    }
    // `@app.route`, `@angular-devkit`: the first part tells; a decorator stands alone on its line.
    let lower = name.to_ascii_lowercase();
    let first = lower.split(['.', '-', '_']).next().unwrap_or_default();
    let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
    let line_start = before.is_none_or(|b| b == b'\n')
        || text[..at].trim_end_matches([' ', '\t']).ends_with('\n');
    let line_end = matches!(after, None | Some(b'\n' | b'\r'));
    let decorator = line_start && line_end && text.len() > at + 1 + name.len();
    if letters == 0
        || NO_HANDLES.contains(&first)
        || NO_HANDLES.contains(&lower.as_str())
        || decorator
    {
        return;
    }
    let span = at..at + 1 + name.len();
    out.push(Finding::by_rule(Kind::Username, span, "handle", 0.6));
}

/// How far around a name the service is looked for that writes names in its way, in bytes.
const SERVICE: usize = 60;

/// Whether a service is named near a span.
fn is_named(text: &str, span: &Range<usize>, service: &[u8]) -> bool {
    let from = span.start.saturating_sub(SERVICE);
    let to = (span.end + SERVICE).min(text.len());
    let around = &text.as_bytes()[from..to];
    let mut windows = around.windows(service.len());
    windows.any(|window| window.eq_ignore_ascii_case(service))
}

/// No plain word: such names are hardly anything else.
fn is_coined(name: &[u8]) -> bool {
    name.iter().any(|b| b.is_ascii_digit() || *b == b'_')
        && name.iter().any(u8::is_ascii_alphabetic)
}

/// Reports `name#1234`, as Discord wrote names, whose number is the word: only a made-up name, or near
/// the service's own.
pub(crate) fn tagged_at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let Some(sign) = word.start.checked_sub(1).filter(|&i| bytes[i] == b'#') else {
        return;
    };
    let part_of = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let len = bytes[..sign]
        .iter()
        .rev()
        .take(40)
        .take_while(part_of)
        .count();
    let span = sign - len..word.end;
    let name = &bytes[span.start..sign];
    let fits = word.len() == 4
        && bytes[word.clone()].iter().all(u8::is_ascii_digit)
        && (2..=32).contains(&len)
        && !matches!(
            byte_before(text, span.start),
            Some(b'/' | b'#' | b'@' | b'-')
        );
    if fits && (is_coined(name) || is_named(text, &span, b"discord")) {
        out.push(Finding::by_rule(Kind::Username, span, "handle-tag", 0.6));
    }
}

/// Reports the name behind the slash at `at` of `u/name`, as Reddit writes them: only a made-up name, or near the
/// service's own.
pub(crate) fn member_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let Some(sign) = at
        .checked_sub(1)
        .filter(|&i| matches!(bytes[i], b'u' | b'U'))
    else {
        return;
    };
    let opens = match byte_before(text, sign) {
        None => true,
        Some(b'/') => !is_alphanumeric(byte_before(text, sign - 1)),
        Some(b) => b.is_ascii_whitespace() || matches!(b, b'(' | b'[' | b'"' | b',' | b':'),
    };
    let part_of = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let len = bytes[at + 1..].iter().take(24).take_while(part_of).count();
    let span = at + 1..at + 1 + len;
    let ends = !matches!(byte_at(text, span.end), Some(b'/' | b'.' | b'@' | b'('));
    let ends = ends
        || byte_at(text, span.end) == Some(b'.') && !is_alphanumeric(byte_at(text, span.end + 1));
    if bytes[at] == b'/'
        && opens
        && ends
        && (3..=20).contains(&len)
        && (is_coined(&bytes[span.clone()]) || is_named(text, &span, b"reddit"))
    {
        out.push(Finding::by_rule(Kind::Username, span, "handle-member", 0.6));
    }
}

/// What stands in front of a user's name in a path.
pub(crate) const HOMES: &[&str] = &[
    "/home/",
    "/Users/",
    "\\Users\\",
    "\\\\Users\\\\",
    "/users/",
    SETTINGS,
];

/// The one of them that does not begin with a slash or a backslash.
const SETTINGS: &str = "Documents and Settings\\";

/// Reports the user's name behind the home directory to which the slash or backslash at `at` belongs.
pub(crate) fn home_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    path_at(text, at, out);
    let settings = (at + 1).checked_sub(SETTINGS.len());
    if let Some(start) =
        settings.filter(|&start| text.as_bytes()[start..].starts_with(SETTINGS.as_bytes()))
    {
        path_of(text, start, SETTINGS, out);
    }
}

/// Directories there that belong to nobody.
const NOBODY: &[&str] = &[
    "user",
    "username",
    "users",
    "your_username",
    "yourusername",
    "your_user",
    "youruser",
    "your-username",
    "your_name",
    "yourname",
    "your",
    "name",
    "you",
    "me",
    "public",
    "shared",
    "default",
    "all",
    "root",
    "admin",
    "administrator",
    "guest",
    "ubuntu",
    "debian",
    "ec2-user",
    "centos",
    "vagrant",
    "pi",
    "node",
    "app",
    "runner",
    "jovyan",
    "coder",
    "git",
    "jenkins",
    "www",
    "www-data",
    "linuxbrew",
    "docker",
    "<username>",
    "default user",
    "xxx",
    "someuser",
    "some_user",
    "myuser",
    "my_user",
    "foo",
    "example",
    "login",
    "register",
    "profile",
    "me.json",
    "new",
    "list",
    "search",
    "delete",
    "update",
    "create",
    "id",
    "path",
    "to",
    "home",
    "page",
    "dashboard",
    "settings",
    "about",
];

/// Reports the user's name behind a home directory that begins at `at`.
pub(crate) fn path_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    for home in HOMES.iter().filter(|home| text[at..].starts_with(**home)) {
        path_of(text, at, home, out);
    }
}

fn path_of(text: &str, at: usize, home: &str, out: &mut Vec<Finding>) {
    // `example.com/home/`, `/var/home`: an address or a deeper directory of a project.
    let before = byte_before(text, at);
    let drive = before == Some(b':');
    if home.starts_with('/') && (is_alphanumeric(before) || (home == "/users/" && !drive)) {
        return;
    }
    let start = at + home.len();
    let mut len = 0;
    for c in text[start..].chars().take(32) {
        let spaced = home.contains('\\') && c == ' ';
        if !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.') || spaced) {
            break;
        }
        len += c.len_utf8();
    }
    let name = text[start..start + len].trim_end_matches(['.', '-', ' ']);
    // With a space in the name the path has to go on.
    let name = match byte_at(text, start + name.len()) {
        Some(b'/' | b'\\') => name,
        _ => name.split(' ').next().unwrap_or_default(),
    };
    let lower = name.to_lowercase();
    if name.chars().filter(|c| c.is_alphabetic()).count() < 2
        || NOBODY.contains(&lower.as_str())
        || lower.starts_with("your")
    {
        return;
    }
    out.push(Finding::by_rule(
        Kind::FilePath,
        start..start + name.len(),
        "home-directory",
        0.8,
    ));
}
