//! Bilder and Loughin's bootstrap: published figures, a second implementation with its own random numbers, and its level.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use axia_contingency::{
    BootstrappedIndependence, ConversationEntry, Conversations, PairwiseIndependence,
    ResampleParams, TwoByTwo, chi_square_upper,
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

    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}

type Labels = (Vec<u32>, Vec<u32>);

fn build(sizes: [u32; 2], data: &[Labels], users: Option<&[u64]>) -> Conversations {
    let mut builder = Conversations::builder(&sizes);
    for ((rows, cols), id) in data.iter().zip(0..) {
        let labels: [&[u32]; 2] = [rows, cols];
        let entry = ConversationEntry::new(id, &labels);
        let entry = match users {
            Some(users) => entry.user(users[id as usize]),
            None => entry,
        };
        builder.push(&entry).unwrap();
    }
    builder.build().unwrap()
}

/// Farmers by the contaminants that they test for and the ways in which they store waste, 279 in all.
///
/// The published tables (Koziol and Bilder 2014, The R Journal 6, 144-150, after Bilder and Loughin 2007) give each pair of
/// answers, not each farmer's; these are answers of 279 farmers that have all twelve published tables.
const FARMERS: [(usize, &[u32], &[u32]); 17] = [
    (83, &[], &[2]),
    (40, &[], &[1]),
    (81, &[], &[0]),
    (11, &[], &[0, 3]),
    (24, &[], &[0, 1]),
    (1, &[0], &[3]),
    (1, &[0], &[2]),
    (3, &[0], &[1]),
    (4, &[0], &[0]),
    (1, &[0], &[0, 1]),
    (6, &[0, 1], &[1]),
    (2, &[0, 1], &[0]),
    (1, &[0, 1], &[0, 3]),
    (2, &[0, 1, 2], &[1]),
    (14, &[0, 1, 2], &[0]),
    (1, &[0, 1, 2], &[0, 2]),
    (4, &[0, 1, 2], &[0, 1]),
];

#[test]
fn the_published_farmers() {
    let data: Vec<Labels> = FARMERS
        .iter()
        .flat_map(|&(count, rows, cols)| std::iter::repeat_n((rows.to_vec(), cols.to_vec()), count))
        .collect();
    let all = build([3, 4], &data, None);
    let counts = all.observe(0, 1).unwrap();
    // Neither, column only, row only, both, as printed there.
    let printed = [
        [
            [123, 116, 13, 27],
            [175, 64, 24, 16],
            [156, 83, 38, 2],
            [228, 11, 38, 2],
        ],
        [
            [128, 121, 8, 22],
            [181, 68, 18, 12],
            [165, 84, 29, 1],
            [237, 12, 29, 1],
        ],
        [
            [134, 124, 2, 19],
            [184, 74, 15, 6],
            [174, 84, 20, 1],
            [245, 13, 21, 0],
        ],
    ];
    // MRCV adds one half to a zero cell, and so prints 0.32 and a sum of 64.03; nothing is added here.
    let statistics = [
        [4.93, 2.93, 14.29, 0.01],
        [6.56, 2.11, 11.68, 0.13],
        [13.98, 0.00, 7.08, 1.11],
    ];
    let mut sum = 0.0;
    for (row, (tables, statistics)) in printed.iter().zip(statistics).enumerate() {
        for (col, (&[neither, col_only, row_only, both], statistic)) in
            tables.iter().zip(statistics).enumerate()
        {
            let met = counts
                .cells()
                .iter()
                .find(|cell| (cell.row as usize, cell.col as usize) == (row, col));
            assert_eq!(met.map_or(0, |cell| cell.count), both);
            let table = TwoByTwo::from_cells(both, row_only, col_only, neither).unwrap();
            let own = table.adjusted_residual().unwrap().powi(2);
            sum += own;
            assert!((own - statistic).abs() < 0.005, "{row} {col} {own}");
            assert_eq!(counts.row_totals()[row], both + row_only);
            assert_eq!(counts.col_totals()[col], both + col_only);
        }
    }
    let half = TwoByTwo::from_cells(0, 42, 26, 490).unwrap();
    let [a, b, c, d] = half.cells().map(|cell| cell as f64 / 2.0);
    let [a, b, c, d] = [a + 0.5, b, c, d];
    let n = a + b + c + d;
    let with_half = (a * d - b * c).powi(2) * n / ((a + b) * (c + d) * (a + c) * (b + d));
    let zero = TwoByTwo::from_cells(0, 21, 13, 245).unwrap();
    let printed_sum = sum - zero.adjusted_residual().unwrap().powi(2) + with_half;
    assert!((printed_sum - 64.03).abs() < 0.01, "{printed_sum}");

    let resample = ResampleParams::new().replicates(1999).seed(102_211);
    let test = resample.build().unwrap().pairwise_independence(&all, 0, 1);
    let test = test.unwrap().unwrap();
    assert_eq!((test.conversations, test.tests), (279, 12));
    assert!((test.statistic - sum).abs() < 1e-9);
    // Printed: 0.0005, 0.0005 and 0.001, of 1,999 draws from the farmers themselves. For these answers 20,000 draws of a plain
    // NumPy bootstrap gave 0.0008 (sum) and 0.0038 (smallest).
    assert!(test.p_sum <= 0.003 && test.p_product <= 0.005, "{test:?}");
    assert!((0.001..=0.008).contains(&test.p_smallest), "{test:?}");
    // Bonferroni, printed: 0.0019.
    let bonferroni = 12.0 * test.ln_smallest.p();
    assert!((bonferroni - 0.0019).abs() < 5e-5, "{bonferroni}");
    let formula = PairwiseIndependence::test(&all, 0, 1, 0).unwrap().unwrap();
    assert!((formula.sum.statistic - sum).abs() < 1e-9 && formula.sum.ln_p.p() < 1e-4);
}

