//! Looking after every conversation: how often does an alarm come that should not?

use axia_contingency::{ArmShares, Proportion, ProportionSequence, RareValue};

use super::random::Random;
use super::{Rate, Setting};
use crate::Error;

const STREAMS: u64 = 500;
const LOOKS: u64 = 2000;
const ALPHA: f64 = 0.05;

pub(super) fn run(setting: &Setting) -> Result<(), Error> {
    let on = "2,000 conversations, looked at after each";
    let arms = ArmShares::new(&[0.5, 0.5], 20.0)?;
    let rare = RareValue::new(0.02)?;
    let sequence = ProportionSequence::new(ALPHA)?;
    for (what, arm_share, rare_share) in [("false_alarms", 0.5, 0.02), ("power", 0.58, 0.04)] {
        let mut rates: [Rate; 4] = std::array::from_fn(|_| Rate::default());
        for run in 0..setting.replications(8) {
            let mut random = Random::new(setting.seed ^ 0xE, u64::from(run));
            let mut alarms = [0_u64; 4];
            for _ in 0..STREAMS {
                let mut counts = [0_u64; 2];
                let mut hits = 0_u64;
                let mut alarmed = [false; 4];
                for look in 1..=LOOKS {
                    counts[usize::from(!random.chance(arm_share))] += 1;
                    hits += u64::from(random.chance(rare_share));
                    let [a, b] = counts;
                    // What is usually done: a test at each look, |z| above 1.96, from 20 conversations on.
                    let gap = a as f64 - b as f64;
                    alarmed[0] |= look >= 20 && gap * gap > 3.8415 * look as f64;
                    alarmed[1] |= arms.e_value(&counts)?.reaches(ALPHA);
                    alarmed[2] |= rare.e_value(hits, look)?.reaches(ALPHA);
                    let share = Proportion::new(hits, look)?;
                    let e = sequence.e_value(share, 0.02);
                    alarmed[3] |= e.is_some_and(|e| e.reaches(ALPHA));
                }
                for (sum, alarmed) in alarms.iter_mut().zip(alarmed) {
                    *sum += u64::from(alarmed);
                }
            }
            for (rate, alarms) in rates.iter_mut().zip(alarms) {
                rate.push(alarms, STREAMS);
            }
        }
        for (rate, which) in rates.iter().zip([
            "repeated_z_test",
            "arm_shares",
            "rare_value",
            "proportion_sequence",
        ]) {
            rate.print(&format!("calibration/watch/{what}/{which}"), on);
        }
    }
    Ok(())
}
