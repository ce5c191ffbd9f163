//! Driving a session: asking for what can be asked for, following what runs, until all is said.
//!
//! Every request is in the journal before it is sent. Whoever goes on with a session after a crash looks for those that have
//! no answer there before anything else is sent.

mod look;
mod others;
mod ready;
mod send;

pub use ready::is_settled;

use super::session::{Event, Fate, Owned, Session};
use crate::{
    engine::Engine,
    error::{Error, Kind, Result, RetryAfter},
    journal::Lasting,
    ops::trigger::plan::Item,
    pipeline::run::{Run, State},
    store::Key,
    world::World,
};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, FuturesUnordered},
};
use look::Look;
use ready::{Limits, Step, steps};
use send::{Sending, Sent};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Semaphore, time::Instant};

/// How many requests are noted ahead of each that is under way, so that the disk is not waited for.
const AHEAD: usize = 4;
/// How often looking may fail in a row.
const LOOKS: usize = 10;
/// How often an engine may refuse requests in a row for a reason that may pass.
const REFUSALS: usize = 8;
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How often is looked whether somebody cancelled the session, at least.
const CANCEL_POLL: Duration = Duration::from_secs(2);
/// The longest pause that an engine is granted, whatever it asks for.
const ASKED_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How many runs are stopped or let go of at once.
const AT_ONCE: usize = 8;
/// How long requests that are under way are waited for when everything has to stop.
const FINISHING: Duration = Duration::from_secs(10);

/// When to stop driving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When everything that can be asked for was asked for.
    Asked,
    /// When everything is over.
    Over,
}

/// What a verb wants next, told from the session alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// To see what there is.
    Wait,
    /// These runs, too. Their numbers follow those of the session's items.
    More(Vec<Item>),
    /// Nothing more, and what is not over stopped, for this reason.
    Cancel(String),
}

/// Sees a session change.
pub trait Watcher: Send + Sync {
    /// The session was changed by this event.
    fn changed(&self, session: &Session, event: &Event);
}

/// How to drive.
pub struct Options<'a> {
    /// When to stop.
    pub until: Until,
    /// When to stop in any case.
    pub deadline: Option<Instant>,
    /// What the verb wants next.
    pub next: &'a (dyn Fn(&Session) -> Next + Send + Sync),
    /// Who watches.
    pub watcher: &'a dyn Watcher,
}

/// Drives a session, and returns whether it is over.
///
/// # Errors
/// `Interrupted` when everything has to stop; `Denied`; `Transient` when the engine does not answer for long; those of the
/// journal. The session stays as it is, and can be gone on with.
pub async fn drive(world: &World, engine: &Arc<dyn Engine>, owned: &mut Owned, options: &Options<'_>) -> Result<bool> {
    let abilities = engine.abilities();
    let driver = Driver {
        world,
        engine,
        owned,
        options,
        limits: Limits { waiting_apart: abilities.waiting_apart, at_once: abilities.at_once },
        slots: Arc::new(Semaphore::new(abilities.submissions.max(1))),
        sending: FuturesUnordered::new(),
        busy: HashSet::new(),
        unknowable: HashSet::new(),
        outside: HashMap::new(),
        not_before: None,
        refusals: 0,
        looks_failed: 0,
        stopped: HashSet::new(),
        not_stopped: HashSet::new(),
    };
    driver.run().await
}

struct Driver<'a> {
    world: &'a World,
    engine: &'a Arc<dyn Engine>,
    owned: &'a mut Owned,
    options: &'a Options<'a>,
    limits: Limits,
    slots: Arc<Semaphore>,
    sending: FuturesUnordered<BoxFuture<'static, Result<Sent>>>,
    /// Items that something is being done about.
    busy: HashSet<usize>,
    /// Items whose answer was lost for good.
    unknowable: HashSet<usize>,
    /// Runs of others that items wait for: what they need, and what waits at the same job and revision.
    outside: HashMap<String, Run>,
    /// The engine does not want to be asked before.
    not_before: Option<Instant>,
    refusals: usize,
    looks_failed: usize,
    /// Items whose runs were told to stop.
    stopped: HashSet<usize>,
    /// Those of them that are told again after the next look: the engine did not answer.
    not_stopped: HashSet<usize>,
}