/// Sum, ln of the product, and ln of the smallest p-value, by loops.
fn plain(sizes: [u32; 2], data: &[Labels], by_value: bool) -> [f64; 3] {
    let n = data.len() as f64;
    let count = |f: &dyn Fn(&Labels) -> bool| data.iter().filter(|c| f(c)).count() as f64;
    let mut sums = [0.0, 0.0, 0.0_f64];
    let mut add = |statistic: f64, dof: u64| {
        let ln_p = chi_square_upper(statistic, dof).unwrap().ln();
        sums[0] += statistic;
        sums[1] += ln_p;
        sums[2] = sums[2].min(ln_p);
    };
    for col in 0..sizes[1] {
        let c = count(&|labels| labels.1.contains(&col));
        if c <= 0.0 || c >= n {
            continue;
        }
        let mut of_value = (0.0, 0);
        for row in 0..sizes[0] {
            let r = count(&|labels| labels.0.contains(&row));
            let both = count(&|labels| labels.0.contains(&row) && labels.1.contains(&col));
            if r <= 0.0 || (r >= n && !by_value) {
                continue;
            }
            let (gap, p) = (both - r * c / n, c / n);
            if by_value {
                of_value.0 += gap * gap / (r * p * (1.0 - p));
                of_value.1 += 1;
            } else {
                add(gap * gap / (r * (1.0 - r / n) * p * (1.0 - p)), 1);
            }
        }
        if by_value {
            add(of_value.0, of_value.1 - 1);
        }
    }
    sums
}

fn near(what: &str, ours: f64, plain: f64, draws: f64) {
    let error = (plain.max(0.002) * (1.0 - plain) * 2.0 / draws).sqrt();
    assert!((ours - plain).abs() < 5.0 * error, "{what}: {ours} {plain}");
}

