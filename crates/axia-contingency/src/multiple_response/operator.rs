//! The covariance of all pairs' scores as an operator: its traces without ever being written down.

use crate::conversations::{Conversations, Facet, Postings};
use crate::error::Error;
use crate::random::Random;

/// What a row's scores are scaled by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowScale {
    /// The row's share: chi-square over contexts, whose shares sum to one.
    Share,
    /// The variance of the row's indicator: one 2 × 2 table per pair.
    Variance,
}

/// How the trace of the square is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probes {
    /// Up to so many pairs each pair is a probe of its own, and the trace is exact.
    pub(crate) exact_up_to: usize,
    /// Random probes beyond. The relative standard error is at most the root of 2 over their number, and far smaller when
    /// many pairs share the trace.
    pub(crate) random: u64,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            exact_up_to: 256,
            random: 64,
        }
    }
}

/// `(1/n) sum over users of s s'`, with `s` the user's sum of centred products `(w - w̄)(y - ȳ)`, each pair scaled to unit
/// variance of independent conversations. Without users, each conversation is its own.
pub(crate) struct Operator<'a> {
    rows: &'a Facet,
    cols: &'a Facet,
    n: usize,
    users: Option<Postings>,
    row_mean: Vec<f64>,
    col_mean: Vec<f64>,
    /// One over the scale's root; 0 for what does not vary.
    row_scale: Vec<f64>,
    col_scale: Vec<f64>,
    /// Mean of the centred, scaled products.
    mean: Vec<f64>,
}

impl<'a> Operator<'a> {
    pub(crate) fn new(
        all: &'a Conversations,
        row_facet: usize,
        col_facet: usize,
        scale: RowScale,
    ) -> Result<Self, Error> {
        let (rows, cols) = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        let n = all.len();
        let means = |facet: &Facet| -> Vec<f64> {
            let totals = facet.totals();
            totals.iter().map(|&t| t as f64 / n as f64).collect()
        };
        let (row_mean, col_mean) = (means(rows), means(cols));
        let root = |p: f64, scale: RowScale| {
            let variance = p * (1.0 - p);
            let by = if scale == RowScale::Share {
                p
            } else {
                variance
            };
            if variance > 0.0 { 1.0 / by.sqrt() } else { 0.0 }
        };
        let mut operator = Self {
            rows,
            cols,
            n,
            users: all.by_user(),
            row_scale: row_mean.iter().map(|&p| root(p, scale)).collect(),
            col_scale: col_mean
                .iter()
                .map(|&p| root(p, RowScale::Variance))
                .collect(),
            row_mean,
            col_mean,
            mean: Vec::new(),
        };
        let ones = vec![1.0; n];
        operator.mean = operator.products(&ones);
        Ok(operator)
    }

    fn width(&self) -> usize {
        self.col_mean.len()
    }

    /// `(1/n) sum over conversations of t (w - w̄)(y - ȳ)'`, scaled.
    fn products(&self, t: &[f64]) -> Vec<f64> {
        let width = self.width();
        let mut sums = vec![0.0; self.row_mean.len() * width];
        let mut by_row = vec![0.0; self.row_mean.len()];
        let mut by_col = vec![0.0; width];
        let mut all = 0.0;
        for (index, &t) in t.iter().enumerate() {
            let cols = self.cols.labels(index);
            for &row in self.rows.labels(index) {
                by_row[row as usize] += t;
                for &col in cols {
                    sums[row as usize * width + col as usize] += t;
                }
            }
            for &col in cols {
                by_col[col as usize] += t;
            }
            all += t;
        }
        let n = self.n as f64;
        for (row, line) in sums.chunks_mut(width.max(1)).enumerate() {
            let (w, t_row, scale) = (self.row_mean[row], by_row[row], self.row_scale[row]);
            for (col, sum) in line.iter_mut().enumerate() {
                let y = self.col_mean[col];
                *sum = (*sum - t_row * y - w * by_col[col] + all * w * y)
                    * (scale * self.col_scale[col] / n);
            }
        }
        sums
    }

