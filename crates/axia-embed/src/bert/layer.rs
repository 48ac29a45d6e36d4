//! One layer of the encoder: attention within each text, then two products for each token.

use ndarray::{Array1, Array2};

use super::config::{Config, Kind};
use super::weights::{Linear, Weights};
use crate::Error;

/// Sums of an inner product that run side by side.
const LANES: usize = 16;

pub(super) struct Norm {
    scale: Array1<f32>,
    shift: Array1<f32>,
    epsilon: f32,
}

impl Norm {
    pub(super) fn read(weights: &Weights<'_>, name: &str, config: &Config) -> Result<Self, Error> {
        Ok(Self {
            scale: weights.vector(&format!("{name}.weight"), config.hidden_size)?,
            shift: weights.vector(&format!("{name}.bias"), config.hidden_size)?,
            epsilon: config.layer_norm_eps,
        })
    }

    pub(super) fn apply(&self, rows: &mut Array2<f32>) {
        for mut row in rows.rows_mut() {
            let n = row.len() as f32;
            let mean = row.sum() / n;
            let variance = row.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / n;
            let factor = (variance + self.epsilon).sqrt().recip();
            for ((v, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
                *v = (*v - mean) * factor * scale + shift;
            }
        }
    }
}

pub(super) struct Layer {
    query_key_value: Linear,
    output: Linear,
    output_norm: Norm,
    inner: Linear,
    outer: Linear,
    outer_norm: Norm,
    heads: usize,
}

impl Layer {
    pub(super) fn read(weights: &Weights<'_>, config: &Config, at: usize) -> Result<Self, Error> {
        let name = |part: &str| format!("encoder.layer.{at}.{part}");
        let names = |parts: [&str; 3]| parts.map(name);
        let (attention, output, norm) = match config.model_type {
            Kind::Bert => (
                names([
                    "attention.self.query",
                    "attention.self.key",
                    "attention.self.value",
                ]),
                name("attention.output.dense"),
                name("attention.output.LayerNorm"),
            ),
            Kind::Mpnet => (
                names(["attention.attn.q", "attention.attn.k", "attention.attn.v"]),
                name("attention.attn.o"),
                name("attention.LayerNorm"),
            ),
        };
        let hidden = config.hidden_size;
        let inner = weights.linear(&[name("intermediate.dense")], hidden)?;
        let width = inner.outputs();
        Ok(Self {
            query_key_value: weights.linear(&attention, hidden)?,
            output: weights.linear(&[output], hidden)?,
            output_norm: Norm::read(weights, &norm, config)?,
            inner,
            outer: weights.linear(&[name("output.dense")], width)?,
            outer_norm: Norm::read(weights, &name("output.LayerNorm"), config)?,
            heads: config.num_attention_heads,
        })
    }

    /// The layer's outputs are of the right widths.
    pub(super) fn fits(&self, hidden: usize) -> bool {
        self.query_key_value.outputs() == 3 * hidden
            && self.output.outputs() == hidden
            && self.outer.outputs() == hidden
    }

    /// `rows` are the tokens of all texts, `lengths` says how many belong to each. `bias` gives what is
    /// added to a head's score of a token for another that stands so many places further.
    pub(super) fn apply(
        &self,
        mut rows: Array2<f32>,
        lengths: &[usize],
        bias: &dyn Fn(usize, isize) -> f32,
    ) -> Array2<f32> {
        let mixed = self.attend(&self.query_key_value.apply(&rows), lengths, bias);
        rows += &self.output.apply(&mixed);
        self.output_norm.apply(&mut rows);
        let mut inner = self.inner.apply(&rows);
        inner.mapv_inplace(gelu);
        rows += &self.outer.apply(&inner);
        self.outer_norm.apply(&mut rows);
        rows
    }

    fn attend(
        &self,
        projected: &Array2<f32>,
        lengths: &[usize],
        bias: &dyn Fn(usize, isize) -> f32,
    ) -> Array2<f32> {
        let hidden = projected.ncols() / 3;
        let width = hidden / self.heads;
        let factor = (width as f32).sqrt().recip();
        let mut mixed = Array2::zeros((projected.nrows(), hidden));
        let (Some(projected), Some(out)) = (projected.as_slice(), mixed.as_slice_mut()) else {
            return mixed;
        };
        let part = |token: usize, which: usize, head: usize| {
            &projected[token * 3 * hidden + which * hidden + head * width..][..width]
        };
        let mut first = 0;
        let mut scores = Vec::new();
        for &length in lengths {
            for head in 0..self.heads {
                let biases: Vec<f32> = (0..2 * length)
                    .map(|at| bias(head, at as isize - length as isize))
                    .collect();
                for token in 0..length {
                    scores.clear();
                    let query = part(first + token, 0, head);
                    scores.extend((0..length).map(|other| {
                        let score = dot(query, part(first + other, 1, head)) * factor;
                        score + biases[length + other - token]
                    }));
                    softmax(&mut scores);
                    let out = &mut out[(first + token) * hidden + head * width..][..width];
                    for (other, &share) in scores.iter().enumerate() {
                        let value = part(first + other, 2, head);
                        for (out, &value) in out.iter_mut().zip(value) {
                            *out += share * value;
                        }
                    }
                }
            }
            first += length;
        }
        mixed
    }
}

/// Both of one length.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a_lanes, b_lanes) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_lanes.remainder().iter().zip(b_lanes.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a_lanes.zip(b_lanes) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        total += *score;
    }
    for score in scores {
        *score /= total;
    }
}

/// The exact form, by the error function.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_functions() {
        assert!((gelu(1.0) - 0.841_344_7).abs() < 1e-6);
        assert!((gelu(-10.0)).abs() < 1e-6);
        let mut scores = [1.0, 1.0, f32::NEG_INFINITY];
        softmax(&mut scores);
        assert!(
            scores
                .iter()
                .zip([0.5, 0.5, 0.0])
                .all(|(a, b)| (a - b).abs() < 1e-6)
        );
        let a: Vec<f32> = (0..37_u8).map(f32::from).collect();
        assert!((dot(&a, &a) - 16_206.0).abs() < 1e-2);
    }
}
