//! Neighbour averaging: each vector moved towards those most like it.
//!
//! A label of two words is a noisy sample of what it means; the mean over a few near labels is a better
//! one. It is one step of diffusion over the graph of nearest neighbours, and of mean shift.

use axia_cluster::{Nearness, NeighboursParams, Points};

use crate::Error;
use crate::error::Kind;
use crate::parallel::for_each_row;
use crate::vectors::is_zero;

/// Unit rows, each the direction of itself plus the mean of its `neighbours` nearest rows, weighted by
/// their cosines; rows that are not alike at all (cosine at or below 0) do not count. Rows of zeros stay
/// as they are and are nobody's neighbours. Rows whose nearest one is less like them than `outlier`
/// become zeros.
///
/// `rows` are of length 1 or 0.
pub(crate) fn smooth(
    rows: &[f32],
    dim: usize,
    neighbours: usize,
    outlier: Option<f64>,
) -> Result<Vec<f32>, Error> {
    let known: Vec<usize> = (0..rows.len() / dim)
        .filter(|at| !is_zero(&rows[at * dim..][..dim]))
        .collect();
    let k = neighbours
        .max(usize::from(outlier.is_some()))
        .min(known.len().saturating_sub(1));
    if k == 0 {
        return Ok(rows.to_vec());
    }
    let values: Vec<f32> = known
        .iter()
        .flat_map(|&at| &rows[at * dim..][..dim])
        .copied()
        .collect();
    let found = NeighboursParams::new(k)
        .nearness(Nearness::Cosine)
        .build()
        .and_then(|search| search.all(Points::new(&values, dim)?))
        .map_err(Kind::Cluster)?;
    let mut averaged = vec![0.0; values.len()];
    for_each_row(&mut averaged, dim, |row, out| {
        let near: Vec<(usize, f64)> = found
            .indices(row)
            .iter()
            .zip(found.values(row))
            .map(|(&other, &distance)| (other as usize, 1.0 - distance))
            .filter(|&(_, cosine)| cosine > 0.0)
            .collect();
        let best = near.first().map_or(0.0, |&(_, cosine)| cosine);
        if outlier.is_none_or(|least| best >= least) {
            let near = &near[..neighbours.min(near.len())];
            average(&values, dim, row, near, out);
        }
    });
    if known.len() * dim == rows.len() {
        return Ok(averaged);
    }
    let mut out = vec![0.0; rows.len()];
    for (row, &at) in averaged.chunks_exact(dim).zip(&known) {
        out[at * dim..][..dim].copy_from_slice(row);
    }
    Ok(out)
}

#[allow(clippy::cast_possible_truncation)]
fn average(rows: &[f32], dim: usize, row: usize, near: &[(usize, f64)], out: &mut [f32]) {
    let own = &rows[row * dim..][..dim];
    if near.is_empty() {
        out.copy_from_slice(own);
        return;
    }
    let mut sum: Vec<f64> = own.iter().map(|&v| f64::from(v)).collect();
    let total: f64 = near.iter().map(|&(_, cosine)| cosine).sum();
    for &(other, cosine) in near {
        let weight = cosine / total;
        for (sum, &v) in sum.iter_mut().zip(&rows[other * dim..][..dim]) {
            *sum += weight * f64::from(v);
        }
    }
    let norm = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
    for (out, &sum) in out.iter_mut().zip(&sum) {
        *out = if norm > 0.0 { (sum / norm) as f32 } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in double precision.
    fn plain(rows: &[f32], dim: usize, neighbours: usize) -> Vec<f64> {
        let n = rows.len() / dim;
        let row = |at: usize| &rows[at * dim..][..dim];
        let mut out = Vec::new();
        for i in 0..n {
            let mut near: Vec<(f64, usize)> = (0..n)
                .filter(|&j| j != i)
                .map(|j| {
                    let dot = row(i).iter().zip(row(j));
                    (dot.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum(), j)
                })
                .filter(|&(cosine, _)| cosine > 0.0)
                .collect();
            near.sort_by(|a, b| b.0.total_cmp(&a.0));
            near.truncate(neighbours);
            let total: f64 = near.iter().map(|(c, _)| c).sum();
            let mut sum: Vec<f64> = row(i).iter().map(|&v| f64::from(v)).collect();
            for (cosine, j) in near {
                for (sum, &v) in sum.iter_mut().zip(row(j)) {
                    *sum += cosine / total * f64::from(v);
                }
            }
            let norm = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
            out.extend(sum.iter().map(|v| v / norm));
        }
        out
    }

    #[test]
    fn it_is_what_it_says() {
        let (n, dim) = (83, 7);
        let mut state = 1_u32;
        let mut values: Vec<f32> = (0..n * dim)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 16_777_216.0 - 0.3
            })
            .collect();
        for row in values.chunks_exact_mut(dim) {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.iter_mut().for_each(|v| *v /= norm);
        }
        let expected = plain(&values, dim, 5);
        for (got, want) in smooth(&values, dim, 5, None).unwrap().iter().zip(&expected) {
            assert!((f64::from(*got) - want).abs() < 1e-5);
        }
        assert_eq!(smooth(&values, dim, 0, None).unwrap(), values);
    }

    #[test]
    fn rows_of_zeros_stay() {
        let rows = [1.0, 0.0, 0.0, 0.0, 0.8, 0.6, 0.6, 0.8];
        let out = smooth(&rows, 2, 2, None).unwrap();
        assert_eq!(out[2..4], [0.0, 0.0]);
        assert!(out[0] < 1.0 && out[1] > 0.0);
    }

    #[test]
    fn rows_unlike_all_others_become_zeros() {
        let rows = [1.0, 0.0, 0.96, 0.28, 0.0, 1.0];
        let out = smooth(&rows, 2, 0, Some(0.5)).unwrap();
        assert_eq!(out, [1.0, 0.0, 0.96, 0.28, 0.0, 0.0]);
    }
}
