//! Makes JSON of what common writers put out instead.

/// Replaces what other parsers let pass: escapes of half a character (JavaScript cuts strings
/// anywhere) by U+FFFD, and `NaN` and infinities (Python writes them) by null.
///
/// `None` if there is nothing of the kind.
pub(crate) fn repair(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut in_string = false;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                in_string = !in_string;
                at += 1;
            }
            b'\\' if in_string => match half_character(&bytes[at..]) {
                Escape::Half => {
                    out.push_str(&text[copied..at]);
                    out.push_str("\\ufffd");
                    at += 6;
                    copied = at;
                }
                Escape::Whole(len) => at += len,
            },
            b'N' | b'I' | b'-' if !in_string => {
                let word = ["NaN", "Infinity", "-Infinity"]
                    .into_iter()
                    .find(|word| bytes[at..].starts_with(word.as_bytes()));
                match word {
                    Some(word) => {
                        out.push_str(&text[copied..at]);
                        out.push_str("null");
                        at += word.len();
                        copied = at;
                    }
                    None => at += 1,
                }
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

enum Escape {
    /// `\uXXXX` of half a surrogate pair.
    Half,
    /// Any other escape, or a whole pair, of this length.
    Whole(usize),
}

fn half_character(bytes: &[u8]) -> Escape {
    match unit(bytes) {
        Some(0xd800..=0xdbff) => match bytes.get(6..).and_then(unit) {
            Some(0xdc00..=0xdfff) => Escape::Whole(12),
            _ => Escape::Half,
        },
        Some(0xdc00..=0xdfff) => Escape::Half,
        _ => Escape::Whole(2),
    }
}

/// The UTF-16 unit of a `\uXXXX` escape at the front.
fn unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::repair;

    #[test]
    fn only_what_is_broken_changes() {
        for (text, expected) in [
            (r#"{"a": "\ud83d"}"#, Some(r#"{"a": "\ufffd"}"#)),
            (r#"{"a": "\ude00x"}"#, Some(r#"{"a": "\ufffdx"}"#)),
            (
                r#"{"a": "\ud83d\ud83d\ude00"}"#,
                Some(r#"{"a": "\ufffd\ud83d\ude00"}"#),
            ),
            (r#"{"a": "\ud83d\ude00"}"#, None),
            (r#"{"a": "\\ud83d", "b": "NaN"}"#, None),
            (
                r#"{"a": NaN, "b": [-Infinity, Infinity, -1]}"#,
                Some(r#"{"a": null, "b": [null, null, -1]}"#),
            ),
            (r#"{"a": "\u"#, None),
            ("\\", None),
        ] {
            assert_eq!(repair(text).as_deref(), expected, "{text}");
        }
    }
}
