//! What variances by user cost: all pairs of 500 tasks and 3,307 values in 10 million rows (2.5 million conversations with
//! four values each, five of each user), beside the plain counts, residuals, p-values and two corrections of the same rows.

use axia_contingency::{
    AssociationParams, ClusteredParams, ConversationEntry, Conversations, Correction, Exact, Grid,
};

use super::Setting;
use super::random::Random;
use crate::Error;
use crate::cpu_time::best_of;
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
        let grid = Grid::from_codes(500, 3307, &rows, &cols)?;
        let cells = plain.test_grid(&grid, &corrections)?;
        // Read, since not all corrected p-values are computed before.
        Ok(cells.is_some_and(|cells| {
            corrections.iter().all(|&correction| {
                let corrected = cells.corrected(correction);
                corrected.is_some_and(|p| p.filter(|p| p.ln() > -1.0).count() > 0)
            })
        }))
    })?;
    let n = rows.len() as u64;
    let on = "generated, five conversations a user, one thread";
    print("calibration/cost/naive", naive, "CPU s", n, on);
    let scan = ClusteredParams::new().build()?;
    let mut pairs = 0;
    let residuals = best(|| {
        pairs = scan.residuals(&data, 0, 1)?.robust.len() as u64;
        Ok(true)
    })?;
    print(
        "calibration/cost/residuals_by_user",
        residuals,
        "CPU s",
        pairs,
        on,
    );
    print(
        "calibration/cost/residuals_by_user_over_naive",
        residuals / naive,
        "times",
        pairs,
        on,
    );
    let mut met = 0;
    let effects = best(|| {
        met = scan.scan(&data, 0, 1)?.pairs.len() as u64;
        Ok(true)
    })?;
    print(
        "calibration/cost/effects_by_user",
        effects,
        "CPU s",
        met,
        on,
    );
    if let Some(peak) = peak_memory_mib() {
        print("calibration/cost/peak_memory", peak, "MiB", n, on);
    }
    Ok(())
}

/// The least time of several passes.
fn best(work: impl FnMut() -> Result<bool, Error>) -> Result<f64, Error> {
    match best_of(PASSES, work)? {
        (least, true) => Ok(least),
        _ => Err("nothing to test".into()),
    }
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
