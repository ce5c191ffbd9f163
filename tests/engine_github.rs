//! What only GitHub Actions has: branches that must go, limits, conclusions with several meanings, addresses elsewhere.

#[path = "support/github.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod fake;
#[path = "support/github_client.rs"]
mod github_client;
#[path = "support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;
#[path = "support/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod support;

use ci_tool::{
    engine::{Engine, Found, Query, Request, Spec, Submitted, github::Github},
    error::{Kind, RetryAfter},
    pipeline::run::{Run, State},
};
use fake::Fake;
use libtest_mimic::Trial;
use std::{collections::BTreeMap, future::Future, process::ExitCode, time::Duration};

fn main() -> ExitCode {
    let trials = vec![
        trial("a_branch_is_made_for_a_run_and_goes_when_it_is_let_go", a_branch_is_made_for_a_run),
        trial("a_refused_dispatch_leaves_no_branch", a_refused_dispatch_leaves_no_branch),
        trial("a_branch_whose_making_was_lost_goes", a_branch_whose_making_was_lost),
        trial("a_new_branch_that_is_not_seen_yet_is_waited_for", a_new_branch_that_is_not_seen_yet),
        trial("a_sweep_takes_what_a_killed_process_left_and_nothing_else", a_sweep_takes_what_was_left),
        trial("a_key_that_is_sent_again_is_the_same_run", a_key_that_is_sent_again_is_the_same_run),
        trial("an_older_server_names_no_run_and_it_is_found", an_older_server_names_no_run),
        trial("a_run_that_is_never_made_expires", a_run_that_is_never_made_expires),
        trial("limits_are_waited_for_and_never_taken_for_a_denial", limits_are_waited_for),
        trial("a_denial_is_a_denial", a_denial_is_a_denial),
        trial("ends_with_one_name_are_told_apart", ends_with_one_name_are_told_apart),
        trial("a_run_that_its_group_cancelled_was_coalesced", a_run_that_its_group_cancelled),
        trial("what_is_not_known_is_corrupt_and_named", what_is_not_known_is_corrupt),
        trial("a_token_goes_nowhere_else", a_token_goes_nowhere_else),
        trial("what_cannot_be_started_is_refused_before_anything_is_made", what_cannot_be_started_is_refused),
        trial("lists_are_read_page_by_page_as_far_as_wanted", lists_are_read_page_by_page),
        trial("many_runs_are_looked_at_with_one_question", many_runs_are_looked_at_with_one_question),
        trial("a_run_of_a_pull_request_says_nothing_of_its_revision", a_run_of_a_pull_request),
        trial("a_run_is_run_again_fifty_times_at_most", a_run_is_run_again_fifty_times),
        trial("an_input_carries_the_revision_where_the_settings_say_so", an_input_carries_the_revision),
        trial("settings_are_read_whole_or_refused", settings_are_read_whole_or_refused),
    ];
    let with_server = vec![Trial::test("a_client_of_others_understands_the_fake", || {
        github_client::check(&Fake::start());
        Ok(())
    })];
    support::run(trials, with_server, || ())
}

fn trial<F: Future<Output = ()> + 'static>(name: &str, test: fn(Hub) -> F) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(test(Hub::start()));
        Ok(())
    })
}

/// A fake and an engine on it.
struct Hub {
    fake: Fake,
    engine: Github,
}

impl Hub {
    fn start() -> Hub {
        let fake = Fake::start();
        let engine = fake::engine(&fake.url(), &fake::token());
        Hub { fake, engine }
    }

    /// A request for a job at the revision of a number.
    fn request(&self, job: &str, at: usize, key: &str) -> Request {
        let revision = self.fake.revisions()[at].clone();
        Request { job: job.into(), revision, key: key.into(), ..Request::default() }
    }

