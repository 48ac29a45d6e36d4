//! Whether any of all pairs is called a finding where there is none: users who stick to a task, and values of which half come
//! with another. By Holm's correction of plain and of clustered p-values, and by step-down minP with users permuted.

use axia_contingency::{
    AssociationParams, Associations, Correction, Estimand, MinPBy, ResampleParams,
};

use super::loyal::LoyalUsers;
use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

const USERS: LoyalUsers = LoyalUsers {
    users: 400,
    tasks: 12,
    values: 10,
    bound: Some(0.9),
    ..LoyalUsers::MANY
};
/// Where there is an association: odds of a value in its own task, over elsewhere.
const ODDS: f64 = 4.0;
const LEVEL: f64 = 0.05;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    let scan = AssociationParams::new().build()?;
    let mentions = AssociationParams::new()
        .estimand(Estimand::MentionShare)
        .build()?;
    let on = "400 users, 5 conversations on average, 12 tasks by 20 values of which half come with another";
    for (what, odds) in [("family_error", 1.0), ("found", ODDS)] {
        let mut rates: [Rate; 4] = Default::default();
        for run in 0..setting.replications(400) {
            let mut random = Random::new(setting.seed ^ 0xF, u64::from(run));
            let data = USERS.draw(odds, &mut random)?;
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
            let found: [Vec<(u32, u32)>; 4] = [
                by_holm(&plain),
                by_holm(&by_user),
                permuted.map(|pair| (pair.row, pair.col)).collect(),
                by_holm(&mentions.scan_conversations(&data, 0, 1)?),
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
        for (rate, which) in rates.iter().zip([
            "holm_naive",
            "holm_by_user",
            "min_p_by_user",
            "holm_by_user_mention_share",
        ]) {
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
