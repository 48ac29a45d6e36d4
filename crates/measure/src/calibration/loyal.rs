//! Invented users who stick to a task and to values: what the calibrations by users draw from.

use std::collections::HashMap;

use axia_contingency::{ConversationEntry, Conversations};

use super::random::Random;
use crate::Error;

/// A user has two conversations, and a further one with three chances in four each time: on average 5.
const STOP: f64 = 0.25;
/// Share of conversations that show a value.
pub(super) const SHARE: f64 = 0.1;
/// Correlation of the value between two conversations of a user.
const INTRACLASS: f64 = 0.2;
/// Share of a user's conversations that are of the user's own task; the others are of any.
const LOYAL: f64 = 0.8;

pub(super) struct LoyalUsers {
    pub(super) users: u64,
    pub(super) tasks: usize,
    pub(super) values: usize,
    /// With it each value has a second one, numbered behind all first ones, that comes with it so often.
    pub(super) bound: Option<f64>,
    /// How far a user goes by a value is drawn anew for each task: what a user does in one says nothing about another, so that
    /// users repeat pairs. The share of a value is the same in all tasks all the same.
    pub(super) slopes: bool,
    /// Each user has two tasks of their own, and each conversation two (or one, when they coincide).
    pub(super) two_tasks: bool,
    /// Half of the conversations are long: they show three times as many values as the others, and only they have a second task.
    pub(super) lengths: bool,
}

impl LoyalUsers {
    /// Many users, for the rate of one test.
    pub(super) const MANY: Self = Self {
        users: 8000,
        tasks: 20,
        values: 20,
        bound: None,
        slopes: false,
        two_tasks: false,
        lengths: false,
    };

    /// Facet 0 is the task, facet 1 the values; `odds` are those of a value in its own task, over elsewhere.
    pub(super) fn draw(&self, odds: f64, random: &mut Random) -> Result<Conversations, Error> {
        let mass = 1.0 / INTRACLASS - 1.0;
        let all = self.values * if self.bound.is_some() { 2 } else { 1 };
        let mut builder = Conversations::builder(&[self.tasks as u32, all as u32]);
        let mut labels = Vec::new();
        let mut id = 0;
        for user in 0..self.users {
            let own = random.below(self.tasks);
            let second = self.two_tasks.then(|| random.below(self.tasks));
            let inclination = |random: &mut Random| -> Vec<f64> {
                (0..self.values)
                    .map(|_| random.beta(SHARE * mass, (1.0 - SHARE) * mass))
                    .collect()
            };
            let mut inclined = HashMap::from([(own, inclination(random))]);
            let mut conversations = 2;
            while !random.chance(STOP) {
                conversations += 1;
            }
            for _ in 0..conversations {
                let length = match self.lengths {
                    false => 1.0,
                    true if random.chance(0.5) => 1.5,
                    true => 0.5,
                };
                let mut loyal = |own: usize| {
                    if random.chance(LOYAL) {
                        own
                    } else {
                        random.below(self.tasks)
                    }
                };
                let task = loyal(own);
                let mut tasks = vec![task as u32];
                let second = second.filter(|_| length >= 1.0);
                tasks.extend(second.map(|second| loyal(second) as u32));
                labels.clear();
                let of = if self.slopes { task } else { own };
                let inclined = inclined.entry(of).or_insert_with(|| inclination(random));
                for (value, &p) in inclined.iter().enumerate() {
                    let meant = tasks.contains(&(value as u32));
                    let factor = if meant { odds } else { 1.0 };
                    let p = (p * length).min(1.0);
                    if random.chance(p * factor / (1.0 - p + p * factor)) {
                        labels.push(value as u32);
                        if self.bound.is_some_and(|bound| random.chance(bound)) {
                            labels.push((value + self.values) as u32);
                        }
                    }
                }
                let entry: [&[u32]; 2] = [&tasks, &labels];
                builder.push(&ConversationEntry::new(id, &entry).user(user))?;
                id += 1;
            }
        }
        Ok(builder.build()?)
    }
}