    async fn submit(&self, job: &str, at: usize, key: &str) -> Run {
        match self.engine.submit(&self.request(job, at, key)).await.unwrap() {
            Submitted::Run(run) => run,
            other => panic!("{other:?}"),
        }
    }

    async fn look(&self, run: &Run) -> Run {
        self.engine.observe(std::slice::from_ref(run)).await.unwrap().remove(0)
    }

    /// A run when it is over: each look brings it a step further.
    async fn over(&self, mut run: Run) -> Run {
        for _ in 0..10 {
            if run.state.is_over() {
                return run;
            }
            run = self.look(&run).await;
        }
        panic!("{run:?}");
    }

    fn asked(&self, method: &str, part: &str) -> usize {
        self.fake.asked().iter().filter(|asked| asked.method == method && asked.target.contains(part)).count()
    }
}

async fn a_branch_is_made_for_a_run(hub: Hub) {
    let run = hub.submit("pass", 1, "k-1").await;
    assert_eq!(hub.fake.branches(), ["k-1"]);
    assert_eq!(hub.fake.runs(), [("pass".to_owned(), hub.fake.revisions()[1].clone(), "k-1".to_owned())]);
    let run = hub.over(run).await;
    assert_eq!((run.key.as_deref(), hub.fake.branches().len()), (Some("k-1"), 1), "looking deletes nothing");
    hub.engine.release(&run).await.unwrap();
    assert!(hub.fake.branches().is_empty());
    hub.engine.release(&run).await.unwrap();
    let slow = hub.submit("slow", 1, "k-2").await;
    hub.engine.cancel(&slow).await.unwrap();
    let slow = hub.over(slow).await;
    hub.engine.release(&slow).await.unwrap();
    assert_eq!((slow.state, hub.fake.branches().len()), (State::Cancelled, 0));
    let all = hub.fake.asked();
    assert!(all.iter().all(|asked| asked.header("x-github-api-version") == "2022-11-28"));
}

async fn a_refused_dispatch_leaves_no_branch(hub: Hub) {
    for (refusal, expected) in [
        ((422, "Unexpected inputs provided: [\"x\"]"), Kind::Usage),
        ((403, "Resource not accessible by personal access token"), Kind::Denied),
        ((404, "Not Found"), Kind::NotFound),
    ] {
        hub.fake.set(|mood| mood.refuses = Some(refusal));
        let error = hub.engine.submit(&hub.request("pass", 0, "k")).await.unwrap_err();
        assert_eq!((error.kind(), hub.fake.branches().len()), (expected, 0), "{refusal:?}");
    }
    assert!(hub.fake.runs().is_empty());
    // Of a server error nobody knows: the branch stays to be found by.
    hub.fake.set(|mood| mood.refuses = Some((502, "Server Error")));
    let taken = hub.engine.submit(&hub.request("pass", 0, "k")).await.unwrap();
    assert!(matches!(taken, Submitted::Uncertain(_)), "{taken:?}");
    assert_eq!((hub.fake.branches(), hub.asked("POST", "/dispatches")), (vec!["k".to_owned()], 4));
}

async fn a_branch_whose_making_was_lost(hub: Hub) {
    hub.fake.set(|mood| mood.loses_ref = true);
    let error = hub.engine.submit(&hub.request("pass", 0, "k-1")).await.unwrap_err();
    assert_eq!((error.kind(), hub.fake.branches().len()), (Kind::Transient, 0));
    hub.submit("pass", 0, "k-1").await;
    assert_eq!(hub.fake.runs().len(), 1);
    // The key was used for another revision: nothing is started there.
    let error = hub.engine.submit(&hub.request("pass", 1, "k-1")).await.unwrap_err();
    assert_eq!((error.kind(), hub.fake.runs().len()), (Kind::Exists, 1));
}

async fn a_new_branch_that_is_not_seen_yet(hub: Hub) {
    hub.fake.set(|mood| mood.refuses = Some((422, "No ref found for: ci-tool/k")));
    hub.submit("pass", 0, "k").await;
    assert_eq!((hub.fake.runs().len(), hub.asked("POST", "/dispatches")), (1, 2));
}

