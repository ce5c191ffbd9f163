//! The engine that is this machine: what the contract of all engines does not say.

#[path = "support/ground.rs"]
mod ground;

use ci_tool::{
    engine::{Engine, EngineKind, Found, Query, Request, Spec, Submitted, local::Local},
    error::Kind,
    pipeline::run::{Run, State},
    process::StopReason,
};
use ground::Ground;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// The longest anything here may take; only what is broken does.
const LONGEST: Duration = Duration::from_secs(60);

fn request(job: &str, revision: &str) -> Request {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let key = format!("ci-tool-test-{}-1", NEXT.fetch_add(1, Ordering::Relaxed));
    Request { job: job.into(), revision: revision.into(), key, ..Request::default() }
}

async fn submit(engine: &Local, request: &Request) -> Run {
    match engine.submit(request).await.unwrap() {
        Submitted::Run(run) => run,
        other => panic!("{other:?}"),
    }
}

async fn until(engine: &Local, mut run: Run, wanted: impl Fn(&Run) -> bool) -> Run {
    let limit = Instant::now() + LONGEST;
    while !wanted(&run) {
        assert!(Instant::now() < limit, "{run:?}");
        engine.changed(Duration::from_millis(20)).await;
        run = engine.observe(&[run]).await.unwrap().remove(0);
    }
    run
}

async fn over(engine: &Local, run: Run) -> Run {
    until(engine, run, |run| run.state.is_over()).await
}

async fn ran(engine: &Local, asked: &Request) -> Run {
    over(engine, submit(engine, asked).await).await
}

async fn log(engine: &Local, run: &Run) -> String {
    let mut log = Vec::new();
    engine.log(run, &mut log).await.unwrap();
    String::from_utf8(log).unwrap()
}

async fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let limit = Instant::now() + LONGEST;
    while !condition() {
        assert!(Instant::now() < limit, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Every file below a directory with its content, and when it was changed.
fn content(dir: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(content(&path));
            found.insert(path.display().to_string(), (Vec::new(), entry.metadata().unwrap().modified().unwrap()));
        } else {
            let modified = entry.metadata().unwrap().modified().unwrap();
            found.insert(path.display().to_string(), (fs::read(&path).unwrap(), modified));
        }
    }
    found
}

fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

#[tokio::test]
async fn the_users_repository_is_only_read() {
    let mut ground = Ground::new();
    let first = ground.commit(&[("a", "1")]);
    // What is not on a branch, not packed, not committed, and in another work tree.
    ground.git(&["checkout", "--quiet", "--detach"]);
    let loose = ground.commit(&[("a", "2")]);
    ground.git(&["checkout", "--quiet", "main"]);
    let other = ground.path("other");
    ground.git(&["worktree", "add", "--quiet", "--detach", other.to_str().unwrap()]);
    fs::write(ground.repo().join("a"), "not committed").unwrap();
    fs::write(ground.repo().join("untracked"), "").unwrap();
    ground.job("mess", "echo x > a; echo x > new; git tag mine; git branch mine; git commit --quiet --all --message=x");

    let (before, trees) = (content(&ground.repo()), ground.git(&["worktree", "list"]));
    let engine = ground.engine(2);
    for revision in [&first, &loose] {
        let run = ran(&engine, &request("mess", revision)).await;
        // The second finds the tag of the first in the clone that all runs share.
        assert!(run.state.evidence().is_some(), "{run:?}");
    }
    engine.prune(Duration::ZERO).await.unwrap();
    assert!(content(&ground.repo()) == before, "a file changed");
    assert_eq!(ground.git(&["worktree", "list"]), trees);
}

