//! What Treeherder tells, read from a strict fake.

#[path = "support/treeherder.rs"]
mod fake;
#[path = "support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;

use ci_tool::{
    engine::{Engine, EngineKind, Query, Request, Spec, Surroundings, treeherder::Treeherder},
    error::Kind,
    pipeline::run::{Run, State},
    process::Stop,
};
use fake::Fake;
use std::collections::BTreeMap;

fn around() -> Surroundings {
    Surroundings {
        name: "tree".into(),
        env: BTreeMap::new(),
        client: Default::default(),
        directory: "/".into(),
        cache: "/".into(),
        jobs: BTreeMap::new(),
        now: || "2026-01-01T12:00:00Z".parse().unwrap(),
        stop: Stop::never(),
    }
}

fn spec(fake: &Fake, project: &str) -> Spec {
    Spec {
        kind: Some(EngineKind::Treeherder),
        url: Some(fake.url()),
        project: Some(project.to_owned()),
        ..Spec::default()
    }
}

fn engine(fake: &Fake) -> Treeherder {
    Treeherder::open(&spec(fake, fake::PROJECT), &around()).unwrap()
}

fn of(job: &str, revisions: Option<Vec<String>>) -> Query {
    Query { job: job.into(), revisions, ..Query::default() }
}

fn kind<T: std::fmt::Debug>(result: ci_tool::error::Result<T>) -> Kind {
    result.unwrap_err().kind()
}

#[tokio::test]
async fn runs_are_told_with_their_states_the_latest_first() {
    let fake = Fake::start(None, None);
    let revisions: Vec<String> = (24..30).map(|at| fake.revision(at)).collect();
    let runs = engine(&fake).runs(&of("unit@linux", Some(revisions.clone()))).await.unwrap();
    let states: Vec<State> = runs.iter().map(|run| run.state).collect();
    let expected = [State::Pending, State::Running, State::Failed, State::Coalesced, State::Infra, State::Succeeded];
    assert_eq!(states, expected);
    let got: Vec<_> = runs.iter().rev().filter_map(|run| run.got_revision.clone()).collect();
    assert_eq!(got, revisions);
    assert_eq!((runs[5].seconds(), runs[0].started, runs[1].ended), (Some(60.0), None, None));
}

#[tokio::test]
async fn the_lists_are_read_to_their_ends_or_as_far_as_wanted() {
    let fake = Fake::start(Some(3), None);
    let engine = engine(&fake);
    // Thirty pushes are more than one page of them.
    assert_eq!(engine.runs(&of("unit@linux", None)).await.unwrap().len(), 30);
    // 2,502 jobs are more than one page of them.
    assert_eq!(engine.runs(&of("unit@linux", Some(vec![fake.revision(3)]))).await.unwrap().len(), 1);
    assert_eq!(engine.runs(&of("many@linux", Some(vec![fake.revision(3)]))).await.unwrap().len(), 2500);
    let before = fake.asked().len();
    let limited = Query { limit: Some(2), ..of("unit@linux", None) };
    let since = Query { since: Some("1970-04-26T17:40:00Z".parse().unwrap()), ..of("unit@linux", None) };
    assert_eq!(engine.runs(&limited).await.unwrap().len(), 2);
    let recent = engine.runs(&since).await.unwrap();
    assert!(!recent.is_empty() && recent.iter().all(|run| run.queued >= since.since), "{recent:?}");
    assert!(fake.asked()[before..].iter().filter(|asked| asked.target.contains("/push/")).count() <= 3);
}

#[tokio::test]
async fn a_job_that_did_not_run_somewhere_has_no_runs_and_one_that_is_none_is_not_found() {
    let fake = Fake::start(None, None);
    let engine = engine(&fake);
    let nowhere = Some(vec!["0".repeat(40)]);
    assert!(engine.runs(&of("unit@linux", nowhere.clone())).await.unwrap().is_empty());
    let error = engine.runs(&of("unti@linux", nowhere)).await.unwrap_err();
    assert!(error.kind() == Kind::NotFound && error.hints()[0].contains("unit@linux"), "{error:?}");
}

#[tokio::test]
async fn jobs_have_a_name_with_their_platform_and_the_third_tier_is_hidden() {
    let fake = Fake::start(None, None);
    for revision in [None, Some(fake.revision(1))] {
        let jobs = engine(&fake).jobs(revision.as_deref()).await.unwrap();
        let told: Vec<_> = jobs.iter().map(|job| (job.name.as_str(), job.hidden, job.blocked.is_some())).collect();
        assert_eq!(told, [("lint@linux", true, true), ("unit@linux", false, true)]);
    }
    assert!(engine(&fake).jobs(Some(&"0".repeat(40))).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_second_look_keeps_the_order_and_tells_of_what_is_gone() {
    let fake = Fake::start(None, None);
    let engine = engine(&fake);
    let mut runs = engine.runs(&of("unit@linux", None)).await.unwrap();
    runs.reverse();
    runs.insert(1, Run::new("4", "unit@linux", State::Pending));
    let before = fake.asked().len();
    let seen = engine.observe(&runs).await.unwrap();
    assert_eq!(fake.asked().len() - before, 1, "many runs are one question");
    let gone = seen.iter().position(|run| run.state == State::Expired);
    assert_eq!((gone, seen[1].detail.is_some()), (Some(1), true));
    runs.remove(1);
    let seen: Vec<&Run> = seen.iter().filter(|run| run.id != "4").collect();
    assert_eq!(seen, runs.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_not_known_is_corrupt_and_named() {
    let fake = Fake::start(None, Some(2));
    let error = engine(&fake).runs(&of("unit@linux", Some(vec![fake.revision(2)]))).await.unwrap_err();
    assert!(error.kind() == Kind::Corrupt && format!("{error:?}").contains("WEIRD"), "{error:?}");
}

#[tokio::test]
async fn a_log_is_read_from_where_it_lies() {
    let fake = Fake::start(None, None);
    let engine = engine(&fake);
    let run = |id: &str| Run::new(id, "unit@linux", State::Failed);
    let mut log = Vec::new();
    engine.log(&run("20"), &mut log).await.unwrap();
    assert_eq!(log, b"a line\n");
    assert_eq!(kind(engine.log(&run("21"), &mut log).await), Kind::NotFound);
}

#[tokio::test]
async fn it_starts_nothing_and_says_who_does() {
    let fake = Fake::start(None, None);
    let engine = engine(&fake);
    assert!(!engine.abilities().submits);
    let error = engine.submit(&Request::default()).await.unwrap_err();
    assert!(error.kind() == Kind::Unsupported && error.hints()[0].contains("Taskcluster"), "{error:?}");
    assert_eq!(kind(engine.cancel(&Run::new("1", "unit@linux", State::Running)).await), Kind::Unsupported);
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_check_tells_a_wrong_project_from_a_right_one() {
    let fake = Fake::start(None, None);
    assert!(engine(&fake).check().await.iter().all(|check| check.holds != Some(false)));
    let wrong = Treeherder::open(&spec(&fake, "autolnad"), &around()).unwrap().check().await;
    assert!(wrong[0].what == "project" && wrong[0].holds == Some(false) && wrong[0].hint.is_some(), "{wrong:?}");
}

#[test]
fn settings_of_other_systems_are_refused() {
    let fake = Fake::start(None, None);
    let refused = |spec: Spec| Treeherder::open(&spec, &around()).unwrap_err().kind();
    assert_eq!(refused(Spec { token_env: Some("T".into()), ..spec(&fake, "p") }), Kind::Usage);
    assert_eq!(refused(Spec { project: None, ..spec(&fake, "p") }), Kind::Usage);
}
