//! `ci-tool stage` where nothing runs: plans, drawings, coverage, and what is told of runs that the store has.

use crate::sandbox::Sandbox;
use ci_tool::{
    ops::stage::{
        pipeline::{Pipeline, Profile},
        run::{Event, Opening, Owned},
        select::{Asked, Reason},
        state::State,
    },
    pipeline::{id::Id, progress::Silent},
    process::Stop,
    world::World,
};
use jiff::Timestamp;
use std::{fs, path::Path, sync::Arc};

/// A sandbox with the example in its workspace.
pub fn release() -> Sandbox {
    let sandbox = Sandbox::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/release");
    for entry in fs::read_dir(example).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            sandbox.write(path.file_name().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
        }
    }
    sandbox
}

#[test]
fn a_plan_says_what_runs_and_why_not_and_writes_nothing() {
    let sandbox = release();
    let plan = ["stage", "plan", "validate-publish.yaml"];
    let ran =
        sandbox.tool(plan).args(["--skip", "validation", "--what-if", "source_code_validation,required_validation"]);
    ran.run().ok().prints(&[
        "validation  ",
        "skipped by --skip",
        "expected: 4h 20m",
        "critical path: required_validation → required_validation_override → vs_insertion",
        "without source_code_validation, required_validation: 3h 20m",
    ]);
    let json = sandbox.tool(plan).args(["--output", "json"]).run().ok().json();
    assert_eq!((json["expected_seconds"].as_u64(), json["kind"].as_str()), (Some(18_000), Some("validate")));
    assert_eq!(json["stages"].as_array().unwrap().len(), 18);
    let weighty = sandbox.tool(plan).args(["--skip", "required_validation"]).run().ok();
    weighty.says(&["production stands on required_validation: a run without needs --by and --reason"]);
    sandbox
        .tool(plan)
        .args(["--skip", "validatoin"])
        .run()
        .fails(2, &["no stage \"validatoin\"", "did you mean validation"]);
    sandbox.tool(plan).args(["--failed"]).run().fails(2, &["no earlier run of validate-publish"]);
    assert!(!sandbox.store().join("objects").exists(), "{:?}", sandbox.snapshot().keys());
}

#[test]
fn what_can_never_run_is_a_negative_verdict_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("p.yaml", "stages:\n  p: {publish: [{to: {production: ./p}}]}\n  q: {run: x, needs: [p]}\n");
    sandbox.tool(["stage", "plan", "p.yaml"]).run().ok();
    let test = sandbox.tool(["stage", "plan", "p.yaml", "--profile", "test"]).run().code(5);
    test.prints(&["p.yaml:2: error [no-target]: p: ", "p.yaml:3: error [unreachable]: q: it needs p"]);
    sandbox.write("c.yaml", "stages:\n  a: {run: x, needs: [b]}\n  b: {run: x, needs: [a]}\n");
    sandbox.tool(["stage", "plan", "c.yaml"]).run().fails(2, &["c.yaml:2: these stages need each other in a circle"]);
}

#[test]
fn two_pipelines_are_proved_to_cover_the_old_one() {
    let sandbox = release();
    let covers = ["stage", "plan", "prepare-artifacts.yaml", "--covers", "old.yaml"];
    let both = sandbox.tool(covers).args(["--with", "validate-publish.yaml"]).run().ok();
    both.prints(&["all 23 stages of release are there once, in order"]).says(&["new: start_validate_publish"]);
    sandbox.tool(covers).run().code(5).prints(&["old.yaml:", "staging_ring is missing"]);
    let twice = ["--with", "validate-publish.yaml", "--with", "prepare-artifacts.yaml"];
    sandbox.tool(covers).args(twice).run().code(5).prints(&["signing is there 2 times"]);
}

#[test]
fn a_drawing_becomes_a_pipeline_and_a_pipeline_a_drawing() {
    let sandbox = release();
    sandbox
        .tool(["stage", "import", "validate-publish.mmd", "--to", "drawn.yaml"])
        .run()
        .ok()
        .says(&["wrote drawn.yaml"]);
    sandbox.tool(["stage", "plan", "drawn.yaml"]).run().ok().prints(&["expected: 5h"]);
    let again = sandbox.tool(["stage", "import", "validate-publish.mmd", "--to", "drawn.yaml"]).run();
    again.fails(1, &["drawn.yaml is there already"]);
    sandbox.tool(["stage", "graph", "drawn.yaml", "--to", "drawn.mmd", "--dry-run"]).run().ok().says(&["would write"]);
    assert!(!sandbox.work().join("drawn.mmd").exists());
    sandbox.tool(["stage", "graph", "drawn.yaml", "--to", "drawn.mmd"]).run().ok();
    let first = sandbox.tool(["stage", "import", "drawn.mmd"]).run().ok().text();
    assert_eq!(
        first,
        fs::read_to_string(sandbox.work().join("drawn.yaml")).unwrap().replace("validate-publish", "drawn")
    );
    sandbox
        .tool(["stage", "graph", "drawn.yaml", "--format", "dot"])
        .run()
        .ok()
        .prints(&["digraph", "\"validation\" ->"]);
}

