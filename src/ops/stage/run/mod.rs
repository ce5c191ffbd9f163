//! Runs of pipelines: what happened, in a chained journal.
//!
//! `stage/runs/DESCENDING_TIME-ID` finds the latest ones; empty. The journal is `stage-run/ID`, the text of a pipeline
//! `stage/pipelines/HASH`, an attempt's log `stage/logs/RUN/STAGE.ATTEMPT.zst`.

mod event;
mod fold;

pub use event::{EngineRun, Event, HandoverId, Made, Opening, Record, prove};
pub use fold::{Answer, Attempt, Mended, Passed, Question, Run, Told};

use super::pipeline::Pipeline;
use crate::{
    error::{Context, Error, Kind, Result},
    journal::{Journal, Lasting},
    pipeline::id::{self, Id},
    store::{Body, Key, Precondition},
    world::World,
};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

/// A run that this process drives.
pub struct Owned {
    /// As it is.
    pub run: Run,
    journal: Journal<Record>,
    /// What happened and is not in the journal yet.
    untold: Vec<Record>,
    now: fn() -> Timestamp,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Id,
    /// When it was begun.
    pub opened: Timestamp,
}

impl Owned {
    /// Begins a run, and keeps its pipeline's text.
    ///
    /// # Errors
    /// Those of the store and the journal.
    pub async fn begin(world: &World, pipeline: &Pipeline, opening: Opening) -> Result<Owned> {
        keep_text(world, pipeline).await?;
        let at = (world.now)();
        let descending = i64::MAX - at.as_millisecond();
        let entry = Key::new(format!("stage/runs/{descending:019}-{}", opening.run))?;
        let (journal, records) = open(world, &opening.run, &opening.pipeline).await?;
        if !records.is_empty() {
            return Err(Error::new(Kind::Exists, format!("the run {} is there already", opening.run)));
        }
        let record = Record::after("", at, Event::Opened(Box::new(opening)));
        journal.append(&record, Lasting::Synced).await?;
        let owned = Owned { run: Run::of(&[record])?, journal, untold: Vec::new(), now: world.now };
        world.store.put(&entry, Body::Bytes(Default::default()), Precondition::None).await?;
        Ok(owned)
    }

    /// Takes a run up again.
    ///
    /// # Errors
    /// `Exists` when another process drives it; `NotFound`, `Corrupt`; those of the store.
    pub async fn take(world: &World, id: &Id) -> Result<Owned> {
        let (journal, records) = open(world, id, "taking a run up again").await?;
        let run = Run::of(&records).context(|| format!("taking up the run {id}"))?;
        Ok(Owned { run, journal, untold: Vec::new(), now: world.now })
    }

    /// Records what happens.
    ///
    /// # Errors
    /// `Precondition` when another process took over; those of the store.
    pub async fn tell(&mut self, event: Event, lasting: Lasting) -> Result<()> {
        self.note(event);
        self.settle(lasting).await
    }

    /// Takes in what happens without an act, and can be told again after a crash: it is recorded with what comes next, or
    /// by [`Owned::settle`].
    pub fn note(&mut self, event: Event) {
        let record = Record::after(&self.run.chain, (self.now)(), event);
        self.run.apply(&record);
        self.untold.push(record);
    }

    /// Records what was only noted.
    ///
    /// # Errors
    /// As [`Owned::tell`].
    pub async fn settle(&mut self, lasting: Lasting) -> Result<()> {
        match std::mem::take(&mut self.untold) {
            untold if untold.is_empty() => Ok(()),
            untold => self.journal.append_all(untold, lasting).await,
        }
    }

    /// Lets the run go, for whoever comes next.
    ///
    /// # Errors
    /// As [`Journal::let_go`].
    pub async fn let_go(self, world: &World) -> Result<()> {
        self.journal.let_go(&world.store, &prefix(&self.run.opening.run)?).await
    }
}

