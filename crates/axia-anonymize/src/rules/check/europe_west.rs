//! Germany, Austria, Switzerland, France, Belgium and the Netherlands.

use super::{all_same, base36, digit, is_date, is_ddmmyy, mod_11_10, remainder, value, weighted};

/// Tax number of Germany: no zero in front, one digit two or three times among the first ten.
pub(crate) fn de_tax(n: &[u8]) -> bool {
    let mut counts = [0_u32; 10];
    for i in 0..10 {
        counts[digit(n, i) as usize] += 1;
    }
    let twice = counts.iter().filter(|&&c| c == 2).count();
    let thrice = counts.iter().filter(|&&c| c == 3).count();
    let most = counts.iter().max();
    digit(n, 0) > 0 && most <= Some(&3) && twice + thrice == 1 && mod_11_10(n)
}

/// Health insurance number of Germany: a letter as two digits, cross sums of weights 1 and 2.
pub(crate) fn de_kvnr(n: &[u8]) -> bool {
    let Some((letter, digits)) = n.split_first() else {
        return false;
    };
    let ordinal = u32::from(letter.wrapping_sub(b'A') % 26) + 1;
    let places = [ordinal / 10, ordinal % 10]
        .into_iter()
        .chain((0..8).map(|i| digit(digits, i)));
    let sum: u32 = places
        .zip([1, 2].into_iter().cycle())
        .map(|(d, w)| (d * w) / 10 + (d * w) % 10)
        .sum();
    sum % 10 == digit(digits, 8)
}

/// Pension insurance number of Germany: area, birthday, initial, serial, check digit.
pub(crate) fn de_pension(n: &[u8]) -> bool {
    let Some(letter) = n.get(8).filter(|b| b.is_ascii_uppercase()) else {
        return false;
    };
    let ordinal = u32::from(letter - b'A') + 1;
    let places =
        (0..8)
            .map(|i| digit(n, i))
            .chain([ordinal / 10, ordinal % 10, digit(n, 9), digit(n, 10)]);
    let sum: u32 = places
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(d, w)| (d * w) / 10 + (d * w) % 10)
        .sum();
    is_ddmmyy(n, 2) && sum % 10 == digit(n, 11)
}

/// Weights 7, 3, 1 with letters from 10 on: identity cards and machine-readable zones (ICAO 9303).
pub(crate) fn seven_three_one(n: &[u8]) -> u32 {
    let weights = [7, 3, 1].into_iter().cycle();
    n.iter()
        .zip(weights)
        .map(|(&b, w)| base36(b) * w)
        .sum::<u32>()
        % 10
}

/// Identity card of Germany: nine characters and their check digit.
pub(crate) fn de_card(n: &[u8]) -> bool {
    let alphabet = |b: &u8| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(b);
    n.split_at_checked(9).is_some_and(|(body, _)| {
        b"CFGHJKLMNPRTVWXYZ".contains(&body[0])
            && body.iter().all(alphabet)
            && body.iter().any(u8::is_ascii_digit)
            && seven_three_one(body) == digit(n, 9)
    })
}

/// Social insurance number of Austria: the fourth digit checks, the birthday follows.
pub(crate) fn at_svnr(n: &[u8]) -> bool {
    let sum = weighted(n, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    let month = value(n, 6, 2);
    digit(n, 0) > 0
        && (1..=15).contains(&month)
        && is_date(value(n, 8, 2), month.min(12), value(n, 4, 2))
        && sum % 11 == digit(n, 3)
}

/// Insurance number of Switzerland: EAN-13 with the country's 756 in front.
pub(crate) fn ch_ahv(n: &[u8]) -> bool {
    let sum = weighted(n, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    n.starts_with(b"756") && sum.is_multiple_of(10)
}

/// Social security number of France: sex, year, month, place, and a key modulo 97. Corsica's 2A and 2B
/// count as 19 and 18.
pub(crate) fn fr_nir(n: &[u8]) -> bool {
    let mut digits = n.to_vec();
    match (digits.get(5), digits.get(6)) {
        (Some(b'2'), Some(b'A')) => digits[5..7].copy_from_slice(b"19"),
        (Some(b'2'), Some(b'B')) => digits[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    if digits.len() != 15 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let month = matches!(value(&digits, 3, 2), 1..=12 | 20..=42 | 50..=99);
    let key = 97 - remainder(&digits[..13], 97);
    matches!(digits[0], b'1' | b'2' | b'3' | b'4' | b'7' | b'8')
        && month
        && value(&digits, 5, 2) > 0
        && u64::from(value(&digits, 13, 2)) == key
}

/// National number of Belgium: birthday, serial, 97 minus the remainder; from 2000 with a 2 in front.
pub(crate) fn be_nn(n: &[u8]) -> bool {
    let Some(body) = n.get(..9) else { return false };
    let key = u64::from(value(n, 9, 2));
    let old = 97 - remainder(body, 97) == key;
    let new = 97 - remainder(&[b"2".as_slice(), body].concat(), 97) == key;
    let month = value(n, 2, 2) % 20;
    is_date(value(n, 0, 2), month, value(n, 4, 2)) && value(n, 6, 3) > 0 && (old || new)
}

/// Citizen service number of the Netherlands: the eleven test.
pub(crate) fn nl_bsn(n: &[u8]) -> bool {
    let sum = i64::from(weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2])) - i64::from(digit(n, 8));
    !all_same(n) && sum > 0 && sum % 11 == 0
}
