//! Secrets and passwords that only the name beside them tells: `password = ...`, `API_KEY: ...`,
//! `my password is ...`, `Authorization: Bearer ...`.

use std::ops::Range;

use super::context::{Ends, byte_before, is_alphanumeric};
use crate::{Finding, Kind};

/// Names of passwords; short and simple values count.
const PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "senha",
    "motdepasse",
    "pass",
    "pw",
];

/// The same outside of ASCII: one of the last two bytes is.
const PASSWORDS_BEYOND_ASCII: &[&str] = &["contraseña", "密码", "пароль"];

/// Names of other secrets; the value must look drawn at random.
const SECRETS: &[&str] = &[
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "api key",
    "access_key",
    "accesskey",
    "access key",
    "auth_key",
    "private_key",
    "secret_key",
    "secretkey",
    "secret key",
    "client_secret",
    "accountkey",
    "sharedaccesskey",
    "encryption_key",
    "signing_key",
    "webhook_secret",
    "credential",
    "credentials",
    "bearer",
    "connectionstring",
    "session",
    "sessionid",
    "session_id",
    "sessid",
];

/// In front of the value its name has at most this length.
const MAX_NAME: usize = 40;
/// Values are judged by no more than this.
const MAX_VALUE: usize = 200;

/// What examples put where the secret belongs.
const STOPS: &[&str] = &[
    "your",
    "example",
    "xxxx",
    "****",
    "....",
    "placeholder",
    "changeme",
    "redacted",
    "insert",
    "<",
    "{",
    "$",
    "%s",
    "process.env",
    "os.environ",
    "getenv",
    "config",
    "secret",
    "password",
    "token",
    "null",
    "none",
    "undefined",
    "true",
    "false",
    "string",
    "required",
    "api_key",
    "apikey",
    "my_",
    "env.",
    "self.",
    "this.",
    "hash",
    "request",
    "response",
    "input",
    "function",
    "return",
    "await",
    "test_",
];

/// Reports the value behind the sign `=` or `:` at `at`, if the name in front of it is one of a secret.
pub(crate) fn value_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    // `==`, `::`, `!=` and `://` assign nothing; of `:=` and `=>` the first sign counts.
    let before = byte_before(text, at);
    if matches!(before, Some(b'=' | b':' | b'!' | b'<' | b'>' | b'+')) {
        return;
    }
    let mut from = at.saturating_sub(MAX_NAME);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let name = text[from..at].trim_end_matches([' ', '"', '\'', ']', '`', '*', '\t']);
    let Some(sort) = sort_of(name).or_else(|| after_user(name)) else {
        return;
    };
    let bytes = text.as_bytes();
    let mut start = at + 1;
    while bytes
        .get(start)
        .is_some_and(|b| matches!(b, b'=' | b':' | b'>' | b' ' | b'\t' | b'*'))
        && start < at + 6
    {
        start += 1;
    }
    judge(text, start, sort, false, out);
}

/// Reports the value behind ` is ` at `at`: `my password is hunter2`.
pub(crate) fn told_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let mut from = at.saturating_sub(MAX_NAME);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let Some(sort) = sort_of(&text[from..at]) else {
        return;
    };
    let mut start = at + " is ".len();
    if text[start..].starts_with("now ") {
        start += 4;
    }
    judge(text, start, sort, true, out);
}

/// Reports what stands behind `Bearer ` or `Basic ` at `at`.
pub(crate) fn credentials_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let space = text[at..].find(' ').map_or(text.len(), |len| at + len);
    let value = value(text, space + 1, false);
    let body = &text[value.clone()];
    if body.len() >= 16
        && looks_random(body)
        && !is_stop(body)
        && !is_alphanumeric(byte_before(text, at))
    {
        out.push(Finding::by_rule(Kind::ApiKey, value, "authorization", 0.8));
    }
}

/// `curl -u jane:` and `--user jane:` have a password behind them.
fn after_user(name: &str) -> Option<Sort> {
    let option = name.trim_end_matches(|c: char| !c.is_whitespace());
    let told = option.ends_with(" -u ") || option.ends_with("--user ");
    (told && option.len() < name.len()).then_some(Sort::Password)
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Password,
    Secret,
}

const ENDS: Ends = Ends::of(&[PASSWORDS, PASSWORDS_BEYOND_ASCII, SECRETS]);

