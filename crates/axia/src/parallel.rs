//! Work on many items at once, with the results in the order of the items.

/// Applies `work` to each item: on all threads of rayon's pool with the feature `rayon`, else one
/// after another. The results are the same.
#[cfg(feature = "rayon")]
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    items.par_iter().map(work).collect()
}

/// Applies `work` to each item, one after another.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map<T, R>(items: &[T], work: impl Fn(&T) -> R) -> Vec<R> {
    items.iter().map(work).collect()
}