async fn a_sweep_takes_what_was_left(hub: Hub) {
    let over = hub.submit("pass", 0, "k-over").await;
    hub.over(over).await;
    hub.submit("slow", 0, "k-runs").await;
    hub.fake.leave_branch("k-old", 0);
    hub.fake.leave_branch("k-new", 0);
    // Another process, after a kill.
    let engine = fake::engine(&hub.fake.url(), &fake::token());
    assert_eq!(engine.sweep().await.unwrap(), 2);
    assert_eq!(hub.fake.branches(), ["k-new", "k-runs"]);
}

async fn a_key_that_is_sent_again_is_the_same_run(hub: Hub) {
    let first = hub.submit("pass", 0, "k").await;
    let again = hub.submit("pass", 0, "k").await;
    assert_eq!((again.id, hub.fake.runs().len()), (first.id, 1));
    // A process that was killed between the branch and the dispatch has started nothing.
    hub.fake.leave_branch("k-2", 0);
    hub.submit("pass", 0, "k-2").await;
    assert_eq!(hub.fake.runs().len(), 2);
}

async fn an_older_server_names_no_run(hub: Hub) {
    hub.fake.set(|mood| mood.old = true);
    let run = hub.submit("pass", 0, "k-1").await;
    assert_eq!(hub.over(run).await.state, State::Succeeded);
    // It shows the run later.
    hub.fake.set(|mood| mood.late = 3);
    let run = hub.submit("pass", 1, "k-2").await;
    assert_eq!((run.id.as_str(), run.state), ("ref/k-2", State::Pending));
    assert_eq!(hub.engine.cancel(&run).await.unwrap_err().kind(), Kind::Transient);
    let run = hub.over(run).await;
    assert_eq!((run.state, run.key.as_deref()), (State::Succeeded, Some("k-2")));
    assert_ne!(run.id, "ref/k-2");
    // What was lost and shows later is found, not taken for absent.
    hub.fake.set(|mood| (mood.late, mood.loses_dispatch) = (2, true));
    let asked = hub.request("pass", 2, "k-3");
    assert!(matches!(hub.engine.submit(&asked).await.unwrap(), Submitted::Uncertain(_)));
    assert!(matches!(hub.engine.find(&asked).await.unwrap(), Found::Run(_)));
    // It does not even know the field: it has taken nothing, and is asked without it from then on.
    hub.fake.set(|mood| (mood.late, mood.strange_field) = (0, true));
    hub.submit("pass", 3, "k-4").await;
    hub.submit("pass", 4, "k-5").await;
    assert_eq!((hub.fake.runs().len(), hub.asked("POST", "/dispatches")), (5, 6));
}

async fn a_run_that_is_never_made_expires(hub: Hub) {
    let queued = |text: &str| Some(text.parse().unwrap());
    let lost = Run { key: Some("k".into()), ..Run::new("ref/k", "pass", State::Pending) };
    let young = hub.look(&Run { queued: queued("2026-01-01T11:55:00Z"), ..lost.clone() }).await;
    let old = hub.look(&Run { queued: queued("2026-01-01T11:45:00Z"), ..lost }).await;
    assert_eq!((young.state, old.state, old.detail.is_some()), (State::Pending, State::Expired, true));
}

