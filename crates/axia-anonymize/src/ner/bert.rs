//! The encoder of BERT with a layer that classifies tokens (Devlin et al. 2019), in single precision.
//!
//! Nothing is cached between calls and one thread computes, so the same tokens give the same numbers.

use ndarray::{Array1, Array2, Axis, Slice};
use safetensors::SafeTensors;
use serde::Deserialize;

/// The parts of a `config.json` that decide what is computed.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    pub(super) model_type: String,
    pub(super) hidden_size: usize,
    pub(super) intermediate_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) layer_norm_eps: f32,
    pub(super) hidden_act: String,
    pub(super) id2label: std::collections::BTreeMap<String, String>,
    #[serde(default = "yes")]
    pub(super) do_lower_case: bool,
}

fn yes() -> bool {
    true
}

/// `y = x W^T + b`.
struct Linear {
    /// (in, out): the file's matrix, transposed once.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
    epsilon: f32,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

/// The weights.
pub(super) struct Bert {
    words: Array2<f32>,
    positions: Array2<f32>,
    types: Array1<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    classifier: Linear,
    heads: usize,
}

/// Reads tensors by name and checks their shape.
struct Weights<'a> {
    tensors: SafeTensors<'a>,
}

impl Weights<'_> {
    fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|_| format!("no tensor {name}"))?;
        if tensor.dtype() != safetensors::Dtype::F32 || tensor.shape() != shape {
            return Err(format!(
                "tensor {name} must be F32 of shape {shape:?}, got {:?} of {:?}",
                tensor.dtype(),
                tensor.shape()
            ));
        }
        let bytes = tensor.data().chunks_exact(4);
        let numbers: Vec<f32> = bytes
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if numbers.iter().any(|n| !n.is_finite()) {
            return Err(format!("tensor {name} holds numbers that are not finite"));
        }
        Ok(numbers)
    }

    fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, String> {
        Ok(Array1::from(self.get(name, &[length])?))
    }

    fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Array2<f32>, String> {
        let numbers = self.get(name, &[rows, columns])?;
        Array2::from_shape_vec((rows, columns), numbers).map_err(|e| format!("tensor {name}: {e}"))
    }

    fn linear(&self, name: &str, from: usize, to: usize) -> Result<Linear, String> {
        let weight = self.matrix(&format!("{name}.weight"), to, from)?;
        Ok(Linear {
            weight: weight.t().as_standard_layout().into_owned(),
            bias: self.vector(&format!("{name}.bias"), to)?,
        })
    }

    fn norm(&self, name: &str, length: usize, epsilon: f32) -> Result<Norm, String> {
        Ok(Norm {
            weight: self.vector(&format!("{name}.weight"), length)?,
            bias: self.vector(&format!("{name}.bias"), length)?,
            epsilon,
        })
    }
}

impl Linear {
    fn apply(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weight) + &self.bias
    }
}

impl Norm {
    fn apply(&self, x: &mut Array2<f32>) {
        #[allow(clippy::cast_precision_loss)] // Some hundred.
        let length = self.weight.len() as f32;
        for mut row in x.rows_mut() {
            let mean = row.sum() / length;
            row -= mean;
            let variance = row.iter().map(|v| v * v).sum::<f32>() / length;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            row.zip_mut_with(&self.weight, |v, w| *v *= scale * w);
            row += &self.bias;
        }
    }
}

