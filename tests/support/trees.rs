//! Directory trees with every oddity that a file system allows, and programs that are not ours to compare them.
#![allow(dead_code, reason = "each suite uses its part")]

use ci_tool::{
    capture::{
        history::Keep,
        save::{Happened, Request, save},
        secrets::Rules,
    },
    ops::repro::restore,
    pipeline::{env::EnvMap, id::LEN, progress::Silent, record::Format},
    process::Stop,
    store::Handle,
    world::World,
};
use globset::GlobSet;
use jiff::Timestamp;
use proptest::{prelude::*, sample::Index};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileExt, PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

pub const SECOND: i64 = 1_000_000_000;

/// What a file holds.
#[derive(Debug, Clone)]
pub enum Data {
    /// Bytes that no compressor makes smaller.
    Noise(u64, u64),
    /// The same few bytes over and over.
    Text(u64),
    /// A length, and islands of data in a sea of holes.
    Sparse(u64, Vec<(u64, u64)>),
}

#[derive(Debug, Clone)]
pub enum Kind {
    Directory,
    File(Data),
    Symlink(Vec<u8>),
    /// Another name of one of the files before it.
    HardLink(Index),
}

#[derive(Debug, Clone)]
pub struct Node {
    pub parent: Index,
    pub name: Vec<u8>,
    pub kind: Kind,
    pub mode: u32,
    pub mtime: i64,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let odd: Vec<&[u8]> = vec![
        b"-rf",
        b"--",
        b"a\nb",
        b"\n",
        b"'",
        b"\"q\"",
        b"a\\b",
        b"..\\x",
        b"C:",
        b"nul",
        b" ",
        b"...",
        b"\x01",
        b"\xff",
        b"\xc3\x28",
        b"tab\t",
        b"*",
        b"$(x)",
        b"e\xcc\x81",
        b"\xc3\xa9",
        b"README",
        b"readme",
        b"a.b",
        b"a-b",
        b"%s",
    ];
    prop_oneof![
        3 => "[a-c]{1,2}".prop_map(String::into_bytes),
        3 => proptest::sample::select(odd).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec((1..=255u8).prop_filter("a slash", |b| *b != b'/'), 1..12),
        1 => (0..5u8).prop_map(|n| [vec![b'l'; 254], vec![b'0' + n]].concat()),
    ]
    .prop_filter("a path", |name| name != b"." && name != b"..")
}

