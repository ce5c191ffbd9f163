//! Captures that nobody honest makes, by the public write-ups of zip-slip and its kin: whoever can write into a store must
//! not be able to write anywhere else.
#![cfg(unix)]

#[path = "support/trees.rs"]
mod trees;

use ci_tool::{
    archive::{self, Source, WriteOptions},
    capture::{
        details::{self, Details},
        upload::Upload,
    },
    error::{Error, Kind, Result},
    ops::repro::{
        export::{self, export},
        get::{Destination, get},
        restore::{Options, restore},
    },
    pipeline::{
        details::Dump,
        entry::{Content, Entry, Location},
        id::{Id, LEN},
        manifest::{Builder, Top},
        progress::Silent,
        record::{self, Format, Job, Outcome, Record, Revision, State, Totals},
    },
    store,
    world::World,
};
use jiff::Timestamp;
use std::{
    fs,
    io::{self, Read},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

const FORMATS: [Format; 2] = [Format::Zip, Format::SevenZ];
const CONTENT: &[u8] = b"pwned";

struct Given;

impl Source for Given {
    fn open<'a>(&'a self, _: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
        Some(Box::new(CONTENT))
    }
    fn failed(&self, entry: &Entry, error: io::Error, _: bool) {
        panic!("{}: {error}", entry.display());
    }
}

fn entry(path: &str, content: Content) -> Entry {
    let size = if matches!(content, Content::File { .. }) { CONTENT.len() as u64 } else { 0 };
    Entry { path: path.as_bytes().into(), size, mode: 0o644, mtime: 0, content }
}
fn file(path: &str) -> Entry {
    entry(path, Content::File { hash: [0; 32], sparse: false, link: None, location: Location::default() })
}
fn directory(path: &str) -> Entry {
    entry(path, Content::Directory)
}
fn link(path: &str, target: &str) -> Entry {
    entry(path, Content::Symlink { target: target.as_bytes().into() })
}
fn hard(path: &str, first: &str) -> Entry {
    let link = Some(first.as_bytes().into());
    entry(path, Content::File { hash: [0; 32], sparse: false, link, location: Location::default() })
}

/// A store, a place to restore into, and things beside it that must stay as they are.
struct Range {
    dir: tempfile::TempDir,
    world: World,
}

