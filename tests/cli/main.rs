//! The commands from the outside: the real binary in a clean environment; standard output, standard error, exit code.

#[path = "../support/sandbox.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod sandbox;

#[path = "../support/http.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod http;
#[path = "../support/pushlog.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod pushlog;
#[path = "../support/repository.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod repository;

use ci_tool::pipeline::{
    id::Id,
    record::{Format, Job, Outcome, Parts, Record, Revision, State, Totals},
};
use jiff::{SignedDuration, Timestamp};
use sandbox::Sandbox;

mod decommission;
mod diff;
#[cfg(unix)]
mod engine;
#[cfg(unix)]
mod errors;
mod example;
mod export;
mod extend;
mod files;
mod gc;
mod get;
mod list;
#[cfg(unix)]
mod project;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod repeats;
#[cfg(unix)]
mod restore;
mod route_usage;
#[cfg(unix)]
mod save;
#[cfg(unix)]
mod save_stopped;
#[cfg(unix)]
mod save_tree;
#[cfg(unix)]
mod save_when;
mod show;
mod stage;
#[cfg(unix)]
mod stage_ci;
mod stage_run;
mod stage_tour;
mod streams;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(unix)]
mod trigger_backfill;
#[cfg(unix)]
mod trigger_example;
#[cfg(unix)]
mod trigger_fill;
#[cfg(unix)]
mod trigger_mistakes;
#[cfg(unix)]
mod trigger_range;
mod trigger_revisions;
#[cfg(unix)]
mod trigger_sessions;
#[cfg(unix)]
mod trigger_status;
#[cfg(unix)]
mod trigger_until_failure;
mod verify;

/// Puts the record of a complete capture without data into the store: saved an hour ago, kept for another day.
fn plant(sandbox: &Sandbox, id: &str, change: impl FnOnce(&mut Record)) {
    let now = Timestamp::now();
    let mut record = Record {
        schema: 1,
        requires: vec!["zip".into()],
        id: Id::try_from(id.to_owned()).unwrap(),
        state: State::Complete,
        created: now - SignedDuration::from_hours(1),
        expires: now + SignedDuration::from_hours(24),
        owner: None,
        job: Job { name: "unit".into(), key: "0".repeat(16), system: "none".into(), ..Job::default() },
        revision: Revision::default(),
        outcome: Outcome { exit_code: Some(1), ..Outcome::default() },
        format: Format::Zip,
        bases: Vec::new(),
        signature: None,
        repeats: Vec::new(),
        totals: Totals::default(),
        parts: Parts::default(),
    };
    change(&mut record);
    write_record(sandbox, id, &record.to_json().unwrap());
}

/// Runs `ci-tool ARGS` as somebody for whom permissions count: us, or nobody when we are root.
#[cfg(unix)]
fn unprivileged(sandbox: &Sandbox, args: &str) -> sandbox::Ran {
    use std::{fs, os::unix::fs::PermissionsExt};
    let binary = env!("CARGO_BIN_EXE_ci-tool");
    if !rustix::process::geteuid().is_root() {
        return sandbox.program("sh", ["-c", &format!("exec {binary} {args}")]).run();
    }
    for place in ["", "data", "home", "tmp", "work"] {
        fs::create_dir_all(sandbox.path(place)).unwrap();
        fs::set_permissions(sandbox.path(place), fs::Permissions::from_mode(0o777)).unwrap();
    }
    // The binary may lie where only root goes.
    let copy = sandbox.path("tmp/ci-tool");
    if !copy.exists() {
        fs::copy(binary, &copy).unwrap();
    }
    let command = format!("exec {} {args}", copy.display());
    sandbox.program("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", &command]).run()
}

fn write_record(sandbox: &Sandbox, id: &str, bytes: &[u8]) {
    let path = sandbox.object(&format!("captures/{id}"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
