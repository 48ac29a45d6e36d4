//! The five stages, as functions of their input alone: normalize, detect, resolve, plan, apply.
//!
//! They are open for those who bring recognizers or replacements of their own, and for measurements. An
//! [`Anonymizer`](crate::Anonymizer) goes through the same ones, and does what no single stage can: it reads a
//! question together with its answer, looks for further mentions of what was found, and searches once more what
//! came out.
//!
//! ```
//! use axia_anonymize::{Action, Kind, stages};
//!
//! let text = "card ４１１１ 1111 1111 1111";
//! let rules = stages::rules()?;
//! let found = stages::resolve(stages::detect(text, &[&*rules], 0.5)?);
//! assert_eq!(found[0].kind, Kind::Card);
//! let edits = stages::plan(&[(text, &found)], |_| Action::Placeholder)?;
//! assert_eq!(stages::apply(text, &edits[0])?, "card [CARD_1]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::ops::Range;

pub use crate::plan::Edit;
use crate::plan::{Making, Scope};
use crate::resolve::Resolved;
use crate::{
    Action, ConsistencyScope, Error, Finding, Kind, Recognizer, RecognizerFailure, placeholder,
};

/// A text as the recognizers see it, with the way back; from [`normalize`].
pub struct Shadow<'t>(crate::normalize::Shadow<'t>);

impl Shadow<'_> {
    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The bytes of the original behind a stretch of the folded text that is not empty.
    #[must_use]
    pub fn original(&self, span: &Range<usize>) -> Range<usize> {
        self.0.original(span)
    }
}

impl fmt::Debug for Shadow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadow")
            .field("bytes", &self.0.text.len())
            .finish_non_exhaustive()
    }
}

/// Folds digits of all scripts, unusual spaces and hyphens, compatibility forms and lookalikes, and drops
/// invisible characters. Text that is ASCII already is borrowed.
#[must_use]
pub fn normalize(text: &str) -> Shadow<'_> {
    Shadow(crate::normalize::normalize(text, &[]))
}

/// The built-in rules as one recognizer.
///
/// # Errors
///
/// When a rule's pattern does not compile ([`Error::is_invalid_pattern`]), which tests rule out.
pub fn rules() -> Result<Box<dyn Recognizer>, Error> {
    Ok(Box::new(crate::rules::Rules::new()?))
}

/// Names of persons and street addresses, by lists and grammar, as one recognizer.
#[cfg(feature = "names")]
#[must_use]
pub fn names() -> Box<dyn Recognizer> {
    Box::new(crate::names::NameRules)
}

/// What the recognizers find with at least `min_score` in the text's shadow, and in what codes such as
/// percent signs and base64 hide; by bytes of the text. Findings may overlap.
///
/// # Errors
///
/// When a recognizer could not search the text to its end.
pub fn detect(
    text: &str,
    recognizers: &[&dyn Recognizer],
    min_score: f32,
) -> Result<Vec<Finding>, RecognizerFailure> {
    let found = crate::detect::detect(text, &[], recognizers.iter().copied(), min_score)?;
    Ok(found.into_iter().map(|one| one.finding).collect())
}

/// Merges findings that share a byte into one that covers them all; in order of the text.
#[must_use]
pub fn resolve(found: Vec<Finding>) -> Vec<Finding> {
    let found = found.into_iter().map(Resolved::new).collect();
    crate::resolve::resolve(found)
        .into_iter()
        .map(|one| one.finding)
        .collect()
}

