//! The first three stages, as functions of their input alone.
//!
//! An [`Anonymizer`](crate::Anonymizer) goes through them, and then plans and applies the replacements.
//! They are open for those who bring their own way to replace, and for measurements.
//!
//! ```
//! use axia_anonymize::{Kind, stages};
//!
//! let rules = stages::rules()?;
//! let found = stages::detect("card ４１１１ 1111 1111 1111", &[&*rules], 0.5)?;
//! let found = stages::resolve(found);
//! assert_eq!(found[0].kind, Kind::Card);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::ops::Range;

use crate::resolve::Resolved;
use crate::{Error, Finding, Recognizer, RecognizerFailure};

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
