//! E-mail addresses: a scan to both sides of every at-sign, also where it is written `[at]`, `%40` or in
//! words.

use std::ops::Range;

use crate::rules::context::{byte_before, is_digit};
use crate::rules::url::is_host_letter;
use crate::{Finding, Kind};

/// The longest local part and the longest address of RFC 5321.
const MAX_LOCAL: usize = 64;
const MAX_HOST: usize = 254;

/// Ways to write the dot of a host, longest first. One space may stand around the bracketed ones.
const DOTS: &[&str] = &[
    "[punkt]", "(punkt)", "[punto]", "(punto)", "[point]", "(point)", "[dot]", "(dot)", "{dot}",
    "[.]", "(.)", ".",
];

/// Ways to write the at-sign in codes; inside of brackets `at`, with or without spaces.
const AT_SIGNS: &[&str] = &["%40", "&#64;", "&#x40;", "&#064;", "&commat;"];
const BRACKETED: &[&str] = &["at", "@", "ät", "arroba"];

/// Suffixes behind which a spelled-out address may end.
const SUFFIXES: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "info", "biz", "io", "co", "ai", "app", "dev", "me",
    "tv", "us", "uk", "ca", "au", "nz", "ie", "de", "at", "ch", "fr", "be", "nl", "lu", "es", "pt",
    "it", "gr", "se", "no", "dk", "fi", "is", "pl", "cz", "sk", "hu", "ro", "bg", "hr", "si", "rs",
    "ru", "ua", "by", "ee", "lv", "lt", "tr", "il", "ae", "sa", "eg", "za", "ng", "ke", "in", "pk",
    "bd", "lk", "cn", "hk", "tw", "jp", "kr", "sg", "my", "id", "th", "vn", "ph", "br", "mx", "ar",
    "cl", "pe", "ve", "eu", "cloud", "online", "xyz", "example", "test", "local",
];

/// Reports the address whose at-sign, or the bracket, the percent sign or the ampersand with which it is
/// written, stands at `at`.
pub(crate) fn sign_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let rest = &text[at..];
    let coded = || AT_SIGNS.iter().find(|sign| starts_with(rest, sign));
    let plain = match text.as_bytes()[at] {
        b'@' => Some(1),
        b'%' | b'&' => coded().map(|sign| sign.len()),
        _ => None,
    };
    let Some(len) = plain.or_else(|| bracketed_len(rest)) else {
        return;
    };
    let (before, after) = (&text[..at], &text[at + len..]);
    let spaced = before.ends_with(' ') && (after.starts_with(' ') || plain.is_none());
    let (before, after) = if plain.is_none() || spaced {
        (
            before.strip_suffix(' ').unwrap_or(before),
            after.strip_prefix(' ').unwrap_or(after),
        )
    } else {
        (before, after)
    };
    // A line may be broken behind the sign.
    let broken = match after.as_bytes() {
        [b'\n', ..] if !spaced => 1,
        [b'\r', b'\n', ..] if !spaced => 2,
        _ => 0,
    };
    let after = &after[broken..];
    let letters = || letter_by_letter(text, at);
    if let Some(span) = (spaced && rest.starts_with('@')).then(letters).flatten() {
        out.push(Finding::by_rule(Kind::Email, span, "email-spaced", 0.7));
        return;
    }
    let (Some(local), Some(host)) = (local_len(before), host_len(after)) else {
        return;
    };
    let known = after[..host]
        .rsplit('.')
        .next()
        .is_some_and(|last| SUFFIXES.contains(&last.to_lowercase().as_str()));
    if (spaced && plain.is_some() || broken > 0) && !known {
        return;
    }
    let span = before.len() - local..text.len() - after.len() + host;
    let (rule, score) = if rest.starts_with('@') && !spaced {
        ("email", 0.95)
    } else {
        ("email-obfuscated", 0.75)
    };
    out.push(Finding::by_rule(Kind::Email, span, rule, score));
}

fn starts_with(text: &str, head: &str) -> bool {
    text.get(..head.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(head))
}

/// The length of `[at]`, `( at )`, `{@}` at the start of the text.
fn bracketed_len(text: &str) -> Option<usize> {
    let close = match text.bytes().next()? {
        b'[' => "]",
        b'(' => ")",
        b'{' => "}",
        _ => return None,
    };
    let inner = text[1..].strip_prefix(' ').unwrap_or(&text[1..]);
    let word = BRACKETED.iter().find(|word| starts_with(inner, word))?;
    let behind = &inner[word.len()..];
    let behind = behind.strip_prefix(' ').unwrap_or(behind);
    behind
        .starts_with(close)
        .then(|| text.len() - behind.len() + 1)
}

