//! Saves, removals and collectors at once, every call of the store a scheduling point: nothing that a capture needs is
//! ever lost, and nothing that none needs is left.
//!
//! What was made wrong on purpose, and what fails then. *Decide* is `what_goes_and_what_stays` in
//! `src/capture/collect_tests.rs`, *random* is `no_interleaving…` here, the rest is in `collector_schedules.rs`.
//!
//! | wrong | fails |
//! |---|---|
//! | a record that died after the first scan counts as dead before it | decide, `a_chain_of_saves…` |
//! | a record that vanishes between list and read is passed over | `a_chain_of_saves…` |
//! | a record goes although content is left under its prefix | decide |
//! | records are removed before content | `a_record_outlives_its_content` |
//! | objects are listed after the second scan | `a_save_that_uses…`, `a_chain_of_saves…` |
//! | objects are listed between the scans | nothing: harmless, since whatever is listed then has a record that the second scan sees and that, if it is new, is not dead before it |
//! | one scan instead of two | `a_save_that_uses…`, `a_chain_of_saves…` |
//! | only the second scan's reach counts | decide |
//! | only the first scan's reach counts | `a_save_that_uses…`, `a_chain_of_saves…` |
//! | what an open record's bases have, or need, is not reached | decide |
//! | `needs` is not read | random, `a_save_that_uses…`, `a_chain_of_saves…` |
//! | who names an object in the second scan does not count | decide |
//! | what a complete record needs is not reached | nothing: harmless, since it is named by a record that was not dead before |
//! | a record goes although an open one names it | decide |
//! | a record that cannot be read is passed over | `a_record_that_cannot_be_read…` |
//! | a manifest that cannot be read | no matter: the collector reads records only, whose `needs` say all; the same test |
//! | a lapsed save is aborted without if-match | `a_save_that_uses…` |
//! | a save uses a base that is not complete | random, `a_base_that_is_not_complete…` |
//! | a record is trusted under a key that is not its own | `a_copied_record…` |
//! | a restore takes for damage what is removed meanwhile | random |
//! | a save completes without if-match | random, `a_save_that_was_taken_for_dead…` |
#![cfg(unix)]

#[path = "support/gate.rs"]
mod gate;
#[path = "support/memory.rs"]
#[allow(dead_code, reason = "this suite injects no fault")]
mod memory;
#[path = "support/trees.rs"]
mod trees;

use ci_tool::{
    capture::save::save,
    error::{Error, Kind},
    ops::repro::{
        decommission::{Which, decommission, plan},
        files::files,
        gc::gc,
        list::{Filter, list},
        restore::{OWN, restore},
        verify::verify,
    },
    pipeline::{
        entry::{Content, Entry},
        id::{Id, LEN},
        record::{Format, Record},
    },
    store::{Handle, Key},
    world::World,
};
use futures::TryStreamExt;
use gate::{Death, Gate, Gated, Random};
use jiff::Timestamp;
use memory::Memory;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::PathBuf,
    sync::Arc,
};

tokio::task_local! {
    /// Makes ids and times the same in every run: who acts, and how many ids it has made.
    static ACTOR: (u64, Cell<u64>);
}

/// How many runs a test makes; each is another interleaving.
const RUNS: u64 = 400;
const VERSIONS: usize = 4;

/// What an actor does, one after another.
#[derive(Debug, Clone, PartialEq)]
enum Act {
    /// Saves a version of the workspace, based on the latest captures and this one.
    Save(usize, Option<Id>),
    Remove(Id),
    /// Removes what this actor saved last.
    RemoveOwn,
    Collect,
    Restore(Id),
}

/// A store with captures that share content, and the workspaces.
struct Stage {
    dir: tempfile::TempDir,
    store: Arc<Memory>,
    captures: Vec<Id>,
    contents: Vec<Tree>,
}

/// Hashes by path.
type Tree = BTreeMap<String, [u8; 32]>;

fn world(store: Handle) -> World {
    World {
        now: || {
            Timestamp::from_second(ACTOR.with(|(actor, made)| 1_000_000 + *actor * 100 + made.get()) as i64).unwrap()
        },
        random: || {
            ACTOR.with(|(actor, made)| {
                made.set(made.get() + 1);
                let hash = blake3::hash(format!("{actor} {}", made.get()).as_bytes());
                std::array::from_fn::<u8, LEN, _>(|n| hash.as_bytes()[n])
            })
        },
        ..trees::world(store)
    }
}