#[test]
fn as_a_plain_bootstrap() {
    const DRAWS: u32 = 3000;
    for (round, by_value) in [(1, false), (2, true), (3, false), (4, true)] {
        let mut random = Random(round);
        let (sizes, n) = ([3, 4], 60);
        let data: Vec<Labels> = (0..n)
            .map(|_| {
                let length = 0.2 + random.unit() * 0.5;
                let rows = if by_value {
                    vec![random.below(3) as u32]
                } else {
                    (0..3).filter(|_| random.unit() < length).collect()
                };
                let cols = (0..4).filter(|_| random.unit() < length).collect();
                (rows, cols)
            })
            .collect();
        // In the later rounds users with three conversations each.
        let users: Vec<u64> = (0..n).map(|at| at / 3).collect();
        let users = (round > 2).then_some(users.as_slice());
        let all = build(sizes, &data, users);
        let resample = ResampleParams::new().replicates(DRAWS).seed(round);
        let resample = resample.build().unwrap();
        let ours: BootstrappedIndependence = if by_value {
            resample.marginal_independence(&all, 0, 1)
        } else {
            resample.pairwise_independence(&all, 0, 1)
        }
        .unwrap()
        .unwrap();
        let own = plain(sizes, &data, by_value);
        assert!((ours.statistic / own[0] - 1.0).abs() < 1e-10);
        assert!((ours.ln_product / own[1] - 1.0).abs() < 1e-10);
        assert!((ours.ln_smallest.ln() / own[2] - 1.0).abs() < 1e-10);
        let mut hits = [1.0; 3];
        for _ in 0..DRAWS {
            let mut draw = || -> Vec<usize> {
                let each = if users.is_some() { 3 } else { 1 };
                (0..n as usize / each)
                    .flat_map(|_| {
                        let from = random.below(n as usize / each) * each;
                        from..from + each
                    })
                    .collect()
            };
            let (rows, cols) = (draw(), draw());
            let drawn: Vec<Labels> = (0..n as usize)
                .map(|at| {
                    let rows = if by_value { at } else { rows[at] };
                    (data[rows].0.clone(), data[cols[at]].1.clone())
                })
                .collect();
            let drawn = plain(sizes, &drawn, by_value);
            hits[0] += f64::from(u8::from(drawn[0] >= own[0] * (1.0 - 1e-9)));
            hits[1] += f64::from(u8::from(drawn[1] <= own[1] * (1.0 - 1e-9)));
            hits[2] += f64::from(u8::from(drawn[2] <= own[2] * (1.0 - 1e-9)));
        }
        let of = f64::from(DRAWS);
        for (what, ours, hits) in [
            ("sum", ours.p_sum, hits[0]),
            ("product", ours.p_product, hits[1]),
            ("smallest", ours.p_smallest, hits[2]),
        ] {
            near(&format!("{round} {what}"), ours, hits / (of + 1.0), of);
        }
    }
}

#[test]
fn users_who_repeat_themselves_do_not_fool_it() {
    let runs = 150;
    let (mut alone, mut by_user) = (0, [0; 3]);
    for seed in 0..runs {
        let mut random = Random(seed * 77 + 5);
        let (mut data, mut users) = (Vec::new(), Vec::new());
        for user in 0..60 {
            let mut own =
                |n: u32| -> Vec<u32> { (0..n).filter(|_| random.unit() < 0.35).collect() };
            let (human, ai) = (own(3), own(4));
            for _ in 0..2 + random.below(4) {
                let mut keep = |of: &[u32]| -> Vec<u32> {
                    of.iter().copied().filter(|_| random.unit() < 0.8).collect()
                };
                data.push((keep(&human), keep(&ai)));
                users.push(user);
            }
        }
        let resample = ResampleParams::new()
            .replicates(99)
            .seed(seed)
            .build()
            .unwrap();
        let test = |users: Option<&[u64]>| {
            let all = build([3, 4], &data, users);
            let test = resample.pairwise_independence(&all, 0, 1);
            test.unwrap().unwrap()
        };
        alone += u32::from(test(None).p_sum <= 0.05);
        let found = test(Some(&users));
        for (count, p) in by_user
            .iter_mut()
            .zip([found.p_sum, found.p_product, found.p_smallest])
        {
            *count += u32::from(p <= 0.05);
        }
    }
    assert!(alone > 70, "{alone} of {runs}");
    // 7.5 expected; 16 is three standard deviations above.
    assert!(
        by_user.iter().all(|&count| count <= 16),
        "{by_user:?} of {runs}"
    );
}

#[test]
fn threads_change_nothing_and_bad_input_is_named() {
    let data: Vec<Labels> = (0..40)
        .map(|at| {
            (
                vec![at % 3],
                if at % 2 == 0 { vec![0, at % 5] } else { vec![] },
            )
        })
        .collect();
    let all = build([3, 5], &data, None);
    let run = |threads| {
        let resample = ResampleParams::new().threads(threads).build().unwrap();
        resample.marginal_independence(&all, 0, 1).unwrap().unwrap()
    };
    assert_eq!(run(1), run(3));
    assert_eq!(run(1), run(8));
    let resample = ResampleParams::new().build().unwrap();
    let two = resample.marginal_independence(&all, 1, 0).unwrap_err();
    assert!(two.is_inconsistent());
    let none = resample.pairwise_independence(&all, 0, 2).unwrap_err();
    assert!(none.is_invalid_parameter());
    let empty = Conversations::builder(&[2, 2]).build().unwrap();
    assert_eq!(resample.pairwise_independence(&empty, 0, 1).unwrap(), None);
    let wide = Conversations::builder(&[1 << 13, 1 << 13]).build().unwrap();
    assert!(
        resample
            .pairwise_independence(&wide, 0, 1)
            .unwrap_err()
            .is_overflow()
    );
}