async fn limits_are_waited_for(hub: Hub) {
    let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let soon = || "retry-after: 0\r\n".to_owned();
    // One that passes is waited for here.
    for (status, key) in [(403, "k-1"), (429, "k-2")] {
        hub.fake.set(|mood| mood.throttles = Some((1, status, soon(), secondary)));
        hub.submit("pass", 0, key).await;
    }
    assert_eq!(hub.fake.runs().len(), 2);
    // One that does not is told, with its time.
    let reset = "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 99999999999\r\n".to_owned();
    for (headers, text, least) in [
        ("retry-after: 600\r\n".to_owned(), secondary, 600),
        (reset, "API rate limit exceeded for user ID 1.", 3600),
        (String::new(), secondary, 60),
    ] {
        hub.fake.set(|mood| mood.throttles = Some((9, 403, headers, text)));
        let error = hub.engine.submit(&hub.request("pass", 0, "k-3")).await.unwrap_err();
        let after = error.cause::<RetryAfter>().map(|RetryAfter(after)| *after);
        assert_eq!(error.kind(), Kind::Transient, "{text} {error:?}");
        assert!(after >= Some(Duration::from_secs(least)), "{text} {after:?}");
    }
    hub.fake.set(|mood| mood.throttles = None);
    assert_eq!(hub.fake.runs().len(), 2, "what was refused was not started");
}

async fn a_denial_is_a_denial(hub: Hub) {
    hub.fake.set(|mood| {
        mood.throttles = Some((9, 403, String::new(), "Resource not accessible by personal access token"));
    });
    let error = hub.engine.submit(&hub.request("pass", 0, "k")).await.unwrap_err();
    assert!(error.kind() == Kind::Denied && error.hints().join(" ").contains("Contents"), "{error:?}");
    let shown = format!("{error:?}");
    assert!(!shown.contains(&fake::token()), "{shown}");
    let nobody = Spec { token_env: None, ..fake::spec(&hub.fake.url()) };
    let nobody = Github::open(&nobody, &fake::surroundings("")).unwrap();
    assert_eq!(nobody.submit(&hub.request("pass", 0, "k")).await.unwrap_err().kind(), Kind::Denied);
    assert!(nobody.check().await.iter().any(|check| check.what == "credentials" && check.holds == Some(false)));
}

async fn ends_with_one_name_are_told_apart(hub: Hub) {
    for (job, expected, word) in [
        ("fail", State::Failed, ""),
        ("lost", State::Infra, "lost communication"),
        ("timed", State::TimedOut, "maximum execution time"),
    ] {
        let run = hub.submit(job, 0, &format!("k-{job}")).await;
        let run = hub.over(run).await;
        assert_eq!(run.state, expected, "{job}");
        assert!(run.detail.unwrap_or_default().contains(word), "{job}");
        let query = Query { job: job.into(), ..Query::default() };
        assert_eq!(hub.engine.runs(&query).await.unwrap()[0].state, expected, "a list tells no less");
    }
    for (name, expected) in [
        ("neutral", State::SucceededWithIssues),
        ("stale", State::Expired),
        ("skipped", State::Skipped),
        ("startup_failure", State::Infra),
    ] {
        hub.fake.set(|mood| mood.conclusion = Some(name));
        let run = hub.submit("pass", 0, &format!("k-{}", name.replace('_', "-"))).await;
        assert_eq!(hub.over(run).await.state, expected, "{name}");
    }
}

async fn a_run_that_its_group_cancelled(hub: Hub) {
    for says_why in [true, false] {
        hub.fake.set(|mood| mood.says_why = says_why);
        let first = hub.submit("grouped", 0, &format!("k-1-{says_why}")).await;
        let second = hub.submit("grouped", 1, &format!("k-2-{says_why}")).await;
        let first = hub.over(first).await;
        assert_eq!((first.state, first.detail.is_some()), (State::Coalesced, true));
        assert_eq!(hub.over(second).await.state, State::Succeeded);
    }
    // One that was stopped from here was not, although a later one came.
    let first = hub.submit("pass", 0, "k-3").await;
    hub.engine.cancel(&first).await.unwrap();
    hub.submit("pass", 0, "k-4").await;
    assert_eq!(hub.over(first).await.state, State::Cancelled);
}

