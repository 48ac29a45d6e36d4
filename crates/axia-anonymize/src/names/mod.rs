//! The names tier: names of persons by a list of names, a list of words, and the words around.
//!
//! The list is looked up once for every word, so the time is linear and does not depend on the
//! number of names.

mod gazetteer;
mod grammar;
mod lexicon;
#[cfg(test)]
mod reference;
mod token;

use std::borrow::Cow;
use std::cell::Cell;

pub(crate) use self::gazetteer::gazetteer;
use self::grammar::Name;
pub(crate) use self::grammar::is_function;
use self::token::{Marks, tokens};
#[cfg(test)]
pub(crate) use self::token::{Marks as WordMarks, tokens as words_of};
pub(crate) use self::token::{Shape, Summary, Token, unescaped};
use crate::address::Pieces;
use crate::{Evidence, Finding, Kind, Recognizer};

/// Names of persons, and street addresses: both read the same words.
pub(crate) struct NameRules;

/// Memory that one text after the other is read in.
#[derive(Default)]
struct Scratch {
    marks: Marks,
    words: Vec<Token>,
    names: Vec<Name>,
    pieces: Pieces,
}

/// Longer texts than this leave no memory behind for the next one, in bytes.
const KEPT: usize = 1 << 20;

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
}

impl Recognizer for NameRules {
    fn kind(&self) -> Kind {
        Kind::Person
    }

    fn may_report(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Person | Kind::StreetAddress)
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        let gazetteer = gazetteer();
        let mut scratch = SCRATCH.take();
        let Scratch {
            marks,
            words,
            names,
            pieces,
        } = &mut scratch;
        let summary = tokens(text, gazetteer, marks, words);
        grammar::names(text, words, gazetteer, names);
        out.extend(names.drain(..).map(|name| {
            let finding = Finding::by_rule(Kind::Person, name.span, name.rule, name.score);
            match name.context {
                Some(word) => finding.with_evidence(Evidence::Context(Cow::Borrowed(word))),
                None => finding,
            }
        }));
        crate::address::addresses(text, words, &summary, pieces, out);
        if !scratch.marks.is_large() {
            SCRATCH.set(scratch);
        }
    }

    fn fingerprint(&self) -> String {
        "PERSON:names-1,STREET_ADDRESS:address-1".to_owned()
    }
}
