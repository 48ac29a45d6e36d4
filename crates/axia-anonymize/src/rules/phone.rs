//! Telephone numbers: international form, national forms with separators, and numbers next to a word
//! such as "phone".

use std::ops::Range;

use crate::rules::context::{
    Vocabulary, byte_at, byte_before, in_hex_or_uuid, is_alphanumeric, near,
};
use crate::rules::number::{broken, digits, separator, starts_with_date};
use crate::{Finding, Kind};

/// Country codes of E.164; no code is the beginning of another.
const COUNTRY_CODES: &[&str] = &[
    "1", "7", "20", "211", "212", "213", "216", "218", "22", "23", "24", "25", "26", "27", "290",
    "291", "297", "298", "299", "30", "31", "32", "33", "34", "35", "36", "37", "380", "381",
    "382", "383", "385", "386", "387", "389", "39", "40", "41", "420", "421", "423", "43", "44",
    "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60",
    "61", "62", "63", "64", "65", "66", "670", "672", "673", "674", "675", "676", "677", "678",
    "679", "68", "690", "691", "692", "800", "808", "81", "82", "84", "850", "852", "853", "855",
    "856", "86", "870", "878", "880", "881", "882", "883", "886", "90", "91", "92", "93", "94",
    "95", "960", "961", "962", "963", "964", "965", "966", "967", "968", "970", "971", "972",
    "973", "974", "975", "976", "977", "979", "98", "992", "993", "994", "995", "996", "998",
];

pub(super) const WORDS: Vocabulary = Vocabulary::of(&[
    "phone",
    "phones",
    "telephone",
    "tel",
    "mobile",
    "cell",
    "cellphone",
    "whatsapp",
    "fax",
    "sms",
    "landline",
    "hotline",
    "call me",
    "call us",
    "call at",
    "can call",
    "please call",
    "to call",
    "calling",
    "text me",
    "text us",
    "reach me",
    "reach us",
    "my number",
    "number is",
    "contact number",
    "answering",
    "messages to",
    "message to",
    "my registered",
    "be reached",
    "reached at",
    "reached under",
    "reached on",
    "reachable",
    "reach him",
    "reach her",
    "reach them",
    "contact me",
    "contacted at",
    "call back",
    "callback",
    "voicemail",
    "extension",
    "pager",
    "desk",
    "office",
    "home number",
    "work number",
    "emergency contact",
    "contact no",
    "phone_number",
    "phonenumber",
    "ph",
    "dial",
    "ring me",
    "telefon",
    "telefonnummer",
    "handy",
    "handynummer",
    "mobil",
    "rufnummer",
    "teléfono",
    "telefono",
    "móvil",
    "celular",
    "téléphone",
    "portable",
    "cellulare",
    "telefone",
    "telefoon",
    "telefonu",
    "numer",
    "telefonu",
    "телефон",
    "тел",
    "мобильный",
    "هاتف",
    "جوال",
    "फोन",
    "电话",
    "電話",
    "手机",
    "手機",
    "号码",
    "联系方式",
    "携帯",
    "전화",
    "연락처",
    "điện thoại",
]);

/// How letters end, in lower case and without the comma.
const CLOSINGS: &[&str] = &[
    "best",
    "best wishes",
    "best regards",
    "kind regards",
    "warm regards",
    "regards",
    "sincerely",
    "yours sincerely",
    "yours faithfully",
    "yours truly",
    "yours",
    "respectfully",
    "cheers",
    "thanks",
    "many thanks",
    "thank you",
    "love",
    "take care",
    "greetings",
    "mit freundlichen grüßen",
    "viele grüße",
    "liebe grüße",
    "cordialement",
    "bien à vous",
    "saludos",
    "un saludo",
    "atentamente",
    "cordiali saluti",
    "distinti saluti",
    "atenciosamente",
    "abraços",
    "met vriendelijke groet",
    "groeten",
    "pozdrawiam",
    "hälsningar",
    "med vänlig hälsning",
    "с уважением",
];

/// A signature has at most so many lines between its closing and the number, each at most so long.
const SIGNATURE_LINES: usize = 4;
const SIGNATURE_BYTES: usize = 160;

/// What a rule found: how many groups it takes, and the bytes in front that belong to it.
struct Match {
    groups: usize,
    start: usize,
    rule: &'static str,
    score: f32,
}

