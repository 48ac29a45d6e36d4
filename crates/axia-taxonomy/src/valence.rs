//! Which labels name something that protective values stand against: cruelty, domination, deceit.
//!
//! Embeddings of opposites are near each other, so that cruelty would be put beside compassion. A list
//! of words and a few rules keep such labels in a branch of their own. They look at the label alone.

use serde::{Deserialize, Serialize};

use crate::spelling::american;

/// In which part of a taxonomy a label stands. Nodes above the labels hold labels of one branch only.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Branch {
    /// Values that are upheld, and are not adverse.
    #[default]
    Main,
    /// Values that are upheld and are adverse, such as cruelty: see [`ValenceGuard`].
    Adverse,
    /// Values that are opposed. Their leaves are written "honesty (opposed)".
    Opposed,
}

impl Branch {
    pub(crate) const ALL: [Self; 3] = [Self::Main, Self::Adverse, Self::Opposed];

    #[allow(clippy::trivially_copy_pass_by_ref)] // As serde wants it.
    pub(crate) fn is_main(&self) -> bool {
        *self == Self::Main
    }
}

/// Whether adverse labels are kept apart from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ValenceGuard {
    /// Labels that [`is_adverse`] finds, and those said to be by
    /// [`LabelCount::adverse`](crate::LabelCount::adverse), form a branch of their own.
    #[default]
    Apart,
    /// Only those said to be adverse do.
    AsSaid,
}

/// Words that name something adverse by themselves. Beginnings of words, so that "cruel" also finds
/// "cruelty"; those that end in `$` are whole words.
const ADVERSE: &[&str] = &[
    "abus",
    "aggressi",
    "amoral",
    "antisemit",
    "bigot",
    "blackmail",
    "brutal",
    "bully",
    "callous",
    "censor",
    "cheat",
    "coerc",
    "contempt",
    "corrupt",
    "cruel",
    "crime$",
    "criminal",
    "deceit",
    "decepti",
    "deceiv",
    "degrad",
    "dehumani",
    "demean",
    "destruct",
    "discriminat",
    "disempower",
    "dishon",
    "disinformation",
    "disregard",
    "disrespect",
    "disrupti",
    "domina",
    "domineer",
    "enmity",
    "evil",
    "exploitati",
    "exploitive",
    "extorti",
    "extremis",
    "fraud",
    "genocid",
    "greed",
    "harass",
    "harm$",
    "harmful",
    "hate$",
    "hateful",
    "hatred",
    "hostil",
    "humiliat",
    "illegal",
    "illicit",
    "immoral",
    "impunity",
    "indecen",
    "inhuman",
    "injustice",
    "intimidat",
    "intoleran",
    "irresponsib",
    "malevolen",
    "malic",
    "manipulat",
    "misanthrop",
    "misinformation",
    "misogyn",
    "murder",
    "negligen",
    "nepotis",
    "nihilis",
    "objectificat",
    "oppress",
    "persecut",
    "plagiari",
    "predat",
    "prejudic",
    "racis",
    "reckless",
    "revenge",
    "ruthless",
    "sabotage",
    "sadis",
    "selfish",
    "sexis",
    "slander",
    "subjugat",
    "supremac",
    "terror",
    "theft",
    "threat",
    "tortur",
    "transphob",
    "treacher",
    "tyran",
    "unethical",
    "unfair",
    "unjust",
    "unscrupulous",
    "vandal",
    "vengean",
    "vengeful",
    "victimi",
    "vindictive",
    "violation",
    "violen",
    "xenophob",
];

/// Adverse nouns become values when something is done against them, and when they are known or felt
/// for: "harm prevention", "freedom from oppression", "trauma sensitivity". Beginnings of words, or
/// whole words with `$`.
const AGAINST: &[&str] = &[
    "absence",
    "abolition",
    "accountab",
    "address",
    "against$",
    "alert",
    "anti",
    "avers",
    "avoid",
    "aware",
    "base$",
    "care$",
    "challeng",
    "combat",
    "concern",
    "condemn",
    "confront",
    "control",
    "counter",
    "critique",
    "criticism",
    "de$",
    "deescalat",
    "defens",
    "detect",
    "deter",
    "diligence",
    "eliminat",
    "exposure",
    "fight",
    "free$",
    "freedom",
    "from$",
    "heal",
    "identif",
    "informed",
    "intervention",
    "justice",
    "limit",
    "management",
    "mindful",
    "minimi",
    "mitigat",
    "no$",
    "non$",
    "not$",
    "oppos",
    "oversight",
    "prevent",
    "prohibit",
    "protect",
    "recogni",
    "recover",
    "redress",
    "reduc",
    "refus",
    "reject",
    "remed",
    "report",
    "resist",
    "respon",
    "safe",
    "screen",
    "security",
    "sensitiv",
    "stop",
    "support",
    "survivor",
    "transparen",
    "understand",
    "vigilan",
    "without$",
    "zero$",
];

/// Words of one spelling with an adverse beginning that are not adverse.
const SOUND: &[&str] = &[
    "threatened",
    "disrespected",
    "abused",
    "dishonored",
    "victimized",
];

/// Whether a label names something adverse, as far as English word lists tell: one of its words does,
/// and none says that it is stood against, known of, or healed.
///
/// The list holds conduct and attitudes that do harm to others. What is merely unwelcome, sad or risky
/// is not in it, and neither is what people disagree about.
///
/// # Example
///
/// ```
/// use axia_taxonomy::is_adverse;
///
/// assert!(is_adverse("cruelty") && is_adverse("sexual violence") && is_adverse("harm enabling"));
/// assert!(!is_adverse("harm prevention") && !is_adverse("non-violence"));
/// assert!(is_adverse("irresponsibility") && !is_adverse("responsibility"));
/// ```
#[must_use]
pub fn is_adverse(label: &str) -> bool {
    let label = label.to_lowercase();
    let words: Vec<_> = label
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(american)
        .filter(|word| !SOUND.contains(&word.as_ref()))
        .collect();
    let any = |list: &[&str]| {
        let mut words = words.iter();
        words.any(|word| list.iter().any(|entry| begins(word, entry)))
    };
    any(ADVERSE) && !any(AGAINST)
}

fn begins(word: &str, entry: &str) -> bool {
    // The first letter rules nearly all entries out.
    if word.as_bytes().first() != entry.as_bytes().first() {
        return false;
    }
    match entry.strip_suffix('$') {
        Some(whole) => word == whole,
        None => word.starts_with(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_harm_is_adverse() {
        for label in [
            "cruelty",
            "Dominance",
            "domination",
            "misogyny",
            "objectification",
            "exploitation",
            "deception",
            "amorality",
            "sexual violence",
            "disregard for consent",
            "enabling harm",
            "harm enabling",
            "dishonesty",
        ] {
            assert!(is_adverse(label), "{label}");
        }
    }

    #[test]
    fn what_stands_against_it_is_not() {
        for label in [
            "compassion",
            "harm prevention",
            "harm reduction",
            "nonviolence",
            "non-violence",
            "anti-discrimination",
            "freedom from oppression",
            "corruption resistance",
            "threat awareness",
            "child protection",
            "responsibility",
            "honesty",
            "crime prevention",
            "boundaries",
            "",
        ] {
            assert!(!is_adverse(label), "{label}");
        }
    }
}
