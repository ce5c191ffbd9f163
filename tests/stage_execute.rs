//! Runs of pipelines through the real journal and real processes: order, pools, failures, gates, approvals, what a kill leaves.

use async_trait::async_trait;
use ci_tool::{
    error::{Error, Kind, Result},
    ops::stage::{
        execute::{
            Again, Around, Beginning, Effects, Finished, Fresh, Options, Watcher, begin, execute, judge, read_log,
            take_up,
        },
        fingerprint::{Fingerprint, Parts},
        pipeline::{Pipeline, Stage, Target},
        run::{Event, Made, Owned},
        select::Asked,
        state::State,
    },
    pipeline::progress::Silent,
    process::{Stop, StopReason},
    store,
    world::World,
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
};

/// Remembers what was asked of it.
#[derive(Default)]
struct Recorder {
    published: Mutex<Vec<String>>,
    fresh: Mutex<BTreeMap<String, String>>,
    lines: Mutex<Vec<String>>,
    states: Mutex<Vec<(String, State)>>,
}

#[async_trait]
impl Effects for Recorder {
    async fn fingerprint(&self, _: &Stage, around: &Around) -> Result<Fingerprint> {
        let parts = Parts {
            schema: 1,
            command: around.command.clone(),
            directory: String::new(),
            env: BTreeMap::new(),
            files: BTreeMap::new(),
            needs: BTreeMap::new(),
        };
        Ok(Fingerprint { hash: around.command.clone(), parts, unmatched: Vec::new() })
    }

    async fn fresh(&self, stage: &Stage, _: &Around, print: &Fingerprint) -> Result<Option<Fresh>> {
        let fresh = self.fresh.lock().unwrap();
        let run = fresh.get(&format!("{}={}", stage.name, print.hash)).cloned();
        Ok(run.map(|run| Fresh { run, made: Vec::new() }))
    }

    async fn remember(&self, stage: &Stage, around: &Around, print: &Fingerprint, _: &[Made]) -> Result<()> {
        self.fresh.lock().unwrap().insert(format!("{}={}", stage.name, print.hash), around.run.to_string());
        Ok(())
    }

    async fn ran(&self) {}

    async fn finish(&self) -> Result<()> {
        Ok(())
    }

    async fn keep(&self, _: &Stage, _: &Around) -> Result<Vec<Made>> {
        Ok(Vec::new())
    }

    async fn publish(&self, stage: &Stage, _: &[Target], _: &Around) -> Result<String> {
        self.published.lock().unwrap().push(stage.name.clone());
        Ok("published".into())
    }

    async fn start(&self, _: &Stage, _: &str, _: &Around) -> Result<String> {
        Ok("started".into())
    }

    async fn job(&self, _: &Stage, _: &Around, _: Stop) -> Result<(State, String)> {
        Err(Error::new(Kind::Unsupported, "there are no engines here"))
    }
}

impl Watcher for Recorder {
    fn changed(&self, stage: &str, state: State, _: Option<&str>) {
        self.states.lock().unwrap().push((stage.into(), state));
    }

    fn line(&self, stage: &str, line: &str) {
        self.lines.lock().unwrap().push(format!("{stage}: {line}"));
    }
}

/// A directory, a store, a pipeline.
struct Place {
    dir: tempfile::TempDir,
    world: World,
    recorder: Arc<Recorder>,
}

impl Place {
    fn new() -> Place {
        static COUNTER: AtomicU8 = AtomicU8::new(1);
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            store: store::open(&dir.path().join("store").display().to_string(), &|_| None).unwrap(),
            env: std::env::vars().collect(),
            progress: Arc::new(Silent),
            now: Timestamp::now,
            random: || [COUNTER.fetch_add(1, Ordering::Relaxed); 10],
            stop: Stop::never(),
            dry_run: false,
        };
        Place { dir, world, recorder: Arc::default() }
    }

    fn live(&self) -> PathBuf {
        self.dir.path().join("live")
    }

    fn pipeline(&self, text: &str) -> Pipeline {
        Pipeline::parse(&self.dir.path().join("p.yaml"), text).unwrap()
    }

    async fn run(&self, pipeline: &Pipeline, owned: &mut Owned, at_once: usize) -> Result<Finished> {
        let variables = BTreeMap::new();
        let options = Options {
            at_once,
            directory: self.dir.path().to_path_buf(),
            live: self.live(),
            host: "here".into(),
            effects: self.recorder.clone(),
            watcher: self.recorder.clone(),
            variables: &variables,
        };
        execute(&self.world, owned, pipeline, &options).await
    }

    async fn all(&self, text: &str) -> (Pipeline, Owned, Finished) {
        let pipeline = self.pipeline(text);
        let mut owned = begin(&self.world, &pipeline, &Beginning::default()).await.unwrap();
        let finished = self.run(&pipeline, &mut owned, 4).await.unwrap();
        (pipeline, owned, finished)
    }

    async fn up(&self, owned: &mut Owned, pipeline: &Pipeline, again: Again) -> Result<()> {
        take_up(&self.world, owned, pipeline, again, "here", &self.live(), false).await
    }

    fn wrote(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(file)).unwrap_or_default()
    }
}

