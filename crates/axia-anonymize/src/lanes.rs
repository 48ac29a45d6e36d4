//! Many bytes of a text at once: tests of single bytes, with one bit of the answer for each.

use wide::u8x16;

/// So many bytes are looked at together.
pub(crate) const BLOCK: usize = 64;

/// Runs the work with the widest vectors that the processor has: what is inlined into it is compiled for each
/// kind, and the same values come out.
#[inline]
pub(crate) fn widest<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// The tests that `of` makes of the 64 bytes from `at` on, one bit for each byte and test. Zeros stand behind the
/// end of the text.
#[inline(always)]
pub(crate) fn marks<const TESTS: usize>(
    bytes: &[u8],
    at: usize,
    mut of: impl FnMut(u8x16) -> [u8x16; TESTS],
) -> [u64; TESTS] {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut padded = [0; BLOCK];
    let block = rest.first_chunk::<BLOCK>().unwrap_or_else(|| {
        padded[..rest.len()].copy_from_slice(rest);
        &padded
    });
    let mut marks = [0; TESTS];
    for (sixteen, shift) in block.as_chunks::<16>().0.iter().zip((0..).step_by(16)) {
        for (mark, test) in marks.iter_mut().zip(of(u8x16::new(*sixteen))) {
            *mark |= u64::from(test.to_bitmask()) << shift;
        }
    }
    marks
}

/// The places of the bits that are set, behind `at`.
pub(crate) fn places(mut bits: u64, at: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| at + bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        place
    })
}

/// Where a byte stands.
#[inline(always)]
pub(crate) fn is(bytes: u8x16, byte: u8) -> u8x16 {
    bytes.simd_eq(u8x16::splat(byte))
}

/// Where bytes from `first` to `last` stand.
#[inline(always)]
pub(crate) fn within(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    let above = bytes - u8x16::splat(first);
    above.min(u8x16::splat(last - first)).simd_eq(above)
}

/// Letters in small ones, and some other bytes changed as well.
#[inline(always)]
pub(crate) fn small(bytes: u8x16) -> u8x16 {
    bytes | u8x16::splat(0x20)
}

/// Where bytes outside of ASCII stand: only their highest bit is set for sure, which is what counts.
#[inline(always)]
pub(crate) fn beyond_ascii(bytes: u8x16) -> u8x16 {
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tests_say_what_holds_of_each_byte(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..200_usize) {
            let found = marks(&bytes, at, |b| {
                [is(b, b'%'), within(b, b'0', b'9'), within(small(b), b'a', b'z'), beyond_ascii(b)]
            });
            for place in 0..BLOCK {
                let byte = bytes.get(at + place).copied().unwrap_or(0);
                let plain = [
                    byte == b'%',
                    byte.is_ascii_digit(),
                    byte.is_ascii_alphabetic(),
                    byte >= 0x80,
                ];
                let found = found.map(|bits| bits >> place & 1 == 1);
                prop_assert_eq!(found, plain);
            }
        }
    }
}
