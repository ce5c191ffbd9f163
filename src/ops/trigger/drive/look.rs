//! Looking at what runs.

use super::{CANCEL_POLL, Driver, PAUSE_MAX, cancel_marker};
use crate::{
    error::Error,
    ops::trigger::{
        plan::Need,
        session::{Fate, Session},
    },
    pipeline::run::{Run, State},
};
use futures::{FutureExt, future::BoxFuture};
use std::collections::HashMap;

/// What was seen of the runs that are not over.
pub(super) struct Look {
    /// Those of the session that changed, with the item's number and the request's.
    pub ours: Vec<(usize, usize, Run)>,
    /// Those of others that items wait for.
    pub outside: Vec<Run>,
    /// Why nothing was seen.
    pub failure: Option<Error>,
}

impl Driver<'_> {
    /// Waits until something may have changed, and looks at every run that is not over; none when there is none.
    pub(super) fn look(&self) -> Option<BoxFuture<'static, Look>> {
        let session = &self.owned.session;
        let ours = ours(session);
        let outside = outside(session, &self.outside);
        if ours.is_empty() && outside.is_empty() {
            return None;
        }
        let engine = self.engine.clone();
        let failed = self.looks_failed as u32;
        let look = async move {
            let poll = engine.abilities().poll;
            engine.changed(poll).await;
            if failed > 0 {
                tokio::time::sleep((poll * failed).min(PAUSE_MAX)).await;
            }
            let runs: Vec<Run> = ours.iter().map(|(_, _, run)| run).chain(&outside).cloned().collect();
            match engine.observe(&runs).await {
                Ok(mut seen) => {
                    let outside = seen.split_off(ours.len().min(seen.len()));
                    let changed = ours.into_iter().zip(seen).filter(|((_, _, before), after)| before != after);
                    let ours = changed.map(|((item, attempt, _), run)| (item, attempt, run)).collect();
                    Look { ours, outside, failure: None }
                }
                Err(error) => Look { ours: Vec::new(), outside: Vec::new(), failure: Some(error) },
            }
        };
        Some(look.boxed())
    }

    /// Waits until somebody cancels the session; for ever once that was heard.
    pub(super) fn unwanted(&self) -> BoxFuture<'static, ()> {
        let marker = cancel_marker(&self.owned.session.opening.session);
        let Some(marker) = marker.ok().filter(|_| self.owned.session.cancelling.is_none()) else {
            return std::future::pending().boxed();
        };
        let (store, pause) = (self.world.store.clone(), self.engine.abilities().poll.min(CANCEL_POLL));
        let unwanted = async move {
            while store.head(&marker).await.is_err() {
                tokio::time::sleep(pause).await;
            }
        };
        unwanted.boxed()
    }
}

fn ours(session: &Session) -> Vec<(usize, usize, Run)> {
    let attempts = session.items.iter().flat_map(|tracked| {
        let number = tracked.item.number;
        tracked.attempts.iter().enumerate().map(move |(at, attempt)| (number, at + 1, attempt))
    });
    let open = attempts.filter_map(|(item, attempt, request)| match &request.fate {
        Fate::Taken { run, .. } if !run.state.is_over() => Some((item, attempt, run.clone())),
        _ => None,
    });
    open.collect()
}

/// The runs of others that items wait for, each once: what they need, and what is in their way.
fn outside(session: &Session, seen: &HashMap<String, Run>) -> Vec<Run> {
    let waiting = session.items.iter().filter(|tracked| tracked.attempts.is_empty() && tracked.blocked.is_none());
    let needs = waiting.flat_map(|tracked| &tracked.item.needs);
    let runs = needs.filter_map(|need| match need {
        Need::Run(run) => Some(seen.get(&run.id).unwrap_or(run)),
        Need::Item(_) => None,
    });
    let in_the_way = seen.values().filter(|run| run.state == State::Pending);
    let mut open: Vec<Run> = runs.filter(|run| !run.state.is_over()).chain(in_the_way).cloned().collect();
    open.sort_by(|a, b| a.id.cmp(&b.id));
    open.dedup_by(|a, b| a.id == b.id);
    open
}
