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

pub(crate) use self::gazetteer::gazetteer;
pub(crate) use self::grammar::is_function;
use self::token::tokens;
pub(crate) use self::token::{Shape, Token, unescaped};

use crate::{Evidence, Finding, Kind, Recognizer};

/// Names of persons, and street addresses: both read the same words.
pub(crate) struct NameRules;

/// Words of a text are about so many bytes long, with what stands between them.
const WORD: usize = 5;

impl Recognizer for NameRules {
    fn kind(&self) -> Kind {
        Kind::Person
    }

    fn may_report(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Person | Kind::StreetAddress)
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        let gazetteer = gazetteer();
        let mut words = Vec::with_capacity(text.len() / WORD + 1);
        tokens(text, gazetteer, &mut words);
        let mut names = Vec::new();
        grammar::names(text, &words, gazetteer, &mut names);
        out.extend(names.into_iter().map(|name| {
            let finding = Finding::by_rule(Kind::Person, name.span, name.rule, name.score);
            match name.context {
                Some(word) => finding.with_evidence(Evidence::Context(Cow::Borrowed(word))),
                None => finding,
            }
        }));
        crate::address::addresses(text, &words, out);
    }

    fn fingerprint(&self) -> String {
        "PERSON:names-1,STREET_ADDRESS:address-1".to_owned()
    }
}
