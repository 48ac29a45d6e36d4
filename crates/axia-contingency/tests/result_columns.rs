//! Every column of the result, against a slow second implementation from the records: textbook formulas, sums of whole
//! probabilities instead of logarithms, each step-wise correction by its definition.

#![allow(clippy::unwrap_used)] // Helpers outside of `#[test]` functions panic on purpose too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axia_contingency::{
    AssociationParams, ConversationEntry, Conversations, Correction, Estimand, ResultTable,
};

const ROWS: u32 = 5;
const COLS: u32 = 9;
const PRIOR: f64 = 500.0;
const Z: f64 = 1.959_963_984_540_054;

struct Record {
    user: u64,
    rows: Vec<u32>,
    cols: Vec<u32>,
}

/// 60 users with 1 to 15 conversations; common and rare columns, some of which go with a row or with a user.
fn records() -> Vec<Record> {
    let mut state = 11_u64;
    let mut chance = |p: f64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 * 2.0_f64.powi(-53)) < p
    };
    let mut records = Vec::new();
    for user in 0..60_u64 {
        for _ in 0..=user % 15 {
            let own = (user % 4) as u32;
            let rows = (0..ROWS).filter(|&row| match row {
                4 => chance(0.02),
                _ => chance(if row == own { 0.7 } else { 0.1 }),
            });
            let rows: Vec<u32> = rows.collect();
            let cols = (0..COLS).filter(|&col| {
                let keen = if user % 9 == u64::from(col) { 2.0 } else { 1.0 };
                let linked = match (col, rows.contains(&1)) {
                    (0, true) => 2.2,
                    (1, true) => 0.1,
                    (5, true) => 6.0,
                    _ => 1.0,
                };
                chance((0.35 / f64::from(col * col / 2 + 1) * keen * linked).min(0.95))
            });
            let cols = cols.collect();
            records.push(Record { user, rows, cols });
        }
    }
    records
}

/// How often something counts in a conversation.
type Count<'a> = dyn Fn(&Record) -> usize + 'a;

