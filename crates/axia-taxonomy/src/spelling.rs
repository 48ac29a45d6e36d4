//! What two ways of writing a label have in common beyond case and hyphens: British and American
//! spelling, the plural, and the order of two words.
//!
//! Folded words are only ever compared, never shown: "promize" is a fine key for "promise" as long as
//! no other word becomes it.

use std::borrow::Cow;

/// Beginnings of words that the two spellings write differently: British, then American.
const SPELLINGS: &[(&str, &str)] = &[
    ("acknowledgement", "acknowledgment"),
    ("aeroplane", "airplane"),
    ("aesthetic", "esthetic"),
    ("ageing", "aging"),
    ("aluminium", "aluminum"),
    ("anaesthe", "anesthe"),
    ("analogue", "analog"),
    ("archaeolog", "archeolog"),
    ("ardour", "ardor"),
    ("armour", "armor"),
    ("behaviour", "behavior"),
    ("candour", "candor"),
    ("cancell", "cancel"),
    ("catalogue", "catalog"),
    ("centre", "center"),
    ("centring", "centering"),
    ("channell", "channel"),
    ("clamour", "clamor"),
    ("colour", "color"),
    ("cosy", "cozy"),
    ("counsell", "counsel"),
    ("defence", "defense"),
    ("demeanour", "demeanor"),
    ("dialogue", "dialog"),
    ("disfavour", "disfavor"),
    ("dishonour", "dishonor"),
    ("encyclopaedi", "encyclopedi"),
    ("endeavour", "endeavor"),
    ("enrolment", "enrollment"),
    ("favour", "favor"),
    ("fervour", "fervor"),
    ("fibre", "fiber"),
    ("fulfilment", "fulfillment"),
    ("grey", "gray"),
    ("harbour", "harbor"),
    ("honour", "honor"),
    ("humour", "humor"),
    ("instalment", "installment"),
    ("jewellery", "jewelry"),
    ("judgement", "judgment"),
    ("labell", "label"),
    ("labour", "labor"),
    ("licence", "license"),
    ("litre", "liter"),
    ("manoeuvre", "maneuver"),
    ("marvellous", "marvelous"),
    ("metre", "meter"),
    ("misbehaviour", "misbehavior"),
    ("modell", "model"),
    ("mould", "mold"),
    ("neighbour", "neighbor"),
    ("nonjudgement", "nonjudgment"),
    ("offence", "offense"),
    ("paediatric", "pediatric"),
    ("practise", "practice"),
    ("practising", "practicing"),
    ("pretence", "pretense"),
    ("programme", "program"),
    ("rigour", "rigor"),
    ("sceptic", "skeptic"),
    ("signall", "signal"),
    ("skilful", "skillful"),
    ("splendour", "splendor"),
    ("theatre", "theater"),
    ("travell", "travel"),
    ("tumour", "tumor"),
    ("valour", "valor"),
    ("vigour", "vigor"),
    ("wilful", "willful"),
];

/// Endings in which the British `s` is the American `z`; the longest first.
const ISE: &[(&str, &str)] = &[
    ("isational", "izational"),
    ("isations", "izations"),
    ("isation", "ization"),
    ("ising", "izing"),
    ("yising", "yizing"),
    ("ysing", "yzing"),
    ("isers", "izers"),
    ("ised", "ized"),
    ("yser", "yzer"),
    ("ysed", "yzed"),
    ("iser", "izer"),
    ("ises", "izes"),
    ("ise", "ize"),
    ("yse", "yze"),
];

/// Plurals that mean something else than their singular, or have none.
const NOT_PLURAL: &[&str] = &[
    "arms", "basics", "customs", "goods", "grounds", "looks", "manners", "means", "morals", "news",
    "odds", "savings", "spirits", "thanks", "values", "wages", "works",
];

const IRREGULAR: &[(&str, &str)] = &[
    ("backwards", "backward"),
    ("children", "child"),
    ("feet", "foot"),
    ("forwards", "forward"),
    ("lives", "life"),
    ("men", "man"),
    ("selves", "self"),
    ("wives", "wife"),
    ("women", "woman"),
];

/// Gerunds whose object may stand on either side: "enabling harm" is "harm enabling". Others are left
/// alone, as "learning community" is not "community learning", nor "quality service" "service quality".
const EITHER_SIDE: &[&str] = &[
    "avoiding",
    "building",
    "creating",
    "empowering",
    "enabling",
    "ensuring",
    "following",
    "fostering",
    "honoring",
    "keeping",
    "making",
    "maintaining",
    "maximizing",
    "minimizing",
    "nurturing",
    "preserving",
    "preventing",
    "promoting",
    "protecting",
    "pursuing",
    "reducing",
    "resolving",
    "respecting",
    "seeking",
    "setting",
    "sharing",
    "solving",
    "taking",
    "upholding",
];

