//! The suite.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod support;

use async_trait::async_trait;
use ci_tool::{
    engine::{Engine, Found, Query, Request, Submitted},
    error::Kind,
    pipeline::run::{Run, State},
};
use libtest_mimic::{Failed, Trial};
use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    pin::Pin,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

/// The longest a run of a fixture's jobs may take; only a broken one does.
const LONGEST: Duration = Duration::from_secs(60);

/// A CI that the suite can run on. Its jobs: `pass` succeeds, `fail` fails, `slow` runs until it is stopped, `word` succeeds
/// and takes a parameter `word` (and only that), whose value its log shows.
#[async_trait]
pub trait Ci: Send + Sync {
    /// The engine on it.
    fn engine(&self) -> Arc<dyn Engine>;
    /// At least four revisions of one history, the oldest first.
    fn revisions(&self) -> Vec<String>;
    /// An engine on it whose credentials are not good; `None` where there are none.
    fn denied(&self) -> Option<Arc<dyn Engine>>;
    /// An engine on it at whose address nobody listens; `None` where there is no address.
    fn absent(&self) -> Option<Arc<dyn Engine>>;
    /// Takes the next submission, and loses the answer. Returns false where no answer can be lost.
    async fn lose_an_answer(&self) -> bool;
}

/// Makes a CI.
pub type Start = fn() -> Pin<Box<dyn Future<Output = Box<dyn Ci>> + Send>>;

/// One engine's way to be set up.
pub struct Fixture {
    /// The engine.
    pub name: &'static str,
    /// Whether it needs a server that is to be installed.
    pub needs_server: bool,
    /// Sets it up. Each test has one of its own.
    pub start: Start,
    /// Ends what was started, at the end of all.
    pub stop: fn(),
}

type Outcome = Result<(), Failed>;
type Case = fn(Arc<dyn Ci>) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

macro_rules! cases {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), |ci| Box::pin($name(ci)))),*] };
}

const CASES: &[(&str, Case)] = cases![
    a_good_job_succeeds_at_the_revision_asked_for,
    a_bad_job_fails,
    the_jobs_are_listed,
    an_unknown_job_is_not_found_and_similar_ones_are_named,
    a_revision_that_is_none_starts_nothing,
    runs_are_found_by_job_and_revision,
    n_requests_are_n_runs,
    a_parameter_reaches_the_job,
    a_parameter_that_is_not_declared_is_refused,
    a_stopped_run_is_cancelled,
    stopping_what_is_over_changes_nothing,
    a_log_is_read,
    a_key_finds_its_run,
    a_lost_answer_is_uncertain_and_found_again,
    bad_credentials_are_denied,
    nobody_there_is_transient,
    a_check_tells_what_holds,
    what_is_not_known_any_more_has_expired,
];

/// Runs every case on every fixture.
pub fn run(fixtures: &'static [Fixture]) -> ExitCode {
    let trials = |servers: bool| {
        let fixtures = fixtures.iter().filter(move |fixture| fixture.needs_server == servers);
        let pairs = fixtures.flat_map(|fixture| CASES.iter().map(move |case| (fixture, case)));
        pairs.map(|(fixture, (name, case))| trial(fixture, name, *case)).collect::<Vec<_>>()
    };
    let code = support::run(trials(false), trials(true), || ());
    fixtures.iter().for_each(|fixture| (fixture.stop)());
    code
}

fn trial(fixture: &'static Fixture, name: &str, case: Case) -> Trial {
    Trial::test(format!("{}::{name}", fixture.name), move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let ci: Arc<dyn Ci> = Arc::from((fixture.start)().await);
            case(ci).await
        })
    })
}

fn request(ci: &dyn Ci, job: &str, at: usize, key: &str) -> Request {
    let revision = ci.revisions()[at].clone();
    Request { job: job.into(), revision, key: format!("ci-tool-contract00-{key}-1"), ..Request::default() }
}

async fn submit(ci: &dyn Ci, request: &Request) -> Result<Run, Failed> {
    match ci.engine().submit(request).await {
        Ok(Submitted::Run(run)) => Ok(run),
        other => Err(format!("submitting {} gave {other:?}", request.job).into()),
    }
}

