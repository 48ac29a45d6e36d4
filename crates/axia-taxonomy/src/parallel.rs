//! Work split by index, the same with and without threads.

/// What `work` makes of each of the indices `0..n`, in order.
#[cfg(feature = "rayon")]
pub(crate) fn map<R: Send>(n: usize, work: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    (0..n).into_par_iter().map(work).collect()
}

/// What `work` makes of each of the indices `0..n`, in order.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map<R: Send>(n: usize, work: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    (0..n).map(work).collect()
}

/// Calls `work(index, item)` for each piece of `size` values.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_row(
    values: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    use rayon::prelude::*;
    let rows = values.par_chunks_exact_mut(size).enumerate();
    rows.for_each(|(row, values)| work(row, values));
}

/// Calls `work(index, item)` for each piece of `size` values.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_row(
    values: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    for (row, values) in values.chunks_exact_mut(size).enumerate() {
        work(row, values);
    }
}