fn states(owned: &Owned, pipeline: &Pipeline) -> Vec<State> {
    owned.run.states(pipeline)
}

#[tokio::test]
async fn stages_run_after_what_they_need() {
    let place = Place::new();
    let (pipeline, owned, finished) = place
        .all("stages:\n  c: {run: 'echo c >> order', needs: [b]}\n  b: {run: 'echo b >> order', needs: [a]}\n  a: {run: 'echo a >> order'}\n")
        .await;
    assert_eq!((place.wrote("order").as_str(), finished), ("a\nb\nc\n", Finished::Done));
    assert_eq!(states(&owned, &pipeline), [State::Succeeded; 3]);
}

#[tokio::test]
async fn a_failure_blocks_what_needs_it_and_lets_the_others_finish() {
    let place = Place::new();
    let text = "stages:\n  a: {run: 'echo no >&2; exit 3'}\n  b: {run: 'touch b', needs: [a]}\n  c: {run: 'touch c'}\n";
    let (pipeline, owned, finished) = place.all(text).await;
    assert_eq!(states(&owned, &pipeline), [State::Failed, State::Waiting, State::Succeeded]);
    assert_eq!(finished, Finished::Done);
    assert!(!place.dir.path().join("b").exists());
    let log = read_log(&place.world.store, &owned.run.opening.run, "a", 1).await.unwrap();
    assert_eq!(String::from_utf8(log).unwrap(), "no\n");
    assert_eq!(owned.run.stages["a"].attempts[0].exit_code, Some(3));
}

#[tokio::test]
async fn a_skipped_stage_satisfies_what_needs_it() {
    let place = Place::new();
    let pipeline = place.pipeline("stages:\n  a: {run: 'exit 1'}\n  b: {run: 'touch b', needs: [a]}\n");
    let asked = Asked { skip: vec!["a".into()], ..Asked::default() };
    let mut owned = begin(&place.world, &pipeline, &Beginning { asked, ..Beginning::default() }).await.unwrap();
    place.run(&pipeline, &mut owned, 4).await.unwrap();
    assert_eq!(states(&owned, &pipeline), [State::Skipped, State::Succeeded]);
}

#[tokio::test]
async fn what_production_stands_on_is_left_out_only_by_somebody_for_a_reason() {
    let place = Place::new();
    let text = "stages:\n  a: {run: 'true'}\n  p: {needs: [a], publish: [{to: {test: ./t, production: ./p}}]}\n";
    let pipeline = place.pipeline(text);
    let asked = Asked { skip: vec!["a".into()], ..Asked::default() };
    let refused = begin(&place.world, &pipeline, &Beginning { asked: asked.clone(), ..Beginning::default() }).await;
    let error = refused.err().unwrap();
    assert!(error.kind() == Kind::Usage && error.message().contains("a, which"), "{error:?}");
    let who = Beginning { asked, by: Some("me".into()), reason: Some("tested by hand".into()), ..Beginning::default() };
    let mut owned = begin(&place.world, &pipeline, &who).await.unwrap();
    place.run(&pipeline, &mut owned, 4).await.unwrap();
    assert_eq!(*place.recorder.published.lock().unwrap(), ["p"]);
}

#[tokio::test]
async fn no_more_of_a_pool_run_at_once_than_it_has_room_for() {
    let place = Place::new();
    let one = "run: 'mkdir lock && sleep 0.05 && rmdir lock', pool: p";
    let stages: String = (0..6).map(|n| format!("  s{n}: {{{one}}}\n")).collect();
    let (pipeline, owned, _) = place.all(&format!("pools: {{p: 1}}\nstages:\n{stages}")).await;
    assert_eq!(states(&owned, &pipeline), [State::Succeeded; 6]);
}