/// Looks at a run until it is as wanted.
async fn until(ci: &dyn Ci, mut run: Run, what: &str, wanted: impl Fn(&Run) -> bool) -> Result<Run, Failed> {
    let limit = Instant::now() + LONGEST;
    while !wanted(&run) {
        if Instant::now() > limit {
            return Err(format!("the run never was {what}: {run:?}").into());
        }
        ci.engine().changed(Duration::from_millis(20)).await;
        let seen = ci.engine().observe(std::slice::from_ref(&run)).await.map_err(|e| format!("{e:?}"))?;
        run = seen.into_iter().next().ok_or("no answer")?;
    }
    Ok(run)
}

async fn over(ci: &dyn Ci, run: Run) -> Result<Run, Failed> {
    until(ci, run, "over", |run| run.state.is_over()).await
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}").into()) }
}

async fn a_good_job_succeeds_at_the_revision_asked_for(ci: Arc<dyn Ci>) -> Outcome {
    for at in [0, 2] {
        let asked = request(&*ci, "pass", at, &format!("000{at}"));
        let run = over(&*ci, submit(&*ci, &asked).await?).await?;
        equal("state", run.state_at(&asked.revision), State::Succeeded)?;
        equal("revision", run.got_revision.clone().or(run.revision.clone()), Some(asked.revision.clone()))?;
        let told = (run.started.is_some(), run.ended.is_some(), run.seconds().is_some_and(|s| s < 3600.0));
        equal("times", told, (true, true, true))?;
    }
    Ok(())
}

async fn a_bad_job_fails(ci: Arc<dyn Ci>) -> Outcome {
    let run = over(&*ci, submit(&*ci, &request(&*ci, "fail", 1, "0001")).await?).await?;
    equal("state", run.state, State::Failed)
}

async fn the_jobs_are_listed(ci: Arc<dyn Ci>) -> Outcome {
    let head = ci.revisions().last().cloned();
    let jobs = ci.engine().jobs(head.as_deref()).await.map_err(|e| format!("{e:?}"))?;
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    for name in ["pass", "fail", "slow", "word"] {
        // GitHub's names are those of files.
        if !names.iter().any(|known| known.strip_suffix(".yml").unwrap_or(known) == name) {
            return Err(format!("{name} is not among {names:?}").into());
        }
    }
    Ok(())
}

async fn an_unknown_job_is_not_found_and_similar_ones_are_named(ci: Arc<dyn Ci>) -> Outcome {
    let error = match ci.engine().submit(&request(&*ci, "pss", 0, "0001")).await {
        Err(error) => error,
        Ok(done) => return Err(format!("it was taken: {done:?}").into()),
    };
    equal("kind", error.kind(), Kind::NotFound)?;
    equal("suggestion", error.hints().join(" ").contains("pass"), true)?;
    let query = Query { job: "pss".into(), ..Query::default() };
    equal("runs", ci.engine().runs(&query).await.map_err(|e| e.kind()), Err(Kind::NotFound))
}

async fn a_revision_that_is_none_starts_nothing(ci: Arc<dyn Ci>) -> Outcome {
    let none = "0123456789abcdef0123456789abcdef01234567".to_owned();
    let asked = Request { revision: none.clone(), ..request(&*ci, "pass", 0, "0001") };
    match ci.engine().submit(&asked).await {
        Err(error) => match error.kind() {
            Kind::Usage | Kind::NotFound => Ok(()),
            _ => Err(format!("{error:?}").into()),
        },
        // A CI that takes every name fails where it checks out, and never tells of another revision as of this one.
        Ok(Submitted::Run(run)) => {
            let run = over(&*ci, run).await?;
            equal("passed", run.state_at(&none) == State::Succeeded, false)
        }
        Ok(other) => Err(format!("{other:?}").into()),
    }
}