fn data() -> impl Strategy<Value = Data> {
    const EDGES: [u64; 10] = [0, 1, 4095, 4096, 4097, 131_071, 131_072, 131_073, 1_048_575, 1_048_577];
    let len = prop_oneof![4 => 0..300u64, 2 => proptest::sample::select(EDGES.to_vec())];
    let island = (0..1_000_000u64, 1..10_000u64);
    prop_oneof![
        3 => (len.clone(), any::<u64>()).prop_map(|(len, seed)| Data::Noise(len, seed)),
        3 => len.prop_map(Data::Text),
        2 => (1..2_000_000u64, proptest::collection::vec(island, 0..3))
            .prop_map(|(more, islands)| Data::Sparse(1_000_000 + more, islands)),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    let targets: Vec<&[u8]> = vec![
        b".",
        b"..",
        b"a",
        b"../a",
        b"/etc/passwd",
        b"/nonexistent",
        b"gone",
        b"a/b/c",
        b"\xff\n",
        b"b",
        b"/",
        b"./b/..",
    ];
    prop_oneof![
        4 => Just(Kind::Directory),
        6 => data().prop_map(Kind::File),
        2 => proptest::sample::select(targets).prop_map(|t| Kind::Symlink(t.to_vec())),
        2 => any::<Index>().prop_map(Kind::HardLink),
    ]
}

/// Trees of up to 40 entries.
pub fn tree() -> impl Strategy<Value = Vec<Node>> {
    let mode = prop_oneof![Just(0o644), Just(0o755), Just(0), Just(0o7777), 0..=0o7777u32];
    // Every nanosecond of 1902 to 2440; ext4 holds no more.
    let mtime = prop_oneof![
        0..2_000_000_000 * SECOND,
        -2_000_000_000 * SECOND..0,
        7_000_000_000 * SECOND..9_000_000_000 * SECOND,
        Just(-1),
        Just(0)
    ];
    let node = (any::<Index>(), name(), kind(), mode, mtime).prop_map(|(parent, name, kind, mode, mtime)| Node {
        parent,
        name,
        kind,
        mode,
        mtime,
    });
    proptest::collection::vec(node, 0..40)
}

/// Makes the tree in `root`, which exists. What has the name of something earlier is left out.
pub fn make(root: &Path, nodes: &[Node]) {
    let mut directories = vec![root.to_owned()];
    let mut files: Vec<PathBuf> = Vec::new();
    let mut made: Vec<(PathBuf, u32, i64, bool)> = Vec::new();
    for node in nodes {
        let path = node.parent.get(&directories).join(OsStr::from_bytes(&node.name));
        if fs::symlink_metadata(&path).is_ok() || path.as_os_str().len() > 3500 {
            continue;
        }
        match &node.kind {
            Kind::Directory => {
                fs::create_dir(&path).unwrap();
                directories.push(path.clone());
            }
            Kind::File(data) => {
                write(&path, data);
                files.push(path.clone());
            }
            Kind::Symlink(target) => symlink(OsStr::from_bytes(target), &path).unwrap(),
            Kind::HardLink(_) if files.is_empty() => continue,
            Kind::HardLink(first) => {
                fs::hard_link(first.get(&files), &path).unwrap();
                files.push(path.clone());
            }
        }
        made.push((path, node.mode, node.mtime, matches!(node.kind, Kind::Symlink(_))));
    }
    // Children before their parents, whose times they change and whose modes may shut them off.
    for (path, mode, mtime, link) in made.iter().rev() {
        dress(path, *mode, *mtime, *link);
    }
}

pub fn set_time(path: &Path, mtime: i64) {
    let at = Timespec { tv_sec: mtime.div_euclid(SECOND), tv_nsec: mtime.rem_euclid(SECOND) };
    let times = Timestamps { last_access: at, last_modification: at };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

pub fn write(path: &Path, data: &Data) {
    match data {
        Data::Noise(len, seed) => fs::write(path, noise(*len, *seed)).unwrap(),
        Data::Text(len) => {
            let line = b"all work and no play makes a dull build\n";
            fs::write(path, line.iter().copied().cycle().take(*len as usize).collect::<Vec<u8>>()).unwrap();
        }
        Data::Sparse(len, islands) => {
            let file = File::create(path).unwrap();
            file.set_len(*len).unwrap();
            for (at, size) in islands {
                let size = (*size).min(len.saturating_sub(*at));
                file.write_all_at(&noise(size, *at), *at).unwrap();
            }
        }
    }
}

/// xorshift64* (Vigna 2014).
pub fn noise(len: u64, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut out = Vec::with_capacity(len as usize + 8);
    while (out.len() as u64) < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        out.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    out.truncate(len as usize);
    out
}

/// Makes one entry that is no hard link.
pub fn node(parent: &Path, name: &[u8], kind: Kind, mode: u32, mtime: i64) -> PathBuf {
    let path = parent.join(OsStr::from_bytes(name));
    match &kind {
        Kind::Directory => fs::create_dir(&path).unwrap(),
        Kind::File(data) => write(&path, data),
        Kind::Symlink(target) => symlink(OsStr::from_bytes(target), &path).unwrap(),
        Kind::HardLink(_) => unreachable!("a hard link needs its first name"),
    }
    dress(&path, mode, mtime, matches!(kind, Kind::Symlink(_)));
    path
}

fn dress(path: &Path, mode: u32, mtime: i64, link: bool) {
    // Who is not root cannot read what it may not read, and loses set-id bits.
    let mode = if rustix::process::geteuid().is_root() { mode } else { mode & 0o777 | 0o700 };
    if !link {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    set_time(path, mtime);
}

/// Compares two trees with rsync, diff and find. Says what differs.
pub fn differences(left: &Path, right: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let slash = |p: &Path| [p.as_os_str(), OsStr::new("/")].join(OsStr::new(""));
    let mut rsync = Command::new("rsync");
    rsync.args(["-nacHS", "--modify-window=-1", "--delete", "--itemize-changes"]).arg(slash(left)).arg(slash(right));
    let mut diff = Command::new("diff");
    diff.args(["-r", "--no-dereference"]).arg(left).arg(right);
    for mut command in [rsync, diff] {
        let (ok, text) = output(&mut command);
        if !ok || !text.is_empty() {
            found.push(format!("{command:?} says: {text}"));
        }
    }
    let (left, right) = (listing(left), listing(right));
    for (path, one) in &left {
        match right.get(path) {
            Some(other) if one.same(other) => {}
            other => found.push(format!("{:?}: {one:?} became {other:?}", OsStr::from_bytes(path))),
        }
    }
    found.extend(right.keys().filter(|p| !left.contains_key(*p)).map(|p| format!("{:?} is new", OsStr::from_bytes(p))));
    found
}

/// What find says of one entry.
#[derive(Debug, Clone)]
pub struct Listed {
    pub kind: String,
    pub mode: String,
    pub mtime: String,
    pub size: u64,
    pub target: Vec<u8>,
    pub blocks: u64,
    /// The first name of the same file, and how many there are.
    pub first: Vec<u8>,
    pub links: String,
}

impl Listed {
    fn same(&self, other: &Listed) -> bool {
        let file = self.kind == "f";
        let holes = self.size.saturating_sub(self.blocks * 512);
        // find counts a file's blocks as the disk does: some come and go with its mood.
        let sparse = holes < 1 << 20 || other.blocks * 512 + (1 << 19) < self.size;
        self.kind == other.kind
            && (self.mode == other.mode || self.kind == "l")
            && self.mtime == other.mtime
            && self.target == other.target
            && (!file || (self.size == other.size && self.first == other.first && self.links == other.links && sparse))
    }
}

pub fn listing(root: &Path) -> BTreeMap<Vec<u8>, Listed> {
    let output =
        Command::new("find").arg(root).args(["-printf", r"%P\0%y\0%m\0%T@\0%s\0%l\0%b\0%i\0%n\0"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let fields: Vec<&[u8]> = output.stdout.split(|b| *b == 0).collect();
    let text = |f: &[u8]| String::from_utf8(f.to_vec()).unwrap();
    let mut found: Vec<(Vec<u8>, String, Listed)> = fields
        .chunks_exact(9)
        .map(|f| {
            let listed = Listed {
                kind: text(f[1]),
                mode: text(f[2]),
                mtime: text(f[3]),
                size: text(f[4]).parse().unwrap(),
                target: f[5].to_vec(),
                blocks: text(f[6]).parse().unwrap(),
                first: Vec::new(),
                links: text(f[8]),
            };
            (f[0].to_vec(), text(f[7]), listed)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut first: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let named = found.into_iter().map(|(path, inode, mut listed)| {
        listed.first = first.entry(inode).or_insert_with(|| path.clone()).clone();
        (path, listed)
    });
    named.collect()
}

/// Runs a program; whether it succeeded, and all it said.
pub fn output(command: &mut Command) -> (bool, String) {
    let output = command
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|e| panic!("{command:?} does not start ({e}): install rsync, diffutils, 7zip, unzip, python3"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Runs a program that must succeed.
pub fn must(command: &mut Command) -> String {
    let (ok, text) = output(command);
    assert!(ok, "{command:?} failed: {text}");
    text
}

/// A world with an empty environment, in which nothing is found on PATH.
pub fn world(store: Handle) -> World {
    World {
        store,
        env: EnvMap::new(),
        progress: Arc::new(Silent),
        now: Timestamp::now,
        random: || {
            let mut bytes = [0; LEN];
            getrandom::fill(&mut bytes).unwrap();
            bytes
        },
        stop: Stop::never(),
        dry_run: false,
    }
}

pub fn request(workspace: &Path, format: Format) -> Request {
    Request {
        workspace: workspace.to_owned(),
        also: vec![],
        job: None,
        owner: None,
        format,
        bases: Vec::new(),
        keep: Keep::All,
        exclude: vec![],
        exact: GlobSet::empty(),
        rules: Rules::new(&[], &[]).unwrap(),
        retain: Duration::from_secs(3600),
        dump: vec![],
        tools: vec![],
        ready: vec![],
        happened: Happened::default(),
    }
}

/// Saves `source`, and gives back the id.
pub async fn saved(world: &World, source: &Path, format: Format) -> String {
    save(world, &request(source, format)).await.unwrap().record.id.to_string()
}

pub fn into(path: &Path) -> restore::Options {
    restore::Options { into: path.to_owned(), ..restore::Options::default() }
}
