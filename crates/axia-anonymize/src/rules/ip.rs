//! IPv4 and IPv6 addresses, also defanged (`203[.]0[.]113[.]7`).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::rules::context::{Vocabulary, byte_at, byte_before, is_alphanumeric, is_digit, near};
use crate::{Finding, Kind};

const ADDRESS_WORDS: Vocabulary = Vocabulary::of(&[
    "ip",
    "ipv4",
    "ips",
    "address",
    "addr",
    "host",
    "server",
    "dns",
    "nameserver",
    "ping",
    "gateway",
    "subnet",
    "client",
    "remote",
    "peer",
    "adresse",
    "dirección",
    "地址",
]);

const VERSION_WORDS: Vocabulary = Vocabulary::of(&[
    "version", "versions", "ver", "v", "release", "build", "firmware", "rev", "revision",
    "section", "chapter", "clause", "update", "upgrade", "版本",
]);

/// Reports the IPv4 address whose first digit stands at `at`, also with its full stops in brackets.
pub(crate) fn v4_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    if is_digit(byte_before(text, at)) {
        return;
    }
    let mut end = at;
    for octet in 0..4 {
        if octet > 0 {
            let dot = ["[.]", "(.)", "{.}", "[dot]", "(dot)", " dot ", "."]
                .iter()
                .find(|dot| bytes[end..].starts_with(dot.as_bytes()));
            let Some(dot) = dot else { return };
            end += dot.len();
        }
        let digits = bytes[end..]
            .iter()
            .take(4)
            .take_while(|b| b.is_ascii_digit())
            .count();
        if !(1..=3).contains(&digits) {
            return;
        }
        end += digits;
    }
    out.extend(v4(text, at..end));
}

fn v4(text: &str, span: Range<usize>) -> Option<Finding> {
    let plain: String = text[span.clone()]
        .replace("dot", ".")
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let address: Ipv4Addr = plain.parse().ok()?;
    let before = byte_before(text, span.start);
    let before_that = byte_before(text, span.start.saturating_sub(1));
    let after = byte_at(text, span.end);
    // Part of a longer dotted number.
    let longer_before = is_digit(before) || (before == Some(b'.') && is_alphanumeric(before_that));
    let longer_after =
        is_alphanumeric(after) || (after == Some(b'.') && is_digit(byte_at(text, span.end + 1)));
    // `v1.2.3.4` and `Chrome/12.0.0.1` are versions.
    let product = matches!(before, Some(b'v' | b'V'))
        || (before == Some(b'/') && before_that.is_some_and(|b| b.is_ascii_alphabetic()));
    if longer_before || longer_after || product || !is_personal(address) {
        return None;
    }
    let word = near(text, &span, 24, 0, &ADDRESS_WORDS);
    if near(text, &span, 12, 0, &VERSION_WORDS).is_some() {
        return None;
    }
    // Small numbers everywhere: sections and versions far more often than hosts.
    let outline = address.octets().iter().all(|&octet| octet < 32) && !address.is_private();
    if outline && word.is_none() {
        return None;
    }
    Some(Finding::by_rule(Kind::Ip, span, "ipv4", 0.8).near(word))
}

/// Loopback, unspecified, broadcast and netmasks say nothing about anybody.
fn is_personal(address: Ipv4Addr) -> bool {
    !address.is_loopback() && !address.is_unspecified() && address.octets()[0] != 255
}

/// Goes through the runs of what IPv6 addresses are made of, each looked at as a whole.
#[derive(Default)]
pub(crate) struct Runs {
    /// The end of the last run.
    end: usize,
}

impl Runs {
    /// Looks at the run around a colon, unless it was looked at already. Colons come in order.
    pub(crate) fn at(&mut self, text: &str, colon: usize, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        if colon < self.end {
            return;
        }
        let part_of = |b: &u8| b.is_ascii_hexdigit() || *b == b':' || *b == b'.';
        let back = bytes[self.end..colon]
            .iter()
            .rev()
            .take_while(|b| part_of(b));
        let start = colon - back.count();
        let ahead = bytes[colon..].iter().take_while(|b| part_of(b));
        let end = colon + ahead.count();
        self.end = end;
        let token = text.get(start..end).unwrap_or_default();
        // A sentence may end right behind the address.
        let token = token.trim_end_matches('.');
        // `IP:2001:db8::1`.
        let label = usize::from(token.starts_with(':') && !token.starts_with("::"));
        let token = &token[label..];
        let start = start + label;
        let span = start..start + token.len();
        let touching = |byte: Option<u8>| is_alphanumeric(byte) || byte == Some(b'_');
        if touching(byte_before(text, start)) || (span.end == end && touching(byte_at(text, end))) {
            return;
        }
        if is_personal_v6(token) {
            out.push(Finding::by_rule(Kind::Ip, span, "ipv6", 0.9));
        }
    }
}

fn is_personal_v6(token: &str) -> bool {
    // The longest form has 45 bytes.
    if token.len() > 45 {
        return false;
    }
    let Ok(address) = token.parse::<Ipv6Addr>() else {
        return false;
    };
    let groups = || token.split([':', '.']).filter(|group| !group.is_empty());
    // `f16::` and `c::B50` are paths in a program: short forms must begin like addresses in use, which
    // are global unicast, unique local, link local, multicast and mapped IPv4.
    let [first, ..] = address.segments();
    let in_use =
        matches!(first, 0x2000..=0x3FFF | 0xFC00..=0xFDFF | 0xFE80..=0xFEBF | 0xFF00..=0xFFFF);
    let mapped = address.to_ipv4_mapped().is_some();
    let plausible = groups().count() >= 4 || ((in_use || mapped) && groups().count() >= 2);
    // Eight pairs are a hardware address.
    let pairs = groups().count() == 8 && groups().all(|g| g.len() == 2);
    plausible && !pairs && !address.is_loopback() && !address.is_unspecified()
}
