//! On data without any association, the tested pairs err as often as they say.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{AssociationParams, Estimand, Exact, Observations};

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
}

/// One task of 40 and each of 150 values by its own rate, independently; most values are rare, as in real logs.
fn independent(seed: u64, conversations: u64) -> Observations {
    let mut random = Random(seed);
    let mut builder = Observations::builder(40, 150);
    let mut values = Vec::new();
    for id in 0..conversations {
        let share = random.unit();
        let task = (40.0 * share * share) as u32;
        values.clear();
        for value in 0..150 {
            let rate = 0.3 / f64::from(1 + value);
            if random.unit() < rate {
                values.push(value);
            }
        }
        builder.push(id, &[task], &values).unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn tested_pairs_keep_their_level_where_all_pairs_do_not() {
    for estimand in [Estimand::Prevalence, Estimand::MentionShare] {
        let params = AssociationParams::new().estimand(estimand);
        let exact = params.build().unwrap();
        let scan = params.exact(Exact::Never).build().unwrap();
        let (mut tested, mut small_p, mut family_errors) = (0_u32, 0_u32, 0);
        let (mut untested, mut fooled) = (0_u32, 0_u32);
        for seed in 0..4 {
            let observations = independent(seed, 12_000);
            let found = scan.scan(&observations);
            // Exact p-values keep the level with all pairs in the family.
            let exact = exact.scan(&observations);
            assert!(exact.family.tests == 40 * 150 && exact.pairs.iter().all(|pair| pair.tested));
            assert!(exact.significant().count() <= 1, "{estimand:?} {seed}");
            let critical = found.family.critical_z.unwrap();
            for pair in &found.pairs {
                if pair.tested {
                    tested += 1;
                    small_p += u32::from(pair.p().unwrap() < 0.05);
                } else {
                    untested += 1;
                    fooled += u32::from(pair.adjusted_residual.is_some_and(|r| r.abs() > critical));
                }
            }
            family_errors += found.significant().count();
        }
        let share = f64::from(small_p) / f64::from(tested);
        assert!(
            (0.03..=0.07).contains(&share),
            "{estimand:?}: {share} of {tested} tested pairs"
        );
        assert!(
            family_errors <= 2,
            "{estimand:?}: {family_errors} false findings in 4 families"
        );
        // The same residuals would have called chance a finding, pair after pair, where little was expected.
        assert!(
            untested > 1000 && fooled > 10,
            "{estimand:?}: {fooled} of {untested}"
        );
    }
}