async fn what_is_not_known_is_corrupt(hub: Hub) {
    hub.fake.set(|mood| mood.conclusion = Some("WEIRD"));
    let run = hub.submit("pass", 0, "k").await;
    let mut error = None;
    for _ in 0..4 {
        error = hub.engine.observe(std::slice::from_ref(&run)).await.err();
    }
    let error = error.unwrap();
    assert!(error.kind() == Kind::Corrupt && format!("{error:?}").contains("WEIRD"), "{error:?}");
}

async fn a_token_goes_nowhere_else(hub: Hub) {
    let run = hub.submit("word", 0, "k").await;
    let run = hub.over(run).await;
    let mut log = Vec::new();
    hub.engine.log(&run, &mut log).await.unwrap();
    assert!(String::from_utf8_lossy(&log).starts_with("==> build <==\n"));
    let artifacts = hub.engine.artifacts(&run).await.unwrap();
    let names: Vec<_> = artifacts.iter().map(|artifact| (artifact.name.as_str(), artifact.size)).collect();
    assert_eq!(names, [("report.zip", Some(9))], "what has expired is not there");
    let mut zip = Vec::new();
    hub.engine.fetch(&artifacts[0], &mut zip).await.unwrap();
    assert!(zip.starts_with(b"PK"));
    let elsewhere = hub.fake.asked_of_storage();
    assert_eq!(elsewhere.len(), 2);
    for asked in elsewhere {
        assert_eq!((asked.header("authorization"), asked.header("x-github-api-version")), ("", ""));
        assert!(!format!("{asked:?}").contains(&fake::token()));
    }
}

async fn what_cannot_be_started_is_refused(hub: Hub) {
    for (job, word) in [("pushed", "workflow_dispatch"), ("disabled", "enable")] {
        let error = hub.engine.submit(&hub.request(job, 0, "k")).await.unwrap_err();
        assert!(error.kind() == Kind::Usage && error.hints().join(" ").contains(word), "{job} {error:?}");
    }
    let nowhere = Request { revision: "0".repeat(40), ..hub.request("pass", 0, "k") };
    let error = hub.engine.submit(&nowhere).await.unwrap_err();
    assert!(error.kind() == Kind::NotFound && error.message().contains("revision"), "{error:?}");
    assert_eq!(hub.asked("POST", ""), 0);
    // A job is found by each of its names.
    for (name, key) in [("pass", "k-1"), ("pass.yml", "k-2"), ("Passes", "k-3")] {
        hub.submit(name, 0, key).await;
    }
    let jobs = hub.engine.jobs(Some(&hub.fake.revisions()[0])).await.unwrap();
    let blocked: Vec<&str> = jobs.iter().filter(|job| job.blocked.is_some()).map(|job| job.name.as_str()).collect();
    assert_eq!(blocked, ["pushed.yml", "disabled.yml"]);
    let word = jobs.iter().find(|job| job.name == "word.yml").and_then(|job| job.parameters.clone());
    assert_eq!(word.map(|all| all.into_iter().map(|p| p.name).collect()), Some(vec!["word".to_owned()]));
}

async fn lists_are_read_page_by_page(hub: Hub) {
    hub.fake.set(|mood| mood.page = 2);
    for at in 0..5 {
        let run = hub.submit("pass", at, &format!("k-{at}")).await;
        hub.over(run).await;
    }
    let all = Query { job: "pass".into(), ..Query::default() };
    let runs = hub.engine.runs(&all).await.unwrap();
    let revisions: Vec<_> = runs.iter().rev().filter_map(|run| run.got_revision.clone()).collect();
    assert_eq!(revisions, hub.fake.revisions()[..5]);
    let pages = hub.asked("GET", "/runs?per_page");
    assert_eq!(pages, 3);
    let limited = Query { limit: Some(2), ..all.clone() };
    assert_eq!(hub.engine.runs(&limited).await.unwrap().len(), 2);
    let since = Query { since: Some("2026-01-01T00:04:00Z".parse().unwrap()), ..all };
    assert_eq!(hub.engine.runs(&since).await.unwrap().len(), 1);
    assert_eq!(hub.asked("GET", "/runs?per_page") - pages, 2, "a page each was enough");
}

