//! Asia, Africa and Turkey.

use super::{
    all_same, base36, digit, is_birthday, is_date, is_yymmdd, luhn, value, verhoeff, weighted,
};

/// Identity number of India.
pub(crate) fn in_aadhaar(n: &[u8]) -> bool {
    digit(n, 0) >= 2 && verhoeff(n) && !n.iter().eq(n.iter().rev())
}

/// Taxpayer number of India: the fourth letter says what sort of taxpayer.
pub(crate) fn in_pan(n: &[u8]) -> bool {
    n.get(3).is_some_and(|b| b"PCHABGJLFTEK".contains(b)) && value(n, 5, 4) > 0
}

/// Goods and services tax number of India: state, PAN, and a check character in base 36.
pub(crate) fn in_gstin(n: &[u8]) -> bool {
    let sum: u32 = n
        .iter()
        .take(14)
        .enumerate()
        .map(|(i, &b)| {
            let product = base36(b) * (1 + i as u32 % 2);
            product / 36 + product % 36
        })
        .sum();
    let state = value(n, 0, 2);
    matches!(state, 1..=38 | 97 | 99)
        && n.get(2..12).is_some_and(in_pan)
        && n.get(14)
            .is_some_and(|&b| base36(b) == (36 - sum % 36) % 36)
}

/// Identity number of China (GB 11643): region, birthday, and MOD 11-2.
pub(crate) fn cn_id(n: &[u8]) -> bool {
    let region = matches!(value(n, 0, 2), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83);
    let sum = weighted(n, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    region && is_birthday(n, 6) && n.get(17) == Some(&b"10X98765432"[sum as usize % 11])
}

/// Resident number of Korea: birthday, sex with century, and until 2020 a check digit.
pub(crate) fn kr_rrn(n: &[u8]) -> bool {
    let sum = weighted(n, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let since_2020 = value(n, 0, 2) >= 20 && matches!(digit(n, 6), 3 | 4 | 7 | 8);
    let checked = (11 - sum % 11) % 10 == digit(n, 12);
    is_yymmdd(n, 0) && (1..=8).contains(&digit(n, 6)) && (since_2020 || checked)
}

/// Individual number of Japan.
pub(crate) fn jp_my_number(n: &[u8]) -> bool {
    let rest = weighted(n, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest <= 1 { 0 } else { 11 - rest };
    !all_same(n) && check == digit(n, 11)
}

/// Identity number of Singapore: S, T (citizens), F, G, M (others), with a letter at the end.
pub(crate) fn sg_nric(n: &[u8]) -> bool {
    let Some((series, body)) = n.split_first() else {
        return false;
    };
    let sum = weighted(body, &[2, 7, 6, 5, 4, 3, 2]);
    let (offset, letters) = match series {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    let rest = (sum + offset) as usize % 11;
    let place = if *series == b'M' { 10 - rest } else { rest };
    let letters: &[u8] = if *series == b'M' {
        b"KLJNPQRTUWX"
    } else {
        letters
    };
    body.get(7).is_some_and(|b| letters.get(place) == Some(b))
}

/// Identity number of Thailand: weights 13 to 2, modulo 11.
pub(crate) fn th_id(n: &[u8]) -> bool {
    let sum = weighted(n, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    (1..=8).contains(&digit(n, 0)) && !all_same(n) && (11 - sum % 11) % 10 == digit(n, 12)
}

/// Identity number of Turkey: two check digits.
pub(crate) fn tr_id(n: &[u8]) -> bool {
    let odd: u32 = [0, 2, 4, 6, 8].iter().map(|&i| digit(n, i)).sum();
    let even: u32 = [1, 3, 5, 7].iter().map(|&i| digit(n, i)).sum();
    let tenth = (odd * 7 + 100 - even) % 10;
    let all: u32 = (0..10).map(|i| digit(n, i)).sum();
    digit(n, 0) > 0 && tenth == digit(n, 9) && all % 10 == digit(n, 10)
}

/// Identity number of South Africa: birthday, sex, citizenship, Luhn.
pub(crate) fn za_id(n: &[u8]) -> bool {
    is_yymmdd(n, 0) && digit(n, 10) <= 2 && luhn(n)
}

/// Identity number of Israel: Luhn over nine digits.
pub(crate) fn il_id(n: &[u8]) -> bool {
    !all_same(n) && luhn(n)
}

/// Identity card of Hong Kong: one or two letters, six digits, modulo 11.
pub(crate) fn hk_id(n: &[u8]) -> bool {
    let letters = n.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let space = 36;
    let sum: u32 = if letters == 1 { space * 9 } else { 0 }
        + n.iter()
            .take(n.len().saturating_sub(1))
            .zip((2..=(n.len() as u32)).rev())
            .map(|(&b, w)| base36(b) * w)
            .sum::<u32>();
    let check = match (11 - sum % 11) % 11 {
        10 => b'A',
        digit => b'0' + digit as u8,
    };
    n.last() == Some(&check)
}

/// Identity card of Taiwan: a letter, sex, and weights 1, 9, 8 ... 1, 1.
pub(crate) fn tw_id(n: &[u8]) -> bool {
    const ORDER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(place) = n.first().and_then(|b| ORDER.iter().position(|o| o == b)) else {
        return false;
    };
    let letter = place as u32 + 10;
    let sum = letter / 10 + letter % 10 * 9 + weighted(&n[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(digit(n, 1), 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}

/// Identity card of Malaysia: birthday and the state of birth.
pub(crate) fn my_kad(n: &[u8]) -> bool {
    is_yymmdd(n, 0)
        && matches!(value(n, 6, 2), 1..=16 | 21..=59 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99)
}

/// Identity number of Indonesia: province, and a birthday with 40 added to the day for women.
pub(crate) fn id_nik(n: &[u8]) -> bool {
    let day = match value(n, 6, 2) {
        day @ 41..=71 => day - 40,
        day => day,
    };
    matches!(value(n, 0, 2), 11..=19 | 21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97)
        && is_date(value(n, 10, 2), value(n, 8, 2), day)
        && value(n, 12, 4) > 0
}

/// Identity card of Pakistan: a province in front, the sex at the end.
pub(crate) fn pk_cnic(n: &[u8]) -> bool {
    (1..=8).contains(&digit(n, 0)) && !all_same(n)
}

/// Identity card of the Emirates: 784, year of birth, Luhn.
pub(crate) fn ae_id(n: &[u8]) -> bool {
    n.starts_with(b"784") && (1890..=2035).contains(&value(n, 3, 4))
}

/// Identity number of Egypt: century, birthday, governorate.
pub(crate) fn eg_id(n: &[u8]) -> bool {
    matches!(digit(n, 0), 2 | 3) && is_yymmdd(n, 1) && matches!(value(n, 7, 2), 1..=35 | 88)
}

/// Identity number of Saudi Arabia: 1 or 2 in front, Luhn.
pub(crate) fn sa_id(n: &[u8]) -> bool {
    matches!(digit(n, 0), 1 | 2) && luhn(n)
}

/// Identity number of Kazakhstan: birthday, century, two passes modulo 11.
pub(crate) fn kz_iin(n: &[u8]) -> bool {
    let first = weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    let second = weighted(n, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
    let check = if first == 10 { second } else { first };
    is_yymmdd(n, 0) && digit(n, 6) <= 6 && check == digit(n, 11)
}
