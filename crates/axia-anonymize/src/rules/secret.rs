//! Secrets that authenticate: keys and tokens with a provider's prefix, private keys, JSON Web Tokens, and
//! the tokens of chat bots, which have a form without a prefix.

use std::ops::Range;

use regex::Regex;

use crate::recognizer::compile;
use crate::rules::context::{byte_at, byte_before, is_alphanumeric, near};
use crate::rules::secret_forms::{FORMS, Form};
use crate::{Error, Finding, Kind};

const JWT: &str = "eyJ";
const PEM: &str = "-----BEGIN ";

/// What examples put where the secret belongs.
const STOPS: &[&str] = &[
    "example",
    "your-",
    "your_",
    "yourkey",
    "xxxx",
    "....",
    "****",
    "placeholder",
    "redacted",
    "insert",
    "replace",
    "dummy",
    "123456789012345",
    "abcdefghijkl",
];

pub(crate) struct SecretRules {
    /// Any of the prefixes: one fast search for all of them.
    prefixes: Regex,
    /// The bodies, in the order of `FORMS`; each is tried right behind its prefix.
    bodies: Vec<Regex>,
    jwt: Regex,
}

impl SecretRules {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut prefixes: Vec<String> = FORMS
            .iter()
            .map(|form| form.prefix)
            .chain([JWT])
            .map(regex::escape)
            .collect();
        prefixes.dedup();
        let bodies = FORMS
            .iter()
            .map(|form| compile(form.rule, &format!(r"\A{}", form.body)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            prefixes: compile("secret-prefixes", &prefixes.join("|"))?,
            bodies,
            jwt: compile(
                "json-web-token",
                r"\A[A-Za-z0-9_-]{13,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*",
            )?,
        })
    }

    /// A secret whose prefix starts at `start`.
    fn secret_at(&self, text: &str, start: usize) -> Option<Finding> {
        let rest = &text[start..];
        if is_alphanumeric(byte_before(text, start)) {
            return None;
        }
        if let Some(body) = rest.strip_prefix(JWT) {
            // Tokens are long, so only the start of a run of their characters is looked at.
            if matches!(byte_before(text, start), Some(b'-' | b'_' | b'.')) {
                return None;
            }
            let found = self.jwt.find(body)?;
            return json_web_token(text, start..start + JWT.len() + found.end());
        }
        FORMS.iter().zip(&self.bodies).find_map(|(form, body)| {
            let after_prefix = start_of(rest.strip_prefix(form.prefix)?, MAX_BODY);
            let found = body.find(after_prefix)?;
            let end = start + form.prefix.len() + found.end();
            let mut finding = form.check(text, start..end, found.as_str())?;
            if found.end() == MAX_BODY {
                finding.span.end += text[end..].bytes().take_while(is_token_byte).count();
            }
            Some(finding)
        })
    }
}

/// Bodies are judged by at most this much, so that prefixes behind prefixes cost no more than linear
/// time; what follows still belongs to the secret.
const MAX_BODY: usize = 512;

fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// At most `limit` bytes of a text, ending at the border of a character.
fn start_of(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl SecretRules {
    /// Reports the secrets in one run of the bytes that they are made of.
    pub(crate) fn in_run(&self, text: &str, run: &Range<usize>, out: &mut Vec<Finding>) {
        let mut at = run.start;
        let end = run.end;
        while let Some(prefix) = text
            .get(..end)
            .and_then(|head| self.prefixes.find_at(head, at))
        {
            match self.secret_at(text, prefix.start()) {
                Some(finding) => {
                    at = finding.span.end.min(end);
                    out.push(finding);
                }
                None => at = prefix.end(),
            }
        }
        out.extend(discord(text, run));
    }

    /// Reports the private key whose first line begins at `at`.
    pub(crate) fn key_at(text: &str, at: usize, out: &mut Vec<Finding>) {
        out.extend(private_key(text, at));
    }

    /// Reports the token of a Telegram bot, around its colon: the bot's number and 35 characters.
    pub(crate) fn telegram_at(text: &str, colon: usize, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        let digits = bytes[..colon]
            .iter()
            .rev()
            .take(12)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let body = bytes[colon + 1..]
            .iter()
            .take(36)
            .take_while(|b| is_token_byte(b))
            .count();
        if (8..=11).contains(&digits) && body == 35 && bytes[colon + 1..].starts_with(b"AA") {
            let span = colon - digits..colon + 36;
            out.push(Finding::by_rule(Kind::ApiKey, span, "telegram", 0.9));
        }
    }
}

pub(crate) const PRIVATE_KEY: &str = PEM;

/// The token of a Discord bot: its number in base64, a time, and a signature.
fn discord(text: &str, run: &Range<usize>) -> Option<Finding> {
    let word = &text[run.clone()];
    let mut parts = word.split('.');
    let (Some(id), Some(time), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let lengths =
        (24..=28).contains(&id.len()) && time.len() == 6 && (27..=38).contains(&signature.len());
    if !lengths {
        return None;
    }
    let number = base64_url(id)?;
    let digits = number.len() >= 17 && number.iter().all(u8::is_ascii_digit);
    digits.then(|| Finding::by_rule(Kind::ApiKey, run.clone(), "discord", 0.9))
}

impl Form {
    fn check(&self, text: &str, span: Range<usize>, body: &str) -> Option<Finding> {
        let goes_on = body.len() < MAX_BODY && is_alphanumeric(byte_at(text, span.end));
        if goes_on || is_stop(body) {
            return None;
        }
        if !looks_random(body) {
            return None;
        }
        let word = near(text, &span, 60, 40, &self.context);
        if !self.context.words().is_empty() && word.is_none() {
            return None;
        }
        Some(Finding::by_rule(Kind::ApiKey, span, self.rule, 0.9).near(word))
    }
}

fn is_stop(body: &str) -> bool {
    let lower = body.to_ascii_lowercase();
    STOPS.iter().any(|stop| lower.contains(stop))
}

/// At least eight different characters, digits among them: `sk-toggleable-content` is a style sheet's.
fn looks_random(body: &str) -> bool {
    let mut seen = [false; 128];
    for byte in body.bytes().map(usize::from) {
        if let Some(seen) = seen.get_mut(byte) {
            *seen = true;
        }
    }
    let different = seen.iter().filter(|&&s| s).count();
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    different >= 8 && digits >= 2 && digits < body.len()
}

/// A JSON Web Token, if its header decodes to an object that names an algorithm.
fn json_web_token(text: &str, span: Range<usize>) -> Option<Finding> {
    let header = text[span.clone()].split('.').next()?;
    let header: serde_json::Value = serde_json::from_slice(&base64_url(header)?).ok()?;
    header.get("alg")?;
    Some(
        Finding::by_rule(Kind::ApiKey, span, "json-web-token", 0.9)
            .validated_by("json-web-token-header"),
    )
}

fn base64_url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xFF) as u8);
        }
    }
    Some(bytes)
}

