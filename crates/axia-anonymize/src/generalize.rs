//! Coarser values: what is left of an entity when only its neighbourhood is to be known.

use std::net::IpAddr;

use crate::Kind;
use crate::canonical::digits_of;
use crate::normalize::folded;

/// The coarser form of an entity's text; `None` where there is none, or it cannot be read.
///
/// The result is never found again as the same kind, so that a second pass changes nothing.
pub(crate) fn generalize(kind: Kind, text: &str) -> Option<String> {
    let text = folded(text);
    let text = text.trim();
    match kind {
        Kind::DateOfBirth | Kind::Date => year(text),
        Kind::Age => age(text),
        Kind::Ip => network(text),
        Kind::Postcode => postcode(text),
        Kind::Phone => calling_code(text),
        Kind::Url => site(text),
        Kind::Coordinates => degrees(text),
        _ => None,
    }
}

/// A year from 1900 to 2099 that stands alone.
fn year(text: &str) -> Option<String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers
        .find(|n| n.len() == 4 && (n.starts_with("19") || n.starts_with("20")))
        .map(str::to_owned)
}

/// `30s`; from 90 on one group for all, as few people are in it (45 CFR 164.514).
fn age(text: &str) -> Option<String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let age: u32 = numbers.find(|n| !n.is_empty())?.parse().ok()?;
    match age {
        0..=9 => Some("under 10".to_owned()),
        10..=89 => Some(format!("{}s", age / 10 * 10)),
        90..=130 => Some("90s or older".to_owned()),
        _ => None,
    }
}

/// The first 24 bits of an IPv4 address, the first 32 of an IPv6 address.
fn network(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !"[]()".contains(*c)).collect();
    match plain.parse().ok()? {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.x"))
        }
        IpAddr::V6(address) => {
            let [a, b, ..] = address.segments();
            Some(format!("{a:x}:{b:x}::x"))
        }
    }
}

/// The outward part of a postcode with letters, the first two digits of one of digits.
fn postcode(text: &str) -> Option<String> {
    if text.bytes().any(|b| b.is_ascii_alphabetic()) {
        let compact: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let kept = compact.len().checked_sub(3).filter(|kept| *kept >= 2)?;
        return Some(format!("{}...", compact.get(..kept)?.to_uppercase()));
    }
    let digits = digits_of(text);
    let kept = digits.get(..2).filter(|_| digits.len() >= 4)?;
    Some(format!("{kept}..."))
}

/// Calling codes of countries, longest first where they share a beginning (ITU-T E.164).
fn calling_code(text: &str) -> Option<String> {
    let digits = digits_of(text.strip_prefix('+')?);
    // All codes of one and two digits; those that begin with any other pair have three.
    const SHORT: &[&str] = &[
        "1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44",
        "45", "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61",
        "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95",
        "98",
    ];
    let short = SHORT.iter().find(|code| digits.starts_with(**code));
    let code = short.map_or_else(|| digits.get(..3), |code| Some(*code))?;
    Some(format!("+{code}..."))
}

/// Scheme and host, without user and port.
fn site(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    let host = host.split(':').next()?;
    // A longer address than the site itself is found and cut once; the site alone stays as it is.
    (!host.is_empty()).then(|| format!("{scheme}://{host}"))
}

fn degrees(text: &str) -> Option<String> {
    let numbers: Vec<f64> = text
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-')))
        .filter(|part| part.contains('.'))
        .filter_map(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [latitude, longitude] => Some(format!("{latitude:.0}, {longitude:.0}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarser_values_keep_what_the_docs_say() {
        for (kind, text, expected) in [
            (Kind::DateOfBirth, "12 May 1984", Some("1984")),
            (Kind::DateOfBirth, "05/12/84", None),
            (Kind::Age, "34", Some("30s")),
            (Kind::Age, "97 years old", Some("90s or older")),
            (Kind::Ip, "203.0.113.7", Some("203.0.113.x")),
            (Kind::Ip, "2001:db8:1::1", Some("2001:db8::x")),
            (Kind::Postcode, "SW1A 1AA", Some("SW1A...")),
            (Kind::Postcode, "90210", Some("90...")),
            (Kind::Phone, "+44 20 7946 0958", Some("+44...")),
            (Kind::Phone, "+358 9 1234567", Some("+358...")),
            (Kind::Phone, "020 7946 0958", None),
            (
                Kind::Url,
                "https://jo@example.com:80/u/jo",
                Some("https://example.com"),
            ),
            (Kind::Coordinates, "52.5200, 13.4050", Some("53, 13")),
            (Kind::Email, "jo@example.com", None),
        ] {
            assert_eq!(generalize(kind, text).as_deref(), expected, "{kind} {text}");
        }
    }
}
