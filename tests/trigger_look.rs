//! What is told of jobs on a CI elsewhere: from its lists, and from what sessions have asked for and mean to.

#[path = "support/engine.rs"]
mod engine;

use async_trait::async_trait;
use ci_tool::{
    engine::{Artifact, Engine},
    error::{Kind, Result},
    ops::trigger::{
        artifacts::{Fate, File, download, targets},
        begin::{Begin, Begun},
        changes::{last_look, named_by_sessions, remember},
        ground::Ground,
        plan::{History, Plan, Wanted},
        session::Verb,
        status::{Grid, Sessions, look},
    },
    pipeline::{
        job::JobSpec,
        progress::Silent,
        run::{Run, State},
    },
    process::Stop,
    store,
    vcs::{Revision, Vcs, Walk},
    world::World,
};
use engine::Memory;
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

fn world(dir: &tempfile::TempDir) -> World {
    World {
        store: store::open(&dir.path().join("store").display().to_string(), &|_| None).unwrap(),
        env: BTreeMap::new(),
        progress: Arc::new(Silent),
        now: Timestamp::now,
        random: || [1; 10],
        stop: Stop::never(),
        dry_run: false,
    }
}

/// Nothing is looked up here.
struct Nowhere;

#[async_trait]
impl Vcs for Nowhere {
    async fn resolve(&self, _: &str) -> Result<Revision> {
        unreachable!()
    }
    async fn range(&self, _: &str, _: &str, _: &Walk) -> Result<Vec<Revision>> {
        unreachable!()
    }
    async fn back(&self, _: &str, _: usize, _: &Walk) -> Result<Vec<Revision>> {
        unreachable!()
    }
    async fn forward(&self, _: &str, _: usize, _: &Walk) -> Result<Vec<Revision>> {
        unreachable!()
    }
    async fn is_shallow(&self) -> bool {
        unreachable!()
    }
    async fn file(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>> {
        unreachable!()
    }
    async fn branch_of(&self, _: &str) -> Result<Option<String>> {
        unreachable!()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn revision(id: &str, seconds: i64) -> Revision {
    let (author, subject) = ("ada".into(), String::new());
    Revision { id: id.into(), number: None, author, date: at(seconds), subject, paths: Vec::new() }
}

fn run(job: &str, revision: &str, queued: i64) -> Run {
    let id = format!("{job}-{revision}");
    Run { revision: Some(revision.into()), queued: Some(at(queued)), ..Run::new(id, job, State::Succeeded) }
}

/// Begins a session that is to run `unit` at revisions.
async fn planned(world: &World, revisions: &[&str]) {
    let begin = Begin {
        verb: Verb::Range,
        engine: "memory".into(),
        title: "a test".into(),
        same: "x".into(),
        hunt: None,
        place: None,
        jobs: BTreeMap::new(),
        budget: 100,
        fresh: false,
    };
    let mut plan = Plan::default();
    let wanted = Wanted { job: "unit".into(), times: 2, ..Wanted::default() };
    plan.want(&wanted, revisions.iter().copied(), &History::default(), &[], &[]).unwrap();
    match begin.look(world).await.unwrap() {
        Begun::Nothing(opening) => drop(begin.begin(world, opening, plan).await.unwrap()),
        Begun::Before(_) => unreachable!(),
    }
}

async fn grid(world: &World, engine: Memory, revisions: &[Revision], jobs: &[&str]) -> Grid {
    let configured = BTreeMap::from([("unit".to_owned(), JobSpec::default())]);
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let ground = Ground { world, engine, vcs: &Nowhere, jobs: &configured };
    let sessions = Sessions::latest(world, "memory").await.unwrap();
    let jobs: Vec<String> = jobs.iter().map(|job| (*job).to_owned()).collect();
    look(&ground, &[], &sessions, revisions, &jobs).await.unwrap()
}

fn states(grid: &Grid) -> Vec<(&str, &str, &str)> {
    grid.cells.iter().map(|c| (c.job.as_str(), c.revision.as_str(), c.state.as_str())).collect()
}

#[tokio::test]
async fn what_lies_before_the_engines_memory_is_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Memory::new(|_, _, _| State::Succeeded);
    engine.add(run("unit", "b", 200));
    let revisions = [revision("a", 100), revision("b", 190), revision("c", 300)];
    let grid = grid(&world(&dir), engine, &revisions, &[]).await;
    // `build` and `perf` neither ran nor are they of the configuration.
    let expected = [("unit", "a", "unknown"), ("unit", "b", "succeeded"), ("unit", "c", "never_scheduled")];
    assert_eq!(states(&grid), expected);
    assert!(grid.cells[0].why.as_ref().unwrap().contains("begins at"), "{:?}", grid.cells[0].why);
}

#[tokio::test]
async fn what_a_session_means_to_ask_for_is_expected() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    planned(&world, &["a"]).await;
    let revisions = [revision("a", 100), revision("b", 200)];
    let grid = grid(&world, Memory::new(|_, _, _| State::Succeeded), &revisions, &["unit", "perf", "unit"]).await;
    assert_eq!(grid.jobs, ["unit", "perf"]);
    assert_eq!((grid.cells[0].state.as_str(), grid.cells[0].expected), ("expected", 2));
    assert!(grid.cells[1..].iter().all(|cell| cell.state.as_str() == "never_scheduled"), "{:?}", states(&grid));
}

#[tokio::test]
async fn the_last_look_and_the_sessions_of_an_engine_are_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    planned(&world, &["a"]).await;
    assert_eq!(named_by_sessions(&world, "memory").await.unwrap().into_iter().collect::<Vec<_>>(), ["unit"]);
    assert!(named_by_sessions(&world, "other").await.unwrap().is_empty());

    let jobs = ["unit".to_owned()].into();
    remember(&World { dry_run: true, ..world.clone() }, "memory", &jobs).await.unwrap();
    assert_eq!(last_look(&world, "memory").await.unwrap(), None);
    remember(&world, "memory", &jobs).await.unwrap();
    assert_eq!(last_look(&world, "memory").await.unwrap(), Some(jobs));
    assert_eq!(last_look(&world, "other").await.unwrap(), None);
}

#[tokio::test]
async fn of_a_file_that_did_not_come_whole_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    // It sends nothing of any file.
    let engine = Memory::new(|_, _, _| State::Succeeded);
    for (size, expected) in [(Some(5), Err(Kind::Transient)), (None, Ok(Fate::Written)), (Some(0), Ok(Fate::Kept))] {
        let artifact = Artifact { id: "1".into(), run: "7".into(), name: "a/b".into(), size, url: None };
        let files = [File { job: "unit".into(), artifact }];
        let fate = download(&engine, &targets(&files)[0], dir.path(), false).await;
        assert_eq!(fate.map_err(|error| error.kind()), expected, "{size:?}");
        let left: Vec<_> =
            std::fs::read_dir(dir.path().join("unit/7/a")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), usize::from(expected.is_ok()), "{left:?}");
    }
}