    /// Each conversation's centred, scaled products summed with the weights `v`.
    fn project(&self, v: &[f64]) -> Vec<f64> {
        let width = self.width();
        let n_rows = self.row_mean.len();
        // Scaled weights; their sums against the means.
        let mut scaled = v.to_vec();
        let mut row_sum = vec![0.0; n_rows];
        let mut col_sum = vec![0.0; width];
        for (row, line) in scaled.chunks_mut(width.max(1)).enumerate() {
            let (mut sum, scale) = (0.0, self.row_scale[row]);
            for (col, value) in line.iter_mut().enumerate() {
                *value *= scale * self.col_scale[col];
                sum += *value * self.col_mean[col];
                col_sum[col] += *value * self.row_mean[row];
            }
            row_sum[row] = sum;
        }
        let whole: f64 = row_sum.iter().zip(&self.row_mean).map(|(s, w)| s * w).sum();
        let of = |index: usize| {
            let cols = self.cols.labels(index);
            let mut sum = whole;
            for &row in self.rows.labels(index) {
                let line = row as usize * width;
                sum -= row_sum[row as usize];
                sum += cols
                    .iter()
                    .map(|&col| scaled[line + col as usize])
                    .sum::<f64>();
            }
            sum - cols.iter().map(|&col| col_sum[col as usize]).sum::<f64>()
        };
        (0..self.n).map(of).collect()
    }

    /// The operator applied to `v`.
    fn apply(&self, v: &[f64]) -> Vec<f64> {
        let mut t = self.project(v);
        let mean: f64 = self.mean.iter().zip(v).map(|(m, v)| m * v).sum();
        t.iter_mut().for_each(|t| *t -= mean);
        if let Some(users) = &self.users {
            let g = users.len() as f64;
            for of in users.iter() {
                let sum: f64 = of.iter().map(|&index| t[index as usize]).sum();
                let sum = sum * g / (g - 1.0).max(1.0);
                for &index in of {
                    t[index as usize] = sum;
                }
            }
        }
        let all: f64 = t.iter().sum();
        let mut image = self.products(&t);
        // The user's products are centred too.
        for (image, mean) in image.iter_mut().zip(&self.mean) {
            *image -= mean * all / self.n as f64;
        }
        image
    }

    /// Trace of the square.
    pub(crate) fn trace_of_square(&self, probes: Probes, seed: u64) -> f64 {
        let pairs = self.row_mean.len() * self.width();
        let norm = |image: Vec<f64>| -> f64 { image.iter().map(|x| x * x).sum() };
        let mut total = 0.0;
        let mut v = vec![0.0; pairs];
        if pairs <= probes.exact_up_to {
            for pair in 0..pairs {
                v[pair] = 1.0;
                total += norm(self.apply(&v));
                v[pair] = 0.0;
            }
            return total;
        }
        for probe in 0..probes.random {
            let mut random = Random::new(seed, probe);
            for chunk in v.chunks_mut(64) {
                let bits = random.bits();
                for (place, value) in chunk.iter_mut().enumerate() {
                    *value = if bits >> place & 1 == 1 { 1.0 } else { -1.0 };
                }
            }
            total += norm(self.apply(&v));
        }
        total / probes.random as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations_builder::ConversationEntry;

    #[test]
    fn random_probes_meet_the_exact_trace() {
        let mut random = Random::new(5, 0);
        let mut builder = Conversations::builder(&[6, 9]);
        for id in 0..400 {
            let mut draw = |size: u32, rate: f64| -> Vec<u32> {
                (0..size).filter(|_| random.unit() < rate).collect()
            };
            let (rows, cols) = (draw(6, 0.3), draw(9, 0.2));
            let entry = [rows.as_slice(), cols.as_slice()];
            builder
                .push(&ConversationEntry::new(id, &entry).user(id / 3))
                .unwrap();
        }
        let all = builder.build().unwrap();
        let operator = Operator::new(&all, 0, 1, RowScale::Variance).unwrap();
        let exact = operator.trace_of_square(
            Probes {
                exact_up_to: 54,
                random: 0,
            },
            0,
        );
        let probes = Probes {
            exact_up_to: 0,
            random: 400,
        };
        let estimate = operator.trace_of_square(probes, 11);
        assert!((estimate / exact - 1.0).abs() < 0.05, "{exact} {estimate}");
        assert_eq!(
            estimate.to_bits(),
            operator.trace_of_square(probes, 11).to_bits()
        );
    }
}