/// No key is longer; a block whose end is missing must not cost a search to the end of the text.
const MAX_PEM: usize = 16 * 1024;

/// A private key's block from its first line on, through its last line where there is one.
fn private_key(text: &str, start: usize) -> Option<Finding> {
    let rest = start_of(&text[start..], MAX_PEM);
    let label = start_of(&rest[PEM.len()..], 48).split("-----").next()?;
    let is_label = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ';
    if label.len() > 40 || !label.bytes().all(is_label) || !label.contains("PRIVATE KEY") {
        return None;
    }
    let head = PEM.len() + label.len() + "-----".len();
    let body = rest.get(head..)?;
    let next_block = body.find(PEM).unwrap_or(body.len());
    let closed = body[..next_block].find("-----END ").and_then(|at| {
        let tail = &body[at + "-----END ".len()..];
        let dashes = tail.find("-----").filter(|&len| len <= 40)?;
        Some(at + "-----END ".len() + dashes + "-----".len())
    });
    // Code that handles keys names the first line without any key behind it.
    let len = match closed {
        Some(len) if body[..len].bytes().filter(u8::is_ascii_digit).count() > 1 => len,
        Some(_) => return None,
        None => Some(open_block(&body[..next_block])).filter(|&len| len > 0)?,
    };
    let end = start + head + len;
    Some(Finding::by_rule(
        Kind::ApiKey,
        start..end,
        "private-key",
        1.0,
    ))
}

/// The length of the lines of a key whose end is missing: long runs of base64, then a shorter one.
/// Prose behind them has short words and is left alone.
fn open_block(body: &str) -> usize {
    let bytes = body.as_bytes();
    let mut end = 0;
    let mut at = 0;
    loop {
        // Line breaks, also as `\n` in a string literal.
        loop {
            let rest = &bytes[at..];
            if rest
                .first()
                .is_some_and(|b| b.is_ascii_whitespace() || *b == b'"')
            {
                at += 1;
            } else if rest.starts_with(b"\\n") || rest.starts_with(b"\\r") {
                at += 2;
            } else {
                break;
            }
        }
        let is_base64 = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        let run = bytes[at..].iter().take_while(is_base64).count();
        let alone = bytes.get(at + run) != Some(&b' ');
        let last = end > 0 && run > 0 && alone && bytes.get(at.saturating_sub(1)) != Some(&b' ');
        if run < 16 && !last {
            return end;
        }
        at += run;
        end = at;
        if run < 16 {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scan::{MIN_RUN, is_run_byte};

    #[test]
    fn no_form_is_shorter_than_what_is_looked_for() {
        for form in FORMS {
            let least: usize = form
                .body
                .split('{')
                .skip(1)
                .filter_map(|part| part.split([',', '}']).next())
                .map(|least| least.parse::<usize>().unwrap())
                .sum();
            assert!(form.prefix.len() + least >= MIN_RUN, "{}", form.rule);
            assert!(form.prefix.bytes().all(is_run_byte), "{}", form.rule);
        }
    }

    #[test]
    fn no_prefix_hides_a_longer_one() {
        for (i, form) in FORMS.iter().enumerate() {
            let hidden = FORMS[i + 1..].iter().find(|later| {
                later.prefix.len() > form.prefix.len() && later.prefix.starts_with(form.prefix)
            });
            // Another form is tried where the first one does not match.
            assert!(hidden.is_none_or(|h| h.body != form.body), "{}", form.rule);
        }
    }
}
