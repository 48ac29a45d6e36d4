//! The addresses tier: streets, flats, boxes and towns by structure.

mod grammar;
mod lexicon;
mod piece;

pub(crate) use self::lexicon::CLASSES;

use crate::names::{gazetteer, tokens};
use crate::{Finding, Kind, Recognizer};

/// Street addresses with what belongs to them.
pub(crate) struct AddressRules;

impl Recognizer for AddressRules {
    fn kind(&self) -> Kind {
        Kind::StreetAddress
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        let mut words = Vec::new();
        tokens(text, gazetteer(), &mut words);
        let pieces = piece::pieces(text, &words);
        let found = grammar::addresses(text, &words, &pieces);
        out.extend(found.into_iter().map(|address| {
            Finding::by_rule(
                Kind::StreetAddress,
                address.span,
                address.rule,
                address.score,
            )
        }));
    }

    fn fingerprint(&self) -> String {
        "STREET_ADDRESS:address-1".to_owned()
    }
}