/// `j o @ e x a m p l e . c o m`: single characters with spaces between them around the at-sign.
fn letter_by_letter(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let part_of = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let single = |i: usize| {
        let gap = |i: Option<usize>| {
            i.and_then(|i| bytes.get(i))
                .is_none_or(|b| !b.is_ascii_alphanumeric())
        };
        bytes.get(i).is_some_and(|b| part_of(*b)) && gap(i.checked_sub(1)) && gap(Some(i + 1))
    };
    let (mut start, mut end) = (at, at + 1);
    while let Some(i) = start
        .checked_sub(2)
        .filter(|&i| bytes[i + 1] == b' ' && single(i) && at - i < 128)
    {
        start = i;
    }
    while bytes.get(end) == Some(&b' ') && single(end + 1) && end - at < 256 {
        end += 2;
    }
    let host = &text[at..end];
    (at - start >= 4 && end - at >= 8 && host.contains('.')).then_some(start..end)
}

/// The at-sign as a word of languages in which it has no other use.
pub(crate) const ARROBA: &str = " arroba ";

/// Reports the address whose sign [`ARROBA`] stands at `at`, with the dot in one of the same languages:
/// `jo arroba example punto com`.
pub(crate) fn arroba_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    const DOTS: &[&str] = &[" punto ", " ponto ", " punt ", " dot ", "."];
    let bytes = text.as_bytes();
    let label = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let part_of = |b: &&u8| label(b) || matches!(b, b'.' | b'+');
    let len_before = |at: usize| {
        let before = bytes[..at].iter().rev();
        before.take(MAX_LOCAL).take_while(part_of).count()
    };
    let mut start = at - len_before(at);
    if start == at {
        return;
    }
    // The local part may have a dot of its own.
    if let Some(dot) = DOTS.iter().find(|dot| text[..start].ends_with(**dot)) {
        let more = len_before(start - dot.len());
        if more > 0 {
            start -= dot.len() + more;
        }
    }
    let mut end = None;
    let mut next = at + ARROBA.len();
    for labels in 0..5 {
        let len = bytes[next..].iter().take(63).take_while(label).count();
        let word = text[next..next + len].to_ascii_lowercase();
        if labels > 0 && SUFFIXES.contains(&word.as_str()) {
            end = Some(next + len);
        }
        let rest = &text[next + len..];
        let dot = DOTS.iter().find(|dot| rest.starts_with(**dot));
        let Some(dot) = dot.filter(|_| len > 0) else {
            break;
        };
        next += len + dot.len();
    }
    out.extend(end.map(|end| Finding::by_rule(Kind::Email, start..end, "email-spelled", 0.75)));
}

/// `jo_at_example_dot_com`, of which the first `_dot_` behind `_at_` is at `at`.
fn underscored_at(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let part_of = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+');
    let len = bytes[..at].iter().rev().take(MAX_LOCAL + MAX_HOST);
    let start = at - len.take_while(part_of).count();
    let len = bytes[at..]
        .iter()
        .take(MAX_HOST)
        .take_while(part_of)
        .count();
    let whole = text[start..at + len].trim_end_matches(['.', '-', '_', '+']);
    let lower = whole.to_ascii_lowercase();
    let sign = lower.find("_at_")?;
    let (local, host) = (&lower[..sign], &lower[sign + "_at_".len()..]);
    let first = lower.len() - host.len() + host.find("_dot_")? + 1;
    let (_, suffix) = host.rsplit_once("_dot_")?;
    let fits = first == at - start
        && local.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && SUFFIXES.contains(&suffix);
    fits.then_some(start..start + whole.len())
}

