//! What variances by user cost: all pairs of 500 tasks and 3,307 values in 10 million rows (2.5 million conversations with
//! four values each, five of each user), beside the plain counts, residuals, p-values and two corrections of the same rows.

use std::time::Instant;

use axia_contingency::{
    AssociationParams, ClusteredParams, ConversationEntry, Conversations, Correction, Exact, Table,
};

use super::Setting;
use super::random::Random;
use crate::Error;
use crate::figure::{peak_memory_mib, print};

const CONVERSATIONS: f64 = 2_500_000.0;
const PASSES: usize = 3;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    let conversations = (CONVERSATIONS * setting.scale.min(1.0)) as u64;
    let data = draw(conversations, setting.seed)?;
    let (mut rows, mut cols) = (Vec::new(), Vec::new());
    for view in &data {
        for &value in view.labels(1) {
            rows.extend_from_slice(view.labels(0));
            cols.push(value);
        }
    }
    let plain = AssociationParams::new()
        .exact(Exact::Never)
        .min_expected_normal(0.0)
        .build()?;
    let corrections = [Correction::Bonferroni, Correction::BenjaminiHochberg];
    let naive = best(|| {
        let table = Table::from_codes(500, 3307, &rows, &cols)?;
        Ok(plain.test_table(&table, &corrections)?.is_some())
    })?;
    let n = rows.len() as u64;
    let on = "generated, five conversations a user, one thread by user";
    print("calibration/cost/naive", naive, "s", n, on);
    let scan = ClusteredParams::new().build()?;
    let mut pairs = 0;
    let robust = best(|| {
        pairs = scan.scan(&data, 0, 1)?.pairs.len() as u64;
        Ok(true)
    })?;
    print("calibration/cost/by_user", robust, "s", n, on);
    print(
        "calibration/cost/by_user_over_naive",
        robust / naive,
        "times",
        pairs,
        on,
    );
    if let Some(peak) = peak_memory_mib() {
        print("calibration/cost/peak_memory", peak, "MiB", n, on);
    }
    Ok(())
}

/// The least wall time of several passes.
fn best(mut work: impl FnMut() -> Result<bool, Error>) -> Result<f64, Error> {
    let mut least = f64::INFINITY;
    for _ in 0..PASSES {
        let start = Instant::now();
        if !work()? {
            return Err("nothing to test".into());
        }
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

fn draw(conversations: u64, seed: u64) -> Result<Conversations, Error> {
    let mut random = Random::new(seed, 0xD);
    let mut builder = Conversations::builder(&[500, 3307]);
    let mut own = 0;
    for id in 0..conversations {
        if id % 5 == 0 {
            own = random.below(500);
        }
        let task = if random.chance(0.8) {
            own
        } else {
            random.below(500)
        };
        // Shares that fall as a power of the rank.
        let values: [u32; 4] =
            std::array::from_fn(|_| (3307.0_f64.powf(random.unit()) - 1.0) as u32);
        let task = [task as u32];
        let labels: [&[u32]; 2] = [&task, &values];
        builder.push(&ConversationEntry::new(id, &labels).user(id / 5))?;
    }
    Ok(builder.build()?)
}
