//! Jobs that need no order on many threads.

use crate::error::Result;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Does `work` for every job, on up to `threads` threads, each of which has a state of its own from `start`.
///
/// # Errors
/// The first that happened; jobs that no thread has begun are then left.
pub(super) fn each<J: Sync, S>(
    jobs: &[J],
    threads: usize,
    start: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, &J) -> Result<()> + Sync,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let run = || -> Result<()> {
        let mut state = start()?;
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(&mut state, job)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                if let Err(error) = run() {
                    next.store(jobs.len(), Ordering::Relaxed);
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Kind};

    #[test]
    fn every_job_is_done_once_and_an_error_ends_it() {
        let jobs: Vec<usize> = (0..500).collect();
        let done: Vec<AtomicUsize> = jobs.iter().map(|_| AtomicUsize::new(0)).collect();
        let count = |_: &mut (), job: &usize| {
            done[*job].fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        each(&jobs, 4, || Ok(()), count).unwrap();
        assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == 1));
        let begun = AtomicUsize::new(0);
        let fail = |_: &mut (), _: &usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            Err(Error::new(Kind::Corrupt, "broken"))
        };
        assert_eq!(each(&jobs, 4, || Ok(()), fail).unwrap_err().message(), "broken");
        assert!(begun.into_inner() <= 4);
        assert!(each(&jobs, 4, || Err::<(), _>(Error::new(Kind::Internal, "no state")), count).is_err());
        each(&[], 4, || Ok(()), count).unwrap();
    }
}
