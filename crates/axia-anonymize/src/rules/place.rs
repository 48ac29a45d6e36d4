//! Postal codes by their structure, and coordinates.

use std::ops::Range;

use super::context::{Vocabulary, byte_at, byte_before, is_alphanumeric, is_digit, near};
use super::pattern::match_at;
use crate::{Finding, Kind};

const WORDS: Vocabulary = Vocabulary::of(&[
    "zip",
    "zip code",
    "zipcode",
    "postcode",
    "postal",
    "post code",
    "plz",
    "postleitzahl",
    "código postal",
    "codigo postal",
    "code postal",
    "cap",
    "cep",
    "postnummer",
    "postinumero",
    "pin code",
    "pincode",
    "邮编",
    "郵便番号",
    "우편번호",
    "индекс",
]);

const COORDINATES: Vocabulary = Vocabulary::of(&[
    "lat",
    "latitude",
    "coordinates",
    "location",
    "gps",
    "long",
    "lon",
]);

/// The states and territories of the United States.
const STATES: &[u8] = b"AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR GU VI AS MP AA AE AP ";

/// The letters in front of British postcodes.
const AREAS: &[u8] = b"AB AL B  BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E  EC EH EN EX FK FY G  GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L  LA LD LE LL LN LS LU M  ME MK ML N  NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S  SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W  WA WC WD WF WN WR WS WV YO ZE ";

/// Reports the code that begins with this word, which holds a digit.
pub(crate) fn postcode_at(text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let first = bytes[word.start];
    if first.is_ascii_alphabetic() {
        if word.len() <= 7 {
            out.extend(british(text, word).or_else(|| canadian(text, word)));
        }
        return;
    }
    let digits = word.len();
    if !bytes[word.clone()].iter().all(u8::is_ascii_digit) || !(3..=8).contains(&digits) {
        return;
    }
    let joined = matches!(
        byte_before(text, word.start),
        Some(b'-' | b'.' | b'/' | b'+' | b'$' | b',' | b':' | b'#')
    ) && byte_before(text, word.start) != Some(b':');
    if joined {
        return;
    }
    let (span, state) = (zip(text, word), state_before(bytes, word.start));
    if digits == 5 && state && !is_alphanumeric(byte_at(text, span.end)) {
        out.push(Finding::by_rule(
            Kind::Postcode,
            span,
            "zip-with-state",
            0.75,
        ));
        return;
    }
    if let Some(found) = (digits == 4).then(|| dutch(text, word)).flatten() {
        out.push(found);
        return;
    }
    if !announced(text, word.start) {
        return;
    }
    let span = grouped(text, word, &span);
    if is_digit(byte_at(text, span.end)) {
        return;
    }
    out.push(
        Finding::by_rule(Kind::Postcode, span, "postcode-labelled", 0.65).near(Some("postcode")),
    );
}

/// The last two letters of the words and fillers, or a letter outside of ASCII: a quick look first.
fn may_be_announced(bytes: &[u8], start: usize) -> bool {
    let head = &bytes[..start];
    let signs = head
        .iter()
        .rev()
        .take(4)
        .take_while(|b| matches!(b, b' ' | b':' | b'"' | b'=' | b'\''))
        .count();
    match head[..start - signs] {
        [.., last] if last >= 0x80 => true,
        [.., a, b] => matches!(
            &[a.to_ascii_lowercase(), b.to_ascii_lowercase()],
            b"ip" | b"de" | b"al" | b"lz" | b"hl" | b"ap" | b"ep" | b"er" | b"ro" | b"is"
        ),
        _ => false,
    }
}

/// Right behind `zip`, `postcode` and the like, with `is` or a colon in between.
fn announced(text: &str, start: usize) -> bool {
    if !may_be_announced(text.as_bytes(), start) {
        return false;
    }
    let mut from = start.saturating_sub(28);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let head = text[from..start].to_lowercase();
    let mut head = head.trim_end_matches([' ', ':', '"', '=', '\'']);
    for filler in [" is", " number", " code"] {
        head = head.strip_suffix(filler).unwrap_or(head);
    }
    WORDS.words().iter().any(|word| {
        head.strip_suffix(word)
            .is_some_and(|rest| !rest.ends_with(char::is_alphabetic))
    })
}