impl Stage {
    async fn new() -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let mut contents = Vec::new();
        for version in 0..VERSIONS {
            let root = dir.path().join(version.to_string());
            fs::create_dir(&root).unwrap();
            for file in 0..4 {
                // The last version is the first again; each of the others changes one file.
                let seed = if file == version % (VERSIONS - 1) { version % (VERSIONS - 1) + 10 } else { file };
                let noise = trees::noise(200, seed as u64 * 2 + 1);
                fs::write(root.join(format!("file{file}")), noise).unwrap();
            }
            let hash = |n: usize| *blake3::hash(&fs::read(root.join(format!("file{n}"))).unwrap()).as_bytes();
            contents.push((0..4).map(|n| (format!("workspace/file{n}"), hash(n))).collect());
        }
        let mut stage = Stage { dir, store: Memory::new(), captures: Vec::new(), contents };
        let world = world(stage.store.clone());
        for version in 0..2 {
            let base = stage.captures.last().cloned();
            let saved = ACTOR.scope((90 + version as u64, Cell::new(0)), stage.save(&world, version, base)).await;
            let record = saved.unwrap();
            assert_eq!(record.parts.needs.is_empty(), version == 0, "captures share content");
            stage.captures.push(record.id);
        }
        stage
    }

    fn workspace(&self, version: usize) -> PathBuf {
        self.dir.path().join(version.to_string())
    }

    async fn save(&self, world: &World, version: usize, base: Option<Id>) -> Result<Record, Error> {
        let request = trees::request(&self.workspace(version), Format::Chunks);
        save(world, &ci_tool::capture::save::Request { bases: base.into_iter().collect(), ..request })
            .await
            .map(|s| s.record)
    }

    /// Two to five actors out of all that can go on at once.
    fn cast(&self, random: &mut Random) -> Vec<Vec<Act>> {
        let capture = |random: &mut Random| self.captures[random.below(self.captures.len() as u64) as usize].clone();
        let actors = 2 + random.below(4);
        let mut cast = vec![vec![Act::Remove(capture(random))], vec![Act::Save(2, Some(capture(random)))]];
        for _ in 0..actors {
            cast.push(match random.below(7) {
                0 => vec![Act::Remove(capture(random))],
                1 => vec![Act::Save(2 + random.below(2) as usize, Some(capture(random))), Act::RemoveOwn],
                2 => vec![Act::Save(0, None), Act::Save(2, Some(capture(random)))],
                3 => vec![Act::Save(3, Some(capture(random)))],
                4 => vec![Act::Restore(capture(random))],
                5 => vec![Act::Collect, Act::Collect],
                _ => vec![Act::Collect],
            });
        }
        cast
    }
}

/// What an actor achieved before it ended or died.
#[derive(Debug, Default)]
struct Deeds {
    saved: Vec<(Id, usize)>,
    removed: Vec<Id>,
    error: Option<Error>,
}

async fn act(stage: &Stage, world: &World, acts: &[Act], seed: u64, deeds: &mut Deeds) -> Result<(), Error> {
    let remove = async |id: &Id, deeds: &mut Deeds| -> Result<(), Error> {
        // Named before: whoever dies on the way may have removed it.
        deeds.removed.push(id.clone());
        let planned = match plan(world, &Which::Named(vec![id.to_string()])).await {
            // Another actor was quicker.
            Err(e) if e.kind() == Kind::NotFound => return Ok(()),
            other => other?,
        };
        decommission(world, planned).await?;
        let listed = list(world, &Filter::default()).await?;
        assert!(listed.captures.iter().all(|record| record.id != *id), "{id} was removed and is listed");
        Ok(())
    };
    for act in acts {
        match act {
            Act::Save(version, base) => match stage.save(world, *version, base.clone()).await {
                Ok(record) => deeds.saved.push((record.id, *version)),
                // It was taken for dead again and again.
                Err(e) if e.kind() == Kind::Transient => {}
                Err(e) => return Err(e),
            },
            Act::Remove(id) => remove(id, deeds).await?,
            Act::RemoveOwn => {
                if let Some((id, _)) = deeds.saved.last().cloned() {
                    remove(&id, deeds).await?;
                }
            }
            Act::Collect => drop(gc(world).await?),
            Act::Restore(id) => {
                let into = stage.dir.path().join(format!("into-{seed}-{id}-{:p}", world));
                match restore(world, id.as_str(), &trees::into(&into)).await {
                    Ok(restored) => {
                        let version = stage.captures.iter().position(|one| one == id).unwrap();
                        let (failed, lost) = (&restored.failed, &restored.lost);
                        assert!(failed.is_empty() && lost.is_empty(), "nothing rots here: {failed:?} {lost:?} of {id}");
                        for (path, hash) in &stage.contents[version] {
                            let found = fs::read(into.join(path)).ok().map(|b| *blake3::hash(&b).as_bytes());
                            assert_eq!(found, Some(*hash), "{path} of {id}");
                        }
                    }
                    // It was removed: before that was begun, or while it was under way.
                    Err(e) if e.kind() == Kind::NotFound => {
                        let journal = fs::read_to_string(into.join(OWN).join("restore.ndjson")).unwrap_or_default();
                        assert!(!journal.contains("done") && !into.join("REPRO.md").exists(), "{journal}");
                    }
                    Err(e) => return Err(e),
                }
                drop(fs::remove_dir_all(into));
            }
        }
    }
    Ok(())
}