async fn runs_are_found_by_job_and_revision(ci: Arc<dyn Ci>) -> Outcome {
    let mut ids = BTreeMap::new();
    for at in [0, 1] {
        let asked = request(&*ci, "pass", at, &format!("000{at}"));
        let run = over(&*ci, submit(&*ci, &asked).await?).await?;
        ids.insert(asked.revision, run.id);
    }
    over(&*ci, submit(&*ci, &request(&*ci, "fail", 0, "0009")).await?).await?;
    let revisions = ci.revisions();
    for (asked, expected) in [
        (Some(vec![revisions[0].clone()]), vec![&revisions[0]]),
        (
            Some(vec![revisions[0].clone(), revisions[1].clone(), revisions[2].clone()]),
            vec![&revisions[1], &revisions[0]],
        ),
        (Some(vec![revisions[2].clone()]), vec![]),
        (None, vec![&revisions[1], &revisions[0]]),
    ] {
        let query = Query { job: "pass".into(), revisions: asked, ..Query::default() };
        let found = ci.engine().runs(&query).await.map_err(|e| format!("{e:?}"))?;
        let found: Vec<(&String, State)> = found.iter().map(|run| (&run.id, run.state)).collect();
        let expected: Vec<(&String, State)> = expected.into_iter().map(|r| (&ids[r], State::Succeeded)).collect();
        equal(&format!("runs of {query:?}"), found, expected)?;
    }
    let limited = Query { job: "pass".into(), limit: Some(1), ..Query::default() };
    equal("limited", ci.engine().runs(&limited).await.map_err(|e| format!("{e:?}"))?.len(), 1)
}

async fn n_requests_are_n_runs(ci: Arc<dyn Ci>) -> Outcome {
    let mut runs = Vec::new();
    let apart = ci.engine().abilities().waiting_apart;
    for n in 0..3 {
        let run = submit(&*ci, &request(&*ci, "pass", 0, &format!("000{n}"))).await?;
        // What would be folded into a request that waits has to wait for it to begin.
        let run = match apart {
            Some(1) => until(&*ci, run, "begun", |run| run.state != State::Pending).await?,
            _ => run,
        };
        runs.push(run);
    }
    let mut ids = HashSet::new();
    for run in runs {
        let run = over(&*ci, run).await?;
        equal("state", run.state, State::Succeeded)?;
        ids.insert(run.id);
    }
    equal("runs", ids.len(), 3)
}

async fn a_parameter_reaches_the_job(ci: Arc<dyn Ci>) -> Outcome {
    let parameters = BTreeMap::from([("word".to_owned(), "a b&c=\"d\"".to_owned())]);
    let asked = Request { parameters, ..request(&*ci, "word", 0, "0001") };
    let run = over(&*ci, submit(&*ci, &asked).await?).await?;
    equal("state", run.state, State::Succeeded)?;
    let mut log = Vec::new();
    ci.engine().log(&run, &mut log).await.map_err(|e| format!("{e:?}"))?;
    let log = String::from_utf8_lossy(&log).into_owned();
    if log.contains("a b&c=\"d\"") { Ok(()) } else { Err(format!("the log says {log:?}").into()) }
}

async fn a_parameter_that_is_not_declared_is_refused(ci: Arc<dyn Ci>) -> Outcome {
    let parameters = BTreeMap::from([("wrod".to_owned(), "x".to_owned())]);
    let asked = Request { parameters, ..request(&*ci, "word", 0, "0001") };
    match ci.engine().submit(&asked).await {
        Err(error) => equal("error", (error.kind(), format!("{error:?}").contains("wrod")), (Kind::Usage, true)),
        Ok(taken) => Err(format!("it was taken: {taken:?}").into()),
    }
}

async fn a_stopped_run_is_cancelled(ci: Arc<dyn Ci>) -> Outcome {
    let run = submit(&*ci, &request(&*ci, "slow", 0, "0001")).await?;
    let run = until(&*ci, run, "running", |run| run.state == State::Running).await?;
    ci.engine().cancel(&run).await.map_err(|e| format!("{e:?}"))?;
    equal("state", over(&*ci, run).await?.state, State::Cancelled)
}

async fn stopping_what_is_over_changes_nothing(ci: Arc<dyn Ci>) -> Outcome {
    let run = over(&*ci, submit(&*ci, &request(&*ci, "pass", 0, "0001")).await?).await?;
    ci.engine().cancel(&run).await.map_err(|e| format!("{e:?}"))?;
    equal("state", over(&*ci, run).await?.state, State::Succeeded)
}

