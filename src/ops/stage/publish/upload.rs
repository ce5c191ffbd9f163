//! The second phase: uploads what is missing, and records it in the target.

use super::{
    Item, Plan, Refusal, Why,
    check::{Found, examine},
    ledger::{self, Completion, Entry},
};
use crate::{
    error::{Context, Error, Kind, Result},
    ops::stage::content::{AT_ONCE, Content, go_on, prove},
    pipeline::{
        id::Id,
        progress::{Unit, Until},
    },
    store::{Etag, Precondition},
    world::World,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

/// Who publishes.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// The run.
    pub run: Id,
    /// The stage.
    pub stage: String,
    /// The person, where that is known.
    pub by: Option<String>,
}

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Published {
    /// Files that were uploaded.
    pub uploaded: usize,
    /// Files that were there with the same content.
    pub same: usize,
    /// The bytes of the files that were uploaded.
    pub bytes: u64,
}

/// Does what a plan leaves to do. Only bytes that were proved leave the store. After a failure or a kill, check and upload
/// again: what is there stays, and nothing is put twice.
///
/// # Errors
/// Those of [`Plan::accepted`]; `Exists` when somebody puts another content there meanwhile; `Corrupt` when content in the
/// store was altered. All name the file. Those of the stores; `Interrupted`.
pub async fn upload(world: &World, plan: &Plan, publisher: &Publisher) -> Result<Published> {
    plan.accepted()?;
    for place in plan.places.iter().filter(|place| !place.marked) {
        ledger::mark(place, plan.profile).await?;
    }
    let Publisher { run, stage, by } = publisher.clone();
    let done = Completion { by, ..Completion::new(run, stage, 0, (world.now)()) };
    let job = Job { world, plan, done: &done };
    let _until = Until(&*world.progress);
    world.progress.phase("publish", Some(plan.size()), Unit::Bytes);

    let putting = plan.upload.iter().map(|item| job.put(item)).collect::<Vec<_>>();
    let put: Vec<bool> = stream::iter(putting).buffered(AT_ONCE).try_collect().await?;
    let adopting = plan.same.iter().map(|item| job.adopt(item)).collect::<Vec<_>>();
    stream::iter(adopting).buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await?;
    for (at, place) in plan.places.iter().enumerate() {
        let files = plan.upload.iter().chain(&plan.same).filter(|item| item.place == at).count();
        ledger::complete(&place.store, &Completion { files, ..done.clone() }).await?;
    }

    let uploaded = put.iter().filter(|put| **put).count();
    let bytes = plan.upload.iter().zip(&put).filter(|(_, put)| **put).map(|(item, _)| item.made.size).sum();
    Ok(Published { uploaded, same: plan.same.len() + put.len() - uploaded, bytes })
}

struct Job<'a> {
    world: &'a World,
    plan: &'a Plan,
    done: &'a Completion,
}

impl Job<'_> {
    /// Uploads a file and records it; whether it was not there.
    async fn put(&self, item: &Item) -> Result<bool> {
        go_on(self.world)?;
        let store = &self.plan.places[item.place].store;
        let proved = prove(self.world, &item.made, store).await?;
        let put = store.put(&item.key, proved.body.clone(), Precondition::MustNotExist).await;
        let (put, unrecorded) = match put {
            Ok(etag) => (true, Some(etag)),
            Err(e) if e.kind() == Kind::Exists => (false, self.put_by_another(item).await?),
            Err(e) => return Err(e.context(format!("publishing {} to {}", item.made.path, store.url()))),
        };
        if let Some(etag) = unrecorded {
            self.record(item, &etag, !put).await?;
        }
        self.world.progress.advance(item.made.size);
        Ok(put)
    }

    /// Somebody was faster: that will do if it is the same.
    async fn put_by_another(&self, item: &Item) -> Result<Option<Etag>> {
        let store = &self.plan.places[item.place].store;
        match examine(self.world, store, &item.key, &item.made).await? {
            Found::Same { unrecorded } => Ok(unrecorded),
            Found::Different { run } => {
                let (target, file, why) = (store.url(), Some(item.made.path.clone()), Why::Different { run });
                Err(Error::new(Kind::Exists, Refusal { target, file, why }.to_string())
                    .hint("somebody else publishes there at the same time; nothing there was replaced"))
            }
            Found::Absent | Found::Gone => {
                Err(Error::new(Kind::Precondition, format!("{} appears and goes in {}", item.made.path, store.url()))
                    .hint("somebody else changes the target at the same time; run the command again"))
            }
        }
    }

    /// Records a file that was there before without anybody's record.
    async fn adopt(&self, item: &Item) -> Result<()> {
        match &item.unrecorded {
            Some(etag) => self.record(item, etag, true).await,
            None => Ok(()),
        }
    }

    async fn record(&self, item: &Item, etag: &Etag, adopted: bool) -> Result<()> {
        let store = &self.plan.places[item.place].store;
        let entry = Entry { adopted, ..Entry::new(&item.made.path, Content::from(&item.made), etag, self.done) };
        let recorded = ledger::record(store, &item.key, &entry).await;
        recorded.context(|| format!("recording {} in {}", item.made.path, store.url()))
    }
}