/// A word in American spelling, as far as rules go.
pub(crate) fn american(word: &str) -> Cow<'_, str> {
    let mut word = SPELLINGS
        .iter()
        // The first letter rules nearly all of them out.
        .filter(|(british, _)| british.as_bytes().first() == word.as_bytes().first())
        .find_map(|(british, american)| {
            let rest = word.strip_prefix(british)?;
            Some(Cow::Owned(format!("{american}{rest}")))
        })
        .unwrap_or(Cow::Borrowed(word));
    if word.len() > 5 {
        let changed = ISE
            .iter()
            .filter(|(british, _)| british.as_bytes().last() == word.as_bytes().last())
            .find_map(|(british, american)| {
                let stem = word.strip_suffix(british)?;
                Some(format!("{stem}{american}"))
            });
        if let Some(changed) = changed {
            word = Cow::Owned(changed);
        }
    }
    word
}

/// A noun's singular, as far as rules go; other words as they are.
fn singular(word: &str) -> String {
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    let kept = ["ss", "us", "is", "ics", "ous"];
    if word.len() < 4 || NOT_PLURAL.contains(&word) || kept.iter().any(|end| word.ends_with(end)) {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    for end in ["sses", "shes", "ches", "xes", "zzes"] {
        if word.ends_with(end) {
            return word[..word.len() - 2].to_owned();
        }
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// The words of a label in American spelling, written together: what its compounds have in common.
pub(crate) fn compound_key(label: &str) -> String {
    let mut key = String::with_capacity(label.len());
    for word in words(label) {
        key.push_str(&american(&word));
    }
    key
}

/// The folded words of a label of two or more words, in a settled order where their order does not
/// matter. `None` for a label of one word: of these the plural may be another value ("right", "rights").
pub(crate) fn word_key(label: &str) -> Option<String> {
    let words: Vec<Cow<'_, str>> = words(label).collect();
    if words.len() < 2 {
        return None;
    }
    let mut folded: Vec<String> = words.iter().map(|word| singular(&american(word))).collect();
    let either_side = |word: &String| EITHER_SIDE.contains(&word.as_str());
    let free = match folded.as_slice() {
        [a, b] => either_side(a) != either_side(b),
        [_, joint, _] => joint == "and",
        _ => false,
    };
    if free {
        folded.sort_unstable();
    }
    Some(folded.join(" "))
}

/// Splits at spaces, hyphens and slashes; drops apostrophes, the possessive `'s` with its letter.
fn words(label: &str) -> impl Iterator<Item = Cow<'_, str>> {
    label
        .split([' ', '-', '/'])
        .map(|word| word.strip_suffix("'s").unwrap_or(word))
        .map(|word| match word.contains(is_joint) {
            true => Cow::Owned(word.chars().filter(|c| !is_joint(*c)).collect()),
            false => Cow::Borrowed(word),
        })
        .filter(|word| !word.is_empty())
}

fn is_joint(c: char) -> bool {
    matches!(c, '\'' | '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_writing_one_label() {
        for (a, b) in [
            ("honour", "honor"),
            ("optimisation", "optimization"),
            ("analysing", "analyzing"),
            ("judgement-free", "judgmentfree"),
            ("well being", "wellbeing"),
            ("dialogue", "dialog"),
        ] {
            assert_eq!(compound_key(a), compound_key(b), "{a} / {b}");
        }
        for (a, b) in [
            ("enabling harm", "harm-enabling"),
            ("ethical standards", "ethical standard"),
            ("children's rights", "child rights"),
            ("truth and beauty", "beauty and truth"),
            ("work responsibilities", "work responsibility"),
        ] {
            assert_eq!(word_key(a), word_key(b), "{a} / {b}");
        }
    }

    #[test]
    fn what_differs_in_meaning_stays_apart() {
        for (a, b) in [
            ("responsibility", "irresponsibility"),
            ("morning", "mourning"),
            ("for", "four"),
            ("prize", "price"),
        ] {
            assert_ne!(compound_key(a), compound_key(b), "{a} / {b}");
        }
        for (a, b) in [
            ("peace over honour", "honour over peace"),
            ("public goods", "public good"),
            ("family customs", "family custom"),
            ("non violence", "violence"),
            ("work ethics", "work ethic"),
            ("care for self", "self for care"),
            ("learning community", "community learning"),
            ("quality service", "service quality"),
            ("educational values", "educational value"),
        ] {
            assert_ne!(word_key(a), word_key(b), "{a} / {b}");
        }
        assert_eq!(word_key("rights"), None);
    }
}
