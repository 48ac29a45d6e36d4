//! Near-synonyms: found by embedding, decided by people, replayed as aliases.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};

use axia_embed::Embedder;
use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::node::with_description;
use crate::spelling::american;
use crate::valence::is_adverse;
use crate::vectors::{cosine, embed, is_zero};
use crate::{AliasTable, Error, LabelCount};

/// What somebody decided on a pair of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing yet: the labels stay apart.
    #[default]
    #[serde(rename = "")]
    Open,
    /// They are one: `label` stands for `alias`.
    Merge,
    /// They are two.
    Apart,
}

/// Two labels that may be one: a line of the review file.
///
/// `Debug` does not show the labels.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReviewRow {
    /// The less frequent label.
    pub alias: String,
    /// The more frequent label, which would stand for both.
    pub label: String,
    /// Cosine similarity of their vectors.
    pub similarity: f64,
    /// What was decided.
    #[serde(default)]
    pub verdict: Verdict,
}

impl fmt::Debug for ReviewRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReviewRow")
            .field("similarity", &self.similarity)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// Beginnings that turn a word round.
const NEGATIONS: &[&str] = &[
    "anti", "counter", "de", "dis", "il", "im", "in", "ir", "mis", "non", "un",
];

/// Pairs of labels whose vectors are at least so near, the nearest first. Each label stands as an alias
/// at most once, beside the nearest of the labels that are more frequent (of equals: first in order).
///
/// Pairs that mean opposite things although their vectors are near are left out: where a word of one is
/// a word of the other with "un", "dis", "ir" and the like before it, or where only one of them is
/// [adverse](crate::is_adverse).
///
/// # Errors
///
/// If the embedder fails.
pub fn near_synonyms(
    labels: &[LabelCount],
    embedder: &dyn Embedder,
    least_similarity: f64,
) -> Result<Vec<ReviewRow>, Error> {
    let mut labels: Vec<&LabelCount> = labels.iter().collect();
    labels.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
    let texts: Vec<&str> = labels.iter().map(|l| l.label.as_str()).collect();
    let described: Vec<_> = labels
        .iter()
        .map(|l| with_description(&l.label, &l.description))
        .collect();
    let vectors = embed(embedder, &described)?;
    let adverse: Vec<bool> = texts.iter().map(|label| is_adverse(label)).collect();
    let mut rows = Vec::new();
    for at in 1..texts.len() {
        let own = vectors.row(at);
        if is_zero(own) {
            continue;
        }
        let mut best: Option<(usize, f64)> = None;
        for other in 0..at {
            let similarity = cosine(own, vectors.row(other));
            if similarity >= least_similarity
                && best.is_none_or(|(_, held)| similarity > held)
                && adverse[at] == adverse[other]
                && labels[at].opposed == labels[other].opposed
                && !are_opposites(texts[at], texts[other])
            {
                best = Some((other, similarity));
            }
        }
        if let Some((other, similarity)) = best {
            rows.push(ReviewRow {
                alias: texts[at].to_owned(),
                label: texts[other].to_owned(),
                similarity: (similarity * 1e4).round() / 1e4,
                verdict: Verdict::Open,
            });
        }
    }
    rows.sort_by(|a, b| {
        b.similarity
            .total_cmp(&a.similarity)
            .then_with(|| a.alias.cmp(&b.alias))
    });
    Ok(rows)
}

/// Whether one label holds a word that the other holds with a negation before it.
fn are_opposites(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.to_lowercase();
        words
            .split([' ', '-'])
            .filter(|word| !word.is_empty())
            .map(|word| american(word).into_owned())
            .collect()
    };
    let (a, b) = (words(a), words(b));
    let negates = |with: &str, without: &str| {
        with.strip_suffix(without)
            .is_some_and(|prefix| NEGATIONS.contains(&prefix))
    };
    let turned = a
        .iter()
        .any(|a| b.iter().any(|b| negates(a, b) || negates(b, a)));
    let alone = |words: &[String]| {
        words
            .iter()
            .any(|w| ["no", "non", "not", "without"].contains(&w.as_str()))
    };
    turned || alone(&a) != alone(&b)
}

