//! Whether any of all pairs is called a finding where there is none: users who stick to a task, and values of which half come
//! with another. By Holm's correction of plain and of clustered p-values, and by step-down minP with users permuted.

use axia_contingency::{
    AssociationParams, Associations, ConversationEntry, Conversations, Correction, MinPBy,
    ResampleParams,
};

use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

const USERS: u64 = 400;
/// A user has two conversations, and a further one with three chances in four each time: on average 5.
const STOP: f64 = 0.25;
const TASKS: usize = 12;
const VALUES: usize = 20;
const SHARE: f64 = 0.1;
const INTRACLASS: f64 = 0.2;
const LOYAL: f64 = 0.8;
/// How often the second of two values comes with the first.
const BOUND: f64 = 0.9;
/// Where there is an association: odds of a value in its own task, over elsewhere.
const ODDS: f64 = 4.0;
const LEVEL: f64 = 0.05;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    let scan = AssociationParams::new().build()?;
    let on = "400 users, 5 conversations on average, 12 tasks by 20 values of which half come with another";
    for (what, odds) in [("family_error", 1.0), ("found", ODDS)] {
        let mut rates: [Rate; 3] = Default::default();
        for run in 0..setting.replications(400) {
            let mut random = Random::new(setting.seed ^ 0xF, u64::from(run));
            let data = draw(odds, &mut random)?;
            let plain = scan.scan(&data.observe(0, 1)?);
            let by_user = scan.scan_conversations(&data, 0, 1)?;
            let resample = ResampleParams::new().seed(setting.seed ^ u64::from(run));
            let permuted = resample.replicates(399).build()?.step_down_min_p(
                &scan,
                &data,
                (0, 1),
                None,
                MinPBy::ScanP,
            )?;
            let permuted = permuted.significant(LEVEL);
            let found: [Vec<(u32, u32)>; 3] = [
                by_holm(&plain),
                by_holm(&by_user),
                permuted.map(|pair| (pair.row, pair.col)).collect(),
            ];
            for (rate, found) in rates.iter_mut().zip(found) {
                if odds > 1.0 {
                    // Each task and its own value; values above follow from those below.
                    let own = found.iter().filter(|(row, col)| row == col && *col < 10);
                    rate.push(own.count() as u64, 10);
                } else {
                    rate.push(u64::from(!found.is_empty()), 1);
                }
            }
        }
        for (rate, which) in rates
            .iter()
            .zip(["holm_naive", "holm_by_user", "min_p_by_user"])
        {
            rate.print(&format!("calibration/family/{what}/{which}"), on);
        }
    }
    Ok(())
}

fn by_holm(found: &Associations) -> Vec<(u32, u32)> {
    let corrected = found.corrected(Correction::Holm);
    let pairs = found.pairs.iter().zip(corrected);
    pairs
        .filter(|(_, p)| p.is_some_and(|p| p.p() <= LEVEL))
        .map(|(pair, _)| (pair.row, pair.col))
        .collect()
}

fn draw(odds: f64, random: &mut Random) -> Result<Conversations, Error> {
    let mass = 1.0 / INTRACLASS - 1.0;
    let mut builder = Conversations::builder(&[TASKS as u32, VALUES as u32]);
    let mut labels = Vec::new();
    let mut id = 0;
    for user in 0..USERS {
        let own = random.below(TASKS);
        let inclined: Vec<f64> = (0..VALUES / 2)
            .map(|_| random.beta(SHARE * mass, (1.0 - SHARE) * mass))
            .collect();
        let mut conversations = 2;
        while !random.chance(STOP) {
            conversations += 1;
        }
        for _ in 0..conversations {
            let task = if random.chance(LOYAL) {
                own
            } else {
                random.below(TASKS)
            };
            labels.clear();
            for (value, &p) in inclined.iter().enumerate() {
                let factor = if value == task { odds } else { 1.0 };
                if random.chance(p * factor / (1.0 - p + p * factor)) {
                    labels.push(value as u32);
                    if random.chance(BOUND) {
                        labels.push((value + VALUES / 2) as u32);
                    }
                }
            }
            let task = [task as u32];
            let entry: [&[u32]; 2] = [&task, &labels];
            builder.push(&ConversationEntry::new(id, &entry).user(user))?;
            id += 1;
        }
    }
    Ok(builder.build()?)
}
