//! Does the AI take up the values of the human it talks to, more than chance would have it?

use serde::{Deserialize, Serialize};

use crate::conversations::{Conversations, Facet};
use crate::error::Error;
use crate::f_tail::student_quantile;
use crate::interval::Confidence;
use crate::strata::around_log;
use crate::two_by_two::Estimate;

/// How often a human value comes back as an AI value, beside how often it would by chance.
///
/// The bare share is misleading: a value that the AI shows in a quarter of all conversations "mirrors" a quarter of the humans
/// who bring it, whoever they are. So the share stands beside its level under chance, for which each conversation's AI values
/// are replaced by those of another conversation, every other in turn: exactly, without drawing.
///
/// Chance is taken within the given strata ([`Conversations::with_strata`]): give response type and task, since people who
/// ask for the same thing get the same values without any mirroring. That is the fair comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mirroring {
    /// Conversations with at least one human value.
    pub eligible: u64,
    /// Of them, those in which a human value is also an AI value.
    pub mirrored: u64,
    /// `mirrored / eligible`, with its interval by users.
    pub share: Estimate,
    /// The same share when the AI values come from a conversation of the same stratum, itself included, drawn at random.
    pub chance: f64,
    /// The same with eligible conversations only as source.
    pub chance_eligible: f64,
    /// `share - chance` with its interval by users.
    pub excess: Option<Estimate>,
    /// `share / chance` with its interval by users; `None` when nothing was mirrored or chance is 0.
    pub lift: Option<Estimate>,
    /// Strata in which chance was taken.
    pub strata: u64,
    /// Eligible conversations that are alone in their stratum: chance there is themselves.
    pub alone: u64,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// One entry per value that humans bring, by value.
    pub values: Vec<MirroredValue>,
}

/// One value on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MirroredValue {
    /// The value.
    pub value: u32,
    /// Conversations in which the human has it.
    pub human: u64,
    /// Conversations in which the AI shows it.
    pub ai: u64,
    /// Conversations with both.
    pub both: u64,
    /// What they would be without association inside the strata: `sum h a / n`.
    pub expected: f64,
}

impl Mirroring {
    /// Compares a facet of human values with a facet of AI values that share their ids (canonical labels; for a coarser
    /// match give the ids of parent nodes on both sides).
    ///
    /// `None` when no conversation has a human value.
    ///
    /// # Intervals
    /// By linearization over users (over conversations where users are not known), with the scatter of the conversations that
    /// chance is drawn from included. They are near their level from some tens of users on.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there.
    ///
    /// # Complexity
    /// For each distinct set of human values in a stratum, the conversations that show one of them.
    ///
    /// ```
    /// use axia_contingency::{Confidence, ConversationEntry, Conversations, Mirroring};
    ///
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..400 {
    ///     // The AI shows value 0 in three of four conversations, whatever the human brings.
    ///     let ai: &[u32] = if id % 4 < 3 { &[0] } else { &[1] };
    ///     let human: &[u32] = if id / 4 % 2 == 0 { &[0] } else { &[] };
    ///     builder.push(&ConversationEntry::new(id, &[human, ai]))?;
    /// }
    /// let found = Mirroring::of(&builder.build()?, 0, 1, Confidence::new(0.95)?)?.ok_or("no human values")?;
    /// assert_eq!(found.share.value, 0.75);
    /// // All of it is chance.
    /// assert!((found.lift.ok_or("undefined")?.value - 1.0).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        conversations: &Conversations,
        human_facet: usize,
        ai_facet: usize,
        confidence: Confidence,
    ) -> Result<Option<Self>, Error> {
        let human = conversations.require_facet(human_facet)?;
        let ai = conversations.require_facet(ai_facet)?;
        let all = conversations.len();
        let eligible = (0..all).filter(|&at| !human.labels(at).is_empty()).count() as u64;
        if eligible == 0 {
            return Ok(None);
        }
        let mut groups: Vec<(u32, u32)> = (0..all as u32)
            .map(|at| {
                let strata = conversations.strata();
                let stratum = strata.and_then(|strata| strata.get(at as usize).copied());
                (stratum.unwrap_or(0), at)
            })
            .collect();
        groups.sort_unstable();
        let mut sums = Chance::new(all, human, ai);
        let (mut strata, mut alone) = (0, 0);
        for group in groups.chunk_by(|a, b| a.0 == b.0) {
            let members: Vec<u32> = group.iter().map(|&(_, at)| at).collect();
            strata += 1;
            if let [only] = members.as_slice() {
                alone += u64::from(!human.labels(*only as usize).is_empty());
            }
            sums.stratum(&members);
        }
        let count = eligible as f64;
        let met = |at: usize| meets(human.labels(at), ai.labels(at));
        let mirrored = (0..all).filter(|&at| met(at)).count() as u64;
        let share = mirrored as f64 / count;
        let chance = sums.own.iter().sum::<f64>() / count;
        let chance_eligible = sums.eligible / count;

        // What each conversation adds: to the share, and to chance as a receiver and as a source.
        let clusters = conversations.n_users().unwrap_or(all);
        let mut scores = vec![(0.0, 0.0); clusters];
        for at in 0..all {
            let cluster = conversations.users().map_or(at, |users| users[at] as usize);
            let has = f64::from(u8::from(!human.labels(at).is_empty()));
            let score = &mut scores[cluster];
            score.0 += (f64::from(u8::from(met(at))) - has * share) / count;
            score.1 += (sums.own[at] - has * chance + sums.as_source[at]) / count;
        }
        let g = clusters as f64;
        let error = |of: &dyn Fn((f64, f64)) -> f64| {
            let squares: f64 = scores.iter().map(|&score| of(score).powi(2)).sum();
            (squares * g / (g - 1.0)).sqrt()
        };
        let few = conversations.users().is_some() && clusters > 1;
        let sure = if few {
            student_quantile(confidence.level(), g - 1.0).unwrap_or(f64::INFINITY)
        } else {
            confidence.z()
        };
        let around = |value: f64, half: f64| {
            half.is_finite().then_some(Estimate {
                value,
                low: value - half,
                high: value + half,
            })
        };
        let plain = around(share, sure * error(&|(a, _)| a)).unwrap_or(Estimate {
            value: share,
            low: 0.0,
            high: 1.0,
        });
        let lift_error = error(&|(a, b)| a / share - b / chance);
        Ok(Some(Self {
            eligible,
            mirrored,
            share: Estimate {
                value: share,
                low: plain.low.max(0.0),
                high: plain.high.min(1.0),
            },
            chance,
            chance_eligible,
            excess: around(share - chance, sure * error(&|(a, b)| a - b)),
            lift: (mirrored > 0 && chance > 0.0 && (sure * lift_error).is_finite())
                .then(|| around_log(share / chance, sure * lift_error)),
            strata,
            alone,
            confidence: confidence.level(),
            values: sums.finish(),
        }))
    }
}