/// The four digits of `94105-1234`.
fn zip(text: &str, word: &Range<usize>) -> Range<usize> {
    let more = text.as_bytes().get(word.end..word.end + 5);
    let plus_four = word.len() == 5
        && more.is_some_and(|m| m[0] == b'-' && m[1..].iter().all(u8::is_ascii_digit))
        && !is_alphanumeric(byte_at(text, word.end + 5));
    word.start..word.end + if plus_four { 5 } else { 0 }
}

/// `394 13`, `3610-114`, `7412 SL`, `75534-030`.
fn grouped(text: &str, word: &Range<usize>, plain: &Range<usize>) -> Range<usize> {
    for pattern in [
        "999 99",
        "9999 999",
        "99999 999",
        "99 999",
        "9999 AA",
        "999 9999",
    ] {
        let found = match_at(text.as_bytes(), word.start, pattern).filter(|found| {
            found.simple && found.end > plain.end && !is_alphanumeric(byte_at(text, found.end))
        });
        if let Some(found) = found {
            return word.start..found.end;
        }
    }
    plain.clone()
}

fn state_before(bytes: &[u8], start: usize) -> bool {
    let head = bytes[..start].strip_suffix(b" ").unwrap_or(&bytes[..start]);
    let head = head
        .strip_suffix(b" ")
        .or_else(|| head.strip_suffix(b","))
        .unwrap_or(head);
    let Some(at) = head.len().checked_sub(2) else {
        return false;
    };
    if !head[at..].iter().all(u8::is_ascii_uppercase) {
        return false;
    }
    let whole = at == 0 || !head[at - 1].is_ascii_alphanumeric();
    whole && head.len() < start && is_in(STATES, &head[at..])
}

/// Three places a piece.
fn is_in(table: &[u8], code: &[u8]) -> bool {
    table
        .chunks(3)
        .any(|known| known.iter().take_while(|b| **b != b' ').eq(code))
}

/// `SW1A 1AA`, `M1 1AE`: an area, a district, a space (or none), a digit and two letters.
fn british(text: &str, word: &Range<usize>) -> Option<Finding> {
    const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
    let bytes = text.as_bytes();
    let letters = bytes[word.clone()]
        .iter()
        .take(3)
        .take_while(|b| b.is_ascii_uppercase())
        .count();
    if !(1..=2).contains(&letters) || !is_in(AREAS, &bytes[word.start..word.start + letters]) {
        return None;
    }
    let district = &bytes[word.start + letters..word.end];
    let (outward, inward, glued) = if bytes.get(word.end) == Some(&b' ') && word.len() <= 4 {
        (district, word.end + 1, false)
    } else {
        (
            district.get(..district.len().checked_sub(3)?)?,
            word.end.checked_sub(3)?,
            true,
        )
    };
    let valid_outward = match outward {
        [a] => a.is_ascii_digit(),
        [a, b] => a.is_ascii_digit() && (b.is_ascii_digit() || b.is_ascii_uppercase()),
        _ => false,
    };
    let tail = bytes.get(inward..inward + 3)?;
    let valid_inward = tail[0].is_ascii_digit() && tail[1..].iter().all(|b| INWARD.contains(b));
    let end = inward + 3;
    if !valid_outward
        || !valid_inward
        || is_alphanumeric(byte_at(text, end))
        || touches(text, word.start)
    {
        return None;
    }
    let span = word.start..end;
    // Without its space a part number looks the same.
    if glued && near(text, &span, 40, 20, &WORDS).is_none() {
        return None;
    }
    Some(Finding::by_rule(Kind::Postcode, span, "postcode-uk", 0.75))
}

/// `K1A 0B1`: letter, digit, letter, space, digit, letter, digit.
fn canadian(text: &str, word: &Range<usize>) -> Option<Finding> {
    let found = match_at(text.as_bytes(), word.start, "A9A 9A9")?;
    let n = found.compact.as_slice();
    let letters = b"ABCEGHJKLMNPRSTVXY";
    let first = letters.contains(&n[0])
        && [n[2], n[4]]
            .iter()
            .all(|b| letters.contains(b) || matches!(b, b'W' | b'Z'));
    let separated = found.simple && byte_at(text, word.end) != Some(b'.');
    let span = word.start..found.end;
    if !first
        || !found.capitals
        || is_alphanumeric(byte_at(text, found.end))
        || touches(text, word.start)
    {
        return None;
    }
    if !separated && near(text, &span, 40, 20, &WORDS).is_none() {
        return None;
    }
    Some(Finding::by_rule(
        Kind::Postcode,
        span,
        "postcode-canada",
        0.75,
    ))
}

