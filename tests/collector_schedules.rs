//! The collector beside saves and removals in every order of their steps: small stories, each told between the calls of one
//! collection in all ways there are. `collector.rs` runs the whole commands in random orders.
#![cfg(unix)]

#[path = "support/memory.rs"]
#[allow(dead_code, reason = "this suite injects no fault")]
mod memory;
#[path = "support/trees.rs"]
mod trees;

use async_trait::async_trait;
use bytes::Bytes;
use ci_tool::{
    capture::{
        bases,
        catalog::{self, Versioned},
        collect::collect,
        upload::Upload,
    },
    error::{Error, Kind, Result},
    ops::repro::list::{Filter, list},
    pipeline::{
        id::Id,
        record::{Format, Part, Parts, Record, State},
    },
    store::{Body, Etag, Handle, Key, Lease, Meta, Object, Precondition, Store},
};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use memory::Memory;
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Mutex;

/// How far into a collection the steps of a story reach, in calls: past the last look before the first removal.
const CALLS: usize = 9;

/// What happens between two calls of the collector. The captures are numbered.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A save begins: it names its base, and uses the oldest content there is if the base is complete.
    Open(usize, usize),
    Complete(usize),
    Retire(usize),
    /// Another collector, from beginning to end.
    Collect,
}
use Step::*;

/// The store's other users.
struct Others {
    store: Handle,
    ids: [Id; 3],
    saves: HashMap<usize, (Versioned, Vec<String>)>,
    /// Complete, as far as those who saved and removed know.
    kept: BTreeSet<Id>,
}

fn record(id: &Id, state: State) -> Record {
    let json = serde_json::json!({
        "schema": 1, "requires": ["chunks"], "id": id.as_str(), "state": "open", "format": "chunks", "owner": null,
        "created": "2024-01-01T00:00:00Z", "expires": "2025-01-01T00:00:00Z", "job": { "key": "0000000000000000" }, "revision": {}, "outcome": {},
    });
    Record { state, format: Format::Chunks, ..Record::from_json(id.as_str(), json.to_string().as_bytes()).unwrap() }
}

fn pack(id: &Id) -> Key {
    Key::new(format!("data/{id}/pack-00000")).unwrap()
}

fn record_key(id: &Id) -> Key {
    Key::new(format!("captures/{id}")).unwrap()
}

/// Nobody minds who was quicker.
fn unless_late<T>(result: Result<T>) {
    let late = |e: &Error| matches!(e.kind(), Kind::Precondition | Kind::NotFound);
    result.map(drop).or_else(|e| if late(&e) { Ok(()) } else { Err(e) }).unwrap();
}

impl Others {
    async fn take(&mut self, step: Step) {
        match step {
            Open(save, base) => {
                let (id, base) = (&self.ids[save], &self.ids[base]);
                let open = Record { bases: vec![base.clone()], ..record(id, State::Open) };
                let open = catalog::create(&self.store, open).await.unwrap();
                let uses = match catalog::read(&self.store, &record_key(base)).await {
                    Ok(base) if base.record.state == State::Complete => match base.record.parts.needs {
                        needs if needs.is_empty() => vec![pack(&base.record.id).to_string()],
                        needs => needs,
                    },
                    _ => Vec::new(),
                };
                self.store.put(&pack(id), b"content".to_vec().into(), Precondition::MustNotExist).await.unwrap();
                self.saves.insert(save, (open, uses));
            }
            Complete(save) => {
                let (open, needs) = self.saves.remove(&save).unwrap();
                let part = Part { key: pack(&open.record.id).to_string(), size: 7, blake3: String::new() };
                let change = |record: &mut Record| {
                    (record.state, record.parts.needs) = (State::Complete, needs);
                    (record.bases, record.parts.packs) = (Vec::new(), vec![part]);
                };
                let done = catalog::update(&self.store, &open, change).await;
                self.kept.extend(done.as_ref().map(|done| done.record.id.clone()));
                unless_late(done);
            }
            Retire(capture) => match catalog::read(&self.store, &record_key(&self.ids[capture])).await {
                Ok(found) if found.record.state == State::Complete => {
                    self.kept.remove(&found.record.id);
                    unless_late(catalog::update(&self.store, &found, |r| r.state = State::Retiring).await);
                }
                other => unless_late(other),
            },
            Collect => drop(collect(&self.store).await.unwrap()),
        }
    }
}