/// Two-sided normal tail.
fn tail(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The deviate with a two-sided tail, by bisection.
fn deviate(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 38.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if tail(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

fn ln_choose(n: u64, k: u64) -> f64 {
    (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum()
}

/// Twice the smaller hypergeometric tail.
fn fisher(observed: u64, row: u64, col: u64, n: u64) -> f64 {
    let of = |k: u64| (ln_choose(row, k) + ln_choose(n - row, col - k) - ln_choose(n, col)).exp();
    let support = (row + col).saturating_sub(n)..=row.min(col);
    let less: f64 = support.clone().filter(|&k| k <= observed).map(of).sum();
    let greater: f64 = support.filter(|&k| k >= observed).map(of).sum();
    (2.0 * less.min(greater)).min(1.0)
}

/// One pair as the second implementation has it.
#[derive(Default, Clone)]
struct Pair {
    numbers: BTreeMap<&'static str, Option<f64>>,
    words: BTreeMap<&'static str, String>,
    p: Option<f64>,
}

struct Second<'a> {
    records: &'a [Record],
    estimand: Estimand,
    by_user: bool,
    n: f64,
    row_totals: Vec<f64>,
    col_totals: Vec<f64>,
}

impl<'a> Second<'a> {
    fn new(records: &'a [Record], estimand: Estimand, by_user: bool) -> Self {
        let sum = |of: &Count| records.iter().map(of).sum::<usize>() as f64;
        let (n, row, col): (_, &Count, &Count) = match estimand {
            Estimand::Prevalence => (records.len() as f64, &|_| 1, &|_| 1),
            Estimand::MentionShare => (sum(&|r| r.cols.len()), &|r| r.cols.len(), &|_| 1),
            _ => (
                sum(&|r| r.cols.len() * r.rows.len()),
                &|r| r.cols.len(),
                &|r| r.rows.len(),
            ),
        };
        let has = |labels: &[u32], of: u32| usize::from(labels.contains(&of));
        let row_totals = (0..ROWS).map(|id| sum(&|r| has(&r.rows, id) * row(r)));
        let col_totals = (0..COLS).map(|id| sum(&|r| has(&r.cols, id) * col(r)));
        Self {
            records,
            estimand,
            by_user,
            n,
            row_totals: row_totals.collect(),
            col_totals: col_totals.collect(),
        }
    }

    /// Sums of something over the conversations of each user, or of each conversation alone.
    fn by_cluster(&self, of: impl Fn(&Record) -> f64) -> Vec<f64> {
        let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
        for (at, record) in (0..).zip(self.records) {
            let cluster = if self.by_user { record.user } else { at };
            *sums.entry(cluster).or_default() += of(record);
        }
        sums.into_values().collect()
    }

    /// The variance by users of `sum (x - x̄)(y - ȳ)`.
    fn variance(&self, row: u32, col: u32) -> f64 {
        let p = self.col_totals[col as usize] / self.n;
        let in_row = |r: &Record| f64::from(u8::from(r.rows.contains(&row)));
        let q = match self.estimand {
            Estimand::MentionShare => {
                self.records.iter().map(in_row).sum::<f64>() / self.records.len() as f64
            }
            _ => self.row_totals[row as usize] / self.n,
        };
        let sums = self.by_cluster(|r| {
            let (x, y) = (in_row(r), f64::from(u8::from(r.cols.contains(&col))));
            let (h, a) = (r.rows.len() as f64, r.cols.len() as f64);
            match self.estimand {
                Estimand::Prevalence => (x - q) * (y - p),
                Estimand::MentionShare => (x - q) * (y - p * a),
                _ => (x - q * h) * (y - p * a),
            }
        });
        let g = sums.len() as f64;
        g / (g - 1.0) * sums.iter().map(|sum| sum * sum).sum::<f64>()
    }

    /// One plus how far users keep to the row times how far they keep to the column; times the scatter over conversations in
    /// parts of what the table takes it for.
    fn margin_effect(&self, row: u32, col: u32) -> f64 {
        let sizes = self.by_cluster(|_| 1.0);
        let beside = sizes.iter().map(|m| m * m).sum::<f64>() / self.records.len() as f64 - 1.0;
        let p = self.col_totals[col as usize] / self.n;
        let r = self.row_totals[row as usize] / self.n;
        let in_row = |record: &Record| f64::from(u8::from(record.rows.contains(&row)));
        let in_col = |record: &Record| f64::from(u8::from(record.cols.contains(&col)));
        let rows = |record: &Record| record.rows.len() as f64;
        let cols = |record: &Record| record.cols.len() as f64;
        let sum = |of: &dyn Fn(&Record) -> f64| self.records.iter().map(of).sum::<f64>();
        let q = match self.estimand {
            Estimand::MentionShare => sum(&in_row) / self.records.len() as f64,
            _ => r,
        };
        let of_row = |record: &Record| match self.estimand {
            Estimand::PairTable => in_row(record) - q * rows(record),
            _ => in_row(record) - q,
        };
        let of_col = |record: &Record| match self.estimand {
            Estimand::Prevalence => in_col(record) - p,
            _ => in_col(record) - p * cols(record),
        };
        let loyalty = |of: &dyn Fn(&Record) -> f64| {
            let users = self.by_cluster(of).iter().map(|sum| sum * sum).sum::<f64>();
            (users / sum(&|record| of(record).powi(2)) - 1.0).max(0.0)
        };
        let row_alone = match self.estimand {
            Estimand::Prevalence => 1.0,
            Estimand::MentionShare => {
                sum(&|record| of_row(record).powi(2) * cols(record)) / (self.n * r * (1.0 - r))
            }
            _ => sum(&|record| of_row(record).powi(2)) / (sum(&rows) * r * (1.0 - r)),
        };
        let col_alone = match self.estimand {
            Estimand::Prevalence => 1.0,
            _ => sum(&|record| of_col(record).powi(2)) / (sum(&cols) * p * (1.0 - p)),
        };
        row_alone * col_alone * (1.0 + loyalty(&of_row) * loyalty(&of_col) / beside)
    }

    fn pair(&self, row: u32, col: u32) -> Pair {
        let met: Vec<&Record> = self
            .records
            .iter()
            .filter(|r| r.rows.contains(&row) && r.cols.contains(&col))
            .collect();
        let users = met.iter().map(|r| r.user).collect::<BTreeSet<_>>().len();
        let (n, r, c) = (
            self.n,
            self.row_totals[row as usize],
            self.col_totals[col as usize],
        );
        let a = met.len() as f64;
        let (b, d) = (r - a, c - a);
        let rest = n - r - d;
        let expected = r * c / n;
        let smallest = r.min(n - r) * c.min(n - c) / n;

        // Newcombe's interval of two of Wilson's.
        let wilson = |k: f64, n: f64| {
            let (p, z2) = (k / n, Z * Z);
            let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
            let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
            (middle - half, middle + half)
        };
        let (p1, p2) = (a / r, d / (n - r));
        let ((l1, u1), (l2, u2)) = (wilson(a, r), wilson(d, n - r));
        let difference = p1 - p2;
        let difference = [
            difference,
            difference - ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt(),
            difference + ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt(),
        ];
        let around = |value: f64, variance: f64| {
            let half = Z * variance.sqrt();
            [value, value * (-half).exp(), value * half.exp()]
        };
        let ratio = (a > 0.0 && d > 0.0)
            .then(|| around(p1 / p2, 1.0 / a - 1.0 / r + 1.0 / d - 1.0 / (n - r)));
        let zero = a * b * d * rest == 0.0;
        let [a2, b2, d2, rest2] = [a, b, d, rest].map(|x| if zero { x + 0.5 } else { x });
        let odds = around(
            a2 * rest2 / (b2 * d2),
            1.0 / a2 + 1.0 / b2 + 1.0 / d2 + 1.0 / rest2,
        );

        let adjusted = (a - expected) / (expected * (1.0 - r / n) * (1.0 - c / n)).sqrt();
        let variance = self.variance(row, col);
        let robust = (a - expected) / variance.sqrt();
        let own = variance / (r / n * (1.0 - r / n) * c * (1.0 - c / n));

        let normal = tail(adjusted);
        let exact = |count: u64| fisher(count, r as u64, c as u64, n as u64);
        let is_exact = smallest < 5.0 || normal < 0.001;
        let mut p = if is_exact { exact(a as u64) } else { normal };
        let mut stretch = 1.0;
        if self.by_user {
            let (sparse, depleted) = (smallest < 5.0, a < expected);
            let margins = self.margin_effect(row, col);
            let interval = match (depleted && expected < 20.0, sparse) {
                (true, _) => own.max(1.0).max(margins),
                (false, true) => margins.max(1.0),
                (false, false) => own.max(1.0),
            };
            stretch = interval.sqrt();
            let effect = if sparse {
                interval
            } else {
                margins.max(own * (expected / a).min(2.0)).max(1.0)
            };
            p = if sparse && !depleted {
                let once = users as f64 <= expected;
                p.max(if once { 1.0 } else { exact(users as u64) })
            } else if p < 1.0 {
                tail(deviate(p) / effect.sqrt())
            } else {
                p
            };
        }
        let [value, low, high] = difference;
        let difference = [
            value,
            (value - (value - low) * stretch).max(-1.0),
            (value + (high - value) * stretch).min(1.0),
        ];
        let widen = |[value, low, high]: [f64; 3]| {
            let power = |bound: f64| value * (stretch * (bound / value).ln()).exp();
            [value, power(low), power(high)]
        };
        let (ratio, odds) = (ratio.map(widen), widen(odds));

        let in_row: f64 = self
            .records
            .iter()
            .filter(|record| record.rows.contains(&row))
            .map(|record| record.cols.len() as f64)
            .sum();
        let all: f64 = self.col_totals.iter().sum();
        let prior = PRIOR * c / all;
        let log_odds = |y: f64, n: f64| ((y + prior) / (n + PRIOR - y - prior)).ln();
        let delta = log_odds(a, in_row) - log_odds(c - a, all - in_row);
        let scale = (1.0 / (a + prior) + 1.0 / (c - a + prior)).sqrt();

        let lift = a / expected;
        let mut numbers: BTreeMap<&'static str, Option<f64>> = [
            ("row", f64::from(row)),
            ("column", f64::from(col)),
            ("observed", a),
            ("row_total", r),
            ("column_total", c),
            ("n", n),
            ("expected", expected),
            ("lift", lift),
            (
                "npmi",
                if a > 0.0 {
                    lift.ln() / -(a / n).ln()
                } else {
                    -1.0
                },
            ),
            (
                "phi",
                (a * rest - b * d) / (r * c * (n - r) * (n - c)).sqrt(),
            ),
            ("pearson_residual", (a - expected) / expected.sqrt()),
            ("adjusted_residual", adjusted),
            ("robust_residual", robust),
            ("design_effect", own),
            ("ln_p", p.ln()),
            ("log10_p", p.log10()),
            ("p", p),
            ("log_odds_dirichlet", delta),
            ("log_odds_dirichlet_z", delta / scale),
        ]
        .map(|(name, value)| (name, Some(value)))
        .into();
        numbers.insert("pmi", (a > 0.0).then(|| lift.log2()));
        numbers.insert("users", self.by_user.then_some(users as f64));
        for (names, values) in [
            (
                [
                    "risk_difference",
                    "risk_difference_low",
                    "risk_difference_high",
                ],
                Some(difference),
            ),
            (["risk_ratio", "risk_ratio_low", "risk_ratio_high"], ratio),
            (
                ["odds_ratio", "odds_ratio_low", "odds_ratio_high"],
                Some(odds),
            ),
        ] {
            for (at, name) in names.into_iter().enumerate() {
                numbers.insert(name, values.map(|values| values[at]));
            }
        }
        let words = [
            ("estimand", self.estimand.name().to_owned()),
            ("odds_ratio_zero_cell", zero.to_string()),
            ("test", if is_exact { "exact" } else { "normal" }.to_owned()),
            ("untested", String::new()),
            ("low_expected", (smallest < 5.0).to_string()),
        ];
        Pair {
            numbers,
            words: words.into(),
            p: Some(p),
        }
    }
}

/// Smallest of what comes at or behind each place.
fn running_least(values: &mut [f64]) {
    for at in (1..values.len()).rev() {
        values[at - 1] = values[at - 1].min(values[at]);
    }
}

/// R's `p.adjust`, of p-values in ascending order.
fn adjust_sorted(correction: Correction, p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let times = |factor: &dyn Fn(usize) -> f64| -> Vec<f64> {
        p.iter()
            .zip(1..)
            .map(|(p, rank)| p * factor(rank))
            .collect()
    };
    let of = |rank: usize| m as f64 / rank as f64;
    let harmonic: f64 = (1..=m).map(|i| 1.0 / i as f64).sum();
    let mut adjusted = match correction {
        Correction::Bonferroni => times(&|_| m as f64),
        Correction::Sidak => p
            .iter()
            .map(|p| -(m as f64 * (-p).ln_1p()).exp_m1())
            .collect(),
        Correction::Holm | Correction::Hochberg => times(&|rank| (m + 1 - rank) as f64),
        Correction::BenjaminiHochberg => times(&of),
        Correction::BenjaminiYekutieli => times(&|rank| of(rank) * harmonic),
        _ => {
            // Hommel's: the largest subset's Simes test that holds each, subset by subset.
            let mut adjusted = p.to_vec();
            for size in 1..=m {
                let tail = &p[m - size..];
                for (at, adjusted) in adjusted.iter_mut().enumerate() {
                    // The weakest subset of this size with this hypothesis: itself and the largest others.
                    let mut subset = tail.to_vec();
                    if at < m - size {
                        subset[0] = p[at];
                    }
                    let simes = subset
                        .iter()
                        .zip(1..)
                        .map(|(p, rank)| p * size as f64 / f64::from(rank));
                    *adjusted = adjusted.max(simes.fold(1.0, f64::min));
                }
            }
            adjusted
        }
    };
    match correction {
        Correction::Holm => {
            for at in 1..m {
                adjusted[at] = adjusted[at].max(adjusted[at - 1]);
            }
        }
        Correction::Hochberg | Correction::BenjaminiHochberg | Correction::BenjaminiYekutieli => {
            running_least(&mut adjusted);
        }
        _ => {}
    }
    adjusted.iter().map(|p| p.min(1.0)).collect()
}

fn adjust(correction: Correction, p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let sorted: Vec<f64> = order.iter().map(|&at| p[at]).collect();
    let mut adjusted = vec![0.0; p.len()];
    for (&at, value) in order.iter().zip(adjust_sorted(correction, &sorted)) {
        adjusted[at] = value;
    }
    adjusted
}

/// Benjamini and Bogomolov's two stages; `None` for columns that are not selected.
fn two_stage(pairs: &[Pair]) -> Vec<Option<f64>> {
    let p = |col: u32| -> Vec<f64> {
        let of_col = (0..ROWS).map(|row| (row * COLS + col) as usize);
        of_col.map(|at| pairs[at].p.unwrap()).collect()
    };
    let within: Vec<Vec<f64>> = (0..COLS)
        .map(|col| adjust(Correction::BenjaminiHochberg, &p(col)))
        .collect();
    let simes: Vec<f64> = within
        .iter()
        .map(|p| p.iter().copied().fold(1.0, f64::min))
        .collect();
    let stage_one = adjust(Correction::BenjaminiHochberg, &simes);
    let selected = stage_one.iter().filter(|&&p| p <= 0.05).count() as f64;
    let share = f64::from(COLS) / selected;
    (0..ROWS * COLS)
        .map(|at| {
            let (row, col) = ((at / COLS) as usize, (at % COLS) as usize);
            (stage_one[col] <= 0.05).then(|| (within[col][row] * share).min(1.0))
        })
        .collect()
}

#[test]
fn every_column_is_that_of_its_formula() {
    let records = records();
    let corrections = [
        (Correction::Bonferroni, "log10_p_bonferroni"),
        (Correction::Sidak, "log10_p_sidak"),
        (Correction::Holm, "log10_p_holm"),
        (Correction::Hochberg, "log10_p_hochberg"),
        (Correction::Hommel, "log10_p_hommel"),
        (Correction::BenjaminiHochberg, "log10_p_benjamini_hochberg"),
        (
            Correction::BenjaminiYekutieli,
            "log10_p_benjamini_yekutieli",
        ),
    ];
    for (estimand, by_user) in [
        Estimand::Prevalence,
        Estimand::MentionShare,
        Estimand::PairTable,
    ]
    .into_iter()
    .flat_map(|estimand| [(estimand, false), (estimand, true)])
    {
        let second = Second::new(&records, estimand, by_user);
        let mut pairs: Vec<Pair> = (0..ROWS * COLS)
            .map(|at| second.pair(at / COLS, at % COLS))
            .collect();
        let p: Vec<f64> = pairs.iter().map(|pair| pair.p.unwrap()).collect();
        for (correction, name) in corrections {
            for (pair, adjusted) in pairs.iter_mut().zip(adjust(correction, &p)) {
                pair.numbers.insert(name, Some(adjusted.log10()));
                if correction == Correction::Bonferroni {
                    let significant = adjusted <= 0.05;
                    pair.words.insert("significant", significant.to_string());
                }
            }
        }
        let selected = two_stage(&pairs);
        for (pair, p) in pairs.iter_mut().zip(selected) {
            pair.numbers.insert("log10_p_two_stage", p.map(f64::log10));
        }

        let mut builder = Conversations::builder(&[ROWS, COLS]);
        for (id, record) in (0..).zip(&records) {
            let labels: [&[u32]; 2] = [&record.rows, &record.cols];
            let entry = ConversationEntry::new(id, &labels);
            let entry = if by_user {
                entry.user(record.user)
            } else {
                entry
            };
            builder.push(&entry).unwrap();
        }
        let scan = AssociationParams::new().estimand(estimand).build().unwrap();
        let conversations = builder.build().unwrap();
        let found = scan.scan_conversations(&conversations, 0, 1).unwrap();
        let table = ResultTable::new(&found, &corrections.map(|(correction, _)| correction))
            .with_log_odds(PRIOR)
            .unwrap();
        let mut csv = Vec::new();
        table.write_csv(&mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let mut lines = csv.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let mut listed = BTreeSet::new();
        let (mut exact, mut significant, mut selected) = (0, 0, 0);
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), header.len());
            let of: HashMap<&str, &str> = header.iter().copied().zip(fields).collect();
            let at: u32 =
                of["row"].parse::<u32>().unwrap() * COLS + of["column"].parse::<u32>().unwrap();
            listed.insert(at);
            exact += u32::from(of["test"] == "exact");
            significant += u32::from(of["significant"] == "true");
            selected += u32::from(!of["log10_p_two_stage"].is_empty());
            let pair = &pairs[at as usize];
            for (name, text) in of {
                let what = format!("{estimand:?}, by user {by_user}: {name} of {line}");
                if let Some(word) = pair.words.get(name) {
                    assert_eq!(word, text, "{what}");
                    continue;
                }
                let value = pair.numbers.get(name).unwrap_or_else(|| panic!("{what}"));
                match value {
                    None => assert_eq!(text, "", "{what}"),
                    Some(value) => {
                        let ours: f64 = text.parse().unwrap();
                        let near = 1e-10 * (1.0 + value.abs());
                        assert!((ours - value).abs() < near, "{what}: {value}");
                    }
                }
            }
        }
        // What is not listed is of no interest, and there is something of every kind.
        for at in (0..ROWS * COLS).filter(|at| !listed.contains(at)) {
            assert_eq!(pairs[at as usize].p, Some(1.0));
        }
        assert!(listed.len() as u32 > exact && exact > 5, "{exact}");
        assert!(
            significant > 0 && selected > significant,
            "{significant} {selected}"
        );
    }
}