/// Reports the address of which `dot` at `at` is the first one behind `at`: `jo at example dot com`,
/// `jo_at_example_dot_com`.
pub(crate) fn spelled_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    if byte_before(text, at) == Some(b'_') {
        let found = underscored_at(text, at);
        out.extend(found.map(|span| Finding::by_rule(Kind::Email, span, "email-spelled", 0.75)));
        return;
    }
    let word = |end: usize| {
        let part_of = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+');
        end - bytes[..end]
            .iter()
            .rev()
            .take(40)
            .take_while(part_of)
            .count()
    };
    // The host's first label, a space on both sides.
    let Some(label_end) = at.checked_sub(1).filter(|&i| bytes[i] == b' ') else {
        return;
    };
    let label = word(label_end);
    let head = &text[..label];
    let sign = [
        " at ", " AT ", " At ", " @ ", "@", " [at] ", " (at) ", " arroba ",
    ]
    .iter()
    .find(|sign| head.ends_with(*sign));
    let (Some(sign), false) = (sign, label == label_end) else {
        return;
    };
    let mut start = word(label - sign.len());
    if start == label - sign.len() {
        return;
    }
    // The local part may have dots of its own.
    for _ in 0..4 {
        let joined = [" dot ", " underscore ", " dash ", " DOT "]
            .iter()
            .find(|j| text[..start].ends_with(*j));
        let Some(joined) = joined else { break };
        let earlier = word(start - joined.len());
        if earlier == start - joined.len() {
            break;
        }
        start = earlier;
    }
    let mut end = None;
    let mut next = at;
    for _ in 0..4 {
        let dot = ["dot ", "DOT "]
            .iter()
            .find(|dot| text[next..].starts_with(**dot));
        let Some(dot) = dot else { break };
        let label = next + dot.len();
        let len = bytes[label..]
            .iter()
            .take(30)
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'-')
            .count();
        if SUFFIXES.contains(&text[label..label + len].to_lowercase().as_str()) {
            end = Some(label + len);
        }
        if len == 0 || bytes.get(label + len) != Some(&b' ') {
            break;
        }
        next = label + len + 1;
    }
    if let Some(end) = end {
        out.push(Finding::by_rule(
            Kind::Email,
            start..end,
            "email-spelled",
            0.75,
        ));
    }
}

/// The length of the local part that ends the text.
fn local_len(text: &str) -> Option<usize> {
    if let Some(quoted) = text.strip_suffix('"') {
        let quoted: usize = quoted
            .chars()
            .rev()
            .take(MAX_LOCAL)
            .take_while(|&c| c != '"' && c != '\n')
            .map(char::len_utf8)
            .sum();
        let opened = text[..text.len() - 1 - quoted].ends_with('"');
        return (opened && quoted > 0).then_some(quoted + 2);
    }
    let part_of =
        |c: &char| c.is_ascii_alphanumeric() || "._%+-'&~".contains(*c) || is_host_letter(*c);
    let taken: usize = text
        .chars()
        .rev()
        .take(MAX_LOCAL)
        .take_while(part_of)
        .map(char::len_utf8)
        .sum();
    // A quotation mark or a list's hyphen in front belongs to the sentence.
    let local = text[text.len() - taken..].trim_start_matches(['.', '-', '\'', '&', '~', '%']);
    let has_letter_or_digit = local.chars().any(char::is_alphanumeric);
    (has_letter_or_digit && !local.ends_with('.')).then_some(local.len())
}

/// The length of the host that begins the text: labels joined by at least one dot, the last one of
/// letters; or an IPv4 address.
fn host_len(text: &str) -> Option<usize> {
    let mut labels: Vec<&str> = Vec::new();
    let mut at = 0;
    // The end of the last label that can close a host, and how many labels it has.
    let mut end = None;
    while at < MAX_HOST {
        let label: usize = text[at..]
            .chars()
            .take(MAX_LOCAL)
            .take_while(|&c| c.is_ascii_alphanumeric() || c == '-' || is_host_letter(c))
            .map(char::len_utf8)
            .sum();
        let label = text[at..at + label].trim_end_matches('-');
        if label.is_empty() || label.starts_with('-') {
            break;
        }
        at += label.len();
        labels.push(label);
        if labels.len() >= 2 && can_close(label) {
            end = Some(at);
        }
        if labels.len() == 4 && labels.iter().all(|l| is_octet(l)) && !is_digit(byte(text, at + 1))
        {
            return Some(at);
        }
        match dot_len(&text[at..]) {
            Some(dot) => at += dot,
            None => break,
        }
    }
    end
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

fn can_close(label: &str) -> bool {
    let letters = label.chars().count() >= 2 && label.chars().all(char::is_alphabetic);
    letters
        || label
            .get(..4)
            .is_some_and(|p| p.eq_ignore_ascii_case("xn--"))
}

fn is_octet(label: &str) -> bool {
    label.len() <= 3 && label.bytes().all(|b| b.is_ascii_digit())
}

/// The length of a dot at the start of the text, however it is written.
fn dot_len(text: &str) -> Option<usize> {
    DOTS.iter().find_map(|dot| {
        let bracketed = dot.len() > 1;
        let space = usize::from(bracketed && text.starts_with(' '));
        let found = text.get(space..space + dot.len())?;
        if !found.eq_ignore_ascii_case(dot) {
            return None;
        }
        let end = space + dot.len();
        let space_after = usize::from(bracketed && text[end..].starts_with(' '));
        Some(end + space_after)
    })
}
