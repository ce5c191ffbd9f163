//! Hangs are the commonest failure: what is stopped is stopped whole, and still saved.

use crate::sandbox::{Running, Sandbox, until};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs;

/// A tree of sleeps that writes its process ids into `pids`, one of them in a session of its own.
const HANG: &str = "echo started; (sleep 1000 & echo $! >> pids; wait) & echo $! >> pids; \
    setsid sleep 1000 & echo $! >> pids; sleep 1000 & echo $! >> pids; echo done >> pids; wait";

fn hang(sandbox: &Sandbox, flags: &[&str]) -> Running {
    let running = sandbox.tool(["repro", "save"].iter().chain(flags)).args(["--", "sh", "-c", HANG]).spawn();
    until("the job hangs", || pids(sandbox).len() == 4);
    running
}

/// The process ids, once all are written.
fn pids(sandbox: &Sandbox) -> Vec<Pid> {
    let text = fs::read_to_string(sandbox.work().join("pids")).unwrap_or_default();
    if !text.contains("done") {
        return Vec::new();
    }
    text.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect()
}

fn alive(pid: Pid) -> bool {
    // A killed process whose new parent has not looked at it yet is dead all the same.
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    let zombie = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'));
    test_kill_process(pid).is_ok() && !zombie
}

fn send(running: &Running, signal: Signal) {
    kill_process(Pid::from_raw(running.id() as i32).unwrap(), signal).unwrap();
}

fn nothing_lives(sandbox: &Sandbox) {
    let living: Vec<Pid> = pids(sandbox).into_iter().filter(|pid| alive(*pid)).collect();
    assert!(living.is_empty(), "still alive: {living:?}");
}

#[test]
fn a_time_out_stops_the_whole_tree_and_saves() {
    let sandbox = Sandbox::new();
    let ran =
        hang(&sandbox, &["--timeout", "1s"]).wait().code(124).says(&["stopped after 1s (--timeout)\n", "give it back"]);
    nothing_lives(&sandbox);
    assert_eq!(ran.text(), "started\n");
    let id = sandbox.only();
    sandbox.repro(["show", &id]).ok().prints(&["outcome      timeout after 1"]);
    let log = sandbox.repro(["show", &id, "--log"]).ok().text();
    assert_eq!(log, "started\nci-tool: stopped after 1s (--timeout)\n");
    sandbox.repro(["verify", &id]).ok();
}

#[test]
fn a_signal_stops_the_whole_tree_saves_and_keeps_the_commands_code() {
    for (signal, known_as, name, code) in [
        (Signal::TERM, "SIGTERM", "terminate", 143),
        (Signal::INT, "SIGINT", "interrupt", 130),
        (Signal::HUP, "SIGHUP", "hangup", 129),
    ] {
        let sandbox = Sandbox::new();
        let running = hang(&sandbox, &[]);
        send(&running, signal);
        let ran = running.wait().code(code).says(&[&format!("stopped by {known_as}\n"), "saved ", name]);
        assert_eq!(ran.stderr.contains("interrupted: saving; again to give up\n"), signal == Signal::INT);
        nothing_lives(&sandbox);
        let id = sandbox.only();
        sandbox.repro(["show", &id]).ok().prints(&[&format!("outcome      {name} after ")]);
        let log = sandbox.repro(["show", &id, "--log"]).ok().text();
        assert_eq!(log, format!("started\nci-tool: stopped by {known_as}\n"));
        sandbox.repro(["verify", &id]).ok();
    }
}

#[test]
fn a_command_that_ends_by_itself_when_asked_keeps_its_own_code() {
    let sandbox = Sandbox::new();
    let script = "trap 'echo tidied; exit 9' TERM; echo ready > ready; while :; do sleep 0.01; done";
    let running = sandbox.tool(["repro", "save", "--", "sh", "-c", script]).spawn();
    until("the job is ready", || sandbox.work().join("ready").exists());
    send(&running, Signal::TERM);
    let ran = running.wait().code(9).says(&["terminate)"]);
    assert_eq!(ran.text(), "tidied\n");
}

#[test]
fn an_interrupt_right_after_the_first_is_the_same_one() {
    let sandbox = Sandbox::new();
    let running = hang(&sandbox, &[]);
    // A shell, or `timeout -s INT`, signals the process and then its group.
    send(&running, Signal::INT);
    send(&running, Signal::INT);
    running.wait().code(130).says(&["interrupted: saving", "saved "]);
    assert_eq!(sandbox.ids().len(), 1);
}

#[test]
fn a_second_interrupt_exits_at_once() {
    let sandbox = Sandbox::new();
    // Deaf to the first: only the second ends it within the grace.
    let script = "trap '' INT TERM; echo $$ >> pids; echo done >> pids; while :; do sleep 0.05; done";
    let mut running = sandbox.tool(["repro", "save", "--", "sh", "-c", script]).spawn();
    until("the job is deaf", || !pids(&sandbox).is_empty());
    send(&running, Signal::INT);
    let sent = std::time::Instant::now();
    // For a second they are the same one: it is sent until it is heard.
    until("the second interrupt", || {
        if !running.ended() {
            send(&running, Signal::INT);
        }
        running.ended()
    });
    running.wait().code(130).says(&["interrupted: saving; again to give up", "work was not saved: "]);
    assert!(sent.elapsed().as_secs() < 5, "{:?}", sent.elapsed());
    until("the job is gone", || pids(&sandbox).iter().all(|pid| !alive(*pid)));
    assert_eq!(sandbox.ids(), Vec::<String>::new());
}
