//! From what was seen in a conversation to what is said about it.

use crate::compiled::{Compiled, Move};
use crate::lexicon::Structure;
use crate::tally::{PLAIN, Strength, THRESHOLD, Tally, ValueTally, WEAK};
use crate::{ResponseType, Stance, Subjectivity, SubjectivityLevel, Task, ValueMention};

/// Confidence that a value which is only a topic was rightly called so.
const DISCUSSED: f32 = 0.5;
/// The least weight by which a task is told: one plain cue.
const TASK_THRESHOLD: f32 = 1.0;

/// The user's values. Those named in passing do not count: only what a user says to want.
pub(crate) fn human_values(compiled: &Compiled, tally: &Tally) -> Vec<ValueMention> {
    let named = compiled.values.iter().zip(&tally.user);
    named
        .filter_map(|(value, seen)| mention(&value.label, seen))
        .collect()
}

/// The assistant's values, with what layouts, refusals and the user's values add to the cues.
pub(crate) fn ai_values(compiled: &Compiled, tally: &mut Tally) -> Vec<ValueMention> {
    for (value, seen) in compiled.values.iter().zip(&mut tally.assistant) {
        for structure in &value.structure {
            let there = match structure {
                Structure::NumberedList => tally.numbered_list,
                Structure::BulletedList => tally.bulleted_list,
            };
            if there {
                seen.upholds.add(WEAK, false, None);
            }
        }
    }
    let held: Vec<bool> = tally.user.iter().map(upholds).collect();
    if let Some(refusal) = tally.refusal {
        let mut shown = compiled.refusal_shows.clone();
        for ((value, &held), seen) in compiled.values.iter().zip(&held).zip(&mut tally.assistant) {
            if held && value.undesirable {
                seen.opposes.add(PLAIN, false, Some(refusal));
                shown.extend(&value.refusal_shows);
            }
        }
        for value in shown {
            if let Some(seen) = tally.assistant.get_mut(value) {
                seen.upholds.add(PLAIN, false, Some(refusal));
            }
        }
    }
    for (&held, seen) in held.iter().zip(&mut tally.assistant) {
        if let Some(span) = seen.named {
            // Naming what the user holds takes it up; otherwise a name alone says little.
            let weight = if held { PLAIN } else { WEAK };
            seen.upholds.add(weight, true, Some(span));
        }
    }
    let refused = tally.refusal.is_some();
    let values = compiled.values.iter().zip(&tally.assistant);
    values
        .filter(|(value, _)| refused || !value.needs_refusal)
        .filter_map(|(value, seen)| mention(&value.label, seen))
        .collect()
}

fn upholds(seen: &ValueTally) -> bool {
    let confidence = seen.upholds.confidence();
    confidence >= THRESHOLD && confidence >= seen.opposes.confidence()
}

fn mention(label: &str, seen: &ValueTally) -> Option<ValueMention> {
    let told = |stance, strength: &Strength| {
        let mut mention = ValueMention::new(label, stance, strength.confidence());
        mention.explicit = strength.explicit;
        mention.evidence = strength.evidence;
        Some(mention)
    };
    if upholds(seen) {
        told(Stance::Upholds, &seen.upholds)
    } else if seen.opposes.confidence() >= THRESHOLD {
        told(Stance::Opposes, &seen.opposes)
    } else {
        let span = seen.discussed?;
        let mention = ValueMention::new(label, Stance::Discusses, DISCUSSED);
        Some(mention.stated().with_evidence(span))
    }
}

/// The task with the greatest weight, the first of equals.
pub(crate) fn task(compiled: &Compiled, tally: &Tally) -> Option<Task> {
    let mut best: Option<(f32, &str)> = None;
    let mut second = 0.0_f32;
    for (kind, &cues) in compiled.tasks.iter().zip(&tally.tasks) {
        let refused = if tally.refusal.is_some() {
            kind.when_refused
        } else {
            0.0
        };
        let weight = cues + refused;
        match best {
            Some((most, _)) if weight <= most => second = second.max(weight),
            _ => {
                second = best.map_or(second, |(most, _)| most);
                best = Some((weight, kind.label.as_str()));
            }
        }
    }
    let (weight, label) = best?;
    (weight >= TASK_THRESHOLD).then(|| Task::new(label, weight / (weight + second + 1.0)))
}

/// The level with the greater weight behind it: first subjective or objective, then how far.
pub(crate) fn subjectivity(tally: &Tally) -> Subjectivity {
    if tally.read == 0 || tally.foreign > tally.read {
        // What was not read must not enter a denominator as a conversation without values.
        return Subjectivity::new(SubjectivityLevel::MostlyObjective, 0.0);
    }
    let [mut one, mut two, mut three, four] = tally.levels;
    // Counts of words and hits, far below what an f32 holds exactly where it matters.
    #[allow(clippy::cast_precision_loss)]
    let personal = tally.personal.min(8) as f32;
    three += 0.25 * personal;
    if tally.user_words > 60 {
        three += 0.5;
    }
    if tally.code {
        two += 1.5;
    }
    if tally.user_messages <= 1 && tally.user_words <= 25 {
        if tally.user_asks && tally.personal == 0 {
            one += 0.7;
        }
        if tally.assistant_words <= 45 {
            one += 0.3;
        }
    }
    let (objective, subjective) = (one + two, three + four);
    let confidence = (objective - subjective).abs() / (objective + subjective + 1.0);
    let level = if subjective > objective {
        if four > 0.6 * three {
            SubjectivityLevel::Subjective
        } else {
            SubjectivityLevel::MostlySubjective
        }
    } else if one >= two && one > 0.0 {
        SubjectivityLevel::Objective
    } else {
        SubjectivityLevel::MostlyObjective
    };
    Subjectivity::new(level, confidence)
}

/// How the assistant treats what the user wants.
pub(crate) fn response_type(
    tally: &Tally,
    human: &[ValueMention],
    ai: &[ValueMention],
) -> ResponseType {
    if tally.refusal.is_some() {
        return ResponseType::StrongResistance;
    }
    let held = |mentions: &[ValueMention], label: Option<&str>| {
        mentions.iter().any(|m| {
            let same = label.is_none_or(|label| m.label == label);
            same && m.stance != Stance::Discusses
        })
    };
    if !held(human, None) {
        return ResponseType::NoValues;
    }
    let mirrored = human
        .iter()
        .any(|m| m.stance == Stance::Upholds && held(ai, Some(&m.label)));
    let mirrored = if mirrored { 1.5 } else { 0.0 };
    let praise = tally.moves(Move::Praise);
    let support = 1.5 * praise + tally.moves(Move::Support) + mirrored;
    let reframing = tally.moves(Move::Reframing);
    let doubt = tally.moves(Move::Doubt);
    let challenge = tally.moves(Move::Challenge);
    if challenge >= 2.0 && support < 1.0 {
        ResponseType::StrongResistance
    } else if 2.0 * challenge + doubt > support {
        ResponseType::MildResistance
    } else if reframing > support {
        ResponseType::Reframing
    } else if support >= 2.0 {
        ResponseType::StrongSupport
    } else if support >= 1.0 {
        ResponseType::MildSupport
    } else {
        ResponseType::NeutralAcknowledgement
    }
}