impl Bert {
    pub(super) fn load(bytes: &[u8], config: &Config) -> Result<Self, String> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let heads = config.num_attention_heads;
        if config.model_type != "bert" || config.hidden_act != "gelu" {
            return Err("only models of type 'bert' with activation 'gelu' are known".to_owned());
        }
        if heads == 0 || hidden == 0 || hidden % heads != 0 {
            return Err("hidden_size must be a multiple of num_attention_heads".to_owned());
        }
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|e| format!("no safetensors file: {e}"))?;
        let words = tensors
            .tensor("bert.embeddings.word_embeddings.weight")
            .map(|t| t.shape().first().copied().unwrap_or(0))
            .unwrap_or(0);
        let w = Weights { tensors };
        let epsilon = config.layer_norm_eps;
        let layer = |i: usize| -> Result<Layer, String> {
            let name = |part: &str| format!("bert.encoder.layer.{i}.{part}");
            Ok(Layer {
                query: w.linear(&name("attention.self.query"), hidden, hidden)?,
                key: w.linear(&name("attention.self.key"), hidden, hidden)?,
                value: w.linear(&name("attention.self.value"), hidden, hidden)?,
                output: w.linear(&name("attention.output.dense"), hidden, hidden)?,
                attention_norm: w.norm(&name("attention.output.LayerNorm"), hidden, epsilon)?,
                up: w.linear(&name("intermediate.dense"), hidden, inner)?,
                down: w.linear(&name("output.dense"), inner, hidden)?,
                norm: w.norm(&name("output.LayerNorm"), hidden, epsilon)?,
            })
        };
        let types = w.matrix("bert.embeddings.token_type_embeddings.weight", 2, hidden)?;
        Ok(Self {
            words: w.matrix("bert.embeddings.word_embeddings.weight", words, hidden)?,
            positions: w.matrix(
                "bert.embeddings.position_embeddings.weight",
                config.max_position_embeddings,
                hidden,
            )?,
            types: types.row(0).to_owned(),
            norm: w.norm("bert.embeddings.LayerNorm", hidden, epsilon)?,
            layers: (0..config.num_hidden_layers)
                .map(layer)
                .collect::<Result<_, _>>()?,
            classifier: w.linear("classifier", hidden, config.id2label.len())?,
            heads,
        })
    }

    /// The logits of each token, `(tokens, labels)`. Unknown ids and tokens too many for the model
    /// give nothing.
    pub(super) fn logits(&self, ids: &[u32]) -> Option<Array2<f32>> {
        if ids.len() > self.positions.nrows() {
            return None;
        }
        let mut x = Array2::zeros((ids.len(), self.types.len()));
        for (i, (mut row, id)) in x.rows_mut().into_iter().zip(ids).enumerate() {
            let id = usize::try_from(*id)
                .ok()
                .filter(|&id| id < self.words.nrows())?;
            row += &self.words.row(id);
            row += &self.positions.row(i);
            row += &self.types;
        }
        self.norm.apply(&mut x);
        for layer in &self.layers {
            let mut attended = layer.output.apply(&self.attend(layer, &x));
            attended += &x;
            layer.attention_norm.apply(&mut attended);
            let mut inner = layer.up.apply(&attended);
            inner.mapv_inplace(gelu);
            x = layer.down.apply(&inner);
            x += &attended;
            layer.norm.apply(&mut x);
        }
        Some(self.classifier.apply(&x))
    }

    fn attend(&self, layer: &Layer, x: &Array2<f32>) -> Array2<f32> {
        let (query, key, value) = (
            layer.query.apply(x),
            layer.key.apply(x),
            layer.value.apply(x),
        );
        let width = x.ncols() / self.heads;
        #[allow(clippy::cast_precision_loss)] // Some dozen.
        let scale = 1.0 / (width as f32).sqrt();
        let mut out = Array2::zeros(x.dim());
        for head in 0..self.heads {
            let part = Slice::from(head * width..(head + 1) * width);
            let of = |all: &Array2<f32>| all.slice_axis(Axis(1), part).to_owned();
            let mut weights = of(&query).dot(&of(&key).t());
            for mut row in weights.axis_iter_mut(Axis(0)) {
                let most = row.fold(f32::NEG_INFINITY, |a, &b| a.max(b * scale));
                row.mapv_inplace(|v| (v * scale - most).exp());
                let sum = row.sum();
                row /= sum;
            }
            out.slice_axis_mut(Axis(1), part)
                .assign(&weights.dot(&of(&value)));
        }
        out
    }
}

/// With the error function, as in the original; not the approximation by tanh.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2))
}
