//! Where the rules have to look: searches for the few bytes that can begin something, many at a time.

use std::ops::Range;

use wide::{i8x16, u8x16};

use crate::lanes::{BLOCK, is, marks, places, small, widest, within};

/// What some bytes in a row have in common, one bit for each byte.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    /// Rules begin here.
    pub(crate) anchors: u64,
    /// What secrets are made of.
    run: u64,
    /// Everything but letters that no digit written as a word has.
    digit_words: u64,
    /// Everything but what tells that a word is shorter or longer than those of seed phrases.
    seed_words: u64,
    letters: u64,
}

const ANCHOR: u8 = 1;
const LETTER: u8 = 2;
const OTHER_LETTER: u8 = 4;
const RUN: u8 = 8;

/// Before the block the window holds so many bytes, and one byte behind it.
const AHEAD: usize = 2;
const WINDOW: usize = AHEAD + BLOCK + 1;

impl Marks {
    /// The marks of the blocks from `at` on, as many as there are or fit, behind one with the marks `before`.
    /// Returns how many.
    pub(crate) fn read(bytes: &[u8], at: usize, before: &Self, into: &mut [Self]) -> usize {
        let blocks = bytes.len().saturating_sub(at).div_ceil(BLOCK);
        let count = blocks.min(into.len());
        widest(
            #[inline(always)]
            || {
                let mut before = *before;
                for (marks, i) in into.iter_mut().take(count).zip(0..) {
                    *marks = Self::of(bytes, at + i * BLOCK, &before);
                    before = *marks;
                }
            },
        );
        count
    }

    /// The marks of the block that begins at `at`, behind a block with the marks `before`.
    #[inline(always)]
    fn of(bytes: &[u8], at: usize, before: &Self) -> Self {
        let whole = at
            .checked_sub(AHEAD)
            .and_then(|from| bytes.get(from..)?.first_chunk::<WINDOW>());
        if let Some(window) = whole {
            return Self::of_window(window, before);
        }
        let mut window = [0; WINDOW];
        let ahead = at.min(AHEAD);
        let part = bytes.get(at - ahead..).unwrap_or_default();
        let len = part.len().min(WINDOW - AHEAD + ahead);
        window[AHEAD - ahead..][..len].copy_from_slice(&part[..len]);
        Self::of_window(&window, before)
    }

    /// No branch depends on the text: all tests are made for all bytes.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // Four neighbours are looked at together.
    fn of_window(window: &[u8; WINDOW], before: &Self) -> Self {
        let mut flags = [0_u8; BLOCK];
        for i in 0..BLOCK {
            let (two_before, before) = (window[i], window[i + 1]);
            let (byte, behind) = (window[i + 2], window[i + 3]);
            let small = byte | 0x20;
            let within = |byte: u8, first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
            // Slash, digits, colon; `<` and `=`; `%` and `&`; `@` and `B`; opening brackets, the
            // backslash and the bar.
            let sign = within(byte, b'/', b':')
                | within(byte, b'<', b'=')
                | within(byte, b'%', b'&')
                | (byte & !2 == b'@')
                | within(byte & !0x20, b'[', b'\\')
                | (byte == b'(')
                | (byte == b'-');
            let spaced = two_before == b' ';
            let is = spaced & (before == b'i') & (byte == b's') & (behind == b' ');
            let dot = (spaced | (two_before == b'_'))
                & (before | 0x20 == b'd')
                & (small == b'o')
                & (behind | 0x20 == b't');
            let arroba =
                (two_before == b'r') & (before == b'r') & (byte == b'o') & (behind == b'b');
            let www = (before | 0x20 == b'w') & (small == b'w') & (behind | 0x20 == b'w');
            let bank = (small == b'i')
                & (((before | 0x20 == b'b') & (behind | 0x20 == b'c'))
                    | ((two_before | 0x20 == b's')
                        & (before | 0x20 == b'w')
                        & (behind | 0x20 == b'f')));
            let letter = within(small, b'a', b'z');
            // No digit has an a, b, c, d, j, k, l, m, p, q or y.
            let other = within(small, b'a', b'd')
                | within(small, b'j', b'm')
                | within(small, b'p', b'q')
                | (small == b'y');
            let run = letter
                | within(byte, b'-', b'9')
                | (byte == b'_')
                | (byte == b'+')
                | (byte == b'=')
                | (byte == b'%');
            flags[i] = (u8::from(sign | is | dot | arroba | www | bank) * ANCHOR)
                | (u8::from(letter) * LETTER)
                | (u8::from(other) * OTHER_LETTER)
                | (u8::from(run) * RUN);
        }
        let letters = bits(&flags, LETTER);
        Self {
            anchors: bits(&flags, ANCHOR),
            run: bits(&flags, RUN),
            digit_words: !bits(&flags, OTHER_LETTER),
            seed_words: words_fit(letters, before.letters),
            letters,
        }
    }

    /// Where at least `MIN_RUN` bytes of which secrets are made end.
    pub(crate) fn long_runs(&self, before: &Self) -> u64 {
        let sixteen = sixteen(both(self.run, before.run));
        high(sixteen & sixteen << (MIN_RUN - 16))
    }

