//! Work on many threads, results in order, a bounded number of bytes in between.

use crate::error::{Error, Kind, Result};
use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Bytes of work begun and not yet taken, at most.
const AHEAD: u64 = 48 << 20;

struct State<T> {
    next: usize,
    taken: usize,
    ahead: u64,
    ready: BTreeMap<usize, (Result<T>, u64)>,
    stopped: bool,
}

struct Flow<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// Runs one worker of each of `workers` on its own thread over the jobs `0..costs.len()`, and hands every result to `take`
/// on this thread, in the order of the jobs. `costs` are the bytes a job holds in memory until it is taken; at most 48 MiB
/// are held, and one job more.
///
/// # Errors
/// The first error of a worker or of `take`, in the order of the jobs; nothing is taken after it.
pub(super) fn ordered<T: Send, W: FnMut(usize) -> Result<T> + Send>(
    costs: &[u64],
    workers: Vec<W>,
    mut take: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let state = State { next: 0, taken: 0, ahead: 0, ready: BTreeMap::new(), stopped: false };
    let flow = &Flow { state: Mutex::new(state), changed: Condvar::new() };
    thread::scope(|scope| {
        for mut work in workers {
            scope.spawn(move || {
                let _alive = Alive(flow);
                while let Some(job) = flow.next(costs) {
                    let result = work(job);
                    flow.give(job, result, costs[job]);
                }
            });
        }
        let result = (0..costs.len()).try_for_each(|job| take(job, flow.take(job)?));
        flow.stop();
        result
    })
}

impl<T> Flow<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, costs: &[u64]) -> Option<usize> {
        let mut state = self.lock();
        loop {
            let job = state.next;
            if state.stopped || job >= costs.len() {
                return None;
            }
            // The job that is waited for is always let through: otherwise one large job could stop all.
            if state.ahead + costs[job] <= AHEAD || job == state.taken {
                state.next += 1;
                state.ahead += costs[job];
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give(&self, job: usize, result: Result<T>, cost: u64) {
        self.lock().ready.insert(job, (result, cost));
        self.changed.notify_all();
    }

    fn take(&self, job: usize) -> Result<T> {
        let mut state = self.lock();
        loop {
            if let Some((result, cost)) = state.ready.remove(&job) {
                state.ahead -= cost;
                state.taken = job + 1;
                self.changed.notify_all();
                return result;
            }
            if state.stopped {
                return Err(Error::new(Kind::Internal, "a thread that packs files ended early"));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// Stops the flow when its thread panics, so that nobody waits for it for ever.
struct Alive<'a, T>(&'a Flow<T>);

impl<T> Drop for Alive<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn results_come_in_order_and_memory_is_bounded() {
        let (held, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let costs: Vec<u64> = (0..200).map(|i| if i % 50 == 7 { 200 << 20 } else { 4 << 20 }).collect();
        let work = |job: usize| {
            let now = held.fetch_add(costs[job], Ordering::SeqCst) + costs[job];
            most.fetch_max(now, Ordering::SeqCst);
            Ok(job)
        };
        let mut seen = Vec::new();
        let take = |job, value| {
            held.fetch_sub(costs[job], Ordering::SeqCst);
            assert_eq!(job, value);
            seen.push(job);
            Ok(())
        };
        ordered(&costs, vec![work; 4], take).unwrap();
        assert_eq!(seen, (0..200).collect::<Vec<_>>());
        // A result counts until after it was taken, so one job more than the bound may be seen here.
        assert!(most.load(Ordering::SeqCst) <= AHEAD + (200 << 20) + (4 << 20));
    }

    #[test]
    fn the_first_error_in_order_ends_it() {
        let work = |job: usize| if job >= 5 { Err(Error::new(Kind::Corrupt, format!("job {job}"))) } else { Ok(job) };
        let mut seen = Vec::new();
        let error = ordered(&[1; 20], vec![work; 3], |job, _| {
            seen.push(job);
            Ok(())
        });
        assert_eq!(error.unwrap_err().message(), "job 5");
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        let full = ordered(&[1; 20], vec![Ok; 3], |_, _| Err(Error::new(Kind::Internal, "full")));
        assert_eq!(full.unwrap_err().message(), "full");
    }
}
