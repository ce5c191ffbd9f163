//! Whatever tree is saved, on whatever store and in whatever format: what comes back is the same, and programs that are
//! not ours say so.
#![cfg(unix)]

#[allow(dead_code, reason = "this suite needs no proxy")]
mod support;
#[path = "support/trees.rs"]
mod trees;

use ci_tool::{
    archive::{self, Source, WriteOptions},
    ops::repro::{restore::restore, verify::verify},
    pipeline::{
        entry::{Content, Entry, Location},
        progress::Silent,
        record::Format,
    },
    store::{self, Handle, Key},
};
use libtest_mimic::{Failed, Trial};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufRead, Read},
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::atomic::{AtomicU32, Ordering},
};
use support::azurite;
use trees::{Data, Kind, SECOND, must};

const FORMATS: [Format; 3] = [Format::Chunks, Format::Zip, Format::SevenZ];
/// Those that are one archive, which other programs open.
const ARCHIVES: [Format; 2] = [Format::Zip, Format::SevenZ];

fn main() -> ExitCode {
    let trials = vec![
        trial("any_tree_comes_back_the_same", || any_tree(&local, 24)),
        trial("every_oddity_comes_back_the_same", || every_oddity(&local)),
        trial("borders_of_blocks_come_back_the_same", borders),
        trial("a_file_over_4_gib_comes_back_and_others_open_it", over_4_gib),
        trial("other_programs_open_the_archives", others_open),
        trial("more_than_65535_entries_open_elsewhere", many_entries),
        trial("archives_without_content_open_elsewhere", without_content),
        trial("every_name_of_a_credential_is_left_out", names_of_a_credential),
        trial("a_tree_that_changes_while_it_is_read_is_saved", changing),
    ];
    let on_azurite = vec![
        trial("any_tree_comes_back_the_same_from_azure", || any_tree(&remote, 4)),
        trial("every_oddity_comes_back_the_same_from_azure", || every_oddity(&remote)),
    ];
    support::run(trials, on_azurite, azurite::stop)
}

fn trial(name: &str, check: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        check();
        Ok(())
    })
}

fn local(dir: &Path) -> Handle {
    store::open(&format!("file://{}", dir.display()), &|_| None).unwrap()
}

fn remote(_: &Path) -> Handle {
    static CONTAINERS: AtomicU32 = AtomicU32::new(0);
    let name = format!("trees{}", CONTAINERS.fetch_add(1, Ordering::Relaxed));
    let env = |name: &str| (name == "AZURE_STORAGE_CONNECTION_STRING").then(azurite::connection_string);
    store::open(&format!("az://{}/{name}", azurite::ACCOUNT), &env).unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

type Open = dyn Fn(&Path) -> Handle;

/// Saves and restores `source` in each format, and returns how the restored trees differ from it.
fn round_trips(source: &Path, open: &Open) -> Vec<String> {
    let mut found = Vec::new();
    for format in FORMATS {
        let work = tempfile::tempdir().unwrap();
        let world = trees::world(open(&work.path().join("store")));
        let into = work.path().join("again");
        block_on(async {
            let id = trees::saved(&world, source, format).await;
            let restored = restore(&world, &id, &trees::into(&into)).await.unwrap();
            assert!(restored.failed.is_empty() && restored.impossible.is_empty());
            assert!(verify(&world, &id).await.unwrap().is_whole());
        });
        let differences = trees::differences(source, &into.join("workspace"));
        found.extend(differences.into_iter().map(|d| format!("{}: {d}", format.as_str())));
    }
    found
}

fn any_tree(open: &Open, cases: u32) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let result = TestRunner::new_with_rng(config, rng).run(&trees::tree(), |nodes| {
        let work = tempfile::tempdir().unwrap();
        let source = work.path().join("source");
        fs::create_dir(&source).unwrap();
        trees::make(&source, &nodes);
        match round_trips(&source, open).as_slice() {
            [] => Ok(()),
            found => Err(TestCaseError::fail(found.join("\n"))),
        }
    });
    result.unwrap_or_else(|e| panic!("{e}"));
}

