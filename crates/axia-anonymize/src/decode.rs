//! A second shadow: what stands in codes that programs put around text (percent signs, HTML entities,
//! backslashes, base64, tags inside of words), and letters that stand for digits, is shown decoded.
//!
//! Only the neighbourhood of what was decoded is shown; whatever lies between is a barrier. A finding there
//! maps back to the code as a whole.

use std::ops::Range;

use wide::u8x16;

use crate::lanes::{BLOCK, beyond_ascii, is, marks, small, widest, within};
use crate::normalize::{BARRIER, Hole, Shadow, normalize};
use crate::rules::{both, long_runs_of, sixteen, words_with_digits};

/// So much text on both sides of a code is shown: addresses and context words.
const AROUND: usize = 96;

/// Longer runs of base64 are files.
const MAX_BASE64: usize = 4096;
/// Shorter ones are words.
const MIN_BASE64: usize = 16;

/// One code and what it stands for.
struct Code {
    span: Range<usize>,
    plain: String,
}

/// The decoded shadow, if the text holds any code.
pub(crate) fn decoded(text: &str, holes: &[Hole]) -> Option<Shadow<'static>> {
    let signs = Signs::of(text.as_bytes());
    if signs == Signs::default() {
        return None;
    }
    // What a hole hides belongs to nothing beside it: a word begins anew behind it, as it will in the text that
    // comes out.
    let mut codes = Vec::new();
    let mut from = 0;
    for hole in holes {
        codes_in(text, from..hole.span.start, &signs, &mut codes);
        from = hole.span.end;
    }
    codes_in(text, from..text.len(), &signs, &mut codes);
    if codes.is_empty() {
        return None;
    }
    let mut all: Vec<Hole> = Vec::with_capacity(codes.len() * 2 + holes.len());
    let mut shown = 0;
    for code in &codes {
        let from = border(text, ahead_of(text, code.span.start, holes));
        if from > shown {
            all.push(Hole::new(shown..from, BARRIER));
        }
        let to = behind(text, code.span.end, holes).min(text.len());
        shown = shown.max(border(text, to));
    }
    if shown < text.len() {
        all.push(Hole::new(shown..text.len(), BARRIER));
    }
    let gaps = all.clone();
    let hidden = |span: &Range<usize>| {
        let after = gaps.partition_point(|gap| gap.span.end <= span.start);
        gaps.get(after).is_some_and(|gap| gap.span.start < span.end)
    };
    all.extend(
        codes
            .into_iter()
            .map(|code| Hole::new(code.span, code.plain)),
    );
    all.extend(holes.iter().filter(|hole| !hidden(&hole.span)).cloned());
    all.sort_by_key(|hole| hole.span.start);
    Some(normalize(text, &all).into_owned())
}

/// The place [`AROUND`] bytes ahead of `at`, where a hole is as long as what fills it: in the text that comes out the
/// same bytes are near.
fn ahead_of(text: &str, at: usize, holes: &[Hole]) -> usize {
    let (mut from, mut left) = (at, AROUND);
    let before = holes.partition_point(|hole| hole.span.end <= at);
    for hole in holes[..before].iter().rev() {
        let gap = from.saturating_sub(hole.span.end);
        if gap >= left {
            break;
        }
        left = (left - gap).saturating_sub(hole.fill.len());
        from = hole.span.start;
    }
    let mut from = from.saturating_sub(left);
    // Stars are shown together: those of a mask are no hole in the text that comes out.
    loop {
        let before = holes.partition_point(|hole| hole.span.end < from);
        match holes.get(before).filter(|hole| hole.span.end == from) {
            Some(hole) if is_mask(hole) => from = hole.span.start,
            None if is_star(text, from.checked_sub(1)) => from -= 1,
            _ => return from,
        }
    }
}

/// The place [`AROUND`] bytes behind `at`, in the same measure.
fn behind(text: &str, at: usize, holes: &[Hole]) -> usize {
    let (mut to, mut left) = (at, AROUND);
    let before = holes.partition_point(|hole| hole.span.start < at);
    for hole in &holes[before..] {
        let gap = hole.span.start.saturating_sub(to);
        if gap >= left {
            break;
        }
        left = (left - gap).saturating_sub(hole.fill.len());
        to = hole.span.end;
    }
    let mut to = to.saturating_add(left);
    loop {
        let after = holes.partition_point(|hole| hole.span.start < to);
        match holes.get(after).filter(|hole| hole.span.start == to) {
            Some(hole) if is_mask(hole) => to = hole.span.end,
            None if is_star(text, Some(to)) => to += 1,
            _ => return to,
        }
    }
}

