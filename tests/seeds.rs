//! What is there already is not fetched, wherever it lies and whatever has become of it meanwhile.
#![cfg(unix)]

#[path = "support/counting.rs"]
mod counting;
#[path = "support/trees.rs"]
mod trees;

use ci_tool::{
    capture::save::save,
    error::Kind,
    ops::repro::restore::{Options, Seeded, restore},
    pipeline::record::Format,
    store,
    world::World,
};
use counting::{Cost, Counting};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

/// A workspace and a further directory, saved.
struct Saved {
    dir: tempfile::TempDir,
    counting: Arc<Counting>,
    world: World,
    id: String,
}

/// The files of the workspace, each of a length of its own.
const NAMES: [&str; 12] = [
    "same",
    "d/same",
    "d/deep/same",
    "changed",
    "grown",
    "shrunk",
    "gone",
    "linked",
    "fifo",
    "unreadable",
    "directory",
    "away/inside",
];
/// What the further directory holds.
const CACHED: &str = "cached";

impl Saved {
    async fn new(format: Format) -> Saved {
        let dir = tempfile::tempdir().unwrap();
        let (source, cache) = (dir.path().join("source"), dir.path().join("cache"));
        for (n, name) in NAMES.iter().enumerate() {
            let path = source.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, trees::noise(2000 + n as u64, n as u64 * 2 + 1)).unwrap();
        }
        let large = trees::Data::Sparse(3 << 20, vec![(100, 1 << 20), (2 << 20, 5000)]);
        trees::write(&source.join("large"), &large);
        fs::hard_link(source.join("same"), source.join("zz")).unwrap();
        fs::create_dir(&cache).unwrap();
        fs::write(cache.join(CACHED), trees::noise(9000, 77)).unwrap();
        let store = store::open(&format!("file://{}", dir.path().join("store").display()), &|_| None).unwrap();
        let counting = Counting::new(store);
        let world = trees::world(counting.clone());
        let mut request = trees::request(&source, format);
        request.also = vec![cache];
        let id = save(&world, &request).await.unwrap().record.id.to_string();
        Saved { dir, counting, world, id }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn options(&self, into: &str, seeds: &[&str]) -> Options {
        Options { seeds: seeds.iter().map(|seed| self.path(seed)).collect(), ..trees::into(&self.path(into)) }
    }

    /// Restores, and checks that the tree is exact and that no seed was touched.
    async fn exact(&self, into: &str, seeds: &[&str]) -> (Seeded, u64, Cost) {
        let before: Vec<_> = seeds.iter().map(|seed| snapshot(&self.path(seed))).collect();
        let options = self.options(into, seeds);
        let (restored, cost) = self.counting.cost(restore(&self.world, &self.id, &options)).await;
        assert!(restored.failed.is_empty() && restored.lost.is_empty(), "{:?}", restored.failed);
        for (from, to) in [("source", "workspace"), ("cache", "also/cache")] {
            let differences = trees::differences(&self.path(from), &self.path(into).join(to));
            assert!(differences.is_empty(), "{into}: {}", differences.join("\n"));
        }
        let after: Vec<_> = seeds.iter().map(|seed| snapshot(&self.path(seed))).collect();
        assert!(before == after, "a seed of {into} was written to");
        (restored.seeded, restored.resumed, cost)
    }
}

