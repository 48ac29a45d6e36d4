//! Every instruction set against sums in double precision.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::init::Stream;

fn values(n: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed, 0);
    (0..n)
        .map(|_| crate::prepared::to_f32(2.0 * stream.uniform() - 1.0))
        .collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

fn norm(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}

#[test]
fn products_are_within_their_bound_on_every_instruction_set() {
    for depth in [1, 2, 3, 7, 16, 33, 129] {
        for columns in [1, 15, 31, 32, 33, 70] {
            for n in [0, 1, 5, 12, 13, 25] {
                let (x, c) = (values(n * depth, 1), values(columns * depth, 2));
                let panels = Panels::pack(&c, depth);
                assert_eq!(panels.columns(), columns);
                for isa in Isa::available() {
                    let mut out = vec![f32::NAN; n * panels.width()];
                    products(isa, &x, &panels, &mut out);
                    for (x, out) in x.chunks(depth).zip(out.chunks(panels.width())) {
                        for (c, &found) in c.chunks(depth).zip(out) {
                            let bound = product_error(depth) * norm(x) * norm(c);
                            let off = (f64::from(found) - dot(x, c)).abs();
                            assert!(off <= bound, "{isa:?} {depth}: {off} > {bound}");
                        }
                        assert!(out[columns..].iter().all(|&v| v.to_bits() == 0));
                    }
                }
            }
        }
    }
}

#[test]
fn a_rows_products_do_not_depend_on_the_rows_beside_it() {
    let (depth, n) = (50, 29);
    let (x, c) = (values(n * depth, 3), values(40 * depth, 4));
    let panels = Panels::pack(&c, depth);
    for isa in Isa::available() {
        let mut all = vec![0.0; n * panels.width()];
        products(isa, &x, &panels, &mut all);
        for (x, all) in x.chunks(depth).zip(all.chunks(panels.width())) {
            let mut one = vec![0.0; panels.width()];
            products(isa, x, &panels, &mut one);
            assert_eq!(one, all, "{isa:?}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn processors_with_fused_multiply_add_give_equal_bits() {
    let fused: Vec<Isa> = (Isa::available().into_iter())
        .filter(|isa| isa.kind() != isa::Kind::Portable)
        .collect();
    let depth = 77;
    let (x, c) = (values(20 * depth, 5), values(65 * depth, 6));
    let panels = Panels::pack(&c, depth);
    let of = |isa| {
        let mut out = vec![0.0; 20 * panels.width()];
        products(isa, &x, &panels, &mut out);
        out
    };
    for pair in fused.windows(2) {
        assert_eq!(of(pair[0]), of(pair[1]), "{pair:?}");
    }
}

#[test]
fn scores_one_by_one_are_within_their_bound_on_every_instruction_set() {
    for dim in [1, 2, 7, 31, 32, 33, 96, 130] {
        for count in [1, 5, 33, 70] {
            let (rows, columns) = (values(3 * dim, 5), values(count * dim, 6));
            let slots: Vec<u32> = (0_u32..).take(count.div_ceil(LANES) * LANES).collect();
            let slots: Vec<u32> = (slots.iter())
                .map(|&slot| {
                    if (slot as usize) < count {
                        slot
                    } else {
                        NOTHING
                    }
                })
                .collect();
            let forms = |isa: Isa| {
                [Form::Single, isa.form(), isa.coarsest_form(dim)].map(|form| (isa, form))
            };
            for (isa, form) in Isa::available().into_iter().flat_map(forms) {
                let filter = Filter::new(isa, form, &columns, dim, &slots);
                let mut block = Block::of(isa, form, dim);
                for row in rows.chunks(dim) {
                    block.push(row, 1.0, &vec![0.0; dim]);
                }
                for named in [
                    vec![0],
                    (0..).take(count).collect(),
                    vec![count as u32 - 1; 9],
                ] {
                    for (at, row) in rows.chunks(dim).enumerate() {
                        let mut uppers = vec![f32::NAN; 3];
                        let reached = filter.score(&block, at, &named, &mut uppers);
                        assert_eq!(uppers.len(), named.len());
                        let mut best = f64::NEG_INFINITY;
                        for (&slot, &upper) in named.iter().zip(&uppers) {
                            let column = &columns[slot as usize * dim..][..dim];
                            let score = dot(row, column) - dot(column, column) / 2.0;
                            best = best.max(score);
                            assert!(f64::from(upper) >= score, "{isa:?} {form:?} {dim}");
                            let slack = 0.06 * (norm(row) + 1.0) * (norm(column) + 1.0);
                            assert!(f64::from(upper) <= score + slack, "{isa:?} {form:?} {dim}");
                        }
                        assert!(f64::from(reached) <= best, "{isa:?} {form:?} {dim}");
                    }
                }
            }
        }
    }
}