impl Range {
    fn new() -> Range {
        let dir = tempfile::tempdir().unwrap();
        let sentinel = dir.path().join("sentinel");
        fs::create_dir_all(sentinel.join("d")).unwrap();
        fs::write(sentinel.join("victim"), "untouched").unwrap();
        fs::write(sentinel.join("d/victim"), "untouched").unwrap();
        let world =
            trees::world(store::open(&format!("file://{}", dir.path().join("store").display()), &|_| None).unwrap());
        Range { dir, world }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Everything but the store, with contents.
    fn outside(&self) -> Vec<String> {
        let mut found = Vec::new();
        look(self.dir.path(), &mut found);
        found
    }

    /// A sentinel's path as an entry writes it.
    fn sentinel(&self, name: &str) -> String {
        self.path("sentinel").join(name).display().to_string()
    }

    /// Puts a capture into the store whose manifest is `entries` as `lie` makes them.
    async fn plant(&self, format: Format, entries: Vec<Entry>, lie: impl Fn(&mut Entry)) -> String {
        self.plant_tiles(format, vec![entries], lie).await
    }

    /// As [`Range::plant`], the entries in tiles of their own, so that their order is not looked at.
    async fn plant_tiles(&self, format: Format, tiles: Vec<Vec<Entry>>, lie: impl Fn(&mut Entry)) -> String {
        let mut honest: Vec<Entry> = tiles.iter().flatten().cloned().collect();
        for (n, entry) in honest.iter_mut().enumerate() {
            entry.path = format!("e{n:04}").into_bytes().into();
            if let Content::File { link, .. } = &mut entry.content {
                *link = None;
            }
        }
        let archive = self.path("archive");
        let out = fs::File::create(&archive).unwrap();
        let options = WriteOptions { scratch: self.dir.path(), progress: &Silent, threads: 1 };
        let mut written = archive::write(format, honest, &Given, &out, &options).unwrap().into_iter();
        let (mut object, mut top) = (Vec::new(), Top::default());
        for tile in tiles {
            let mut builder = Builder::default();
            for mut entry in tile {
                let there = written.next().unwrap();
                if let (Content::File { hash, location, .. }, Content::File { hash: h, location: l, .. }) =
                    (&mut entry.content, &there.content)
                {
                    (*hash, *location) = (*h, *l);
                }
                lie(&mut entry);
                builder.push(&entry).unwrap();
            }
            let (bytes, one) = builder.finish().unwrap();
            for mut tile in one.tiles {
                tile.content.offset += object.len() as u64;
                tile.metadata.offset += object.len() as u64;
                top.tiles.push(tile);
            }
            object.extend(bytes);
        }
        let mut upload = Upload::begin(&self.world.store, blank((self.world.random)(), format)).await.unwrap();
        let mut record = upload.record().clone();
        let name = format!("workspace.{}", format.as_str());
        record.parts.archive = Some(upload.bytes(&name, fs::read(&archive).unwrap()).await.unwrap());
        record.parts.manifest = Some(upload.bytes("manifest", object).await.unwrap());
        record.parts.set_top(&top).unwrap();
        let details = Details {
            schema: details::SCHEMA,
            failed_command: Some("make".into()),
            dumps: vec![Dump { command: "victim".into(), exit_code: Some(0), output: "taken".into() }],
            ..Details::default()
        };
        record.parts.details = Some(upload.bytes("details.json", details.to_json().unwrap()).await.unwrap());
        let log = zstd::encode_all(&b"the log"[..], 1).unwrap();
        record.parts.log = Some(upload.bytes("log.zst", log).await.unwrap());
        fs::remove_file(archive).unwrap();
        upload.complete(|r| *r = record).await.unwrap().id.to_string()
    }
}

fn look(dir: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries.into_iter().filter(|p| !p.ends_with("store")) {
        let kind = fs::symlink_metadata(&path).unwrap();
        let content = if kind.is_file() { fs::read_to_string(&path).unwrap() } else { String::new() };
        found.push(format!("{} {:?} {content:?}", path.display(), kind.file_type()));
        if kind.is_dir() {
            look(&path, found);
        }
    }
}

fn blank(random: [u8; LEN], format: Format) -> Record {
    Record {
        schema: record::SCHEMA,
        requires: vec![format.as_str().into()],
        id: Id::from_random(random),
        state: State::Open,
        created: Timestamp::now(),
        expires: Timestamp::MAX,
        owner: None,
        job: Job { key: "0123456789abcdef".into(), ..Job::default() },
        revision: Revision::default(),
        outcome: Outcome::default(),
        format,
        bases: Vec::new(),
        signature: None,
        repeats: Vec::new(),
        totals: Totals::default(),
        parts: Default::default(),
    }
}

/// Every way out of a capture, tried.
async fn ways_out(range: &Range, id: &str) -> Vec<(&'static str, Option<Error>)> {
    let world = &range.world;
    let dry = World { dry_run: true, ..world.clone() };
    let into = trees::into(&range.path("into"));
    let forced = Options { force: true, ..into.clone() };
    let request = export::Request { id: id.into(), format: None, to: range.path("out.zip") };
    vec![
        ("restore", restore(world, id, &into).await.err()),
        ("restore --dry-run", restore(&dry, id, &into).await.err()),
        ("restore --force", restore(world, id, &forced).await.err()),
        ("export", export(world, &request).await.err()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_land_outside_is_refused_by_name_and_nothing_is_written() {
    let range = Range::new();
    let up = "../".repeat(30);
    let absolute = range.sentinel("new");
    let cases: Vec<(&str, Vec<Entry>)> = vec![
        ("../sentinel/new", vec![file("../sentinel/new")]),
        ("workspace/../../sentinel/new", vec![file("workspace/../../sentinel/new")]),
        ("new", vec![file(&format!("workspace/{up}tmp/ci-tool-new"))]),
        ("sentinel/new", vec![file(&absolute)]),
        ("workspace//new", vec![file("workspace//new")]),
        ("workspace/./new", vec![file("workspace/./new")]),
        ("workspace/new/", vec![file("workspace/new/")]),
        ("workspace/..", vec![directory("workspace/..")]),
        ("..", vec![link("..", "/tmp")]),
        ("workspace/evil/victim", vec![link("workspace/evil", &range.sentinel("")), file("workspace/evil/victim")]),
        ("workspace/evil/d/victim", vec![link("workspace/evil", "../../sentinel"), file("workspace/evil/d/victim")]),
        (
            "workspace/b/new",
            vec![link("workspace/a", "../../sentinel"), link("workspace/b", "a"), file("workspace/b/new")],
        ),
        (
            "workspace/d/e/new",
            vec![directory("workspace/d"), link("workspace/d/e", "../../.."), directory("workspace/d/e/new")],
        ),
        ("workspace/f/new", vec![file("workspace/f"), file("workspace/f/new")]),
        ("workspace/f/d/new", vec![file("workspace/f"), link("workspace/f/d/new", "x")]),
        ("workspace/hard", vec![hard("workspace/hard", &range.sentinel("victim"))]),
        ("workspace/hard", vec![hard("workspace/hard", "../sentinel/victim")]),
        ("workspace/hard", vec![hard("workspace/hard", "job.log")]),
        ("workspace/hard", vec![link("workspace/a", "../../sentinel"), hard("workspace/hard", "workspace/a/victim")]),
        ("workspace/hard", vec![link("workspace/a", &range.sentinel("victim")), hard("workspace/hard", "workspace/a")]),
        ("job.log", vec![link("job.log", &range.sentinel("victim"))]),
        ("rerun.sh", vec![file("rerun.sh")]),
        (".ci-tool/restore.ndjson", vec![link(".ci-tool/restore.ndjson", &range.sentinel("victim"))]),
        ("workspace", vec![link("workspace", "../sentinel")]),
        ("also/x", vec![link("also/x", "../../sentinel")]),
        ("also", vec![link("also", "../sentinel")]),
    ];
    let before = range.outside();
    for format in FORMATS {
        for (name, entries) in &cases {
            let id = range.plant(format, entries.clone(), |_| {}).await;
            for (verb, error) in ways_out(&range, &id).await {
                let error = error.unwrap_or_else(|| panic!("{verb} of {name:?} goes through"));
                assert_eq!(error.kind(), Kind::Corrupt, "{verb} of {name:?}: {error}");
                let text = format!("{error} {}", error.causes().join(" "));
                assert!(
                    text.contains(&format!("{name}\"")) || text.contains("new\""),
                    "{verb} of {name:?} says: {text}"
                );
                assert_eq!(range.outside(), before, "{verb} of {name:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_twice_is_refused() {
    let range = Range::new();
    let before = range.outside();
    for second in [file("workspace/a"), link("workspace/a", "/etc"), directory("workspace/a"), file("workspace/A")] {
        let tiles = vec![vec![file("workspace/a")], vec![second]];
        let id = range.plant_tiles(Format::Zip, tiles, |_| {}).await;
        for (verb, error) in ways_out(&range, &id).await {
            assert_eq!(error.map(|e| e.kind()), Some(Kind::Corrupt), "{verb}");
            assert_eq!(range.outside(), before, "{verb}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_only_windows_misreads_are_names_here() {
    let range = Range::new();
    let names = [
        "workspace/..\\..\\x",
        "workspace/C:",
        "workspace/NUL",
        "workspace/con.txt",
        "workspace/x.",
        "workspace/A",
        "workspace/a",
    ];
    let mut entries: Vec<Entry> = names.map(file).to_vec();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let before = range.outside();
    let id = range.plant(Format::Zip, entries, |_| {}).await;
    restore(&range.world, &id, &trees::into(&range.path("into"))).await.unwrap();
    for name in names {
        assert_eq!(fs::read(range.path("into").join(name)).unwrap(), CONTENT, "{name}");
    }
    fs::remove_dir_all(range.path("into")).unwrap();
    assert_eq!(range.outside(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_about_content_costs_only_the_file_it_is_told_of() {
    type Lie = fn(&mut u64, &mut Location, &mut [u8; 32]);
    let lies: [(&str, Lie); 11] = [
        ("a small size", |size, _, _| *size = 1),
        ("no size", |size, _, _| *size = 0),
        ("a large size", |size, _, _| *size = 1 << 40),
        ("the largest size", |size, _, _| *size = u64::MAX),
        ("an offset past the end", |_, l, _| l.offset = 1 << 40),
        ("the largest offset", |_, l, _| l.offset = u64::MAX),
        ("the largest length", |_, l, _| (l.stored, l.part) = (u64::MAX, 9)),
        ("a part that is not there", |_, l, _| (l.part, l.offset) = (u32::MAX, u64::MAX)),
        ("an unknown method", |_, l, _| (l.method, l.part) = (77, 9)),
        ("another method", |_, l, _| (l.method, l.part) = (8, 9)),
        ("another hash", |_, _, hash| hash[0] ^= 1),
    ];
    let range = Range::new();
    for format in FORMATS {
        for (what, lie) in lies {
            let into = range.path("into");
            let entries = vec![file("workspace/bad"), file("workspace/good"), file("workspace/more")];
            let id = range.plant(format, entries, |entry| {
                if let Content::File { hash, location, .. } = &mut entry.content
                    && entry.path.ends_with(b"bad")
                {
                    lie(&mut entry.size, location, hash);
                }
            });
            let id = id.await;
            let restored = restore(&range.world, &id, &trees::into(&into)).await.unwrap();
            let failed: Vec<_> = restored.failed.iter().map(|(path, e)| (path.as_str(), e.kind())).collect();
            assert_eq!(failed, [("workspace/bad", Kind::Corrupt)], "{what} {}", format.as_str());
            assert!(!into.join("workspace/bad").exists(), "{what}");
            for good in ["good", "more"] {
                assert_eq!(fs::read(into.join("workspace").join(good)).unwrap(), CONTENT, "{what}");
            }
            let to = Destination::Path(range.path("taken"));
            let error = get(&range.world, &id, "bad", to).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt, "{what}");
            assert!(!range.path("taken").exists(), "{what}");
            let request = export::Request { id: id.clone(), format: None, to: range.path("out.zip") };
            let exported = export(&range.world, &request).await.unwrap();
            assert_eq!(exported.failed.len(), 1, "{what}");
            fs::remove_file(range.path("out.zip")).unwrap();
            fs::remove_dir_all(into).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_share_their_bytes_are_each_verified() {
    let range = Range::new();
    for format in FORMATS {
        let into = range.path(format.as_str());
        let id = range.plant(format, vec![file("workspace/a"), file("workspace/b"), file("workspace/c")], |entry| {
            if let Content::File { location, .. } = &mut entry.content {
                let first = if format == Format::Zip { 43 } else { 0 };
                location.offset = if location.offset > first { location.offset } else { first };
                if entry.path.ends_with(b"c") {
                    location.offset = 1;
                }
            }
        });
        let id = id.await;
        let restored = restore(&range.world, &id, &trees::into(&into)).await.unwrap();
        for name in ["a", "b", "c"] {
            let bad = restored.failed.iter().any(|(path, _)| path.ends_with(name));
            let content = fs::read(into.join("workspace").join(name));
            assert!(if bad { content.is_err() } else { content.is_ok_and(|c| c == CONTENT) }, "{name}");
        }
        assert!(!restored.failed.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_were_there_before_are_not_followed() -> Result<()> {
    let range = Range::new();
    let before = range.outside();
    let id = range
        .plant(
            Format::Zip,
            vec![
                directory("workspace"),
                directory("workspace/d"),
                file("workspace/d/victim"),
                file("workspace/victim"),
            ],
            |_| {},
        )
        .await;
    let into = range.path("into");
    let sentinel = range.path("sentinel");
    let forced = Options { force: true, ..trees::into(&into) };
    // A link in place of a file is replaced; one in place of a directory is refused, wherever it leads.
    for (place, target, refused) in [
        ("workspace/victim", sentinel.join("victim"), false),
        ("job.log", sentinel.join("victim"), false),
        ("REPRO.md", sentinel.join("victim"), false),
        ("rerun.sh", sentinel.join("victim"), false),
        ("dump", sentinel.clone(), true),
        ("dump/victim.txt", sentinel.join("victim"), false),
        ("workspace/d", sentinel.join("d"), true),
        ("workspace/d", PathBuf::from("../mine"), true),
        ("workspace", sentinel.clone(), true),
        ("workspace", PathBuf::from("mine"), true),
        (".ci-tool", sentinel.join("d"), true),
        (".ci-tool/restore.ndjson", sentinel.join("victim"), true),
        (".ci-tool/restore.ndjson.lock", sentinel.join("victim"), true),
    ] {
        fs::create_dir_all(into.join("mine")).unwrap();
        fs::write(into.join("mine/victim"), "mine").unwrap();
        let at = into.join(place);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        symlink(&target, &at).unwrap();
        match restore(&range.world, &id, &forced).await {
            Ok(_) => {
                assert!(!refused, "{place} -> {}", target.display());
                assert!(fs::symlink_metadata(&at).unwrap().is_file(), "{place}");
            }
            Err(error) => {
                assert!(refused, "{place}: {error}");
                assert_eq!(error.kind(), Kind::Exists, "{place}: {error}");
                assert!(error.message().contains(&*at.to_string_lossy()), "{place}: {error}");
            }
        }
        assert_eq!(fs::read_to_string(into.join("mine/victim")).unwrap(), "mine", "{place}");
        assert_eq!(fs::read_dir(into.join("mine")).unwrap().count(), 1, "{place}");
        fs::remove_dir_all(&into).unwrap();
        assert_eq!(range.outside(), before, "{place}");
    }
    Ok(())
}
