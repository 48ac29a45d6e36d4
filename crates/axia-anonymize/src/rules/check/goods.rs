//! Numbers of things: vehicles, telephones, SIM cards.

use super::{all_same, base36, digit, luhn, value};

/// Vehicle: no I, O, Q; the ninth character checks the others (ISO 3779, 49 CFR 565).
pub(crate) fn vin(n: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let place = |b: u8| match b {
        b'0'..=b'9' => Some(u32::from(b - b'0')),
        b'A'..=b'H' => Some(u32::from(b - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(b - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(b - b'S') + 2),
        _ => None,
    };
    let places: Option<Vec<u32>> = n.iter().map(|&b| place(b)).collect();
    let Some(places) = places else { return false };
    let sum: u32 = places.iter().zip(WEIGHTS).map(|(p, w)| p * w).sum();
    let check = match sum % 11 {
        10 => b'X',
        digit => b'0' + digit as u8,
    };
    let digits = n.iter().filter(|b| b.is_ascii_digit()).count();
    n.len() == 17 && n[8] == check && (4..=15).contains(&digits)
}

/// Mobile equipment: Luhn, and the reporting bodies that have given out numbers.
pub(crate) fn imei(n: &[u8]) -> bool {
    matches!(
        value(n, 0, 2),
        1 | 10 | 30 | 33 | 35 | 44 | 45 | 49..=54 | 86 | 91 | 98 | 99
    ) && !all_same(n)
        && luhn(n)
}

/// SIM card: 89 for telecommunication, Luhn.
pub(crate) fn iccid(n: &[u8]) -> bool {
    n.starts_with(b"89") && luhn(n)
}

/// Subscriber: a mobile country code from 2 to 7 in front.
pub(crate) fn imsi(n: &[u8]) -> bool {
    (2..=7).contains(&digit(n, 0)) && !all_same(n)
}

/// At least one letter and one digit, and not one character alone.
pub(crate) fn mixed(n: &[u8]) -> bool {
    n.iter().any(u8::is_ascii_digit) && n.iter().any(|&b| base36(b) > 9)
}

/// Numbers without a check.
pub(crate) fn any(n: &[u8]) -> bool {
    !all_same(n)
}
