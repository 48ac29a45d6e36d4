//! K-means by linfa-clustering from given centroids: `peer-linfa DATA.npy START.npy ITERATIONS`.
//!
//! Prints seconds and the mean inertia as one JSON object.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::Array2;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [data, start, iterations] = &words[..] else {
        return Err("wants DATA.npy START.npy ITERATIONS".into());
    };
    let data = DatasetBase::from(read(Path::new(data))?);
    let start = read(Path::new(start))?;
    let begin = Instant::now();
    let model = KMeans::params(start.nrows())
        .init_method(KMeansInit::Precomputed(start))
        .n_runs(1)
        .max_n_iterations(iterations.parse()?)
        .tolerance(1e-12)
        .fit(&data);
    let seconds = begin.elapsed().as_secs_f64();
    // A run that reaches the most iterations is an error to linfa; its time is what counts here.
    let inertia = model.ok().map(|model| model.inertia());
    println!(
        "{}",
        serde_json::json!({ "seconds": seconds, "inertia": inertia })
    );
    Ok(())
}

/// Reads a matrix of little-endian `f32` in C order.
fn read(path: &Path) -> Result<Array2<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let head = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let shape: Vec<usize> = text
        .split_once("'shape': (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(shape, _)| {
            shape
                .split(',')
                .filter_map(|n| n.trim().parse().ok())
                .collect()
        })
        .ok_or("no shape")?;
    let [rows, columns] = shape[..] else {
        return Err("must be a matrix".into());
    };
    let (words, _) = bytes[head..].as_chunks::<4>();
    let values = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    Ok(Array2::from_shape_vec((rows, columns), values)?)
}
