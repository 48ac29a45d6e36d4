//! Hardware addresses of network interfaces.

use super::context::is_alphanumeric;
use crate::{Finding, Kind};

/// Reports the address of six or eight octets whose first separator, `:` or `-`, stands at `at`.
pub(crate) fn octets_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let octet = |from: usize| {
        bytes
            .get(from..from + 2)
            .is_some_and(|o| o.iter().all(u8::is_ascii_hexdigit))
    };
    let (Some(start), separator) = (at.checked_sub(2), bytes[at]) else {
        return;
    };
    let before = start.checked_sub(1).map(|i| bytes[i]);
    // Most separators stand between words, which the third test tells.
    if !octet(at + 1) || bytes.get(at + 3) != Some(&separator) || !octet(start) {
        return;
    }
    let mut end = at;
    let mut octets = 1;
    while bytes.get(end) == Some(&separator) && octet(end + 1) && octets < 9 {
        end += 3;
        octets += 1;
    }
    let longer = |byte: Option<u8>| is_alphanumeric(byte) || byte == Some(separator);
    if !matches!(octets, 6 | 8) || longer(before) || longer(bytes.get(end).copied()) {
        return;
    }
    let digits = || {
        bytes[start..end]
            .iter()
            .filter(|b| b.is_ascii_alphanumeric())
    };
    let trivial = digits().all(|b| *b == b'0') || digits().all(|b| b"fF".contains(b));
    let has_letter = digits().any(u8::is_ascii_alphabetic);
    // Pairs of digits with hyphens are dates and numbers as often as not.
    if !trivial && (separator == b':' || has_letter) {
        out.push(Finding::by_rule(Kind::Mac, start..end, "mac", 0.9));
    }
}
