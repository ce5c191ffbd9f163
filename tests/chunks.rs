//! What the `chunks` format promises: one file costs little to fetch, the same content is stored once, and what is
//! damaged is named.
#![cfg(unix)]

#[path = "support/counting.rs"]
mod counting;
#[path = "support/trees.rs"]
mod trees;

use ci_tool::{
    capture::{bases, save::save, tiles::Loss},
    error::{Error, Kind},
    ops::repro::{
        files::files,
        get::{Destination, get},
        restore::{DOCUMENTS, restore},
        show::log,
        verify::verify,
    },
    pipeline::record::{Format, Record},
    store::{self, Handle},
    world::World,
};
use counting::Counting;
use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

fn local(dir: &Path) -> Handle {
    store::open(&format!("file://{}", dir.display()), &|_| None).unwrap()
}

async fn saved(world: &World, source: &Path) -> Record {
    save(world, &trees::request(source, Format::Chunks)).await.unwrap().record
}

/// Text that compresses as sources do: to about a third.
fn prose(len: usize, seed: u64) -> Vec<u8> {
    trees::noise(len as u64 / 2, seed).iter().flat_map(|b| [b'a' + b % 16, b'a' + (b >> 4)]).take(len).collect()
}

/// Directories of small files of a few KiB.
fn small_files(root: &Path, directories: usize, each: usize) {
    for d in 0..directories {
        let dir = root.join(format!("src/module{d:03}"));
        fs::create_dir_all(&dir).unwrap();
        for f in 0..each {
            fs::write(
                dir.join(format!("file{f:03}.rs")),
                prose(500 + (d * 31 + f * 17) % 3000, (d * each + f) as u64 * 2 + 1),
            )
            .unwrap();
        }
    }
}