#[tokio::test]
async fn revisions_are_had_from_anywhere() {
    let mut ground = Ground::new();
    let first = ground.commit(&[("a", "1")]);
    ground.job("show", "cat a; git rev-parse HEAD; git describe --tags --always");
    let engine = ground.engine(1);
    assert!(log(&engine, &ran(&engine, &request("show", &first)).await).await.contains(&first));

    // Each of them came after the clone: on a branch, on none, below a tag.
    let later = ground.commit(&[("a", "2")]);
    ground.git(&["checkout", "--quiet", "--detach"]);
    let lost = ground.commit(&[("a", "3")]);
    ground.git(&["checkout", "--quiet", "main"]);
    let tagged = ground.commit(&[("a", "4")]);
    ground.git(&["tag", "v1.0"]);
    for (revision, expected) in [(&later, "2"), (&lost, "3"), (&tagged, "4")] {
        let run = ran(&engine, &request("show", revision)).await;
        let log = log(&engine, &run).await;
        assert_eq!((run.state, run.got_revision.as_ref()), (State::Succeeded, Some(revision)));
        assert!(log.starts_with(&format!("{expected}{revision}")), "{log}");
        assert_eq!(log.contains("v1.0"), expected == "4", "{log}");
    }
    for wrong in ["main", &first[..10], "--all", &"0".repeat(40)] {
        assert_eq!(engine.submit(&request("show", wrong)).await.unwrap_err().kind(), Kind::Usage, "{wrong}");
    }
}

#[tokio::test]
async fn a_shallow_repository_has_what_it_has() {
    let mut ground = Ground::new();
    let old = ground.commit(&[("a", "1")]);
    let new = ground.commit(&[("a", "2")]);
    let url = format!("file://{}", ground.repo().display());
    let shallow = ground.path("shallow");
    ground.git_in(&ground.path(""), &["clone", "--quiet", "--depth=1", &url, shallow.to_str().unwrap()]);
    ground.job("show", "cat a");
    let mut around = ground.around();
    around.directory = shallow.clone();
    let before = content(&shallow);
    let engine = Local::open(&Spec::default(), &around).unwrap();
    assert_eq!(ran(&engine, &request("show", &new)).await.state, State::Succeeded);
    assert_eq!(engine.submit(&request("show", &old)).await.unwrap_err().kind(), Kind::Usage);
    let newer = ground.commit_in(&shallow, &[("a", "3")]);
    assert_eq!(log(&engine, &ran(&engine, &request("show", &newer)).await).await, "3");
    let head = before.keys().filter(|name| name.ends_with("/shallow")).count();
    assert_eq!(head, 1, "the repository was not shallow");
}

#[tokio::test]
async fn every_run_begins_with_a_clean_tree_but_for_what_it_keeps() {
    let mut ground = Ground::new();
    let first = ground.commit(&[("a", "1"), (".gitignore", "ignored\n")]);
    let second = ground.commit(&[("a", "2")]);
    let mess = "ls -A | tr '\\n' ' '; cat a; touch new ignored .git-not; mkdir -p empty cache/deep nested; \
                touch cache/deep/x; git init --quiet nested; echo x > a";
    ground.job("mess", mess).keep.push("cache".into());
    let engine = ground.engine(1);
    let mut logs = Vec::new();
    for revision in [&first, &first, &second, &first] {
        logs.push(log(&engine, &ran(&engine, &request("mess", revision)).await).await);
    }
    let later = ".git .gitignore a cache ";
    assert_eq!(logs, [".git .gitignore a 1", &format!("{later}1"), &format!("{later}2"), &format!("{later}1")]);
}

#[tokio::test]
async fn a_tree_that_a_job_broke_is_made_anew() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("break", "cat a; rm -rf .git; mkdir .git; touch left");
    ground.job("lock", r#"cat a; touch "$(git rev-parse --git-dir)/index.lock""#);
    let engine = ground.engine(1);
    for job in ["break", "lock", "break", "break"] {
        let run = ran(&engine, &request(job, &revision)).await;
        assert_eq!((run.state, log(&engine, &run).await.as_str()), (State::Succeeded, "1"), "{run:?}");
    }
}