fn is_mask(hole: &Hole) -> bool {
    hole.fill.starts_with('*') && !hole.span.is_empty()
}

fn is_star(text: &str, at: Option<usize>) -> bool {
    at.and_then(|at| text.as_bytes().get(at)) == Some(&b'*')
}

/// Moved to the border of a character at or in front of it.
fn border(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Which signs of codes a text holds at all: most texts hold none, and one look at each byte tells.
#[derive(Debug, Default, PartialEq)]
struct Signs {
    /// `%`, `&` and the backslash.
    escapes: bool,
    /// `<`.
    tags: bool,
    /// `=`.
    equals: bool,
    /// `[`, `(` and `{`.
    brackets: bool,
    beyond_ascii: bool,
    /// A digit beside one of the letters that look like one.
    letters_for_digits: bool,
    /// A run without spaces that may be base64.
    long_runs: bool,
}

impl Signs {
    fn of(bytes: &[u8]) -> Self {
        widest(
            #[inline(always)]
            || Self::of_blocks(bytes),
        )
    }

    #[inline(always)]
    fn of_blocks(bytes: &[u8]) -> Self {
        let none = u8x16::splat(0);
        let (mut escapes, mut tags, mut equals) = (none, none, none);
        let (mut brackets, mut beyond) = (none, none);
        let (mut beside, mut runs) = (0_u64, 0_u128);
        let (mut digits_before, mut letters_before, mut runs_before) = (0, 0, 0);
        for at in (0..bytes.len()).step_by(BLOCK) {
            let [digits, letters, spaces] = marks(bytes, at, |b| {
                escapes |= is(b, b'%') | is(b, b'&') | is(b, b'\\');
                tags |= is(b, b'<');
                equals |= is(b, b'=');
                brackets |= is(b, b'(') | is(small(b), b'{');
                beyond |= beyond_ascii(b);
                let letters = is(small(b), b'o') | is(b, b'l') | is(b, b'I');
                [within(b, b'0', b'9'), letters, within(b, 0, b' ')]
            });
            beside |= digits & (letters << 1 | letters_before >> 63);
            beside |= letters & (digits << 1 | digits_before >> 63);
            runs |= sixteen(both(!spaces, runs_before));
            (digits_before, letters_before, runs_before) = (digits, letters, !spaces);
        }
        Self {
            escapes: escapes.any(),
            tags: tags.any(),
            equals: equals.any(),
            brackets: brackets.any(),
            beyond_ascii: beyond.any(),
            letters_for_digits: beside != 0,
            long_runs: runs != 0,
        }
    }
}

/// Appends the codes in a stretch of the text.
fn codes_in(text: &str, stretch: Range<usize>, signs: &Signs, out: &mut Vec<Code>) {
    let Some(inner) = text.get(stretch.clone()) else {
        return;
    };
    out.extend(codes(inner, signs).into_iter().map(|code| Code {
        span: code.span.start + stretch.start..code.span.end + stretch.start,
        plain: code.plain,
    }));
}

/// All codes, in order and without overlaps.
fn codes(text: &str, signs: &Signs) -> Vec<Code> {
    let bytes = text.as_bytes();
    let mut found: Vec<Code> = Vec::new();
    if signs.escapes {
        for at in memchr::memchr3_iter(b'%', b'&', b'\\', bytes) {
            if found.last().is_none_or(|last| last.span.end <= at) {
                found.extend(escape_at(text, at));
            }
        }
    }
    if signs.tags {
        let opened = memchr::memchr_iter(b'<', bytes);
        found.extend(opened.filter_map(|at| bracketed_at(bytes, at).or_else(|| tag_at(bytes, at))));
    }
    if signs.equals {
        found.extend(memchr::memchr_iter(b'=', bytes).filter_map(|at| quoted_at(bytes, at)));
    }
    if signs.brackets {
        found.extend(memchr::memmem::find_iter(bytes, "[:]").map(|at| Code {
            span: at..at + 3,
            plain: ":".to_owned(),
        }));
        let opened = memchr::memchr3_iter(b'[', b'(', b'{', bytes);
        found.extend(opened.filter_map(|at| bracketed_at(bytes, at)));
    }
    if signs.beyond_ascii {
        let places = memchr::memchr3_iter(0xC2, 0xE2, 0xE3, bytes);
        found.extend(places.filter_map(|at| sign_at(text, at)));
        let brackets = memchr::memmem::find_iter(bytes, "\u{FF08}");
        found.extend(brackets.filter_map(|at| bracket_at(text, at)).flatten());
        // The byte that combining strokes begin with.
        found.extend(memchr::memchr_iter(0xCC, bytes).filter_map(|at| stroke_at(text, at)));
    }
    if signs.long_runs {
        long_runs_of(bytes, MIN_BASE64, |run| {
            found.extend(hexadecimal(text, &run).or_else(|| base64(text, run)));
        });
    }
    if signs.letters_for_digits {
        words_with_digits(bytes, |word| found.extend(letters_for_digits(bytes, word)));
    }
    found.sort_by_key(|code| (code.span.start, std::cmp::Reverse(code.span.end)));
    let mut end = 0;
    found.retain(|code| {
        let apart = code.span.start >= end;
        if apart {
            end = code.span.end;
        }
        apart
    });
    found
}

/// `%40`, `%2540`, `%u0040`, `&#64;`, `&#x40;`, `&amp;#64;`, `&commat;`, `\u0040`, `\u{40}`, `\x40`.
fn escape_at(text: &str, at: usize) -> Option<Code> {
    let rest = &text[at..];
    if let Some(inner) = rest.strip_prefix("&amp;") {
        let inner: String = inner.chars().take(10).collect();
        let code = escape_at(&format!("&{inner}"), 0).filter(|code| code.span.end > 1)?;
        return Some(Code {
            span: at..at + "&amp;".len() + code.span.end - 1,
            plain: code.plain,
        });
    }
    let hex = |from: usize, len: usize| {
        let digits = rest.get(from..from + len)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let (len, value) = match rest.as_bytes() {
        [b'%', b'2', b'5', ..] => (5, hex(3, 2)?),
        [b'%', b'u', ..] => (6, hex(2, 4)?),
        [b'%', ..] => (3, hex(1, 2)?),
        [b'\\', b'u', b'{', ..] => {
            let len = rest[3..]
                .bytes()
                .take(6)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            (
                rest[3 + len..].starts_with('}').then_some(4 + len)?,
                hex(3, len)?,
            )
        }
        [b'\\', b'u', ..] => (6, hex(2, 4)?),
        [b'\\', b'x', ..] => (4, hex(2, 2)?),
        [b'&', b'#', b'x' | b'X', ..] => {
            let len = rest[3..]
                .bytes()
                .take(6)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            (
                rest[3 + len..].starts_with(';').then_some(4 + len)?,
                hex(3, len)?,
            )
        }
        [b'&', b'#', ..] => {
            let len = rest[2..]
                .bytes()
                .take(7)
                .take_while(u8::is_ascii_digit)
                .count();
            (
                rest[2 + len..].starts_with(';').then_some(3 + len)?,
                rest[2..2 + len].parse().ok()?,
            )
        }
        [b'&', b's', b'h', b'y', b';', ..] => {
            return Some(Code {
                span: at..at + "&shy;".len(),
                plain: String::new(),
            });
        }
        [b'&', ..] => {
            let (name, plain) = [
                ("&commat;", '@'),
                ("&period;", '.'),
                ("&nbsp;", ' '),
                ("&hyphen;", '-'),
                ("&dash;", '-'),
                ("&ndash;", '-'),
                ("&mdash;", '-'),
                ("&minus;", '-'),
                ("&middot;", '.'),
                ("&colon;", ':'),
                ("&sol;", '/'),
                ("&lowbar;", '_'),
                ("&plus;", '+'),
            ]
            .into_iter()
            .find(|(name, _)| rest.starts_with(name))?;
            (name.len(), u32::from(plain))
        }
        _ => return None,
    };
    // Only what can be a part of an address or a number; line breaks and quotes are left to the text.
    let plain =
        char::from_u32(value).filter(|c| c.is_alphanumeric() || "@.-_+ /:()".contains(*c))?;
    Some(Code {
        span: at..at + len,
        plain: plain.to_string(),
    })
}

/// A short tag or comment that a word or a number goes on behind: `jane<b></b>@example.com`.
fn tag_at(bytes: &[u8], at: usize) -> Option<Code> {
    let before = at
        .checked_sub(1)
        .and_then(|i| bytes.get(i))
        .unwrap_or(&b' ');
    let len = bytes[at..].iter().take(24).position(|b| *b == b'>')? + 1;
    let after = bytes.get(at + len).unwrap_or(&b' ');
    let named = bytes
        .get(at + 1)
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'));
    let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'.' | b'-' | b'>');
    let continued = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'.' | b'-' | b'<');
    // Or it marks a group of digits: `<b>4111</b> <b>1111</b>`.
    let marks = before.is_ascii_digit() || after.is_ascii_digit();
    (named && (marks || (inside(before) && continued(after)))).then(|| Code {
        span: at..at + len,
        plain: String::new(),
    })
}