/// Whether two ascending lists share an id.
fn meets(a: &[u32], b: &[u32]) -> bool {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

/// Chance levels, stratum by stratum.
struct Chance<'a> {
    human: &'a Facet,
    ai: &'a Facet,
    /// For each conversation, the share of its stratum whose AI values meet its human values.
    own: Vec<f64>,
    /// For each conversation as a source: how many receivers it meets, over the stratum's size, less the mean over sources.
    as_source: Vec<f64>,
    /// Sum over eligible conversations of the share of eligible sources that meet them.
    eligible: f64,
    values: Vec<MirroredValue>,
}

impl<'a> Chance<'a> {
    fn new(all: usize, human: &'a Facet, ai: &'a Facet) -> Self {
        let values = (0..human.n_categories().max(ai.n_categories())).map(|value| MirroredValue {
            value,
            human: 0,
            ai: 0,
            both: 0,
            expected: 0.0,
        });
        Self {
            human,
            ai,
            own: vec![0.0; all],
            as_source: vec![0.0; all],
            eligible: 0.0,
            values: values.collect(),
        }
    }

    fn stratum(&mut self, members: &[u32]) {
        let n = members.len() as f64;
        // Which sources show each value, as (value, place among the members).
        let mut shown: Vec<(u32, u32)> = Vec::new();
        let mut receivers: Vec<u32> = Vec::new();
        for (&at, place) in members.iter().zip(0_u32..) {
            shown.extend(
                self.ai
                    .labels(at as usize)
                    .iter()
                    .map(|&value| (value, place)),
            );
            if !self.human.labels(at as usize).is_empty() {
                receivers.push(at);
            }
        }
        shown.sort_unstable();
        self.per_value(&shown, &receivers, n);
        receivers.sort_by(|&a, &b| {
            let labels = |at: u32| self.human.labels(at as usize);
            labels(a).cmp(labels(b)).then(a.cmp(&b))
        });
        let eligible: Vec<bool> = members
            .iter()
            .map(|&at| !self.human.labels(at as usize).is_empty())
            .collect();
        let n_eligible = receivers.len() as f64;
        let mut seen = vec![u32::MAX; members.len()];
        let mut received = vec![0.0; members.len()];
        let mut mean = 0.0;
        let human = self.human;
        let same = |&a: &u32, &b: &u32| human.labels(a as usize) == human.labels(b as usize);
        for (alike, stamp) in receivers.chunk_by(same).zip(0_u32..) {
            let Some(&first) = alike.first() else {
                continue;
            };
            let (mut hits, mut hits_eligible) = (0.0, 0.0);
            for &value in human.labels(first as usize) {
                let from = shown.partition_point(|&(v, _)| v < value);
                for &(_, place) in shown[from..].iter().take_while(|&&(v, _)| v == value) {
                    let place = place as usize;
                    if seen[place] != stamp {
                        seen[place] = stamp;
                        hits += 1.0;
                        hits_eligible += f64::from(u8::from(eligible[place]));
                        received[place] += alike.len() as f64;
                    }
                }
            }
            for &at in alike {
                self.own[at as usize] = hits / n;
                self.eligible += hits_eligible / n_eligible;
                mean += hits / n;
            }
        }
        for (&at, received) in members.iter().zip(received) {
            self.as_source[at as usize] = (received - mean) / n;
        }
    }

    fn per_value(&mut self, shown: &[(u32, u32)], receivers: &[u32], n: f64) {
        let mut brought: Vec<u32> = Vec::new();
        for &at in receivers {
            let labels = self.human.labels(at as usize);
            brought.extend_from_slice(labels);
            let shown = self.ai.labels(at as usize);
            for &value in labels {
                let both = shown.binary_search(&value).is_ok();
                self.values[value as usize].both += u64::from(both);
            }
        }
        brought.sort_unstable();
        for run in shown.chunk_by(|a, b| a.0 == b.0) {
            if let Some(&(value, _)) = run.first() {
                self.values[value as usize].ai += run.len() as u64;
            }
        }
        for run in brought.chunk_by(|a, b| a == b) {
            let Some(&value) = run.first() else { continue };
            let from = shown.partition_point(|&(v, _)| v < value);
            let to = shown.partition_point(|&(v, _)| v <= value);
            let entry = &mut self.values[value as usize];
            entry.human += run.len() as u64;
            entry.expected += run.len() as f64 * (to - from) as f64 / n;
        }
    }

    fn finish(self) -> Vec<MirroredValue> {
        self.values
            .into_iter()
            .filter(|value| value.human > 0)
            .collect()
    }
}