fn touches(text: &str, start: usize) -> bool {
    matches!(
        byte_before(text, start),
        Some(b'-' | b'_' | b'/' | b'.' | b'#')
    )
}

/// `1234 AB` in an address: with a comma or a line's start in front and a place behind it.
fn dutch(text: &str, word: &Range<usize>) -> Option<Finding> {
    let found = match_at(text.as_bytes(), word.start, "9999 AA")?;
    let n = found.compact.as_slice();
    let in_use = (b'1'..=b'9').contains(&n[0])
        && !matches!(
            &n[4..],
            b"SA" | b"SD" | b"SS" | b"AD" | b"BC" | b"AM" | b"PM"
        );
    let before = text[..word.start].trim_end_matches(' ');
    let opens = before.is_empty() || before.ends_with([',', '\n', ':']);
    let place = text[found.end..]
        .trim_start_matches([' ', ','])
        .starts_with(char::is_uppercase);
    let whole = !is_alphanumeric(byte_at(text, found.end));
    (in_use && found.capitals && found.simple && opens && place && whole).then(|| {
        Finding::by_rule(
            Kind::Postcode,
            word.start..found.end,
            "postcode-netherlands",
            0.65,
        )
    })
}

/// Reports `40.712776, -74.005974`: latitude and longitude with at least four decimals.
pub(crate) fn coordinates_at(text: &str, digits: &Range<usize>, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let Some((start, end, latitude)) = degree(bytes, digits.start) else {
        return;
    };
    if digits.len() > 3 || latitude > 90 || is_alphanumeric(byte_before(text, start)) {
        return;
    }
    // A degree sign, and a letter for the direction.
    let direction = |end: usize| {
        let end = end
            + if text[end..].starts_with('°') {
                '°'.len_utf8()
            } else {
                0
            };
        let letter = end + usize::from(bytes.get(end) == Some(&b' '));
        let is_direction = matches!(bytes.get(letter), Some(b'N' | b'S' | b'E' | b'W'));
        let whole = !is_alphanumeric(bytes.get(letter + 1).copied());
        if is_direction && whole {
            letter + 1
        } else {
            end
        }
    };
    let end = direction(end);
    let gap = bytes[end..]
        .iter()
        .take(4)
        .take_while(|b| matches!(b, b',' | b' ' | b';' | b'/'))
        .count();
    if !(1..=3).contains(&gap) {
        return;
    }
    let second = end + gap + usize::from(matches!(bytes.get(end + gap), Some(b'-' | b'+')));
    let Some((_, second_end, longitude)) = degree(bytes, second) else {
        return;
    };
    if longitude > 180 {
        return;
    }
    let span = start..direction(second_end);
    let word = near(text, &span, 40, 20, &COORDINATES);
    // Four decimals are eleven metres; without a word beside them they may be any two numbers.
    let decimals = text[span.clone()].split('.').nth(1).map_or(0, |tail| {
        tail.bytes().take_while(u8::is_ascii_digit).count()
    });
    if word.is_some() || (decimals > 4 && latitude.max(longitude) >= 10) {
        out.push(Finding::by_rule(Kind::Coordinates, span, "coordinates", 0.6).near(word));
    }
}

/// One number with at least four decimals: where it starts with its sign, its end, its whole degrees.
fn degree(bytes: &[u8], at: usize) -> Option<(usize, usize, u32)> {
    let whole = bytes
        .get(at..)?
        .iter()
        .take(4)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let decimals = bytes
        .get(at + whole + 1..)?
        .iter()
        .take(16)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let point = bytes.get(at + whole) == Some(&b'.');
    if !point || !(1..=3).contains(&whole) || !(4..=15).contains(&decimals) {
        return None;
    }
    let degrees = bytes[at..at + whole]
        .iter()
        .fold(0, |sum, b| sum * 10 + u32::from(b - b'0'));
    let signed = matches!(
        at.checked_sub(1).and_then(|i| bytes.get(i)),
        Some(b'-' | b'+')
    );
    Some((at - usize::from(signed), at + whole + 1 + decimals, degrees))
}
