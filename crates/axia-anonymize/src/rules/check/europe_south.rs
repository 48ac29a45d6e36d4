//! Spain, Portugal, Italy, Greece, and the countries between the Adriatic and the Black Sea.

use super::{all_same, digit, is_date, is_ddmmyy, is_yymmdd, luhn, mod_11_10, value, weighted};

const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Identity number of Spain: eight digits and a letter modulo 23.
pub(crate) fn es_dni(n: &[u8]) -> bool {
    let letter = LETTERS[value(n, 0, 8) as usize % 23];
    !all_same(&n[..n.len().min(8)]) && n.get(8) == Some(&letter)
}

/// Number of foreigners in Spain: X, Y, Z stand for 0, 1, 2.
pub(crate) fn es_nie(n: &[u8]) -> bool {
    let first = match n.first() {
        Some(b @ b'X'..=b'Z') => u32::from(b - b'X'),
        _ => return false,
    };
    let number = first * 10_000_000 + value(n, 1, 7);
    n.get(8) == Some(&LETTERS[number as usize % 23])
}

/// Tax number of Portugal: weights 9 to 2, modulo 11.
pub(crate) fn pt_nif(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    matches!(digit(n, 0), 1..=3 | 5 | 6 | 8 | 9)
        && (if check >= 10 { 0 } else { check }) == digit(n, 8)
}

/// Tax code of Italy: consonants, birthday, place and a check letter; letters may stand for digits
/// where two people would have the same code.
pub(crate) fn it_code(n: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let plain = |b: u8| b"LMNPQRSTUV".iter().position(|&o| o == b).map(|i| i as u32);
    let place = |i: usize| {
        n.get(i).and_then(|&b| {
            if b.is_ascii_digit() {
                Some(u32::from(b - b'0'))
            } else {
                plain(b)
            }
        })
    };
    let letters = [0, 1, 2, 3, 4, 5, 8, 11, 15];
    if n.len() != 16 || !letters.iter().all(|&i| n[i].is_ascii_uppercase()) {
        return false;
    }
    let numbers: Option<Vec<u32>> = [6, 7, 9, 10, 12, 13, 14].into_iter().map(place).collect();
    let Some(numbers) = numbers else { return false };
    let Some(month) = b"ABCDEHLMPRST".iter().position(|&m| m == n[8]) else {
        return false;
    };
    let day = (numbers[2] * 10 + numbers[3]) % 40;
    let sum: u32 = n[..15]
        .iter()
        .enumerate()
        .map(|(i, &b)| {
            let ordinal = if b.is_ascii_digit() {
                b - b'0'
            } else {
                b - b'A'
            };
            if i % 2 == 0 {
                ODD[usize::from(ordinal)]
            } else {
                u32::from(ordinal)
            }
        })
        .sum();
    is_date(numbers[0] * 10 + numbers[1], month as u32 + 1, day)
        && u32::from(n[15] - b'A') == sum % 26
}

/// Value added tax number of Italy: Luhn.
pub(crate) fn it_vat(n: &[u8]) -> bool {
    !all_same(n) && luhn(n)
}

/// Insurance number of Greece: birthday and Luhn.
pub(crate) fn gr_amka(n: &[u8]) -> bool {
    is_ddmmyy(n, 0) && luhn(n)
}

/// Tax number of Greece: powers of two.
pub(crate) fn gr_afm(n: &[u8]) -> bool {
    let sum = weighted(n, &[256, 128, 64, 32, 16, 8, 4, 2]);
    !all_same(n) && sum % 11 % 10 == digit(n, 8)
}

/// Number of Croatia.
pub(crate) fn hr_oib(n: &[u8]) -> bool {
    !all_same(n) && mod_11_10(n)
}

/// Master citizen number of the countries of former Yugoslavia: birthday, region, modulo 11.
pub(crate) fn yu_jmbg(n: &[u8]) -> bool {
    let year = value(n, 4, 3);
    let year = if year >= 800 {
        1000 + year
    } else {
        2000 + year
    };
    let sum = weighted(n, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let check = 11 - sum % 11;
    let check = if check >= 10 { 0 } else { check };
    is_date(year, value(n, 2, 2), value(n, 0, 2)) && year <= 2035 && check == digit(n, 12)
}

/// Numerical code of Romania: sex with century, birthday, county, modulo 11.
pub(crate) fn ro_cnp(n: &[u8]) -> bool {
    let rest = weighted(n, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let county = matches!(value(n, 7, 2), 1..=48 | 51 | 52 | 70 | 80..=83);
    digit(n, 0) > 0
        && is_yymmdd(n, 1)
        && county
        && (if rest == 10 { 1 } else { rest }) == digit(n, 12)
}

/// Citizen number of Bulgaria: birthday with the century in the month, modulo 11.
pub(crate) fn bg_egn(n: &[u8]) -> bool {
    let sum = weighted(n, &[2, 4, 8, 5, 10, 9, 7, 3, 6]);
    let month = match value(n, 2, 2) {
        m @ 21..=32 => m - 20,
        m @ 41..=52 => m - 40,
        m => m,
    };
    is_date(value(n, 0, 2), month, value(n, 4, 2)) && sum % 11 % 10 == digit(n, 9)
}
