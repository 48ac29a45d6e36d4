//! Tensors out of a safetensors file.

use std::path::Path;

use ndarray::{Array1, Array2, Axis, concatenate};
use safetensors::{Dtype, SafeTensors};

use crate::Error;

pub(super) fn read_file(folder: &Path, name: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(folder.join(name))
        .map_err(|e| Error::model(folder, format_args!("its {name}: {e}")))
}

/// The tensors of a model, by name.
pub(super) struct Weights<'a> {
    folder: &'a Path,
    tensors: SafeTensors<'a>,
    /// Some files have the model's kind before each name.
    prefix: &'static str,
}

/// Weights `inputs x outputs` and the bias that is added.
pub(super) struct Linear {
    pub(super) weights: Array2<f32>,
    pub(super) bias: Array1<f32>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(folder: &'a Path, bytes: &'a [u8]) -> Result<Self, Error> {
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|e| Error::model(folder, format_args!("its model.safetensors: {e}")))?;
        let known = |prefix: &&str| {
            let name = format!("{prefix}embeddings.word_embeddings.weight");
            tensors.tensor(&name).is_ok()
        };
        let prefix = ["", "bert.", "mpnet.", "0.auto_model."]
            .into_iter()
            .find(known);
        Ok(Self {
            folder,
            tensors,
            prefix: prefix.unwrap_or_default(),
        })
    }

    fn values(&self, name: &str, dims: usize) -> Result<(Vec<usize>, Vec<f32>), Error> {
        let name = format!("{}{name}", self.prefix);
        let broken =
            |what: &str| Error::model(self.folder, format_args!("its tensor {name} {what}"));
        let tensor = self
            .tensors
            .tensor(&name)
            .map_err(|_| broken("is missing"))?;
        if tensor.dtype() != Dtype::F32 {
            return Err(broken("is not of f32: convert the model"));
        }
        if tensor.shape().len() != dims {
            return Err(broken("has another shape than it should"));
        }
        let bytes = tensor.data().chunks_exact(4);
        let values: Vec<f32> = bytes
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if values.iter().any(|v| !v.is_finite()) {
            return Err(broken("holds a value that is not finite"));
        }
        Ok((tensor.shape().to_vec(), values))
    }

    pub(super) fn matrix(&self, name: &str) -> Result<Array2<f32>, Error> {
        let (shape, values) = self.values(name, 2)?;
        Array2::from_shape_vec((shape[0], shape[1]), values)
            .map_err(|e| Error::model(self.folder, e))
    }

    /// A vector of this length.
    pub(super) fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, Error> {
        let (shape, values) = self.values(name, 1)?;
        if shape[0] != length {
            return Err(Error::model(
                self.folder,
                format_args!("its tensor {name} has {} values, not {length}", shape[0]),
            ));
        }
        Ok(Array1::from_vec(values))
    }

    /// One layer of several parts that have the same input, side by side.
    pub(super) fn linear(&self, names: &[String], inputs: usize) -> Result<Linear, Error> {
        let mut weights = Vec::new();
        let mut bias = Vec::new();
        for name in names {
            let part = self.matrix(&format!("{name}.weight"))?;
            if part.ncols() != inputs {
                return Err(Error::model(
                    self.folder,
                    format_args!(
                        "its tensor {name}.weight takes {} values, not {inputs}",
                        part.ncols()
                    ),
                ));
            }
            bias.push(self.vector(&format!("{name}.bias"), part.nrows())?);
            weights.push(part);
        }
        let views: Vec<_> = weights.iter().map(|part| part.view()).collect();
        let biases: Vec<_> = bias.iter().map(|part| part.view()).collect();
        let broken = |e| Error::model(self.folder, e);
        Ok(Linear {
            // Inputs down, outputs across: what the product reads in order.
            weights: concatenate(Axis(0), &views)
                .map_err(broken)?
                .t()
                .as_standard_layout()
                .into_owned(),
            bias: concatenate(Axis(0), &biases).map_err(broken)?,
        })
    }
}

impl Linear {
    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    pub(super) fn apply(&self, rows: &Array2<f32>) -> Array2<f32> {
        let mut out = rows.dot(&self.weights);
        out += &self.bias;
        out
    }
}