/// Writes a review file: CSV with the columns `alias`, `label`, `similarity` and `verdict`, the last one
/// empty, `merge` or `apart`.
///
/// # Errors
///
/// If writing fails.
pub fn write_review(rows: &[ReviewRow], writer: impl Write) -> Result<(), Error> {
    let mut csv = csv::Writer::from_writer(writer);
    if rows.is_empty() {
        csv.write_record(["alias", "label", "similarity", "verdict"])
            .map_err(Error::csv)?;
    }
    for row in rows {
        csv.serialize(row).map_err(Error::csv)?;
    }
    csv.flush().map_err(|e| Kind::Io(e).into())
}

/// Reads a review file.
///
/// # Errors
///
/// If reading fails, or a verdict is none.
pub fn read_review(reader: impl Read) -> Result<Vec<ReviewRow>, Error> {
    csv::Reader::from_reader(reader)
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(Error::csv)
}

/// Fresh rows with the verdicts of an older review of the same pairs, so that no pair is decided twice.
/// Decided pairs that the fresh rows do not hold are kept at the end.
#[must_use]
pub fn carry_over(fresh: Vec<ReviewRow>, decided: &[ReviewRow]) -> Vec<ReviewRow> {
    let pair = |row: &ReviewRow| {
        let (a, b) = (row.alias.clone(), row.label.clone());
        if a < b { (a, b) } else { (b, a) }
    };
    let mut open: BTreeMap<(String, String), &ReviewRow> = decided
        .iter()
        .filter(|row| row.verdict != Verdict::Open)
        .map(|row| (pair(row), row))
        .collect();
    let mut rows = fresh;
    for row in &mut rows {
        if let Some(old) = open.remove(&pair(row)) {
            *row = ReviewRow {
                similarity: row.similarity,
                ..old.clone()
            };
        }
    }
    rows.extend(open.into_values().cloned());
    rows
}

/// The aliases that a review decided on, for [`LabelTable::with_aliases`](crate::LabelTable::with_aliases).
///
/// # Errors
///
/// If two decisions contradict each other, with the row's place among the merged ones.
///
/// # Example
///
/// ```
/// use axia_taxonomy::{read_review, review_aliases};
///
/// let file = "alias,label,similarity,verdict\ncandour,honesty,0.8,merge\ntact,honesty,0.7,\n";
/// let aliases = review_aliases(&read_review(file.as_bytes())?)?;
/// assert_eq!(aliases.iter().collect::<Vec<_>>(), [("candour", "honesty")]);
/// # Ok::<(), axia_taxonomy::Error>(())
/// ```
pub fn review_aliases(rows: &[ReviewRow]) -> Result<AliasTable, Error> {
    let mut table = AliasTable::new();
    for row in rows.iter().filter(|row| row.verdict == Verdict::Merge) {
        table.add(&row.alias, &row.label)?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposites_are_seen() {
        for (a, b) in [
            ("responsibility", "irresponsibility"),
            ("personal honesty", "personal dishonesty"),
            ("violence", "non-violence"),
            ("strings attached", "no strings attached"),
        ] {
            assert!(are_opposites(a, b) && are_opposites(b, a), "{a} / {b}");
        }
        assert!(!are_opposites("honesty", "truthfulness"));
    }

    #[test]
    fn decisions_are_carried_over_and_replayed() {
        let row = |alias: &str, label: &str, verdict| ReviewRow {
            alias: alias.into(),
            label: label.into(),
            similarity: 0.9,
            verdict,
        };
        let fresh = vec![
            row("candour", "honesty", Verdict::Open),
            row("a", "b", Verdict::Open),
        ];
        let old = [
            row("honesty", "candour", Verdict::Merge),
            row("c", "d", Verdict::Apart),
            row("e", "f", Verdict::Open),
        ];
        let rows = carry_over(fresh, &old);
        assert_eq!(rows.len(), 3);
        let mut csv = Vec::new();
        write_review(&rows, &mut csv).unwrap();
        let read = read_review(csv.as_slice()).unwrap();
        assert_eq!(read, rows);
        let aliases = review_aliases(&read).unwrap();
        assert_eq!(aliases.iter().collect::<Vec<_>>(), [("honesty", "candour")]);
        assert!(read_review("alias,label,similarity,verdict\na,b,1,perhaps\n".as_bytes()).is_err());
    }
}
