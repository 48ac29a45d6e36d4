//! The language that cues are written in.
//!
//! A cue is a phrase: `talk to (a|your) (doctor|therapist)`. Alternatives stand in brackets, within
//! a word too (`honest(ly|y)`); a bracket followed by `?` may be left out, with the space that stands
//! inside it (`(really )?care`). `_` stands for any one word, `_?` for one word or none, `...` for up
//! to three words. Case and apostrophes do not count.

use crate::text;

/// The deepest nesting of brackets.
const MAX_DEPTH: usize = 4;
/// The most forms that one word with brackets in it may have.
const MAX_FORMS: usize = 64;

/// One part of a cue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Word(String),
    /// Any words, at least and at most so many.
    Gap(usize, usize),
    /// One of several sequences, or none if `optional`.
    Choice {
        ways: Vec<Vec<Piece>>,
        optional: bool,
    },
}

/// Reads a cue.
pub(crate) fn parse(cue: &str) -> Result<Vec<Piece>, String> {
    let mut chars = cue.chars().peekable();
    let mut ways = alternatives(&mut chars, 0)?;
    if chars.next().is_some() || ways.len() != 1 {
        return Err(format!("cue `{cue}` has a `)` or `|` outside of brackets"));
    }
    let pieces = pieces(ways.pop().unwrap_or_default())
        .map_err(|problem| format!("cue `{cue}`: {problem}"))?;
    match first(&pieces) {
        First::Word => Ok(pieces),
        _ => Err(format!("cue `{cue}` must begin with a word")),
    }
}

/// What a sequence can begin with, at its loosest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum First {
    Word,
    Nothing,
    Gap,
}

fn first(pieces: &[Piece]) -> First {
    for piece in pieces {
        let here = match piece {
            Piece::Word(_) => First::Word,
            Piece::Gap(..) => First::Gap,
            Piece::Choice { ways, optional } => {
                let loosest = ways.iter().map(|way| first(way)).max();
                let nothing = if *optional {
                    First::Nothing
                } else {
                    First::Word
                };
                loosest.map_or(First::Nothing, |l| l.max(nothing))
            }
        };
        if here != First::Nothing {
            return here;
        }
    }
    First::Nothing
}

/// A cue as it is spelled, before words are told apart.
#[derive(Clone)]
enum Item {
    Space,
    Text(String),
    Group {
        ways: Vec<Vec<Item>>,
        optional: bool,
    },
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads `a|b|c` up to a `)` or the end.
fn alternatives(chars: &mut Chars<'_>, depth: usize) -> Result<Vec<Vec<Item>>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("brackets are nested deeper than {MAX_DEPTH}"));
    }
    let mut ways = vec![Vec::new()];
    while let Some(&c) = chars.peek() {
        if c == ')' {
            break;
        }
        chars.next();
        let item = match c {
            '|' => {
                ways.push(Vec::new());
                continue;
            }
            '(' => {
                let ways = alternatives(chars, depth + 1)?;
                if chars.next() != Some(')') {
                    return Err("a `(` is never closed".into());
                }
                let optional = chars.next_if_eq(&'?').is_some();
                Item::Group { ways, optional }
            }
            c if c.is_whitespace() => Item::Space,
            c => Item::Text(c.into()),
        };
        if let Some(way) = ways.last_mut() {
            match (way.last_mut(), item) {
                (Some(Item::Text(text)), Item::Text(more)) => text.push_str(&more),
                (_, item) => way.push(item),
            }
        }
    }
    Ok(ways)
}

/// Tells words apart: a group between spaces is a choice of phrases, one within a word of spellings.
fn pieces(items: Vec<Item>) -> Result<Vec<Piece>, String> {
    let mut runs: Vec<Vec<Item>> = vec![Vec::new()];
    for item in items {
        match item {
            Item::Space => runs.push(Vec::new()),
            Item::Group { mut ways, optional } => {
                let space = |way: Option<&Item>| matches!(way, Some(Item::Space));
                let leads = ways.iter().all(|way| space(way.first()));
                let trails = ways.iter().all(|way| way.len() > 1 && space(way.last()));
                for way in &mut ways {
                    way.retain_edges(leads, trails);
                }
                if leads {
                    runs.push(Vec::new());
                }
                if let Some(run) = runs.last_mut() {
                    run.push(Item::Group { ways, optional });
                }
                if trails {
                    runs.push(Vec::new());
                }
            }
            text @ Item::Text(_) => {
                if let Some(run) = runs.last_mut() {
                    run.push(text);
                }
            }
        }
    }
    let mut out = Vec::new();
    for mut run in runs {
        match (run.len(), run.pop()) {
            (1, Some(Item::Group { ways, optional })) => {
                let ways = ways.into_iter().map(pieces).collect::<Result<_, _>>()?;
                out.push(Piece::Choice { ways, optional });
            }
            (_, Some(last)) => {
                run.push(last);
                word(&run, &mut out)?;
            }
            (_, None) => {}
        }
    }
    Ok(out)
}

trait Edges {
    fn retain_edges(&mut self, leads: bool, trails: bool);
}