async fn a_log_is_read(ci: Arc<dyn Ci>) -> Outcome {
    let run = over(&*ci, submit(&*ci, &request(&*ci, "fail", 0, "0001")).await?).await?;
    let mut log = Vec::new();
    ci.engine().log(&run, &mut log).await.map_err(|e| format!("{e:?}"))?;
    equal("a log", log.is_empty(), false)
}

async fn a_key_finds_its_run(ci: Arc<dyn Ci>) -> Outcome {
    let asked = request(&*ci, "pass", 0, "0001");
    let run = submit(&*ci, &asked).await?;
    let other = request(&*ci, "pass", 0, "0002");
    let found = ci.engine().find(&asked).await.map_err(|e| format!("{e:?}"))?;
    let absent = ci.engine().find(&other).await.map_err(|e| format!("{e:?}"))?;
    if !ci.engine().abilities().carries_keys {
        let unknown = matches!((&found, &absent), (Found::Unknown(_), Found::Unknown(_)));
        return equal("without keys nothing is claimed", unknown, true);
    }
    let Found::Run(found) = found else { return Err(format!("{found:?}").into()) };
    equal("absent", absent, Found::Absent)?;
    let (run, found) = (over(&*ci, run).await?, over(&*ci, found).await?);
    equal("run", run.id, found.id)
}

async fn a_lost_answer_is_uncertain_and_found_again(ci: Arc<dyn Ci>) -> Outcome {
    if !ci.lose_an_answer().await {
        return Ok(());
    }
    let asked = request(&*ci, "pass", 0, "0001");
    let taken = ci.engine().submit(&asked).await.map_err(|e| format!("{e:?}"))?;
    equal("uncertain", matches!(taken, Submitted::Uncertain(_)), true)?;
    match ci.engine().find(&asked).await.map_err(|e| format!("{e:?}"))? {
        Found::Run(run) => equal("state", over(&*ci, run).await?.state, State::Succeeded)?,
        Found::Unknown(candidates) => equal("candidates", candidates.is_empty(), false)?,
        Found::Absent => return Err("it arrived, and is said to be absent".into()),
    }
    let query = Query { job: "pass".into(), ..Query::default() };
    equal("runs", ci.engine().runs(&query).await.map_err(|e| format!("{e:?}"))?.len(), 1)
}

async fn bad_credentials_are_denied(ci: Arc<dyn Ci>) -> Outcome {
    let Some(engine) = ci.denied() else { return Ok(()) };
    let error = engine.submit(&request(&*ci, "pass", 0, "0001")).await.err();
    equal("kind", error.map(|e| e.kind()), Some(Kind::Denied))?;
    let checks = engine.check().await;
    let failed = checks.iter().find(|check| check.holds == Some(false));
    equal("a hint", failed.is_some_and(|check| check.hint.is_some()), true)
}

async fn nobody_there_is_transient(ci: Arc<dyn Ci>) -> Outcome {
    let Some(engine) = ci.absent() else { return Ok(()) };
    let error = engine.submit(&request(&*ci, "pass", 0, "0001")).await.err();
    equal("kind", error.map(|e| e.kind()), Some(Kind::Transient))?;
    let checks = engine.check().await;
    equal("address", checks.iter().any(|c| c.what == "address" && c.holds == Some(false) && c.hint.is_some()), true)
}

async fn a_check_tells_what_holds(ci: Arc<dyn Ci>) -> Outcome {
    let checks = ci.engine().check().await;
    equal("any", checks.is_empty(), false)?;
    let broken: Vec<_> = checks.iter().filter(|check| check.holds == Some(false)).collect();
    if broken.is_empty() { Ok(()) } else { Err(format!("{broken:?}").into()) }
}

async fn what_is_not_known_any_more_has_expired(ci: Arc<dyn Ci>) -> Outcome {
    let mut run = over(&*ci, submit(&*ci, &request(&*ci, "pass", 0, "0001")).await?).await?;
    // The same shape of id, of a run that never was.
    let last = run.id.pop().unwrap_or('0');
    run.id.extend([last, '9', '9', '9', '9']);
    run.state = State::Pending;
    let seen = ci.engine().observe(&[run]).await.map_err(|e| format!("{e:?}"))?;
    equal("state", seen.first().map(|run| (run.state, run.detail.is_some())), Some((State::Expired, true)))
}
