//! What ends in the middle: sessions, masters, and our own process.

use crate::{
    real::{Buildbot, Options},
    sandbox,
    world::{Desk, builds, open, until},
};

pub fn a_cancelled_session_leaves_nothing_on_the_master() {
    let bb = Buildbot::start(Options::default());
    let desk = Desk::new(&bb, "");
    let runs = || builds(&bb, "slow").iter().any(|build| build.result.is_none());
    // One runs and two wait: a worker has one build of a job at a time.
    desk.on("range @1..@4 --job slow --times 2").code(8);
    until("one runs", runs);
    assert_eq!(open(&bb), 3);
    let session = desk.session();
    desk.run(&format!("cancel {session} --dry-run")).ok().prints(&["slow at"]);
    assert_eq!(open(&bb), 3);
    desk.run(&format!("cancel {session}")).ok().says(&["3 cancelled"]);
    assert_eq!(open(&bb), 0);
    desk.run(&format!("cancel {session}")).ok().says(&["is over"]);
    // Another process drives this one.
    let running = desk.begin("range @5..@6 --job slow --times 2 --wait");
    until("one runs", runs);
    desk.run(&format!("cancel {}", desk.session())).ok().says(&["the process that drives"]);
    running.wait().code(3).says(&["somebody cancelled it"]);
    assert_eq!((open(&bb), desk.requests("slow", [6])), (0, vec![1]));
    assert!(builds(&bb, "slow").iter().all(|build| build.result == Some(6)));
}

pub fn a_session_outlives_its_master() {
    let bb = Buildbot::start(Options::default());
    let desk = Desk::new(&bb, "");
    let running = desk.begin("range @1..@4 --job pass --times 3 --wait");
    until("some builds", || builds(&bb, "pass").len() >= 2);
    bb.restart_master();
    running.wait().ok().says(&["9 requested, 9 ran"]);
    assert_eq!((desk.passed("pass", 1..5), desk.requests("pass", 1..5)), (vec![0, 3, 3, 3], vec![0, 3, 3, 3]));
    assert_eq!(open(&bb), 0);
}

/// Killed when the master has so many of the requests: between two submissions, or in the middle of one.
pub fn a_killed_process_is_gone_on_with() {
    let bb = Buildbot::start(Options { worker: false, ..Options::default() });
    let desk = Desk::with(&bb, ", at_once: 1", "");
    for (before, job) in [(0, "pass"), (2, "unit"), (5, "build")] {
        let line = format!("range @0..@9 --job {job}");
        let at_first = open(&bb);
        let mut running = desk.begin(&format!("{line} --wait"));
        // At once: it must not have come to the last.
        sandbox::until("requests", || open(&bb) >= at_first + before);
        assert!(!running.ended());
        running.kill();
        running.wait();
        let there = open(&bb) - at_first;
        assert!(there < 9, "nothing was left to ask for");
        let ran = desk.on(&line).ok();
        if there > 0 {
            ran.says(&["going on with the session"]);
        }
        assert_eq!(desk.requests(job, 1..10), [1; 9], "{job}, killed after {there}");
    }
    bb.start_worker();
    desk.run(&format!("watch {}", desk.session())).ok().says(&["9 requested, 9 ran"]);
    assert_eq!((desk.passed("build", 1..10), desk.requests("build", 1..10)), (vec![1; 9], vec![1; 9]));
}
