//! Check digits and the structure of numbers that states and others give out.
//!
//! Every function takes the number without separators, in upper case: ASCII letters and digits only.
//! None of them reads the text around it; that is the business of the rules' table.

pub(crate) mod americas;
pub(crate) mod asia;
pub(crate) mod britain;
pub(crate) mod europe_north;
pub(crate) mod europe_south;
pub(crate) mod europe_west;
pub(crate) mod goods;

/// The value of the digit at `i`; letters and what lies outside count as 0.
pub(crate) fn digit(number: &[u8], i: usize) -> u32 {
    match number.get(i) {
        Some(b) if b.is_ascii_digit() => u32::from(b - b'0'),
        _ => 0,
    }
}

/// The digits from `from` on, as a number of at most nine digits.
pub(crate) fn value(number: &[u8], from: usize, len: usize) -> u32 {
    (from..from + len.min(9)).fold(0, |sum, i| sum * 10 + digit(number, i))
}

/// The remainder of a number of any length.
pub(crate) fn remainder(digits: &[u8], by: u64) -> u64 {
    digits.iter().fold(0, |rest, b| {
        (rest * 10 + u64::from(b.wrapping_sub(b'0') % 10)) % by
    })
}

/// The sum of digits times weights.
pub(crate) fn weighted(number: &[u8], weights: &[u32]) -> u32 {
    let pairs = weights.iter().enumerate();
    pairs.map(|(i, weight)| digit(number, i) * weight).sum()
}

pub(crate) fn all_same(number: &[u8]) -> bool {
    number.windows(2).all(|pair| pair[0] == pair[1])
}

/// 0 to 9, then A to Z as 10 to 35.
pub(crate) fn base36(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    }
}

/// ISO/IEC 7812-1, annex B.
pub(crate) fn luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(i, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0') % 10);
            match (i % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064, MOD 11,10: the last digit checks the others.
pub(crate) fn mod_11_10(number: &[u8]) -> bool {
    let Some((_, body)) = number.split_last() else {
        return false;
    };
    let product = (0..body.len()).fold(10, |product, i| {
        let sum = (digit(number, i) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == digit(number, body.len())
}

/// Verhoeff's check over the dihedral group of order ten.
pub(crate) fn verhoeff(number: &[u8]) -> bool {
    const PERMUTE: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (5 + a - b) % 5,
    };
    let check = number.iter().rev().enumerate().fold(0, |check, (i, byte)| {
        let digit = u32::from(byte.wrapping_sub(b'0') % 10);
        let permuted = (0..i % 8).fold(digit, |d, _| PERMUTE[d as usize % 10]);
        product(check, permuted)
    });
    check == 0
}

/// Whether a day exists, in a year with or without its century.
pub(crate) fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4)
        && (!year.is_multiple_of(100) || year.is_multiple_of(400) || year < 100);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}

/// `YYMMDD` at `from`.
pub(crate) fn is_yymmdd(number: &[u8], from: usize) -> bool {
    is_date(
        value(number, from, 2),
        value(number, from + 2, 2),
        value(number, from + 4, 2),
    )
}

/// `DDMMYY` at `from`.
pub(crate) fn is_ddmmyy(number: &[u8], from: usize) -> bool {
    is_date(
        value(number, from + 4, 2),
        value(number, from + 2, 2),
        value(number, from, 2),
    )
}

/// `YYYYMMDD` at `from`, of somebody who may still live.
pub(crate) fn is_birthday(number: &[u8], from: usize) -> bool {
    let year = value(number, from, 4);
    (1890..=2035).contains(&year)
        && is_date(year, value(number, from + 4, 2), value(number, from + 6, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_checks() {
        assert!(luhn(b"4111111111111111") && !luhn(b"4111111111111112"));
        // The examples of Verhoeff's dissertation and of ISO/IEC 7064.
        assert!(verhoeff(b"2363") && !verhoeff(b"2364"));
        assert!(verhoeff(b"123451") && !verhoeff(b"123415"));
        assert!(mod_11_10(b"07945") && !mod_11_10(b"07946"));
        assert_eq!(remainder(b"3214282912345698765432161182", 97), 1);
    }

    #[test]
    fn dates() {
        assert!(is_date(2000, 2, 29) && is_date(4, 2, 29) && !is_date(1900, 2, 29));
        assert!(!is_date(2001, 4, 31) && !is_date(2001, 13, 1) && !is_date(2001, 1, 0));
        assert!(!is_yymmdd(b"850230x", 0) && is_ddmmyy(b"311299", 0));
        assert!(is_birthday(b"19491231", 0) && !is_birthday(b"17491231", 0));
    }
}
