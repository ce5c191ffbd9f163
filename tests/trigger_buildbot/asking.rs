//! How many runs there are in the end, and what is said of them.

use crate::{
    real::{ADMIN, Buildbot, Options, password},
    shared,
    world::{Desk, builds, open, until},
};

pub fn each_revision_gets_as_many_runs_as_it_should_have_and_no_more() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    let range = "range @1..@3 --job pass --wait";
    desk.on(&format!("{range} --times 3")).ok().says(&["6 requested, 6 ran"]);
    assert_eq!(desk.passed("pass", 1..5), [0, 3, 3, 0]);
    desk.on(&format!("{range} --times 3")).ok().says(&["nothing is to be triggered"]);
    assert_eq!(desk.requests("pass", 1..5), [0, 3, 3, 0]);
    desk.on(&format!("{range} --times 4")).ok().says(&["2 requested, 2 ran"]);
    assert_eq!(desk.passed("pass", 1..5), [0, 4, 4, 0]);
    // Nothing was folded on the way: as many requests as builds.
    assert_eq!(desk.requests("pass", 1..5), [0, 4, 4, 0]);
}

/// Buildbot folds what waits into what comes later.
pub fn a_request_that_was_folded_into_somebody_elses_is_issued_again() {
    let bb = Buildbot::start(Options { worker: false, ..Options::default() });
    let desk = Desk::new(&bb, "");
    let running = desk.begin("range @2 --job pass --times 2 --wait");
    until("our first request", || desk.requests("pass", [2]) == [1]);
    bb.force("pass", desk.revision(2), "by hand");
    bb.start_worker();
    running.wait().ok().says(&["2 requested, 2 ran, 2 passed, 1 collapsed and issued again"]);
    // Theirs and both of ours; one request of ours never had a build.
    assert_eq!((desk.passed("pass", [2]), desk.requests("pass", [2])), (vec![3], vec![3]));
}

/// Their request waits, and would be folded into ours.
pub fn what_waits_for_somebody_else_is_not_folded_away() {
    let bb = Buildbot::start(Options { worker: false, ..Options::default() });
    let desk = Desk::new(&bb, "");
    bb.force("pass", desk.revision(2), "by hand");
    let running = desk.begin("range @2 --job pass --times 3 --wait");
    bb.start_worker();
    // One of three is theirs.
    running.wait().ok().says(&["2 requested, 2 ran"]);
    assert_eq!((desk.passed("pass", [2]), desk.requests("pass", [2])), (vec![3], vec![2]));
}

pub fn without_waiting_the_rest_is_left_to_watch() {
    let bb = Buildbot::start(Options { worker: false, ..Options::default() });
    let desk = Desk::new(&bb, "");
    // All is asked for, and nothing is held back.
    desk.on("range @1..@3 --job pass").ok().says(&["2 running or waiting", "trigger watch"]);
    let all = desk.session();
    // The second of each would be folded into the first.
    desk.on("range @5..@6 --job verdict --times 2").code(8).says(&["1 still to be asked for"]);
    let held_back = desk.session();
    assert_eq!((desk.requests("pass", [2, 3]), desk.requests("verdict", [6])), (vec![1, 1], vec![1]));
    desk.run(&format!("watch {all} --timeout 1s")).code(8).says(&["time is up"]);
    assert_eq!(open(&bb), 3);
    bb.start_worker();
    desk.run(&format!("watch {all}")).code(0);
    desk.run(&format!("watch {held_back}")).code(5).says(&["2 requested, 2 ran"]);
    assert_eq!((desk.passed("pass", [2, 3]), desk.builds_at("verdict", 6).len()), (vec![1, 1], 2));
    // What is over is told again, and stays as it is.
    desk.run(&format!("watch {held_back}")).code(5);
    assert_eq!(desk.requests("verdict", [6]), [2]);
}

pub fn a_revision_is_filled_with_what_it_lacks() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    desk.history("build", 0);
    let except = "--except slow --except hang --except gate --except fourth --except word";
    desk.on(&format!("fill @0 {except} --wait")).code(5).prints(&[
        "unforced",
        "no force scheduler",
        "two",
        "several codebases",
        "build",
        "it has 1",
    ]);
    for job in ["pass", "unit", "verdict", "fail"] {
        assert_eq!((desk.builds_at(job, 0).len(), desk.requests(job, [0])), (1, vec![1]), "{job}");
    }
    assert_eq!(desk.requests("build", [0]), [0]);
    for job in ["two", "unforced", "slow", "hang", "gate", "fourth", "word"] {
        assert_eq!(desk.requests(job, [0]), [0], "{job}");
    }
    desk.on(&format!("fill @0 {except} --wait")).code(5).says(&["nothing is to be triggered"]).prints(&["unforced"]);
    assert_eq!(desk.requests("pass", [0]), [1]);
}

