//! Machine-readable zones of passports and identity cards (ICAO 9303), with their check digits.

use super::check::europe_west::seven_three_one;
use crate::{Finding, Kind};

/// Reports the zone whose first filler `<` stands at `at`: two lines of 44 or 36 characters or three of
/// 30; also one line alone, if it is the one with the check digits.
pub(crate) fn zone_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let (start, end) = line_around(bytes, at);
    // Only the first filler of a line begins anything.
    if bytes[start..at].contains(&b'<') || !is_line(&bytes[start..end]) {
        return;
    }
    let len = end - start;
    let mut span = start..end;
    let mut checked = is_checked(&bytes[start..end]);
    for _ in 0..2 {
        let gap = bytes[span.end..]
            .iter()
            .take(3)
            .take_while(|b| matches!(b, b'\n' | b'\r' | b' '))
            .count();
        let (next, next_end) = (span.end + gap, line_end(bytes, span.end + gap));
        let line = &bytes[next..next_end];
        if gap == 0 || line.len() != len || !is_line(line) {
            break;
        }
        checked |= is_checked(line);
        span.end = next_end;
    }
    if checked {
        out.push(Finding::by_rule(Kind::Passport, span, "mrz", 0.95).validated_by("icao-9303"));
    }
}

fn is_mrz(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<'
}

fn line_around(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = bytes[..at]
        .iter()
        .rev()
        .take(45)
        .take_while(|b| is_mrz(**b))
        .count();
    (at - before, line_end(bytes, at))
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..]
        .iter()
        .take(90)
        .take_while(|b| is_mrz(**b))
        .count()
}

fn is_line(line: &[u8]) -> bool {
    matches!(line.len(), 30 | 36 | 44 | 88 | 72)
}

/// Whether the line holds a date of birth with its check digit, and one of expiry.
fn is_checked(line: &[u8]) -> bool {
    let dates = |line: &[u8], birth: usize, expiry: usize| {
        [birth, expiry].iter().all(|&from| {
            line.get(from..from + 7).is_some_and(|date| {
                date[..6].iter().all(|b| b.is_ascii_digit() || *b == b'<')
                    && date[6] == b'0' + seven_three_one(&date[..6]) as u8
                    && date[..6].iter().any(u8::is_ascii_digit)
            })
        })
    };
    match line.len() {
        30 => dates(line, 0, 8),
        88 => dates(&line[44..], 13, 21),
        72 => dates(&line[36..], 13, 21),
        _ => dates(line, 13, 21),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        for (at, _) in text.match_indices('<') {
            zone_at(text, at, &mut out);
        }
        out.into_iter().map(|f| &text[f.span]).collect()
    }

    #[test]
    fn the_specimens_of_icao_9303() {
        let passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        assert_eq!(found(passport)[0], passport);
        let card = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
        assert_eq!(found(card)[0], card);
        assert_eq!(found("a << b, std::cout << x << y"), Vec::<&str>::new());
        assert_eq!(
            found(&passport.replace("7408122", "7408123")),
            Vec::<&str>::new()
        );
    }
}
