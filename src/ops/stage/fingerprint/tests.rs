use super::*;
use crate::{
    error::Kind,
    ops::stage::pipeline::Pipeline,
    pipeline::{id::Id, progress::Silent},
    process::Stop,
    store,
    world::World,
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::{fs, path::PathBuf, sync::Arc};

const TEXT: &str = "pipeline: Test\nstages:\n  a: {run: x}\n  b:\n    run: make\n    directory: d\n    needs: [a]\n    \
                    inputs: [one.txt, 'src/**/*.c', 'doc/*.md']\n    outputs: [{files: 'src/made/*.c'}, {files: out}]\n";

/// A tree, a store and a cache.
struct Ground {
    dir: tempfile::TempDir,
    world: World,
    pipeline: Pipeline,
}

impl Ground {
    fn new() -> Ground {
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            store: store::open(&dir.path().join("store").display().to_string(), &|_| None).unwrap(),
            env: BTreeMap::new(),
            progress: Arc::new(Silent),
            now: Timestamp::now,
            random: || [7; 10],
            stop: Stop::never(),
            dry_run: false,
        };
        let pipeline = Pipeline::parse(&dir.path().join("p.yaml"), TEXT).unwrap();
        let ground = Ground { dir, world, pipeline };
        for path in ["one.txt", "src/a.c", "src/deep/er/b.c", "doc/r.md", "doc/deep/s.md", "src/a.h", "src/.git/c.c"] {
            ground.write(path, path);
        }
        ground
    }

    fn directory(&self) -> PathBuf {
        self.dir.path().join("d")
    }

    fn write(&self, path: &str, content: &str) {
        let to = self.directory().join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, content).unwrap();
    }

    fn open(&self) -> Freshness {
        Freshness::open(&self.world, &self.dir.path().join("cache"), &self.pipeline)
    }

    fn print(&self, freshness: &mut Freshness) -> Fingerprint {
        freshness.ran();
        self.with(|subject| freshness.fingerprint(subject)).unwrap()
    }

    fn with<T>(&self, then: impl FnOnce(&Subject) -> T) -> T {
        let env = BTreeMap::from([("LEVEL".to_owned(), "2".to_owned()), ("TOKEN".to_owned(), "t".to_owned())]);
        let made = [made("lib", 3, "aa")];
        then(&Subject {
            stage: &self.pipeline.stages[1],
            command: "make",
            directory: &self.directory(),
            env: &env,
            secrets: &["TOKEN".to_owned()],
            needs: &[("a", &made)],
        })
    }
}

fn made(path: &str, size: u64, sha256: &str) -> Made {
    let (path, sha256) = (path.to_owned(), sha256.to_owned());
    Made { path, size, sha256, container: None, shipping: false, signed_by: None }
}

fn run(name: u8) -> Id {
    Id::from_random([name; 10])
}

#[test]
fn inputs_are_the_files_that_the_globs_match_and_not_what_the_stage_makes() {
    let ground = Ground::new();
    ground.write("src/made/x.c", "made");
    let print = ground.print(&mut ground.open());
    let paths: Vec<&str> = print.parts.files.keys().map(String::as_str).collect();
    assert_eq!(paths, ["doc/r.md", "one.txt", "src/a.c", "src/deep/er/b.c"]);
    assert!(print.unmatched.is_empty());
    fs::remove_file(ground.directory().join("one.txt")).unwrap();
    fs::remove_dir_all(ground.directory().join("doc")).unwrap();
    assert_eq!(ground.print(&mut ground.open()).unmatched, ["one.txt", "doc/*.md"]);
}

