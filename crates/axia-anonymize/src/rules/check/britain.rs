//! The United Kingdom, Ireland, Australia and New Zealand.

use super::{all_same, digit, is_date, luhn, remainder, value, weighted};

/// National insurance number: two letters, six digits, a letter from A to D. HMRC's NIM39110 bans some
/// prefixes.
pub(crate) fn nino(n: &[u8]) -> bool {
    let [first, second, .., last] = n else {
        return false;
    };
    let banned = [*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"];
    !b"DFIQUV".contains(first)
        && !b"DFIQUVO".contains(second)
        && !banned.contains(&[*first, *second])
        && (b'A'..=b'D').contains(last)
}

/// NHS number: weights 10 to 2, modulo 11.
pub(crate) fn nhs(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    !all_same(n) && check != 10 && check % 11 == digit(n, 9)
}

/// Unique taxpayer reference: the first digit checks the other nine.
pub(crate) fn utr(n: &[u8]) -> bool {
    let rest = weighted(n, &[0, 6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    let digits = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    !all_same(n) && digits[rest as usize] == digit(n, 0)
}

/// Driver number: five letters or nines, and the day of birth with its decade in front.
pub(crate) fn driver(n: &[u8]) -> bool {
    let Some((name, rest)) = n.split_at_checked(5) else {
        return false;
    };
    let letters = name.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let month = match value(rest, 1, 2) {
        m @ 51..=62 => m - 50,
        m => m,
    };
    let year = digit(rest, 0) * 10 + digit(rest, 5);
    letters > 0
        && name[letters..].iter().all(|&b| b == b'9')
        && rest.len() == 11
        && rest[..6].iter().all(u8::is_ascii_digit)
        && is_date(year, month, value(rest, 3, 2))
        && rest[6].is_ascii_uppercase()
        && (rest[7].is_ascii_uppercase() || rest[7] == b'9')
}

/// Personal public service number of Ireland: weights 8 to 2, the second letter as the ninth place.
pub(crate) fn ie_pps(n: &[u8]) -> bool {
    let second = match n.get(8) {
        Some(b @ b'A'..=b'I') => u32::from(b - b'A') + 1,
        Some(b'W') | None => 0,
        Some(_) => return false,
    };
    let sum = weighted(n, &[8, 7, 6, 5, 4, 3, 2]) + second * 9;
    n.get(7)
        .is_some_and(|&b| b == b"WABCDEFGHIJKLMNOPQRSTUV"[sum as usize % 23])
}

/// Tax file number of Australia.
pub(crate) fn au_tfn(n: &[u8]) -> bool {
    !all_same(n) && weighted(n, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// Business number of Australia: one less in front, modulo 89.
pub(crate) fn au_abn(n: &[u8]) -> bool {
    let sum = weighted(n, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    digit(n, 0) > 0 && (sum - 10).is_multiple_of(89)
}

/// Company number of Australia.
pub(crate) fn au_acn(n: &[u8]) -> bool {
    let sum = weighted(n, &[8, 7, 6, 5, 4, 3, 2, 1]);
    !all_same(n) && (10 - sum % 10) % 10 == digit(n, 8)
}

/// Medicare card of Australia: the ninth digit checks eight; the tenth counts the cards.
pub(crate) fn au_medicare(n: &[u8]) -> bool {
    let sum = weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9]);
    (2..=6).contains(&digit(n, 0)) && sum % 10 == digit(n, 8) && digit(n, 9) > 0
}

/// Inland revenue number of New Zealand, with eight or nine digits.
pub(crate) fn nz_ird(n: &[u8]) -> bool {
    let mut nine = vec![b'0'; 9_usize.saturating_sub(n.len())];
    nine.extend_from_slice(n);
    let in_range = (10_000_000..150_000_000).contains(&value(&nine, 0, 9));
    let check = |weights: &[u32]| (11 - weighted(&nine, weights) % 11) % 11;
    let first = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
    let check = if first == 10 {
        check(&[7, 4, 3, 2, 5, 2, 7, 6])
    } else {
        first
    };
    in_range && check == digit(&nine, 8)
}

/// Social insurance number of Canada.
pub(crate) fn ca_sin(n: &[u8]) -> bool {
    !matches!(n.first(), Some(b'0' | b'8')) && !all_same(n) && luhn(n)
}

/// Value added tax number of the United Kingdom: modulo 97, since 2010 with 55 added.
pub(crate) fn gb_vat(n: &[u8]) -> bool {
    let sum = weighted(n, &[8, 7, 6, 5, 4, 3, 2]) + value(n, 7, 2);
    remainder(n, 10) < 10 && (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
}
