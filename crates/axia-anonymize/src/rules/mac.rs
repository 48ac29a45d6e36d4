//! Hardware addresses of network interfaces.

use regex::Regex;

use crate::recognizer::compile;
use crate::rules::context::{byte_at, byte_before, is_alphanumeric};
use crate::{Error, Finding, Kind, Recognizer};

pub(crate) struct MacRules {
    pattern: Regex,
}

impl MacRules {
    pub(crate) fn new() -> Result<Self, Error> {
        let pattern = compile(
            "mac",
            "(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}",
        )?;
        Ok(Self { pattern })
    }
}

impl Recognizer for MacRules {
    fn kind(&self) -> Kind {
        Kind::Mac
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        // Two separators three bytes apart are rare, and faster to look for than the pattern.
        let mut quads = text.as_bytes().windows(4);
        if !quads.any(|quad| matches!(quad[0], b':' | b'-') && quad[3] == quad[0]) {
            return;
        }
        for found in self.pattern.find_iter(text) {
            let mut span = found.range();
            let separator = byte_at(text, span.start + 2);
            // The eight octets of an EUI-64 are the six of a MAC and two more.
            if let Some(tail) = text.get(span.end..span.end + 6) {
                let octet = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit());
                let tail_separators = [tail.as_bytes()[0], tail.as_bytes()[3]];
                let more = tail.get(1..3).is_some_and(octet) && tail.get(4..6).is_some_and(octet);
                if more && tail_separators.iter().all(|&s| Some(s) == separator) {
                    span.end += 6;
                }
            }
            let longer = |byte: Option<u8>| is_alphanumeric(byte) || byte == separator;
            if longer(byte_before(text, span.start)) || longer(byte_at(text, span.end)) {
                continue;
            }
            let digits = || found.as_str().bytes().filter(u8::is_ascii_alphanumeric);
            let trivial = digits().all(|b| b == b'0') || digits().all(|b| b"fF".contains(&b));
            let has_letter = digits().any(|b| b.is_ascii_alphabetic());
            // Pairs of digits with hyphens are dates and numbers as often as not.
            if trivial || (separator == Some(b'-') && !has_letter) {
                continue;
            }
            out.push(Finding::by_rule(Kind::Mac, span, "mac", 0.9));
        }
    }
}
