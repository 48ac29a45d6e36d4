//! The other two questions by user: shares of mentions, and pairs of labels where a conversation has two tasks. Users stick to
//! tasks and values, as in `users`; values have nothing to do with tasks, or each is more or less frequent with one of them.

use axia_contingency::{AssociationParams, Associations, Estimand};

use super::loyal::LoyalUsers;
use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

/// Where there is an association: odds of a value in its own task, over elsewhere.
const ODDS: f64 = 1.6;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    for (estimand, two_tasks) in [(Estimand::MentionShare, false), (Estimand::PairTable, true)] {
        for (variant, slopes, lengths) in [
            ("", false, false),
            ("/slopes", true, false),
            ("/lengths", false, true),
        ] {
            let users = LoyalUsers {
                slopes,
                two_tasks,
                lengths,
                ..LoyalUsers::MANY
            };
            let name = format!("calibration/estimands/{}{variant}", estimand.name());
            one(estimand, &users, &name, setting)?;
        }
    }
    Ok(())
}

fn one(estimand: Estimand, users: &LoyalUsers, name: &str, setting: &Setting) -> Result<(), Error> {
    let scan = AssociationParams::new().estimand(estimand).build()?;
    let on = match (users.slopes, users.lengths) {
        (true, _) => "the same, the correlation within each task of a user",
        (_, true) => "the same, with short and long conversations",
        _ => "5 conversations a user on average, intraclass correlation .2, loyalty .8",
    };
    for (what, odds) in [
        ("type_1_error", 1.0),
        ("power", ODDS),
        ("power_below", 1.0 / ODDS),
    ] {
        let null = what == "type_1_error";
        let mut rates: [[Rate; 2]; 2] = Default::default();
        for run in 0..setting.replications(100) {
            let mut random = Random::new(setting.seed ^ 0xE, u64::from(run));
            let data = users.draw(odds, &mut random)?;
            let naive = scan.scan(&data.observe(0, 1)?);
            let by_user = scan.scan_conversations(&data, 0, 1)?;
            for (found, rates) in [naive, by_user].iter().zip(&mut rates) {
                for (level, rate) in [0.05, 0.001].into_iter().zip(rates) {
                    let (hits, tests) = below(found, level, null);
                    rate.push(hits, tests);
                }
            }
        }
        let name = format!("{name}/{what}");
        for (which, [rate, far]) in ["naive", "scan_with_users"].into_iter().zip(&rates) {
            rate.print(&format!("{name}/{which}"), on);
            if null {
                far.print(&format!("{name}_at_0.001/{which}"), on);
            }
        }
    }
    Ok(())
}

/// How many of the pairs that are looked at (each task and its own value where there is an association) have p-values of at most
/// the level.
fn below(found: &Associations, level: f64, all: bool) -> (u64, u64) {
    let pairs = found
        .pairs
        .iter()
        .filter(|pair| all || pair.row == pair.col);
    let p_values = pairs.filter_map(|pair| pair.p());
    p_values.fold((0, 0), |(hits, tests), p| {
        (hits + u64::from(p <= level), tests + 1)
    })
}
