//! Requests of others that an engine would fold into ours, or ours into them.

use super::{Driver, ready::wanting};
use crate::{
    engine::Query,
    ops::trigger::session::{Attempt, Fate, Session},
    pipeline::run::{Run, State},
};
use futures::{StreamExt, stream};
use std::collections::BTreeSet;

/// How many of a job's latest requests are looked through: what waits is among them.
const LATEST: usize = 100;
const AT_ONCE: usize = 8;

impl Driver<'_> {
    /// Looks for what waits for others at the jobs and revisions that are still to be asked for. Nothing is asked for there
    /// before it has begun. Only where the engine folds; one that does not answer now folds at worst.
    pub(super) async fn look_for_others(&mut self) {
        if self.limits.waiting_apart.is_none() {
            return;
        }
        let session = &self.owned.session;
        let jobs: BTreeSet<&str> = wanting(session).map(|tracked| tracked.item.job.as_str()).collect();
        let queries = jobs.into_iter().map(|job| Query { job: job.into(), limit: Some(LATEST), ..Query::default() });
        let engine = self.engine;
        let answers = stream::iter(queries).map(|query| async move { engine.runs(&query).await });
        let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
        for answer in answers {
            match answer {
                Ok(runs) => {
                    let others = runs.into_iter().filter(|run| is_in_the_way(run, &self.owned.session));
                    self.outside.extend(others.map(|run| (run.id.clone(), run)));
                }
                Err(error) => tracing::warn!("looking for requests of others on {}: {error}", engine.name()),
            }
        }
    }
}

fn is_in_the_way(run: &Run, session: &Session) -> bool {
    let ours = |attempt: &Attempt| match &attempt.fate {
        Fate::Taken { run: known, .. } if known.id == run.id => true,
        // One whose answer was lost.
        _ => run.key.as_ref() == Some(&attempt.key),
    };
    run.state == State::Pending
        && wanting(session).any(|t| t.item.job == run.job && Some(&t.item.revision) == run.revision.as_ref())
        && !session.items.iter().flat_map(|tracked| &tracked.attempts).any(ours)
}