    /// Where letters stand, with the block before in the lower half.
    pub(crate) fn letters_with(&self, before: &Self) -> u128 {
        both(self.letters, before.letters)
    }

    /// Where so many bytes end that digits may be written out in them as words.
    pub(crate) fn digit_words(&self, before: &Self) -> u64 {
        let sixteen = sixteen(both(self.digit_words, before.digit_words));
        high(sixteen & sixteen << (DIGIT_WORDS - 16))
    }

    /// Where so many bytes end that a seed phrase may lie in them.
    pub(crate) fn seed_words(&self, before: &Self) -> u64 {
        let sixteen = sixteen(both(self.seed_words, before.seed_words));
        let more = sixteen & sixteen << 16;
        high(more & more << (SEED_WORDS - 32))
    }
}

/// All bytes but those right behind a word of one or two letters and those from the ninth letter of a
/// word on: words of the lists have three to eight.
fn words_fit(letters: u64, before: u64) -> u64 {
    let letters = both(letters, before);
    let short = !letters & letters << 1 & !(letters << 2 & letters << 3);
    let two = letters & letters << 1;
    let four = two & two << 2;
    let nine = four & four << 4 & letters << 8;
    !high(short | nine)
}

/// The shortest run of digits as words: seven of them, six bytes between them.
pub(crate) const DIGIT_WORDS: usize = 7 * 2 + 6;
/// The shortest seed phrase: twelve words of three letters, eleven bytes between them.
pub(crate) const SEED_WORDS: usize = 12 * 3 + 11;

/// The bits of two blocks in a row.
pub(crate) fn both(block: u64, before: u64) -> u128 {
    u128::from(block) << 64 | u128::from(before)
}

/// Those of the second block.
fn high(bits: u128) -> u64 {
    (bits >> 64) as u64
}

/// Where at least sixteen ones in a row end.
pub(crate) fn sixteen(ones: u128) -> u128 {
    let two = ones & ones << 1;
    let four = two & two << 2;
    let eight = four & four << 4;
    eight & eight << 8
}

/// One bit for each byte that has the flag.
#[inline(always)]
fn bits(flags: &[u8; BLOCK], flag: u8) -> u64 {
    let flag = i8x16::splat(flag.cast_signed());
    let mut bits = 0;
    for (i, sixteen) in flags.as_chunks::<16>().0.iter().enumerate() {
        let bytes = i8x16::new(sixteen.map(u8::cast_signed));
        bits |= u64::from((bytes & flag).simd_eq(flag).to_bitmask()) << (16 * i);
    }
    bits
}

/// The first digit at or behind `from`.
pub(crate) fn next_digit(bytes: &[u8], from: usize) -> Option<usize> {
    first(bytes, from, |b| b.wrapping_sub(b'0') < 10)
}

/// So many bytes are looked at together where one is looked for.
const STRIDE: usize = 32;

/// The first byte at or behind `from` of which `wanted` holds.
fn first(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut at = from;
    let blocks = rest.chunks_exact(STRIDE);
    let tail = blocks.remainder();
    for block in blocks {
        if block.iter().fold(false, |any, &b| any | wanted(b)) {
            let inside = block.iter().position(|&b| wanted(b))?;
            return Some(at + inside);
        }
        at += STRIDE;
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

/// Calls `visit` with every run of at least so many bytes, 16 to 31, of which secrets and addresses are made.
pub(crate) fn long_runs_of(bytes: &[u8], least: usize, mut visit: impl FnMut(Range<usize>)) {
    let part_of = |b: &&u8| is_run_byte(**b);
    let mut before = 0;
    let mut end = 0;
    for at in (0..bytes.len()).step_by(BLOCK) {
        let [marks] = marks(bytes, at, |b| [run_bytes(b)]);
        let ends = sixteen(both(marks, before));
        for last in places(high(ends & ends << (least - 16)), at) {
            if last >= end {
                let start = last - bytes[end..last].iter().rev().take_while(part_of).count();
                end = last + bytes[last..].iter().take_while(part_of).count();
                visit(start..end);
            }
        }
        before = marks;
    }
}

/// The shortest secret or address that is found by its form.
pub(crate) const MIN_RUN: usize = 20;

pub(crate) fn is_run_byte(byte: u8) -> bool {
    // All tests for every byte, so that there is no branch.
    byte.is_ascii_alphanumeric()
        | (byte.wrapping_sub(b'-') < 3)
        | (byte == b'_')
        | (byte == b'+')
        | (byte == b'=')
        | (byte == b'%')
}

/// Where such bytes stand.
#[inline(always)]
fn run_bytes(bytes: u8x16) -> u8x16 {
    within(small(bytes), b'a', b'z')
        | within(bytes, b'-', b'9')
        | is(bytes, b'_')
        | is(bytes, b'+')
        | is(bytes, b'=')
        | is(bytes, b'%')
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
            long_runs_of(text.as_bytes(), MIN_RUN, |run| found.push(run));
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