async fn many_runs_are_looked_at_with_one_question(hub: Hub) {
    let mut runs = Vec::new();
    for n in 0..12 {
        runs.push(hub.submit("pass", n % 6, &format!("k-{n}")).await);
    }
    runs.insert(3, Run::new("4", "pass", State::Pending));
    let before = hub.fake.asked().len();
    let seen = hub.engine.observe(&runs).await.unwrap();
    assert_eq!(hub.fake.asked().len() - before, 2, "one for all, and one for the run that is not there");
    let ids = |runs: &[Run]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&seen), ids(&runs));
    assert_eq!((seen[3].state, seen[4].state), (State::Expired, State::Pending));
}

async fn a_run_of_a_pull_request(hub: Hub) {
    hub.fake.run_by("pull_request", "pass", 0);
    hub.fake.run_by("push", "pass", 0);
    let query = Query { job: "pass".into(), revisions: Some(hub.fake.revisions()), ..Query::default() };
    let runs = hub.engine.runs(&query).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].key.as_deref(), runs[0].state), (None, State::Succeeded));
    // Nobody's branch is deleted but ours.
    hub.engine.release(&runs[0]).await.unwrap();
    assert_eq!(hub.asked("DELETE", ""), 0);
}

async fn a_run_is_run_again_fifty_times(hub: Hub) {
    let run = hub.submit("fail", 0, "k").await;
    let run = hub.over(run).await;
    hub.fake.set_attempt(50);
    hub.engine.rerun_failed(&run).await.unwrap();
    let error = hub.engine.rerun_failed(&run).await.unwrap_err();
    assert_eq!((error.kind(), hub.asked("POST", "/rerun-failed-jobs")), (Kind::Unsupported, 1));
}

async fn an_input_carries_the_revision(hub: Hub) {
    let spec = Spec { revision_parameter: Some("word".into()), ..fake::spec(&hub.fake.url()) };
    let engine = Github::open(&spec, &fake::surroundings(&fake::token())).unwrap();
    let asked = hub.request("word", 2, "k");
    let Submitted::Run(run) = engine.submit(&asked).await.unwrap() else { panic!("not taken") };
    let mut log = Vec::new();
    engine.log(&hub.over(run).await, &mut log).await.unwrap();
    assert!(String::from_utf8_lossy(&log).contains(&asked.revision));
    assert_eq!(engine.submit(&hub.request("pass", 2, "k-2")).await.unwrap_err().kind(), Kind::Usage);
}

async fn settings_are_read_whole_or_refused(hub: Hub) {
    let good = fake::spec(&hub.fake.url());
    let kind = |spec: Spec| Github::open(&spec, &fake::surroundings("t")).err().map(|error| error.kind());
    let named = |name: &str| Spec { repository: Some(name.into()), ..fake::spec("https://github.example.org/api/v3/") };
    assert_eq!(kind(good.clone()), None);
    assert_eq!(kind(Spec { url: None, ..good.clone() }), None);
    assert_eq!(kind(named("o/r")), None);
    for name in ["", "o", "o/", "/r", "o/r/s", "o/..", "o/r?x"] {
        assert_eq!(kind(named(name)), Some(Kind::Usage), "{name:?}");
    }
    assert_eq!(kind(Spec { scheduler: Some("force".into()), ..good.clone() }), Some(Kind::Usage));
    assert_eq!(kind(Spec { url: Some("http://github.example.org".into()), ..good.clone() }), Some(Kind::Usage));
    let unset = ci_tool::engine::Surroundings { env: BTreeMap::new(), ..fake::surroundings("t") };
    assert_eq!(Github::open(&good, &unset).err().map(|error| error.kind()), Some(Kind::Denied));
}
