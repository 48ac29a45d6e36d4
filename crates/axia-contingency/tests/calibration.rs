//! A small version of `measure calibration`: on data without association the tests err about as often as they say.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{
    ArmShares, AssociationParams, ClusteredParams, Confidence, ConversationEntry, Conversations,
    MarginalIndependence, Mirroring, RareValue, StratifiedAssociations, StratifyBy,
    normal_two_sided,
};

/// SplitMix64: small, fixed, and good enough for a simulation.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 * 2.0_f64.powi(-53)
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.unit() * f64::from(n)) as u32
    }
}

/// Users with two to eight conversations who keep to a task and, one in six, to a value; tasks and values are unrelated.
fn loyal_users(seed: u64) -> Conversations {
    let mut random = Random(seed);
    let mut builder = Conversations::builder(&[8, 10]);
    let mut id = 0;
    for user in 0..1200 {
        let own = random.below(8);
        let inclined: Vec<f64> = (0..10)
            .map(|_| {
                if random.unit() < 1.0 / 6.0 {
                    0.55
                } else {
                    0.05
                }
            })
            .collect();
        for _ in 0..2 + random.below(7) {
            let task = if random.unit() < 0.8 {
                own
            } else {
                random.below(8)
            };
            let values: Vec<u32> = (0..10)
                .filter(|&v| random.unit() < inclined[v as usize])
                .collect();
            let entry = [[task].to_vec(), values];
            let labels: [&[u32]; 2] = [&entry[0], &entry[1]];
            builder
                .push(&ConversationEntry::new(id, &labels).user(user))
                .unwrap();
            id += 1;
        }
    }
    builder.build().unwrap()
}