/// One of everything, so that no choice of cases leaves something out.
fn every_oddity(open: &Open) {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("source");
    fs::create_dir(&source).unwrap();
    oddities(&source);
    let found = round_trips(&source, open);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn oddities(root: &Path) {
    let file = |name: &[u8], data: Data| trees::node(root, name, Kind::File(data), 0o644, 1_234_567_891_123_456_789);
    for name in [
        &b"-rf"[..],
        b"--",
        b"a\nb",
        b"'",
        b"\"",
        b"a\\b",
        b"..\\x",
        b"C:",
        b"nul",
        b" ",
        b"...",
        b"\xff\xfe",
        b"\xc3\xa9",
        b"e\xcc\x81",
        b"README",
        b"readme",
    ] {
        file(name, Data::Noise(10, 3));
    }
    file(&[b'x'; 255], Data::Text(3));
    file(b"empty", Data::Text(0));
    for (name, islands) in [
        (&b"all-hole"[..], vec![]),
        (b"hole-first", vec![(2_900_000, 100_000)]),
        (b"hole-last", vec![(0, 5000)]),
        (b"hole-between", vec![(0, 4096), (1_500_001, 7), (2_999_999, 1)]),
    ] {
        file(name, Data::Sparse(3_000_000, islands));
    }
    for (n, mtime) in
        [-1, 0, 1, -2_000_000_000 * SECOND - 1, 7_500_000_000 * SECOND + 999_999_999].into_iter().enumerate()
    {
        trees::node(root, format!("time{n}").as_bytes(), Kind::File(Data::Text(1)), 0o600, mtime);
        trees::node(root, format!("timed{n}").as_bytes(), Kind::Directory, 0o755, mtime);
        trees::node(root, format!("timel{n}").as_bytes(), Kind::Symlink(b"empty".to_vec()), 0o777, mtime);
    }
    for mode in [0, 0o1, 0o100, 0o400, 0o777, 0o1777, 0o2755, 0o4755, 0o7777] {
        trees::node(root, format!("m{mode:o}").as_bytes(), Kind::File(Data::Text(9)), mode, 5);
        let dir = trees::node(root, format!("d{mode:o}").as_bytes(), Kind::Directory, 0o755, 5);
        fs::write(dir.join("inside"), "x").unwrap();
        let mode = if rustix::process::geteuid().is_root() { mode } else { mode | 0o700 };
        fs::set_permissions(&dir, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        trees::set_time(&dir, 5);
    }
    let links = trees::node(root, b"links", Kind::Directory, 0o755, 5);
    for (name, target) in [
        ("relative", "../empty"),
        ("absolute", "/etc/passwd"),
        ("dangling", "gone"),
        ("self", "self"),
        ("loop1", "loop2"),
        ("loop2", "loop1"),
        ("directory", "../m"),
        ("up", ".."),
        ("up-and-out", "../../../../../../../../etc"),
        ("root", "/"),
    ] {
        symlink(target, links.join(name)).unwrap();
    }
    symlink(OsStr::from_bytes(b"\xff\n"), links.join("bytes")).unwrap();
    let far = trees::node(root, b"zz", Kind::Directory, 0o755, 5);
    for (first, second) in [("README", "zz/again"), ("hole-first", "aa"), ("empty", "zz/empty"), ("m0", "links/m0")] {
        fs::hard_link(root.join(first), root.join(second)).unwrap();
    }
    fs::create_dir(far.join("nothing")).unwrap();
    let deep = (0..60).fold(far, |path, n| path.join(format!("a-directory-deep-{n:02}")));
    fs::create_dir_all(&deep).unwrap();
    assert!(deep.as_os_str().len() > 1000);
    fs::write(deep.join("bottom"), "here").unwrap();
}

fn borders() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("source");
    fs::create_dir(&source).unwrap();
    for border in [128u64 << 10, 1 << 20, 8 << 20] {
        for len in [border - 1, border, border + 1] {
            trees::write(&source.join(format!("noise{len}")), &Data::Noise(len, len));
            trees::write(&source.join(format!("text{len}")), &Data::Text(len));
        }
    }
    trees::write(&source.join("large"), &Data::Text(33 << 20));
    // Noise first: what decides by the first block whether to compress sees the wrong one.
    let mixed = [trees::noise(200 << 10, 1), vec![b'a'; 9 << 20]].concat();
    fs::write(source.join("noise-then-text"), mixed).unwrap();
    let found = round_trips(&source, &local);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn over_4_gib() {
    const LEN: u64 = (4 << 30) + 4097;
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("source");
    fs::create_dir(&source).unwrap();
    trees::write(&source.join("huge"), &Data::Sparse(LEN, vec![(0, 10), (LEN - 5, 5)]));
    fs::write(source.join("small"), "after the huge one").unwrap();
    let world = trees::world(local(&work.path().join("store")));
    let into = work.path().join("again");
    let archive = block_on(async {
        let id = trees::saved(&world, &source, Format::Zip).await;
        restore(&world, &id, &trees::into(&into)).await.unwrap();
        archive_of(&world.store, &id, &work.path().join("huge.zip")).await
    });
    let differs = Command::new("cmp").arg(source.join("huge")).arg(into.join("workspace/huge")).status().unwrap();
    assert!(differs.success());
    let (was, is) = (trees::listing(&source), trees::listing(&into.join("workspace")));
    assert!(is[&b"huge"[..]].blocks < 4096, "holes came back as zeros: {:?} {:?}", was[&b"huge"[..]], is[&b"huge"[..]]);
    let listed = must(Command::new("7zz").args(["l", "-slt"]).arg(&archive));
    assert!(listed.contains(&format!("Size = {LEN}")), "{listed}");
    must(Command::new("unzip").arg("-p").arg(&archive).arg("workspace/small"));
    let script = "import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);print(z.getinfo('workspace/huge').file_size,z.read('workspace/small').decode())";
    let read = must(Command::new("python3").args(["-c", script]).arg(&archive));
    assert_eq!(read.trim(), format!("{LEN} after the huge one"));
}

/// Fetches a capture's archive.
async fn archive_of(store: &Handle, id: &str, to: &Path) -> PathBuf {
    let format = to.extension().unwrap().to_str().unwrap();
    let key = Key::new(format!("data/{id}/workspace.{format}")).unwrap();
    fs::write(to, store.get(&key, None).await.unwrap().bytes().await.unwrap()).unwrap();
    to.to_owned()
}

/// What unzip and 7-Zip keep of a tree: kinds, modes, link targets; and the time in seconds.
fn kept(root: &Path) -> Vec<String> {
    let listed = trees::listing(root).into_iter().filter(|(path, _)| !path.is_empty());
    let show = |(path, l): (Vec<u8>, trees::Listed)| {
        let time = if l.kind == "f" { l.mtime.split('.').next().unwrap_or_default().to_owned() } else { String::new() };
        let mode = if l.kind == "l" { String::new() } else { l.mode };
        format!("{} {} {mode} {time} {:?}", String::from_utf8_lossy(&path), l.kind, OsStr::from_bytes(&l.target))
    };
    listed.map(show).collect()
}

fn others_open() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("source");
    fs::create_dir(&source).unwrap();
    tame(&source);
    for format in ARCHIVES {
        let world = trees::world(local(&work.path().join("store")));
        let to = work.path().join(format!("a.{}", format.as_str()));
        let archive = block_on(async {
            let id = trees::saved(&world, &source, format).await;
            archive_of(&world.store, &id, &to).await
        });
        let tested = must(Command::new("7zz").arg("t").arg(&archive));
        assert!(tested.contains("Everything is Ok") && !tested.contains("Warning"), "{tested}");
        let mut tools = vec!["7zz"];
        if format == Format::Zip {
            tools.push("unzip");
            must(Command::new("unzip").arg("-tqq").arg(&archive));
            read_by_zip_crate(&archive, &source);
            let script =
                "import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print(len(z.namelist()))";
            let names = must(Command::new("python3").args(["-c", script]).arg(&archive));
            assert_eq!(names.trim(), trees::listing(&source).len().to_string());
        }
        for tool in tools {
            let out = work.path().join(format!("{}-{tool}", format.as_str()));
            fs::create_dir(&out).unwrap();
            match tool {
                "unzip" => must(Command::new("unzip").args(["-q"]).arg(&archive).current_dir(&out)),
                _ => must(Command::new("7zz").args(["x", "-y"]).arg(&archive).current_dir(&out)),
            };
            let out = out.join("workspace");
            let (same, text) =
                trees::output(Command::new("diff").args(["-r", "--no-dereference"]).arg(&source).arg(&out));
            assert!(same, "{tool} {}: {text}", format.as_str());
            assert_eq!(kept(&source), kept(&out), "{tool} {}", format.as_str());
        }
    }
}

/// A tree that every program can make.
fn tame(root: &Path) {
    fs::create_dir_all(root.join("a/b/c")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    for (name, len, mode) in [
        ("a/one", 0, 0o644),
        ("a/b/two", 1, 0o755),
        ("three", 100_000, 0o600),
        ("a/four", 9 << 20, 0o444),
        ("five é", 300, 0o640),
    ] {
        let path = root.join(name);
        trees::write(&path, &Data::Text(len));
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        trees::set_time(&path, 1_500_000_000 * SECOND);
    }
    trees::write(&root.join("noise"), &Data::Noise(70_000, 1));
    symlink("three", root.join("link")).unwrap();
    symlink("b/two", root.join("a/link")).unwrap();
}

fn read_by_zip_crate(archive: &Path, source: &Path) {
    let mut read = zip::ZipArchive::new(File::open(archive).unwrap()).unwrap();
    let mut content = Vec::new();
    read.by_name("workspace/three").unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, fs::read(source.join("three")).unwrap());
    let link = read.by_name("workspace/link").unwrap();
    assert_eq!(link.unix_mode().map(|m| m & 0o170_000), Some(0o120_000));
}

fn many_entries() {
    const COUNT: usize = 66_000;
    let work = tempfile::tempdir().unwrap();
    let entries: Vec<Entry> = (0..COUNT).map(|n| file(&format!("f{n:06}"), 1)).collect();
    for format in ARCHIVES {
        let archive = written(work.path(), format, entries.clone());
        let tested = must(Command::new("7zz").args(["t"]).arg(&archive));
        assert!(tested.contains(&format!("Files: {COUNT}")), "{tested}");
        if format == Format::Zip {
            assert!(must(Command::new("unzip").arg("-tq").arg(&archive)).contains("No errors"));
            let script = "import sys,zipfile;print(len(zipfile.ZipFile(sys.argv[1]).namelist()))";
            assert_eq!(must(Command::new("python3").args(["-c", script]).arg(&archive)).trim(), COUNT.to_string());
        }
    }
}

fn without_content() {
    let work = tempfile::tempdir().unwrap();
    let directory = |path: &str| Entry { content: Content::Directory, mode: 0o755, ..file(path, 0) };
    let link = |path: &str| Entry { content: Content::Symlink { target: (*b"t").into() }, ..file(path, 0) };
    for (name, entries) in [
        ("nothing", vec![]),
        ("empty files", vec![file("a", 0), file("b", 0)]),
        ("directories", vec![directory("a"), directory("a/b")]),
        ("links", vec![link("a"), link("b")]),
        ("an empty file before a full one", vec![file("a", 0), file("b", 7), file("c", 0), file("d", 9)]),
        ("all of them", vec![directory("a"), file("a/b", 0), link("c")]),
    ] {
        for format in ARCHIVES {
            let count = entries.len();
            let archive = written(work.path(), format, entries.clone());
            let (ok, tested) = trees::output(Command::new("7zz").arg("t").arg(&archive));
            // 7-Zip takes an empty zip for no archive at all unless it is told; unzip warns.
            assert!(ok && tested.contains("Everything is Ok"), "{name} {}: {tested}", format.as_str());
            let listed = must(Command::new("7zz").args(["l", "-slt", "-ba"]).arg(&archive));
            assert_eq!(listed.matches("Path = ").count(), count, "{name} {}: {listed}", format.as_str());
        }
    }
}

fn file(path: &str, size: u64) -> Entry {
    let content = Content::File { hash: [0; 32], sparse: false, link: None, location: Location::default() };
    Entry { path: path.as_bytes().into(), size, mode: 0o644, mtime: 1_500_000_000 * SECOND, content }
}

/// Gives as many bytes as an entry says.
struct Filler;

impl Source for Filler {
    fn open<'a>(&'a self, entry: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
        Some(Box::new(io::repeat(b'x').take(entry.size)))
    }

    fn failed(&self, entry: &Entry, error: io::Error, _: bool) {
        panic!("{}: {error}", entry.display());
    }
}