#[tokio::test]
async fn a_stage_is_tried_again_as_often_as_it_says() {
    let place = Place::new();
    let text = "stages:\n  a: {run: 'echo x >> tries; test $(wc -l < tries) -ge 3', retries: 2}\n";
    let (pipeline, owned, _) = place.all(text).await;
    assert_eq!((states(&owned, &pipeline), owned.run.stages["a"].attempts.len()), (vec![State::Succeeded], 3));
    let place = Place::new();
    let (pipeline, owned, _) = place.all("stages:\n  a: {run: 'exit 1', retries: 1}\n").await;
    assert_eq!((states(&owned, &pipeline), owned.run.stages["a"].attempts.len()), (vec![State::Failed], 2));
}

#[tokio::test]
async fn issues_offer_the_gate_and_an_override_lets_the_rest_go_on() {
    let place = Place::new();
    let text =
        "stages:\n  a: {run: 'exit 7', issues: [7]}\n  gate: {override: a}\n  b: {run: 'touch b', needs: [gate]}\n";
    let (pipeline, mut owned, finished) = place.all(text).await;
    assert_eq!(finished, Finished::Waiting(vec!["gate".into()]));
    assert_eq!(states(&owned, &pipeline), [State::SucceededWithIssues, State::WaitingForApproval, State::Waiting]);
    let answer = Event::Answered {
        stage: "gate".into(),
        state: State::Overridden,
        by: "me".into(),
        reason: Some("a known flake".into()),
    };
    owned.tell(answer, ci_tool::journal::Lasting::Written).await.unwrap();
    assert_eq!(place.run(&pipeline, &mut owned, 4).await.unwrap(), Finished::Done);
    assert_eq!(states(&owned, &pipeline)[1..], [State::Overridden, State::Succeeded]);
}

#[tokio::test]
async fn a_gate_over_what_succeeded_is_passed_over() {
    let place = Place::new();
    let (pipeline, owned, _) =
        place.all("stages:\n  a: {run: 'true'}\n  gate: {override: a}\n  b: {run: 'true', needs: [gate]}\n").await;
    assert_eq!(states(&owned, &pipeline), [State::Succeeded, State::Skipped, State::Succeeded]);
}

#[tokio::test]
async fn nobody_answers_in_time() {
    for (on_timeout, expected) in [("reject", State::Failed), ("resume", State::Succeeded)] {
        let mut place = Place::new();
        let text = format!(
            "stages:\n  a: {{approval: {{timeout: 1h, on_timeout: {on_timeout}}}}}\n  b: {{run: 'true', needs: [a]}}\n"
        );
        let (pipeline, mut owned, finished) = place.all(&text).await;
        assert_eq!(finished, Finished::Waiting(vec!["a".into()]));
        judge(&place.world, &mut owned, &pipeline).await.unwrap();
        assert_eq!(states(&owned, &pipeline)[0], State::WaitingForApproval, "it is early");
        place.world.now = || Timestamp::now() + jiff::SignedDuration::from_hours(2);
        judge(&place.world, &mut owned, &pipeline).await.unwrap();
        assert_eq!(states(&owned, &pipeline)[0], expected);
    }
}

#[tokio::test]
async fn a_stage_that_takes_too_long_is_killed_with_its_children() {
    let place = Place::new();
    let text = "stages:\n  a: {run: '(sleep 1000; touch late) & wait', timeout: 1s}\n";
    let (pipeline, owned, _) = place.all(text).await;
    assert_eq!(states(&owned, &pipeline), [State::TimedOut]);
}

#[tokio::test]
async fn the_first_failure_ends_everything_where_that_is_wanted() {
    let place = Place::new();
    let pipeline =
        place.pipeline("stages:\n  a: {run: 'exit 1'}\n  b: {run: 'sleep 1000'}\n  c: {run: 'touch c', needs: [b]}\n");
    let mut owned =
        begin(&place.world, &pipeline, &Beginning { fail_fast: true, ..Beginning::default() }).await.unwrap();
    place.run(&pipeline, &mut owned, 4).await.unwrap();
    assert_eq!(states(&owned, &pipeline), [State::Failed, State::Cancelled, State::Waiting]);
}

