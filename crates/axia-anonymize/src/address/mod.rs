//! The addresses tier: streets, flats, boxes and towns by structure.

mod extent;
mod grammar;
mod lexicon;
mod piece;

pub(crate) use self::lexicon::CLASSES;
pub(crate) use self::piece::Pieces;

use crate::names::{Summary, Token};
use crate::{Finding, Kind};

/// Reports the street addresses among the words of a text, with what belongs to them.
pub(crate) fn addresses(
    text: &str,
    words: &[Token],
    summary: &Summary,
    pieces: &mut Pieces,
    out: &mut Vec<Finding>,
) {
    if grammar::none(text, words, summary) {
        return;
    }
    pieces.read(text, words);
    let found = grammar::addresses(text, words, pieces);
    out.extend(found.into_iter().map(|address| {
        Finding::by_rule(
            Kind::StreetAddress,
            address.span,
            address.rule,
            address.score,
        )
    }));
}
