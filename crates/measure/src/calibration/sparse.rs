//! Values at their published frequencies, tasks of very different sizes, and no association at all.

use std::path::Path;

use axia_contingency::{AssociationParams, Estimand, Observations};

use super::random::Random;
use super::{Rate, Setting};
use crate::Error;
use crate::figure::{name_of, print};

const CONVERSATIONS: usize = 308_210;
const TASKS: usize = 500;
/// The bar of the published study, on adjusted residuals of the table of mentions.
const BAR: f64 = 4.33;

pub(super) fn run(setting: &Setting, frequencies: Option<&Path>) -> Result<(), Error> {
    let (shares, on) = match frequencies {
        Some(path) => (read(path)?, name_of(path)),
        None => (synthetic(), "power-law frequencies".to_owned()),
    };
    let paper = AssociationParams::new()
        .estimand(Estimand::MentionShare)
        .build()?;
    let ours = AssociationParams::new().build()?;
    let runs = setting.replications(20);
    let (mut flagged, mut found, mut families) = (0_u64, 0_u64, 0_u64);
    let mut values = 0_u64;
    let mut small = [0.05_f64, 0.01, 0.001].map(|level| (level, Rate::default()));
    for run in 0..runs {
        let mut random = Random::new(setting.seed, u64::from(run));
        let observations = draw(&shares, &mut random)?;
        let mut with_finding = vec![false; shares.len()];
        for pair in &paper.scan(&observations).pairs {
            if pair.adjusted_residual.is_some_and(|r| r.abs() > BAR) {
                flagged += 1;
                with_finding[pair.col as usize] = true;
            }
        }
        values += with_finding.iter().filter(|&&found| found).count() as u64;
        let scan = ours.scan(&observations);
        let significant = scan.significant().count() as u64;
        found += significant;
        families += u64::from(significant > 0);
        for (level, rate) in &mut small {
            // Pairs that are not listed never met and have large p-values; they are tests all the same.
            let p = scan.pairs.iter().filter_map(|pair| pair.ln_p);
            let hits = p.filter(|p| p.ln() <= level.ln()).count();
            rate.push(hits as u64, scan.family.tests);
        }
    }
    let n = u64::from(runs);
    let mean = |sum: u64| sum as f64 / n as f64;
    print(
        "calibration/sparse/paper_mode_cells",
        mean(flagged),
        "cells a run",
        n,
        &on,
    );
    print(
        "calibration/sparse/paper_mode_values",
        mean(values),
        "values a run",
        n,
        &on,
    );
    print(
        "calibration/sparse/ours_cells",
        mean(found),
        "cells a run",
        n,
        &on,
    );
    print(
        "calibration/sparse/ours_runs_with_a_finding",
        mean(families),
        "share",
        n,
        &on,
    );
    for (level, rate) in small {
        rate.print(&format!("calibration/sparse/ours_p_below_{level}"), &on);
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<f64>, Error> {
    let text = std::fs::read_to_string(path)?;
    let mut shares = Vec::new();
    for line in text.lines().skip(1) {
        // The last field; a value's name may hold commas.
        let field = line.rsplit(',').next().unwrap_or_default();
        let percent: f64 = field
            .trim()
            .parse()
            .map_err(|_| format!("{}: '{field}' is not a percentage", path.display()))?;
        shares.push((percent / 100.0).clamp(0.0, 1.0));
    }
    Ok(shares)
}

/// Near the published ones: 3,307 values, the first in a quarter of the conversations, four labels a conversation.
fn synthetic() -> Vec<f64> {
    (0..3307)
        .map(|rank| 0.31 / (1.0 + f64::from(rank) / 2.5).powf(1.3))
        .collect()
}

fn draw(shares: &[f64], random: &mut Random) -> Result<Observations, Error> {
    let sizes: Vec<f64> = (0..TASKS).map(|_| random.gamma(0.7)).collect();
    let whole: f64 = sizes.iter().sum();
    let mut bounds = Vec::with_capacity(TASKS);
    let mut sum = 0.0;
    for size in sizes {
        sum += size / whole;
        bounds.push(sum);
    }
    let mut values: Vec<Vec<u32>> = vec![Vec::new(); CONVERSATIONS];
    for (&share, value) in shares.iter().zip(0_u32..) {
        let count = (share * CONVERSATIONS as f64).round() as usize;
        let mut drawn = 0;
        while drawn < count {
            let labels = &mut values[random.below(CONVERSATIONS)];
            if labels.last() != Some(&value) {
                labels.push(value);
                drawn += 1;
            }
        }
    }
    let mut builder = Observations::builder(TASKS as u32, shares.len() as u32);
    for (labels, id) in values.iter().zip(0..) {
        let at = random.unit();
        let task = bounds.partition_point(|&bound| bound <= at).min(TASKS - 1) as u32;
        builder.push(id, &[task], labels)?;
    }
    Ok(builder.build()?)
}