/// Reports the telephone numbers in a region of digit groups.
pub(crate) fn in_region(text: &str, groups: &[Range<usize>], out: &mut Vec<Finding>) {
    let mut i = 0;
    while i < groups.len() {
        let taken = phone_at(text, groups, i, out);
        i += taken.max(1);
    }
}

/// Reports a number that starts with group `i`; returns how many groups it takes.
fn phone_at(text: &str, groups: &[Range<usize>], i: usize, out: &mut Vec<Finding>) -> usize {
    let rest = &groups[i..];
    // In front of the region, or behind a space or bracket in it: a number may begin here.
    let opens = i == 0 || separator(text, groups, i - 1).contains([' ', '(', '\t']);
    if !opens || starts_with_date(text, rest) {
        return 0;
    }
    let found = international(text, rest)
        .or_else(|| north_american(text, rest, i == 0))
        .or_else(|| trunk(text, rest))
        .or_else(|| mobile_of_china(text, rest))
        .or_else(|| if i == 0 { by_context(text, rest) } else { None });
    let Some(found) = found else { return 0 };
    let Some(last) = rest.get(found.groups - 1) else {
        return 0;
    };
    let numbers = found.start..last.end;
    let start = with_bracket(text, numbers);
    let span = start..last.end + extension(text, last.end);
    if touches_more(text, &span) || in_hex_or_uuid(text, &(rest[0].start..last.end)) {
        return 0;
    }
    let word = near(text, &span, 32, 24, &WORDS);
    let finding = Finding::by_rule(Kind::Phone, span, found.rule, found.score);
    out.push(finding.near(word));
    found.groups
}

/// `+49 30 1234567`, `(+41) 44 ...`, `0041 44 ...`, `+44 (0)20 ...`.
fn international(text: &str, groups: &[Range<usize>]) -> Option<Match> {
    let first = groups.first()?;
    let plus = byte_before(text, first.start) == Some(b'+');
    let head = &text[first.clone()];
    let head = if plus { head } else { head.strip_prefix("00")? };
    let mut number = head.to_owned();
    let mut taken = 1;
    while let Some(next) = groups.get(taken) {
        let trunk_zero =
            &text[next.clone()] == "0" && separator(text, groups, taken - 1).ends_with('(');
        let len = if trunk_zero { 0 } else { next.len() };
        let full = number.len() + len > 15 || is_complete(&number);
        // One more digit behind a space is the next thing that the sentence counts.
        let stray = number.len() >= 9 && len == 1 && separator(text, groups, taken - 1) == " ";
        if full || stray {
            break;
        }
        if !trunk_zero {
            number.push_str(&text[next.clone()]);
        }
        taken += 1;
    }
    let digit = number.as_bytes().first();
    let code = COUNTRY_CODES
        .iter()
        .find(|code| code.as_bytes().first() == digit && number.starts_with(**code))?;
    let right_length = match *code {
        "1" | "7" => is_complete(&number),
        _ => (8..=15).contains(&number.len()),
    };
    // Without the plus sign it takes a separator or more to tell it from any number with zeros.
    if !right_length || (!plus && taken == 1) {
        return None;
    }
    let start = first.start - usize::from(plus);
    Some(Match {
        groups: taken,
        start,
        rule: "phone-international",
        score: if plus { 0.9 } else { 0.7 },
    })
}

/// Reports the number that begins with the word and whose groups are parted by line breaks or markup: three, three
/// and four digits behind a word such as "phone", or any number of a country behind a plus sign.
pub(crate) fn broken_at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    if word.len() > 4 || !text.as_bytes()[word.clone()].iter().all(u8::is_ascii_digit) {
        return;
    }
    let Some(number) = broken(text, word).filter(|number| number.tight || number.lines) else {
        return;
    };
    let plus = byte_before(text, word.start) == Some(b'+');
    let start = word.start - usize::from(plus);
    let span = start..number.groups.last().map_or(word.end, |last| last.end);
    let lengths: Vec<usize> = number.groups.iter().map(ExactSizeIterator::len).collect();
    let right = if plus {
        let digits = digits(text, &number.groups);
        let known = COUNTRY_CODES.iter().any(|code| digits.starts_with(code));
        known && (8..=15).contains(&digits.len())
    } else {
        matches!(lengths.as_slice(), [3, 3, 4] | [1, 3, 3, 4])
    };
    let context = near(text, &span, 32, 24, &WORDS);
    if right && (plus || context.is_some()) && !touches_more(text, &span) {
        let finding = Finding::by_rule(Kind::Phone, span, "phone-broken", 0.6);
        out.push(finding.near(context));
    }
}

