//! Counts of labels, whatever their spelling.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AliasTable, Label};

/// A label with the number of its mentions, and where it stands.
///
/// `Debug` does not show the label.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// How often it was mentioned.
    pub count: u64,
    /// Whether the mentions oppose the value rather than uphold it: see
    /// [`Branch::Opposed`](crate::Branch::Opposed).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opposed: bool,
    /// Whether the value is an adverse one, such as cruelty; `None` leaves it to the
    /// [`ValenceGuard`](crate::ValenceGuard).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adverse: Option<bool>,
    /// What the label means, in a sentence; empty if nobody said. It is embedded together with the label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl LabelCount {
    /// A label that is upheld, with its count.
    #[must_use]
    pub fn new(label: impl Into<String>, count: u64) -> Self {
        Self {
            label: label.into(),
            count,
            opposed: false,
            adverse: None,
            description: String::new(),
        }
    }

    /// The same label, as opposed.
    #[must_use]
    pub fn opposed(mut self) -> Self {
        self.opposed = true;
        self
    }

    /// The same label, said to be adverse or not.
    #[must_use]
    pub fn adverse(mut self, adverse: bool) -> Self {
        self.adverse = Some(adverse);
        self
    }

    /// The same label with what it means, which is embedded together with it. A short label alone can be
    /// read in several ways: "discretion" is tact, and freedom to decide.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_taxonomy::LabelCount;
    ///
    /// let label = LabelCount::new("discretion", 7).described("Keeping to oneself what was confided.");
    /// assert!(!label.description.is_empty());
    /// ```
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

impl fmt::Debug for LabelCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelCount")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// A label of a [`LabelTable`] with its spellings.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelEntry<'a> {
    /// The most frequent spelling, the first in order of code points among equals.
    pub label: &'a str,
    /// Mentions in all spellings.
    pub count: u64,
    /// All spellings with their mentions, in order of code points.
    pub variants: Vec<(&'a str, u64)>,
}

impl fmt::Debug for LabelEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelEntry")
            .field("count", &self.count)
            .field("variants", &self.variants.len())
            .finish_non_exhaustive()
    }
}

/// Counts mentions of labels and merges the spellings of each.
///
/// Tables of parts merge, in any order and grouping, to the same table and the same bytes.
///
/// # Example
///
/// ```
/// use axia_taxonomy::LabelTable;
///
/// let mut table = LabelTable::new();
/// for text in ["Well-being", "well being", "well-being", "honesty", "?"] {
///     table.add(text);
/// }
/// assert_eq!((table.len(), table.mentions(), table.blank()), (2, 4, 1));
/// assert_eq!(table.canonical("WELLBEING"), Some("well-being"));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelTable {
    /// By comparison key, then by written form.
    labels: BTreeMap<String, BTreeMap<Label, u64>>,
    blank: u64,
}

