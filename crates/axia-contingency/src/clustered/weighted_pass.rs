//! The pass over users that gathers, for every pair, the sums of products of weighted cells.

use crate::conversations::{Conversations, Facet};
use crate::error::Error;

/// Conversations by row, then user, with weights whose mean is 1.
pub(super) struct WeightedPass<'a> {
    rows: &'a Facet,
    cols: &'a Facet,
    /// By conversation.
    weights: Vec<f64>,
    /// Each user's conversations.
    users: Vec<Vec<u32>>,
    /// For each row the users that have it.
    row_users: Vec<Vec<u32>>,
    /// Each user's columns with their weights, ascending.
    user_cols: Vec<Vec<(u32, f64)>>,
    user_sums: Vec<f64>,
    /// Over the users of a line: its weight, and the products of what is in it and what is not.
    row_lines: Vec<Line>,
    col_lines: Vec<Line>,
    squares: f64,
    weight: f64,
    equal_weights: f64,
    scratch: Vec<Scratch>,
    touched: Vec<u32>,
}

/// Sums over users of products of a line's weight and the rest.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    total: f64,
    inside2: f64,
    mixed: f64,
    outside2: f64,
    whole2: f64,
}

impl Line {
    fn add(&mut self, inside: f64, whole: f64) {
        let outside = whole - inside;
        self.total += inside;
        self.inside2 += inside * inside;
        self.mixed += inside * outside;
        self.outside2 += outside * outside;
        self.whole2 += whole * whole;
    }
}

/// Of a column and the row at hand, over the users that have both.
#[derive(Debug, Clone, Copy, Default)]
struct Scratch {
    /// Of the user at hand.
    now: f64,
    now_count: u32,
    both: f64,
    /// Products of the four cells, the upper triangle row by row.
    products: [f64; 10],
    row: Line,
    col: Line,
    count: u64,
    users: u64,
    seen: bool,
}

/// A pair's four cells: their sums, and their products over users.
pub(super) struct Cells {
    pub(super) sums: [f64; 4],
    products: [[f64; 4]; 4],
}

impl Cells {
    /// Sum over users of the square of what the weights make of the user's four cells.
    pub(super) fn squares(&self, weights: [f64; 4]) -> f64 {
        let mut sum = 0.0;
        for (line, wi) in self.products.iter().zip(weights) {
            for (&product, wj) in line.iter().zip(weights) {
                sum += wi * wj * product;
            }
        }
        sum.max(0.0)
    }
}

impl<'a> WeightedPass<'a> {
    pub(super) fn new(
        all: &'a Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<Self, Error> {
        let (rows, cols) = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        let (weights, weight) = normalized(all)?;
        let users: Vec<Vec<u32>> = match all.by_user() {
            Some(lists) => lists.iter().map(<[u32]>::to_vec).collect(),
            None => (0..all.len() as u32).map(|at| vec![at]).collect(),
        };
        let (n_rows, n_cols) = (rows.n_categories() as usize, cols.n_categories() as usize);
        let mut pass = Self {
            rows,
            cols,
            row_users: vec![Vec::new(); n_rows],
            user_cols: Vec::with_capacity(users.len()),
            user_sums: Vec::with_capacity(users.len()),
            row_lines: vec![Line::default(); n_rows],
            col_lines: vec![Line::default(); n_cols],
            squares: 0.0,
            weight,
            equal_weights: 0.0,
            scratch: vec![Scratch::default(); n_cols],
            touched: Vec::new(),
            weights,
            users,
        };
        let squares: f64 = pass.weights.iter().map(|w| w * w).sum();
        if squares > 0.0 {
            pass.equal_weights = (all.len() as f64).powi(2) / squares;
        }
        for user in 0..pass.users.len() {
            let whole = pass.users[user]
                .iter()
                .map(|&at| pass.weights[at as usize])
                .sum();
            for (row, inside) in pass.by_label(pass.rows, user) {
                pass.row_lines[row as usize].add(inside, whole);
                pass.row_users[row as usize].push(user as u32);
            }
            let cols = pass.by_label(pass.cols, user);
            for &(col, inside) in &cols {
                pass.col_lines[col as usize].add(inside, whole);
            }
            pass.user_cols.push(cols);
            pass.user_sums.push(whole);
            pass.squares += whole * whole;
        }
        Ok(pass)
    }

