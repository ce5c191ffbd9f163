//! A store whose every call waits for its turn, and a seeded scheduler that gives the turns.

use async_trait::async_trait;
use bytes::Bytes;
use ci_tool::{
    error::{Error, Kind, Result},
    store::{Body, Etag, Handle, Key, Lease, Meta, Object, Precondition, Store},
};
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use std::{
    collections::BTreeSet,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::{Notify, oneshot};

/// What a listing gives before others may act.
const PAGE: usize = 2;
/// When the scheduler takes an actor for stuck.
const STUCK: Duration = Duration::from_secs(60);

/// xorshift64* (Vigna 2014).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}

/// Who dies, before which of its calls, and whether that call still has its effect.
#[derive(Debug, Clone, Copy)]
pub struct Death {
    pub actor: usize,
    pub call: u64,
    pub takes_effect: bool,
}

/// Gives turns: to one call at a time, once every living actor waits for one.
#[derive(Debug)]
pub struct Gate {
    turns: Mutex<Turns>,
    changed: Notify,
}

#[derive(Debug)]
struct Turns {
    random: Random,
    /// Of 100 turns, how many go to the actor that had the last one.
    stickiness: u64,
    waiting: Vec<(usize, oneshot::Sender<Turn>)>,
    alive: BTreeSet<usize>,
    dead: BTreeSet<usize>,
    calls: Vec<u64>,
    last: usize,
    busy: bool,
    death: Option<Death>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
struct Turn {
    gate: Arc<Gate>,
    dies: Option<Death>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.gate.turns().busy = false;
        self.gate.changed.notify_one();
    }
}

impl Gate {
    pub fn new(seed: u64, actors: usize, death: Option<Death>) -> Arc<Gate> {
        let mut random = Random::new(seed);
        let stickiness = [0, 50, 90, 97][random.below(4) as usize];
        let turns = Turns {
            random,
            stickiness,
            waiting: Vec::new(),
            alive: (0..actors).collect(),
            dead: BTreeSet::new(),
            calls: vec![0; actors],
            last: 0,
            busy: false,
            death,
        };
        Arc::new(Gate { turns: Mutex::new(turns), changed: Notify::new() })
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap()
    }

    /// Says that an actor has ended.
    pub fn ended(&self, actor: usize) {
        self.turns().alive.remove(&actor);
        self.changed.notify_one();
    }

    /// Calls made, by actor.
    pub fn calls(&self) -> Vec<u64> {
        self.turns().calls.clone()
    }

    /// Gives turns until every actor has ended.
    pub async fn run(self: &Arc<Self>) {
        while !self.turns().alive.is_empty() {
            self.give();
            if tokio::time::timeout(STUCK, self.changed.notified()).await.is_err() {
                panic!("an actor neither calls nor ends: {:?}", self.turns());
            }
        }
    }

    fn give(self: &Arc<Self>) {
        let mut turns = self.turns();
        let ready = turns.alive.iter().all(|actor| turns.waiting.iter().any(|(waiting, _)| waiting == actor));
        if turns.busy || !ready || turns.waiting.is_empty() {
            return;
        }
        let (last, stays) = (turns.last, turns.random.below(100) < turns.stickiness);
        let again = turns.waiting.iter().position(|(actor, _)| *actor == last).filter(|_| stays);
        let count = turns.waiting.len() as u64;
        let at = again.unwrap_or_else(|| turns.random.below(count) as usize);
        let (actor, grant) = turns.waiting.remove(at);
        (turns.last, turns.busy) = (actor, true);
        let call = turns.calls[actor];
        turns.calls[actor] += 1;
        let dies = turns.death.filter(|death| death.actor == actor && death.call == call);
        if dies.is_some() {
            turns.dead.insert(actor);
        }
        drop(turns);
        // Nobody waits any more: the turn comes back at once.
        drop(grant.send(Turn { gate: Arc::clone(self), dies }));
    }

    async fn turn(&self, actor: usize) -> Result<Turn> {
        let (grant, granted) = oneshot::channel();
        {
            let mut turns = self.turns();
            if turns.dead.contains(&actor) {
                return Err(dead());
            }
            turns.waiting.push((actor, grant));
        }
        self.changed.notify_one();
        let turn = granted.await.map_err(|_| dead())?;
        match turn.dies {
            Some(Death { takes_effect: false, .. }) => Err(dead()),
            None if self.turns().dead.contains(&actor) => Err(dead()),
            _ => Ok(turn),
        }
    }

    fn chance(&self, one_in: u64) -> bool {
        self.turns().random.below(one_in) == 0
    }
}

/// What the calls of a dead actor come back with.
fn dead() -> Error {
    Error::new(Kind::Interrupted, "this actor is dead")
}

/// The store as one actor sees it.
#[derive(Debug, Clone)]
pub struct Gated {
    pub inner: Handle,
    pub gate: Arc<Gate>,
    pub actor: usize,
}

impl Gated {
    async fn call<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let turn = self.gate.turn(self.actor).await?;
        let result = work.await;
        if turn.dies.is_some() { Err(dead()) } else { result }
    }
}

#[async_trait]
impl Store for Gated {
    fn url(&self) -> String {
        self.inner.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        self.call(self.inner.put(key, body, pre)).await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        self.call(self.inner.get(key, range)).await
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.call(self.inner.head(key)).await
    }

    /// Page by page, each as the store is when its turn comes.
    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let first = Some((self.clone(), prefix.to_owned(), start_after.map(str::to_owned)));
        let page = async |state: Option<(Gated, String, Option<String>)>| {
            let Some((store, prefix, after)) = state else { return Ok::<_, Error>(None) };
            let listed = store.inner.list(&prefix, after.as_deref()).take(PAGE).try_collect::<Vec<Meta>>();
            let metas = store.call(listed).await?;
            let last = metas.last().map(|meta| meta.key.as_str().to_owned());
            let next = last.filter(|_| metas.len() == PAGE).map(|last| (store, prefix, Some(last)));
            Ok(Some((metas, next)))
        };
        stream::try_unfold(first, page).map_ok(|metas| stream::iter(metas).map(Ok)).try_flatten().boxed()
    }

    /// One after another, each in its own turn.
    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.call(self.inner.get_many(vec![key])).await?);
        }
        Ok(found)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.call(self.inner.delete(key)).await
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        self.inner.signed_url(key, valid).await
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        self.call(self.inner.hold_lease(name)).await
    }

    /// Who is alive may be taken for dead at any time: a lease decides when, never whether it is safe.
    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        let lapsed = self.call(self.inner.lease_lapsed(name)).await?;
        Ok(lapsed || self.gate.chance(4))
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        self.call(self.inner.drop_lease(name)).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        self.inner.scratch()
    }

    async fn sweep(&self) -> Result<u64> {
        self.call(self.inner.sweep()).await
    }
}