impl Driver<'_> {
    async fn run(mut self) -> Result<bool> {
        let result = self.follow_to_the_end().await;
        if result.is_err() {
            self.finish_sending().await;
        }
        result
    }

    async fn follow_to_the_end(&mut self) -> Result<bool> {
        let mut stop = self.world.stop.clone();
        let mut look: Option<BoxFuture<'static, Look>> = None;
        let mut unwanted = self.unwanted();
        self.look_for_others().await;
        loop {
            self.follow().await?;
            self.settle();
            self.ask().await?;
            self.cancel_runs().await;
            if self.is_over() {
                self.tell(Event::Ended, Lasting::Written).await?;
                if self.owned.session.cancelling.is_some() {
                    // One that stays does no harm: nobody drives the session any more.
                    let _ = self.world.store.delete(&cancel_marker(&self.owned.session.opening.session)?).await;
                }
                return Ok(true);
            }
            if self.sending.is_empty() && self.has_asked() {
                return Ok(false);
            }
            if look.is_none() {
                look = self.look();
            }
            if self.sending.is_empty() && look.is_none() && self.not_before.is_none() {
                return Ok(false);
            }
            let looking = async {
                match look.as_mut() {
                    Some(look) => look.await,
                    None => std::future::pending().await,
                }
            };
            let pause = self.not_before;
            let paused = async {
                match pause {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let deadline = async {
                match self.options.deadline {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = stop.requested() => return Err(self.interrupted()),
                Some(sent) = self.sending.next() => {
                    self.sent(sent?)?;
                    // All that have ended: what follows takes as long as the session.
                    while let Some(Some(sent)) = self.sending.next().now_or_never() {
                        self.sent(sent?)?;
                    }
                }
                () = &mut unwanted => {
                    if self.owned.session.cancelling.is_none() {
                        self.tell(Event::Cancelling { why: "somebody cancelled it".into() }, Lasting::Written).await?;
                    }
                    unwanted = std::future::pending().boxed();
                }
                seen = looking => {
                    look = None;
                    self.seen(seen).await?;
                }
                () = paused => self.not_before = None,
                () = deadline => {
                    self.finish_sending().await;
                    return Ok(false);
                }
            }
        }
    }

    /// Asks the verb what it wants.
    async fn follow(&mut self) -> Result<()> {
        if self.owned.session.cancelling.is_some() || self.owned.session.ended {
            return Ok(());
        }
        match (self.options.next)(&self.owned.session) {
            Next::Wait => Ok(()),
            Next::More(items) if items.is_empty() => Ok(()),
            Next::More(items) => self.tell(Event::Extended { items }, Lasting::Written).await,
            Next::Cancel(why) => self.tell(Event::Cancelling { why }, Lasting::Written).await,
        }
    }

    /// Begins to find out about requests that have no answer.
    fn settle(&mut self) {
        let lost = self.owned.session.items.iter().filter(|tracked| {
            let fate = tracked.attempts.last().map(|attempt| &attempt.fate);
            let number = tracked.item.number;
            matches!(fate, Some(Fate::Sending | Fate::Uncertain { .. }))
                && !self.busy.contains(&number)
                && !self.unknowable.contains(&number)
        });
        let lost: Vec<usize> = lost.map(|tracked| tracked.item.number).collect();
        for item in lost {
            let tracked = &self.owned.session.items[item];
            let attempt = tracked.attempts.len();
            let key = tracked.attempts.last().map(|attempt| attempt.key.clone()).unwrap_or_default();
            let sending = self.sending(item, attempt, key, Vec::new());
            self.busy.insert(item);
            self.sending.push(sending.settle().boxed());
        }
    }

    /// Sends what can be sent.
    async fn ask(&mut self) -> Result<()> {
        // What is not wanted any more is given up, not sent.
        let wanted = self.owned.session.cancelling.is_none();
        if wanted && self.not_before.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        let at_once = self.engine.abilities().submissions.max(1);
        let room = (at_once * AHEAD).saturating_sub(self.sending.len());
        // Looking for what can be sent takes as long as the session: it pays for as many as can be under way.
        if room < at_once {
            return Ok(());
        }
        let mut sent = 0;
        for step in steps(&self.owned.session, self.limits, &self.busy, &self.outside) {
            match step {
                Step::Block { item, why } => self.tell(Event::Blocked { item, why }, Lasting::Written).await?,
                Step::Send { .. } if sent >= room => break,
                Step::Send { item, attempt, needs } => {
                    let key = self.key(item, attempt);
                    let sending = self.sending(item, attempt, key, needs);
                    self.busy.insert(item);
                    self.sending.push(sending.send().boxed());
                    sent += 1;
                }
            }
        }
        Ok(())
    }

    fn key(&self, item: usize, attempt: usize) -> String {
        let tracked = &self.owned.session.items[item];
        match tracked.attempts.get(attempt - 1) {
            Some(before) => before.key.clone(),
            None => {
                let opening = &self.owned.session.opening;
                format!("{}{}-{item:04}-{attempt}", opening.verb.prefix(), opening.session)
            }
        }
    }

    fn sending(&self, item: usize, attempt: usize, key: String, needs: Vec<Run>) -> Sending {
        Sending {
            engine: self.engine.clone(),
            pen: self.owned.pen(),
            slots: self.slots.clone(),
            item,
            attempt,
            request: self.owned.session.items[item].request(key, needs),
        }
    }

    fn sent(&mut self, sent: Sent) -> Result<()> {
        self.busy.remove(&sent.item);
        if sent.unknowable {
            self.unknowable.insert(sent.item);
        }
        for record in &sent.records {
            self.owned.apply(record)?;
            self.options.watcher.changed(&self.owned.session, &record.event);
        }
        let Some(error) = sent.failure else {
            self.refusals = 0;
            return Ok(());
        };
        match error.kind() {
            // Said of this request alone, which will not be sent again.
            Kind::Usage | Kind::NotFound | Kind::Unsupported => Ok(()),
            Kind::Transient => {
                self.refusals += 1;
                let asked = error.cause::<RetryAfter>().map(|after| after.0);
                if asked.is_none() && self.refusals > REFUSALS {
                    return Err(self.resumable(error));
                }
                let grown = PAUSE * 2u32.pow(self.refusals.min(8) as u32);
                let pause = asked.map_or_else(|| grown.min(PAUSE_MAX), |asked| asked.min(ASKED_MAX));
                if pause > PAUSE_MAX {
                    let seconds = pause.as_secs();
                    self.world.progress.warn(&format!("{} wants to be asked again in {seconds} s", self.engine.name()));
                }
                let until = Instant::now() + pause;
                self.not_before = Some(self.not_before.map_or(until, |other| other.max(until)));
                Ok(())
            }
            _ => Err(self.resumable(error)),
        }
    }

    async fn seen(&mut self, look: Look) -> Result<()> {
        for item in self.not_stopped.drain() {
            self.stopped.remove(&item);
        }
        if let Some(error) = look.failure {
            self.looks_failed += 1;
            if error.kind() != Kind::Transient || self.looks_failed > LOOKS {
                return Err(self.resumable(error));
            }
            tracing::warn!("looking at the runs of {}: {error}", self.engine.name());
            return Ok(());
        }
        self.looks_failed = 0;
        let mut over = Vec::new();
        let folded = look.ours.iter().any(|(.., run)| run.state == State::Coalesced);
        for (item, attempt, run) in look.ours {
            let held = self.owned.session.items[item].item.hold && run.state.evidence().is_some();
            if run.state.is_over() && !held {
                over.push(run.clone());
            }
            self.tell(Event::Seen { item, attempt, run }, Lasting::Written).await?;
        }
        for run in look.outside {
            self.outside.insert(run.id.clone(), run);
        }
        if folded {
            // To be folded back, what it was folded into would have to wait still: its turn is first.
            self.look_for_others().await;
        }
        let engine = self.engine;
        let released = stream::iter(over).map(|run| async move { (engine.release(&run).await, run) });
        for (result, run) in released.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
            self.complain(&result, &format!("what was kept for the run {} stays", run.id));
        }
        Ok(())
    }

    fn complain(&self, result: &Result<()>, what: &str) {
        if let Err(error) = result {
            let said: Vec<String> = std::iter::once(error.message().to_owned()).chain(error.causes()).collect();
            self.world.progress.warn(&format!("{what}: {}", said.join(": ")));
        }
    }

    /// Stops every run of a session that is not wanted any more; again where the engine did not answer.
    async fn cancel_runs(&mut self) {
        if self.owned.session.cancelling.is_none() {
            return;
        }
        let open = self.owned.session.items.iter().filter(|tracked| !self.stopped.contains(&tracked.item.number));
        let open = open.filter_map(|tracked| {
            let run = tracked.run().filter(|run| !run.state.is_over())?;
            Some((tracked.item.number, run.clone()))
        });
        let open: Vec<(usize, Run)> = open.collect();
        self.stopped.extend(open.iter().map(|(item, _)| *item));
        // What waits goes first: it would begin as soon as what runs makes room.
        let (running, waiting): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, run)| run.state == State::Running);
        let engine = self.engine;
        for open in [waiting, running] {
            let stopped = stream::iter(open).map(|(item, run)| async move { (engine.cancel(&run).await, item, run) });
            for (result, item, run) in stopped.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
                if result.as_ref().is_err_and(|error| error.kind() == Kind::Transient) {
                    self.not_stopped.insert(item);
                }
                self.complain(&result, &format!("the run {} was not stopped", run.id));
            }
        }
    }

    async fn tell(&mut self, event: Event, lasting: Lasting) -> Result<()> {
        self.owned.tell(event.clone(), lasting).await?;
        self.options.watcher.changed(&self.owned.session, &event);
        Ok(())
    }

    fn is_over(&self) -> bool {
        let session = &self.owned.session;
        // What is not wanted any more is not asked for again.
        let settled = |tracked: &super::session::Tracked| {
            is_settled(tracked) || session.cancelling.is_some() && tracked.state().is_over()
        };
        self.sending.is_empty() && session.items.iter().all(settled)
    }

    /// Whether everything was asked for, where that is enough.
    fn has_asked(&self) -> bool {
        let asked = |number: usize, fate: Option<&Fate>| match fate {
            Some(Fate::Taken { folded, .. }) => !folded,
            Some(Fate::NotTaken { refused, .. }) => *refused,
            Some(Fate::Sending | Fate::Uncertain { .. }) => self.unknowable.contains(&number),
            // What waits for others to begin or to end is not waited for.
            None => true,
        };
        self.options.until == Until::Asked
            && self.owned.session.cancelling.is_none()
            && self.not_before.is_none()
            && steps(&self.owned.session, self.limits, &self.busy, &self.outside).is_empty()
            && self.owned.session.items.iter().all(|tracked| {
                tracked.blocked.is_some()
                    || asked(tracked.item.number, tracked.attempts.last().map(|attempt| &attempt.fate))
            })
    }

    /// Lets requests that are under way come to their records.
    async fn finish_sending(&mut self) {
        let deadline = Instant::now() + FINISHING;
        while let Ok(Some(sent)) = tokio::time::timeout_at(deadline, self.sending.next()).await {
            // What cannot be recorded now is found again by its key.
            let _ = sent.and_then(|sent| self.sent(sent));
        }
    }

    fn interrupted(&self) -> Error {
        let id = &self.owned.session.opening.session;
        Error::new(Kind::Interrupted, format!("the session {id} was interrupted"))
            .hint("the same command goes on with it; nothing is asked for twice")
    }

    fn resumable(&self, error: Error) -> Error {
        let id = &self.owned.session.opening.session;
        error
            .context(format!("driving the session {id} on {}", self.engine.name()))
            .hint("the same command goes on with it; nothing is asked for twice")
    }
}

/// The object that tells the driver of a session that it is not wanted any more.
///
/// # Errors
/// Never: an id is a key.
pub fn cancel_marker(session: &crate::pipeline::id::Id) -> Result<Key> {
    Key::new(format!("session-cancel/{session}"))
}