impl LabelTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one mention. Returns whether the text is a label; others are counted as blank.
    pub fn add(&mut self, text: &str) -> bool {
        self.add_count(text, 1)
    }

    /// Counts mentions. Returns whether the text is a label; others are counted as blank. Counts
    /// stop at `u64::MAX`.
    pub fn add_count(&mut self, text: &str, count: u64) -> bool {
        let Some(label) = Label::new(text) else {
            self.blank = self.blank.saturating_add(count);
            return false;
        };
        let variants = self.labels.entry(label.key()).or_default();
        let held = variants.entry(label).or_default();
        *held = held.saturating_add(count);
        true
    }

    /// Adds the counts of another table.
    pub fn merge(&mut self, other: &Self) {
        for (key, variants) in &other.labels {
            let held = self.labels.entry(key.clone()).or_default();
            for (variant, count) in variants {
                let held = held.entry(variant.clone()).or_default();
                *held = held.saturating_add(*count);
            }
        }
        self.blank = self.blank.saturating_add(other.blank);
    }

    /// The same table in which labels stand for their aliases.
    #[must_use]
    pub fn with_aliases(&self, aliases: &AliasTable) -> Self {
        let mut table = Self {
            blank: self.blank,
            ..Self::default()
        };
        for (label, &count) in self.labels.values().flatten() {
            let label = aliases.resolve(label);
            let held = table.labels.entry(label.key()).or_default();
            let held = held.entry(label).or_default();
            *held = held.saturating_add(count);
        }
        table
    }

    /// Number of different labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups().len()
    }

    /// Whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Mentions of all labels.
    #[must_use]
    pub fn mentions(&self) -> u64 {
        let counts = self.labels.values().flat_map(BTreeMap::values);
        counts.fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// Mentions of texts that are no label.
    #[must_use]
    pub fn blank(&self) -> u64 {
        self.blank
    }

    /// The spelling that stands for this one, if the label was counted. For many look-ups make one
    /// [`index`](Self::index).
    #[must_use]
    pub fn canonical(&self, text: &str) -> Option<&str> {
        let found = self.index().canonical(text)?.to_owned();
        let variants = self.labels.values().flat_map(BTreeMap::keys);
        variants.map(Label::as_str).find(|label| *label == found)
    }

    /// Finds the canonical spelling of labels, many times.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_taxonomy::LabelTable;
    ///
    /// let table: LabelTable = ["enabling harm", "well-being"].into_iter().collect();
    /// let index = table.index();
    /// assert_eq!(index.canonical("Harm-enabling"), Some("enabling harm"));
    /// assert_eq!(index.canonical("honesty"), None);
    /// ```
    #[must_use]
    pub fn index(&self) -> LabelIndex {
        let mut index = LabelIndex::default();
        for group in self.groups() {
            let Some(label) = entry(&group).map(|entry| entry.label.to_owned()) else {
                continue;
            };
            let at = index.labels.len();
            index.labels.push(label);
            for (key, variants) in group {
                index.by_key.insert(key.clone(), at);
                let words = variants.keys().filter_map(Label::word_key);
                index.by_words.extend(words.map(|words| (words, at)));
            }
        }
        index
    }

    /// The labels, in order of their comparison keys.
    pub fn iter(&self) -> impl Iterator<Item = LabelEntry<'_>> {
        self.groups().into_iter().filter_map(|group| entry(&group))
    }

    /// The labels in their canonical spelling with their counts: what a taxonomy is built of.
    #[must_use]
    pub fn label_counts(&self) -> Vec<LabelCount> {
        self.iter()
            .map(|entry| LabelCount::new(entry.label, entry.count))
            .collect()
    }

    /// The spellings of each label: those of one comparison key, and those of keys that have a word key
    /// in common. In order of each group's first key, so that tables that were merged in another order
    /// give the same.
    fn groups(&self) -> Vec<Vec<(&String, Variants<'_>)>> {
        let mut group_of_words: HashMap<String, usize> = HashMap::with_capacity(self.labels.len());
        let mut groups: Vec<Vec<(&String, Variants<'_>)>> = Vec::new();
        for (key, variants) in &self.labels {
            let words: Vec<String> = variants.keys().filter_map(Label::word_key).collect();
            let known = words.iter().filter_map(|words| group_of_words.get(words));
            let mut known: Vec<usize> = known.copied().collect();
            known.sort_unstable();
            known.dedup();
            // The first group that one of the word keys leads to takes in the others.
            let home = known.first().copied().unwrap_or(groups.len());
            if home == groups.len() {
                groups.push(Vec::new());
            }
            for &other in known.iter().skip(1) {
                let moved = std::mem::take(&mut groups[other]);
                groups[home].extend(moved);
                for at in group_of_words.values_mut().filter(|at| **at == other) {
                    *at = home;
                }
            }
            groups[home].push((key, variants));
            group_of_words.extend(words.into_iter().map(|words| (words, home)));
        }
        groups.retain(|group| !group.is_empty());
        groups
    }
}

/// The canonical spelling of each label of a [`LabelTable`], by any spelling.
///
/// `Debug` shows only how many labels there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LabelIndex {
    labels: Vec<String>,
    by_key: BTreeMap<String, usize>,
    by_words: BTreeMap<String, usize>,
}