/// Codes 1 and 7 have eleven digits, always.
fn is_complete(number: &str) -> bool {
    number.len() == 11 && (number.starts_with('1') || number.starts_with('7'))
}

/// `(415) 555-2671`, `415-555-2671`, `1.415.555.2671`, `415 555 2671`.
fn north_american(text: &str, groups: &[Range<usize>], first_in_region: bool) -> Option<Match> {
    let code = usize::from(text.get(groups.first()?.clone()) == Some("1"));
    let service = |group: &Range<usize>| (b'2'..=b'9').contains(&text.as_bytes()[group.start]);
    // `(415)5552671`.
    if let [area, rest, ..] = groups.get(code..)?
        && (area.len(), rest.len()) == (3, 7)
        && service(area)
        && service(rest)
        && byte_before(text, area.start) == Some(b'(')
        && matches!(separator(text, groups, code), ")" | ") " | ")-")
    {
        return Some(Match {
            groups: code + 2,
            start: groups[0].start,
            rule: "phone-north-american",
            score: 0.7,
        });
    }
    let [area, exchange, line, ..] = groups.get(code..)? else {
        return None;
    };
    let lengths = (area.len(), exchange.len(), line.len()) == (3, 3, 4);
    if !lengths || !service(area) || !service(exchange) {
        return None;
    }
    let first = separator(text, groups, code);
    let second = separator(text, groups, code + 1);
    let bracketed = first.starts_with(')') && byte_before(text, area.start) == Some(b'(');
    let alone = first_in_region && groups.len() == code + 3;
    let separated = match (first, second) {
        ("-", "-") | (".", ".") | (" " | "/", "-") => true,
        (_, "-" | "." | " " | " - ") if bracketed => true,
        // Columns of numbers look like this, too.
        (" ", " ") => alone,
        _ => false,
    };
    separated.then(|| Match {
        groups: code + 3,
        start: groups[0].start,
        rule: "phone-north-american",
        score: 0.75,
    })
}

/// National numbers with the trunk prefix 0: `020 7946 0958`, `(030) 1234567`, `06 12 34 56 78`.
fn trunk(text: &str, groups: &[Range<usize>]) -> Option<Match> {
    let first = &text[groups.first()?.clone()];
    if !first.starts_with('0') || first.starts_with("00") || first.len() < 2 {
        return None;
    }
    let len = |taken: usize| {
        groups[..taken]
            .iter()
            .map(ExactSizeIterator::len)
            .sum::<usize>()
    };
    // As many groups as one number can have; behind them the sentence goes on with a space.
    let taken = (2..=groups.len().min(6))
        .rev()
        .find(|&taken| (9..=12).contains(&len(taken)))?;
    let ends = taken == groups.len() || separator(text, groups, taken - 1).contains(' ');
    let numbers = &groups[..taken];
    let shortest = numbers.iter().map(ExactSizeIterator::len).min()?;
    let shape: Vec<usize> = numbers.iter().map(ExactSizeIterator::len).collect();
    // 3-2-4 is a social security number; 01 02 03 04 05 is a list.
    if !ends || shortest < 2 || shape == [3, 2, 4] || counts_up(text, numbers) {
        return None;
    }
    Some(Match {
        groups: taken,
        start: numbers[0].start,
        rule: "phone-trunk",
        score: 0.65,
    })
}

