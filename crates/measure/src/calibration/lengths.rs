//! Human values by AI values where long conversations have more labels on both sides, and nothing else links them; and where
//! some pairs are linked.

use axia_contingency::{ConversationEntry, Conversations, StratifiedAssociations, StratifyBy};

use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

const CONVERSATIONS: u64 = 20_000;
const HUMAN: u32 = 40;
const AI: u32 = 80;
/// Pairs with fewer conversations expected are not tested, by either method.
const MIN_EXPECTED: f64 = 10.0;
/// Where there is an association: the odds of AI value `v` are multiplied by this when human value `v` is there.
const ODDS: f64 = 1.35;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    for variation in [0.0, 0.5, 1.0] {
        let on = format!(
            "label counts with a common length factor, coefficient of variation {variation}"
        );
        for (what, odds) in [("type_1_error", 1.0), ("power", ODDS)] {
            let (mut naive, mut ours) = (Rate::default(), Rate::default());
            for run in 0..setting.replications(40) {
                let mut random = Random::new(setting.seed ^ 0xC, u64::from(run));
                let data = draw(variation, odds, &mut random)?;
                let found = StratifiedAssociations::of(&data, 0, 1, StratifyBy::LabelCounts)?;
                let (mut plain, mut stratified, mut tests) = (0, 0, 0);
                for pair in &found.pairs {
                    let linked = odds > 1.0;
                    if pair.expected < MIN_EXPECTED || (linked && pair.row != pair.col) {
                        continue;
                    }
                    let beyond = |z: Option<f64>| u64::from(z.is_some_and(|z| z.abs() > 1.96));
                    tests += 1;
                    plain += beyond(pair.crude_z);
                    stratified += beyond(pair.z);
                }
                naive.push(plain, tests);
                ours.push(stratified, tests);
            }
            let name = |which: &str| format!("calibration/lengths/cv_{variation}/{what}/{which}");
            naive.print(&name("naive_two_by_two"), &on);
            ours.print(&name("within_label_counts"), &on);
        }
    }
    Ok(())
}

fn draw(variation: f64, odds: f64, random: &mut Random) -> Result<Conversations, Error> {
    let ai_rate = |rank: u32| (0.35 / f64::from(rank + 1).powf(0.75)).min(0.9);
    let human_rate = |rank: u32| (0.10 / f64::from(rank + 1).powf(0.6)).min(0.5);
    let mut builder = Conversations::builder(&[HUMAN, AI]);
    let (mut human, mut ai) = (Vec::new(), Vec::new());
    for id in 0..CONVERSATIONS {
        let factor = if variation > 0.0 {
            let shape = 1.0 / (variation * variation);
            random.gamma(shape) / shape
        } else {
            1.0
        };
        human.clear();
        human.extend((0..HUMAN).filter(|&v| random.chance(factor * human_rate(v))));
        ai.clear();
        ai.extend((0..AI).filter(|&v| {
            let p = (factor * ai_rate(v)).min(1.0);
            let odds = if human.contains(&v) { odds } else { 1.0 };
            random.chance(p * odds / (1.0 - p + p * odds))
        }));
        builder.push(&ConversationEntry::new(id, &[&human, &ai]))?;
    }
    Ok(builder.build()?)
}