/// The store as the collector sees it: before each call, the others take the steps that are due.
#[derive(Clone)]
struct Scheduled(Arc<Schedule>);

struct Schedule {
    inner: Arc<Memory>,
    others: Mutex<Others>,
    story: Vec<(usize, Vec<Step>)>,
    calls: AtomicUsize,
    /// Most objects that were read with one call.
    most: AtomicUsize,
    /// Whether those who save are taken for dead.
    lapsed: bool,
    /// Whether content cannot be removed just now.
    stuck: bool,
}

impl fmt::Debug for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.story)
    }
}

impl Schedule {
    async fn due(&self) {
        self.at(self.calls.fetch_add(1, Ordering::Relaxed)).await;
    }

    async fn at(&self, call: usize) {
        let mut others = self.others.lock().await;
        for step in self.story.iter().filter(|(at, _)| *at == call).flat_map(|(_, steps)| steps) {
            others.take(*step).await;
        }
    }
}

#[async_trait]
impl Store for Scheduled {
    fn url(&self) -> String {
        self.0.inner.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        self.0.due().await;
        self.0.inner.put(key, body, pre).await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        self.0.due().await;
        self.0.inner.get(key, range).await
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.0.due().await;
        self.0.inner.head(key).await
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let (this, prefix, after) = (self.clone(), prefix.to_owned(), start_after.map(str::to_owned));
        let listed = async move {
            this.0.due().await;
            Ok(this.0.inner.list(&prefix, after.as_deref()))
        };
        futures::stream::once(listed).try_flatten().boxed()
    }

    /// One after another, the others in between.
    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        self.0.most.fetch_max(keys.len(), Ordering::Relaxed);
        let mut found = Vec::new();
        for key in keys {
            self.0.due().await;
            found.extend(self.0.inner.get_many(vec![key]).await?);
        }
        Ok(found)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.0.due().await;
        if self.0.stuck && key.as_str().starts_with("data/") {
            return Err(Error::new(Kind::Transient, "the store is unavailable"));
        }
        self.0.inner.delete(key).await
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        self.0.inner.signed_url(key, valid).await
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        self.0.inner.hold_lease(name).await
    }

    async fn lease_lapsed(&self, _: &str) -> Result<bool> {
        self.0.due().await;
        Ok(self.0.lapsed)
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        self.0.inner.drop_lease(name).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        self.0.inner.scratch()
    }

    async fn sweep(&self) -> Result<u64> {
        self.0.inner.sweep().await
    }
}

/// Tells the story between the calls of a collection, its steps at these calls, and looks for what is lost or left.
async fn tell(story: &[&[Step]], at: &[usize], ids: &[Id; 3], lapsed: bool) {
    let inner = Memory::new();
    let kept = BTreeSet::from([ids[0].clone()]);
    let others = Others { store: inner.clone(), ids: ids.clone(), saves: HashMap::new(), kept };
    // The first capture is there from the beginning.
    let whole = record(&ids[0], State::Complete);
    catalog::create(&others.store, whole).await.unwrap();
    others.store.put(&pack(&ids[0]), b"content".to_vec().into(), Precondition::None).await.unwrap();
    let story: Vec<_> = at.iter().zip(story).map(|(at, steps)| (*at, steps.to_vec())).collect();
    let schedule = Arc::new(Schedule {
        inner: inner.clone(),
        others: Mutex::new(others),
        story: story.clone(),
        calls: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        lapsed,
        stuck: false,
    });
    let store: Handle = Arc::new(Scheduled(Arc::clone(&schedule)));
    collect(&store).await.unwrap();
    for call in schedule.calls.load(Ordering::Relaxed)..=CALLS {
        schedule.at(call).await;
    }
    let inner: Handle = inner;
    for last in [false, true] {
        let (records, broken) = catalog::all(&inner).await.unwrap();
        assert!(broken.is_empty());
        let data = inner.list("data/", None).map_ok(|meta| meta.key.to_string()).try_collect::<BTreeSet<_>>();
        let data = data.await.unwrap();
        let complete: Vec<&Record> = records.iter().filter(|r| r.state == State::Complete).collect();
        let listed: BTreeSet<Id> = complete.iter().map(|record| record.id.clone()).collect();
        assert_eq!(listed, schedule.others.lock().await.kept, "{story:?}, {ids:?}");
        let own = complete.iter().map(|record| pack(&record.id).to_string());
        let needed: BTreeSet<String> = own.chain(complete.iter().flat_map(|r| r.parts.needs.clone())).collect();
        let lost: Vec<_> = needed.difference(&data).collect();
        assert!(lost.is_empty(), "{lost:?} is lost: {story:?}, {ids:?}");
        let left: Vec<_> = data.difference(&needed).collect();
        assert!(!last || left.is_empty(), "{left:?} is left: {story:?}, {ids:?}");
        collect(&inner).await.unwrap();
    }
}

