//! The plain reading of words, which the fast one must agree with: strings, normalization by the
//! library, and a sorted map instead of hashes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::gazetteer::{Flags, all_words, gazetteer};
use super::token::{Marks, tokens};

pub(crate) fn fold(word: &str) -> String {
    let bare: String = word
        .to_lowercase()
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .collect();
    let mut folded = bare.replace('\u{2019}', "'");
    for (letter, by) in [
        ("ø", "o"),
        ("ł", "l"),
        ("đ", "d"),
        ("ð", "d"),
        ("þ", "th"),
        ("ß", "ss"),
        ("æ", "ae"),
        ("œ", "oe"),
        ("ı", "i"),
        ("ħ", "h"),
        ("ŧ", "t"),
        ("ŋ", "n"),
        ("ə", "a"),
        ("ς", "σ"),
    ] {
        folded = folded.replace(letter, by);
    }
    folded
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && (u32::from(c) < 0x590 || (0x1E00..0x2000).contains(&u32::from(c)))
}

/// (start, end, flags) of every word.
fn words(text: &str, known: &BTreeMap<String, Flags>) -> Vec<(usize, usize, Flags)> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let letter = |i: usize| chars.get(i).is_some_and(|(_, c)| is_letter(*c));
    let mark = |i: usize| {
        chars
            .get(i)
            .is_some_and(|(_, c)| (0x300..0x370).contains(&u32::from(*c)))
    };
    let byte = |i: usize| chars.get(i).map_or(text.len(), |(at, _)| *at);
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let broken =
            chars[i].1 == '\\' && chars.get(i + 1).is_some_and(|(_, c)| "nrt".contains(*c));
        if broken {
            i += 2;
            continue;
        }
        if !letter(i) {
            i += 1;
            continue;
        }
        let start = i;
        let mut next = None;
        loop {
            while letter(i) || mark(i) {
                i += 1;
            }
            if !chars
                .get(i)
                .is_some_and(|(_, c)| matches!(c, '\'' | '\u{2019}'))
            {
                break;
            }
            let tail: String = (i + 1..i + 5)
                .take_while(|&k| letter(k))
                .map(|k| chars[k].1)
                .collect();
            match tail.as_str() {
                "" => break,
                "s" | "S" | "m" | "d" | "t" | "ll" | "re" | "ve" | "M" | "D" | "T" | "LL"
                | "RE" | "VE" => {
                    next = Some(i + 1 + tail.chars().count());
                    break;
                }
                _ => i += 1,
            }
        }
        let word = fold(&text[byte(start)..byte(i)]);
        out.push((
            byte(start),
            byte(i),
            known.get(&word).copied().unwrap_or_default(),
        ));
        i = next.unwrap_or(i);
    }
    out
}

static KNOWN: LazyLock<BTreeMap<String, Flags>> = LazyLock::new(all_words);

fn agree(text: &str) {
    let mut fast = Vec::new();
    tokens(text, gazetteer(), &mut Marks::default(), &mut fast);
    let fast: Vec<_> = fast.iter().map(|t| (t.start, t.end, t.flags)).collect();
    assert_eq!(fast, words(text, &KNOWN), "{text:?}");
}

#[test]
fn agrees_on_written_texts() {
    for text in [
        "My name is Søren O'Neil-Łukasz; I'm Zoë's friend.",
        "Müller, Ирина и Γεώργιος’s house, 12a Hauptstraße",
        "M\u{fc}ller Mu\u{308}ller d'Artagnan'll o'er x'y'z' 'tis rock'n'roll",
        "",
    ] {
        agree(text);
    }
}

proptest! {
    #[test]
    fn agrees_on_any_text(text in "\\PC{0,60}") {
        agree(&text);
    }

    #[test]
    fn agrees_on_names(text in "(Anna|will|Grace|ŁUKASZ|Søren|Jose\u{301}|de|'s|'|’| |-|\\.|\n|St|\\\\n|\\\\|7|Иван|é){0,24}") {
        agree(&text);
    }
}