fn sort_of(name: &str) -> Option<Sort> {
    if !ENDS.may_end(name.as_bytes()) {
        return None;
    }
    let last_two = *name.as_bytes().last_chunk::<2>()?;
    let whole = |word: &str, head: &str| {
        word.len() > 4 || !head.ends_with(|c: char| c.is_ascii_alphabetic())
    };
    if !last_two.is_ascii() {
        let is_end = |word: &&str| {
            let tail = name.len().checked_sub(word.len());
            let parts = tail.and_then(|tail| name.split_at_checked(tail));
            parts.is_some_and(|(head, found)| whole(word, head) && found.to_lowercase() == **word)
        };
        return PASSWORDS_BEYOND_ASCII
            .iter()
            .any(is_end)
            .then_some(Sort::Password);
    }
    let last_two = last_two.map(|b| b.to_ascii_lowercase());
    let is_end = |word: &&str| {
        if word.as_bytes().last_chunk() != Some(&last_two) {
            return false;
        }
        let tail = name.len().checked_sub(word.len());
        let parts = tail.and_then(|tail| name.split_at_checked(tail));
        parts.is_some_and(|(head, found)| whole(word, head) && found.eq_ignore_ascii_case(word))
    };
    if PASSWORDS.iter().any(&is_end) {
        Some(Sort::Password)
    } else if SECRETS.iter().any(is_end) {
        Some(Sort::Secret)
    } else {
        None
    }
}

/// The value at `start`: what quotes hold, or up to a space.
fn value(text: &str, start: usize, sentence: bool) -> Range<usize> {
    let bytes = text.as_bytes();
    let quote = bytes
        .get(start)
        .copied()
        .filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    let start = start.min(text.len()) + usize::from(quote.is_some());
    let ends = |b: u8| match quote {
        Some(quote) => b == quote || b == b'\n',
        None => b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b';' | b'<' | b'>'),
    };
    let mut end = start
        + bytes[start..]
            .iter()
            .take(MAX_VALUE)
            .take_while(|b| !ends(**b))
            .count();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut taken = &text[start..end];
    if quote.is_none() {
        taken = taken.trim_end_matches([',', ')', ']', '}']);
        // A sentence ends behind the password.
        taken = if sentence {
            taken.trim_end_matches(['.', ',', '!', '?'])
        } else {
            taken.trim_end_matches(['.', ','])
        };
    }
    start..start + taken.len()
}

fn judge(text: &str, start: usize, sort: Sort, sentence: bool, out: &mut Vec<Finding>) {
    if !text.is_char_boundary(start.min(text.len())) {
        return;
    }
    let quoted = matches!(text.as_bytes().get(start), Some(b'"' | b'\'' | b'`'));
    let span = value(text, start, sentence);
    let body = &text[span.clone()];
    if body.len() < 4 || is_stop(body) {
        return;
    }
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let letters = body.chars().filter(|c| c.is_alphabetic()).count();
    let marks = body.len() - digits - letters;
    let code = !quoted
        && (body.contains(['(', '[', '/', '\\', ',']) || (body.contains('.') && digits == 0));
    let spaced = body.contains(' ');
    let found = match sort {
        Sort::Password => {
            let mixed = digits > 0 && (letters > 0 || marks > 0 || digits >= 4);
            let marked = letters > 0
                && marks > 0
                && body.contains(['!', '@', '#', '$', '&', '*', '?', '^', '+', '-'])
                && !spaced;
            let case = quoted
                && !spaced
                && letters >= 6
                && body.contains(char::is_uppercase)
                && body.contains(char::is_lowercase);
            (mixed || marked || case) && !code && (!spaced || (quoted && digits > 0))
        }
        Sort::Secret => body.len() >= 12 && looks_random(body) && !code && !spaced,
    };
    if !found || is_identifier(body) {
        return;
    }
    let (kind, rule) = match sort {
        Sort::Password => (Kind::Password, "password"),
        Sort::Secret => (Kind::ApiKey, "named-secret"),
    };
    out.push(Finding::by_rule(kind, span, rule, 0.7));
}

fn is_stop(body: &str) -> bool {
    let lower = body.to_lowercase();
    STOPS.iter().any(|stop| lower.contains(stop))
}

/// Names in programs have digits at their end alone, and underscores between words: `new_password_1`.
fn is_identifier(body: &str) -> bool {
    let plain = body.trim_end_matches(|c: char| c.is_ascii_digit());
    let words = plain
        .split('_')
        .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
    plain.contains('_') && words
}

/// Enough different characters for their number, of more than one class: about three bits each.
fn looks_random(body: &str) -> bool {
    let mut counts = [0_u32; 256];
    for byte in body.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let len = body.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / len;
            -share * share.log2()
        })
        .sum();
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let changes = body
        .as_bytes()
        .windows(2)
        .filter(|p| p[0].is_ascii_digit() != p[1].is_ascii_digit())
        .count();
    bits >= 2.8 && digits >= 2 && (changes >= 3 || digits == body.len())
}
