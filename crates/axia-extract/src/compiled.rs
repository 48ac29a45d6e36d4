//! A lexicon made ready for matching: every cue in one trie, with what it stands for.

use crate::cue;
use crate::lexicon::{Lexicon, Side, Structure};
use crate::phrases::{Builder, Phrases, Vocabulary};
use crate::{Error, SubjectivityLevel};

/// What a phrase stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// Demonstrates a value, on one side.
    Shows {
        value: usize,
        side: Side,
        weak: bool,
    },
    /// Names a value; `noun` unless only a frame makes it count.
    Names {
        value: usize,
        noun: bool,
        opposite: bool,
    },
    Frame(Frame),
    Negator,
    Topic,
    Task {
        task: usize,
        weight: f32,
    },
    Level {
        side: Side,
        level: SubjectivityLevel,
        weight: f32,
    },
    Move(Move),
    Personal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Before,
    After,
    Against,
    Norm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Refusal,
    Praise,
    Support,
    Acknowledgement,
    Reframing,
    Doubt,
    Challenge,
}

impl Move {
    pub(crate) const COUNT: usize = 7;
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) label: String,
    pub(crate) structure: Vec<Structure>,
    pub(crate) undesirable: bool,
    pub(crate) needs_refusal: bool,
    pub(crate) refusal_shows: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct TaskKind {
    pub(crate) label: String,
    pub(crate) when_refused: f32,
}

#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) phrases: Phrases,
    /// What each cue stands for, by the cue's number.
    pub(crate) targets: Vec<Target>,
    pub(crate) values: Vec<Value>,
    pub(crate) refusal_shows: Vec<usize>,
    pub(crate) tasks: Vec<TaskKind>,
    /// For each word of the vocabulary, whether it is frequent at home (1) or abroad (-1).
    pub(crate) tongue: Vec<i8>,
}

/// How much a `strong` task cue weighs against a plain one.
const STRONG_TASK: f32 = 2.0;

impl Compiled {
    pub(crate) fn new(lexicon: &Lexicon) -> Result<Self, Error> {
        let mut cues = Cues {
            builder: Builder::new(),
            targets: Vec::new(),
        };
        for (value, entry) in lexicon.values.iter().enumerate() {
            let place = format!("value `{}`", entry.label);
            let shows = |side, weak| Target::Shows { value, side, weak };
            let names = |noun, opposite| Target::Names {
                value,
                noun,
                opposite,
            };
            cues.add_all(&place, &entry.names, names(true, false))?;
            cues.add_all(&place, &entry.adjectives, names(false, false))?;
            cues.add_all(&place, &entry.opposites, names(false, true))?;
            cues.add_all(&place, &entry.assistant, shows(Side::Assistant, false))?;
            cues.add_all(&place, &entry.assistant_weak, shows(Side::Assistant, true))?;
            cues.add_all(&place, &entry.user, shows(Side::User, false))?;
            cues.add_all(&place, &entry.user_weak, shows(Side::User, true))?;
        }
        for (task, entry) in lexicon.tasks.iter().enumerate() {
            let place = format!("task `{}`", entry.label);
            let weighs = |weight| Target::Task { task, weight };
            cues.add_all(&place, &entry.strong, weighs(STRONG_TASK))?;
            cues.add_all(&place, &entry.cues, weighs(1.0))?;
        }
        for (i, entry) in lexicon.subjectivity.iter().enumerate() {
            let place = format!("subjectivity group {}", i + 1);
            let level = SubjectivityLevel::try_from(entry.level)?;
            let target = Target::Level {
                side: entry.side,
                level,
                weight: entry.weight,
            };
            cues.add_all(&place, &entry.cues, target)?;
        }
        let (frames, moves) = (&lexicon.frames, &lexicon.moves);
        for (place, list, target) in [
            (
                "frames before",
                &frames.before,
                Target::Frame(Frame::Before),
            ),
            ("frames after", &frames.after, Target::Frame(Frame::After)),
            (
                "frames against",
                &frames.against,
                Target::Frame(Frame::Against),
            ),
            ("norms", &frames.norms, Target::Frame(Frame::Norm)),
            ("negators", &lexicon.negators, Target::Negator),
            ("topics", &lexicon.topics, Target::Topic),
            ("personal", &lexicon.personal, Target::Personal),
            ("refusal", &moves.refusal, Target::Move(Move::Refusal)),
            ("praise", &moves.praise, Target::Move(Move::Praise)),
            ("support", &moves.support, Target::Move(Move::Support)),
            (
                "acknowledgement",
                &moves.acknowledgement,
                Target::Move(Move::Acknowledgement),
            ),
            ("reframing", &moves.reframing, Target::Move(Move::Reframing)),
            ("doubt", &moves.doubt, Target::Move(Move::Doubt)),
            ("challenge", &moves.challenge, Target::Move(Move::Challenge)),
        ] {
            cues.add_all(place, list, target)?;
        }
        let mut tongues = Vec::new();
        for (words, tongue) in [(&lexicon.home_words, 1), (&lexicon.foreign_words, -1)] {
            for word in words {
                tongues.push((cues.builder.word(&word.to_lowercase()), tongue));
            }
        }
        let (vocabulary, phrases) = cues.builder.build();
        let mut tongue = vec![0; vocabulary.len() + 1];
        for (word, sign) in tongues {
            if let Some(slot) = tongue.get_mut(word as usize) {
                *slot = sign;
            }
        }
        let find = |place: &str, labels: &[String]| -> Result<Vec<usize>, Error> {
            let position = |label: &String| {
                let found = lexicon.values.iter().position(|v| v.label == *label);
                found.ok_or_else(|| {
                    let problem = format!("refusal_shows has `{label}`, which is no value's label");
                    Error::lexicon(place, problem)
                })
            };
            labels.iter().map(position).collect()
        };
        let values = lexicon.values.iter().map(|entry| {
            Ok(Value {
                label: entry.label.clone(),
                structure: entry.structure.clone(),
                undesirable: entry.undesirable,
                needs_refusal: entry.needs_refusal,
                refusal_shows: find(&format!("value `{}`", entry.label), &entry.refusal_shows)?,
            })
        });
        let tasks = lexicon.tasks.iter().map(|entry| TaskKind {
            label: entry.label.clone(),
            when_refused: entry.when_refused,
        });
        Ok(Self {
            phrases,
            vocabulary,
            targets: cues.targets,
            values: values.collect::<Result<_, Error>>()?,
            refusal_shows: find("refusal_shows", &lexicon.refusal_shows)?,
            tasks: tasks.collect(),
            tongue,
        })
    }
}

struct Cues {
    builder: Builder,
    targets: Vec<Target>,
}

impl Cues {
    fn add_all(&mut self, place: &str, list: &[String], target: Target) -> Result<(), Error> {
        for text in list {
            let pieces = cue::parse(text).map_err(|problem| Error::lexicon(place, problem))?;
            let number = u32::try_from(self.targets.len())
                .map_err(|_| Error::lexicon(place, "there are too many cues"))?;
            self.targets.push(target);
            self.builder.add(&pieces, number);
        }
        Ok(())
    }
}
