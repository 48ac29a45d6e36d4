//! Placeholders: how they are written, and how those that a text already holds are found.

use std::ops::Range;

use crate::{Kind, SecretKey};

/// Longer numbers are not taken for placeholders, so that brackets cannot hide an account number.
const MAX_DIGITS: usize = 6;

/// Hexadecimal digits of a token that tell entities apart: 64 bits.
const TOKEN_DIGITS: usize = 16;

/// Hexadecimal digits behind them that only the holder of the key can compute, so that nobody can write
/// a token into a message and have it pass, whatever it hides.
const CHECK_DIGITS: usize = 8;

/// A placeholder that stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Existing {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
    /// `None` for a token.
    pub(crate) number: Option<u64>,
}

/// `[EMAIL_3]`
pub(crate) fn write(kind: Kind, number: u64) -> String {
    format!("[{kind}_{number}]")
}

/// `[EMAIL_` and 24 hexadecimal digits `]`: the same for the same entity in the same scope.
pub(crate) fn write_token(key: &SecretKey, kind: Kind, scope: &str, canonical: &str) -> String {
    let digest = key
        .digest("token", &[kind.as_str(), scope, canonical])
        .to_hex();
    let id = &digest[..TOKEN_DIGITS];
    format!("[{kind}_{id}{}]", check(key, kind, id))
}

fn check(key: &SecretKey, kind: Kind, id: &str) -> String {
    key.digest("token check", &[kind.as_str(), id]).to_hex()[..CHECK_DIGITS].to_owned()
}

/// The placeholders of the known kinds in a text, in order; tokens only those made by this key.
///
/// Other bracketed words stay plain text: if any name counted, `[AKIA..._1]` would hide a key.
pub(crate) fn find(
    text: &str,
    key: Option<&SecretKey>,
    known: impl Fn(Kind) -> bool,
) -> Vec<Existing> {
    memchr::memchr_iter(b'[', text.as_bytes())
        .filter_map(|start| {
            let inner = text.get(start + 1..)?;
            // No name and number are longer; looking no further keeps this linear.
            let len = inner.bytes().take(52).position(|b| b == b']')?;
            let (name, behind) = inner.get(..len)?.rsplit_once('_')?;
            let kind = name.parse().ok().filter(|&kind| known(kind))?;
            let number = match number(behind) {
                Some(number) => Some(number),
                None if key.is_some_and(|key| is_token(key, kind, behind)) => None,
                None => return None,
            };
            Some(Existing {
                span: start..start + len + 2,
                kind,
                number,
            })
        })
        .collect()
}

fn number(digits: &str) -> Option<u64> {
    let well_formed = digits.len() <= MAX_DIGITS
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit());
    well_formed.then(|| digits.parse().ok())?
}

fn is_token(key: &SecretKey, kind: Kind, digits: &str) -> bool {
    digits.len() == TOKEN_DIGITS + CHECK_DIGITS
        && digits
            .split_at_checked(TOKEN_DIGITS)
            .is_some_and(|(id, tail)| check(key, kind, id) == tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        let mut bytes = [byte; 32];
        bytes[0] = 255;
        SecretKey::new(bytes).unwrap()
    }

    #[test]
    fn only_known_kinds_with_short_numbers_count() {
        let found = |text: &str| find(text, None, |kind| !matches!(kind, Kind::Custom(_)));
        for text in [
            "[EMAIL_0]",
            "[EMAIL_01]",
            "[EMAIL_]",
            "[EMAIL_-1]",
            "[EMAIL_1000000]",
            "[email_1]",
            "[NAME_1]",
            "[EMAIL_1",
            "EMAIL_1]",
            "[EMAIL_+1]",
            "[EMAIL_١]",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
        let two = found("é [[EMAIL_12] x [API_KEY_3]");
        assert_eq!(two[0].span, 4..14);
        assert_eq!((two[0].kind, two[0].number), (Kind::Email, Some(12)));
        assert_eq!((two[1].kind, two[1].number), (Kind::ApiKey, Some(3)));
        assert_eq!(found(&write(Kind::UsSsn, 7))[0].number, Some(7));
    }

    #[test]
    fn only_tokens_of_this_key_pass() {
        let known = |kind| !matches!(kind, Kind::Custom(_));
        let token = write_token(&key(1), Kind::Email, "chat-1", "jo@example.com");
        assert_eq!(token.len(), "[EMAIL_]".len() + TOKEN_DIGITS + CHECK_DIGITS);
        assert_eq!(find(&token, Some(&key(1)), known).len(), 1);
        assert_eq!(find(&token, Some(&key(2)), known), []);
        assert_eq!(find(&token, None, known), []);
        // A token of one kind is none of another.
        assert_eq!(
            find(&token.replace("EMAIL", "PHONE"), Some(&key(1)), known),
            []
        );
        let forged = "[API_KEY_0123456789abcdef01234567]";
        assert_eq!(find(forged, Some(&key(1)), known), []);
    }
}
