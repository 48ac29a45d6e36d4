//! Inner products of many rows with many columns, as fast as the processor allows.
//!
//! What lives here: the only `unsafe` code of the crate, and the layouts it reads. What does not:
//! any decision. Results here are rounded to single precision (or worse); callers keep what they
//! cannot rule out and decide it in double precision with [`crate::prepared::squared_distance`].
//!
//! # How to use it
//!
//! ```text
//! let isa = Isa::best();                            // once; tests run all of Isa::available()
//! let panels = Panels::pack(&columns, dim);         // columns: row-major, one vector after the other
//! let mut tile = vec![0.0; rows_here * panels.width()];
//! products(isa, &rows, &panels, &mut tile);         // tile[r * panels.width() + c] = rows[r] · columns[c]
//! ```
//!
//! `rows` is a row-major slice; take a few dozen to a few hundred rows at a time (one task of
//! rayon), and at most some thousand columns, so that the tile stays in the second cache. Rows
//! beyond the columns' number up to `width()` (a multiple of [`LANES`]) are zeros. Squared distances
//! follow as `|x|² + |y|² - 2 x·y`, which cancels for near vectors: below about `1e-4 (|x|² + |y|²)`
//! compute the difference itself. [`product_error`] bounds the error of a product.
//!
//! The order of the sums is the same for every row, whatever its place in a call, so the bytes do
//! not depend on how rows are split into calls. They are the same on all processors with fused
//! multiply-add (AVX-512 and AVX2 give equal bits); the portable path rounds twice an addition.
//!
//! # Instruction sets
//!
//! Found at run time ([`Isa::best`]): AVX-512 with bfloat16 and products of bytes, AVX-512, AVX2 with
//! FMA, portable. An
//! [`Isa`] can only be made by detection, which is what makes the calls behind it sound.

#![allow(unsafe_code)]

mod codes;
mod filter;
mod isa;
mod pairs;
mod panels;
mod peak;
mod plain;
mod portable;
mod scans;
mod tiles;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

pub(crate) use codes::{
    Coder, MOST, WORD, code_panel, code_scores, crowded, list_open, listed, open_groups,
    shift_codes,
};
pub(crate) use filter::{Block, Candidate, Filter, NOTHING};
pub(crate) use isa::{Form, Isa};
pub(crate) use pairs::Hit;
pub(crate) use panels::Panels;
pub use peak::peak_flops;
pub(crate) use plain::{
    add_row, all_finite, all_whole, count_row, inner_product, mean_row, move_row, scaled_distance,
    squared_distance, sum_error,
};
pub(crate) use scans::{
    largest_row, nearest_scaled, nearest_value, panel_squares, squares_of_products, weighted_row,
};

/// Columns of one panel.
pub(crate) const LANES: usize = 32;

/// Writes the inner product of each row with each column: `out[r * panels.width() + c]`.
///
/// # Panics
///
/// If `rows` does not hold whole rows of the panels' depth, or `out` has another length than
/// rows times `panels.width()`.
pub(crate) fn products(isa: Isa, rows: &[f32], panels: &Panels, out: &mut [f32]) {
    let depth = panels.depth();
    let width = panels.width();
    assert!(rows.len().is_multiple_of(depth), "whole rows");
    assert_eq!(
        out.len(),
        rows.len() / depth * width,
        "one place for each product"
    );
    for p in 0..panels.count() {
        tiles::products(isa, rows, depth, panels.panel(p), p * LANES, width, out);
    }
}

/// A bound on the error of one of [`products`], as a share of the two vectors' lengths multiplied.
#[allow(dead_code)] // linkage and density call this
pub(crate) fn product_error(depth: usize) -> f64 {
    // A chain of `depth` additions, each rounded once, and the products once more where there is no
    // fused multiply-add (Higham 2002, section 3.1).
    (depth + 2) as f64 * f64::from(f32::EPSILON)
}
