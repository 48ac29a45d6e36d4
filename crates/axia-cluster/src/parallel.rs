//! Work split by index. With and without threads the same closures see the same pieces, so what
//! they compute cannot depend on the number of threads.

/// Work on fewer values than this is done before another thread has woken up.
const ALONE: usize = 1 << 18;

/// As [`for_each_piece`], for work on so many values: little of it stays on one thread.
pub(crate) fn for_each_piece_of<T, F>(values: usize, items: &mut [T], size: usize, work: F)
where
    T: Send,
    F: Fn(usize, &mut [T]) + Sync + Send,
{
    if values < ALONE {
        for (piece, items) in items.chunks_mut(size).enumerate() {
            work(piece * size, items);
        }
    } else {
        for_each_piece(items, size, work);
    }
}

/// Runs `work` on a thread of the pool, so that its steps need not each wake one and wait for it.
#[cfg(feature = "rayon")]
pub(crate) fn on_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}

/// Runs `work`.
#[cfg(not(feature = "rayon"))]
pub(crate) fn on_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    work()
}

/// Calls `work(index of the first item, piece)` for each piece of at most `size` items.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_piece<T, F>(items: &mut [T], size: usize, work: F)
where
    T: Send,
    F: Fn(usize, &mut [T]) + Sync + Send,
{
    use rayon::prelude::*;
    items
        .par_chunks_mut(size)
        .enumerate()
        .for_each(|(piece, items)| work(piece * size, items));
}

/// Calls `work(index of the first item, piece)` for each piece of at most `size` items.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_piece<T, F>(items: &mut [T], size: usize, work: F)
where
    T: Send,
    F: Fn(usize, &mut [T]) + Sync + Send,
{
    for (piece, items) in items.chunks_mut(size).enumerate() {
        work(piece * size, items);
    }
}

/// What `work` makes of each piece of at most `size` of the indices `0..n`, in order.
#[cfg(feature = "rayon")]
pub(crate) fn map_pieces<R, F>(n: usize, size: usize, work: F) -> Vec<R>
where
    R: Send,
    F: Fn(std::ops::Range<usize>) -> R + Sync + Send,
{
    use rayon::prelude::*;
    (0..n.div_ceil(size))
        .into_par_iter()
        .map(|piece| work(piece * size..n.min((piece + 1) * size)))
        .collect()
}

/// What `work` makes of each piece of at most `size` of the indices `0..n`, in order.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_pieces<R, F>(n: usize, size: usize, work: F) -> Vec<R>
where
    R: Send,
    F: Fn(std::ops::Range<usize>) -> R + Sync + Send,
{
    (0..n.div_ceil(size))
        .map(|piece| work(piece * size..n.min((piece + 1) * size)))
        .collect()
}

/// How many threads work at the same time.
#[cfg(feature = "rayon")]
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// How many threads work at the same time.
#[cfg(not(feature = "rayon"))]
pub(crate) fn threads() -> usize {
    1
}

/// Does both, at the same time if there are threads.
#[cfg(feature = "rayon")]
pub(crate) fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    rayon::join(a, b);
}

/// Does both, one after the other.
#[cfg(not(feature = "rayon"))]
pub(crate) fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    a();
    b();
}