/// What stands in brackets for a full stop or an at-sign, in lower case.
const BRACKETED: &[(&str, &str)] = &[
    ("dot", "."),
    ("punkt", "."),
    ("punto", "."),
    ("point", "."),
    (".", "."),
    ("at", "@"),
    ("@", "@"),
    ("\u{e4}t", "@"),
    ("arroba", "@"),
];

/// `[dot]`, `(at)`, `<dot>`, `{.}` between parts of an address, with a space on each side or none.
fn bracketed_at(bytes: &[u8], at: usize) -> Option<Code> {
    let close = match bytes.get(at)? {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        _ => b'>',
    };
    let inner = bytes.get(at + 1..)?;
    let (word, plain) = BRACKETED.iter().find(|(word, _)| {
        let here = inner.get(..word.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
            && inner.get(word.len()) == Some(&close)
    })?;
    let mut span = at..at + word.len() + 2;
    let space = |i: Option<usize>| i.and_then(|i| bytes.get(i)) == Some(&b' ');
    if space(at.checked_sub(1)) && space(Some(span.end)) {
        span = at - 1..span.end + 1;
    }
    let part_of = |i: Option<usize>| {
        i.and_then(|i| bytes.get(i))
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    (part_of(span.start.checked_sub(1)) && part_of(Some(span.end))).then(|| Code {
        span,
        plain: (*plain).to_owned(),
    })
}

/// The full-width brackets around an area code, which open at `at`.
fn bracket_at(text: &str, at: usize) -> Option<[Code; 2]> {
    let open = '\u{FF08}'.len_utf8();
    let inner = text.get(at + open..)?;
    let digits = inner.chars().take(6).take_while(|&c| c.is_numeric());
    let end = at + open + digits.map(char::len_utf8).sum::<usize>();
    let closed = text.get(end..)?.starts_with('\u{FF09}') && end > at + open;
    closed.then(|| {
        [(at, "("), (end, ")")].map(|(at, plain)| Code {
            span: at..at + open,
            plain: plain.to_owned(),
        })
    })
}

/// `jane=40example.com` of quoted-printable text.
fn quoted_at(bytes: &[u8], at: usize) -> Option<Code> {
    let part_of = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_alphanumeric);
    let inside = at.checked_sub(1).is_some_and(part_of) && part_of(at + 3);
    // A host has a full stop.
    let host = || {
        let rest = bytes.get(at + 3..).unwrap_or_default().iter().take(64);
        rest.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
            .any(|b| *b == b'.')
    };
    (inside && bytes.get(at + 1..at + 3) == Some(b"40") && host()).then(|| Code {
        span: at..at + 3,
        plain: "@".to_owned(),
    })
}

/// Signs that stand for a full stop or a hyphen between letters and digits, digits in black circles and in
/// brackets, and the brackets of Chinese: what NFKC leaves or takes for more than one character.
fn sign_at(text: &str, at: usize) -> Option<Code> {
    let sign = text.get(at..)?.chars().next()?;
    let between_digits = || {
        let ends = text[..at].ends_with(|c: char| c.is_ascii_digit());
        ends && text[at + sign.len_utf8()..].starts_with(|c: char| c.is_ascii_digit())
    };
    let between_letters = || {
        let ends = text[..at].ends_with(|c: char| c.is_alphanumeric());
        ends && text[at + sign.len_utf8()..].starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    let digit = |zero: u32| char::from_u32(u32::from('0') + u32::from(sign).checked_sub(zero)?);
    let plain = match sign {
        '·' | '•' | '∙' | '⋅' if between_digits() => '.',
        '—' | '―' if between_digits() => '-',
        '。' if between_letters() => '.',
        '【' | '〔' => '[',
        '】' | '〕' => ']',
        '\u{2776}'..='\u{277E}' => digit(0x2775)?,
        '\u{2780}'..='\u{2788}' => digit(0x277F)?,
        '\u{278A}'..='\u{2792}' => digit(0x2789)?,
        '\u{2474}'..='\u{247C}' => digit(0x2473)?,
        _ => return None,
    };
    Some(Code {
        span: at..at + sign.len_utf8(),
        plain: plain.to_string(),
    })
}

/// A stroke through a letter or digit (U+0334 to U+0338).
fn stroke_at(text: &str, at: usize) -> Option<Code> {
    let sign = text.get(at..)?.chars().next()?;
    ('\u{334}'..='\u{338}').contains(&sign).then(|| Code {
        span: at..at + sign.len_utf8(),
        plain: String::new(),
    })
}

/// Text in hexadecimal digits: digests never decode to letters alone.
fn hexadecimal(text: &str, run: &Range<usize>) -> Option<Code> {
    let word = text.get(run.clone())?;
    let word = word.strip_prefix("0x").unwrap_or(word);
    if !(MIN_BASE64..=MAX_BASE64).contains(&word.len()) || word.len() % 2 == 1 {
        return None;
    }
    let value = |byte: u8| char::from(byte).to_digit(16);
    let mut plain = String::with_capacity(word.len() / 2);
    for pair in word.as_bytes().chunks_exact(2) {
        let byte = u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok()?;
        if !(byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            return None;
        }
        plain.push(char::from(byte));
    }
    Some(Code {
        span: run.end - word.len()..run.end,
        plain,
    })
}

/// Text in base64: it decodes to printable ASCII with something in it that rules look for.
fn base64(text: &str, run: Range<usize>) -> Option<Code> {
    // A name and a sign may stand in front: `email=am9obg...`.
    let word = text.get(run.clone())?;
    let start = word
        .trim_end_matches('=')
        .rfind(['=', '.', '%'])
        .map_or(0, |at| at + 1);
    let word = &word[start..];
    let body = word.trim_end_matches('=');
    if !(MIN_BASE64..=MAX_BASE64).contains(&body.len()) || body.len() % 4 == 1 {
        return None;
    }
    let mut plain = String::with_capacity(body.len());
    let (mut bits, mut held) = (0_u32, 0);
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let byte = ((bits >> held) & 0xFF) as u8;
            if !(byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
                return None;
            }
            plain.push(char::from(byte));
        }
    }
    let start = run.start + start;
    Some(Code {
        span: start..start + word.len(),
        plain,
    })
}

