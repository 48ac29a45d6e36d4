//! From tokens to the mean of their last states.

use std::path::Path;

use ndarray::{Array1, Array2};

use super::config::{Config, Kind};
use super::layer::{Layer, Norm};
use super::weights::Weights;
use crate::Error;

/// Distances from here on share the last bucket of MPNet's relative positions.
const FARTHEST: f64 = 128.0;

pub(super) struct Encoder {
    config: Config,
    words: Array2<f32>,
    positions: Array2<f32>,
    /// Of the only kind of token that single texts have; BERT alone has it.
    kind: Option<Array1<f32>>,
    norm: Norm,
    layers: Vec<Layer>,
    /// Buckets by heads; MPNet alone has it.
    relative: Option<Array2<f32>>,
}

impl Encoder {
    pub(super) fn read(folder: &Path, bytes: &[u8], config: Config) -> Result<Self, Error> {
        let weights = Weights::new(folder, bytes)?;
        let (kind, relative) = match config.model_type {
            Kind::Bert => {
                let kinds = weights.matrix("embeddings.token_type_embeddings.weight")?;
                (Some(kinds.row(0).to_owned()), None)
            }
            Kind::Mpnet => {
                let relative = weights.matrix("encoder.relative_attention_bias.weight")?;
                (None, Some(relative))
            }
        };
        let layers: Vec<Layer> = (0..config.num_hidden_layers)
            .map(|at| Layer::read(&weights, &config, at))
            .collect::<Result<_, _>>()?;
        let encoder = Self {
            words: weights.matrix("embeddings.word_embeddings.weight")?,
            positions: weights.matrix("embeddings.position_embeddings.weight")?,
            kind,
            norm: Norm::read(&weights, "embeddings.LayerNorm", &config)?,
            layers,
            relative,
            config,
        };
        let hidden = encoder.config.hidden_size;
        let buckets = encoder.config.relative_attention_num_buckets;
        let heads = encoder.config.num_attention_heads;
        let fit = encoder.words.ncols() == hidden
            && encoder.positions.ncols() == hidden
            && encoder.positions.nrows()
                >= encoder.config.first_position() + encoder.config.longest()
            && encoder
                .kind
                .as_ref()
                .is_none_or(|kind| kind.len() == hidden)
            && encoder.layers.iter().all(|layer| layer.fits(hidden))
            && buckets >= 4
            && encoder
                .relative
                .as_ref()
                .is_none_or(|r| r.dim() == (buckets, heads));
        match fit {
            true => Ok(encoder),
            false => Err(Error::model(
                folder,
                "its tensors have other shapes than config.json says",
            )),
        }
    }

    pub(super) fn dim(&self) -> usize {
        self.config.hidden_size
    }

    /// The mean state of each text, one after the other. Tokens stand one below the other without
    /// padding, so that no text meets another one.
    pub(super) fn pooled(&self, texts: &[&[u32]]) -> Vec<f32> {
        let hidden = self.dim();
        let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        let mut rows = Array2::zeros((lengths.iter().sum(), hidden));
        let tokens = texts.iter().flat_map(|text| text.iter().enumerate());
        for ((place, &token), mut row) in tokens.zip(rows.rows_mut()) {
            // A token beyond the table can only come from a tokenizer that is another model's.
            if (token as usize) < self.words.nrows() {
                row += &self.words.row(token as usize);
            }
            row += &self.positions.row(self.config.first_position() + place);
            if let Some(kind) = &self.kind {
                row += kind;
            }
        }
        self.norm.apply(&mut rows);
        let bias = |head: usize, distance: isize| {
            self.relative.as_ref().map_or(0.0, |table| {
                table[(
                    bucket(distance, self.config.relative_attention_num_buckets),
                    head,
                )]
            })
        };
        for layer in &self.layers {
            rows = layer.apply(rows, &lengths, &bias);
        }
        let mut pooled = Vec::with_capacity(texts.len() * hidden);
        let mut first = 0;
        for length in lengths {
            let of_text = rows.slice_axis(
                ndarray::Axis(0),
                ndarray::Slice::from(first..first + length),
            );
            let sum = of_text.sum_axis(ndarray::Axis(0));
            pooled.extend(sum.iter().map(|v| v / length.max(1) as f32));
            first += length;
        }
        pooled
    }
}

/// The bucket of a relative position: one for each small distance, further ones by its logarithm, those
/// ahead apart from those behind.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn bucket(distance: isize, buckets: usize) -> usize {
    let half = buckets / 2;
    let ahead = if distance > 0 { half } else { 0 };
    let away = distance.unsigned_abs();
    let exact = half / 2;
    if away < exact {
        return ahead + away;
    }
    let share = (away as f64 / exact as f64).ln() / (FARTHEST / exact as f64).ln();
    let further = exact + (share * (half - exact) as f64) as usize;
    ahead + further.min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_of_distances() {
        let of = |distance| bucket(distance, 32);
        assert_eq!([of(0), of(-1), of(-7), of(-8), of(-11)], [0, 1, 7, 8, 8]);
        assert_eq!(
            [of(-12), of(-16), of(-127), of(-128), of(-500)],
            [9, 10, 15, 15, 15]
        );
        assert_eq!([of(1), of(7), of(8), of(500)], [17, 23, 24, 31]);
    }
}
