//! Where the rules have to look: searches for the few bytes that can begin something, many at a time.

use std::ops::Range;

/// So many bytes are looked at together; the compiler makes vector instructions of it.
const BLOCK: usize = 32;

/// The first digit at or behind `from`.
pub(crate) fn next_digit(bytes: &[u8], from: usize) -> Option<usize> {
    first(bytes, from, |b| b.wrapping_sub(b'0') < 10)
}

/// The first byte at or behind `from` of which `wanted` holds.
fn first(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut at = from;
    let blocks = rest.chunks_exact(BLOCK);
    let tail = blocks.remainder();
    for block in blocks {
        if block.iter().fold(false, |any, &b| any | wanted(b)) {
            let inside = block.iter().position(|&b| wanted(b))?;
            return Some(at + inside);
        }
        at += BLOCK;
    }
    Some(at + tail.iter().position(|&b| wanted(b))?)
}

/// Calls `visit` with every word (letters and digits in a row) that holds a digit.
pub(crate) fn words_with_digits(bytes: &[u8], mut visit: impl FnMut(Range<usize>)) {
    let mut from = 0;
    while let Some(digit) = next_digit(bytes, from) {
        let before = bytes[from..digit]
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let len = bytes[digit..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        visit(digit - before..digit + len);
        from = digit + len;
    }
}

/// Calls `visit` with every run of at least `MIN_RUN` bytes of which secrets and addresses are made. Words
/// are shorter, so mostly it is enough to look at every twentieth byte and the few in front of it.
pub(crate) fn long_runs(bytes: &[u8], visit: impl FnMut(Range<usize>)) {
    long_runs_of(bytes, MIN_RUN, visit);
}

/// The same with another least length.
pub(crate) fn long_runs_of(bytes: &[u8], least: usize, mut visit: impl FnMut(Range<usize>)) {
    let mut start = 0;
    while let Some(window) = bytes.get(start..start + least) {
        let tail = window.iter().rev().take_while(|b| is_run_byte(**b)).count();
        if tail < least {
            start += least - tail;
            continue;
        }
        let behind = bytes[start + least..]
            .iter()
            .take_while(|b| is_run_byte(**b))
            .count();
        let end = start + least + behind;
        visit(start..end);
        start = end;
    }
}

/// The shortest secret or address that is found by its form.
pub(crate) const MIN_RUN: usize = 20;

pub(crate) fn is_run_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_found_where_they_are(text in "[ -~]{0,100}", from in 0..100_usize) {
            let plain = text.bytes().enumerate().skip(from).find(|(_, b)| b.is_ascii_digit());
            prop_assert_eq!(next_digit(text.as_bytes(), from), plain.map(|(at, _)| at));
        }

        #[test]
        fn long_runs_are_seen_wherever_they_start(text in "[a ]{0,30}[a-]{0,60}[a ]{0,30}") {
            let mut found = Vec::new();
            long_runs(text.as_bytes(), |run| found.push(run));
            let mut plain = Vec::new();
            let mut at = 0;
            for word in text.split(' ') {
                if word.len() >= MIN_RUN {
                    plain.push(at..at + word.len());
                }
                at += word.len() + 1;
            }
            prop_assert_eq!(found, plain);
        }

        #[test]
        fn words_with_digits_are_whole(text in "[a1 .]{0,60}") {
            let mut found = Vec::new();
            words_with_digits(text.as_bytes(), |word| found.push(text[word].to_owned()));
            let words = text.split([' ', '.']).filter(|w| w.contains('1'));
            prop_assert_eq!(found, words.map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
