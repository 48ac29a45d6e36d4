//! From codes to tests, stage by stage, on a million rows of 500 by 3,307 categories.

use std::hint::black_box;

use axia_contingency::{
    AssociationParams, ClusteredParams, ConversationEntry, Conversations, Correction, Error, Exact,
    ExactMethod, Grid, Hypergeometric, LogP, NamedCounts, Table,
};
use criterion::{Criterion, criterion_group, criterion_main};

const ROWS: u32 = 500;
const COLS: u32 = 3_307;

/// Rows and columns by squares of uniform numbers, so that sizes differ as in real logs.
fn codes(n: usize) -> (Vec<u32>, Vec<u32>) {
    let mut state = 1_u64;
    let mut unit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 * 2.0_f64.powi(-53)
    };
    (0..n)
        .map(|_| {
            let (u, v) = (unit(), unit());
            let (row, col) = (f64::from(ROWS) * u * u, f64::from(COLS) * v * v);
            (row as u32, col as u32)
        })
        .unzip()
}

/// The same as conversations with one label on each side, five of each user.
fn conversations(rows: &[u32], cols: &[u32]) -> Result<Conversations, Error> {
    let mut builder = Conversations::builder(&[ROWS, COLS]);
    for ((id, &row), &col) in (0_u64..).zip(rows).zip(cols) {
        builder.push(&ConversationEntry::new(id, &[&[row], &[col]]).user(id / 5))?;
    }
    builder.build()
}

fn contingency(c: &mut Criterion) {
    let (rows, cols) = codes(1_000_000);
    let mut group = c.benchmark_group("contingency");
    group.sample_size(10);
    let count_grid = || Grid::from_codes(ROWS, COLS, &rows, &cols);
    group.bench_function("count_grid/n1000000_500x3307", |b| {
        b.iter(|| black_box(count_grid()));
    });
    let count = || Table::from_codes(ROWS, COLS, &rows, &cols);
    group.bench_function("count/n1000000_500x3307", |b| b.iter(|| black_box(count())));
    let names: Vec<String> = (0..COLS).map(|i| format!("category number {i}")).collect();
    group.bench_function("count_names/n1000000_500x3307", |b| {
        b.iter(|| {
            let mut counts = NamedCounts::new();
            for (&row, &col) in rows.iter().zip(&cols) {
                let pair = names.get(row as usize).zip(names.get(col as usize));
                if let Some((row, col)) = pair {
                    black_box(counts.push(row, col)).ok();
                }
            }
            counts.build()
        });
    });
    if let Ok(grid) = count_grid() {
        for (name, exact, from) in [
            ("normal", Exact::Never, 0.0),
            ("when_sparse", Exact::WhenSparse, 5.0),
            ("always", Exact::Always, 5.0),
        ] {
            let params = AssociationParams::new()
                .exact(exact)
                .min_expected_normal(from);
            if let Ok(scan) = params.build() {
                group.bench_function(format!("test/{name}/500x3307"), |b| {
                    b.iter(|| black_box(scan.test_grid(&grid, &[])));
                });
            }
        }
    }
    if let Ok((by_user, scan)) = conversations(&rows, &cols)
        .and_then(|by_user| Ok((by_user, ClusteredParams::new().build()?)))
    {
        group.bench_function("residuals_by_user/n1000000_500x3307", |b| {
            b.iter(|| black_box(scan.residuals(&by_user, 0, 1)));
        });
    }
    let p: Vec<LogP> = (1..=1_653_500_u64)
        .filter_map(|i| LogP::from_ln(-((i * 7_919 % 1_653_500) as f64 / 1e5)))
        .collect();
    for correction in [
        Correction::Bonferroni,
        Correction::Holm,
        Correction::Hommel,
        Correction::BenjaminiHochberg,
    ] {
        group.bench_function(format!("correct/{correction:?}/m1653500"), |b| {
            b.iter(|| black_box(correction.adjust(&p)));
        });
    }
    if let Ok(pair) = Hypergeometric::new(2_000, 23_359, 308_210) {
        group.bench_function("exact/one_pair", |b| {
            b.iter(|| black_box(pair.two_sided(black_box(300), ExactMethod::Central)));
        });
    }
    group.finish();
}

criterion_group!(benches, contingency);
criterion_main!(benches);
