//! The Nordic and Baltic countries, Poland, the Czech and Slovak republics, Hungary, Ukraine, Russia.

use super::{all_same, digit, is_date, is_ddmmyy, is_yymmdd, luhn, remainder, value, weighted};

/// Personal number of Sweden, ten digits or twelve; coordination numbers add 60 to the day.
pub(crate) fn se_pnr(n: &[u8]) -> bool {
    let Some(ten) = n.len().checked_sub(10).and_then(|from| n.get(from..)) else {
        return false;
    };
    let day = match value(ten, 4, 2) {
        day @ 61..=91 => day - 60,
        day => day,
    };
    let century = n.len() == 10 || matches!(value(n, 0, 2), 18..=20);
    century && is_date(value(ten, 0, 2), value(ten, 2, 2), day) && luhn(ten)
}

/// Personal code of Finland without its century sign: the remainder modulo 31 as a character.
pub(crate) fn fi_hetu(n: &[u8]) -> bool {
    let digits: Vec<u8> = n.iter().copied().filter(u8::is_ascii_digit).collect();
    let Some((birthday, serial)) = digits.split_at_checked(6) else {
        return false;
    };
    let number = value(birthday, 0, 6) * 1000 + value(serial, 0, 3);
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[number as usize % 31];
    is_ddmmyy(birthday, 0) && value(serial, 0, 3) >= 2 && n.last() == Some(&check)
}

/// Personal number of Denmark: the birthday; since 2007 there is no check digit.
pub(crate) fn dk_cpr(n: &[u8]) -> bool {
    is_ddmmyy(n, 0)
}

/// Birth number of Norway: birthday (40 more on the day for foreigners), two check digits.
pub(crate) fn no_fnr(n: &[u8]) -> bool {
    let day = match value(n, 0, 2) {
        day @ 41..=71 => day - 40,
        day => day,
    };
    let check = |weights: &[u32]| (11 - weighted(n, weights) % 11) % 11;
    is_date(value(n, 4, 2), value(n, 2, 2), day)
        && check(&[3, 7, 6, 1, 8, 9, 4, 5, 2]) == digit(n, 9)
        && check(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == digit(n, 10)
}

/// Number of Poland: birthday with the century in the month, weights 1, 3, 7, 9.
pub(crate) fn pl_pesel(n: &[u8]) -> bool {
    let sum = weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    let month = value(n, 2, 2) % 20;
    let century = value(n, 2, 2) / 20;
    let year = match century {
        4 => 1800,
        century => 1900 + 100 * century,
    } + value(n, 0, 2);
    is_date(year, month, value(n, 4, 2)) && (10 - sum % 10) % 10 == digit(n, 10)
}

/// Tax number of Poland.
pub(crate) fn pl_nip(n: &[u8]) -> bool {
    !all_same(n) && weighted(n, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digit(n, 9)
}

/// Birth number of the Czech and Slovak republics: 50 (or 20, 70) more on the month, modulo 11.
pub(crate) fn cz_birth(n: &[u8]) -> bool {
    let month = value(n, 2, 2);
    let month = [0, 20, 50, 70]
        .iter()
        .filter_map(|o| month.checked_sub(*o))
        .find(|m| (1..=12).contains(m));
    let date = month.is_some_and(|m| is_date(value(n, 0, 2), m, value(n, 4, 2)));
    date && (n.len() == 9 || remainder(n, 11) == 0)
}

/// Personal code of Estonia and Lithuania: sex with century, birthday, two passes modulo 11.
pub(crate) fn ee_code(n: &[u8]) -> bool {
    let first = weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(n, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = if first == 10 { second % 10 } else { first };
    (1..=8).contains(&digit(n, 0)) && is_yymmdd(n, 1) && check == digit(n, 10)
}

/// Personal code of Latvia: birthday, century, modulo 11.
pub(crate) fn lv_code(n: &[u8]) -> bool {
    let sum = weighted(n, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    is_ddmmyy(n, 0) && digit(n, 6) <= 2 && (1101 - sum) % 11 % 10 == digit(n, 10)
}

/// Insurance number of Hungary: weights 3 and 7.
pub(crate) fn hu_taj(n: &[u8]) -> bool {
    !all_same(n) && weighted(n, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == digit(n, 8)
}

/// Identity number of Iceland: birthday, modulo 11, century.
pub(crate) fn is_kennitala(n: &[u8]) -> bool {
    let check = (11 - weighted(n, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    is_ddmmyy(n, 0) && check == digit(n, 8) && matches!(digit(n, 9), 0 | 8 | 9)
}

/// Taxpayer number of Russia, for people (twelve digits) and companies (ten).
pub(crate) fn ru_inn(n: &[u8]) -> bool {
    let check = |weights: &[u32]| weighted(n, weights) % 11 % 10;
    let valid = match n.len() {
        10 => check(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit(n, 9),
        _ => {
            check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit(n, 10)
                && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit(n, 11)
        }
    };
    valid && !all_same(n)
}

/// Insurance account of Russia: weights 9 to 1, modulo 101.
pub(crate) fn ru_snils(n: &[u8]) -> bool {
    let check = weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    !all_same(n) && check == value(n, 9, 2)
}

/// Taxpayer card of Ukraine.
pub(crate) fn ua_rnokpp(n: &[u8]) -> bool {
    // The first weight is minus one.
    let sum = weighted(n, &[10, 5, 7, 9, 4, 6, 10, 5, 7]);
    !all_same(n) && sum % 11 % 10 == digit(n, 9)
}
