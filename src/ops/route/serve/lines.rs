//! The answer to a batch, decided while it is sent: however long it is, it takes little memory, and no other request waits
//! long for its turn.

use super::{body::Held, shared::Shared, snapshot::Snapshot};
use crate::{
    error::{Error, Kind},
    ops::route::batch::{Counts, brief, heard},
};
use hyper::body::Bytes;
use std::{io::Write, sync::Arc, time::Instant};
use tokio::sync::OwnedSemaphorePermit;

/// About how many bytes are made at a time: some hundred decisions.
const PIECE: usize = 32 * 1024;
/// About how many bytes of jobs are read for it: long jobs have short answers.
const READ: usize = 256 * 1024;
/// Bytes of one job.
const LINE_MAX: usize = 1 << 20;

/// A batch under way.
pub(super) struct Lines {
    shared: Arc<Shared>,
    snapshot: Arc<Snapshot>,
    jobs: Held,
    at: usize,
    counts: Counts,
    began: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Lines {
    /// Decides all of `jobs` under one snapshot.
    pub fn new(shared: Arc<Shared>, jobs: Held, began: Instant, permit: OwnedSemaphorePermit) -> Lines {
        let snapshot = shared.snapshot();
        Lines { shared, snapshot, jobs, at: 0, counts: Counts::default(), began, _permit: permit }
    }

    /// The next answers, whole lines; none at the end.
    pub fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        let jobs = &self.jobs.bytes;
        if self.at >= jobs.len() {
            return Ok(None);
        }
        let mut answers = Vec::with_capacity(PIECE + PIECE / 8);
        let from = self.at;
        while answers.len() < PIECE && self.at < jobs.len() && self.at - from < READ {
            let rest = &jobs[self.at..];
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.at += end + 1;
            if end > LINE_MAX {
                let error = Error::new(Kind::Usage, format!("the line is longer than {LINE_MAX} bytes"));
                self.counts.failed += 1;
                writeln!(answers, "{}", brief(&error.hint("a job takes a few hundred bytes, one a line")))?;
                continue;
            }
            let (shared, snapshot) = (&*self.shared, &*self.snapshot);
            let job = heard(&snapshot.rules, &rest[..end], &mut answers, &mut self.counts, |decision| {
                shared.ledger.metrics.decided(&snapshot.counters, decision);
            })?;
            answers.write_all(b"\n")?;
            if let Some(job) = job {
                shared.ledger.record(&snapshot.rules, job, end);
            }
        }
        if self.at >= jobs.len() {
            self.shared.ledger.metrics.batch.observe(self.began.elapsed().as_secs_f64());
        }
        Ok(Some(answers.into()))
    }
}