impl LabelIndex {
    /// The spelling that stands for this one, if the label is known.
    #[must_use]
    pub fn canonical(&self, text: &str) -> Option<&str> {
        let label = Label::new(text)?;
        let at = match self.by_key.get(&label.key()) {
            Some(at) => Some(at),
            None => self.by_words.get(&label.word_key()?),
        };
        at.and_then(|&at| self.labels.get(at)).map(String::as_str)
    }
}

impl fmt::Debug for LabelIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LabelIndex({} labels)", self.labels.len())
    }
}

type Variants<'a> = &'a BTreeMap<Label, u64>;

/// `None` only for a label without any spelling, which a stored table could hold.
fn entry<'a>(group: &[(&'a String, Variants<'a>)]) -> Option<LabelEntry<'a>> {
    let mut variants: Vec<(&Label, u64)> = group
        .iter()
        .flat_map(|(_, variants)| variants.iter().map(|(label, &count)| (label, count)))
        .collect();
    variants.sort_unstable();
    let mut best: Option<(&Label, u64)> = None;
    for &(variant, count) in &variants {
        if best.is_none_or(|(_, most)| count > most) {
            best = Some((variant, count));
        }
    }
    best.map(|(label, _)| LabelEntry {
        label: label.as_str(),
        count: variants
            .iter()
            .fold(0, |sum, &(_, n)| sum.saturating_add(n)),
        variants: variants.iter().map(|&(v, n)| (v.as_str(), n)).collect(),
    })
}

impl<S: AsRef<str>> Extend<S> for LabelTable {
    fn extend<I: IntoIterator<Item = S>>(&mut self, texts: I) {
        for text in texts {
            self.add(text.as_ref());
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for LabelTable {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut table = Self::new();
        table.extend(texts);
        table
    }
}

impl fmt::Debug for LabelTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelTable")
            .field("labels", &self.len())
            .field("mentions", &self.mentions())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_most_frequent_spelling_stands_for_all() {
        let mut table = LabelTable::new();
        table.add_count("wellbeing", 2);
        table.add_count("Well-Being", 3);
        table.add_count("well being", 3);
        let entries: Vec<_> = table.iter().collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].count, 8);
        // Of two equals, the first by code point: a space sorts before a hyphen.
        assert_eq!(entries[0].label, "well being");
        assert_eq!(
            entries[0].variants,
            [("well being", 3), ("well-being", 3), ("wellbeing", 2)]
        );
        assert_eq!(table.canonical("honesty"), None);
        assert!(!format!("{table:?}{:?}", entries[0]).contains("well"));
    }

    #[test]
    fn counts_stop_at_the_largest() {
        let mut table = LabelTable::new();
        table.add_count("a", u64::MAX);
        table.add("a");
        table.add_count("b", 5);
        assert_eq!(table.mentions(), u64::MAX);
    }

    proptest! {
        #[test]
        fn parts_merge_in_any_order_to_the_same_bytes(
            texts in prop::collection::vec("[abAB][ -]?[xyXY]?|--", 0..40),
            cuts in prop::collection::vec(0_usize..4, 40),
        ) {
            let whole: LabelTable = texts.iter().collect();
            let mut parts = vec![LabelTable::new(); 4];
            for (text, &cut) in texts.iter().zip(&cuts) {
                parts[cut].add(text);
            }
            let mut forwards = LabelTable::new();
            parts.iter().for_each(|part| forwards.merge(part));
            let mut backwards = LabelTable::new();
            parts.iter().rev().for_each(|part| backwards.merge(part));
            let json = |table: &LabelTable| serde_json::to_string(table).unwrap();
            prop_assert_eq!(json(&forwards), json(&whole));
            prop_assert_eq!(json(&backwards), json(&whole));
            prop_assert_eq!(serde_json::from_str::<LabelTable>(&json(&whole)).unwrap(), whole);
        }
    }
}