#[test]
fn every_part_counts_and_is_told() {
    let ground = Ground::new();
    let mut freshness = ground.open();
    let before = ground.print(&mut freshness);
    let one = |change: Change| Why(vec![change]);
    let edits: [(&dyn Fn(), Change); 3] = [
        (&|| ground.write("one.txt", "two.txt"), Change::Changed("one.txt".into())),
        (&|| ground.write("src/new.c", ""), Change::Added("src/new.c".into())),
        (&|| fs::remove_file(ground.directory().join("src/a.c")).unwrap(), Change::Removed("src/a.c".into())),
    ];
    let mut last = before.clone();
    for (edit, change) in edits {
        edit();
        let now = ground.print(&mut freshness);
        assert_ne!(now.hash, last.hash, "{change}");
        assert_eq!(reason(Some(&last.parts), &now.parts), one(change));
        last = now;
    }
    let mut env = BTreeMap::new();
    let needs = [made("lib", 3, "bb")];
    ground.with(|subject| {
        let subjects = [
            (Subject { command: "make -j", ..*subject }, Change::Command { was: "make".into(), is: "make -j".into() }),
            (Subject { needs: &[("a", &needs)], ..*subject }, Change::Need("a".into())),
            (Subject { needs: &[], ..*subject }, Change::Need("a".into())),
            (Subject { env: &env, ..*subject }, Change::Variable("LEVEL".into())),
        ];
        for (subject, change) in subjects {
            let now = freshness.fingerprint(&subject).unwrap();
            assert_ne!(now.hash, last.hash, "{change}");
            assert_eq!(reason(Some(&last.parts), &now.parts), one(change));
        }
    });
    env.insert("LEVEL".into(), "2".into());
    env.insert("TOKEN".into(), "renewed".into());
    let same = ground.with(|subject| freshness.fingerprint(&Subject { env: &env, ..*subject })).unwrap();
    assert_eq!((same.hash, reason(Some(&last.parts), &same.parts)), (last.hash.clone(), Why::default()));
    assert_eq!(reason(None, &last.parts), one(Change::Never));
    let many = Why((0..7).map(|at| Change::Added(at.to_string())).collect());
    assert!(many.to_string().ends_with("4 is new; and 2 more"), "{many}");
}