/// Writes an archive and reads every file back with our own reader.
fn written(dir: &Path, format: Format, entries: Vec<Entry>) -> PathBuf {
    let path = dir.join(format!("w.{}", format.as_str()));
    let out = File::create(&path).unwrap();
    let options = WriteOptions { scratch: dir, progress: &Silent, threads: 2 };
    let entries = archive::write(format, entries, &Filler, &out, &options).unwrap();
    let blob = Bytes(fs::read(&path).unwrap().into());
    let seen = AtomicU32::new(0);
    let deliver = |entry: &Entry, content: ci_tool::error::Result<&mut dyn BufRead>| {
        let mut bytes = Vec::new();
        content?.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, entry.size, "{}", entry.display());
        seen.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    archive::read(format, &blob, &entries.iter().collect::<Vec<_>>(), 2, &deliver).unwrap();
    assert_eq!(seen.into_inner() as usize, entries.iter().filter(|e| e.is_file()).count(), "{}", format.as_str());
    path
}

struct Bytes(bytes::Bytes);

impl archive::Blob for Bytes {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, range: std::ops::Range<u64>) -> ci_tool::error::Result<bytes::Bytes> {
        Ok(self.0.slice(range.start as usize..range.end as usize))
    }
}

/// A file that is a credential as a whole stays one under its other names.
fn names_of_a_credential() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join(".vault-token"), "sesame").unwrap();
    for other in [".a", "b"] {
        fs::hard_link(source.join(".vault-token"), source.join(other)).unwrap();
    }
    fs::write(source.join("c"), "plain").unwrap();
    fs::hard_link(source.join("c"), source.join("d")).unwrap();
    let world = trees::world(local(&work.path().join("store")));
    let into = work.path().join("again");
    block_on(async {
        let id = trees::saved(&world, &source, Format::Zip).await;
        restore(&world, &id, &trees::into(&into)).await.unwrap();
    });
    let names: Vec<_> = trees::listing(&into.join("workspace")).into_keys().collect();
    assert_eq!(names, [&b""[..], b"c", b"d"]);
}

