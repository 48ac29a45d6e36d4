//! The little language of the table's patterns: digits, letters, and places for separators.

/// The longest number of the table, without separators.
pub(crate) const MAX_LEN: usize = 24;

/// Between two groups of a number at most this many characters stand.
const MAX_SEPARATOR: usize = 3;

/// What a pattern found.
pub(crate) struct Match {
    pub(crate) end: usize,
    /// Letters and digits alone, in upper case.
    pub(crate) compact: Compact,
    /// The separators: none at all, or all of them.
    pub(crate) separated: bool,
    /// Every separator is one character: a space, a dash, a full stop or a slash.
    pub(crate) simple: bool,
    /// All separators are the same.
    pub(crate) uniform: bool,
    /// All separators are dashes.
    pub(crate) dashes: bool,
    pub(crate) capitals: bool,
}

/// Up to `MAX_LEN` letters and digits.
#[derive(Clone, Copy)]
pub(crate) struct Compact {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl Compact {
    pub(crate) const EMPTY: Self = Self {
        bytes: [0; MAX_LEN],
        len: 0,
    };

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Whether there was room.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        let Some(place) = self.bytes.get_mut(self.len) else {
            return false;
        };
        *place = byte.to_ascii_uppercase();
        self.len += 1;
        true
    }
}

/// Characters that people put between the groups of a number, with line breaks and markup.
pub(crate) fn is_separator(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'-' | b'.' | b'/' | b'*' | b'_' | b'|' | b'\n' | b'\r' | b',' | b':'
    )
}

/// The length of the separator at `at`: none where more follow than one can have.
pub(crate) fn separator_len(text: &[u8], at: usize) -> usize {
    let len = text[at.min(text.len())..]
        .iter()
        .take(MAX_SEPARATOR + 1)
        .take_while(|b| is_separator(**b))
        .count();
    if len > MAX_SEPARATOR { 0 } else { len }
}

/// Matches a pattern at `at`. The end of what it takes is not looked behind.
pub(crate) fn match_at(text: &[u8], mut at: usize, pattern: &str) -> Option<Match> {
    let mut compact = Compact::EMPTY;
    let (mut places, mut found) = (0, 0);
    let (mut simple, mut uniform, mut dashes) = (true, true, true);
    let mut first: &[u8] = &[];
    let mut capitals = true;
    for class in pattern.bytes() {
        let byte = *text.get(at)?;
        if class == b' ' {
            places += 1;
            let len = separator_len(text, at);
            if len > 0 {
                found += 1;
                simple &= len == 1 && matches!(byte, b' ' | b'-' | b'.' | b'/');
                dashes &= len == 1 && byte == b'-';
                let this = &text[at..at + len];
                uniform &= found == 1 || this == first;
                first = this;
                at += len;
            }
            if found != 0 && found != places {
                return None;
            }
            continue;
        }
        let fits = match class {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            b'N' => byte.is_ascii_alphanumeric(),
            b'~' => matches!(byte, b'-' | b'+' | b'A'..=b'F' | b'U'..=b'Y'),
            mark => byte == mark,
        };
        if !fits {
            return None;
        }
        capitals &= !byte.is_ascii_lowercase();
        at += 1;
        if byte.is_ascii_alphanumeric() && class != b'~' && !compact.push(byte) {
            return None;
        }
    }
    let marked = pattern
        .bytes()
        .any(|b| matches!(b, b'-' | b'/' | b'.' | b'(' | b'~'));
    let separated = found > 0 || marked;
    let (simple, uniform, dashes) = (
        separated && simple,
        separated && uniform,
        separated && dashes,
    );
    Some(Match {
        end: at,
        compact,
        separated,
        simple,
        uniform,
        dashes,
        capitals,
    })
}

/// How many letters and digits a pattern takes.
pub(crate) fn len_of(pattern: &str) -> usize {
    pattern
        .bytes()
        .filter(|b| matches!(b, b'9' | b'A' | b'N'))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, pattern: &str) -> Option<(usize, String, bool)> {
        let found = match_at(text.as_bytes(), 0, pattern)?;
        let compact = String::from_utf8(found.compact.as_slice().to_vec()).unwrap();
        Some((found.end, compact, found.separated))
    }

    #[test]
    fn separators_are_all_there_or_none() {
        let taken = |len, number: &str, apart| Some((len, number.to_owned(), apart));
        assert_eq!(
            all("123-45-6789", "999 99 9999"),
            taken(11, "123456789", true)
        );
        assert_eq!(
            all("123456789", "999 99 9999"),
            taken(9, "123456789", false)
        );
        assert_eq!(all("12345-6789", "999 99 9999"), None);
        assert_eq!(all("123-456789", "999 99 9999"), None);
        assert_eq!(
            all("123**45**6789", "999 99 9999"),
            taken(13, "123456789", true)
        );
        assert_eq!(
            all("ab 12 34 56 c", "AA 99 99 99 A"),
            taken(13, "AB123456C", true)
        );
        assert_eq!(
            all("131052-308T", "999999~999N"),
            taken(11, "131052308T", true)
        );
        assert_eq!(all("A123456(3)", "A999999(N)"), taken(10, "A1234563", true));
        assert_eq!(all("123", "9999"), None);
    }
}