#[tokio::test]
async fn what_a_job_tells_git_is_forgotten_with_it() {
    let mut ground = Ground::new();
    let first = ground.commit(&[("a", "1"), ("b/c", "1")]);
    let see = "cat a b/c; git config --get x.y;";
    for (job, mess) in [
        (
            "marks",
            "git update-index --skip-worktree a; git update-index --assume-unchanged b/c; echo x > a; echo x > b/c",
        ),
        ("narrows", "git sparse-checkout set --no-cone /a"),
        ("sets", "git config x.y z; git config core.bare false"),
        ("switches", "git checkout --quiet main"),
        (
            "dies",
            r#"touch "$(git rev-parse --git-common-dir)/packed-refs.lock" "$(git rev-parse --git-dir)/HEAD.lock""#,
        ),
        ("empties", r#"rm -rf "$(git rev-parse --git-common-dir)""#),
    ] {
        ground.job(job, &format!("{see} {mess}"));
    }
    let engine = ground.engine(1);
    ran(&engine, &request("sets", &first)).await;
    for job in ["marks", "narrows", "sets", "switches", "dies", "empties", "sets"] {
        let run = ran(&engine, &request(job, &first)).await;
        assert_eq!((run.state, log(&engine, &run).await.as_str()), (State::Succeeded, "11"), "{job}: {run:?}");
        let later = ground.commit(&[("other", job)]);
        let run = ran(&engine, &request(job, &later)).await;
        assert_eq!((run.state, log(&engine, &run).await.as_str()), (State::Succeeded, "11"), "{job}: {run:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_nobody_may_enter_stops_neither_its_run_nor_the_next() {
    // Root, who may enter everything, sees only that nothing else breaks.
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    let job = ground.job("locks", "mkdir -p dist out/deep; touch dist/x out/deep/y; chmod 0 out/deep; chmod 555 out");
    job.artifacts.push("dist/**".into());
    let engine = ground.engine(1);
    for _ in 0..3 {
        let run = ran(&engine, &request("locks", &revision)).await;
        assert_eq!(run.state, State::Succeeded, "{run:?}");
        assert_eq!(engine.artifacts(&run).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_build_that_is_forgotten_is_no_build_without_files() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("pass", "true");
    let engine = ground.engine(1);
    let build = ran(&engine, &request("pass", &revision)).await;
    engine.prune(Duration::ZERO).await.unwrap();
    let run = ran(&ground.engine(1), &Request { needs: vec![build], ..request("pass", &revision) }).await;
    assert_eq!(run.state, State::Infra);
    assert!(run.detail.as_ref().is_some_and(|detail| detail.contains("what the job pass made is gone")), "{run:?}");
}

#[tokio::test]
async fn submodules_follow_the_revision() {
    let mut ground = Ground::new();
    let inner = ground.repository("inner");
    ground.commit_in(&inner, &[("b", "1")]);
    let without = ground.commit(&[("a", "1")]);
    ground.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../inner", "sub"]);
    let with = ground.commit(&[]);
    let later = ground.commit_in(&inner, &[("b", "2")]);
    let sub = ground.repo().join("sub");
    ground.git_in(&sub, &["-c", "protocol.file.allow=always", "fetch", "--quiet"]);
    ground.git_in(&sub, &["checkout", "--quiet", &later]);
    let changed = ground.commit(&[]);
    ground.job("show", "cat sub/b || echo none; ls sub; touch sub/new; echo x > sub/b");
    let engine = ground.engine(1);
    for (revision, expected) in
        [(&with, "1b\n"), (&changed, "2b\n"), (&with, "1b\n"), (&without, "none"), (&with, "1b\n")]
    {
        let run = ran(&engine, &request("show", revision)).await;
        assert!(log(&engine, &run).await.contains(expected), "{run:?} {}", log(&engine, &run).await);
    }
}

#[tokio::test]
async fn a_checkout_that_fails_says_nothing_of_the_revision() {
    let mut ground = Ground::new();
    let gone = ground.path("gone").display().to_string();
    let modules = format!("[submodule \"sub\"]\n\tpath = sub\n\turl = {gone}\n");
    let head = ground.commit(&[("a", "1")]);
    ground.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},sub")]);
    fs::write(ground.repo().join(".gitmodules"), modules).unwrap();
    ground.git(&["add", ".gitmodules"]);
    ground.git(&["commit", "--quiet", "--message=x"]);
    let revision = ground.git(&["rev-parse", "HEAD"]);
    ground.job("pass", "true");
    let engine = ground.engine(1);
    let run = ran(&engine, &request("pass", &revision)).await;
    assert_eq!(run.state, State::Infra);
    assert!(run.detail.as_ref().is_some_and(|detail| detail.contains("gone")), "{run:?}");
    assert!(log(&engine, &run).await.contains("gone"));
    assert_eq!(ran(&engine, &request("pass", &head)).await.state, State::Succeeded, "the tree can be used again");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_of_a_run_outlives_it() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    let child = r#"setsid sleep 1000 & echo $! > "$PLACE/pid"; "#;
    ground.job("waits", &format!("{child} sleep 1000"));
    ground.job("late", &format!("{child} sleep 1000")).timeout = Some("1s".into());
    ground.job("leaves", child);
    let file = ground.path("pid");
    let pid = || fs::read_to_string(&file).unwrap_or_default().trim().to_owned();
    for (job, expected) in [
        ("waits", State::Cancelled),
        ("late", State::TimedOut),
        ("leaves", State::Succeeded),
        ("waits", State::Interrupted),
    ] {
        let _ = fs::remove_file(&file);
        let engine = ground.engine(1);
        let run = submit(&engine, &request(job, &revision)).await;
        wait_for("the child starts", || !pid().is_empty()).await;
        let run = match expected {
            State::Cancelled => {
                engine.cancel(&run).await.unwrap();
                over(&engine, run).await
            }
            State::Interrupted => {
                ground.stopper.stop(StopReason::Interrupt);
                over(&engine, run).await
            }
            _ => over(&engine, run).await,
        };
        assert_eq!(run.state, expected, "{job}");
        assert!(!lives(&pid()), "{job}: its child lives");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_engine_that_is_dropped_kills_what_it_runs() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("waits", r#"echo $$ > "$PLACE/pid"; sleep 1000"#);
    let engine = ground.engine(1);
    let run = submit(&engine, &request("waits", &revision)).await;
    let queued = submit(&engine, &request("waits", &revision)).await;
    let pid = || fs::read_to_string(ground.path("pid")).unwrap_or_default().trim().to_owned();
    wait_for("it starts", || !pid().is_empty()).await;
    let witness = ground.engine(1);
    let seen = witness.observe(&[run.clone(), queued.clone()]).await.unwrap();
    assert_eq!([seen[0].state, seen[1].state], [State::Running, State::Pending]);
    assert_eq!(witness.cancel(&run).await.unwrap_err().kind(), Kind::Unsupported);
    drop(engine);
    wait_for("it is killed", || !lives(&pid())).await;
    for run in [run, queued] {
        until(&witness, run, |run| run.state == State::Interrupted && run.detail.is_some()).await;
    }
}

#[tokio::test]
async fn a_run_that_waits_can_be_taken_back() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("slow", "sleep 1000");
    let engine = ground.engine(1);
    let first = submit(&engine, &request("slow", &revision)).await;
    let second = submit(&engine, &request("slow", &revision)).await;
    engine.cancel(&second).await.unwrap();
    let second = over(&engine, second).await;
    assert_eq!((second.state, second.started), (State::Cancelled, None));
    engine.cancel(&first).await.unwrap();
    over(&engine, first).await;
}

#[tokio::test]
async fn so_many_run_at_once_and_no_more() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    // Each says how many it sees, and waits until there are two, or nobody else is to come.
    ground.job(
        "count",
        r#"mkdir -p "$PLACE/now"; touch "$PLACE/now/$$"; n=0
           while [ $n -lt 500 ] && [ "$(ls "$PLACE/now" | wc -l)" -lt 2 ]; do n=$((n+1)); sleep 0.01; done
           ls "$PLACE/now" | wc -l; rm "$PLACE/now/$$""#,
    );
    let engine = ground.engine(2);
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(submit(&engine, &request("count", &revision)).await);
    }
    let mut most = 0;
    for run in runs {
        let run = over(&engine, run).await;
        most = most.max(log(&engine, &run).await.trim().parse::<u32>().unwrap());
    }
    assert_eq!(most, 2);
    assert_eq!(engine.abilities().at_once, Some(2));
}

#[tokio::test]
async fn two_engines_share_the_cache_and_no_tree() {
    let mut ground = Ground::new();
    let revisions: Vec<String> = (0..4).map(|n| ground.commit(&[("a", &n.to_string())])).collect();
    ground.job("own", r#"mkdir mine && cat a && sleep 0.02 && [ "$(ls)" = "$(printf 'a\nmine')" ]"#);
    let engines = [ground.engine(2), ground.engine(2)];
    let mut runs = Vec::new();
    for round in 0..3 {
        for (at, revision) in revisions.iter().enumerate() {
            let engine = &engines[(at + round) % 2];
            runs.push((engine, submit(engine, &request("own", revision)).await, at));
        }
    }
    for (engine, run, at) in runs {
        let run = over(engine, run).await;
        assert_eq!((run.state, log(engine, &run).await), (State::Succeeded, at.to_string()), "{run:?}");
    }
    let query = Query { job: "own".into(), ..Query::default() };
    assert_eq!(engines[0].runs(&query).await.unwrap(), engines[1].runs(&query).await.unwrap());
    assert_eq!(engines[0].runs(&query).await.unwrap().len(), 12);
}

#[tokio::test]
async fn what_a_job_made_reaches_the_jobs_that_need_it() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("build", "mkdir -p out/deep; echo made > out/deep/x; echo no > out.log; chmod +x out/deep/x; exit 1");
    ground.jobs.get_mut("build").unwrap().artifacts.push("out".into());
    ground.job("test", "cat out/deep/x; test -x out/deep/x").needs.push("build".into());
    let engine = ground.engine(1);
    let build = ran(&engine, &request("build", &revision)).await;
    assert_eq!(build.state, State::Failed, "what it made is kept all the same");
    let files = engine.artifacts(&build).await.unwrap();
    let named: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!(named, [("out/deep/x", Some(5))]);
    let mut bytes = Vec::new();
    engine.fetch(&files[0], &mut bytes).await.unwrap();
    assert_eq!(bytes, b"made\n");
    let mut wrong = files[0].clone();
    wrong.id = "../run.json".into();
    assert_eq!(engine.fetch(&wrong, &mut bytes).await.unwrap_err().kind(), Kind::NotFound);

    assert_eq!(ran(&engine, &request("test", &revision)).await.state, State::Failed, "it did not ask for it");
    let asked = Request { needs: vec![build], ..request("test", &revision) };
    let test = ran(&engine, &asked).await;
    assert_eq!((test.state, log(&engine, &test).await.as_str()), (State::Succeeded, "made\n"));
}

#[tokio::test]
async fn the_tree_of_a_failed_run_is_held_until_it_is_released() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("fail", "echo found > evidence; exit 1");
    ground.job("pass", "echo found > evidence");
    let engine = ground.engine(2);
    let pass = ran(&engine, &Request { hold: true, ..request("pass", &revision) }).await;
    assert_eq!(engine.held(&pass), None);
    let fail = ran(&engine, &Request { hold: true, ..request("fail", &revision) }).await;
    let tree = engine.held(&fail).unwrap();
    for _ in 0..3 {
        ran(&engine, &request("pass", &revision)).await;
    }
    engine.prune(Duration::ZERO).await.unwrap();
    assert_eq!(fs::read_to_string(tree.join("evidence")).unwrap(), "found\n");
    engine.release(&fail).await.unwrap();
    engine.release(&fail).await.unwrap();
    assert_eq!(engine.held(&fail), None);
    engine.prune(Duration::ZERO).await.unwrap();
    assert!(!tree.exists());
}

#[tokio::test]
async fn results_are_remembered_by_definition_and_revision() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("unit", "echo score: 4.5; exit 3").measure = Some(r"score: (?P<value>\S+)".into());
    ground.jobs.get_mut("unit").unwrap().parameters.insert("word".into(), Some("x".into()));
    let asked = request("unit", &revision);
    let engine = ground.engine(1);
    let run = ran(&engine, &asked).await;
    assert_eq!((run.state, run.exit_code, run.data["value"]), (State::Failed, Some(3), 4.5));
    drop(engine);

    let query = Query { job: "unit".into(), revisions: Some(vec![revision.clone()]), ..Query::default() };
    let again = ground.engine(1);
    assert_eq!(again.runs(&query).await.unwrap(), std::slice::from_ref(&run));
    assert_eq!(again.find(&asked).await.unwrap(), Found::Run(run.clone()));
    assert_eq!(submit(&again, &asked).await, run, "the same key is the same run");
    let later = Query { since: run.queued.map(|at| at + Duration::from_nanos(1)), ..query.clone() };
    assert_eq!(again.runs(&later).await.unwrap(), []);

    // With a parameter it is another job, and so it is with another command.
    let with = Request { parameters: [("word".into(), "y".into())].into(), ..request("unit", &revision) };
    ran(&again, &with).await;
    assert_eq!(again.runs(&query).await.unwrap().len(), 1);
    ground.jobs.get_mut("unit").unwrap().run = Some("true".into());
    let other = ground.engine(1);
    assert_eq!(other.runs(&query).await.unwrap(), []);
    assert_eq!(other.find(&asked).await.unwrap(), Found::Absent);
    assert_eq!(other.observe(std::slice::from_ref(&run)).await.unwrap(), [run], "its id finds it all the same");
}

#[tokio::test]
async fn a_result_of_another_machine_and_a_torn_record_are_left_out() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("pass", "true");
    let engine = ground.engine(1);
    let mut records = Vec::new();
    for _ in 0..3 {
        let run = ran(&engine, &request("pass", &revision)).await;
        records.push((engine.log_of(&run).await.unwrap().with_file_name("run.json"), run));
    }
    let text = fs::read_to_string(&records[0].0).unwrap();
    fs::write(&records[0].0, &text[..text.len() / 2]).unwrap();
    let mut foreign: serde_json::Value = serde_json::from_slice(&fs::read(&records[1].0).unwrap()).unwrap();
    foreign["host"]["kernel"] = "0.1".into();
    fs::write(&records[1].0, foreign.to_string()).unwrap();
    let query = Query { job: "pass".into(), ..Query::default() };
    assert_eq!(ground.engine(1).runs(&query).await.unwrap(), [records[2].1.clone()]);
}

