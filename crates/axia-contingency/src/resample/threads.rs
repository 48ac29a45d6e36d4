//! Replicates on several threads, their results by replicate or added up.

/// `work(replicate)` for each replicate, in order, whatever the number of threads. `start` makes what a thread reuses.
pub(crate) fn replicates<T: Send, S>(
    count: u64,
    threads: usize,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, u64) -> T + Sync,
) -> Vec<T> {
    let part = |from: u64, to: u64| {
        let mut state = start();
        (from..to)
            .map(|replicate| work(&mut state, replicate))
            .collect::<Vec<T>>()
    };
    parts(count, threads, part).into_iter().flatten().collect()
}

/// The states of the threads after `work(replicate)` for each replicate: for what is added up. The sum over the states must not
/// depend on how the replicates were shared out.
pub(crate) fn states<S: Send>(
    count: u64,
    threads: usize,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, u64) + Sync,
) -> Vec<S> {
    let part = |from: u64, to: u64| {
        let mut state = start();
        (from..to).for_each(|replicate| work(&mut state, replicate));
        state
    };
    parts(count, threads, part)
}

/// One result for each thread, in the order of the replicates.
fn parts<R: Send>(count: u64, threads: usize, part: impl Fn(u64, u64) -> R + Sync) -> Vec<R> {
    let threads = (threads as u64).clamp(1, count.max(1));
    let of = |thread: u64| part(count * thread / threads, count * (thread + 1) / threads);
    let of = &of;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || of(thread)))
            .collect();
        let mut all = vec![of(0)];
        for (other, thread) in others.into_iter().zip(1..) {
            // A thread that panicked has its part done here, where the panic then shows.
            all.push(other.join().unwrap_or_else(|_| of(thread)));
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
            let sums = states(17, threads, || 0, |sum, i| *sum += i);
            assert_eq!(sums.iter().sum::<u64>(), 136);
        }
        assert!(replicates(0, 4, || (), |(), i| i).is_empty());
    }
}
