//! E-mail addresses: a scan to both sides of every at-sign, also where it is written `[at]` or `%40`.

use regex::Regex;

use crate::recognizer::compile;
use crate::rules::context::is_digit;
use crate::rules::url::is_host_letter;
use crate::{Error, Finding, Kind, Recognizer};

pub(crate) struct EmailRules {
    at_sign: Regex,
}

/// The longest local part and the longest address of RFC 5321.
const MAX_LOCAL: usize = 64;
const MAX_HOST: usize = 254;

/// Ways to write the dot of a host, longest first. One space may stand around the bracketed ones.
const DOTS: &[&str] = &["[dot]", "(dot)", "{dot}", "[.]", "(.)", "."];

impl EmailRules {
    pub(crate) fn new() -> Result<Self, Error> {
        let at_sign = compile(
            "email",
            r"(?i-u)@|%40|&#64;|&#x40;|&commat;|[\[({] ?at ?[\])}]",
        )?;
        Ok(Self { at_sign })
    }
}

impl Recognizer for EmailRules {
    fn kind(&self) -> Kind {
        Kind::Email
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        if !may_hold_at_sign(text.as_bytes()) {
            return;
        }
        for sign in self.at_sign.find_iter(text) {
            let spelled = sign.as_str().starts_with(['[', '(', '{']);
            let (before, after) = (&text[..sign.start()], &text[sign.end()..]);
            let (before, after) = if spelled {
                (
                    before.strip_suffix(' ').unwrap_or(before),
                    after.strip_prefix(' ').unwrap_or(after),
                )
            } else {
                (before, after)
            };
            let (Some(local), Some(host)) = (local_len(before), host_len(after)) else {
                continue;
            };
            let span = before.len() - local..text.len() - after.len() + host;
            let (rule, score) = if sign.as_str() == "@" {
                ("email", 0.95)
            } else {
                ("email-obfuscated", 0.75)
            };
            out.push(Finding::by_rule(Kind::Email, span, rule, score));
        }
    }
}

/// Most texts hold nothing that could be an at-sign, which this tells faster than the pattern.
fn may_hold_at_sign(text: &[u8]) -> bool {
    text.iter().enumerate().any(|(i, byte)| match byte {
        b'@' | b'%' | b'&' => true,
        b']' | b')' | b'}' => {
            let before = &text[..i];
            let word = before.strip_suffix(b" ").unwrap_or(before);
            let start = word.len().saturating_sub(2);
            word[start..].eq_ignore_ascii_case(b"at")
        }
        _ => false,
    })
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