/// What replaces the findings of the texts of one conversation: for each text its edits, in order.
///
/// The same entity gets the same placeholder in all of the texts, numbered by first appearance. Placeholders of
/// the findings' kinds and the built-in ones that stand in the texts already stay, and their numbers are not given
/// again. Kinds to [keep](Action::Keep) have no edits. Tokens and surrogates need a key, which only an
/// [`Anonymizer`](crate::Anonymizer) has: here they are placeholders.
///
/// # Errors
///
/// When the findings of a text overlap, are out of order, or do not lie on borders of its characters
/// ([`Error::is_invalid_parameter`]); [`resolve`] puts them right.
pub fn plan(
    texts: &[(&str, &[Finding])],
    action: impl Fn(Kind) -> Action,
) -> Result<Vec<Vec<Edit>>, Error> {
    for (index, (text, found)) in texts.iter().enumerate() {
        if !are_apart(text, found.iter().map(|finding| &finding.span)) {
            return Err(Error::parameter(
                "the findings of a text",
                "in order, apart from each other and on borders of its characters",
                format!("others for text {index}"),
            ));
        }
    }
    let found = || texts.iter().flat_map(|(_, found)| found.iter());
    let known = |kind: Kind| {
        Kind::built_in().any(|known| known == kind) || found().any(|finding| finding.kind == kind)
    };
    let prepared: Vec<_> = texts
        .iter()
        .map(|(text, found)| {
            let existing = placeholder::find(text, None, known);
            let walls: Vec<Range<usize>> = existing.iter().map(|e| e.span.clone()).collect();
            let replaced = found.iter().filter(|f| action(f.kind) != Action::Keep);
            let replaced = replaced.cloned().map(Resolved::new).collect();
            (*text, existing, crate::detect::outside(replaced, &walls))
        })
        .collect();
    let mut scope = Scope::new(Making {
        scope: ConsistencyScope::Conversation,
        key: None,
        scope_name: "",
    });
    for (text, existing, found) in &prepared {
        scope.reserve(existing);
        scope.meet(text, found);
    }
    let edits = prepared.iter();
    let edits = edits.map(|(text, _, found)| scope.plan(text, found, &action));
    Ok(edits.collect())
}

/// The text with its edits; all other bytes stay as they are.
///
/// # Errors
///
/// When the edits overlap, are out of order, or do not lie on borders of the text's characters
/// ([`Error::is_invalid_parameter`]).
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, Error> {
    if !are_apart(text, edits.iter().map(|edit| &edit.span)) {
        return Err(Error::parameter(
            "the edits of a text",
            "in order, apart from each other and on borders of its characters",
            "others",
        ));
    }
    Ok(crate::apply::apply(text, edits))
}

fn are_apart<'s>(text: &str, spans: impl Iterator<Item = &'s Range<usize>>) -> bool {
    let mut end = 0;
    spans.fold(true, |apart, span| {
        let behind = span.start >= end;
        end = span.end;
        apart && behind && text.get(span.clone()).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Anonymizer;

    #[test]
    fn stages_do_what_the_anonymizer_does() {
        let texts = [
            "I am jo@example.com, [EMAIL_1] was my old one",
            "ann@example.com or JO@EXAMPLE.COM, from 203.0.113.7",
        ];
        let rules = rules().unwrap();
        let found: Vec<Vec<Finding>> = texts
            .iter()
            .map(|text| resolve(detect(text, &[&*rules], 0.5).unwrap()))
            .collect();
        let pairs: Vec<_> = texts
            .iter()
            .copied()
            .zip(found.iter().map(Vec::as_slice))
            .collect();
        let keep_ip = |kind| match kind {
            Kind::Ip => Action::Keep,
            _ => Action::Placeholder,
        };
        let edits = plan(&pairs, keep_ip).unwrap();
        let done: Vec<String> = texts
            .iter()
            .zip(&edits)
            .map(|(text, edits)| apply(text, edits).unwrap())
            .collect();
        assert_eq!(
            done,
            [
                "I am [EMAIL_2], [EMAIL_1] was my old one",
                "[EMAIL_3] or [EMAIL_2], from 203.0.113.7",
            ]
        );
        let anonymizer = Anonymizer::builder().action(Kind::Ip, Action::Keep);
        let whole = anonymizer.build().unwrap().anonymize_text(texts[0]);
        assert_eq!(done[0], whole);
    }

    #[test]
    fn what_cannot_be_replaced_is_refused() {
        let at = |span| Finding::new(Kind::Url, span);
        for wrong in [
            vec![at(0..2), at(1..3)],
            vec![at(3..4), at(0..1)],
            vec![at(0..9)],
            vec![at(4..5)],
        ] {
            let error = plan(&[("abcd\u{e9}", &wrong)], |_| Action::Mask).unwrap_err();
            assert!(error.is_invalid_parameter());
            let edits: Vec<Edit> = wrong
                .into_iter()
                .map(|f| Edit {
                    span: f.span,
                    with: String::new(),
                })
                .collect();
            assert!(
                apply("abcd\u{e9}", &edits)
                    .unwrap_err()
                    .is_invalid_parameter()
            );
        }
        let shown = format!(
            "{:?}",
            plan(&[("abcd", &[at(1..3)])], |_| Action::Mask).unwrap()
        );
        assert_eq!(shown, "[[Edit { span: 1..3, bytes: 4 }]]");
    }
}
