//! Which mentions of names are the same person, within one conversation.

use std::collections::{BTreeMap, BTreeSet};

use crate::squeeze::plain_words;

/// Forms of address, without dots; not part of a name.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "madam",
    "lady",
    "lord",
    "rev",
    "fr",
    "sr",
    "jr",
    "herr",
    "frau",
    "hr",
    "fru",
    "m",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "senor",
    "senora",
    "don",
    "dona",
    "signor",
    "signora",
    "sig",
    "dott",
    "ing",
    "san",
    "sama",
];

/// The words of a name: lower case, no accents, no titles, no possessive ending.
pub(crate) fn name_words(text: &str) -> Vec<String> {
    let mut words = plain_words(text);
    // "Jane's": the apostrophe makes a word of the ending.
    if words.len() > 1 && words.last().is_some_and(|w| w == "s") {
        words.pop();
    }
    let is_title = |word: &String| TITLES.contains(&word.as_str());
    if !words.iter().all(is_title) {
        words.retain(|word| !is_title(word));
    }
    words
}

/// The names of one conversation.
#[derive(Debug, Default)]
pub(crate) struct People {
    names: BTreeSet<Vec<String>>,
    /// Names by each of their words, for names of more than one.
    by_word: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// Names of more than one word, written as one: `JaneDoe`.
    joined: BTreeMap<String, Vec<String>>,
}

impl People {
    pub(crate) fn add(&mut self, text: &str) {
        let words = name_words(text);
        if words.is_empty() || !self.names.insert(words.clone()) {
            return;
        }
        if words.len() > 1 {
            self.joined.insert(words.concat(), words.clone());
        }
        for word in &words {
            let names = self.by_word.entry(word.clone()).or_default();
            names.insert(words.clone());
        }
    }

    /// The canonical form of the person that a mention means: the longest name that it is a part of,
    /// if there is just one, else the mention by itself.
    pub(crate) fn canonical(&self, text: &str) -> String {
        let mut words = name_words(text);
        if let [one] = words.as_slice()
            && let Some(apart) = self.joined.get(one)
        {
            words.clone_from(apart);
        }
        let whole = self.whole(&words).unwrap_or(&words);
        let mut sorted = whole.to_vec();
        sorted.sort_unstable();
        sorted.join(" ")
    }

    fn whole(&self, words: &[String]) -> Option<&[String]> {
        // Initials fit too many names to start from.
        let start = words.iter().find(|word| word.chars().count() > 1)?;
        let longer: Vec<&Vec<String>> = self
            .by_word
            .get(start)?
            .iter()
            .filter(|name| name.len() >= words.len() && covers(name, words))
            .collect();
        // Of those, the ones that are not a part of another: "Jane" and "Jane Doe" are one person, and
        // so are "J. Doe" and "Jane Doe".
        let size = |name: &[String]| (name.len(), name.iter().map(String::len).sum::<usize>());
        let mut maximal = longer.iter().filter(|name| {
            !longer
                .iter()
                .any(|other| size(other) > size(name) && covers(other, name))
        });
        match (maximal.next(), maximal.next()) {
            (Some(&only), None) => Some(only),
            _ => None,
        }
    }
}

/// Whether each word of `part` is a word of `name`, or the initial of one; each taken once.
fn covers(name: &[String], part: &[String]) -> bool {
    let mut left: Vec<&String> = name.iter().collect();
    part.iter().all(|word| {
        let exact = left.iter().position(|candidate| *candidate == word);
        let fits = exact.or_else(|| {
            let short = word.chars().count() == 1;
            left.iter().position(|candidate| {
                (short && candidate.starts_with(word.as_str()))
                    || (candidate.chars().count() == 1 && word.starts_with(candidate.as_str()))
            })
        });
        fits.map(|at| left.swap_remove(at)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[&str]) -> People {
        let mut people = People::default();
        for name in names {
            people.add(name);
        }
        people
    }

    #[test]
    fn parts_are_linked_when_unambiguous() {
        let one = people(&["Jane", "Dr. Jane Doe", "DOE", "J. Doe", "Jane's"]);
        for mention in [
            "Jane",
            "Doe",
            "Ms Doe",
            "jane doe",
            "Doe, Jane",
            "J. Doe",
            "Jané",
        ] {
            assert_eq!(one.canonical(mention), "doe jane", "{mention}");
        }
        let two = people(&["Jane Doe", "John Doe"]);
        assert_eq!(two.canonical("Jane"), "doe jane");
        assert_eq!(two.canonical("Doe"), "doe");
        assert_eq!(two.canonical("Mr Doe"), "doe");
        assert_eq!(two.canonical("Kim"), "kim");
    }

    #[test]
    fn a_longer_name_takes_its_parts() {
        let some = people(&["Jane Doe", "Jane Ann Doe"]);
        assert_eq!(some.canonical("Jane Doe"), "ann doe jane");
        assert_eq!(people(&["Mr", "M"]).canonical("Mr"), "mr");
    }
}