#[tokio::test]
async fn an_interrupted_run_goes_on_with_what_was_not_done() {
    let mut place = Place::new();
    let pipeline = place.pipeline(
        "stages:\n  a: {run: 'echo a >> ran'}\n  b: {run: 'echo b >> ran; test -e go || sleep 1000', needs: [a]}\n  c: {run: 'echo c >> ran', needs: [b]}\n",
    );
    let mut owned = begin(&place.world, &pipeline, &Beginning::default()).await.unwrap();
    let (stopper, stop) = Stop::channel();
    place.world.stop = stop;
    let recorder = place.recorder.clone();
    let stopping = async {
        while !recorder.states.lock().unwrap().contains(&("b".into(), State::Running)) {
            tokio::task::yield_now().await;
        }
        stopper.stop(StopReason::Interrupt);
    };
    let (result, ()) = tokio::join!(place.run(&pipeline, &mut owned, 4), stopping);
    assert_eq!(result.unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(states(&owned, &pipeline), [State::Succeeded, State::Cancelled, State::Waiting]);
    std::fs::write(place.dir.path().join("go"), "").unwrap();
    place.world.stop = Stop::never();
    place.up(&mut owned, &pipeline, Again::Bad).await.unwrap();
    place.run(&pipeline, &mut owned, 4).await.unwrap();
    assert_eq!(states(&owned, &pipeline), [State::Succeeded; 3]);
    let ran = place.wrote("ran");
    assert_eq!((ran.matches('a').count(), ran.matches('c').count()), (1, 1));
}

#[tokio::test]
async fn a_file_that_was_mended_between_is_taken_up_and_both_are_kept() {
    let place = Place::new();
    let (pipeline, mut owned, _) = place.all("stages:\n  a: {run: 'exit 1'}\n  b: {run: 'true', needs: [a]}\n").await;
    let mended = place.pipeline("stages:\n  a: {run: 'exit 0'}\n  b: {run: 'true', needs: [a]}\n");
    place.up(&mut owned, &mended, Again::Bad).await.unwrap();
    place.run(&mended, &mut owned, 4).await.unwrap();
    assert_eq!(states(&owned, &mended), [State::Succeeded; 2]);
    let told = &owned.run.mended[0];
    assert_eq!((told.from.as_str(), told.to.as_str()), (pipeline.hash.as_str(), mended.hash.as_str()));
    assert!(told.differs[0].contains("a does \"exit 0\" instead of \"exit 1\""), "{:?}", told.differs);
}

#[tokio::test]
async fn what_did_not_change_is_passed_over_and_says_where_it_was_done() {
    let place = Place::new();
    let text = "stages:\n  a: {run: 'echo a >> ran', inputs: ['*.c']}\n";
    let (_, first, _) = place.all(text).await;
    let (pipeline, second, _) = place.all(text).await;
    assert_eq!((states(&second, &pipeline), place.wrote("ran").as_str()), (vec![State::UpToDate], "a\n"));
    let why = second.run.stages["a"].passed.as_ref().unwrap().why.clone().unwrap();
    assert!(why.contains(first.run.opening.run.as_str()), "{why}");
    let rerun = Beginning { rerun: true, ..Beginning::default() };
    let mut third = begin(&place.world, &pipeline, &rerun).await.unwrap();
    place.run(&pipeline, &mut third, 4).await.unwrap();
    assert_eq!(place.wrote("ran"), "a\na\n");
}

#[tokio::test]
async fn a_substitute_does_the_work_of_a_stage_for_one_run() {
    let place = Place::new();
    let pipeline = place.pipeline("stages:\n  a: {run: 'exit 1'}\n");
    let substituted = [("a".to_owned(), "echo instead".to_owned())].into();
    let mut owned = begin(&place.world, &pipeline, &Beginning { substituted, ..Beginning::default() }).await.unwrap();
    place.run(&pipeline, &mut owned, 4).await.unwrap();
    assert_eq!(states(&owned, &pipeline), [State::Succeeded]);
    assert_eq!(*place.recorder.lines.lock().unwrap(), ["a: instead"]);
}

#[tokio::test]
async fn a_record_that_was_altered_is_noticed() {
    let place = Place::new();
    let (_, owned, _) = place.all("stages:\n  a: {run: 'true'}\n").await;
    let id = owned.run.opening.run.clone();
    drop(owned);
    let file = place.dir.path().join(format!("store/journals/stage-run/{id}.ndjson"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"succeeded\"", "\"overridden\"")).unwrap();
    let error = ci_tool::ops::stage::run::read(&place.world, &id).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
}
