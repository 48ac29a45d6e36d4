//! Loops over rows of a matrix of distances, and distances in double precision: written once,
//! compiled for each instruction set. All give the same bits.

use super::isa::{Isa, Kind};
use super::plain::for_each_isa;

/// Values of a vector. Rows are whole vectors.
const PAD: usize = 16;
/// Groups of this many vectors are compared by their least value alone.
const GROUP: usize = 16;

for_each_isa! {
    /// The least of a row and the first place that has it.
    fn nearest_value(row: &[f32]) -> (usize, f32) = nearest_value_body
}
for_each_isa! {
    /// The least of `row[i] * (own * sizes[i]) / (own + sizes[i])` and the first place that has it.
    fn nearest_scaled(row: &[f32], sizes: &[f32], own: f32) -> (usize, f32) = nearest_scaled_body
}
for_each_isa! {
    /// `row = p * row + q * other - less`, and no less than 0.
    fn weighted_row(row: &mut [f32], other: &[f32], p: f32, q: f32, less: f32) = weighted_row_body
}
for_each_isa! {
    /// The larger of each two.
    fn largest_row(row: &mut [f32], other: &[f32]) = largest_row_body
}
for_each_isa! {
    /// Squared distances `norm + norms - 2 * products`, and whether one is below `near` times the two
    /// lengths, so that rounding may have eaten it.
    fn squares_of_products(
        products: &[f32],
        norm: f32,
        norms: &[f32],
        near: f32,
        out: &mut [f32]
    ) -> bool = squares_of_products_body
}
for_each_isa! {
    /// Squared distances of four rows from eight points that are laid out lane by lane. Differences,
    /// not products, so that near points lose no digits.
    fn panel_squares(rows: [&[f64]; 4], panel: &[[f64; 8]]) -> [[f64; 8]; 4] = panel_squares_body
}

#[inline(always)]
fn least_of(values: [f32; PAD]) -> f32 {
    values
        .into_iter()
        .fold(f32::INFINITY, |least, v| if v < least { v } else { least })
}

#[inline(always)]
fn nearest_value_body(row: &[f32]) -> (usize, f32) {
    let mut best = f32::INFINITY;
    let mut best_group = 0;
    for (group, row) in row.chunks(GROUP * PAD).enumerate() {
        let mut least = [f32::INFINITY; PAD];
        for row in row.as_chunks::<PAD>().0 {
            for lane in 0..PAD {
                least[lane] = if row[lane] < least[lane] {
                    row[lane]
                } else {
                    least[lane]
                };
            }
        }
        let least = least_of(least);
        if least < best {
            best = least;
            best_group = group;
        }
    }
    let start = best_group * GROUP * PAD;
    let at = row.get(start..).unwrap_or_default().iter();
    (start + at.take_while(|&&value| value > best).count(), best)
}

#[inline(always)]
fn scaled(value: f32, own: f32, size: f32) -> f32 {
    value * (own * size) / (own + size)
}

#[inline(always)]
fn nearest_scaled_body(row: &[f32], sizes: &[f32], own: f32) -> (usize, f32) {
    let mut best = f32::INFINITY;
    let mut best_group = 0;
    let groups = row.chunks(GROUP * PAD).zip(sizes.chunks(GROUP * PAD));
    for (group, (row, sizes)) in groups.enumerate() {
        let mut least = [f32::INFINITY; PAD];
        let vectors = row
            .as_chunks::<PAD>()
            .0
            .iter()
            .zip(sizes.as_chunks::<PAD>().0);
        for (row, sizes) in vectors {
            for lane in 0..PAD {
                let key = scaled(row[lane], own, sizes[lane]);
                least[lane] = if key < least[lane] { key } else { least[lane] };
            }
        }
        let least = least_of(least);
        if least < best {
            best = least;
            best_group = group;
        }
    }
    let start = best_group * GROUP * PAD;
    let at = row.iter().zip(sizes).skip(start);
    let at = at.take_while(|&(&value, &size)| scaled(value, own, size) > best);
    (start + at.count(), best)
}

