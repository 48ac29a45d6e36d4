//! Replicates on several threads, their results by replicate.

/// `work(replicate)` for each replicate, in order, whatever the number of threads. `start` makes what a thread reuses.
pub(crate) fn replicates<T: Send, S>(
    count: u64,
    threads: usize,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, u64) -> T + Sync,
) -> Vec<T> {
    let threads = (threads as u64).clamp(1, count.max(1));
    let part = |thread: u64| {
        let mut state = start();
        let (from, to) = (count * thread / threads, count * (thread + 1) / threads);
        (from..to)
            .map(|replicate| work(&mut state, replicate))
            .collect()
    };
    let part = &part;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || -> Vec<T> { part(thread) }))
            .collect();
        let mut all: Vec<T> = part(0);
        for (other, thread) in others.into_iter().zip(1..) {
            // A thread that panicked has its part done here, where the panic then shows.
            all.extend(other.join().unwrap_or_else(|_| part(thread)));
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_replicates() {
        for threads in [0, 1, 2, 8, 100] {
            let squares = replicates(17, threads, || (), |(), i| i * i);
            assert_eq!(squares, (0..17).map(|i| i * i).collect::<Vec<_>>());
        }
        assert!(replicates(0, 4, || (), |(), i| i).is_empty());
    }
}