pub(super) fn counts_up(text: &str, groups: &[Range<usize>]) -> bool {
    let values: Vec<u64> = groups
        .iter()
        .filter_map(|group| text[group.clone()].parse().ok())
        .collect();
    values.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

/// `138-1234-5678`.
fn mobile_of_china(text: &str, groups: &[Range<usize>]) -> Option<Match> {
    let [a, b, c, ..] = groups else { return None };
    let shape = (a.len(), b.len(), c.len()) == (3, 4, 4);
    let prefix = ("13".."20").contains(&&text[a.start..a.start + 2]);
    let separated = separator(text, groups, 0) == separator(text, groups, 1)
        && matches!(separator(text, groups, 0), "-" | " ");
    let alone = groups.len() == 3;
    (shape && prefix && separated && alone).then_some(Match {
        groups: 3,
        start: a.start,
        rule: "phone-china-mobile",
        score: 0.6,
    })
}

/// Any 7 to 15 digits next to a word that announces a telephone number.
fn by_context(text: &str, groups: &[Range<usize>]) -> Option<Match> {
    let mut len = 0;
    let taken = groups
        .iter()
        .take_while(|group| {
            len += group.len();
            len <= 15
        })
        .count();
    let numbers = groups.get(..taken)?;
    let span = numbers.first()?.start..numbers.last()?.end;
    if digits(text, numbers).len() < 7 || is_decimal(text, numbers) {
        return None;
    }
    if near(text, &span, 32, 24, &WORDS).is_none() && !is_signed(text, &span) {
        return None;
    }
    Some(Match {
        groups: taken,
        start: span.start,
        rule: "phone-context",
        score: 0.6,
    })
}

/// Whether the number is a line of its own below the closing of a letter: "Best,", a name, the number.
fn is_signed(text: &str, span: &Range<usize>) -> bool {
    let ends = matches!(byte_at(text, span.end), None | Some(b'\n' | b'\r'));
    if !ends || byte_before(text, span.start) != Some(b'\n') {
        return false;
    }
    let mut from = span.start.saturating_sub(SIGNATURE_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let lines = text[from..span.start].lines().rev().take(SIGNATURE_LINES);
    lines
        .map(|line| line.trim().trim_end_matches([',', '.', '!']))
        .any(|line| {
            let closing =
                |words: &&str| line.len() == words.len() && line.to_lowercase() == **words;
            CLOSINGS.iter().any(closing)
        })
}

fn is_decimal(text: &str, groups: &[Range<usize>]) -> bool {
    groups.len() == 2 && separator(text, groups, 0) == "."
}

/// One byte earlier where a bracket opens in front of the number and closes within it.
pub(super) fn with_bracket(text: &str, numbers: Range<usize>) -> usize {
    let opened = byte_before(text, numbers.start) == Some(b'(');
    let closed = text[numbers.clone()].contains(')');
    numbers.start - usize::from(opened && closed)
}

/// The length of an extension behind the number: ` x036`, ` ext. 12`.
pub(super) fn extension(text: &str, end: usize) -> usize {
    let rest = &text.as_bytes()[end..];
    let spaces = |at: usize| {
        rest[at..]
            .iter()
            .take(2)
            .take_while(|&&b| b == b' ')
            .count()
    };
    let mut at = spaces(0);
    let words: [&[u8]; 6] = [b"extension", b"ext.", b"ext", b"x.", b"x", b"#"];
    let word = words.iter().find(|word| {
        rest.get(at..at + word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    });
    let Some(word) = word else { return 0 };
    at += word.len();
    at += spaces(at);
    let digits = rest[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    match digits {
        1..=6 => at + digits,
        _ => 0,
    }
}

/// Whether what touches the span makes it part of something longer: a word, a decimal number, a
/// time, an amount of money.
pub(super) fn touches_more(text: &str, span: &Range<usize>) -> bool {
    let before = byte_before(text, span.start);
    let glued_before = is_alphanumeric(before)
        || matches!(before, Some(b'$' | b'+'))
        || text[..span.start].ends_with(['€', '£', '¥'])
        || (matches!(before, Some(b'.' | b',' | b'-' | b'/' | b':'))
            && is_alphanumeric(byte_before(text, span.start.saturating_sub(1)))
            && !announced(text, span.start));
    let after = byte_at(text, span.end);
    let glued_after = is_alphanumeric(after)
        || (matches!(after, Some(b'.' | b',' | b'/' | b':'))
            && byte_at(text, span.end + 1).is_some_and(|b| b.is_ascii_digit()))
        || (after == Some(b'-') && !is_word(text, span.end + 1));
    glued_before || glued_after
}

/// A word or nothing at all, as in `415-555-2671-Office`; one letter would be part of a number.
fn is_word(text: &str, at: usize) -> bool {
    let letter = |at| byte_at(text, at).is_some_and(|b| b.is_ascii_alphabetic());
    !is_alphanumeric(byte_at(text, at)) || (letter(at) && letter(at + 1))
}

/// `tel:+49...`, `Tel.030...`: a letter, then a colon or a full stop.
fn announced(text: &str, start: usize) -> bool {
    let mark = byte_before(text, start);
    let letter = byte_before(text, start.saturating_sub(1));
    matches!(mark, Some(b':' | b'.' | b'/')) && letter.is_some_and(|b| b.is_ascii_alphabetic())
}
