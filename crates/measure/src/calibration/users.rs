//! Users with five conversations on average who stick to a task and to values, in data where tasks and values have nothing to do
//! with each other; and in data where each value is more frequent in one task.

use axia_contingency::{
    AssociationParams, ClusteredParams, Confidence, Proportion, TwoByTwo, normal_two_sided,
};

use super::loyal::{LoyalUsers, SHARE};
use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

const USERS: LoyalUsers = LoyalUsers {
    users: 8000,
    tasks: 20,
    values: 20,
    bound: None,
};
/// Where there is an association: odds of a value in its own task, over elsewhere.
const ODDS: f64 = 1.6;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    let level = Confidence::new(0.95)?;
    let scan = ClusteredParams::new().build()?;
    let default = AssociationParams::new().build()?;
    let on = "5 conversations a user on average, intraclass correlation .2, loyalty .8";
    for (what, odds) in [("type_1_error", 1.0), ("power", ODDS)] {
        let (mut naive, mut robust, mut rao_scott) =
            (Rate::default(), Rate::default(), Rate::default());
        let mut scanned = Rate::default();
        let (mut naive_odds, mut our_odds) = (Rate::default(), Rate::default());
        let (mut naive_share, mut our_share) = (Rate::default(), Rate::default());
        for run in 0..setting.replications(100) {
            let mut random = Random::new(setting.seed ^ 0xB, u64::from(run));
            let data = USERS.draw(odds, &mut random)?;
            let observations = data.observe(0, 1)?;
            let found = scan.scan(&data, 0, 1)?;
            let listed = default.scan_conversations(&data, 0, 1)?;
            let by_default = listed.pairs.iter().filter(|pair| {
                let meant = odds <= 1.0 || pair.row == pair.col;
                meant && pair.p().is_some_and(|p| p <= 0.05)
            });
            let by_default = by_default.count() as u64;
            let mut counts = [0_u64; 5];
            let mut tests = 0;
            for pair in &found.pairs {
                // Where there is an association it is between each task and its own value.
                if odds > 1.0 && pair.row != pair.col {
                    continue;
                }
                tests += 1;
                let small = |p: f64| u64::from(p <= 0.05);
                let plain = pair.adjusted_residual.and_then(normal_two_sided);
                counts[0] += plain.map_or(0, |p| small(p.p()));
                counts[1] += pair.ln_p.map_or(0, |p| small(p.p()));
                counts[2] += pair.rao_scott_ln_p.map_or(0, |p| small(p.p()));
                let table = TwoByTwo::from_margins(
                    pair.observed,
                    observations.row_totals()[pair.row as usize],
                    observations.col_totals()[pair.col as usize],
                    data.len() as u64,
                )?;
                let holds = |low: f64, high: f64| u64::from(low <= 0.0 && 0.0 <= high);
                let woolf = table.odds_ratio(level);
                counts[3] += woolf.map_or(0, |o| holds(o.low.ln(), o.high.ln()));
                counts[4] += pair.log_odds_ratio.map_or(0, |o| holds(o.low, o.high));
            }
            for (rate, count) in [
                (&mut scanned, by_default),
                (&mut naive, counts[0]),
                (&mut robust, counts[1]),
                (&mut rao_scott, counts[2]),
                (&mut naive_odds, counts[3]),
                (&mut our_odds, counts[4]),
            ] {
                rate.push(count, tests);
            }
            if odds <= 1.0 {
                let (mut plain, mut clustered) = (0, 0);
                for share in data.prevalence_by_user(1, level)? {
                    let wilson = Proportion::new(share.count, share.n)?.wilson(level);
                    let holds = |low: f64, high: f64| u64::from(low <= SHARE && SHARE <= high);
                    plain += wilson.map_or(0, |i| holds(i.low, i.high));
                    clustered += holds(share.interval.low, share.interval.high);
                }
                naive_share.push(plain, USERS.values as u64);
                our_share.push(clustered, USERS.values as u64);
            }
        }
        let name = |which: &str| format!("calibration/users/{what}/{which}");
        naive.print(&name("naive_residual"), on);
        scanned.print(&name("scan_with_users"), on);
        robust.print(&name("robust_residual"), on);
        rao_scott.print(&name("rao_scott"), on);
        if odds <= 1.0 {
            let name = |which: &str| format!("calibration/users/coverage/{which}");
            naive_odds.print(&name("naive_odds_ratio"), on);
            our_odds.print(&name("odds_ratio_by_user"), on);
            naive_share.print(&name("naive_prevalence"), on);
            our_share.print(&name("prevalence_by_user"), on);
        }
    }
    Ok(())
}
