//! Locks that a panic elsewhere does not break.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is locked here is left whole by every writer, so a caller's panic in another thread is no
/// reason to stop.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until told or until the time is over; wakes early now and then, so callers look again.
pub(crate) fn wait_for<'g, T>(
    condvar: &Condvar,
    guard: MutexGuard<'g, T>,
    time: Duration,
) -> MutexGuard<'g, T> {
    match condvar.wait_timeout(guard, time) {
        Ok((guard, _)) => guard,
        Err(poisoned) => poisoned.into_inner().0,
    }
}