/// Files that grow, shrink, vanish and are replaced while the save runs: the save succeeds and what it has is whole.
fn changing() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("source");
    fs::create_dir(&source).unwrap();
    for n in 0..40 {
        let len = if n % 10 == 0 { 9 << 20 } else { 20_000 };
        trees::write(&source.join(format!("f{n:02}")), &Data::Text(len));
    }
    fs::hard_link(source.join("f01"), source.join("linked")).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in (0..40usize).cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let path = source.join(format!("f{n:02}"));
                match n % 4 {
                    0 => drop(File::options().write(true).open(&path).map(|f| f.set_len(0))),
                    1 => drop(fs::write(&path, vec![b'y'; n * 1000])),
                    2 => drop(fs::remove_file(&path)),
                    _ => drop(fs::write(&path, "new")),
                }
            }
        });
        for format in FORMATS {
            for round in 0..3 {
                let world = trees::world(local(&work.path().join("store")));
                let into = work.path().join(format!("{}{round}", format.as_str()));
                block_on(async {
                    let id = trees::saved(&world, &source, format).await;
                    let verified = verify(&world, &id).await.unwrap();
                    assert!(verified.is_whole(), "{verified:?}");
                    let restored = restore(&world, &id, &trees::into(&into)).await.unwrap();
                    assert!(restored.failed.is_empty(), "{:?}", restored.failed);
                });
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}
