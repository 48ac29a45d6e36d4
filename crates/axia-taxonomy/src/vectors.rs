//! Unit vectors of labels, and what is reckoned with them.

use axia_embed::{Embedder, Embeddings};

use crate::Error;
use crate::error::Kind;

/// One row of length 1 for each text, or a row of zeros for a text that the embedder does not know.
pub(crate) fn embed<T: AsRef<str>>(
    embedder: &dyn Embedder,
    texts: &[T],
) -> Result<Embeddings, Error> {
    let dim = embedder.dim();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    if texts.is_empty() {
        return Embeddings::new(dim.max(1), Vec::new()).map_err(|e| Kind::Embedder(e).into());
    }
    let mut vectors = embedder.embed(&texts).map_err(Kind::Embedder)?;
    if vectors.len() != texts.len() || vectors.dim() != dim {
        return Err(Kind::Shape {
            rows: texts.len(),
            dim,
            got_rows: vectors.len(),
            got_dim: vectors.dim(),
        }
        .into());
    }
    vectors.normalize();
    Ok(vectors)
}

pub(crate) fn is_zero(vector: &[f32]) -> bool {
    vector.iter().all(|&v| v == 0.0)
}

/// Cosine of two vectors of length 1 or 0.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    // Eight sums side by side, in an order that does not depend on the machine.
    let mut sums = [0.0_f64; 8];
    let (whole_a, rest_a) = a.as_chunks::<8>();
    let (whole_b, rest_b) = b.as_chunks::<8>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(a) * f64::from(b);
        }
    }
    let rest = rest_a.iter().zip(rest_b);
    let rest: f64 = rest.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    sums.iter().sum::<f64>() + rest
}

/// The unit vector of the mean direction; zeros if there is none or the vectors cancel.
pub(crate) fn mean_direction<'a>(vectors: impl Iterator<Item = &'a [f32]>, dim: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; dim];
    let mut count = 0.0;
    for vector in vectors {
        count += 1.0;
        for (sum, &v) in sum.iter_mut().zip(vector) {
            *sum += f64::from(v);
        }
    }
    let norm = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
    // What is left of vectors that cancel is rounding, about 1e-7 of each.
    if norm <= 1e-6 * count {
        return vec![0.0; dim];
    }
    #[allow(clippy::cast_possible_truncation)]
    sum.iter().map(|v| (v / norm) as f32).collect()
}
