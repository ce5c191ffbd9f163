//! What must hold when the store fails, when many use it at once, and when its bytes rot.
#![cfg(unix)]

#[path = "support/trees.rs"]
mod trees;

use ci_tool::{
    error::Kind,
    ops::repro::{
        decommission::{Which, decommission, plan},
        gc::gc,
        list::{Filter, list},
        restore::{DOCUMENTS, restore},
        verify::verify,
    },
    pipeline::record::Format,
    store::{
        self, Handle, Key, Precondition,
        fault::{Fault, Plan},
        local::Local,
        retry::{Policy, Retry},
    },
    world::World,
};
use futures::TryStreamExt;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};
use trees::{Data, must};

const FORMATS: [Format; 3] = [Format::Chunks, Format::Zip, Format::SevenZ];

fn workspace(dir: &Path) -> PathBuf {
    let root = dir.join("workspace");
    fs::create_dir_all(root.join("sub/empty")).unwrap();
    for n in 0..12 {
        trees::write(&root.join(format!("text{n:02}")), &Data::Text(n * 700));
        trees::write(&root.join(format!("sub/noise{n:02}")), &Data::Noise(n * 900, n));
    }
    root
}

fn local(dir: &Path) -> Handle {
    store::open(&format!("file://{}", dir.display()), &|_| None).unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// Every file of a local store that belongs to none of `live`.
fn strays(dir: &Path, live: &BTreeSet<String>) -> Vec<String> {
    let listed = trees::listing(dir).into_iter().filter(|(path, found)| found.kind == "f" && path != b"lock");
    // The scratch directory of a handle that is still open is no stray.
    let listed = listed.filter(|(path, _)| !path.starts_with(b"scratch/"));
    let paths = listed.map(|(path, _)| String::from_utf8(path).unwrap());
    paths.filter(|path| !live.iter().any(|id| path.contains(id))).collect()
}

async fn ids(world: &World) -> BTreeSet<String> {
    let listed = list(world, &Filter::default()).await.unwrap();
    assert!(listed.broken.is_empty(), "torn records: {:?}", listed.broken);
    listed.captures.iter().map(|r| r.id.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_over_a_store_that_fails_every_tenth_call_are_complete_and_exact() {
    let dir = tempfile::tempdir().unwrap();
    let source = workspace(dir.path());
    let root = dir.path().join("store");
    let policy =
        Policy { tries: 12, pause: Duration::from_millis(1), max_pause: Duration::from_millis(5), ..Policy::default() };
    let sound = trees::world(local(&root));
    let mut saved = BTreeSet::new();
    let mut calls = 0;
    for seed in 0..50 {
        let fault = Arc::new(Fault::new(Arc::new(Local::open(&root).unwrap()), Plan { rate: 0.1, seed, death: None }));
        let world = trees::world(Arc::new(Retry::with_policy(fault.clone(), policy)));
        let format = FORMATS[seed as usize % FORMATS.len()];
        let id = trees::saved(&world, &source, format).await;
        assert!(verify(&world, &id).await.unwrap().is_whole());
        if seed % 5 == 0 {
            let into = dir.path().join(format!("again{seed}"));
            restore(&world, &id, &trees::into(&into)).await.unwrap();
            let differences = trees::differences(&source, &into.join("workspace"));
            assert!(differences.is_empty(), "{differences:?}");
        }
        assert!(verify(&sound, &id).await.unwrap().is_whole());
        assert!(saved.insert(id));
        calls += fault.calls();
    }
    assert!(calls > 50 * 10, "{calls}");
    gc(&sound).await.unwrap();
    assert_eq!(ids(&sound).await, saved);
    assert_eq!(strays(&root, &saved), [""; 0]);
}

#[test]
fn eight_at_once_lose_nothing_and_see_nothing_torn() {
    let dir = tempfile::tempdir().unwrap();
    let source = workspace(dir.path());
    let root = dir.path().join("store");
    let kept: BTreeSet<String> = thread::scope(|scope| {
        let (root, source) = (&root, &source);
        let start = |n: usize| scope.spawn(move || block_on(busy(root, source, FORMATS[n % FORMATS.len()])));
        let all: Vec<_> = (0..8).map(start).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    block_on(async {
        let world = trees::world(local(&root));
        gc(&world).await.unwrap();
        assert_eq!(ids(&world).await, kept);
        let listed = list(&world, &Filter::default()).await.unwrap();
        let needs = listed.captures.iter().flat_map(|r| &r.parts.needs);
        let needed = needs.map(|key| key.split('/').nth(1).unwrap().to_owned());
        assert_eq!(strays(&root, &needed.chain(kept.iter().cloned()).collect()), [""; 0]);
        for id in &kept {
            assert!(verify(&world, id).await.unwrap().is_whole());
        }
        // What was removed and shared goes with the last that needs it.
        let named = plan(&world, &Which::Named(kept.into_iter().collect())).await.unwrap();
        decommission(&world, named).await.unwrap();
        assert_eq!(strays(&root, &BTreeSet::new()), [""; 0]);
    });
}

/// Saves, lists, collects and removes; returns what it kept.
async fn busy(root: &Path, source: &Path, format: Format) -> Vec<String> {
    let mut kept = Vec::new();
    for round in 0..6 {
        let world = trees::world(local(root));
        let id = trees::saved(&world, source, format).await;
        assert!(ids(&world).await.contains(&id), "a capture is listed as soon as it is saved");
        gc(&world).await.unwrap();
        if round % 2 == 0 {
            let named = plan(&world, &Which::Named(vec![id.clone()])).await.unwrap();
            decommission(&world, named).await.unwrap();
            assert!(!ids(&world).await.contains(&id));
        } else {
            kept.push(id);
        }
    }
    kept
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_whose_record_is_gone_are_collected_unless_somebody_is_at_them() {
    let dir = tempfile::tempdir().unwrap();
    let source = workspace(dir.path());
    let world = trees::world(local(&dir.path().join("store")));
    let id = trees::saved(&world, &source, Format::Zip).await;
    let orphans = ["data/aaaaaaaaaa/manifest", "jobs/0123456789abcdef/9223370000000000000-aaaaaaaaaa"];
    for key in orphans {
        world.store.put(&Key::new(key).unwrap(), b"x"[..].into(), Precondition::None).await.unwrap();
    }
    let left = async || -> Vec<String> {
        let keys =
            world.store.list("", None).map_ok(|meta| meta.key.to_string()).try_collect::<Vec<_>>().await.unwrap();
        keys.into_iter().filter(|key| !key.contains(&id)).collect()
    };
    let lease = world.store.hold_lease("aaaaaaaaaa").await.unwrap();
    gc(&world).await.unwrap();
    // Whoever wrote it has lost its record and can complete nothing: the content goes at once.
    assert_eq!(left().await, orphans[1..]);
    drop(lease);
    gc(&world).await.unwrap();
    assert_eq!(left().await, [""; 0]);
    assert!(verify(&world, &id).await.unwrap().is_whole());
}

/// Flips one byte after another, in every object in turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_is_named_and_costs_no_more_than_it_must() {
    let dir = tempfile::tempdir().unwrap();
    let source = workspace(dir.path());
    fs::write(dir.path().join("log"), "it failed\n".repeat(99)).unwrap();
    for format in FORMATS {
        let root = dir.path().join(format.as_str());
        let world = trees::world(local(&root));
        let mut request = trees::request(&source, format);
        request.happened.log = Some(dir.path().join("log"));
        let id = ci_tool::capture::save::save(&world, &request).await.unwrap().record.id.to_string();
        let objects = trees::listing(&root).into_iter().filter(|(p, f)| f.kind == "f" && f.size > 0 && p != b"lock");
        let objects: Vec<_> = objects.map(|(path, found)| (String::from_utf8(path).unwrap(), found.size)).collect();
        assert!(objects.len() >= 5, "{objects:?}");
        for n in 0..100_u64 {
            let (name, size) = &objects[n as usize % objects.len()];
            let at = u64::from_le_bytes(trees::noise(8, n * 2 + 99).try_into().unwrap()) % size;
            let bit = 1 << (n % 8);
            flip(&root.join(name), at, bit);
            let into = dir.path().join("again");
            look(&world, &id, name, &source, &into).await.unwrap_or_else(|why| panic!("{name} at {at}: {why}"));
            drop(fs::remove_dir_all(&into));
            flip(&root.join(name), at, bit);
        }
        assert!(verify(&world, &id).await.unwrap().is_whole(), "every byte was flipped back");
    }
}

fn flip(path: &Path, at: u64, bit: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at as usize] ^= bit;
    fs::write(path, bytes).unwrap();
}

/// Says what is wrong with how one flipped byte of the object in the file `name` shows.
async fn look(world: &World, id: &str, name: &str, source: &Path, into: &Path) -> Result<(), String> {
    let verified = verify(world, id).await;
    let restored = restore(world, id, &trees::into(into)).await;
    if name.contains("captures+") {
        // The record: it may still be read, and what it says of the files is checked against them.
        return match restored {
            Ok(restored) if restored.failed.is_empty() => same(source, &into.join("workspace"), &[]),
            Ok(_) => Ok(()),
            Err(e) if matches!(e.kind(), Kind::Corrupt | Kind::Unsupported | Kind::NotFound) => Ok(()),
            Err(e) => Err(format!("restore refuses with {:?}: {e}", e.kind())),
        };
    }
    let object = name.rsplit('/').next().unwrap_or_default();
    let verified = verified.map_err(|e| format!("verify gives up: {e}"))?;
    if !verified.objects.iter().any(|damage| damage.what.ends_with(object)) {
        return Err(format!("verify does not name it: {verified:?}"));
    }
    match restored {
        Ok(restored) => {
            let failed: Vec<_> = restored.failed.iter().map(|(path, _)| path.as_str()).collect();
            let damaged: Vec<_> = verified.damaged.iter().map(|damage| damage.what.as_str()).collect();
            // The log is no file of the workspace: verify names its object, restore what it would have become.
            let beside = |path: &str| matches!((object, path), ("log.zst", "job.log") | ("details.json", DOCUMENTS));
            let failed: Vec<_> = failed.into_iter().filter(|path| !beside(path)).collect();
            if failed != damaged {
                return Err(format!("verify finds {damaged:?}, restore {failed:?}"));
            }
            same(source, &into.join("workspace"), &failed)
        }
        // The one tile of a small capture.
        Err(e) if e.kind() == Kind::Corrupt && object == "manifest" && verified.damaged[0].what == "every file" => {
            Ok(())
        }
        Err(e) => Err(format!("restore refuses: {e}")),
    }
}

/// Whether what was restored is the source but for the files that failed.
fn same(source: &Path, restored: &Path, failed: &[&str]) -> Result<(), String> {
    let copy = tempfile::tempdir().unwrap();
    let expected = copy.path().join("expected");
    must(std::process::Command::new("cp").arg("-a").arg(source).arg(&expected));
    for path in failed {
        fs::remove_file(expected.join(path.strip_prefix("workspace/").unwrap())).unwrap();
    }
    let (same, text) =
        trees::output(std::process::Command::new("diff").args(["-r", "--no-dereference"]).arg(&expected).arg(restored));
    if same { Ok(()) } else { Err(text) }
}