/// Everything below a directory but what reading changes. A file with another hard link to it would show.
fn snapshot(root: &Path) -> BTreeMap<Vec<u8>, (String, Option<Vec<u8>>)> {
    let bytes = |path: &Path| fs::symlink_metadata(path).unwrap().is_file().then(|| fs::read(path).unwrap());
    let listed = trees::listing(root).into_iter().map(|(path, listed)| {
        let at = root.join(OsStr::from_bytes(&path));
        (path, (format!("{listed:?}"), bytes(&at)))
    });
    listed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_seed_holds_whole_is_not_fetched() {
    for format in [Format::Chunks, Format::Zip, Format::SevenZ] {
        let saved = Saved::new(format).await;
        let workspace = Seeded { files: NAMES.len() as u64 + 1, bytes: bytes() };
        let all = Seeded { files: workspace.files + 1, bytes: workspace.bytes + 9000 };
        let (seeded, _, cost) = saved.exact("plain", &[]).await;
        assert_eq!(seeded, Seeded::default());
        assert!(cost.contents > 0);
        // A checkout has no further directories; what was restored has.
        let (seeded, _, cost) = saved.exact("from-checkout", &["source"]).await;
        assert_eq!(seeded, workspace, "{}", format.as_str());
        assert!(cost.contents > 0);
        fs::create_dir(saved.path("also-only")).unwrap();
        fs::create_dir(saved.path("also-only/also")).unwrap();
        symlink("../../plain/also/cache", saved.path("also-only/also/cache")).unwrap();
        for (n, seeds) in [&["plain"][..], &["source", "plain"], &["plain", "source"]].into_iter().enumerate() {
            let (seeded, _, cost) = saved.exact(&format!("again-{n}"), seeds).await;
            assert_eq!((seeded, cost.contents), (all, 0), "{} {seeds:?}", format.as_str());
        }
        // A directory of the seed that leads out of it is none.
        let (seeded, _, _) = saved.exact("led-out", &["also-only"]).await;
        assert_eq!(seeded, Seeded::default());
    }
}

fn bytes() -> u64 {
    (0..NAMES.len() as u64).map(|n| 2000 + n).sum::<u64>() + (3 << 20)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_became_of_a_seed_the_tree_is_exact() {
    let saved = Saved::new(Format::Chunks).await;
    let seed = saved.path("seed");
    trees::must(std::process::Command::new("cp").arg("-a").arg(saved.path("source")).arg(&seed));
    let at = |name: &str| seed.join(name);
    let mut changed = fs::read(at("changed")).unwrap();
    changed[1999] ^= 1;
    fs::write(at("changed"), changed).unwrap();
    fs::write(at("grown"), [fs::read(at("grown")).unwrap(), b"more".into()].concat()).unwrap();
    fs::write(at("shrunk"), &fs::read(at("shrunk")).unwrap()[1..]).unwrap();
    for name in ["gone", "linked", "fifo", "directory"] {
        fs::remove_file(at(name)).unwrap();
    }
    // Inside the seed and with the right content: it is no file all the same.
    fs::copy(saved.path("source/linked"), at("elsewhere")).unwrap();
    symlink("elsewhere", at("linked")).unwrap();
    mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    fs::set_permissions(at("unreadable"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(at("directory")).unwrap();
    fs::remove_dir_all(at("away")).unwrap();
    symlink(saved.path("source/away"), at("away")).unwrap();
    // Who is root reads it all the same.
    let readable = u64::from(fs::read(at("unreadable")).is_ok());
    let (seeded, _, cost) = saved.exact("again", &["seed"]).await;
    // Three are the same, and the large one.
    assert_eq!(seeded.files, 4 + readable, "{seeded:?}");
    assert!(cost.contents > 0);
    // What one seed does not have the next may.
    let (seeded, _, _) = saved.exact("from-both", &["seed", "source"]).await;
    assert_eq!(seeded, Seeded { files: NAMES.len() as u64 + 1, bytes: bytes() });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_cut_off_goes_on_with_a_seed() {
    let saved = Saved::new(Format::Chunks).await;
    saved.exact("again", &[]).await;
    let again = saved.path("again");
    let journal = again.join(".ci-tool/restore.ndjson");
    let steps = fs::read_to_string(&journal).unwrap();
    let begun: Vec<&str> = steps.lines().collect();
    fs::write(&journal, begun[..begun.len() - 1].join("\n") + "\n").unwrap();
    fs::remove_file(again.join("workspace/d/same")).unwrap();
    fs::write(again.join("workspace/changed"), "half").unwrap();
    let (seeded, resumed, cost) = saved.exact("again", &["source"]).await;
    assert_eq!(seeded, Seeded { files: 2, bytes: 2001 + 2003 });
    assert_eq!((resumed, cost.contents), (NAMES.len() as u64, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_is_none_is_refused_before_anything_is_written() {
    let saved = Saved::new(Format::Chunks).await;
    saved.exact("there", &[]).await;
    symlink("there/workspace", saved.path("alias")).unwrap();
    let before = snapshot(saved.dir.path());
    for (into, seed, why) in [
        ("again", "nowhere", "is no directory"),
        ("again", "source/same", "is no directory"),
        ("there", "there", "is the directory to restore into"),
        ("there", "there/workspace/d", "lies in it"),
        ("there", "alias", "lies in it"),
    ] {
        let options = Options { force: true, ..saved.options(into, &[seed]) };
        let error = restore(&saved.world, &saved.id, &options).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{seed}: {error}");
        assert!(error.message().contains(why) && error.message().contains(seed), "{seed}: {error}");
    }
    assert!(snapshot(saved.dir.path()) == before, "something was written");
}
