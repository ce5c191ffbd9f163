//! Following a session: a table that changes on a terminal, a line a change elsewhere.

use crate::{
    cli::out::{Live, Out},
    ops::trigger::{
        drive::Watcher,
        session::{Event, Fate, Session, Tracked},
        summary::Summary,
    },
    pipeline::run::State,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often the table is drawn at most.
const EVERY: Duration = Duration::from_millis(100);
/// How many items the table shows.
const ROWS: usize = 15;

/// Tells a person of each change.
pub(super) struct Teller {
    out: Out,
    live: Option<Live>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    states: HashMap<usize, State>,
    drawn: Option<Instant>,
}

impl Teller {
    /// A table on a terminal, lines elsewhere.
    pub fn new(out: &Out) -> Teller {
        Teller { out: out.clone(), live: out.live(), told: Mutex::default() }
    }

    /// What changed since it was told last, for a session that another process drives.
    pub fn tell(&self, session: &Session) {
        for tracked in &session.items {
            self.line(session, tracked);
        }
        self.draw(session, true);
    }

    fn line(&self, session: &Session, tracked: &Tracked) {
        let state = tracked.state();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.states.insert(tracked.item.number, state);
        drop(told);
        // What is only planned was told with the plan; what runs and cannot be looked at is soon over.
        let seen = state.is_over() || state == State::Uncertain || tracked.run().is_some_and(|run| run.url.is_some());
        let news = seen && before.map_or(state != State::Expected, |before| before != state);
        if self.live.is_none() && news {
            let of = session.items.len();
            let number = tracked.item.number + 1;
            self.out.note(&format!("{number}/{of} {}: {}", name(tracked), shown(tracked)));
        }
    }

    fn draw(&self, session: &Session, now: bool) {
        let Some(live) = &self.live else { return };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !now && told.drawn.is_some_and(|drawn| drawn.elapsed() < EVERY) {
            return;
        }
        told.drawn = Some(Instant::now());
        drop(told);
        live.draw(&table(session));
    }
}

impl Watcher for Teller {
    fn changed(&self, session: &Session, event: &Event) {
        match event {
            Event::Submitted { item, .. } | Event::Seen { item, .. } | Event::Blocked { item, .. } => {
                session.items.get(*item).into_iter().for_each(|tracked| self.line(session, tracked));
            }
            Event::NotTaken { item, why, .. } => {
                let tracked = session.items.get(*item).map(name).unwrap_or_default();
                self.out.warn(&format!("{tracked}: the engine did not take it: {why}"));
            }
            Event::Uncertain { item, why, .. } => {
                let tracked = session.items.get(*item).map(name).unwrap_or_default();
                self.out.warn(&format!("{tracked}: {why}"));
            }
            Event::Cancelling { why } => self.out.note(&format!("the rest is stopped: {why}")),
            _ => {}
        }
        self.draw(session, matches!(event, Event::Ended));
    }
}

/// A job at a revision, for people.
pub(super) fn name(tracked: &Tracked) -> String {
    let revision = &tracked.item.revision;
    format!("{} at {}", tracked.item.job, revision.get(..10).unwrap_or(revision))
}

/// An item's state with what explains it.
pub(super) fn shown(tracked: &Tracked) -> String {
    let state = tracked.state();
    let run = tracked.run();
    let detail = match (&tracked.blocked, tracked.attempts.last().map(|attempt| &attempt.fate)) {
        (Some(why), _) => Some(why.as_str()),
        (None, Some(Fate::NotTaken { why, .. })) => Some(why.as_str()),
        _ => run.and_then(|run| run.detail.as_deref()),
    };
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    let url = run.and_then(|run| run.url.as_deref()).map(|url| format!("  {url}")).unwrap_or_default();
    format!("{state}{detail}{url}")
}

fn table(session: &Session) -> String {
    let summary = Summary::of(session);
    let over = session.items.iter().filter(|tracked| tracked.state().is_over()).count();
    let mut text = format!(
        "{}: {} of {} over: {} passed, {} failed, {} running or waiting\n",
        session.opening.title,
        over,
        session.items.len(),
        summary.passed,
        summary.failed,
        summary.open,
    );
    // What moves is looked at, then what failed.
    let interesting = |state: State| match state {
        State::Running => 0,
        State::Failed | State::TimedOut => 1,
        State::Uncertain | State::Pending => 2,
        _ => 3,
    };
    let mut rows: Vec<&Tracked> = session.items.iter().filter(|t| interesting(t.state()) < 3).collect();
    rows.sort_by_key(|tracked| interesting(tracked.state()));
    for tracked in rows.iter().take(ROWS) {
        text.push_str(&format!("  {}  {}\n", name(tracked), shown(tracked)));
    }
    if rows.len() > ROWS {
        text.push_str(&format!("  … and {} more\n", rows.len() - ROWS));
    }
    text
}