pub fn a_job_waits_for_what_it_needs() {
    let bb = shared();
    let needing = |job: &str| Desk::new(&bb, &format!("jobs:\n  test: {{needs: [{job}], as: {{bb: unit}}}}\n"));
    // It is not there: it runs once, and first.
    let desk = needing("build");
    desk.on("range @1 --job test --times 2 --wait").ok().says(&["3 requested, 3 ran"]);
    assert_eq!((desk.passed("build", [1]), desk.passed("unit", [1])), (vec![1], vec![2]));
    let first = |job| desk.builds_at(job, 1).iter().map(|build| build.request).min();
    assert!(first("build") < first("unit"));
    // It is there.
    desk.on("range @1 --job test --times 3 --wait").ok().says(&["1 requested, 1 ran"]);
    assert_eq!((desk.requests("build", [1]), desk.passed("unit", [1])), (vec![1], vec![3]));
    // It failed.
    let desk = needing("fail");
    desk.history("fail", 2);
    desk.on("range @2 --job test --wait").code(5).prints(&["fail, which it needs, failed there"]);
    assert_eq!((desk.requests("fail", [2]), desk.requests("unit", [2])), (vec![0], vec![0]));
    // It fails now.
    desk.on("range @3 --job test --wait").code(5).prints(&["fail, which it needs, is failed there"]);
    assert_eq!((desk.requests("fail", [3]), desk.requests("unit", [3])), (vec![1], vec![0]));
    // It runs.
    let desk = needing("gate");
    bb.force("gate", desk.revision(4), "by hand");
    until("the build of somebody else", || builds(&bb, "gate").iter().any(|b| b.revision == desk.revision(4)));
    desk.on("range @4 --job test").code(8).says(&["1 still to be asked for"]);
    assert_eq!(desk.requests("unit", [4]), [0]);
    bb.open_gate();
    desk.run(&format!("watch {}", desk.session())).ok();
    assert_eq!((desk.requests("gate", [4]), desk.passed("unit", [4])), (vec![0], vec![1]));
}

pub fn only_who_has_the_password_triggers() {
    let bb = Buildbot::start(Options { auth: true, ..Options::default() });
    let desk = Desk::with(&bb, ", user_env: BB_USER, token_env: BB_PASSWORD", "");
    let as_user = |user: &str, password: &str| {
        let call = desk.call("range @1..@3 --job pass --wait --engine bb");
        call.env("BB_USER", user).env("BB_PASSWORD", password).run()
    };
    let wrong = "another";
    let ran = as_user(ADMIN, wrong).fails(4, &["the engine bb", "does not know this name and password"]);
    assert!(!ran.stderr.contains(wrong), "{}", ran.stderr);
    desk.on("range @1..@3 --job pass").fails(4, &["BB_PASSWORD", "not set"]);
    Desk::new(&bb, "").on("range @1..@3 --job pass").fails(4, &["user_env"]);
    assert_eq!(bb.runs(), []);
    let ran = as_user(ADMIN, &password()).ok();
    assert!(!ran.stderr.contains(&password()), "{}", ran.stderr);
    assert_eq!(desk.passed("pass", 1..4), [0, 1, 1]);
}

pub fn parameters_reach_the_build_and_mistakes_reach_nothing() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    let word = "range @4 --job word --wait";
    desk.on(&format!("{word} --param wrod=x")).fails(2, &["no parameter \"wrod\"", "word"]);
    desk.on(&format!("{word} --env word=x")).fails(2, &["takes no variables"]);
    desk.on("range @4 --job wrod").fails(1, &["no job \"wrod\"", "did you mean word"]);
    desk.on("range @4 --job unforced").fails(2, &["cannot be started", "no force scheduler"]);
    desk.on("range @4 --job hang --param level=7 --wait").code(3).prints(&["does not match"]);
    for job in ["word", "unforced", "hang"] {
        assert_eq!(desk.requests(job, [4]), [0], "{job}");
    }
    desk.on(&format!("{word} --param word=x")).ok();
    let sets = bb.list("/buildrequests?property=*", "buildrequests").unwrap();
    let words: Vec<_> = sets.iter().filter_map(|request| request["properties"]["word"][0].as_str()).collect();
    assert_eq!((desk.passed("word", [4]), words), (vec![1], vec!["x"]));
}