impl Edges for Vec<Item> {
    /// Drops the space at the beginning or the end.
    fn retain_edges(&mut self, leads: bool, trails: bool) {
        if trails {
            self.pop();
        }
        if leads && !self.is_empty() {
            self.remove(0);
        }
    }
}

/// One run of signs without a space: a gap, or a word with its spellings.
fn word(run: &[Item], out: &mut Vec<Piece>) -> Result<(), String> {
    if let [Item::Text(text)] = run {
        let gap = match text.as_str() {
            "_" => Some(Piece::Gap(1, 1)),
            "_?" => Some(Piece::Gap(0, 1)),
            "..." => Some(Piece::Gap(0, 3)),
            _ => None,
        };
        if let Some(gap) = gap {
            out.push(gap);
            return Ok(());
        }
    }
    let forms = spellings(run)?;
    let mut ways: Vec<Vec<Piece>> = forms
        .iter()
        .map(|form| {
            text::plain_words(form)
                .into_iter()
                .map(Piece::Word)
                .collect()
        })
        .collect();
    if ways.iter().any(Vec::is_empty) {
        return Err("a part of it has no letters or digits".into());
    }
    match (ways.len(), ways.pop()) {
        (1, Some(mut only)) => out.append(&mut only),
        (_, Some(last)) => {
            ways.push(last);
            out.push(Piece::Choice {
                ways,
                optional: false,
            });
        }
        (_, None) => {}
    }
    Ok(())
}

fn spellings(run: &[Item]) -> Result<Vec<String>, String> {
    let mut forms = vec![String::new()];
    for item in run {
        let mut endings = match item {
            Item::Space => vec![" ".into()],
            Item::Text(text) => vec![text.clone()],
            Item::Group { ways, optional } => {
                let mut endings = Vec::new();
                for way in ways {
                    endings.append(&mut spellings(way)?);
                }
                if *optional {
                    endings.push(String::new());
                }
                endings
            }
        };
        endings.dedup();
        if forms.len() * endings.len() > MAX_FORMS {
            return Err(format!("a word has more than {MAX_FORMS} spellings"));
        }
        forms = forms
            .iter()
            .flat_map(|head| endings.iter().map(move |tail| format!("{head}{tail}")))
            .collect();
    }
    Ok(forms)
}

/// All sequences of words that a cue stands for, with `_` for any one word.
#[cfg(test)]
pub(crate) fn sequences(pieces: &[Piece]) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for piece in pieces {
        let endings: Vec<Vec<String>> = match piece {
            Piece::Word(word) => vec![vec![word.clone()]],
            Piece::Gap(least, most) => (*least..=*most).map(|n| vec!["_".into(); n]).collect(),
            Piece::Choice { ways, optional } => {
                let ways = ways.iter().flat_map(|way| sequences(way));
                ways.chain(optional.then(Vec::new)).collect()
            }
        };
        all = all
            .iter()
            .flat_map(|head: &Vec<String>| {
                endings
                    .iter()
                    .map(move |tail| [&head[..], &tail[..]].concat())
            })
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cue: &str) -> Vec<String> {
        let sequences = sequences(&parse(cue).unwrap());
        let mut shown: Vec<String> = sequences.iter().map(|s| s.join(" ")).collect();
        shown.sort();
        shown.dedup();
        shown
    }

    #[test]
    fn reads_alternatives_options_and_gaps() {
        assert_eq!(shown("Up to you"), ["up to you"]);
        assert_eq!(shown("don't lie"), ["dont lie"]);
        assert_eq!(shown("honest(ly|y)?"), ["honest", "honestly", "honesty"]);
        assert_eq!(
            shown("plagiari(s|z)(e|ing)"),
            ["plagiarise", "plagiarising", "plagiarize", "plagiarizing"]
        );
        assert_eq!(
            shown("(see|ask) (a )?doctor"),
            ["ask a doctor", "ask doctor", "see a doctor", "see doctor"]
        );
        assert_eq!(shown("tell _ truth"), ["tell _ truth"]);
        assert_eq!(shown("tell _? truth"), ["tell _ truth", "tell truth"]);
        assert_eq!(shown("a ... b"), ["a _ _ _ b", "a _ _ b", "a _ b", "a b"]);
        assert_eq!(shown("(a|b (c|d))"), ["a", "b c", "b d"]);
        assert_eq!(shown("be( very)? kind"), ["be kind", "be very kind"]);
        assert_eq!(shown("e-mail"), ["e mail"]);
        assert_eq!(
            shown("(over|by the )night(s)?"),
            ["by the night", "by the nights", "overnight", "overnights"]
        );
    }

    #[test]
    fn refuses_what_it_cannot_match() {
        for cue in [
            "",
            "  ",
            "_ you",
            "... you",
            "_? you",
            "(a|b",
            "a)",
            "a|b",
            "(a)?",
            "(_|a) b",
            "( )",
            "((((((a))))))",
            "a -- b",
        ] {
            assert!(parse(cue).is_err(), "{cue}");
        }
        assert!(parse(&format!("x{}", "(a|b|c|d)".repeat(4))).is_err());
    }
}