#[test]
fn users_who_repeat_themselves_do_not_fool_the_clustered_tests() {
    let scan = ClusteredParams::new().build().unwrap();
    let default = AssociationParams::new().build().unwrap();
    let level = Confidence::new(0.95).unwrap();
    let (mut tests, mut naive, mut robust, mut by_default, mut held) = (0, 0, 0, 0, 0);
    let (mut shares, mut shares_held) = (0, 0);
    for seed in 0..14 {
        let data = loyal_users(seed);
        for pair in scan.scan(&data, 0, 1).unwrap().pairs {
            tests += 1;
            let plain = normal_two_sided(pair.adjusted_residual.unwrap()).unwrap();
            naive += u32::from(plain.p() <= 0.05);
            robust += u32::from(pair.ln_p.unwrap().p() <= 0.05);
            let interval = pair.log_odds_ratio.unwrap();
            held += u32::from(interval.low <= 0.0 && 0.0 <= interval.high);
        }
        let found = default.scan_conversations(&data, 0, 1).unwrap();
        by_default += found
            .pairs
            .iter()
            .filter(|pair| pair.p().unwrap() <= 0.05)
            .count() as u32;
        for share in data.prevalence_by_user(1, level).unwrap() {
            let truth = 0.55 / 6.0 + 0.05 * 5.0 / 6.0;
            shares += 1;
            shares_held += u32::from(share.interval.low <= truth && truth <= share.interval.high);
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(tests);
    assert!(share(naive) > 0.13, "{}", share(naive));
    for (what, rate) in [("robust", share(robust)), ("default", share(by_default))] {
        assert!((0.03..=0.07).contains(&rate), "{what}: {rate}");
    }
    assert!((0.93..=0.97).contains(&share(held)), "{}", share(held));
    let shares_held = f64::from(shares_held) / f64::from(shares);
    assert!(shares_held >= 0.9, "{shares_held}");
}

/// Long conversations have more labels on both sides; nothing else links them.
fn of_uneven_length(seed: u64) -> Conversations {
    let mut random = Random(seed);
    let mut builder = Conversations::builder(&[12, 16]);
    for id in 0..5000 {
        let length = 2.0 * random.unit() * random.unit() * 2.0;
        let mut draw = |n: u32, rate: f64| -> Vec<u32> {
            (0..n)
                .filter(|&v| random.unit() < length * rate / f64::from(v + 2).sqrt())
                .collect()
        };
        let (human, ai) = (draw(12, 0.15), draw(16, 0.3));
        builder
            .push(&ConversationEntry::new(id, &[&human, &ai]))
            .unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn length_does_not_fool_the_comparison_within_label_counts() {
    let (mut tests, mut naive, mut ours) = (0, 0, 0);
    for seed in 0..12 {
        let data = of_uneven_length(seed);
        let found = StratifiedAssociations::of(&data, 0, 1, StratifyBy::LabelCounts).unwrap();
        for pair in found.pairs.iter().filter(|pair| pair.expected >= 10.0) {
            tests += 1;
            naive += u32::from(pair.crude_z.unwrap().abs() > 1.96);
            ours += u32::from(pair.z.unwrap().abs() > 1.96);
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(tests);
    assert!(tests > 1000 && share(naive) > 0.5, "{}", share(naive));
    assert!((0.03..=0.07).contains(&share(ours)), "{}", share(ours));
}

#[test]
fn dependent_values_do_not_fool_the_test_of_the_whole() {
    // Six values in two bundles: the naive sum would have its degrees of freedom for six.
    let (runs, mut naive, mut ours) = (300, 0, 0);
    for seed in 0..runs {
        let mut random = Random(seed);
        let mut builder = Conversations::builder(&[3, 6]);
        for id in 0..300 {
            let task = random.below(3);
            let mut values = Vec::new();
            for bundle in 0..2 {
                if random.unit() < 0.4 {
                    values.extend((3 * bundle..3 * bundle + 3).filter(|_| random.unit() < 0.9));
                }
            }
            builder
                .push(&ConversationEntry::new(id, &[&[task], &values]))
                .unwrap();
        }
        let data = builder.build().unwrap();
        let test = MarginalIndependence::test(&data, 0, 1, 0).unwrap().unwrap();
        let plain = axia_contingency::chi_square_upper(test.sum.statistic, 12).unwrap();
        naive += u32::from(plain.p() <= 0.05);
        ours += u32::from(test.sum.ln_p.p() <= 0.05);
    }
    let share = |count: u32| f64::from(count) / runs as f64;
    assert!(share(naive) > 0.085, "{}", share(naive));
    assert!((0.02..=0.085).contains(&share(ours)), "{}", share(ours));
}

#[test]
fn mirroring_by_chance_is_no_excess() {
    let level = Confidence::new(0.95).unwrap();
    let mut held = 0;
    for seed in 0..120 {
        let mut random = Random(seed);
        let mut builder = Conversations::builder(&[5, 5]);
        for id in 0..400 {
            let mut draw = |rate: f64| -> Vec<u32> {
                (0..5)
                    .filter(|&v| random.unit() < rate / f64::from(v + 1))
                    .collect()
            };
            let (human, ai) = (draw(0.4), draw(0.6));
            builder
                .push(&ConversationEntry::new(id, &[&human, &ai]).user(id / 2))
                .unwrap();
        }
        let found = Mirroring::of(&builder.build().unwrap(), 0, 1, level)
            .unwrap()
            .unwrap();
        let excess = found.excess.unwrap();
        held += u32::from(excess.low <= 0.0 && 0.0 <= excess.high);
    }
    assert!((107..=120).contains(&held), "{held} of 120");
}

#[test]
fn looking_again_and_again_raises_no_false_alarms() {
    let arms = ArmShares::new(&[0.5, 0.5], 10.0).unwrap();
    let rare = RareValue::new(0.05).unwrap();
    let (mut peeking, mut by_arms, mut by_rare) = (0, 0, 0);
    for stream in 0..400 {
        let mut random = Random(stream);
        let (mut counts, mut hits) = ([0_u64; 2], 0);
        let mut alarms = [false; 3];
        for look in 1..=600 {
            counts[usize::from(random.unit() < 0.5)] += 1;
            hits += u64::from(random.unit() < 0.05);
            let gap = counts[0] as f64 - counts[1] as f64;
            alarms[0] |= look >= 20 && gap * gap > 3.8415 * look as f64;
            alarms[1] |= arms.e_value(&counts).unwrap().reaches(0.05);
            alarms[2] |= rare.e_value(hits, look).unwrap().reaches(0.05);
        }
        peeking += u32::from(alarms[0]);
        by_arms += u32::from(alarms[1]);
        by_rare += u32::from(alarms[2]);
    }
    assert!(peeking > 100, "{peeking} of 400");
    // 20 expected at most; 34 is three standard deviations above.
    assert!(by_arms <= 33 && by_rare <= 33, "{by_arms} {by_rare} of 400");
}