    /// A user's labels with their weights, ascending.
    fn by_label(&self, facet: &Facet, user: usize) -> Vec<(u32, f64)> {
        let mut labels: Vec<(u32, f64)> = self.users[user]
            .iter()
            .flat_map(|&at| {
                let weight = self.weights[at as usize];
                facet
                    .labels(at as usize)
                    .iter()
                    .map(move |&label| (label, weight))
            })
            .collect();
        // Stable, so that weights are added in the conversations' order.
        labels.sort_by_key(|&(label, _)| label);
        labels
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|run| Some((run.first()?.0, run.iter().map(|&(_, w)| w).sum())))
            .collect()
    }

    pub(super) fn clusters(&self) -> u64 {
        self.users.len() as u64
    }

    pub(super) fn n_rows(&self) -> usize {
        self.row_lines.len()
    }

    /// Sum of the weights as given.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    pub(super) fn equal_weights(&self) -> f64 {
        self.equal_weights
    }

    pub(super) fn largest_share(&self) -> f64 {
        let largest = self.user_sums.iter().copied().fold(0.0, f64::max);
        largest / (self.weights.len() as f64).max(1.0)
    }

    /// Gathers one row's sums per column.
    pub(super) fn row(&mut self, row: u32) {
        for col in self.touched.drain(..) {
            self.scratch[col as usize] = Scratch::default();
        }
        for &user in &self.row_users[row as usize] {
            let user = user as usize;
            let mut inside = 0.0;
            for &at in &self.users[user] {
                let at = at as usize;
                if self.rows.labels(at).binary_search(&row).is_err() {
                    continue;
                }
                inside += self.weights[at];
                for &col in self.cols.labels(at) {
                    let sums = &mut self.scratch[col as usize];
                    sums.now += self.weights[at];
                    sums.now_count += 1;
                }
            }
            let whole = self.user_sums[user];
            for &(col, y) in &self.user_cols[user] {
                let sums = &mut self.scratch[col as usize];
                let (a, count) = (
                    std::mem::take(&mut sums.now),
                    std::mem::take(&mut sums.now_count),
                );
                if !sums.seen {
                    sums.seen = true;
                    self.touched.push(col);
                }
                let cells = [a, inside - a, y - a, whole - inside - y + a];
                let mut at = 0;
                for i in 0..4 {
                    for j in i..4 {
                        sums.products[at] += cells[i] * cells[j];
                        at += 1;
                    }
                }
                sums.both += a;
                sums.row.add(inside, whole);
                sums.col.add(y, whole);
                sums.count += u64::from(count);
                sums.users += u64::from(count > 0);
            }
        }
    }

    /// Columns that met the row at hand in some conversation, ascending, with how often and behind how many users.
    pub(super) fn met(&self) -> Vec<(u32, u64, u64)> {
        let mut met: Vec<(u32, u64, u64)> = self
            .touched
            .iter()
            .map(|&col| (col, self.scratch[col as usize]))
            .filter(|(_, sums)| sums.count > 0)
            .map(|(col, sums)| (col, sums.count, sums.users))
            .collect();
        met.sort_unstable();
        met
    }

    /// The cells of the row at hand and a column.
    pub(super) fn cells(&self, row: u32, col: u32) -> Cells {
        let (r, c) = (self.row_lines[row as usize], self.col_lines[col as usize]);
        let sums = &self.scratch[col as usize];
        let n = self.weights.len() as f64;
        let mut products = [[0.0; 4]; 4];
        let upper = [
            (0, 0),
            (0, 1),
            (0, 2),
            (0, 3),
            (1, 1),
            (1, 2),
            (1, 3),
            (2, 2),
            (2, 3),
            (3, 3),
        ];
        for ((i, j), product) in upper.into_iter().zip(sums.products) {
            products[i][j] = product;
            products[j][i] = product;
        }
        // Users with the row only have the second and fourth cell, with the column only the third and fourth, others the fourth.
        let mut add = |i: usize, own: f64, mixed: f64, rest: f64| {
            products[i][i] += own;
            products[i][3] += mixed;
            products[3][i] += mixed;
            products[3][3] += rest;
        };
        let left = |of: &Line, both: &Line| {
            [
                (of.inside2 - both.inside2).max(0.0),
                (of.mixed - both.mixed).max(0.0),
                (of.outside2 - both.outside2).max(0.0),
            ]
        };
        let [own, mixed, rest] = left(&r, &sums.row);
        add(1, own, mixed, rest);
        let [own, mixed, rest] = left(&c, &sums.col);
        add(2, own, mixed, rest);
        let neither = self.squares - r.whole2 - (c.whole2 - sums.col.whole2);
        products[3][3] += neither.max(0.0);
        Cells {
            sums: [
                sums.both,
                r.total - sums.both,
                c.total - sums.both,
                n - r.total - c.total + sums.both,
            ]
            .map(|cell| if cell > 1e-12 * n { cell } else { 0.0 }),
            products,
        }
    }
}

/// The weights scaled to a mean of 1 (all 0 where their sum is), and their sum.
pub(super) fn normalized(all: &Conversations) -> Result<(Vec<f64>, f64), Error> {
    let given: Vec<f64> = all.iter().map(|view| view.weight()).collect();
    let weight: f64 = given.iter().sum();
    if !weight.is_finite() {
        return Err(Error::invalid_parameter(
            "sum of the weights",
            "finite",
            weight,
        ));
    }
    let scale = if weight > 0.0 {
        all.len() as f64 / weight
    } else {
        0.0
    };
    Ok((given.into_iter().map(|w| w * scale).collect(), weight))
}