#[cfg(unix)]
#[test]
fn the_scripts_of_the_example_make_sign_and_check() {
    let sandbox = release();
    let sh = |args: &[&str]| sandbox.program("sh", args).run();
    sh(&["check.sh", "early"]).code(1).says(&["there is nothing to check"]);
    sh(&["prep.sh"]).ok();
    let built = |name: &str| fs::read(sandbox.work().join(name)).unwrap();
    let (package, signed) = ("built/packages/Example.Core.1.0.0.nupkg", "signed/packages/Example.Core.1.0.0.nupkg");
    let first = built(package);
    sh(&["prep.sh"]).ok();
    assert_eq!(built(package), first, "the same sources give the same bytes");
    sh(&["sign.sh"]).ok();
    let once = built(signed);
    sh(&["sign.sh"]).ok();
    assert_ne!(built(signed), once, "no two signatures are the same");
    sh(&["check.sh", "validation"]).ok().prints(&["validation: 3 files are signed"]);
    fs::write(sandbox.work().join(signed), &first).unwrap();
    sh(&["check.sh", "validation"]).code(1).says(&["Example.Core.1.0.0.nupkg is not signed"]);
}

fn random() -> [u8; 10] {
    [7; 10]
}

/// Puts a run into the store: the last byte of its id, how `prep` ended, and whether its failure was overridden.
fn plant(sandbox: &Sandbox, id: u8, ended: State, overridden: bool) -> String {
    let id = Id::from_random([id; 10]);
    let pipeline = Pipeline::read(&sandbox.work().join("prepare-artifacts.yaml")).unwrap();
    let store = ci_tool::store::open(&format!("file://{}", sandbox.store().display()), &|_| None).unwrap();
    let world = World {
        store,
        env: Default::default(),
        progress: Arc::new(Silent),
        now: Timestamp::now,
        random,
        stop: Stop::never(),
        dry_run: false,
    };
    let opening = Opening {
        run: id.clone(),
        pipeline: pipeline.name.clone(),
        file: "prepare-artifacts.yaml".into(),
        hash: pipeline.hash.clone(),
        profile: Profile::Test,
        asked: Asked::default(),
        left_out: [("sbom_generation".to_owned(), Reason::Skip)].into(),
        substituted: [("signing".to_owned(), "cp -r built signed".to_owned())].into(),
        handover: None,
        by: None,
        reason: None,
        rerun: false,
        resign: false,
        fail_fast: false,
    };
    let (stage, command) = ("prep".to_owned(), "sh prep.sh".to_owned());
    let mut events = vec![
        Event::Begun { stage: stage.clone(), attempt: 1, command, mark: "mark".into(), host: "host".into() },
        Event::Ended {
            stage: stage.clone(),
            attempt: 1,
            state: ended,
            why: Some("exit code 2".into()),
            exit_code: Some(2),
            made: Vec::new(),
            fingerprint: None,
        },
    ];
    if overridden {
        let reason = Some("known flake, bug 123".into());
        events.push(Event::Answered { stage, state: State::Overridden, by: "maria".into(), reason });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut owned = Owned::begin(&world, &pipeline, opening).await.unwrap();
        for event in events {
            owned.tell(event, ci_tool::journal::Lasting::Written).await.unwrap();
        }
    });
    id.to_string()
}

#[test]
fn a_run_is_told_explained_compared_and_drawn() {
    let sandbox = release();
    sandbox.tool(["stage", "status"]).run().ok().says(&["there are no runs"]);
    let failed = plant(&sandbox, 1, State::Failed, false);
    let overridden = plant(&sandbox, 2, State::Failed, true);
    let stage = |args: &[&str]| sandbox.tool(["stage"]).args(args).run();

    stage(&["status"]).ok().prints(&[&failed, &overridden, "prepare-artifacts", "2/6"]);
    let why = "overridden by maria: known flake, bug 123";
    stage(&["status", &overridden]).code(8).prints(&[
        "overridden",
        why,
        "skipped by --skip",
        "substituted: cp -r built signed",
    ]);
    let json = stage(&["status", &failed[..4], "--output", "json"]).code(8).json();
    assert_eq!((json["stages"][0]["state"].as_str(), json["outcome"].as_str()), (Some("failed"), Some("open")));
    assert_eq!(json["stages"][3]["state"], "skipped");

    let explained = stage(&["explain", &overridden, "prep"]).ok();
    explained.prints(&["prep: overridden", why, "exit code 2", &format!("log: stage/logs/{overridden}/prep.1.zst")]);
    stage(&["explain", &failed, "signing"]).ok().prints(&["it waits: prep_override is waiting", "cp -r built signed"]);
    stage(&["explain", &failed, "sining"]).fails(2, &["did you mean signing"]);
    stage(&["diff", &failed, &overridden]).ok().prints(&["prep: state failed → overridden", "prep: + answers"]);
    stage(&["diff", &failed, &failed]).ok().prints(&["no difference"]);
    let page = stage(&["graph", &overridden, "--format", "html"]).ok().text();
    assert!(page.contains("data-stage=\"prep\" data-state=\"overridden\""), "{page}");
    // What failed is done again with all that needs it; what was overridden is not.
    let plan = |run: &str| stage(&["plan", "prepare-artifacts.yaml", "--failed", run]).ok();
    plan(&failed).prints(&["expected: 2h"]);
    plan(&overridden).prints(&["expected: 1h 30m", &format!("overridden in the run {overridden}")]);
    stage(&["status", "zzzz"]).fails(1, &["there is no run zzzz"]);
}