/// Lets the cast act in the order that the seed says, and checks everything.
async fn run(stage: &Arc<Stage>, seed: u64, death: bool) -> Vec<u64> {
    let mut random = Random::new(seed);
    let cast = stage.cast(&mut random);
    let death = death.then(|| Death {
        actor: random.below(cast.len() as u64) as usize,
        call: random.below(60),
        takes_effect: random.below(2) == 0,
    });
    let store = stage.store.fork();
    let gate = Gate::new(seed, cast.len(), death);
    let mut actors = Vec::new();
    for (actor, acts) in cast.iter().cloned().enumerate() {
        let (stage, gate) = (Arc::clone(stage), Arc::clone(&gate));
        let world = world(Arc::new(Gated { inner: store.clone(), gate: Arc::clone(&gate), actor }));
        let work = async move {
            let mut deeds = Deeds::default();
            deeds.error = act(&stage, &world, &acts, seed, &mut deeds).await.err();
            deeds
        };
        let ended = async move {
            let deeds = tokio::task::spawn_local(ACTOR.scope((actor as u64, Cell::new(0)), work)).await;
            gate.ended(actor);
            deeds
        };
        actors.push(tokio::task::spawn_local(ended));
    }
    gate.run().await;
    let mut all = Deeds::default();
    for (actor, done) in actors.into_iter().enumerate() {
        let deeds = done.await.unwrap().unwrap();
        if let Some(error) = deeds.error {
            let died = death.is_some_and(|death| death.actor == actor);
            assert!(died, "{:?} fails: {error} {:?}", cast[actor], error.causes());
        }
        all.saved.extend(deeds.saved);
        all.removed.extend(deeds.removed);
    }
    ACTOR.scope((99, Cell::new(0)), check(stage, store, &all, seed)).await;
    gate.calls()
}

/// Checks that every capture is whole and exact, that none is lost, and that a last collection leaves no strays.
async fn check(stage: &Stage, store: Arc<Memory>, deeds: &Deeds, seed: u64) {
    let world = world(store.clone());
    gc(&world).await.unwrap();
    let listed = list(&world, &Filter::default()).await.unwrap();
    assert!(listed.broken.is_empty(), "{:?}", listed.broken);
    let first = stage.captures.iter().enumerate().map(|(version, id)| (id.clone(), version));
    let versions: HashMap<Id, usize> = deeds.saved.iter().cloned().chain(first).collect();
    let ids: BTreeSet<Id> = listed.captures.iter().map(|r| r.id.clone()).collect();
    for id in versions.keys().filter(|id| !deeds.removed.contains(id)) {
        assert!(ids.contains(id), "{id} was saved and is not listed");
    }
    for record in &listed.captures {
        let verified = verify(&world, record.id.as_str()).await.unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        let tree = tree(&world, &record.id).await;
        // A save whose last answer was lost has saved something all the same.
        match versions.get(&record.id) {
            Some(version) => assert!(tree == stage.contents[*version], "{} is another version", record.id),
            None => assert!(stage.contents.contains(&tree)),
        }
        if seed.is_multiple_of(16) {
            let into = stage.dir.path().join(format!("again-{seed}-{}", record.id));
            restore(&world, record.id.as_str(), &trees::into(&into)).await.unwrap();
            for (path, hash) in &tree {
                assert_eq!(blake3::hash(&fs::read(into.join(path)).unwrap()).as_bytes(), hash);
            }
            fs::remove_dir_all(into).unwrap();
        }
    }
    let strays = strays(&world.store, &listed.captures).await;
    assert!(strays.is_empty(), "left behind: {strays:?}");
}

/// What a capture says of its files.
async fn tree(world: &World, id: &Id) -> Tree {
    let entries = files(world, id.as_str(), None).await.unwrap().entries;
    let file = |entry: &Entry| match &entry.content {
        Content::File { hash, .. } => Some((entry.display().into_owned(), *hash)),
        _ => None,
    };
    entries.iter().filter_map(file).collect()
}

