//! Sessions: what a command has asked for, so that the same command goes on where it was cut off, and others can follow.
//!
//! `sessions/DESCENDING_TIME-ID` finds the latest ones; empty. The journal is `session/ID`. Which session a command began
//! last is told by its [`Door`].

mod door;
mod event;
mod fold;

pub use door::Door;
pub use event::{BACKFILL_KEYS, Event, Hunt, Opening, Record, Verb};
pub use fold::{Attempt, Fate, Session, Tracked};

use crate::{
    error::{Context, Error, Kind, Result},
    journal::{Journal, Lasting},
    pipeline::id::{self, Id},
    store::{Body, Key, Precondition},
    world::World,
};
use futures::TryStreamExt;
use jiff::Timestamp;
use std::sync::Arc;

/// How much of a fingerprint stands in a key, in hexadecimal digits.
const FINGERPRINT: usize = 16;

/// A session that this process drives.
pub struct Owned {
    /// As it is.
    pub session: Session,
    pen: Pen,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Id,
    /// When it was begun.
    pub opened: Timestamp,
}

/// Hashes what makes two commands the same.
pub fn fingerprint(parts: &impl serde::Serialize) -> String {
    let text = serde_json::to_vec(parts).unwrap_or_default();
    blake3::hash(&text).to_hex()[..FINGERPRINT].to_owned()
}

impl Owned {
    /// Begins a session with its first records.
    ///
    /// # Errors
    /// `Exists` when another process began one through the same door meanwhile; those of the store and the journal.
    pub async fn begin(world: &World, opening: Opening, door: Door, events: Vec<Event>) -> Result<Owned> {
        let id = opening.session.clone();
        let at = (world.now)();
        let (journal, records) = open(world, &id, &opening.title).await?;
        if !records.is_empty() {
            return Err(Error::new(Kind::Exists, format!("the session {id} is there already")).hint("run it again"));
        }
        // While the journal is held: who finds the door used sees that somebody drives the session.
        door.pass(world, &id).await?;
        let opened = Record { at, event: Event::Opened(opening) };
        journal.append(&opened, Lasting::Written).await?;
        let pen = Pen { journal: Arc::new(journal), now: world.now };
        let mut owned = Owned { session: Session::of(&[opened])?, pen };
        for event in events {
            owned.tell(event, Lasting::Written).await?;
        }
        // Last, so that what the list names can be read.
        enlist(world, &owned.session).await?;
        Ok(owned)
    }

    /// Goes on with a session.
    ///
    /// # Errors
    /// `Exists` when another process drives it; `NotFound`, also for one that was never planned; `Corrupt`; those of the store.
    pub async fn take(world: &World, id: &Id) -> Result<Owned> {
        let (journal, records) = open(world, id, "going on with a session").await?;
        let session = Session::of(&records).context(|| format!("going on with the session {id}"))?;
        if !session.planned {
            return Err(Error::new(Kind::NotFound, format!("the session {id} was opened, and has no plan"))
                .hint("run the command again: it begins a new one; nothing was asked for"));
        }
        // Who began it may have died before.
        enlist(world, &session).await?;
        Ok(Owned { session, pen: Pen { journal: Arc::new(journal), now: world.now } })
    }

    /// Records what happened. It lasts so long when this returns.
    ///
    /// # Errors
    /// `Precondition` when another process took over.
    pub async fn tell(&mut self, event: Event, lasting: Lasting) -> Result<()> {
        let record = self.pen.write(event, lasting).await?;
        self.session.apply(&record)
    }

    /// Takes in what a pen wrote.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(super) fn apply(&mut self, record: &Record) -> Result<()> {
        self.session.apply(record)
    }

    /// Writes records while the session is looked at.
    pub(super) fn pen(&self) -> Pen {
        self.pen.clone()
    }
}

/// Writes records of a session from many tasks at once.
#[derive(Clone)]
pub(super) struct Pen {
    journal: Arc<Journal<Record>>,
    now: fn() -> Timestamp,
}

impl Pen {
    /// Writes a record; [`Owned::apply`] takes it in.
    ///
    /// # Errors
    /// `Precondition` when another process took over.
    pub(super) async fn write(&self, event: Event, lasting: Lasting) -> Result<Record> {
        let record = Record { at: (self.now)(), event };
        self.journal.append(&record, lasting).await?;
        Ok(record)
    }
}

/// Names a session in the list of sessions.
async fn enlist(world: &World, session: &Session) -> Result<()> {
    let descending = i64::MAX - session.opened.as_millisecond();
    let entry = Key::new(format!("sessions/{descending:019}-{}", session.opening.session))?;
    world.store.put(&entry, Body::Bytes(Default::default()), Precondition::None).await.map(drop)
}

async fn open(world: &World, id: &Id, title: &str) -> Result<(Journal<Record>, Vec<Record>)> {
    let purpose = format!("{title}, process {}", std::process::id());
    let writer = Id::from_random((world.random)());
    Journal::open(&world.store, &prefix(id)?, writer, &purpose).await.map_err(|error| match error.kind() {
        Kind::Exists => error
            .context(format!("the session {id} is being driven by another process"))
            .hint(format!("follow it: ci-tool trigger watch {id}")),
        _ => error.context(format!("opening the session {id}")),
    })
}

/// Reads a session that another process may be driving.
///
/// # Errors
/// `NotFound`, `Corrupt`; those of the store.
pub async fn read(world: &World, id: &Id) -> Result<Session> {
    let records = records(world, id).await?;
    Session::of(&records).context(|| format!("reading the session {id}"))
}

/// A session's records.
///
/// # Errors
/// Those of the journal.
pub async fn records(world: &World, id: &Id) -> Result<Vec<Record>> {
    Journal::read(&world.store, &prefix(id)?).await
}

fn prefix(id: &Id) -> Result<Key> {
    Key::new(format!("session/{id}"))
}

/// The sessions, the latest first.
///
/// # Errors
/// Those of the store.
pub async fn list(world: &World, at_most: usize) -> Result<Vec<Listed>> {
    use futures::StreamExt;
    let keys = world.store.list("sessions/", None).take(at_most);
    let keys: Vec<_> = keys.try_collect().await?;
    Ok(keys.iter().filter_map(|meta| listed(meta.key.as_str())).collect())
}

fn listed(key: &str) -> Option<Listed> {
    let mut parts = key.strip_prefix("sessions/")?.splitn(2, '-');
    let descending: i64 = parts.next()?.parse().ok()?;
    let id = Id::try_from(parts.next()?.to_owned()).ok()?;
    let opened = Timestamp::from_millisecond(i64::MAX - descending).ok()?;
    Some(Listed { id, opened })
}

/// The session that a prefix of an id means.
///
/// # Errors
/// `Usage` for what is no id, or means several; `NotFound`.
pub async fn find(world: &World, text: &str) -> Result<Id> {
    let prefix = id::normal(text)?;
    let found: Vec<Id> = list(world, usize::MAX).await?.into_iter().map(|listed| listed.id).collect();
    let mut found = found.into_iter().filter(|id| id.as_str().starts_with(&prefix));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(one), Some(other)) => {
            Err(Error::new(Kind::Usage, format!("{text} is the beginning of several sessions: {one}, {other}"))
                .hint("write more of it"))
        }
        (None, _) => Err(Error::new(Kind::NotFound, format!("there is no session {text}"))
            .hint("`ci-tool trigger list` shows the sessions")),
    }
}