#[inline(always)]
fn weighted_row_body(row: &mut [f32], other: &[f32], p: f32, q: f32, less: f32) {
    for (value, &other) in row.iter_mut().zip(other) {
        let sum = (p * *value + q * other) - less;
        *value = if sum < 0.0 { 0.0 } else { sum };
    }
}

#[inline(always)]
fn largest_row_body(row: &mut [f32], other: &[f32]) {
    for (value, &other) in row.iter_mut().zip(other) {
        *value = if other > *value { other } else { *value };
    }
}

#[inline(always)]
fn squares_of_products_body(
    products: &[f32],
    norm: f32,
    norms: &[f32],
    near: f32,
    out: &mut [f32],
) -> bool {
    let mut any = false;
    for ((out, &norms), &product) in out.iter_mut().zip(norms).zip(products) {
        let lengths = norm + norms;
        let square = lengths - 2.0 * product;
        any |= square < near * lengths;
        *out = square;
    }
    any
}

#[inline(always)]
fn panel_squares_body(rows: [&[f64]; 4], panel: &[[f64; 8]]) -> [[f64; 8]; 4] {
    let mut sums = [[0.0; 8]; 4];
    let rows = rows.map(|row| &row[..panel.len()]);
    for (d, others) in panel.iter().enumerate() {
        for r in 0..4 {
            let x = rows[r][d];
            for lane in 0..8 {
                let difference = x - others[lane];
                sums[r][lane] += difference * difference;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(99);
                // Few different values, so that there are ties.
                (state >> 54) as f32 / 64.0 + 0.25
            })
            .collect()
    }

    #[test]
    fn scans_find_the_first_of_the_least() {
        for n in [16, 32, 256, 272, 1040] {
            let (row, sizes) = (values(n, 1), values(n, 2));
            let keys: Vec<f32> = (row.iter().zip(&sizes))
                .map(|(&v, &s)| scaled(v, 3.0, s))
                .collect();
            let first = |keys: &[f32]| {
                let least = keys.iter().copied().fold(f32::INFINITY, f32::min);
                (keys.iter().position(|&k| k <= least).unwrap(), least)
            };
            for isa in Isa::available() {
                assert_eq!(nearest_value(isa, &row), first(&row), "{isa:?} {n}");
                assert_eq!(
                    nearest_scaled(isa, &row, &sizes, 3.0),
                    first(&keys),
                    "{isa:?} {n}"
                );
            }
        }
        assert_eq!(nearest_value(Isa::best(), &[]), (0, f32::INFINITY));
    }

    #[test]
    fn rows_join_the_same_everywhere() {
        let n = 304;
        let (row, other) = (values(n, 3), values(n, 4));
        for isa in Isa::available() {
            let mut joined = row.clone();
            weighted_row(isa, &mut joined, &other, 0.25, 0.75, 1.0);
            for i in 0..n {
                let plain = ((0.25 * row[i] + 0.75 * other[i]) - 1.0).max(0.0);
                assert_eq!(joined[i].to_bits(), plain.to_bits(), "{isa:?}");
            }
            joined.copy_from_slice(&row);
            largest_row(isa, &mut joined, &other);
            let larger: Vec<f32> = (0..n).map(|i| row[i].max(other[i])).collect();
            assert_eq!(joined, larger, "{isa:?}");
        }
    }

    #[test]
    fn squares_are_those_of_plain_sums() {
        let wide: Vec<f64> = values(5 * 19, 6).into_iter().map(f64::from).collect();
        let rows: [&[f64]; 4] = std::array::from_fn(|r| &wide[r * 19..(r + 1) * 19]);
        let panel: Vec<[f64; 8]> = (0..19)
            .map(|d| std::array::from_fn(|lane| wide[76 + d] + lane as f64))
            .collect();
        for isa in Isa::available() {
            let found = panel_squares(isa, rows, &panel);
            for r in 0..4 {
                for lane in 0..8 {
                    let plain =
                        (0..19).fold(0.0, |sum, d| sum + (rows[r][d] - panel[d][lane]).powi(2));
                    assert_eq!(found[r][lane].to_bits(), plain.to_bits(), "{isa:?}");
                }
            }
        }
    }
}
