//! Web addresses with a scheme or a leading `www.`, as a whole.

use crate::rules::context::{byte_before, is_alphanumeric};
use crate::{Finding, Kind, Recognizer};

/// Bare domains are not looked for: in chats `main.py` and `Promise.re` outnumber them.
pub(crate) struct UrlRules;

const MAX_SCHEME: usize = 20;
/// An IPv6 address in its longest form and the bracket behind it.
const MAX_BRACKETED: usize = 46;

impl Recognizer for UrlRules {
    fn kind(&self) -> Kind {
        Kind::Url
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        let mut at = 0;
        while let Some(found) = text[at..].find("://") {
            let mark = at + found;
            at = mark + 3;
            let scheme = text[..mark]
                .bytes()
                .rev()
                .take(MAX_SCHEME)
                .take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b))
                .count();
            let letters =
                text[mark - scheme..mark].trim_start_matches(|c: char| !c.is_ascii_alphabetic());
            if letters.len() < 2 {
                continue;
            }
            let end = end_of_url(text, at);
            if text[at..end]
                .bytes()
                .any(|b| b.is_ascii_alphanumeric() || b >= 0x80)
            {
                let span = mark - letters.len()..end;
                out.push(Finding::by_rule(Kind::Url, span, "url-scheme", 0.95));
                at = end;
            }
        }
        bare_www(text, out);
    }
}

fn bare_www(text: &str, out: &mut Vec<Finding>) {
    let mut at = 0;
    while let Some(dot) = text[at..].find('.') {
        let dot = at + dot;
        at = dot + 1;
        let Some(start) = dot.checked_sub(3) else {
            continue;
        };
        if !text.as_bytes()[start..dot].eq_ignore_ascii_case(b"www") {
            continue;
        }
        let before = byte_before(text, start);
        // Behind a scheme it belongs to the address that was found already.
        if is_alphanumeric(before) || matches!(before, Some(b'/' | b'.' | b'-' | b'@')) {
            continue;
        }
        let end = end_of_url(text, at);
        let host_end = text[at..end]
            .find(['/', '?', '#', ':'])
            .map_or(end, |len| at + len);
        if text[at..host_end].trim_matches('.').contains('.') {
            out.push(Finding::by_rule(Kind::Url, start..end, "url-www", 0.95));
            at = end;
        }
    }
}

/// Where the address ends whose host starts at `start`.
fn end_of_url(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let mut in_path = false;
    let mut end = rest.len();
    // The host of `http://[2001:db8::1]/` is the only place for square brackets.
    let bracketed = match rest.strip_prefix('[') {
        Some(inner) => {
            let address = |b: &u8| b.is_ascii_hexdigit() || *b == b':' || *b == b'.';
            let len = inner
                .bytes()
                .take(MAX_BRACKETED)
                .take_while(address)
                .count();
            if inner[len..].starts_with(']') {
                len + 2
            } else {
                0
            }
        }
        None => 0,
    };
    for (at, c) in rest[bracketed..].char_indices() {
        in_path |= matches!(c, '/' | '?' | '#');
        let belongs = if c.is_ascii() {
            c.is_ascii_graphic()
                && !matches!(
                    c,
                    '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '[' | ']'
                )
        } else if in_path {
            c.is_alphanumeric()
        } else {
            is_host_letter(c)
        };
        if !belongs {
            end = bracketed + at;
            break;
        }
    }
    start + trimmed(&rest[..end])
}

/// Letters of internationalized hosts in scripts that put spaces between words: in Chinese text the
/// character behind a host belongs to the sentence.
pub(crate) fn is_host_letter(c: char) -> bool {
    matches!(c, '\u{C0}'..='\u{4FF}')
}

/// The length without punctuation that belongs to the sentence around it.
fn trimmed(url: &str) -> usize {
    let count = |wanted: u8| url.bytes().filter(|&b| b == wanted).count();
    // `(see https://example.com/a)`, but `https://example.com/a_(b)`.
    let mut unopened = count(b')').saturating_sub(count(b'('));
    let punctuation = url.bytes().rev().take_while(|b| match b {
        b')' if unopened > 0 => {
            unopened -= 1;
            true
        }
        _ => b".,;:!?'*_~".contains(b),
    });
    url.len() - punctuation.count()
}
