//! The form in which two mentions of the same entity are equal.

use std::net::IpAddr;

use crate::Kind;
use crate::normalize::folded;
use crate::squeeze::plain_words;

/// The canonical form of an entity's text. It is personal data itself and never leaves the scope.
pub(crate) fn canonical(kind: Kind, text: &str) -> String {
    let text = folded(text);
    match kind {
        Kind::Email => email(&text),
        Kind::Url => url(&text),
        Kind::Ip => ip(&text),
        Kind::Mac => keep(&text, |c| c.is_ascii_hexdigit()).to_ascii_lowercase(),
        Kind::Phone => phone(&text),
        Kind::Card | Kind::UsSsn => digits_of(&text),
        Kind::Username => text.trim_start_matches('@').to_lowercase(),
        Kind::Iban
        | Kind::BankAccount
        | Kind::NationalId
        | Kind::TaxId
        | Kind::HealthId
        | Kind::CompanyId
        | Kind::Passport
        | Kind::DrivingLicence
        | Kind::LicensePlate
        | Kind::Vin
        | Kind::DeviceId
        | Kind::RecordId
        | Kind::Postcode => keep(&text, |c| c.is_ascii_alphanumeric()).to_ascii_uppercase(),
        Kind::Person | Kind::StreetAddress | Kind::Location | Kind::Organization => {
            plain_words(&text).join(" ")
        }
        _ => text.into_owned(),
    }
}

/// The digits of a text.
pub(crate) fn digits_of(text: &str) -> String {
    keep(text, |c| c.is_ascii_digit())
}

fn keep(text: &str, wanted: impl Fn(char) -> bool) -> String {
    text.chars().filter(|&c| wanted(c)).collect()
}

fn email(text: &str) -> String {
    let mut text = text.to_lowercase();
    for at in ["%40", "&#64;", "&#x40;", "&commat;"] {
        text = text.replace(at, "@");
    }
    // `[at]` and `(dot)`, with or without spaces.
    let text = keep(&text, |c| !c.is_whitespace());
    let mut plain = text;
    for (open, close) in [('[', ']'), ('(', ')'), ('{', '}')] {
        plain = plain.replace(&format!("{open}at{close}"), "@");
        for dot in ["dot", "."] {
            plain = plain.replace(&format!("{open}{dot}{close}"), ".");
        }
    }
    plain
}

/// Without scheme, `www.` and a closing slash; the host in lower case, the path as it is.
fn url(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end_of_host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end_of_host);
    let host = host.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    format!("{host}{}", path.strip_suffix('/').unwrap_or(path))
}

fn ip(text: &str) -> String {
    let plain = keep(text, |c| !matches!(c, '[' | ']' | '(' | ')'));
    match plain.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => plain,
    }
}

/// Digits without extension, trunk `(0)`, leading `00` and the leading 1 of North America.
fn phone(text: &str) -> String {
    let number = text
        .find(['x', 'X', 'e', 'E', '#'])
        .map_or(text, |at| &text[..at]);
    let number = number.replace("(0)", "");
    let digits = keep(&number, |c| c.is_ascii_digit());
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    match digits.strip_prefix('1') {
        Some(national) if national.len() == 10 => national.to_owned(),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_entity_has_one_form() {
        for (kind, forms) in [
            (
                Kind::Email,
                vec![
                    "Jo@Example.com",
                    "jo [at] example [dot] com",
                    "jo%40example.com",
                    "jo＠example．com",
                ],
            ),
            (
                Kind::Phone,
                vec![
                    "+1 (415) 555-2671",
                    "415.555.2671 ext. 12",
                    "001 415 555 2671",
                ],
            ),
            (
                Kind::Phone,
                vec!["+41 (0)44 668 18 00", "0041 44 668 18 00"],
            ),
            (
                Kind::Card,
                vec![
                    "4111 1111 1111 1111",
                    "4111-1111-1111-1111",
                    "４111111111111111",
                ],
            ),
            (
                Kind::Iban,
                vec!["DE89 3704 0044 0532 0130 00", "de89370400440532013000"],
            ),
            (Kind::Ip, vec!["2001:DB8::1", "2001:db8:0::0001"]),
            (Kind::Ip, vec!["203.0.113.7", "203[.]0[.]113[.]7"]),
            (
                Kind::Url,
                vec![
                    "https://www.Example.com/",
                    "http://example.com",
                    "www.example.com",
                ],
            ),
            (Kind::Mac, vec!["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7"]),
        ] {
            for form in &forms {
                assert_eq!(canonical(kind, form), canonical(kind, forms[0]), "{form}");
            }
        }
    }

    #[test]
    fn different_entities_stay_different() {
        assert_ne!(
            canonical(Kind::Url, "http://a.com/X"),
            canonical(Kind::Url, "http://a.com/x")
        );
        assert_ne!(
            canonical(Kind::ApiKey, "AKIAx"),
            canonical(Kind::ApiKey, "AKIAX")
        );
    }
}