/// Tells it in all ways: each part before the one after it, or at once with it.
fn tell_in_all_ways(story: &[&[Step]], orders: &[[usize; 3]], lapsed: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for order in orders {
        let ids = order.map(|n| Id::try_from(["a", "b", "c"][n].repeat(10)).unwrap());
        let mut at = vec![0; story.len()];
        loop {
            runtime.block_on(tell(story, &at, &ids, lapsed));
            // The next rising sequence.
            let Some(n) = at.iter().rposition(|at| *at < CALLS) else { break };
            let next = at[n] + 1;
            at[n..].fill(next);
        }
    }
}

/// In which order the captures of a story are listed.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[test]
fn a_save_that_uses_what_a_capture_has_that_goes_loses_nothing_whenever_each_acts() {
    for lapsed in [false, true] {
        tell_in_all_ways(&[&[Open(1, 0)], &[Retire(0)], &[Complete(1)]], &ORDERS, lapsed);
    }
}

/// The order in which a scan can miss most: it has passed the place of each capture's user when it comes to the capture.
#[test]
fn a_chain_of_saves_and_removals_and_another_collector_lose_nothing_whenever_each_acts() {
    let story: [&[Step]; 6] =
        [&[Open(1, 0), Complete(1)], &[Retire(0)], &[Open(2, 1)], &[Retire(1)], &[Complete(2)], &[Collect]];
    tell_in_all_ways(&story, &[[2, 1, 0]], false);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_stops_a_collection_and_a_manifest_that_cannot_does_not_matter() {
    let store: Handle = Memory::new();
    let [dead, sound, broken] = ["a", "b", "c"].map(|letter| Id::try_from(letter.repeat(10)).unwrap());
    catalog::create(&store, record(&dead, State::Retiring)).await.unwrap();
    catalog::create(&store, record(&sound, State::Complete)).await.unwrap();
    let manifest = Key::new(format!("data/{sound}/manifest")).unwrap();
    for key in [&pack(&dead), &manifest] {
        store.put(key, b"nonsense".to_vec().into(), Precondition::None).await.unwrap();
    }
    let newer = serde_json::json!({ "schema": 1, "requires": ["holograms"], "id": broken.as_str() }).to_string();
    for (body, kind) in [("nonsense", Kind::Corrupt), ("", Kind::Corrupt), (&*newer, Kind::Unsupported)] {
        store.put(&record_key(&broken), body.as_bytes().to_vec().into(), Precondition::None).await.unwrap();
        assert_eq!(collect(&store).await.unwrap_err().kind(), kind, "{body}");
        store.head(&pack(&dead)).await.unwrap();
        store.head(&record_key(&dead)).await.unwrap();
    }
    store.delete(&record_key(&broken)).await.unwrap();
    collect(&store).await.unwrap();
    store.head(&manifest).await.unwrap();
    assert_eq!(store.head(&pack(&dead)).await.unwrap_err().kind(), Kind::NotFound);
}

/// A copy says what its original says, or said: taken for the original, it would decide what goes.
#[tokio::test]
async fn a_copied_record_stops_a_collection() {
    let store: Handle = Memory::new();
    let id = Id::try_from("a".repeat(10)).unwrap();
    catalog::create(&store, record(&id, State::Complete)).await.unwrap();
    store.put(&pack(&id), b"content".to_vec().into(), Precondition::None).await.unwrap();
    let copy = record(&id, State::Retiring).to_json().unwrap();
    for name in [format!("{id}.bak"), format!("{id}/old"), "latest".into(), "b".repeat(10)] {
        let key = Key::new(format!("captures/{name}")).unwrap();
        store.put(&key, copy.clone().into(), Precondition::None).await.unwrap();
        assert_eq!(collect(&store).await.unwrap_err().kind(), Kind::Corrupt, "{name}");
        store.head(&pack(&id)).await.unwrap();
        store.delete(&key).await.unwrap();
    }
    collect(&store).await.unwrap();
    store.head(&pack(&id)).await.unwrap();
}

#[tokio::test]
async fn however_many_records_there_are_few_are_in_memory_at_once() {
    const RECORDS: usize = 1000;
    let inner = Memory::new();
    let handle: Handle = inner.clone();
    for n in 0..RECORDS {
        let id = Id::try_from(format!("{n:010}")).unwrap();
        let state = if n % 2 == 0 { State::Complete } else { State::Retiring };
        let top = Some("index".into());
        let with_index = Record { parts: Parts { top, ..Parts::default() }, ..record(&id, state) };
        catalog::create(&handle, with_index).await.unwrap();
    }
    let others = Others {
        store: handle,
        ids: ORDERS[0].map(|_| Id::from_random([0; 10])),
        saves: HashMap::new(),
        kept: BTreeSet::new(),
    };
    let schedule = Arc::new(Schedule {
        inner,
        others: Mutex::new(others),
        story: Vec::new(),
        calls: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        lapsed: true,
        stuck: false,
    });
    let store: Handle = Arc::new(Scheduled(Arc::clone(&schedule)));
    let (all, broken) = catalog::all(&store).await.unwrap();
    assert!(all.len() == RECORDS && broken.is_empty() && all.iter().all(|record| record.parts.top.is_none()));
    let world = trees::world(store.clone());
    let listed = list(&world, &Filter::default()).await.unwrap();
    assert_eq!((listed.captures.len(), listed.total), (RECORDS / 2, RECORDS as u64 / 2));
    assert_eq!(collect(&store).await.unwrap().records.len(), RECORDS / 2);
    let most = schedule.most.load(Ordering::Relaxed);
    assert!(most > 0 && most <= 256, "{most} at once");
}

#[tokio::test]
async fn a_record_outlives_its_content() {
    let inner = Memory::new();
    let ids = ["a", "b", "c"].map(|letter| Id::try_from(letter.repeat(10)).unwrap());
    let others = Others { store: inner.clone(), ids: ids.clone(), saves: HashMap::new(), kept: BTreeSet::new() };
    catalog::create(&others.store, record(&ids[0], State::Retiring)).await.unwrap();
    inner.put(&pack(&ids[0]), b"content".to_vec().into(), Precondition::None).await.unwrap();
    let (others, calls, most) = (Mutex::new(others), AtomicUsize::new(0), AtomicUsize::new(0));
    let schedule = Schedule { inner: inner.clone(), others, story: Vec::new(), calls, most, lapsed: true, stuck: true };
    let store: Handle = Arc::new(Scheduled(Arc::new(schedule)));
    assert_eq!(collect(&store).await.unwrap_err().kind(), Kind::Transient);
    inner.head(&record_key(&ids[0])).await.unwrap();
}

#[tokio::test]
async fn a_save_that_was_taken_for_dead_does_not_complete() {
    let store: Handle = Memory::new();
    let id = Id::try_from("a".repeat(10)).unwrap();
    let upload = Upload::begin(&store, record(&id, State::Open)).await.unwrap();
    let found = catalog::read(&store, &record_key(&id)).await.unwrap();
    catalog::update(&store, &found, |record| record.state = State::Aborted).await.unwrap();
    assert_eq!(upload.complete(|_| {}).await.unwrap_err().kind(), Kind::Precondition);
    assert_eq!(catalog::read(&store, &record_key(&id)).await.unwrap().record.state, State::Aborted);
}

#[tokio::test]
async fn a_base_that_is_not_complete_is_not_used() {
    let store: Handle = Memory::new();
    for (letter, state) in [("a", State::Open), ("b", State::Complete), ("c", State::Retiring), ("d", State::Aborted)] {
        let id = Id::try_from(letter.repeat(10)).unwrap();
        let mut base = record(&id, state);
        let key = Key::new(format!("data/{id}/manifest")).unwrap();
        base.parts.manifest = Some(Part { key: key.to_string(), size: 0, blake3: String::new() });
        store.put(&key, Vec::new().into(), Precondition::None).await.unwrap();
        catalog::create(&store, base).await.unwrap();
        let used = bases::read(&store, std::slice::from_ref(&id)).await.unwrap().tops.len();
        assert_eq!(used == 1, state == State::Complete, "{state:?}");
    }
}