/// Gives every file a new time, as a fresh check-out does.
fn touch(root: &Path, stamp: i64) {
    for (path, _) in trees::listing(root).into_iter().filter(|(_, found)| found.kind == "f") {
        trees::set_time(&root.join(std::str::from_utf8(&path).unwrap()), stamp * trees::SECOND + path.len() as i64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_small_file_costs_five_requests_and_three_megabytes_at_most() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 200, 100);
    for n in 0..3 {
        fs::write(source.join(format!("large{n}.bin")), trees::noise(9 << 20, n * 2 + 1)).unwrap();
    }
    let counting = Counting::new(local(&dir.path().join("store")));
    let world = trees::world(counting.clone());
    let first = saved(&world, &source).await;
    // Modes and times of its own, content and paths of the capture before.
    touch(&source, 1_600_000_000);
    let second = saved(&world, &source).await;
    assert!(first.totals.entries > 20_000 && !second.parts.needs.is_empty());
    let mut n = 0;
    for record in [first, second] {
        let borders: Vec<_> = record.parts.top().unwrap().tiles.into_iter().map(|tile| tile.first).collect();
        assert!(borders.len() > 20);
        let borders = borders.iter().filter(|path| path.ends_with(b".rs"));
        let mut paths: Vec<String> = borders.map(|path| String::from_utf8(path.to_vec()).unwrap()).collect();
        paths.extend((0..20).map(|n| format!("src/module{:03}/file{:03}.rs", n * 9 + 3, n * 5)));
        for path in paths {
            n += 1;
            let to = dir.path().join(format!("taken{n}"));
            let (_, cost) =
                counting.cost(get(&world, &record.id.as_str()[..6], &path, Destination::Path(to.clone()))).await;
            assert!(cost.requests <= 5 && cost.bytes <= 3_000_000, "{path}: {cost:?}");
            let original = source.join(path.trim_start_matches("workspace/"));
            assert!(fs::read(to).unwrap() == fs::read(original).unwrap(), "{path}");
        }
        let (found, cost) = counting.cost(files(&world, record.id.as_str(), Some("src/module050/**"))).await;
        assert_eq!(found.entries.len(), 100);
        assert!(cost.requests <= 5 && cost.bytes <= 300_000, "{cost:?}");
        n += 1;
        let to = dir.path().join(format!("taken{n}"));
        let (taken, cost) =
            counting.cost(get(&world, record.id.as_str(), "src/module051", Destination::Path(to))).await;
        assert_eq!(taken.files, 100);
        assert!(cost.requests <= 6 && cost.bytes <= 3_000_000, "{cost:?}");
    }
}

/// What a save stores, in bytes, besides its details and log.
fn stored(record: &Record) -> u64 {
    let manifest = record.parts.manifest.iter();
    record.parts.packs.iter().chain(manifest).map(|part| part.size).sum()
}

/// What a save stores of content, in bytes.
fn content(record: &Record) -> u64 {
    record.parts.packs.iter().map(|part| part.size).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_save_stores_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 40, 100);
    fs::write(source.join("large.bin"), trees::noise(5 << 20, 77)).unwrap();
    let world = trees::world(local(&dir.path().join("store")));
    let first = stored(&saved(&world, &source).await);

    touch(&source, 1_600_000_000);
    let again = saved(&world, &source).await;
    assert_eq!(content(&again), 0);
    assert!(stored(&again) * 50 < first, "{} of {first}", stored(&again));

    let mut changed = 0;
    for d in 0..40 {
        let path = source.join(format!("src/module{d:03}/file050.rs"));
        fs::write(&path, prose(2000, d * 2 + 1_000_001)).unwrap();
        changed += 2000;
    }
    let percent = saved(&world, &source).await;
    assert!(content(&percent) <= changed && content(&percent) > 0, "{} for {changed}", content(&percent));

    fs::rename(source.join("src/module007"), source.join("src/renamed")).unwrap();
    fs::rename(source.join("large.bin"), source.join("larger.bin")).unwrap();
    assert_eq!(content(&saved(&world, &source).await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_at_the_front_of_a_large_file_stores_a_few_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    fs::create_dir(&source).unwrap();
    let large = trees::noise(64 << 20, 5);
    fs::write(source.join("large"), &large).unwrap();
    let world = trees::world(local(&dir.path().join("store")));
    saved(&world, &source).await;
    fs::write(source.join("large"), [&b"!"[..], &large].concat()).unwrap();
    let second = saved(&world, &source).await;
    assert!(content(&second) < 4 << 20, "{}", content(&second));
    assert!(verify(&world, second.id.as_str()).await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_files_of_one_tree_are_stored_once() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    let (small, large) = (trees::noise(100_000, 3), trees::noise(3 << 20, 9));
    for n in 0..30 {
        let sub = source.join(format!("copy{n:02}"));
        fs::create_dir_all(&sub).unwrap();
        fs::write(sub.join("small"), &small).unwrap();
        if n < 4 {
            fs::write(sub.join("large"), &large).unwrap();
        }
    }
    let world = trees::world(local(&dir.path().join("store")));
    let record = saved(&world, &source).await;
    let once = (small.len() + large.len()) as u64;
    assert!(content(&record) < once + once / 50, "{} instead of {once}", content(&record));
    assert!(verify(&world, record.id.as_str()).await.unwrap().is_whole());
}

/// Where a local store keeps an object.
fn object_path(root: &Path, key: &str) -> PathBuf {
    let name = key.rsplit('/').next().unwrap();
    let id = key.split('/').nth(1).unwrap();
    let listed = trees::listing(root).into_keys().map(|path| String::from_utf8(path).unwrap());
    let found: Vec<_> = listed.filter(|path| path.contains(id) && path.ends_with(name)).collect();
    assert_eq!(found.len(), 1, "{key}: {found:?}");
    root.join(&found[0])
}

/// Two captures, the second of which uses a pack and tiles of the first, and what its restore must be.
struct Pair {
    dir: tempfile::TempDir,
    world: World,
    records: [Record; 2],
}

impl Pair {
    async fn new() -> Pair {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("1/workspace");
        small_files(&source, 20, 60);
        fs::write(source.join("large"), [trees::noise(3 << 20, 5), prose(2 << 20, 7)].concat()).unwrap();
        let world = trees::world(local(&dir.path().join("store")));
        let mut request = trees::request(&source, Format::Chunks);
        let first = save(&world, &request).await.unwrap().record;
        request.workspace = dir.path().join("2/workspace");
        request.bases = vec![first.id.clone()];
        small_files(&request.workspace, 20, 60);
        touch(&request.workspace, 1_600_000_000);
        fs::write(request.workspace.join("large"), fs::read(source.join("large")).unwrap()).unwrap();
        fs::write(request.workspace.join("src/module019/new"), trees::noise(5000, 99)).unwrap();
        let second = save(&world, &request).await.unwrap().record;
        let shares = |what: &str| second.parts.needs.iter().any(|key| key.contains(what));
        assert!(shares("/pack-") && shares("/manifest") && !second.parts.packs.is_empty());
        Pair { dir, world, records: [first, second] }
    }

    /// Checks how each capture that needs the object `key`, which is damaged now, shows it. Returns the files it costs.
    async fn look(&self, key: &str, why: &str) -> usize {
        let mut costs = 0;
        for (n, record) in self.records.iter().enumerate() {
            let own = record.parts.all().any(|part| part.key == key);
            let needed = own || record.parts.needs.iter().any(|need| need == key);
            let verified = verify(&self.world, record.id.as_str()).await.unwrap();
            let named = verified.objects.iter().any(|damage| damage.what == key);
            let files: BTreeSet<&str> = verified.damaged.iter().map(|damage| damage.what.as_str()).collect();
            assert!(needed || verified.is_whole(), "{why}: {verified:?}");
            assert!(!own || named, "{why}: its own object is not named: {verified:?}");
            let sound = files.is_empty() && verified.lost.is_empty();
            assert!(sound || named, "{why}: files are damaged and no object is named: {verified:?}");
            costs += files.len() + verified.lost.len();
            let lost =
                |path: &str, loss| verified.lost.iter().any(|lost| lost.loss == loss && lost.holds(path.as_bytes()));
            let into = self.dir.path().join("again");
            match restore(&self.world, record.id.as_str(), &trees::into(&into)).await {
                Ok(restored) => {
                    let mut failed: BTreeSet<&str> = restored.failed.iter().map(|(path, _)| path.as_str()).collect();
                    // Damaged details cost what is written beside the tree, and none of the tree.
                    let beside = failed.remove(DOCUMENTS);
                    assert_eq!(beside, own && key.ends_with("details.json"), "{why}");
                    assert_eq!(failed, files, "{why}");
                    assert_eq!(restored.lost, verified.lost, "{why}");
                    let source = self.dir.path().join((n + 1).to_string());
                    let there = trees::listing(&into);
                    for (path, found) in trees::listing(&source) {
                        let here = there.get(&path);
                        let path = String::from_utf8(path).unwrap();
                        if failed.contains(path.as_str()) || lost(&path, Loss::Entries) {
                            assert!(here.is_none_or(|here| here.kind == "d"), "{why}: {path} is named and there");
                            continue;
                        }
                        let here = here.unwrap_or_else(|| panic!("{why}: {path} is neither named nor there"));
                        assert_eq!(here.kind, found.kind, "{why}: {path}");
                        if found.kind == "f" {
                            assert!(fs::read(into.join(&path)).unwrap() == fs::read(source.join(&path)).unwrap());
                            let dressed = here.mtime == found.mtime;
                            assert_eq!(dressed, !lost(&path, Loss::Metadata), "{why}: {path}");
                        }
                    }
                }
                // A record is checked as a whole; of a manifest nothing may be left.
                Err(e) => assert!(verified.damaged[0].what == "every file" && e.kind() == Kind::Corrupt, "{why}: {e}"),
            }
            drop(fs::remove_dir_all(&into));
        }
        costs
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_damaged_is_named_by_every_capture_that_needs_it() {
    let pair = Pair::new().await;
    let root = pair.dir.path().join("store");
    let keys: BTreeSet<String> = pair.records.iter().flat_map(|r| r.parts.all()).map(|part| part.key.clone()).collect();
    let mut flips = 0;
    for key in &keys {
        let path = object_path(&root, key);
        let bytes = fs::read(&path).unwrap();
        for n in 0..if key.ends_with("manifest") { 8 } else { 2 } {
            let at = trees::noise(8, n * 2 + 31).iter().fold(0usize, |at, b| at * 256 + *b as usize) % bytes.len();
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (n % 8);
            fs::write(&path, flipped).unwrap();
            flips += pair.look(key, &format!("bit {n} of byte {at} of {key}")).await;
        }
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        pair.look(key, &format!("{key} cut short")).await;
        fs::remove_file(&path).unwrap();
        pair.look(key, &format!("{key} missing")).await;
        fs::write(&path, bytes).unwrap();
    }
    assert!(flips > 0);
    for record in &pair.records {
        assert!(verify(&pair.world, record.id.as_str()).await.unwrap().is_whole());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pack_of_a_base_held_is_stored_again_when_the_pack_is_gone_or_cut_short() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 4, 20);
    fs::write(source.join("large"), trees::noise(5 << 20, 5)).unwrap();
    for cut in [None, Some(1000)] {
        let root = dir.path().join(format!("store{}", cut.unwrap_or(0)));
        let counting = Counting::new(local(&root));
        let world = trees::world(counting.clone());
        let first = saved(&world, &source).await;
        touch(&source, 1_600_000_000);
        let sound = saved(&world, &source).await;
        assert_eq!(content(&sound), 0, "the base is used while it is whole");
        // A record and manifests each, and one look at the packs, which are all of the first.
        let (_, cost) = counting.cost(bases::read(&world.store, &[first.id.clone(), sound.id.clone()])).await;
        assert!(cost.requests <= 6, "{cost:?}");
        let pack = object_path(&root, &first.parts.packs[0].key);
        match cut {
            Some(len) => fs::File::options().write(true).open(&pack).unwrap().set_len(len).unwrap(),
            None => fs::remove_file(&pack).unwrap(),
        }
        touch(&source, 1_700_000_000);
        let again = saved(&world, &source).await;
        assert!(content(&again) * 10 > content(&first) * 9, "{} of {}", content(&again), content(&first));
        let id = again.id.as_str();
        assert!(verify(&world, id).await.unwrap().is_whole());
        let into = dir.path().join("again");
        restore(&world, id, &trees::into(&into)).await.unwrap();
        assert_eq!(trees::differences(&source, &into.join("workspace")), [""; 0]);
        fs::remove_dir_all(into).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_fetched_once_and_checked_before_any_of_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 1, 3);
    let mut lines = String::new();
    prose(3 << 20, 5).chunks(80).for_each(|line| lines += &format!("{}\n", String::from_utf8_lossy(line)));
    fs::write(dir.path().join("log"), &lines).unwrap();
    let root = dir.path().join("store");
    let counting = Counting::new(local(&root));
    let world = trees::world(counting.clone());
    let mut request = trees::request(&source, Format::Chunks);
    request.happened.log = Some(dir.path().join("log"));
    let record = save(&world, &request).await.unwrap().record;
    let part = record.parts.log.clone().unwrap();
    assert!(part.size > 1 << 20);
    let (verified, cost) = counting.cost(verify(&world, record.id.as_str())).await;
    assert!(verified.is_whole());
    assert!(cost.bytes < part.size + (1 << 20), "{cost:?}");
    let told = async || -> Result<String, Error> {
        let mut text = String::new();
        log(&world, &record).await?.unwrap().read_to_string(&mut text).unwrap();
        Ok(text)
    };
    assert!(told().await.unwrap() == lines);
    let path = object_path(&root, &part.key);
    let sound = fs::read(&path).unwrap();
    // The last byte: what comes before it could be told.
    let mut flipped = sound.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [Some(&flipped[..]), Some(&sound[..sound.len() / 2]), Some(b""), None] {
        match damaged {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        assert_eq!(told().await.unwrap_err().kind(), Kind::Corrupt);
        let verified = verify(&world, record.id.as_str()).await.unwrap();
        let named: Vec<&str> = verified.objects.iter().map(|damage| damage.what.as_str()).collect();
        assert_eq!(named, [part.key.as_str()]);
        let into = dir.path().join("again");
        let restored = restore(&world, record.id.as_str(), &trees::into(&into)).await.unwrap();
        assert!(
            restored.failed.iter().map(|(path, _)| path.as_str()).eq(["job.log"]) && !into.join("job.log").exists()
        );
        fs::remove_dir_all(into).unwrap();
    }
}

/// Root may do everything: the program runs as another user.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_folder_is_taken_by_who_is_not_root() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 1, 3);
    let modes = [("src/module000", 0o555), ("src", 0o500)];
    for (path, mode) in modes {
        fs::set_permissions(source.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let root = dir.path().join("store");
    let id = saved(&trees::world(local(&root)), &source).await.id;
    let program = dir.path().join("program");
    fs::copy(env!("CARGO_BIN_EXE_ci-tool"), &program).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        trees::must(Command::new("chown").args(["-R", "65534:65534"]).arg(dir.path()));
    }
    let to = dir.path().join("to");
    for path in ["src", "src/module000"] {
        let mut command = Command::new(if is_root { "setpriv".as_ref() } else { program.as_os_str() });
        if is_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        }
        command.args(["repro", "get", id.as_str(), path, "--store", &format!("file://{}", root.display()), "--to"]);
        trees::must(command.arg(&to).env("HOME", dir.path()).env("TMPDIR", dir.path()).current_dir(dir.path()));
        let (left, right) = (trees::listing(&source.join(path)), trees::listing(&to));
        assert!(left.keys().eq(right.keys()));
        for (name, found) in left {
            let there = &right[&name];
            assert_eq!((&there.mode, &there.mtime), (&found.mode, &found.mtime), "{}", String::from_utf8_lossy(&name));
        }
        let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let staged: Vec<_> = names.filter(|name| name.to_string_lossy().contains("ci-tool-get")).collect();
        assert!(staged.is_empty(), "{staged:?}");
        trees::must(Command::new("chmod").args(["-R", "u+rwx"]).arg(&to));
        fs::remove_dir_all(&to).unwrap();
    }
    trees::must(Command::new("chmod").args(["-R", "u+rwx"]).arg(dir.path()));
}

/// Damages one tile after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_has_lost_a_tile_is_taken_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 8, 150);
    let world = trees::world(local(&dir.path().join("store")));
    let record = saved(&world, &source).await;
    let id = record.id.as_str();
    let manifest = object_path(&dir.path().join("store"), &format!("data/{id}/manifest"));
    let sound = fs::read(&manifest).unwrap();
    let tiles = record.parts.top().unwrap().tiles;
    assert!(tiles.len() > 1, "{}", tiles.len());
    let folder = |n: usize| format!("src/module{n:03}");
    let (mut partly, mut headless, mut nothing) = (0, 0, 0);
    for tile in &tiles {
        let mut bytes = sound.clone();
        bytes[tile.content.offset as usize] ^= 1;
        fs::write(&manifest, bytes).unwrap();
        let to = dir.path().join("taken");
        let taken = get(&world, id, "src", Destination::Path(to.clone())).await.unwrap();
        let [lost] = &*taken.lost else { panic!("{:?}", taken.lost) };
        assert_eq!((lost.loss, &lost.first, lost.entries), (Loss::Entries, &tile.first, tile.entries));
        for (path, found) in trees::listing(&source.join("src")) {
            let path = String::from_utf8(path).unwrap();
            let gone = lost.holds(format!("workspace/src/{path}").as_bytes());
            match fs::read(to.join(&path)) {
                Ok(taken) => assert!(!gone && taken == fs::read(source.join("src").join(&path)).unwrap(), "{path}"),
                Err(_) => assert!(gone || found.kind == "d", "{path}"),
            }
        }
        fs::remove_dir_all(&to).unwrap();
        for n in 0..8 {
            let path = format!("workspace/{}", folder(n));
            let held = (0..150).filter(|f| !lost.holds(format!("{path}/file{f:03}.rs").as_bytes())).count();
            match get(&world, id, &folder(n), Destination::Path(to.clone())).await {
                Ok(taken) => {
                    assert_eq!((taken.files, taken.lost.is_empty()), (held as u64, held == 150), "{path}");
                    assert_eq!(trees::listing(&to).values().filter(|found| found.kind == "f").count(), held, "{path}");
                    partly += usize::from(held < 150);
                    headless += usize::from(held > 0 && lost.holds(path.as_bytes()));
                    fs::remove_dir_all(&to).unwrap();
                }
                Err(error) => {
                    assert!(held == 0 && error.kind() == Kind::Corrupt, "{path}: {error}");
                    nothing += 1;
                }
            }
        }
    }
    assert!(partly > 0 && headless > 0 && nothing > 0, "{partly} {headless} {nothing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zstd_program_reads_all_small_files_from_the_packs() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("workspace");
    small_files(&source, 5, 60);
    fs::write(source.join("noise"), trees::noise(300_000, 3)).unwrap();
    fs::write(source.join("large"), prose(2 << 20, 7)).unwrap();
    let root = dir.path().join("store");
    let world = trees::world(local(&root));
    let record = saved(&world, &source).await;
    let packs: Vec<PathBuf> = record.parts.packs.iter().map(|part| object_path(&root, &part.key)).collect();
    let script = format!("cat {} | zstd -dcq", packs.iter().map(|p| p.to_str().unwrap()).collect::<Vec<_>>().join(" "));
    let unpacked = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    for (path, found) in trees::listing(&source) {
        if found.kind == "f" && found.size <= 1 << 20 {
            let content = fs::read(source.join(String::from_utf8(path.clone()).unwrap())).unwrap();
            let there = memchr::memmem::find(&unpacked.stdout, &content).is_some();
            assert!(there, "{}", String::from_utf8_lossy(&path));
        }
    }
}