#[test]
fn what_leads_out_of_the_directory_is_refused() {
    let ground = Ground::new();
    for input in ["../p.yaml", "/etc/hosts", "src/../../p.yaml", "**/../x"] {
        let mut stage = ground.pipeline.stages[1].clone();
        stage.inputs = vec![input.into()];
        let error = ground.with(|s| ground.open().fingerprint(&Subject { stage: &stage, ..*s })).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{input}");
        assert!(error.message().contains("leads out"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_its_text_and_is_followed_nowhere() {
    use std::os::unix::fs::symlink;
    let ground = Ground::new();
    let at = |path: &str| ground.directory().join(path);
    fs::remove_file(at("one.txt")).unwrap();
    symlink("/nowhere/at/all", at("one.txt")).unwrap();
    symlink(ground.dir.path(), at("src/up")).unwrap();
    let print = ground.print(&mut ground.open());
    assert_eq!(print.parts.files["one.txt"], Input::Link { link: "/nowhere/at/all".into() });
    assert!(!print.parts.files.keys().any(|path| path.starts_with("src/up")));
    for input in ["src/up/p.yaml", "src/up/*"] {
        let mut stage = ground.pipeline.stages[1].clone();
        stage.inputs = vec![input.into()];
        let error = ground.with(|s| ground.open().fingerprint(&Subject { stage: &stage, ..*s })).unwrap_err();
        assert!(error.message().contains("goes through a link"), "{input}: {error}");
    }
}

#[tokio::test]
async fn a_success_is_found_by_this_machine_and_by_others() {
    let ground = Ground::new();
    let mut freshness = ground.open();
    let first = ground.print(&mut freshness);
    assert_eq!(freshness.lookup(&ground.world, "b", &first).await.unwrap(), None);
    assert!(last(&ground.world, "Test", "b").await.unwrap().is_none());
    let success = Success { run: run(1), made: vec![made("out", 1, "cc")] };
    assert!(ground.with(|subject| freshness.record(subject, &first, success.clone())).unwrap());
    freshness.keep(&ground.world).await.unwrap();

    ground.write("one.txt", "another");
    let second = ground.print(&mut freshness);
    assert_eq!(freshness.lookup(&ground.world, "b", &second).await.unwrap(), None);
    let again = Success { run: run(2), made: Vec::new() };
    assert!(ground.with(|subject| freshness.record(subject, &second, again.clone())).unwrap());
    freshness.keep(&ground.world).await.unwrap();

    let elsewhere = || Freshness::open(&ground.world, &ground.dir.path().join("other"), &ground.pipeline);
    for mut freshness in [ground.open(), elsewhere()] {
        assert_eq!(freshness.lookup(&ground.world, "b", &first).await.unwrap().as_ref(), Some(&success));
        assert_eq!(freshness.lookup(&ground.world, "b", &second).await.unwrap().as_ref(), Some(&again));
        assert_eq!(freshness.lookup(&ground.world, "a", &second).await.unwrap(), None);
    }
    let (_, parts) = last(&ground.world, "Test", "b").await.unwrap().unwrap();
    assert_eq!(parts, second.parts);
}

#[test]
fn a_success_whose_inputs_changed_meanwhile_is_not_remembered() {
    let ground = Ground::new();
    let mut freshness = ground.open();
    let before = ground.print(&mut freshness);
    ground.write("src/a.c", "src/b.c");
    freshness.ran();
    let success = Success { run: run(1), made: Vec::new() };
    assert!(!ground.with(|subject| freshness.record(subject, &before, success)).unwrap());
}

#[tokio::test]
async fn a_memory_that_is_damaged_is_forgotten() {
    let ground = Ground::new();
    let mut freshness = ground.open();
    let before = ground.print(&mut freshness);
    freshness.keep(&ground.world).await.unwrap();
    let files = fs::read_dir(ground.dir.path().join("cache/stage")).unwrap();
    let file = files.into_iter().next().unwrap().unwrap().path();
    let whole = fs::read(&file).unwrap();
    for damage in [&whole[..whole.len() / 2], b"", b"{\"schema\":99,\"files\":{},\"stages\":{}}"] {
        fs::write(&file, damage).unwrap();
        assert_eq!(ground.print(&mut ground.open()), before);
    }
}

#[test]
fn what_was_made_and_is_no_more_is_missed() {
    let ground = Ground::new();
    ground.write("out", "abc");
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let (own, other) = ([made("out", 3, sha256)], [made("out", 3, &sha256.replace('b', "c"))]);
    let mut freshness = ground.open();
    assert_eq!(freshness.missing(&ground.directory(), &own).unwrap(), None);
    assert_eq!(freshness.missing(&ground.directory(), &other).unwrap(), Some(&other[0]));
    for edit in ["abd", "abcd"] {
        ground.write("out", edit);
        assert_eq!(freshness.missing(&ground.directory(), &own).unwrap(), Some(&own[0]), "{edit}");
    }
    fs::remove_file(ground.directory().join("out")).unwrap();
    assert_eq!(freshness.missing(&ground.directory(), &own).unwrap(), Some(&own[0]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Edits of one size, in quick succession, with old times, by replacing: the cases in which times tell nothing.
    #[test]
    fn what_is_remembered_is_what_a_fresh_look_finds(edits in prop::collection::vec((0u8..5, 0usize..3, 0u8..3), 1..24)) {
        let ground = Ground::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut freshness = ground.open();
        for (how, which, content) in edits {
            let path = ground.directory().join(["one.txt", "src/a.c", "src/deep/er/b.c"][which]);
            match how {
                0 => fs::write(&path, [content]).unwrap(),
                1 => drop(fs::remove_file(&path)),
                2 => {
                    let beside = path.with_extension("tmp");
                    fs::write(&beside, [content]).unwrap();
                    fs::rename(beside, &path).unwrap();
                }
                3 => {
                    fs::write(&path, [content]).unwrap();
                    let file = fs::File::options().write(true).open(&path).unwrap();
                    file.set_modified(std::time::UNIX_EPOCH).unwrap();
                }
                _ => {
                    runtime.block_on(freshness.keep(&ground.world)).unwrap();
                    freshness = ground.open();
                }
            }
            let remembered = ground.print(&mut freshness);
            let nothing = ground.dir.path().join("nothing");
            let fresh = ground.print(&mut Freshness::open(&ground.world, &nothing, &ground.pipeline));
            prop_assert_eq!(remembered, fresh);
        }
    }
}