async fn open(world: &World, id: &Id, title: &str) -> Result<(Journal<Record>, Vec<Record>)> {
    let purpose = format!("{title}, process {}", std::process::id());
    let writer = Id::from_random((world.random)());
    Journal::open(&world.store, &prefix(id)?, writer, &purpose).await.map_err(|error| match error.kind() {
        Kind::Exists => error
            .context(format!("the run {id} is being driven by another process"))
            .hint(format!("look at it: ci-tool stage status {id}")),
        _ => error.context(format!("opening the run {id}")),
    })
}

/// Reads a run that another process may be driving.
///
/// # Errors
/// `NotFound`, `Corrupt`; those of the store.
pub async fn read(world: &World, id: &Id) -> Result<Run> {
    let records: Vec<Record> = Journal::read(&world.store, &prefix(id)?).await?;
    Run::of(&records).context(|| format!("reading the run {id}"))
}

fn prefix(id: &Id) -> Result<Key> {
    Key::new(format!("stage-run/{id}"))
}

/// The runs, the latest first.
///
/// # Errors
/// Those of the store.
pub async fn list(world: &World, at_most: usize) -> Result<Vec<Listed>> {
    let keys = world.store.list("stage/runs/", None).take(at_most);
    let keys: Vec<_> = keys.try_collect().await?;
    Ok(keys.iter().filter_map(|meta| listed(meta.key.as_str())).collect())
}

fn listed(key: &str) -> Option<Listed> {
    let (descending, id) = key.strip_prefix("stage/runs/")?.split_once('-')?;
    let opened = Timestamp::from_millisecond(i64::MAX - descending.parse::<i64>().ok()?).ok()?;
    Some(Listed { id: Id::try_from(id.to_owned()).ok()?, opened })
}

/// The run that a prefix of an id means; `latest` is the latest.
///
/// # Errors
/// `Usage` for what is no id, or means several; `NotFound`.
pub async fn find(world: &World, text: &str) -> Result<Id> {
    let none = || {
        Error::new(Kind::NotFound, format!("there is no run {text}"))
            .hint("`ci-tool stage status` shows the latest ones")
    };
    if text == "latest" {
        return list(world, 1).await?.pop().map(|listed| listed.id).ok_or_else(none);
    }
    let prefix = id::normal(text)?;
    let found = list(world, usize::MAX).await?.into_iter().map(|listed| listed.id);
    let mut found = found.filter(|id| id.as_str().starts_with(&prefix));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(one), Some(other)) => {
            Err(Error::new(Kind::Usage, format!("{text} is the beginning of several runs: {one}, {other}"))
                .hint("write more of it"))
        }
        (None, _) => Err(none()),
    }
}

fn text_key(hash: &str) -> Result<Key> {
    Key::new(format!("stage/pipelines/{hash}"))
}

/// Keeps a pipeline's text, so that every run can be explained for ever after.
///
/// # Errors
/// Those of the store.
pub async fn keep_text(world: &World, pipeline: &Pipeline) -> Result<()> {
    let body = Body::Bytes(pipeline.text.clone().into_bytes().into());
    match world.store.put(&text_key(&pipeline.hash)?, body, Precondition::MustNotExist).await {
        Err(error) if error.kind() != Kind::Exists => Err(error),
        _ => Ok(()),
    }
}

/// The pipeline that a run has now, as it was kept.
///
/// # Errors
/// `NotFound`, `Corrupt`; those of the store.
pub async fn pipeline(world: &World, run: &Run) -> Result<Pipeline> {
    text(world, &run.hash, &run.opening.file).await
}

/// A pipeline of a hash, as it was kept.
///
/// # Errors
/// As [`pipeline`].
pub async fn text(world: &World, hash: &str, file: &str) -> Result<Pipeline> {
    let bytes = world.store.get(&text_key(hash)?, None).await?.bytes().await?;
    if blake3::hash(&bytes).to_hex().as_str() != hash {
        return Err(Error::new(Kind::Corrupt, format!("the pipeline {hash} in the store was altered")));
    }
    Pipeline::parse(std::path::Path::new(file), &String::from_utf8_lossy(&bytes))
}
