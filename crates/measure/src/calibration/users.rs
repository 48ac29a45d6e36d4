//! Users with five conversations on average who stick to a task and to values, in data where tasks and values have nothing to do
//! with each other; and in data where each value is more, or less, frequent in one task. Once with users who stick to a value in all of
//! their tasks, once with users who do so in each task apart (random slopes).

use axia_contingency::{
    AssociationParams, ClusteredParams, Confidence, Proportion, TwoByTwo, normal_two_sided,
};

use super::loyal::{LoyalUsers, SHARE};
use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

/// Where there is an association: odds of a value in its own task, over elsewhere.
const ODDS: f64 = 1.6;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    let on = "5 conversations a user on average, intraclass correlation .2, loyalty .8";
    scenario("users", &LoyalUsers::MANY, on, setting)?;
    let slopes = LoyalUsers {
        slopes: true,
        ..LoyalUsers::MANY
    };
    let on = "the same, the correlation within each task of a user";
    scenario("slopes", &slopes, on, setting)
}

/// The methods compared, in the order of their rates.
const TESTS: [&str; 4] = [
    "naive_residual",
    "scan_with_users",
    "robust_residual",
    "rao_scott",
];

/// Levels whose errors are printed, the first also for the power.
const LEVELS: [f64; 2] = [0.05, 0.001];

fn scenario(name: &str, users: &LoyalUsers, on: &str, setting: &Setting) -> Result<(), Error> {
    let level = Confidence::new(0.95)?;
    let scan = ClusteredParams::new().build()?;
    let default = AssociationParams::new().build()?;
    for (what, odds) in [
        ("type_1_error", 1.0),
        ("power", ODDS),
        ("power_below", 1.0 / ODDS),
    ] {
        let null = what == "type_1_error";
        let mut rates: [[Rate; TESTS.len()]; LEVELS.len()] = Default::default();
        let (mut naive_odds, mut our_odds) = (Rate::default(), Rate::default());
        let (mut naive_share, mut our_share) = (Rate::default(), Rate::default());
        for run in 0..setting.replications(100) {
            let mut random = Random::new(setting.seed ^ 0xB, u64::from(run));
            let data = users.draw(odds, &mut random)?;
            let observations = data.observe(0, 1)?;
            let found = scan.scan(&data, 0, 1)?;
            let listed = default.scan_conversations(&data, 0, 1)?;
            // Where there is an association it is between each task and its own value.
            let meant = |row: u32, col: u32| null || row == col;
            let mut p_values: [Vec<f64>; TESTS.len()] = Default::default();
            let tests = found.pairs.iter().filter(|pair| meant(pair.row, pair.col));
            let (mut woolf_holds, mut ours_holds, mut n_tests) = (0, 0, 0);
            for pair in tests {
                n_tests += 1;
                let plain = pair.adjusted_residual.and_then(normal_two_sided);
                let by_default = listed.get(pair.row, pair.col).and_then(|pair| pair.p());
                let all = [
                    plain.map(|p| p.p()),
                    by_default,
                    pair.ln_p.map(|p| p.p()),
                    pair.rao_scott_ln_p.map(|p| p.p()),
                ];
                for (p_values, p) in p_values.iter_mut().zip(all) {
                    p_values.extend(p);
                }
                let table = TwoByTwo::from_margins(
                    pair.observed,
                    observations.row_totals()[pair.row as usize],
                    observations.col_totals()[pair.col as usize],
                    data.len() as u64,
                )?;
                let holds = |low: f64, high: f64| u64::from(low <= 0.0 && 0.0 <= high);
                let woolf = table.odds_ratio(level);
                woolf_holds += woolf.map_or(0, |o| holds(o.low.ln(), o.high.ln()));
                ours_holds += pair.log_odds_ratio.map_or(0, |o| holds(o.low, o.high));
            }
            for (rates, level) in rates.iter_mut().zip(LEVELS) {
                for (rate, p_values) in rates.iter_mut().zip(&p_values) {
                    let hits = p_values.iter().filter(|&&p| p <= level).count();
                    rate.push(hits as u64, n_tests);
                }
            }
            naive_odds.push(woolf_holds, n_tests);
            our_odds.push(ours_holds, n_tests);
            if null {
                let (mut plain, mut clustered) = (0, 0);
                for share in data.prevalence_by_user(1, level)? {
                    let wilson = Proportion::new(share.count, share.n)?.wilson(level);
                    let holds = |low: f64, high: f64| u64::from(low <= SHARE && SHARE <= high);
                    plain += wilson.map_or(0, |i| holds(i.low, i.high));
                    clustered += holds(share.interval.low, share.interval.high);
                }
                naive_share.push(plain, users.values as u64);
                our_share.push(clustered, users.values as u64);
            }
        }
        for (level, rates) in LEVELS.into_iter().zip(&rates) {
            // The power is looked at where all tests are.
            if !null && level < 0.05 {
                continue;
            }
            let at = if level < 0.05 {
                format!("_at_{level}")
            } else {
                String::new()
            };
            for (which, rate) in TESTS.into_iter().zip(rates) {
                rate.print(&format!("calibration/{name}/{what}{at}/{which}"), on);
            }
        }
        if null {
            let name = |which: &str| format!("calibration/{name}/coverage/{which}");
            naive_odds.print(&name("naive_odds_ratio"), on);
            our_odds.print(&name("odds_ratio_by_user"), on);
            naive_share.print(&name("naive_prevalence"), on);
            our_share.print(&name("prevalence_by_user"), on);
        }
    }
    Ok(())
}
