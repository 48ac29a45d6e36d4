//! The United States, Mexico, Brazil, Argentina and Chile.

use super::{all_same, base36, digit, is_yymmdd, luhn, value, weighted};

/// Social security number: no area 000, 666 or 9xx, no group 00, no serial 0000, none that was printed
/// in advertisements.
pub(crate) fn us_ssn(n: &[u8]) -> bool {
    let area = value(n, 0, 3);
    let advertised =
        [b"078051120", b"219099999"].iter().any(|ad| *ad == n) || (n.starts_with(b"98765432"));
    area != 0
        && area != 666
        && area < 900
        && value(n, 3, 2) != 0
        && value(n, 5, 4) != 0
        && !advertised
}

/// Taxpayer number of people without a social security number.
pub(crate) fn us_itin(n: &[u8]) -> bool {
    digit(n, 0) == 9 && matches!(value(n, 3, 2), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Employer number: the prefixes that the Internal Revenue Service lists.
pub(crate) fn us_ein(n: &[u8]) -> bool {
    !matches!(
        value(n, 0, 2),
        0 | 7 | 8 | 9 | 17 | 18 | 19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97
    )
}

/// Provider number: Luhn with the prefix 80840.
pub(crate) fn us_npi(n: &[u8]) -> bool {
    matches!(n.first(), Some(b'1' | b'2')) && luhn(&[b"80840".as_slice(), n].concat())
}

/// Medicare beneficiary: which place holds which sort of character; no S, L, O, I, B, Z.
pub(crate) fn us_mbi(n: &[u8]) -> bool {
    let letter = |b: &u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(b);
    n.len() == 11
        && n.iter().zip(b"CAXNAXNAANN").all(|(b, class)| match class {
            b'C' => (b'1'..=b'9').contains(b),
            b'N' => b.is_ascii_digit(),
            b'A' => letter(b),
            _ => letter(b) || b.is_ascii_digit(),
        })
}

/// Registration of prescribers: the odd places, and the even ones twice.
pub(crate) fn us_dea(n: &[u8]) -> bool {
    let Some((head, n)) = n.split_at_checked(2) else {
        return false;
    };
    let sum = weighted(n, &[1, 2, 1, 2, 1, 2]);
    b"ABCDEFGHJKLMPRSTUX".contains(&head[0]) && sum % 10 == digit(n, 6)
}

/// Routing number of a bank: weights 3, 7, 1, and a prefix that the Federal Reserve uses.
pub(crate) fn us_aba(n: &[u8]) -> bool {
    let sum = weighted(n, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    let prefix = value(n, 0, 2);
    sum.is_multiple_of(10) && matches!(prefix, 1..=12 | 21..=32 | 61..=72 | 80)
}

/// Population register code of Mexico: the birthday, sex, state and a check digit in base 37.
pub(crate) fn mx_curp(n: &[u8]) -> bool {
    const STATES: &[u8] = b"ASBCBSCCCSCHCLCMDFDGGRGTHGJCMCMNMSNENLNTOCPLQRQTSLSPSRTCTLTSVZYNZS";
    let state = n.get(11..13).unwrap_or_default();
    // The Spanish N with a tilde has a place of its own, behind N.
    let place = |b: u8| base36(b) + u32::from(b > b'N');
    let sum: u32 = n
        .iter()
        .take(17)
        .zip((2..=18).rev())
        .map(|(&b, w)| place(b) * w)
        .sum();
    is_yymmdd(n, 4)
        && matches!(n.get(10), Some(b'H' | b'M' | b'X'))
        && STATES.chunks(2).any(|known| known == state)
        && (10 - sum % 10) % 10 == digit(n, 17)
}

/// Taxpayer code of a person in Mexico: the birthday and a check digit modulo 11.
pub(crate) fn mx_rfc(n: &[u8]) -> bool {
    let place = |b: u8| base36(b) + u32::from(b > b'N');
    let sum: u32 = n
        .iter()
        .take(12)
        .zip((2..=13).rev())
        .map(|(&b, w)| place(b) * w)
        .sum();
    let check = match 11 - sum % 11 {
        11 => b'0',
        10 => b'A',
        digit => b'0' + digit as u8,
    };
    is_yymmdd(n, 4) && n.get(12) == Some(&check)
}

/// Person's taxpayer number of Brazil: two digits modulo 11.
pub(crate) fn br_cpf(n: &[u8]) -> bool {
    let check = |weights: &[u32]| weighted(n, weights) * 10 % 11 % 10;
    !all_same(n)
        && check(&[10, 9, 8, 7, 6, 5, 4, 3, 2]) == digit(n, 9)
        && check(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == digit(n, 10)
}

/// Company's number of Brazil; since 2026 the first twelve places may be letters.
pub(crate) fn br_cnpj(n: &[u8]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let place = |b: &u8| u32::from(b - b'0');
    let check = |len: usize| {
        let weights = &WEIGHTS[13 - len..];
        let sum: u32 = n.iter().zip(weights).map(|(b, w)| place(b) * w).sum();
        if sum % 11 < 2 { 0 } else { 11 - sum % 11 }
    };
    n.len() == 14 && !all_same(n) && check(12) == digit(n, 12) && check(13) == digit(n, 13)
}

/// Tax number of Argentina (CUIT, CUIL).
pub(crate) fn ar_cuit(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    matches!(value(n, 0, 2), 20 | 23 | 24 | 25 | 26 | 27 | 30 | 33 | 34)
        && match check {
            11 => digit(n, 10) == 0,
            10 => digit(n, 10) == 9,
            check => check == digit(n, 10),
        }
}

/// Number of Chile (RUT): weights 2 to 7 from the right, K for 10.
pub(crate) fn cl_rut(n: &[u8]) -> bool {
    let Some((check, body)) = n.split_last() else {
        return false;
    };
    let weights = [2, 3, 4, 5, 6, 7].iter().cycle();
    let sum: u32 = body
        .iter()
        .rev()
        .zip(weights)
        .map(|(b, w)| base36(*b) * w)
        .sum();
    let expected = match 11 - sum % 11 {
        11 => b'0',
        10 => b'K',
        digit => b'0' + digit as u8,
    };
    !all_same(body) && *check == expected
}