/// The keys that belong to no capture and that none needs. What keeps content for others may keep its record.
async fn strays(store: &Handle, live: &[Record]) -> Vec<String> {
    let keys: Vec<Key> = store.list("", None).map_ok(|meta| meta.key).try_collect().await.unwrap();
    let needs: BTreeSet<&str> = live.iter().flat_map(|r| &r.parts.needs).map(String::as_str).collect();
    let mut known: BTreeSet<&str> = live.iter().map(|r| r.id.as_str()).collect();
    known.extend(needs.iter().filter_map(|key| key.split('/').nth(1)));
    let mut strays = Vec::new();
    for key in keys {
        let key = key.as_str();
        let stray = match key.split('/').next() {
            Some("data") => {
                let own = live.iter().flat_map(|r| r.parts.all()).any(|part| part.key == key);
                !own && !needs.contains(key)
            }
            Some("jobs") => !known.contains(key.rsplit('-').next().unwrap()),
            _ => !known.contains(key.split('/').nth(1).unwrap()),
        };
        strays.extend(stray.then(|| key.to_owned()));
    }
    strays
}

/// Runs all seeds of a test, and says with which one it failed.
fn seeds(runs: u64, death: bool) {
    let from = std::env::var("COLLECTOR_SEED").ok().and_then(|seed| seed.parse().ok());
    let runs = std::env::var("COLLECTOR_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(runs);
    let range = from.map_or(0..runs, |seed: u64| seed..seed + 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let stage = Arc::new(runtime.block_on(Stage::new()));
    for seed in range {
        let stage = Arc::clone(&stage);
        let local = tokio::task::LocalSet::new();
        let done = local.block_on(&runtime, async {
            tokio::task::spawn_local(async move { run(&stage, seed, death).await }).await
        });
        done.unwrap_or_else(|e| panic!("run again with COLLECTOR_SEED={seed}: {e}"));
    }
}

#[test]
fn no_interleaving_loses_what_a_capture_needs_or_leaves_what_none_needs() {
    seeds(RUNS, false);
}

#[test]
fn whoever_dies_wherever_loses_nothing_of_others_and_leaves_nothing_behind() {
    seeds(RUNS, true);
}

/// Threads that work on one local store at once, each with a handle of its own.
const THREADS: u64 = 64;

#[test]
fn sixty_four_at_once_on_one_local_store_lose_nothing_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    let open = || trees::world(ci_tool::store::open(&format!("file://{}", root.display()), &|_| None).unwrap());
    let kept: HashMap<Id, usize> = std::thread::scope(|scope| {
        let (stage, runtime, open) = (&stage, &runtime, &open);
        let start = |n: u64| scope.spawn(move || runtime.block_on(busy(stage, &open(), n)));
        let all: Vec<_> = (0..THREADS).map(start).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    runtime.block_on(async {
        let world = open();
        gc(&world).await.unwrap();
        let listed = list(&world, &Filter::default()).await.unwrap();
        let ids: BTreeSet<&Id> = listed.captures.iter().map(|record| &record.id).collect();
        assert_eq!(ids, kept.keys().collect());
        for record in &listed.captures {
            assert!(verify(&world, record.id.as_str()).await.unwrap().is_whole());
            assert!(tree(&world, &record.id).await == stage.contents[kept[&record.id]]);
        }
        assert_eq!(strays(&world.store, &listed.captures).await, [""; 0]);
        let all = kept.keys().map(Id::to_string).collect();
        let planned = plan(&world, &Which::Named(all)).await.unwrap();
        decommission(&world, planned).await.unwrap();
        assert_eq!(strays(&world.store, &[]).await, [""; 0]);
    });
}

/// Saves, and removes or collects or neither; returns what it kept.
async fn busy(stage: &Stage, world: &World, n: u64) -> Vec<(Id, usize)> {
    let mut kept: Vec<(Id, usize)> = Vec::new();
    for round in 0..3 {
        let version = (n + round) as usize % VERSIONS;
        // Of the others only the latest is named: it may be on its way out.
        let latest = list(world, &Filter::default()).await.unwrap().captures.first().map(|record| record.id.clone());
        let record = stage.save(world, version, latest).await.unwrap();
        kept.push((record.id, version));
        match (n + round) % 4 {
            0 => drop(gc(world).await.unwrap()),
            1 => {
                let (id, _) = kept.remove(0);
                let planned = plan(world, &Which::Named(vec![id.to_string()])).await.unwrap();
                decommission(world, planned).await.unwrap();
            }
            _ => {}
        }
    }
    kept
}
