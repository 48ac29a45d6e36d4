//! The cues that the local extractor looks for, as data that users can read, add to and replace.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

const BUNDLED: [&str; 3] = [
    include_str!("../lexicon/values.json"),
    include_str!("../lexicon/tasks.json"),
    include_str!("../lexicon/manner.json"),
];

/// What a [`LexiconExtractor`](crate::LexiconExtractor) knows: labels and the cues that show them.
///
/// It is one JSON object with these sections, each of which may be left out:
///
/// - `version`: free text, part of the fingerprint.
/// - `values`: for each `label`, cues in these lists: `names` (nouns that name it), `adjectives`
///   (words that name it in a sentence of wanting, "I want to be honest"), `opposites` (words for its
///   contrary), `assistant` (what an answer does that shows it), `user` (what a user asks for that
///   shows it); `assistant_weak` and `user_weak` hold cues of which it takes four. `structure` lists
///   the layouts that are a weak cue (`numbered list`, `bulleted list`). `undesirable: true` marks
///   what a refusal opposes, and `refusal_shows` lists the labels that such a refusal upholds.
///   `needs_refusal: true` marks what an assistant shows only beside a refusal.
/// - `refusal_shows`: the labels that every refusal upholds.
/// - `tasks`: for each `label`, `strong` cues and `cues` in what the user writes; `when_refused` is
///   added to its weight if the assistant refuses.
/// - `frames`: how people say that they hold a value: `before` its name ("I care about"), `after` it
///   ("matters to me"), `against` it ("I don't care about"), and `norms`, by which an assistant
///   endorses a value without speaking of itself ("is worth").
/// - `negators`, and `topics` (words that make a sentence be *about* a value: "what is", "the meaning
///   of").
/// - `moves`: what assistants do with what users want: `refusal`, `praise`, `support`,
///   `acknowledgement`, `reframing`, `doubt`, `challenge`.
/// - `subjectivity`: groups of cues, each with a `side`, a `level` from 1 to 4 and a `weight`.
/// - `personal`: words by which people speak of themselves and theirs.
/// - `home_words` and `foreign_words`: frequent words of the lexicon's language, and of others.
///
/// A cue is a phrase such as `talk to (a|your) (doctor|therapist)`. Alternatives stand in brackets,
/// within a word too (`honest(ly|y)`); a bracket followed by `?` may be left out. `_` stands for any
/// one word, `_?` for one word or none, `...` for up to three words. Case and apostrophes do not
/// count.
///
/// # Example
///
/// ```
/// use axia_extract::Lexicon;
///
/// let own = Lexicon::from_json(
///     r#"{"values": [{"label": "seaworthiness", "assistant": ["check the (hull|rigging)"]}]}"#,
/// )?;
/// let lexicon = Lexicon::bundled().extended(own);
/// assert!(lexicon.value_labels().any(|label| label == "seaworthiness"));
/// # Ok::<(), axia_extract::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lexicon {
    pub(crate) version: String,
    pub(crate) values: Vec<ValueEntry>,
    pub(crate) refusal_shows: Vec<String>,
    pub(crate) tasks: Vec<TaskEntry>,
    pub(crate) frames: Frames,
    pub(crate) negators: Vec<String>,
    pub(crate) topics: Vec<String>,
    pub(crate) moves: Moves,
    pub(crate) subjectivity: Vec<LevelEntry>,
    pub(crate) personal: Vec<String>,
    pub(crate) home_words: Vec<String>,
    pub(crate) foreign_words: Vec<String>,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ValueEntry {
    pub(crate) label: String,
    pub(crate) names: Vec<String>,
    pub(crate) adjectives: Vec<String>,
    pub(crate) opposites: Vec<String>,
    pub(crate) assistant: Vec<String>,
    pub(crate) assistant_weak: Vec<String>,
    pub(crate) user: Vec<String>,
    pub(crate) user_weak: Vec<String>,
    pub(crate) structure: Vec<Structure>,
    pub(crate) undesirable: bool,
    pub(crate) needs_refusal: bool,
    pub(crate) refusal_shows: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Structure {
    #[serde(rename = "numbered list")]
    NumberedList,
    #[serde(rename = "bulleted list")]
    BulletedList,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TaskEntry {
    pub(crate) label: String,
    pub(crate) strong: Vec<String>,
    pub(crate) cues: Vec<String>,
    pub(crate) when_refused: f32,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Frames {
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
    pub(crate) against: Vec<String>,
    pub(crate) norms: Vec<String>,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Moves {
    pub(crate) refusal: Vec<String>,
    pub(crate) praise: Vec<String>,
    pub(crate) support: Vec<String>,
    pub(crate) acknowledgement: Vec<String>,
    pub(crate) reframing: Vec<String>,
    pub(crate) doubt: Vec<String>,
    pub(crate) challenge: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    User,
    Assistant,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelEntry {
    pub(crate) side: Side,
    pub(crate) level: u8,
    pub(crate) weight: f32,
    pub(crate) cues: Vec<String>,
}

impl Lexicon {
    /// The lexicon that comes with this crate: English, with labels of the published data set of
    /// "Values in the Wild" wherever one fits.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "cannot happen: the files are fixed"
    )]
    pub fn bundled() -> Self {
        BUNDLED
            .into_iter()
            .map(|json| {
                #[expect(
                    clippy::expect_used,
                    reason = "fixed at compile time, parsed by a test"
                )]
                Self::from_json(json).expect("the bundled lexicon is valid")
            })
            .fold(Self::default(), Self::extended)
    }

    /// Reads a lexicon from JSON.
    ///
    /// # Errors
    ///
    /// If the text is not JSON of this form, a label is empty or appears twice, or a number is out of
    /// range. Cues and `refusal_shows` are checked when an extractor is built, since they may need
    /// the lexicon that this one extends.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let lexicon: Self = serde_json::from_str(json).map_err(Error::json)?;
        let unique = |kind: &str, labels: Vec<&String>| {
            let mut seen = std::collections::BTreeSet::new();
            for (i, label) in labels.into_iter().enumerate() {
                let place = format_args!("{kind} {}", i + 1).to_string();
                if label.trim().is_empty() {
                    return Err(Error::lexicon(place, "the label is empty"));
                }
                if !seen.insert(label) {
                    let problem = format!("the label `{label}` appears twice, join the entries");
                    return Err(Error::lexicon(place, problem));
                }
            }
            Ok(())
        };
        unique("value", lexicon.values.iter().map(|v| &v.label).collect())?;
        unique("task", lexicon.tasks.iter().map(|t| &t.label).collect())?;
        for (i, entry) in lexicon.subjectivity.iter().enumerate() {
            let place = format!("subjectivity group {}", i + 1);
            if !(1..=4).contains(&entry.level) {
                let problem = format!("level must be 1 to 4, got {}", entry.level);
                return Err(Error::lexicon(place, problem));
            }
            if !(entry.weight.is_finite() && entry.weight > 0.0) {
                let problem = format!("weight must be positive, got {}", entry.weight);
                return Err(Error::lexicon(place, problem));
            }
        }
        for task in &lexicon.tasks {
            if !(task.when_refused.is_finite() && task.when_refused >= 0.0) {
                let problem = format!(
                    "when_refused must not be negative, got {}",
                    task.when_refused
                );
                return Err(Error::lexicon(format!("task `{}`", task.label), problem));
            }
        }
        Ok(lexicon)
    }

    /// This lexicon and another one's cues besides. Entries of the same label are joined.
    #[must_use]
    pub fn extended(mut self, other: Self) -> Self {
        if self.version.is_empty() {
            self.version = other.version;
        } else if !other.version.is_empty() {
            self.version = format!("{}+{}", self.version, other.version);
        }
        for entry in other.values {
            match self.values.iter_mut().find(|v| v.label == entry.label) {
                Some(own) => own.join(entry),
                None => self.values.push(entry),
            }
        }
        for entry in other.tasks {
            match self.tasks.iter_mut().find(|t| t.label == entry.label) {
                Some(own) => {
                    own.strong.extend(entry.strong);
                    own.cues.extend(entry.cues);
                    own.when_refused = own.when_refused.max(entry.when_refused);
                }
                None => self.tasks.push(entry),
            }
        }
        self.refusal_shows.extend(other.refusal_shows);
        self.frames.before.extend(other.frames.before);
        self.frames.after.extend(other.frames.after);
        self.frames.against.extend(other.frames.against);
        self.frames.norms.extend(other.frames.norms);
        self.negators.extend(other.negators);
        self.topics.extend(other.topics);
        self.moves.refusal.extend(other.moves.refusal);
        self.moves.praise.extend(other.moves.praise);
        self.moves.support.extend(other.moves.support);
        self.moves
            .acknowledgement
            .extend(other.moves.acknowledgement);
        self.moves.reframing.extend(other.moves.reframing);
        self.moves.doubt.extend(other.moves.doubt);
        self.moves.challenge.extend(other.moves.challenge);
        self.subjectivity.extend(other.subjectivity);
        self.personal.extend(other.personal);
        self.home_words.extend(other.home_words);
        self.foreign_words.extend(other.foreign_words);
        self
    }

    /// The version that the lexicon gives itself.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The first 16 hexadecimal digits of the BLAKE3 digest of everything in the lexicon.
    #[must_use]
    pub fn digest(&self) -> String {
        // A lexicon is plain lists of strings and finite numbers, which always serialise.
        let json = serde_json::to_vec(self).unwrap_or_default();
        blake3::hash(&json).to_hex().chars().take(16).collect()
    }

    /// The labels of all values, in the lexicon's order.
    pub fn value_labels(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|v| v.label.as_str())
    }

    /// The labels of all tasks, in the lexicon's order.
    pub fn task_labels(&self) -> impl Iterator<Item = &str> {
        self.tasks.iter().map(|t| t.label.as_str())
    }
}

impl ValueEntry {
    fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.adjectives.extend(other.adjectives);
        self.opposites.extend(other.opposites);
        self.assistant.extend(other.assistant);
        self.assistant_weak.extend(other.assistant_weak);
        self.user.extend(other.user);
        self.user_weak.extend(other.user_weak);
        self.structure.extend(other.structure);
        self.undesirable |= other.undesirable;
        self.needs_refusal |= other.needs_refusal;
        self.refusal_shows.extend(other.refusal_shows);
    }
}

impl fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lexicon")
            .field("version", &self.version)
            .field("values", &self.values.len())
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}