/// `4lll 1111` and `O7946`: in a word of digits the letters O, o, l and I stand for 0 and 1.
fn letters_for_digits(bytes: &[u8], word: Range<usize>) -> Option<Code> {
    let letters = &bytes[word.clone()];
    let digits = letters.iter().filter(|b| b.is_ascii_digit()).count();
    let disguised = letters
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'O' | b'o' | b'l' | b'I'));
    if letters.len() < 3 || digits == letters.len() || !disguised {
        return None;
    }
    let plain = letters.iter().map(|b| match b {
        b'O' | b'o' => '0',
        b'l' | b'I' => '1',
        digit => char::from(*digit),
    });
    Some(Code {
        span: word,
        plain: plain.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        decoded(text, &[]).map(|shadow| shadow.text.into_owned())
    }

    #[test]
    fn codes_are_shown_decoded() {
        for (text, plain) in [
            ("jo%40example.com", "jo@example.com"),
            ("jo%2540example%2Ecom", "jo@example.com"),
            ("jo&#64;example&#x2E;com", "jo@example.com"),
            (r"jo\u0040example\x2ecom", "jo@example.com"),
            ("jo<b></b>@example.com", "jo@example.com"),
            (
                "see am9obkBleGFtcGxlLmNvbQ== there",
                "see john@example.com there",
            ),
            ("card 4lll 1111 1111 1111", "card 4111 1111 1111 1111"),
            ("jo=40example.com", "jo@example.com"),
            ("jo&amp;#64;example.com", "jo@example.com"),
            (r"jo\u{40}example.com", "jo@example.com"),
            ("jo%u0040example.com", "jo@example.com"),
            ("536&ndash;22&shy;&ndash;8726", "536-22-8726"),
            ("6a616e65406578616d706c652e636f6d", "jane@example.com"),
            ("415·555·2671", "415.555.2671"),
            ("❺➌⑹", "536"),
            ("4\u{336}1\u{336}", "41"),
            ("<b>4111</b> <b>1111</b>", "4111 1111"),
            ("2001[:]db8::1", "2001:db8::1"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(plain), "{text}");
        }
        for text in [
            "plain",
            "100% & more",
            r"C:\new\xylophone",
            "a < b > c",
            "internationalisation",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "a · b — c",
            "width=40px",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn what_lies_between_is_a_barrier() {
        let text = format!("a%40b.cc {} d%40e.ff", "x ".repeat(200));
        let shadow = decoded(&text, &[]).unwrap();
        assert!(shadow.text.len() < 450 && shadow.text.contains(BARRIER));
        let at = shadow.text.find("d@e.ff").unwrap();
        assert_eq!(&text[shadow.original(&(at..at + 6))], "d%40e.ff");
    }
}