#[tokio::test]
async fn old_runs_are_forgotten_when_asked() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("a", "1")]);
    ground.job("pass", "true");
    ground.job("slow", "sleep 1000");
    let engine = ground.engine(2);
    let old = ran(&engine, &request("pass", &revision)).await;
    let running = submit(&engine, &request("slow", &revision)).await;
    assert_eq!(engine.prune(Duration::from_secs(3600)).await.unwrap(), 0);
    assert_eq!(engine.prune(Duration::ZERO).await.unwrap(), 1);
    let seen = ground.engine(1).observe(&[old, running.clone()]).await.unwrap();
    assert_eq!(seen[0].state, State::Expired);
    assert!(!seen[1].state.is_over(), "{seen:?}");
    engine.cancel(&running).await.unwrap();
    over(&engine, running).await;
}

#[tokio::test]
async fn a_command_sees_what_it_was_given() {
    let mut ground = Ground::new();
    let revision = ground.commit(&[("below/a", "1")]);
    let show = ground.job("show", r#"cat a; echo " $one $two $CI $CI_TOOL_JOB $CI_TOOL_REVISION $GIT_DIR""#);
    show.directory = Some("below".into());
    show.env.insert("one".into(), "1".into());
    show.env.insert("two".into(), "2".into());
    ground.job("nowhere", "true").directory = Some("not".into());
    ground.job("unknown", "no-such-program-at-all");
    ground.job("must", "true").parameters.insert("word".into(), None);
    let mut around = ground.around();
    around.env.insert("GIT_DIR".into(), "/nowhere".into());
    let engine = Local::open(&Spec::default(), &around).unwrap();
    let asked = Request { env: [("two".into(), "3".into())].into(), ..request("show", &revision) };
    let run = ran(&engine, &asked).await;
    assert_eq!(log(&engine, &run).await, format!("1 1 3 true show {revision} \n"));
    for (job, code) in [("nowhere", None), ("unknown", Some(127))] {
        let run = ran(&engine, &request(job, &revision)).await;
        assert_eq!((run.state, run.exit_code, run.detail.is_some()), (State::Failed, code, true), "{job}");
    }
    assert_eq!(engine.submit(&request("must", &revision)).await.unwrap_err().kind(), Kind::Usage);
    let no_key = Request { key: "../x".into(), ..request("show", &revision) };
    assert_eq!(engine.submit(&no_key).await.unwrap_err().kind(), Kind::Usage);
}

#[tokio::test]
async fn settings_that_make_no_sense_and_places_without_a_repository_are_refused() {
    let ground = Ground::new();
    let around = ground.around();
    let plain = Spec { kind: Some(EngineKind::Local), ..Spec::default() };
    for spec in [
        Spec { at_once: Some(0), ..plain.clone() },
        Spec { url: Some("https://ci.example.org".into()), ..plain.clone() },
        Spec { project: Some("p".into()), ..plain.clone() },
    ] {
        assert_eq!(Local::open(&spec, &around).err().map(|e| e.kind()), Some(Kind::Usage), "{spec:?}");
    }
    let mut around = ground.around();
    around.directory = ground.path("");
    around.env.insert("GIT_CEILING_DIRECTORIES".into(), ground.path("..").display().to_string());
    around
        .jobs
        .insert("pass".into(), ci_tool::pipeline::job::JobSpec { run: Some("true".into()), ..Default::default() });
    let engine = Local::open(&plain, &around).unwrap();
    let checks = engine.check().await;
    assert!(checks.iter().any(|c| c.what == "repository" && c.holds == Some(false) && c.hint.is_some()), "{checks:?}");
    let error = engine.submit(&request("pass", &"0".repeat(40))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(!ground.path("cache").exists());
}

/// What another process runs is seen, and what it left when it was killed.
#[cfg(unix)]
#[tokio::test]
async fn what_a_killed_process_ran_reads_as_interrupted() {
    const PLACE: &str = "CI_TOOL_TEST_OTHER_PROCESS";
    // Nobody is left to stop it: it ends with the folder of the test.
    const SLOW: &str = r#"while [ -d "$PLACE" ]; do sleep 0.02; done"#;
    let revision_file = "revision";
    if let Ok(place) = std::env::var(PLACE) {
        // This is the other process: it runs until it is killed.
        let place = Path::new(&place);
        let mut ground = Ground::new();
        ground.job("slow", SLOW);
        let mut around = ground.around();
        (around.directory, around.cache) = (place.join("repo"), place.join("cache"));
        let engine = Local::open(&Spec::default(), &around).unwrap();
        let revision = fs::read_to_string(place.join(revision_file)).unwrap();
        let run = submit(&engine, &request("slow", &revision)).await;
        until(&engine, run, |run| run.state == State::Running).await;
        return std::future::pending().await;
    }
    let mut ground = Ground::new();
    ground.job("slow", SLOW);
    let revision = ground.commit(&[("a", "1")]);
    fs::write(ground.path(revision_file), &revision).unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_a_killed_process_ran_reads_as_interrupted"])
        .env(PLACE, ground.path(""))
        .env("TMPDIR", ground.path(""))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let engine = ground.engine(1);
    let query = Query { job: "slow".into(), ..Query::default() };
    let state = async || engine.runs(&query).await.unwrap().first().map(|run| run.state);
    let limit = Instant::now() + LONGEST;
    while state().await != Some(State::Running) {
        assert!(Instant::now() < limit, "the other process runs nothing");
        engine.changed(Duration::from_millis(20)).await;
    }
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(state().await, Some(State::Interrupted));
}
