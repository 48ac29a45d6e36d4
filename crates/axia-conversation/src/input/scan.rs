//! Finds the end of a JSON value without parsing it.

use memchr::memchr3;

/// Follows strings and brackets through one value that arrives in pieces.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    depth: usize,
    /// The open brackets, innermost in the lowest bit; 1 stands for `{`.
    kinds: u128,
    in_string: bool,
    escaped: bool,
}

/// What a piece told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The value ends before this index of the piece.
    Done(usize),
    /// The value goes on behind the piece.
    More,
    /// Brackets do not match, or a line ends inside a string, before this index of the piece.
    Broken(usize),
}

/// Deeper than this, kinds of brackets are no longer compared; the parser refuses such records anyway.
const COMPARED_DEPTH: usize = 128;

impl Scanner {
    /// Feeds the next piece; the first one begins with `{`, `[` or `"`.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Scan {
        let mut at = 0;
        while at < piece.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let Some(found) = memchr3(b'"', b'\\', b'\n', &piece[at..]) else {
                    return Scan::More;
                };
                at += found + 1;
                match piece[at - 1] {
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return Scan::Done(at);
                        }
                    }
                    b'\\' => self.escaped = true,
                    _ => return Scan::Broken(at),
                }
                continue;
            }
            let byte = piece[at];
            at += 1;
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if self.depth < COMPARED_DEPTH {
                        self.kinds = (self.kinds << 1) | u128::from(byte == b'{');
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    if self.depth == 0 {
                        return Scan::Broken(at);
                    }
                    self.depth -= 1;
                    if self.depth < COMPARED_DEPTH {
                        if (self.kinds & 1 == 1) != (byte == b'}') {
                            return Scan::Broken(at);
                        }
                        self.kinds >>= 1;
                    }
                    if self.depth == 0 {
                        return Scan::Done(at);
                    }
                }
                _ => {}
            }
        }
        Scan::More
    }
}

/// The length of the value that `data` begins with; `None` if it has no end in `data`.
pub(crate) fn value_len(data: &[u8]) -> Option<usize> {
    match data.first()? {
        b'{' | b'[' | b'"' => match Scanner::default().feed(data) {
            Scan::Done(len) => Some(len),
            Scan::More | Scan::Broken(_) => None,
        },
        _ => scalar_len(data),
    }
}

/// The length of the number or word that `data` begins with; `None` if it may go on behind `data`.
pub(crate) fn scalar_len(data: &[u8]) -> Option<usize> {
    data.iter()
        .position(|b| matches!(b, b',' | b']' | b'}' | b'[' | b'{' | b':' | b'"') || is_space(*b))
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_found_wherever_the_pieces_are_cut() {
        let value = br#"{"a \" } [": ["x\\", {"b": 1}], "c": "]"}"#;
        let data = [value.as_slice(), b", 1"].concat();
        for cut in 0..value.len() {
            let mut scanner = Scanner::default();
            assert_eq!(scanner.feed(&data[..cut]), Scan::More, "cut at {cut}");
            assert_eq!(scanner.feed(&data[cut..]), Scan::Done(value.len() - cut));
        }
    }

    #[test]
    fn broken_values_are_told() {
        for (broken, at) in [
            (&b"{\"a\": [}"[..], 8),
            (b"[1, 2}", 6),
            (b"{\"a\": \"x\ny\"}", 9),
        ] {
            assert_eq!(Scanner::default().feed(broken), Scan::Broken(at));
        }
    }

    #[test]
    fn depth_has_no_limit() {
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert_eq!(value_len(&deep), Some(deep.len()));
    }
}
